import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from pitfalls.interview import begin, case_names, draft, get_case, score, strong_plan
from pitfalls.interview._plays import Plays, load_plays

from .conftest import SCREENSHOTS

pytestmark = pytest.mark.browser

CASE, SEED = get_case("video"), 3
START = "from pitfalls.widgets"
AT_ITS_END = "log => log.scrollTop > 0 && log.scrollTop + log.clientHeight > log.scrollHeight - 2"


def show(lab: Any, folder: Path, call: str) -> Locator:
    """Open a notebook with the one line that shows the interviewer, and run it."""
    cells = [f"from pitfalls.widgets import interview\n{call}", "1 + 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "talk.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    lab.open("talk.ipynb")
    return run(lab)


def run(lab: Any) -> Locator:
    """Run the cell that shows the interviewer."""
    interview: Locator = lab.run(START).locator(".pitfalls-interview")
    expect(interview).to_be_visible()
    return interview


def clean(lab: Any, interview: Locator, name: str) -> None:
    """Look at the interviewer in both themes, and hold it against axe."""
    options = {"resultTypes": ["violations", "incomplete", "passes"]}
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        expect(lab.page.locator("#jupyterlab-splash")).to_have_count(0)
        interview.evaluate("element => element.scrollIntoView()")
        lab.screenshot(f"{name}_{theme.lower()}")
        # axe passes over what is not in view, and Lab's body has no height and hides what overflows
        lab.page.evaluate("document.body.style.overflow = 'visible'")
        lab.page.set_viewport_size({"width": 1280, "height": 6_000})
        found = Axe().run(lab.page, ".pitfalls-interview", options).response
        interview.screenshot(path=SCREENSHOTS / f"{name}_{theme.lower()}_whole.png")
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
        # a sign alone is no text to axe; what is scrolled out of a box's view it cannot see
        reasons = {node["any"][0]["data"]["messageKey"] for node in unsure}
        assert reasons <= {"nonBmp", "elmPartiallyObscured", "outsideViewport"}, unsure
        assert len(sure) > 12
    lab.theme("Light")


def say(lab: Any, interview: Locator, text: str) -> None:
    """Find a move by typing, and make it with Enter; the focus stays where one types."""
    field = interview.get_by_role("combobox")
    expect(field).to_be_focused()
    said = interview.locator(".entry.you").count()
    lab.page.keyboard.type(text)
    expect(interview.get_by_role("option", selected=True)).to_have_count(1)
    lab.page.keyboard.press("Enter")
    expect(interview.locator(".entry.you")).to_have_count(said + 1)


def kept(folder: Path) -> Plays:
    """What `answers.json` holds."""
    plays = load_plays(folder)
    assert plays.problem == ""
    return plays


def test_an_interview_by_keyboard(lab: Any, tmp_path: Path) -> None:
    """Chosen, played, reported, kept over reload and restart, and handed in, without a mouse."""
    work = tmp_path / "work"
    interview = show(lab, work, 'interview(hand_in="framing")')
    press = lab.page.keyboard.press
    log = interview.get_by_role("log")
    expect(interview.locator("button.case")).to_have_count(len(case_names()))
    clean(lab, interview, "interview_choose")

    seed = interview.get_by_label("Seed")
    seed.focus()
    lab.page.keyboard.type("three")
    interview.get_by_role("button", name=CASE.title).focus()
    press("Enter")
    expect(seed).to_be_focused()
    expect(interview).to_contain_text("A seed is a whole number")
    press("Control+A")
    lab.page.keyboard.type(str(SEED))
    interview.get_by_role("button", name=CASE.title).focus()
    press("Enter")
    field = interview.get_by_role("combobox", name="Your next move")
    expect(field).to_be_focused()
    expect(log).to_contain_text(CASE.opening)
    expect(interview.get_by_role("timer")).to_have_text("45 of 45 minutes left")

    # arrow keys choose among the open moves, and Lab has another use for them
    press("Enter")  # nothing is chosen yet, so nothing is said
    press("ArrowDown")
    options = interview.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.last.get_attribute("id") or "")
    expect(field).to_be_focused()
    lab.page.keyboard.type("dd xylophone")  # which outside of here would delete the cell
    expect(interview.get_by_role("status")).to_contain_text("No move has to do with")
    press("Escape")
    expect(field).to_have_value("")
    expect(interview.locator(".entry.you")).to_have_count(0)

    now = begin(CASE, SEED).make("model_two_tower")
    say(lab, interview, "two towr")
    expect(log).to_contain_text(now.events[0].says)
    expect(interview.get_by_role("timer")).to_have_text(f"{now.minutes_left} of 45 minutes left")
    now = now.make("ask_latency")
    say(lab, interview, "latency")
    expect(log).to_contain_text(now.events[1].says)
    clean(lab, interview, "interview_play")
    say_before = interview.get_by_role("combobox")
    say_before.focus()
    lab.page.keyboard.type("latency")
    expect(interview.get_by_role("option").last).to_contain_text("said before")
    press("Escape")

    lab.reload()  # the kernel lives on
    interview = lab.cell(START).locator(".pitfalls-interview")
    expect(interview.get_by_role("log")).to_contain_text(now.events[1].says)
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    interview = run(lab)
    expect(interview.get_by_role("timer")).to_have_text(f"{now.minutes_left} of 45 minutes left")
    expect(interview.locator(".entry.you")).to_have_count(2)
    lab.page.wait_for_function(AT_ITS_END, arg=interview.get_by_role("log").element_handle())

    interview.get_by_role("combobox").focus()
    plan = [move for move in strong_plan(CASE, SEED) if move not in now.made]
    for move in plan[:6]:
        now = now.make(move)
        say(lab, interview, CASE.moves[move].title)
    now = now.make("sum_up")
    lab.page.keyboard.type("sum up")
    press("Enter")
    report = score(now)
    head = interview.get_by_role("heading", name=f"{report.points:g} of 100 points")
    expect(head).to_be_focused()

    lab.reload()  # long before the end: Lab hangs when it is ended while it answers to a new page
    interview = lab.cell(START).locator(".pitfalls-interview")
    expect(interview.get_by_role("heading", name=f"{report.points:g} of 100")).to_be_visible()
    expect(interview.locator("details.dimension")).to_have_count(6)
    lost = next(r for it in report.dimensions for r in it.reasons if r.kind == "lost")
    expect(interview).to_contain_text(lost.text)
    expect(interview).to_contain_text(report.missed[0].changes)
    document = interview.get_by_role("region", name="Design document")
    assert draft(now) == document.text_content()
    clean(lab, interview, "interview_report")
    closed = interview.locator("details:not([open]) > summary")
    for left in range(closed.count(), 0, -1):
        expect(closed).to_have_count(left)
        closed.first.press("Enter")
    expect(closed).to_have_count(0)
    expect(interview.get_by_role("log")).to_contain_text("too early")
    clean(lab, interview, "interview_report_open")

    interview.get_by_role("button", name="Write design_video.md").press("Enter")
    expect(interview.get_by_role("status")).to_contain_text("Written: design_video.md.")
    expect(closed).to_have_count(0)  # what was opened stays open
    assert draft(now) == (work / "design_video.md").read_text(encoding="utf-8")

    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    interview.get_by_role("button", name="Copy").press("Enter")
    expect(interview.get_by_role("status")).to_have_text("Copied.")
    assert draft(now) == lab.page.evaluate("navigator.clipboard.readText()")

    interview.get_by_role("button", name="Hand in this interview").press("Enter")
    ask = interview.get_by_role("dialog")
    expect(ask.get_by_role("button", name="Not yet")).to_be_focused()
    lab.screenshot("interview_hand_in")
    press("Escape")
    expect(ask).to_be_hidden()
    assert {} == kept(work).handed_in
    interview.get_by_role("button", name="Hand in this interview").press("Enter")
    ask.get_by_role("button", name="Hand in").press("Enter")
    expect(interview.get_by_text("✓ Handed in: this interview counts.")).to_be_focused()
    assert 1 == kept(work).handed_in["framing"].play

    interview.get_by_role("button", name="Play again").press("Enter")
    expect(interview.get_by_role("combobox")).to_be_focused()
    expect(interview.get_by_role("timer")).to_have_text("45 of 45 minutes left")
    expect(interview.locator(".entry")).to_have_count(1)
    expect(interview.locator(".plays li")).to_contain_text("✓ handed in")


