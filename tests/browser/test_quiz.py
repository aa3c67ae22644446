import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from pitfalls.quiz import find, load, score

pytestmark = pytest.mark.browser

GRADED, PRACTICE = "bias_variance", "linear_regression"
QUIZ = load(find(Path(__file__).parents[2] / "autograder" / "exercises")[GRADED])


def show(lab: Any, folder: Path, name: str) -> Locator:
    """Open a notebook with the one line that shows a quiz, and run it."""
    source = f'from pitfalls.widgets import quiz\nquiz("{name}")'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quiz.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    lab.open("quiz.ipynb")
    return run(lab)


def run(lab: Any) -> Locator:
    """Run the cell that shows the quiz."""
    quiz: Locator = lab.run("from pitfalls.widgets").locator(".pitfalls-quiz")
    expect(quiz).to_be_visible()
    return quiz


def question(quiz: Locator, title: str) -> Locator:
    """A question, found as a screen reader finds it."""
    return quiz.get_by_role("group", name=title)


def clean(lab: Any, name: str) -> None:
    """Look at the quiz in both themes, and hold it against axe."""
    options = {"resultTypes": ["violations", "incomplete", "passes"]}
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        lab.screenshot(f"{name}_{theme.lower()}")
        # axe passes over what is not in view, and Lab's body has no height and hides what overflows
        lab.page.evaluate("document.body.style.overflow = 'visible'")
        lab.page.set_viewport_size({"width": 1280, "height": 12_000})
        found = Axe().run(lab.page, ".pitfalls-quiz", options).response
        lab.page.evaluate("document.body.style.overflow = ''")
        lab.page.set_viewport_size({"width": 1280, "height": 900})
        assert [] == found["violations"], json.dumps(found["violations"])
        unsure, sure = (
            [
                node
                for rule in found[kind]
                if rule["id"] == "color-contrast"
                for node in rule["nodes"]
            ]
            for kind in ("incomplete", "passes")
        )
        # a sign alone is no text to axe; ours are hidden from screen readers and have words beside
        assert [] == [node for node in unsure if node["any"][0]["data"]["messageKey"] != "nonBmp"]
        assert len(sure) > 5 * lab.page.locator(".pitfalls-quiz fieldset").count()
    lab.theme("Light")


def written(folder: Path, name: str) -> dict[str, Any]:
    """What `answers.json` holds of a quiz."""
    sheet: dict[str, Any] = json.loads((folder / "answers.json").read_bytes())["quizzes"][name]
    return sheet


def test_graded(lab: Any, tmp_path: Path) -> None:
    """Answers outlive reload and kernel, can be changed, are handed in, and then explained."""
    work = tmp_path / "work"
    quiz = show(lab, work, GRADED)
    expect(quiz).not_to_contain_text("right, and your choice")

    question(quiz, "The bias of one fit").get_by_role("radio", name="Almost").check()
    noisy = question(quiz, "Add up the terms").get_by_role("textbox")
    noisy.fill("6,3")
    expect(noisy).to_have_attribute("aria-invalid", "true")
    expect(quiz).to_contain_text("This cannot be read as a number.")
    noisy.fill("6.3")
    expect(noisy).not_to_have_attribute("aria-invalid", "true")
    peak = question(quiz, "The peak of double descent")
    peak.get_by_role("checkbox", name="The peak is variance").check()
    peak.get_by_role("checkbox", name="At p = 120").check()
    derive = question(quiz, "Derive the decomposition")
    derive.get_by_role("button", name="Move up: Write the error").click()
    expect(quiz).to_contain_text("4 of 12 answered")
    clean(lab, "quiz_answered")

    lab.reload()  # the kernel lives on
    quiz = lab.cell("from pitfalls.widgets").locator(".pitfalls-quiz")
    expect(question(quiz, "Add up the terms").get_by_role("textbox")).to_have_value("6.3")
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    quiz = run(lab)
    bias = question(quiz, "The bias of one fit")
    expect(bias.get_by_role("radio", name="Almost")).to_be_checked()
    steps = question(quiz, "Derive the decomposition").get_by_role("listitem")
    expect(steps.nth(2)).to_contain_text("Write the error")
    expect(question(quiz, "The peak").get_by_role("checkbox", checked=True)).to_have_count(2)

    bias.get_by_role("radio", name="One fit cannot tell").check()
    expect(quiz).to_contain_text("Saved in answers.json.")
    assert "d" == written(work, GRADED)["answers"]["bias_of_one_fit"]

    quiz.get_by_role("button", name="Hand in").click()
    ask = quiz.get_by_role("dialog")
    expect(ask).to_contain_text("8 questions are not answered yet: 4, 5, 6, 7, 8, 9, 11 and 12.")
    expect(ask.get_by_role("button", name="Not yet")).to_be_focused()
    lab.screenshot("quiz_hand_in")
    lab.page.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    expect(bias.get_by_role("radio", name="Almost")).to_be_enabled()

    quiz.get_by_role("button", name="Hand in").click()
    ask.get_by_role("button", name="Hand in").click()
    result = quiz.get_by_role("heading", name="of 12 points")
    expect(result).to_be_focused()
    # 1 + 1, two of three right options, and steps of which no more pairs are right than wrong
    expect(result).to_have_text("2.67 of 12 points")
    expect(bias).to_contain_text("Right, 1 of 1 point.")
    expect(bias).to_contain_text("Bias belongs to the procedure")
    expect(bias.get_by_role("radio", name="Almost")).to_be_disabled()
    reasons = [reason for part in score(QUIZ, {}).questions for reason in part.explanations]
    expect(quiz.locator(".reason")).to_have_count(len(reasons))
    assert written(work, GRADED)["handed_in"]
    clean(lab, "quiz_handed_in")


