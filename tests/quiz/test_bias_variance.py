from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import Ridge, lars_path
from sklearn.tree import DecisionTreeRegressor

from pitfalls.quiz import NumericKey, find, load

EXERCISES = Path(__file__).parents[2] / "autograder" / "exercises"
QUIZ = load(find(EXERCISES)["bias_variance"])
Array = NDArray[np.float64]


def numeric(name: str) -> tuple[float, list[float]]:
    """The answer and the wrong numbers of a question."""
    key = QUIZ.key[name]
    assert isinstance(key, NumericKey)
    return key.answer, [mistake.value for mistake in key.mistakes]


def test_shape() -> None:
    """Twelve questions of all four kinds, graded, a point each."""
    assert (12, 12, True) == (len(QUIZ.questions), QUIZ.points, QUIZ.graded)
    assert {"single", "multiple", "numeric", "order"} == {q.kind for q in QUIZ.questions}


def test_add_the_terms() -> None:
    """The expectation over all eight outcomes of prediction and noise; each slip as it is named."""
    predictions, truth, noise = np.array([3, 5, 6, 6]), 3, 0.8
    outcomes = [
        (truth + sign * np.sqrt(noise) - prediction) ** 2
        for prediction in predictions
        for sign in (-1, 1)
    ]
    bias, variance = predictions.mean() - truth, predictions.var()
    answer, mistakes = numeric("add_the_terms")
    assert np.mean(outcomes) == pytest.approx(answer)
    wanted = [
        bias**2 + variance,
        bias + variance + noise,
        bias**2 + variance + 2 * noise,
        bias**2 + predictions.var(ddof=1) + noise,
        bias**2 + noise,
        variance + noise,
    ]
    assert wanted == pytest.approx(mistakes)


def test_bagged_variance() -> None:
    """The variance of a mean is the mean of the whole covariance matrix."""
    rho, sigma2, B = 0.3, 4, 25
    covariance = sigma2 * (rho * np.ones((B, B)) + (1 - rho) * np.eye(B))
    answer, mistakes = numeric("bagged_variance")
    assert covariance.mean() == pytest.approx(answer)
    wanted = [
        sigma2 / B,
        rho * sigma2,
        rho * sigma2 + sigma2 / B,
        (1 - rho) * sigma2 / B,
        sigma2,
        (1 - rho) * sigma2,
    ]
    assert wanted == pytest.approx(mistakes)


def test_degrees_of_freedom() -> None:
    """The trace of the matrix that scikit-learn's ridge applies to y."""
    rng = np.random.default_rng(0)
    centred = rng.normal(size=(8, 3))
    U = np.linalg.qr(centred - centred.mean(axis=0))[0]
    V = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    d = np.array([3, 2, 1])
    X = U * d @ V.T
    assert np.zeros(3) == pytest.approx(X.mean(axis=0), abs=1e-12)
    ridge = Ridge(alpha=1, fit_intercept=False)
    hat = np.column_stack([ridge.fit(X, unit).predict(X) for unit in np.eye(8)])
    answer, mistakes = numeric("degrees_of_freedom")
    assert np.trace(hat) == pytest.approx(answer)
    wanted = [
        len(d),
        (d / (d + 1)).sum(),
        (1 / (d**2 + 1)).sum(),
        len(d) / (1 + 1),
        (d**2 / (d**2 + 1) ** 2).sum(),
    ]
    assert wanted == pytest.approx(mistakes, rel=1e-4)


def test_ten_tries() -> None:
    """SciPy's binomial distribution, for the answer and for each slip."""
    alarms = binom(10, 0.05)
    answer, mistakes = numeric("ten_tries")
    assert alarms.sf(0) == pytest.approx(answer, rel=1e-3)
    wanted = [0.05, alarms.mean(), alarms.pmf(0), alarms.pmf(1)]
    assert wanted == pytest.approx(mistakes, rel=1e-3)


