"""Notebooks a minute and processor seconds a notebook: stock nbgrader, cold, warm, irreducible.

Everything runs one after the other in one process group, on the same submissions: a class that
hands in the instructor's solutions, each student with one exercise left out. Rates leave out what
a worker does once (imports, zygote) and what one command of nbgrader's does once; that time is
given beside them.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from ._costs import costs_of
from ._hand_ins import chapter_of, make_course
from ._memory import drift, peak

CHAPTER = "1_fundamentals"  # the one that the targets speak of


def measure(
    students: int = 40,
    stock: int = 3,
    cold: int = 6,
    soak: int = 0,
    chapter: str = CHAPTER,
    lessons: Sequence[str] = (),
) -> dict[str, float]:
    """Measure it all, print it, return the figures by their names in ``bench.json``.

    The figures of another chapter than the usual one have its name in theirs.
    """
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="pitfalls-bench-") as folder:
        course = make_course(Path(folder) / "course", chapter, students, lessons)
        rates = {
            "stock": _stock(Path(folder) / "stock", course, stock),
            "cold": _class(course, cold, jobs=1, warm=False),
            "warm": _class(course, students, jobs=1, warm=True),
            "warm_2": _class(course, students, jobs=2, warm=True),
            "warm_all_cells": _class(course, stock, jobs=1, warm=True, all_cells=True),
        }
        few = min(students, 8)
        peaks = {
            "worker_peak_mb": _peak_of(course, few),
            "worker_peak_all_cells_mb": _peak_of(course, min(students, 3), all_cells=True),
        }
        costs = costs_of(course, min(students, 12))
        drifted = drift(soak) if soak else {}
    stock_seconds = rates["stock"]["seconds"]
    figures = {
        f"grading.{name}_per_minute": round(60 / rate["seconds"], 1) for name, rate in rates.items()
    }
    figures |= {f"grading.{name}_start_s": round(r["start"], 1) for name, r in rates.items()}
    figures |= {
        "grading.speedup_vs_nbgrader": round(stock_seconds / rates["warm_2"]["seconds"], 1),
        "grading.speedup_all_cells": round(stock_seconds / rates["warm_all_cells"]["seconds"], 1),
        "grading.speedup_1_job": round(stock_seconds / rates["warm"]["seconds"], 1),
        "grading.class_speedup_vs_nbgrader": round(
            (rates["stock"]["start"] + rates["warm_2"]["graded"] * stock_seconds)
            / rates["warm_2"]["total"],
            1,
        ),
        "grading.scaling_2_jobs": round(rates["warm"]["seconds"] / rates["warm_2"]["seconds"], 2),
        "grading.busy_processors_1_job": round(rates["warm"]["busy"], 2),
        "grading.busy_processors_2_jobs": round(rates["warm_2"]["busy"], 2),
        **{f"grading.{name}": round(peak) for name, peak in peaks.items()},
        "grading.cpu_stock_s": round(rates["stock"]["cpu"], 3),
        "grading.cpu_warm_s": round(costs["grader"] + costs["kernel"], 3),
        "grading.cpu_warm_grader_s": round(costs["grader"], 3),
        "grading.cpu_warm_kernel_s": round(costs["kernel"], 3),
        "grading.cpu_irreducible_s": round(costs["irreducible"], 3),
        "grading.cpu_vs_irreducible": round(
            (costs["grader"] + costs["kernel"]) / costs["irreducible"], 2
        ),
        **drifted,
    }
    if chapter != CHAPTER:
        figures = {
            name.replace("grading.", f"grading.{chapter}.", 1): value
            for name, value in figures.items()
        }
    _print(rates, figures, costs, f"a class of {students} in {chapter}")
    return figures


def _stock(root: Path, course: Any, count: int) -> dict[str, float]:
    """The unmodified ``nbgrader autograde``: one submission, then `count` more in one command."""
    chapter = chapter_of(course)
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

    def hand_in(numbers: range) -> None:
        for number in numbers:
            name = f"student-{number:02d}"
            shutil.copytree(course.root / "submitted" / name, root / "submitted" / name)

    command("generate_assignment", chapter)
    hand_in(range(1))
    first, _ = command("autograde", chapter)
    hand_in(range(1, 1 + count))
    more, more_cpu = command("autograde", chapter)  # the first one is up to date: left alone
    idle, idle_cpu = command("autograde", chapter)  # and now all of them are
    graded = len(list((root / "autograded").rglob("*.ipynb"))) * count / (1 + count)  # by `more`
    return {
        "seconds": (more - idle) / graded,
        "start": idle,
        "cpu": (more_cpu - idle_cpu) / graded,
        "total": first + more,
        "busy": more_cpu / more,
    }


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _class(
    course: Any, students: int, *, jobs: int, warm: bool, all_cells: bool = False
) -> dict[str, float]:
    """Grade a class as ``pitfalls grade`` does; rates from the second notebook of each worker.

    Every notebook must be solved but for what its student left out, or nothing was measured.
    """
    from pitfalls import lessons
    from pitfalls.grading import Course, Grader, LocalWorkers

    chapter = chapter_of(course)
    root = course.root.with_name(f"class-{jobs}-{warm}-{all_cells}")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(course.root, root)
    if all_cells:  # without their tag, illustrations are cells like any other
        for source in (root / "source").rglob("*.ipynb"):
            source.write_text(source.read_text().replace('"illustration"', ""))
    for number in range(students, 1000):
        folder = root / "submitted" / f"student-{number:02d}"
        if not folder.exists():
            break
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
    odd = [row for row in exercises if row.verdict.state != "right"]
    left_out = Counter((row.student, row.notebook) for row in odd)
    odd = [row for row in odd if left_out[row.student, row.notebook] > 1]
    if odd:
        told = [f"{row.student}, {row.grade_id}: {row.verdict.message}" for row in odd]
        raise RuntimeError("What was solved is not graded as such. " + "; ".join(told))
    skip = 2 * jobs - 1
    if len(times) <= skip + 1:
        raise ValueError(
            f"A rate needs more than {skip + 1} notebooks, not {len(times)}: ask for more students."
        )
    seconds = (times[-1] - times[skip]) / (len(times) - 1 - skip)
    return {
        "seconds": seconds,
        "start": times[skip] - started - (skip + 1) * seconds,
        "total": times[-1] - started,
        "graded": len(times),
        "busy": (busy[-1] - busy[skip]) / (times[-1] - times[skip]),
    }


def _busy_seconds() -> float:
    """Processor seconds that this machine has spent on anything."""
    spent = psutil.cpu_times()
    return float(sum(spent) - spent.idle - spent.iowait)


def _peak_of(course: Any, students: int, *, all_cells: bool = False) -> float:
    """The most memory of a worker; in a run of its own, since looking takes time."""
    with peak() as megabytes:
        _class(course, students, jobs=1, warm=True, all_cells=all_cells)
    return megabytes[0]


def _print(
    rates: dict[str, dict[str, float]],
    figures: dict[str, float],
    costs: dict[str, float],
    graded: str,
) -> None:
    names = {
        "stock": "stock nbgrader autograde, no isolation",
        "cold": "cold kernels, 1 job",
        "warm": "warm kernels, 1 job",
        "warm_2": "warm kernels, 2 jobs",
        "warm_all_cells": "warm kernels, 1 job, illustrations too",
    }
    print(f"\nGraded: {graded}; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n")
    print(f"{'way':40} {'per minute':>10} {'s each':>8} {'× stock':>8} {'start s':>8} {'busy':>6}")
    for key, rate in rates.items():
        times = rates["stock"]["seconds"] / rate["seconds"]
        rate_line = f"{60 / rate['seconds']:10.1f} {rate['seconds']:8.2f} {times:8.1f}"
        print(f"{names[key]:40} {rate_line} {rate['start']:8.1f} {rate['busy']:6.2f}")
    print(f"\n{'processor seconds a notebook':40} {'s':>10}")
    for name, value in (
        ("stock nbgrader", rates["stock"]["cpu"]),
        ("warm: grader", costs["grader"]),
        ("warm: kernel, from fork to end", costs["kernel"]),
        ("irreducible: cells and checks alone", costs["irreducible"]),
    ):
        print(f"{name:40} {value:10.3f}")
    print("\nof the grader's, under a profiler:")
    for name in list(costs)[3:]:
        print(f"  {name:38} {costs[name]:10.3f}")
    print()
    for name, value in sorted(figures.items()):
        print(f"{name:40} {value:>10}")
