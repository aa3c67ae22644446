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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbgrader import api, utils
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    create_engine,
    delete,
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

__all__ = [
    "Book",
    "BookError",
    "Cell",
    "Person",
    "Result",
    "Sheet",
    "VerdictRow",
    "alembic_on_path",
]

Status = Literal["graded", "missing", "failed", "lost"]
_LOCK_SECONDS = 60  # how long to wait while somebody else writes
_DAY = 24 * 60 * 60

_tables = MetaData()
_GRADED = Table(
    "pitfalls_graded",
    _tables,
    Column("student", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("notebook", String(128), primary_key=True),
    Column("submission", String(32), nullable=False),  # nbgrader's submitted_notebook.id
    Column("status", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("time", DateTime, nullable=False),  # UTC
    Column("seconds", Float, nullable=False),
    Column("notes", Text, nullable=False),  # JSON list
)
_VERDICT = Table(
    "pitfalls_verdict",
    _tables,
    Column("student", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("notebook", String(128), primary_key=True),
    Column("grade_id", String(128), primary_key=True),
    Column("exercise", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("points", Float, nullable=False),
    Column("max_points", Float, nullable=False),
    Column("pitfall", Text),
    Column("message", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # JSON of Verdict.to_dict
)


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
            _tables.create_all(self.engine)
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
        query = select(_GRADED).join(
            api.SubmittedNotebook, api.SubmittedNotebook.id == _GRADED.c.submission
        )
        with self.engine.connect() as db:
            rows = db.execute(query.where(_GRADED.c.assignment == chapter)).all()
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
                submission = _enter_submission(db, sheet, student, timestamp)
                notebooks = _enter_notebooks(db, sheet, submission)
                for result in results:
                    if result.status != "lost":
                        _save_cells(db, sheet, notebooks[result.notebook], result)
                    _save_ours(db, sheet, student, notebooks[result.notebook], result)
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
            select(_VERDICT, _GRADED.c.time, grade.score.label("score"))
            .join(
                _GRADED,
                and_(*(_GRADED.c[key] == _VERDICT.c[key] for key in _KEY)),
            )
            .join(grade, grade.notebook_id == _GRADED.c.submission)
            .join(cell, and_(cell.id == grade.cell_id, cell.name == _VERDICT.c.grade_id))
            .where(_VERDICT.c.assignment == chapter)
            .order_by(_VERDICT.c.student, _VERDICT.c.notebook, _VERDICT.c.grade_id)
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
        query = select(_GRADED).where(
            _GRADED.c.assignment == chapter,
            or_(_GRADED.c.status != "graded", _GRADED.c.notes != "[]"),
        )
        with self.engine.connect() as db:
            rows = db.execute(query.order_by(_GRADED.c.student, _GRADED.c.notebook)).all()
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


_KEY = ("student", "assignment", "notebook")


_grade, _comment = api.Grade.__table__, api.Comment.__table__
_SET_GRADE = (
    update(_grade)
    .where(_grade.c.notebook_id == bindparam("of"), _grade.c.cell_id == bindparam("cell"))
    .values(
        auto_score=bindparam("score"),
        needs_manual_grade=case(
            (_grade.c.manual_score.is_not(None), True), else_=bindparam("by_hand", type_=Boolean)
        ),
    )
)
_SET_COMMENT = (
    update(_comment)
    .where(_comment.c.notebook_id == bindparam("of"), _comment.c.cell_id == bindparam("cell"))
    .values(auto_comment=bindparam("text"))
)


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


def _enter_submission(
    db: Connection, sheet: Sheet, student: str, timestamp: datetime | None
) -> str:
    table = api.SubmittedAssignment
    here = and_(table.assignment_id == sheet.id, table.student_id == student)
    key: str | None = db.execute(select(table.id).where(here)).scalar_one_or_none()
    if key is None:
        key = api.new_uuid()
        db.execute(
            insert(table).values(
                id=key, assignment_id=sheet.id, student_id=student, timestamp=timestamp
            )
        )
    elif timestamp is not None:
        db.execute(update(table).where(table.id == key).values(timestamp=timestamp))
    return key


def _enter_notebooks(db: Connection, sheet: Sheet, submission: str) -> dict[str, str]:
    """The submission's notebooks by name, with a grade and a comment for every cell."""
    table = api.SubmittedNotebook
    there = {
        row.notebook_id: row.id
        for row in db.execute(
            select(table.notebook_id, table.id).where(table.assignment_id == submission)
        )
    }
    for name, notebook in sheet.notebooks.items():
        if notebook in there:
            continue
        key = there[notebook] = api.new_uuid()
        db.execute(
            insert(table).values(
                id=key, notebook_id=notebook, assignment_id=submission, flagged=False
            )
        )
        cells = sheet.cells[name].values()
        grades = [_row(key, c) | {"needs_manual_grade": True} for c in cells if c.graded]
        comments = [_row(key, c) for c in cells if c.commented]
        if grades:
            db.execute(insert(api.Grade), grades)
        if comments:
            db.execute(insert(api.Comment), comments)
    return {name: there[notebook] for name, notebook in sheet.notebooks.items()}


def _row(notebook: str, cell: Cell) -> dict[str, Any]:
    return {"id": api.new_uuid(), "notebook_id": notebook, "cell_id": cell.id}


def _save_cells(db: Connection, sheet: Sheet, notebook: str, result: Result) -> None:
    """The grades and comments that nbgrader's SaveAutoGrades would write."""
    known = sheet.cells[result.notebook]
    scores: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    if result.content is None:
        scores = {cell.id: 0.0 for cell in known.values() if cell.graded}
    else:
        for cell in _graded_cells(result.content):
            name = cell.metadata.nbgrader.grade_id
            checksum = next(
                (known[key].checksum for key in (name, f"{name}\0comment") if key in known), None
            )
            cell.metadata.nbgrader.checksum = checksum
            if name in known and known[name].graded:
                scores[known[name].id] = utils.determine_grade(cell)[0]
            commented = known.get(f"{name}\0comment")
            if commented is not None and utils.is_solution(cell):
                untouched = checksum == utils.compute_checksum(cell)
                comments[commented.id] = "No response." if untouched else None
    faulty = {
        known[key].id
        for key, verdict in result.verdicts.items()
        if verdict.state == "fault" and key in known
    }
    grades = [
        {
            "of": notebook,
            "cell": cell,
            "score": score,
            "by_hand": score is None or cell in faulty or result.status == "failed",
        }
        for cell, score in scores.items()
    ]
    if grades:
        db.execute(_SET_GRADE, grades)
    if comments:
        rows = [{"of": notebook, "cell": cell, "text": text} for cell, text in comments.items()]
        db.execute(_SET_COMMENT, rows)


def _graded_cells(content: bytes) -> Iterator[Any]:
    for cell in json.loads(content)["cells"]:
        if "grade_id" in cell["metadata"].get("nbgrader", {}):
            if not isinstance(cell["source"], str):
                cell["source"] = "".join(cell["source"])
            yield nbformat.from_dict(cell)


def _save_ours(db: Connection, sheet: Sheet, student: str, submission: str, result: Result) -> None:
    key = {"student": student, "assignment": sheet.chapter, "notebook": result.notebook}
    for table in (_GRADED,) if result.status == "lost" else (_VERDICT, _GRADED):
        db.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
    db.execute(
        insert(_GRADED).values(
            **key,
            submission=submission,
            status=result.status,
            fingerprint=result.fingerprint,
            time=datetime.now(UTC).replace(tzinfo=None),
            seconds=result.seconds,
            notes=json.dumps([_storable(note) for note in result.notes]),
        )
    )
    rows = [key | _verdict_row(*item) for item in result.verdicts.items()]
    if rows:
        db.execute(insert(_VERDICT), rows)


def _verdict_row(grade_id: str, verdict: Verdict) -> dict[str, Any]:
    data = _storable(verdict.to_dict())
    kept = ("exercise", "state", "points", "max_points", "pitfall", "message")
    return {"grade_id": grade_id, "verdict": json.dumps(data)} | {name: data[name] for name in kept}


def _storable(value: Any) -> Any:
    """Text that every database takes: no NUL, no lone surrogates; they may come from a student."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [_storable(item) for item in value]
    return value


@contextlib.contextmanager
def alembic_on_path() -> Iterator[None]:
    """nbgrader asks the alembic program of its own environment for the schema's version."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
