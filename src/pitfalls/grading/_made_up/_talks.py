"""How the interviews of made-up students go, and what each of them earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pitfalls import interview

__all__ = ["Talk", "absent", "blunt", "eager", "forged", "longer", "silent", "strong", "unmarked"]


@dataclass(frozen=True)
class Talk:
    """An interview that is handed in: its transcript, and the share of the points it earns.

    Without a transcript nothing was played, though what is marked says that something was.
    """

    transcript: object = None
    marked: bool = False
    share: float = 0.0


def silent(case: interview.Case, seed: int) -> Talk:
    return Talk()


def strong(case: interview.Case, seed: int) -> Talk:
    moves = interview.strong_plan(case, seed)
    return Talk(interview.Transcript(case.name, seed, moves).to_dict(), True, 1.0)


def unmarked(case: interview.Case, seed: int) -> Talk:
    return replace(strong(case, seed), marked=False)


def eager(case: interview.Case, seed: int) -> Talk:
    moves = (_large(case), *interview.strong_plan(case, seed))
    return _as_scored(case, seed, moves)


def blunt(case: interview.Case, seed: int) -> Talk:
    talk = _as_scored(case, seed, (_large(case), interview.CLOSE.id))
    return replace(talk, share=0.0)


def _as_scored(case: interview.Case, seed: int, moves: Sequence[str]) -> Talk:
    """An interview as far as the clock lets it go, and what the engine gives for it."""
    talk = interview.begin(case, seed)
    for move in moves:
        talk = talk if talk.over else talk.make(move)
    report = interview.score(talk)
    share = report.points / report.max_points
    return Talk(interview.Transcript.of(talk).to_dict(), True, share)


def forged(case: interview.Case, seed: int) -> Talk:
    moves = ["ask_for_the_answers", *interview.strong_plan(case, seed)]
    return Talk({"version": 1, "case": case.name, "seed": seed, "moves": moves}, True)


def longer(case: interview.Case, seed: int) -> Talk:
    moves = [interview.CLOSE.id, *interview.strong_plan(case, seed)]
    return Talk({"version": 1, "case": case.name, "seed": seed, "moves": moves}, True)


def absent(case: interview.Case, seed: int) -> Talk:
    return Talk(marked=True)


def _large(case: interview.Case) -> str:
    """A model that nobody should begin with."""
    return next(move.id for move in case.proposals if move.heavy)
