"""The lesson on support vector machines: its right answers and its references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.spatial.distance import cdist
from sklearn.metrics import hinge_loss as mean_hinge
from sklearn.metrics import pairwise
from sklearn.svm import SVC, LinearSVC

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check

LESSON = lessons.get("svm")

# --- independent right answers -----------------------------------------------------------------


def distance_with_unit_normal(w, b, X):
    length = math.hypot(*w)
    return np.dot(X, w / length) + b / length


def distance_row_by_row(w, b, X):
    root = sum(entry * entry for entry in w) ** 0.5
    return [(sum(v * x for v, x in zip(w, row, strict=True)) + b) / root for row in X]


def distance_to_the_foot(w, b, X):
    foot = -b * w / (w @ w)  # the point of the plane nearest to the origin
    return (X - foot) @ w / np.sqrt(w @ w)


def width_by_hypot(w):
    return 2 / math.hypot(*w)


def width_between_two_points(w):
    step = w / (w @ w)  # raises the score by 1
    return float(np.sqrt(np.sum((step - -step) ** 2)))


def objective_by_loop(w, b, X, y, C):
    total = sum(v * v for v in w) / 2
    for row, label in zip(X, y, strict=True):
        lack = 1 - label * (sum(v * x for v, x in zip(w, row, strict=True)) + b)
        if lack > 0:
            total += C * lack
    return total


def objective_by_scikit_learn(w, b, X, y, C):
    return 0.5 * np.linalg.norm(w) ** 2 + C * len(y) * mean_hinge(y, np.dot(X, w) + b)


def objective_by_slack(w, b, X, y, C):
    slack = 1 - (X * y[:, None]) @ w - b * y
    return 0.5 * np.inner(w, w) + C * slack[slack > 0].sum()


def slope_by_loop(w, b, X, y, C):
    gw, gb = list(w), 0.0
    for row, label in zip(X, y, strict=True):
        if label * (np.inner(row, w) + b) < 1:
            gw = [g - C * label * x for g, x in zip(gw, row, strict=True)]
            gb -= C * label
    return np.array(gw), gb


def slope_with_the_kink_switched_on(w, b, X, y, C):
    pays = y * (np.dot(X, w) + b) <= 1
    return [w - C * np.sum(y[pays, None] * X[pays], axis=0), -C * np.sum(y[pays])]


def slope_halfway_at_the_kink(w, b, X, y, C):
    force = -np.heaviside(1 - y * (np.dot(X, w) + b), 0.5) * C * y
    return w + force @ X, force.sum()


def slope_by_one_sided_differences(w, b, X, y, C):
    def objective(v):
        return v[:-1] @ v[:-1] / 2 + C * np.maximum(1 - y * (X @ v[:-1] + v[-1]), 0).sum()

    if np.any(y * (X @ w + b) == 1):  # differences mislead there
        return slope_by_loop(w, b, X, y, C)
    slope = approx_fprime(np.append(w, b), objective, 1e-7)
    return slope[:-1], slope[-1]


def pegasos_over_drawn_rows(X, y, lam, epochs, rng):
    w, total = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    draws = rng.integers(len(y), size=epochs * len(y))
    for t, i in enumerate(draws, start=1):
        pays = y[i] * np.inner(w, X[i]) < 1
        w *= 1 - 1 / t
        if pays:
            w += y[i] * X[i] / (lam * t)
        total += t * w  # the later, the more it counts
    return total * 2 / (len(draws) * (len(draws) + 1))


def pegasos_averaged(X, y, lam, epochs, rng):
    z = X * np.asarray(y)[:, None]
    w, late, t = np.zeros(X.shape[1]), [], 0
    for epoch in range(epochs):
        for i in rng.permutation(len(z)):
            t += 1
            w = w + (z[i] * (z[i] @ w < 1) - lam * w) / (lam * t)
            if epoch >= epochs // 2:
                late.append(w)
    return np.mean(late, axis=0)


def pegasos_projected(X, y, lam, epochs, rng):
    w, t, radius = np.zeros(X.shape[1]), 0, 1 / np.sqrt(lam)
    for _ in range(epochs):
        order = np.arange(len(y))
        rng.shuffle(order)
        for i in order:
            t += 1
            step = 1 / (lam * t)
            gradient = lam * w
            if y[i] * (X[i] @ w) < 1:
                gradient = gradient - y[i] * X[i]
            w = w - step * gradient
            w = w * min(1, radius / max(np.linalg.norm(w), 1e-12))
    return w


def pegasos_by_library(X, y, lam, epochs, rng):
    model = LinearSVC(
        loss="hinge", C=1 / (len(y) * lam), fit_intercept=False, max_iter=100_000, random_state=1
    )
    return model.fit(X, y).coef_.ravel()


def supporters_by_loop(w, b, X, y):
    return [i for i in range(len(y)) if y[i] * (np.inner(w, X[i]) + b) < 1 + 1e-5]


def supporters_by_class(w, b, X, y):
    scores = np.dot(X, w) + b
    (rows,) = np.where(np.where(y > 0, scores - 1, -1 - scores) <= 1e-5)
    return rows


def supporters_in_reverse(w, b, X, y):
    safe = {i for i, m in enumerate((X @ w + b) * y) if m - 1 > 1e-5}
    return sorted(set(range(len(y))) - safe, reverse=True)


def decision_by_loop(alpha, y, b, K):
    n, m = K.shape
    return [b + sum(alpha[i] * y[i] * K[i, j] for i in range(n)) for j in range(m)]


def decision_by_einsum(alpha, y, b, K):
    return np.einsum("i,i,ij->j", alpha, y, K) + b


def decision_by_support(alpha, y, b, K):
    rows = np.flatnonzero(alpha)
    return K[rows].T @ (alpha[rows] * y[rows]) + b


def features_of_all_ordered_pairs(X):
    Z = np.hstack([X, np.ones((len(X), 1))])
    return (Z[:, :, None] * Z[:, None, :]).reshape(len(X), -1)


def features_by_monomial(X):
    rows = []
    for x in X:
        features = [1.0]
        features += [math.sqrt(2) * v for v in x] + [v * v for v in x]
        for j in range(1, len(x)):
            features += [math.sqrt(2) * x[i] * x[j] for i in range(j)]
        rows.append(features)
    return rows


def features_turned(X):
    phi = features_of_all_ordered_pairs(X)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(phi.shape[1], phi.shape[1])))
    return phi @ turn


def rbf_by_scipy(X, Z, gamma):
    return np.exp(-gamma * cdist(X, Z, metric="sqeuclidean"))


def rbf_by_products(X, Z, gamma):
    squared = np.add.outer(np.einsum("ij,ij->i", X, X), np.einsum("ij,ij->i", Z, Z))
    squared -= 2 * X.dot(Z.T)
    return np.exp(-gamma * squared.clip(min=0))


def rbf_row_by_row(X, Z, gamma):
    K = np.empty((len(X), len(Z)))
    for i, x in enumerate(X):
        K[i] = np.exp(-gamma * np.square(Z - x).sum(axis=1))
    return K


def rbf_column_by_column(X, Z, gamma):
    squared = np.zeros((len(X), len(Z)))
    for x, z in zip(X.T, Z.T, strict=True):
        squared += np.subtract.outer(x, z) ** 2
    return np.exp(-gamma * squared)


def rbf_by_scikit_learn(X, Z, gamma):
    return pairwise.rbf_kernel(X, Z, gamma=gamma)


def pick_by_loop(reports):
    top = max(r["validation"] for r in reports)
    readings, good = [], []
    for i, r in enumerate(reports):
        if r["validation"] >= top - 0.01:
            readings.append("good")
            good.append((r["gamma"], r["C"], i))
        else:
            readings.append("overfit" if r["train"] - r["validation"] >= 0.05 else "underfit")
    return readings, min(good)[2]


def pick_by_sorting(reports):
    best = np.max([r["validation"] for r in reports])
    ties = [r for r in reports if best - r["validation"] <= 0.01]
    ties.sort(key=lambda r: r["C"])
    ties.sort(key=lambda r: r["gamma"])

    def name(r):
        if r in ties:
            return "good"
        return ["underfit", "overfit"][r["train"] - r["validation"] >= 0.05]

    return [*map(name, reports)], reports.index(ties[0])


ALTERNATIVES = {
    "signed_distance": [distance_with_unit_normal, distance_row_by_row, distance_to_the_foot],
    "margin_width": [width_by_hypot, width_between_two_points],
    "hinge_loss": [objective_by_loop, objective_by_scikit_learn, objective_by_slack],
    "hinge_subgradient": [
        slope_by_loop,
        slope_with_the_kink_switched_on,
        slope_halfway_at_the_kink,
        slope_by_one_sided_differences,
    ],
    "pegasos": [
        pegasos_over_drawn_rows,
        pegasos_averaged,
        pegasos_projected,
        pegasos_by_library,
    ],
    "support_vectors": [supporters_by_loop, supporters_by_class, supporters_in_reverse],
    "dual_decision": [decision_by_loop, decision_by_einsum, decision_by_support],
    "kernel_trick_features": [features_of_all_ordered_pairs, features_by_monomial, features_turned],
    "rbf_kernel": [
        rbf_by_scipy,
        rbf_by_products,
        rbf_row_by_row,
        rbf_column_by_column,
        rbf_by_scikit_learn,
    ],
    "pick_C_gamma": [pick_by_loop, pick_by_sorting],
}


# --- the references, against scikit-learn ------------------------------------------------------


def blobs(seed, n=30, apart=0.7):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([-1, 1], n // 2))
    return rng.normal(size=(n, 2)) + apart * y[:, None], y


@pytest.mark.parametrize(("apart", "C"), [(0.7, 0.3), (0.7, 5), (3, 1e6)])
def test_support_vectors_are_those_of_svc(apart, C):
    """The rows that the check wants are those to which SVC gives a dual weight."""
    wanted = LESSON.exercise("support_vectors").parts[0].wanted
    for seed in range(20):
        X, y = blobs(seed, apart=apart)
        model = SVC(kernel="linear", C=C, tol=1e-8).fit(X, y)
        w, b = model.coef_[0], model.intercept_[0]
        assert sorted(model.support_) == wanted(w, b, X, y)


def test_dual_scores_are_those_of_svc():
    """The scores that the check wants are SVC's own, with any kernel."""
    wanted = LESSON.exercise("dual_decision").parts[0].wanted
    X, y = blobs(1)
    Z, _ = blobs(2)
    for kernel in (pairwise.linear_kernel, pairwise.rbf_kernel, pairwise.polynomial_kernel):
        model = SVC(kernel=kernel, C=2.0).fit(X, y)
        alpha = np.zeros(len(y))
        alpha[model.support_] = np.abs(model.dual_coef_[0])
        scores = wanted(alpha, y, model.intercept_[0], kernel(X, Z))
        assert np.allclose(model.decision_function(Z), scores)


