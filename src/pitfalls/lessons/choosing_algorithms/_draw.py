"""Draw inputs until they tell every mistake from every other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["telling"]

T = TypeVar("T")


def telling(make: Callable[[], T], answers: Callable[[T], Iterable[object]]) -> T:
    """The first draw on which all these answers differ; asked until two are alike."""
    while True:
        drawn = make()
        given: set[str] = set()
        for answer in answers(drawn):
            if repr(answer) in given:
                break
            given.add(repr(answer))
        else:
            return drawn
