"""`pitfalls report`: the class at a glance."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("report")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("chapter")
@click.option("--csv", "as_csv", is_flag=True, help="Write every verdict as a row of a CSV file.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write; - is standard output.  [default: DIR/reports/CHAPTER.html or .csv]",
)
@click.option("--db", help="The gradebook's SQLAlchemy URL.  [default: as configured]")
def command(folder: Path, chapter: str, as_csv: bool, out: Path | None, db: str | None) -> None:
    """Write the class report of CHAPTER in the course DIR: one HTML file."""
    from pitfalls.grading import BookError, Course, CourseError
    from pitfalls.grading._files import write_atomic
    from pitfalls.grading._report import ClassReport, csv_text, html_text

    try:
        course = Course.open(folder, db)
        with course.gradebook() as book:
            report = ClassReport.of(book, book.sheet(chapter))
    except (BookError, CourseError) as error:
        raise click.ClickException(str(error)) from None
    text = csv_text(report) if as_csv else html_text(report)
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    path = out or course.root / "reports" / f"{chapter}.{'csv' if as_csv else 'html'}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    except OSError as error:
        raise click.ClickException(
            f"The report cannot be written to {path} ({error.strerror}); name another with --out."
        ) from None
    click.echo(path)
