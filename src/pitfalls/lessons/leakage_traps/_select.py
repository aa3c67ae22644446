"""Selection inside cross-validation: select_features_inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, show

from ._draw import two_sides

__all__ = ["SELECT_FEATURES_INSIDE"]

Floats = np.ndarray[Any, Any]
Answer = tuple[float, Floats]


def _folds(rng: np.random.Generator, y: Floats) -> Floats:
    """Four folds of unequal size, each with both classes."""
    folds = np.empty(len(y), dtype=int)
    for label in (0, 1):
        at = np.flatnonzero(y == label)
        sizes = [0, 1, 2, 3, 0, 1, 0, 0]
        folds[at] = rng.permutation(np.resize(sizes, len(at)))
    return folds


def _noise(rng: np.random.Generator) -> list[Case]:
    X, y = rng.normal(size=(64, 150)), rng.permutation(np.resize([0, 0, 1], 64))
    return [Case(X, y, _folds(rng, y), 8, label="pure noise, 64 rows, 150 columns")]


def _signal(rng: np.random.Generator) -> list[Case]:
    """Columns on scales of their own, some that fall with the target, some that rise."""
    X, y = rng.normal(size=(80, 60)), rng.permutation(np.resize([0, 0, 1], 80))
    X[:, :5] += 0.8 * y[:, None] * rng.choice([-1, 1], 5)
    X = (X * 10.0 ** rng.integers(-2, 3, 60))[:, rng.permutation(60)]
    return [Case(X, y, _folds(rng, y), 6, label="a few columns with a signal")]


def _reference(X: Floats, y: Floats, folds: Floats, k: int) -> Answer:
    """scikit-learn's F test orders columns as the absolute correlation does."""
    scores, chosen = [], []
    for fold in np.unique(folds):
        held = folds == fold
        best = SelectKBest(f_classif, k=k).fit(X[~held], y[~held]).get_support(indices=True)
        model = GaussianNB().fit(X[~held][:, best], y[~held])
        scores.append(roc_auc_score(y[held], model.predict_proba(X[held][:, best])[:, 1]))
        chosen.append(best)
    return float(np.mean(scores)), np.array(chosen)


def _only(i: int) -> Comparison:
    inner = close(rtol=1e-4, atol=1e-6)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        sides = two_sides(got)
        if sides is None:
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a pair, (score, chosen)."
            return Mismatch("type", says, show(got), "a pair")
        if i == 0:
            found = inner(sides[0], wanted[0])
            return found and Mismatch(found.stage, f"score: {found.says}", found.got, found.wanted)
        rows = sides[1]
        if not isinstance(rows, list | tuple | np.ndarray) or len(rows) != len(wanted[1]):
            says = "chosen should hold the columns of each fold, one row a fold."
            return Mismatch("shape", says, show(rows), f"{len(wanted[1])} rows")
        for got_row, row in zip(rows, wanted[1], strict=True):
            if not isinstance(got_row, list | tuple | set | np.ndarray) or set(
                np.ravel(list(got_row)).tolist()
            ) != set(row.tolist()):
                says = "chosen: the columns of a fold differ."
                return Mismatch("value", says, show(got_row), show(row))
        return None

    return compare


def _wrong(
    pick: Callable[[Floats, Floats, Floats, int], Floats] | None = None,
    score: Callable[[Any, Floats, Floats, Floats, Floats], float] | None = None,
) -> Callable[[Floats, Floats, Floats, int], Answer]:
    """`pick` chooses from all rows and the held-out mask; `score` gets model, best and data."""

    def answer(X: Floats, y: Floats, folds: Floats, k: int) -> Answer:
        scores, chosen = [], []
        for fold in np.unique(folds):
            held = folds == fold
            best = (pick or _strongest)(X, y, held, k)
            model = GaussianNB().fit(X[~held][:, best], y[~held])
            scores.append((score or _auc)(model, best, X, y, held))
            chosen.append(np.sort(best))
        return float(np.mean(scores)), np.array(chosen)

    return answer


def _r(X: Floats, y: Floats) -> Floats:
    Z, t = X - X.mean(axis=0), y - y.mean()
    return np.asarray((Z.T @ t) / np.sqrt((Z**2).sum(axis=0) * (t**2).sum()))


def _top(size: Floats, k: int) -> Floats:
    return np.argsort(-size, kind="stable")[:k]


