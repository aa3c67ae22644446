from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

from pitfalls.quiz import NumericKey, find, load

EXERCISES = Path(__file__).parents[2] / "autograder" / "exercises"
KEY = load(find(EXERCISES)["linear_regression"]).key
MUS = np.array([4, 0.25])  # the eigenvalues that the question gives


def test_largest_rate() -> None:
    """Gradient descent itself converges just below the answer and diverges just above it."""
    key = KEY["largest_rate"]
    assert isinstance(key, NumericKey)
    X = np.sqrt(2 * MUS) * np.array([[1, 0], [0, 1]])  # n = 2: X'X / n has the eigenvalues
    assert np.linalg.eigvalsh(X.T @ X / 2) == pytest.approx(sorted(MUS))
    y = X @ [1.0, -2.0]

    def distance(lr: float) -> float:
        beta = np.array([3.0, 3.0])
        for _ in range(2000):
            beta -= lr * X.T @ (X @ beta - y) / 2
        return float(np.linalg.norm(beta - [1, -2]))

    assert distance(key.answer - key.absolute) < 1e-6
    assert distance(key.answer + key.absolute) > 1e6


def test_largest_rate_mistakes() -> None:
    """Each wrong number is what its reason says it is."""
    key = KEY["largest_rate"]
    assert isinstance(key, NumericKey)
    wanted = [
        1 / MUS.max(),
        2 / MUS.min(),
        2 / MUS.sum(),
        2 / (MUS.max() / MUS.min()),
        2 / (MUS.max() / 2),
    ]
    assert wanted == pytest.approx([mistake.value for mistake in key.mistakes], rel=1e-4)


def test_near_duplicate() -> None:
    """A near copy of a column blows up standard errors, not test error, bias or training R²."""
    rng = np.random.default_rng(0)
    area = rng.uniform(40, 200, 200)
    fits, errors, r2 = [], [], []
    for _ in range(300):
        copy = 10.76 * area + rng.normal(0, 10, 200)
        price = 50 + 2 * area + rng.normal(0, 20, 200)
        one = np.column_stack([np.ones(200), area])
        two = np.column_stack([one, copy])
        b1, b2 = (np.linalg.lstsq(X, price, rcond=None)[0] for X in (one, two))
        fits.append((b1[1], b2[1] + 10.76 * b2[2], b2[1]))
        truth = 50 + 2 * area
        errors.append([np.mean((X @ b - truth) ** 2) + 400 for X, b in ((one, b1), (two, b2))])
        r2.append([1 - np.var(price - X @ b) / np.var(price) for X, b in ((one, b1), (two, b2))])
    spread = np.std(fits, axis=0)
    assert spread[2] > 20 * spread[0]  # the standard error of the coefficient
    assert 2 == pytest.approx(np.mean(fits, axis=0)[1], abs=0.02)  # together: what one was
    assert np.mean(errors, axis=0)[1] < 1.02 * np.mean(errors, axis=0)[0]
    assert np.all(np.diff(r2, axis=1) >= -1e-12)
    assert variance_inflation_factor(two, 1) > 400


@pytest.mark.parametrize("error", ["skewed", "unequal"])
def test_unbiased_without(error: str) -> None:
    """Neither normal errors, nor equal variances, nor scaled columns are needed."""
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(40), rng.normal(size=40), 1000 * rng.exponential(size=40)])
    beta = np.array([1, 2, 0.003])
    scale = 1 if error == "skewed" else np.abs(X[:, 1])
    noise = (rng.exponential(size=(20_000, 40)) - 1) * scale
    fits = (X @ beta + noise) @ np.linalg.pinv(X).T
    error_of_mean = fits.std(axis=0) / np.sqrt(len(fits))
    assert np.all(np.abs(fits.mean(axis=0) - beta) < 4 * error_of_mean)


def test_biased_with_an_omitted_variable() -> None:
    """Errors that go together with a column do bias its coefficient."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=10_000)
    noise = 0.5 * x + rng.normal(size=10_000)  # what was left out
    slope = np.polyfit(x, 2 * x + noise, 1)[0]
    assert 2.5 == pytest.approx(slope, abs=0.05)
