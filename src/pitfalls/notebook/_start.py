"""The one exercise of the start page, where a learner meets check, hint and solution."""

from __future__ import annotations

import numpy as np

from pitfalls.checks import Case, Exercise, Lesson, Part, Pitfall

__all__ = ["SOLUTIONS", "START"]


def _cases(rng: np.random.Generator) -> list[Case]:
    actual = rng.integers(0, 3, 12)
    guess = actual.copy()
    guess[:3] = (guess[:3] + 1) % 3  # 3 of 12 wrong: the share right is not the share wrong
    return [
        Case(guess, actual, label="12 labels, 3 of them wrong"),
        Case(guess[:4], actual[:4], label="4 labels, 3 of them wrong"),
    ]


def _wanted(predicted: np.ndarray, actual: np.ndarray) -> float:
    from sklearn.metrics import zero_one_loss

    return float(zero_one_loss(actual, predicted))


START = Lesson(
    chapter="",
    notebook="00_start_here",
    title="Start here",
    exercises=(
        Exercise(
            name="error_rate",
            signature="(predicted, actual)",
            title="The share of wrong labels",
            difficulty=1,
            minutes=2,
            parts=(Part("value", 2, _cases, _wanted),),
            pitfalls=(
                Pitfall(
                    "counts instead of a share",
                    "The number of wrong labels grows with the data, so two sets of different "
                    "size cannot be compared. What turns a count into a share?",
                    lambda predicted, actual: int((predicted != actual).sum()),
                ),
                Pitfall(
                    "accuracy for error",
                    "This is the share that is right. Which comparison is true where a label is "
                    "wrong?",
                    lambda predicted, actual: float((predicted == actual).mean()),
                ),
                Pitfall(
                    "percent for a share",
                    "A rate lies between 0 and 1. Where does the factor of 100 come from?",
                    lambda predicted, actual: 100 * float((predicted != actual).mean()),
                ),
            ),
            hints=(
                "`predicted != actual` is an array of True and False. What is the sum of such an "
                "array, and what is its mean?",
                "The mean of True and False is the share of True.",
            ),
        ),
    ),
)

SOLUTIONS = {
    "error_rate": "def error_rate(predicted, actual):\n    return (predicted != actual).mean()"
}
