"""nbgrader's gradebook, written by one coordinator; our verdicts stand beside its grades.

Each save is one transaction that does for one submission what nbgrader's Autograde does in some
forty: student, submission, grades, comments, late penalty, and then our own two tables.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    create_engine,
    func,
    insert,
    make_url,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from pitfalls.checks import Verdict

from ._entries import (
    GRADED,
    KEY,
    TABLES,
    VERDICT,
    enter_notebooks,
    enter_submission,
    save_cells,
    save_ours,
)
from ._records import BookError, Cell, Person, Result, Sheet, Status, VerdictRow

__all__ = ["Book", "BookError", "alembic_on_path"]

_LOCK_SECONDS = 60  # how long to wait while somebody else writes
_DAY = 24 * 60 * 60


class Book:
    """The gradebook of a course, opened once.

    Parameters
    ----------
    url : str
        SQLAlchemy's URL; SQLite or PostgreSQL.
    course_id : str
    config : traitlets Config, optional
        Where nbgrader's settings of late penalties stand.

    Raises
    ------
    BookError
        When the database cannot be opened.

    Examples
    --------
    >>> with Book("sqlite://", "ml") as book:
    ...     book.known("1_fundamentals")
    {}
    """

    def __init__(self, url: str, course_id: str, config: Config | None = None) -> None:
        config = Config() if config is None else config
        self._create_student = bool(config.Autograde.get("create_student", True))
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()
        try:
            # nbgrader's own start: its tables, their version, the course
            with alembic_on_path():
                self._nbgrader = api.Gradebook(url, course_id)
            self.engine = self._open(url)
            TABLES.create_all(self.engine)
        except (SQLAlchemyError, ImportError) as error:
            shown = make_url(url).render_as_string(hide_password=True)
            reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise BookError(
                f"The gradebook {shown} cannot be opened ({reason}); check its address and rights."
            ) from None

    def _open(self, url: str) -> Engine:
        if make_url(url).get_backend_name() != "sqlite":
            return create_engine(url)
        if make_url(url).database in (None, "", ":memory:"):
            return self._nbgrader.engine  # type: ignore[no-any-return]  # a second one is empty
        return create_engine(url, connect_args={"timeout": _LOCK_SECONDS})

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._nbgrader.close()

    def sheet(self, chapter: str) -> Sheet:
        """What was released of a chapter.

        Raises
        ------
        BookError
            When it was not.
        """
        with self.engine.connect() as db:
            row = db.execute(
                select(api.Assignment.id, api.Assignment.duedate).where(
                    api.Assignment.name == chapter
                )
            ).one_or_none()
            if row is None:
                raise BookError(
                    f"The gradebook knows no {chapter!r}: release it first, with "
                    f"`pitfalls course release`."
                )
            named = select(api.Notebook.name, api.Notebook.id).where(
                api.Notebook.assignment_id == row.id
            )
            rows = db.execute(named.order_by(api.Notebook.name)).all()
            notebooks = {found.name: found.id for found in rows}
            cells = {name: _cells(db, key) for name, key in notebooks.items()}
        return Sheet(row.id, chapter, row.duedate, notebooks, cells)

    def known(self, chapter: str) -> dict[tuple[str, str], tuple[Status, str]]:
        """(student, notebook) -> (status, fingerprint) of what is graded and still there."""
        query = select(GRADED).join(
            api.SubmittedNotebook, api.SubmittedNotebook.id == GRADED.c.submission
        )
        with self.engine.connect() as db:
            rows = db.execute(query.where(GRADED.c.assignment == chapter)).all()
        return {(row.student, row.notebook): (row.status, row.fingerprint) for row in rows}

    def timestamps(self, sheet: Sheet) -> dict[str, tuple[datetime | None, bool]]:
        """Student -> (when the submission came in, whether a late penalty must be looked at)."""
        submission, notebook = api.SubmittedAssignment, api.SubmittedNotebook
        query = (
            select(
                submission.student_id,
                submission.timestamp,
                submission.extension,
                func.max(notebook.late_submission_penalty).label("penalty"),
            )
            .join(notebook, notebook.assignment_id == submission.id)
            .where(submission.assignment_id == sheet.id)
            .group_by(submission.id, submission.student_id)
        )
        with self.engine.connect() as db:
            rows = db.execute(query).all()
        return {
            row.student_id: (
                row.timestamp,
                row.penalty is not None or _late(sheet, row.timestamp, row.extension) > 0,
            )
            for row in rows
        }

    def save(
        self,
        sheet: Sheet,
        student: str,
        results: Sequence[Result],
        timestamp: datetime | None = None,
    ) -> dict[str, float]:
        """Save a submission in one transaction: all of it, or nothing.

        Scores that a human gave are kept, and marked as to be looked at again.

        Parameters
        ----------
        sheet : Sheet
        student : str
        results : sequence of Result
            Of the notebooks that were graded now; the others stay as they are.
        timestamp : datetime, optional
            When the submission came in, in UTC; None leaves what the gradebook has.

        Returns
        -------
        dict of str to float
            Each notebook's score, as the gradebook now has it.

        Raises
        ------
        BookError
            When the database refuses, or the student is unknown and
            ``c.Autograde.create_student`` is off.
        """
        try:
            with self.engine.begin() as db:
                self._enter_student(db, student)
                submission = enter_submission(db, sheet, student, timestamp)
                notebooks = enter_notebooks(db, sheet, submission)
                for result in results:
                    if result.status != "lost":
                        save_cells(db, sheet, notebooks[result.notebook], result)
                    save_ours(db, sheet, student, notebooks[result.notebook], result)
                return self._save_penalties(db, sheet, student, submission)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise BookError(
                f"The gradebook could not be written ({reason}); nothing of {student} was changed. "
                "Run the command again."
            ) from error

    def verdicts(self, chapter: str) -> list[VerdictRow]:
        """Every verdict of a chapter, with the score that counts."""
        grade, cell = api.Grade, api.BaseCell
        query = (
            select(VERDICT, GRADED.c.time, grade.score.label("score"))
            .join(
                GRADED,
                and_(*(GRADED.c[key] == VERDICT.c[key] for key in KEY)),
            )
            .join(grade, grade.notebook_id == GRADED.c.submission)
            .join(cell, and_(cell.id == grade.cell_id, cell.name == VERDICT.c.grade_id))
            .where(VERDICT.c.assignment == chapter)
            .order_by(VERDICT.c.student, VERDICT.c.notebook, VERDICT.c.grade_id)
        )
        with self.engine.connect() as db:
            rows = db.execute(query).all()
        return [
            VerdictRow(
                row.student,
                row.notebook,
                row.grade_id,
                Verdict.from_dict(json.loads(row.verdict)),
                row.score,
                row.time,
            )
            for row in rows
        ]

    def notes(self, chapter: str) -> list[tuple[str, str, Status, list[str]]]:
        """(student, notebook, status, notes) of all that did not go smoothly."""
        query = select(GRADED).where(
            GRADED.c.assignment == chapter,
            or_(GRADED.c.status != "graded", GRADED.c.notes != "[]"),
        )
        with self.engine.connect() as db:
            rows = db.execute(query.order_by(GRADED.c.student, GRADED.c.notebook)).all()
        return [(r.student, r.notebook, r.status, json.loads(r.notes)) for r in rows]

    def totals(self, sheet: Sheet) -> dict[str, tuple[float, float]]:
        """Student -> (score before any penalty, late penalty) of who handed in."""
        submission, notebook = api.SubmittedAssignment, api.SubmittedNotebook
        score = (
            select(func.coalesce(func.sum(api.Grade.score), 0.0))
            .where(api.Grade.notebook_id == notebook.id)
            .scalar_subquery()
        )
        query = (
            select(
                submission.student_id,
                func.sum(score),
                func.coalesce(func.sum(notebook.late_submission_penalty), 0.0),
            )
            .join(notebook, notebook.assignment_id == submission.id)
            .where(submission.assignment_id == sheet.id)
            .group_by(submission.student_id)
        )
        with self.engine.connect() as db:
            return {student: (total, late) for student, total, late in db.execute(query)}

    def days_late(self, sheet: Sheet) -> dict[str, int]:
        """Student -> days past the due date, begun ones counted, extensions taken off."""
        one = api.SubmittedAssignment
        query = select(one.student_id, one.timestamp, one.extension)
        with self.engine.connect() as db:
            rows = db.execute(query.where(one.assignment_id == sheet.id)).all()
        late = {row.student_id: _late(sheet, row.timestamp, row.extension) for row in rows}
        return {student: math.ceil(seconds / _DAY) for student, seconds in late.items()}

    def people(self) -> list[Person]:
        """Everyone in the course, by id."""
        one = api.Student
        query = select(one.id, one.first_name, one.last_name, one.email, one.lms_user_id)
        with self.engine.connect() as db:
            rows = db.execute(query.order_by(one.id)).all()
        return [Person(*(value or "" for value in row)) for row in rows]

    def students(self) -> list[str]:
        """The ids of everyone in the course."""
        return [person.id for person in self.people()]

    def chapters(self) -> list[str]:
        """Everything that was released, by name."""
        with self.engine.connect() as db:
            return list(
                db.execute(select(api.Assignment.name).order_by(api.Assignment.name)).scalars()
            )

    def _enter_student(self, db: Connection, student: str) -> None:
        if db.execute(select(api.Student.id).where(api.Student.id == student)).first():
            return
        if not self._create_student:
            raise BookError(
                f"{student} is not in the gradebook, and c.Autograde.create_student is off; add "
                f"them with `nbgrader db student add {student}`."
            )
        db.execute(insert(api.Student).values(id=student))

    def _save_penalties(
        self, db: Connection, sheet: Sheet, student: str, submission: str
    ) -> dict[str, float]:
        assignment, notebook = api.SubmittedAssignment, api.SubmittedNotebook
        row = db.execute(
            select(assignment.timestamp, assignment.extension).where(assignment.id == submission)
        ).one()
        late = _late(sheet, row.timestamp, row.extension)
        scores = db.execute(
            select(
                notebook.id,
                api.Notebook.name,
                notebook.late_submission_penalty,
                func.coalesce(func.sum(api.Grade.score), 0.0),
            )
            .join(api.Notebook, api.Notebook.id == notebook.notebook_id)
            .outerjoin(api.Grade, api.Grade.notebook_id == notebook.id)
            .where(notebook.assignment_id == submission)
            .group_by(notebook.id, api.Notebook.name, notebook.late_submission_penalty)
        ).all()
        for key, _, before, score in scores:
            penalty = None
            if late > 0:
                penalty = self._late.plugin_inst.late_submission_penalty(student, score, late)
            if penalty is not None:
                penalty = min(max(penalty, 0.0), score)
            if penalty != before:
                changed = update(notebook).where(notebook.id == key)
                db.execute(changed.values(late_submission_penalty=penalty))
        return {name: score for _, name, _, score in scores}


def _cells(db: Connection, notebook: str) -> dict[str, Cell]:
    base, graded, task = api.BaseCell.__table__, api.GradeCell.__table__, api.TaskCell.__table__
    source = api.SourceCell.__table__
    query = (
        select(
            base.c.id,
            base.c.name,
            base.c.type,
            func.coalesce(graded.c.max_score, task.c.max_score, 0.0).label("points"),
            source.c.checksum,
        )
        .outerjoin(graded, graded.c.id == base.c.id)
        .outerjoin(task, task.c.id == base.c.id)
        .outerjoin(
            source,
            and_(source.c.notebook_id == base.c.notebook_id, source.c.name == base.c.name),
        )
        .where(base.c.notebook_id == notebook)
    )
    cells: dict[str, Cell] = {}
    for row in db.execute(query):
        # an answer graded by hand is a grade cell and a solution cell of one name
        key = row.name if row.type != "SolutionCell" else f"{row.name}\0comment"
        cells[key] = Cell(
            row.id,
            graded=row.type in ("GradeCell", "TaskCell"),
            commented=row.type in ("SolutionCell", "TaskCell"),
            points=row.points,
            checksum=row.checksum,
        )
    return cells


def _late(sheet: Sheet, timestamp: datetime | None, extension: Any) -> float:
    """Seconds past the due date, the student's extension counted; as nbgrader counts them."""
    if timestamp is None or sheet.duedate is None:
        return 0.0
    due = sheet.duedate if extension is None else sheet.duedate + extension
    return max(0.0, (timestamp - due).total_seconds())


@contextlib.contextmanager
def alembic_on_path() -> Iterator[None]:
    """nbgrader asks the alembic program of its own environment for the schema's version."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
