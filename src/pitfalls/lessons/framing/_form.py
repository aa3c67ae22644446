"""What the answers of this lesson look like: dictionaries with stated keys, judged by entries."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from pitfalls.checks import Comparison, Mismatch, show

__all__ = ["by_item", "entries", "telling"]

T = TypeVar("T")


def entries(asked: Sequence[str], **inner: Comparison) -> Comparison:
    """Compare some entries of a dictionary that has the keys in `asked`, and maybe more."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(got, pd.Series):
            got = got.to_dict()
        if not isinstance(got, dict):
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a dictionary."
            return Mismatch("type", says, show(got), "a dictionary with " + ", ".join(asked))
        for key in asked:
            if key not in got:
                says = f"The key {key!r} is missing."
                return Mismatch("shape", says, show(sorted(map(str, got))), show(list(asked)))
        for key, same in inner.items():
            found = same(got[key], wanted[key])
            if found is not None:
                return Mismatch(found.stage, f"{key}: {found.says}", found.got, found.wanted)
        return None

    return compare


def by_item(*, rtol: float = 1e-6) -> Comparison:
    """Compare numbers kept by item: a series or a dictionary, in any order."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        given, wanted = _as_dict(got), _as_dict(wanted) or {}
        if given is None:
            says = f"It is a value of type {type(got).__name__}; wanted a number for each item."
            return Mismatch("type", says, show(got), "a series or dictionary by item")
        if set(given) != set(wanted):
            missing, extra = len(set(wanted) - set(given)), len(set(given) - set(wanted))
            says = f"Of the items, {missing} are missing and {extra} should not be there."
            return Mismatch("shape", says, f"{len(given)} items", f"{len(wanted)} items")
        bad = [item for item in wanted if not _near(given[item], wanted[item], rtol)]
        if not bad:
            return None
        says = f"{len(bad)} of {len(wanted)} items differ."
        item = bad[0]
        return Mismatch("value", says, f"{show(given[item])} for {item}", show(wanted[item]))

    return compare


def _as_dict(got: Any) -> dict[Any, Any] | None:
    if isinstance(got, pd.DataFrame) and got.shape[1] == 1:
        got = got.iloc[:, 0]
    if isinstance(got, pd.Series):
        got = got.to_dict()
    return got if isinstance(got, dict) else None


def _near(got: Any, wanted: float, rtol: float) -> bool:
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, numbers.Real):
        return False
    if math.isnan(wanted):  # a wrong answer's 0 / 0; nothing that is wanted
        return math.isnan(got)
    return math.isclose(float(got), wanted, rel_tol=rtol, abs_tol=1e-9)


def telling(make: Callable[[], T], answers: Callable[[T], Sequence[object]]) -> T:
    """The first draw on which all these answers differ."""
    while True:
        drawn = make()
        given = [repr(answer) for answer in answers(drawn)]
        if len(given) == len(set(given)):
            return drawn
