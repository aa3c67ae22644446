"""Levels too rare to learn from: group_rare."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall
from pitfalls.data import load

from ._draw import once, rows, table
from ._tables import both

__all__ = ["GROUP_RARE"]

Pair = tuple[pd.DataFrame, pd.DataFrame]
RARE = "(rare)"

# --- what is drawn ---------------------------------------------------------------------------


@functools.cache
def _flights() -> pd.DataFrame:
    """Those of the first two months: each of the 30 greatest airports has hundreds."""
    flights = load("flights", columns=["month", "carrier", "dest", "distance"])
    return flights[flights.pop("month") <= 2]


@once
def _airports(rng: np.random.Generator) -> list[Case]:
    """Real destinations; one level exactly at the limit, one below that the test rows lift."""
    flights = _flights()
    limit = int(rng.choice([3, 7, 8]))
    names = rng.permutation(flights["dest"].value_counts().index[:30].to_numpy())

    def some(name: str, n: int) -> pd.DataFrame:
        return rows(flights[flights["dest"] == name], n, rng)

    counts = [limit + 9, limit + 6, limit + 4, limit + 1, limit, limit - 1, limit - 1, 1, 1]
    parts = [some(name, n) for name, n in zip(names, counts, strict=False)]
    test = [some(names[0], 3), some(names[5], limit + 2), some(names[7], 2), some(names[4], 2)]
    test += [some(names[11], limit + 1), some(names[12], 1), some(names[3], 1)]
    train, after = pd.concat(parts), pd.concat(test)
    train = rows(train, len(train), rng)
    after = after[~after.index.isin(train.index)]
    return [Case(train, rows(after, len(after), rng), "dest", limit, label="destinations")]


@once
def _countries(rng: np.random.Generator) -> list[Case]:
    """Countries of hotel guests with gaps, as text and as categories."""
    hotel = table("hotel_rates")[["country", "adults", "lead_time"]]
    usual = hotel[hotel["country"].isin(["prt", "gbr", "esp"])]
    seldom = hotel[hotel["country"].isin(hotel["country"].value_counts().index[20:60])]
    gaps = hotel[hotel["country"].isna()]
    cases = []
    for kind, unknown in (("text", 2), ("categories", 6)):
        train = pd.concat([rows(usual, 24, rng), rows(seldom, 6, rng), rows(gaps, unknown, rng)])
        test = pd.concat([rows(usual, 7, rng), rows(seldom, 4, rng), rows(gaps, 2, rng)])
        train, test = rows(train, len(train), rng), rows(test, len(test), rng)
        if kind == "categories":
            levels = pd.CategoricalDtype(sorted(hotel["country"].dropna().unique()))
            train, test = (part.astype({"country": levels}) for part in (train, test))
        cases.append(Case(train, test, "country", 4, label=f"countries as {kind}, with gaps"))
    return cases


# --- reference -------------------------------------------------------------------------------


def _by_counter(train: pd.DataFrame, test: pd.DataFrame, col: str, min_count: int) -> Pair:
    count = Counter(level for level in train[col].tolist() if not pd.isna(level))

    def name(level: Any) -> Any:
        return level if pd.isna(level) or count[level] >= min_count else RARE

    ours, theirs = (
        part.assign(**{col: pd.Series([name(v) for v in part[col]], part.index, dtype=object)})
        for part in (train, test)
    )
    return ours, theirs


# --- wrong ways ------------------------------------------------------------------------------

Keep = Callable[[pd.Series, pd.Series, int], tuple[set[Any], set[Any]]]


def _frequent(values: pd.Series, least: int) -> set[Any]:
    count = Counter(v for v in values if not pd.isna(v))
    return {level for level, n in count.items() if n >= least}


def _with(
    keep: Keep = lambda a, b, least: (_frequent(a, least), _frequent(a, least)),
    gap: Any = None,
    rare: Any = RARE,
) -> Callable[..., Pair]:
    """Levels kept in the training and in the test rows; what stands for a gap and for the rest."""

    def answer(train: pd.DataFrame, test: pd.DataFrame, col: str, min_count: int) -> Pair:
        out = []
        for part, kept in zip((train, test), keep(train[col], test[col], min_count), strict=True):
            new = [gap if pd.isna(v) else v if v in kept else rare for v in part[col]]
            out.append(part.assign(**{col: pd.Series(new, part.index, dtype=object)}))
        return out[0], out[1]

    return answer


def _pooled(a: pd.Series, b: pd.Series, least: int) -> tuple[set[Any], set[Any]]:
    kept = _frequent(pd.concat([a.astype(object), b.astype(object)]), least)
    return kept, kept


def _unseen_kept(a: pd.Series, b: pd.Series, least: int) -> tuple[set[Any], set[Any]]:
    kept = _frequent(a, least)
    return kept, kept | (set(b.dropna()) - set(a.dropna()))


def _test_untouched(a: pd.Series, b: pd.Series, least: int) -> tuple[set[Any], set[Any]]:
    return _frequent(a, least), set(b.dropna())


def _largest(a: pd.Series, b: pd.Series, least: int) -> tuple[set[Any], set[Any]]:
    kept = {level for level, _ in Counter(v for v in a if not pd.isna(v)).most_common(least)}
    return kept, kept


def _unseen_missing(train: pd.DataFrame, test: pd.DataFrame, col: str, min_count: int) -> Pair:
    ours, theirs = _by_counter(train, test, col, min_count)
    unseen = ~test[col].isin(train[col].dropna().unique())
    return ours, theirs.assign(**{col: theirs[col].mask(unseen)})


def _rows_dropped(train: pd.DataFrame, test: pd.DataFrame, col: str, min_count: int) -> Pair:
    ours, theirs = _by_counter(train, test, col, min_count)
    return ours[ours[col] != RARE], theirs[theirs[col] != RARE]


def _gaps_counted(train: pd.DataFrame, test: pd.DataFrame, col: str, min_count: int) -> Pair:
    """Gaps as a level of their own, which is rare like any other."""
    few = int(train[col].isna().sum()) < min_count
    return _with(gap=RARE if few else None)(train, test, col, min_count)


GROUP_RARE = Exercise(
    "group_rare",
    "(train, test, col, min_count)",
    "Levels too rare to learn from",
    difficulty=2,
    minutes=10,
    parts=(
        Part("the training rows", 1, _airports, _by_counter, both(only="train")),
        Part("the test rows", 1, _airports, _by_counter, both(only="test")),
        Part("gaps, text and categories", 1, _countries, _by_counter, both()),
    ),
    pitfalls=(
        Pitfall(
            "counted over all rows",
            "The test rows lifted a level over the limit. Which levels stay is learned, so it is "
            "learned from `train` alone.",
            _with(_pooled),
        ),
        Pitfall(
            "each table by its own counts",
            "A level can be frequent in one table and rare in the other: then the same airport "
            "has two names. The levels that stay are those of `train`, in both tables.",
            _with(lambda a, b, least: (_frequent(a, least), _frequent(b, least))),
        ),
        Pitfall(
            "exactly at the limit counts as rare",
            "`min_count` rows are enough: only what has fewer is rare.",
            _with(lambda a, b, least: (_frequent(a, least + 1),) * 2),
        ),
        Pitfall(
            "the largest few stay",
            "You kept `min_count` levels. It is a number of rows that a level needs, not a number "
            "of levels.",
            _with(_largest),
        ),
        Pitfall(
            "rare rows are dropped",
            "A flight to a small airport is still a flight to predict. Give it another level, not "
            "another fate.",
            _rows_dropped,
        ),
        Pitfall(
            "rare levels become missing",
            "Missing says *not known*; rare says *known, and seldom*. Keep the two apart: the "
            "level is called “(rare)”.",
            _with(rare=None),
        ),
        Pitfall(
            "the test rows keep their rare levels",
            "A model fitted on the grouped levels has never met the others. Group the test rows "
            "the same way.",
            _with(_test_untouched),
        ),
        Pitfall(
            "an unseen level slips through",
            "A level that `train` does not have was seen zero times there, which is less than the "
            "limit: it is rare.",
            _with(_unseen_kept),
        ),
        Pitfall(
            "an unseen level becomes missing",
            "A look-up that knows only the training levels gives NaN for the others. They are "
            "known, and rare: “(rare)”.",
            _unseen_missing,
        ),
        Pitfall(
            "gaps counted among the rare",
            "A missing country is no rare country. What is missing stays missing.",
            _with(gap=RARE),
        ),
        Pitfall(
            "gaps become a level if they are few",
            "You counted the gaps as a level, so few gaps became rare and many did not. What is "
            "missing stays missing, however often.",
            _gaps_counted,
        ),
        Pitfall(
            "gaps become text",
            "The gap now holds a text. Turning a column into text makes “nan” a level of its own.",
            _with(gap="nan"),
        ),
    ),
    hints=(
        "Two sets decide everything: the levels that have enough rows in `train`, and the cells "
        "that are missing. What happens to a cell that is in neither?",
        "`counts = train[col].value_counts()`; `kept = counts.index[counts >= min_count]`. For a "
        "category column go through `astype(object)`: a new name is not among its categories.",
        "values.where(values.isin(kept) | values.isna(), '(rare)') for each table.",
    ),
)
