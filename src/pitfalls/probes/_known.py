"""Is a column known when one predicts?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ._finding import Finding
from ._learned import listed
from ._rows import put, take, versions
from ._runs import call, changes, named
from ._tables import as_table, numbers

__all__ = ["column_predicts_alone", "future_reaches_past", "outcome_known_too_late"]

Builder = Callable[[pd.DataFrame], Any]
_Try = tuple[str, pd.DataFrame, pd.Series]
"""What was done to the later rows, all the rows, and which of them are early."""


def outcome_known_too_late(
    build: Builder,
    events: pd.DataFrame,
    *,
    time: Any,
    outcomes: Any,
    known_at: Any = None,
    ignore: Any = (),
    cuts: int = 6,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe which features use outcomes that are not yet known when one predicts.

    At several moments, the outcomes that are not known then are changed: features of rows that
    are predicted by that moment must stay as they are. So a row's own outcome shows, and so does
    that of a row in the same hour, or of a later one.

    Parameters
    ----------
    build : callable
        ``build(events)`` gives the features, one row for each event, in the same order.
    events : DataFrame
    time : str
        The column with the moment at which each row is predicted.
    outcomes : str or list of str
        The columns that are filled in after that moment.
    known_at : str, optional
        The column with the moment at which a row's outcomes are known (where missing, never).
        Without it, they are known to every later row.
    ignore : list, optional
        Columns of the features that are no features: the target, say.
    cuts : int, default=6
        How many moments are tried.
    tolerance, seed
        As in `train_depends_on_test`.

    Returns
    -------
    Finding
        The features that changed at any of the moments, and the rows in which they did; `amount`
        is the largest change in standard deviations of its column.

    Examples
    --------
    >>> flights = pd.DataFrame({"hour": [8, 8, 9, 10], "late": [0, 1, 1, 0]})
    >>> def build(events):
    ...     same_hour = events.groupby("hour")["late"].transform("mean")
    ...     return pd.DataFrame({"hour": events["hour"], "same_hour": same_hour})
    >>> outcome_known_too_late(build, flights, time="hour", outcomes="late").columns
    ('same_hour',)
    """
    names = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    moments = _needed(events, time)
    for name in names:
        _needed(events, name)
    known = moments if known_at is None else _needed(events, known_at)
    hidden = [
        (moment, (moments <= moment), ~(known < moment) if known_at is None else ~(known <= moment))
        for moment in _moments(moments, cuts, seed)
    ]

    def change(early: pd.Series, late: pd.Series, moment: Any) -> Iterator[_Try]:
        at = np.flatnonzero(late.to_numpy())
        for says, other in versions(events[names].iloc[at], seed):
            frame = events.copy()
            frame[names] = put(events[names], at, other)
            yield f"outcomes not known at {moment} were {says}", frame, early

    return _at_the_cuts(
        "outcome_known_too_late",
        build,
        events,
        [(early, change(early, late, moment)) for moment, early, late in hidden],
        ignore,
        tolerance,
        "No feature uses an outcome before it is known.",
    )


