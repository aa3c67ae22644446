"""A case: what the interviewer wants, hides, answers and thinks of what one proposes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Literal

__all__ = [
    "CLOSE",
    "KINDS",
    "TOPICS",
    "Ask",
    "Case",
    "CaseError",
    "Close",
    "Draw",
    "Fit",
    "Hidden",
    "InterviewError",
    "Move",
    "Proposal",
    "Rule",
    "Ruling",
    "Variant",
]

Draw = Mapping[str, str]
"""The variant of each hidden constraint, by their ids."""

Fit = Literal["right", "partly", "wrong"]

TOPICS: Mapping[str, str] = {
    "objective": "Objective",
    "users": "Users",
    "metrics": "Metrics",
    "scale": "Scale",
    "latency": "Latency",
    "traffic": "Traffic",
    "budget": "Budget",
    "privacy": "Privacy",
    "law": "Law",
    "data": "Data",
    "history": "History",
    "labels": "Labels",
    "team": "Team",
}
"""What a question can be about, with the heading it is listed under."""

KINDS: Mapping[str, str] = {
    "heuristic": "Heuristic",
    "baseline": "Baseline",
    "features": "Features",
    "negatives": "Negatives and sampling",
    "model": "Model",
    "serving": "Serving",
    "monitoring": "Monitoring",
    "experiment": "Experiment",
}
"""What a proposal can be, in the order of a good interview, with its heading."""


class InterviewError(ValueError):
    """A move, a transcript or a case that cannot be; the message is one sentence."""


class CaseError(InterviewError):
    """A case file does not hold together; the message names the file, the place and the mend."""


@dataclass(frozen=True)
class Variant:
    """One way a hidden constraint can turn out.

    Attributes
    ----------
    id : str
    answer : str
        What the interviewer says when asked.
    fact : str
        The same as a sentence of a design document.
    changes : str
        What it changes in the design: told at the end to those who did not ask.
    """

    id: str
    answer: str
    fact: str
    changes: str


@dataclass(frozen=True)
class Hidden:
    """A constraint that the interviewer keeps until asked.

    Attributes
    ----------
    id : str
    title : str
        As it stands in a sentence: "how fast a page must be answered".
    doubt : str
        What the interviewer asks when a proposal takes it for granted.
    variants : mapping of str to Variant
    """

    id: str
    title: str
    doubt: str
    variants: Mapping[str, Variant]


@dataclass(frozen=True)
class Move:
    """Something to say: a question, a proposal, or the closing words.

    Attributes
    ----------
    id : str
    about : str
        The topic of a question, the kind of a proposal, "close".
    title : str
        What is listed.
    words : tuple of str
        What people type who look for it.
    minutes : int
        What it takes, at least 1.
    """

    id: str
    about: str
    title: str
    words: tuple[str, ...]
    minutes: int

    act = "close"

    @property
    def heading(self) -> str:
        """What it is listed under."""
        return TOPICS.get(self.about) or KINDS.get(self.about) or "Close"

    @property
    def line(self) -> str:
        """What one says when one makes it."""
        return self.title


@dataclass(frozen=True)
class Ask(Move):
    """A question.

    Attributes
    ----------
    reveals : str
        The hidden constraint that it uncovers, or "".
    answer, fact : str
        As of a `Variant`, when it uncovers none.
    why : str
        Why one asks it, or why it is not worth its minutes.
    weight : int
        What it counts among the questions of its dimension; 0: nothing.
    """

    reveals: str = ""
    answer: str = ""
    fact: str = ""
    why: str = ""
    weight: int = 1

    act = "ask"


@dataclass(frozen=True)
class Ruling:
    """What the interviewer thinks of a proposal in certain draws.

    Attributes
    ----------
    fit : {"right", "partly", "wrong"}
    says : str
        In the words of the interviewer.
    why : str
        In one sentence, for the report.
    when : mapping of str to tuple of str
        The variants under which it holds, by hidden constraint; empty: always.
    loses : float
        The points that it costs.
    """

    fit: Fit
    says: str
    why: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loses: float = 0.0

    def holds(self, drawn: Draw) -> bool:
        """Whether it holds under these variants."""
        return all(drawn[hidden] in among for hidden, among in self.when.items())


@dataclass(frozen=True)
class Proposal(Move):
    """A proposal.

    Attributes
    ----------
    pitch : str
        What one says, and what the design document says.
    rulings : tuple of Ruling
        The first that holds is what the interviewer thinks.
    heavy : bool
        A model that nobody should begin with.
    """

    pitch: str = ""
    rulings: tuple[Ruling, ...] = ()
    heavy: bool = False

    act = "propose"

    @property
    def line(self) -> str:
        """What one says when one makes it."""
        return self.pitch

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The hidden constraints that decide whether it is right."""
        return tuple(dict.fromkeys(hidden for ruling in self.rulings for hidden in ruling.when))

    def ruling(self, drawn: Draw) -> Ruling:
        """What the interviewer thinks of it under these variants."""
        return next(ruling for ruling in self.rulings if ruling.holds(drawn))


