"""The rows of one submission: nbgrader's, and our own two tables beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import nbformat
from nbgrader import api, utils
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    MetaData,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from pitfalls.checks import Verdict

from ._records import Cell, Result, Sheet

__all__ = [
    "GRADED",
    "KEY",
    "TABLES",
    "VERDICT",
    "enter_notebooks",
    "enter_submission",
    "save_cells",
    "save_ours",
]

KEY = ("student", "assignment", "notebook")
TABLES = MetaData()
GRADED = Table(
    "pitfalls_graded",
    TABLES,
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
VERDICT = Table(
    "pitfalls_verdict",
    TABLES,
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


def enter_submission(db: Connection, sheet: Sheet, student: str, timestamp: datetime | None) -> str:
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


def enter_notebooks(db: Connection, sheet: Sheet, submission: str) -> dict[str, str]:
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


def save_cells(db: Connection, sheet: Sheet, notebook: str, result: Result) -> None:
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


def save_ours(db: Connection, sheet: Sheet, student: str, submission: str, result: Result) -> None:
    key = {"student": student, "assignment": sheet.chapter, "notebook": result.notebook}
    for table in (GRADED,) if result.status == "lost" else (VERDICT, GRADED):
        db.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
    db.execute(
        insert(GRADED).values(
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
        db.execute(insert(VERDICT), rows)


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
