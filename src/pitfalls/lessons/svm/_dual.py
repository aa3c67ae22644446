"""Rows in place of columns: dual_decision, kernel_trick_features, rbf_kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    close,
    numeric_array,
    show,
)

__all__ = ["DUAL_DECISION", "KERNEL_TRICK_FEATURES", "RBF_KERNEL"]

Array = NDArray[Any]


# --- dual_decision ---------------------------------------------------------------------------


def _dual_cases(rng: np.random.Generator) -> list[Case]:
    return [
        _fitted(rng, 10, 4, "10 training rows, 4 new ones"),
        _fitted(rng, 6, 6, "as many new rows as training rows"),
    ]


def _fitted(rng: np.random.Generator, n: int, m: int, label: str) -> Case:
    """The dual solution of a fit: some alphas are 0, and K comes from an RBF kernel."""
    while True:
        y = rng.permutation(np.repeat([-1, 1], n // 2))
        X, Z = rng.normal(size=(n, 2)) + 1.5 * y[:, None], rng.normal(size=(m, 2)) * 2
        model = SVC(C=5.0, gamma=0.4, tol=1e-6).fit(X, y)
        alpha = np.zeros(n)
        alpha[model.support_] = np.abs(model.dual_coef_[0])
        b = float(model.intercept_[0])
        if 0 < np.sum(alpha == 0) and abs(b) > 0.05:
            return Case(alpha, y, b, np.exp(-0.4 * cdist(X, Z) ** 2), label=label)


def _summed(alpha: Array, y: Array, b: float, K: Array) -> Array:
    votes = [a * label * row for a, label, row in zip(alpha, y, K, strict=True)]
    scores: Array = np.sum(votes, axis=0) + b
    return scores


DUAL_DECISION = Exercise(
    "dual_decision",
    "(alpha, y, b, K)",
    "Decide with rows, not with weights",
    difficulty=2,
    minutes=6,
    parts=(Part("decision values", 2, _dual_cases, _summed),),
    pitfalls=(
        Pitfall(
            "label forgotten",
            "The alphas are never negative, so without the labels every training row votes for "
            "the positive class. (scikit-learn's `dual_coef_` holds the products α·y: there the "
            "labels are in already.)",
            lambda alpha, y, b, K: alpha @ K + b,
        ),
        Pitfall(
            "alphas forgotten",
            "Here every training row has the same say. In an SVM most have none: α is 0 for all "
            "rows beyond their kerb.",
            lambda alpha, y, b, K: y @ K + b,
        ),
        Pitfall(
            "offset forgotten",
            "The kernel says nothing about b: without it the boundary sits where the votes "
            "balance, and not midway between the kerbs.",
            lambda alpha, y, b, K: (alpha * y) @ K,
        ),
        Pitfall(
            "offset with the wrong sign",
            "f(z) = Σ αᵢyᵢK(xᵢ, z) + b here; libsvm's own files store ρ = −b. Know which of the "
            "two you were handed.",
            lambda alpha, y, b, K: (alpha * y) @ K - b,
        ),
        Pitfall(
            "offset added once for each row",
            "b stands outside the sum. Inside it is added as often as there are training rows.",
            lambda alpha, y, b, K: (alpha * y) @ K + len(y) * b,
        ),
        Pitfall(
            "sums over the wrong axis",
            "K has one row for each training row and one column for each new one; the sum runs "
            "over the training rows. With as many new rows as old ones the mistake raises no "
            "error at all.",
            lambda alpha, y, b, K: K @ (alpha * y) + b,
        ),
        Pitfall(
            "averages the votes",
            "The votes are added up: the alphas already have the right size, and they would be n "
            "times too small for an average.",
            lambda alpha, y, b, K: (alpha * y) @ K / len(y) + b,
        ),
        Pitfall(
            "hands over classes",
            "The sign is the last step. Wanted is the value before it: how far on its side a row "
            "lies, which is also what a ranking or a calibration needs.",
            lambda alpha, y, b, K: np.sign((alpha * y) @ K + b),
        ),
    ),
    hints=(
        "Each training row votes for its own class. What decides how loud it votes at z?",
        "The vote of row i at new row j is α_i · y_i · K[i, j]. Add over i, then add b once.",
        "The products α·y make a vector of n entries, and K has n rows: one `@` does the sum for "
        "every column.",
    ),
)


# --- kernel_trick_features -------------------------------------------------------------------


def _map_cases(rng: np.random.Generator) -> list[Case]:
    return [Case(_entries(rng, 5, 2), label="5 rows, 2 columns")]


def _wide_cases(rng: np.random.Generator) -> list[Case]:
    return [Case(_entries(rng, 6, 4), label="6 rows, 4 columns")]


def _entries(rng: np.random.Generator, n: int, p: int) -> Array:
    signs = rng.choice([-1, 1], size=(n, p))
    entries: Array = rng.uniform(0.4, 2, size=(n, p)).round(2) * signs
    return entries


def _judge_products(case: Case, outcome: Outcome) -> Mismatch | None:
    """Whatever the features are: their inner products must be the kernel's values."""
    X = case.args[0]
    phi = numeric_array(outcome.value)
    if phi.ndim != 2 or len(phi) != len(X):
        says = f"The shape is {phi.shape}; wanted one row of features for each of {len(X)} rows."
        return Mismatch("shape", says, show(phi), f"shape ({len(X)}, number of features)")
    wanted = polynomial_kernel(X, degree=2, gamma=1, coef0=1)
    got = phi @ phi.T
    if np.allclose(got, wanted, rtol=1e-8):
        return _too_few(phi.shape[1], X.shape[1])
    bad = int(np.sum(~np.isclose(got, wanted, rtol=1e-8)))
    says = f"{bad} of {wanted.size} inner products of your features differ from (x·z + 1)²."
    return Mismatch("value", says, f"phi @ phi.T = {show(got)}", show(wanted))


