import re
import signal
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser


class Exercise(NamedTuple):
    """An exercise of a notebook, an answer that falls into a pitfall, and one that does not."""

    notebook: str
    name: str
    wrong: str
    pitfall: str
    right: str


START = Exercise(
    "00_start_here.ipynb",
    "error_rate",
    "def error_rate(predicted, actual):\n    return (predicted == actual).mean()",
    "accuracy for error",
    "def error_rate(predicted, actual):\n    return (predicted != actual).mean()",
)
RSS = Exercise(
    "1_fundamentals/linear_regression.ipynb",
    "rss",
    "def rss(beta, X, y):\n    return ((y - X @ beta) ** 2).mean()",
    "averages instead of summing",
    "def rss(beta, X, y):\n    return ((y - X @ beta) ** 2).sum()",
)
EXERCISE = RSS


def answer(lab: Any, source: str) -> Locator:
    """Write the answer, run it and its check; gives the verdict."""
    lab.write(f"def {EXERCISE.name}(", source)
    lab.run(f"def {EXERCISE.name}(")
    return lab.run(f'check("{EXERCISE.name}")').get_by_role("status")


def axe(lab: Any, selector: str) -> dict[str, Any]:
    """What axe-core says of a part of the page."""
    # Lab's body has no height of its own: axe would take all that is in it for hidden
    lab.page.add_style_tag(content="body { height: 100vh }")
    found: dict[str, Any] = Axe().run(lab.page, context=selector, options={}).response
    return found


def picture(lab: Any, verdict: Locator, name: str) -> None:
    """Take the verdict and hold it against axe, in the light and in the dark theme."""
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        verdict.evaluate("box => box.scrollIntoView({block: 'center'})")
        lab.screenshot(f"{name}_{theme.lower()}")
        found = axe(lab, ".pitfalls-verdict")
        assert [] == found["violations"]
        # every text has been measured; the signs ✓ and ✗ are no text, and say nothing alone
        nodes = [node for rule in found["incomplete"] for node in rule["nodes"]]
        assert {"<span aria-hidden="} >= {node["html"].partition('"')[0] for node in nodes}
        assert "color-contrast" in [rule["id"] for rule in found["passes"]]
    lab.theme("Light")


def test_wrong_then_right_then_kept(lab: Any) -> None:
    """A wrong answer meets its pitfall's name, a mended one passes, and a reload keeps that."""
    lab.open(EXERCISE.notebook)
    expect(lab.run("from pitfalls import").last).to_contain_text(re.compile(r"0 of \d+ exercise"))

    verdict = answer(lab, EXERCISE.wrong)
    expect(verdict).to_contain_text(f"Pitfall: {EXERCISE.pitfall}")
    expect(verdict).to_contain_text(f'hint("{EXERCISE.name}")')
    picture(lab, verdict, "verdict_wrong")

    verdict = answer(lab, EXERCISE.right)
    expect(verdict).to_contain_text(f"{EXERCISE.name}: right")
    expect(verdict).not_to_contain_text("Pitfall")
    picture(lab, verdict, "verdict_right")

    lab.reload()
    expect(lab.cell(f'check("{EXERCISE.name}")').get_by_role("status")).to_contain_text("right")
    expect(lab.run("from pitfalls import").last).to_contain_text(re.compile(r": 1 of \d+ exercise"))


def test_start_page(lab: Any) -> None:
    """Lab opens on the start page, whose progress table leads to the notebooks."""
    lab.open()
    lab.run("from pitfalls import")
    table = lab.run("progress()").get_by_role("table")
    expect(table.get_by_role("rowheader").first).to_have_text("1. Fundamentals")
    assert [] == axe(lab, ".pitfalls-progress")["violations"]
    lab.screenshot("start_page")
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)  # nobody is asked about news
    table.get_by_role("link", name=re.compile("linear_regression")).click()
    lab.ready("1_fundamentals/linear_regression.ipynb")


def test_one_interrupt_ends_it(server: Any) -> None:
    """Ctrl-C ends Lab at once, without a question and without an error."""
    server.process.send_signal(signal.SIGINT)
    assert 0 == server.process.wait(30)
