from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest

from pitfalls.interview import Case, Choice, Interview, InterviewError, Line, begin, draw

Start = Callable[..., Interview]


def test_begin(coffee: Case) -> None:
    """It begins with the opening request, the whole clock and every move open."""
    interview = begin(coffee, 0)
    assert (Line(0, "interviewer", "We run out of coffee. Do something."),) == interview.lines
    assert (20, False, {}) == (interview.minutes_left, interview.over, interview.known)
    assert {(0, True, True)} == {(c.times, c.open, c.fits) for c in interview.moves()}
    assert [*coffee.moves] == [choice.move.id for choice in interview.moves()]


@pytest.mark.parametrize("seed", [-1, 2**31, True, 1.0, "1", None])
def test_a_seed_is_a_whole_number(coffee: Case, seed: object) -> None:
    """Anything else is refused in one sentence."""
    with pytest.raises(InterviewError, match=r"^seed must be a whole number from 0 to 2147483647"):
        begin(coffee, seed)  # type: ignore[arg-type]


def test_draws_are_frozen_in_time(coffee: Case) -> None:
    """A seed draws the same in every version: transcripts that were handed in rest on it."""
    drawn = ["".join(variant[0] for variant in draw(coffee, seed).values()) for seed in range(12)]
    assert ["sm", "sd", "kd", "kd", "sd", "km", "sd", "sd", "sd", "km", "kd", "sd"] == drawn


def test_draws_are_even(coffee: Case) -> None:
    """Each of the four draws comes up about as often as the others."""
    draws = [tuple(draw(coffee, seed).values()) for seed in range(2000)]
    counts = [draws.count(drawn) for drawn in set(draws)]
    assert 4 == len(counts)
    assert all(400 < count < 600 for count in counts)  # 5 standard deviations


def test_a_question_is_answered_from_the_draw(start: Start) -> None:
    """The answer is that of the variant drawn, and it is known from then on."""
    spoil, keep = start("ask_spoilage"), start("ask_spoilage", spoilage="keep")
    assert "They are stale within a week." == spoil.lines[-1].text
    assert "They keep for years." == keep.lines[-1].text
    assert ({"spoilage": "spoil"}, {"spoilage": "keep"}) == (spoil.known, keep.known)


def test_lines_tell_the_time(start: Start) -> None:
    """One speaks when a move begins, the interviewer when it ends."""
    lines = start("ask_cups", "ask_goal").lines
    assert [(0, "interviewer"), (0, "you"), (5, "interviewer"), (5, "you"), (6, "interviewer")] == [
        (line.minute, line.who) for line in lines
    ]
    assert ["Which colour have the cups?", "White."] == [line.text for line in lines[1:3]]


def test_a_repeated_question_costs_time_and_patience(start: Start) -> None:
    """The answer comes again, each time with less patience."""
    interview = start(*["ask_goal"] * 5)
    assert 15 == interview.minutes_left
    said = [line.text for line in interview.lines if line.who == "interviewer"][1:]
    assert "Never to run out." == said[0]
    assert all("Never to run out." in text for text in said)
    assert 4 == len(set(said))  # the patience ends with the fourth
    assert ["answered", *["repeated"] * 4] == [event.outcome for event in interview.events]


def test_a_heavy_model_first(start: Start) -> None:
    """The dearest of the rules that are not met is what the interviewer says."""
    event = start("big_network").events[-1]
    assert ("premature", "Have you tried counting?") == (event.outcome, event.says)
    assert [4, 1] == [rule.loses for rule in event.unmet]
    event = start("as_last_year", "big_network").events[-1]
    assert ("premature", "Have you looked at a bean?") == (event.outcome, event.says)
    event = start("as_last_year", "ask_spoilage", "big_network").events[-1]
    assert ("wrong", "For coffee?") == (event.outcome, event.says)


def test_what_came_too_early_may_come_again(start: Start) -> None:
    """Said again it is no new one, and it is judged once what it needs has come."""
    again = start("newsvendor", "newsvendor", "ask_spoilage", "newsvendor")
    outcomes = [event.outcome for event in again.events]
    assert ["premature", "repeated", "answered", "right"] == outcomes


def test_what_came_too_early_is_nothing_to_build_on(coffee: Case) -> None:
    """A rule that needs a proposal is not met by one that was turned away, however often."""
    rules = (replace(coffee.rules[1], before=("baseline",)), coffee.rules[0])
    interview = begin(replace(coffee, rules=rules), 0).make("as_last_year").make("as_last_year")
    assert ["premature", "repeated"] == [event.outcome for event in interview.events]
    assert "Have you tried counting?" == interview.make("big_network").events[-1].says
    interview = interview.make("ask_spoilage").make("as_last_year")
    assert "premature" != interview.make("big_network").events[-1].outcome


