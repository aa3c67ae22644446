"""The lesson on bias and variance: its right answers and its references."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check

LESSON = lessons.get("bias_variance")

# --- independent right answers -----------------------------------------------------------------


def terms_by_axis(predictions, truth, noise_var):
    centre = np.mean(predictions, axis=0)
    bias2 = np.dot(centre - truth, centre - truth) / len(truth)
    variance = np.mean((predictions - centre) ** 2)
    return bias2, variance, bias2 + variance + noise_var


def terms_from_the_errors(predictions, truth, noise_var):
    missed = mean_squared_error(np.broadcast_to(truth, predictions.shape), predictions)
    variance = np.cov(predictions.T, bias=True).trace() / len(truth)
    return [missed - variance, variance, missed + noise_var]


def terms_by_table(predictions, truth, noise_var):
    table = pd.DataFrame(predictions)
    bias2 = float((table.mean() - truth).pow(2).mean())
    variance = float(table.var(ddof=0).mean())
    return np.array([bias2, variance, sum((bias2, variance, noise_var))])


def bootstrap_by_polyfit(x, y, x_new, degree, fits, rng):
    out = np.empty((fits, len(x_new)))
    for b in range(fits):
        rows = rng.choice(len(y), size=len(y), replace=True)
        out[b] = np.polyval(np.polyfit(x[rows], y[rows], degree), x_new)
    return out


def bootstrap_by_weights(x, y, x_new, degree, fits, rng):
    out = []
    for counts in rng.multinomial(len(x), np.full(len(x), 1 / len(x)), size=fits):
        drawn = counts > 0
        curve = np.polynomial.Polynomial.fit(
            x[drawn], y[drawn], degree, w=np.sqrt(counts[drawn]), domain=[-5, 15]
        )
        out.append(curve(x_new))
    return out


def bootstrap_by_floats(x, y, x_new, degree, fits, rng):
    n = len(x)
    rows = (rng.random((fits, n)) * n).astype(int)
    V, at = np.vander(x, degree + 1), np.vander(x_new, degree + 1)
    return np.stack([at @ np.linalg.lstsq(V[i], y[i], rcond=None)[0] for i in rows])


def curve_by_branches(rows, train, validation, target):
    last = validation[-1]
    if last <= target:
        return "good enough"
    if train[-1] > target:
        return "high bias"
    half = validation[rows == rows[-1] / 2][0]
    return "more rows" if half - last >= 0.05 * half else "regularise"


def curve_by_interpolation(rows, train, validation, target):
    end = dict(zip(rows, zip(train, validation, strict=True), strict=True))[max(rows)]
    half = np.interp(max(rows) / 2, rows, validation)
    seen_misses, unseen_misses = (error > target for error in end)
    if not unseen_misses:
        verdict = "good enough"
    elif seen_misses:
        verdict = "high bias"
    else:
        verdict = ("regularise", "more rows")[int(end[1] / half <= 0.95)]
    return verdict


def degree_by_loops(X, y, degrees, folds):
    x, errors = X.ravel(), []
    for degree in degrees:
        per_fold = []
        for k in range(max(folds) + 1):
            fit, score = (folds != k) & (folds != -1), folds == k
            beta = np.polyfit(x[fit], y[fit], degree)
            per_fold.append(np.mean((np.polyval(beta, x[score]) - y[score]) ** 2))
        errors.append(statistics.fmean(per_fold))
    return degrees[errors.index(min(errors))], errors


def degree_by_scikit_learn(X, y, degrees, folds):
    errors = {}
    for degree in degrees:
        V = PolynomialFeatures(degree, include_bias=False).fit_transform(X)
        missed = []
        for fit, score in PredefinedSplit(folds).split():
            fit = fit[folds[fit] >= 0]  # -1 is never scored there, but it is fitted
            model = LinearRegression().fit(V[fit], y[fit])
            missed.append(mean_squared_error(y[score], model.predict(V[score])))
        errors[degree] = np.mean(missed)
    return min(errors, key=errors.get), list(errors.values())


def degree_by_weights(X, y, degrees, folds):
    """One over the size of its fold is the weight of a row."""
    kept = np.flatnonzero(folds >= 0)
    x, t, f = X[kept, 0], y[kept], folds[kept]
    errors = np.empty(len(degrees))
    for j, degree in enumerate(degrees):
        left = np.empty(len(t))
        for k in np.unique(f):
            V = np.polynomial.legendre.legvander(x, degree)
            Q, R = np.linalg.qr(V[f != k])
            left[f == k] = t[f == k] - V[f == k] @ np.linalg.solve(R, Q.T @ t[f != k])
        errors[j] = left**2 @ (1 / np.bincount(f)[f]) / len(np.unique(f))
    return np.asarray(degrees)[errors.argmin()], errors


def average_by_formula(rho, sigma2, n):
    return rho * sigma2 + (1 - rho) / n * sigma2


def average_by_counting(rho, sigma2, n):
    return (n * sigma2 + n * (n - 1) * rho * sigma2) / n**2


def average_by_pairs(rho, sigma2, n):
    return math.fsum(sigma2 if i == j else rho * sigma2 for i in range(n) for j in range(n)) / n / n


def path_by_sorting(lambdas, train, validation):
    order = np.argsort(lambdas)
    lambdas, validation = lambdas[order], validation[order]
    means = validation.mean(axis=1)
    best = means.argmin()
    error = validation[best].std(ddof=1) / math.sqrt(validation.shape[1])
    tied = means <= means[best] + error
    if tied.all():
        reading = "no effect"
    elif best == len(means) - 1:
        reading = "longer up"
    elif best == 0:
        reading = "longer down"
    else:
        reading = "inside"
    return lambdas[tied].max(), reading


def path_by_table(lambdas, train, validation):
    table = pd.DataFrame({"lam": lambdas, "mean": np.mean(validation, axis=1)})
    table["error"] = stats.sem(validation, axis=1)
    lowest = table.loc[table["mean"].idxmin()]
    tied = table[table["mean"] - lowest["mean"] <= lowest["error"]]
    if len(tied) == len(table):
        return [tied["lam"].max(), "no effect"]
    names = {table["lam"].min(): "longer down", table["lam"].max(): "longer up"}
    return [tied["lam"].max(), names.get(lowest["lam"], "inside")]


ALTERNATIVES = {
    "decompose": [terms_by_axis, terms_from_the_errors, terms_by_table],
    "bootstrap_predictions": [
        bootstrap_by_polyfit,
        bootstrap_by_weights,
        bootstrap_by_floats,
    ],
    "learning_curve_verdict": [curve_by_branches, curve_by_interpolation],
    "degree_by_cv": [degree_by_loops, degree_by_scikit_learn, degree_by_weights],
    "bagging_variance": [average_by_formula, average_by_counting, average_by_pairs],
    "regularisation_path_verdict": [path_by_sorting, path_by_table],
}


# --- the lesson's own tests --------------------------------------------------------------------


def test_errors_without_refits():
    """The closed form for a fold left out is what scikit-learn finds by fitting again."""
    part = LESSON.exercise("degree_by_cv").parts[2]
    (case,) = part.cases(np.random.default_rng(5))
    X, y, degrees, folds = case.args
    kept = folds >= 0
    degree, errors = part.wanted(*case.args)
    for d, error in zip(degrees, errors, strict=True):
        model = make_pipeline(PolynomialFeatures(d), LinearRegression())
        scores = cross_val_score(
            model,
            X[kept],
            y[kept],
            cv=PredefinedSplit(folds[kept]),
            scoring="neg_mean_squared_error",
        )
        assert np.isclose(-scores.mean(), error, rtol=1e-9)
    assert degrees[errors.argmin()] == degree


def test_the_simplest_of_those_that_tie_is_not_the_best():
    """The one-standard-error rule earns all but the point for the degree, and is named."""

    def one_standard_error(X, y, degrees, folds):
        columns = [[X[:, 0] ** power for power in range(degree + 1)] for degree in degrees]
        kept, names = np.flatnonzero(folds >= 0), PredefinedSplit(folds[folds >= 0])
        by_fold = [
            -cross_val_score(
                LinearRegression(),
                np.transpose(powers)[kept],
                y[kept],
                cv=names,
                scoring="neg_mean_squared_error",
            )
            for powers in columns
        ]
        errors = np.mean(by_fold, axis=1)
        best = errors.argmin()
        return degrees[np.argmax(errors <= errors[best] + stats.sem(by_fold[best]))], errors

    answer = LocalAnswer({"degree_by_cv": one_standard_error})
    for seed in (None, 0, 1):
        verdict = run_check(LESSON.exercise("degree_by_cv"), answer, seed)
        assert (3, "the simplest degree that ties") == (verdict.points, verdict.pitfall)


def test_each_term_earns_its_point():
    """A slip in one term costs that term and the sum, and the first slip is the one named."""

    def variance_along_the_curve(predictions, truth, noise_var):
        bias2, _, _ = terms_by_axis(predictions, truth, noise_var)
        variance = predictions.var(axis=1).mean()
        return bias2, variance, bias2 + variance + 2 * noise_var

    verdict = run_check(
        LESSON.exercise("decompose"), LocalAnswer({"decompose": variance_along_the_curve}), 3
    )
    assert (1, "variance across points, not across fits") == (verdict.points, verdict.pitfall)


def test_every_way_of_drawing_passes():
    """The bootstrap is judged by its draws, so luck must not fail a right answer."""
    exercise = LESSON.exercise("bootstrap_predictions")
    for seed in range(40):
        answer = LocalAnswer({"bootstrap_predictions": bootstrap_by_floats})
        verdict = run_check(exercise, answer, seed)
        assert "right" == verdict.state, (seed, verdict.message)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (lambda folds: folds.std(axis=1, ddof=1)[0], "standard deviation for standard error"),
        (lambda folds: folds.std(axis=1)[0] / 5**0.5, "divides by folds, not folds − 1"),
        (lambda folds: stats.sem(folds, axis=1), "spread of another λ's folds"),
        (lambda folds: stats.sem(folds, axis=1).min(), "spread of another λ's folds"),
        (lambda folds: stats.sem(folds, axis=1).max(), "the widest bar of all λs"),
    ],
)
def test_one_standard_error_is_that_at_the_minimum(error, named):
    """The error of another λ, or made in another way, costs the λ and not the reading."""

    def by_another_error(lambdas, train, validation):
        order = np.argsort(validation.mean(axis=1))  # the lowest first
        means = validation[order].mean(axis=1)
        tied = means <= means[0] + error(validation[order])
        return lambdas[order][tied].max(), path_by_sorting(lambdas, train, validation)[1]

    answer = LocalAnswer({"regularisation_path_verdict": by_another_error})
    for seed in (None, 0, 1):
        verdict = run_check(LESSON.exercise("regularisation_path_verdict"), answer, seed)
        assert (1, named) == (verdict.points, verdict.pitfall)


def test_an_unknown_label():
    """A label that the text does not offer is told so, with those that it does."""
    answer = LocalAnswer({"learning_curve_verdict": lambda *curve: "overfitting"})
    verdict = run_check(LESSON.exercise("learning_curve_verdict"), answer)
    assert "'overfitting' is not one of the labels 'good enough'" in verdict.message


LAST = {
    "best point instead of the last": (False, True),
    "lowest training error instead of the last": (True, False),
    "best point of either curve instead of the last": (True, True),
}


@pytest.mark.parametrize("name", LAST)
def test_only_the_last_point_counts(name):
    """Whoever judges a curve by its best point is told so, whichever curve it is."""

    def by_the_best(rows, train, validation, target):
        lowest = [
            np.append(curve[:-1], min(curve)) if best else curve
            for curve, best in zip((train, validation), LAST[name], strict=True)
        ]
        return curve_by_branches(rows, *lowest, target)

    answer = LocalAnswer({"learning_curve_verdict": by_the_best})
    for seed in (None, 0, 1):
        assert name == run_check(LESSON.exercise("learning_curve_verdict"), answer, seed).pitfall
