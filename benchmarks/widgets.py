"""How long a slider of the tradeoff explorer waits for its picture, in Chromium."""

from __future__ import annotations

import json
import shutil
import statistics

from playwright.sync_api import Page, Route, sync_playwright

from pitfalls.widgets import TradeoffExplorer
from pitfalls.widgets._static import script, styles

PAGE = """<!doctype html><title>Tradeoff explorer</title><link rel="stylesheet" href="tradeoff.css">
<body><script type="module">
import widget from "./tradeoff.js";
const watchers = {};
const model = {
  state: STATE,
  get: (name) => model.state[name],
  set(name, value) {
    model.state[name] = value;
    watchers[`change:${name}`]?.forEach((call) => call());
  },
  on: (name, call) => (watchers[name] ??= []).push(call),
  off: () => {},
  save_changes: () => {},
};
widget.render({ model, el: document.body });
window.model = model;
</script>"""

# From the slider's event until the frame with the new picture has been painted: a message that is
# posted while a frame is made is delivered after it.
MOVE = """async ([name, settings]) => {
    for (const [key, value] of Object.entries(settings)) model.set(key, value);
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(0);
    }));
    await painted();
    const input = document.querySelector(`input[name=${name}]`);
    const label = () => document.querySelector('.curves').getAttribute('aria-label');
    const waits = [];
    input.value = input.min;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await painted();
    while (Number(input.value) < Number(input.max)) {
        const before = label();
        const started = performance.now();
        input.stepUp();
        input.dispatchEvent(new Event('input', { bubbles: true }));
        waits.push((await painted()) - started);
        if (label() === before) throw new Error('the picture did not change');
    }
    return waits;
}"""
HARDEST = {"degree": 15, "noise": 0.3, "rows": 200, "lam": 1.0}


def measure() -> dict[str, float]:
    """Move every slider from end to end, the others at their hardest; print and return the waits.

    Returns
    -------
    dict
        By their names in ``bench.json``: the median and the 95th percentile of the waits for each
        slider and for all of them, in milliseconds, and the longest wait of all.
    """
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("Chromium is not installed: run `make programs`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = _open(browser.new_page(viewport={"width": 1280, "height": 900}))
        page.evaluate(MOVE, ["rows", HARDEST])  # the first round compiles
        waits = {name: page.evaluate(MOVE, [name, HARDEST]) for name in HARDEST}
        browser.close()
    waits["slider"] = [wait for some in waits.values() for wait in some]
    figures = {}
    print(f"\n{'tradeoff explorer':24}{'moves':>8}{'median ms':>12}{'95% ms':>10}{'longest':>10}")
    for name, some in waits.items():
        middle, high = statistics.median(some), statistics.quantiles(some, n=20)[-1]
        print(f"{name:24}{len(some):8}{middle:12.1f}{high:10.1f}{max(some):10.1f}")
        figures[f"widgets.tradeoff_{name}_median_ms"] = round(middle, 1)
        figures[f"widgets.tradeoff_{name}_p95_ms"] = round(high, 1)
    figures["widgets.tradeoff_slider_longest_ms"] = round(max(waits["slider"]), 1)
    return figures


def _open(page: Page) -> Page:
    state = TradeoffExplorer().get_state()
    state = {name: state[name] for name in TradeoffExplorer.class_own_traits(sync=True)}
    parts = {
        "tradeoff.js": (script("tradeoff"), "text/javascript"),
        "tradeoff.css": (styles("tradeoff"), "text/css"),
    }

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in parts:
            body, kind = parts[name]
            route.fulfill(body=body, content_type=kind)
        else:
            route.fulfill(body=PAGE.replace("STATE", json.dumps(state)), content_type="text/html")

    page.route("**/*", serve)
    page.goto("http://explorer.test/")
    page.wait_for_function("window.model")
    return page
