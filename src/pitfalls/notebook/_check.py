"""Check an exercise."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from pitfalls.progress import Store, source_hash

from ._errors import CheckFailed
from ._session import find, graded_by_nbgrader, in_sandbox, namespace, with_store
from ._show import show

if TYPE_CHECKING:
    from pitfalls.checks import Exercise, Lesson, Verdict

__all__ = ["TRIES", "check"]

TRIES = 3  # wrong tries that differ, after which the solution opens
_TRIED = ("right", "wrong", "raised", "no_verdict")  # the others say nothing of the answer


def check(exercise: str) -> float | None:
    """Check an exercise of this notebook and show the verdict.

    Parameters
    ----------
    exercise : str
        The name of the function that the exercise asks for; it is taken from the notebook.

    Returns
    -------
    float or None
        None; where nbgrader runs the notebook, the points, which it reads off the cell.

    Raises
    ------
    UnknownExerciseError
        When the notebook has no exercise of that name.
    CheckFailed
        Where nbgrader runs the notebook and the answer earned nothing.

    Examples
    --------
    >>> from pitfalls import lesson
    >>> lesson("00_start_here")  # doctest: +ELLIPSIS
    Start here: ...
    >>> check("error_rate")  # doctest: +ELLIPSIS
    ○ error_rate: not attempted yet, 0 of 2 points
    There is no error_rate in this notebook yet: run the cell that defines it...
    """
    if in_sandbox():
        print(f"{exercise}: the verdict is given after the last cell.")
        return None
    if graded_by_nbgrader():
        return _graded(exercise)
    from pitfalls.checks import LocalAnswer, run_check, to_html, to_text

    lesson, asked = find("check", exercise)
    names = namespace()
    verdict = run_check(asked, LocalAnswer(names))
    source = source_hash(names.get(exercise))

    def keep(store: Store) -> list[str]:
        if verdict.state in _TRIED:
            store.record(lesson.notebook, verdict, source)
        return _next_moves(store, lesson, asked, verdict)

    notes, trouble = with_store(keep)
    if trouble:
        notes = [*notes, trouble]
    show(to_text(verdict, notes), html=to_html(verdict, notes))
    return None


def _graded(exercise: str) -> float:
    """Leave under the cell what nbgrader scores: a number, or an error for no points."""
    # nbgrader gives no points to a cell that wrote to stderr, whoever wrote it
    with contextlib.redirect_stderr(io.StringIO()):
        from pitfalls.checks import LocalAnswer, run_check, to_html, to_text

        _, asked = find("check", exercise)
        verdict = run_check(asked, LocalAnswer(namespace()))
    show(to_text(verdict), html=to_html(verdict))
    if verdict.points <= 0:
        raise CheckFailed(to_text(verdict).splitlines()[0])
    return float(verdict.points)  # a NumPy number would not read as one


def _next_moves(store: Store, lesson: Lesson, asked: Exercise, verdict: Verdict) -> list[str]:
    """The sentences that close a verdict: what is next, or where help is."""
    if verdict.state == "right":
        return [_what_is_next(store, lesson, asked)]
    if verdict.state in ("fault", "no_verdict"):
        return []
    name = asked.name
    notes = []
    left = len(asked.hints) - store.hints_used(lesson.notebook, name)
    if left > 0:
        notes.append(f'Stuck? `hint("{name}")`: {left} hint{"s" if left > 1 else ""} left.')
    if store.honest_tries(lesson.notebook, name) >= TRIES:
        notes.append(f'After {TRIES} honest tries the solution is open: `solution("{name}")`.')
    return notes


def _what_is_next(store: Store, lesson: Lesson, asked: Exercise) -> str:
    summary = store.summary()
    solved = {name for (nb, name), r in summary.items() if nb == lesson.notebook and r.solved}
    here = lesson.exercises.index(asked)
    following = lesson.exercises[here + 1 :] + lesson.exercises[:here]  # round to what was left out
    for exercise in following:
        if exercise.name not in solved:
            return f"Next: `{exercise.name}` ({exercise.title})."
    return "Every exercise of this notebook is solved."
