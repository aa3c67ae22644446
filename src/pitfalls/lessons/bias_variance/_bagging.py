"""The variance of an average of correlated predictors: bagging_variance."""

from __future__ import annotations

import math

import numpy as np

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["BAGGING_VARIANCE"]


def _in_general(rng: np.random.Generator) -> list[Case]:
    """Correlations off ½ and σ² off 1, where several mistakes would agree."""
    cases = []
    for n in (2, 5, 40):
        rho = float(rng.choice([0.1, 0.2, 0.3, 0.6, 0.7, 0.8]))
        sigma2 = round(rng.uniform(2, 9), 2)
        cases.append(Case(rho, sigma2, n, label=f"{n} predictors"))
    return cases


def _at_the_edges(rng: np.random.Generator) -> list[Case]:
    sigma2 = round(rng.uniform(2, 9), 2)
    n = int(rng.integers(4, 9))
    return [
        Case(0.4, sigma2, 1, label="a single predictor"),
        Case(1.0, sigma2, n, label="all predictors alike"),
        Case(0.0, sigma2, n, label="independent predictors"),
        Case(-0.5 / (n - 1), sigma2, n, label="predictors that balance one another"),
    ]


def _from_the_covariances(rho: float, sigma2: float, n: int) -> float:
    """wᵀΣw with equal weights."""
    covariance = np.full((n, n), rho * sigma2)
    np.fill_diagonal(covariance, sigma2)
    weights = np.full(n, 1 / n)
    return float(weights @ covariance @ weights)


BAGGING_VARIANCE = Exercise(
    "bagging_variance",
    "(rho, sigma2, n)",
    "The variance of an average",
    difficulty=2,
    minutes=8,
    parts=(
        Part("in general", 1, _in_general, _from_the_covariances),
        Part("at the edges", 1, _at_the_edges, _from_the_covariances),
    ),
    pitfalls=(
        Pitfall(
            "correlation forgotten",
            "σ²/n holds for *independent* predictors. Bootstrap samples of one data set share "
            "most of their rows, so the predictors err together, and averaging cannot remove what "
            "they share.",
            lambda rho, sigma2, n: sigma2 / n,
        ),
        Pitfall(
            "the floor alone",
            "ρσ² is what is left after infinitely many predictors. With n of them something of "
            "each one's own scatter is left as well. Check your formula at n = 1.",
            lambda rho, sigma2, n: rho * sigma2,
        ),
        Pitfall(
            "the shared part is left out",
            "(1 − ρ)σ²/n is the part that averaging shrinks. Add the part that it cannot touch.",
            lambda rho, sigma2, n: (1 - rho) * sigma2 / n,
        ),
        Pitfall(
            "the shared part is counted twice",
            "The second term lost its factor 1 − ρ: what all predictors share has been counted in "
            "the first term. At n = 1 your formula should give σ².",
            lambda rho, sigma2, n: rho * sigma2 + sigma2 / n,
        ),
        Pitfall(
            "ρ and 1 − ρ swapped",
            "You let averaging shrink the shared part and keep each one's own. Ask what happens "
            "at ρ = 1: nothing is gained by averaging n copies of one predictor.",
            lambda rho, sigma2, n: (1 - rho) * sigma2 + rho * sigma2 / n,
        ),
        Pitfall(
            "the sum, not the average",
            "That is the variance of the sum. Dividing a random quantity by n divides its "
            "variance by n².",
            lambda rho, sigma2, n: n * sigma2 + n * (n - 1) * rho * sigma2,
        ),
        Pitfall(
            "divided by n once",
            "An average is the sum divided by n, and the variance of a quantity divided by n is "
            "divided by n². One of the two is missing.",
            lambda rho, sigma2, n: sigma2 + (n - 1) * rho * sigma2,
        ),
        Pitfall(
            "each pair counted once",
            "Among n predictors there are n(n − 1) *ordered* pairs: Cov(a, b) and Cov(b, a) both "
            "stand in the variance of the sum. You added n(n − 1)/2.",
            lambda rho, sigma2, n: sigma2 / n + (n - 1) * rho * sigma2 / (2 * n),
        ),
        Pitfall(
            "σ² taken for σ",
            "`sigma2` is the variance already. Squared again, the result is in fourth powers of "
            "the unit.",
            lambda rho, sigma2, n: rho * sigma2**2 + (1 - rho) * sigma2**2 / n,
        ),
        Pitfall(
            "standard deviation for variance",
            "You took the root at the end: a standard deviation. Asked for is the variance, the "
            "quantity that stands in the decomposition.",
            lambda rho, sigma2, n: math.sqrt(max(rho * sigma2 + (1 - rho) * sigma2 / n, 0.0)),
        ),
        Pitfall(
            "ρ squared",
            "ρ² is a share of explained variance in a regression. The covariance of two "
            "predictors of equal variance is ρσ², with ρ as it stands.",
            lambda rho, sigma2, n: rho**2 * sigma2 + (1 - rho**2) * sigma2 / n,
        ),
        Pitfall(
            "σ² left out",
            "That is the share of one predictor's variance that is left. Multiply by that "
            "variance.",
            lambda rho, sigma2, n: rho + (1 - rho) / n,
        ),
        Pitfall(
            "negative correlation cut off",
            "Predictors can balance one another: for ρ < 0 the average does better than σ²/n. The "
            "formula knows that by itself, without a special case.",
            lambda rho, sigma2, n: max(rho, 0.0) * sigma2 + (1 - max(rho, 0.0)) * sigma2 / n,
        ),
    ),
    hints=(
        "The variance of a sum is the sum of all n × n covariances. How many of them are "
        "variances, and how many belong to two different predictors?",
        "n variances of size σ² and n(n − 1) covariances of size ρσ². Then the average is the "
        "sum divided by n: what does that do to the variance?",
        "(nσ² + n(n − 1)ρσ²) / n². Sort it into a part with 1/n and a part without.",
    ),
)
