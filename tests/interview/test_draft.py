from collections.abc import Callable

import pytest

from pitfalls.interview import (
    RUBRIC,
    Interview,
    begin,
    case_names,
    draft,
    get_case,
    rubric_markdown,
    strong_plan,
)

Start = Callable[..., Interview]


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return next(part for part in text.split("\n## ") if title in part.splitlines()[0])


def test_nothing_asked(start: Start) -> None:
    """Every question that counts is an open one, and every kind of proposal is open."""
    text = draft(start())
    questions = section(text, "Open questions")
    assert ["Objective", "Metrics", "Data", "Latency"] == [
        line[2:].split(":")[0] for line in questions.splitlines() if line.startswith("- ")
    ]
    assert "colour" not in text
    assert "- Baseline: open." in section(text, "Baseline")
    assert "We run out of coffee." in section(text, "Request")


def test_what_was_heard_stands_there(start: Start) -> None:
    """Facts of this draw under their heading, once, and no longer among the open questions."""
    text = draft(start("ask_spoilage", "ask_spoilage", "ask_goal", spoilage="keep"))
    assert 1 == text.count("Beans keep for years.")
    assert "- Data: Beans keep for years." in section(text, "Data and labels")
    assert "- Objective: Never to run out." in section(text, "Objective and metrics")
    assert "spoil" not in section(text, "Open questions")


def test_what_was_proposed_stands_there(start: Start) -> None:
    """The last that fits stands, and what was taken for granted is said to be."""
    text = draft(start("as_last_year", "newsvendor", "ask_spoilage", "newsvendor", "job_daily"))
    assert "- Model: I would order a quantile set by the two costs." in section(text, "Model")
    serving = section(text, "Serving")
    assert "- Serving: I would order by a job every evening." in serving
    assert "*Assumed, not asked:* how often one may order." in serving


def test_what_was_turned_down_is_an_alternative(start: Start) -> None:
    """With the interviewer's objection; not what was accepted later."""
    text = draft(start("big_network", "as_last_year", "newsvendor", "ask_spoilage", "newsvendor"))
    alternatives = section(text, "Alternatives")
    assert "- A recurrent network. The objection: “Have you tried counting?”" in alternatives
    assert "quantile" not in alternatives


@pytest.mark.parametrize("name", case_names())
def test_a_strong_interview_leaves_no_question_open(name: str) -> None:
    """Everything asked is filled in, and each section still leaves something to do."""
    case = get_case(name)
    interview = begin(case, 5)
    for move in strong_plan(case, 5):
        interview = interview.make(move)
    text = draft(interview)
    assert "Every question that mattered was asked." in section(text, "Open questions")
    assert ": open." not in text
    assert "Assumed" not in text
    assert 12 == text.count("\n## ")
    assert all("*To do:*" in part for part in text.split("\n## ")[2:])
    assert "\n\n\n" not in text


def test_the_rubric_is_complete() -> None:
    """Each criterion asks a question and tells its three levels apart."""
    assert len({criterion.id for criterion in RUBRIC}) == len(RUBRIC) == 8
    for criterion in RUBRIC:
        assert criterion.question.endswith("?")
        assert [4, 2, 0] == [level.points for level in criterion.levels]
        assert 3 == len({level.text for level in criterion.levels})
    assert 32 == sum(criterion.points for criterion in RUBRIC)


def test_the_rubric_is_a_table() -> None:
    """One row a criterion below the head, each with four cells."""
    rows = rubric_markdown().splitlines()
    assert 2 + len(RUBRIC) == len(rows)
    assert {5} == {row.count("|") for row in rows}
