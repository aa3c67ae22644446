"""Run what is probed again and again, and tell a change from its own variation."""

from __future__ import annotations

import contextlib
import copy
import itertools
import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ._tables import Difference, as_table, difference, numbers

__all__ = ["METHODS", "call", "changes", "outputs", "prepared"]

Table = Callable[[], pd.DataFrame]
METHODS = ("transform", "predict_proba", "decision_function", "predict")
_RUNS = 8
"""Runs on either side when what is probed varies from run to run: of the 6,435 ways to split 16
runs into two halves, chance makes any given one the most extreme with probability 1/6435."""


def call(function: Callable[..., Any], *args: Any) -> Any:
    """Call with copies of the arguments, quietly, and with NumPy's global generator as it was.

    The global generators start from the same place each time, so what draws from them repeats.
    """
    state, words = np.random.get_state(), random.getstate()  # noqa: NPY002 - put back below
    np.random.seed(0)  # noqa: NPY002 - what is probed may draw from it
    random.seed(0)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return function(*map(copy.deepcopy, args))
    finally:
        np.random.set_state(state)  # noqa: NPY002
        random.setstate(words)


def prepared(estimator: Any, seed: int) -> Any:
    """A fresh copy, unfitted, whose random states are set where they are no number."""
    from sklearn.base import clone

    fresh = clone(estimator, safe=False)
    if hasattr(fresh, "get_params") and hasattr(fresh, "set_params"):
        given = fresh.get_params(deep=True)
        open_ones = (type(None), np.random.RandomState, np.random.Generator)
        names = [n for n in given if n.rpartition("__")[2] == "random_state"]
        fresh.set_params(**{n: seed for n in names if isinstance(given[n], open_ones)})
    return fresh


def outputs(model: Any, rows: Any) -> pd.DataFrame:
    """All that a fitted estimator says of these rows, side by side."""
    found = {}
    for method in METHODS:
        if hasattr(model, method):
            found[method] = getattr(model, method)(rows)
    if not found:
        wanted = ", ".join(METHODS)
        raise TypeError(f"{type(model).__name__} has none of the methods {wanted}.")
    return as_table(next(iter(found.values())) if len(found) == 1 else found)


def changes(
    base: Table, changed: Iterable[tuple[str, Table]], tolerance: float
) -> tuple[str, Difference | None]:
    """Compare runs on changed rows with runs on the rows as they are.

    Parameters
    ----------
    base : callable
        Gives the table for the rows as they are.
    changed : iterable of (str, callable)
        What was done to the rows, and the table that then comes. One that raises is left out:
        to refuse strange rows is no leak.
    tolerance : float
        In standard deviations of a column.

    Returns
    -------
    str, Difference or None
        What was done when the largest change came, and the change. When two runs on the same
        rows differ already, a change counts only if it stands out from eight such runs.

    Raises
    ------
    ValueError
        When what is probed raised on every changed version.
    """
    first, second = base(), base()
    steady = difference(first, second, tolerance) is None
    repeats = [first, second] + ([] if steady else [base() for _ in range(_RUNS - 2)])
    said, largest, ran = "", None, False
    refused: Exception | None = None
    for says, again in changed:
        try:
            other = again()
            found = difference(first, other, tolerance)
            if found is not None and not steady:
                others = [other] + [again() for _ in range(_RUNS - 1)]
                found = found if _stand_out(repeats, others) else None
        except Exception as error:  # noqa: BLE001 - what is probed may raise anything
            refused = error
            continue
        ran = True
        if found is not None and (largest is None or found.amount > largest.amount):
            said, largest = says, found
    if not ran:
        why = f": {type(refused).__name__}: {refused}" if refused else ""
        raise ValueError(f"What is probed raises whatever the changed rows hold{why}") from refused
    return said, largest


def _stand_out(repeats: list[pd.DataFrame], others: list[pd.DataFrame]) -> bool:
    """Whether no other split of all these runs into halves is as extreme as the true one."""
    points = _points([*repeats, *others])
    gaps = np.sqrt(((points[:, None] - points[None]) ** 2).mean(axis=2))  # (runs, runs)
    n, half = len(gaps), len(repeats)
    sides = _halves(n, half)  # (splits, n) of +1 and -1
    # within minus between, up to a constant: the true split has the smallest sum of s_i s_j d_ij
    score = np.einsum("si,ij,sj->s", sides, gaps, sides)
    true = np.r_[np.ones(half), -np.ones(n - half)]
    own = true @ gaps @ true
    return bool(own < -1e-9 and (score > own + 1e-12 * abs(own)).sum() == len(sides) - 1)


def _halves(n: int, half: int) -> np.ndarray[Any, Any]:
    """Every way to split n runs into two halves, the first run always on the same side."""
    sides = [
        np.isin(np.arange(n), (0, *chosen))
        for chosen in itertools.combinations(range(1, n), half - 1)
    ]
    return np.where(np.array(sides), 1.0, -1.0)


def _points(tables: list[pd.DataFrame]) -> np.ndarray[Any, Any]:
    """One point a run: the cells when the runs have one shape, else a summary of each column."""
    alike = all(t.shape == tables[0].shape for t in tables)
    alike = alike and all(list(t.columns) == list(tables[0].columns) for t in tables)
    rows = [_cells(t) if alike else _summary(t) for t in tables]
    width = max(map(len, rows))
    points = np.array([np.pad(row, (0, width - len(row))) for row in rows])
    spread = points.std(axis=0)
    return points[:, spread > 0] / spread[spread > 0] if (spread > 0).any() else points * 0


def _cells(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    columns = [_codes(table.iloc[:, i]) for i in range(table.shape[1])]
    return np.concatenate(columns) if columns else np.zeros(0)


def _codes(column: pd.Series) -> np.ndarray[Any, Any]:
    values = numbers(column)
    if values is None:
        values = np.array([hash(str(item)) % 9973 for item in column], dtype=float)
    finite: np.ndarray[Any, Any] = np.nan_to_num(values, nan=-1e3, posinf=1e12, neginf=-1e12)
    return finite


def _summary(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    said = [float(len(table)), float(table.shape[1])]
    for i in range(table.shape[1]):
        values = _codes(table.iloc[:, i])
        said += [values.mean(), values.std()] if len(values) else [0.0, 0.0]
    return np.array(said)


@contextlib.contextmanager
def named(what: str) -> Iterator[None]:
    """Let an error of what is probed say that it came on the rows as they are."""
    try:
        yield
    except Exception as error:
        error.add_note(f"It came from {what}, on the rows as they were given.")
        raise
