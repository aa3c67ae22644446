import json
from pathlib import Path
from typing import Any

import pytest

from pitfalls.quiz import QuizError, find, handout, load, load_answers
from pitfalls.widgets import QuizWidget, _quiz, quiz

EXERCISES = Path(__file__).parents[2] / "autograder" / "exercises"
SOURCES = find(EXERCISES)
PRACTICE, GRADED = load(SOURCES["linear_regression"]), load(SOURCES["bias_variance"])


class Page:
    """What a browser does with a quiz: it sends messages and reads the state."""

    def __init__(self, name: str, folder: Path) -> None:
        made = quiz(name, folder)
        assert made is not None
        self.widget: QuizWidget = made
        self.sent = 0

    def do(self, what: str, question: str | None = None, value: object = None) -> dict[str, Any]:
        """Send a message; gives the state that comes back."""
        self.sent += 1
        message = {"do": what, "page": "p", "number": self.sent, "question": question}
        self.widget._handle_custom_msg({**message, "value": value}, [])
        assert self.sent == self.state["seen"]["p"]
        return self.state

    @property
    def state(self) -> dict[str, Any]:
        """What the page knows beside the questions."""
        state = self.widget.get_state()["_state"]
        assert state == json.loads(json.dumps(state))
        return dict(state)

    @property
    def wire(self) -> str:
        """Everything that ever reaches the browser."""
        return json.dumps(self.widget.get_state(), ensure_ascii=False)


