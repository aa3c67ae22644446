"""The margin explorer: its browser code against scikit-learn, and its page by itself."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from playwright.sync_api import Browser, Page, Route, expect
from sklearn.svm import SVC

from pitfalls.widgets import MarginExplorer
from pitfalls.widgets._static import script, styles

EXAMPLES = MarginExplorer().examples
TOLERANCE = 1e-4  # relative; libsvm's own rounding is most of it

# A page with the widget's own files and a model that keeps what it is told.
PAGE = """<!doctype html><title>Margin explorer</title><link rel="stylesheet" href="margin.css">
<body><script type="module">
import widget, { scoreOf, solve } from "./margin.js";
const watchers = {};
const model = {
  state: STATE,
  saved: null,
  get: (name) => model.state[name],
  set(name, value) {
    model.state[name] = value;
    watchers[`change:${name}`]?.forEach((call) => call());
  },
  on: (name, call) => (watchers[name] ??= []).push(call),
  off: () => {},
  save_changes: () => { model.saved = { ...model.state }; },
};
Object.assign(window, { model, scoreOf, solve });
widget.render({ model, el: document.body });
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """The widget in Chromium, without Jupyter."""
    state = MarginExplorer().get_state()
    state = {name: state[name] for name in MarginExplorer.class_own_traits(sync=True)}

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        parts = {
            "margin.js": (script("margin"), "text/javascript"),
            "margin.css": (styles("margin"), "text/css"),
        }
        if name in parts:
            body, kind = parts[name]
            route.fulfill(body=body, content_type=kind)
        else:
            route.fulfill(body=PAGE.replace("STATE", json.dumps(state)), content_type="text/html")

    page = chromium.new_page()
    page.route("**/*", serve)
    page.goto("http://explorer.test/")
    page.wait_for_function("window.ready")
    yield page
    page.close()


@pytest.fixture
def explorer(page: Page) -> Page:
    """The page as it opens."""
    page.reload()
    page.wait_for_function("window.ready")
    return page


def solved(page: Page, points: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """What the browser makes of the points, with the score at each and at some other places."""
    call = """([points, settings, places]) => {
        const found = solve(points, settings);
        return { ...found, scores: places.map(scoreOf(points, settings, found)) };
    }"""
    found: dict[str, Any] = page.evaluate(call, [points, settings, PLACES.tolist()])
    return found


PLACES = np.array(list(itertools.product(np.linspace(-4, 4, 9), repeat=2)))


@pytest.mark.browser
@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(
    ("kernel", "degree", "gamma"),
    [("linear", 2, 1), ("poly", 2, 1), ("poly", 3, 1), ("rbf", 2, 0.1), ("rbf", 2, 2)],
)
def test_browser_equals_scikit_learn(
    page: Page, example: str, kernel: str, degree: int, gamma: float
) -> None:
    """Width, objective, scores and support vectors are those of SVC, to a part in 10,000."""
    points = np.array(EXAMPLES[example])
    X, y = points[:, :2], points[:, 2]
    for C in (0.1, 1.0, 10.0):
        settings = {"C": C, "kernel": kernel, "degree": degree, "gamma": gamma}
        found = solved(page, points.tolist(), settings)
        if (example, kernel) == ("ring", "linear"):  # no line pays: libsvm goes round in circles
            assert (None, 13) == (found["width"], len(found["support"]))
            continue
        offset = float(kernel == "poly")
        model = SVC(kernel=kernel, C=C, degree=degree, gamma=gamma, coef0=offset, tol=1e-7)
        model.fit(X, y)
        kept = model.support_
        coefficients = np.zeros(len(y))
        coefficients[kept] = model.dual_coef_[0]
        # f without its offset, at the training rows: the squared norm is Σ αy f
        squared = coefficients @ (model.decision_function(X) - model.intercept_)
        hinges = np.maximum(0, 1 - y * model.decision_function(X)).sum()
        assert pytest.approx(2 / np.sqrt(squared), rel=TOLERANCE) == found["width"]
        assert pytest.approx(squared / 2 + C * hinges, rel=TOLERANCE) == found["objective"]
        assert sorted(kept) == found["support"]
        apart = np.array(found["scores"]) - model.decision_function(PLACES)
        free = (np.abs(coefficients) > 1e-6 * C) & (np.abs(coefficients) < (1 - 1e-6) * C)
        if not free.any():  # no point on a kerb: a range of offsets is as good
            apart -= apart.mean()
        assert np.abs(apart).max() < 10 * TOLERANCE


@pytest.mark.browser
def test_every_solution_proves_itself(page: Page) -> None:
    """Whatever the points, alpha is feasible and its dual bound meets the objective."""
    rng = np.random.default_rng(3)
    for n in (2, 3, 12, 40):
        for C, (kernel, degree, gamma) in itertools.product(
            (0.01, 1.0, 1000.0),
            (("linear", 2, 1.0), ("poly", 4, 1.0), ("rbf", 2, 0.01), ("rbf", 2, 10.0)),
        ):
            X = rng.uniform(-4, 4, size=(n, 2)).round(1)
            y = rng.permutation(np.arange(n) % 2 * 2 - 1)
            X[-1] = X[0]  # two points in one place
            settings = {"C": C, "kernel": kernel, "degree": degree, "gamma": gamma}
            found = solved(page, np.column_stack([X, y]).tolist(), settings)
            alpha = np.array(found["alpha"])
            assert alpha.min() >= 0
            assert alpha.max() <= C * (1 + 1e-9)
            assert abs(alpha @ y) <= 1e-6 * C
            assert pytest.approx(found["bound"], rel=1e-6) == found["objective"]


@pytest.mark.browser
def test_one_class_has_no_margin(explorer: Page) -> None:
    """Points of one class alone are said to be so, and drawn without a boundary."""
    explorer.evaluate("model.set('points', model.get('points').map(([x, y]) => [x, y, 1]))")
    expect(explorer.get_by_role("status")).to_contain_text("All points are of one class")
    expect(explorer.locator("path.boundary")).to_have_attribute("d", "")


@pytest.mark.browser
def test_a_point_moves_by_mouse_key_and_number(explorer: Page) -> None:
    """Mouse, arrow keys and the table move a point; Enter and a double click change its class."""
    point = explorer.get_by_role("button", name="Point 6, class −1")
    expect(point).to_have_accessible_name(
        "Point 6, class −1, at −0.60, −0.80: support vector, on its kerb"
    )
    point.focus()
    explorer.keyboard.press("Shift+ArrowLeft")
    explorer.keyboard.press("ArrowUp")
    expect(point).to_have_accessible_name(
        "Point 6, class −1, at −1.10, −0.70: beyond its kerb, no say"
    )
    expect(point).to_be_focused()
    for _ in range(20):  # the edge of the plane holds
        explorer.keyboard.press("Shift+ArrowDown")
    assert [-1.1, -4, -1] == explorer.evaluate("model.get('points')[5]")

    stage = explorer.locator(".stage").bounding_box()
    assert stage is not None
    point.hover()
    explorer.mouse.down()
    explorer.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 4)
    explorer.mouse.up()
    assert np.allclose([0, 2, -1], explorer.evaluate("model.get('points')[5]"), atol=0.05)

    point.press("Enter")
    assert 1 == explorer.evaluate("model.get('points')[5][2]")
    explorer.get_by_role("button", name="Point 6, class +1").dblclick()
    assert -1 == explorer.evaluate("model.get('points')[5][2]")

    explorer.get_by_text("All points as a table").click()
    explorer.get_by_label("x₁ of point 6").fill("3.5")
    explorer.get_by_label("x₁ of point 6").press("Enter")
    assert 3.5 == explorer.evaluate("model.get('points')[5][0]")


