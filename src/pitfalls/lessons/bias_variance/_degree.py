"""Choose a degree by cross-validation: degree_by_cv."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from pitfalls.checks import Case, Exercise, Part, Pitfall, close, equal

from ._entry import entry

__all__ = ["DEGREE_BY_CV"]

Array = NDArray[Any]
Split = tuple[Array, Array]
"""Two masks: the rows to fit on, the rows to score on."""
Choice = tuple[Any, Any]

_NAMES = ("degree", "errors")
_DEGREES = [1, 2, 3, 4, 6]


# --- what is drawn ---------------------------------------------------------------------------


def _open_rows(rng: np.random.Generator) -> list[Case]:
    """The number of folds and the list of degrees are no constants."""
    return [
        _draw(rng, 0, "50 rows in 5 folds of unequal size"),
        _draw(rng, 0, "50 other rows in 4 folds", [2, 3, 4, 6], (10, 11, 13, 16)),
    ]


def _with_level_degrees(rng: np.random.Generator) -> list[Case]:
    return [*_open_rows(rng), _level(rng)]


def _with_locked_rows(rng: np.random.Generator) -> list[Case]:
    return [_draw(rng, 14, "50 rows in 5 folds, 14 locked away")]


def _draw(
    rng: np.random.Generator,
    locked: int,
    label: str,
    degrees: Sequence[int] = _DEGREES,
    sizes: Sequence[int] = (7, 8, 10, 12, 13),
) -> Case:
    """Rows whose best degree by cross-validation is neither the first, the last nor the worst."""
    while True:
        n = 50 + locked
        x = rng.permutation(np.linspace(-1, 1, n) + rng.uniform(-0.01, 0.01, size=n))
        a = rng.uniform(0.8, 1.5, size=3) * rng.choice([-1, 1], size=3)
        y = 3 + a[0] * x + a[1] * x**2 + 2.5 * a[2] * x**3 + rng.normal(scale=0.45, size=n)
        counts = [locked, *rng.permutation(sizes)]
        folds = rng.permutation(np.repeat(np.arange(-1, len(sizes)), counts))
        case = Case(x[:, None], y, list(degrees), folds, label=label)
        degree, errors = _without_refits(*case.args)
        if degree in degrees[1:-1] and np.sort(errors)[1] > 1.001 * errors.min():
            return case


def _level(rng: np.random.Generator) -> Case:
    """Rows with a smaller degree level with the best, by any measure of the folds' scatter."""
    while True:
        case = _draw(rng, 0, "50 rows, two degrees nearly level")
        by_fold = _by_fold(*case.args)
        narrow, wide = (_simplest(by_fold, share) for share in (0.15, 1))
        if narrow == wide < _simplest(by_fold, 0):
            return case


def _simplest(by_fold: Array, share: float, degrees: Sequence[int] = _DEGREES) -> int:
    """The smallest degree within a share of the best one's standard deviation over the folds."""
    errors = by_fold.mean(axis=1)
    limit = errors.min() + share * by_fold[np.argmin(errors)].std(ddof=1)
    return degrees[int(np.argmax(errors <= limit))]


def _without_refits(X: Array, y: Array, degrees: Sequence[int], folds: Array) -> Choice:
    errors = _by_fold(X, y, degrees, folds).mean(axis=1)
    return degrees[int(np.argmin(errors))], errors


def _by_fold(X: Array, y: Array, degrees: Sequence[int], folds: Array) -> Array:
    """Least squares on all rows tells what each fold would have missed: (I − H_kk)⁻¹ r_k."""
    x, y, folds = X[folds >= 0, 0], y[folds >= 0], folds[folds >= 0]
    errors = []
    for degree in degrees:
        Q, _ = np.linalg.qr(chebvander(x, degree))
        left = y - Q @ (Q.T @ y)
        missed = [
            np.linalg.solve(np.eye(len(q)) - q @ q.T, r)
            for q, r in ((Q[folds == k], left[folds == k]) for k in np.unique(folds))
        ]
        errors.append([np.mean(m**2) for m in missed])
    return np.array(errors)


# --- wrong ways ------------------------------------------------------------------------------


def _mse(X: Array, y: Array, degree: int, fit: Array, score: Array) -> float:
    columns = np.vander(X[:, 0], degree + 1)
    beta = np.linalg.lstsq(columns[fit], y[fit], rcond=None)[0]
    return float(np.mean((columns[score] @ beta - y[score]) ** 2))


def _absolute(X: Array, y: Array, degree: int, fit: Array, score: Array) -> float:
    curve = np.polyfit(X[fit, 0], y[fit], degree)
    return float(np.mean(np.abs(np.polyval(curve, X[score, 0]) - y[score])))


