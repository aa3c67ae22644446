"""Processor seconds a notebook: of the grader, of its kernels, and the irreducible."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from ._hand_ins import chapter_of


def _jobs(course: Any) -> list[Any]:
    from pitfalls.grading import Grader

    chapter = chapter_of(course)
    with course.gradebook() as book:
        grader = Grader(course, book, chapter, warm=True, force=True)
        found = []
        for submission in course.submissions(chapter):
            for name in grader.sheet.notebooks:
                job = grader._job(submission, name)
                if job is not None:
                    found.append(job)
        return found


def costs_of(course: Any, count: int) -> dict[str, float]:
    """Processor seconds a notebook: of the grader, of its kernels, and the irreducible."""
    from pitfalls.grading import grade_notebook
    from pitfalls.grading._warm import warm_start

    jobs = _jobs(course)[: count + 2]
    for job in jobs[:2]:
        grade_notebook(job)
    zygote = psutil.Process(warm_start().pid)
    before, mine = sum(zygote.cpu_times()[:2]), time.process_time()
    with _kernel_seconds() as seconds:
        for job in jobs[2:]:
            grade_notebook(job)
    grader = (time.process_time() - mine) / (len(jobs) - 2)
    forks = sum(zygote.cpu_times()[:2]) - before
    kernel = (sum(seconds) + forks) / (len(jobs) - 2)
    kinds = _profile(lambda: grade_notebook(jobs[2]))
    warm_start().close()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        irreducible = pool.apply(_irreducible, (jobs,))
    return {"grader": grader, "kernel": kernel, "irreducible": irreducible, **kinds}


@contextmanager
def _kernel_seconds() -> Iterator[list[float]]:
    """Processor time of all processes of each kernel, read when it is closed."""
    from pitfalls.grading._process import Sandboxed

    seconds: list[float] = []
    close = Sandboxed.close

    def note_and_close(process: Sandboxed) -> None:
        seconds.append(process.usage().cpu_seconds)
        close(process)

    Sandboxed.close = note_and_close  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        Sandboxed.close = close  # type: ignore[method-assign]


def _irreducible(jobs: list[Any]) -> float:
    """The same cells and the same checks in one warm process, without kernel, wire or sandbox."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from pitfalls import lessons
    from pitfalls.checks import LocalAnswer, run_check
    from pitfalls.grading._illustrations import needless
    from pitfalls.grading._rebuild import rebuild

    os.environ["PITFALLS_GRADING"] = "1"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.chdir(tempfile.mkdtemp())
    shell = InteractiveShell.instance()
    built = [(rebuild(job.skeleton, job.submission), job.hidden_seed) for job in jobs]
    started = 0.0
    for number, (notebook, seed) in enumerate(built):
        if number == 2:  # by then all is imported
            started = time.process_time()
        shell.reset(new_session=False)
        resting = needless(notebook.cells)
        for position, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or position in resting:
                continue
            mark = cell.metadata.get("pitfalls", {})
            with capture_output():
                if "exercise" in mark:
                    exercise = lessons.get(mark["lesson"]).exercise(mark["exercise"])
                    run_check(exercise, LocalAnswer(shell.user_ns), seed)
                else:
                    shell.run_cell(cell.source)
    return (time.process_time() - started) / (len(jobs) - 2)


def _profile(run: Callable[[], Any]) -> dict[str, float]:
    """Where the grader's own processor time goes: seconds below the functions of each concern."""
    import cProfile
    import pstats

    profile = cProfile.Profile(time.process_time)
    profile.runcall(run)
    stats: Any = pstats.Stats(profile)
    below = {
        "checks, outside": ("_run.py", "run_check"),
        "cells, waiting and reading": ("_kernel.py", "run"),
        "kernel's start": ("_kernel.py", "__init__"),
        "kernel's end": ("_kernel.py", "close"),
        "rebuilding": ("_rebuild.py", "rebuild"),
        "writing the page": ("__init__.py", "writes"),
    }
    found = dict.fromkeys(below, 0.0)
    for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():
        for kind, (name, wanted) in below.items():
            if function == wanted and Path(file).name == name:
                found[kind] = max(found[kind], cumulative)
    return found
