import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pitfalls.checks import Verdict
from pitfalls.notebook import _progress
from pitfalls.progress import Store

Said = Callable[[], str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, str]]:
    """What progress() shows, as text and as HTML."""

    def shown() -> tuple[str, str]:
        calls: list[tuple[str, str]] = []
        monkeypatch.setattr(_progress, "show", lambda text, html: calls.append((text, html)))
        _progress.progress()
        return calls[-1]

    return shown


@pytest.fixture
def some_progress() -> None:
    """One of three exercises solved, with a detour."""
    store = Store.of_work_folder()
    store.record("doubles", Verdict("twice", "wrong", 2, 6), "")
    store.record("doubles", Verdict("twice", "right", 6, 6), "")
    store.use_hint("doubles", "twice", of=2)


def test_every_count_is_in_the_table(
    shown: Callable[[], tuple[str, str]], some_progress: None
) -> None:
    """Solved, points, tries and hints of each notebook and chapter, in words and as a bar."""
    text, html = shown()
    head, chapter, notebook = text.splitlines()
    assert ["Notebook", "Solved", "Points", "Tries", "Hints"] == head.split()
    assert "1. Fundamentals  ■■■□□□□□□□  1 of 3  6 of 11  2      1" == chapter
    assert "doubles          ■■■□□□□□□□  1 of 3  6 of 11  2      1" == notebook
    cells = re.findall(r"<td[^>]*>([^<]+)</td>", html)
    assert ["1 of 3", "6 of 11", "2", "1"] * 2 == cells


def test_the_table_leads_to_the_notebooks(
    shown: Callable[[], tuple[str, str]],
    some_progress: None,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A notebook that is there is linked, from wherever the kernel stands; another is not."""
    assert "<a " not in shown()[1]
    (work / "1_fundamentals").mkdir()
    (work / "1_fundamentals" / "doubles.ipynb").write_text("{}")
    assert '<a href="1_fundamentals/doubles.ipynb"' in shown()[1]
    monkeypatch.chdir(work / "1_fundamentals")
    assert '<a href="doubles.ipynb"' in shown()[1]


def test_rows_and_columns_have_heads(shown: Callable[[], tuple[str, str]]) -> None:
    """A reader hears what a cell belongs to, and is spared the bar."""
    html = shown()[1]
    assert 5 == html.count('scope="col"')
    assert 1 == html.count('scope="rowgroup"')
    assert 1 == html.count('scope="row"')
    assert 2 == html.count('aria-hidden="true">□')
    assert 'aria-label="Progress"' in html


def test_a_broken_store_is_one_sentence(said: Said, damaged: Path) -> None:
    """Where progress cannot be read the table is empty and says why."""
    _progress.progress()
    text = said()
    assert "0 of 3" in text
    assert 1 == text.count("Progress cannot be kept")
