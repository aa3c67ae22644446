"""`pitfalls demo`: a class of made-up submissions, from hand-out to report."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pitfalls.cli._grade import Tally
    from pitfalls.grading import Course
    from pitfalls.grading._made_up import Expected, MadeUp
    from pitfalls.grading._records import VerdictRow

__all__ = ["command"]

_CELL_SECONDS = 20  # for the endless loops: the kit's own cells need less

_Given = Mapping[tuple[str, str, str], "VerdictRow"]


@click.command("demo")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Make the course in this new directory, and leave it there.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="As for `pitfalls grade`.")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Only these students: 'cheat*'; repeatable."
)
def command(
    chapters: tuple[str, ...], keep: Path | None, jobs: int | None, only: tuple[str, ...]
) -> None:
    """Grade a class of made-up submissions, and hold every score against what it must be.

    The class covers every lesson of the chapters: right answers, every pitfall, and submissions
    that are empty, broken, endless or forged. By default all chapters that have lessons.
    """
    from pitfalls import lessons
    from pitfalls.build import checkout
    from pitfalls.cli._grade import preflight
    from pitfalls.grading import BookError, Course, CourseError, SandboxError
    from pitfalls.grading._made_up import made_up_class

    root = checkout()
    if root is None:
        raise click.ClickException(
            "The demo needs the kit's sources and tests; run it in a checkout."
        )
    there = sorted({lesson.chapter for lesson in lessons.all_lessons()})
    for chapter in chapters:
        if chapter not in there:
            raise click.ClickException(
                f"There is no chapter {chapter!r} with lessons; there are {', '.join(there)}."
            )
    console = Console(width=150) if not sys.stdout.isatty() else Console()
    wrong = 0
    try:
        preflight(isolated=True)
        with _folder(keep) as folder:
            Course.init(
                folder,
                exercises=root / "autograder" / "exercises",
                chapters=chapters or there,
                course_id="demo",
            )
            with open(folder / "nbgrader_config.py", "a", encoding="utf-8") as config:
                config.write(f'\nc.Pitfalls.limits = {{"cell_seconds": {_CELL_SECONDS}}}\n')
            for chapter in chapters or there:
                course = Course.open(folder)
                course.release(chapter)
                made_up = made_up_class(course, chapter, root / "tests" / "lessons", only)
                wrong += _chapter(console, course, chapter, made_up, jobs)
    except (BookError, CourseError, SandboxError) as error:
        raise click.ClickException(str(error)) from None
    if wrong:
        raise click.ClickException(f"{wrong} of the scores or pages are not as they must be.")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A directory for the course; a temporary one is removed at the end."""
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise click.ClickException(f"{keep} is not empty; name a new directory with --keep.")
        yield keep
        return
    folder = Path(tempfile.mkdtemp(prefix="pitfalls-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _chapter(
    console: Console, course: Course, chapter: str, made_up: list[MadeUp], jobs: int | None
) -> int:
    """From handing in to the report; returns how much of it went wrong."""
    from pitfalls.cli._grade import grade_chapter
    from pitfalls.grading._report import ClassReport, html_text

    started = time.monotonic()
    for one in made_up:
        _hand_in(course, chapter, one)
    console.print(f"{chapter}: released, {len(made_up)} submissions handed in.", highlight=False)
    tally = grade_chapter(course, chapter, jobs=jobs)
    console.print(tally.summary, highlight=False)
    if tally.interrupted:
        raise click.Abort
    with course.gradebook() as book:
        sheet = book.sheet(chapter)
        given = {
            (row.student, row.notebook, row.verdict.exercise): row for row in book.verdicts(chapter)
        }
        totals = book.totals(sheet)
        report = html_text(ClassReport.of(book, sheet))
    wrong = _print_table(console, chapter, made_up, tally, given)
    _nbgrader(course, "generate_feedback", chapter, "--log-level=ERROR")
    grades = course.root / "grades.csv"
    _nbgrader(course, "export", "--log-level=ERROR", f"--to={grades}")
    faults = [
        *_feedback_faults(course, chapter, made_up, given),
        *_csv_faults(grades, chapter, {student: score for student, (score, _) in totals.items()}),
    ]
    for fault in faults:
        console.print(f"WRONG: {fault}", markup=False, highlight=False)
    path = course.root / "reports" / f"{chapter}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(report, encoding="utf-8")
    pages = len(list((course.root / "feedback").glob(f"*/{chapter}/*.html")))
    console.print(
        f"{chapter}: {pages} feedback pages, {len(totals)} rows in grades.csv, class report "
        f"{path}; {wrong + len(faults)} differences, {time.monotonic() - started:.0f} s.",
        highlight=False,
        soft_wrap=True,
    )
    return wrong + len(faults)


def _hand_in(course: Course, chapter: str, one: MadeUp) -> None:
    folder = course.path("submitted", one.student, chapter)
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
    for name, content in one.files.items():
        (folder / name).write_bytes(content)


def _print_table(
    console: Console, chapter: str, made_up: list[MadeUp], tally: Tally, given: _Given
) -> int:
    """Expected against given, a line a notebook; returns how many differ."""
    statuses = {(it.student, it.notebook): it for it in tally.outcomes}
    grid = Table("student", "notebook", "what is handed in", title=f"{chapter}: expected and given")
    for heading in ("expected", "given", "pitfalls expected", "given", ""):
        grid.add_column(heading, justify="right")
    differ, differences = 0, []
    for one in made_up:
        for notebook, exercises in one.expected.items():
            rows = {name: given.get((one.student, notebook, name)) for name in exercises}
            outcome = statuses.get((one.student, notebook))
            faults = [
                f"{one.student}, {notebook}, {name}: expected {_most(want)}{want.points:g} "
                f"({want.pitfall or 'no pitfall'}), given {_told(rows[name])}"
                for name, want in exercises.items()
                if not want.met(*_pair(rows[name]))
            ]
            status, due = outcome.status if outcome else "not graded", one.status[notebook]
            if status != due:
                faults.append(f"{one.student}, {notebook}: expected to be {due}, is {status}")
            if status == due == "missing" and notebook not in "".join(one.files):
                continue  # it was not to be handed in
            pitfalls = [want.pitfall for want in exercises.values() if want.pitfall]
            named = [row.verdict.pitfall for row in rows.values() if row and row.verdict.pitfall]
            grid.add_row(
                one.student,
                notebook,
                one.story,
                f"{_most(*exercises.values())}{sum(it.points for it in exercises.values()):g}",
                f"{outcome.score:g}" if outcome else "-",
                str(len(pitfalls)),
                str(len(named)),
                "✗" if faults else "✓",
            )
            differ += bool(faults)
            differences += faults
    console.print(grid)
    for line in differences:
        console.print(f"WRONG: {line}", markup=False, highlight=False, soft_wrap=True)
    return differ


def _most(*wanted: Expected) -> str:
    return "at most " if any(want.at_most for want in wanted) else ""


def _pair(row: VerdictRow | None) -> tuple[float, str | None]:
    return (row.score, row.verdict.pitfall) if row else (0.0, None)


def _told(row: VerdictRow | None) -> str:
    if row is None:
        return "nothing"
    return f"{row.score:g} ({row.verdict.pitfall or 'no pitfall'}; {row.verdict.message})"


def _nbgrader(course: Course, *arguments: str) -> None:
    """Run nbgrader's own command in the course."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=course.root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise click.ClickException(f"`nbgrader {' '.join(arguments)}` failed: {last}")


def _feedback_faults(
    course: Course, chapter: str, made_up: list[MadeUp], given: _Given
) -> Iterator[str]:
    """What is wrong with the feedback pages: one must be there, say the pitfall, run nothing."""
    for one in made_up:
        folder = course.path("feedback", one.student, chapter)
        for notebook, exercises in one.expected.items():
            page = folder / f"{notebook}.html"
            if one.status[notebook] == "missing":
                continue
            if not page.exists():
                yield f"{one.student} has no feedback on {notebook}"
                continue
            text = page.read_text(encoding="utf-8")
            if "<script" in text.lower():
                yield f"the feedback of {one.student} on {notebook} holds a script"
            for name, want in exercises.items():
                row = given.get((one.student, notebook, name))
                if want.pitfall and row and f"on {name}" not in text:
                    yield f"the feedback of {one.student} on {notebook} leaves out {name}"


def _csv_faults(path: Path, chapter: str, totals: Mapping[str, float]) -> Iterator[str]:
    """Where nbgrader's export and the gradebook differ."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = {r["student_id"]: r for r in csv.DictReader(file) if r["assignment"] == chapter}
    for student, total in totals.items():
        exported = float(rows[student]["raw_score"]) if student in rows else None
        if exported != total:
            yield f"grades.csv gives {student} {exported}, the gradebook {total:g}"
