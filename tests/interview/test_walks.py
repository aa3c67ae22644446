"""Random walks through the cases: what must hold however somebody plays."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pitfalls.interview import (
    CLOSE,
    DIMENSIONS,
    Case,
    Interview,
    InterviewError,
    Transcript,
    begin,
    case_names,
    draft,
    draw,
    get_case,
    read_transcript,
    replay,
    score,
    strong_plan,
)

cases = st.sampled_from(case_names()).map(get_case)
seeds = st.integers(0, 2**31 - 1)


@st.composite
def walks(pick: st.DrawFn) -> Interview:
    """An interview after some moves: what a strong candidate does, shuffled, or anything."""
    case, seed = pick(cases), pick(seeds)
    moves = st.sampled_from(list(case.moves)) | st.sampled_from(strong_plan(case, seed))
    interview = begin(case, seed)
    for move in pick(st.lists(moves, max_size=40)):
        if interview.over:
            break
        interview = interview.make(move)
    return interview


def play(case: Case, seed: int, moves: Sequence[str]) -> Interview:
    interview = begin(case, seed)
    for move in moves:
        interview = interview.make(move)
    return interview


@settings(deadline=None)
@given(walks())
def test_the_clock_never_runs_backwards(interview: Interview) -> None:
    """Every move takes its minutes, and lines follow one another."""
    left = interview.case.minutes
    for event in interview.events:
        assert interview.case.minutes - left == event.start
        assert 1 <= event.minutes <= event.move.minutes
        assert event.outcome == "cut_off" or event.minutes == event.move.minutes
        left -= event.minutes
    assert left == interview.minutes_left >= 0
    minutes = [line.minute for line in interview.lines]
    assert sorted(minutes) == minutes
    assert all(line.text for line in interview.lines)


@settings(deadline=None)
@given(walks())
def test_the_score_stays_in_bounds(interview: Interview) -> None:
    """Each dimension between nothing and its most, and so the sum; reasons add up to it."""
    report = score(interview)
    assert 0 <= report.points <= report.max_points == 100
    for dimension in report.dimensions:
        assert 0 <= dimension.points <= dimension.max_points == DIMENSIONS[dimension.id][1]
        total = sum(reason.points for reason in dimension.reasons)
        assert dimension.points == pytest.approx(min(max(total, 0), dimension.max_points), abs=0.06)
        for reason in dimension.reasons:
            assert reason.text.endswith((".", "!", "?", "”"))
            sign = (reason.points > 0) - (reason.points < 0)
            assert {"earned": 1, "lost": -1, "missed": 0}[reason.kind] == sign


@settings(deadline=None)
@given(walks())
def test_a_replay_is_the_walk(interview: Interview) -> None:
    """State, lines and score all come again out of the transcript."""
    again = replay(read_transcript(Transcript.of(interview).to_dict()))
    assert interview == again
    assert (interview.lines, interview.moves()) == (again.lines, again.moves())
    assert score(interview) == score(again)
    assert draft(interview) == draft(again)


@settings(deadline=None)
@given(walks())
def test_there_is_always_a_way_to_finish(interview: Interview) -> None:
    """From wherever one is, the closing words end it, and nothing goes on afterwards."""
    if not interview.over:
        interview = interview.make(CLOSE.id)
    assert interview.over
    for choice in interview.moves():
        assert not choice.open
        with pytest.raises(InterviewError):
            interview.make(choice.move.id)


@settings(deadline=None)
@given(walks())
def test_what_is_open_and_fits_is_new(interview: Interview) -> None:
    """A move that is shown as open and fitting is neither repeated nor cut off, others are."""
    assume(not interview.over)
    for choice in interview.moves():
        outcome = interview.make(choice.move.id).events[-1].outcome
        assert choice.fits == (outcome != "cut_off")
        if choice.fits:
            assert choice.open == (outcome != "repeated")


@settings(deadline=None)
@given(cases, seeds)
def test_the_same_seed_draws_the_same(case: Case, seed: int) -> None:
    """Constraints depend on case and seed only, and each is one of its variants."""
    drawn = draw(case, seed)
    assert drawn == draw(case, seed) == begin(case, seed).drawn
    assert all(variant in case.hidden[hidden].variants for hidden, variant in drawn.items())


@settings(deadline=None)
@given(st.data())
def test_the_order_of_questions_does_not_change_answers(data: st.DataObject) -> None:
    """What is answered hangs on the draw, not on what was said before."""
    case, seed = data.draw(cases), data.draw(seeds)
    asks = [ask.id for ask in case.asks]
    assert sum(ask.minutes for ask in case.asks) <= case.minutes
    one = play(case, seed, data.draw(st.permutations(asks)))
    other = play(case, seed, data.draw(st.permutations(asks)))
    assert {e.move.id: e.says for e in one.events} == {e.move.id: e.says for e in other.events}
    assert one.known == other.known == one.drawn
    assert score(one).points == score(other).points


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_asking_first_never_scores_lower(data: st.DataObject) -> None:
    """The same proposals after more questions earn at least as much."""
    case, seed = data.draw(cases), data.draw(seeds)
    among = [proposal.id for proposal in case.proposals]
    fitting = [move for move in strong_plan(case, seed) if move in among]
    proposals = data.draw(
        st.lists(st.sampled_from(among) | st.sampled_from(fitting), max_size=10, unique=True)
    )
    closing = data.draw(st.sampled_from([[], [CLOSE.id]]))
    more = data.draw(st.lists(st.sampled_from([ask.id for ask in case.asks]), unique=True))
    fewer = [ask for ask in more if data.draw(st.booleans())]
    moves = [*more, *proposals, *closing]
    assume(sum(case.moves[move].minutes for move in moves) <= case.minutes)
    asked = score(play(case, seed, moves))
    blind = score(play(case, seed, [*fewer, *proposals, *closing]))
    for one, other in zip(asked.dimensions, blind.dimensions, strict=True):
        assert one.points >= other.points, one.id
