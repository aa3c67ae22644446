"""The street and who stands on its kerb: signed_distance, margin_width, support_vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from pitfalls.checks import Case, Exercise, Part, Pitfall, equal, unordered

__all__ = ["MARGIN_WIDTH", "SIGNED_DISTANCE", "SUPPORT_VECTORS"]

Array = NDArray[Any]

_LEGS = ((3.0, 4.0), (6.0, 8.0), (5.0, 12.0), (8.0, 15.0))  # w with a norm to compute in the head
_ROUNDING = 1e-5  # libsvm keeps its kernel in single precision


# --- signed_distance -------------------------------------------------------------------------


def _plane_cases(rng: np.random.Generator) -> list[Case]:
    w = np.array(_LEGS[rng.integers(len(_LEGS))]) * rng.choice([-1, 1], size=2)
    b = float(rng.choice([-10, -7, 6, 9]))
    X = rng.choice(np.arange(-6, 7), size=(4, 2), replace=False).astype(float)
    return [Case(w, b, X, label="4 rows, 2 columns, whole numbers")]


def _space_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            _far_from_one(rng, p), float(rng.uniform(0.5, 2)), rng.normal(size=(n, p)), label=words
        )
        for n, p, words in ((1, 3, "a single row"), (7, 5, "7 rows, 5 columns"))
    ]


def _far_from_one(rng: np.random.Generator, p: int) -> Array:
    """A normal vector whose length, its square and their inverses are all different."""
    w = rng.normal(size=p)
    length = float(rng.choice([rng.uniform(0.3, 0.7), rng.uniform(1.6, 4)]))
    scaled: Array = w * (length / np.linalg.norm(w))
    return scaled


def _nearest_step(w: Array, b: float, X: Array) -> Array:
    """The length of the shortest step onto the plane, by least squares, and the row's side."""
    heights = np.array([float(np.dot(w, row)) + b for row in X])
    steps = np.linalg.pinv(w[None, :]) @ heights[None, :]  # (p, n)
    distances: Array = np.sign(heights) * np.sqrt((steps**2).sum(axis=0))
    return distances


SIGNED_DISTANCE = Exercise(
    "signed_distance",
    "(w, b, X)",
    "Signed distance to a hyperplane",
    difficulty=1,
    minutes=5,
    parts=(
        Part("in the plane", 1, _plane_cases, _nearest_step),
        Part("in any number of dimensions", 1, _space_cases, _nearest_step),
    ),
    pitfalls=(
        Pitfall(
            "not divided by the norm",
            "`w·x + b` has the right sign, but it doubles when you double w and b, although the "
            "plane stays where it is. A distance cannot do that: what length is w·x measured in? "
            "scikit-learn's `decision_function` of a linear SVM is exactly this undivided number.",
            lambda w, b, X: X @ w + b,
        ),
        Pitfall(
            "sign thrown away",
            "A distance without its sign no longer says on which side a row lies, and the side is "
            "what a classifier predicts. Which operation made everything positive?",
            lambda w, b, X: np.abs(X @ w + b) / np.linalg.norm(w),
        ),
        Pitfall(
            "divides by the squared norm",
            "Dividing by w·w gives how many copies of w you walk, not how far you walk: each copy "
            "is as long as w itself. Check the units with w = (3, 4).",
            lambda w, b, X: (X @ w + b) / (w @ w),
        ),
        Pitfall(
            "offset left out of the division",
            "Only the first term was divided: b is measured in the same stretched units as w·x. "
            "Which pair of brackets is missing?",
            lambda w, b, X: X @ w / np.linalg.norm(w) + b,
        ),
        Pitfall(
            "offset forgotten",
            "Without b every plane passes through the origin. Put a row on the plane and see that "
            "your distance is not zero there.",
            lambda w, b, X: X @ w / np.linalg.norm(w),
        ),
        Pitfall(
            "offset with the wrong sign",
            "Some books write the plane as w·x − b = 0, this lesson as w·x + b = 0. Say the "
            "convention before you write the formula on a whiteboard.",
            lambda w, b, X: (X @ w - b) / np.linalg.norm(w),
        ),
        Pitfall(
            "offset counted into the norm",
            "b moves the plane along its normal and does not stretch the normal. Only w decides "
            "how steeply w·x + b climbs as you walk away from the plane.",
            lambda w, b, X: (X @ w + b) / np.linalg.norm(np.append(w, b)),
        ),
        Pitfall(
            "adds up the absolute weights",
            "The sum of the absolute weights measures w in city blocks. A perpendicular step is "
            "as the crow flies: which norm belongs to that?",
            lambda w, b, X: (X @ w + b) / np.abs(w).sum(),
        ),
    ),
    hints=(
        "Walk from the plane one unit in the direction of w. By how much does w·x + b grow?",
        "It grows by the length of w. So how many units have you walked when it has grown to "
        "w·x + b?",
        "One line: all scores at once with `X @ w`, add the offset, and divide the whole by "
        "`np.linalg.norm` of the right vector. Keep the sign.",
    ),
)


