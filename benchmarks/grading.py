"""Notebooks a minute and processor seconds a notebook: stock nbgrader, cold, warm, irreducible.

Everything runs one after the other in one process group, on the same submissions: a class that
hands in the instructor's solutions of every lesson, each student with one exercise of each left
out. Rates leave out what a worker does once (imports, zygote) and what one command of nbgrader's
does once; that time is given beside them.
"""

from __future__ import annotations

import math
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ._costs import costs_of
from ._hand_ins import chapter_of, make_course
from ._measured import Measured, figures, show, together
from ._memory import drift, peak


def measure(
    students: int = 40,
    stock: int = 2,
    cold: int = 3,
    soak: int = 0,
    chapters: Sequence[str] = (),
    lessons: Sequence[str] = (),
) -> Iterator[dict[str, float]]:
    """Measure it all, print it, give the figures by their names in ``bench.json`` as they come.

    Figures with a chapter in their name are of that chapter, the others of all that was measured.

    Raises
    ------
    ValueError
        When the class is smaller than what is to be graded of it.
    """
    if students < (least := max(1 + stock, cold, 2)):
        raise ValueError(
            f"{students} students are too few for stock nbgrader's {1 + stock} (one to begin with) "
            f"and {cold} for cold kernels: ask for --students {least} or more."
        )
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    parts = []
    for chapter in chapters or chapters_with_lessons():
        with tempfile.TemporaryDirectory(prefix="pitfalls-bench-") as folder:
            course = make_course(Path(folder) / "course", chapter, students, lessons)
            parts.append(_measured(course, students, stock, cold))
        show(parts[-1], f"a class of {students} in {chapter}")
        yield figures(parts[-1], f"grading.{chapter}")
    whole = together(parts)
    if len(parts) > 1:
        show(whole, f"a class of {students} in all of these chapters")
    yield figures(whole, "grading")
    if soak:
        yield drift(soak)


def chapters_with_lessons() -> list[str]:
    """Those of the kit in order."""
    from pitfalls import lessons

    return sorted({lesson.chapter for lesson in lessons.all_lessons()})


def _measured(course: Any, students: int, stock: int, cold: int) -> Measured:
    rates = {
        "stock": _stock(course.root.with_name("stock"), course, stock),
        "cold": _rate(_graded(course, cold, jobs=1, warm=False), jobs=1),
        "warm": _rate(_graded(course, students, jobs=1), jobs=1),
        "warm_2": _rate(_graded(course, students, jobs=2), jobs=2),
        "warm_all_cells": _rate(_graded(course, 2, jobs=1, all_cells=True), jobs=1),
    }
    # In runs of their own, since looking takes time.
    with peak() as megabytes:
        _graded(course, min(students, 8), jobs=1)
    with peak() as megabytes_all_cells:
        _graded(course, 1, jobs=1, all_cells=True)
    peaks = {"worker": megabytes[0], "worker_all_cells": megabytes_all_cells[0]}
    notebooks = round(rates["warm"]["graded"] / students)
    return Measured(chapter_of(course), notebooks, rates, costs_of(course, 12), peaks)


def _stock(root: Path, course: Any, count: int) -> dict[str, float]:
    """The unmodified ``nbgrader autograde``: one submission, then `count` more in one command.

    They are drawn by lot: whoever leaves out an exercise on which much else stands is graded soon.
    """
    chapter = chapter_of(course)
    students = sorted(folder.name for folder in (course.root / "submitted").iterdir())
    drawn = random.Random(2).sample(students, 1 + count)
    shutil.copytree(course.root / "source", root / "source")
    config = f"c = get_config()\nc.CourseDirectory.root = {str(root)!r}\n"
    (root / "nbgrader_config.py").write_text(config)
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def command(*words: str) -> tuple[float, float]:
        before, started = _children(), time.monotonic()
        done = subprocess.run(
            [nbgrader, *words], cwd=root, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"nbgrader {words[0]} failed:\n{done.stderr[-2000:]}")
        return time.monotonic() - started, _children() - before

    def hand_in(names: list[str]) -> None:
        for name in names:
            shutil.copytree(course.root / "submitted" / name, root / "submitted" / name)

    command("generate_assignment", chapter)
    hand_in(drawn[:1])
    first, _ = command("autograde", chapter)
    hand_in(drawn[1:])
    more, more_cpu = command("autograde", chapter)  # the first one is up to date: left alone
    idle, idle_cpu = command("autograde", chapter)  # and now all of them are
    graded = len(list((root / "autograded").rglob("*.ipynb"))) * count / (1 + count)  # by `more`
    return {
        "seconds": (more - idle) / graded,
        "start": idle,
        "cpu": (more_cpu - idle_cpu) / graded,
        "total": first + more,
        "busy": more_cpu / more,
        "graded": graded,
    }


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class Run:
    """A class that was graded: when each notebook was done, and what had been spent by then."""

    students: int
    started: float
    times: list[float]
    busy: list[float]


