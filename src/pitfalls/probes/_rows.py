"""Rows of any container: pick some, and make versions of them with other content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["count", "frame_of", "labels", "like", "put", "take", "versions"]

Ints = np.ndarray[Any, Any]
_NEW = ("!a new level", "~another new level")  # one before, one after all others in order


def count(rows: Any) -> int:
    """How many rows there are; (X, y) in a tuple has the rows of X."""
    if isinstance(rows, tuple):
        return count(rows[0])
    return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)


def labels(rows: Any) -> pd.Index:
    """What the rows are called: their index in a table, their positions otherwise."""
    if isinstance(rows, tuple):
        return labels(rows[0])
    index = rows.index if isinstance(rows, pd.DataFrame | pd.Series) else None
    return pd.RangeIndex(count(rows)) if index is None else index


def take(rows: Any, positions: Any) -> Any:
    """A fresh container of the same kind with the rows at these positions, in this order."""
    at = np.asarray(positions, dtype=int)
    if isinstance(rows, tuple):
        return tuple(None if piece is None else take(piece, at) for piece in rows)
    if isinstance(rows, pd.DataFrame | pd.Series):
        return rows.iloc[at].copy()
    if isinstance(rows, np.ndarray) or hasattr(rows, "toarray"):
        return (rows.tocsr() if hasattr(rows, "tocsr") else rows)[at].copy()
    return [rows[i] for i in at]


def frame_of(rows: Any) -> pd.DataFrame:
    """The rows as a table of their own, with positions for labels where there are none."""
    if isinstance(rows, pd.DataFrame):
        return rows.copy()
    if isinstance(rows, pd.Series):
        return rows.to_frame(0 if rows.name is None else rows.name)
    array = rows.toarray() if hasattr(rows, "toarray") else rows
    if isinstance(array, np.ndarray):
        return pd.DataFrame(array.reshape(len(array), -1).copy())
    return pd.DataFrame({0: pd.Series(list(array))})


def like(frame: pd.DataFrame, rows: Any) -> Any:
    """The content of a table in the container that `rows` came in."""
    if isinstance(rows, pd.DataFrame):
        return frame
    if isinstance(rows, pd.Series):
        return frame.iloc[:, 0].rename(rows.name)
    if hasattr(rows, "toarray"):
        return type(rows)(frame.to_numpy(dtype=rows.dtype))
    if isinstance(rows, np.ndarray):
        array = frame.to_numpy()
        kept = array.dtype.kind == "O" and rows.dtype.kind != "O"
        return array.astype(rows.dtype if kept else array.dtype).reshape(-1, *rows.shape[1:])
    return frame.iloc[:, 0].tolist()


def put(rows: Any, positions: Any, other: Any) -> Any:
    """The rows with those at these positions replaced by the rows of `other`."""
    if isinstance(rows, tuple):
        sides = zip(rows, other, strict=True)
        return tuple(None if a is None else put(a, positions, b) for a, b in sides)
    whole, part = frame_of(rows), frame_of(other)
    at = np.asarray(positions, dtype=int)
    kept = np.setdiff1d(np.arange(len(whole)), at)
    order = np.argsort(np.r_[kept, at], kind="stable")
    columns = {}
    for i in range(whole.shape[1]):
        pieces = [whole.iloc[kept, i], part.iloc[:, i]]
        joined = pd.concat(pieces, ignore_index=True).iloc[order]
        columns[i] = pd.Series(joined.array, index=whole.index)
    table = pd.DataFrame(columns, index=whole.index)
    table.columns = whole.columns
    return like(table, rows)


def versions(rows: Any, seed: int, *, keep_count: bool = True) -> Iterator[tuple[str, Any]]:
    """The rows with other content, in the same container: what was done, and the result.

    Every second version stays among the values that are there, so that one of them suits even a
    transform that refuses what it has not seen.
    """
    rng = np.random.default_rng(seed)
    n = count(rows)
    if n == 0:
        return
    one, other = rng.integers(n, size=2)
    yield "replaced by copies of one of them", take(rows, [one] * n)
    yield "given very large numbers", _each(rows, _large)
    yield "replaced by copies of another one", take(rows, [other] * n)
    yield "given very small numbers", _each(rows, _small)
    yield "given a new level of each category", _each(rows, _novel)
    yield "emptied in every other cell", _each(rows, _emptied)
    if not keep_count and n > 1:
        yield "halved in number", take(rows, np.arange(n)[: n // 2])


def _each(rows: Any, change: Any) -> Any:
    if isinstance(rows, tuple):
        return tuple(None if piece is None else _each(piece, change) for piece in rows)
    frame = frame_of(rows)
    columns = [change(frame.iloc[:, i]) for i in range(frame.shape[1])]
    changed = pd.DataFrame(dict(enumerate(columns)), index=frame.index)
    changed.columns = frame.columns
    return like(changed, rows)


def _large(column: pd.Series) -> pd.Series:
    return _extreme(column, 1)


def _small(column: pd.Series) -> pd.Series:
    return _extreme(column, -1)


def _extreme(column: pd.Series, sign: int) -> pd.Series:
    """Far outside for numbers and dates, the opposite for truth values, the rest as it is."""
    dtype = column.dtype
    kind = getattr(dtype, "kind", "")
    if isinstance(dtype, pd.CategoricalDtype):
        return column
    if pd.api.types.is_bool_dtype(dtype):
        return ~column
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return column + sign * pd.Timedelta(days=3653)
    if kind not in ("i", "u", "f") or not column.notna().any():
        return column
    low, high = float(column.min()), float(column.max())
    if kind in "iu" and {low, high} <= {0.0, 1.0}:
        return (1 - column).astype(dtype)
    far = (high if sign > 0 else low) + sign * (3 * (high - low) + 1)
    if kind in "iu":
        far = float(np.clip(round(far), 0 if kind == "u" else -(2.0**31), 2.0**31))
    if not np.isfinite(far):
        return column
    return (column * 0 + far).astype(dtype)


def _novel(column: pd.Series) -> pd.Series:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.categories.dtype.kind in "iufb":
            return column
        wider = column.cat.add_categories([*_NEW])
        return wider.where(column.isna(), pd.Series(_alternating(len(column)), column.index))
    if isinstance(dtype, pd.StringDtype) or getattr(dtype, "kind", "") in "OUS":
        words = column.map(lambda item: isinstance(item, str)).astype(bool)
        new = pd.Series(_alternating(len(column)), column.index, dtype=object)
        return column.astype(object).where(~words, new).astype(dtype if words.all() else object)
    return column


def _alternating(n: int) -> list[str]:
    return [_NEW[i % 2] for i in range(n)]


def _emptied(column: pd.Series) -> pd.Series:
    dtype = column.dtype
    if getattr(dtype, "kind", "") in "iub" and isinstance(dtype, np.dtype):
        return column  # an integer cannot be missing
    missing = np.arange(len(column)) % 2 == 0
    return column.mask(missing)
