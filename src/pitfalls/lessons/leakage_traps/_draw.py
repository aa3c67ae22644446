"""Small samples of real tables, from which the cases are drawn, and pairs of results."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.data import load

__all__ = ["flights", "hotel", "pick", "two_sides"]

Floats = np.ndarray[Any, Any]


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
