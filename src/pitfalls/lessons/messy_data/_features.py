"""What is known when one predicts: feature_engineering."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall
from pitfalls.data import load

from ._draw import once, rows
from ._tables import columns, frame

__all__ = ["FEATURE_ENGINEERING"]

_COLUMNS = ["origin", "sched_dep_time", "time_hour", "dep_delay", "arr_delay", "distance"]
_CLOCK = ["clock_sin", "clock_cos"]
_LEAD, _WINDOW, _LATE = 60, 180, 15  # minutes

# --- what is drawn ---------------------------------------------------------------------------


@functools.cache
def _days() -> pd.DataFrame:
    """Days with many late flights; around the year, so that New York is 5 or 4 hours from UTC."""
    flights = load("flights", columns=[*_COLUMNS, "month", "day"])
    days = pd.MultiIndex.from_frame(flights[["month", "day"]])
    return flights[days.isin([(1, 16), (2, 27), (6, 13), (7, 10), (7, 23), (12, 5), (12, 17)])]


def _drawn(rng: np.random.Generator) -> pd.DataFrame:
    """110 flights of a real day in random order; some took off exactly 15 minutes late."""
    days = _days()
    dates = days[["month", "day"]].drop_duplicates().to_numpy()
    month, day = dates[rng.integers(len(dates))]
    one = days[(days["month"] == month) & (days["day"] == day)]
    edge = one["dep_delay"] == _LATE
    few = min(int(edge.sum()), 6)
    drawn = pd.concat([rows(one[edge], few, rng), rows(one[~edge], 110 - few, rng)])
    return rows(drawn, 110, rng)[_COLUMNS]


@once
def _cases(rng: np.random.Generator) -> list[Case]:
    """One day, with flights whose window is empty, and none that sits on a border."""
    while True:
        df = _off_the_borders(_drawn(rng))
        wanted = _by_rows(df)["late_share"]
        edge = _by_rows(df, late=_late_at_the_limit)["late_share"]
        if wanted.isna().any() and wanted.nunique() > 8 and not wanted.equals(edge):
            return [Case(df, label="flights of one day")]


def _off_the_borders(df: pd.DataFrame) -> pd.DataFrame:
    """Half a minute more delay for each flight that took off on the border of a window."""
    scheduled = _scheduled(df)
    ago = scheduled[:, None] - (scheduled + df["dep_delay"].to_numpy())[None, :]
    on_a_border = np.isin(ago, (_LEAD, _LEAD + _WINDOW)).any(axis=0)
    return df.assign(dep_delay=df["dep_delay"] + np.where(on_a_border, 0.5, 0.0))


# --- reference -------------------------------------------------------------------------------


def _minutes(hhmm: Any) -> Any:
    return hhmm // 100 * 60 + hhmm % 100


def _scheduled(df: pd.DataFrame) -> Any:
    """Scheduled departure in minutes since 1970, UTC."""
    hours = (df["time_hour"].astype("int64") // 60_000_000).to_numpy()
    return hours + df["sched_dep_time"].to_numpy() % 100


class _Side:
    """Columns of the flights as arrays that broadcast: own ones stand, other ones lie."""

    def __init__(self, df: pd.DataFrame, shape: tuple[int, int]) -> None:
        def laid(values: Any) -> Any:
            return np.asarray(values).reshape(shape)

        self.origin = laid(df["origin"].astype(object))
        self.hour = laid(df["time_hour"].astype("int64"))
        self.clock = laid(df["sched_dep_time"])
        self.scheduled = laid(_scheduled(df))
        self.flew = laid(df["dep_delay"].notna())
        self.off = laid(_scheduled(df) + df["dep_delay"].to_numpy())
        self.dep_delay = laid(df["dep_delay"])
        self.arr_delay = laid(df["arr_delay"])


def _by_rows(df: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """The angle of the clock, the crowd of the hour, the lateness before, by all pairs."""
    own, other = _Side(df, (-1, 1)), _Side(df, (1, -1))
    angle = changes.get("angle", _angle)(own).ravel()
    beside = own.hour == other.hour
    if "airports" not in changes:
        beside = beside & (own.origin == other.origin)
    seen = changes.get("seen", _seen)(own, other)
    late = changes.get("late", _is_late)(other)
    with np.errstate(invalid="ignore"):
        share = (seen & late).sum(axis=1) / seen.sum(axis=1)
    out = pd.DataFrame(
        {
            "clock_sin": np.sin(angle),
            "clock_cos": np.cos(angle),
            "planned": beside.sum(axis=1),
            "late_share": share,
        },
        index=df.index,
    )
    return out.fillna({"late_share": changes["empty"]}) if "empty" in changes else out


def _angle(own: _Side) -> Any:
    return 2 * np.pi * _minutes(own.clock) / 1440


def _seen(own: _Side, other: _Side) -> Any:
    """Taken off from the same airport within three hours, an hour or more before."""
    ago = own.scheduled - _LEAD - other.off
    return (own.origin == other.origin) & (ago >= 0) & (ago < _WINDOW)


def _is_late(other: _Side) -> Any:
    return other.dep_delay > _LATE


def _late_at_the_limit(other: _Side) -> Any:
    return other.dep_delay >= _LATE


# --- wrong ways ------------------------------------------------------------------------------


def _with(**changes: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda df: _by_rows(df, **changes)


def _seen_by_schedule(own: _Side, other: _Side) -> Any:
    """Scheduled in the window, whether it has taken off or not."""
    ago = own.scheduled - _LEAD - other.scheduled
    return (own.origin == other.origin) & other.flew & (ago >= 0) & (ago < _WINDOW)


def _seen_in_the_hour(own: _Side, other: _Side) -> Any:
    return (own.origin == other.origin) & other.flew & (own.hour == other.hour)


def _seen_up_to_departure(own: _Side, other: _Side) -> Any:
    ago = own.scheduled - other.off
    return (own.origin == other.origin) & (ago >= 0) & (ago < _WINDOW)


def _seen_anywhere(own: _Side, other: _Side) -> Any:
    ago = own.scheduled - _LEAD - other.off
    return (ago >= 0) & (ago < _WINDOW)


def _kept_outcome(df: pd.DataFrame) -> pd.DataFrame:
    return _by_rows(df).assign(dep_delay=df["dep_delay"])


FEATURE_ENGINEERING = Exercise(
    "feature_engineering",
    "(df)",
    "What is known when one predicts",
    difficulty=4,
    minutes=25,
    parts=(
        Part("the clock", 1, _cases, _by_rows, columns(_CLOCK)),
        Part("planned in the same hour", 1, _cases, _by_rows, columns(["planned"])),
        Part("late before, known in time", 2, _cases, _by_rows, frame()),
    ),
    pitfalls=(
        Pitfall(
            "HHMM taken for a number",
            "Between 5:59 and 6:00 your clock jumps by 41: HHMM / 2400 is no share of a day. Split "
            "it into hours and minutes first.",
            _with(angle=lambda own: 2 * np.pi * own.clock / 2400),
        ),
        Pitfall(
            "the minutes are lost",
            "All departures of an hour get the same angle. Minutes belong to the time of day.",
            _with(angle=lambda own: 2 * np.pi * (own.clock // 100) / 24),
        ),
        Pitfall(
            "the clock of another time zone",
            "`time_hour` is in UTC: four hours ahead of New York in summer, five in winter. The "
            "morning rush would move by an hour twice a year. `sched_dep_time` is local.",
            _with(angle=lambda own: 2 * np.pi * (own.scheduled % 1440) / 1440),
        ),
        Pitfall(
            "degrees for radians",
            "NumPy's sine wants radians. A full day is 2π.",
            _with(angle=lambda own: 360 * _minutes(own.clock) / 1440),
        ),
        Pitfall(
            "the index is lost",
            "The rows are numbered anew, so the features no longer line up with their flights.",
            lambda df: _by_rows(df).reset_index(drop=True),
        ),
        Pitfall(
            "all airports counted together",
            "A crowd at Newark does not hold up a flight at LaGuardia. Count within the origin.",
            _with(airports=True),
        ),
        Pitfall(
            "flights that were cancelled are not planned",
            "The plan held the cancelled flights too. To leave them out one must know already that "
            "they will be cancelled.",
            lambda df: _by_rows(df).assign(
                planned=df["dep_delay"]
                .notna()
                .groupby([df["origin"], df["time_hour"]])
                .transform("sum")
            ),
        ),
        Pitfall(
            "the flight itself is not counted",
            "You counted the other flights of the hour. The statement counts the flight itself, "
            "too: how many are planned.",
            lambda df: _by_rows(df).assign(planned=lambda out: out["planned"] - 1),
        ),
        Pitfall(
            "the outcome is handed on",
            "`dep_delay` is known after take-off. Give back the four features only; outcomes of "
            "*other*, earlier flights may help to make them.",
            _kept_outcome,
        ),
        Pitfall(
            "scheduled before is not taken off before",
            "A flight scheduled two hours ago that will leave in an hour is not late *yet*: its "
            "delay is in the future. What counts is when it really took off.",
            _with(seen=_seen_by_schedule),
        ),
        Pitfall(
            "late flights of the same hour",
            "The other flights of the hour leave when yours does, and your own is among them: this "
            "is the answer, not a feature. Look back from one hour before.",
            _with(seen=_seen_in_the_hour),
        ),
        Pitfall(
            "predicted at the last minute",
            "You look at everything up to the departure. The prediction is made an hour before.",
            _with(seen=_seen_up_to_departure),
        ),
        Pitfall(
            "late flights of all airports",
            "Take the flights of the same origin only.",
            _with(seen=_seen_anywhere),
        ),
        Pitfall(
            "late on arrival",
            "Whether a flight *arrives* late is known hours after it took off. Use its departure.",
            _with(late=lambda other: other.arr_delay > _LATE),
        ),
        Pitfall(
            "a quarter of an hour is late already",
            "A flight that left exactly 15 minutes late is on time still: the statement asks for "
            "*over* 15. In this table, delays of exactly 15 minutes are common.",
            _with(late=_late_at_the_limit),
        ),
        Pitfall(
            "no flight is no delay",
            "0 of 0 is unknown, not zero: early in the morning nobody knows yet how the day will "
            "go. Leave it missing.",
            _with(empty=0.0),
        ),
    ),
    hints=(
        "For each feature ask: one hour before this flight's schedule, who could have written it "
        "down? The plan is known for months; a take-off from the moment it happens.",
        "took_off = scheduled + dep_delay; a flight counts for mine if it has my origin and "
        "t − 180 < took_off ≤ t with t = my schedule − 60 (all in minutes). NaN compares as False.",
        "With arrays per origin: known = (off[None, :] <= t[:, None]) & (off[None, :] > t[:, None] "
        "− 180); late_share = (known & late[None, :]).sum(1) / known.sum(1).",
    ),
)
