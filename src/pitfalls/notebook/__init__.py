"""What a learner calls in a notebook."""

from ._check import check
from ._errors import CheckFailed, UnknownExerciseError
from ._help import hint, solution
from ._lesson import lesson
from ._progress import progress

__all__ = [
    "CheckFailed",
    "UnknownExerciseError",
    "check",
    "hint",
    "lesson",
    "progress",
    "solution",
]
