from collections.abc import Callable, Iterable

import pytest

from pitfalls.checks import Verdict
from pitfalls.interview import (
    DIMENSIONS,
    Case,
    Dimension,
    Interview,
    Report,
    begin,
    case_names,
    get_case,
    score,
    strong_plan,
    to_verdict,
)

Start = Callable[..., Interview]
STRONG = (
    *("ask_goal", "ask_measure", "ask_spoilage", "ask_order"),
    *("as_last_year", "newsvendor", "job_daily", "watch", "try", "sum_up"),
)


def dimension(report: Report, name: str) -> Dimension:
    return next(part for part in report.dimensions if part.id == name)


def points(interview: Interview) -> dict[str, float]:
    return {part.id: part.points for part in score(interview).dimensions}


def play(case: Case, seed: int, moves: Iterable[str]) -> Interview:
    interview = begin(case, seed)
    for move in moves:
        interview = interview.make(move)
    return interview


def test_a_strong_interview(start: Start) -> None:
    """Everything is earned, nothing is lost or missed."""
    report = score(start(*STRONG))
    assert {name: most for name, (_, most) in DIMENSIONS.items()} == {
        part.id: part.points for part in report.dimensions
    }
    assert (100, 100, True, ()) == (report.points, report.max_points, report.over, report.missed)
    reasons = [reason for part in report.dimensions for reason in part.reasons]
    assert {"earned"} == {reason.kind for reason in reasons}


def test_nothing_said(start: Start) -> None:
    """Nothing is earned, and every question that counts was missed."""
    report = score(start())
    assert (0, 0, False) == (report.points, report.moves, report.over)
    missed = [missed.move for missed in report.missed]
    assert ["ask_spoilage", "ask_order", "ask_goal", "ask_measure"] == missed  # deciding ones first


def test_questions_share_their_dimension_by_weight(start: Start) -> None:
    """Spoilage counts three times, the colour of cups nothing."""
    assert 15 == points(start("ask_spoilage"))["constraints"]
    assert 5 == points(start("ask_order"))["constraints"]
    assert 7.5 == points(start("ask_goal"))["scope"]
    report = score(start("ask_cups"))
    assert 0 == report.points
    texts = [reason.text for reason in dimension(report, "constraints").reasons]
    assert (
        "“Which colour have the cups?” was not worth its minutes: The colour decides nothing."
        in (texts)
    )


def test_a_late_question_earns_half(start: Start) -> None:
    """Late is: after a proposal that should have waited for it."""
    assert 7.5 == points(start("as_last_year", "ask_goal", "ask_measure"))["scope"]
    assert 7.5 == points(start("ask_goal", "as_last_year"))["scope"]  # just in time
    # the baseline rests on nothing, so constraints may still be asked
    assert 20 == points(start("as_last_year", "ask_spoilage", "ask_order"))["constraints"]
    assert 7.5 == points(start("newsvendor", "ask_spoilage"))["constraints"]
    assert 2.5 == points(start("job_daily", "ask_order"))["constraints"]
    reasons = dimension(score(start("job_daily", "ask_order")), "constraints").reasons
    assert (
        "You asked “How often may we order?”, but only after you had proposed “A job every "
        "evening”: half the points."
    ) in [reason.text for reason in reasons]


def test_a_guess_earns_half(start: Start) -> None:
    """Who is right without having asked was lucky, and is told what to have asked."""
    lucky, known = start("job_daily"), start("ask_order", "job_daily")
    assert (3.5, 7) == (points(lucky)["production"], points(known)["production"])
    reason = dimension(score(lucky), "production").reasons[0]
    assert (
        "“A job every evening”: Orders go out daily. You had not asked how often one may order, so "
        "part of it was luck."
    ) == reason.text


def test_what_fits_partly_earns_half(start: Start) -> None:
    """The better of two is what counts."""
    keep = start("ask_spoilage", "newsvendor", spoilage="keep")
    assert 10 == points(keep)["iteration"]
    assert 20 == points(keep.make("safety_stock"))["iteration"]
    assert 20 == points(keep.make("safety_stock").make("newsvendor"))["iteration"]


def test_what_would_have_fitted_is_named(start: Start) -> None:
    """Where nothing came, nothing fitted, or something fitted in part only."""
    better = "A strong candidate would have proposed “A large safety stock”."
    for moves, said in {
        (): "You did not come to this: model. ",
        ("big_network",): "Nothing that fits came in time: model. ",
        ("ask_spoilage", "newsvendor"): (
            "“A quantile of the demand”: Too much costs nothing here. It fits only in part: half "
            "the points. "
        ),
    }.items():
        reason = dimension(score(start(*moves, spoilage="keep")), "iteration").reasons[0]
        assert said + better == reason.text


def test_what_is_wrong_costs(start: Start) -> None:
    """Once for each proposal, with the reason; trying everything does not pay."""
    wrong = start("ask_spoilage", "newsvendor", "safety_stock")
    assert 18 == points(wrong)["iteration"]
    lost = [reason for reason in dimension(score(wrong), "iteration").reasons if reason.points < 0]
    assert [(-2, "“A large safety stock”: Stock spoils here.")] == [
        (reason.points, reason.text) for reason in lost
    ]
    assert 18 == points(wrong.make("safety_stock"))["iteration"]


def test_a_heavy_model_first_costs_most(start: Start) -> None:
    """Its penalty is explained, and so is what else is wrong with it."""
    first = start("big_network", *STRONG)
    assert {"iteration": 16, "scope": 7.5} == {
        name: value for name, value in points(first).items() if name in ("iteration", "scope")
    }
    reason = next(r for r in dimension(score(first), "iteration").reasons if r.points < 0)
    assert (-4, "big_network") == (reason.points, reason.move)
    assert (
        "“A recurrent network”: A network came before a count. It is far too much for this."
        == reason.text
    )


