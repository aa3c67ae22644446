"""The class at a glance: who scored what, which pitfalls the class fell into, who needs help."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ._gradebook import Book
from ._records import Sheet, VerdictRow

__all__ = ["ClassReport", "Item", "csv_text", "html_text"]

MIN_DISCRIMINATION = 0.2
MIN_STUDENTS = 10
"""Fewer students say nothing of how an exercise discriminates."""
MOST_PITFALLS = 25
"""The plot shows so many; the table has all."""

_WORDS = {
    "right": "right",
    "partly": "partly right",
    "wrong": "not right",
    "not_attempted": "not attempted",
}
# each kind has its own hatch and its own grey, so the plots read without colour
_LOOKS: dict[str, dict[str, Any]] = {
    "right": {"facecolor": "#0072B2", "hatch": ""},
    "partly": {"facecolor": "#7fb8d8", "hatch": "//"},
    "wrong": {"facecolor": "#D55E00", "hatch": "xx"},
    "not_attempted": {"facecolor": "#ffffff", "hatch": ".."},
}
_STYLE: Any = {
    "font.size": 10,
    "font.family": "sans-serif",
    "svg.fonttype": "none",
    "svg.hashsalt": "pitfalls",
    "hatch.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass
class Item:
    """One exercise, as the class did it."""

    notebook: str
    exercise: str
    rows: list[VerdictRow] = field(default_factory=list)
    discrimination: float | None = None  # None: too few students, or all alike

    @property
    def points(self) -> float:
        """What the exercise is worth."""
        return self.rows[0].verdict.max_points

    @property
    def mean(self) -> float:
        """The mean score, as a share of the points."""
        return float(np.mean([row.score for row in self.rows])) / self.points

    @property
    def kinds(self) -> Counter[str]:
        """How many were right, partly right, not right, not attempted."""
        return Counter(_kind(row) for row in self.rows)

    @property
    def pitfalls(self) -> list[tuple[str, list[str]]]:
        """Pitfall -> who fell into it, the most frequent first."""
        fallen = defaultdict(list)
        for row in self.rows:
            if row.verdict.pitfall:
                fallen[row.verdict.pitfall].append(row.student)
        return sorted(fallen.items(), key=lambda pair: (-len(pair[1]), pair[0]))

    @property
    def suspicious(self) -> bool:
        """Whether those who are good at the rest are not better at this."""
        return self.discrimination is not None and self.discrimination < MIN_DISCRIMINATION


@dataclass(frozen=True)
class ClassReport:
    """What is known of a class in one chapter.

    Attributes
    ----------
    chapter : str
    max_score : float
    totals : dict of str to (float, float)
        Student -> (score, late penalty) of who handed in.
    absent : list of str
        Who is in the course and handed nothing in.
    items : list of Item
        In the order in which the notebooks have them.
    notes : list of (student, notebook, status, notes)
        What failed, was missing, or ran into a limit.
    """

    chapter: str
    max_score: float
    totals: dict[str, tuple[float, float]]
    absent: list[str]
    items: list[Item]
    notes: list[tuple[str, str, str, list[str]]]

    @classmethod
    def of(cls, book: Book, sheet: Sheet) -> ClassReport:
        """Read the report of a chapter from the gradebook."""
        items: dict[tuple[str, str], Item] = {}
        for row in book.verdicts(sheet.chapter):
            key = (row.notebook, row.verdict.exercise)
            items.setdefault(key, Item(*key)).rows.append(row)
        totals = book.totals(sheet)
        points = sum(sum(sheet.points(name).values()) for name in sheet.notebooks)
        report = cls(
            sheet.chapter,
            points,
            totals,
            [student for student in book.students() if student not in totals],
            _in_order(items),
            [
                *((s, n, str(status), notes) for s, n, status, notes in book.notes(sheet.chapter)),
                *(
                    (row.student, row.notebook, "no answer", [f"{exercise}: {row.verdict.message}"])
                    for (_, exercise), item in items.items()
                    for row in item.rows
                    if row.verdict.state == "no_verdict"
                ),
            ],
        )
        for item in report.items:
            item.discrimination = report._discrimination(item)
        return report

    @property
    def scores(self) -> list[float]:
        """What counts for each student, the late penalty taken off."""
        return [max(0.0, score - late) for score, late in self.totals.values()]

    @property
    def help_wanted(self) -> list[tuple[str, float, list[str]]]:
        """Student, score, and what is not right yet with its pitfall; the neediest first."""
        wanted = defaultdict(list)
        for item in self.items:
            for row in item.rows:
                if row.score < item.points:
                    words = row.verdict.pitfall or _WORDS[_kind(row)]
                    wanted[row.student].append(f"{item.exercise} ({words})")
        rows = [(student, self.totals[student][0], what) for student, what in wanted.items()]
        return sorted(rows, key=lambda row: (row[1], row[0]))

    def _discrimination(self, item: Item) -> float | None:
        """Point-biserial correlation of "right" with the score on everything else."""
        right = np.array([row.score >= item.points for row in item.rows], dtype=float)
        rest = np.array([self.totals[row.student][0] - row.score for row in item.rows])
        if len(right) < MIN_STUDENTS or np.ptp(right) == 0 or np.ptp(rest) == 0:
            return None
        return float(np.corrcoef(right, rest)[0, 1])


def html_text(report: ClassReport, made: datetime | None = None) -> str:
    """The report as one HTML file that needs nothing else and runs nothing.

    Parameters
    ----------
    report : ClassReport
    made : datetime, optional
        The time that the report names; now by default.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    with rc_context(_STYLE):
        figures = {
            "scores": _score_figure(report),
            "exercises": _exercise_figure(report.items) if report.items else "",
            "pitfalls": _pitfall_figure(report.items),
        }
    return environment.get_template("report.html.j2").render(
        report=report,
        figures=figures,
        made=made or datetime.now(UTC),
        words=_WORDS,
        threshold=MIN_DISCRIMINATION,
        least=MIN_STUDENTS,
        several=len({item.notebook for item in report.items}) > 1,
        most=MOST_PITFALLS,
        median=float(np.median(report.scores)) if report.scores else 0.0,
        mean=float(np.mean(report.scores)) if report.scores else 0.0,
    )


