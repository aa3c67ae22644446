"""Choosing an algorithm: measured, then decided. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._calibration import CALIBRATION_ERROR
from ._choose import CHOOSE
from ._cost import COST_THRESHOLD
from ._interpret import INTERPRET
from ._latency import LATENCY_P99
from ._pareto import PARETO_FRONT

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="1_fundamentals",
    notebook="choosing_algorithms",
    title="Choosing an algorithm: measure, then decide",
    exercises=(
        LATENCY_P99,
        PARETO_FRONT,
        CALIBRATION_ERROR,
        COST_THRESHOLD,
        INTERPRET,
        CHOOSE,
    ),
    order=4,
)
