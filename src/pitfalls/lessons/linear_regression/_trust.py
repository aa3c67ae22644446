"""Trust it: standard errors, robust standard errors, leverage, multicollinearity."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from pitfalls.checks import Case, Exercise, Mismatch, Outcome, Part, Pitfall, numeric_array, show

from ._draw import Array, near, ones_first, regression, size, standardised, too_much_memory

__all__ = ["HC3_STANDARD_ERRORS", "LEVERAGE", "OLS_STANDARD_ERRORS", "VIF"]

_ROWS = 2000  # an n × n table of doubles: 32 MB, too small to hurt and too large to overlook
_MEMORY = 6_000_000


def _design(rng: np.random.Generator, n: int, p: int) -> tuple[Array, Array]:
    """A design matrix whose first column is the constant, and a response, noisier up the scale."""
    X, y = regression(rng, n, p)
    return ones_first(X), (y + rng.normal(size=n) * np.abs(X[:, 0])).round(3)


def _fits(rng: np.random.Generator) -> list[Case]:
    return [Case(*_design(rng, n, p), label=size(n, p + 1)) for n, p in ((8, 1), (12, 2), (30, 3))]


def _bread(X: Array) -> Array:
    """The inverse of X'X, from the singular values."""
    _, s, Vt = linalg.svd(X, full_matrices=False)
    return np.asarray((Vt.T / s**2) @ Vt)


def _residuals(X: Array, y: Array) -> Array:
    U = linalg.svd(X, full_matrices=False)[0]
    return np.asarray(y - U @ (U.T @ y))


# --- ols_standard_errors ---------------------------------------------------------------------


def _classical(X: Array, y: Array) -> Array:
    n, p = X.shape
    e = _residuals(X, y)
    return np.asarray(np.sqrt(e @ e / (n - p) * np.diag(_bread(X))))


def _same_ratios(case: Case, outcome: Outcome) -> Mismatch | None:
    wanted = _classical(*case.args)
    got = numeric_array(outcome.value, wanted.shape)
    largest = np.argmax(wanted)
    if np.isfinite(got).all() and np.allclose(
        got / (got[largest] or 1.0), wanted / wanted[largest], rtol=1e-6
    ):
        return None
    says = "The standard errors do not stand in the right ratio to one another."
    return Mismatch("value", says, show(got), show(wanted))


def _scaled(X: Array, variance: Any) -> Any:
    return np.sqrt(variance * np.diag(_bread(X)))


def _covariance(X: Array, y: Array) -> Array:
    e = _residuals(X, y)
    return np.asarray(e @ e / (len(y) - X.shape[1]) * _bread(X))


def _is_a_square_table(case: Case, value: Any) -> bool:
    """The whole matrix, or its root, which is NaN beside the diagonal where it is negative."""
    X, y = case.args
    got = numeric_array(value, (X.shape[1],) * 2)
    return any(near(np.diag(got), _classical(X, y) ** power) for power in (1, 2))