@pytest.mark.browser
def test_controls_change_the_picture(explorer: Page) -> None:
    """C, kernel, gamma and the examples are felt at once; what is found reaches Python."""
    width = explorer.locator("[data-figure=width]")
    expect(width).to_have_text("1.97")
    gamma = explorer.get_by_role("slider", name="gamma")
    expect(gamma).to_have_count(0)
    explorer.get_by_role("slider", name="C, the price").fill("-1")
    assert 0.1 == explorer.evaluate("model.get('C')")
    expect(width).not_to_have_text("1.97")
    explorer.get_by_role("combobox", name="Points").select_option("ring")
    expect(explorer.get_by_role("status")).to_contain_text("the weights are 0")
    explorer.get_by_role("radio", name="RBF").check()
    gamma.fill("0")
    expect(explorer.get_by_role("status")).to_contain_text("RBF kernel with gamma 1 and C = 0.1")
    expect(explorer.locator(".points li")).to_have_count(13)
    found = solved(explorer, EXAMPLES["ring"], {"C": 0.1, "kernel": "rbf", "degree": 2, "gamma": 1})
    kept = {name: found[name] for name in ("width", "objective", "support")}
    assert 1 == explorer.evaluate("model.saved.gamma")
    assert kept == explorer.evaluate("model.saved.figures")


def test_without_a_browser_it_is_only_data() -> None:
    """Outside a notebook, or where nobody looks, a widget is made and holds its points."""
    explorer = MarginExplorer("corners", C=3.0, kernel="rbf")
    assert (12, 3.0, {}) == (len(explorer.points), explorer.C, explorer.figures)
    assert "12 points" in repr(explorer)


@pytest.mark.parametrize(
    "points", [[], [[0, 0]], [[5, 0, 1]], [[0, 0, 0]], [[0, 0, 1]] * 41, [["a", 0, 1]], [3]]
)
def test_points_that_do_not_fit(points: Any) -> None:
    """Wrong points are refused in one sentence that says what fits."""
    with pytest.raises((ValueError, traitlets.TraitError), match="1 to 40 rows"):
        MarginExplorer(points=points)


def test_an_unknown_example() -> None:
    """An unknown example names those that are there."""
    with pytest.raises(ValueError, match="no example 'moons'; there are two clouds, overlap"):
        MarginExplorer("moons")
