"""`pitfalls audit`: hold every check against its pitfalls and its right answers."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pitfalls import lessons
from pitfalls.audit import ExerciseAudit, alternatives_of, audit_lesson
from pitfalls.checks import Lesson


@click.command("audit")
@click.argument("notebooks", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--seeds", default=5, show_default=True, help="How many hidden draws to try.")
@click.option(
    "--tests",
    type=click.Path(path_type=Path),
    default=Path("tests/lessons"),
    show_default=True,
    help="The folder that keeps the right answers.",
)
def command(notebooks: tuple[str, ...], as_json: bool, seeds: int, tests: Path) -> None:
    """Hold every check against its pitfalls and its right answers.

    NOTEBOOKS limits the audit to those lessons.
    """
    rows = [row for lesson in _chosen(notebooks) for row in _audit(lesson, tests, seeds)]
    if as_json:
        click.echo(json.dumps({"exercises": [row.to_dict() for row in rows]}, indent=2))
    else:
        _print(rows)
    faults = [fault for row in rows for fault in row.faults]
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(1)


def _chosen(notebooks: tuple[str, ...]) -> list[Lesson]:
    if not notebooks:
        return lessons.all_lessons()
    try:
        return [lessons.get(name) for name in notebooks]
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _audit(lesson: Lesson, tests: Path, seeds: int) -> list[ExerciseAudit]:
    try:
        alternatives = alternatives_of(lesson, tests)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"There is no {error.args[0]}, which keeps the right answers of {lesson.notebook}. "
            "Run the audit from the root of the checkout, or name the folder with --tests."
        ) from None
    return audit_lesson(lesson, alternatives, range(1, seeds + 1))


def _print(rows: list[ExerciseAudit]) -> None:
    grid = Table("notebook", "exercise", title="Audit of the checks")
    for heading in ("points", "pitfalls", "rejected", "named", "right answers", "accepted"):
        grid.add_column(heading, justify="right")
    for row in rows:
        counts = (row.declared, row.rejected, row.named, row.given, row.accepted)
        grid.add_row(row.notebook, row.name, f"{row.points:g}", *map(str, counts))
    totals = (
        f"{sum(row.points for row in rows):g}",
        str(sum(row.declared for row in rows)),
        str(sum(row.rejected for row in rows)),
        str(sum(row.named for row in rows)),
        str(sum(row.given for row in rows)),
        str(sum(row.accepted for row in rows)),
    )
    grid.add_section()
    grid.add_row("in all", f"{len(rows)} exercises", *totals)
    Console(width=120).print(grid)
