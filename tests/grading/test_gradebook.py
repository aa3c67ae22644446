"""The gradebook: what one transaction writes, what it keeps, and what nbgrader makes of it."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import select, text

from pitfalls.checks import Verdict
from pitfalls.grading import BookError
from pitfalls.grading._records import Result

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse, run_nbgrader

NOW = datetime(2030, 1, 2, 3, 4, 5)


def _nbgrader(little: LittleCourse) -> Gradebook:
    return Gradebook(little.course.db_url, "course")


def test_nbgrader_reads_what_was_saved(little: LittleCourse) -> None:
    """Scores, what needs a human, comments and the time stand where nbgrader has them."""
    little.submit("ann", timestamp="2030-01-02 03:04:05 UTC", **RIGHT)
    little.submit("bob", timestamp="2030-01-02 03:04:05 UTC", double=RIGHT["double"])
    little.grade()
    with _nbgrader(little) as book:
        ann = book.find_submission_notebook(NOTEBOOK, CHAPTER, "ann")
        bob = book.find_submission_notebook(NOTEBOOK, CHAPTER, "bob")
        assert (5.0, 9.0, True) == (ann.score, ann.max_score, ann.needs_manual_grade)
        assert (2.0, 9.0, False) == (bob.score, bob.max_score, bob.needs_manual_grade)
        assert NOW == book.find_submission(CHAPTER, "ann").timestamp
        comments = {it.name: it.comment for it in bob.comments}
        untouched = "No response."
        assert {"double": None, "triple": untouched, "story": untouched} == comments


def test_a_humans_score_is_kept_and_marked(little: LittleCourse) -> None:
    """Grading again changes the automatic score beside it, never the manual one."""
    little.submit("ann", double=RIGHT["double"])
    little.grade()
    with _nbgrader(little) as book:
        grade = book.find_grade("check_double", NOTEBOOK, CHAPTER, "ann")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.db.commit()
    little.submit("ann", double="def double(x):\n    return 0")
    little.grade()
    with _nbgrader(little) as book:
        grade = book.find_grade("check_double", NOTEBOOK, CHAPTER, "ann")
        assert (1.5, 0.0, True) == (grade.score, grade.auto_score, grade.needs_manual_grade)


def test_late_penalties_follow_nbgraders_plugin_and_extensions(little: LittleCourse) -> None:
    """Late is late by the gradebook's due date; an extension, given later, takes it back."""
    little.configure('c.LateSubmissionPlugin.penalty_method = "zero"')
    with _nbgrader(little) as book:
        book.update_or_create_assignment(CHAPTER, duedate=NOW)
    little.submit("ann", timestamp=f"{NOW + timedelta(hours=1)} UTC", double=RIGHT["double"])
    little.submit("bob", timestamp=f"{NOW} UTC", double=RIGHT["double"])
    little.grade()
    with _nbgrader(little) as book:
        assert 2.0 == book.find_submission(CHAPTER, "ann").late_submission_penalty
        assert 0.0 == book.find_submission(CHAPTER, "bob").late_submission_penalty
        book.grant_extension(CHAPTER, "ann", hours=2)
    assert [] == little.grade()  # nothing runs again
    with _nbgrader(little) as book:
        assert 0.0 == book.find_submission(CHAPTER, "ann").late_submission_penalty


def test_all_of_a_submission_or_nothing(
    little: LittleCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last statement fails, no trace of the submission is left."""
    from pitfalls.grading import _gradebook

    def refuse(*args: object) -> None:
        raise _gradebook.SQLAlchemyError("disk full")

    little.submit("ann", **RIGHT)
    monkeypatch.setattr(_gradebook, "save_ours", refuse)
    with pytest.raises(BookError, match=r"\(disk full\); nothing of ann was changed"):
        little.grade()
    monkeypatch.undo()
    with little.course.gradebook() as book:
        assert [] == book.students()
        assert {} == book.known(CHAPTER)
    assert [("ann", 5.0)] == [(it.student, it.score) for it in little.grade()]


def test_a_verdict_comes_back_as_it_was(little: LittleCourse) -> None:
    """Also with what no database likes in it: NUL and half a surrogate from a student's text."""
    verdict = Verdict("double", "raised", 0, 2, message="double raised E: a\0b\ud800")
    with little.course.gradebook() as book:
        sheet = book.sheet(CHAPTER)
        result = Result(NOTEBOOK, "graded", "f" * 64, None, {"check_double": verdict})
        book.save(sheet, "ann", [result])
        (row,) = book.verdicts(CHAPTER)
    assert "double raised E: a\N{REPLACEMENT CHARACTER}b?" == row.verdict.message
    assert ("ann", NOTEBOOK, "check_double", 0.0) == (
        row.student,
        row.notebook,
        row.grade_id,
        row.score,
    )
    assert row.time <= datetime.now(UTC).replace(tzinfo=None)


def test_a_check_with_a_fault_of_its_own_goes_to_a_human(little: LittleCourse) -> None:
    """It scores nothing by itself, and stands in the formgrader's queue."""
    verdict = Verdict("double", "fault", 0, 2, message="The check has a fault.")
    little.submit("ann")
    little.grade()
    content = (little.root / "autograded" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").read_bytes()
    with little.course.gradebook() as book:
        result = Result(NOTEBOOK, "graded", "f" * 64, content, {"check_double": verdict})
        book.save(book.sheet(CHAPTER), "ann", [result])
    with _nbgrader(little) as book:
        assert book.find_grade("check_double", NOTEBOOK, CHAPTER, "ann").needs_manual_grade
        assert not book.find_grade("check_triple", NOTEBOOK, CHAPTER, "ann").needs_manual_grade


def test_a_submission_that_nbgrader_removed_is_graded_again(little: LittleCourse) -> None:
    """The fingerprint of what is gone counts for nothing."""
    little.submit("ann", **RIGHT)
    little.grade()
    with _nbgrader(little) as book:
        book.remove_submission(CHAPTER, "ann")
    assert ["ann"] == [outcome.student for outcome in little.grade()]


def test_unknown_students_are_refused_where_the_course_says_so(little: LittleCourse) -> None:
    """c.Autograde.create_student = False is kept to."""
    little.configure("c.Autograde.create_student = False")
    little.submit("ann")
    with pytest.raises(BookError, match="ann is not in the gradebook"):
        little.grade()


def test_the_gradebook_is_nbgraders_own(little: LittleCourse) -> None:
    """nbgrader's schema version is there, and its export gives our scores."""
    little.submit("ann", **RIGHT)
    little.grade()
    with little.course.gradebook() as book, book.engine.connect() as db:
        assert 1 == len(db.execute(text("SELECT version_num FROM alembic_version")).all())
        assert ["course", "default_course"] == sorted(
            db.execute(select(text("id")).select_from(text("course"))).scalars()
        )
    run_nbgrader(little.root, "export")
    with open(little.root / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert ("ann", "5.0", "9.0") == (row["student_id"], row["score"], row["max_score"])


def test_a_chapter_that_was_not_released_is_one_sentence(little: LittleCourse) -> None:
    """The message says what to run."""
    with little.course.gradebook() as book, pytest.raises(BookError, match="release it first"):
        book.sheet("2_data")
