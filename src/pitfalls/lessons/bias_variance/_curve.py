"""Read a learning curve: learning_curve_verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitfalls.checks import Case, Exercise, Mismatch, Part, Pitfall, equal, show

__all__ = ["LEARNING_CURVE_VERDICT"]

Array = NDArray[np.float64]

_LABELS = ("good enough", "high bias", "more rows", "regularise")
_STILL_FALLING = 0.05


# --- what is drawn ---------------------------------------------------------------------------


def _curve(
    rng: np.random.Generator,
    label: str,
    train: Sequence[float],
    validation: Sequence[float],
    scale: float,
    shaken: float = 0.002,
) -> Case:
    """Errors given in units of the target, at n = 1, 2, 4, 6 and 8 times a first size.

    With four errors the first size is left out, and the half no longer stands in the middle.
    """
    rows = np.array([1, 2, 4, 6, 8])[-len(train) :] * int(rng.choice([50, 100, 250, 500]))
    target = scale * float(rng.uniform(0.8, 1.25))
    shake = 1 + rng.uniform(-shaken, shaken, size=(2, len(rows)))
    errors = target * shake * np.array([train, validation])
    return Case(rows, errors[0], errors[1], target, label=label)


def _stops(rng: np.random.Generator) -> list[Case]:
    return [
        _curve(
            rng,
            "below the target, curves close",
            [0.70, 0.74, 0.78, 0.79, 0.80],
            [1.30, 1.05, 0.92, 0.89, 0.88],
            0.1,
        ),
        _curve(
            rng,
            "below the target, curves apart",
            [0.05, 0.10, 0.15, 0.18, 0.20],
            [1.90, 1.50, 1.20, 1.04, 0.95],
            30.0,
        ),
        _curve(
            rng,
            "training below the target, validation above",
            [0.10, 0.20, 0.30, 0.35, 0.40],
            [2.60, 2.20, 1.80, 1.62, 1.50],
            2.0,
        ),
        _curve(
            rng,
            "both above the target",
            [0.94, 1.12, 1.22, 1.24, 1.26],
            [1.60, 1.42, 1.34, 1.33, 1.32],
            0.6,
        ),
        _curve(
            rng,
            "both above the target from the start",
            [1.06, 1.20, 1.28, 1.31, 1.33],
            [1.70, 1.50, 1.42, 1.41, 1.40],
            9.0,
        ),
        _curve(
            rng,
            "below the target in the middle, above it at the end",
            [0.20, 0.30, 0.38, 0.43, 0.47],
            [1.50, 1.12, 0.94, 1.04, 1.10],
            5.0,
        ),
    ]


def _kinds(rng: np.random.Generator) -> list[Case]:
    return [
        _curve(
            rng,
            "both above the target, curves close",
            [0.95, 1.20, 1.35, 1.39, 1.42],
            [2.10, 1.70, 1.50, 1.49, 1.48],
            0.02,
        ),
        _curve(
            rng,
            "both above the target, curves apart",
            [0.60, 0.90, 1.10, 1.16, 1.20],
            [3.40, 2.90, 2.50, 2.30, 2.15],
            500.0,
        ),
        _curve(
            rng,
            "one on each side of the target",
            [0.30, 0.40, 0.50, 0.55, 0.60],
            [2.50, 2.10, 1.70, 1.55, 1.40],
            1.0,
        ),
        _curve(
            rng,
            "one on each side, validation flat",
            [0.40, 0.46, 0.52, 0.55, 0.58],
            [1.90, 1.60, 1.44, 1.43, 1.42],
            70.0,
        ),
    ]


def _moves(rng: np.random.Generator) -> list[Case]:
    return [
        _curve(
            rng,
            "falling fast",
            [0.10, 0.15, 0.22, 0.26, 0.30],
            [2.60, 2.10, 1.70, 1.54, 1.42],
            0.05,
        ),
        _curve(
            rng,
            "falling, by small steps",
            [0.30, 0.36, 0.43, 0.46, 0.49],
            [1.75, 1.62, 1.50, 1.44, 1.40],
            4.0,
        ),
        _curve(
            rng,
            "falling, the last step small",
            [0.24, 0.30, 0.33, 0.36],
            [2.00, 1.70, 1.57, 1.50],
            60.0,
        ),
        _curve(
            rng,
            "flat after a fall",
            [0.05, 0.08, 0.10, 0.11, 0.12],
            [2.40, 1.60, 1.34, 1.325, 1.315],
            800.0,
        ),
        _curve(
            rng,
            "flat early, training error constant",
            [0.20, 0.20, 0.20, 0.20],
            [1.53, 1.456, 1.440, 1.427],
            0.3,
        ),
        _curve(
            rng,
            "lowest just before the end",
            [0.22, 0.28, 0.34, 0.37, 0.40],
            [2.20, 1.75, 1.45, 1.32, 1.44],
            12.0,
        ),
        # 4.9% below the half; 5.1% of the end, and more of the gap and of the target
        _curve(
            rng,
            "falling by a little less than the rule asks",
            [0.30, 0.42, 0.56, 0.62, 0.68],
            [2.60, 2.30, 2.06, 2.00, 1.959],
            150.0,
            0.0003,
        ),
        _curve(
            rng,
            "flat from the start",
            [0.15, 0.18, 0.21, 0.23, 0.25],
            [1.46, 1.445, 1.435, 1.43, 1.425],
            0.01,
        ),
    ]


# --- the rule of the text --------------------------------------------------------------------


def _wanted(rows: Array, train: Array, validation: Array, target: float) -> str:
    """The rule as a table: the first line whose condition holds."""
    half = validation[list(rows).index(rows[-1] // 2)]
    conditions = [
        validation[-1] <= target,
        train[-1] > target,
        1 - validation[-1] / half >= _STILL_FALLING,
        True,
    ]
    return _LABELS[conditions.index(True)]


_equal = equal()


def _verdicts(got: Any, wanted: Any) -> Mismatch | None:
    if isinstance(got, str) and got not in _LABELS:
        says = f"{show(got)} is not one of the labels {', '.join(map(repr, _LABELS))}."
        return Mismatch("value", says)
    return _equal(got, wanted)


def _up_to_the_remedy(got: Any, wanted: Any) -> Mismatch | None:
    """Both remedies for variance count as variance here; a part of its own tells them apart."""
    remedies = ("more rows", "regularise")
    if isinstance(got, str) and got in remedies and wanted in remedies:
        return None
    return _verdicts(got, wanted)


# --- wrong ways ------------------------------------------------------------------------------


def _read(
    enough: Callable[..., Any] = lambda rows, train, validation, target: validation[-1] <= target,
    bias: Callable[..., Any] = lambda rows, train, validation, target: train[-1] > target,
    falling: Callable[..., Any] = lambda rows, train, validation, target: (
        validation[-1] <= (1 - _STILL_FALLING) * validation[-3]
    ),
) -> Callable[..., str]:
    """A reading with one of its three questions asked in another way."""

    def answer(*curve: Any) -> str:
        if enough(*curve):
            return "good enough"
        if bias(*curve):
            return "high bias"
        return "more rows" if falling(*curve) else "regularise"

    return answer


def _swapped(rows: Array, train: Array, validation: Array, target: float) -> str:
    said = _wanted(rows, train, validation, target)
    if said == "good enough":
        return said
    if said != "high bias":
        return "high bias"
    return "more rows" if validation[-1] <= 0.95 * validation[-3] else "regularise"


LEARNING_CURVE_VERDICT = Exercise(
    "learning_curve_verdict",
    "(rows, train, validation, target)",
    "Read a learning curve",
    difficulty=2,
    minutes=10,
    parts=(
        Part("knows when to stop", 1, _stops, _wanted, _up_to_the_remedy),
        Part("bias or variance", 1, _kinds, _wanted, _up_to_the_remedy),
        Part("what would help the variance", 1, _moves, _wanted, _verdicts),
    ),
    pitfalls=(
        Pitfall(
            "bias and variance swapped",
            "A fit that misses the target on the very rows it has seen has high *bias*; one that "
            "knows its own rows and fails on others has high *variance*. Swapped, every remedy "
            "makes things worse.",
            _swapped,
        ),
        Pitfall(
            "training error alone",
            "The training error is low, so you shipped. It is low for a table of remembered "
            "answers too. Only the validation error can meet a target.",
            _read(enough=lambda rows, train, validation, target: train[-1] <= target),
        ),
        Pitfall(
            "never satisfied with a gap",
            "The validation error has met the target, yet you went on because the curves are "
            "apart. A gap is no fault by itself: strong models nearly always do better on their "
            "own rows. First ask whether it is good enough.",
            _read(
                enough=lambda rows, train, validation, target: (
                    validation[-1] <= target and validation[-1] - train[-1] <= target / 2
                )
            ),
        ),
        Pitfall(
            "target never looked at",
            "Without the target no curve is ever good enough, and more work is always advised. "
            "The first question is whether there is a problem.",
            _read(enough=lambda rows, train, validation, target: False),
        ),
        Pitfall(
            "errors read as scores",
            "You took large for good. These are errors: below the target is good enough.",
            _read(
                enough=lambda rows, train, validation, target: validation[-1] >= target,
                bias=lambda rows, train, validation, target: train[-1] < target,
            ),
        ),
        Pitfall(
            "every gap is variance",
            "The curves are apart, but look at the training error: it is above the target too. "
            "Where both are to blame, bias comes first, because closing the gap would still leave "
            "you above the target.",
            _read(
                bias=lambda rows, train, validation, target: (
                    train[-1] > target and validation[-1] - train[-1] < target / 2
                )
            ),
        ),
        Pitfall(
            "every miss is bias",
            "The validation error misses the target, and you blamed bias without asking the "
            "training error. A fit that reaches the target on its own rows is flexible enough.",
            _read(bias=lambda rows, train, validation, target: True),
        ),
        Pitfall(
            "every miss is variance",
            "Bias was never considered. A training error above the target says that the model "
            "cannot even represent the rows it has; more rows push that error up, not down.",
            _read(bias=lambda rows, train, validation, target: False),
        ),
        Pitfall(
            "bias asked of the validation curve",
            "You took a flat validation curve for bias. A flat curve says that rows no longer "
            "help, which happens with a fit that remembers too. The training error tells them "
            "apart.",
            _read(
                bias=lambda rows, train, validation, target: validation[-1] > 0.95 * validation[-3]
            ),
        ),
        Pitfall(
            "always asks for more rows",
            "More rows are the dearest remedy, and here the last doubling of the rows hardly "
            "moved the validation error. Why should the next one?",
            _read(falling=lambda rows, train, validation, target: True),
        ),
        Pitfall(
            "regularises while rows still help",
            "The validation error is still falling by more than the rule's 5% a doubling. A "
            "stronger penalty may help as well, but the curve shows one remedy at work: name it.",
            _read(falling=lambda rows, train, validation, target: False),
        ),
        Pitfall(
            "asks for a fall of 10%",
            "A fall that is smaller than a tenth did not count for you. The rule speaks of 5%.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-1] <= 0.9 * validation[-3]
                )
            ),
        ),
        Pitfall(
            "5% of another figure",
            "A fall of a little less than 5% was enough for you. *5% lower than at half the rows* "
            "counts from the error there, not from the one at the end, the gap or the target.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-3] - validation[-1] >= _STILL_FALLING * validation[-1]
                )
            ),
        ),
        Pitfall(
            "half of the points, not half of the rows",
            "You compared with the point in the middle of the list. The sizes are not evenly "
            "spaced: look for the one with half of the last one's rows.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-1] <= 0.95 * validation[len(rows) // 2]
                )
            ),
        ),
        Pitfall(
            "last step, not last doubling",
            "You compared the last two points, but they are no doubling apart: the steps are of "
            "different length. Find the point with half of the rows.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-1] <= 0.95 * validation[-2]
                )
            ),
        ),
        Pitfall(
            "from the first point to the last",
            "Every curve falls steeply at its left end; that is over. What counts for the next "
            "doubling is the last one.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-1] <= 0.95 * validation[0]
                )
            ),
        ),
        Pitfall(
            "5% read as 0.05",
            "You compared a difference of errors with 0.05, so the verdict changes with the unit: "
            "dollars or thousands of dollars. The rule speaks of 5% *of the error* at half the "
            "rows.",
            _read(
                falling=lambda rows, train, validation, target: (
                    validation[-3] - validation[-1] >= 0.05
                )
            ),
        ),
        Pitfall(
            "watches the training curve",
            "You asked whether the training error changes. It rises with more rows in any case, "
            "since more of them are harder to remember. The validation error has to fall.",
            _read(
                falling=lambda rows, train, validation, target: (
                    abs(train[-1] - train[2]) >= 0.05 * train[2]
                )
            ),
        ),
        Pitfall(
            "best point instead of the last",
            "You read the lowest point of the validation curve, wherever it stands. The model that "
            "you would ship is fitted to all rows, so the right end speaks, even if fewer rows "
            "once did better.",
            _read(
                enough=lambda rows, train, validation, target: min(validation) <= target,
                falling=lambda rows, train, validation, target: (
                    min(validation) <= 0.95 * validation[-3]
                ),
            ),
        ),
        Pitfall(
            "lowest training error instead of the last",
            "The training error is lowest at the fewest rows, where any model can remember them. "
            "Whether this one is flexible enough shows where it has all its rows.",
            _read(bias=lambda rows, train, validation, target: min(train) > target),
        ),
        Pitfall(
            "best point of either curve instead of the last",
            "You read the lowest points of both curves, and they belong to different numbers of "
            "rows: few for training, more for validation. One model is shipped, and it is fitted "
            "to all rows: read both curves there.",
            _read(
                enough=lambda rows, train, validation, target: min(validation) <= target,
                bias=lambda rows, train, validation, target: min(train) > target,
                falling=lambda rows, train, validation, target: (
                    min(validation) <= 0.95 * validation[-3]
                ),
            ),
        ),
        Pitfall(
            "reads the left end",
            "You read the curves at the smallest size. Few rows are easily remembered, so every "
            "model looks like high variance there. The model that you would ship has all the rows.",
            _read(
                enough=lambda rows, train, validation, target: validation[0] <= target,
                bias=lambda rows, train, validation, target: train[0] > target,
                falling=lambda rows, train, validation, target: (
                    validation[1] <= 0.95 * validation[0]
                ),
            ),
        ),
    ),
    hints=(
        "Three questions in a fixed order: is it good enough, does it miss even its own rows, "
        "is it still getting better?",
        "All three are asked at the right end: `validation[-1]` against the target, `train[-1]` "
        "against the target, `validation[-1]` against the validation error at half the rows.",
        "`half = validation[rows == rows[-1] / 2][0]`; still falling means "
        "`half - validation[-1] >= 0.05 * half`.",
    ),
)
