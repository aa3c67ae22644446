"""`pitfalls demo`: the whole way, and that it notices what is not as it must be."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from pitfalls import lessons
from pitfalls.audit import alternatives_of
from pitfalls.checks import Exercise, Lesson, LocalAnswer, run_check
from pitfalls.cli import main
from pitfalls.grading._function_text import NoTextError, function_text
from pitfalls.grading._made_up import Expected, _class

TESTS = Path(__file__).parent / "lessons"
CHAPTER = "1_fundamentals"
NOTEBOOK = "linear_regression"
LESSON = lessons.get(NOTEBOOK)


def _demo(folder: Path, *only: str) -> Result:
    chosen = [word for pattern in only for word in ("--only", pattern)]
    return CliRunner().invoke(main, ["demo", CHAPTER, "--keep", str(folder), *chosen])


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.kernel
def test_from_hand_out_to_report(tmp_path: Path) -> None:
    """Right, wrong, odd, broken and forged: expected is given, and every step left its files."""
    done = _demo(tmp_path / "course", "right", "pitfalls-1", "warns", "broken", "cheat-outputs")
    assert 0 == done.exit_code, done.output
    assert "0 differences" in done.output
    course = tmp_path / "course"
    with open(course / "grades.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    right = next(student for student in scores if student.endswith("right"))
    assert scores[right] == max(scores.values())
    report = (course / "reports" / f"{CHAPTER}.html").read_text()
    page = (course / "feedback" / right / CHAPTER / f"{NOTEBOOK}.html").read_text()
    assert LESSON.exercises[0].name in report
    assert "✓ right" in page


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.kernel
def test_a_difference_ends_it_with_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A score that is not the expected one is named, and the exit code says so."""

    def too_much(draft: object, seed: int) -> dict[str, Expected]:
        return {LESSON.exercises[0].name: Expected(99)}

    monkeypatch.setattr(_class, "_expectations", too_much)
    done = _demo(tmp_path / "course", "empty")
    assert 1 == done.exit_code
    assert "expected 99 (no pitfall), given nothing" in done.output


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """--keep wants a new directory."""
    (tmp_path / "mine.txt").write_text("mine")
    done = _demo(tmp_path)
    assert 1 == done.exit_code
    assert "is not empty" in done.output
    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("lesson", "exercise"),
    [
        pytest.param(lesson, exercise, id=f"{lesson.notebook}-{exercise.name}")
        for lesson in lessons.all_lessons()
        for exercise in lesson.exercises
    ],
)
def test_what_is_handed_in_is_what_the_lesson_holds(lesson: Lesson, exercise: Exercise) -> None:
    """Every answer has a text; as text, too, one is right and a pitfall goes by its name."""

    def written(answer: object) -> LocalAnswer:
        scope: dict[str, object] = {}
        exec(function_text(answer, exercise.name), scope)
        return LocalAnswer(scope)

    wrong = [(pitfall.name, written(pitfall.answer)) for pitfall in exercise.pitfalls]
    for name, answer in wrong[:2]:
        assert name == run_check(exercise, answer, 3).pitfall
    for answer in alternatives_of(lesson, TESTS)[exercise.name]:
        assert run_check(exercise, written(answer), 3).right


def _scaled(by):  # no annotations: what a closure of a lesson looks like
    def scale(x, *, shift=0):
        return _shifted(x * by, shift)

    return scale


def _shifted(x, shift):
    return x + shift + len(str(shutil.__name__)) * 0


def test_a_function_comes_with_what_it_needs() -> None:
    """Closures, helpers, imports, defaults and lambdas on one line; and nothing leaks."""
    first, second = (lambda x: x + 1), (lambda x: x + 2)
    for answer, wanted in ((_scaled(3), 6), (first, 3), (second, 4), (len, None)):
        scope: dict[str, object] = {}
        exec(function_text(answer, "made"), scope)
        assert {"made", "_make_made", "__builtins__"} == set(scope)
        if wanted is not None:
            assert wanted == scope["made"](2)
        else:
            assert scope["made"] is len


def _adds(what):
    return lambda x: x + what


def test_numbers_without_a_literal_are_written_too() -> None:
    """NaN and infinity, alone and in an array."""
    for what in (np.inf, np.float64("nan"), np.array([np.nan, -np.inf, 0.5])):
        scope: dict = {}
        exec(function_text(_adds(what), "made"), scope)
        np.testing.assert_equal(scope["made"](1.0), 1.0 + what)


def test_a_function_without_a_text_is_said() -> None:
    """A bound method of some object cannot be handed in."""
    with pytest.raises(NoTextError, match="has no text"):
        function_text(object().__eq__, "made")