def csv_text(report: ClassReport) -> str:
    """Every verdict as a row of a CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = "assignment notebook student_id exercise state points max_points score pitfall message"
    writer.writerow([*names.split(), "graded_at"])
    rows = [(item.notebook, row) for item in report.items for row in item.rows]
    for notebook, row in sorted(rows, key=lambda pair: (pair[1].student, pair[0])):
        it = row.verdict
        numbers = (f"{it.points:g}", f"{it.max_points:g}", f"{row.score:g}")
        texts = (report.chapter, notebook, row.student, it.exercise, it.state)
        told = (it.pitfall or "", it.message)
        writer.writerow(
            [*map(_cell, texts), *numbers, *map(_cell, told), f"{row.time:%Y-%m-%d %H:%M:%S}"]
        )
    return stream.getvalue()


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: some of it came from a student."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _kind(row: VerdictRow) -> str:
    if row.score >= row.verdict.max_points:
        return "right"
    if row.score > 0:
        return "partly"
    return "not_attempted" if row.verdict.state == "not_attempted" else "wrong"


def _in_order(items: dict[tuple[str, str], Item]) -> list[Item]:
    """The items as their lessons have them; by name where there is no lesson."""
    from pitfalls import lessons

    notebooks = {notebook for notebook, _ in items}
    order = {}
    for lesson in (lessons.get(name) for name in lessons.names() if name in notebooks):
        for place, exercise in enumerate(lesson.exercises):
            order[lesson.notebook, exercise.name] = (lesson.order, place)
    last = (len(order), len(order))
    return [items[key] for key in sorted(items, key=lambda key: (order.get(key, last), key))]


def _score_figure(report: ClassReport) -> str:
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    top = max([report.max_score, *report.scores, 1.0])
    axes.hist(
        report.scores,
        bins=np.linspace(0, top, 11).tolist(),
        edgecolor="#333333",
        **_LOOKS["partly"],
    )
    if report.scores:
        middle = float(np.median(report.scores))
        axes.axvline(middle, color="#333333", linestyle="--")
        axes.set_title(f"dashed: the median, {middle:g}", fontsize=10, loc="left")
    axes.set(xlabel=f"score (of {report.max_score:g} points)", ylabel="students", xlim=(0, top))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure, "How many students reached which score")


def _exercise_figure(items: Sequence[Item]) -> str:
    figure = Figure(figsize=(7, 0.9 + 0.34 * len(items)), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(items))
    left = np.zeros(len(items))
    for kind, look in _LOOKS.items():
        counts = np.array([item.kinds[kind] for item in items], dtype=float)
        bars = axes.barh(places, counts, left=left, edgecolor="#333333", label=_WORDS[kind], **look)
        labels = [f"{n:g}" if n else "" for n in counts]
        boxed = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.bar_label(bars, labels, label_type="center", fontsize=8, bbox=boxed)
        left += counts
    axes.set_yticks(places, [item.exercise for item in items])
    axes.invert_yaxis()
    axes.set_xlabel("students")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return _svg(figure, "For each exercise, how many were right, partly right, not right")


def _pitfall_figure(items: Sequence[Item]) -> str:
    found = [
        (f"{item.exercise}: {name}", len(students))
        for item in items
        for name, students in item.pitfalls
    ]
    if not found:
        return ""
    found = sorted(found, key=lambda pair: -pair[1])[:MOST_PITFALLS]
    figure = Figure(figsize=(7, 0.7 + 0.26 * len(found)), layout="constrained")
    axes = figure.add_subplot()
    bars = axes.barh(
        [name for name, _ in found],
        [n for _, n in found],
        edgecolor="#333333",
        facecolor="#D55E00",
        hatch="xx",
    )
    axes.bar_label(bars, padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("students")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure, "How many students fell into which pitfall")


def _svg(figure: Figure, title: str) -> str:
    """The figure as an SVG element that a screen reader can name."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    svg = text[text.index("<svg") :]
    # ids are unique in a page: each figure gets its own
    mark = re.sub(r"\W+", "-", title.lower())[:20]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{mark}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
