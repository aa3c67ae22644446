"""Descend it: gradient descent, its largest rate, its speed; and ridge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from pitfalls.checks import Case, Exercise, Part, Pitfall, equal

from ._draw import Array, near, ones_first, regression, size, standardised

__all__ = ["GRADIENT_DESCENT", "MAX_STABLE_LR", "RIDGE", "STEPS_TO_CONVERGE"]


def _eigenvalues(X: Array) -> Array:
    """Of the Hessian X'X/n of RSS/(2n), largest first."""
    return np.asarray(linalg.svdvals(X) ** 2 / len(X))


# --- gradient_descent ------------------------------------------------------------------------


def _same_scale(rng: np.random.Generator, n: int, p: int) -> tuple[Array, Array]:
    X, y = regression(rng, n, p)
    return standardised(X), y


def _single_steps(rng: np.random.Generator) -> list[Case]:
    return [
        Case(*_same_scale(rng, n, p), round(rng.uniform(0.2, 0.4), 2), 1, label="one step")
        for n, p in ((6, 2), (20, 3))
    ]


def _walks(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            *_same_scale(rng, n, p), round(rng.uniform(0.1, 0.4), 2), steps, label=f"{steps} steps"
        )
        for n, p, steps in ((6, 2, 3), (30, 3, 12))
    ]