@pytest.fixture
def no_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package: no sources of the exercises."""
    monkeypatch.setattr(_quiz, "checkout", lambda: None)


def hand_out(name: str, folder: Path) -> None:
    """Lay a quiz beside the notebook, as the build does."""
    (folder / f"{name}.quiz.json").write_bytes(handout(SOURCES[name]))


def test_answers_survive(tmp_path: Path) -> None:
    """Whatever was answered is there when the quiz is opened again, unreadable numbers too."""
    page = Page("bias_variance", tmp_path)
    page.do("answer", "bias_of_one_fit", "b")
    page.do("answer", "the_peak", ["b", "c"])
    page.do("answer", "add_the_terms", "6,3")
    state = page.do("answer", "derive_it", ["a", "b", "c", "d", "e"])
    assert ["bias_of_one_fit", "derive_it", "the_peak"] == state["answered"]
    again = Page("bias_variance", tmp_path).state
    assert {**state, "seen": {}} == again
    assert "6,3" == again["answers"]["add_the_terms"]


def test_an_answer_taken_back(tmp_path: Path) -> None:
    """An emptied field is no answer."""
    page = Page("bias_variance", tmp_path)
    page.do("answer", "add_the_terms", "6.3")
    assert {} == page.do("answer", "add_the_terms", "")["answers"]
    assert {} == load_answers(tmp_path).sheet("bias_variance").answers


def test_a_graded_key_comes_after_handing_in(tmp_path: Path) -> None:
    """No reason reaches the browser before the quiz is handed in, and every one after."""
    page = Page("bias_variance", tmp_path)
    reasons = [why for key in GRADED.key.values() for why in _reasons(key)]
    page.do("answer", "bias_of_one_fit", "d")
    for what in ("checked", "shown", "start over"):  # ways of a practice quiz
        page.do(what, "bias_of_one_fit")
    assert not [why for why in reasons if json.dumps(why, ensure_ascii=False) in page.wire]
    assert (None, {}) == (page.state["points"], page.state["told"])
    state = page.do("hand in")
    assert not [why for why in reasons if json.dumps(why, ensure_ascii=False) not in page.wire]
    assert (1, True) == (state["points"], state["told"]["bias_of_one_fit"]["right"])
    assert page.widget.result is not None
    assert 11 == len(page.widget.result.unanswered)


def _reasons(key: Any) -> list[str]:
    told = [key.why] if isinstance(key.why, str) else list(key.why.values())
    return told + [mistake.why for mistake in getattr(key, "mistakes", ())]


def test_handed_in_is_locked(tmp_path: Path) -> None:
    """After handing in nothing changes, here or in a page that was opened before."""
    other = Page("bias_variance", tmp_path)
    page = Page("bias_variance", tmp_path)
    page.do("answer", "bias_of_one_fit", "a")
    state = page.do("hand in")
    assert state["handed_in"].endswith("+00:00")
    assert {**state, "seen": {"p": 1}} == other.do("answer", "bias_of_one_fit", "d")
    assert state["handed_in"] == page.do("hand in")["handed_in"]
    assert {"bias_of_one_fit": "a"} == load_answers(tmp_path).sheet("bias_variance").answers


@pytest.mark.usefixtures("no_checkout")
def test_without_the_key(tmp_path: Path) -> None:
    """In a course the hand-out has no key: the answers are locked, the rest comes later."""
    hand_out("bias_variance", tmp_path)
    page = Page("bias_variance", tmp_path)
    page.do("answer", "bias_of_one_fit", "d")
    state = page.do("hand in")
    assert "The score and the explanations come back with the feedback." == state["later"]
    assert ({}, None, None) == (state["told"], state["points"], page.widget.result)


@pytest.mark.usefixtures("no_checkout")
def test_practice_works_anywhere(tmp_path: Path) -> None:
    """The hand-out of a practice quiz is all it needs."""
    hand_out("linear_regression", tmp_path)
    page = Page("linear_regression", tmp_path)
    page.do("answer", "near_duplicate", "b")
    assert page.do("checked", "near_duplicate")["told"]["near_duplicate"]["right"]


def test_practice(tmp_path: Path) -> None:
    """A wrong try tells why it is wrong and no more; another try closes that; right tells all."""
    page = Page("linear_regression", tmp_path)
    page.do("answer", "near_duplicate", "a")
    assert {} == page.state["told"]
    told = page.do("checked", "near_duplicate")["told"]["near_duplicate"]
    assert (False, False, ["a"]) == (
        told["right"],
        told["everything"],
        [item["id"] for item in told["reasons"]],
    )
    right = PRACTICE.key["near_duplicate"]
    assert not isinstance(right.why, str)
    assert right.why["b"] not in page.wire
    assert told == Page("linear_regression", tmp_path).state["told"]["near_duplicate"]
    assert {} == page.do("answer", "near_duplicate", "b")["told"]
    told = page.do("checked", "near_duplicate")["told"]["near_duplicate"]
    assert (True, True, 4) == (told["right"], told["everything"], len(told["reasons"]))


def test_practice_shown_and_started_over(tmp_path: Path) -> None:
    """Every explanation can be had at once, and all of it can be cleared."""
    page = Page("linear_regression", tmp_path)
    page.do("answer", "largest_rate", "0.25")
    (told,) = page.do("checked", "largest_rate")["told"]["largest_rate"]["reasons"]
    assert "wrong, and your answer" == told["note"]
    told = page.do("shown", "largest_rate")["told"]["largest_rate"]
    assert (False, True, 6) == (told["right"], told["everything"], len(told["reasons"]))
    assert page.do("hand in")["handed_in"] is None  # not a way of a practice quiz
    state = page.do("start over")
    assert ({}, {}, []) == (state["told"], state["answers"], state["answered"])


def test_odd_messages_change_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Messages that no page of ours sends are let pass."""
    page = Page("bias_variance", tmp_path)
    before = page.state
    page.widget._handle_custom_msg("hand in", [])
    page.widget._handle_custom_msg({"do": "answer", "question": "unknown", "value": "a"}, [])
    page.widget._handle_custom_msg({"do": "answer", "question": ["the_peak"]}, [])
    page.widget._handle_custom_msg({"do": 7}, [])
    assert before == page.state
    assert [] == caplog.records  # ipywidgets would log an exception and go on
    assert [] == list(tmp_path.iterdir())


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Answers that cannot be read are kept aside, and the learner hears of it."""
    (tmp_path / "answers.json").write_bytes(b"{")
    page = Page("bias_variance", tmp_path)
    assert "answers.json cannot be read" in page.state["problem"]
    state = page.do("answer", "the_peak", ["b"])
    assert "It was kept as answers.damaged-1.json" in state["problem"]
    assert "" == page.do("answer", "the_peak", ["c"])["problem"]


def test_a_failed_save_is_told(tmp_path: Path) -> None:
    """An answer that could not be written is not shown as if it were."""
    (tmp_path / "answers.json").mkdir()
    page = Page("bias_variance", tmp_path)
    assert "answers.json cannot be opened" in page.state["problem"]
    state = page.do("answer", "the_peak", ["b"])
    assert "Your answer could not be saved" in state["problem"]
    assert {} == state["answers"]


def test_in_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the grading sandbox a quiz is one line, and no file is looked for."""
    monkeypatch.setenv("PITFALLS_GRADING", "1")
    assert quiz("no_such_quiz", tmp_path) is None
    assert "Quiz 'no_such_quiz': graded from the answers that were given.\n" == (
        capsys.readouterr().out
    )


def test_unknown_quiz(tmp_path: Path) -> None:
    """A quiz that is nowhere is told with where it was looked for."""
    with pytest.raises(QuizError, match=r"no quiz 'svn': svn.quiz.json is not in .*; the kit has"):
        quiz("svn", tmp_path)


def test_without_a_browser(tmp_path: Path) -> None:
    """Where no widget can be shown, the text says what to do."""
    page = Page("linear_regression", tmp_path)
    assert "Linear regression: four questions: run this cell to open the quiz." == repr(page.widget)