def _graded(
    course: Any, students: int, *, jobs: int, warm: bool = True, all_cells: bool = False
) -> Run:
    """Grade a class as ``pitfalls grade`` does.

    Every notebook must be solved but for what its student left out, or nothing was measured.
    """
    from pitfalls import lessons
    from pitfalls.grading import Course, Grader, LocalWorkers

    chapter = chapter_of(course)
    root = course.root.with_name("class")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(course.root, root)
    if all_cells:  # without their tag, illustrations are cells like any other
        for source in (root / "source").rglob("*.ipynb"):
            source.write_text(source.read_text().replace('"illustration"', ""))
    for folder in sorted((root / "submitted").iterdir())[students:]:
        shutil.rmtree(folder)
    times, busy = [], []
    own = [lesson.notebook for lesson in lessons.all_lessons() if lesson.chapter == chapter]
    modules = ["pitfalls.grading._step", *(f"pitfalls.lessons.{name}" for name in own)]
    opened = Course.open(root)
    with opened.gradebook() as book:
        grader = Grader(opened, book, chapter, warm=warm)
        started = time.monotonic()
        for outcome in grader.grade(lambda: LocalWorkers(jobs, modules), ahead=2 * jobs):
            if outcome.status == "graded":
                times.append(time.monotonic())
                busy.append(_busy_seconds())
            elif outcome.failed:
                raise RuntimeError(str(outcome))
        exercises = [row for row in book.verdicts(chapter) if row.grade_id.startswith("check_")]
    if odd := _not_solved(exercises):
        told = [f"{row.student}, {row.grade_id}: {row.verdict.message}" for row in odd]
        raise RuntimeError("What was solved is not graded as such. " + "; ".join(told))
    return Run(students, started, times, busy)


def _not_solved(exercises: Iterable[Any]) -> list[Any]:
    """What is not right in a notebook, but for one exercise and one more that calls it."""
    wrong = [row for row in exercises if row.verdict.state != "right"]
    missing = Counter((row.student, row.notebook) for row in wrong)
    failed = Counter(
        (row.student, row.notebook) for row in wrong if row.verdict.state != "not_attempted"
    )
    notebooks = {notebook for notebook in missing if missing[notebook] > 2 or failed[notebook] > 1}
    return [row for row in wrong if (row.student, row.notebook) in notebooks]


def _rate(run: Run, *, jobs: int) -> dict[str, float]:
    """The rate from the second notebook of each worker on.

    Whole students are left out for that, since the lessons of a chapter differ.
    """
    each = len(run.times) // run.students
    skip = each * math.ceil((2 * jobs - 1) / each)
    if len(run.times) <= skip:
        raise ValueError(
            f"A rate needs more than {skip} notebooks, not {len(run.times)}: ask for more students."
        )
    wall = run.times[-1] - run.times[skip - 1]
    seconds = wall / (len(run.times) - skip)
    return {
        "seconds": seconds,
        "start": run.times[skip - 1] - run.started - skip * seconds,
        "total": run.times[-1] - run.started,
        "graded": len(run.times),
        "busy": (run.busy[-1] - run.busy[skip - 1]) / wall,
    }


def _busy_seconds() -> float:
    """Processor seconds that this machine has spent on anything."""
    spent = psutil.cpu_times()
    return float(sum(spent) - spent.idle - spent.iowait)
