"""Derive it: loss, gradient, normal equations, a stable solver, the likelihood view."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import linalg, stats

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

from ._draw import Array, apart, near, ones_first, regression, size

__all__ = ["GAUSSIAN_LOG_LIKELIHOOD", "OLS_NORMAL", "OLS_QR", "RSS", "RSS_GRADIENT"]


# --- rss -------------------------------------------------------------------------------------


def _rss_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(apart(rng, p), apart(rng, n, p), apart(rng, n), label=size(n, p))
        for n, p in ((3, 2), (5, 1), (8, 3))
    ]


def _rss_by_rows(beta: Array, X: Array, y: Array) -> float:
    return math.fsum(
        (float(target) - math.fsum(map(float, row * beta))) ** 2
        for row, target in zip(X, y, strict=True)
    )


RSS = Exercise(
    name="rss",
    signature="(beta, X, y)",
    title="Residual sum of squares",
    difficulty=1,
    minutes=5,
    parts=(Part("value", 1, _rss_cases, _rss_by_rows),),
    pitfalls=(
        Pitfall(
            "averages instead of summing",
            "That is the mean squared error. The S in RSS is a sum: it grows with every row, and "
            "the variance estimate later divides it by n − p, not by n. Which reduction did you "
            "use?",
            lambda beta, X, y: np.mean((y - X @ beta) ** 2),
        ),
        Pitfall(
            "absolute errors instead of squares",
            "That is the sum of absolute residuals: it is minimised by a median, has a kink at "
            "zero, and none of the algebra below holds for it. What must happen to each residual "
            "before the sum?",
            lambda beta, X, y: np.sum(np.abs(y - X @ beta)),
        ),
        Pitfall(
            "sums first, squares after",
            "Positive and negative residuals cancel before you square, so a terrible fit can "
            "score zero. Swap the two operations.",
            lambda beta, X, y: np.sum(y - X @ beta) ** 2,
        ),
        Pitfall(
            "residuals not squared",
            "The plain sum of the residuals can be made zero by any fit through the mean, and "
            "minus infinity by a bad one. The loss has to punish misses in both directions.",
            lambda beta, X, y: np.sum(y - X @ beta),
        ),
        Pitfall(
            "halved",
            "Half of the RSS has the same minimum and a tidier gradient, which is why textbooks "
            "use it; but it is another loss. Say which one you mean, and here leave the half out.",
            lambda beta, X, y: np.sum((y - X @ beta) ** 2) / 2,
        ),
        Pitfall(
            "the norm, not its square",
            "That is the length of the residual vector, so the square root has slipped in "
            "(`np.linalg.norm` takes it). The RSS is the squared length.",
            lambda beta, X, y: np.linalg.norm(y - X @ beta),
        ),
        Pitfall(
            "broadcast to an n × n table",
            "A column of shape (n, 1) minus a vector of shape (n,) is an (n, n) table: NumPy pairs "
            "every row with every other one and does not complain. Print the shape of your "
            "residual; it should be (n,).",
            lambda beta, X, y: np.sum((y[:, None] - X @ beta) ** 2),
        ),
        Pitfall(
            "explained instead of residual",
            "You summed squared distances between the fitted values and the mean of y: that is the "
            "explained sum of squares. A residual is what is left between y and its fitted value.",
            lambda beta, X, y: np.sum((X @ beta - y.mean()) ** 2),
        ),
        Pitfall(
            "squares not summed",
            "You have one squared residual a row, a vector of shape (n,). The loss is one number, "
            "or there is nothing to compare two fits by. Which reduction is still missing?",
            lambda beta, X, y: (y - X @ beta) ** 2,
        ),
    ),
    hints=(
        "Which shape has X @ beta, and what do you compare it with?",
        "Make the residual vector first, of shape (n,). Then ask what turns it into one number.",
        "Subtract the fitted values from y, square entry by entry, then add everything up.",
    ),
)


# --- rss_gradient ----------------------------------------------------------------------------


def _gradient_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(apart(rng, p), apart(rng, n, p), apart(rng, n), label=size(n, p))
        for n, p in ((2, 2), (6, 3), (9, 2))
    ]


def _by_complex_step(beta: Array, X: Array, y: Array) -> Array:
    """Differentiate the loss along each axis: Im f(b + ih) / h has no cancellation."""
    h = 1e-30
    slopes = []
    for axis in np.eye(len(beta)):
        missed = y - X @ (beta + 1j * h * axis)
        slopes.append(np.sum(missed * missed).imag / h)
    return np.array(slopes)


def _points_uphill(case: Case, outcome: Outcome) -> Mismatch | None:
    wanted = _by_complex_step(*case.args)
    got = numeric_array(outcome.value, wanted.shape)
    if not np.isfinite(got).all() or not got.any():
        return Mismatch("value", "The vector has no direction.", show(got), show(wanted))
    unit = got / np.abs(got).max()  # so that squares of huge entries do not overflow
    if unit @ wanted > (1 - 1e-9) * np.linalg.norm(unit) * np.linalg.norm(wanted):
        return None
    says = "The vector does not point in the direction in which finite differences see RSS rise."
    return Mismatch("value", says, show(got), show(wanted))


def _residual_along_columns(beta: Array, X: Array, y: Array) -> Any:
    return -2 * (X * (y - X @ beta)).sum(axis=0)


def _met_the_columns(case: Case, value: Any) -> bool:
    """Possible for square X alone: entry j of the residual has met column j."""
    beta, X, y = case.args
    mixed = X * (y - X @ beta)  # (n, n)
    return any(
        near(value, factor * wrong)
        for factor in (-2, -1, 1, 2)
        for wrong in (mixed, mixed.sum(axis=0))
    )


def _points_downhill(case: Case, value: Any) -> bool:
    """Against the gradient, as it is or with a factor lost: the 2, the 1/n, or both."""
    beta, X, y = case.args
    downhill, got = 2 * X.T @ (y - X @ beta), numeric_array(value, beta.shape)
    return any(near(got, downhill * factor) for factor in (1, 1 / 2, 1 / len(y), 1 / 2 / len(y)))


RSS_GRADIENT = Exercise(
    name="rss_gradient",
    signature="(beta, X, y)",
    title="The gradient of the RSS",
    difficulty=2,
    minutes=10,
    parts=(
        Part("direction", 1, _gradient_cases, judge=_points_uphill),
        Part("length", 1, _gradient_cases, _by_complex_step),
    ),
    pitfalls=(
        Pitfall(
            "sign flipped",
            "Your vector points downhill. The minus from the inner derivative of y − Xβ is lost "
            "(or counted twice), and a descent that subtracts this gradient would climb. Nudge "
            "beta along your vector and watch whether RSS rises.",
            lambda beta, X, y: 2 * X.T @ (y - X @ beta),
            recognise=_points_downhill,
        ),
        Pitfall(
            "factor 2 lost",
            "Every entry is half of what it should be: the square left a factor behind. Harmless "
            "inside a learning rate, wrong in a derivation at the whiteboard.",
            lambda beta, X, y: X.T @ (X @ beta - y),
        ),
        Pitfall(
            "averaged over n",
            "That is the gradient of the mean squared error. The RSS is a sum, so nothing is "
            "divided by n; otherwise finite differences of your own `rss` disagree with it.",
            lambda beta, X, y: 2 / len(y) * X.T @ (X @ beta - y),
        ),
        Pitfall(
            "gradient of RSS/(2n)",
            "Both the factor 2 and the sum over rows are gone: that is the gradient of RSS/(2n), "
            "the loss that gradient descent uses further down. Here the loss is the RSS itself.",
            lambda beta, X, y: np.mean(X * (X @ beta - y)[:, None], axis=0),
        ),
        Pitfall(
            "X not transposed",
            "X has shape (n, p) and the residual (n,): with n = p the product X @ residual runs "
            "and is wrong, with n ≠ p it fails. Entry j of the gradient collects column j of X; "
            "let the shapes lead you.",
            lambda beta, X, y: 2 * X @ (X @ beta - y),
        ),
        Pitfall(
            "chain rule stops at the residual",
            "You differentiated the square but not what stands inside it, so you have one number "
            "a row instead of one a coefficient. How does the residual of row i change when "
            "beta_j does?",
            lambda beta, X, y: 2 * (X @ beta - y),
        ),
        Pitfall(
            "rows not summed",
            "You have the gradient of each row's squared residual, a table of shape (n, p). The "
            "loss sums over rows, and so does its gradient.",
            lambda beta, X, y: 2 * X * (X @ beta - y)[:, None],
        ),
        Pitfall(
            "summed over everything",
            "A sum without an axis adds up the columns too, so one number is left. The gradient "
            "has an entry for each coefficient: which axis of the (n, p) table runs over the rows?",
            lambda beta, X, y: 2 * (X * (X @ beta - y)[:, None]).sum(),
        ),
        Pitfall(
            "residual multiplied along the columns",
            "`X * residual` pairs entry j of the residual with *column* j, if it runs at all: with "
            "n ≠ p it fails. Residual i belongs to row i, so it has to stand as a column of shape "
            "(n, 1), or a matrix product has to do the pairing.",
            _residual_along_columns,
            recognise=_met_the_columns,
        ),
    ),
    hints=(
        "Write RSS as a sum over rows. What is the derivative of one squared residual by beta_j?",
        "Each row gives 2 · residual · (inner derivative). Summing over rows is a product with a "
        "matrix of shape (p, n).",
        "Two factors: the transposed X, and the vector of (fitted − y); then the 2 from the "
        "square. Compare with central differences of your rss.",
    ),
)


# --- ols_normal ------------------------------------------------------------------------------

_SOLVED = 4e-12
"""Largest relative residual of the normal equations that counts as solved.

