"""Negative sampling: where the other class comes from. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._downsample import DOWNSAMPLE_RECALIBRATE
from ._hard import HARD_NEGATIVES
from ._in_batch import IN_BATCH_NEGATIVES
from ._logq import LOGQ_CORRECTION
from ._popularity import POPULARITY_NEGATIVES
from ._recall import SAMPLED_VS_FULL_RECALL
from ._uniform import UNIFORM_NEGATIVES

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="2_data",
    notebook="negative_sampling",
    title="Negative sampling: the other class is yours to choose",
    exercises=(
        UNIFORM_NEGATIVES,
        POPULARITY_NEGATIVES,
        IN_BATCH_NEGATIVES,
        LOGQ_CORRECTION,
        HARD_NEGATIVES,
        DOWNSAMPLE_RECALIBRATE,
        SAMPLED_VS_FULL_RECALL,
    ),
    order=3,
)
