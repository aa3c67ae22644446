from collections.abc import Callable

import numpy as np
import pytest

from pitfalls.checks import Exercise, LocalAnswer, Pitfall, run_check
from pitfalls.notebook import check, lesson, solution
from pitfalls.notebook._start import SOLUTIONS, START

ERROR_RATE: Exercise = START.exercises[0]
ALTERNATIVES = [
    lambda predicted, actual: np.mean(predicted != actual),
    lambda predicted, actual: 1 - np.mean(predicted == actual),
    lambda predicted, actual: (
        sum(p != a for p, a in zip(predicted, actual, strict=True)) / len(actual)
    ),
]


@pytest.mark.parametrize("pitfall", ERROR_RATE.pitfalls, ids=lambda pitfall: pitfall.name)
def test_each_pitfall_is_named(pitfall: Pitfall) -> None:
    """The start page's exercise names each of its pitfalls."""
    verdict = run_check(ERROR_RATE, LocalAnswer({"error_rate": pitfall.answer}))
    assert (pitfall.name, 0) == (verdict.pitfall, verdict.points)


@pytest.mark.parametrize("answer", ALTERNATIVES)
def test_right_answers_earn_everything(answer: Callable[..., float]) -> None:
    """However the share is computed, it is right."""
    assert 2 == run_check(ERROR_RATE, LocalAnswer({"error_rate": answer})).points


def test_the_solution_passes(
    define: Callable[[str, object], None], said: Callable[[], str]
) -> None:
    """What solution() shows on the start page passes its check there."""
    lesson("00_start_here")
    said()
    solution("error_rate", confirm=True)
    names: dict[str, object] = {}
    exec(said(), names)
    define("error_rate", names["error_rate"])
    check("error_rate")
    assert "error_rate: right, 2 of 2 points" in said()
    assert {ERROR_RATE.name} == set(SOLUTIONS)
