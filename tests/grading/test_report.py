"""The class report: right figures, one file that needs and runs nothing, and rows as CSV."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from scipy.stats import pointbiserialr

from pitfalls.checks import PartResult, Verdict
from pitfalls.cli import main
from pitfalls.grading._gradebook import Book
from pitfalls.grading._records import Result
from pitfalls.grading._report import ClassReport, csv_text, html_text

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse

WRONG = {"double": "def double(x):\n    return x * x", "triple": "def triple(x):\n    return 0"}
SIGNLESS = {"triple": "def triple(x):\n    return 3 * abs(x)"}


@pytest.fixture
def report(little: LittleCourse) -> ClassReport:
    """Twelve students; the weak ones are the better at `triple`."""
    for n in range(12):
        answers = dict(RIGHT) if n % 2 else {**WRONG, "triple": RIGHT["triple"]}
        if n in (1, 3, 5):
            answers |= SIGNLESS
        little.submit(f"s{n:02d}", **answers)
    little.submit_bytes("broken", b"<b>nothing</b>")
    little.grade()
    with little.course.gradebook() as book:
        return ClassReport.of(book, book.sheet(CHAPTER))


def test_figures_of_the_exercises(report: ClassReport) -> None:
    """How many were right, partly right and not, who fell into which pitfall."""
    double, triple = report.items
    assert {"right": 6, "wrong": 6} == double.kinds
    assert {"right": 9, "partly": 3} == triple.kinds
    assert [("squares", ["s00", "s02", "s04", "s06", "s08", "s10"])] == double.pitfalls
    assert [("drops the sign", ["s01", "s03", "s05"])] == triple.pitfalls
    assert pytest.approx((9 * 3 + 3 * 2) / 36) == triple.mean


def test_discrimination_is_the_point_biserial_correlation(report: ClassReport) -> None:
    """Of "right" with everything else; what the weak do better is marked."""
    double, triple = report.items
    right = [row.score == 3 for row in triple.rows]
    rest = [report.totals[row.student][0] - row.score for row in triple.rows]
    assert pytest.approx(pointbiserialr(right, rest).statistic) == triple.discrimination
    assert triple.discrimination is not None
    assert triple.discrimination < 0
    assert triple.suspicious
    assert double.suspicious


def test_too_few_students_say_nothing(little: LittleCourse) -> None:
    """Nine students have no discrimination, and are not marked."""
    for n in range(9):
        little.submit(f"s{n}", **(RIGHT if n % 2 else WRONG))
    little.grade()
    with little.course.gradebook() as book:
        items = ClassReport.of(book, book.sheet(CHAPTER)).items
    assert [None, None] == [item.discrimination for item in items]
    assert not any(item.suspicious for item in items)


def test_who_needs_help_with_what(report: ClassReport) -> None:
    """The neediest first, each with the pitfall or the state; failures stand apart."""
    help_wanted = {student: what for student, _, what in report.help_wanted}
    assert ["double (squares)"] == help_wanted["s00"]
    assert ["triple (drops the sign)"] == help_wanted["s01"]
    assert "s07" not in help_wanted
    scores = [score for _, score, _ in report.help_wanted]
    assert sorted(scores) == scores
    assert [("broken", "failed")] == [(student, status) for student, _, status, _ in report.notes]


def test_an_answer_that_was_cut_off_is_listed(little: LittleCourse) -> None:
    """An answer that ran into a limit is among failures and limits, with the reason."""
    verdict = Verdict("double", "no_verdict", 0, 2, message="The answer took longer than 60 s.")
    little.submit("zed", **RIGHT)
    little.grade()
    with little.course.gradebook() as book:
        _save(book, verdict)
        report = ClassReport.of(book, book.sheet(CHAPTER))
    why = "double: The answer took longer than 60 s."
    assert [("zed", NOTEBOOK, "no answer", [why])] == report.notes
    assert why in html_text(report)


class _Page(HTMLParser):
    """Addresses, ids and accessible names of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.pictures: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the page would fetch."""
        found = dict(attrs)
        for name in ("src", "href", "xlink:href", "data"):
            if found.get(name) and not str(found[name]).startswith("#"):
                self.fetched.append(str(found[name]))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "svg":
            self.pictures.append(found.get("aria-label"))


def test_the_page_stands_alone(report: ClassReport) -> None:
    """It fetches and runs nothing; each plot has a name, each id is the only one."""
    text = html_text(report)
    page = _Page(text)
    assert [] == page.fetched
    assert "<script" not in text
    assert 3 == len(page.pictures)
    assert all(page.pictures)
    assert len(set(page.ids)) == len(page.ids)
    references = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text))
    assert references <= set(page.ids)


def test_what_students_wrote_is_text(report: ClassReport) -> None:
    """A name or a message with markup in it does not become markup."""
    hostile = replace(report, notes=[("<i>eve</i>", NOTEBOOK, "failed", ["<script>1</script>"])])
    text = html_text(hostile)
    assert "&lt;i&gt;eve&lt;/i&gt;" in text
    assert "<script>" not in text


def test_plots_read_without_colour(report: ClassReport) -> None:
    """Each kind of answer has a hatch of its own, and its number stands in the bar."""
    text = html_text(report)
    assert 4 <= len(set(re.findall(r'<pattern[^>]* id="([^"]+)"', text)))
    assert text.count(">6<") >= 2


def test_rows_as_csv(report: ClassReport, little: LittleCourse) -> None:
    """One row a verdict; no cell is a formula for a spreadsheet."""
    rows = list(csv.DictReader(csv_text(report).splitlines()))
    assert 24 == len(rows)
    first = rows[0]
    assert ("s00", "double", "wrong", "squares", "0") == tuple(
        first[key] for key in ("student_id", "exercise", "state", "pitfall", "score")
    )
    verdict = Verdict("double", "raised", 0, 2, (PartResult("value", 0, 2, False),), "=1+1")
    with little.course.gradebook() as book:
        _save(book, verdict)
        text = csv_text(ClassReport.of(book, book.sheet(CHAPTER)))
    assert "'=1+1" in [row["message"] for row in csv.DictReader(text.splitlines())]


def _save(book: Book, verdict: Verdict) -> None:
    result = Result(NOTEBOOK, "graded", "f", None, {"check_double": verdict})
    book.save(book.sheet(CHAPTER), "zed", [result])


def test_a_class_of_nobody_has_a_report(little: LittleCourse) -> None:
    """Before anything is graded the page says so."""
    with little.course.gradebook() as book:
        text = html_text(ClassReport.of(book, book.sheet(CHAPTER)))
    assert "Nothing is graded yet." in text


def test_the_command_writes_where_it_says(little: LittleCourse) -> None:
    """HTML by default, CSV on demand, `-` for standard output; faults are one line."""
    little.submit("ann", **RIGHT)
    little.grade()
    run = CliRunner().invoke
    made = run(main, ["report", str(little.root), CHAPTER])
    assert f"{little.root}/reports/{CHAPTER}.html\n" == made.output
    assert (little.root / "reports" / f"{CHAPTER}.html").read_text().startswith("<!DOCTYPE html>")
    shown = run(main, ["report", str(little.root), CHAPTER, "--csv", "--out", "-"])
    assert shown.output.startswith("assignment,notebook,student_id,exercise,")
    wrong = run(main, ["report", str(little.root), "9_none"])
    assert (1, 1) == (wrong.exit_code, wrong.output.count("\n"))
