"""What the checks of this lesson share: telling draws, exact tests of counts, parts of a tuple."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pitfalls.checks import (
    Comparison,
    Mismatch,
    MismatchError,
    Seeded,
    numeric_array,
    show,
)

__all__ = [
    "Array",
    "entry",
    "entry_of",
    "seed",
    "telling",
    "unlikely",
    "whole",
]

Array = NDArray[Any]
T = TypeVar("T")

_TOO_UNLIKELY = 1e-11
"""Below this a count is no accident. A case tests fewer than a thousand counts of a right answer,
so it rejects one in less than one of 10^8 runs."""


def telling(make: Callable[[], T], answers: Callable[[T], Sequence[object]]) -> T:
    """The first draw on which all these answers differ.

    Raises
    ------
    RuntimeError
        When a thousand draws did not tell them apart.
    """
    for _ in range(1000):
        drawn = make()
        given = [repr(answer) for answer in answers(drawn)]
        if len(given) == len(set(given)):
            return drawn
    raise RuntimeError("Two of these answers cannot be told apart.")


def seed(rng: np.random.Generator) -> Seeded:
    """A generator for the learner's function."""
    return Seeded(int(rng.integers(1_000_000)))


def unlikely(counts: Array, trials: int, chance: Array | float) -> Array:
    """Which of these counts a binomial of so many trials gives less often than once in 10^11."""
    below = stats.binom.cdf(counts, trials, chance)
    above = stats.binom.sf(counts - 1, trials, chance)
    return np.asarray(np.minimum(below, above) < _TOO_UNLIKELY / 2)


def whole(value: Any, shape: tuple[int, ...], n_items: int) -> Array:
    """Item numbers of this shape, as integers.

    Raises
    ------
    MismatchError
        When they are none.
    """
    array = numeric_array(value, shape)
    if (array != np.rint(array)).any():
        raise MismatchError(
            Mismatch("value", "Item numbers are whole numbers.", show(array), "whole numbers")
        )
    if array.size and (array.min() < 0 or array.max() >= n_items):
        says = "Item numbers run from 0 to n_items - 1; there are others among these."
        raise MismatchError(Mismatch("value", says, show(array), f"0 to {n_items - 1}"))
    return array.astype(int)


def entry(i: int, names: tuple[str, ...], inner: Comparison) -> Comparison:
    """Compare entry `i` of a tuple whose entries have these names, and leave the others alone."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        try:
            found = inner(entry_of(got, i, names), wanted[i])
        except MismatchError as error:
            return error.mismatch
        if found is None:
            return None
        return Mismatch(found.stage, f"{names[i]}: {found.says}", found.got, found.wanted)

    return compare


def entry_of(got: Any, i: int, names: tuple[str, ...]) -> Any:
    """Entry `i` of what should be a tuple of so many entries."""
    listed = ", ".join(names)
    if not isinstance(got, tuple | list) and not (isinstance(got, np.ndarray) and got.ndim):
        kind = "None" if got is None else f"a value of type {type(got).__name__}"
        says = f"The result is {kind}; wanted a tuple ({listed})."
        raise MismatchError(Mismatch("type", says, show(got), f"({listed})"))
    if len(got) != len(names):
        says = f"There are {len(got)} results; wanted {len(names)}: {listed}."
        raise MismatchError(Mismatch("shape", says, show(got), f"({listed})"))
    return got[i]
