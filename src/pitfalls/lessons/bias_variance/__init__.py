"""Bias and variance: the tradeoff, measured. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._bagging import BAGGING_VARIANCE
from ._bootstrap import BOOTSTRAP_PREDICTIONS
from ._curve import LEARNING_CURVE_VERDICT
from ._decompose import DECOMPOSE
from ._degree import DEGREE_BY_CV
from ._path import REGULARISATION_PATH_VERDICT

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="1_fundamentals",
    notebook="bias_variance",
    title="Bias and variance: the tradeoff, measured",
    exercises=(
        DECOMPOSE,
        BOOTSTRAP_PREDICTIONS,
        LEARNING_CURVE_VERDICT,
        DEGREE_BY_CV,
        BAGGING_VARIANCE,
        REGULARISATION_PATH_VERDICT,
    ),
    order=3,
)
