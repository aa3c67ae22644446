"""Rows that stand on both sides, exactly or nearly: duplicates_across_split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall, unordered

from ._draw import hotel, pick

__all__ = ["DUPLICATES_ACROSS_SPLIT"]

_COLUMNS = ["lead_time", "adults", "country", "agent", "avg_price_per_room", "historical_adr"]
Match = Callable[[pd.DataFrame, pd.DataFrame], Any]


def _sides(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stays that differ clearly from one another, with gaps, under labels that overlap."""
    rows = pick(hotel()[_COLUMNS].drop_duplicates(["lead_time", "agent"]), 26, rng)
    rows["avg_price_per_room"] = 60.0 + 3.0 * rng.permutation(26)
    rows["historical_adr"] = rows["historical_adr"].round(2)
    rows["country"] = rows["country"].astype(object)
    rows.loc[[3, 15, 20], "country"] = None
    rows.loc[[5, 15, 22], "historical_adr"] = np.nan
    train, test = rows.iloc[:16].copy(), rows.iloc[16:].copy()
    return train, test.set_axis(rng.permutation(16)[:10], axis=0)


def _exact(rng: np.random.Generator) -> list[Case]:
    """Twins, one with gaps; a pair within test; one that differs in its last column only."""
    train, test = _sides(rng)
    chosen = train.loc[[2, 3, 5, 15]]
    twins = pd.concat([chosen, chosen.iloc[:1]])  # one stay has two twins of itself in test
    almost = train.loc[[7]].assign(historical_adr=train.loc[7, "historical_adr"] + 9.0)
    within = test.iloc[[4]]
    test = _together(rng, [test, twins, almost, within])
    train = pd.concat([train, train.loc[[2]]])  # and two in train
    return [Case(train, test[test.columns[::-1]], label="exact twins, some with missing cells")]


def _near(rng: np.random.Generator) -> list[Case]:
    """Other case and spaces, a cent up or down; and rows that are near in all but one column."""
    train, test = _sides(rng)
    pairs = train.loc[[0, 1, 4, 6, 8, 9]].copy()
    pairs.loc[0, "agent"] = f" {pairs.loc[0, 'agent'].upper()}"
    pairs.loc[1, "agent"] = pairs.loc[1, "agent"].title() + "  "
    pairs.loc[[4, 6], "avg_price_per_room"] += [0.006, -0.006]
    pairs.loc[[8], "avg_price_per_room"] += 0.5  # too far in one column
    pairs.loc[[9], "agent"] = "nobody"
    train.loc[4, "avg_price_per_room"] = np.floor(train.loc[4, "avg_price_per_room"]) + 0.002
    pairs.loc[4, "avg_price_per_room"] = train.loc[4, "avg_price_per_room"] + 0.006
    train["agent"] = train["agent"].astype(object)
    train.loc[[12, 13], "agent"] = ["Blue Sky Travel", "Sun Lines"]
    words = train.loc[[12, 13]].assign(agent=["blue  sky travel", "Sunlines"])
    unknown = train.loc[[10, 11]].copy()  # a cell is missing on one side only
    unknown.loc[10, "country"] = None
    unknown.loc[11, "historical_adr"] = np.nan
    blanks = train.loc[[3]].assign(avg_price_per_room=train.loc[3, "avg_price_per_room"] + 0.004)
    test = _together(rng, [test, pairs, words, unknown, blanks])
    return [Case(train, test, label="other case and spaces, prices a little apart, gaps")]


