"""Compare the tables that an answer hands back, whatever type holds a flag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pitfalls.checks import Comparison, Mismatch, show, table

__all__ = ["both", "columns", "frame"]

PAIR = ("train", "test")


def _flags_as_numbers(value: Any) -> Any:
    """The frame with True and False as 1 and 0; anything else as it came."""
    if not isinstance(value, pd.DataFrame):
        return value
    flags = [i for i, kind in enumerate(value.dtypes) if pd.api.types.is_bool_dtype(kind)]
    if not flags or not value.columns.is_unique:
        return value
    return value.astype({value.columns[i]: "int64" for i in flags})


def frame(*, rtol: float = 1e-6, atol: float = 1e-9) -> Comparison:
    """Compare a table with its index; the order of columns is free.

    Examples
    --------
    >>> wanted = pd.DataFrame({"gap": [0, 1]}, index=[7, 9])
    >>> frame()(pd.DataFrame({"gap": [False, True]}, index=[7, 9]), wanted) is None
    True
    >>> frame()(wanted.reset_index(drop=True), wanted).says
    'The index differs.'
    """
    inner = table(rtol=rtol, atol=atol, index=True)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(got, pd.DataFrame) and not got.columns.is_unique:
            return Mismatch("shape", "Two columns share a name.", show(list(got.columns)))
        return inner(_flags_as_numbers(got), wanted)

    return compare


def both(*, only: str = "", rtol: float = 1e-6, atol: float = 1e-9) -> Comparison:
    """Compare a tuple (train, test) of tables; `only` one of them where it is named.

    Examples
    --------
    >>> a, b = pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [2.0]})
    >>> both()((a, a), (a, b)).says
    "test: The column 'x' differs in 1 of 1 rows."
    >>> both(only="train")((a, a), (a, b)) is None
    True
    """
    inner = frame(rtol=rtol, atol=atol)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if not isinstance(got, tuple | list) or len(got) != 2:
            kind = "None" if got is None else f"of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a tuple (train, test) of two tables."
            return Mismatch("type", says, show(got), "(train, test)")
        for name, mine, reference in zip(PAIR, got, wanted, strict=True):
            found = None if only not in ("", name) else inner(mine, reference)
            if found is not None:
                return Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)
        return None

    return compare


def columns(names: Sequence[str]) -> Comparison:
    """Compare only these columns of a table.

    Examples
    --------
    >>> a = pd.DataFrame({"x": [1.0], "y": [2.0]})
    >>> columns(["x"])(a.assign(y=3.0), a) is None
    True
    """
    inner = frame()

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(got, pd.DataFrame) and got.columns.is_unique:
            got = got[[name for name in names if name in got.columns]]
        return inner(got, wanted[list(names)])

    return compare