def _walks_in_any_units(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, p, steps in ((12, 2, 4), (40, 3, 15)):
        X, y = regression(rng, n, p)
        units = rng.permutation([1.0, 250.0, 0.02][:p]) * rng.uniform(1, 3, size=p)
        rate = round(rng.uniform(0.1, 0.4), 2)
        cases.append(Case(X * units, y, rate, steps, label=f"{steps} steps, columns of any unit"))
    return cases


def _closed_form(X: Array, y: Array, lr: float, steps: int) -> Array:
    """Where descent stands after k steps: along eigenvector i, (1 − (1 − lr λ_i)^k) of the way."""
    Z = standardised(X)
    _, s, Vt = linalg.svd(Z, full_matrices=False)
    goal = Vt @ linalg.lstsq(Z, y - y.mean())[0]
    k = np.arange(steps + 1)[:, None]
    return np.asarray((goal * (1 - (1 - lr * s**2 / len(y)) ** k)) @ Vt)


_Rule = Callable[[Array, Array, Array, float], Any]


def _walk(Z: Array, t: Array, lr: float, steps: int, rule: _Rule) -> Array:
    """The path from zeros under a rule that gives the next coefficients."""
    path = [np.zeros(Z.shape[1])]
    while len(path) <= steps:
        path.append(rule(Z, t, path[-1], lr))
    return np.array(path)


def _on_scaled(rule: _Rule) -> Callable[..., Array]:
    def answer(X: Array, y: Array, lr: float, steps: int) -> Array:
        return _walk(standardised(X), y - y.mean(), lr, steps, rule)

    return answer


def _pull(Z: Array, t: Array, b: Array) -> Array:
    """Minus the gradient of RSS/2."""
    return np.asarray((t - Z @ b) @ Z)


def _one_after_the_other(Z: Array, t: Array, b: Array, lr: float) -> Array:
    new = b.copy()
    for j in range(len(new)):
        new[j] += lr * _pull(Z, t, new)[j] / len(t)
    return new


def _downhill(Z: Array, t: Array, b: Array, lr: float) -> Any:
    return b + lr * _pull(Z, t, b) / len(t)


def _diverges(case: Case, value: Any) -> bool:
    X, y, lr, steps = case.args
    path = np.asarray(value, dtype=float)
    if not case.label.endswith("any unit") or path.shape != (steps + 1, X.shape[1]):
        return False
    centred = X - X.mean(axis=0)
    firsts = [lr * Z.T @ t / len(y) for Z, t in ((X, y), (X, y - y.mean()), (centred, y))]
    return any(near(path[1], first) for first in firsts)


def _not_centred(X: Array, y: Array, lr: float, steps: int) -> Array:
    return _walk(X / X.std(axis=0), y - y.mean(), lr, steps, _downhill)


def _is_not_centred(case: Case, value: Any) -> bool:
    """By its first two steps: what comes later may have overflowed.

    With a centred y the first step alone is that of centred columns.
    """
    X, y, lr, _ = case.args
    if not case.label.endswith("any unit"):
        return False
    path = np.asarray(value, dtype=float)[:3]
    Z = X / X.std(axis=0)
    return any(near(path, _walk(Z, t, lr, 2, _downhill)) for t in (y, y - y.mean()))


def _one_for_all(X: Array, y: Array, lr: float, steps: int) -> Array:
    return _walk((X - X.mean()) / X.std(), y - y.mean(), lr, steps, _downhill)


def _is_one_for_all(case: Case, value: Any) -> bool:
    """One mean or one spread for the whole table; columns standardised already do not show it."""
    X, y, lr, steps = case.args
    tables = (
        (X - X.mean()) / X.std(),
        (X - X.mean()) / X.std(axis=0),
        (X - X.mean(axis=0)) / X.std(),
    )
    return case.label.endswith("any unit") and any(
        near(value, _walk(Z, t, lr, steps, _downhill)) for Z in tables for t in (y, y - y.mean())
    )


GRADIENT_DESCENT = Exercise(
    name="gradient_descent",
    signature="(X, y, lr, steps)",
    title="Gradient descent",
    difficulty=3,
    minutes=15,
    parts=(
        Part("first step", 1, _single_steps, _closed_form),
        Part("whole path", 1, _walks, _closed_form),
        Part("columns in any units", 1, _walks_in_any_units, _closed_form),
    ),
    pitfalls=(
        Pitfall(
            "stale gradient: computed once",
            "The first step is right and all others repeat it: the gradient never learns that b "
            "has moved. What has to be inside the loop?",
            lambda X, y, lr, steps: (
                np.arange(steps + 1)[:, None] * _on_scaled(_downhill)(X, y, lr, 1)[1]
            ),
        ),
        Pitfall(
            "partial update: later coefficients see earlier ones move",
            "You change the coefficients one after the other, so the second is updated with a "
            "residual that mixes new and old. That is coordinate descent, another algorithm. "
            "Compute the whole gradient first, then move all coefficients at once.",
            _on_scaled(_one_after_the_other),
        ),
        Pitfall(
            "ascends",
            "Each step goes up the gradient, and the loss grows. Either the sign of the update or "
            "that of the gradient is wrong (both wrong would look right). Print the loss of the "
            "first two rows of your path.",
            _on_scaled(lambda Z, t, b, lr: b - lr * _pull(Z, t, b) / len(t)),
        ),
        Pitfall(
            "unscaled features diverge",
            "Standardised columns work and columns in their own units run away: the largest "
            "eigenvalue of X'X/n grows with the square of the unit, and no rate suits both a "
            "column in thousands and one in hundredths. Standardise inside, before the first step.",
            lambda X, y, lr, steps: _walk(X, y - y.mean(), lr, steps, _downhill),
            recognise=_diverges,
        ),
        Pitfall(
            "scaled but not centred",
            "The columns have unit spread but kept their means. Off-centre columns all point in "
            "the direction of the missing intercept, which couples them and stretches the valley. "
            "Subtract the means as well.",
            _not_centred,
            recognise=_is_not_centred,
        ),
        Pitfall(
            "standard deviation with n − 1",
            "Close, but your columns are scaled with the sample standard deviation (pandas' "
            "default, ddof=1). The text asks for ddof=0, as NumPy and scikit-learn have it.",
            lambda X, y, lr, steps: _walk(
                standardised(X) * math.sqrt(1 - 1 / len(y)), y - y.mean(), lr, steps, _downhill
            ),
        ),
        Pitfall(
            "gradient summed over the rows",
            "Your steps are n times too long: that is the gradient of RSS/2. With the sum the "
            "usable rate shrinks whenever data are added; the loss here is RSS/(2n).",
            _on_scaled(lambda Z, t, b, lr: b + lr * _pull(Z, t, b)),
        ),
        Pitfall(
            "gradient of RSS/n",
            "Your steps are twice as long as they should be. The loss is RSS/(2n), whose half "
            "cancels the 2 of the square.",
            _on_scaled(lambda Z, t, b, lr: b + 2 * lr * _pull(Z, t, b) / len(t)),
        ),
        Pitfall(
            "every row is the last one",
            "All rows of your path are equal: the list holds one and the same array many times, "
            "and an in-place update changes them all. Append a copy, or make a new array in each "
            "step.",
            lambda X, y, lr, steps: np.tile(
                _on_scaled(_downhill)(X, y, lr, steps)[-1], (steps + 1, 1)
            ),
        ),
        Pitfall(
            "start left out",
            "There is one row too few: the path begins with the zeros it starts from, so `steps` "
            "steps make steps + 1 rows.",
            lambda X, y, lr, steps: _on_scaled(_downhill)(X, y, lr, steps)[1:],
        ),
        Pitfall(
            "one step short",
            "The path starts at zeros but has only `steps` rows: a fence-post. Each step adds a "
            "row to the start.",
            lambda X, y, lr, steps: _on_scaled(_downhill)(X, y, lr, steps)[:-1],
        ),
        Pitfall(
            "one step too many",
            "There is one row too many: `steps` steps and the row of zeros make steps + 1 rows. "
            "Count the passes of your loop.",
            lambda X, y, lr, steps: _on_scaled(_downhill)(X, y, lr, steps + 1),
        ),
        Pitfall(
            "end point only",
            "You returned where the walk ends. The whole path is asked for: it is what the "
            "picture of the landscape draws, and how one sees a rate that is too large.",
            lambda X, y, lr, steps: _on_scaled(_downhill)(X, y, lr, steps)[-1],
        ),
        Pitfall(
            "intercept column added",
            "There is one coefficient too many. With centred columns and a centred y the "
            "intercept is zero and stays zero, so it is left out of the path.",
            lambda X, y, lr, steps: _walk(ones_first(standardised(X)), y, lr, steps, _downhill),
        ),
        Pitfall(
            "gradient of the RSS itself",
            "Your steps are 2n times too long: that is the gradient of the RSS, as `rss_gradient` "
            "gives it. Here the loss is RSS/(2n). Either divide, or expect a learning rate that "
            "means something else on every data set.",
            _on_scaled(lambda Z, t, b, lr: b + 2 * lr * _pull(Z, t, b)),
        ),
        Pitfall(
            "one mean and one spread for all columns",
            "A mean or standard deviation without an axis runs over the whole table. Columns in "
            "different units then stay in different units; each needs a mean and a spread of its "
            "own. Print the shape of what you subtract.",
            _one_for_all,
            recognise=_is_one_for_all,
        ),
        Pitfall(
            "path in the units of X",
            "The walk is right, but its coefficients were translated back, a slope per unit of X. "
            "The landscape of the next section is that of the standardised features: leave the "
            "coefficients there.",
            lambda X, y, lr, steps: _closed_form(X, y, lr, steps) / X.std(axis=0),
        ),
    ),
    hints=(
        "What is the gradient of RSS/(2n) at b, in terms of Z, the residual and n?",
        "Standardise, start a path with zeros, and repeat: gradient at the last row, new row = "
        "last row − lr · gradient.",
        "The gradient is Z'(Zb − t)/n with t the centred y. Fill np.zeros((steps + 1, p)) row by "
        "row.",
    ),
)


# --- max_stable_lr ---------------------------------------------------------------------------


def _plain_designs(rng: np.random.Generator) -> list[Case]:
    """The first has its flat column in front: there `eig` gives the smallest eigenvalue first."""
    cases = []
    for n, p in ((6, 2), (20, 3), (50, 4)):
        X = regression(rng, n, p)[0]
        order = np.argsort((X**2).sum(axis=0))
        cases.append(Case(X[:, order if p == 2 else order[::-1]], label=size(n, p)))
    return cases


def _limit(X: Array) -> float:
    return float(2 / _eigenvalues(X)[0])


def _singular_value(X: Array) -> float:
    return float(2 / linalg.norm(X, 2))


MAX_STABLE_LR = Exercise(
    name="max_stable_lr",
    signature="(X)",
    title="The largest stable rate",
    difficulty=3,
    minutes=8,
    parts=(Part("value", 1, _plain_designs, _limit),),
    pitfalls=(
        Pitfall(
            "1/λmax",
            "At 1/λmax the steepest direction is solved in a single step. Descent still converges "
            "beyond it, overshooting from side to side: for which factor 1 − lr·λ does the "
            "overshoot stop shrinking?",
            lambda X: 1 / _eigenvalues(X)[0],
        ),
        Pitfall(
            "uses the smallest eigenvalue",
            "The flattest direction would allow that rate; the steepest one explodes long before. "
            "The strictest condition decides: which direction is that?",
            lambda X: 2 / _eigenvalues(X)[-1],
        ),
        Pitfall(
            "takes the first eigenvalue that `eig` gives",
            "`np.linalg.eig` promises no order: on some designs the first one is the largest, on "
            "others not. Take the maximum, or use `eigvalsh`, which sorts them upwards.",
            lambda X: 2 / np.linalg.eigvals(X.T @ X / len(X))[0],
        ),
        Pitfall(
            "X'X not divided by n",
            "That is the limit for the loss RSS/2. The loss of this notebook is RSS/(2n), so its "
            "curvature is that of X'X/n.",
            lambda X: 2 / _eigenvalues(X)[0] / len(X),
        ),
        Pitfall(
            "singular value instead of eigenvalue",
            "You used a singular value of X. The curvature is that of X'X/n, whose eigenvalues "
            "are the squares of X's singular values, over n.",
            _singular_value,
            recognise=lambda case, value: any(
                near(value, _singular_value(*case.args) * factor)
                for factor in (1, math.sqrt(len(case.args[0])), len(case.args[0]))
            ),
        ),
        Pitfall(
            "the fastest rate, not the largest",
            "2/(λmin + λmax) is the rate that converges fastest. The largest that converges at "
            "all does not depend on the flattest direction.",
            lambda X: 2 / (_eigenvalues(X)[0] + _eigenvalues(X)[-1]),
        ),
        Pitfall(
            "trace instead of the largest eigenvalue",
            "The trace adds up all curvatures, so the bound it gives is safe but too small. Only "
            "the steepest direction limits the rate.",
            lambda X: 2 / _eigenvalues(X).sum(),
        ),
        Pitfall(
            "centres the columns first",
            "You used the covariance matrix, that is, the columns less their means. X is the "
            "design matrix as it is; its means add curvature.",
            lambda X: 2 / np.linalg.eigvalsh(np.cov(X.T))[-1],
            recognise=lambda case, value: any(
                near(value, 2 / np.linalg.eigvalsh(np.cov(case.args[0].T, ddof=d))[-1])
                for d in (0, 1)
            ),
        ),
        Pitfall(
            "Frobenius norm",
            "`np.linalg.norm` of a matrix is the Frobenius norm: the root of the sum of all "
            "squared eigenvalues, not the largest. The bound is safe but too small.",
            lambda X: 2 / np.linalg.norm(X.T @ X / len(X)),
        ),
    ),
    hints=(
        "Along an eigenvector of the Hessian the error is multiplied by the same factor in every "
        "step. Which factor?",
        "1 − lr·λ must stay between −1 and 1 for every eigenvalue λ of X'X/n.",
        "The condition −1 < 1 − lr·λ is strictest for the largest λ. Solve it for lr.",
    ),
)


# --- steps_to_converge -----------------------------------------------------------------------


def _factor(X: Array, lr: float) -> float:
    """What the worst direction's error is multiplied by in one step."""
    return float(np.abs(1 - lr * _eigenvalues(X)).max())


def _tame(rng: np.random.Generator, n: int, p: int) -> tuple[Array, Array]:
    """A design whose curvatures differ by a factor of 3 to 12, and the curvatures."""
    while True:
        X = standardised(regression(rng, n, p)[0])
        curvatures = _eigenvalues(X)
        if 3 < curvatures[0] / curvatures[-1] < 12:
            return X, curvatures


def _between_integers(X: Array, lr: float, tol: float) -> bool:
    """Whether rounding cannot decide the count."""
    return 0.02 < math.log(tol) / math.log(_factor(X, lr)) % 1 < 0.98


def _converging(rng: np.random.Generator) -> list[Case]:
    cases: list[Case] = []
    plans = [
        ("a small rate", 0.3, 0.6),
        ("a medium rate", 0.7, 1.1),
        ("near the limit", 1.9, 1.97),
        ("nearer to the limit", 1.97, 1.99),
    ]
    while len(cases) < len(plans):
        label, low, high = plans[len(cases)]
        X, curvatures = _tame(rng, 30, 2 + len(cases) % 2)
        lr = float(rng.uniform(low, high) / curvatures[0])
        tol = float(rng.choice([1e-2, 1e-3, 1e-4]))
        if _between_integers(X, lr, tol):
            cases.append(Case(X, lr, tol, label=label))
    return cases


def _diverging(rng: np.random.Generator) -> list[Case]:
    cases = []
    for low, high in ((2.02, 2.2), (3, 5)):
        X, curvatures = _tame(rng, 30, 2)
        lr = float(rng.uniform(low, high) / curvatures[0])
        cases.append(Case(X, lr, 1e-3, label="beyond the limit"))
    return cases


def _count(X: Array, lr: float, tol: float) -> float:
    """The least k with factor**k <= tol, found by halving an interval."""
    factor = _factor(X, lr)
    if factor >= 1:
        return math.inf
    too_few, enough = 0, 1
    while factor**enough > tol:
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (middle, enough) if factor**middle > tol else (too_few, middle)
    return enough


def _rounded_up(factor: float, tol: float) -> float:
    """ceil(log tol / log factor), infinite where the factor does not shrink."""
    if factor >= 1:
        return math.inf
    return math.ceil(math.log(tol) / math.log(factor)) if factor > 0 else 1


def _time_constants(X: Array, lr: float, tol: float) -> float:
    if _factor(X, lr) >= 1:
        return math.inf
    return math.ceil(-math.log(tol) / (lr * float(_eigenvalues(X)[-1])))


def _quotient(X: Array, lr: float, tol: float) -> float:
    factor = _factor(X, lr)
    return math.inf if factor >= 1 else math.log(tol) / math.log(factor)


STEPS_TO_CONVERGE = Exercise(
    name="steps_to_converge",
    signature="(X, lr, tol)",
    title="Steps to converge",
    difficulty=4,
    minutes=12,
    parts=(
        Part("a rate that converges", 1, _converging, _count, compare=equal()),
        Part("a rate that does not", 1, _diverging, _count, compare=equal()),
    ),
    pitfalls=(
        Pitfall(
            "largest eigenvalue only",
            "With a small rate the steep direction is done at once; the flat ones hold up the "
            "rest. Which direction is the slowest depends on the rate, so ask all of them.",
            lambda X, lr, tol: _rounded_up(abs(1 - lr * _eigenvalues(X)[0]), tol),
        ),
        Pitfall(
            "smallest eigenvalue only",
            "Right while the rate is small. Near the limit the steep direction overshoots from "
            "side to side and becomes the slow one; its factor is negative, and its size counts.",
            lambda X, lr, tol: _rounded_up(abs(1 - lr * _eigenvalues(X)[-1]), tol),
        ),
        Pitfall(
            "the fastest direction",
            "You counted for the direction whose error shrinks most in one step. *Every* direction "
            "has to be there: which one arrives last?",
            lambda X, lr, tol: _rounded_up(float(np.abs(1 - lr * _eigenvalues(X)).min()), tol),
        ),
        Pitfall(
            "counts the loss, not the error",
            "The loss falls with the square of the error, so your count is half of what is asked: "
            "tol is about the distance to the solution.",
            lambda X, lr, tol: _rounded_up(_factor(X, lr) ** 2, tol),
        ),
        Pitfall(
            "rounds down",
            "One step earlier the error is still above tol. A count that guarantees something "
            "rounds up.",
            lambda X, lr, tol: _rounded_up(_factor(X, lr), tol) - 1,
        ),
        Pitfall(
            "time constants: log replaced by its tangent",
            "You used log(1/tol) / (lr·λmin). That takes log(1 − z) for −z: good for tiny rates, "
            "too many steps otherwise, and blind to the overshooting direction.",
            _time_constants,
        ),
        Pitfall(
            "X'X not divided by n",
            "Your curvatures are n times too large, so a perfectly good rate looks divergent. The "
            "loss is RSS/(2n).",
            lambda X, lr, tol: _rounded_up(
                float(np.abs(1 - lr * len(X) * _eigenvalues(X)).max()), tol
            ),
        ),
        Pitfall(
            "a count for a rate that diverges",
            "Beyond the limit the error grows: log ρ is positive, log tol is not, and their "
            "quotient is a negative number of steps, an answer that nobody should get. Decide what "
            "never converging means before you divide.",
            lambda X, lr, tol: math.ceil(math.log(tol) / math.log(_factor(X, lr))),
            recognise=lambda case, value: (
                case.label == "beyond the limit" and -1e9 < float(value) < 1e9
            ),
        ),
        Pitfall(
            "not rounded to whole steps",
            "The quotient of the logs is right, and nobody takes a part of a step. The error has "
            "to be at most tol at the end, so in which direction do you round?",
            _quotient,
            recognise=lambda case, value: near(value, _quotient(*case.args), rtol=1e-9),
        ),
        Pitfall(
            "None where it never converges",
            "For a rate that diverges your function gives None, and a caller who compares or adds "
            "counts will crash on it. 'Never' has a number of its own here: infinity.",
            lambda X, lr, tol: None if _factor(X, lr) >= 1 else _rounded_up(_factor(X, lr), tol),
            recognise=lambda case, value: case.label == "beyond the limit" and value is None,
        ),
    ),
    hints=(
        "After k steps the error along eigenvector i is (1 − lr·λ_i)^k of what it was. Which "
        "direction is the last to arrive?",
        "Take ρ = max |1 − lr·λ_i|. The worst error after k steps is ρ^k of the start. When is "
        "that at most tol?",
        "k ≥ log(tol) / log(ρ), rounded up; both logs are negative while ρ < 1. Otherwise the "
        "answer is math.inf.",
    ),
)


# --- ridge -----------------------------------------------------------------------------------


def _standardised_fits(rng: np.random.Generator) -> list[Case]:
    return [
        Case(*_same_scale(rng, n, p), round(rng.uniform(3, 15), 1), label=size(n, p))
        for n, p in ((8, 1), (20, 2), (30, 3))
    ]


def _fits_in_any_units(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, p in ((15, 2), (30, 3)):
        X, y = regression(rng, n, p)
        units = rng.permutation([1.0, 40.0, 0.05][:p]) * rng.uniform(1, 3, size=p)
        lam = round(rng.uniform(3, 15), 1)
        cases.append(Case(X * units, y, lam, label=f"{size(n, p)} of any unit"))
    return cases


def _augmented(Z: Array, t: Array, lam: float) -> Array:
    """Penalised slopes as ordinary least squares on p more rows."""
    p = Z.shape[1]
    rows = np.vstack([Z, math.sqrt(lam) * np.eye(p)])
    slopes: Array = linalg.lstsq(rows, np.concatenate([t, np.zeros(p)]))[0]
    return slopes


def _in_own_units(X: Array, y: Array, slopes: Array) -> Array:
    slopes = slopes / X.std(axis=0)
    return np.concatenate([[y.mean() - X.mean(axis=0) @ slopes], slopes])


def _penalised(X: Array, y: Array, lam: float) -> Array:
    return _in_own_units(X, y, _augmented(standardised(X), y - y.mean(), lam))


def _all_penalised(X: Array, y: Array, lam: float) -> Array:
    intercept, *slopes = _augmented(ones_first(standardised(X)), y, lam)
    whole = _in_own_units(X, y, np.array(slopes))
    whole[0] += intercept - y.mean()
    return whole


def _unscaled(X: Array, y: Array, lam: float) -> Array:
    slopes = _augmented(X - X.mean(axis=0), y - y.mean(), lam)
    return np.concatenate([[y.mean() - X.mean(axis=0) @ slopes], slopes])


def _half_translated(X: Array, y: Array, lam: float) -> Array:
    slopes = _augmented(standardised(X), y - y.mean(), lam)
    return np.concatenate([[y.mean() - X.mean(axis=0) @ slopes], slopes / X.std(axis=0)])


RIDGE = Exercise(
    name="ridge",
    signature="(X, y, lam)",
    title="Ridge regression",
    difficulty=4,
    minutes=15,
    parts=(
        Part("standardised columns", 1, _standardised_fits, _penalised),
        Part("columns in any units", 2, _fits_in_any_units, _penalised),
    ),
    pitfalls=(
        Pitfall(
            "intercept penalised",
            "The intercept has been shrunk towards zero along with the slopes, so the "
            "predictions miss the mean of y: add 1,000 to every y and your fit does not follow. "
            "Which entry of the penalty has to be zero, or what can you centre to be rid of it?",
            _all_penalised,
        ),
        Pitfall(
            "lam scaled by n",
            "You penalise n times too hard: that is the loss RSS/n + lam·‖b‖². Libraries differ "
            "here (scikit-learn's Ridge sums, its Lasso averages), so a lam means nothing without "
            "its loss; this one is RSS + lam·‖b‖².",
            lambda X, y, lam: _penalised(X, y, lam * len(y)),
        ),
        Pitfall(
            "lam divided by n",
            "You penalise n times too little: the sum of squares grows with n, and your penalty "
            "was divided by it. The loss is RSS + lam·‖b‖².",
            lambda X, y, lam: _penalised(X, y, lam / len(y)),
        ),
        Pitfall(
            "lam doubled",
            "That is the minimum of RSS/2 + lam·‖b‖²: the half of the loss has turned up as a "
            "doubled penalty.",
            lambda X, y, lam: _penalised(X, y, 2 * lam),
        ),
        Pitfall(
            "lam halved",
            "That is the minimum of RSS + lam·‖b‖²/2. The 2 of both squares cancels, of the loss "
            "and of the penalty.",
            lambda X, y, lam: _penalised(X, y, lam / 2),
        ),
        Pitfall(
            "lam squared",
            "You appended lam times the identity as rows of data; least squares then squares it. "
            "Which multiple of the identity squares to lam?",
            lambda X, y, lam: _penalised(X, y, lam**2),
        ),
        Pitfall(
            "no scaling",
            "The penalty met the raw columns, so it depends on their units: the same length in "
            "millimetres or metres gets another shrinkage. Standardise first, penalise there, and "
            "translate the coefficients back.",
            _unscaled,
        ),
        Pitfall(
            "coefficients left in standardised units",
            "The slopes are per standard deviation. Applied to raw columns they predict nonsense; "
            "translate them (and the intercept) back to the units of X.",
            lambda X, y, lam: np.concatenate(
                [[y.mean()], _augmented(standardised(X), y - y.mean(), lam)]
            ),
        ),
        Pitfall(
            "mean of y taken for the intercept",
            "The slopes are right. In raw units the columns have means of their own, and the "
            "intercept must make up for them.",
            lambda X, y, lam: np.concatenate([[y.mean()], _penalised(X, y, lam)[1:]]),
        ),
        Pitfall(
            "scaled the wrong way back",
            "You multiplied by the standard deviation where a slope per unit needs the opposite. "
            "Ask the units: dollars per standard deviation, over units per standard deviation.",
            lambda X, y, lam: _in_own_units(
                X, y, _augmented(standardised(X), y - y.mean(), lam) * X.std(axis=0) ** 2
            ),
        ),
        Pitfall(
            "standard deviation with n − 1",
            "Close, but the columns are scaled with the sample standard deviation (ddof=1), which "
            "changes the penalty a little. The text asks for ddof=0.",
            lambda X, y, lam: _penalised(X, y, lam * len(y) / (len(y) - 1)),
        ),
        Pitfall(
            "intercept dropped",
            "Only the slopes came back. Without its intercept the model predicts for a data set "
            "whose mean is zero; put it first.",
            lambda X, y, lam: _penalised(X, y, lam)[1:],
        ),
        Pitfall(
            "intercept at the end",
            "The numbers are right and the order is not: the intercept comes first, then the "
            "slopes in the order of the columns.",
            lambda X, y, lam: np.roll(_penalised(X, y, lam), -1),
        ),
        Pitfall(
            "no penalty at all",
            "That is ordinary least squares: lam has not reached the equations.",
            lambda X, y, lam: _penalised(X, y, 0.0),
        ),
        Pitfall(
            "intercept from the standardised slopes",
            "The slopes are in the units of X and the intercept is not: means in those units were "
            "multiplied with slopes per standard deviation. Translate the slopes first, then take "
            "the intercept from them.",
            _half_translated,
        ),
    ),
    hints=(
        "Where does lam enter the normal equations when you differentiate RSS + lam·‖b‖²?",
        "Centre y and standardise X: then there is no intercept to protect, and (Z'Z + lam·I) b = "
        "Z't.",
        "Slope in own units = b / standard deviation; intercept = mean of y − means of X @ "
        "slopes. Return the intercept first.",
    ),
)