@pytest.mark.parametrize("seed", range(5))
def test_the_minimum_of_the_objective_is_where_svc_stops(seed):
    """hinge_loss is the objective that SVC minimises: no step away from its fit goes lower."""
    wanted = LESSON.exercise("hinge_loss").parts[0].wanted
    X, y = blobs(seed)
    model = SVC(kernel="linear", C=0.8, tol=1e-8).fit(X, y)
    here = np.append(model.coef_[0], model.intercept_)
    lowest = wanted(here[:2], here[2], X, y, 0.8)
    for step in np.random.default_rng(seed).normal(size=(200, 3)) * 0.05:
        there = here + step
        assert lowest < wanted(there[:2], there[2], X, y, 0.8)


def test_a_loop_without_numpy_is_a_loop_over_pairs():
    """Plain Python in place of NumPy's overhead does not hide 250,000 passes."""

    def rbf_kernel(X, Z, gamma):
        Z = Z.tolist()
        return [
            [math.exp(-gamma * sum((a - b) ** 2 for a, b in zip(x, z, strict=True))) for z in Z]
            for x in X.tolist()
        ]

    verdict = run_check(LESSON.exercise("rbf_kernel"), LocalAnswer({"rbf_kernel": rbf_kernel}))
    assert ("loops over pairs in Python", 2) == (verdict.pitfall, verdict.points)


def test_features_that_rest_on_the_other_rows_are_rejected():
    """A Cholesky factor of the kernel matrix has the right products, for these rows alone."""

    def kernel_trick_features(X):
        return np.linalg.cholesky((X @ X.T + 1) ** 2)

    exercise = LESSON.exercise("kernel_trick_features")
    verdict = run_check(exercise, LocalAnswer({exercise.name: kernel_trick_features}), 4)
    assert ("a root of the kernel matrix", 0) == (verdict.pitfall, verdict.points)
