"""Whether a case can be played, and well: what a schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ._case import Case

__all__ = ["validate"]


def validate(case: Case) -> tuple[str, ...]:
    """What is wrong with a case, one sentence a fault; nothing when it can be played well."""
    return tuple(f"{case.name}.toml{place}: {fault}" for place, fault in _faults(case))


def _faults(case: Case) -> Iterator[tuple[str, str]]:
    revealed = {ask.reveals for ask in case.asks}
    for hidden in case.hidden.values():
        if hidden.id not in revealed:
            yield f", hidden {hidden.id}", "no question reveals it; add an ask with reveals."
        for one, other in combinations(hidden.variants, 2):
            del one, other