def _too_few(features: int, p: int) -> Mismatch | None:
    """So many different monomials stand in (x·z + 1)²: no map with fewer features fits all rows."""
    least = math.comb(p + 2, 2)
    if features >= least:
        return None
    says = f"{features} features fit these rows, and cannot fit others: the square has more terms."
    return Mismatch("value", says, f"{features} features", f"at least {least} for {p} columns")


def _from_the_kernel(X: Array) -> Array:
    values, vectors = np.linalg.eigh(polynomial_kernel(X, degree=2, gamma=1, coef0=1))
    roots: Array = vectors * np.sqrt(np.maximum(values, 0))
    return roots


def _is_from_the_kernel(case: Case, value: Any) -> bool:
    phi, K = numeric_array(value), polynomial_kernel(case.args[0], degree=2, gamma=1, coef0=1)
    return phi.shape == K.shape and bool(np.allclose(phi @ phi.T, K, rtol=1e-8))


def _monomials(X: Array, one: float, line: float, square: float, cross: float) -> Array:
    """Constant, entries, squares and products, each kind with its factor."""
    p = X.shape[1]
    kinds = np.array(
        [one, *[line] * p] + [square if i == j else cross for i in range(p) for j in range(i, p)]
    )
    features: Array = PolynomialFeatures(2).fit_transform(X) * kinds
    return features[:, kinds != 0]


def _by_products(name: str, message: str, answer: Callable[[Array], Array]) -> Pitfall:
    """A wrong map, known by its inner products: the order of the features is free."""

    def recognise(case: Case, value: Any) -> bool:
        phi, wrong = numeric_array(value), answer(case.args[0])
        return bool(np.allclose(phi @ phi.T, wrong @ wrong.T, rtol=1e-8))

    return Pitfall(name, message, answer, recognise)


_ROOT = float(np.sqrt(2))

