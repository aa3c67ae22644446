"""An interview as it goes: a case, a seed, the moves made, and all that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal

from ._case import CLOSE, Ask, Case, Draw, InterviewError, Move, Proposal, Rule, Ruling

__all__ = ["LARGEST_SEED", "Choice", "Event", "Interview", "Line", "Outcome", "begin", "draw"]

Outcome = Literal[
    "answered", "repeated", "right", "partly", "wrong", "premature", "closed", "cut_off"
]

LARGEST_SEED = 2**31 - 1
_REMIND_AT = 10  # minutes left
_AGAIN = (
    "I think we had that already. As I said: {}",
    "You have asked me that before. Once more, then: {}",
    "Again? Do take notes. {}",
)
_NOTHING_NEW = "You have put that to me before, and nothing has changed since. What else?"
_CUT_OFF = "I have to stop you there, we are out of time."
_TIME_IS_UP = "And that is our time. Thank you for coming in."
_THANKS = "Thank you. That gives me a clear picture; I have no further questions."
_THANKS_FOR_LITTLE = "Already? We had time left, and I have not heard what you would build."


@dataclass(frozen=True)
class Line:
    """Something that was said.

    Attributes
    ----------
    minute : int
        On the clock, from 0.
    who : {"interviewer", "you"}
    text : str
    """

    minute: int
    who: Literal["interviewer", "you"]
    text: str


@dataclass(frozen=True)
class Event:
    """A move and what came of it.

    Attributes
    ----------
    move : Move
    start, minutes : int
        When it began and what it took.
    outcome : str
        "answered" or "repeated" for a question; "right", "partly", "wrong", "premature" (a rule
        was not met) or "repeated" (nothing new since) for a proposal; "closed"; "cut_off" by the
        clock: then it does not count.
    says : str
        What the interviewer said to it.
    ruling : Ruling or None
        What there is to think of a proposal, early or not.
    unmet : tuple of Rule
        What should have come before it, the dearest first.
    unasked : tuple of str
        The hidden constraints that it rests on and that had not been asked about.
    """

    move: Move
    start: int
    minutes: int
    outcome: Outcome
    says: str
    ruling: Ruling | None = None
    unmet: tuple[Rule, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """The minute it was over."""
        return self.start + self.minutes


@dataclass(frozen=True)
class Choice:
    """A move and how it stands.

    Attributes
    ----------
    move : Move
    times : int
        How often it was made.
    open : bool
        Whether there is something new in it: it was not made yet, or it is a proposal that would
        be judged anew. False for all when the interview is over.
    fits : bool
        Whether the clock has the minutes for it.
    """

    move: Move
    times: int
    open: bool
    fits: bool


def draw(case: Case, seed: int) -> Draw:
    """Draw the hidden constraints of a case; the same seed always draws the same.

    Returns
    -------
    mapping of str to str
        The variant of each hidden constraint.
    """
    drawn = {}
    for hidden in case.hidden.values():
        rng = Random(f"{case.name}/{hidden.id}/{seed}")  # text is hashed alike everywhere
        variants = tuple(hidden.variants)
        drawn[hidden.id] = variants[int(rng.random() * len(variants))]
    return drawn


def begin(case: Case, seed: int) -> Interview:
    """Begin an interview.

    Parameters
    ----------
    case : Case
    seed : int
        From 0; it draws the hidden constraints.

    Returns
    -------
    Interview

    Raises
    ------
    InterviewError
        When the seed is none.

    Examples
    --------
    >>> from pitfalls.interview import get_case
    >>> interview = begin(get_case("video"), seed=1).make("ask_objective")
    >>> [line.who for line in interview.lines], interview.over
    (['interviewer', 'you', 'interviewer'], False)
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise InterviewError(f"seed must be a whole number from 0 to {LARGEST_SEED}. Got {seed!r}.")
    return Interview(case, seed)


