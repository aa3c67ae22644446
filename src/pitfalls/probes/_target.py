"""Does the target reach where it must not?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ._finding import Finding
from ._learned import _pair, extent
from ._rows import count, labels, take
from ._runs import call, changes, named, prepared
from ._tables import numbers

__all__ = ["random_target_scores", "row_depends_on_own_target"]


def random_target_scores(
    subject: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    scoring: Any = None,
    groups: Any = None,
    chance: float | None = None,
    repeats: int = 8,
    false_alarms: float = 0.001,
    seed: int = 0,
) -> Finding:
    """Probe whether shuffled targets still score above chance.

    Shuffling cuts every tie between rows and targets. What still scores has seen the targets of
    the rows that it is scored on: selection, encoding or oversampling before the split, or a
    split whose sides share rows.

    Parameters
    ----------
    subject : estimator, pipeline or callable
        An estimator is scored by cross-validation. A callable is a whole procedure,
        ``subject(X, y) -> score``, larger being better, with its own split inside.
    X, y : table or array; array or Series
    cv, scoring, groups
        For an estimator, as in `sklearn.model_selection.cross_val_score`. Without `scoring`: AUC
        for two classes, balanced accuracy for more, R² for numbers.
    chance : float, optional
        The score of knowing nothing. Without it: one half for two classes; for an estimator with
        another target the best of zero (R²), one part in the number of classes (balanced
        accuracy), or what scikit-learn's dummy gets (a `scoring` of your own).
    repeats : int, default=8
        How many shuffles.
    false_alarms : float, default=0.001
        How often an honest subject may be called a leak: the level of the one-sided t test of
        the repeats' mean score against chance.
    seed : int, default=0

    Returns
    -------
    Finding
        `amount` is the mean score minus chance.

    Notes
    -----
    It cannot see a leak that lives in the rows alone: a column that copies the target, a group on
    both sides. Shuffling cuts those ties, too. See `column_predicts_alone`, `groups_on_both_sides`.

    Examples
    --------
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 300)), np.arange(60) % 2
    >>> def before_the_split(X, y):
    ...     chosen = SelectKBest(k=5).fit_transform(X, y)
    ...     return cross_val_score(LogisticRegression(), chosen, y, scoring="roc_auc").mean()
    >>> finding = random_target_scores(before_the_split, X, y)
    >>> finding.leaks, finding.amount > 0.2
    (True, True)
    >>> bool(random_target_scores(LogisticRegression(), X, y))
    False
    """
    from scipy import stats

    if repeats < 3:
        raise ValueError(f"repeats must be 3 or more. Got {repeats} instead.")
    if count(X) != len(y):
        raise ValueError(f"X has {count(X)} rows and y has {len(y)}.")
    score, level = _scorer(subject, X, y, cv, scoring, groups, chance, seed)
    rng = np.random.default_rng(seed)
    scores = np.empty(repeats)
    for i in range(repeats):
        order = rng.permutation(len(y))
        shuffled = take(y, order)
        if isinstance(y, pd.Series):
            shuffled.index = y.index
        with named("the subject, with shuffled targets"):
            scores[i] = float(score(shuffled))
    above = scores - level
    if not np.isfinite(above).all():
        raise ValueError("A score is not a finite number: does every fold hold every class?")
    spread = above.std(ddof=1) / np.sqrt(repeats)
    bar = stats.t.isf(false_alarms, repeats - 1) * spread
    leaks = bool(above.mean() > max(bar, 1e-9))
    said = f"{scores.mean():.3f} on average over {repeats} shuffles, chance being {level:.3f}"
    return Finding(
        "random_target_scores",
        leaks,
        f"Shuffled targets score {said}: {'more than' if leaks else 'not above'} what luck gives.",
        amount=float(above.mean()),
    )


def _scorer(
    subject: Any, X: Any, y: Any, cv: Any, scoring: Any, groups: Any, chance: Any, seed: int
) -> tuple[Callable[[Any], float], float]:
    classes = len(pd.unique(pd.Series(np.asarray(y).ravel())))
    if not hasattr(subject, "fit"):
        if not callable(subject):
            kind = type(subject).__name__
            raise TypeError(f"subject must be an estimator or a function (X, y). Got a {kind}.")
        if chance is None and classes != 2:
            raise ValueError("Say what the score of knowing nothing is: chance=...")
        return lambda target: call(subject, X, target), 0.5 if chance is None else chance

    from sklearn.base import is_classifier
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.model_selection import check_cv, cross_val_score

    sorts = is_classifier(subject)
    rule = scoring
    if rule is None:
        rule = ("roc_auc" if classes == 2 else "balanced_accuracy") if sorts else "r2"
    level = chance

    def mean_score(estimator: Any, target: Any) -> float:
        split = check_cv(cv, target, classifier=sorts)
        model = prepared(estimator, seed)
        found = call(
            lambda rows, known: cross_val_score(
                model, rows, known, cv=split, scoring=rule, groups=groups, error_score="raise"
            ),
            X,
            target,
        )
        return float(np.mean(found))

    if level is None and scoring is None:
        level = (0.5 if classes == 2 else 1 / classes) if sorts else 0.0
    if level is None:
        dummy = DummyClassifier(strategy="prior") if sorts else DummyRegressor()
        level = mean_score(dummy, y)
    return lambda target: mean_score(subject, target), float(level)


def row_depends_on_own_target(
    transform: Callable[[Any, Any], tuple[Any, Any]],
    train: pd.DataFrame,
    test: pd.DataFrame,
    target: Any,
    *,
    most: int = 20,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Finding:
    """Probe whether a row's features carry the row's own target.

    For test rows, all their targets change: no feature may. For training rows, one target at a
    time is exchanged: the row's own features may change (its fold may become another one), but
    not always in the direction of the target.

    Parameters
    ----------
    transform : callable
        ``transform(train, test)`` gives the two transformed, in the same order of rows.
    train, test : DataFrame
        Both with the column `target`. Where the transformed have it too, it is left out.
    target : str
        Numbers, truth values or two classes for the training rows' part; any for the test rows'.
    most : int, default=20
        How many training rows are tried, at least ten. Chance puts ``n`` honest changes on the
        same side with probability 2¹⁻ⁿ.
    tolerance, seed
        As in `train_depends_on_test`.

    Returns
    -------
    Finding
        The rows and features that changed; `amount` is the largest change in standard deviations.

    Notes
    -----
    It does not see an encoding that leaves the own row out of its own group (leave-one-out): the
    row's own target is not in it, but the others of its group give it away.

    Examples
    --------
    >>> train = pd.DataFrame({"city": [*"aabbccdd"] * 5, "y": [0, 1, 1, 1, 0] * 8})
    >>> def in_fold(train, test):
    ...     rate = train.groupby("city")["y"].mean()
    ...     return tuple(part.assign(rate=part["city"].map(rate)) for part in (train, test))
    >>> finding = row_depends_on_own_target(in_fold, train, train, "y")
    >>> finding.leaks, finding.columns
    (True, ('rate',))
    """
    for side, rows in (("train", train), ("test", test)):
        if target not in rows.columns:
            raise ValueError(f"There is no column {target!r} in {side}.")

    def run(train: Any, test: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        left, right = _pair(call(transform, train, test))
        return left.drop(columns=target, errors="ignore"), right.drop(
            columns=target, errors="ignore"
        )

    with named("the transform"):
        before = run(train, test)[0]
    found = _test_side(run, train, test, target, tolerance, seed)
    if found is None and len(before) == len(train):
        found = _train_side(run, before, train, test, target, most, tolerance, seed)
    if found is not None:
        return found
    return Finding("row_depends_on_own_target", False, "No feature follows the row's own target.")


def _test_side(
    run: Any, train: Any, test: Any, target: Any, tolerance: float, seed: int
) -> Finding | None:
    known = train[target]
    rng = np.random.default_rng(seed)
    tries = []
    for says, values in (
        ("were all one value", [known.iloc[0]] * len(test)),
        ("were all another value", [known[known != known.iloc[0]].iloc[0]] * len(test)),
        ("were drawn anew", known.to_numpy()[rng.integers(len(known), size=len(test))]),
    ):
        other = test.copy()
        other[target] = pd.Series(values, index=test.index).astype(known.dtype)
        tries.append((says, lambda other=other: run(train, other)[1]))
    says, found = changes(lambda: run(train, test)[1], tries, tolerance)
    if found is None:
        return None
    says = f"When the targets of the test rows {says}, their features changed: {extent(found)}."
    return Finding("row_depends_on_own_target", True, says, found.rows, found.columns, found.amount)


def _train_side(
    run: Any,
    before: pd.DataFrame,
    train: Any,
    test: Any,
    target: Any,
    most: int,
    tolerance: float,
    seed: int,
) -> Finding | None:
    measured = numbers(train[target])
    words = pd.factorize(train[target].astype(object), sort=True)[0].astype(float)
    codes = words if measured is None else measured
    low, high = np.nanmin(codes), np.nanmax(codes)
    at_low, at_high = int(np.nanargmin(codes)), int(np.nanargmax(codes))
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(train))[: max(10, most)])
    found_numbers = {name: numbers(before[name]) for name in before.columns}
    columns = {name: values for name, values in found_numbers.items() if values is not None}
    moves: dict[Any, list[tuple[int, float]]] = {name: [] for name in columns}
    for i in chosen:
        up = codes[i] - low <= high - codes[i]
        other = train.copy()
        values = other[target].copy()
        values.iloc[i] = train[target].iloc[at_high if up else at_low]
        other[target] = values
        after = run(other, test)[0]
        if len(after) != len(before):
            continue
        for name, old in columns.items():
            new = numbers(after[name]) if name in after else None
            scale = np.nanstd(old) or 1.0
            if new is not None and abs(new[i] - old[i]) > tolerance * scale:
                moves[name].append((int(i), (new[i] - old[i]) / scale * (1 if up else -1)))
    needed = max(10, int(0.6 * len(chosen)))
    guilty = {
        name: found
        for name, found in moves.items()
        if len(found) >= needed and abs(sum(np.sign(move) for _, move in found)) == len(found)
    }
    if not guilty:
        return None
    rows = sorted({i for found in guilty.values() for i, _ in found})
    amount = max(abs(move) for found in guilty.values() for _, move in found)
    shown = ", ".join(map(str, guilty))
    return Finding(
        "row_depends_on_own_target",
        True,
        f"When the target of a single training row was exchanged, its own {shown} went the same "
        f"way in {len(rows)} of {len(chosen)} rows.",
        tuple(labels(train)[rows]),
        tuple(guilty),
        float(amount),
    )
