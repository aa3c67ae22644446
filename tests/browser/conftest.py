import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from urllib3 import PoolManager, Retry

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
PATIENCE = 120_000  # milliseconds
expect.set_options(timeout=PATIENCE)

IN_FRONT = "path => window.jupyterapp?.shell?.currentWidget?.context?.path === path"
# The kernel, not the idle lamp: the lamp is idle before there is a kernel.
READY = """async () => {
    const app = window.jupyterapp;
    await app.started;
    await app.restored;
    const panel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""
FIND = """async (start) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const at = notebook.widgets.findIndex(
        cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().startsWith(start));
    if (at < 0) throw new Error('no code cell starts with ' + start);
    notebook.activeCellIndex = at;
    await notebook.scrollToItem(at);
    await notebook.widgets[at].ready;
    return at;
}"""


class Lab:
    """A JupyterLab in Chromium, used by hand: click, type, Shift+Enter."""

    def __init__(self, page: Page, address: str, token: str) -> None:
        self.page = page
        self.address = address
        self.token = token

    def open(self, path: str = "") -> None:
        """Open a notebook of the work folder, or whatever Lab opens by itself."""
        place = f"lab/tree/{path}" if path else ""
        self.page.goto(f"{self.address}/{place}?token={self.token}")
        self.ready(path or "00_start_here.ipynb")

    def reload(self) -> None:
        """Save, then load the page anew."""
        path = self.page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self.ready(path)

    def ready(self, path: str) -> None:
        """Wait for the notebook in front and for its kernel."""
        self.page.wait_for_function(IN_FRONT, arg=path, timeout=PATIENCE)
        self.page.evaluate(READY)

    def cell(self, start: str) -> Locator:
        """The code cell whose source starts so."""
        at = self.page.evaluate(FIND, start)
        panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        return panel.locator(f".jp-Cell[data-windowed-list-index='{at}']")

    def write(self, start: str, source: str) -> None:
        """Replace the text of a cell by hand."""
        editor = self.cell(start).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run(self, start: str) -> Locator:
        """Run a cell and wait for its reply; gives the cell's outputs."""
        cell = self.cell(start)
        cell.locator(".cm-content").click()
        # Shift+Enter's own command: its promise is kept when the kernel has replied
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
        return cell.locator(".jp-OutputArea")

    def screenshot(self, name: str) -> None:
        """Keep what is seen, for the README and for looking at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def theme(self, name: str) -> None:
        """Switch to the theme "Light" or "Dark"."""
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(change, f"JupyterLab {name}")
        light = "true" if name == "Light" else "false"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)
        # a theme that is loaded for the first time hides the page behind a splash that fades
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


class Server(NamedTuple):
    """A running `pitfalls lab`."""

    process: subprocess.Popen[str]
    address: str
    token: str


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`pitfalls lab` on a work folder of its own, ended as a learner ends it: with Ctrl-C."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "NBGRADER"))}
    command = [sys.executable, "-c", "from pitfalls.cli import main; main()", "lab"]
    options = f"--work {tmp_path / 'work'} --no-browser --port {port} --allow-root"
    process = subprocess.Popen(
        [*command, *options.split(), "--LabApp.expose_app_in_browser=True"],
        cwd=ROOT,
        env={**kept, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:  # which closes the pipe and waits
        assert process.stderr is not None
        drain = threading.Thread(target=process.stderr.read)  # a full pipe would stop it
        try:
            address, token = _address(process)
            drain.start()
            with PoolManager() as pool:  # it names its address a moment before it listens there
                pool.request("GET", f"{address}/api", retries=Retry(12, backoff_factor=0.1))
            yield Server(process, address, token)
            process.send_signal(signal.SIGINT)
            # Lab may go on waiting for a kernel that a page asked for a moment ago
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        finally:
            process.kill()
            if drain.ident:
                drain.join()


def _address(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Read on until Lab says where it is."""
    assert process.stderr is not None
    log = []
    for line in process.stderr:
        log.append(line)
        if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab/tree/\S*\?token=(\w+)", line):
            return found[1], found[2]
    raise AssertionError("JupyterLab did not start:\n" + "".join(log))


@pytest.fixture
def lab(chromium: Browser, server: Server) -> Iterator[Lab]:
    """JupyterLab as `pitfalls lab` starts it, in a fresh browser."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield Lab(context.new_page(), server.address, server.token)
    context.close()
