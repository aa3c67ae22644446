"""The first call of a notebook."""

from __future__ import annotations

from ._session import activate, graded_by_nbgrader, in_sandbox, with_store
from ._show import say

__all__ = ["lesson"]


def lesson(notebook: str) -> None:
    """Say which notebook this is, and show how far it is solved.

    Parameters
    ----------
    notebook : str
        The notebook's name, such as ``"linear_regression"``; `check`, `hint` and `solution` refer
        to its exercises from here on.

    Examples
    --------
    >>> lesson("00_start_here")  # doctest: +ELLIPSIS
    Start here: ... of 1 exercise solved · ... of 2 points · ...
    """
    if in_sandbox():
        print(f"{notebook}: this run is graded after its last cell.")
        return
    active = activate(notebook)
    if graded_by_nbgrader():
        say(f"**{active.title}**")
        return
    summary, trouble = with_store(lambda store: store.summary())
    records = [(ex, summary.get((notebook, ex.name))) for ex in active.exercises]
    solved = [ex for ex, record in records if record and record.solved]
    points = sum(record.points for _, record in records if record)
    minutes = sum(ex.minutes for ex in active.exercises if ex not in solved)
    many = f"{len(records)} exercise{'s' if len(records) > 1 else ''}"
    left = f"about {minutes} minutes left" if minutes else "all done"
    say(
        f"**{active.title}**: {len(solved)} of {many} solved · "
        f"{points:g} of {active.points:g} points · {left}"
    )
    if trouble:
        say(trouble)
