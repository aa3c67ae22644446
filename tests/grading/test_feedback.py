"""Feedback: the verdict and its pitfall, no hidden case, and nothing live of a student's."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbgrader.apps.api import NbGraderAPI

from pitfalls.grading import Job
from pitfalls.grading._feedback import safe_markdown

from .conftest import CHAPTER, DOUBLE, NOTEBOOK, RIGHT, LittleCourse

DEAD = frozenset({"http", "https", "mailto", ""})
LIVE = frozenset(
    "script iframe object embed form input button svg img video audio link meta base style".split()
)
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x]( data:text/html;base64,PHNjcmlwdD4= )",
    "<a href='java\nscript:alert(1)'>x</a>",
    "![x](http://example.org/seen.png)",
    "<div style='background:url(http://example.org)' onclick=alert(1)>x</div>",
    "<details open ontoggle=alert(1)>x</details>",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$$\\begin{aligned}<script>alert(1)</script>\\end{aligned}$$",
    "\\begin{align}<svg onload=alert(1)>\\end{align}",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "```mermaid\ngraph TD; A[<img src=x onerror=alert(1)>]\n```",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "formula0123456789abcdefend",
)


class _Found(HTMLParser):
    """What is live in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.live: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note elements that act, handlers, and addresses that run or fetch."""
        if tag in LIVE:
            self.live.append(tag)
        for name, value in attrs:
            fetched = name in ("src", "srcset", "action", "data", "xlink:href")
            runs = name == "href" and urlsplit(str(value).strip()).scheme.lower() not in DEAD
            if name.startswith("on") or fetched or runs or "url(" in str(value):
                self.live.append(f"{tag} {name}={value}")


@given(st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=30)), max_size=4))
@example(list(ATTACKS))
def test_markdown_never_comes_alive(parts: list[str]) -> None:
    """Whatever a student writes, no element, handler or address of it acts."""
    assert [] == _Found(safe_markdown("\n\n".join(parts))).live


def test_markdown_keeps_its_form() -> None:
    """Headings, tables, folds, code and formulas are shown."""
    page = safe_markdown(
        "# Title\n\n| a | b |\n|---|--:|\n| 1 | 2 |"
        "\n\n<details><summary>More</summary>yes</details>"
        "\n\n```python\nx = 1\n```\n\n$\\hat\\beta$ and $$\\begin{aligned}a &= b\\end{aligned}$$"
    )
    for wanted in ("<h1>Title</h1>", "<summary>More</summary>", "<td>1</td>", "<mtable", "<mover"):
        assert wanted in page
    assert "$" not in page


def test_a_formula_that_cannot_be_read_is_shown_as_written() -> None:
    """Text for text, escaped."""
    assert "<p><code>a &lt; \\frac{</code></p>" == safe_markdown("$a < \\frac{$").strip()


@pytest.fixture
def api(little: LittleCourse, monkeypatch: pytest.MonkeyPatch) -> NbGraderAPI:
    """nbgrader's own generate_feedback."""
    monkeypatch.chdir(little.root)
    course = little.course
    return NbGraderAPI(course.directory, config=course.config)


def _page(little: LittleCourse, api: NbGraderAPI, student: str) -> str:
    made = api.generate_feedback(CHAPTER, student)
    assert made["success"], made["log"]
    return Path(little.root, "feedback", student, CHAPTER, f"{NOTEBOOK}.html").read_text()


def test_a_page_says_the_verdict_and_runs_nothing(little: LittleCourse, api: NbGraderAPI) -> None:
    """Pitfall, advice, points and evidence stand there; the policy forbids scripts and fetching."""
    story = "**bold** <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>"
    little.submit("bob", double="def double(x):\n    return x * x  # <b>", story=story)
    little.grade()
    page = _page(little, api, "bob")
    for wanted in (
        "Pitfall: squares",
        "Twice x is x + x.",
        "0 of 9 points",
        "<strong>bold</strong>",
    ):
        assert wanted in page
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    policy = ["meta"] * page.count("<meta")
    styles = ["style"] * page.count("<style")
    assert sorted([*policy, *styles]) == sorted(_Found(page).live)


def test_a_hidden_case_is_not_shown(little: LittleCourse, api: NbGraderAPI) -> None:
    """An answer made for the public inputs fails on the hidden ones, and the page keeps them."""
    public = [case.args[0] for case in DOUBLE.parts[0].cases(np.random.default_rng([_crc(), 0]))]
    path = little.submit("ann", double=f"def double(x):\n    return 2 * x if x in {public} else 0")
    little.grade()
    page = _page(little, api, "ann")
    assert "The public cases agree, but on a hidden case" in page
    course = little.course
    job = Job("ann", CHAPTER, NOTEBOOK, b"", path.read_bytes(), course.seed)
    rng = np.random.default_rng([job.hidden_seed, _crc(), 0])
    for case in DOUBLE.parts[0].cases(rng):
        assert str(case.args[0]) not in page
        assert str(2 * case.args[0]) not in page


def _crc() -> int:
    import zlib

    return zlib.crc32(b"double")


def test_a_score_given_by_hand_is_the_one_that_counts(
    little: LittleCourse, api: NbGraderAPI
) -> None:
    """The page says so where it differs from the verdict, and shows the comment."""
    little.submit("ann", **RIGHT)
    little.grade()
    with api.gradebook as book:
        grade = book.find_grade("check_double", NOTEBOOK, CHAPTER, "ann")
        grade.manual_score = 1.0
        comment = book.find_comment("double", NOTEBOOK, CHAPTER, "ann")
        comment.manual_comment = "Copied from *bob*."
        book.db.commit()
    page = _page(little, api, "ann")
    assert "What counts here was given by hand: <strong>1 of 2 points</strong>" in page
    assert "Copied from <em>bob</em>." in page


def test_who_could_not_be_graded_reads_why(little: LittleCourse, api: NbGraderAPI) -> None:
    """Also a submission that nobody could open has its page."""
    little.submit_bytes("dan", b"PK\x03\x04")
    little.grade()
    page = _page(little, api, "dan")
    assert "twice could not be graded." in page
    assert "not readable as a notebook" in page