KERNEL_TRICK_FEATURES = Exercise(
    "kernel_trick_features",
    "(X)",
    "The features behind (x·z + 1)²",
    difficulty=3,
    minutes=10,
    parts=(
        Part("two columns", 1, _map_cases, judge=_judge_products),
        Part("any number of columns", 1, _wide_cases, judge=_judge_products),
    ),
    pitfalls=(
        _by_products(
            "no root of 2 anywhere",
            "These are the right monomials, as PolynomialFeatures makes them, but expand "
            "(x·z + 1)²: the linear and the mixed terms come twice. Each of the two factors must "
            "carry its share of that 2.",
            lambda X: _monomials(X, 1, 1, 1, 1),
        ),
        _by_products(
            "mixed terms lack their root of 2",
            "x₁x₂z₁z₂ appears twice in the square: once as (1, 2), once as (2, 1). One feature "
            "has to stand for both, or keep both orders as two features.",
            lambda X: _monomials(X, 1, _ROOT, 1, 1),
        ),
        _by_products(
            "linear terms lack their root of 2",
            "The cross term of (a + 1)² is 2a, and a is x·z: each entry of x comes in twice.",
            lambda X: _monomials(X, 1, 1, 1, _ROOT),
        ),
        _by_products(
            "constant feature missing",
            "Expand (a + 1)² = a² + 2a + 1. The last 1 is an inner product as well: of which "
            "feature with itself?",
            lambda X: _monomials(X, 0, _ROOT, 1, _ROOT),
        ),
        _by_products(
            "features of (x·z)², without the 1",
            "You mapped the homogeneous kernel: squares and products only. The + 1 inside brings "
            "in the linear terms and the constant.",
            lambda X: _monomials(X, 0, 0, 1, _ROOT),
        ),
        _by_products(
            "squares without products",
            "Squares of single columns bend the boundary along the axes only. The products x₁x₂ "
            "are what lets it tilt, and they come out of the expansion.",
            lambda X: _monomials(X, 1, _ROOT, 1, 0),
        ),
        _by_products(
            "factor 2 in place of its root",
            "Each feature enters an inner product twice, once from x and once from z. Two times "
            "two is four: what must each side hold so that together they make 2?",
            lambda X: _monomials(X, 1, 2, 1, 2),
        ),
        _by_products(
            "the kernel itself",
            "That is the matrix (x·z + 1)² of all pairs. Wanted is a list of features for each "
            "row, computed from that row alone, whose inner products give this matrix.",
            lambda X: polynomial_kernel(X, degree=2, gamma=1, coef0=1),
        ),
        Pitfall(
            "a root of the kernel matrix",
            "You took the kernel matrix of these rows apart (by eigenvectors or Cholesky). Its "
            "entries come out right for them, but a row's features now depend on the other rows, "
            "and a new row has none. Which features has one row by itself?",
            _from_the_kernel,
            recognise=_is_from_the_kernel,
        ),
    ),
    hints=(
        "Write out (x₁z₁ + x₂z₂ + 1)² and collect the terms. How many are there?",
        "Six: x₁²z₁², x₂²z₂², 2x₁x₂z₁z₂, 2x₁z₁, 2x₂z₂ and 1. Split each into a part from x times "
        "the same part from z.",
        "Columns: a constant 1; √2 times each column; each column squared; √2 times each product "
        "of two different columns. `np.column_stack` puts them side by side.",
    ),
)


# --- rbf_kernel ------------------------------------------------------------------------------

_WIDE = (300, 300, 50)  # rows, rows, columns: all differences at once would take 36 MB
_MOST_BYTES = 15_000_000
_LONG = (500, 500, 30)  # 7.5 million entries: a second and more in a loop, 0.05 s in arrays
_MOST_SECONDS = 0.3  # of processor time, so a busy machine fails nobody


def _value_cases(rng: np.random.Generator) -> list[Case]:
    return [
        _pairs(rng, (3, 2, 2), 0.7, "3 rows against 2"),
        _pairs(rng, (5, 5, 3), float(rng.uniform(0.15, 0.4)), "5 rows against 5 others"),
    ]


def _pairs(rng: np.random.Generator, size: tuple[int, int, int], gamma: float, label: str) -> Case:
    n, m, p = size
    X, Z = rng.normal(size=(n, p)), rng.normal(size=(m, p))
    most = _MOST_SECONDS if "time" in label else None
    return Case(X, Z, gamma, label=label, memory="memory" in label, most_seconds=most)


def _lean_cases(rng: np.random.Generator) -> list[Case]:
    return [_pairs(rng, _WIDE, 0.02, "300 rows against 300, 50 columns: memory is measured")]


def _quick_cases(rng: np.random.Generator) -> list[Case]:
    return [_pairs(rng, _LONG, 0.1, "500 rows against 500, 30 columns: time is measured")]


def _rbf(X: Array, Z: Array, gamma: float) -> Array:
    kernel: Array = np.exp(-gamma * cdist(X, Z, "sqeuclidean"))
    return kernel


def _judge_lean(case: Case, outcome: Outcome) -> Mismatch | None:
    found = close()(outcome.value, _rbf(*case.args))
    if found is not None or (outcome.peak_bytes or 0) <= _MOST_BYTES:
        return found
    says = "The values are right, but the call needed far more memory than K itself."
    got = f"{(outcome.peak_bytes or 0) / 1e6:.0f} MB"
    return Mismatch("value", says, got, f"at most {_MOST_BYTES / 1e6:.0f} MB")


def _judge_quick(case: Case, outcome: Outcome) -> Mismatch | None:
    found = close()(outcome.value, _rbf(*case.args))
    if found is not None or outcome.seconds <= _MOST_SECONDS:
        return found
    says = "The values are right, but the call took far longer than array arithmetic does."
    return Mismatch("value", says, f"{outcome.seconds:.2f} s", f"at most {_MOST_SECONDS:g} s")


def _is_right(case: Case, value: Any) -> bool:
    return close()(value, _rbf(*case.args)) is None


def _pair_by_pair(X: Array, Z: Array, gamma: float) -> Array:
    return np.array([[np.exp(-gamma * np.sum((x - z) ** 2)) for z in Z] for x in X])


