"""Inputs that the checks of this lesson share, and a tolerant comparison for recognisers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitfalls.checks import Mismatch, Outcome

__all__ = [
    "Array",
    "apart",
    "near",
    "ones_first",
    "regression",
    "size",
    "standardised",
    "too_much_memory",
]

Array = NDArray[np.float64]
_SMALL = np.concatenate([np.arange(-40, 0), np.arange(1, 41)]) / 10


def apart(rng: np.random.Generator, *shape: int) -> Array:
    """Numbers with one decimal, no two alike, so that a mix-up of entries always shows."""
    return rng.choice(_SMALL, size=shape, replace=False)


def regression(
    rng: np.random.Generator, n: int, p: int, *, noise: float = 1.0
) -> tuple[Array, Array]:
    """Correlated features away from zero, (n, p), and a response that depends on all, (n,)."""
    common = rng.normal(size=(n, 1))
    X = rng.uniform(1, 3, size=p) + rng.normal(size=(n, p)) + 0.7 * common
    beta = rng.uniform(1, 3, size=p) * rng.choice([-1, 1], size=p)
    y = rng.uniform(2, 4) + X @ beta + noise * rng.normal(size=n)
    return X.round(3), y.round(3)


def size(n: int, p: int) -> str:
    """What a label says of the shape of X."""
    return f"{n} rows, {p} column{'s' * (p > 1)}"


def standardised(X: Array) -> Array:
    """Columns of mean 0 and standard deviation 1 (ddof 0)."""
    centred = X - X.mean(axis=0)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=0)))


def ones_first(X: Array) -> Array:
    """The design matrix with its column of ones in front, (n, p + 1)."""
    return np.hstack([np.ones((X.shape[0], 1)), X])


def near(value: Any, wanted: Any, *, rtol: float = 1e-6) -> bool:
    """Whether a value of unknown kind has this shape and, up to rounding, these entries."""
    array, reference = np.asarray(value), np.asarray(wanted, dtype=float)
    if array.dtype.kind not in "biuf":  # "inf" is text, not a number
        return False
    return array.shape == reference.shape and np.allclose(array, reference, rtol, 1e-12)


def too_much_memory(outcome: Outcome, limit: int, n: int) -> Mismatch | None:
    """A mismatch when the call allocated more than `limit` bytes for `n` rows."""
    if outcome.peak_bytes is None or outcome.peak_bytes <= limit:
        return None
    return Mismatch(
        "memory",
        "The values are right, but the call allocates far more memory than the data takes.",
        f"{outcome.peak_bytes / 1e6:,.0f} MB for {n:,} rows",
        f"at most {limit / 1e6:,.0f} MB: it should grow with n, not with n²",
    )