# --- margin_width ----------------------------------------------------------------------------


def _weight_cases(rng: np.random.Generator) -> list[Case]:
    legs = np.array(_LEGS[rng.integers(len(_LEGS))])
    return [
        Case(legs, label="two whole numbers"),
        Case(_far_from_one(rng, 3), label="3 columns"),
        Case(_far_from_one(rng, 6) / 10, label="6 columns, small weights"),
    ]


def _street(w: Array) -> float:
    """How far the shortest step goes that raises the score by 2, from one kerb to the other."""
    return float(np.linalg.norm(np.linalg.lstsq(w[None, :], np.array([2.0]), rcond=None)[0]))


MARGIN_WIDTH = Exercise(
    "margin_width",
    "(w)",
    "Width of the margin",
    difficulty=1,
    minutes=3,
    parts=(Part("width", 1, _weight_cases, _street),),
    pitfalls=(
        Pitfall(
            "half the street",
            "That is the way from the decision line to one kerb. The margin is the whole street, "
            "from score −1 to score +1: how far apart are those two scores?",
            lambda w: 1 / np.linalg.norm(w),
        ),
        Pitfall(
            "divides by the squared norm",
            "The square belongs to the objective ½‖w‖², which is chosen because it is smooth. A "
            "width is a length: it must halve when w doubles, not shrink to a quarter.",
            lambda w: 2 / (w @ w),
        ),
        Pitfall(
            "upside down",
            "This grows with w, but a steeper score crosses from −1 to +1 in a shorter distance. "
            "That is why the SVM makes the norm of w small: what happens to the street then?",
            lambda w: np.linalg.norm(w) / 2,
        ),
        Pitfall(
            "multiplies by the norm",
            "Two scores lie between the kerbs, and the score climbs by the length of w with each "
            "unit of distance. Is the distance the product or the ratio?",
            lambda w: 2 * np.linalg.norm(w),
        ),
        Pitfall(
            "adds up the absolute weights",
            "You measured w in city blocks (L1). The street is measured straight across, so the "
            "length of w is the Euclidean one.",
            lambda w: 2 / np.abs(w).sum(),
        ),
    ),
    hints=(
        "The kerbs are the lines with score +1 and −1. What is the signed distance of each?",
        "A row with score s lies s/‖w‖ away from the decision line. Subtract the two distances.",
        "The score must climb by 2, and it climbs by `np.linalg.norm(w)` with every unit.",
    ),
)


# --- support_vectors -------------------------------------------------------------------------


def _fitted_cases(rng: np.random.Generator) -> list[Case]:
    return [_soft_case(rng), _hard_case(rng)]


def _soft_case(rng: np.random.Generator) -> Case:
    """Overlapping classes: rows on the kerb, on the street, and beyond the far kerb."""
    while True:
        y = rng.permutation(np.repeat([-1, 1], 14))
        X = rng.normal(size=(28, 2)) + 0.7 * y[:, None]
        w, b, margins = _fit(X, y, C=float(rng.choice([0.5, 1.0, 2.0])))
        on_kerb = np.abs(margins - 1) < _ROUNDING
        counts = (
            np.sum(on_kerb),
            np.sum((margins > 0.05) & (margins < 0.95)),
            np.sum((margins < -0.05) & (margins > -0.95)),
            np.sum(margins < -1.05),
        )
        # the norm off 1: else scores and distances are the same numbers
        if min(counts) >= 1 and _told_apart(margins, on_kerb) and abs(np.linalg.norm(w) - 1) > 0.1:
            return Case(w, b, X, y, label="28 rows, classes that overlap")


def _hard_case(rng: np.random.Generator) -> Case:
    """Classes that can be separated: the support vectors stand on the kerbs alone."""
    while True:
        y = rng.permutation(np.repeat([-1, 1], 8))
        X = rng.normal(size=(16, 2)) + 2.5 * y[:, None]
        w, b, margins = _fit(X, y, C=1e6)
        on_kerb = np.abs(margins - 1) < _ROUNDING
        if margins.min() > 0 and on_kerb.sum() in (2, 3) and _told_apart(margins, on_kerb):
            return Case(w, b, X, y, label="16 rows, classes that can be separated")


def _fit(X: Array, y: Array, C: float) -> tuple[Array, float, Array]:
    """A fitted plane that leaves the kerb by a solver's rounding, as every solver's does."""
    model = SVC(kernel="linear", C=C, tol=1e-9).fit(X, y)
    w, b = model.coef_[0] * (1 + 2e-8), float(model.intercept_[0]) * (1 + 2e-8)
    return w, b, y * (X @ w + b)


def _told_apart(margins: Array, on_kerb: Array) -> bool:
    """Whether every other row is clear of the kerb, and rounding put one just beyond it."""
    rest, kerb = np.abs(margins[~on_kerb] - 1), margins[on_kerb] - 1
    return bool(rest.min() > 1e-3 and np.abs(kerb).max() < 1e-6 and kerb.max() > 0)


