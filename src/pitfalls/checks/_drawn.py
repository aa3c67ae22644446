"""The cases of a check, drawn, and what its right and its known wrong answers make of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ._answer import Case, LocalAnswer, Outcome, Reply
from ._compare import Mismatch, MismatchError, show
from ._exercise import Exercise, Part, Pitfall
from ._respond import made

__all__ = ["Drawn", "Trial", "compare"]


@dataclass(frozen=True)
class Trial:
    """One case of one part, what came of it, and how that differs from what was wanted."""

    case: Case
    hidden: bool
    outcome: Outcome
    mismatch: Mismatch | None


class Drawn:
    """The cases of an exercise, drawn once, for one answer after the other.

    What the cases want, and what each pitfall makes of them, is worked out once.

    Parameters
    ----------
    exercise : Exercise
    hidden_seed : int, optional
        Draws the hidden cases; without it there are public ones alone.
    """

    def __init__(self, exercise: Exercise, hidden_seed: int | None = None) -> None:
        self.exercise = exercise
        self._hidden_seed = hidden_seed
        self._wanted: dict[int, Any] = {}  # by the id of a case of the plan
        self._replies: dict[tuple[int, int], Reply] = {}  # by the id of a pitfall, and the part

    @cached_property
    def plan(self) -> list[list[tuple[Case, bool]]]:
        """For each part its cases, each with the word whether it is hidden."""
        return [_plan(self.exercise, i, self._hidden_seed) for i in range(len(self.exercise.parts))]

    def judged(self, reply: Reply) -> list[list[Trial]]:
        """For each part its cases, with what came of them and how that differs."""
        outcomes = iter(reply.outcomes)
        return [
            [
                Trial(case, hidden, outcome := next(outcomes), self.judge(i, case, outcome))
                for case, hidden in part
            ]
            for i, part in enumerate(self.plan)
        ]

    def reply_of(self, pitfall: Pitfall, i: int) -> Reply:
        """What the mistake itself answers to the cases of a part."""
        key = (id(pitfall), i)
        if key not in self._replies:
            name = self.exercise.name
            wrong = LocalAnswer({name: pitfall.answer})
            self._replies[key] = wrong.ask(name, [case for case, _ in self.plan[i]])
        return self._replies[key]

    def judge(self, i: int, case: Case, outcome: Outcome) -> Mismatch | None:
        """How an outcome differs from what a case of a part wants."""
        exercise, part = self.exercise, self.exercise.parts[i]
        if outcome.status != "returned":
            return Mismatch(outcome.status, _why(exercise, outcome))
        if part.judge is not None:
            try:
                found = part.judge(case, outcome)
            except MismatchError as error:
                found = error.mismatch
        else:
            found = compare(part, outcome.value, self._wanted_of(part, case))
        if found is None and exercise.pure and outcome.changed:
            changed = exercise.parameters[outcome.changed[0]]
            return Mismatch("input", f"The call changed its argument {changed} in place.")
        return found

    def _wanted_of(self, part: Part, case: Case) -> Any:
        assert part.wanted is not None  # held by Part
        if id(case) not in self._wanted:
            self._wanted[id(case)] = part.wanted(*_arguments(case))
        return self._wanted[id(case)]


def _plan(exercise: Exercise, i: int, hidden_seed: int | None) -> list[tuple[Case, bool]]:
    """The public cases of a part and, where there is a seed, the hidden ones."""
    part = exercise.parts[i]
    key = [zlib.crc32(exercise.name.encode()), i]
    drawn = [(case, False) for case in part.cases(np.random.default_rng(key))]
    if hidden_seed is not None and part.redraw:
        drawn += [(case, True) for case in part.cases(np.random.default_rng([hidden_seed, *key]))]
    return drawn


def compare(part: Part, got: Any, wanted: Any) -> Mismatch | None:
    """How a value differs from another one, in the way that a part compares."""
    try:
        return part.compare(got, wanted)
    except Exception:  # noqa: BLE001 - the value came from an answer and may be anything
        says = f"The result (of type {type(got).__name__}) cannot be compared with what was wanted."
        return Mismatch("type", says, show(got), show(wanted))


def _arguments(case: Case) -> list[Any]:
    return [made(argument) for argument in case.args]


def _why(exercise: Exercise, outcome: Outcome) -> str:
    if outcome.status == "raised":
        line = f" (line {outcome.line} of your cell)" if outcome.line else ""
        return f"{exercise.name} raised {outcome.error}: {outcome.message}{line}"
    if outcome.status == "not_plain":
        return (
            f"The result holds a value of type {outcome.error}; wanted plain data "
            "(numbers, text, lists, arrays, tables)."
        )
    if outcome.status == "not_attempted":
        return f"{exercise.name} raised NotImplementedError: a branch of it is still to be written."
    return outcome.message
