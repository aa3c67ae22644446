"""What an exercise is: its parts, their cases, its pitfalls and its hints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._answer import Case, Outcome
from ._compare import Comparison, Mismatch, close

__all__ = ["Exercise", "Lesson", "Part", "Pitfall"]


@dataclass(frozen=True)
class Pitfall:
    """A named wrong answer that real people give.

    Attributes
    ----------
    name : str
        The mistake in a few words; it is what the learner reads after "Pitfall:".
    message : str
        What went wrong and the next move; it does not give the solution away.
    answer : callable
        The wrong answer itself, with the learner's signature. The audit holds that the check
        rejects it under this name.
    recognise : callable, optional
        ``recognise(case, value) -> bool`` for a mistake that is known by a property of the value;
        without it, an answer whose every value equals what `answer` gives is recognised.
    recognise_outcome : callable, optional
        ``recognise_outcome(case, outcome) -> bool`` in its place, for a mistake that is known by
        how a call ends: by the words of an exception, say.
    """

    name: str
    message: str
    answer: Callable[..., Any]
    recognise: Callable[[Case, Any], bool] | None = None
    recognise_outcome: Callable[[Case, Outcome], bool] | None = None

    def __post_init__(self) -> None:
        if self.recognise and self.recognise_outcome:
            raise ValueError(f"The pitfall {self.name!r} needs one way to be recognised, not two.")

    @property
    def has_many_forms(self) -> bool:
        """Whether it is known by a property, so that no two answers with it need be alike."""
        return self.recognise is not None or self.recognise_outcome is not None


@dataclass(frozen=True)
class Part:
    """A stated part of an exercise: what it asks, what it is worth, how it is judged.

    Attributes
    ----------
    title : str
        What the part asks, in a few words, as the learner reads it.
    points : float
    cases : callable
        ``cases(rng) -> list of Case``. Called with a fixed generator for the public cases and
        with one from the course's secret seed for the hidden ones.
    wanted : callable, optional
        The independent reference, called with a case's arguments.
    compare : callable, default=close()
        ``compare(got, wanted)`` gives None or a `Mismatch`; it also decides whether an answer
        equals a pitfall's.
    judge : callable, optional
        ``judge(case, outcome)`` gives None or a `Mismatch`; for a property in place of a reference.
    redraw : bool, default=True
        Whether grading draws further, hidden cases.
    """

    title: str
    points: float
    cases: Callable[[np.random.Generator], Sequence[Case]]
    wanted: Callable[..., Any] | None = None
    compare: Comparison = field(default_factory=close)
    judge: Callable[[Case, Outcome], Mismatch | None] | None = None
    redraw: bool = True

    def __post_init__(self) -> None:
        if (self.wanted is None) == (self.judge is None):
            raise ValueError(f"The part {self.title!r} needs either wanted or judge.")


@dataclass(frozen=True)
class Exercise:
    """One function that the learner writes.

    Attributes
    ----------
    name, signature, title : str
        ``"ridge"``, ``"(X, y, lam)"``, ``"Ridge regression"``.
    difficulty : int
        1 to 5.
    minutes : int
    parts : tuple of Part
    pitfalls : tuple of Pitfall
    hints : tuple of str
        From a nudge to nearly there.
    pure : bool, default=True
        Whether a call that changes its arguments in place is a mistake.

    Examples
    --------
    >>> double = Exercise(
    ...     "double", "(x)", "Twice", 1, 2,
    ...     parts=(Part("value", 2, lambda rng: [Case(int(rng.integers(3, 9)))], lambda x: 2 * x),),
    ...     pitfalls=(Pitfall("squares", "Twice x is x + x.", lambda x: x * x),),
    ... )
    >>> double.points, double.parameters
    (2, ('x',))
    """

    name: str
    signature: str
    title: str
    difficulty: int
    minutes: int
    parts: tuple[Part, ...]
    pitfalls: tuple[Pitfall, ...] = ()
    hints: tuple[str, ...] = ()
    pure: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.difficulty <= 5:
            raise ValueError(
                f"The difficulty of {self.name} must be 1 to 5. Got {self.difficulty}."
            )
        names = [pitfall.name for pitfall in self.pitfalls]
        if len(names) != len(set(names)):
            raise ValueError(f"Two pitfalls of {self.name} share a name: {names}.")

    @property
    def points(self) -> float:
        """What the parts add up to."""
        return sum(part.points for part in self.parts)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the signature."""
        scope: dict[str, Any] = {}
        exec(f"def _asked{self.signature}: ...", scope)  # our own text
        return tuple(inspect.signature(scope["_asked"]).parameters)


@dataclass(frozen=True)
class Lesson:
    """One notebook: where it stands, its title, its exercises, its place in the chapter."""

    chapter: str
    notebook: str
    title: str
    exercises: tuple[Exercise, ...]
    order: int = 1

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name.

        Raises
        ------
        KeyError
            When the lesson has none of that name.
        """
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)

    @property
    def points(self) -> float:
        """What the exercises add up to."""
        return sum(exercise.points for exercise in self.exercises)