@dataclass(frozen=True)
class Interview:
    """An interview after some moves; making one gives another interview.

    Attributes
    ----------
    case : Case
    seed : int
    made : tuple of str
        The ids of the moves, in their order.
    """

    case: Case
    seed: int
    made: tuple[str, ...] = ()

    def make(self, move_id: str) -> Interview:
        """Make a move.

        A move that takes longer than what is left is cut off by the clock, does not count, and
        ends the interview.

        Returns
        -------
        Interview

        Raises
        ------
        InterviewError
            When the interview is over or there is no such move.
        """
        if self.over:
            raise InterviewError("The interview is over; begin another one.")
        if move_id not in self.case.moves:
            raise InterviewError(f"There is no move {move_id!r} in the case {self.case.name}.")
        after = Interview(self.case, self.seed, (*self.made, move_id))
        # saves playing all moves once more
        after.__dict__["events"] = (*self.events, self._event(self.case.moves[move_id]))
        return after

    @cached_property
    def drawn(self) -> Draw:
        """The hidden constraints. For the score; whoever plays learns them by asking."""
        return draw(self.case, self.seed)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What came of each move."""
        if not self.made:
            return ()
        played = Interview(self.case, self.seed)
        for move_id in self.made:
            played = played.make(move_id)
        return played.events

    @property
    def minutes_left(self) -> int:
        """What is left on the clock."""
        return self.case.minutes - (self.events[-1].end if self.events else 0)

    @property
    def over(self) -> bool:
        """Whether it has ended, by the closing words or by the clock."""
        return self.minutes_left <= 0 or (
            bool(self.events) and self.events[-1].outcome in ("closed", "cut_off")
        )

    @property
    def known(self) -> Draw:
        """The hidden constraints that were asked about."""
        asked = {
            event.move.reveals
            for event in self.events
            if isinstance(event.move, Ask) and event.outcome == "answered"
        }
        return {hidden: variant for hidden, variant in self.drawn.items() if hidden in asked}

    @property
    def lines(self) -> tuple[Line, ...]:
        """Who said what, and when."""
        return tuple(self._lines())

    def moves(self) -> tuple[Choice, ...]:
        """Every move of the case, and how it stands."""
        return tuple(self._choice(move) for move in self.case.moves.values())

    def answer(self, ask: Ask) -> str:
        """What the interviewer answers to a question."""
        if ask.reveals:
            return self.case.hidden[ask.reveals].variants[self.drawn[ask.reveals]].answer
        return ask.answer

    def fact(self, ask: Ask) -> str:
        """The answer to a question as a sentence of a design document."""
        if ask.reveals:
            return self.case.hidden[ask.reveals].variants[self.drawn[ask.reveals]].fact
        return ask.fact

    def _lines(self) -> Iterator[Line]:
        yield Line(0, "interviewer", self.case.opening)
        total = self.case.minutes
        for event in self.events:
            yield Line(event.start, "you", event.move.line)
            yield Line(event.end, "interviewer", event.says)
            left = total - event.end
            if event.outcome in ("closed", "cut_off"):
                continue
            if left == 0:
                yield Line(event.end, "interviewer", _TIME_IS_UP)
            elif left <= _REMIND_AT < total - event.start:
                yield Line(event.end, "interviewer", f"We have {left} minutes left.")

    def _choice(self, move: Move) -> Choice:
        times = self.made.count(move.id)
        is_open = not self.over and (not times or self._event(move).outcome != "repeated")
        return Choice(move, times, is_open, not self.over and move.minutes <= self.minutes_left)

    def _event(self, move: Move) -> Event:
        """What would come of a move now."""
        start = self.case.minutes - self.minutes_left
        minutes = min(move.minutes, self.minutes_left)
        if minutes < move.minutes:
            return Event(move, start, minutes, "cut_off", _CUT_OFF)
        if isinstance(move, Ask):
            return self._asked(move, start)
        if isinstance(move, Proposal):
            return self._proposed(move, start)
        heard = any(isinstance(event.move, Proposal) for event in self.events)
        return Event(CLOSE, start, minutes, "closed", _THANKS if heard else _THANKS_FOR_LITTLE)

    def _asked(self, ask: Ask, start: int) -> Event:
        says = self.answer(ask)
        times = self.made.count(ask.id)
        if not times:
            return Event(ask, start, ask.minutes, "answered", says)
        again = _AGAIN[min(times, len(_AGAIN)) - 1].format(says)
        return Event(ask, start, ask.minutes, "repeated", again)

    def _proposed(self, proposal: Proposal, start: int) -> Event:
        ruling = proposal.ruling(self.drawn)
        before = self._before()
        rules = [r for r in self.case.rules if r.concerns(proposal) and not r.met(before)]
        unmet = tuple(sorted(rules, key=lambda rule: -rule.loses))
        unasked = tuple(hidden for hidden in proposal.rests_on if hidden not in self.known)
        says = ruling.says
        if unmet:
            says = unmet[0].says
        elif unasked and ruling.fit != "wrong":
            says = f"{says} {self.case.hidden[unasked[0]].doubt}"
        event = Event(
            proposal,
            start,
            proposal.minutes,
            "premature" if unmet else ruling.fit,
            says,
            ruling,
            unmet,
            unasked,
        )
        for earlier in reversed(self.events):
            if earlier.move.id == proposal.id and earlier.outcome != "repeated":
                if (earlier.unmet, earlier.unasked) == (unmet, unasked):
                    return Event(proposal, start, proposal.minutes, "repeated", _NOTHING_NEW)
                break
        return event

    def _before(self) -> Mapping[str, Move]:
        """What was asked, and what was proposed in its time."""
        return {
            event.move.id: event.move
            for event in self.events
            if event.outcome not in ("premature", "repeated", "cut_off")
        }
