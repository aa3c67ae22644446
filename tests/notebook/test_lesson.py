from collections.abc import Callable
from pathlib import Path

import pytest

from pitfalls import lessons
from pitfalls.checks import Verdict
from pitfalls.notebook import UnknownExerciseError, check, lesson
from pitfalls.progress import Store

Said = Callable[[], str]


def test_one_line_says_where_you_stand(said: Said) -> None:
    """Title, solved exercises, points of the best tries, and minutes of what is unsolved."""
    lesson("doubles")
    line = "Twice and half: 0 of 3 exercises solved · 0 of 11 points · about 11 minutes left\n"
    assert line == said()
    store = Store.of_work_folder()
    store.record("doubles", Verdict("twice", "right", 6, 6), "")
    store.record("doubles", Verdict("half", "wrong", 2, 4), "")
    lesson("doubles")
    line = "Twice and half: 1 of 3 exercises solved · 8 of 11 points · about 7 minutes left\n"
    assert line == said()


def test_all_done(said: Said) -> None:
    """A solved notebook has no minutes left."""
    for name, points in (("twice", 6), ("half", 4), ("broken", 1)):
        Store.of_work_folder().record("doubles", Verdict(name, "right", points, points), "")
    lesson("doubles")
    assert "3 of 3 exercises solved · 11 of 11 points · all done" in said()


def test_a_broken_store_is_one_sentence(said: Said, damaged: Path) -> None:
    """Where progress cannot be read the notebook still begins."""
    lesson("doubles")
    text = said()
    assert "0 of 3 exercises" in text
    assert 1 == text.count("Progress cannot be kept")


def test_an_unknown_notebook_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the registry says of an unknown notebook is shown without a traceback."""

    def get(notebook: str) -> None:
        raise ValueError("There is no lesson 'double'. Did you mean 'doubles'?")

    monkeypatch.setattr(lessons, "get", get)
    with pytest.raises(UnknownExerciseError, match="Did you mean 'doubles'") as slip:
        lesson("double")
    assert 1 == len(slip.value._render_traceback_())


def test_without_a_lesson_a_unique_name_is_found(said: Said) -> None:
    """A check finds its exercise even where the notebook's first cell was not run."""
    check("twice")
    assert "twice: not attempted yet" in said()


def test_nbgrader_sees_no_progress(said: Said, monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    """Where nbgrader runs the notebook only the title is shown."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    lesson("doubles")
    assert "Twice and half\n" == said()
    assert [] == list(work.iterdir())
