import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pitfalls.checks import Verdict
from pitfalls.notebook import CheckFailed, UnknownExerciseError, check, lesson
from pitfalls.progress import Store

Define = Callable[[str, object], None]
Said = Callable[[], str]


def right(name: str) -> Verdict:
    """A verdict that an exercise is solved."""
    return Verdict(name, "right", 1, 1)


def test_the_pitfall_then_the_next_exercise(define: Define, said: Said) -> None:
    """A wrong answer meets its pitfall and where help is; a right one meets what comes next."""
    lesson("doubles")
    define("twice", lambda x: x * x)
    check("twice")
    text = said()
    assert "Pitfall: squares" in text
    assert 'hint("twice"): 2 hints left.' in text
    assert "solution" not in text
    define("twice", lambda x: x + x)
    check("twice")
    text = said()
    assert "✓ twice: right, 6 of 6 points" in text
    assert "Next: half (Half)." in text


def test_the_last_one_sends_back_to_what_was_left_out(define: Define, said: Said) -> None:
    """After the last exercise the next is the first that is still open."""
    lesson("doubles")
    define("half", lambda x: x / 2)
    check("half")
    assert "Next: broken" in said()
    Store.of_work_folder().record("doubles", right("broken"), "")
    check("half")
    assert "Next: twice (Twice)." in said()
    Store.of_work_folder().record("doubles", right("twice"), "")
    check("half")
    assert "Every exercise of this notebook is solved." in said()


def test_tries_are_kept_and_open_the_solution(define: Define, said: Said) -> None:
    """Three wrong tries that differ are kept, and the third mentions the solution."""
    answers = [lambda x: x * x, lambda x: x * x, lambda x: 3 * x, lambda x: x - 1]
    shown = []
    for answer in answers:
        define("twice", answer)
        check("twice")
        shown.append('solution("twice")' in said())
    assert [False, False, False, True] == shown
    assert 4 == Store.of_work_folder().summary()["doubles", "twice"].attempts


def test_an_untouched_exercise_is_no_try(define: Define, said: Said, work: Path) -> None:
    """Not attempted is shown as such, and nothing is kept of it."""

    def twice(x: float) -> float:
        raise NotImplementedError

    define("twice", twice)
    check("twice")
    assert "○ twice: not attempted yet" in said()
    assert [] == list(work.iterdir())


def test_a_fault_of_the_check_blames_nobody(define: Define, said: Said, work: Path) -> None:
    """A check that breaks says so, costs no try, and points to no hint."""
    define("broken", lambda x: x)
    check("broken")
    text = said()
    assert "the check itself failed, not you" in text
    assert "hint(" not in text
    assert [] == list(work.iterdir())


@pytest.mark.parametrize("damage", ["a damaged file", "no folder"])
def test_a_broken_store_breaks_no_check(
    damage: str, define: Define, said: Said, work: Path, request: pytest.FixtureRequest
) -> None:
    """Where progress cannot be kept the verdict is still shown, with one sentence about it."""
    if damage == "a damaged file":
        request.getfixturevalue("damaged")
    else:
        (work / ".pitfalls").write_text("")
    for answer in (lambda x: x * x, lambda x: 3 * x, lambda x: x - 1):
        define("twice", answer)
        check("twice")
        text = said()
        assert "twice: not right yet" in text or "twice: partly right" in text
        assert 1 == text.count("Progress cannot be kept")
    assert 'solution("twice")' in text  # the tries of this session still count


def test_an_unknown_name_names_the_nearest(said: Said) -> None:
    """A slip of the pen is one line with the name that was meant."""
    lesson("doubles")
    with pytest.raises(UnknownExerciseError, match=r'Did you mean check\("twice"\)\?') as slip:
        check("twise")
    assert [f"UnknownExerciseError: {slip.value}"] == slip.value._render_traceback_()
    with pytest.raises(UnknownExerciseError, match=r"There are: twice, half, broken\."):
        check("qqqqqq")
    with pytest.raises(UnknownExerciseError, match=r'in quotes: check\("sorted"\)'):
        check(sorted)


def test_full_credit_in_nbgrader_is_a_number(
    define: Define, said: Said, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nbgrader reads the cell, points are its last value, and nothing is kept."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    define("twice", lambda x: 2 * x)
    assert 6 == check("twice")
    define("twice", lambda x: 2 * x if x else 1)
    points = check("twice")
    assert "4.0" == repr(points)  # nbgrader reads the text: anything but a number is full marks
    assert [] == list(work.iterdir())


@pytest.mark.parametrize("execution", ["validate", "autograde"])
def test_no_credit_in_nbgrader_is_an_error(
    execution: str, define: Define, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nbgrader reads the cell, an answer without points ends in an error of one line."""
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    define("half", lambda x: x)
    with pytest.raises(CheckFailed, match="half: not right yet, 0 of 4 points"):
        check("half")
    define("broken", lambda x: x)
    with pytest.raises(CheckFailed, match="the check itself failed"):
        check("broken")


def test_a_warning_costs_nothing_in_nbgrader(
    define: Define, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A right answer that warns leaves nothing on stderr, which nbgrader would score as zero."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")

    def half(x: float) -> float:
        warnings.warn("half is an approximation", stacklevel=1)
        np.log(np.zeros(1))
        return x / 2

    define("half", half)
    assert 4 == check("half")
    assert "" == capfd.readouterr().err
