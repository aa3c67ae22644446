"""Training one row at a time: pegasos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from pitfalls.checks import Case, Exercise, Mismatch, Outcome, Part, Pitfall, Seeded, numeric_array

__all__ = ["PEGASOS"]

Array = NDArray[Any]

_EPOCHS = 40
_SLACK = 0.01  # of the best objective


def _objective(w: Array, X: Array, y: Array, lam: float) -> float:
    return float(lam * np.dot(w, w) / 2 + np.mean(np.clip(1 - (X * y[:, None]).dot(w), 0, None)))


def _centred(rng: np.random.Generator) -> list[Case]:
    y = np.repeat([-1, 1], 50)
    X = rng.normal(size=(100, 2)) + np.outer(y, rng.uniform(0.5, 0.9, size=2))
    return [_case(X, y, rng, "100 rows around the origin")]


def _offset(rng: np.random.Generator) -> list[Case]:
    """A column of ones, and classes whose border is far from the origin.

    Rows sorted by class: their order must matter.
    """
    y = np.repeat([-1, 1], [60, 40])
    while True:
        X = rng.normal(size=(100, 2)) + np.outer(y, [0.9, 0.6]) + [2.0, 1.0]
        case = _case(np.column_stack([X, np.ones(100)]), y, rng, "a column of ones for the offset")
        if _excess(_in_stored_order(*case.args), case) > 0.015:
            return [case]


def _case(X: Array, y: Array, rng: np.random.Generator, label: str) -> Case:
    while True:
        case = Case(X, y, 0.1, _EPOCHS, Seeded(int(rng.integers(1_000_000))), label=label)
        # a constant step of 1/lam may end at exactly zero, which is another mistake's result
        if _constant_step(*case.args[:4], np.random.default_rng(case.args[4].seed)).any():
            return case


def _excess(w: Array, case: Case) -> float:
    """How far the objective at w is above the best one, as a share of it."""
    X, y, lam, _, _ = case.args
    return _objective(w, X, y, lam) / _objective(_library(X, y, lam), X, y, lam) - 1


def _judge(case: Case, outcome: Outcome) -> Mismatch | None:
    excess = _excess(numeric_array(outcome.value, (case.args[0].shape[1],)), case)
    if excess <= _SLACK:
        return None
    says = f"The objective at your w is more than {_SLACK:.0%} above what LinearSVC reaches."
    return Mismatch("value", says, f"{excess:.3%} above", f"at most {_SLACK:.0%} above")


def _library(X: Array, y: Array, lam: float) -> Array:
    """The same objective, divided by lam: C is the price of one row."""
    model = LinearSVC(
        C=1 / (lam * len(y)),
        loss="hinge",
        fit_intercept=False,
        tol=1e-6,
        max_iter=1_000_000,
        random_state=0,
    )
    w: Array = model.fit(X, y).coef_[0]
    return w


Update = Callable[[Array, Array, float, float, float], Array]


def _descent(
    update: Update,
    rate: Callable[[float, int, int], float] = lambda lam, t, epoch: 1 / (lam * t),
    passes: Callable[[int], int] = lambda epochs: epochs,
    shuffled: bool = True,
    counts_on: bool = True,
) -> Callable[..., Any]:
    """A wrong descent: how w moves at a row, how long the step is, how often all rows are seen."""

    def answer(X: Array, y: Array, lam: float, epochs: int, rng: np.random.Generator) -> Any:
        w = np.zeros(X.shape[1])
        t = 0
        for epoch in range(1, passes(epochs) + 1):
            t = t if counts_on else 0
            for i in rng.permutation(len(y)) if shuffled else range(len(y)):
                t += 1
                w = update(w, X[i], y[i], lam, rate(lam, t, epoch))
        return w

    return answer


def _step(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return w - eta * (lam * w - (label * x if label * (x @ w) < 1 else 0 * x))


def _shrinks_when_it_hurts(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return _step(w, x, label, lam, eta) if label * (x @ w) < 1 else w


def _uphill(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return (1 - eta * lam) * w - (eta * label * x if label * (x @ w) < 1 else 0 * x)


def _perceptron(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return (1 - eta * lam) * w + (eta * label * x if label * (x @ w) <= 0 else 0 * x)


def _never_shrinks(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return w + eta * label * x if label * (x @ w) < 1 else w


def _unlabelled(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return (1 - eta * lam) * w + (eta * x if label * (x @ w) < 1 else 0 * x)


def _asleep(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    return (1 - eta * lam) * w + (eta * label * x if label * (x @ w) < 0 else 0 * x)


def _spares_the_last(w: Array, x: Array, label: float, lam: float, eta: float) -> Array:
    shrunk: Array = np.append((1 - eta * lam) * w[:-1], w[-1])
    return shrunk + (eta * label * x if label * (x @ w) < 1 else 0 * x)


_constant_step = _descent(_step, rate=lambda lam, t, epoch: 1 / lam)
_in_stored_order = _descent(_step, shuffled=False)


PEGASOS = Exercise(
    "pegasos",
    "(X, y, lam, epochs, rng)",
    "Pegasos: train it one row at a time",
    difficulty=4,
    minutes=20,
    parts=(
        Part("within 1 % of LinearSVC", 3, _centred, judge=_judge),
        Part("with a column of ones", 1, _offset, judge=_judge),
    ),
    pitfalls=(
        Pitfall(
            "shrinks only when a row pays",
            "λ/2‖w‖² is charged at every step, whichever row was drawn. If w shrinks only "
            "together with a pull, the safe rows no longer count and w ends too steep.",
            _descent(_shrinks_when_it_hurts),
        ),
        Pitfall(
            "never shrinks",
            "Only the hinges are followed: the slope of λ/2‖w‖² is λw, and it is missing. The "
            "margin is then no longer maximised: you get some plane that pays little.",
            _descent(_never_shrinks),
        ),
        Pitfall(
            "climbs instead of descending",
            "A row that pays must pull w towards its own side (+ η·y·x). With the minus sign the "
            "violations grow with every step.",
            _descent(_uphill),
        ),
        Pitfall(
            "waits for mistakes",
            "That is the perceptron's condition. A row on the street (0 < y·f < 1) pays as well "
            "and must pull, otherwise nothing pushes the rows beyond the kerb.",
            _descent(_perceptron),
        ),
        Pitfall(
            "never leaves zero",
            "At w = 0 every margin is 0. If no row pulls there (because the test asks for a "
            "negative margin, or for one above 1), w stays 0 for ever. Which margins pay?",
            _descent(_asleep),
            recognise=lambda case, value: not np.any(value),
        ),
        Pitfall(
            "label forgotten in the pull",
            "Every row that pays pulls w towards itself, the negative ones too. Which factor "
            "sends them the other way?",
            _descent(_unlabelled),
        ),
        Pitfall(
            "step that never shrinks",
            "With a constant step w keeps jumping by the size of a row and settles nowhere. One "
            "row is a noisy stand-in for all: the steps must shrink like 1/t.",
            _constant_step,
        ),
        Pitfall(
            "counts epochs, not steps",
            "t goes up with every row. If it waits for the end of an epoch, the first epoch takes "
            "steps of full length 1/λ all the way, and the last ones are n times too long.",
            _descent(_step, rate=lambda lam, t, epoch: 1 / (lam * epoch)),
        ),
        Pitfall(
            "t starts again with every epoch",
            "Each epoch begins with steps of full length again and wipes out what the one before "
            "had learned. t goes on counting through all epochs.",
            _descent(_step, counts_on=False),
        ),
        Pitfall(
            "lam left out of the step",
            "The step is 1/(λt). With 1/t it is λ times too short: w is still on its way when the "
            "epochs are over.",
            _descent(_step, rate=lambda lam, t, epoch: 1 / t),
        ),
        Pitfall(
            "one pass only",
            "`epochs` says how often all rows are visited; t goes on counting from one epoch to "
            "the next. After one pass the objective is still far from its floor.",
            _descent(_step, passes=lambda epochs: 1),
        ),
        Pitfall(
            "rows visited in the table's order",
            "The rows come sorted by class, so each epoch ends with a long run of one class that "
            "drags the plane to its side. Shuffle: `rng` is handed over for that.",
            _in_stored_order,
        ),
        Pitfall(
            "spares the last column",
            "Leaving the offset unpenalised is a fine idea, but it is another objective. Here the "
            "column of ones is a column like any other, as in LinearSVC.",
            _descent(_spares_the_last),
        ),
    ),
    hints=(
        "One step uses one row in place of all: what is the slope of λ/2‖w‖² + max(0, 1 − y·w·x)? "
        "You have it from the exercise before.",
        "Two loops: epochs, and within each the rows in the order `rng.permutation(n)`. Count the "
        "steps t = 1, 2, 3, … through both; the step length is 1/(λt).",
        "At each row: test y·(w·x) < 1 with the w you came with; scale w by (1 − step·λ) in any "
        "case; add step·y·x if the test was true. Start from zeros, return the last w.",
    ),
)
