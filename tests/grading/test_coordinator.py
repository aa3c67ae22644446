"""The coordinator: only what is new, nothing lost, nothing twice, and no neighbour harmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pitfalls.cli import main
from pitfalls.grading import (
    CourseError,
    Graded,
    Grader,
    Job,
    Limits,
    LocalWorkers,
    SandboxError,
    SubmissionError,
)
from pitfalls.grading._coordinator import fingerprint_of

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse, grade_here
from .waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
CLASS = ("ann", "bob", "cyd", "dan")


class Counting:
    """The step, and whom it graded."""

    def __init__(self) -> None:
        self.students: list[str] = []

    def __call__(self, job: Job) -> Graded:
        """Note it and grade it."""
        self.students.append(job.student)
        return grade_here(job)


def snapshot(little: LittleCourse) -> dict[str, Any]:
    """What the gradebook and the graded files hold, times apart."""
    with little.course.gradebook() as book:
        sheet = book.sheet(CHAPTER)
        verdicts = [(r.student, r.grade_id, r.verdict, r.score) for r in book.verdicts(CHAPTER)]
        kept = {
            "verdicts": verdicts,
            "totals": book.totals(sheet),
            "known": book.known(CHAPTER),
            "notes": book.notes(CHAPTER),
        }
    graded = little.root / "autograded"
    return kept | {
        str(path.relative_to(graded)): path.read_bytes()
        for path in sorted(graded.rglob("*"))
        if path.is_file()
    }


def test_only_what_is_new_or_changed_is_graded(little: LittleCourse) -> None:
    """A second run does nothing; a changed, an added and a lost page are graded, no other."""
    step = Counting()
    little.submit("ann", **RIGHT)
    little.submit("bob")
    little.grade(step)
    assert [] == little.grade(step)
    little.submit("bob", **RIGHT)
    little.submit("cyd")
    (little.root / "autograded" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").unlink()
    little.grade(step)
    assert ["ann", "bob", "ann", "bob", "cyd"] == step.students


def test_force_grades_everything_again(little: LittleCourse) -> None:
    """force=True takes no notice of fingerprints."""
    step = Counting()
    little.submit("ann")
    little.grade(step)
    little.grade(step, force=True)
    assert ["ann", "ann"] == step.students


@pytest.mark.parametrize(
    "change",
    [
        {"skeleton": b"other"},
        {"submission": b"other"},
        {"answers": b"other"},
        {"keys": {"quiz": b"other"}},
        {"files": {"data.csv": b"other"}},
        {"seed": 8},
        {"limits": Limits(cell_seconds=7)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_fingerprint_covers_all_that_a_grade_depends_on(change: dict[str, Any]) -> None:
    """Each of them changes it; how the kernel starts does not."""
    job = Job("ann", CHAPTER, NOTEBOOK, b"skeleton", b"submission", 7)
    assert fingerprint_of(job) != fingerprint_of(replace(job, **change))
    assert fingerprint_of(job) == fingerprint_of(replace(job, isolated=False, warm=True))


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    """Bytes that move from one part into the next are another submission."""
    job = Job("ann", CHAPTER, NOTEBOOK, b"ab", b"c", 7)
    assert fingerprint_of(job) != fingerprint_of(replace(job, skeleton=b"a", submission=b"bc"))


def test_bad_submissions_get_a_line_each_and_harm_nobody(little: LittleCourse) -> None:
    """Unreadable, linked, misnamed and absent notebooks score nothing; the others are graded."""
    little.submit("ann", **RIGHT)
    little.submit_bytes("bob", b'{"cells": [')
    little.submit("cyd").rename(little.folder("cyd") / "mine.ipynb")
    path = little.submit("dan")
    path.unlink()
    path.symlink_to(little.folder("ann") / path.name)
    little.submit("eve", **RIGHT)
    outcomes = {it.student: it for it in little.grade()}
    assert {"ann": 5.0, "bob": 0.0, "cyd": 0.0, "dan": 0.0, "eve": 5.0} == {
        student: it.score for student, it in outcomes.items()
    }
    assert {"bob", "dan"} == {student for student, it in outcomes.items() if it.failed}
    assert "bob, twice: The file is not readable as a notebook" in str(outcomes["bob"])
    assert "cyd, twice: There is no twice.ipynb (there is mine.ipynb), so it scores 0." == str(
        outcomes["cyd"]
    )
    assert str(outcomes["dan"]).endswith("is a symbolic link; hand in the file itself.")


def test_failures_are_tried_again_and_zeros_are_not(little: LittleCourse) -> None:
    """An unreadable file is failed on every run; a missing notebook is settled by its zero."""
    little.submit_bytes("bob", b"")
    little.folder("cyd").mkdir(parents=True)
    assert {"bob", "cyd"} == {it.student for it in little.grade()}
    assert ["bob"] == [it.student for it in little.grade()]


def test_a_notebook_that_was_withdrawn_scores_nothing(little: LittleCourse) -> None:
    """Its zero replaces the old score, and its graded page goes."""
    path = little.submit("ann", **RIGHT)
    little.grade()
    path.unlink()
    (outcome,) = little.grade()
    assert ("missing", 0.0) == (outcome.status, outcome.score)
    assert not (little.root / "autograded" / "ann" / CHAPTER / path.name).exists()


def test_a_fault_of_the_step_is_reported_and_changes_no_score(little: LittleCourse) -> None:
    """What was graded before stays, and the notebook is tried again next time."""

    def broken(job: Job) -> Graded:
        raise ZeroDivisionError("nothing to divide")

    little.submit("ann", **RIGHT)
    little.grade()
    little.submit("ann", double="def double(x):\n    return 0")
    (outcome,) = little.grade(broken)
    assert ("lost", 5.0) == (outcome.status, outcome.score)
    assert "ZeroDivisionError: nothing to divide" in outcome.notes[0]
    assert [0.0] == [it.score for it in little.grade()]


def test_without_a_sandbox_the_batch_stops_at_once(little: LittleCourse) -> None:
    """One sentence, not a thousand failed submissions."""

    def step(job: Job) -> Graded:
        raise SandboxError("No sandbox can be had.")

    for student in CLASS:
        little.submit(student)
    with pytest.raises(SandboxError, match="No sandbox"):
        little.grade(step)
    with little.course.gradebook() as book:
        assert {} == book.known(CHAPTER)


def test_a_source_that_is_not_what_was_released_is_refused(little: LittleCourse) -> None:
    """Other points than students were told are one sentence with the way out."""
    source = little.root / "source" / CHAPTER / f"{NOTEBOOK}.ipynb"
    source.write_text(source.read_text().replace('"points": 2', '"points": 20'))
    little.submit("ann")
    with pytest.raises(CourseError, match=r"check_double differ.*pitfalls course release"):
        little.grade()


class Stopped(BaseException):
    """As Ctrl-C is: no `except Exception` holds it."""


@pytest.mark.parametrize("moment", ["step", "write", "save"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_stopped_at_any_moment_the_next_run_ends_with_the_same(
    little: LittleCourse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    after: int,
) -> None:
    """In a step, between two files, or before the commit: nothing is lost or saved twice."""
    from pitfalls.grading import _coordinator
    from pitfalls.grading._gradebook import Book

    for student in CLASS:
        little.submit(student, double=RIGHT["double"], story=f"I am {student}.")
    calls = 0

    def until_stopped(what: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > after:
                raise Stopped
            return what(*args, **kwargs)

        return stopping

    step = Counting()
    with monkeypatch.context() as patch:
        if moment == "write":
            patch.setattr(_coordinator, "write_atomic", until_stopped(_coordinator.write_atomic))
        elif moment == "save":
            patch.setattr(Book, "save", until_stopped(Book.save))
        with pytest.raises(Stopped):
            little.grade(until_stopped(step) if moment == "step" else step)
    with little.course.gradebook() as book:
        saved = {student for student, _ in book.known(CHAPTER)}
    before = len(step.students)
    little.grade(step)
    assert sorted(set(CLASS) - saved) == sorted(step.students[before:])
    resumed = snapshot(little)
    little.grade(force=True)
    assert snapshot(little) == resumed
    assert 4 == len(resumed["totals"])


class Dying(Executor):
    """Executors of one worker, which dies over one student."""

    def __init__(self, victim: str) -> None:
        self.victim = victim

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Done at once."""
        future: Future[Any] = Future()
        if args[0].student == self.victim:
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(fn(*args))
        return future


