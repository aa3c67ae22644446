"""Draw inputs until they tell every mistake from every other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["telling"]

T = TypeVar("T")


def telling(make: Callable[[], T], answers: Callable[[T], Sequence[object]]) -> T:
    """The first draw on which all these answers differ."""
    while True:
        drawn = make()
        given = [repr(answer) for answer in answers(drawn)]
        if len(given) == len(set(given)):
            return drawn
