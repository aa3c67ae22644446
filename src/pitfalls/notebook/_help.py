"""Hints and solutions."""

from __future__ import annotations

from pitfalls.progress import Store

from ._check import TRIES
from ._session import find, graded_by_nbgrader, in_sandbox, with_store
from ._show import literal, say, show

__all__ = ["hint", "solution"]


def hint(exercise: str) -> None:
    """Show the next hint of an exercise, below those that were shown before.

    Parameters
    ----------
    exercise : str
        The exercise's name.

    Raises
    ------
    UnknownExerciseError
        When the notebook has no exercise of that name.
    """
    if in_sandbox() or graded_by_nbgrader():
        print(f"{exercise}: no hint is taken while a notebook is graded.")
        return
    lesson, asked = find("hint", exercise)
    of = len(asked.hints)
    if not of:
        say(f"`{exercise}` has no hints.")
        return

    stage, trouble = with_store(lambda store: store.use_hint(lesson.notebook, exercise, of))
    shown = asked.hints[:stage]
    lines = [f"**Hint {i} of {of}**: {literal(text)}" for i, text in enumerate(shown, 1)]
    if stage is None:
        lines.append(f'Every hint is used. There is also `solution("{exercise}")`.')
    elif stage < of:
        lines.append(f'The next one: `hint("{exercise}")` again.')
    say("\n\n".join([*lines, trouble] if trouble else lines))


def solution(exercise: str, *, confirm: bool = False) -> None:
    """Show the solution of an exercise, after three honest tries or on confirmation.

    Parameters
    ----------
    exercise : str
        The exercise's name.
    confirm : bool, default=False
        Show it before that.

    Raises
    ------
    UnknownExerciseError
        When the notebook has no exercise of that name.

    Examples
    --------
    >>> from pitfalls import lesson
    >>> lesson("00_start_here")  # doctest: +ELLIPSIS
    Start here: ...
    >>> solution("error_rate")  # doctest: +ELLIPSIS
    The solution of error_rate opens after 3 tries that differ (so far: ...).
    To see it now: solution("error_rate", confirm=True).
    """
    if in_sandbox() or graded_by_nbgrader():
        print(f"{exercise}: no solution is shown while a notebook is graded.")
        return
    lesson, _ = find("solution", exercise)
    key = (lesson.notebook, exercise)

    def earned(store: Store) -> tuple[int, bool]:
        record = store.summary().get(key)
        return store.honest_tries(*key), bool(record and (record.solved or record.solution))

    (tries, known), trouble = with_store(earned)
    if not (confirm or known or tries >= TRIES):
        say(
            f"The solution of `{exercise}` opens after {TRIES} tries that differ (so far: {tries})."
            f' To see it now: `solution("{exercise}", confirm=True)`.'
        )
        return
    text = _source(*key)
    if text is None:
        say(
            f"The solution of `{exercise}` is not part of this installation: it is in the kit's "
            f"repository, in autograder/exercises/{lesson.chapter}/{lesson.notebook}.py."
        )
        return
    _, trouble = with_store(lambda store: store.open_solution(*key))
    show(text, markdown=f"```python\n{text}\n```")
    if trouble:
        say(trouble)


def _source(notebook: str, exercise: str) -> str | None:
    from ._start import SOLUTIONS, START

    if notebook == START.notebook:
        return SOLUTIONS[exercise]
    from pitfalls.build import solution_source

    return solution_source(notebook, exercise)
