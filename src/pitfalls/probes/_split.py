"""Do rows that belong together stand on both sides of a split?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._finding import Finding
from ._rows import frame_of, labels
from ._tables import numbers

__all__ = [
    "days_on_both_sides",
    "duplicates_on_both_sides",
    "groups_on_both_sides",
    "train_after_test",
]


def groups_on_both_sides(train: Any, test: Any, by: Any = None) -> Finding:
    """Probe whether rows of one group stand on both sides of a split.

    Parameters
    ----------
    train, test : table, array or Series
        Tables with the columns `by`, or the groups themselves. A missing group is no group.
    by : str or list of str, optional
        The columns that together name a group.

    Returns
    -------
    Finding
        The test rows whose group is in the training rows; `amount` is their share.

    Examples
    --------
    >>> finding = groups_on_both_sides([1, 1, 2, 3], [3, 4])
    >>> finding.leaks, finding.rows, finding.amount
    (True, (0,), 0.5)
    """
    left, right = _keys(train, by), _keys(test, by)
    seen = set(left[left.notna()])
    both = right.isin(seen).to_numpy() & right.notna().to_numpy()
    groups = right[both].nunique()
    what = "one group" if groups == 1 else f"{groups} groups"
    columns = () if by is None else tuple([by] if isinstance(by, str) else by)
    return _finding("groups_on_both_sides", both, test, columns, f"{what} on both sides")


def days_on_both_sides(train: Any, test: Any, time: Any = None, every: str = "D") -> Finding:
    """Probe whether rows of one day stand on both sides of a split.

    Parameters
    ----------
    train, test : table or Series of datetimes
    time : str, optional
        The column with the time, when tables are given.
    every : str, default="D"
        The period that must not be cut: ``"D"``, ``"W"``, ``"M"``, ``"h"``, ...

    Returns
    -------
    Finding
        The test rows whose day is in the training rows; `amount` is their share.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2013-01-01 08:00", "2013-01-01 17:00"]))
    >>> days_on_both_sides(times[:1], times[1:]).rows
    (1,)
    """
    left, right = _periods(train, time, every), _periods(test, time, every)
    both = right.isin(set(left.dropna())).to_numpy() & right.notna().to_numpy()
    days = right[both].nunique()
    columns = () if time is None else (time,)
    what = f"{days} {'period' if days == 1 else 'periods'} ({every}) on both sides"
    return _finding("days_on_both_sides", both, test, columns, what)


def train_after_test(train: Any, test: Any, time: Any = None) -> Finding:
    """Probe whether a split trains on rows that come after some of its test rows.

    Parameters
    ----------
    train, test : table or Series of datetimes or numbers
    time : str, optional
        The column with the time, when tables are given.

    Returns
    -------
    Finding
        The test rows that are not later than every training row; `amount` is their share.

    Examples
    --------
    >>> train_after_test(pd.Series([1, 2, 3]), pd.Series([3, 4])).amount
    0.5
    """
    left, right = _column(train, time), _column(test, time)
    both = (right <= left.max()).to_numpy(dtype=bool, na_value=False)
    columns = () if time is None else (time,)
    what = "not after the last training row"
    return _finding("train_after_test", both, test, columns, what)


def duplicates_on_both_sides(
    train: Any, test: Any, columns: Any = None, *, near: float = 0.0
) -> Finding:
    """Probe whether test rows have a twin among the training rows.

    Parameters
    ----------
    train, test : table or array with the same columns
    columns : list, optional
        The columns that make a twin; all of them by default.
    near : float, default=0
        How far each number or date of a twin may be, in standard deviations of the training
        rows' column; above zero, text also counts as equal when only case and spaces differ.

    Returns
    -------
    Finding
        The test rows with a twin; `amount` is their share. Missing equals missing.

    Examples
    --------
    >>> train = pd.DataFrame({"x": [1.0, 9.0], "city": ["Porto", None]})
    >>> test = pd.DataFrame({"x": [1.01, 9.0], "city": ["porto ", None]})
    >>> duplicates_on_both_sides(train, test).rows
    (1,)
    >>> duplicates_on_both_sides(train, test, near=0.01).rows
    (0, 1)
    """
    if not near >= 0:
        raise ValueError(f"near must be ≥ 0. Got {near} instead.")
    left, right = frame_of(train), frame_of(test)
    names = list(right.columns if columns is None else columns)
    if not names:
        raise ValueError("A twin needs at least one column to agree in.")
    absent = [name for name in names if name not in left.columns or name not in right.columns]
    if absent:
        raise ValueError(f"The column {absent[0]!r} is not on both sides.")
    measured = {name: (_measure(left[name]), _measure(right[name])) for name in names if near > 0}
    pairs = [(a, b) for a, b in measured.values() if a is not None and b is not None]
    words = [n for n in names if near == 0 or any(side is None for side in measured[n])]
    a = np.stack([pair[0] for pair in pairs], axis=1) if pairs else np.zeros((len(left), 0))
    b = np.stack([pair[1] for pair in pairs], axis=1) if pairs else np.zeros((len(right), 0))
    both = pd.concat([left[words], right[words]], ignore_index=True)
    keys = pd.DataFrame({i: _word(both[name], near > 0) for i, name in enumerate(words)})
    for j in range(len(pairs)):  # what is missing belongs to the key
        keys[f"missing {j}"] = np.isnan(np.r_[a[:, j], b[:, j]])
    of = keys.groupby(list(keys.columns), dropna=False, sort=False).ngroup().to_numpy()
    twins = _near(a, b, of[: len(left)], of[len(left) :], near)
    kind = "a twin" if near == 0 else "a near twin"
    return _finding(
        "duplicates_on_both_sides", twins, test, tuple(names), f"{kind} in the training rows"
    )


def _near(a: Any, b: Any, left: Any, right: Any, near: float) -> np.ndarray[Any, Any]:
    """Which rows of b have a row of a with the same key at most `near` away in each column."""
    from scipy.spatial import cKDTree

    twins = np.zeros(len(b), dtype=bool)
    if a.shape[1] == 0:
        return np.asarray(np.isin(right, left))
    spread = np.nanstd(a, axis=0) if len(a) else np.ones(a.shape[1])
    scale = np.where(spread > 0, spread, 1.0)
    a, b = np.nan_to_num(a / scale), np.nan_to_num(b / scale)
    rows = pd.Series(np.arange(len(a))).groupby(left).indices
    reach = near * (1 + 1e-9) + 1e-12
    for key, of_b in pd.Series(np.arange(len(b))).groupby(right).indices.items():
        of_a = rows.get(key)
        if of_a is not None:
            found = cKDTree(a[of_a]).query(b[of_b], p=np.inf, distance_upper_bound=reach)[0]
            twins[of_b] = np.isfinite(found)
    return twins


def _measure(column: pd.Series) -> np.ndarray[Any, Any] | None:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds = (column - pd.Timestamp(0, tz=getattr(column.dtype, "tz", None))).dt
        return np.asarray(seconds.total_seconds(), dtype=float)
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    return numbers(column)


def _word(column: pd.Series, loosely: bool) -> pd.Series:
    """What two cells must share to be equal: numbers by value, all else by its words."""
    values = numbers(column)
    if values is not None and not pd.api.types.is_bool_dtype(column.dtype):
        return pd.Series(values, index=column.index)
    words = [str(item) for item in column.astype(object)]
    if loosely:
        words = [" ".join(word.casefold().split()) for word in words]
    return pd.Series(words, column.index, object).where(column.notna(), None)


def _finding(
    probe: str, hit: np.ndarray[Any, Any], test: Any, columns: tuple[Any, ...], what: str
) -> Finding:
    rows = tuple(labels(test)[np.flatnonzero(hit)])
    share = float(hit.mean()) if len(hit) else 0.0
    if not rows:
        return Finding(probe, False, f"None of {len(hit)} test rows: {what}.", columns=columns)
    says = f"{len(rows)} of {len(hit)} test rows: {what}."
    return Finding(probe, True, says, rows, columns, share)


def _keys(rows: Any, by: Any) -> pd.Series:
    if by is None:
        frame = frame_of(rows)
        names = list(frame.columns)
    else:
        frame = rows
        names = [by] if isinstance(by, str) or not isinstance(by, list | tuple) else list(by)
        for name in names:
            if name not in frame.columns:
                raise ValueError(f"There is no column {name!r}; there are {list(frame.columns)}.")
    if len(names) == 1:
        return frame[names[0]].astype(object)
    known = frame[names].notna().all(axis=1)
    tuples = pd.Series([*frame[names].itertuples(index=False, name=None)], frame.index, object)
    return tuples.where(known)


def _column(rows: Any, time: Any) -> pd.Series:
    if time is None:
        frame = frame_of(rows)
        return frame.iloc[:, 0]
    if time not in rows.columns:
        raise ValueError(f"There is no column {time!r}; there are {list(rows.columns)}.")
    column: pd.Series = rows[time]
    return column


def _periods(rows: Any, time: Any, every: str) -> pd.Series:
    column = pd.to_datetime(_column(rows, time))
    if column.dt.tz is not None:
        column = column.dt.tz_localize(None)  # the day on the clock that the column shows
    return column.dt.to_period(every)
