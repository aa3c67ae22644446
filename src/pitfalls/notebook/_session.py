"""What the calls of one kernel share: who runs it, the active lesson, the store."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pitfalls.progress import ProgressError, Store

from ._errors import UnknownExerciseError

if TYPE_CHECKING:
    from pitfalls.checks import Exercise, Lesson

__all__ = ["activate", "find", "graded_by_nbgrader", "in_sandbox", "namespace", "with_store"]

T = TypeVar("T")

_active: Lesson | None = None
_session_only: Store | None = None  # stands in for a store that cannot be used


def in_sandbox() -> bool:
    """Whether the grader runs this kernel and gives the verdict itself, from outside."""
    return os.environ.get("PITFALLS_GRADING") == "1"


def graded_by_nbgrader() -> bool:
    """Whether nbgrader runs this kernel and reads the score off the cells."""
    return os.environ.get("NBGRADER_EXECUTION") in ("validate", "autograde") and not in_sandbox()


def namespace() -> Mapping[str, Any]:
    """The learner's names."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    names: Mapping[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return names


def activate(notebook: str) -> Lesson:
    """Make a notebook's lesson the one whose exercises are meant from now on."""
    global _active
    from pitfalls import lessons

    from ._start import START

    if notebook == START.notebook:
        _active = START
    else:
        try:
            _active = lessons.get(notebook)
        except ValueError as error:
            raise UnknownExerciseError(str(error)) from None
    return _active


def find(call: str, name: str) -> tuple[Lesson, Exercise]:
    """The lesson and the exercise of a name: in the active lesson, else wherever it is unique."""
    from pitfalls.lessons import all_lessons

    if not isinstance(name, str):
        given = getattr(name, "__name__", "name")
        raise UnknownExerciseError(f'{call} wants the name in quotes: {call}("{given}").')
    searched = [_active] if _active else all_lessons()
    found = [(lesson, ex) for lesson in searched for ex in lesson.exercises if ex.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownExerciseError(f"{name!r} is in several notebooks: run this one's first cell.")
    names = [ex.name for lesson in searched for ex in lesson.exercises]
    where = _active.notebook if _active else "any notebook"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    help_ = f'Did you mean {call}("{near[0]}")?' if near else f"There are: {', '.join(names)}."
    raise UnknownExerciseError(f"There is no exercise {name!r} in {where}. {help_}")


def with_store(action: Callable[[Store], T]) -> tuple[T, str]:
    """Do something with the learner's store; where that fails, with one of this session alone.

    Returns
    -------
    (result, str)
        The text is "" or the sentence that says why nothing is kept.
    """
    global _session_only
    try:
        return action(Store.of_work_folder()), ""
    except ProgressError as error:
        _session_only = _session_only or Store(None)
        return action(_session_only), str(error)