def _all_differences(X: Array, Z: Array, gamma: float) -> Array:
    kernel: Array = np.exp(-gamma * np.square(X[:, None] - Z[None]).sum(axis=-1))
    return kernel


RBF_KERNEL = Exercise(
    "rbf_kernel",
    "(X, Z, gamma)",
    "The RBF kernel, all pairs at once",
    difficulty=3,
    minutes=12,
    parts=(
        Part("values", 1, _value_cases, _rbf),
        Part("no array of all differences", 1, _lean_cases, judge=_judge_lean, redraw=False),
        Part("no Python loop over pairs", 1, _quick_cases, judge=_judge_quick, redraw=False),
    ),
    pitfalls=(
        Pitfall(
            "distance not squared",
            "exp(−γ‖x − z‖) has a sharp tip at distance 0: it is the exponential kernel, and its "
            "boundaries are ragged. The Gaussian bell needs the squared distance.",
            lambda X, Z, gamma: np.exp(-gamma * cdist(X, Z)),
        ),
        Pitfall(
            "reads gamma as a width",
            "exp(−‖x − z‖²/(2γ²)) takes γ for the σ of a bell. In this lesson, as in "
            "scikit-learn, γ stands in the numerator and equals 1/(2σ²): a large γ is a *narrow* "
            "bell. Swap the two and every tuning step goes the wrong way.",
            lambda X, Z, gamma: np.exp(-cdist(X, Z, "sqeuclidean") / (2 * gamma**2)),
        ),
        Pitfall(
            "gamma under the square",
            "The γ was squared together with the distance. It multiplies the squared distance.",
            lambda X, Z, gamma: np.exp(-((gamma * cdist(X, Z)) ** 2)),
        ),
        Pitfall(
            "a stray half",
            "The ½ belongs to the formula with σ. Where γ is written it already contains it: "
            "γ = 1/(2σ²).",
            lambda X, Z, gamma: np.exp(-gamma * cdist(X, Z, "sqeuclidean") / 2),
        ),
        Pitfall(
            "minus sign forgotten",
            "A kernel measures likeness: 1 for a row with itself and less for everything else. "
            "This one grows with the distance, without bound.",
            lambda X, Z, gamma: np.exp(gamma * cdist(X, Z, "sqeuclidean")),
        ),
        Pitfall(
            "distance in city blocks",
            "Adding up |x − z| gives the Laplacian kernel. The bell uses the straight-line "
            "distance, squared.",
            lambda X, Z, gamma: np.exp(-gamma * cdist(X, Z, "cityblock")),
        ),
        Pitfall(
            "cross term halved",
            "‖x − z‖² = x·x − 2 x·z + z·z. Without the 2 the distance of a row to itself is not "
            "zero: test that.",
            lambda X, Z, gamma: np.exp(
                -gamma * (np.square(X).sum(1)[:, None] - X @ Z.T + np.square(Z).sum(1))
            ),
        ),
        Pitfall(
            "the wrong way round",
            "Wanted is one row for each row of X and one column for each row of Z. A square "
            "kernel matrix hides the mistake: test with different numbers of rows.",
            lambda X, Z, gamma: _rbf(Z, X, gamma),
        ),
        Pitfall(
            "Z ignored",
            "You compared X with itself. At prediction time the new rows come in as Z.",
            lambda X, Z, gamma: _rbf(X, X, gamma),
        ),
        Pitfall(
            "builds all differences at once",
            "`X[:, None] - Z[None]` holds n × m × p numbers: 300 rows by 300 by 50 columns are "
            "36 MB, 10,000 by 10,000 would be 40 GB. Expand ‖x − z‖², so that a single matrix "
            "product does the work.",
            _all_differences,
            recognise=lambda case, value: case.memory and _is_right(case, value),
        ),
        Pitfall(
            "loops over pairs in Python",
            "A quarter of a million passes through the interpreter take seconds where one matrix "
            "product takes milliseconds. Expand ‖x − z‖² = x·x − 2 x·z + z·z and write each term "
            "for all pairs at once.",
            _pair_by_pair,
            recognise=lambda case, value: "time" in case.label and _is_right(case, value),
        ),
    ),
    hints=(
        "Expand ‖x − z‖² with inner products. Which of its three terms needs pairs?",
        "‖x − z‖² = x·x − 2 x·z + z·z: a column of n numbers, an n × m matrix product, a row of "
        "m numbers. Broadcasting adds them up.",
        "`(X**2).sum(axis=1)[:, None]` is the column, `(Z**2).sum(axis=1)[None, :]` the row, and "
        "`X @ Z.T` holds all x·z. Then exp of −gamma times the whole.",
    ),
)