def test_by_mouse_and_narrow(lab: Any, tmp_path: Path) -> None:
    """A click chooses a move, a button or a double click says it; a narrow page has one column."""
    interview = show(lab, tmp_path / "work", f'interview("video", seed={SEED})')
    expect(interview.get_by_role("button", name="choose a case")).to_be_hidden()
    button = interview.get_by_role("button", name="Say it")
    expect(button).to_be_disabled()
    interview.get_by_role("option", name=CASE.moves["ask_users"].title).click()
    expect(button).to_be_enabled()
    button.click()
    expect(interview.locator(".entry.you")).to_have_count(1)
    interview.get_by_role("option", name=CASE.moves["ask_traffic"].title).dblclick()
    expect(interview.locator(".entry.you")).to_have_count(2)
    assert ["ask_users", "ask_traffic"] == next(
        play.transcript["moves"] for play in kept(tmp_path / "work").plays.values()
    )
    side, talk = interview.locator(".picker"), interview.get_by_role("log")
    boxes = [it.bounding_box() for it in (talk, side)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    interview.evaluate("element => { element.style.maxWidth = '26rem'; }")
    lab.screenshot("interview_narrow")
    boxes = [it.bounding_box() for it in (talk, side)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]
    assert interview.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_a_silent_kernel_is_told(lab: Any, tmp_path: Path) -> None:
    """A move that no kernel takes is not taken for said."""
    interview = show(lab, tmp_path / "work", f'interview("video", seed={SEED})')
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    interview.get_by_role("combobox").focus()
    lab.page.keyboard.type("users")
    lab.page.keyboard.press("Enter")
    expect(interview.get_by_role("alert")).to_contain_text(
        "Not saved: the kernel does not answer.", timeout=30_000
    )
    expect(interview.locator(".entry")).to_have_count(1)
