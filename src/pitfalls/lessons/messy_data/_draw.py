"""Small samples of the real tables from which the cases are made."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pandas as pd

from pitfalls.checks import Case
from pitfalls.data import load

__all__ = ["flights_with_planes", "once", "rows", "table"]

_KEPT = 8  # draws of a function: of each part that it serves, the public one and the last hidden

Cases = Callable[[np.random.Generator], list[Case]]


@functools.cache
def table(name: str, part: str | None = None) -> pd.DataFrame:
    """A table of the kit, read once; never changed."""
    return load(name, part)


@functools.cache
def flights_with_planes() -> pd.DataFrame:
    """Every ninth flight with what is known of its plane; the year built as ``plane_year``."""
    used = ("day", "carrier", "tailnum", "origin", "distance", "hour", "time_hour")
    flights = load("flights", columns=used).iloc[::9].copy()  # no view of them all
    planes = table("flights", "planes").rename(columns={"year": "plane_year"})
    kept = planes[["tailnum", "plane_year", "seats", "engines", "speed"]]
    joined: pd.DataFrame = flights.merge(kept, on="tailnum", how="left")
    return joined


def rows(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """`n` rows drawn without replacement, in random order, with the index they had."""
    return frame.iloc[rng.choice(len(frame), n, replace=False)].copy()


def once(cases: Cases) -> Cases:
    """Draw from a generator of a given state only once; the cases are never changed."""
    kept: dict[str, list[Case]] = {}

    @functools.wraps(cases)
    def drawn(rng: np.random.Generator) -> list[Case]:
        state = str(rng.bit_generator.state)
        if state in kept:
            kept[state] = kept.pop(state)  # the one that was used last comes last
        else:
            if len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[state] = cases(rng)
        return kept[state]

    return drawn
