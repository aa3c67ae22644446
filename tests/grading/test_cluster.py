"""Grading on a real Dask cluster: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import cloudpickle
import pytest

from pitfalls.grading import CourseError, Graded, Grader, Job
from pitfalls.grading._cluster import ClusterWorkers

from .conftest import CHAPTER, RIGHT, LittleCourse, grade_here

STUDENTS = [f"s{n:02d}" for n in range(12)]


def _step(log: Path, job: Job) -> Graded:
    """Grade; but the worker that first meets s05 is killed at it."""
    with open(log / "attempts", "a") as attempts:  # one short line: written in one piece
        attempts.write(f"{job.student}\n")
    if job.student == "s05" and not (log / "killed").exists():
        (log / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return grade_here(job)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each."""
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[str]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
                    cwd=tmp_path,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process

        first = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        assert first.stderr is not None
        said = iter(first.stderr.readline, "")
        line = next(line for line in said if "Scheduler at:" in line)
        address = line.split()[-1]
        for _ in range(2):
            start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        yield address


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(
    little: LittleCourse, scheduler: str, tmp_path: Path
) -> None:
    """Every submission is graded once, with the score of a local run."""
    for module in (sys.modules[__name__], sys.modules[grade_here.__module__]):
        cloudpickle.register_pickle_by_value(module)  # the workers have no tests
    for n, student in enumerate(STUDENTS):
        little.submit(student, **(RIGHT if n % 2 else {"double": RIGHT["double"]}))
    with little.course.gradebook() as book:
        workers = ClusterWorkers(scheduler)
        workers._client.wait_for_workers(2, timeout=60)
        grader = Grader(little.course, book, CHAPTER, step=partial(_step, tmp_path))
        outcomes = list(grader.grade(lambda: workers, ahead=4))
        totals = book.totals(book.sheet(CHAPTER))
    attempts = Counter((tmp_path / "attempts").read_text().split())
    assert STUDENTS == sorted(it.student for it in outcomes)
    assert ["graded"] * 12 == [it.status for it in outcomes]
    assert 2 == attempts["s05"]
    assert {student: (5.0 if n % 2 else 2.0, 0.0) for n, student in enumerate(STUDENTS)} == totals
    with little.course.gradebook() as book:
        assert 0 == Grader(little.course, book, CHAPTER).todo


def test_no_scheduler_is_one_sentence() -> None:
    """What came, and what to do next."""
    with pytest.raises(
        CourseError, match=r"no Dask scheduler at nonsense.* start one with `dask scheduler`"
    ):
        ClusterWorkers("nonsense://nowhere")