def _mse_if_any(X: Array, y: Array, degree: int, fit: Array, score: Array) -> float:
    return _mse(X, y, degree, fit, score) if score.any() else float("nan")


def _through_the_origin(X: Array, y: Array, degree: int, fit: Array, score: Array) -> float:
    columns = X ** np.arange(1, degree + 1)
    beta = np.linalg.lstsq(columns[fit], y[fit], rcond=None)[0]
    return float(np.mean((columns[score] @ beta - y[score]) ** 2))


def _top_power_alone(X: Array, y: Array, degree: int, fit: Array, score: Array) -> float:
    return _mse(X**degree, y, 1, fit, score)


def _folds(folds: Array) -> Iterator[Split]:
    """The splits as they should be."""
    for k in range(folds.max() + 1):
        yield (folds != k) & (folds >= 0), folds == k


def _five_folds(folds: Array) -> Iterator[Split]:
    return (((folds != k) & (folds >= 0), folds == k) for k in range(5))


def _on_locked_rows(folds: Array) -> Iterator[Split]:
    if (folds < 0).any():
        yield folds >= 0, folds < 0
    else:
        yield from _folds(folds)


def _locked_rows_train(folds: Array) -> Iterator[Split]:
    return ((folds != k, folds == k) for k in range(folds.max() + 1))


def _locked_rows_are_a_fold(folds: Array) -> Iterator[Split]:
    return ((folds != k, folds == k) for k in np.unique(folds))


def _choose(
    splits: Callable[[Array], Iterator[Split]] = _folds,
    error: Callable[..., float] = _mse,
    total: Callable[[list[float]], Any] = np.mean,
    pick: Callable[[Sequence[int], Array], Any] = lambda degrees, errors: degrees[
        int(np.argmin(errors))
    ],
) -> Callable[..., Choice]:
    """A cross-validation with one thing done in another way."""

    def answer(X: Array, y: Array, degrees: Sequence[int], folds: Array) -> Choice:
        errors = np.array(
            [total([error(X, y, degree, *split) for split in splits(folds)]) for degree in degrees]
        )
        return pick(degrees, errors), errors

    return answer


def _pooled(X: Array, y: Array, degrees: Sequence[int], folds: Array) -> Choice:
    sizes = np.bincount(folds[folds >= 0])
    each = [[_mse(X, y, d, *split) for split in _folds(folds)] for d in degrees]
    errors = np.array(each) @ sizes / sizes.sum()
    return degrees[int(np.argmin(errors))], errors


def _ties(X: Array, y: Array, degrees: Sequence[int], folds: Array) -> Choice:
    by_fold = _by_fold(X, y, degrees, folds)
    return _simplest(by_fold, 1 / np.sqrt(by_fold.shape[1]), degrees), by_fold.mean(axis=1)


