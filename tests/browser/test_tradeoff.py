import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

CELL = "from pitfalls.widgets import TradeoffExplorer\nexplorer = TradeoffExplorer()\nexplorer"


def figures(explorer: Locator) -> dict[str, float]:
    """What the bars say."""
    names = ("bias2", "variance", "noise", "error", "measured")
    cells = {name: explorer.locator(f"[data-figure={name}]") for name in names}
    return {name: float(cell.text_content() or "nan") for name, cell in cells.items()}


def clean(lab: Any, explorer: Locator, name: str) -> None:
    """Look at the explorer in both themes, and hold it against axe."""
    # words on a picture have the colour and the ground of the legend below; where curves pass
    # behind them, axe cannot tell
    place = {"include": [[".pitfalls-tradeoff"]], "exclude": [["svg"]]}
    options = {"resultTypes": ["violations", "incomplete", "passes"]}
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        explorer.scroll_into_view_if_needed()
        lab.screenshot(f"{name}_{theme.lower()}")
        # axe passes over what is not in view, and Lab's body has no height and hides what overflows
        lab.page.evaluate("document.body.style.overflow = 'visible'")
        words = Axe().run(lab.page, place, options).response
        pictures = Axe().run(lab.page, ".pitfalls-tradeoff svg").response
        lab.page.evaluate("document.body.style.overflow = ''")
        violations = words["violations"] + pictures["violations"]
        assert [] == violations, json.dumps(violations)
        contrast = {
            kind: [rule["nodes"] for rule in words[kind] if rule["id"] == "color-contrast"]
            for kind in ("incomplete", "passes")
        }
        assert [] == contrast["incomplete"], json.dumps(contrast["incomplete"])
        # four sliders with their values, the button, the note, the legend, the status
        assert len(contrast["passes"][0]) >= 12
    lab.theme("Light")


def test_sliders_in_lab(lab: Any, tmp_path: Path) -> None:
    """In Lab the arrow keys move a slider and the terms with it; Python hears of both."""
    cells = [CELL, "print(explorer.degree, sorted(explorer.figures))", "print(explorer.lam)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    work = tmp_path / "work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "explorer.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    lab.open("explorer.ipynb")

    explorer = lab.run("from pitfalls.widgets").locator(".pitfalls-tradeoff")
    status = explorer.get_by_role("status")
    expect(status).to_contain_text("Degree 3, noise 0.3, 30 rows, λ = 0")
    expect(status).to_contain_text("Bias outweighs variance")
    stiff = figures(explorer)
    clean(lab, explorer, "tradeoff_stiff")

    degree = explorer.get_by_role("slider", name="Degree")
    for _ in range(9):
        degree.press("ArrowRight")
    expect(degree).to_be_focused()  # and not the next cell: Lab has arrow keys of its own
    expect(status).to_contain_text("Degree 12")
    expect(status).to_contain_text("Variance outweighs bias")
    wild = figures(explorer)
    assert wild["bias2"] < stiff["bias2"] / 10
    assert wild["variance"] > 10 * stiff["variance"]
    assert pytest.approx(wild["error"], rel=0.01) == (
        wild["bias2"] + wild["variance"] + wild["noise"]
    )
    assert pytest.approx(wild["error"], rel=0.05) == wild["measured"]
    clean(lab, explorer, "tradeoff_wild")

    lam = explorer.get_by_role("slider", name="Penalty")
    lam.focus()
    lam.press("End")
    lam.press("Home")
    for _ in range(13):
        lam.press("ArrowRight")
    expect(status).to_contain_text("λ = 1:")
    assert figures(explorer)["error"] < wild["error"] / 1.5

    expected = "12 ['bias2', 'doubt', 'error', 'measured', 'noise', 'variance']"
    expect(lab.run("print(explorer.degree")).to_contain_text(expected)
    expect(lab.run("print(explorer.lam")).to_contain_text("1.0")