OLS_STANDARD_ERRORS = Exercise(
    name="ols_standard_errors",
    signature="(X, y)",
    title="Standard errors",
    difficulty=2,
    minutes=10,
    parts=(
        Part("ratios between the coefficients", 1, _fits, judge=_same_ratios),
        Part("scale", 1, _fits, _classical),
    ),
    pitfalls=(
        Pitfall(
            "divides by n, not n − p",
            "RSS/n is too small: the fit has already used p degrees of freedom to get close to "
            "these very rows. With 8 rows and 2 columns that shrinks every standard error by 13%, "
            "and p-values turn out too good.",
            lambda X, y: _scaled(X, np.mean(_residuals(X, y) ** 2)),
        ),
        Pitfall(
            "divides by n − 1",
            "n − 1 is right for the spread around one mean. This fit has estimated p coefficients "
            "(the constant among them), so how many degrees of freedom are left?",
            lambda X, y: _scaled(X, np.sum(_residuals(X, y) ** 2) / (len(y) - 1)),
        ),
        Pitfall(
            "variance, not its root",
            "These are the variances of the coefficients. A standard error has the coefficient's "
            "own unit, so that t = coefficient / error is a pure number.",
            lambda X, y: _classical(X, y) ** 2,
        ),
        Pitfall(
            "noise variance left out",
            "The diagonal of (X'X)⁻¹ says how well the design pins down each coefficient, but not "
            "how noisy y is: double the noise and your errors stay put. One factor is missing.",
            lambda X, y: _scaled(X, 1.0),
        ),
        Pitfall(
            "spread of y instead of the residuals",
            "You scaled with the variance of y. What the model explains is no noise; only what it "
            "leaves over counts.",
            lambda X, y: _scaled(X, np.var(y, ddof=1)),
        ),
        Pitfall(
            "root of the noise, not of the design",
            "You took the root of the noise variance but not of the diagonal of (X'X)⁻¹. The root "
            "belongs over their product.",
            lambda X, y: np.sqrt(_classical(X, y)[0] ** 2 / _bread(X)[0, 0]) * np.diag(_bread(X)),
        ),
        Pitfall(
            "each column on its own",
            "You used 1 / ‖x_j‖² for each column alone. Correlated columns share what they know, "
            "so the diagonal of the inverse is larger than the inverse of the diagonal.",
            lambda X, y: np.sqrt(
                np.sum(_residuals(X, y) ** 2) / (len(y) - X.shape[1]) / np.sum(X**2, axis=0)
            ),
        ),
        Pitfall(
            "t statistics",
            "You divided the coefficients by something: these are t values. The standard error is "
            "what stands below the bar.",
            lambda X, y: linalg.lstsq(X, y)[0] / _classical(X, y),
        ),
        Pitfall(
            "divides by n − p − 1",
            "That formula counts p features beside a constant. Here p is the number of columns of "
            "X with the column of ones among them, so the constant has been charged twice. Check "
            "in each source what its p counts.",
            lambda X, y: _scaled(X, np.sum(_residuals(X, y) ** 2) / (len(y) - X.shape[1] - 1)),
        ),
        Pitfall(
            "the whole covariance matrix",
            "You returned a p × p table (its root is NaN wherever two coefficients move against "
            "each other). The variances of the single coefficients are only some of its entries: "
            "which?",
            _covariance,
            recognise=_is_a_square_table,
        ),
    ),
    hints=(
        "Var(β̂) is a p × p matrix. Which of its entries are the variances of single coefficients?",
        "σ² is unknown: estimate it from the residuals, and count how many coefficients were "
        "fitted to get them.",
        "Square root of [RSS / (n − p)] times the diagonal of (X'X)⁻¹. X is the design matrix as "
        "it is, so p = X.shape[1].",
    ),
)


# --- hc3_standard_errors ---------------------------------------------------------------------


def _large_fit(rng: np.random.Generator) -> list[Case]:
    return [Case(*_design(rng, _ROWS, 2), label=f"{_ROWS:,} rows, memory watched", memory=True)]


def _leave_one_out(X: Array, y: Array) -> Array:
    """HC3 is the jackknife about the full fit: refit without each row, add up the squares."""
    full = linalg.lstsq(X, y)[0]
    without = [linalg.lstsq(np.delete(X, i, 0), np.delete(y, i))[0] for i in range(len(y))]
    return np.asarray(np.sqrt(((without - full) ** 2).sum(axis=0)))


def _sandwich(X: Array, variance_of_rows: Any) -> Array:
    influence = X @ _bread(X)  # (n, p): how far one unit of residual moves each coefficient
    return np.asarray(np.sqrt((influence**2 * np.reshape(variance_of_rows, (-1, 1))).sum(axis=0)))


def _hat(X: Array) -> Array:
    return np.asarray((linalg.svd(X, full_matrices=False)[0] ** 2).sum(axis=1))


def _hc3(X: Array, y: Array) -> Array:
    return _sandwich(X, (_residuals(X, y) / (1 - _hat(X))) ** 2)


def _stays_small(case: Case, outcome: Outcome) -> Mismatch | None:
    X, y = case.args
    wanted = _hc3(X, y)  # without 2,000 refits
    got = numeric_array(outcome.value, wanted.shape)
    if not np.allclose(got, wanted, rtol=1e-6):
        return Mismatch("value", "The value differs.", show(got), show(wanted))
    return too_much_memory(outcome, _MEMORY, len(y))


