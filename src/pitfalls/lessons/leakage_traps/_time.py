"""A split along the clock: split_by_time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, show, table

from ._draw import flights, two_sides

__all__ = ["SPLIT_BY_TIME"]

Pair = tuple[pd.DataFrame, pd.DataFrame]


def _sample(rng: np.random.Generator, share: float) -> pd.DataFrame:
    """Flights of a stretch of hours in random order; the cut falls inside an hour."""
    while True:
        start = int(rng.integers(0, 5_000))
        rows = flights().iloc[start : start + 160][["time_hour", "carrier", "dest", "distance"]]
        rows = rows.iloc[np.sort(rng.choice(160, 80, replace=False))].assign(flight_id=range(80))
        hours = rows["time_hour"].to_numpy()
        at = round(80 * (1 - share))
        if hours[at] == hours[at - 1] and hours[at] != hours[0]:
            rows = rows.assign(time_hour=rows["time_hour"].dt.tz_localize(None))
            return rows.iloc[rng.permutation(80)].reset_index(drop=True)


def _plain(rng: np.random.Generator) -> list[Case]:
    share = float(rng.choice([0.2, 0.25, 0.3]))
    rows = _sample(rng, share)
    return [Case(rows, "time_hour", share, pd.Timedelta(0), label="no gap, ties at the cut")]


def _gapped(rng: np.random.Generator) -> list[Case]:
    """A gap of whole hours, at whose edge rows stand."""
    while True:
        share = float(rng.choice([0.2, 0.25, 0.3]))
        rows = _sample(rng, share)
        times = np.sort(rows["time_hour"].to_numpy())
        cut = times[round(80 * (1 - share))]
        before = np.unique(times[times < cut])
        if len(before) > 8:
            gap = pd.Timedelta(cut - before[-int(rng.integers(3, 6))])
            return [Case(rows, "time_hour", share, gap, label="a gap, rows at both of its edges")]


def _reference(df: pd.DataFrame, time: str, share: float, gap: pd.Timedelta) -> Pair:
    """By rank: a row is a test row when at least as many rows come no later than it."""
    order = np.sort(df[time].to_numpy())
    cut = order[round(len(df) * (1 - share))]
    early = np.array([moment + np.timedelta64(gap) <= cut for moment in df[time].to_numpy()])
    test = np.array([moment >= cut for moment in df[time].to_numpy()])
    return df[early & ~test], df[test]


def _two_tables(which: tuple[int, ...] = (0, 1)) -> Comparison:
    rows = table(row_order=False)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        sides = two_sides(got)
        if sides is None or not all(isinstance(side, pd.DataFrame) for side in sides):
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted two tables, (train, test)."
            return Mismatch("type", says, show(got), "two tables")
        for i in which:
            found = rows(sides[i], wanted[i])
            if found is not None:
                name = ("train", "test")[i]
                return Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)
        return None

    return compare


def _wrong(
    change: Callable[[pd.DataFrame, str, float, pd.Timedelta, Any], Pair],
) -> Callable[[pd.DataFrame, str, float, pd.Timedelta], Pair]:
    """`change` gets the arguments and the right cut."""

    def answer(df: pd.DataFrame, time: str, share: float, gap: pd.Timedelta) -> Pair:
        cut = df[time].sort_values().iloc[round(len(df) * (1 - share))]
        return change(df, time, share, gap, cut)

    return answer


def _at(df: pd.DataFrame, time: str, cut: Any, gap: pd.Timedelta) -> Pair:
    return df[(df[time] < cut) & (df[time] + gap <= cut)], df[df[time] >= cut]


def _shuffled(df: pd.DataFrame, time: str, share: float, gap: Any, cut: Any) -> Pair:
    mixed = df.sample(frac=1, random_state=0)
    n = round(len(df) * (1 - share))
    return mixed.iloc[:n], mixed.iloc[n:]


def _is_random(case: Case, value: Any) -> bool:
    """Both sides reach over most of the time, and no row is lost."""
    train, test = value
    df, time = case.args[0], case.args[1]
    half = df[time].sort_values().iloc[len(df) // 2]
    both = len(train) + len(test) >= 0.7 * len(df)
    mixed = all((s[time] < half).any() and (s[time] > half).any() for s in (train, test))
    return bool(both and mixed)


def _in_file_order(df: pd.DataFrame, time: str, share: float, gap: Any, cut: Any) -> Pair:
    n = round(len(df) * (1 - share))
    return df.iloc[:n], df.iloc[n:]


def _cut_on_both(df: pd.DataFrame, time: str, share: float, gap: pd.Timedelta, cut: Any) -> Pair:
    return df[df[time] + gap <= cut], df[df[time] >= cut]


def _is_cut_in_a_tie(case: Case, value: Any) -> bool:
    """The last moment of the training side is the first one of the test side, no row is twice."""
    (train, test), (df, time) = value, case.args[:2]
    return bool(train[time].max() == test[time].min() and len(train) + len(test) <= len(df))


def _cut_in_a_tie(df: pd.DataFrame, time: str, share: float, gap: pd.Timedelta, cut: Any) -> Pair:
    rows = df.sort_values(time, kind="stable")
    n = round(len(df) * (1 - share))
    train, test = rows.iloc[:n], rows.iloc[n:]
    return train[train[time] + gap <= test[time].min()], test


SPLIT_BY_TIME = Exercise(
    "split_by_time",
    "(df, time, share, gap)",
    "The past trains, the future tests",
    difficulty=2,
    minutes=10,
    parts=(
        Part("the cut", 2, _plain, _reference, _two_tables()),
        Part("the gap before it", 1, _gapped, _reference, _two_tables()),
    ),
    pitfalls=(
        Pitfall(
            "one moment on both sides",
            "The rows were counted off, so rows of one and the same moment ended up on both sides. "
            "They share their weather and their delays. Compare times with the time of the cut.",
            _wrong(_cut_in_a_tie),
            _is_cut_in_a_tie,
        ),
        Pitfall(
            "rows at the cut on both sides",
            "Without a gap, time + gap ≤ cut holds at the cut as well, so its rows are trained on "
            "and tested on. Train asks for both: time < cut, and time + gap ≤ cut.",
            _wrong(_cut_on_both),
        ),
        Pitfall(
            "the cut is read from the unsorted column",
            "The cut is the time at that position of the *sorted* times. The rows of this table "
            "stand in no order.",
            lambda df, time, share, gap: _at(
                df, time, df[time].iloc[round(len(df) * (1 - share))], gap
            ),
        ),
        Pitfall(
            "in the order of the file",
            "The rows of this table do not stand in the order of time. Compare times, or sort "
            "first.",
            _wrong(_in_file_order),
        ),
        Pitfall(
            "a random split",
            "Training rows come from after the test rows: the model has seen the days that it is "
            "asked about. The test rows must be the latest ones.",
            _wrong(_shuffled),
            _is_random,
        ),
        Pitfall(
            "a share of the time, not of the rows",
            "You cut the span from the first to the last moment. Busy hours hold more rows than "
            "quiet ones: the share is meant in rows.",
            lambda df, time, share, gap: _at(
                df, time, df[time].min() + (df[time].max() - df[time].min()) * (1 - share), gap
            ),
        ),
        Pitfall(
            "the share is trained on",
            "share is the part that tests. You trained on it and tested on the rest.",
            lambda df, time, share, gap: _at(
                df, time, df[time].sort_values().iloc[round(len(df) * share)], gap
            ),
        ),
        Pitfall(
            "ties go to the training side",
            "Rows at the very moment of the cut belong to the test side here: the statement says "
            "so.",
            _wrong(
                lambda df, time, share, gap, cut: (df[df[time] + gap <= cut], df[df[time] > cut])
            ),
        ),
        Pitfall(
            "the sides are swapped",
            "The pair is (train, test), the past first.",
            _wrong(lambda df, time, share, gap, cut: _at(df, time, cut, gap)[::-1]),
        ),
        Pitfall(
            "the gap is forgotten",
            "Outcomes of the last rows before the cut are not known at the cut. Leave out training "
            "rows that are closer to it than the gap.",
            _wrong(lambda df, time, share, gap, cut: _at(df, time, cut, pd.Timedelta(0))),
        ),
        Pitfall(
            "the gap is cut out of the test side",
            "The test rows nearest to the cut are those that one predicts first. What is not known "
            "yet are the outcomes of training rows just before it.",
            _wrong(
                lambda df, time, share, gap, cut: (df[df[time] < cut], df[df[time] >= cut + gap])
            ),
        ),
        Pitfall(
            "a row exactly at the gap's edge is lost",
            "A row whose outcome is known exactly at the cut may be trained on: time + gap ≤ cut.",
            _wrong(
                lambda df, time, share, gap, cut: (df[df[time] + gap < cut], df[df[time] >= cut])
            ),
        ),
    ),
    hints=(
        "Find one moment, the cut. Then every row is decided by comparing its time with that "
        "moment; nothing is counted off.",
        "The cut is the time at position round(n·(1 − share)) of the sorted times. Test: time ≥ "
        "cut.",
        "Train: time < cut and time + gap ≤ cut. Two masks, no sorting of the table.",
    ),
)
