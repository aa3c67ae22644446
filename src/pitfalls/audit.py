"""Audit the checks: every pitfall is rejected and named, every right answer is accepted."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitfalls.checks import Check, Exercise, Lesson, LocalAnswer, Verdict

__all__ = ["ExerciseAudit", "alternatives_of", "audit_exercise", "audit_lesson"]

SMALLEST_CHOICE = 2
"""How many independent right answers each exercise keeps with its tests, at least."""

_NESTED: list[Any] = [[[[]], {"a": [1, (2, "b")]}]]
_JUNK: tuple[Any, ...] = (
    None,
    True,
    float("nan"),
    "text",
    b"bytes",
    (),
    [[1.0, 2.0], [3.0]],
    {"a": 1},
    {1, 2},
    10**400,
    _NESTED,
)


@dataclass(frozen=True)
class ExerciseAudit:
    """What the audit found for one exercise.

    Attributes
    ----------
    declared, rejected, named : int
        Pitfalls that the exercise declares, that its check rejects, and that it rejects under
        their own name; on the public cases and on those of every seed.
    given, accepted : int
        Independent right answers kept with the tests, and those that earn full marks.
    faults : tuple of str
        One sentence for each thing that is not as it should be.
    """

    chapter: str
    notebook: str
    name: str
    points: float
    declared: int
    rejected: int
    named: int
    given: int
    accepted: int
    faults: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The row as `pitfalls audit --json` prints it."""
        return {
            "chapter": self.chapter,
            "notebook": self.notebook,
            "name": self.name,
            "points": self.points,
            "pitfalls": {
                "declared": self.declared,
                "rejected": self.rejected,
                "named": self.named,
            },
            "alternatives": {"given": self.given, "accepted": self.accepted},
        }


def alternatives_of(lesson: Lesson, tests: Path) -> Mapping[str, Sequence[Callable[..., Any]]]:
    """The independent right answers that the tests of a lesson keep in ``ALTERNATIVES``.

    Parameters
    ----------
    lesson : Lesson
    tests : path
        The folder with ``test_<notebook>.py``.

    Raises
    ------
    FileNotFoundError
        When the lesson has no test file.
    """
    path = tests / f"test_{lesson.notebook}.py"
    spec = importlib.util.spec_from_file_location(f"_alternatives_{lesson.notebook}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    alternatives: Mapping[str, Sequence[Callable[..., Any]]] = module.ALTERNATIVES
    return alternatives


def audit_lesson(
    lesson: Lesson,
    alternatives: Mapping[str, Sequence[Callable[..., Any]]],
    seeds: Sequence[int] = range(5),
) -> list[ExerciseAudit]:
    """Audit every exercise of a lesson; see `audit_exercise`."""
    return [
        audit_exercise(lesson, exercise, alternatives.get(exercise.name, ()), seeds)
        for exercise in lesson.exercises
    ]


def audit_exercise(
    lesson: Lesson,
    exercise: Exercise,
    alternatives: Sequence[Callable[..., Any]],
    seeds: Sequence[int],
) -> ExerciseAudit:
    """Audit one exercise on its public cases and on the hidden ones of every seed."""
    faults: list[str] = []
    rejected = named = accepted = 0
    checks = [Check(exercise, seed) for seed in (None, *seeds)]
    for pitfall in exercise.pitfalls:
        verdicts = [_verdict(check, pitfall.answer) for check in checks]
        passed = [v for v in verdicts if v.state not in ("wrong", "raised", "no_verdict")]
        misnamed = [v for v in verdicts if v.pitfall != pitfall.name]
        rejected += not passed
        named += not misnamed
        if passed:
            faults.append(f"{exercise.name}: {pitfall.name!r} gets the state {passed[0].state!r}.")
        elif misnamed:
            faults.append(
                f"{exercise.name}: {pitfall.name!r} is named {misnamed[0].pitfall!r} "
                f"on {len(misnamed)} of {len(verdicts)} draws ({misnamed[0].message})."
            )
    for i, answer in enumerate(alternatives):
        verdicts = [_verdict(check, answer) for check in checks]
        wrong = [v for v in verdicts if not v.right]
        accepted += not wrong
        if wrong:
            faults.append(
                f"{exercise.name}: right answer {i + 1} gets {wrong[0].points:g} of "
                f"{wrong[0].max_points:g} points on {len(wrong)} of {len(verdicts)} draws "
                f"({wrong[0].pitfall or wrong[0].message}; {wrong[0].evidence})."
            )
    if len(alternatives) < SMALLEST_CHOICE:
        faults.append(
            f"{exercise.name}: {len(alternatives)} independent right answers are kept with the "
            f"tests; wanted at least {SMALLEST_CHOICE}."
        )
    if not exercise.pitfalls:
        faults.append(f"{exercise.name}: no pitfall is declared.")
    for junk in _JUNK:
        verdict = _verdict(checks[0], _always(junk))
        if verdict.state == "fault" or verdict.right:
            faults.append(f"{exercise.name}: the answer {junk!r:.40} gets {verdict.state!r}.")
    return ExerciseAudit(
        lesson.chapter,
        lesson.notebook,
        exercise.name,
        exercise.points,
        len(exercise.pitfalls),
        rejected,
        named,
        len(alternatives),
        accepted,
        tuple(faults),
    )


def _verdict(check: Check, answer: Callable[..., Any]) -> Verdict:
    return check.verdict(LocalAnswer({check.exercise.name: answer}))


def _always(value: Any) -> Callable[..., Any]:
    return lambda *args: value
