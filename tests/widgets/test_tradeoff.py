"""The tradeoff explorer: its browser code against NumPy, and its page by itself."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Route, expect

from pitfalls.widgets import TradeoffExplorer
from pitfalls.widgets._static import script, styles

Array = NDArray[Any]

FITS, MOST_ROWS = 100, 200
GRID = np.linspace(-1, 1, 101)
TOLERANCE = 1e-8  # relative; degree 15 on 20 rows needs a tenth of it, the others nearly nothing

# A page with the widget's own files and a model that keeps what it is told.
PAGE = """<!doctype html><title>Tradeoff explorer</title><link rel="stylesheet" href="tradeoff.css">
<body><script type="module">
import widget, { luck, simulate, uniform } from "./tradeoff.js";
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
Object.assign(window, { model, luck, simulate, uniform });
widget.render({ model, el: document.body });
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """The widget in Chromium, without Jupyter."""
    state = TradeoffExplorer().get_state()
    state = {name: state[name] for name in TradeoffExplorer.class_own_traits(sync=True)}

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        parts = {
            "tradeoff.js": (script("tradeoff"), "text/javascript"),
            "tradeoff.css": (styles("tradeoff"), "text/css"),
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


# --- the browser's arithmetic in NumPy ---------------------------------------------------------


def mix(bits: Array) -> Array:
    """Spread whole numbers over 32 bits; products wrap around, as they do in the browser."""
    h = bits.astype(np.uint32)
    h = (h ^ (h >> 16)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * np.uint32(0xC2B2AE35)
    return h ^ (h >> 16)


def uniform(stream: int, *shape: int) -> Array:
    """The first numbers of a stream."""
    i = np.arange(1, np.prod(shape) + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)
    return ((mix(i ^ mix(np.array([stream + 1]))) + 0.5) / 2**32).reshape(shape)


def normal(stream: int, *shape: int) -> Array:
    """Normal numbers of two streams."""
    length = np.sqrt(-2 * np.log(uniform(stream, *shape)))
    return length * np.cos(2 * np.pi * uniform(stream + 1, *shape))


def truth(x: Array) -> Array:
    """What the labels scatter around."""
    return np.sin(4 * x + 1)


def simulated(seed: int, degree: int, noise: float, rows: int, lam: float) -> dict[str, Any]:
    """The figures by lstsq; the penalty is so many further rows."""
    places = uniform(8 * seed, FITS, MOST_ROWS)[:, :rows]
    x = -1 + 2 * (np.arange(rows) + places) / rows  # (fits, rows)
    y = truth(x) + noise * normal(8 * seed + 1, FITS, MOST_ROWS)[:, :rows]
    penalty = np.sqrt(lam) * np.eye(degree + 1)[1:]
    curves = []
    for at, labels in zip(x, y, strict=True):
        X = np.vstack([chebyshev.chebvander(at, degree), penalty])
        c = np.linalg.lstsq(X, np.append(labels, np.zeros(degree)), rcond=None)[0]
        curves.append(chebyshev.chebval(GRID, c))
    P = np.array(curves)  # (fits, points)
    fresh = truth(GRID) + noise * normal(8 * seed + 3, FITS, len(GRID))
    bias2 = np.mean((P.mean(axis=0) - truth(GRID)) ** 2)
    variance = P.var(axis=0).mean()
    return {
        "bias2": bias2,
        "variance": variance,
        "noise": noise**2,
        "error": bias2 + variance + noise**2,
        "measured": np.mean((fresh - P) ** 2),
        "curve": P[7],
    }


def found(page: Page, seed: int, **settings: float) -> dict[str, Any]:
    """The browser's figures and one of its curves."""
    call = """([settings, seed]) => {
        const { figures, curves } = simulate(settings, luck(seed));
        return { ...figures, curve: [...curves[7]] };
    }"""
    figures: dict[str, Any] = page.evaluate(call, [settings, seed])
    return figures


@pytest.mark.browser
@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize(
    ("degree", "noise", "rows", "lam"),
    [
        (0, 0.3, 30, 0.0),
        (3, 0.3, 30, 0.0),
        (6, 0.0, 20, 0.0),
        (9, 1.0, 200, 0.01),
        (15, 0.5, 20, 0.0),  # near-singular: the fits run far out of the picture
        (15, 0.3, 30, 1.0),
        (15, 0.05, 200, 100.0),
    ],
)
def test_browser_equals_numpy(
    page: Page, seed: int, degree: int, noise: float, rows: int, lam: float
) -> None:
    """Terms, measured error and curves are NumPy's, to eight digits."""
    wanted = simulated(seed, degree, noise, rows, lam)
    got = found(page, seed, degree=degree, noise=noise, rows=rows, lam=lam)
    for name in ("bias2", "variance", "noise", "error", "measured"):
        assert pytest.approx(wanted[name], rel=TOLERANCE, abs=1e-14) == got[name], name
    scale = np.abs(wanted["curve"]).max()
    assert np.abs(np.array(got["curve"]) - wanted["curve"]).max() <= 100 * TOLERANCE * scale


@pytest.mark.browser
def test_the_same_luck(page: Page) -> None:
    """The browser's generator is the one above, number by number."""
    got = page.evaluate("[...Array(1000).keys()].map((i) => uniform(17, i))")
    assert uniform(17, 1000).tolist() == got


@pytest.mark.browser
@pytest.mark.parametrize("seed", range(4))
def test_the_terms_add_up_to_the_measured_error(page: Page, seed: int) -> None:
    """The error on fresh labels differs from the sum by no more than five standard errors."""
    for degree in (1, 5, 12):
        got = found(page, seed, degree=degree, noise=0.3, rows=40, lam=0)
        assert pytest.approx(got["bias2"] + got["variance"] + 0.09) == got["error"]
        assert abs(got["measured"] - got["error"]) < 5 * got["doubt"]
        assert got["doubt"] < 0.03 * got["error"]


@pytest.mark.browser
def test_sliders_change_the_terms(explorer: Page) -> None:
    """Each slider is felt by the terms it is about, by keyboard; what is found reaches Python."""

    def figure(name: str) -> float:
        return float(explorer.locator(f"[data-figure={name}]").text_content() or "nan")

    def press(label: str, key: str) -> None:
        before = explorer.locator(".curves").get_attribute("aria-label")
        explorer.get_by_role("slider", name=label).press(key)
        expect(explorer.locator(".curves")).not_to_have_attribute("aria-label", before or "")

    names = ("bias2", "variance", "noise")
    assert "0.3" == explorer.get_by_role("slider", name="Noise").get_attribute("aria-valuetext")
    start = {name: figure(name) for name in names}

    press("Degree", "ArrowRight")
    assert figure("bias2") < start["bias2"]
    assert figure("variance") > start["variance"]

    press("Degree", "End")
    wild = {name: figure(name) for name in names}
    assert wild["variance"] > 10 * start["variance"]
    press("Penalty", "End")
    assert figure("variance") < wild["variance"] / 10
    assert figure("bias2") > wild["bias2"]

    press("Penalty", "Home")
    press("Rows", "End")
    assert figure("variance") < wild["variance"] / 10
    press("Noise", "Home")
    assert (0.0, True) == (figure("noise"), figure("variance") < 1e-6)

    expect(explorer.get_by_role("status")).to_contain_text("Degree 15, noise 0, 200 rows, λ = 0")
    wanted = found(explorer, 0, degree=15, noise=0, rows=200, lam=0)
    del wanted["curve"]
    assert wanted == explorer.evaluate("model.saved.figures")

    moved = """() => {
        const degree = document.querySelector("[name=degree]");
        degree.value = 7;
        degree.dispatchEvent(new Event("input"));
        return model.saved.degree;
    }"""
    assert 7 == explorer.evaluate(moved)  # at once: what is not saved, an echo may undo


@pytest.mark.browser
def test_other_samples(explorer: Page) -> None:
    """Other samples give other fits and about the same terms: those belong to the procedure."""
    fit = explorer.locator(".fits path").first
    shape = fit.get_attribute("d") or ""
    before = explorer.locator("[data-figure=bias2]").text_content()
    explorer.get_by_role("button", name="Draw other samples").click()
    expect(fit).not_to_have_attribute("d", shape)
    assert 1 == explorer.evaluate("model.get('seed')")
    after = explorer.locator("[data-figure=bias2]").text_content()
    assert pytest.approx(float(before), rel=0.05) == float(after)


def test_without_a_browser_it_is_only_data() -> None:
    """Outside a notebook, or where nobody looks, a widget is made and holds its settings."""
    explorer = TradeoffExplorer(degree=9, rows=60)
    assert (9, 60, 0.3, {}) == (explorer.degree, explorer.rows, explorer.noise, explorer.figures)
    assert "degree 9" in repr(explorer)


@pytest.mark.parametrize(
    "setting", [{"degree": 16}, {"noise": -0.1}, {"rows": 10}, {"lam": -1}, {"degree": 2.5}]
)
def test_settings_that_do_not_fit(setting: dict[str, Any]) -> None:
    """A setting that no slider has is refused, and named."""
    with pytest.raises(traitlets.TraitError, match=next(iter(setting))):
        TradeoffExplorer(**setting)