def _together(rng: np.random.Generator, pieces: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(pieces)
    return table.iloc[rng.permutation(len(table))].set_axis(
        rng.permutation(np.arange(3, 3 + len(table))), axis=0
    )


def _cell(a: Any, b: Any) -> bool:
    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    if isinstance(a, str):
        return " ".join(a.lower().split()) == " ".join(b.lower().split())
    return bool(abs(a - b) <= 0.01)


def _pair_by_pair(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    """Every test row against every training row, cell by cell."""
    known = train.to_dict("records")
    return [
        label
        for label, row in zip(test.index, test.to_dict("records"), strict=True)
        if any(all(_cell(row[name], other[name]) for name in row) for other in known)
    ]


def _wrong(same: Callable[[Any, Any], bool], every: Any = all) -> Callable[..., list[Any]]:
    """Pair by pair with another idea of equal cells, or of equal rows."""

    def answer(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
        known = train.to_dict("records")
        return [
            label
            for label, row in zip(test.index, test.to_dict("records"), strict=True)
            if any(every(same(row[name], other[name]) for name in row) for other in known)
        ]

    return answer


def _missing_differs(a: Any, b: Any) -> bool:
    return not (pd.isna(a) or pd.isna(b)) and _cell(a, b)


def _missing_agrees(a: Any, b: Any) -> bool:
    return bool(pd.isna(a) or pd.isna(b)) or _cell(a, b)


def _without_spaces(a: Any, b: Any) -> bool:
    both = isinstance(a, str) and isinstance(b, str)
    return _cell(*("".join(text.split()) for text in (a, b))) if both else _cell(a, b)


def _stripped(a: Any, b: Any) -> bool:
    both = isinstance(a, str) and isinstance(b, str)
    return bool(a.strip().lower() == b.strip().lower()) if both else _cell(a, b)


def _exactly(a: Any, b: Any) -> bool:
    return bool((pd.isna(a) and pd.isna(b)) or a == b)


def _text_as_it_is(a: Any, b: Any) -> bool:
    return bool(a == b) if isinstance(a, str) and isinstance(b, str) else _cell(a, b)


def _rounded(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or pd.isna(a) or pd.isna(b):
        return _cell(a, b)
    return bool(round(a, 2) == round(b, 2))


def _within_test(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    both = pd.concat([train, test], keys=[0, 1])
    words = both.select_dtypes(exclude="number").columns
    for name in words:
        both[name] = [x if pd.isna(x) else " ".join(x.lower().split()) for x in both[name]]
    found: list[Any] = _pair_by_pair(train, test)
    copies = both.loc[1]
    return [
        label
        for label, twice in zip(test.index, copies.duplicated(keep=False), strict=True)
        if twice or label in found
    ]


def _once_each(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    """One entry for every pair that a merge finds."""
    known = train.to_dict("records")
    return [
        label
        for label, row in zip(test.index, test.to_dict("records"), strict=True)
        for other in known
        if all(_cell(row[name], other[name]) for name in row)
    ]


def _training_rows(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    return _pair_by_pair(test[train.columns], train)


def _by_label(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    return [label for label in test.index if label in set(train.index)]


def _positions(train: pd.DataFrame, test: pd.DataFrame) -> list[Any]:
    found = set(_pair_by_pair(train, test))
    return [i for i, label in enumerate(test.index) if label in found]


DUPLICATES_ACROSS_SPLIT = Exercise(
    "duplicates_across_split",
    "(train, test)",
    "The same row on both sides",
    difficulty=3,
    minutes=15,
    parts=(
        Part("exact twins", 2, _exact, _pair_by_pair, unordered()),
        Part("near twins", 2, _near, _pair_by_pair, unordered()),
    ),
    pitfalls=(
        Pitfall(
            "missing never equals missing",
            "Two cells that are both missing count as equal here; == says they differ. So twins "
            "with gaps slipped through.",
            _wrong(_missing_differs),
        ),
        Pitfall(
            "missing equals anything",
            "A missing cell was taken to agree with whatever stands on the other side. Two cells "
            "are equal if both are missing; one alone says that the rows differ.",
            _wrong(_missing_agrees),
        ),
        Pitfall(
            "exact twins only",
            "Rows that differ in case, in spaces or by a cent are the same stay, typed in twice. "
            "Compare text without case and spaces, numbers up to 0.01.",
            _wrong(_exactly),
        ),
        Pitfall(
            "text as it is typed",
            "Numbers may be a cent apart in your comparison, but text must agree to the letter. "
            "Bring text into one form on both sides first.",
            _wrong(_text_as_it_is),
        ),
        Pitfall(
            "spaces inside are left",
            "strip takes the spaces at the ends. Two in a row inside the text count as one here: "
            "' '.join(text.split()) does both.",
            _wrong(_stripped),
        ),
        Pitfall(
            "all spaces are dropped",
            "Without any spaces, 'Sun Lines' and 'Sunlines' are the same. Spaces in a row count as "
            "one, not as none.",
            _wrong(_without_spaces),
        ),
        Pitfall(
            "rounded, then compared",
            "Rounding puts 1.004 and 1.006 on different sides of a border though they are 0.002 "
            "apart. Compare the distance with 0.01.",
            _wrong(_rounded),
        ),
        Pitfall(
            "near in one column is enough",
            "Two stays with the same number of adults are no twins. A twin agrees in every column.",
            _wrong(_cell, any),
        ),
        Pitfall(
            "twins within the test side",
            "Two equal test rows are not a leak: the model saw neither. Only rows with a twin in "
            "train count.",
            _within_test,
        ),
        Pitfall(
            "one entry for every pair",
            "A merge gives one line for each pair, so a row with two twins is listed twice. List "
            "each test row once.",
            _once_each,
        ),
        Pitfall(
            "the training rows are named",
            "Asked for are the labels of the test rows: those are scored too well.",
            _training_rows,
        ),
        Pitfall(
            "labels compared, not rows",
            "An equal label in the two indexes says nothing: each table may number its rows anew. "
            "Compare what the rows hold.",
            _by_label,
        ),
        Pitfall(
            "positions instead of labels",
            "Asked for are the labels in the index of test, not the positions of the rows.",
            _positions,
        ),
    ),
    hints=(
        "When are two cells equal? Write that down for text, for numbers, and for missing ones. "
        "Then: when are two rows?",
        "The tables are small: compare every test row with every training row. Watch the order of "
        "the columns: go by name.",
        "same(a, b): both missing; or text equal after ' '.join(t.lower().split()); or |a − b| ≤ "
        "0.01. A test row counts when all its columns are the same as those of some training row.",
    ),
)