def test_a_worker_that_dies_twice_over_a_notebook_loses_only_that(little: LittleCourse) -> None:
    """The culprit is tried once more, alone, and then said; everybody else is graded."""
    for student in CLASS:
        little.submit(student, **RIGHT)
    with little.course.gradebook() as book:
        grader = Grader(little.course, book, CHAPTER, step=grade_here)
        outcomes = {it.student: it for it in grader.grade(lambda: Dying("bob"))}
    assert ["bob"] == [student for student, it in outcomes.items() if it.failed]
    assert {"ann", "cyd", "dan"} == {s for s, it in outcomes.items() if it.score == 5.0}
    assert "died, twice" in outcomes["bob"].notes[0]
    assert ["bob"] == [it.student for it in little.grade()]


def step_of_the_process_test(job: Job) -> Graded:
    """For workers of their own: says where it runs; ends its worker or waits, as the name says."""
    folder = Path(os.environ["PITFALLS_TEST"])
    with open(folder / "calls", "a") as calls:
        calls.write(f"{job.student} {os.getpid()}\n")
    if job.student == "dead":
        os._exit(7)
    if job.student == "slow":
        (folder / "slow").write_text(str(os.getpid()))
        signal.pause()
    if job.student == "odd":
        raise SubmissionError("It is odd.")
    return grade_here(job)


def _calls(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "calls").read_text().splitlines()]