Worst of the three cases of `_near_copies`, over 700 draws: solve, Cholesky, QR and lstsq stay
below 6e-15, the pseudo-inverse of X below 7e-13; every inverse of X'X is above 2e-11.
"""


_COPIES = "one feature almost the sum of two others"


def _ols_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(*regression(rng, n, p), label=f"{n} rows, {p} feature{'s' * (p > 1)}")
        for n, p in ((8, 1), (12, 2), (30, 4))
    ]


def _near_copies(rng: np.random.Generator) -> list[Case]:
    """One feature is almost the sum of two others: cond(X) is about 2e5, cond(X'X) 5e10."""
    cases = []
    for _ in range(3):
        X = rng.normal(size=(60, 4))
        X[:, 3] = X[:, 0] + X[:, 1] + 1.5e-5 * rng.normal(size=60)
        beta = rng.uniform(1, 3, size=5) * rng.choice([-1, 1], size=5)
        y = ones_first(X) @ beta + 0.5 * rng.normal(size=60)
        cases.append(Case(X, y, label=_COPIES))
    return cases


def _least_squares(X: Array, y: Array) -> Array:
    solution: Array = linalg.lstsq(ones_first(X), y)[0]
    return solution


def _left_over(X: Array, y: Array, value: Any) -> float:
    """The relative residual of the normal equations."""
    design = ones_first(X)
    A, c = design.T @ design, design.T @ y
    b = numeric_array(value, c.shape)
    with np.errstate(all="ignore"):  # the value came from an answer and may be anything
        scale = np.linalg.norm(A, 2) * np.linalg.norm(b) + np.linalg.norm(c)
        return float(np.linalg.norm(A @ b - c) / scale)


def _solved(case: Case, outcome: Outcome) -> Mismatch | None:
    X, y = case.args
    left = _left_over(X, y, outcome.value)
    if left <= _SOLVED:
        return None
    return Mismatch(
        "value",
        "Put back into the normal equations, the coefficients do not solve them as well as double "
        "precision allows.",
        f"relative residual {left:.1e}",
        f"at most {_SOLVED:.0e}",
    )


def _reversed_roles(X: Array, y: Array) -> Array:
    """Features explained by the response: (2,) for one feature, (2, p) for several."""
    slopes: Array = linalg.lstsq(ones_first(y[:, None]), X)[0]
    return slopes[:, 0] if X.shape[1] == 1 else slopes


def _roles_are_reversed(case: Case, value: Any) -> bool:
    wanted = _reversed_roles(*case.args)
    return near(value, wanted) or near(value, wanted.T) or near(value, wanted.T[..., 1])


def _one_at_a_time(X: Array, y: Array) -> Array:
    slopes = np.array([np.cov(x, y)[0, 1] / np.var(x, ddof=1) for x in X.T])
    return np.concatenate([[y.mean() - X.mean(axis=0) @ slopes], slopes])


def _mean_for_intercept(X: Array, y: Array) -> Array:
    slopes = _least_squares(X, y)[1:]
    return np.concatenate([[y.mean()], slopes])


def _by_inverse(X: Array, y: Array) -> Any:
    design = ones_first(X)
    return np.linalg.inv(design.T @ design) @ design.T @ y


def _with_jitter(X: Array, y: Array) -> Any:
    design = ones_first(X)
    return np.linalg.solve(design.T @ design + 1e-7 * np.eye(design.shape[1]), design.T @ y)


def _is_jittered(case: Case, value: Any) -> bool:
    """What is left over is a multiple of the coefficients themselves: (A + d·I) b = c."""
    X, y = case.args
    design = ones_first(X)
    b = numeric_array(value, (design.shape[1],))
    left = design.T @ (y - design @ b)
    return bool(left @ b > 0.999 * np.linalg.norm(left) * np.linalg.norm(b) > 0)


def _is_rounded(case: Case, value: Any) -> bool:
    """The right coefficients with at most six digits after the point."""
    b, wanted = np.asarray(value, dtype=float), _least_squares(*case.args)
    cut = any(np.array_equal(b, np.round(b, digits)) for digits in range(7))
    return cut and b.shape == wanted.shape and bool(np.allclose(b, wanted, rtol=1e-3, atol=0.5))


def _is_inverse(case: Case, value: Any) -> bool:
    """Elsewhere an inverse does no harm, and what is left over has another cause."""
    X, y = case.args
    return case.label == _COPIES and _SOLVED < _left_over(X, y, value) < 1e-5


OLS_NORMAL = Exercise(
    name="ols_normal",
    signature="(X, y)",
    title="The normal equations",
    difficulty=2,
    minutes=10,
    parts=(
        Part("coefficients", 1, _ols_cases, _least_squares),
        Part("solved, not inverted", 1, _near_copies, judge=_solved),
    ),
    pitfalls=(
        Pitfall(
            "no intercept",
            "There is no coefficient for the constant: your line is forced through the origin, "
            "and every slope bends to make up for it. X holds the features alone here; what "
            "column is missing?",
            lambda X, y: linalg.lstsq(X, y)[0],
        ),
        Pitfall(
            "regresses X on y",
            "The roles are swapped: you explain the feature by the response. That line minimises "
            "horizontal misses and has another slope (the two multiply to R², not to 1). Which "
            "side carries the noise?",
            _reversed_roles,
            recognise=_roles_are_reversed,
        ),
        Pitfall(
            "a little added to the diagonal",
            "Put back into the normal equations, your coefficients leave a multiple of themselves "
            "over: a small number stands on the diagonal of X'X that does not belong there. It "
            "silences the complaint about a singular matrix and answers another question, that "
            "of ridge. X'X can be solved as it is.",
            _with_jitter,
            recognise=_is_jittered,
        ),
        Pitfall(
            "rounded on the way out",
            "The coefficients are right as far as they go, and then the digits end. Round what "
            "you print, never what you return: the next step computes with it.",
            lambda X, y: np.round(_least_squares(X, y), 3),
            recognise=_is_rounded,
        ),
        Pitfall(
            "explicit inverse",
            "The coefficients look fine, but put back into the normal equations they miss by far "
            "more than rounding: the fingerprint of an inverse (or pseudo-inverse) of X'X. It "
            "costs more and loses digits as soon as columns are nearly dependent. Ask for the "
            "solution of the system, not for the inverse.",
            _by_inverse,
            recognise=_is_inverse,
        ),
        Pitfall(
            "intercept at the end",
            "The numbers are right and the order is not: the intercept comes first, then the "
            "slopes in the order of the columns. Code that reads your vector by position would "
            "take the last slope for a constant.",
            lambda X, y: np.roll(_least_squares(X, y), -1),
        ),
        Pitfall(
            "each slope fitted alone",
            "You fitted one feature at a time. With correlated features each lone slope also "
            "collects what its neighbours do (omitted-variable bias); the normal equations fit "
            "them together.",
            _one_at_a_time,
        ),
        Pitfall(
            "mean of y taken for the intercept",
            "The slopes are right, but the mean of y is the intercept only when every feature has "
            "mean zero. Where does the fitted plane cross the point at which all features are 0?",
            _mean_for_intercept,
        ),
        Pitfall(
            "a column instead of a vector",
            "The coefficients are right, in the shape (p + 1, 1). A column minus a vector becomes "
            "an n × n table without a word of warning, so settle on the flat shape (p + 1,).",
            lambda X, y: _least_squares(X, y)[:, None],
        ),
        Pitfall(
            "solves the design instead of X'X",
            "A linear solver or an inverse wants a square matrix, and the design is (n, p + 1): "
            "more equations than unknowns, so nothing solves them all. The normal equations turn "
            "them into p + 1 equations for p + 1 unknowns: with which matrix on the left?",
            lambda X, y: np.linalg.solve(ones_first(X), y),
        ),
        Pitfall(
            "shapes that do not fit together",
            "NumPy refused the shapes in every case. Two places where that happens here: a flat "
            "vector of ones, (n,), cannot stand beside an (n, p) table in `np.hstack` (make it "
            "(n, 1), or see `np.column_stack`); and X' is needed in front of y, not X. Print the "
            "shapes, line by line.",
            lambda X, y: np.linalg.solve(np.hstack([np.ones(len(y)), X]), y),
        ),
    ),
    hints=(
        "Set the gradient to zero. Which system of linear equations is left, and how many "
        "unknowns has it once there is an intercept?",
        "Put a column of ones in front of X. The system has the matrix X'X and the right-hand "
        "side X'y.",
        "np.linalg has one function that solves A b = c without ever making the inverse of A.",
    ),
)


# --- ols_qr ----------------------------------------------------------------------------------


def _tame_designs(rng: np.random.Generator) -> list[Case]:
    return [
        Case(*regression(rng, n, p), label=f"well conditioned, {n} rows, {p} columns")
        for n, p in ((10, 2), (25, 3), (40, 4))
    ]


def _lost_in_the_product(rng: np.random.Generator) -> list[Case]:
    """Two columns that agree to eight digits: in double precision X'X is exactly singular.

    Entries are ±1, 0 and a small e with 4 + e² == 4, so every way of forming X'X rounds alike.
    """
    cases = []
    for _ in range(3):
        e = rng.uniform(1.0e-8, 1.6e-8)
        X = np.ones((6, 2)) * rng.choice([-1.0, 1.0], size=(6, 1))
        X[rng.permutation(6)[:2]] = np.diag([e, e])
        beta = rng.uniform(1, 3, size=2) * [1, -1]
        cases.append(Case(X, X @ beta, label="two columns agree to eight digits, cond(X) 2e8"))
    return cases


def _weak_directions(rng: np.random.Generator) -> list[Case]:
    """Singular values from 1 to 1e-8 along random directions; y has no noise."""
    cases = []
    for n, p in ((40, 3), (50, 4), (60, 5)):
        U = linalg.orth(rng.normal(size=(n, p)))
        V = linalg.orth(rng.normal(size=(p, p)))
        X = np.sqrt(n) * (U * np.geomspace(1, 1e-8, p)) @ V.T
        beta = rng.uniform(1, 3, size=p) * rng.choice([-1, 1], size=p)
        cases.append(Case(X, X @ beta, label=f"{p} columns, cond(X) 1e8"))
    return cases


def _with_pivots(X: Array, y: Array) -> Array:
    """Householder QR with column pivoting, through LAPACK's gelsy."""
    solution: Array = linalg.lstsq(X, y, cond=1e-15, lapack_driver="gelsy")[0]
    return solution


def _qr(X: Array) -> Any:
    return linalg.qr(X, mode="economic")


def _triangle(X: Array, y: Array, **options: Any) -> Any:
    Q, R = _qr(X)
    return linalg.solve_triangular(R, Q.T @ y, **options)


def _gram_schmidt(X: Array, y: Array) -> Any:
    Q, R = X.copy(), np.eye(X.shape[1])
    for j in range(len(R)):
        for i in range(j):
            R[i, j] = Q[:, i] @ Q[:, j]
            Q[:, j] = Q[:, j] - R[i, j] * Q[:, i]
        R[j, j] = np.linalg.norm(Q[:, j])
        Q[:, j] = Q[:, j] / R[j, j]
    return linalg.solve_triangular(R, Q.T @ y)


def _shortest(X: Array, y: Array) -> Any:
    """Least squares without the weakest direction of X, by way of X'X."""
    return linalg.pinvh(X.T @ X) @ (X.T @ y)


def _dropped_a_direction(case: Case, value: Any) -> bool:
    X, y = case.args
    off = np.asarray(value, dtype=float) - _shortest(X, y)
    return case.label.startswith("two columns") and bool(np.abs(off).max() < 0.01)


def _fits_with_wrong_coefficients(case: Case, value: Any) -> bool:
    X, y = case.args
    beta = numeric_array(value, (X.shape[1],))
    missed = np.linalg.norm(y - X @ beta) / np.linalg.norm(y)
    return case.label.endswith("1e8") and bool(missed < 1e-4)


_PRECISE = close(rtol=1e-6)

OLS_QR = Exercise(
    name="ols_qr",
    signature="(X, y)",
    title="A stable solver",
    difficulty=3,
    minutes=12,
    parts=(
        Part("well-conditioned X", 1, _tame_designs, _with_pivots),
        Part("nearly equal columns", 1, _lost_in_the_product, _with_pivots, compare=_PRECISE),
        Part("cond(X) = 1e8", 1, _weak_directions, _with_pivots, compare=_PRECISE),
    ),
    pitfalls=(
        Pitfall(
            "solves X'X anyway",
            "Forming X'X squares the condition number: at cond(X) = 1e8 the product is singular "
            "in double precision, whatever solver comes after it. With X = QR the normal "
            "equations become triangular before anything is squared.",
            lambda X, y: np.linalg.solve(X.T @ X, X.T @ y),
        ),
        Pitfall(
            "weak direction thrown away",
            "Your coefficients are the shortest ones that predict alike: a pseudo-inverse of X'X, "
            "a jitter on its diagonal or a coarse cut-off has dropped the direction in which the "
            "columns differ. At cond(X) = 1e8 that direction can still be resolved; nothing has "
            "to be dropped.",
            _shortest,
            recognise=_dropped_a_direction,
        ),
        Pitfall(
            "cond(X) squared on the way",
            "Nearly dependent columns give wrong coefficients that still fit, or a singular "
            "matrix: twice as many digits were lost as need be. X'X does that, and R'R is the same "
            "matrix. A Gram-Schmidt written by hand does it too: its Q is no longer orthogonal "
            "(compare Q'Q with the identity), which is why libraries use Householder reflections.",
            _gram_schmidt,
            recognise=_fits_with_wrong_coefficients,
        ),
        Pitfall(
            "R solved as if it were lower triangular",
            "R is upper triangular: the last coefficient comes first, then backwards. Told to "
            "read the lower triangle, the solver sees nothing but the diagonal. Check the flag.",
            lambda X, y: _triangle(X, y, lower=True),
        ),
        Pitfall(
            "R transposed",
            "You solved with the transpose of R. That system belongs to the other half of the "
            "factorisation of X'X = R'R; after multiplying by Q' only one triangle is left.",
            lambda X, y: _triangle(X, y, trans="T"),
        ),
        Pitfall(
            "stops at Q'y",
            "Q'y are the coordinates of the fit in Q's own columns. One triangular system "
            "separates them from coefficients of the columns of X.",
            lambda X, y: _qr(X)[0].T @ y,
        ),
        Pitfall(
            "adds a second intercept",
            "There is one coefficient too many. Here X is the whole design matrix, used as it is: "
            "a column of ones, if the model has one, is already in it.",
            lambda X, y: linalg.lstsq(ones_first(X), y)[0],
        ),
        Pitfall(
            "shapes clash: Q not transposed?",
            "NumPy refused the shapes in every case. Q is (n, p) and y is (n,), so Q @ y cannot "
            "be; the coordinates of y in the p columns of Q make a vector of shape (p,), and that "
            "is what the triangular system takes on the right.",
            lambda X, y: _qr(X)[0] @ y,
        ),
    ),
    hints=(
        "Replace X by QR in the normal equations. What is Q'Q?",
        "R'R b = R'Q'y. R' is square and invertible: what may you cancel?",
        "np.linalg.qr gives both factors; scipy.linalg.solve_triangular solves R b = Q'y "
        "backwards, without an inverse.",
    ),
)


# --- gaussian_log_likelihood -----------------------------------------------------------------


def _likelihood_case(rng: np.random.Generator, n: int, p: int, sigma2: float) -> Case:
    X, y = regression(rng, n, p)
    beta = (linalg.lstsq(X, y)[0] + 0.1 * rng.normal(size=p)).round(2)
    return Case(beta, round(sigma2, 2), X, y, label=f"{n} rows, sigma2 = {sigma2:.2f}")


def _few_rows(rng: np.random.Generator) -> list[Case]:
    return [
        _likelihood_case(rng, 4, 1, rng.uniform(2, 4)),
        _likelihood_case(rng, 9, 2, rng.uniform(0.3, 0.6)),
        _likelihood_case(rng, 20, 3, rng.uniform(1.5, 3)),
    ]


def _many_rows(rng: np.random.Generator) -> list[Case]:
    return [_likelihood_case(rng, 2000, 2, rng.uniform(1.5, 3)) for _ in range(2)]


def _sum_of_log_densities(beta: Array, sigma2: float, X: Array, y: Array) -> float:
    return float(stats.norm(X @ beta, math.sqrt(sigma2)).logpdf(y).sum())


def _squares(beta: Array, X: Array, y: Array) -> Any:
    return np.sum((y - X @ beta) ** 2)


GAUSSIAN_LOG_LIKELIHOOD = Exercise(
    name="gaussian_log_likelihood",
    signature="(beta, sigma2, X, y)",
    title="The likelihood view",
    difficulty=2,
    minutes=10,
    parts=(
        Part("value", 1, _few_rows, _sum_of_log_densities),
        Part("2,000 rows without underflow", 1, _many_rows, _sum_of_log_densities),
    ),
    pitfalls=(
        Pitfall(
            "constant dropped with sigma2 free",
            "Only the exponent is left. Dropping −n/2 · log(2πσ²) is fine while σ² is held fixed; "
            "here it is an argument, and without that term a larger σ² always wins: the maximum "
            "runs off to infinity.",
            lambda beta, sigma2, X, y: -_squares(beta, X, y) / (2 * sigma2),
        ),
        Pitfall(
            "2π dropped",
            "The σ² term is there and the 2π is not. The maximiser stays where it is, but the "
            "value is no log-likelihood any more, and AIC comparisons with other software break.",
            lambda beta, sigma2, X, y: (
                -len(y) / 2 * math.log(sigma2) - _squares(beta, X, y) / (2 * sigma2)
            ),
        ),
        Pitfall(
            "sigma2 taken for sigma",
            "You used the variance as if it were the standard deviation (SciPy's `scale` is the "
            "standard deviation). At sigma2 = 1 nobody would notice; that is why it survives "
            "until production.",
            lambda beta, sigma2, X, y: stats.norm.logpdf(y - X @ beta, scale=sigma2).sum(),
        ),
        Pitfall(
            "log sigma2 counted in full",
            "The normaliser of one row is σ√(2π), so its log holds half of log σ². You counted it "
            "whole, as if sigma2 were sigma in that term alone.",
            lambda beta, sigma2, X, y: (
                -len(y) * (math.log(2 * math.pi) / 2 + math.log(sigma2))
                - _squares(beta, X, y) / (2 * sigma2)
            ),
        ),
        Pitfall(
            "exponent divided by sigma",
            "In the exponent the squared residual is divided by 2σ², a variance. You divided by "
            "its root: the units give it away (squared dollars over dollars).",
            lambda beta, sigma2, X, y: (
                -len(y) / 2 * math.log(2 * math.pi * sigma2)
                - _squares(beta, X, y) / (2 * math.sqrt(sigma2))
            ),
        ),
        Pitfall(
            "half lost in the exponent",
            "The exponent of a normal density is −(residual/σ)²/2. Without the half the best σ² "
            "comes out twice as large as the mean squared residual.",
            lambda beta, sigma2, X, y: (
                -len(y) / 2 * math.log(2 * math.pi * sigma2) - _squares(beta, X, y) / sigma2
            ),
        ),
        Pitfall(
            "normaliser counted once",
            "Every row has a density of its own, and each brings its normaliser. You subtracted "
            "one log-normaliser for all rows together.",
            lambda beta, sigma2, X, y: (
                -math.log(2 * math.pi * sigma2) / 2 - _squares(beta, X, y) / (2 * sigma2)
            ),
        ),
        Pitfall(
            "averaged over the rows",
            "That is the mean log-likelihood of a row. Fine as a training loss; likelihood-ratio "
            "tests and AIC need the sum.",
            lambda beta, sigma2, X, y: stats.norm.logpdf(y, X @ beta, math.sqrt(sigma2)).mean(),
        ),
        Pitfall(
            "negative log-likelihood",
            "The size is right and the sign is that of a loss. Optimisers minimise, so libraries "
            "often return the negative; here the log-likelihood itself is asked for.",
            lambda beta, sigma2, X, y: -stats.norm.logpdf(y, X @ beta, math.sqrt(sigma2)).sum(),
        ),
        Pitfall(
            "log of a product that underflows",
            "You multiply the densities and take the log at the end. With 2,000 rows the product "
            "is below the smallest double, and the log of 0 is minus infinity. Move the log "
            "inside before anything is multiplied.",
            lambda beta, sigma2, X, y: np.log(
                np.prod(stats.norm.pdf(y, X @ beta, math.sqrt(sigma2)))
            ),
        ),
        Pitfall(
            "the likelihood, not its log",
            "That is the product of the densities. The log turns it into a sum that neither "
            "underflows nor needs a product rule.",
            lambda beta, sigma2, X, y: np.prod(stats.norm.pdf(y, X @ beta, math.sqrt(sigma2))),
        ),
        Pitfall(
            "half lost in the normaliser",
            "The density of a row is divided by the *root* of 2πσ², and the log of a root is half "
            "a log. Counted in full, the best σ² comes out at half the mean squared residual.",
            lambda beta, sigma2, X, y: (
                -len(y) * math.log(2 * math.pi * sigma2) - _squares(beta, X, y) / (2 * sigma2)
            ),
        ),
    ),
    hints=(
        "Write down the normal density of one row. What does the log do to a product over rows?",
        "Two terms a row: the log of the normaliser, and minus the squared residual over 2σ².",
        "n copies of −½ log(2πσ²), minus RSS over 2σ². sigma2 is already the variance: nothing "
        "to square.",
    ),
)
