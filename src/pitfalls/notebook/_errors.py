"""Exceptions that a notebook shows as one line."""

from __future__ import annotations

__all__ = ["CheckFailed", "UnknownExerciseError"]


class _OneLineError(Exception):
    """An error whose text says it all: IPython shows that line and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class UnknownExerciseError(_OneLineError, LookupError):
    """There is no exercise, or no lesson, of the name that was given."""


class CheckFailed(_OneLineError):  # noqa: N818 - an outcome that nbgrader reads, not a fault
    """The answer earned no points; raised where nbgrader reads the score off the cell."""
