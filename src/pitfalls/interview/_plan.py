"""What a strong candidate would have done: computed from the case, not written down."""

from __future__ import annotations

from ._case import CLOSE, Ask, Case, Draw, Proposal
from ._state import draw

__all__ = ["SCOPE", "plan", "strong_plan"]

SCOPE = ("objective", "users", "metrics")
"""The topics of the first dimension; the other questions are about constraints."""


def strong_plan(case: Case, seed: int) -> tuple[str, ...]:
    """The moves of a strong candidate: every question that counts, then what fits the answers.

    Returns
    -------
    tuple of str
        The ids of the moves.

    Examples
    --------
    >>> from pitfalls.interview import get_case
    >>> strong_plan(get_case("video"), 1)[0], strong_plan(get_case("video"), 1)[-1]
    ('ask_objective', 'sum_up')
    """
    return plan(case, draw(case, seed))


def plan(case: Case, drawn: Draw) -> tuple[str, ...]:
    """The moves of a strong candidate under these variants, without the kinds that nothing fits."""
    asks = [ask for ask in case.asks if ask.weight]
    asks.sort(key=_later)  # stable: otherwise in the order of the case
    chosen = []
    for kind in case.kinds:
        fitting = [
            proposal
            for proposal in case.proposals
            if proposal.about == kind and proposal.ruling(drawn).fit == "right"
        ]
        if fitting:
            chosen.append(min(fitting, key=_minutes).id)
    return (*(ask.id for ask in asks), *chosen, CLOSE.id)


def _later(ask: Ask) -> bool:
    return ask.about not in SCOPE


def _minutes(proposal: Proposal) -> int:
    return proposal.minutes