def _hc3_with_a_diagonal(X: Array, y: Array) -> Any:
    omega = np.diag((_residuals(X, y) / (1 - _hat(X))) ** 2)
    return np.sqrt(np.diag(_bread(X) @ X.T @ omega @ X @ _bread(X)))


def _one_slice(X: Array, y: Array) -> Any:
    e = _residuals(X, y) / (1 - _hat(X))
    return np.sqrt(np.abs(np.diag(_bread(X) @ (X.T * e**2) @ X)))


def _weighed_once(X: Array, y: Array) -> Array:
    return _sandwich(X, np.abs(_residuals(X, y)) / (1 - _hat(X)))


def _is_weighed_once(case: Case, value: Any) -> bool:
    """With the residual's size as weight, or with its sign too: then some roots are NaN."""
    X, y = case.args
    with np.errstate(invalid="ignore"):
        signed = _sandwich(X, _residuals(X, y) / (1 - _hat(X)))
    got = numeric_array(value, signed.shape)
    return near(got, _weighed_once(X, y)) or np.allclose(got, signed, equal_nan=True)


HC3_STANDARD_ERRORS = Exercise(
    name="hc3_standard_errors",
    signature="(X, y)",
    title="Robust standard errors",
    difficulty=3,
    minutes=12,
    parts=(
        Part("value", 1, _fits, _leave_one_out),
        Part("memory that grows with n", 1, _large_fit, judge=_stays_small),
    ),
    pitfalls=(
        Pitfall(
            "HC0: raw squared residuals",
            "White's original weights every row by its squared residual. A row with leverage has "
            "pulled the fit towards itself, so its residual looks too small, and HC0 is too "
            "optimistic in small samples. What does HC3 do to each residual first?",
            lambda X, y: _sandwich(X, _residuals(X, y) ** 2),
        ),
        Pitfall(
            "leverage ignored: one factor for all rows",
            "That is HC1: all rows are inflated by the same n / (n − p). The rows that need it "
            "are those with leverage, and each needs its own amount.",
            lambda X, y: _sandwich(X, _residuals(X, y) ** 2 * len(y) / (len(y) - X.shape[1])),
        ),
        Pitfall(
            "HC2: leverage corrected once",
            "You divided the squared residual by (1 − h). That is HC2, exact when the noise is "
            "constant after all; HC3 replaces the residual itself by the leave-one-out one, so "
            "the correction is squared as well.",
            lambda X, y: _sandwich(X, _residuals(X, y) ** 2 / (1 - _hat(X))),
        ),
        Pitfall(
            "variance, not its root",
            "These are variances. Take the root at the very end, after both slices of bread.",
            lambda X, y: _hc3(X, y) ** 2,
        ),
        Pitfall(
            "classical errors: one variance for all rows",
            "Nothing here depends on where the residuals are large: that is the classical "
            "formula. The filling of the sandwich weighs each row by its own residual.",
            _classical,
        ),
        Pitfall(
            "one slice of bread missing",
            "The filling X' diag(w) X needs (X'X)⁻¹ on both sides. With one side only the units "
            "are wrong: rescale a column and watch the result move the wrong way.",
            _one_slice,
        ),
        Pitfall(
            "residuals neither squared nor weighed",
            "You weighed rows with the leave-one-out residual itself. What stands in for a "
            "variance has to be positive and in squared units: NaN or odd sizes come from there.",
            _weighed_once,
            recognise=_is_weighed_once,
        ),
        Pitfall(
            "leverage with the wrong sign",
            "You divided by (1 + h). A row with leverage has a residual that is too small, so it "
            "must grow, and more so the nearer h is to 1.",
            lambda X, y: _sandwich(X, (_residuals(X, y) / (1 + _hat(X))) ** 2),
        ),
        Pitfall(
            "forms an n × n matrix",
            "The value is right, but an n × n table was built on the way: a diagonal matrix of "
            "weights, or the hat matrix. For the 53,940 diamonds that is 23 GB. Multiply rows by "
            "their weights instead.",
            _hc3_with_a_diagonal,
        ),
        Pitfall(
            "weights applied twice",
            "Both factors of the filling carry the weight, so it counts squared. X' diag(w) X has "
            "w once: weigh the rows on one side only, or use the root of w on both.",
            lambda X, y: _sandwich(X, (_residuals(X, y) / (1 - _hat(X))) ** 4),
        ),
        Pitfall(
            "corrected for n − p on top",
            "You multiplied by n / (n − p) as well. That factor is HC1's correction; HC3 has its "
            "own, row by row, and does not take both.",
            lambda X, y: _hc3(X, y) * np.sqrt(len(y) / (len(y) - X.shape[1])),
        ),
    ),
    hints=(
        "Var(β̂) = (X'X)⁻¹ X' Ω X (X'X)⁻¹. What stands on the diagonal of Ω when every row has a "
        "variance of its own?",
        "HC3 estimates the variance of row i by (e_i / (1 − h_i))², the squared leave-one-out "
        "residual. You know how to get h without an n × n matrix.",
        "(X * w[:, None]).T @ X is the filling, w of shape (n,). Bread on both sides, diagonal, "
        "root.",
    ),
)


