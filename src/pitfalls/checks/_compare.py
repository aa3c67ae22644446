"""Compare what came with what was wanted: type, then shape, then value."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "Comparison",
    "Mismatch",
    "MismatchError",
    "close",
    "equal",
    "numeric_array",
    "show",
    "table",
    "unordered",
]


@dataclass(frozen=True)
class Mismatch:
    """How an answer differs from what was wanted.

    Attributes
    ----------
    stage : {"type", "shape", "value"}
    says : str
        One sentence without numbers of the case, fit to be shown for a hidden case too.
    got, wanted : str
        The two sides, shortened; shown for public cases only.
    """

    stage: str
    says: str
    got: str = ""
    wanted: str = ""


class MismatchError(Exception):
    """Raised by a judge's helper to end the judgement with a mismatch."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(mismatch.says)
        self.mismatch = mismatch


Comparison = Callable[[Any, Any], Mismatch | None]


def close(*, rtol: float = 1e-6, atol: float = 1e-9) -> Comparison:
    """Compare numbers, arrays, tables and containers of them up to rounding.

    Parameters
    ----------
    rtol, atol : float
        As in `numpy.allclose`, relative to what was wanted. NaN equals NaN.

    Returns
    -------
    callable
        ``compare(got, wanted)`` gives None or a `Mismatch`.

    Examples
    --------
    >>> close()([1.0, 2.0], np.array([1.0, 2.0])) is None
    True
    >>> close()(np.array([[1.0], [2.0]]), np.array([1.0, 2.0])).says
    'The shape is (2, 1); wanted (2,).'
    """

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(wanted, (pd.DataFrame, pd.Series)):
            return table(rtol=rtol, atol=atol)(got, wanted)
        if isinstance(wanted, (tuple, dict)):
            return _container(got, wanted, compare)
        if _is_text(wanted) or wanted is None or isinstance(wanted, (bool, np.bool_, set)):
            return equal()(got, wanted)
        if isinstance(wanted, numbers.Complex):
            return _number(got, complex(wanted), rtol, atol)
        reference = np.asarray(wanted)
        if reference.dtype.kind not in "biufc":
            return equal()(got, wanted)
        return _array(got, reference, rtol, atol)

    return compare


def equal() -> Comparison:
    """Compare exactly: text, truth values, whole numbers, and containers or arrays of them.

    Examples
    --------
    >>> equal()("MAR", "MNAR").says
    'The value differs.'
    >>> equal()(["a", "b"], ("a", "b")) is None
    True
    """

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(wanted, dict):
            return _container(got, wanted, compare)
        if isinstance(wanted, (list, tuple, np.ndarray, pd.Index, pd.Series)):
            return _sequence(got, list(wanted), compare)
        if isinstance(wanted, (set, frozenset)):
            if not isinstance(got, (set, frozenset, list, tuple)):
                return _type(got, "a set")
            return _value(got, wanted) if set(got) != set(wanted) else None
        if wanted is None:
            return None if got is None else _type(got, "None")
        if isinstance(wanted, (bool, np.bool_)):
            if not isinstance(got, (bool, np.bool_)):
                return _type(got, "True or False")
        elif _is_text(wanted):
            if not _is_text(got):
                return _type(got, "text")
        elif isinstance(wanted, numbers.Number) and not isinstance(got, numbers.Number):
            return _type(got, "a number")
        return None if got == wanted else _value(got, wanted)

    return compare


def unordered(inner: Comparison | None = None) -> Comparison:
    """Compare two sequences as collections: the same members, in any order.

    Examples
    --------
    >>> unordered()([2, 1, 1], [1, 1, 2]) is None
    True
    """
    same = inner or equal()

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        collections = (list, tuple, set, frozenset, np.ndarray, pd.Index, pd.Series)
        # text.unique() gives an array of pandas' own
        if not isinstance(got, (*collections, pd.api.extensions.ExtensionArray)):
            return _type(got, "a list")
        rest = list(got)
        if len(rest) != len(wanted):
            says = f"There are {len(rest)} members; wanted {len(wanted)}."
            return Mismatch("shape", says, show(got), show(wanted))
        for item in wanted:
            twin = next((i for i, other in enumerate(rest) if same(other, item) is None), None)
            if twin is None:
                return _value(got, wanted)
            del rest[twin]
        return None

    return compare


