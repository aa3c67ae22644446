"""Linear regression: derive it, then trust it. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._derive import GAUSSIAN_LOG_LIKELIHOOD, OLS_NORMAL, OLS_QR, RSS, RSS_GRADIENT
from ._descend import GRADIENT_DESCENT, MAX_STABLE_LR, RIDGE, STEPS_TO_CONVERGE
from ._diagnose import DIAGNOSE
from ._trust import HC3_STANDARD_ERRORS, LEVERAGE, OLS_STANDARD_ERRORS, VIF

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="1_fundamentals",
    notebook="linear_regression",
    title="Linear regression: derive it, then trust it",
    order=1,
    exercises=(
        RSS,
        RSS_GRADIENT,
        OLS_NORMAL,
        OLS_QR,
        GAUSSIAN_LOG_LIKELIHOOD,
        OLS_STANDARD_ERRORS,
        LEVERAGE,
        HC3_STANDARD_ERRORS,
        VIF,
        DIAGNOSE,
        GRADIENT_DESCENT,
        MAX_STABLE_LR,
        STEPS_TO_CONVERGE,
        RIDGE,
    ),
)