def test_too_early_and_wrong_costs_the_dearer_of_the_two(start: Start) -> None:
    """Otherwise it would pay to be wrong before one has asked."""
    blind = start("as_last_year", "big_network", "ask_spoilage", "newsvendor")
    asked = start("as_last_year", "ask_spoilage", "big_network", "newsvendor")
    assert (17, 17) == (points(blind)["iteration"], points(asked)["iteration"])


def test_no_dimension_falls_below_zero(start: Start) -> None:
    """What is lost beyond that is forgiven."""
    assert 0 == points(start("big_network", "safety_stock"))["iteration"]


def test_communication(start: Start) -> None:
    """Asking first, an order, no repeats, and a summary."""
    assert 10 == points(start(*STRONG))["communication"]
    assert 8 == points(start(*STRONG[:-1]))["communication"]
    assert 9 == points(start("ask_goal", *STRONG))["communication"]
    assert 8 == points(start("ask_goal", "ask_goal", "ask_goal", *STRONG))["communication"]
    assert 7 == points(start("as_last_year", *STRONG))["communication"]  # no questions first
    assert 5.5 == points(start("newsvendor", *STRONG))["communication"]  # and it came too early
    assert 0 == points(start("sum_up"))["communication"]
    assert (
        2 == points(start("ask_goal", "ask_measure", "ask_order", "ask_spoilage"))["communication"]
    )


def test_who_asks_nothing_kept_nothing_in_mind(start: Start) -> None:
    """Four proposals and no question: there was no answer to remember."""
    told = start("as_last_year", "big_network", "safety_stock", "newsvendor")
    reasons = dimension(score(told), "communication").reasons
    assert "earned" not in {reason.kind for reason in reasons}


def test_what_was_cut_off_does_not_count(start: Start) -> None:
    """A proposal in the last minute that takes two is none."""
    interview = start("ask_cups", "ask_cups", "ask_cups", "ask_spoilage", "ask_goal", "ask_goal")
    interview = interview.make("ask_goal").make("newsvendor")
    assert "cut_off" == interview.events[-1].outcome
    assert 0 == points(interview)["iteration"]


def test_missed_questions_say_what_they_would_have_changed(start: Start) -> None:
    """The answer of this draw, its consequence, and the kinds that hang on it."""
    first = score(start("ask_goal")).missed[0]
    assert ("Do beans spoil?", "They are stale within a week.", ("model",)) == (
        first.question,
        first.answer,
        first.decides,
    )
    assert "What is ordered too much is thrown away." == first.changes
    last = score(start("ask_goal")).missed[-1]
    assert ("ask_measure", "What is not measured cannot be decided.", ()) == (
        last.move,
        last.changes,
        last.decides,
    )


def test_the_report_is_json_ready(start: Start) -> None:
    """Points and the most of them stand with the rest."""
    data = score(start(*STRONG)).to_dict()
    assert (100, 100, "coffee") == (data["points"], data["max_points"], data["case"])
    assert "scope" == data["dimensions"][0]["id"]


def test_to_verdict(start: Start) -> None:
    """One part a dimension; right only with a full score."""
    verdict = to_verdict(score(start(*STRONG)), 20)
    assert ("interview_coffee", "right", 20, 20) == (
        verdict.exercise,
        verdict.state,
        verdict.points,
        verdict.max_points,
    )
    assert [3, 4, 3, 4, 4, 2] == [part.max_points for part in verdict.parts]
    assert "" == verdict.advice
    verdict = to_verdict(score(start(*STRONG[:-1])), 20, "interview")
    assert ("interview", "wrong", 19.6) == (verdict.exercise, verdict.state, verdict.points)
    assert "Coffee beans: 98 of 100 in the interview." == verdict.message
    verdict = to_verdict(score(start("ask_goal")), 20)
    assert (
        "You did not ask: Do beans spoil? What is ordered too much is thrown away."
        == verdict.advice
    )
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    assert "not_attempted" == to_verdict(score(start()), 20).state


@pytest.mark.parametrize("name", case_names())
def test_walks_lie_clearly_apart(name: str) -> None:
    """Strong, the heavy model first and then all the same, no questions at all: in each draw."""
    case = get_case(name)
    heavy = [proposal.id for proposal in case.proposals if proposal.heavy]
    assert "model_two_tower" in heavy
    for seed in range(60):
        strong = strong_plan(case, seed)
        assert 100 == score(play(case, seed, strong)).points
        recovered = [
            score(play(case, seed, _within(case, seed, (first, *strong)))).points for first in heavy
        ]
        assert 55 <= min(recovered)
        assert max(recovered) <= 80
        mute = [move for move in strong if case.moves[move].act != "ask"]
        assert 10 <= score(play(case, seed, mute)).points <= 45
        rash = score(play(case, seed, ("model_two_tower", "sum_up"))).points
        assert 0 == rash


def _within(case: Case, seed: int, moves: Iterable[str]) -> list[str]:
    """As many of the moves as the clock bears."""
    interview = begin(case, seed)
    for move in moves:
        if not interview.over:
            interview = interview.make(move)
    return list(interview.made)


@pytest.mark.parametrize("name", case_names())
def test_constraints_decide_what_is_right(name: str) -> None:
    """A plan made for one draw loses in most others, although all is asked in both."""
    case = get_case(name)
    plans = {strong_plan(case, seed) for seed in range(60)}
    assert len(plans) >= 12
    own = strong_plan(case, 0)
    others = [score(play(case, seed, own)).points for seed in range(60)]
    assert sum(points < 90 for points in others) > 30