DEGREE_BY_CV = Exercise(
    "degree_by_cv",
    "(X, y, degrees, folds)",
    "Choose a degree by cross-validation",
    difficulty=3,
    minutes=15,
    parts=(
        Part("validation errors", 2, _open_rows, _without_refits, entry(1, _NAMES, close())),
        Part("the degree", 1, _with_level_degrees, _without_refits, entry(0, _NAMES, equal())),
        Part(
            "locked rows stay locked",
            1,
            _with_locked_rows,
            _without_refits,
            entry(1, _NAMES, close()),
        ),
    ),
    pitfalls=(
        Pitfall(
            "always the largest degree",
            "The errors are right, but the degree does not follow from them: with the largest "
            "degree the fit is closest to its own rows, not to others.",
            _choose(pick=lambda degrees, errors: degrees[-1]),
        ),
        Pitfall(
            "the simplest degree that ties",
            "The errors are right, but you took the smallest degree whose error is near the "
            "lowest. That is the one-standard-error rule: a sound one, with a place of its own "
            "further down. Asked for here is the lowest error itself.",
            _ties,
        ),
        Pitfall(
            "chosen by training error",
            "Each fit was scored on the rows it was made from. That error can only fall as the "
            "degree grows, so it always says: the largest. Score on the fold that the fit has "
            "not seen.",
            _choose(lambda folds: ((fit, fit) for fit, _ in _folds(folds))),
        ),
        Pitfall(
            "validation rows were in the training",
            "The fits were made on all rows and then scored fold by fold. A row that helped to "
            "make a fit cannot judge it. Fit anew for each fold, without that fold.",
            _choose(lambda folds: ((fit | score, score) for fit, score in _folds(folds))),
        ),
        Pitfall(
            "no folds at all",
            "Each degree was fitted to all rows and scored on the same rows. That is a training "
            "error, which falls with every degree; the folds had no part in it.",
            _choose(lambda folds: iter([(folds >= 0, folds >= 0)])),
        ),
        Pitfall(
            "rows averaged, not folds",
            "You averaged over all rows, so a large fold has more say than a small one. Asked for "
            "is the mean over the folds of each fold's mean.",
            _pooled,
        ),
        Pitfall(
            "fold fitted, rest scored",
            "You fit on one fold and scored on the other four. The masks are swapped: every fit "
            "has a fifth of the rows, so flexible models look worse than they are.",
            _choose(lambda folds: ((score, fit) for fit, score in _folds(folds))),
        ),
        Pitfall(
            "fitted and scored on the fold",
            "Both the fit and the score come from the same fold: that is a training error on few "
            "rows. Fit on the rows *outside* of the fold.",
            _choose(lambda folds: ((score, score) for _, score in _folds(folds))),
        ),
        Pitfall(
            "one split in place of all",
            "Only one fold was ever held out, so ten rows decide. Every row should judge once: "
            "loop over all folds, then average.",
            _choose(lambda folds: iter([next(_folds(folds))])),
        ),
        Pitfall(
            "no intercept",
            "Your curves are forced through the origin: the power 0 is missing from the columns.",
            _choose(error=_through_the_origin),
        ),
        Pitfall(
            "the top power alone",
            "A polynomial of degree d has all powers up to d, not only x to the d. Otherwise a "
            "larger degree does not even contain the smaller one.",
            _choose(error=_top_power_alone),
        ),
        Pitfall(
            "root of each fold's error",
            "You averaged root mean squared errors. That weighs a bad fold less, and it is "
            "another quantity than the mean squared error that the decomposition is about.",
            _choose(total=lambda errors: np.mean(np.sqrt(errors))),
        ),
        Pitfall(
            "absolute errors",
            "You averaged |y − ŷ|, which may prefer another degree. Asked for is the mean "
            "*squared* error, the one that splits into bias² and variance.",
            _choose(error=_absolute),
        ),
        Pitfall(
            "errors summed over the folds",
            "The sum grows with the number of folds and cannot be held against σ². Average.",
            _choose(total=np.sum),
        ),
        Pitfall(
            "the best fold of each degree",
            "You kept the smallest error of the folds, the luckiest one. Its reading flatters "
            "most where folds differ most, which is at large degrees.",
            _choose(total=min),
        ),
        Pitfall(
            "errors with the sign of a score",
            "scikit-learn's scores are negated errors, so that larger is better. Asked for are "
            "the errors: turn the sign.",
            _choose(total=lambda errors: -np.mean(errors), pick=lambda d, e: d[int(np.argmax(e))]),
        ),
        Pitfall(
            "takes the largest error",
            "The degree is the one with the *largest* error: an `argmax` that was meant for "
            "scores.",
            _choose(pick=lambda degrees, errors: degrees[int(np.argmax(errors))]),
        ),
        Pitfall(
            "position in place of degree",
            "`argmin` gives the position in the list. Look up the degree that stands there.",
            _choose(pick=lambda degrees, errors: int(np.argmin(errors))),
        ),
        Pitfall(
            "position counted from 1",
            "Position plus one is the degree only where the list runs 1, 2, 3, … without a gap. "
            "Look up the degree that stands there.",
            _choose(pick=lambda degrees, errors: int(np.argmin(errors)) + 1),
        ),
        Pitfall(
            "five folds, whatever comes",
            "You counted to five, and the mean of a fold without rows is NaN. `folds` says how "
            "many there are.",
            _choose(_five_folds, _mse_if_any),
        ),
        Pitfall(
            "chosen on the test set",
            "Rows with fold −1 are the test set, and you scored the degrees on them. The best of "
            "several tries on the test set is no longer an honest test. They take no part.",
            _choose(_on_locked_rows),
        ),
        Pitfall(
            "test rows as one more fold",
            "`np.unique(folds)` gives −1 as well, so the test rows took their turn as a fold and "
            "as training rows. Which fold numbers are folds?",
            _choose(_locked_rows_are_a_fold),
        ),
        Pitfall(
            "test rows train along",
            "“All rows outside of fold k” includes those marked −1: the test rows helped to make "
            "every fit. Take the rows that lie in another *fold*.",
            _choose(_locked_rows_train),
        ),
    ),
    hints=(
        "Two loops: over the degrees, and for each degree over the folds. What is fitted in the "
        "inner one, and on which rows is it scored?",
        "For fold k: score on `folds == k`, fit on `(folds != k) & (folds >= 0)`. A fold's error "
        "is the mean squared error on its rows, a degree's error the mean over its folds.",
        "With `x = X[:, 0]`, `np.polyfit` and `np.polyval` do one fit. Collect the means in an "
        "array; the degree is `degrees[np.argmin(errors)]`.",
    ),
)