@dataclass(frozen=True)
class Close(Move):
    """The closing words; they end the interview."""

    pitch: str = ""

    @property
    def line(self) -> str:
        """What one says when one makes it."""
        return self.pitch


CLOSE = Close(
    "sum_up",
    "close",
    "Sum up and stop",
    ("sum up", "summary", "conclude", "finish", "stop", "end", "close", "wrap up"),
    2,
    "Let me sum up what I would build first, what I would measure, and what could still go wrong.",
)
"""The move that ends every interview in good order."""


@dataclass(frozen=True)
class Rule:
    """What must have been asked or proposed before certain proposals.

    Attributes
    ----------
    before : tuple of str
        Kinds of proposals, or ids of some.
    needs : tuple of str
        Topics, kinds or ids of moves, one of which is enough.
    says : str
        What the interviewer says to a proposal that comes before them.
    why : str
        In one sentence, for the report.
    loses : float
        The points that it costs.
    """

    before: tuple[str, ...]
    needs: tuple[str, ...]
    says: str
    why: str
    loses: float

    def concerns(self, move: Move) -> bool:
        """Whether it speaks of this move."""
        return move.id in self.before or move.about in self.before

    def met(self, moves: Mapping[str, Move]) -> bool:
        """Whether one of these moves is what it needs."""
        return any(move.id in self.needs or move.about in self.needs for move in moves.values())


@dataclass(frozen=True)
class Case:
    """A case as data, see `load_case`.

    Attributes
    ----------
    name : str
        The file's: ``"video"``.
    title : str
    about : str
        One line for the list of cases.
    opening : str
        What the interviewer says first.
    minutes : int
        What is on the clock.
    hidden : mapping of str to Hidden
    asks : tuple of Ask
    proposals : tuple of Proposal
    rules : tuple of Rule
    digest : str
        Changes with every word and figure of the file, not with its layout. "" for a case that
        came from no file.
    """

    name: str
    title: str
    about: str
    opening: str
    minutes: int
    hidden: Mapping[str, Hidden]
    asks: tuple[Ask, ...]
    proposals: tuple[Proposal, ...]
    rules: tuple[Rule, ...]
    digest: str = ""

    @cached_property
    def moves(self) -> Mapping[str, Move]:
        """Every move by its id: questions, proposals, the closing words."""
        return {move.id: move for move in (*self.asks, *self.proposals, CLOSE)}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of proposals that it has, in the order of a good interview."""
        return tuple(kind for kind in KINDS if any(kind == move.about for move in self.proposals))

    def draws(self) -> Iterator[Draw]:
        """Every draw there is."""
        names = tuple(self.hidden)
        for variants in product(*(hidden.variants for hidden in self.hidden.values())):
            yield dict(zip(names, variants, strict=True))
