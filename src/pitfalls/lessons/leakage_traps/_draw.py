"""What the checks of this lesson share: samples of real tables, and how an answer draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Mismatch, Outcome
from pitfalls.data import load

__all__ = ["flights", "from_elsewhere", "hotel", "nothing_drawn", "pick", "two_sides"]

Floats = np.ndarray[Any, Any]
Judge = Callable[[Case, Outcome], Mismatch | None]


@cache
def flights() -> pd.DataFrame:
    """Six thousand flights of the year, in the order of their departures."""
    table: pd.DataFrame = load("flights").sample(6_000, random_state=11)
    return table.sort_index().reset_index(drop=True)


@cache
def hotel() -> pd.DataFrame:
    """The stays at the hotel, in the order of their arrivals."""
    table: pd.DataFrame = load("hotel_rates")
    return table


def pick(table: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """As many rows, drawn without replacement, in their old order and numbered anew."""
    return table.iloc[np.sort(rng.choice(len(table), n, replace=False))].reset_index(drop=True)


def two_sides(value: Any) -> tuple[Any, Any] | None:
    """The two entries of a pair, or None."""
    return tuple(value) if isinstance(value, tuple | list) and len(value) == 2 else None


def nothing_drawn(outcome: Outcome) -> Mismatch | None:
    """A mismatch where a call left the generator that came in as it was."""
    if not outcome.undrawn:
        return None
    says = "The draws look right, but none of them came from the rng that was handed in."
    return Mismatch("value", says, "rng is where it was", "rng has moved on")


def from_elsewhere(judge: Judge) -> Callable[[Case, Outcome], bool]:
    """Known by a generator that was left alone while the judge finds nothing else wrong."""

    def shows(case: Case, outcome: Outcome) -> bool:
        return bool(outcome.undrawn) and judge(case, replace(outcome, undrawn=())) is None

    return shows
