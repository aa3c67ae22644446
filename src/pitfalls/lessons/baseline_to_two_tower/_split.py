"""Cut a log at a day: split_by_time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, show, table

__all__ = ["SPLIT_BY_TIME"]

Frame = Any
_NAMES = ("train", "test")


# --- what is drawn ---------------------------------------------------------------------------


def _log(rng: np.random.Generator, later: int, label: str) -> Case:
    """A shuffled log whose window begins on day 40; `later` days of it come after the window."""
    days = int(rng.integers(7, 15))
    start = pd.Timestamp("2017-01-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
    last = 40 + days - 1 + later
    edges = [39, 40, 40, 40 + days - 1] + ([40 + days] * 2 if later else [])
    offsets = np.r_[edges, rng.integers(0, last + 1, 110)]
    offsets = offsets[(offsets < 34) | (offsets >= 39)]  # no sale in the week before
    households = rng.integers(1, 16, len(offsets))
    products = rng.integers(1, 13, len(offsets))
    fresh = np.array([[900, 41, 3], [901, 42, 5], [1, 5, 2], [1, 41, 2], [2, 6, 4], [2, 43, 4]])
    rows = np.vstack([np.column_stack([households, offsets, products]), fresh])
    rows = rng.permutation(rows)
    events = pd.DataFrame(
        {
            "day": start + pd.to_timedelta(rows[:, 1], unit="D"),
            "household_id": rows[:, 0],
            "product_id": rows[:, 2],
            "sales_value": rng.integers(50, 900, len(rows)) / 100,
        }
    )
    first = (start + pd.Timedelta(days=40)).strftime("%Y-%m-%d")
    return Case(events, first, days, label=label)


def _to_the_end(rng: np.random.Generator) -> list[Case]:
    return [_log(rng, 0, "the window reaches to the end of the log")]


def _further_rows(rng: np.random.Generator) -> list[Case]:
    return [_log(rng, 12, "the log goes on after the window")]


# --- the reference ---------------------------------------------------------------------------


def _by_whole_days(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
    """Number the days from the first day of the test on."""
    number = (events["day"] - pd.Timestamp(test_start)).dt.days
    return events[number.lt(0)], events[number.isin(range(days))]


def _two_tables() -> Comparison:
    same = table(row_order=False)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if not isinstance(got, tuple | list) or len(got) != 2:
            says = "The result is not a pair (train, test) of data frames."
            return Mismatch("type", says, show(got), "(train, test)")
        for name, a, b in zip(_NAMES, got, wanted, strict=True):
            found = same(a, b)
            if found is not None:
                return Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)
        return None

    return compare


# --- wrong ways ------------------------------------------------------------------------------


def _masks(
    train: Callable[[Any, int], Any], test: Callable[[Any, int], Any]
) -> Callable[[Frame, str, int], tuple[Frame, Frame]]:
    """Two conditions on the number of days since the start of the test."""

    def answer(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
        number = (events["day"] - pd.Timestamp(test_start)).dt.days
        return events[train(number, days)], events[test(number, days)]

    return answer


def _after(change: Callable[[Frame, Frame], tuple[Frame, Frame]]) -> Callable[..., Any]:
    def answer(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
        return change(*_by_whole_days(events, test_start, days))

    return answer


def _without_repeats(train: Frame, test: Frame) -> tuple[Frame, Frame]:
    pair = ["household_id", "product_id"]
    known = pd.MultiIndex.from_frame(train[pair])
    return train, test[~pd.MultiIndex.from_frame(test[pair]).isin(known)]


def _share(events: Frame, test_start: str) -> int:
    return int((events["day"] >= test_start).sum())


def _random(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
    test = events.sample(_share(events, test_start), random_state=0)
    return events.drop(test.index), test


def _last_of_each_household(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
    latest_first = events.sort_values("day", kind="stable").groupby("household_id")
    test = latest_first.tail(2)
    return events.drop(test.index), test


def _last_fifth(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
    ordered = events.sort_values("day", kind="stable")
    cut = int(0.8 * len(ordered))
    return ordered.iloc[:cut], ordered.iloc[cut:]


def _last_rows(events: Frame, test_start: str, days: int) -> tuple[Frame, Frame]:
    cut = len(events) - _share(events, test_start)
    return events.iloc[:cut], events.iloc[cut:]


# --- how they show ---------------------------------------------------------------------------


def _sides(case: Case, value: Any) -> tuple[Frame, Frame]:
    train, test = value
    if not len(train) or not len(test):
        raise ValueError("an empty side")
    return train, test


def _rows_as_they_came(case: Case, value: Any) -> bool:
    events = case.args[0]
    train, test = _sides(case, value)
    both = pd.concat([train, test], ignore_index=True)
    return bool(both.equals(events.reset_index(drop=True)))


def _cut_at_another_row(case: Case, value: Any) -> bool:
    events = case.args[0]
    train, test = _sides(case, value)
    in_order = train["day"].max() <= test["day"].min()
    return bool(in_order and len(train) + len(test) == len(events) and len(train) != _early(case))


def _early(case: Case) -> int:
    events, first, _ = case.args
    return int((events["day"] < first).sum())


def _each_household_in_order(case: Case, value: Any) -> bool:
    train, test = _sides(case, value)
    last = train.groupby("household_id")["day"].max()
    first = test.groupby("household_id")["day"].min()
    both = last.index.intersection(first.index)
    mixed = train["day"].max() > test["day"].min()
    return bool(mixed and len(both) > 3 and (last[both] <= first[both]).all())


def _mixed_in_time(case: Case, value: Any) -> bool:
    first = case.args[1]
    train, test = _sides(case, value)
    return bool((train["day"] >= first).any() and (test["day"] < first).any())


SPLIT_BY_TIME = Exercise(
    "split_by_time",
    "(events, test_start, days)",
    "Cut the log at a day",
    difficulty=1,
    minutes=6,
    parts=(
        Part("before and from that day on", 2, _to_the_end, _by_whole_days, _two_tables()),
        Part("the window has an end", 1, _further_rows, _by_whole_days, _two_tables()),
    ),
    pitfalls=(
        Pitfall(
            "the first test day stands in train",
            "The comparison let `test_start` itself into the training rows. That day belongs to "
            "the test: nothing of it may be known.",
            _masks(lambda number, days: number <= 0, lambda number, days: number.between(1, days)),
        ),
        Pitfall(
            "that day is on both sides",
            "One comparison includes `test_start`, and so does the other: its rows are learned "
            "and then asked for.",
            _masks(
                lambda number, days: number <= 0, lambda number, days: number.between(0, days - 1)
            ),
        ),
        Pitfall(
            "that day is on neither side",
            "Both comparisons leave `test_start` out. It is the first day of the test.",
            _masks(
                lambda number, days: number < 0, lambda number, days: number.between(1, days - 1)
            ),
        ),
        Pitfall(
            "train and test are swapped",
            "What came first is handed back second. The past is for learning.",
            _after(lambda train, test: (test, train)),
        ),
        Pitfall(
            "households without a past are left out",
            "Households whose first purchase lies in the window have vanished from the test. They "
            "are the cold starts: leave them in, and decide later how to report them.",
            _after(
                lambda train, test: (
                    train,
                    test[test["household_id"].isin(set(train["household_id"]))],
                )
            ),
        ),
        Pitfall(
            "repeats are left out",
            "You removed what the household had bought before. Whether repeats count is a decision "
            "of the evaluation, and this notebook makes it both ways: the split keeps all rows.",
            _after(_without_repeats),
        ),
        Pitfall(
            "a day too many",
            "The window of `days` days starts with `test_start` itself, so the day "
            "`test_start` + `days` is the first one outside.",
            _masks(lambda number, days: number < 0, lambda number, days: number.between(0, days)),
        ),
        Pitfall(
            "the window has no end",
            "Every later row went into the test. A test over a longer time is another test: cut "
            "the window off after `days` days.",
            _masks(lambda number, days: number < 0, lambda number, days: number >= 0),
        ),
        Pitfall(
            "what comes after the window is learned",
            "Train holds all that is not in the window, and so the future of the test as well. "
            "What comes later belongs to neither.",
            _masks(
                lambda number, days: ~number.between(0, days - 1),
                lambda number, days: number.between(0, days - 1),
            ),
        ),
        Pitfall(
            "rows taken as they lie",
            "The rows are in no order, so the last ones are not the latest ones. Compare the days.",
            _last_rows,
            _rows_as_they_came,
        ),
        Pitfall(
            "a share of the rows in place of a day",
            "You sorted and cut after a share of the rows. The cut is asked for at a day, and a "
            "count of rows can fall in the middle of one.",
            _last_fifth,
            _cut_at_another_row,
        ),
        Pitfall(
            "the last rows of each household",
            "Each household is cut at a time of its own, so what some bought in December is "
            "learned while others are asked about May. Trends and seasons leak: one day for all.",
            _last_of_each_household,
            _each_household_in_order,
        ),
        Pitfall(
            "a random split",
            "Rows of the same day lie on both sides, and so the model learns from the future what "
            "it is asked about the past. Nobody can do that in service: cut by time.",
            _random,
            _mixed_in_time,
        ),
    ),
    hints=(
        "Which rows would you have had in your hands on the morning of `test_start`?",
        "Two conditions on `events['day']`. The window is closed on the left and open on the "
        "right; its end is `pd.Timestamp(test_start) + pd.Timedelta(days=days)`.",
        "train: day < start. test: start <= day < end. Rows from `end` on go nowhere.",
    ),
)