def _with_a_say(w: Array, b: float, X: Array, y: Array) -> list[int]:
    """The rows whose hinge is on the kink or beyond it."""
    slack = [1 - label * (float(np.dot(row, w)) + b) for row, label in zip(X, y, strict=True)]
    return [i for i, s in enumerate(slack) if s > -_ROUNDING]


def _rows(condition: Array) -> Array:
    return np.flatnonzero(condition)


SUPPORT_VECTORS = Exercise(
    "support_vectors",
    "(w, b, X, y)",
    "Who supports the margin",
    difficulty=2,
    minutes=6,
    parts=(Part("row numbers", 2, _fitted_cases, _with_a_say, unordered(equal())),),
    pitfalls=(
        Pitfall(
            "only the misclassified",
            "Rows on the right side can still support the margin: those on the kerb hold it in "
            "place, and those on the street pay a hinge loss. From which y·f(x) on is a row "
            "without any say?",
            lambda w, b, X, y: _rows(y * (X @ w + b) < 0),
        ),
        Pitfall(
            "misses those inside the margin",
            "You found the rows exactly on the kerb, which is the whole story only for a hard "
            "margin. With a soft margin the rows that pay for a violation pull on w as well.",
            lambda w, b, X, y: _rows(np.abs(y * (X @ w + b) - 1) < _ROUNDING),
        ),
        Pitfall(
            "misses those beyond the far kerb",
            "|f(x)| ≤ 1 selects the rows that stand on the street. A row that lies far out on the "
            "wrong side has |f(x)| > 1 too, and it pulls hardest of all: where must the label "
            "come in?",
            lambda w, b, X, y: _rows(np.abs(X @ w + b) <= 1 + _ROUNDING),
        ),
        Pitfall(
            "misses those on the kerb",
            "Only rows that pay a loss are left. But those exactly on the kerb carry weight in "
            "the dual, and for separable classes they are the only ones: your list is empty then.",
            lambda w, b, X, y: _rows(y * (X @ w + b) < 1 - _ROUNDING),
        ),
        Pitfall(
            "no room for rounding",
            "A solver puts a row on the kerb at 1.0000000003 as happily as at 0.9999999998. "
            "Comparing floats with exactly 1 loses half of them: leave the tolerance that the "
            "text names.",
            lambda w, b, X, y: _rows(y * (X @ w + b) <= 1),
        ),
        Pitfall(
            "compares a distance with 1",
            "The kerbs lie where the *score* is ±1. In distances they lie at ±1/‖w‖, so either "
            "compare scores with 1, or distances with that.",
            lambda w, b, X, y: _rows(y * (X @ w + b) / np.linalg.norm(w) <= 1 + _ROUNDING),
        ),
        Pitfall(
            "takes the rows off the street",
            "These are the rows that could be deleted without moving the plane. Turn the "
            "comparison round.",
            lambda w, b, X, y: _rows(y * (X @ w + b) >= 1 - _ROUNDING),
        ),
        Pitfall(
            "label forgotten",
            "f(x) ≤ 1 holds for every row on the negative side, however safe. The margin of a row "
            "is measured towards its own class.",
            lambda w, b, X, y: _rows(X @ w + b <= 1 + _ROUNDING),
        ),
        Pitfall(
            "a mask in place of row numbers",
            "A mask has one entry for each row; wanted are the numbers of the rows that qualify. "
            "Which NumPy function turns one into the other?",
            lambda w, b, X, y: y * (X @ w + b) <= 1 + _ROUNDING,
            recognise=lambda case, value: _is_mask(value, len(case.args[3])),
        ),
        Pitfall(
            "np.where's tuple handed over whole",
            "`np.where(condition)` gives a tuple with one array for each axis. Unpack it, or use "
            "the function that hands over the row numbers directly.",
            lambda w, b, X, y: np.where(y * (X @ w + b) <= 1 + _ROUNDING),
            recognise=lambda case, value: isinstance(value, tuple) and len(value) == 1,
        ),
        Pitfall(
            "the rows in place of their numbers",
            "These are the support vectors themselves. Wanted are their row numbers, from which "
            "`X[rows]` and `y[rows]` both follow.",
            lambda w, b, X, y: X[y * (X @ w + b) <= 1 + _ROUNDING],
            recognise=lambda case, value: np.shape(value)[1:] == case.args[2].shape[1:],
        ),
    ),
    hints=(
        "Which rows could you delete, fit again, and get the same plane? The others are wanted.",
        "Compute y·f(x) for all rows. On the kerb it is 1, on the street between 0 and 1, on the "
        "wrong side negative.",
        "`np.flatnonzero(y·f(x) <= 1 + tolerance)`, with the scores `X @ w + b`.",
    ),
)


def _is_mask(value: Any, n: int) -> bool:
    array = np.asarray(value)
    return array.shape == (n,) and array.dtype == bool
