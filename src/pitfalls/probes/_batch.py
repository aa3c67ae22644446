"""Does what comes out for one row depend on the rows beside it?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ._finding import Finding
from ._learned import _pair, extent
from ._rows import count, labels, put, take, versions
from ._runs import METHODS, Table, call, changes, named, outputs
from ._tables import as_table

__all__ = ["row_depends_on_batch"]


def row_depends_on_batch(
    apply: Any,
    rows: Any,
    train: Any = None,
    *,
    most: int = 12,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe whether the output for a row depends on its neighbours in the batch.

    The whole batch is compared with the same rows alone in batches of one, in another order, and
    among neighbours with other content. In production, rows come as they come.

    Parameters
    ----------
    apply : fitted estimator or callable
        ``apply(rows)`` gives the output; with `train`, ``apply(train, rows)`` gives a pair whose
        second entry is the output.
    rows : table, array, list of text, sparse matrix, or (X, y)
        Two rows or more.
    train : same kind as rows, optional
    most : int, default=12
        How many rows are looked at one by one.
    tolerance, seed
        As in `train_depends_on_test`.

    Returns
    -------
    Finding
        The rows and output columns that changed; `amount` as in `train_depends_on_test`.

    Examples
    --------
    >>> table = pd.DataFrame({"price": [3.0, 5.0, 10.0]})
    >>> finding = row_depends_on_batch(lambda rows: rows.rank(pct=True), table)
    >>> finding.leaks, finding.columns
    (True, ('price',))
    >>> bool(row_depends_on_batch(lambda rows: np.log(rows), table))
    False
    """
    n = count(rows)
    if n < 2:
        raise ValueError(f"To compare a row with its neighbours takes two rows. Got {n}.")
    function = _function(apply, train)

    def run(batch: Any) -> pd.DataFrame:
        return call(lambda given: as_table(function(given)), batch)

    with named("what is probed"):
        whole = run(rows)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(n)[: min(most, n)])
    if len(whole) != n:
        return _filters(run, rows, whole, tolerance)

    def of(table: pd.DataFrame, at: Any) -> pd.DataFrame:
        if len(table) != n:
            return table
        found = table.iloc[np.asarray(at)]
        return found.set_axis(labels(rows)[chosen], axis=0)

    def among(mixed: Any, some: Any) -> pd.DataFrame:
        return _kept(of(run(mixed), chosen), some, chosen, base)

    def shuffled(order: Any) -> pd.DataFrame:
        return of(run(take(rows, order)), np.argsort(order)[chosen])

    def tries() -> Iterator[tuple[str, Table]]:
        yield "asked about one by one", partial(_one_by_one, run, rows, chosen)
        yield "put in another order", partial(shuffled, rng.permutation(n))
        some = chosen[: max(1, n // 2)]
        beside = np.setdiff1d(np.arange(n), some)
        if len(beside):
            for says, other in versions(take(rows, beside), seed):
                mixed = put(rows, beside, other)
                yield f"kept while their neighbours were {says}", partial(among, mixed, some)

    def base() -> pd.DataFrame:
        return of(run(rows), chosen)

    says, found = changes(base, tries(), tolerance)
    if found is None:
        return Finding(
            "row_depends_on_batch", False, "Each row comes out the same, whatever stands beside it."
        )
    return Finding(
        "row_depends_on_batch",
        True,
        f"When rows were {says}, their output changed: {extent(found)}.",
        found.rows,
        found.columns,
        found.amount,
    )


def _kept(table: pd.DataFrame, some: Any, chosen: Any, base: Table) -> pd.DataFrame:
    """The rows that were kept, from this table; the others, which were changed, as they were."""
    if len(some) == len(chosen):
        return table
    usual = base()
    if list(usual.columns) != list(table.columns) or len(usual) != len(table):
        return table
    at = np.isin(chosen, some)
    return pd.concat([table[at], usual[~at]])


def _one_by_one(run: Callable[[Any], pd.DataFrame], rows: Any, chosen: Any) -> pd.DataFrame:
    """The outputs of batches of one, under one another."""
    try:
        pieces = [run(take(rows, [i])) for i in chosen]
    except Exception as error:  # noqa: BLE001 - what is probed may raise anything
        return pd.DataFrame({f"raises {type(error).__name__} for a row alone": [str(error)]})
    odd = next((p for p in pieces if list(p.columns) != list(pieces[0].columns)), None)
    if odd is not None:
        return odd
    table = pd.concat(pieces)
    return table.set_axis(labels(rows)[chosen], axis=0) if len(table) == len(chosen) else table


def _filters(
    run: Callable[[Any], pd.DataFrame], rows: Any, whole: pd.DataFrame, tolerance: float
) -> Finding:
    """A transform that drops or adds rows: row by row it must come to the same."""
    n = count(rows)

    def alone() -> pd.DataFrame:
        return _one_by_one(run, rows, np.arange(n)).reset_index(drop=True)

    says, found = changes(
        lambda: run(rows).reset_index(drop=True), [("asked about one by one", alone)], tolerance
    )
    if found is None:
        says = f"{n} rows became {len(whole)}, the same when they are asked about one by one."
        return Finding("row_depends_on_batch", False, says)
    says = f"When rows were {says}, their output changed: {extent(found)}."
    return Finding("row_depends_on_batch", True, says, (), found.columns, found.amount)


def _function(apply: Any, train: Any) -> Callable[[Any], Any]:
    if any(hasattr(apply, method) for method in METHODS):
        if train is not None:
            raise TypeError("A fitted estimator takes rows only: leave train out.")
        return lambda batch: outputs(copy.deepcopy(apply), batch)
    if not callable(apply):
        kind = type(apply).__name__
        raise TypeError(f"apply must be a fitted estimator or a function. Got a {kind} instead.")
    if train is None:
        return lambda batch: apply(batch)
    return lambda batch: _pair(call(apply, train, batch))[1]
