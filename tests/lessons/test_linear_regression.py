"""The lesson on linear regression: its right answers, its references, its recognisers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg, stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.outliers_influence import variance_inflation_factor

from pitfalls import lessons
from pitfalls.build import expand
from pitfalls.checks import LocalAnswer, run_check

LESSON = lessons.get("linear_regression")

# --- independent right answers -----------------------------------------------------------------


def _rss_by_norm(beta, X, y):
    return np.linalg.norm(np.subtract(y, np.dot(X, beta))) ** 2


def _rss_by_loop(beta, X, y):
    total = 0.0
    for i in range(len(y)):
        fitted = sum(X[i, j] * beta[j] for j in range(X.shape[1]))
        total += (y[i] - fitted) ** 2
    return total


def _gradient_from_normal_matrix(beta, X, y):
    return 2 * (X.T @ X) @ beta - 2 * X.T @ y


def _gradient_by_differences(beta, X, y):
    def loss(b):
        return ((y - X @ b) ** 2).sum()

    steps = np.eye(len(beta))
    return np.array([(loss(beta + s) - loss(beta - s)) / 2 for s in steps])


def _gradient_row_by_row(beta, X, y):
    gradient = [0.0] * len(beta)
    for row, target in zip(X, y, strict=True):
        residual = target - row @ beta
        for j in range(len(beta)):
            gradient[j] -= 2 * residual * row[j]
    return gradient


def _ols_by_lstsq(X, y):
    return np.linalg.lstsq(np.c_[np.ones(len(y)), X], y, rcond=None)[0]


def _ols_by_pseudo_inverse_of_X(X, y):
    return np.linalg.pinv(np.insert(X, 0, 1.0, axis=1)) @ y


def _ols_by_scikit_learn(X, y):
    model = LinearRegression().fit(X, y)
    return np.append(model.intercept_, model.coef_)


def _ols_by_cholesky(X, y):
    A = np.hstack([np.ones((len(X), 1)), X])
    return linalg.cho_solve(linalg.cho_factor(A.T @ A), A.T @ y)


def _ols_centred(X, y):
    Z = X - X.mean(axis=0)
    slopes = np.linalg.solve(Z.T @ Z, Z.T @ y)
    return np.r_[y.mean() - X.mean(axis=0) @ slopes, slopes]


def _ols_by_qr_with_ones(X, y):
    Q, R = linalg.qr(np.c_[np.ones(len(y)), X], mode="economic")
    return linalg.solve_triangular(R, Q.T @ y)


def _solver_numpy_qr(X, y):
    Q, R = np.linalg.qr(X)
    return np.linalg.solve(R, Q.T @ y)


def _solver_householder_by_hand(X, y):
    A, b = np.array(X, dtype=float), np.array(y, dtype=float)
    p = A.shape[1]
    for k in range(p):
        v = A[k:, k].copy()
        v[0] += math.copysign(np.linalg.norm(v), v[0])
        v /= np.linalg.norm(v)
        A[k:] -= 2 * np.outer(v, v @ A[k:])
        b[k:] -= 2 * v * (v @ b[k:])
    beta = np.zeros(p)
    for k in reversed(range(p)):
        beta[k] = (b[k] - A[k, k + 1 :] @ beta[k + 1 :]) / A[k, k]
    return beta


def _solver_svd(X, y):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    return Vt.T @ ((U.T @ y) / s)


def _solver_lstsq(X, y):
    return np.linalg.lstsq(X, y, rcond=None)[0]


def _likelihood_by_formula(beta, sigma2, X, y):
    r = y - X @ beta
    return -0.5 * (len(y) * np.log(2 * np.pi * sigma2) + r @ r / sigma2)


def _likelihood_by_scipy(beta, sigma2, X, y):
    return stats.norm.logpdf(y, loc=X @ beta, scale=np.sqrt(sigma2)).sum()


def _likelihood_by_rows(beta, sigma2, X, y):
    total = 0.0
    for row, target in zip(X, y, strict=True):
        z = (target - row @ beta) / math.sqrt(sigma2)
        total += -math.log(math.sqrt(2 * math.pi)) - math.log(sigma2) / 2 - z * z / 2
    return total


def _errors_by_statsmodels(X, y):
    return sm.OLS(y, X).fit().bse


def _errors_by_inverse(X, y):
    n, p = X.shape
    inverse = np.linalg.inv(X.T @ X)
    residual = y - X @ (inverse @ X.T @ y)
    return np.sqrt(np.diag(inverse) * (residual @ residual) / (n - p))


def _errors_by_qr(X, y):
    Q, R = np.linalg.qr(X)
    left = y - Q @ (Q.T @ y)
    rows = np.linalg.inv(R)
    return np.linalg.norm(rows, axis=1) * np.linalg.norm(left) / np.sqrt(len(y) - len(R))


def _hc3_by_statsmodels(X, y):
    return sm.OLS(y, X).fit(cov_type="HC3").bse


def _hc3_by_formula(X, y):
    bread = np.linalg.inv(X.T @ X)
    h = np.einsum("ij,jk,ik->i", X, bread, X)
    e = (y - X @ np.linalg.solve(X.T @ X, X.T @ y)) / (1 - h)
    filling = (X * (e**2)[:, None]).T @ X
    return np.sqrt(np.diag(bread @ filling @ bread))


def _hc3_by_loop(X, y):
    Q, R = np.linalg.qr(X)
    left = y - Q @ (Q.T @ y)
    filling = np.zeros((X.shape[1],) * 2)
    for q, e in zip(Q, left, strict=True):
        filling += (e / (1 - q @ q)) ** 2 * np.outer(q, q)
    back = np.linalg.inv(R)
    return np.sqrt(np.diag(back @ filling @ back.T))


def _leverage_by_qr(X):
    return (np.linalg.qr(X)[0] ** 2).sum(axis=1)


def _leverage_by_solve(X):
    return (X * np.linalg.solve(X.T @ X, X.T).T).sum(axis=1)


def _leverage_row_by_row(X):
    inverse = np.linalg.inv(X.T @ X)
    return [float(row @ inverse @ row) for row in X]


def _leverage_in_chunks(X):
    inverse = np.linalg.inv(X.T @ X)
    parts = np.array_split(X, 40)
    return np.concatenate([np.diag(part @ inverse @ part.T) for part in parts])


def _vif_by_statsmodels(X):
    design = sm.add_constant(X)
    return np.array([variance_inflation_factor(design, j + 1) for j in range(X.shape[1])])


def _vif_by_correlation(X):
    return np.diag(np.linalg.inv(np.corrcoef(X, rowvar=False)))


def _vif_by_scikit_learn(X):
    found = []
    for j in range(X.shape[1]):
        others = np.delete(X, j, axis=1)
        r2 = LinearRegression().fit(others, X[:, j]).score(others, X[:, j])
        found.append(1 / (1 - r2))
    return found


def _vif_from_variances(X):
    inverse = np.linalg.inv(np.cov(X.T))
    return np.diag(inverse) * X.var(axis=0, ddof=1)


def _diagnose_by_table(name):
    return {
        "A": "nonlinear",
        "B": "none",
        "C": "collinear",
        "D": "heteroscedastic",
        "E": "influential",
        "F": "dependent",
    }[name]


def _diagnose_by_branches(name):
    if name in "AF":
        return "nonlinear" if name == "A" else "dependent"
    if name in "CE":
        return "collinear" if name == "C" else "influential"
    return {"D": "heteroscedastic"}.get(name, "none")


def _descent_by_loop(X, y, lr, steps):
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    t = y - y.mean()
    path = np.zeros((steps + 1, X.shape[1]))
    for k in range(steps):
        path[k + 1] = path[k] - lr * Z.T @ (Z @ path[k] - t) / len(t)
    return path


def _descent_uncentred_y(X, y, lr, steps):
    Z = StandardScaler().fit_transform(X)
    beta = np.zeros(Z.shape[1])
    path = [beta]
    for _ in range(steps):
        gradient = np.mean(Z * (Z @ beta - y)[:, None], axis=0)
        beta = beta - lr * gradient
        path.append(beta)
    return np.array(path)


def _descent_by_recursion(X, y, lr, steps):
    Z = stats.zscore(X, axis=0)
    A, c = Z.T @ Z / len(y), Z.T @ y / len(y)
    shrink = np.eye(len(c)) - lr * A

    def walk(b, left):
        return [b.tolist()] + (walk(shrink @ b + lr * c, left - 1) if left else [])

    return walk(np.zeros(len(c)), steps)


def _limit_by_eigvalsh(X):
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X)).max()


def _limit_by_norm(X):
    return 2 * X.shape[0] / np.linalg.norm(X, 2) ** 2


def _limit_by_power_iteration(X):
    v = np.ones(X.shape[1])
    for _ in range(3000):
        v = X.T @ (X @ v)
        v /= np.linalg.norm(v)
    return 2 * len(X) / float(np.sum((X @ v) ** 2))


def _steps_by_logs(X, lr, tol):
    rho = np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))).max()
    return math.inf if rho >= 1 else math.ceil(math.log(tol) / math.log(rho))


def _steps_by_walking(X, lr, tol):
    M = np.eye(X.shape[1]) - lr * X.T @ X / len(X)
    error, k = np.eye(len(M)), 0
    while np.linalg.norm(error, 2) > tol:
        error, k = M @ error, k + 1
        if np.linalg.norm(error, 2) > 1:
            return float("inf")
    return k


def _ridge_by_scikit_learn(X, y, lam):
    model = make_pipeline(StandardScaler(), Ridge(alpha=lam)).fit(X, y)
    scaler, fitted = model[0], model[1]
    slopes = fitted.coef_ / scaler.scale_
    return np.append(fitted.intercept_ - slopes @ scaler.mean_, slopes)


def _ridge_with_unpenalised_ones(X, y, lam):
    m, s = X.mean(axis=0), X.std(axis=0)
    Z = np.c_[np.ones(len(y)), (X - m) / s]
    penalty = lam * np.eye(Z.shape[1])
    penalty[0, 0] = 0
    b = np.linalg.solve(Z.T @ Z + penalty, Z.T @ y)
    b[1:] /= s
    b[0] -= b[1:] @ m
    return b


def _ridge_along_principal_axes(X, y, lam):
    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X)
    axes = PCA().fit(Z)
    scores = axes.transform(Z)
    shrunk = scores.T @ (y - y.mean()) / ((scores**2).sum(axis=0) + lam)
    slopes = axes.components_.T @ shrunk / scaler.scale_
    return np.r_[y.mean() - slopes @ X.mean(axis=0), slopes]


def _ridge_in_raw_units(X, y, lam):
    Xc = X - X.mean(axis=0)
    slopes = np.linalg.solve(Xc.T @ Xc + lam * np.diag(X.var(axis=0)), Xc.T @ y)
    return [y.mean() - slopes @ X.mean(axis=0), *slopes]


ALTERNATIVES = {
    "rss": [_rss_by_norm, _rss_by_loop],
    "rss_gradient": [_gradient_from_normal_matrix, _gradient_by_differences, _gradient_row_by_row],
    "ols_normal": [
        _ols_by_lstsq,
        _ols_by_pseudo_inverse_of_X,
        _ols_by_scikit_learn,
        _ols_by_cholesky,
        _ols_centred,
        _ols_by_qr_with_ones,
    ],
    "ols_qr": [_solver_numpy_qr, _solver_householder_by_hand, _solver_svd, _solver_lstsq],
    "gaussian_log_likelihood": [_likelihood_by_formula, _likelihood_by_scipy, _likelihood_by_rows],
    "ols_standard_errors": [_errors_by_statsmodels, _errors_by_inverse, _errors_by_qr],
    "hc3_standard_errors": [_hc3_by_statsmodels, _hc3_by_formula, _hc3_by_loop],
    "leverage": [_leverage_by_qr, _leverage_by_solve, _leverage_row_by_row, _leverage_in_chunks],
    "vif": [_vif_by_statsmodels, _vif_by_correlation, _vif_by_scikit_learn, _vif_from_variances],
    "diagnose": [_diagnose_by_table, _diagnose_by_branches],
    "gradient_descent": [_descent_by_loop, _descent_uncentred_y, _descent_by_recursion],
    "max_stable_lr": [_limit_by_eigvalsh, _limit_by_norm, _limit_by_power_iteration],
    "steps_to_converge": [_steps_by_logs, _steps_by_walking],
    "ridge": [
        _ridge_by_scikit_learn,
        _ridge_with_unpenalised_ones,
        _ridge_along_principal_axes,
        _ridge_in_raw_units,
    ],
}


# --- wrong answers written in another way than the pitfalls ------------------------------------


def _with_ones(X):
    return np.c_[np.ones(len(X)), X]


def _pinv_of_the_product(X, y):
    A = _with_ones(X)
    return np.linalg.pinv(A.T @ A) @ (A.T @ y)


def _inverse_after_centring(X, y):
    Z = X - X.mean(axis=0)
    slopes = linalg.inv(Z.T @ Z) @ Z.T @ (y - y.mean())
    return np.r_[y.mean() - X.mean(axis=0) @ slopes, slopes]


def _slopes_of_x_on_y(X, y):
    return [np.polyfit(y, x, 1)[0] for x in X.T]


def _cholesky_of_the_product(X, y):
    return linalg.cho_solve(linalg.cho_factor(X.T @ X), X.T @ y)


def _jitter(X, y):
    return np.linalg.solve(X.T @ X + 1e-9 * np.eye(X.shape[1]), X.T @ y)


def _classical_gram_schmidt(X, y):
    Q, R = np.zeros_like(X), np.zeros((X.shape[1],) * 2)
    for j in range(X.shape[1]):
        v = X[:, j].copy()
        for i in range(j):
            R[i, j] = Q[:, i] @ X[:, j]
            v -= R[i, j] * Q[:, i]
        R[j, j] = np.sqrt(v @ v)
        Q[:, j] = v / R[j, j]
    return np.linalg.solve(R, Q.T @ y)


def _full_svd(X):
    U = np.linalg.svd(X)[0]  # (n, n)
    return (U[:, : X.shape[1]] ** 2).sum(axis=1)


def _hc3_through_the_hat_matrix(X, y):
    bread = np.linalg.inv(X.T @ X)
    H = X @ bread @ X.T
    e = (y - H @ y) / (1 - np.diag(H))
    return np.sqrt(np.diag(bread @ (X.T * e**2) @ X @ bread))


def _vif_by_score_without_constant(X):
    found = []
    for j in range(X.shape[1]):
        others = np.delete(X, j, axis=1)
        model = LinearRegression(fit_intercept=False).fit(others, X[:, j])
        found.append(1 / (1 - model.score(others, X[:, j])))
    return found


def _vif_of_a_target(X):
    return [1 / (1 - np.corrcoef(x, X[:, -1])[0, 1] ** 2) for x in X[:, :-1].T]


def _descent_on_raw_columns(X, y, lr, steps):
    path = np.zeros((steps + 1, X.shape[1]))
    for k in range(steps):
        path[k + 1] = path[k] + lr * X.T @ (y - X @ path[k]) / len(y)
    return path


def _descent_scaled_only(X, y, lr, steps):
    return _descent_on_raw_columns(X / X.std(axis=0), y, lr, steps)


def _limit_from_singular_value(X):
    return 2 * len(X) / np.linalg.svd(X, compute_uv=False)[0]


def _limit_from_covariance(X):
    return 2 / np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True)).max()


def _steps_without_a_guard(X, lr, tol):
    rho = np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))).max()
    return round(np.log(tol) / np.log(rho) + 0.5)


def _gradient_broadcast_wrongly(beta, X, y):
    return np.sum(X * (X @ beta - y), axis=0)


def _solver_by_the_product_of_R(X, y):
    R = np.linalg.qr(X).R
    return np.linalg.solve(R.T @ R, X.T @ y)


def _errors_without_the_diagonal(X, y):
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.linalg.inv(X.T @ X) * (left @ left) / (len(y) - X.shape[1]))


def _hc3_with_signed_residuals(X, y):
    bread = np.linalg.inv(X.T @ X)
    h = np.sum(X @ bread * X, axis=1)
    w = (y - X @ bread @ X.T @ y) / (1 - h)
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.diag(bread @ (X * w[:, None]).T @ X @ bread))


def _leverage_by_complete_qr(X):
    return np.sum(np.linalg.qr(X, mode="complete")[0] ** 2, axis=1)


def _vif_on_all_columns(X):
    D = _with_ones(X)
    left = X - D @ np.linalg.lstsq(D, X, rcond=None)[0]
    return X.var(axis=0) * len(X) / (left**2).sum(axis=0)


def _vif_of_the_rows(X):
    return np.diag(np.linalg.pinv(np.corrcoef(X)))


def _descent_with_one_spread(X, y, lr, steps):
    return _descent_on_raw_columns((X - X.mean(axis=0)) / X.std(), y, lr, steps)


def _last_coefficients(X, y, lr, steps):
    return _descent_by_loop(X, y, lr, steps)[steps]


def _steps_in_fractions(X, lr, tol):
    rho = np.linalg.norm(np.eye(X.shape[1]) - lr * X.T @ X / len(X), 2)
    return np.log10(tol) / np.log10(rho) if rho < 1 else np.inf


def _steps_or_text(X, lr, tol):
    steps = _steps_or_none(X, lr, tol)
    return "inf" if steps is None else steps


def _normal_with_jitter(size):
    def ols_normal(X, y):
        design = np.column_stack([np.ones(len(y)), X])
        A = design.T @ design
        A[np.diag_indices(len(A))] += size
        return np.linalg.solve(A, design.T @ y)

    return ols_normal


def _steps_or_none(X, lr, tol):
    count = _steps_by_logs(X, lr, tol)
    return count if count < math.inf else None


@pytest.mark.parametrize(
    ("exercise", "answer", "pitfall", "points"),
    [
        ("ols_normal", _pinv_of_the_product, "explicit inverse", 1),
        ("ols_normal", _inverse_after_centring, "explicit inverse", 1),
        ("ols_normal", _slopes_of_x_on_y, "regresses X on y", 0),
        ("ols_qr", _cholesky_of_the_product, "solves X'X anyway", 1),
        ("ols_qr", _jitter, "weak direction thrown away", 1),
        ("ols_qr", _classical_gram_schmidt, "cond(X) squared on the way", 1),
        ("leverage", _full_svd, "forms the n × n hat matrix", 1),
        ("hc3_standard_errors", _hc3_through_the_hat_matrix, "forms an n × n matrix", 1),
        ("vif", _vif_by_score_without_constant, "no intercept, but R² about the mean", 1),
        ("vif", _vif_of_a_target, "regresses on y", 0),
        ("gradient_descent", _descent_on_raw_columns, "unscaled features diverge", 2),
        ("gradient_descent", _descent_scaled_only, "scaled but not centred", 2),
        ("max_stable_lr", _limit_from_singular_value, "singular value instead of eigenvalue", 0),
        ("max_stable_lr", _limit_from_covariance, "centres the columns first", 0),
        ("steps_to_converge", _steps_without_a_guard, "a count for a rate that diverges", 1),
        (
            "rss_gradient",
            _gradient_broadcast_wrongly,
            "residual multiplied along the columns",
            0,
        ),
        ("ols_qr", _solver_by_the_product_of_R, "cond(X) squared on the way", 1),
        ("ols_standard_errors", _errors_without_the_diagonal, "the whole covariance matrix", 0),
        (
            "hc3_standard_errors",
            _hc3_with_signed_residuals,
            "residuals neither squared nor weighed",
            0,
        ),
        ("leverage", _leverage_by_complete_qr, "rows of the full Q", 0),
        ("vif", _vif_on_all_columns, "own column left among the others", 0),
        ("vif", _vif_of_the_rows, "rows correlated instead of columns", 0),
        (
            "gradient_descent",
            _descent_with_one_spread,
            "one mean and one spread for all columns",
            2,
        ),
        ("gradient_descent", _last_coefficients, "end point only", 0),
        ("steps_to_converge", _steps_in_fractions, "not rounded to whole steps", 1),
        ("steps_to_converge", _steps_or_text, None, 1),
        ("rss_gradient", lambda beta, X, y: X.T @ (y - X @ beta), "sign flipped", 0),
        ("ols_normal", _normal_with_jitter(1e-6), "a little added to the diagonal", 0),
        ("ols_normal", _normal_with_jitter(1e-8), "a little added to the diagonal", 1),
        ("steps_to_converge", _steps_or_none, "None where it never converges", 1),
    ],
)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_mistake_is_named_however_it_is_written(exercise, answer, pitfall, points, seed):
    """Another way to write the mistake gets its name, and the parts it has right are paid."""
    verdict = run_check(LESSON.exercise(exercise), LocalAnswer({exercise: answer}), seed)
    assert (pitfall, points) == (verdict.pitfall, verdict.points)


@pytest.mark.parametrize("exercise", [e for e in LESSON.exercises if e.name != "diagnose"])
@pytest.mark.parametrize("factor", [-7.3, 1.01, 1e200, math.nan])
def test_an_unknown_mistake_gets_no_name(exercise, factor):
    """A right value times an odd factor is wrong, and no pitfall claims it."""
    right = ALTERNATIVES[exercise.name][0]
    answer = LocalAnswer({exercise.name: lambda *args: factor * np.asarray(right(*args))})
    verdict = run_check(exercise, answer, 5)
    assert ("wrong", None) == (verdict.state, verdict.pitfall)


def test_the_evidence_of_each_fit_shows_its_diagnosis_alone():
    """Read by fixed rules, the table shows one sign a fit: the one that the check wants."""
    source = Path(__file__).parents[2] / "autograder/exercises/1_fundamentals/linear_regression.py"
    cells = [cell.source for cell in expand(source).cells if cell.cell_type == "code"]
    scope: dict = {}
    for start in ("import matplotlib", "sound =", "generator =", "def evidence"):
        (cell,) = (cell for cell in cells if cell.startswith(start))
        exec(cell, scope)
    seen = {name: scope["evidence"](*fit) for name, fit in scope["fits"].items()}

    def signs(e):
        bend = e["middle"] - (e["low"] + e["high"]) / 2
        return {
            "nonlinear": abs(bend) > 0.5,
            "heteroscedastic": not 1 / 4 < e["spread"] < 4,
            "dependent": not 1.5 < e["Durbin-Watson"] < 2.5,
            "collinear": e["largest VIF"] > 10,
            "influential": e["largest Cook's distance"] > 1,
        }

    def read(name):
        (shown,) = [label for label, shows in signs(seen[name]).items() if shows] or ["none"]
        return shown

    assert run_check(LESSON.exercise("diagnose"), LocalAnswer({"diagnose": read})).right
