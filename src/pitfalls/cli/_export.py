"""`pitfalls export`: the scores as a file for Canvas, Moodle or anything else."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(("csv", "canvas", "moodle")),
    default="csv",
    show_default=True,
    help="Whose columns to write.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write; - is standard output.  [default: DIR/reports/grades-FORMAT.csv]",
)
@click.option("--db", help="The gradebook's SQLAlchemy URL.  [default: as configured]")
def command(
    folder: Path, chapters: tuple[str, ...], form: str, out: Path | None, db: str | None
) -> None:
    """Write the scores of the course DIR: a row for each student, late penalties taken off.

    By default all chapters that were released. Canvas and Moodle know a student by the course's
    student id, which is their login there, and by lms_user_id where the gradebook has it.
    """
    from pitfalls.grading import BookError, Course, CourseError
    from pitfalls.grading._export import Scores, export_text
    from pitfalls.grading._files import write_atomic

    try:
        course = Course.open(folder, db)
        with course.gradebook() as book:
            wanted = chapters or book.chapters()
            scores = [Scores.of(book, chapter) for chapter in wanted]
            people = book.people()
    except (BookError, CourseError) as error:
        raise click.ClickException(str(error)) from None
    if not scores:
        raise click.ClickException(
            f"{folder} has no released chapter; release one with `pitfalls course release`."
        )
    text = export_text(people, scores, form)
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    path = out or course.root / "reports" / f"grades-{form}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    except OSError as error:
        raise click.ClickException(
            f"The scores cannot be written to {path} ({error.strerror}); name another with --out."
        ) from None
    click.echo(path)
