"""Framing a system: objective, size, metric and the gap to the experiment."""

from pitfalls.checks import Lesson

from ._capacity import CAPACITY
from ._conflict import OBJECTIVE_CONFLICT
from ._gap import OFFLINE_ONLINE_GAP
from ._metric import METRIC_FOR

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="3_system_design",
    notebook="framing",
    title="Framing: the interviewer will not help you",
    exercises=(OBJECTIVE_CONFLICT, CAPACITY, METRIC_FOR, OFFLINE_ONLINE_GAP),
    order=1,
)
