from html.parser import HTMLParser
from pathlib import Path

from pitfalls.quiz import ChoiceKey, Option, Question, Quiz, find, load, score, to_html

EXERCISES = Path(__file__).parents[2] / "autograder" / "exercises"


class Reader(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note a tag."""
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def test_feedback_explains_everything() -> None:
    """The feedback holds every question, its points and every reason."""
    quiz = load(find(EXERCISES)["bias_variance"])
    read = Reader(to_html(score(quiz, {"bias_of_one_fit": "d", "add_the_terms": "5.5"})))
    assert "Bias and variance: the quiz: 1 of 12 points" in read.text
    assert "1. The bias of one fit: right, 1 of 1 point" in read.text
    assert "wrong, and your answer" in read.text
    assert "12. Ten tries: not answered, 0 of 1 point" in read.text
    plain = read.text.replace("\n", " ")
    for key in quiz.key.values():
        for why in [key.why] if isinstance(key.why, str) else key.why.values():
            bare = why.replace("*", "").replace("`", "").split("\n\n")[0].replace("\n", " ")
            assert bare in plain


def test_text_is_never_markup() -> None:
    """Whatever stands in a quiz is shown as text, with code and emphasis as the only marks."""
    nasty = "<script>alert(1)</script> & `a<b` **very** *much*\n\n```\n<b>\n```"
    question = Question("q", "single", nasty, nasty, 1, (Option("a", nasty), Option("b", "b")))
    key = ChoiceKey(("b",), {"a": nasty, "b": nasty})
    read = Reader(to_html(score(Quiz("q", nasty, True, (question,), key={"q": key}), {"q": "a"})))
    assert {"div", "p", "span", "ul", "li", "pre", "code", "strong", "em"} == read.tags
    assert "<script>alert(1)</script> & a<b very much" in read.text
    assert "<b>" in read.text
