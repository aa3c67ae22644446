"""What tests of several folders share."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
 --disable-component-update --disable-sync --force-color-profile=srgb""".split()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; Playwright runs at most once in a process."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    assert program, "Chromium is not installed: run `make programs`."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the attacks: what each was expected to get, and what it got."""
    rows = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == "attack"
    ]
    if rows:
        table = [("attack", "expected", "given"), *sorted(map(tuple, rows))]
        first, second = (max(len(row[i]) for row in table) for i in range(2))
        terminalreporter.section("attacks")
        for attack, expected, given in table:
            terminalreporter.write_line(f"{attack:{first}}  {expected:{second}}  {given}")