def _strongest(X: Floats, y: Floats, held: Floats, k: int) -> Floats:
    return _top(np.abs(_r(X[~held], y[~held])), k)


def _auc(model: Any, best: Floats, X: Floats, y: Floats, held: Floats) -> float:
    return float(roc_auc_score(y[held], model.predict_proba(X[held][:, best])[:, 1]))


def _pooled(X: Floats, y: Floats, folds: Floats, k: int) -> Answer:
    p = np.empty(len(y))
    for fold in np.unique(folds):
        held = folds == fold
        best = _strongest(X, y, held, k)
        model = GaussianNB().fit(X[~held][:, best], y[~held])
        p[held] = model.predict_proba(X[held][:, best])[:, 1]
    return float(roc_auc_score(y, p)), _reference(X, y, folds, k)[1]


def _covariance(X: Floats, y: Floats, held: Floats, k: int) -> Floats:
    Z, t = X[~held], y[~held]
    return _top(np.abs((Z - Z.mean(axis=0)).T @ (t - t.mean())), k)


SELECT_FEATURES_INSIDE = Exercise(
    "select_features_inside",
    "(X, y, folds, k)",
    "Selection belongs inside the folds",
    difficulty=3,
    minutes=15,
    parts=(
        Part("the columns of each fold", 2, _signal, _reference, _only(1)),
        Part("the score", 2, _noise, _reference, _only(0)),
    ),
    pitfalls=(
        Pitfall(
            "selected before the split",
            "The columns were chosen on all rows, the held-out ones included: on pure noise that "
            "scores far above one half. Choose anew in every fold, on its training rows.",
            _wrong(lambda X, y, held, k: _top(np.abs(_r(X, y)), k)),
        ),
        Pitfall(
            "selected on the held-out rows",
            "The columns were chosen on the very rows that are scored afterwards. Choose on the "
            "rows outside the fold.",
            _wrong(lambda X, y, held, k: _top(np.abs(_r(X[held], y[held])), k)),
        ),
        Pitfall(
            "negative correlations are left out",
            "A column that falls when the target rises is as useful as one that rises. Order by "
            "the absolute correlation.",
            _wrong(lambda X, y, held, k: _top(_r(X[~held], y[~held]), k)),
        ),
        Pitfall(
            "covariance instead of correlation",
            "The columns have scales of their own, and a covariance grows with the scale. Divide "
            "by the standard deviations.",
            _wrong(_covariance),
        ),
        Pitfall(
            "the weakest columns",
            "argsort goes up: the first k are the weakest. Take the other end.",
            _wrong(lambda X, y, held, k: _top(-np.abs(_r(X[~held], y[~held])), k)),
        ),
        Pitfall(
            "chosen once, in the first fold",
            "The columns of the first fold were used in all. Its training rows are the held-out "
            "rows of the others: choose anew each time.",
            lambda X, y, folds, k: _wrong(
                lambda A, b, held, n: _strongest(A, b, folds == folds.min(), n)
            )(X, y, folds, k),
        ),
        Pitfall(
            "scored on the training rows",
            "The score was taken on rows that the model was fitted to. Score the rows of the fold.",
            _wrong(score=lambda m, best, X, y, held: _auc(m, best, X, y, ~held)),
        ),
        Pitfall(
            "accuracy instead of AUC",
            "Asked for is the AUC of the probabilities, not the share of right decisions.",
            _wrong(score=lambda m, best, X, y, held: float(m.score(X[held][:, best], y[held]))),
        ),
        Pitfall(
            "AUC of decisions",
            "predict gives 0 and 1 only, so all order within the two is lost. Score the "
            "probability of class 1.",
            _wrong(
                score=lambda m, best, X, y, held: float(
                    roc_auc_score(y[held], m.predict(X[held][:, best]))
                )
            ),
        ),
        Pitfall(
            "one AUC over all folds",
            "Scores of different models were ranked together, and their levels differ from fold to "
            "fold. Take the AUC of each fold, then the mean.",
            _pooled,
        ),
    ),
    hints=(
        "Everything that looks at y is part of the fit. What may the selection see in fold 0?",
        "Loop over np.unique(folds): held = folds == fold. Correlate X[~held] with y[~held], keep "
        "k columns, fit on ~held, score on held.",
        "np.corrcoef of each column with y, absolute, argsort, the last k. GaussianNB() "
        ".predict_proba(...)[:, 1] and roc_auc_score on the held-out rows; mean over the folds.",
    ),
)
