"""A small case that the tests play, and how to begin it under a certain draw."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pitfalls.interview import Case, Interview, begin, draw, load_case

COFFEE = Path(__file__).with_name("coffee.toml")


@pytest.fixture(scope="session")
def coffee() -> Case:
    """A case with two hidden constraints and a model that nobody needs."""
    return load_case(COFFEE)


@pytest.fixture
def coffee_text() -> str:
    """The same as its author wrote it."""
    return COFFEE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def start(coffee: Case) -> Callable[..., Interview]:
    """Begin it under a draw, with some moves made."""

    def start(*moves: str, spoilage: str = "spoil", order: str = "daily") -> Interview:
        wanted = {"spoilage": spoilage, "order": order}
        interview = begin(coffee, next(n for n in count() if draw(coffee, n) == wanted))
        for move in moves:
            interview = interview.make(move)
        return interview

    return start
