import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitfalls.checks import Evidence, PartResult, Verdict, to_html, to_text

WRONG = Verdict(
    "ridge",
    "wrong",
    4,
    6,
    (PartResult("coefficients", 4, 4, True), PartResult("intercept", 0, 2, False)),
    "2 of 3 entries differ.",
    "intercept penalised",
    "Which column should `lam` leave alone?",
    Evidence("ridge(X, y, 0.5) (40 rows)", "[1, 2, 3]", "[1, 4, 6]"),
)


class Reader(HTMLParser):
    """What a reader meets: the text, the tags, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.open = "", [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


@pytest.mark.parametrize("show", [to_html, to_text])
def test_everything_is_said(show: object) -> None:
    """State, points, pitfall, advice, message, evidence, parts and notes: in words, both ways."""
    shown = show(WRONG, ['Stuck? `hint("ridge")`: 2 hints left.'])  # type: ignore[operator]
    text = Reader(shown).text if show is to_html else shown
    for words in (
        "ridge: partly right, 4 of 6 points",
        "Pitfall: intercept penalised",
        "Which column should lam leave alone?",
        "2 of 3 entries differ.",
        "ridge(X, y, 0.5) (40 rows)",
        "[1, 2, 3]",
        "[1, 4, 6]",
        "coefficients: right, 4 of 4 points",
        "intercept: not yet, 0 of 2 points",
        'Stuck? hint("ridge"): 2 hints left.',
    ):
        assert words in text


def test_the_verdict_is_announced() -> None:
    """The HTML is one status, labelled with the exercise, with its signs hidden from readers."""
    tags = Reader(to_html(WRONG)).tags
    assert ("div", "status", "Verdict on ridge") == (
        tags[0][0],
        tags[0][1]["role"],
        tags[0][1]["aria-label"],
    )
    assert 3 == sum(attrs.get("aria-hidden") == "true" for _, attrs in tags)


def test_verdicts_share_a_page() -> None:
    """No id and no style sheet: any number of verdicts stand on a page without a clash."""
    tags = Reader(to_html(WRONG)).tags
    assert not [tag for tag, attrs in tags if tag in ("style", "script") or "id" in attrs]


def test_both_themes() -> None:
    """Text takes the theme's colour, and where there is no theme the page's."""
    colours = re.findall(r"(?<!-)\bcolor: ([^;\"]+)", to_html(WRONG))
    assert {"var(--jp-ui-font-color1, inherit)", "inherit"} == set(colours)


@pytest.mark.parametrize("state", ["fault", "no_verdict"])
def test_no_judgement_no_points(state: str) -> None:
    """A fault of the check, or no reply at all, shows neither points nor the word wrong."""
    text = to_text(Verdict("ridge", state, 0, 6, message="It broke."))  # type: ignore[arg-type]
    assert "points" not in text
    assert "wrong" not in text
    assert "It broke." in text


def test_a_fault_is_not_the_learners() -> None:
    """A check that fails says that it did."""
    assert "the check itself failed, not you" in to_html(Verdict("ridge", "fault", 0, 6))


def test_one_part_needs_no_list() -> None:
    """The only part of an exercise is the exercise: it is not listed again."""
    whole = Verdict("rss", "right", 6, 6, (PartResult("value", 6, 6, True),))
    assert ["✓ rss: right, 6 of 6 points"] == to_text(whole).splitlines()


def test_one_point_is_one_point() -> None:
    """A maximum of one is a point, not points."""
    assert "1 of 1 point" in to_text(Verdict("rss", "right", 1, 1)).splitlines()[0]
    assert "points" not in to_text(Verdict("rss", "right", 1, 1))


hostile = st.text(max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", "`<img src=x>`", '" onload="x', "&lt;", "`a` `", "$4 or $5"]
)


@given(hostile, hostile, hostile)
def test_whatever_an_answer_says_is_only_text(message: str, got: str, name: str) -> None:
    """No text of an answer becomes a tag or an attribute, and none of it is lost."""
    verdict = Verdict("f", "raised", 0, 2, (), message, name, "", Evidence(got, got, ""))
    read = Reader(to_html(verdict))
    assert not read.open
    assert {"div", "p", "span", "code", "dl", "dt", "dd"} >= {tag for tag, _ in read.tags}
    allowed = {"role", "aria-label", "aria-hidden", "class", "style"}
    assert allowed >= {attribute for _, attrs in read.tags for attribute in attrs}
    plain = str.maketrans("", "", "`\r\n")
    assert got.translate(plain) in read.text.translate(plain)
    assert message.translate(plain) in read.text.translate(plain)


def test_money_is_no_formula() -> None:
    """A price in a message is left alone by whatever sets mathematics."""
    assert "mathjax_ignore" in Reader(to_html(WRONG)).tags[0][1]["class"].split()