# --- leverage --------------------------------------------------------------------------------


def _designs(rng: np.random.Generator) -> list[Case]:
    """Designs without a constant: the matrix is used as it is."""
    return [
        Case(regression(rng, n, p)[0], label=f"{size(n, p)}, no constant")
        for n, p in ((5, 1), (7, 2), (30, 4))
    ]


def _tall_design(rng: np.random.Generator) -> list[Case]:
    X = regression(rng, _ROWS, 3)[0]
    return [Case(X, label=f"{_ROWS:,} rows, memory watched", memory=True)]


def _lean(case: Case, outcome: Outcome) -> Mismatch | None:
    (X,) = case.args
    wanted = _hat(X)
    got = numeric_array(outcome.value, wanted.shape)
    if not np.allclose(got, wanted, rtol=1e-6, atol=1e-9):
        return Mismatch("value", "The value differs.", show(got), show(wanted))
    return too_much_memory(outcome, _MEMORY, len(X))


LEVERAGE = Exercise(
    name="leverage",
    signature="(X)",
    title="Leverage",
    difficulty=3,
    minutes=10,
    parts=(
        Part("value", 1, _designs, _hat),
        Part("memory that grows with n", 1, _tall_design, judge=_lean),
    ),
    pitfalls=(
        Pitfall(
            "forms the n × n hat matrix",
            "The values are right, but something of n × n entries was built: the hat matrix, or "
            "the full Q or U of a factorisation. At 200,000 rows that is 320 GB for a diagonal of "
            "1.6 MB. Which entries of the product do you need?",
            lambda X: np.diag(X @ _bread(X) @ X.T),
        ),
        Pitfall(
            "adds an intercept",
            "These are the leverages of another design: you put a column of ones in front. X is "
            "the whole design matrix here, used as it is.",
            lambda X: _hat(ones_first(X)),
        ),
        Pitfall(
            "measured from the mean",
            "You centred the columns first. Distance from the centre is the leverage of a model "
            "with an intercept, less its 1/n; for X as it is the distance counts from the origin.",
            lambda X: _hat(X - X.mean(axis=0)),
        ),
        Pitfall(
            "row lengths, not leverage",
            "You took the squared length of each row of X. Leverage measures that length in the "
            "metric of the data, (X'X)⁻¹: change the unit of a column and it must not move.",
            lambda X: np.sum(X**2, axis=1),
        ),
        Pitfall(
            "root of the leverage",
            "You returned the lengths of the rows of Q. The leverage is the squared length: "
            "leverages add up to p, and yours do not.",
            lambda X: np.sqrt(_hat(X)),
        ),
        Pitfall(
            "sums over the rows",
            "One number a column, all of them 1: you summed down the orthonormal columns. "
            "Leverage belongs to a row.",
            lambda X: np.sum(linalg.svd(X, full_matrices=False)[0] ** 2, axis=0),
        ),
        Pitfall(
            "the whole hat matrix",
            "You returned all n × n entries. The leverages are its diagonal alone, and the "
            "diagonal can be had without the rest.",
            lambda X: X @ _bread(X) @ X.T,
        ),
        Pitfall(
            "1 − h",
            "That is the share of its own residual variance that each row keeps. The leverage is "
            "the complement.",
            lambda X: 1 - _hat(X),
        ),
        Pitfall(
            "the inverse on both sides",
            "You summed the squares of X(X'X)⁻¹, so the inverse counts twice and X is missing on "
            "the other side. In row sums of A * B only one of the two factors holds the inverse.",
            lambda X: np.sum((X @ _bread(X)) ** 2, axis=1),
        ),
        Pitfall(
            "rows of the full Q",
            "All values are 1: the rows of a full, n × n, orthogonal matrix have length one, "
            "whatever the data. (At 200,000 rows it would not fit either.) Which form of the "
            "factorisation has only p columns?",
            lambda X: np.ones(len(X)),
        ),
    ),
    hints=(
        "h_i = x_i' (X'X)⁻¹ x_i needs row i alone. Where do the other n − 1 columns of the hat "
        "matrix come from?",
        "With X = QR (economic size, Q is n × p) the hat matrix is QQ'. What is its i-th "
        "diagonal entry?",
        "The squared length of row i of Q. Or: multiply X @ inverse, entry by entry, with X, and "
        "sum over columns.",
    ),
)


