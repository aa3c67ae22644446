"""What passes between grading and the gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pitfalls.checks import Verdict

__all__ = ["BookError", "Cell", "Person", "Result", "Sheet", "Status", "VerdictRow"]

Status = Literal["graded", "missing", "failed", "lost"]


class BookError(Exception):
    """The gradebook cannot be used; the message is one sentence with the next move."""


@dataclass(frozen=True)
class Cell:
    """A cell that the gradebook knows."""

    id: str
    graded: bool
    commented: bool
    points: float
    checksum: str | None


@dataclass(frozen=True)
class Sheet:
    """What the gradebook knows of a released chapter: notebooks, and their cells by name."""

    id: str
    chapter: str
    duedate: datetime | None
    notebooks: Mapping[str, str]  # name -> id
    cells: Mapping[str, Mapping[str, Cell]]  # notebook -> name -> cell

    def points(self, notebook: str) -> dict[str, float]:
        """The points of the graded cells of a notebook."""
        return {name: c.points for name, c in self.cells[notebook].items() if c.graded}


@dataclass(frozen=True)
class Result:
    """What grading one notebook came to, ready to be saved.

    Attributes
    ----------
    notebook : str
    status : {"graded", "missing", "failed", "lost"}
        A missing or failed notebook scores nothing. One that was lost, for a reason that is not
        its own, keeps the scores and verdicts that it had.
    content : bytes or None
        The graded notebook, from which nbgrader's own rule reads the scores.
    fingerprint : str
        Of all that the grade depends on.
    """

    notebook: str
    status: Status
    fingerprint: str
    content: bytes | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class VerdictRow:
    """A verdict as it is kept, with the score that counts.

    Attributes
    ----------
    score : float
        The points of the verdict, or those that a human gave in their place.
    """

    student: str
    notebook: str
    grade_id: str
    verdict: Verdict
    score: float
    time: datetime


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them; what it does not know is empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
