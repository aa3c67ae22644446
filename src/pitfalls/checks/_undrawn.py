"""The generator that a call was handed and left alone: what a judge says of it, and its pitfall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ._answer import Case, Outcome
from ._compare import Mismatch

__all__ = ["from_elsewhere", "nothing_drawn"]


def nothing_drawn(outcome: Outcome) -> Mismatch | None:
    """A mismatch where a call left the generator that came in as it was.

    Examples
    --------
    >>> nothing_drawn(Outcome("returned", value=0.3, undrawn=(1,))).wanted
    'rng has moved on'
    >>> nothing_drawn(Outcome("returned", value=0.3)) is None
    True
    """
    if not outcome.undrawn:
        return None
    says = "The draws look right, but none of them came from the rng that was handed in."
    return Mismatch("value", says, "rng is where it was", "rng has moved on")


def from_elsewhere(
    judge: Callable[[Case, Outcome], Mismatch | None],
) -> Callable[[Case, Outcome], bool]:
    """What recognises such an outcome: the judge finds nothing else wrong.

    Parameters
    ----------
    judge : callable
        The part's own, which ends with `nothing_drawn`.

    Returns
    -------
    callable
        For a pitfall's ``recognise_outcome``.
    """

    def shows(case: Case, outcome: Outcome) -> bool:
        return bool(outcome.undrawn) and judge(case, replace(outcome, undrawn=())) is None

    return shows