def test_bias_of_one_fit() -> None:
    """At degree 9 and 30 points one fit can be 0.4 off where the average fit is hardly off."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, 30)

    def truth(x: Array | float) -> Array:
        return np.asarray(2 + np.sin(3 * (np.asarray(x) - 0.5)))

    fits = [
        np.polyval(np.polyfit(x, truth(x) + rng.normal(0, 0.8, 30), 9), 0.5) for _ in range(2000)
    ]
    errors = np.array(fits) - 2
    assert abs(errors.mean()) < 0.05
    assert np.mean(np.abs(errors) > 0.4) > 0.1
    assert np.mean(errors**2) == pytest.approx(errors.mean() ** 2 + errors.var())


def sample(rng: np.random.Generator, rows: int, columns: int = 3) -> tuple[Array, Array]:
    """Rows of which two columns carry a signal."""
    X = rng.uniform(size=(rows, columns))
    return X, np.sin(4 * X[:, 0]) + X[:, 1] + rng.normal(0, 0.35, rows)


def variance(make: Callable[[], BaggingRegressor], rows: int = 300, columns: int = 3) -> float:
    """The variance of the prediction over training samples, averaged over 100 points."""
    rng = np.random.default_rng(4)
    at = rng.uniform(size=(100, columns))
    fits = [make().fit(*sample(rng, rows, columns)).predict(at) for _ in range(40)]
    return float(np.var(fits, axis=0).mean())


def tree(depth: int) -> Callable[[], DecisionTreeRegressor]:
    """A maker of trees of one depth."""
    return lambda: DecisionTreeRegressor(max_depth=depth, random_state=0)


def test_lower_the_variance() -> None:
    """Bagging, a shallower tree and more rows lower the variance; depth and columns raise it."""
    base = variance(tree(10))
    assert variance(tree(14)) > 1.05 * base
    assert variance(lambda: BaggingRegressor(tree(10)(), 20, random_state=0)) < 0.6 * base
    assert variance(tree(5)) < 0.8 * base
    assert variance(tree(10), rows=1200) < 0.9 * base
    assert variance(tree(10), columns=53) > 1.1 * base


def test_why_draw_columns() -> None:
    """Drawing columns lowers the correlation of trees and the variance of their mean, no more."""
    rng = np.random.default_rng(5)
    at = rng.uniform(size=(60, 6))

    def forests(columns: int) -> Array:
        fits = []
        for _ in range(40):
            X, y = sample(rng, 200, 6)
            trees = []
            for seed in range(12):
                rows = rng.integers(0, 200, 200)
                grown = DecisionTreeRegressor(max_features=columns, random_state=seed)
                trees.append(grown.fit(X[rows], y[rows]).predict(at))
            fits.append(trees)
        return np.array(fits)  # (samples, trees, points)

    def correlation(fits: Array) -> float:
        pairs = combinations(range(fits.shape[1]), 2)
        joint = np.mean([cov(fits[:, i], fits[:, j]) for i, j in pairs])
        return float(joint / fits.var(axis=0).mean())

    def cov(one: Array, other: Array) -> float:
        return float(((one - one.mean(axis=0)) * (other - other.mean(axis=0))).mean())

    bagged, drawn = forests(6), forests(2)
    assert correlation(drawn) < correlation(bagged)
    assert drawn.mean(axis=1).var(axis=0).mean() < bagged.mean(axis=1).var(axis=0).mean()
    assert drawn.var(axis=0).mean() > 0.95 * bagged.var(axis=0).mean()  # one tree is no calmer


def correlated(seed: int) -> tuple[Array, Array]:
    """Twenty rows, three correlated columns, standardised."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 3)) @ rng.normal(size=(3, 3))
    y = X @ rng.normal(size=3) + rng.normal(size=20)
    X = X - X.mean(axis=0)
    return X / X.std(axis=0), y - y.mean()


def ridge_path(X: Array, y: Array, lams: Array) -> Array:
    """The coefficients of ridge, (len(lams), columns)."""
    return np.array([Ridge(alpha=lam, fit_intercept=False).fit(X, y).coef_ for lam in lams])


def test_read_the_path() -> None:
    """Signs change and single coefficients grow, the norm and the fit to the rows only fall."""
    lams = np.geomspace(1e-3, 1e4, 40)
    flips = growths = 0
    for seed in range(8):
        X, y = correlated(seed)
        path = ridge_path(X, y, lams)
        flips += np.any(np.diff(np.sign(path), axis=0))
        growths += np.any(np.diff(np.abs(path), axis=0) > 1e-6)
        assert np.all(np.diff(np.linalg.norm(path, axis=1)) < 1e-9)
        assert np.all(np.diff(((y - path @ X.T) ** 2).sum(axis=1)) > -1e-9)
    assert flips > 0
    assert growths > 0


def test_a_lasso_coefficient_comes_back() -> None:
    """Along the lasso's path a coefficient can be zero for a while and then not, as λ grows."""

    def comes_back(seed: int) -> bool:
        X, y = correlated(seed)
        _, _, path = lars_path(X, y, method="lasso")
        growing = np.abs(path[:, ::-1]) > 1e-9  # λ from the smallest to the largest
        return any("1001" in "".join("01"[int(there)] for there in on) for on in growing)

    assert any(map(comes_back, range(200)))


