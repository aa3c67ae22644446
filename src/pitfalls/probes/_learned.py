"""Does what was learned from the training rows change with the test rows?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ._finding import Finding
from ._rows import count, put, take, versions
from ._runs import METHODS, Table, call, changes, named, outputs, prepared
from ._tables import Difference, as_table

__all__ = ["fit_depends_on_test", "train_depends_on_test", "use_changes_fit"]


def train_depends_on_test(
    transform: Callable[[Any, Any], tuple[Any, Any]],
    train: Any,
    test: Any,
    *,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe whether the transformed training rows change when only test rows change.

    The test rows are replaced by copies of one of them, given very large and very small numbers,
    new levels and empty cells, and halved; each time the training rows must come out as before.

    Parameters
    ----------
    transform : callable
        ``transform(train, test)`` gives the two transformed: tables, arrays, or (X, y) pairs.
    train, test : table, array, list of text, sparse matrix, or (X, y)
        Copies are handed out; what is given is never changed.
    tolerance : float, default=1e-6
        The smallest change that counts, in standard deviations of its column.
    seed : int, default=0

    Returns
    -------
    Finding
        Rows and columns of the transformed training rows that changed; `amount` is the largest
        change in standard deviations of its column (1 for text, inf for another shape).

    Notes
    -----
    A transform that varies from run to run is compared with eight runs on the same rows; it is
    called a leak only if the changed runs stand out from those more than any other split of the
    sixteen does (by chance once in 6,435).

    Examples
    --------
    >>> train, test = pd.DataFrame({"x": [1.0, 2.0, 6.0]}), pd.DataFrame({"x": [4.0, 12.0]})
    >>> def together(train, test):
    ...     both = pd.concat([train, test])
    ...     return train - both.mean(), test - both.mean()
    >>> finding = train_depends_on_test(together, train, test)
    >>> finding.leaks, finding.columns
    (True, ('x',))
    >>> bool(train_depends_on_test(lambda a, b: (a - a.mean(), b - a.mean()), train, test))
    False
    """
    return _compare(
        "train_depends_on_test",
        "the transformed training rows",
        lambda rows: _pair(call(transform, train, rows))[0],
        test,
        versions(test, seed, keep_count=False),
        tolerance,
    )