def test_the_same_proposal_fits_one_draw_only(start: Start) -> None:
    """Two who learn different things should propose different things."""
    for move, spoil, keep in [
        ("safety_stock", "wrong", "right"),
        ("newsvendor", "right", "partly"),
    ]:
        assert spoil == start("ask_spoilage", move).events[-1].outcome
        assert keep == start("ask_spoilage", move, spoilage="keep").events[-1].outcome


def test_a_guess_is_doubted(start: Start) -> None:
    """Who is right without having asked hears what was taken for granted."""
    assert "Every evening it is. When could you order?" == start("job_daily").events[-1].says
    assert "Every evening it is." == start("ask_order", "job_daily").events[-1].says
    assert "The supplier would laugh." == start("job_daily", order="monthly").events[-1].says


def test_a_proposal_is_judged_anew_when_something_changed(start: Start) -> None:
    """Otherwise it only takes time."""
    interview = start("job_daily", "job_daily", "ask_order", "job_daily", "job_daily")
    outcomes = [event.outcome for event in interview.events]
    assert ["right", "repeated", "answered", "right", "repeated"] == outcomes
    assert [("order",), (), (), (), ()] == [event.unasked for event in interview.events]
    assert "nothing has changed since" in interview.events[1].says


def test_choices_say_what_is_new(start: Start) -> None:
    """A question is open once; a proposal is open again when it would be judged anew."""
    choices = {c.move.id: (c.times, c.open) for c in start("ask_goal", "job_daily").moves()}
    assert ((1, False), (1, False), (0, True)) == (
        choices["ask_goal"],
        choices["job_daily"],
        choices["ask_order"],
    )
    choices = {c.move.id: (c.times, c.open) for c in start("job_daily", "ask_order").moves()}
    assert (1, True) == choices["job_daily"]


def test_closing_ends_it(start: Start) -> None:
    """Nothing can be done afterwards, and every move is closed."""
    interview = start("as_last_year", "sum_up")
    assert (True, 17) == (interview.over, interview.minutes_left)
    assert interview.lines[-1].text.startswith("Thank you.")
    assert {(False, False)} == {(choice.open, choice.fits) for choice in interview.moves()}
    with pytest.raises(InterviewError, match=r"^The interview is over; begin another one\.$"):
        interview.make("ask_goal")


def test_closing_without_a_proposal(start: Start) -> None:
    """The interviewer is surprised by somebody who leaves at once."""
    assert start("sum_up").lines[-1].text.startswith("Already?")


def test_the_clock_cuts_off(start: Start) -> None:
    """What takes longer than what is left does not count, and that is the end."""
    interview = start(*["ask_cups"] * 3, "ask_goal", "ask_measure", "watch", "try")
    assert (1, False) == (interview.minutes_left, interview.over)
    fits = {choice.move.id: choice.fits for choice in interview.moves()}
    assert (True, False, False) == (fits["ask_order"], fits["newsvendor"], fits["sum_up"])
    after = interview.make("newsvendor")
    assert ("cut_off", 0, True) == (after.events[-1].outcome, after.minutes_left, after.over)
    assert "out of time" in after.lines[-1].text
    after = interview.make("ask_order")
    assert (0, True, {"order": "daily"}) == (after.minutes_left, after.over, after.known)
    assert after.lines[-1].text.startswith("And that is our time.")


def test_the_interviewer_reminds_once(start: Start) -> None:
    """At ten minutes left, once."""
    interview = start("ask_cups", "ask_cups", "ask_goal", "ask_cups")
    reminders = [line.text for line in interview.lines if "minutes left" in line.text]
    assert ["We have 10 minutes left."] == reminders


def test_an_unknown_move(start: Start) -> None:
    """It is refused in one sentence."""
    with pytest.raises(InterviewError, match=r"^There is no move 'ask_tea' in the case coffee\.$"):
        start("ask_tea")


def test_an_interview_does_not_change(start: Start) -> None:
    """Making a move gives another interview and leaves the first as it was."""
    before = start("ask_goal")
    before.make("ask_order")
    assert (("ask_goal",), 19) == (before.made, before.minutes_left)
    with pytest.raises(FrozenInstanceError):
        before.seed = 2  # type: ignore[misc]


def test_events_are_the_same_however_one_gets_there(start: Start, coffee: Case) -> None:
    """An interview made of its moves at once equals the one that was played."""
    played = start("job_daily", "ask_order", "job_daily", "sum_up")
    assert played == (at_once := Interview(coffee, played.seed, played.made))
    assert played.events == at_once.events
    assert played.lines == at_once.lines


def test_choice_is_plain(start: Start, coffee: Case) -> None:
    """A choice names the move itself."""
    assert Choice(coffee.moves["ask_goal"], 0, True, True) == start().moves()[0]
