"""Grading: untrusted notebooks run in a sandbox, their verdicts are computed outside it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._coordinator import Grader, Outcome
    from ._course import Course, CourseError, configure
    from ._gradebook import Book
    from ._limits import Limits
    from ._rebuild import SubmissionError
    from ._records import BookError
    from ._sandbox import SandboxError
    from ._step import Graded, Job, grade_notebook
    from ._workers import LocalWorkers

_HOME = {
    "Book": "_gradebook",
    "BookError": "_records",
    "Course": "_course",
    "CourseError": "_course",
    "Graded": "_step",
    "Grader": "_coordinator",
    "Job": "_step",
    "Limits": "_limits",
    "LocalWorkers": "_workers",
    "Outcome": "_coordinator",
    "SandboxError": "_sandbox",
    "SubmissionError": "_rebuild",
    "configure": "_course",
    "grade_notebook": "_step",
}

__all__ = [
    "Book",
    "BookError",
    "Course",
    "CourseError",
    "Graded",
    "Grader",
    "Job",
    "Limits",
    "LocalWorkers",
    "Outcome",
    "SandboxError",
    "SubmissionError",
    "configure",
    "grade_notebook",
]


def __getattr__(name: str) -> Any:
    # a configuration needs one function of it, not nbgrader, SQLAlchemy and the kernels
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
