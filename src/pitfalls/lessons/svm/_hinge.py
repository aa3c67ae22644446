"""The objective and its slope: hinge_loss, hinge_subgradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import hinge_loss as mean_hinge

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    MismatchError,
    Outcome,
    Part,
    Pitfall,
    numeric_array,
    show,
)

__all__ = ["HINGE_LOSS", "HINGE_SUBGRADIENT"]

Array = NDArray[Any]


def _objective(w: Array, b: float, X: Array, y: Array, C: float) -> float:
    """Half the squared length of w, and C for each unit of hinge; the hinge is scikit-learn's."""
    scores = np.array([float(np.dot(row, w)) + b for row in X])
    hinges = len(y) * mean_hinge(y, scores, labels=[-1, 1])
    return float(np.linalg.norm(w) ** 2 / 2 + C * hinges)


# --- what is drawn ---------------------------------------------------------------------------


def _violated(rng: np.random.Generator) -> list[Case]:
    return [
        _scene(rng, 8, 2, float(rng.choice([2.0, 3.0])), "8 rows, 2 columns"),
        _scene(rng, 20, 4, 0.5, "20 rows, 4 columns"),
    ]


def _scene(rng: np.random.Generator, n: int, p: int, C: float, label: str) -> Case:
    """Rows beyond the kerb, on the street, and on the wrong side; none near the kink."""
    while True:
        w, b = rng.normal(size=p), float(rng.uniform(0.4, 1.2))
        X = rng.normal(size=(n, p)) * 1.5
        y = np.where(X @ w + b + rng.normal(size=n) > 0, 1, -1)
        margins = y * (X @ w + b)
        kinds = [
            np.sum((margins > 1) & (y == 1)),
            np.sum((margins > 1) & (y == -1)),
            np.sum((margins > 0) & (margins < 1)),
            np.sum(margins < 0),
        ]
        clear = min(np.abs(margins - 1).min(), np.abs(margins).min()) > 0.02
        if min(kinds) >= 1 and clear and abs(np.linalg.norm(w) - 1) > 0.2:
            return Case(w, b, X, y, C, label=label)


def _safe(rng: np.random.Generator) -> list[Case]:
    """Every row beyond its kerb: nothing but the price of the weights is left."""
    case = _scene(rng, 60, 2, 3.0, "every row beyond its kerb")
    w, b, X, y, C = case.args
    far = y * (X @ w + b) > 1
    return [Case(w, b, X[far], y[far], C, label=case.label)]


# --- hinge_loss ------------------------------------------------------------------------------


