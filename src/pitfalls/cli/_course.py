"""`pitfalls course`: make and keep an nbgrader course."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("course")
def command() -> None:
    """Make an nbgrader course from the kit's exercises, and release its chapters."""


@command.command("init")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--course-id", help="The course's name for nbgrader.  [default: DIR's name]")
@click.option("--chapter", "chapters", multiple=True, help="Only this chapter; repeatable.")
@click.option("--db", help="The gradebook's SQLAlchemy URL.  [default: gradebook.db in DIR]")
@click.option(
    "--exercises",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The kit's autograder/exercises.  [default: of this checkout]",
)
@click.option("--update", is_flag=True, help="Replace source notebooks that differ from the kit's.")
def init(
    folder: Path,
    course_id: str | None,
    chapters: tuple[str, ...],
    db: str | None,
    exercises: Path | None,
    update: bool,
) -> None:
    """Make DIR an nbgrader course, or complete it; what is there is kept."""
    from pitfalls.build import checkout
    from pitfalls.grading import BookError, Course, CourseError

    root = checkout()
    if exercises is None and root is None:
        raise click.ClickException(
            "This copy of pitfalls has no exercises with it; name a checkout's "
            "autograder/exercises with --exercises."
        )
    exercises = exercises or Path(str(root), "autograder", "exercises")
    try:
        said = Course.init(
            folder,
            exercises=exercises,
            chapters=chapters,
            course_id=course_id,
            db_url=db,
            update=update,
        )
    except (BookError, CourseError) as error:
        raise click.ClickException(str(error)) from None
    for line in said:
        click.echo(line)
    click.echo(f"Next: pitfalls course release {folder} CHAPTER")


@command.command("release")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.argument("chapter")
@click.option("--db", help="The gradebook's SQLAlchemy URL.  [default: as configured]")
def release(folder: Path, chapter: str, db: str | None) -> None:
    """Make the notebooks that students get, and enter CHAPTER into the gradebook."""
    from pitfalls.grading import Course, CourseError

    try:
        made = Course.open(folder, db).release(chapter)
    except CourseError as error:
        raise click.ClickException(str(error)) from None
    for path in sorted(made.rglob("*")):
        if path.is_file():
            click.echo(path)
