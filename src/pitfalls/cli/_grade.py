"""`pitfalls grade`: grade what students handed in, in parallel."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from pitfalls.grading import Course, Grader, Outcome

__all__ = ["Tally", "command", "grade_chapter", "preflight"]

_NOT_ISOLATED = (
    "NOT ISOLATED: submissions run without a sandbox, with all the rights of this account."
)
_INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


@click.command("grade")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("chapter")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many processors to use, a submission on each.  [default: all of them]",
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Grade on a Dask cluster: its scheduler's address."
)
@click.option("--force", is_flag=True, help="Grade again what is graded and unchanged.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.option("--no-sandbox", is_flag=True, help="Run submissions NOT ISOLATED.")
@click.option("--cold", is_flag=True, help="Start every kernel from nothing: same grades, slower.")
@click.option("--db", help="The gradebook's SQLAlchemy URL.  [default: as configured]")
def command(
    folder: Path,
    chapter: str,
    jobs: int | None,
    cluster: str | None,
    force: bool,
    as_json: bool,
    no_sandbox: bool,
    cold: bool,
    db: str | None,
) -> None:
    """Grade the submissions of CHAPTER in the course DIR.

    What is graded already and has not changed since is left alone, so the command can be stopped
    at any moment and run again.
    """
    from pitfalls.grading import BookError, Course, CourseError, SandboxError

    try:
        course = Course.open(folder, db)
        isolated = course.settings.isolated and not no_sandbox
        if not (cluster and isolated):  # there the workers need the sandbox
            preflight(isolated)
        with course.lock():
            tally = grade_chapter(
                course,
                chapter,
                jobs=jobs,
                cluster=cluster,
                force=force,
                isolated=isolated,
                warm=not cold,
                quiet=as_json,
            )
    except (BookError, CourseError, SandboxError) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(tally.to_dict(), indent=2))
    else:
        tally.print(Console())
    if tally.interrupted:
        raise SystemExit(_INTERRUPTED)
    if tally.failed:
        raise SystemExit(1)


@dataclass
class Tally:
    """What came of a run.

    Attributes
    ----------
    chapter : str
    unchanged, left : int
        How many were graded before; how many a stopped run has not come to.
    remarks : list of str
    outcomes : list of Outcome
    seconds : float
    interrupted : bool
    """

    chapter: str
    unchanged: int
    remarks: list[str]
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    left: int = 0
    interrupted: bool = False

    @property
    def failed(self) -> list[Outcome]:
        """What somebody must look at."""
        return [outcome for outcome in self.outcomes if outcome.failed]

    def count(self) -> dict[str, int]:
        """How many of each kind."""
        kinds = Counter("failed" if it.failed else it.status for it in self.outcomes)
        return {
            "graded": kinds["graded"],
            "unchanged": self.unchanged,
            "missing": kinds["missing"],
            "failed": kinds["failed"],
            "left": self.left,
        }

    @property
    def summary(self) -> str:
        """The run in one line."""
        counts = ", ".join(f"{n} {kind}" for kind, n in self.count().items() if n or kind != "left")
        rate = len(self.outcomes) / max(self.seconds, 1e-9) * 60
        return f"{self.chapter}: {counts}; {self.seconds:.1f} s, {rate:.0f} a minute."

    def to_dict(self) -> dict[str, Any]:
        """The run as `pitfalls grade --json` prints it."""
        return {
            "chapter": self.chapter,
            **self.count(),
            "seconds": round(self.seconds, 3),
            "remarks": self.remarks,
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }

    def print(self, console: Console) -> None:
        """Print what is worth a line, and the summary."""
        for remark in self.remarks:
            console.print(f"note: {remark}", markup=False, highlight=False)
        for outcome in sorted(self.outcomes, key=lambda it: (it.failed, it.student, it.notebook)):
            if outcome.notes:
                word = "failed" if outcome.failed else outcome.status
                console.print(f"{word}: {outcome}", markup=False, highlight=False, soft_wrap=True)
        console.print(self.summary, markup=False, highlight=False)
        if self.interrupted:
            console.print("Stopped. What is graded is saved; run the command again for the rest.")


def preflight(isolated: bool) -> None:
    """Refuse where no sandbox can be had, and say loudly where none is wanted."""
    if not isolated:
        click.secho(_NOT_ISOLATED, err=True, bold=True)
        return
    from pitfalls.grading import SandboxError
    from pitfalls.grading._sandbox import sandbox_problem

    problem = sandbox_problem()
    if problem:
        raise SandboxError(problem)


def _processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def grade_chapter(
    course: Course,
    chapter: str,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    force: bool = False,
    isolated: bool = True,
    warm: bool = True,
    quiet: bool = False,
) -> Tally:
    """Grade a chapter in a local pool or on a Dask cluster, with a progress bar.

    Raises
    ------
    BookError, CourseError, SandboxError
    """
    from pitfalls.grading import Grader, LocalWorkers
    from pitfalls.grading._cluster import ClusterWorkers

    with course.gradebook() as book:
        grader = Grader(course, book, chapter, isolated=isolated, warm=warm, force=force)
        tally = Tally(chapter, grader.unchanged, grader.remarks, left=grader.todo)
        started = time.monotonic()
        make: Callable[[], Executor]
        if cluster:
            workers = ClusterWorkers(cluster)
            make, jobs = (lambda: workers), workers.threads
        else:
            jobs = min(jobs or _processors(), max(grader.todo, 1))
            modules = ["pitfalls.grading._step", *_lesson_modules(grader)]
            make = partial(LocalWorkers, jobs, modules)
        outcomes = grader.grade(make, ahead=2 * jobs)
        with closing(outcomes), _Bar(grader.todo, hidden=quiet) as bar:
            try:
                for outcome in outcomes:
                    tally.outcomes.append(outcome)
                    tally.left -= 1
                    bar.show(tally)
            except KeyboardInterrupt:
                tally.interrupted = True
        tally.seconds = time.monotonic() - started
    return tally


def _lesson_modules(grader: Grader) -> list[str]:
    """The lessons of the chapter, so that a worker has imported them before its first job."""
    from pitfalls import lessons

    there = set(lessons.names()) & set(grader.sheet.notebooks)
    return [f"pitfalls.lessons.{name}" for name in sorted(there)]


class _Bar:
    """The progress bar: done, failed, rate, time left. On a pipe it stays silent."""

    def __init__(self, total: int, *, hidden: bool) -> None:
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f} done"),
            TextColumn("{task.fields[failed]} failed"),
            TextColumn("{task.fields[rate]}"),
            console=Console(stderr=True),
            disable=hidden or not total,
        )
        self._total = total
        self._started = time.monotonic()
        self._task = TaskID(0)

    def __enter__(self) -> _Bar:
        self._progress.start()
        self._task = self._progress.add_task("grading", total=self._total, failed=0, rate="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, tally: Tally) -> None:
        done = len(tally.outcomes)
        rate = done / (time.monotonic() - self._started)
        left = round((self._total - done) / rate)
        self._progress.update(
            self._task,
            completed=done,
            failed=len(tally.failed),
            rate=f"{60 * rate:.0f} a minute, {left // 60}:{left % 60:02d} left",
        )