def test_practice_by_keyboard(lab: Any, tmp_path: Path) -> None:
    """Every kind of question is answered, checked and mended without a mouse."""
    quiz = show(lab, tmp_path / "work", PRACTICE)
    press = lab.page.keyboard.press
    status = quiz.get_by_role("status")

    def tab_to(place: Locator) -> None:
        for _ in range(40):
            if place.evaluate("element => element === document.activeElement"):
                return
            press("Tab")
        raise AssertionError(f"The Tab key does not lead to {place}.")

    quiz.get_by_role("button", name="Question 1").focus()
    single = question(quiz, "Two columns that say the same")
    first, second = single.get_by_role("radio").nth(0), single.get_by_role("radio").nth(1)
    tab_to(first)
    press("Space")
    expect(first).to_be_checked()
    check = single.get_by_role("button", name="Check this question")
    expect(check).to_be_enabled()
    tab_to(check)
    press("Enter")
    expect(status).to_have_text("Question 1: Not right.")
    expect(single).to_contain_text("Correlated columns do not bias least squares.")
    expect(single).not_to_contain_text("Only the sum of the two effects")
    press("Shift+Tab")  # from the button back into the group of radio buttons
    expect(first).to_be_focused()
    press("ArrowDown")  # Lab has another use for this key, and lets it pass here
    expect(second).to_be_checked()
    expect(single).not_to_contain_text("Correlated columns do not bias least squares.")
    tab_to(check)
    press("Enter")
    expect(status).to_have_text("Question 1: Right.")
    expect(single).to_contain_text("Only the sum of the two effects")

    multiple = question(quiz, "What unbiased needs")
    tab_to(multiple.get_by_role("checkbox").nth(1))
    press("Space")
    check = multiple.get_by_role("button", name="Check this question")
    expect(check).to_be_enabled()
    tab_to(check)
    press("Enter")
    expect(multiple).to_contain_text("1 of 2 right options ticked, 0 of 3 wrong ones.")

    numeric = question(quiz, "The largest learning rate")
    tab_to(numeric.get_by_role("textbox"))
    lab.page.keyboard.type("8")
    press("Enter")
    expect(numeric).to_contain_text("the limit of the flattest direction")
    expect(numeric).not_to_contain_text("The Hessian of f is")
    press("Backspace")
    lab.page.keyboard.type("1/2")
    press("Enter")
    expect(numeric).to_contain_text("The Hessian of f is")

    order = question(quiz, "Ridge, tuned honestly")
    aside = order.get_by_role("button", name="Move up: Set test rows aside.")
    tab_to(aside)
    for place in (3, 2, 1):
        press("ArrowUp")
        expect(status).to_have_text(f"Now step {place} of 7.")
        expect(aside).to_be_focused()
    press("Enter")
    expect(status).to_have_text("It is the first step already.")
    expect(order.get_by_role("listitem").first).to_contain_text("Set test rows aside.")
    clean(lab, "quiz_practice")

    again = quiz.get_by_role("button", name="Start over")
    again.focus()
    press("Enter")
    tab_to(quiz.get_by_role("dialog").get_by_role("button", name="Start over"))
    press("Enter")
    expect(quiz.get_by_role("heading", name="Linear regression")).to_be_focused()
    expect(quiz).to_contain_text("0 of 4 answered")


def test_a_silent_kernel_is_told(lab: Any, tmp_path: Path) -> None:
    """An answer that no kernel takes is not taken for saved."""
    quiz = show(lab, tmp_path / "work", PRACTICE)
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    question(quiz, "Two columns").get_by_role("radio").first.check()
    expect(quiz.get_by_role("alert")).to_contain_text(
        "Not saved: the kernel does not answer.", timeout=30_000
    )