@pytest.mark.slow
def test_in_processes_of_their_own(
    little: LittleCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies takes nobody along, and errors come back as they were raised."""
    monkeypatch.setenv("PITFALLS_TEST", str(tmp_path))
    for student in ("ann", "bob", "cyd", "dead", "odd"):
        little.submit(student, **RIGHT)
    with little.course.gradebook() as book:
        grader = Grader(little.course, book, CHAPTER, step=step_of_the_process_test)
        outcomes = {it.student: it for it in grader.grade(lambda: LocalWorkers(2))}
    assert {"ann": "graded", "bob": "graded", "cyd": "graded"} | {
        "dead": "lost",
        "odd": "failed",
    } == {student: it.status for student, it in outcomes.items()}
    assert ("It is odd.",) == outcomes["odd"].notes
    assert 2 == _calls(tmp_path).count("dead")


_SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pitfalls.grading import Course, Grader, LocalWorkers
from tests.grading.conftest import CHAPTER
from tests.grading.test_coordinator import step_of_the_process_test

if __name__ == "__main__":
    course = Course.open(Path(sys.argv[1]))
    with course.lock(), course.gradebook() as book:
        grader = Grader(course, book, CHAPTER, step=step_of_the_process_test)
        try:
            for outcome in grader.grade(lambda: LocalWorkers(2), ahead=2):
                print(outcome.student, flush=True)
        except KeyboardInterrupt:
            sys.exit(130)
"""


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_from_outside_it_can_be_run_again(
    little: LittleCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    """The workers go with their coordinator; what was graded stays, the rest is graded then."""
    monkeypatch.setenv("PITFALLS_TEST", str(tmp_path))
    for student in ("ann", "bob", "slow", "zoe"):
        little.submit(student, **RIGHT)
    (tmp_path / "run.py").write_text(_SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), str(little.root)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        done = {process.stdout.readline().strip() for _ in range(3)}  # zoe overtakes the slow one
        wait_until((tmp_path / "slow").exists)
        worker = int((tmp_path / "slow").read_text())
        process.send_signal(how)
        process.wait(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert {"ann", "bob", "zoe"} == done
    wait_until(lambda: _gone(worker))
    step = Counting()
    assert [5.0] == [it.score for it in little.grade(step)]
    assert ["slow"] == step.students


def test_a_log_for_each_submission(little: LittleCourse) -> None:
    """Each run adds what it did: score, verdicts with their pitfalls, reasons of failures."""
    little.submit("ann", double="def double(x):\n    return x * x", triple=RIGHT["triple"])
    little.submit_bytes("bob", b"")
    little.grade()
    little.submit("ann", **RIGHT)
    little.grade()
    first, second = (little.root / "logs" / CHAPTER / "ann.log").read_text().split("\n20")
    assert f" {NOTEBOOK}: graded, 3 points in 0.01 s\n" in first
    assert "    check_double: wrong (squares), 0 of 2\n" in first
    assert f" {NOTEBOOK}: graded, 5 points in 0.01 s\n" in second
    failed = (little.root / "logs" / CHAPTER / "bob.log").read_text().splitlines()
    assert f" {NOTEBOOK}: failed in 0.00 s" in failed[0]
    assert "    The file is empty; wanted a notebook. Hand it in again." == failed[1]


def _bad_class(little: LittleCourse) -> None:
    """Two submissions that need no worker: one is missing, one is a link."""
    little.folder("ann").mkdir(parents=True)
    little.submit("bob").unlink()
    (little.folder("bob") / f"{NOTEBOOK}.ipynb").symlink_to("/etc/passwd")


def test_the_command_says_each_failure_and_exits_non_zero(little: LittleCourse) -> None:
    """A line each, a summary, and NOT ISOLATED wherever there is no sandbox."""
    _bad_class(little)
    done = CliRunner().invoke(main, ["grade", str(little.root), CHAPTER, "--no-sandbox"])
    assert 1 == done.exit_code
    assert "NOT ISOLATED" in done.stderr
    missing, failed, summary = done.stdout.splitlines()
    assert missing.startswith("missing: ann, twice: There is no twice.ipynb")
    assert failed.startswith("failed: bob, twice: twice.ipynb is a symbolic link")
    assert summary.startswith(f"{CHAPTER}: 0 graded, 0 unchanged, 1 missing, 1 failed;")


def test_the_command_speaks_json(little: LittleCourse) -> None:
    """--json prints one object and nothing else."""
    _bad_class(little)
    done = CliRunner().invoke(main, ["grade", str(little.root), CHAPTER, "--no-sandbox", "--json"])
    told = json.loads(done.stdout)
    assert (0, 0, 1, 1) == (told["graded"], told["unchanged"], told["missing"], told["failed"])
    assert ["ann", "bob"] == [outcome["student"] for outcome in told["outcomes"]]


def test_the_command_without_a_course_is_one_line(tmp_path: Path) -> None:
    """The message says what makes a course."""
    done = CliRunner().invoke(main, ["grade", str(tmp_path), CHAPTER])
    assert 1 == done.exit_code
    assert "is not a course" in done.stderr
    assert 1 == done.stderr.count("\n")