def fit_depends_on_test(
    procedure: Callable[..., Any],
    X: Any,
    train_index: Any,
    test_index: Any,
    y: Any = None,
    *,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe whether a procedure that is handed the whole table learns from its test rows.

    Parameters
    ----------
    procedure : callable
        ``procedure(X, train_index, test_index)``, or ``procedure(X, y, train_index, test_index)``
        when `y` is given. It gives what was learned: coefficients, chosen columns, transformed
        training rows, or a fitted estimator, which is asked about the training rows of `X` (of a
        table, about the columns that it was fitted on).
    X : table, array or sparse matrix
    train_index, test_index : array of int
        Positions of the rows on the two sides.
    y : array or Series, optional
        The target; with it, the test rows' targets change too.
    tolerance, seed
        As in `train_depends_on_test`.

    Returns
    -------
    Finding
        Rows, columns and amount of what was learned that changed.

    Examples
    --------
    >>> X = np.arange(12.0).reshape(6, 2) ** 2
    >>> bool(fit_depends_on_test(lambda X, train, test: X.mean(axis=0), X, [0, 1, 2], [3, 4, 5]))
    True
    >>> bool(fit_depends_on_test(lambda X, train, test: X[train].mean(axis=0), X, [0, 1], [2, 3]))
    False
    """
    train_at, test_at = np.asarray(train_index, dtype=int), np.asarray(test_index, dtype=int)
    if np.intersect1d(train_at, test_at).size:
        raise ValueError("train_index and test_index share rows: the split itself leaks.")
    whole = X if y is None else (X, y)

    def learned(rows: Any) -> pd.DataFrame:
        given = put(whole, test_at, rows) if rows is not None else whole
        given = given if isinstance(given, tuple) else (given,)
        what = call(procedure, *given, train_at, test_at)
        if any(hasattr(what, method) for method in METHODS):
            rows, used = take(X, train_at), getattr(what, "feature_names_in_", None)
            return call(outputs, what, rows if used is None else rows[list(used)])
        return as_table(what)

    changed = versions(take(whole, test_at), seed)
    says = "what was learned from the training rows"
    return _compare("fit_depends_on_test", says, learned, None, changed, tolerance)


def use_changes_fit(
    estimator: Any, train: Any, test: Any, y: Any = None, *, tolerance: float = 1e-6, seed: int = 0
) -> Finding:
    """Probe whether transforming or predicting other rows changes what was fitted.

    A fresh copy is fitted to the training rows and asked about them; then it is used on the test
    rows, as they are and with other content, and asked about the training rows again.

    Parameters
    ----------
    estimator : estimator or pipeline
        With ``fit`` and any of transform, predict_proba, decision_function, predict.
    train, test : table, array, list of text or sparse matrix
    y : array or Series, optional
        The targets of the training rows.
    tolerance, seed
        As in `train_depends_on_test`.

    Returns
    -------
    Finding
        Training rows and output columns that changed; `amount` as in `train_depends_on_test`.

    Notes
    -----
    A generator of random numbers that an estimator keeps, and that moves on in use, counts as
    part of its state.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> class Running(StandardScaler):
    ...     def transform(self, X):
    ...         return super().transform(X) if len(X) == 4 else self.partial_fit(X).mean_ + 0 * X
    >>> train, test = np.arange(4.0).reshape(-1, 1), np.arange(7.0, 9.0).reshape(-1, 1)
    >>> bool(use_changes_fit(Running(), train, test))
    True
    >>> bool(use_changes_fit(StandardScaler(), train, test))
    False
    """
    given = (train,) if y is None else (train, y)
    with named(f"{type(estimator).__name__}.fit"):
        fitted = call(lambda *args: prepared(estimator, seed).fit(*args), *given)

    def asked(rows: Any) -> pd.DataFrame:
        model = copy.deepcopy(fitted)
        if rows is not None:
            call(lambda used: outputs(model, used), rows)
        return call(lambda used: outputs(model, used), train)

    def used() -> Iterator[tuple[str, Any]]:
        yield "used as they are", test
        yield from versions(test, seed, keep_count=False)

    says = "what the fitted estimator says of the training rows"
    return _compare("use_changes_fit", says, asked, None, used(), tolerance)


def _pair(value: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not (isinstance(value, tuple | list) and len(value) == 2):
        kind = type(value).__name__
        raise TypeError(f"The transform must give a pair (train, test). Got a {kind} instead.")
    return as_table(value[0]), as_table(value[1])


def _compare(
    probe: str,
    what: str,
    run: Callable[[Any], pd.DataFrame],
    as_given: Any,
    changed: Iterator[tuple[str, Any]],
    tolerance: float,
) -> Finding:
    def again(rows: Any) -> Table:
        return lambda: run(rows)

    with named("what is probed"):
        run(as_given)
    pairs = ((says, again(rows)) for says, rows in changed)
    says, found = changes(lambda: run(as_given), pairs, tolerance)
    if found is None:
        return Finding(probe, False, f"Whatever the test rows hold, {what} stay the same.")
    return Finding(
        probe,
        True,
        f"When the test rows were {says}, {what} changed: {extent(found)}.",
        found.rows,
        found.columns,
        found.amount,
    )


def extent(found: Difference) -> str:
    """How far a difference reaches, in words."""
    if found.shape:
        return found.shape
    return f"{found.count} of {found.of} rows, in {listed(found.columns)}"


def listed(columns: Sequence[Any]) -> str:
    """The first five names."""
    return ", ".join(map(str, columns[:5])) + (", ..." if len(columns) > 5 else "")


def share(positions: Any, rows: Any) -> float:
    """The part of all rows that these positions are."""
    return len(positions) / max(1, count(rows))
