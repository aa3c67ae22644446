"""The table of what is solved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pitfalls.progress import Record, work_folder

from ._session import graded_by_nbgrader, in_sandbox, with_store
from ._show import say, show

if TYPE_CHECKING:
    from pitfalls.checks import Lesson

__all__ = ["progress"]

_BAR = 10  # signs
_TABLE = "border-collapse: collapse; margin: 8px 0; color: var(--jp-ui-font-color1, inherit)"
_CELL = "padding: 2px 12px 2px 0; text-align: left; font-weight: {weight}; white-space: nowrap"
_HEADS = ("Notebook", "", "Solved", "Points", "Tries", "Hints")


@dataclass(frozen=True)
class _Row:
    """What is known of one notebook, or of several together."""

    name: str
    link: str
    solved: int
    exercises: int
    points: float
    max_points: float
    attempts: int
    hints: int

    def cells(self) -> tuple[str, ...]:
        full = _BAR * self.solved // self.exercises if self.exercises else 0
        return (
            "■" * full + "□" * (_BAR - full),
            f"{self.solved} of {self.exercises}",
            f"{self.points:g} of {self.max_points:g}",
            str(self.attempts),
            str(self.hints),
        )


def progress() -> None:
    """Show what is solved, per chapter and notebook, with links to the notebooks."""
    if in_sandbox() or graded_by_nbgrader():
        print("Progress is not shown while a notebook is graded.")
        return
    from pitfalls.lessons import all_lessons

    summary, trouble = with_store(lambda store: store.summary())
    chapters = [
        (_title(chapter), [_row(lesson, summary) for lesson in lessons])
        for chapter, lessons in groupby(all_lessons(), key=lambda lesson: lesson.chapter)
    ]
    show(_text(chapters), html=_html(chapters))
    if trouble:
        say(trouble)


def _row(lesson: Lesson, summary: dict[tuple[str, str], Record]) -> _Row:
    records = [summary.get((lesson.notebook, ex.name), Record()) for ex in lesson.exercises]
    return _Row(
        name=lesson.notebook,
        link=_link(lesson),
        solved=sum(record.solved for record in records),
        exercises=len(records),
        points=sum(record.points for record in records),
        max_points=lesson.points,
        attempts=sum(record.attempts for record in records),
        hints=sum(record.hints for record in records),
    )


def _sum(name: str, rows: Sequence[_Row]) -> _Row:
    fields = ("solved", "exercises", "points", "max_points", "attempts", "hints")
    return _Row(name, "", **{field: sum(getattr(row, field) for row in rows) for field in fields})


def _link(lesson: Lesson) -> str:
    """The notebook as seen from here, or "" where it is not there."""
    path = work_folder() / lesson.chapter / f"{lesson.notebook}.ipynb"
    return Path(os.path.relpath(path)).as_posix() if path.exists() else ""


def _title(chapter: str) -> str:
    number, _, words = chapter.partition("_")
    return f"{number}. {words.replace('_', ' ').capitalize()}"


def _html(chapters: list[tuple[str, list[_Row]]]) -> str:
    plain, bold = _CELL.format(weight="normal"), _CELL.format(weight="600")
    heads = "".join(
        f'<th scope="col" style="{bold}">{head}</th>' if head else f'<td style="{bold}"></td>'
        for head in _HEADS
    )
    bodies = []
    for title, rows in chapters:
        lines = [_line(_sum(title, rows), "rowgroup", bold)]
        lines += [_line(row, "row", plain) for row in rows]
        bodies.append(f"<tbody>{''.join(lines)}</tbody>")
    return (
        f'<table aria-label="Progress" class="pitfalls-progress" style="{_TABLE}">'
        f"<thead><tr>{heads}</tr></thead>{''.join(bodies)}</table>"
    )


def _line(row: _Row, scope: str, style: str) -> str:
    bar, *values = row.cells()
    name = escape(row.name)
    if row.link:
        name = f'<a href="{escape(row.link)}" style="text-decoration: underline">{name}</a>'
    cells = "".join(f'<td style="{style}">{value}</td>' for value in values)
    return (
        f'<tr><th scope="{scope}" style="{style}">{name}</th>'
        f'<td style="{style}"><span aria-hidden="true">{bar}</span></td>{cells}</tr>'
    )


def _text(chapters: list[tuple[str, list[_Row]]]) -> str:
    lines: list[tuple[str, ...]] = [_HEADS]
    for title, rows in chapters:
        lines += [(row.name, *row.cells()) for row in (_sum(title, rows), *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
