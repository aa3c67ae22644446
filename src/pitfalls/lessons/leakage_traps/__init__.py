"""Leakage traps: why a score is too good to be true. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._audit import AUDIT
from ._columns import LEAKY_COLUMNS
from ._encode import TARGET_ENCODE
from ._gap import ESTIMATE_GAP
from ._groups import SPLIT_BY_GROUP
from ._oversample import OVERSAMPLE_INSIDE
from ._pipeline import HONEST_PIPELINE
from ._select import SELECT_FEATURES_INSIDE
from ._time import SPLIT_BY_TIME
from ._twins import DUPLICATES_ACROSS_SPLIT

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="2_data",
    notebook="leakage_traps",
    title="Leakage traps: a score too good to be true",
    exercises=(
        LEAKY_COLUMNS,
        SPLIT_BY_TIME,
        SPLIT_BY_GROUP,
        DUPLICATES_ACROSS_SPLIT,
        TARGET_ENCODE,
        SELECT_FEATURES_INSIDE,
        OVERSAMPLE_INSIDE,
        ESTIMATE_GAP,
        HONEST_PIPELINE,
        AUDIT,
    ),
    order=2,
)
