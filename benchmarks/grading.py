"""Notebooks a minute and processor seconds a notebook: stock nbgrader, cold, warm, irreducible.

Everything runs one after the other in one process group, on the same submissions: a class that
hands in the instructor's solutions, each student with one exercise left out. Rates leave out what
a worker does once (imports, zygote) and what one command of nbgrader's does once; that time is
given beside them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
CHAPTER = "1_fundamentals"
MB = 2**20
_AS_SOLVED = ("right", "not_attempted")  # each student leaves one exercise out


def measure(
    students: int = 40, stock: int = 3, cold: int = 6, soak: int = 0, lessons: Sequence[str] = ()
) -> dict[str, float]:
    """Measure it all, print it, return the figures by their names in ``bench.json``."""
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="pitfalls-bench-") as folder:
        course = _course(Path(folder) / "course", students, lessons)
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
            "worker_peak_all_cells_mb": _peak_of(course, min(students, 2), all_cells=True),
        }
        costs = _costs(course, min(students, 12))
        drift = _soak(soak) if soak else {}
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
        **drift,
    }
    _print(rates, figures, costs, students)
    return figures


def _course(root: Path, students: int, chosen: Sequence[str]) -> Any:
    """A released course, of all lessons or the chosen ones, with a class that has handed in."""
    from pitfalls import lessons
    from pitfalls.grading import Course

    exercises = root.with_name("exercises")
    (exercises / CHAPTER).mkdir(parents=True)
    for path in (ROOT / "autograder" / "exercises" / CHAPTER).iterdir():
        if not chosen or path.name.partition(".")[0] in chosen:
            shutil.copy(path, exercises / CHAPTER)
    Course.init(root, exercises=exercises, chapters=[CHAPTER], course_id="bench")
    course = Course.open(root)
    course.release(CHAPTER)
    written = set(lessons.names())
    for notebook, skeleton in course.skeletons(CHAPTER).items():
        if notebook in written:
            for number in range(students):
                folder = root / "submitted" / f"student-{number:02d}" / CHAPTER
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{notebook}.ipynb").write_text(_solved(skeleton, number))
    return course


def _solved(skeleton: bytes, number: int) -> str:
    """The instructor's solutions, with one exercise left out."""
    notebook = json.loads(skeleton)
    cells = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    for i, cell in enumerate(cells):
        source = "".join(cell["source"])
        head = source.partition("### BEGIN SOLUTION")[0]
        lines = source.splitlines(keepends=True)
        kept = [line for line in lines if "### BEGIN" not in line and "### END" not in line]
        left_out = number % len(cells) == i and head.strip()
        cell["source"] = head + "raise NotImplementedError()" if left_out else "".join(kept)
    return json.dumps(notebook)


def _stock(root: Path, course: Any, count: int) -> dict[str, float]:
    """The unmodified ``nbgrader autograde``: one submission, then `count` more in one command."""
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

    command("generate_assignment", CHAPTER)
    hand_in(range(1))
    first, _ = command("autograde", CHAPTER)
    hand_in(range(1, 1 + count))
    more, more_cpu = command("autograde", CHAPTER)  # the first one is up to date: left alone
    idle, idle_cpu = command("autograde", CHAPTER)  # and now all of them are
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
    own = [lesson.notebook for lesson in lessons.all_lessons() if lesson.chapter == CHAPTER]
    modules = ["pitfalls.grading._step", *(f"pitfalls.lessons.{name}" for name in own)]
    opened = Course.open(root)
    with opened.gradebook() as book:
        grader = Grader(opened, book, CHAPTER, warm=warm)
        started = time.monotonic()
        for outcome in grader.grade(lambda: LocalWorkers(jobs, modules), ahead=2 * jobs):
            if outcome.status == "graded":
                times.append(time.monotonic())
                busy.append(_busy_seconds())
            elif outcome.failed:
                raise RuntimeError(str(outcome))
        odd = [row for row in book.verdicts(CHAPTER) if row.verdict.state not in _AS_SOLVED]
    if odd:
        told = [f"{row.student}, {row.grade_id}: {row.verdict.message}" for row in odd]
        raise RuntimeError("What was solved is not graded as such. " + "; ".join(told))
    skip = 2 * jobs - 1
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
    with _peak() as peak:
        _class(course, students, jobs=1, warm=True, all_cells=all_cells)
    return peak[0]


@contextmanager
def _peak() -> Iterator[list[float]]:
    """The most memory that a worker used with its zygote and kernels: proportional set sizes."""
    found, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for worker in psutil.Process().children():
                found[0] = max(found[0], _memory_of(worker))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _memory_of(worker: psutil.Process) -> float:
    """MB of all its processes, while they stand still: what one lets go, others' shares take up."""
    stopped = []
    for process in [worker, *_below(worker)]:
        with suppress(psutil.Error):
            process.suspend()
            stopped.append(process)
    total = 0
    for process in stopped:
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    for process in stopped:
        with suppress(psutil.Error):
            process.resume()
    return total / MB


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _jobs(course: Any) -> list[Any]:
    from pitfalls.grading import Grader

    with course.gradebook() as book:
        grader = Grader(course, book, CHAPTER, warm=True, force=True)
        found = []
        for submission in course.submissions(CHAPTER):
            for name in grader.sheet.notebooks:
                job = grader._job(submission, name)
                if job is not None:
                    found.append(job)
        return found


def _costs(course: Any, count: int) -> dict[str, float]:
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


def _soak(count: int) -> dict[str, float]:
    """One worker's memory after a tenth of many small submissions, and after all of them."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        early, late = pool.apply(_soaked, (count,))
    return {
        "grading.soak_submissions": count,
        "grading.soak_early_mb": round(early, 1),
        "grading.soak_late_mb": round(late, 1),
    }


def _soaked(count: int) -> tuple[float, float]:
    from pitfalls.grading import Job, grade_notebook
    from pitfalls.grading._warm import warm_start

    source = {"cell_type": "code", "metadata": {}, "source": "sum(range(10))", "id": "a"}
    cells = [{**source, "outputs": [], "execution_count": None}]
    page = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    sizes = []
    for number in range(count):
        grade_notebook(Job(f"s{number}", "soak", "soak", page, page, 1, warm=True))
        pids = (os.getpid(), warm_start().pid)
        sizes.append(sum(psutil.Process(pid).memory_full_info().uss for pid in pids) / MB)
    warm_start().close()
    return sizes[count // 10], sizes[-1]


def _print(
    rates: dict[str, dict[str, float]],
    figures: dict[str, float],
    costs: dict[str, float],
    students: int,
) -> None:
    names = {
        "stock": "stock nbgrader autograde, no isolation",
        "cold": "cold kernels, 1 job",
        "warm": "warm kernels, 1 job",
        "warm_2": "warm kernels, 2 jobs",
        "warm_all_cells": "warm kernels, 1 job, illustrations too",
    }
    print(f"\nA class of {students}; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n")
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
