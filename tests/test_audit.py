"""The promise of the kit, for every exercise: pitfalls named, right answers accepted."""

from pathlib import Path

import pytest

from pitfalls import lessons
from pitfalls.audit import alternatives_of, audit_exercise
from pitfalls.checks import Case, Exercise, Lesson, Part, Pitfall

TESTS = Path(__file__).with_name("lessons")
EVERY = [
    pytest.param(lesson, exercise, id=f"{lesson.notebook}-{exercise.name}")
    for lesson in lessons.all_lessons()
    for exercise in lesson.exercises
]


@pytest.mark.parametrize(("lesson", "exercise"), EVERY)
def test_every_pitfall_is_named_and_every_right_answer_accepted(lesson, exercise):
    """On the public cases and on a hidden draw: no pitfall passes or goes by another name."""
    audit = audit_exercise(lesson, exercise, alternatives_of(lesson, TESTS)[exercise.name], [1])
    assert () == audit.faults
    assert audit.declared == audit.rejected == audit.named
    assert audit.given == audit.accepted


def test_a_chapter_adds_up_to_100_at_most():
    """The points of a chapter's exercises leave room for its graded quizzes, within 100."""
    for chapter in {lesson.chapter for lesson in lessons.all_lessons()}:
        assert 100 >= sum(one.points for one in lessons.all_lessons() if one.chapter == chapter)


def _audit(pitfall, right):
    exercise = Exercise(
        "double",
        "(x)",
        "Twice",
        1,
        2,
        parts=(Part("value", 2, lambda rng: [Case(int(rng.integers(3, 9)))], lambda x: 2 * x),),
        pitfalls=(Pitfall("squares", "Twice x is x + x.", pitfall),),
    )
    lesson = Lesson("0_tests", "lesson", "Lesson", (exercise,))
    return audit_exercise(lesson, exercise, right, [1, 2])


def test_the_audit_finds_what_falls_short():
    """A pitfall that is right after all, a right answer that is not, and too few of them: found."""
    good = [lambda x: x + x, lambda x: x * 2]
    assert () == _audit(lambda x: x * x, good).faults
    accepted = _audit(lambda x: x + x, good)
    assert (1, 0, 0) == (accepted.declared, accepted.rejected, accepted.named)
    refused = _audit(lambda x: x * x, [*good, lambda x: 3 * x])
    assert (3, 2) == (refused.given, refused.accepted)
    assert "wanted at least 2" in _audit(lambda x: x * x, good[:1]).faults[0]