def table(
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    row_order: bool = True,
    column_order: bool = False,
    index: bool = False,
) -> Comparison:
    """Compare pandas tables and columns by what they hold, not by how they store it.

    Parameters
    ----------
    rtol, atol : float
        For numeric columns.
    row_order, column_order, index : bool
        Whether the order of rows, the order of columns, and the index labels count.

    Examples
    --------
    >>> a = pd.DataFrame({"x": [1, 2], "y": ["p", None]})
    >>> table()(a[["y", "x"]], a) is None
    True
    >>> table()(a[["x"]], a).says
    "The column 'y' is missing."
    """

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        kind = type(wanted)
        if not isinstance(got, kind):
            if kind is pd.Series and isinstance(got, (list, np.ndarray, pd.Index)):
                got = pd.Series(got, index=wanted.index if len(got) == len(wanted) else None)
            else:
                return _type(got, f"a pandas {kind.__name__}")
        if kind is pd.Series:
            got, wanted = got.to_frame("value"), wanted.to_frame("value")
        for column in wanted.columns:
            if column not in got.columns:
                return Mismatch("shape", f"The column {column!r} is missing.")
        for column in got.columns:
            if column not in wanted.columns:
                return Mismatch("shape", f"The column {column!r} should not be there.")
        if column_order and list(got.columns) != list(wanted.columns):
            return Mismatch("shape", "The columns are in another order than wanted.")
        if len(got) != len(wanted):
            says = f"There are {len(got)} rows; wanted {len(wanted)}."
            return Mismatch("shape", says, show(got), show(wanted))
        if index and not got.index.equals(wanted.index):
            return Mismatch("value", "The index differs.", show(got.index), show(wanted.index))
        if not row_order:
            got, wanted = _sorted_rows(got[wanted.columns]), _sorted_rows(wanted)
        for column in wanted.columns:
            bad = _column_difference(got[column], wanted[column], rtol, atol)
            if bad is not None:
                row = int(np.flatnonzero(bad)[0])
                return Mismatch(
                    "value",
                    f"The column {column!r} differs in {int(bad.sum())} of {len(bad)} rows.",
                    f"{show(got[column].iloc[row])} in row {row}",
                    show(wanted[column].iloc[row]),
                )
        return None

    return compare


