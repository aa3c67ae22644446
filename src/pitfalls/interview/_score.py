"""From an interview to points, reasons, and what a strong candidate would have asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from ._case import KINDS, Ask, Case, Move, Proposal
from ._plan import SCOPE, plan, strong_plan
from ._state import Event, Interview

if TYPE_CHECKING:
    from pitfalls.checks import State, Verdict

__all__ = ["DIMENSIONS", "Dimension", "Missed", "Reason", "Report", "score", "to_verdict"]

DIMENSIONS = {
    "scope": ("Scope", 15),
    "constraints": ("Constraints", 20),
    "baseline": ("Baseline", 15),
    "iteration": ("Iteration", 20),
    "production": ("Production", 20),
    "communication": ("Communication", 10),
}
"""What is scored: the title and the most points of each dimension."""

_SHARES = {  # of each kind of proposal in its dimension
    "baseline": {"heuristic": 1, "baseline": 2},
    "iteration": {"features": 3, "negatives": 2, "model": 5},
    "production": {"serving": 7, "monitoring": 6, "experiment": 7},
}
_OPENING, _ORDER, _REPEATS, _CLOSING = 3.0, 3.0, 2.0, 2.0  # communication
_QUESTIONS_FIRST = 2  # what it takes to open well
_PROPOSALS = 3  # what it takes to have an order
_MOVES = 4  # what it takes to have repeated nothing
_TOO_EARLY, _REPEATED = 1.5, 1.0  # what each costs in communication


@dataclass(frozen=True)
class Reason:
    """Why points were earned, lost, or left lying.

    Attributes
    ----------
    kind : {"earned", "lost", "missed"}
    points : float
        Below zero when lost; zero when missed.
    text : str
        One sentence, sometimes two.
    move : str
        The id of the move it is about, or "".
    """

    kind: Literal["earned", "lost", "missed"]
    points: float
    text: str
    move: str = ""


@dataclass(frozen=True)
class Dimension:
    """What one dimension came to: its reasons added up, and never below zero."""

    id: str
    title: str
    points: float
    max_points: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Missed:
    """A question that a strong candidate would have asked.

    Attributes
    ----------
    move : str
    question, answer : str
    changes : str
        What the answer would have changed.
    decides : tuple of str
        The kinds of proposals that it decides.
    """

    move: str
    question: str
    answer: str
    changes: str
    decides: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What an interview came to.

    Attributes
    ----------
    case, title : str
    seed : int
    dimensions : tuple of Dimension
    missed : tuple of Missed
        The deciding questions first.
    strong_plan : tuple of str
        The moves of a strong candidate.
    moves : int
        How many moves were made.
    over : bool
        Whether the interview had ended.
    """

    case: str
    title: str
    seed: int
    dimensions: tuple[Dimension, ...]
    missed: tuple[Missed, ...]
    strong_plan: tuple[str, ...]
    moves: int
    over: bool

    @property
    def points(self) -> float:
        """The points earned, of 100."""
        return round(sum(dimension.points for dimension in self.dimensions), 1)

    @property
    def max_points(self) -> float:
        """What a full score is."""
        return sum(dimension.max_points for dimension in self.dimensions)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data."""
        return {**asdict(self), "points": self.points, "max_points": self.max_points}


def score(interview: Interview) -> Report:
    """Score an interview, over or not.

    Asking the same questions before the same proposals never earns less than not asking them.

    Examples
    --------
    >>> from pitfalls.interview import begin, get_case, strong_plan
    >>> case = get_case("video")
    >>> interview = begin(case, 1)
    >>> for move in strong_plan(case, 1):
    ...     interview = interview.make(move)
    >>> score(interview).points
    100.0
    >>> score(begin(case, 1).make("model_two_tower")).points
    0.0
    """
    reasons = {
        "scope": list(_asking(interview, scope=True)),
        "constraints": list(_asking(interview, scope=False)),
        **{name: list(_proposing(interview, name)) for name in _SHARES},
        "communication": list(_communication(interview)),
    }
    dimensions = []
    for name, (title, most) in DIMENSIONS.items():
        total = sum(reason.points for reason in reasons[name])
        points = round(min(max(total, 0.0), float(most)), 1)
        dimensions.append(Dimension(name, title, points, most, tuple(reasons[name])))
    case = interview.case
    return Report(
        case.name,
        case.title,
        interview.seed,
        tuple(dimensions),
        tuple(_missed(interview)),
        strong_plan(case, interview.seed),
        len(interview.made),
        interview.over,
    )


def to_verdict(report: Report, points: float, exercise: str = "") -> Verdict:
    """The report as a verdict with one part a dimension, as the grading engine stores it.

    Parameters
    ----------
    report : Report
    points : float
        What a full score is worth.
    exercise : str, optional
        The verdict's name; ``interview_<case>`` unless given.

    Returns
    -------
    Verdict
        "right" only with a full score.

    Examples
    --------
    >>> from pitfalls.interview import begin, get_case
    >>> verdict = to_verdict(score(begin(get_case("video"), 1)), points=20)
    >>> verdict.state, verdict.points, verdict.max_points
    ('not_attempted', 0.0, 20.0)
    """
    from pitfalls.checks import PartResult, Verdict  # it takes NumPy along, an interview needs none

    worth = points / report.max_points
    parts = tuple(
        PartResult(
            part.title,
            round(part.points * worth, 2),
            round(part.max_points * worth, 2),
            part.points == part.max_points,
        )
        for part in report.dimensions
    )
    state: State = "wrong" if report.moves else "not_attempted"
    if all(part.right for part in parts):
        state = "right"
    message = f"{report.title}: {report.points:g} of {report.max_points:g} in the interview."
    advice = ""
    if report.moves and report.missed:
        first = report.missed[0]
        advice = f"You did not ask: {first.question} {first.changes}"
    return Verdict(
        exercise or f"interview_{report.case}",
        state,
        round(report.points * worth, 2),
        float(points),
        parts,
        message,
        advice=advice,
    )


def _asking(interview: Interview, *, scope: bool) -> Iterator[Reason]:
    """The questions of a dimension: all when in time, half when late."""
    asks = [ask for ask in interview.case.asks if (ask.about in SCOPE) is scope]
    most = DIMENSIONS["scope" if scope else "constraints"][1]
    total = sum(ask.weight for ask in asks)
    for ask in asks:
        worth = most * ask.weight / total if total else 0.0
        event = next((event for event in _answered(interview) if event.move == ask), None)
        if not ask.weight:
            if event:
                text = f"“{ask.title}” was not worth its minutes: {ask.why}"
                yield Reason("missed", 0.0, text, ask.id)
            continue
        if event is None:
            yield Reason("missed", 0.0, f"You did not ask: “{ask.title}”", ask.id)
        elif late := _late(interview, ask, event):
            text = (
                f"You asked “{ask.title}”, but only after you had proposed "
                f"“{late.title}”: half the points."
            )
            yield Reason("earned", worth / 2, text, ask.id)
        else:
            yield Reason("earned", worth, f"You asked in time: “{ask.title}”", ask.id)


def _late(interview: Interview, ask: Ask, asked: Event) -> Move | None:
    """The first proposal that should have waited for this question."""
    for event in interview.events:
        if event.start >= asked.start:
            return None
        move = event.move
        if not isinstance(move, Proposal):
            continue
        if ask.about in SCOPE or move.about == "model" or ask.reveals in move.rests_on:
            return move
    return None


def _proposing(interview: Interview, dimension: str) -> Iterator[Reason]:
    """The kinds of a dimension: the best of what was proposed, less what was wrong or too early."""
    kinds = {
        kind: share for kind, share in _SHARES[dimension].items() if kind in interview.case.kinds
    }
    most = DIMENSIONS[dimension][1]
    for kind, share in kinds.items():
        worth = most * share / sum(kinds.values())
        events = [
            event
            for event in interview.events
            if event.move.about == kind and event.ruling and event.outcome != "cut_off"
        ]
        if not events:
            text = f"You did not come to this: {KINDS[kind].lower()}.{_fitting(interview, kind)}"
            yield Reason("missed", 0.0, text)
            continue
        earned = [_earned(interview, event, worth) for event in events]
        best = max(earned, key=lambda reason: reason.points)  # the first of the best
        if best.points:
            yield best
        else:
            text = f"Nothing that fits came in time: {KINDS[kind].lower()}."
            yield Reason("missed", 0.0, text + _fitting(interview, kind))
        dearest: dict[str, Reason] = {}
        for event in events:
            lost = _lost(event)
            known = dearest.get(event.move.id)
            if lost and (known is None or lost.points < known.points):
                dearest[event.move.id] = lost
        yield from dearest.values()


def _earned(interview: Interview, event: Event, worth: float) -> Reason:
    """What a proposal earns: half when it fits partly, less when it was a guess."""
    move, ruling = event.move, event.ruling
    assert isinstance(move, Proposal)
    assert ruling is not None
    quality = {"right": 1.0, "partly": 0.5}.get(event.outcome, 0.0)
    text = f"“{move.title}”: {ruling.why}"
    if quality == 0.5:
        text += f" It fits only in part: half the points.{_fitting(interview, move.about)}"
    share = 1.0
    if event.unasked:
        share -= 0.5 * len(event.unasked) / len(move.rests_on)
        titles = " or ".join(interview.case.hidden[hidden].title for hidden in event.unasked)
        text += f" You had not asked {titles}, so part of it was luck."
    return Reason("earned", worth * quality * share, text, move.id)


def _fitting(interview: Interview, kind: str) -> str:
    """What a strong candidate would have proposed, as a sentence that follows another."""
    moves = (interview.case.moves[move] for move in plan(interview.case, interview.drawn))
    titles = [move.title for move in moves if move.about == kind]
    return f" A strong candidate would have proposed “{titles[0]}”." if titles else ""


def _lost(event: Event) -> Reason | None:
    """What a proposal costs: the dearest of what it came before and what is wrong with it."""
    ruling = event.ruling
    assert ruling is not None
    costs = [(rule.loses, rule.why) for rule in event.unmet[:1]]
    if ruling.fit == "wrong":
        costs.append((ruling.loses, ruling.why))
    if not costs:
        return None
    text = f"“{event.move.title}”: {' '.join(why for _, why in costs)}"
    return Reason("lost", -max(loses for loses, _ in costs), text, event.move.id)


def _communication(interview: Interview) -> Iterator[Reason]:
    events = [event for event in interview.events if event.outcome != "cut_off"]
    proposals = [event for event in events if isinstance(event.move, Proposal)]
    asked = [event for event in _answered(interview) if getattr(event.move, "weight", 0)]
    first = proposals[0].start if proposals else 0
    opened = sum(event.start < first for event in asked)
    if opened >= _QUESTIONS_FIRST:
        yield Reason("earned", _OPENING, "You asked before you proposed anything.")
    elif proposals:
        yield Reason("missed", 0.0, "You proposed before you had asked two questions that count.")
    else:
        yield Reason("missed", 0.0, "You proposed nothing, so there was nothing to follow.")
    early = len({event.move.id for event in proposals if event.outcome == "premature"})
    in_time = len({event.move.id for event in proposals if event.ruling and not event.unmet})
    if in_time >= _PROPOSALS:
        yield Reason("earned", _ORDER, "Your proposals built on one another.")
        if early:
            cost = min(_ORDER, _TOO_EARLY * early)
            text = f"{_times(early, 'proposal')} came before what it should have rested on."
            yield Reason("lost", -cost, text)
    elif proposals:
        yield Reason(
            "missed", 0.0, "Too few proposals came in their place to make a line of thought."
        )
    asked = [event for event in events if isinstance(event.move, Ask)]
    repeats = sum(event.outcome == "repeated" for event in asked)
    if asked and len({event.move.id for event in events}) >= _MOVES:
        yield Reason("earned", _REPEATS, "You kept in mind what you were told.")
        if repeats:
            text = f"{_times(repeats, 'question')} had been answered before."
            yield Reason("lost", -min(_REPEATS, _REPEATED * repeats), text)
    if events and events[-1].outcome == "closed" and in_time:
        yield Reason("earned", _CLOSING, "You summed up before the clock ran out.", "sum_up")
    elif proposals:
        yield Reason("missed", 0.0, "You did not sum up; keep two minutes for it.", "sum_up")


def _missed(interview: Interview) -> Iterator[Missed]:
    """The questions that count and were not asked, those that decide something first."""
    answered = {event.move.id for event in _answered(interview)}
    asks = [ask for ask in interview.case.asks if ask.weight and ask.id not in answered]
    for ask in sorted(asks, key=lambda ask: not ask.reveals):
        if ask.reveals and ask.reveals in interview.known:
            continue  # another question uncovered it
        changes = ask.why
        if ask.reveals:
            hidden = interview.case.hidden[ask.reveals]
            changes = hidden.variants[interview.drawn[ask.reveals]].changes
        decides = _decides(interview.case, ask.reveals) if ask.reveals else ()
        yield Missed(ask.id, ask.title, interview.answer(ask), changes, decides)


def _decides(case: Case, hidden: str) -> tuple[str, ...]:
    """The kinds whose proposals rest on a hidden constraint."""
    resting = {move.about for move in case.proposals if hidden in move.rests_on}
    return tuple(kind for kind in KINDS if kind in resting)


def _answered(interview: Interview) -> Iterator[Event]:
    return (event for event in interview.events if event.outcome == "answered")


def _times(number: int, noun: str) -> str:
    return f"One {noun}" if number == 1 else f"{number} {noun}s"
