"""Whatever a transform or a model gives, as one table; and how two such tables differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Difference", "as_table", "difference"]


@dataclass(frozen=True)
class Difference:
    """Where two tables differ: which rows and columns, and how far in standard deviations."""

    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    amount: float
    count: int
    of: int
    shape: str = ""


def as_table(value: Any) -> pd.DataFrame:
    """A table of what was given: frame, column, array, sparse matrix, list, number, or several."""
    if isinstance(value, pd.DataFrame):
        return _named_once(value)
    if isinstance(value, pd.Series):
        return value.to_frame(0 if value.name is None else value.name)
    if isinstance(value, dict) or _is_several(value):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        pieces = {name: as_table(piece).reset_index(drop=True) for name, piece in pairs}
        if not pieces:
            return pd.DataFrame()
        table = pd.concat(pieces, axis=1)
        table.columns = [f"{name}.{column}" for name, column in table.columns]
        return table
    if hasattr(value, "toarray"):
        value = value.toarray()
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.array([*map(repr, value)], dtype=object)
    if array.ndim == 0:
        array = array.reshape(1, 1)
    return pd.DataFrame(array.reshape(len(array), -1) if array.ndim > 2 else array)


def _is_several(value: Any) -> bool:
    """A tuple or list of arrays and tables, rather than one list of numbers or words."""
    many = (np.ndarray, pd.DataFrame, pd.Series, pd.Index, list, tuple, dict)
    return isinstance(value, tuple | list) and any(
        (isinstance(item, many) and isinstance(value, tuple))
        or isinstance(item, np.ndarray | pd.DataFrame | pd.Series | pd.Index | dict)
        or hasattr(item, "toarray")
        for item in value
    )


def _named_once(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    if isinstance(table.columns, pd.MultiIndex):
        table.columns = [".".join(map(str, name)) for name in table.columns]
    if not table.columns.is_unique:
        table.columns = [f"{name}.{i}" for i, name in enumerate(table.columns)]
    return table


def difference(before: pd.DataFrame, after: pd.DataFrame, tolerance: float) -> Difference | None:
    """Where two tables differ by more than rounding; rows count by position.

    `tolerance` is in standard deviations of a column.
    """
    labels = before.index
    if len(before) != len(after):
        says = f"{len(before)} rows became {len(after)}"
        return Difference((), (), float("inf"), len(before), len(before), says)
    if list(before.columns) != list(after.columns):
        odd = tuple(before.columns.symmetric_difference(after.columns, sort=False))
        says = f"{before.shape[1]} columns became {after.shape[1]}"
        if not odd:
            says = "the columns came in another order"
        return Difference(tuple(labels), odd, float("inf"), len(before), len(before), says)
    changed = np.zeros(len(before), dtype=bool)
    columns, amount = [], 0.0
    for i, name in enumerate(before.columns):
        bad, far = _column(before.iloc[:, i], after.iloc[:, i], tolerance)
        if bad.any():
            columns.append(name)
            changed |= bad
            amount = max(amount, far)
    if not columns:
        return None
    rows = tuple(labels[changed])
    return Difference(rows, tuple(columns), amount, int(changed.sum()), len(before))


def numbers(column: pd.Series) -> np.ndarray[Any, Any] | None:
    """The column as floats, missing as NaN; None for text, dates and other objects."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    kind = getattr(column.dtype, "kind", "O")
    if kind == "c":
        return None
    if kind not in "biuf":
        if kind != "O" or not all(_is_number(item) for item in column):
            return None
        column = column.where(~column.isna(), np.nan)
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))


def _is_number(item: Any) -> bool:
    return item is None or item is pd.NA or isinstance(item, int | float | np.number | np.bool_)


def _column(
    before: pd.Series, after: pd.Series, tolerance: float
) -> tuple[np.ndarray[Any, Any], float]:
    a, b = numbers(before), numbers(after)
    if a is not None and b is not None:
        both = np.isfinite(a) & np.isfinite(b)
        alike = (a == b) | (np.isnan(a) & np.isnan(b))
        gap = np.abs(np.where(both, a, 0.0) - np.where(both, b, 0.0))
        usual = np.std(a[both]) if both.any() else 0.0
        size = np.abs(a[both]).max(initial=0.0)
        scale = usual if usual > 1e-9 * size else (size or 1.0)
        # rounding is relative to the size of the numbers, a change to their spread
        bad = ~alike & (~both | (gap > tolerance * scale + 1e-12 * size))
        far = float((gap[bad & both] / scale).max(initial=0.0))
        return bad, far or 1.0
    bad = np.array([not _alike(x, y) for x, y in zip(before, after, strict=True)], dtype=bool)
    return bad, 1.0


def _alike(x: Any, y: Any) -> bool:
    if x is y:
        return True
    try:
        if pd.isna(x) and pd.isna(y):
            return True
        return bool(x == y)
    except (TypeError, ValueError):  # arrays, lists, pd.NA inside a column
        return repr(x) == repr(y)