def future_reaches_past(
    build: Builder,
    events: pd.DataFrame,
    *,
    time: Any,
    ignore: Any = (),
    cuts: int = 6,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe which features of a row change when only later rows do.

    At several moments the later rows are left out, or given other content (dates stay: they say
    when things happen).

    Parameters
    ----------
    build, events, time, ignore, cuts, tolerance, seed
        As in `outcome_known_too_late`.

    Returns
    -------
    Finding
        The features that changed, and the rows in which they did; `amount` as there.

    Examples
    --------
    >>> sales = pd.DataFrame({"day": [1, 2, 3, 4], "sold": [5.0, 7.0, 6.0, 9.0]})
    >>> def build(events):
    ...     sold = events["sold"]
    ...     return pd.DataFrame({"so_far": sold.cumsum(), "share": sold / sold.sum()})
    >>> future_reaches_past(build, sales, time="day").columns
    ('share',)
    """
    moments = _needed(events, time)
    tries = []
    for moment in _moments(moments, cuts, seed):
        early = moments <= moment
        at = np.flatnonzero(~early.to_numpy())
        if len(at):
            tries.append((early, _later(events, at, moment, time, early, seed)))
    return _at_the_cuts(
        "future_reaches_past",
        build,
        events,
        tries,
        ignore,
        tolerance,
        "No feature of a row changes with later rows.",
    )


def _later(
    events: pd.DataFrame, at: Any, moment: Any, time: Any, early: pd.Series, seed: int
) -> Iterator[_Try]:
    before = np.setdiff1d(np.arange(len(events)), at)
    yield f"rows after {moment} were left out", take(events, before), early.iloc[before]
    moments = events.select_dtypes(["datetime", "datetimetz"]).columns.union([time], sort=False)
    others = events.columns.difference(moments, sort=False)
    for says, other in versions(events[others].iloc[at], seed):
        frame = events.copy()
        frame[others] = put(events[others], at, other)
        yield f"rows after {moment} were {says}", frame, early


def _at_the_cuts(
    probe: str,
    build: Builder,
    events: pd.DataFrame,
    tries: list[tuple[pd.Series, Iterator[_Try]]],
    ignore: Any,
    tolerance: float,
    honest: str,
) -> Finding:
    left_out = [ignore] if isinstance(ignore, str) else list(ignore)

    def run(frame: pd.DataFrame, early: pd.Series) -> pd.DataFrame:
        table = as_table(call(build, frame)).drop(columns=left_out, errors="ignore")
        if len(table) != len(frame):
            says = f"build must give one row for each event. Got {len(table)} for {len(frame)}."
            raise ValueError(says)
        return table.set_axis(np.arange(len(frame)), axis=0)[early.to_numpy()]

    with named("build"):
        run(events, pd.Series(True, index=events.index))
    asked, rows = np.zeros(len(events), dtype=bool), np.zeros(len(events), dtype=bool)
    columns: list[Any] = []
    amount, said, shape = 0.0, "", ""
    for early, changed in tries:
        asked |= early.to_numpy()
        pairs = ((says, partial(run, frame, kept)) for says, frame, kept in changed)
        says, found = changes(partial(run, events, early), pairs, tolerance)
        if found is not None:
            rows[list(found.rows)] = True
            columns += [name for name in found.columns if name not in columns]
            if found.amount > amount:
                amount, said, shape = found.amount, says, found.shape
    if not said:
        return Finding(probe, False, honest)
    extent = f"Features changed in {rows.sum()} of {asked.sum()} rows, in {listed(columns)}"
    says = f"When {said}, {shape}." if shape else f"{extent}; most when {said}."
    says = f"Moments tried: {len(tries)}. {says}"
    return Finding(probe, True, says, tuple(events.index[rows]), tuple(columns), amount)


def _needed(events: pd.DataFrame, name: Any) -> pd.Series:
    if name not in events.columns:
        raise ValueError(f"There is no column {name!r}; there are {list(events.columns)}.")
    column: pd.Series = events[name]
    return column


def _moments(moments: pd.Series, cuts: int, seed: int) -> list[Any]:
    """Moments spread over the rows, the first and the one before the last among them."""
    distinct = np.sort(moments.dropna().unique())
    if len(distinct) == 0:
        raise ValueError("No row has a time.")
    at = np.unique(np.linspace(0, len(distinct) - 1, min(cuts, len(distinct))).round().astype(int))
    return [distinct[i] for i in at]


def column_predicts_alone(
    X: Any,
    y: Any,
    *,
    suspicious: float = 0.9,
    cv: Any = 5,
    groups: Any = None,
    most: int = 20_000,
    seed: int = 0,
) -> Finding:
    """Name the columns that by themselves predict the outcome suspiciously well.

    This is a suspicion, not a proof: a strong honest column looks the same. Ask of each when it
    is filled in, and by whom.

    Parameters
    ----------
    X : table or array
    y : array or Series
        Two classes, more classes, or numbers.
    suspicious : float, default=0.9
        From which score on a column is named: the cross-validated AUC (one class against the rest
        for more than two) or R² of a small tree on the column alone.
    cv, groups
        As in `sklearn.model_selection.cross_val_score`; an identifier that fails under groups
        may pass under random folds.
    most : int, default=20000
        How many rows are looked at.
    seed : int, default=0

    Returns
    -------
    Finding
        The suspicious columns, the worst first; `amount` is the best score of a single column.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 300)
    >>> X = pd.DataFrame({"age": rng.normal(size=300), "refund": np.where(y == 1, 9.0, np.nan)})
    >>> column_predicts_alone(X, y).columns
    ('refund',)
    """
    frame = as_table(X)
    target = pd.Series(np.asarray(y).ravel())
    if len(frame) != len(target):
        raise ValueError(f"X has {len(frame)} rows and y has {len(target)}.")
    at = np.sort(np.random.default_rng(seed).permutation(len(target))[:most])
    at = at[target.iloc[at].notna().to_numpy()]
    frame, target = frame.iloc[at].reset_index(drop=True), target.iloc[at].reset_index(drop=True)
    apart = None if groups is None else np.asarray(groups)[at]
    scores = {}
    for i, name in enumerate(frame.columns):
        scores[name] = _alone(frame.iloc[:, i], target, cv, apart, seed)
    best = sorted(scores, key=lambda name: -scores[name])
    named_ones = tuple(name for name in best if scores[name] >= suspicious)
    amount = scores[best[0]] if best else 0.0
    if not named_ones:
        says = f"No column alone scores {suspicious:g} or more."
        return Finding("column_predicts_alone", False, says, amount=amount)
    shown = ", ".join(f"{name} ({scores[name]:.3f})" for name in named_ones[:5])
    says = f"Alone they score suspiciously well (no proof: ask when each is filled in): {shown}."
    return Finding("column_predicts_alone", True, says, (), named_ones, amount)


def _alone(column: pd.Series, y: pd.Series, cv: Any, groups: Any, seed: int) -> float:
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    sorts = numbers(y) is None or y.nunique() <= min(20, len(y) // 10)
    if sorts:
        y = pd.Series(pd.factorize(y, sort=True)[0])
        if y.nunique() < 2:
            raise ValueError("y holds one class only.")
    kind = DecisionTreeClassifier if sorts else DecisionTreeRegressor
    tree = kind(
        max_leaf_nodes=200, min_samples_leaf=max(2, min(20, len(y) // 50)), random_state=seed
    )
    values = _as_numbers(column)
    if values is None:
        levels, _ = pd.factorize(column.astype(object).map(repr))
        of = "multiclass" if sorts and y.nunique() > 2 else "binary" if sorts else "continuous"
        coder = TargetEncoder(target_type=of, random_state=seed, cv=3)
        tree, values = make_pipeline(coder, tree), levels.astype(float)
    scoring = ("roc_auc" if y.nunique() == 2 else "roc_auc_ovr") if sorts else "r2"
    folds = cv
    if isinstance(cv, int) and groups is None:
        fold = StratifiedKFold if sorts else KFold
        folds = fold(cv, shuffle=True, random_state=seed)
    elif isinstance(cv, int):
        from sklearn.model_selection import GroupKFold

        folds = GroupKFold(cv)
    found = call(
        lambda X, target: cross_val_score(
            tree, X, target, cv=folds, scoring=scoring, groups=groups, error_score="raise"
        ),
        values.reshape(-1, 1),
        y.to_numpy(),
    )
    return float(np.mean(found))


def _as_numbers(column: pd.Series) -> np.ndarray[Any, Any] | None:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds = column.astype("int64").to_numpy(dtype=float)
        return np.where(column.isna(), np.nan, seconds)
    values = None if isinstance(column.dtype, pd.CategoricalDtype) else numbers(column)
    return None if values is None else np.where(np.isinf(values), np.nan, values)