def _scored(
    price: Callable[[Array], Any], total: Callable[[Array, float, float, Array], Any]
) -> Callable[..., Any]:
    """A wrong objective: what each row pays for its margin, and how all of it is added up."""

    def answer(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
        return total(w, b, C, price(y * (X @ w + b)))

    return answer


def _hinge(m: Array) -> Array:
    losses: Array = np.clip(1 - m, 0, None)
    return losses


def _usual(w: Array, b: float, C: float, losses: Array) -> Any:
    return w @ w / 2 + C * losses.sum()


def _with_labels(relabel: Callable[[Array], Array]) -> Callable[..., Any]:
    def answer(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
        return _usual(w, b, C, _hinge(relabel(y) * (X @ w + b)))

    return answer


HINGE_LOSS = Exercise(
    "hinge_loss",
    "(w, b, X, y, C)",
    "The soft-margin objective",
    difficulty=2,
    minutes=8,
    parts=(
        Part("the price of the weights", 1, _safe, _objective),
        Part("and of the violations", 2, _violated, _objective),
    ),
    pitfalls=(
        Pitfall(
            "reads the labels as 0 and 1",
            "With 0 for the second class its margin y·f(x) is always 0, so each of its rows pays "
            "1 wherever it stands. The hinge needs labels −1 and +1, which is what comes in here.",
            _with_labels(lambda y: (y + 1) / 2),
        ),
        Pitfall(
            "stretches labels that are −1 and +1 already",
            "`2*y - 1` turns 0/1 into −1/+1, but it turns −1/+1 into −3/+1: the negative class "
            "gets three times the margin. Look at the labels before you convert them.",
            _with_labels(lambda y: 2 * y - 1),
        ),
        Pitfall(
            "squares the hinge",
            "That is the squared hinge, the default of scikit-learn's LinearSVC. It punishes one "
            "far outlier like many near misses; the classical SVM pays in proportion.",
            _scored(lambda m: _hinge(m) ** 2, _usual),
        ),
        Pitfall(
            "averages the violations",
            "The objective adds the hinges up. With a mean, C means something else for every "
            "sample size, and a C tuned on a tenth of the data is wrong for all of it. "
            "(Pegasos does take the mean, and its λ is 1/(nC) for that reason.)",
            _scored(_hinge, lambda w, b, C, h: w @ w / 2 + C * h.mean()),
        ),
        Pitfall(
            "penalises the offset",
            "b moves the plane and does not change the width of the street, so the SVM leaves it "
            "free. (LinearSVC does penalise it: one reason why it differs from SVC.)",
            _scored(_hinge, lambda w, b, C, h: (w @ w + b**2) / 2 + C * h.sum()),
        ),
        Pitfall(
            "C on the wrong term",
            "C is the price of a violation. Multiplied onto ‖w‖² it does the opposite: a large C "
            "would then ask for a wide street and forgive mistakes.",
            _scored(_hinge, lambda w, b, C, h: C * (w @ w) / 2 + h.sum()),
        ),
        Pitfall(
            "C forgotten",
            "The hinges are added up at a price of 1. C says how much of the width a unit of "
            "violation is worth: without it there is nothing to choose.",
            _scored(_hinge, lambda w, b, C, h: w @ w / 2 + h.sum()),
        ),
        Pitfall(
            "each row that pays pays the same",
            "You counted the rows short of their kerb. A row pays in proportion: what it lacks to "
            "1, so that a step in the right direction already lowers the bill.",
            _scored(lambda m: (m < 1).astype(float), _usual),
        ),
        Pitfall(
            "rewards rows far beyond the kerb",
            "Without the floor at zero a safe row pays a negative amount and hides the violations "
            "of others. Beyond the kerb the hinge is flat.",
            _scored(lambda m: 1 - m, _usual),
        ),
        Pitfall(
            "minimum for maximum",
            "With the minimum only the safe rows enter, and as a reward; rows that lack something "
            "pay nothing. The larger of 0 and 1 − y·f(x) is what a row pays.",
            _scored(lambda m: np.clip(1 - m, None, 0), _usual),
        ),
        Pitfall(
            "charges only the misclassified",
            "max(0, −y·f) is the loss of the perceptron, which is content with any plane that "
            "gets the sign right. The hinge also charges rows that stand on the street.",
            _scored(lambda m: np.clip(-m, 0, None), _usual),
        ),
        Pitfall(
            "counts mistakes",
            "A count is flat almost everywhere and jumps: no gradient tells how to improve it. "
            "The hinge is its continuous upper bound.",
            _scored(lambda m: (m < 0).astype(float), _usual),
        ),
        Pitfall(
            "half forgotten",
            "Without the ½ the price of the weights is doubled, which acts like half the C. The "
            "½ is there so that the slope is w and not 2w.",
            _scored(_hinge, lambda w, b, C, h: w @ w + C * h.sum()),
        ),
        Pitfall(
            "norm not squared",
            "Half the norm has the same minimiser in the hard-margin problem, but here it is "
            "traded against the violations, and the trade changes. Also, it has a kink at 0.",
            _scored(_hinge, lambda w, b, C, h: np.linalg.norm(w) / 2 + C * h.sum()),
        ),
        Pitfall(
            "the margin left out",
            "Only the violations are charged. Then any plane that separates is as good as any "
            "other, however narrow its street: what pays for the width?",
            _scored(_hinge, lambda w, b, C, h: C * h.sum()),
        ),
    ),
    hints=(
        "Two bills: one for steep weights (a narrow street), one for rows that are not beyond "
        "their kerb. Which of the two does C multiply?",
        "Margins first: y·(w·x + b), one for each row. A row pays what it lacks to 1, never less "
        "than nothing.",
        "`np.maximum(0, 1 - margins)` gives the hinges; add them up, times C, and add ½ w·w.",
    ),
)


# --- hinge_subgradient -----------------------------------------------------------------------


def _summed(w: Array, b: float, X: Array, y: Array, C: float) -> float:
    """The same objective for the many evaluations of a difference quotient."""
    return float(np.dot(w, w) / 2 + C * _hinge((X * y[:, None]).dot(w) + b * y).sum())


def _judge_weights(case: Case, outcome: Outcome) -> Mismatch | None:
    got, _ = _pair(outcome.value, len(case.args[0]))
    w, *rest = case.args
    wanted = _slope(lambda v: _summed(v, *rest), w)
    return _apart("The slope with respect to w", got, wanted)


def _judge_offset(case: Case, outcome: Outcome) -> Mismatch | None:
    w, b, *rest = case.args
    _, got = _pair(outcome.value, len(w))
    wanted = _slope(lambda v: _summed(w, float(v[0]), *rest), np.array([b]))[0]
    return _apart("The slope with respect to b", got, wanted)


def _slope(function: Callable[[Array], float], at: Array, step: float = 1e-5) -> Array:
    """Central differences; exact up to rounding where no kink lies within a step."""
    moves = np.eye(len(at)) * step
    return np.array([(function(at + d) - function(at - d)) / (2 * step) for d in moves])


def _apart(what: str, got: Array, wanted: Array) -> Mismatch | None:
    if np.allclose(got, wanted, rtol=1e-5, atol=1e-5):
        return None
    return Mismatch("value", f"{what} is not that of finite differences.", show(got), show(wanted))


def _pair(value: Any, p: int) -> tuple[Array, Array]:
    """What came, as a gradient for w and a number for b."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        says = "The result must be two things: the slope for w and the slope for b."
        wanted = f"(array of shape ({p},), number)"
        raise MismatchError(Mismatch("type", says, show(value), wanted))
    return numeric_array(value[0], (p,)), numeric_array(value[1], ())


def _on_the_kink(rng: np.random.Generator) -> list[Case]:
    """One row exactly on its kerb, in numbers that binary floats hold exactly."""
    w, b = np.array([2.0, 0.0]), -1.0
    sign = int(rng.choice([-1, 1]))
    kerb = [1.0 if sign == 1 else 0.0, float(rng.integers(1, 5))]  # w·x + b = ±1
    X = np.array([kerb, [4.0, 1.5], [-3.0, 2.0], [0.75, -float(rng.integers(1, 5))]])
    return [Case(w, b, X, np.array([sign, 1, -1, -1]), 2.0, label="a row exactly on its kerb")]


def _judge_kink(case: Case, outcome: Outcome) -> Mismatch | None:
    """The definition: the tangent plane lies nowhere above the objective."""
    w, b, *rest = case.args
    gw, gb = _pair(outcome.value, len(w))
    slope, here = np.append(gw, gb), np.append(w, b)
    rng = np.random.default_rng(0)
    level = _summed(w, b, *rest)
    for size in (1e-3, 1e-2, 0.3):
        for move in size * np.vstack([np.eye(3), -np.eye(3), rng.normal(size=(60, 3))]):
            there = here + move
            rise = _summed(there[:-1], float(there[-1]), *rest) - level
            if not slope @ move <= rise + 1e-9:
                says = (
                    "With a row exactly on its kerb, the tangent plane of this slope cuts through "
                    "the objective, so it is no subgradient."
                )
                wanted = "any slope between those on the two sides of the kink"
                return Mismatch("value", says, show(slope), wanted)
    return None


def _sloped(
    weights: Callable[[Array, Array, float], Array],
    offset: Callable[[float, Array, float], Any] | None = None,
    active: Callable[[Array], Array] = lambda m: m < 1,
) -> Callable[..., Any]:
    """A wrong slope: of w from the pull of the active rows, of b likewise, and who is active."""

    def answer(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
        on = active(y * (X @ w + b)).astype(float)
        pulls = y * on
        return (
            weights(w, X.T @ pulls, C),
            -C * pulls.sum() if offset is None else offset(b, pulls, C),
        )

    return answer


def _pulled(w: Array, pull: Array, C: float) -> Array:
    return w - C * pull


def _averaged(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
    pulls = np.where(y * (X @ w + b) < 1, y, 0)
    return w - C * X.T @ pulls / len(y), -C * pulls.mean()


def _unlabelled(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
    on = y * (X @ w + b) < 1
    return w - C * X[on].sum(axis=0), -C * float(on.sum())


def _asks_without_labels(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
    pulls = np.where(X @ w + b < 1, y, 0)
    return w - C * X.T @ pulls, -C * pulls.sum()


def _squared(w: Array, b: float, X: Array, y: Array, C: float) -> Any:
    pulls = 2 * y * _hinge(y * (X @ w + b))
    return w - C * X.T @ pulls, -C * pulls.sum()


HINGE_SUBGRADIENT = Exercise(
    "hinge_subgradient",
    "(w, b, X, y, C)",
    "Its slope, and what to do at the kink",
    difficulty=3,
    minutes=12,
    parts=(
        Part("slope for w", 2, _violated, judge=_judge_weights),
        Part("slope for b", 1, _violated, judge=_judge_offset),
        Part("a row exactly on the kink", 1, _on_the_kink, judge=_judge_kink),
    ),
    pitfalls=(
        Pitfall(
            "sign flipped",
            "Raising w towards a positive row that pays *lowers* its hinge, so the slope points "
            "away from it. With this sign each descent step makes the violations worse.",
            _sloped(lambda w, s, C: w + C * s, lambda b, s, C: C * s.sum()),
        ),
        Pitfall(
            "the step instead of the slope",
            "Everything has the opposite sign: that is the direction in which descent goes, not "
            "the slope. Whoever calls your function will subtract it, and climb.",
            _sloped(lambda w, s, C: C * s - w, lambda b, s, C: C * s.sum()),
        ),
        Pitfall(
            "penalty forgotten",
            "½‖w‖² has a slope as well. Without it nothing widens the street: a row that is safe "
            "stops pulling, and w stays as steep as it is.",
            _sloped(lambda w, s, C: -C * s),
        ),
        Pitfall(
            "factor 2 on the weights",
            "The slope of w·w is 2w, but half of it is charged. That is what the ½ is for.",
            _sloped(lambda w, s, C: 2 * w - C * s),
        ),
        Pitfall(
            "C forgotten",
            "Each violation costs C, so each pull counts C times as well.",
            _sloped(lambda w, s, C: w - s, lambda b, s, C: -s.sum()),
        ),
        Pitfall(
            "C on the wrong term",
            "C multiplies the violations and not the price of the weights.",
            _sloped(lambda w, s, C: C * w - s, lambda b, s, C: -s.sum()),
        ),
        Pitfall(
            "averages the pulls",
            "The objective adds the hinges up, so its slope adds the pulls up. A mean makes the "
            "data count for less, the more of it there is.",
            _averaged,
        ),
        Pitfall(
            "only the misclassified pull",
            "A row on the right side but on the street still pays, so it still pulls. From which "
            "y·f(x) on is the hinge flat?",
            _sloped(_pulled, active=lambda m: m < 0),
        ),
        Pitfall(
            "the safe rows pull",
            "Beyond the kerb the hinge is flat and its slope zero. Turn the comparison round.",
            _sloped(_pulled, active=lambda m: m > 1),
        ),
        Pitfall(
            "every row pulls",
            "The maximum with zero has a slope too: zero, wherever zero wins. Which rows does "
            "that switch off?",
            _sloped(_pulled, active=np.ones_like),
        ),
        Pitfall(
            "label forgotten",
            "A negative row must pull the other way. By the chain rule the slope of "
            "1 − y·(w·x + b) with respect to w has one more factor than x.",
            _unlabelled,
        ),
        Pitfall(
            "label left out of the condition",
            "A row pays if y·f(x) < 1. You asked f(x) < 1, which every row on the negative side "
            "fulfils, however safe it is there.",
            _asks_without_labels,
        ),
        Pitfall(
            "slope of the squared hinge",
            "Here each row pulls in proportion to its violation. The hinge itself is a straight "
            "line: every row that pays pulls with the same force C.",
            _squared,
        ),
        Pitfall(
            "offset left at rest",
            "b stands inside every hinge, so the rows that pay pull at it as well. With zero "
            "there the plane could turn but never move.",
            _sloped(_pulled, lambda b, s, C: 0.0),
        ),
        Pitfall(
            "penalises the offset",
            "The b in your slope comes from a penalty ½b² that the objective does not have.",
            _sloped(_pulled, lambda b, s, C: b - C * s.sum()),
        ),
    ),
    hints=(
        "Split the sum: what is the slope of ½‖w‖²? And of one hinge, once for a row that pays "
        "and once for a row that does not?",
        "A row that pays contributes −C·y·x to the slope of w and −C·y to the slope of b; the "
        "others contribute nothing.",
        "Make a vector that holds y for the rows with margin below 1 and 0 for the others. "
        "`X.T @` that vector adds up the pulls; its sum is the one for b. Return both.",
    ),
)