def numeric_array(value: Any, shape: tuple[int, ...] | None = None) -> np.ndarray[Any, Any]:
    """What an answer gave as a float array, for a judge.

    Parameters
    ----------
    value : plain data
    shape : tuple of int, optional
        The shape to insist on.

    Raises
    ------
    MismatchError
        When it is not numeric or has another shape; `run_check` turns it into the verdict.

    Examples
    --------
    >>> numeric_array([1, 2], (2,))
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise MismatchError(
            _type(value, "numbers" if shape is None else f"an array of shape {shape}")
        )
    if shape is not None and array.shape != shape:
        says = f"The shape is {array.shape}; wanted {shape}."
        raise MismatchError(Mismatch("shape", says, show(array), f"shape {shape}"))
    return array.astype(float)


def show(value: Any) -> str:
    """A short form of a value for a message: at most six entries, six digits.

    Examples
    --------
    >>> show(np.arange(100.0))
    'array of shape (100,): [0, 1, 2, ..., 97, 98, 99]'
    >>> show(0.1 + 0.2), show({"a": 1})
    ('0.3', "{'a': 1}")
    """
    if isinstance(value, (bool, np.bool_)) or value is None:
        return str(value)
    if isinstance(value, numbers.Integral):
        return _clip(str(int(value)))
    if isinstance(value, numbers.Real):
        return f"{float(value):.6g}"
    if isinstance(value, pd.DataFrame):
        return f"table of shape {value.shape}"
    if isinstance(value, (pd.Series, pd.Index)):
        value = value.to_numpy()
    if isinstance(value, np.ndarray):
        if value.ndim > 1 and value.size > _LARGEST_SHOWN:
            return f"array of shape {value.shape}"
        text = np.array2string(
            value, threshold=6, edgeitems=3, separator=", ", formatter=_FORMATTER
        ).replace("\n", "")
        return text if value.size <= 6 else f"array of shape {value.shape}: {_clip(text)}"
    if isinstance(value, (list, tuple)):
        left, right = "[]" if isinstance(value, list) else "()"
        inner = [show(item) for item in value[:6]] + (["..."] if len(value) > 6 else [])
        return _clip(f"{left}{', '.join(inner)}{right}")
    return _clip(repr(value))


_LARGEST_SHOWN = 12  # entries of a matrix; what is larger is only named by its shape
_FORMATTER: Any = {"float_kind": lambda x: f"{x:.6g}"}


def _clip(text: str, length: int = 200) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _type(got: Any, wanted: str) -> Mismatch:
    kind = "None" if got is None else f"a value of type {type(got).__name__}"
    return Mismatch("type", f"The result is {kind}; wanted {wanted}.", show(got), wanted)


def _value(got: Any, wanted: Any) -> Mismatch:
    return Mismatch("value", "The value differs.", show(got), show(wanted))


def _number(got: Any, wanted: complex, rtol: float, atol: float) -> Mismatch | None:
    plain = wanted.real if wanted.imag == 0 else wanted
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    if isinstance(got, (list, tuple, np.ndarray, pd.Series, pd.DataFrame)):
        says = f"The result has shape {np.shape(got)}; wanted a single number."
        return Mismatch("shape", says, show(got), show(plain))
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, numbers.Complex):
        return _type(got, "a number")
    near = np.isclose(complex(got), wanted, rtol, atol, equal_nan=True)
    return None if near else _value(got, plain)


def _array(got: Any, wanted: np.ndarray[Any, Any], rtol: float, atol: float) -> Mismatch | None:
    numeric = isinstance(got, (list, tuple, np.ndarray, pd.Series, numbers.Number))
    try:
        array = np.asarray(got) if numeric else np.asarray(None)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "biufc" or isinstance(got, (bool, np.bool_)):
        return _type(got, f"an array of shape {wanted.shape}")
    if array.shape != wanted.shape:
        says = f"The shape is {array.shape}; wanted {wanted.shape}."
        return Mismatch("shape", says, show(array), show(wanted))
    near = np.isclose(array, wanted, rtol, atol, equal_nan=True)
    if near.all():
        return None
    says = f"{int((~near).sum())} of {near.size} entries differ."
    return Mismatch("value", says if near.ndim else "The value differs.", show(got), show(wanted))


def _sequence(got: Any, wanted: list[Any], same: Comparison) -> Mismatch | None:
    if not isinstance(got, (list, tuple, np.ndarray, pd.Index, pd.Series)):
        return _type(got, "a list")
    items = list(got)
    if len(items) != len(wanted):
        says = f"There are {len(items)} entries; wanted {len(wanted)}."
        return Mismatch("shape", says, show(got), show(wanted))
    if any(same(a, b) is not None for a, b in zip(items, wanted, strict=True)):
        return _value(got, wanted)
    return None


def _container(got: Any, wanted: Any, same: Comparison) -> Mismatch | None:
    """Tuples entry by entry, dictionaries key by key."""
    if isinstance(wanted, tuple):
        if not isinstance(got, (tuple, list, np.ndarray)):
            return _type(got, f"{len(wanted)} values in a tuple")
        if len(got) != len(wanted):
            says = f"There are {len(got)} values; wanted {len(wanted)}."
            return Mismatch("shape", says, show(got), show(wanted))
        pairs = [(f"Entry {i}", a, b) for i, (a, b) in enumerate(zip(got, wanted, strict=True))]
    else:
        if not isinstance(got, dict):
            return _type(got, "a dictionary")
        if set(got) != set(wanted):
            says = "The keys differ."
            return Mismatch(
                "shape", says, show(sorted(map(str, got))), show(sorted(map(str, wanted)))
            )
        pairs = [(f"Under {key!r}", got[key], wanted[key]) for key in wanted]
    for where, a, b in pairs:
        found = same(a, b)
        if found is not None:
            return Mismatch(found.stage, f"{where}: {found.says}", found.got, found.wanted)
    return None


def _column_difference(
    got: pd.Series, wanted: pd.Series, rtol: float, atol: float
) -> np.ndarray[Any, Any] | None:
    """A mask of the rows that differ, or None; missing equals missing whatever marks it."""
    missing, absent = got.isna().to_numpy(), wanted.isna().to_numpy()
    bad: np.ndarray[Any, Any] = missing != absent
    both = ~missing & ~absent
    left, right = got[both], wanted[both]
    if pd.api.types.is_numeric_dtype(wanted) and not pd.api.types.is_bool_dtype(wanted):
        if not pd.api.types.is_numeric_dtype(got) or pd.api.types.is_bool_dtype(got):
            return np.ones(len(got), dtype=bool)
        a, b = left.to_numpy(dtype=float), right.to_numpy(dtype=float)
        bad[both] = ~np.isclose(a, b, rtol, atol)
    else:
        bad[both] = left.astype(object).to_numpy() != right.astype(object).to_numpy()
    return bad if bad.any() else None


def _sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    order = frame.astype(str).sort_values(list(frame.columns), kind="stable").index
    return frame.loc[order].reset_index(drop=True)
