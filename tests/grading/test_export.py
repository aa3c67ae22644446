"""Scores as files: the same figures as nbgrader's, in each form."""

from __future__ import annotations

import csv
from datetime import datetime

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from pitfalls.cli import main

from .conftest import CHAPTER, RIGHT, LittleCourse, run_nbgrader


def _rows(little: LittleCourse, form: str) -> list[list[str]]:
    asked = ["export", str(little.root), "--format", form]
    done = CliRunner().invoke(main, asked)
    assert 0 == done.exit_code, done.output
    with open(little.root / "reports" / f"grades-{form}.csv", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def graded(little: LittleCourse) -> LittleCourse:
    """Ann is right, Bob half right, Cyd has handed nothing in, Dan is right and too late."""
    little.configure('c.LateSubmissionPlugin.penalty_method = "zero"')
    with Gradebook(little.course.db_url, "course") as book:
        book.update_or_create_assignment(CHAPTER, duedate=datetime(2030, 1, 2))
        named = {"first_name": "Cyd", "last_name": 'O"Neil, jr', "email": "c@example.org"}
        book.update_or_create_student("cyd", **named, lms_user_id="17")
    little.submit("ann", timestamp="2030-01-01 00:00:00 UTC", **RIGHT)
    little.submit("bob", timestamp="2030-01-01 00:00:00 UTC", double=RIGHT["double"])
    little.submit("dan", timestamp="2030-01-03 00:00:00 UTC", **RIGHT)
    little.grade()
    return little


def test_csv_has_what_nbgrader_exports(graded: LittleCourse) -> None:
    """Score, penalty and points are those of `nbgrader export`."""
    run_nbgrader(graded.root, "export")
    with open(graded.root / "grades.csv", newline="") as file:
        theirs = {row["student_id"]: row for row in csv.DictReader(file)}
    heads, *rows = _rows(graded, "csv")
    score, late, points = (heads.index(f"{CHAPTER}{it}") for it in ("", " late penalty", " points"))
    assert ["ann", "bob", "cyd", "dan"] == [row[0] for row in rows]
    for row in rows:
        if row[0] == "cyd":
            assert ["", ""] == [row[score], row[late]]
            continue
        wanted = theirs[row[0]]
        assert float(wanted["score"]) == float(row[score])
        assert float(wanted["late_submission_penalty"] or 0) == float(row[late])
        assert float(wanted["max_score"]) == float(row[points])


def test_canvas_and_moodle_have_their_columns(graded: LittleCourse) -> None:
    """Canvas: its five columns and the points possible; Moodle: what it finds a user by."""
    heads, possible, ann, bob, cyd, dan = _rows(graded, "canvas")
    assert ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", CHAPTER] == heads
    assert ["Points Possible", "9"] == [possible[0].strip(), possible[-1]]
    assert ["ann", "", "", "ann", "", "5"] == ann
    assert ['O"Neil, jr, Cyd', "17", "", "cyd", "", ""] == cyd
    assert ["2", "0"] == [bob[-1], dan[-1]]
    heads, _, _, cyd, _ = _rows(graded, "moodle")
    assert ["Username", "ID number", "First name", "Surname", "Email address", CHAPTER] == heads
    assert ["cyd", "17", "Cyd", 'O"Neil, jr', "c@example.org", ""] == cyd


def test_an_unknown_chapter_is_said(little: LittleCourse) -> None:
    """One sentence, nothing written."""
    done = CliRunner().invoke(main, ["export", str(little.root), "9_nowhere"])
    assert 1 == done.exit_code
    assert "knows no '9_nowhere'" in done.output
    assert not (little.root / "reports").exists()
