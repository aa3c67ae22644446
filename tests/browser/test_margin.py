import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SHOW = """from pitfalls.widgets import MarginExplorer

explorer = MarginExplorer()
explorer"""
COMPARE = """import numpy as np
from sklearn.svm import SVC

points = np.array(explorer.points)
model = SVC(kernel="linear", C=explorer.C, tol=1e-8).fit(points[:, :2], points[:, 2])
same = np.isclose(explorer.figures["width"], 2 / np.linalg.norm(model.coef_), rtol=1e-4)
f"{explorer.figures['support'] == sorted(model.support_)}, {same}, {explorer.points[5]}" """


def clean(lab: Any, name: str) -> None:
    """Look at the explorer in both themes, and hold it against axe."""
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        lab.screenshot(f"{name}_{theme.lower()}")
        # the numbers at the axes lie on a picture, where axe cannot tell their contrast; they
        # have the colour and the ground of the line above the picture
        place = {"include": [[".pitfalls-margin"]], "exclude": [[".numbers"]]}
        found = Axe().run(lab.page, context=place).response
        unsure = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
        assert [] == found["violations"] + unsure, json.dumps(found["violations"] + unsure)
        assert "color-contrast" in [rule["id"] for rule in found["passes"]]
    lab.theme("Light")


def test_drag_a_support_vector_by_keyboard(lab: Any, tmp_path: Path) -> None:
    """A point is reached with Tab, moved with an arrow key, and the margin changes with it."""
    cells = [nbformat.v4.new_code_cell(source) for source in (SHOW, COMPARE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    work = tmp_path / "work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "margin.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    lab.open("margin.ipynb")
    explorer = lab.run("from pitfalls.widgets").locator(".pitfalls-margin")
    width = explorer.locator("[data-figure=width]")
    expect(width).to_have_text("1.97")
    clean(lab, "margin_linear")

    before = explorer.get_by_role("button", name="Point 5,")
    point = explorer.get_by_role("button", name="Point 6,")
    expect(point).to_have_accessible_name(
        "Point 6, class −1, at −0.60, −0.80: support vector, on its kerb"
    )
    before.focus()
    lab.page.keyboard.press("Tab")
    expect(point).to_be_focused()
    lab.page.keyboard.press("Shift+ArrowRight")  # Lab has a use for this key, and leaves it alone
    expect(point).to_be_focused()
    expect(point).to_have_accessible_name(
        "Point 6, class −1, at −0.10, −0.80: support vector, on its kerb"
    )
    expect(width).to_have_text("1.47")
    expect(explorer.get_by_role("status")).to_contain_text("the margin is 1.47 wide")

    outputs = lab.run("import numpy as np")
    expect(outputs).to_contain_text("True, True, [-0.1, -0.8, -1.0]")

    explorer.get_by_role("combobox", name="Points").select_option("ring")
    expect(explorer.get_by_role("status")).to_contain_text("the weights are 0")
    explorer.get_by_role("radio", name="RBF").check()
    expect(explorer.get_by_role("status")).to_contain_text("0 on the wrong side")
    explorer.get_by_text("All points as a table").click()
    clean(lab, "margin_rbf")
