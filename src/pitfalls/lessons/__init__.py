"""The lessons: one module a notebook, each with a `LESSON`."""

from __future__ import annotations

import difflib
import pkgutil
from functools import cache
from importlib import import_module

from pitfalls.checks import Lesson

__all__ = ["all_lessons", "get", "names"]


def names() -> list[str]:
    """The notebooks that have exercises, in no particular order of chapters."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


@cache
def get(notebook: str) -> Lesson:
    """The lesson of a notebook.

    Raises
    ------
    ValueError
        When there is no such notebook; the message names the nearest.

    Examples
    --------
    >>> get("linear_regression").chapter
    '1_fundamentals'
    """
    if notebook not in names():
        near = difflib.get_close_matches(notebook, names(), n=1) or names()
        raise ValueError(f"There is no lesson {notebook!r}. Did you mean {near[0]!r}?")
    lesson: Lesson = import_module(f"{__name__}.{notebook}").LESSON
    return lesson


def all_lessons() -> list[Lesson]:
    """Every lesson, by chapter and then in the order in which the chapter teaches them."""
    return sorted(map(get, names()), key=lambda lesson: (lesson.chapter, lesson.order))