def test_units_matter_to_ridge() -> None:
    """Metres or kilometres change ridge's predictions and leave those of least squares alone."""
    X, y = correlated(1)
    other = X / [1000, 1, 1]

    def fitted(X: Array, lam: float) -> Array:
        return np.asarray(Ridge(alpha=lam, fit_intercept=False, solver="svd").fit(X, y).predict(X))

    assert np.abs(fitted(X, 1) - fitted(other, 1)).max() > 0.1
    assert fitted(X, 0) == pytest.approx(fitted(other, 0))


def test_validation_error_is_no_u() -> None:
    """A good fit's test error can rise from the start; with nothing to learn it falls."""
    rng = np.random.default_rng(6)
    X, beta = rng.normal(size=(200, 5)), np.ones(5)
    lams = np.geomspace(1e-3, 1e4, 20)

    def error(beta: Array, noise: float) -> Array:
        path = ridge_path(X, X @ beta + rng.normal(0, noise, 200), lams)
        return np.asarray(((path - beta) ** 2).sum(axis=1))  # columns of variance 1: excess error

    assert any(np.all(np.diff(error(beta, 0.5)) > 0) for _ in range(20))
    assert np.all(np.diff(error(0 * beta, 1)) < 0)


def min_norm(rng: np.random.Generator, n: int, p: int, lam: float = 0, fits: int = 120) -> Array:
    """Predictions at 50 points, (fits, points), and their truth in the last row.

    200 columns carry the signal, the first p are seen.
    """
    beta = np.full(200, 1 / np.sqrt(200))
    at = np.random.default_rng(7).normal(size=(50, 200))
    rows = []
    for _ in range(fits):
        X = rng.normal(size=(n, 200))
        y = X @ beta + rng.normal(0, 0.5, n)
        Xp = X[:, :p]
        solve = np.linalg.pinv(Xp.T @ Xp + lam * np.eye(p)) @ Xp.T if lam else np.linalg.pinv(Xp)
        rows.append(at[:, :p] @ (solve @ y))
    return np.array([*rows, at @ beta])


def terms(made: Array) -> tuple[float, float, float]:
    """Bias², variance and the error against the truth."""
    fits, truth = made[:-1], made[-1]
    bias2 = float(((fits.mean(axis=0) - truth) ** 2).mean())
    return bias2, float(fits.var(axis=0).mean()), float(((fits - truth) ** 2).mean())


def test_the_peak() -> None:
    """Variance makes the peak, bias does not; the terms add up there; ridge takes it away."""
    rng = np.random.default_rng(8)
    before, peak, after = (terms(min_norm(rng, 60, p)) for p in (20, 60, 180))
    for bias2, spread, error in (before, peak, after):
        assert error == pytest.approx(bias2 + spread)
    assert peak[1] > 20 * max(before[1], after[1])
    assert peak[2] > 10 * max(before[2], after[2])
    # what the mean of 120 fits still scatters is not bias
    assert peak[0] - peak[1] / 119 < 1.5 * before[0]
    assert terms(min_norm(rng, 60, 60, lam=30))[2] < max(before[2], after[2]) * 1.2


def test_more_rows_can_hurt() -> None:
    """With p = 120, 120 rows give a far worse minimum-norm fit than 100; a penalty mends that."""
    rng = np.random.default_rng(9)
    few, many = (terms(min_norm(rng, n, 120, fits=60))[2] for n in (100, 120))
    assert many > 2 * few
    few, many = (terms(min_norm(rng, n, 120, lam=60, fits=60))[2] for n in (100, 120))
    assert many < few


def test_selection_before_the_cut() -> None:
    """On pure noise, columns picked on all rows predict the held-out ones; picked inside, not."""
    rng = np.random.default_rng(10)
    X, y = rng.normal(size=(90, 2000)), rng.normal(size=90)

    def best(rows: Array) -> Array:
        return np.argsort(-np.abs((X[rows] - X[rows].mean(axis=0)).T @ y[rows]))[:20]

    folds = np.array_split(np.arange(90), 5)
    everywhere = best(np.arange(90))
    leaky, honest = [], []
    for fold in folds:
        train = np.setdiff1d(np.arange(90), fold)
        for columns, scores in ((everywhere, leaky), (best(train), honest)):
            ridge = Ridge(alpha=1).fit(X[train][:, columns], y[train])
            scores.append(ridge.score(X[fold][:, columns], y[fold]))
    assert np.mean(leaky) > 0.4
    assert np.mean(honest) < 0.1
