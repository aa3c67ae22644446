"""Scores as a CSV file, in the forms that Canvas and Moodle read.

Canvas wants the columns of its own export (Student, ID, SIS User ID, SIS Login ID, Section) and a
row of the points possible; Moodle maps any columns, and finds a user by username, ID number or
e-mail address.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from ._gradebook import Book
from ._records import Person

__all__ = ["FORMATS", "Scores", "export_text"]

FORMATS = ("csv", "canvas", "moodle")
_COLUMNS = ("", " days late", " late penalty", " points")  # of each chapter


@dataclass(frozen=True)
class Scores:
    """The scores of one chapter.

    Attributes
    ----------
    chapter : str
    points : float
        What can be had.
    totals : dict of str to (float, float)
        Student -> (score before any penalty, late penalty) of who handed in.
    days_late : dict of str to int
        Student -> days past the due date; a day that has begun counts.
    """

    chapter: str
    points: float
    totals: dict[str, tuple[float, float]]
    days_late: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book, chapter: str) -> Scores:
        """Read them from a gradebook.

        Raises
        ------
        BookError
            When the chapter was not released.
        """
        sheet = book.sheet(chapter)
        points = sum(sum(sheet.points(name).values()) for name in sheet.notebooks)
        return cls(chapter, points, book.totals(sheet), book.days_late(sheet))

    def score(self, student: str) -> float | None:
        """What counts, the late penalty taken off; None of somebody who handed nothing in."""
        if student not in self.totals:
            return None
        total, late = self.totals[student]
        return max(total - late, 0.0)


def export_text(people: Sequence[Person], chapters: Sequence[Scores], form: str) -> str:
    """Write the scores, a row for each student; who handed nothing in has an empty cell.

    Parameters
    ----------
    people : sequence of Person
    chapters : sequence of Scores
    form : {"csv", "canvas", "moodle"}
        ``csv`` has four columns a chapter (score, days late, late penalty, points), for anything
        else.

    Returns
    -------
    str

    Examples
    --------
    >>> ada = Person("ada", "Ada", "Lovelace", "ada@example.org", "17")
    >>> scores = Scores("1_fundamentals", 100, {"ada": (90.0, 5.0)})
    >>> print(export_text([ada], [scores], "canvas"))
    Student,ID,SIS User ID,SIS Login ID,Section,1_fundamentals
        Points Possible,,,,,100
    "Lovelace, Ada",17,,ada,,85
    """
    rows = {"csv": _plain, "canvas": _canvas, "moodle": _moodle}[form](people, chapters)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


_Rows = list[list[str]]


def _plain(people: Sequence[Person], chapters: Sequence[Scores]) -> _Rows:
    heads = [f"{it.chapter}{column}" for it in chapters for column in _COLUMNS]
    rows = [["student_id", "last_name", "first_name", "email", *heads]]
    for person in people:
        row = [person.id, person.last_name, person.first_name, person.email]
        for it in chapters:
            late = it.totals.get(person.id, (0.0, None))[1]
            days = it.days_late.get(person.id)
            row += map(_number, (it.score(person.id), days, late, it.points))
        rows.append(row)
    return rows


def _canvas(people: Sequence[Person], chapters: Sequence[Scores]) -> _Rows:
    names = [it.chapter for it in chapters]
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names],
        ["    Points Possible", "", "", "", "", *(_number(it.points) for it in chapters)],
    ]
    for person in people:
        name = ", ".join(filter(None, (person.last_name, person.first_name))) or person.id
        scores = (_number(it.score(person.id)) for it in chapters)
        rows.append([name, person.lms_user_id, "", person.id, "", *scores])
    return rows


def _moodle(people: Sequence[Person], chapters: Sequence[Scores]) -> _Rows:
    heads = ["Username", "ID number", "First name", "Surname", "Email address"]
    rows = [[*heads, *(it.chapter for it in chapters)]]
    for it in people:
        scores = (_number(chapter.score(it.id)) for chapter in chapters)
        rows.append([it.id, it.lms_user_id, it.first_name, it.last_name, it.email, *scores])
    return rows


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value, 6):.12g}"