# --- vif -------------------------------------------------------------------------------------


def _correlated(rng: np.random.Generator, n: int, p: int) -> Array:
    X = regression(rng, n, p)[0]
    others = np.delete(X, 1, axis=1)
    X[:, 1] += others @ rng.uniform(0.5, 1.0, size=p - 1)
    return X.round(3)


def _centred(rng: np.random.Generator) -> list[Case]:
    return [
        Case(standardised(_correlated(rng, n, p)), label=f"{p} columns of mean 0")
        for n, p in ((15, 3), (25, 4))
    ]


def _off_centre(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, p in ((15, 3), (25, 4)):
        X = _correlated(rng, n, p) * rng.uniform(1, 50, size=p) + rng.uniform(20, 60, size=p)
        cases.append(Case(X.round(3), label=f"{p} columns far from 0"))
    return cases


def _inverse_correlation(X: Array) -> Array:
    """The diagonal of the inverse of the correlation matrix, from singular values."""
    _, s, Vt = linalg.svd(standardised(X), full_matrices=False)
    return np.asarray(((Vt.T / s) ** 2).sum(axis=1) * len(X))


def _r_squared(X: Array, target: Array, *, constant: bool, centred: bool) -> float:
    design = ones_first(X) if constant else X
    left = _residuals(design, target)
    around = target - target.mean() if centred else target
    return float(1 - left @ left / (around @ around))


def _on_the_others(X: Array, *, centred: bool) -> Array:
    """VIFs from auxiliary regressions without a constant."""
    return np.array(
        [
            1 / (1 - _r_squared(np.delete(X, j, 1), X[:, j], constant=False, centred=centred))
            for j in range(X.shape[1])
        ]
    )


def _on_last_column(X: Array) -> Array:
    r2 = [_r_squared(X[:, [j]], X[:, -1], constant=True, centred=True) for j in range(X.shape[1])]
    return np.array([*(1 / (1 - r) for r in r2[:-1]), np.inf])


def _took_a_target(case: Case, value: Any) -> bool:
    (X,) = case.args
    got = np.asarray(value, dtype=float)
    wanted = _on_last_column(X)[:-1]
    return got.shape in (wanted.shape, (len(wanted) + 1,)) and near(got[: len(wanted)], wanted)


def _strongest_pair(X: Array) -> Array:
    r2 = np.corrcoef(X.T) ** 2 - np.eye(X.shape[1])
    return np.asarray(1 / (1 - r2.max(axis=1)))


def _without_bound(case: Case, value: Any) -> bool:
    """Inflations that only rounding keeps finite."""
    got = np.abs(numeric_array(value, case.args[0].shape[1:]))
    return bool(((got > 1e10) & (got < 1e40) | np.isinf(got)).all())


def _rows_for_columns(X: Array) -> Any:
    return np.diag(linalg.pinvh(np.corrcoef(X)))


VIF = Exercise(
    name="vif",
    signature="(X)",
    title="Variance inflation",
    difficulty=3,
    minutes=12,
    parts=(
        Part("columns of mean 0", 1, _centred, _inverse_correlation),
        Part("columns in any units", 1, _off_centre, _inverse_correlation),
    ),
    pitfalls=(
        Pitfall(
            "regresses on y",
            "You took one column for a response and asked how well the others explain it. "
            "Collinearity is a matter among the predictors alone: each column takes its turn "
            "on the left, with all the others on the right, and y stays out.",
            _on_last_column,
            recognise=_took_a_target,
        ),
        Pitfall(
            "no intercept",
            "Your auxiliary regressions have no constant, so a column's distance from zero counts "
            "as if the others explained it, and features that are merely far from 0 look "
            "collinear. (So did statsmodels' own function before version 0.15, when the constant "
            "was left out.)",
            lambda X: _on_the_others(X, centred=False),
        ),
        Pitfall(
            "no intercept, but R² about the mean",
            "Your auxiliary regressions have no constant, while TSS is taken about the mean: two "
            "yardsticks in one R². The factors come out too small and can even fall below 1, which "
            "is impossible. With a constant in each regression R² is at least 0.",
            lambda X: _on_the_others(X, centred=True),
        ),
        Pitfall(
            "R², not the inflation",
            "You returned how well each column is explained by the others. The inflation is what "
            "that does to the variance of its coefficient: it runs from 1 to infinity.",
            lambda X: 1 - 1 / _inverse_correlation(X),
        ),
        Pitfall(
            "tolerance instead of inflation",
            "1 − R² is the tolerance; the inflation is one over it.",
            lambda X: 1 / _inverse_correlation(X),
        ),
        Pitfall(
            "pairs only",
            "You looked at the strongest single correlation. Three columns can be dependent "
            "without any two of them being close: that is why the regression takes all the "
            "others at once.",
            _strongest_pair,
        ),
        Pitfall(
            "inflation of the error, not of the variance",
            "That is the square root: by how much the standard error grows. Good to say aloud, "
            "but the V in VIF is the variance.",
            lambda X: np.sqrt(_inverse_correlation(X)),
        ),
        Pitfall(
            "1 / (1 − R) without the square",
            "You used the multiple correlation R where its square belongs: 1 − R² is the share of "
            "variance that is left.",
            lambda X: 1 / (1 - np.sqrt(1 - 1 / _inverse_correlation(X))),
        ),
        Pitfall(
            "covariance instead of correlation",
            "The diagonal of the inverse covariance matrix carries the units of the columns. A "
            "VIF must not change when a length goes from millimetres to metres.",
            lambda X: np.diag(linalg.inv(np.cov(X.T))),
        ),
        Pitfall(
            "the constant gets a VIF",
            "There is one entry too many: you added a column of ones to X and gave it a VIF as "
            "well. The constant belongs into each auxiliary regression, not into the answer.",
            lambda X: np.concatenate([[0.0], _inverse_correlation(X)]),
            recognise=lambda case, value: near(
                np.asarray(value, dtype=float)[1:], _inverse_correlation(*case.args)
            ),
        ),
        Pitfall(
            "own column left among the others",
            "Every factor is astronomical or infinite: each column is on the left and on the "
            "right as well, so it explains itself and R² is 1. Which column has to leave when it "
            "takes its turn?",
            lambda X: np.full(X.shape[1], np.inf),
            recognise=_without_bound,
        ),
        Pitfall(
            "rows correlated instead of columns",
            "There is one factor for every row. `np.corrcoef` takes rows for variables unless it "
            "is told otherwise, and the (n, n) matrix is singular besides. Look at its shape.",
            _rows_for_columns,
            recognise=lambda case, value: np.shape(value) == (len(case.args[0]),),
        ),
    ),
    hints=(
        "How well can column j be predicted from the other columns? Which number says so?",
        "For each j: regress X[:, j] on the others and a constant, take R²_j, and ask what is "
        "left of the column.",
        "np.delete(X, j, axis=1) gives the others; add ones; lstsq; 1 − R² = RSS / TSS about the "
        "mean; then one over it.",
    ),
)
