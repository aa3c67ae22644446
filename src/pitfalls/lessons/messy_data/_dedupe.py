"""The same thing written down twice: dedupe."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall

from ._draw import once, table
from ._tables import frame

__all__ = ["DEDUPE"]

_ROWS = 16

# --- what is drawn ---------------------------------------------------------------------------


def _tests(rng: np.random.Generator) -> pd.DataFrame:
    """Real tests of people with a full name, one row each, and one person tested on two days."""
    log = table("covid_testing")
    log = log[log["fake_first_name"].notna() & (log["result"] != "invalid")]
    drawn = log.iloc[rng.choice(len(log), _ROWS, replace=False)]
    name = (drawn["fake_first_name"] + " " + drawn["fake_last_name"]).str.title()
    frame_ = pd.DataFrame(
        {
            "name": name.astype(object),
            "day": drawn["pan_day"],
            "test": drawn["test_id"].astype(object),
            "result": drawn["result"].astype(object),
            "ct": drawn["ct_result"],
            "entered": np.round(24.0 * drawn["pan_day"] + drawn["rec_ver_tat"].abs(), 1),
        }
    )
    frame_ = frame_.drop_duplicates(["name", "day", "test"])
    again = frame_.iloc[:2].assign(day=frame_["day"].iloc[:2] + 3)
    other = frame_.iloc[2:4].assign(
        test=["xcvd1" if kind == "covid" else "covid" for kind in frame_["test"].iloc[2:4]]
    )
    extra = pd.concat([again, other])
    return pd.concat([frame_, extra.assign(entered=extra["entered"] + 80)], ignore_index=True)


def _shuffled(frame_: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    frame_ = frame_.iloc[rng.permutation(len(frame_))]
    return frame_.set_axis(np.sort(rng.choice(9_000, len(frame_), replace=False)))


@once
def _exact(rng: np.random.Generator) -> list[Case]:
    """Four rows entered twice and one three times, word for word."""
    log = _tests(rng)
    copies = log.iloc[[4, 5, 6, 7, 7]]
    frame_ = _shuffled(pd.concat([log, copies]), rng)
    return [Case(frame_, label="rows that repeat word for word")]


def _retyped(name: str, rng: np.random.Generator) -> str:
    first, last = name.split(" ", 1)
    forms = (f" {name}", f"{first}  {last}", name.upper(), name.lower(), f"{name} ")
    return forms[int(rng.integers(len(forms)))]


@once
def _near(rng: np.random.Generator) -> list[Case]:
    """Corrections: the name typed in another way, entered later or earlier, with gaps or not."""
    log = _tests(rng)
    log.loc[log.index[[12, 13]], "name"] = ["Anna Lena Frost", "Annalena Frost"]  # two people
    log.loc[log.index[13], ["day", "test"]] = log.loc[log.index[12], ["day", "test"]]
    changed = log.iloc[4:12].copy()
    retyped = [_retyped(name, rng) for name in changed["name"]]
    blanks = changed["name"].iloc[1].replace(" ", "  ")  # inside, where strip leaves them
    changed["name"] = [changed["name"].iloc[0], blanks, *retyped[2:]]  # one spelled as before
    step = np.round(rng.uniform(2, 30, len(changed)), 1)
    step[:3] *= -1  # three of them are older than what they repeat
    step[6:] = 0  # two were entered in the same minute
    changed["entered"] = np.round(changed["entered"] + step, 1)
    flip = changed["result"].map({"negative": "positive", "positive": "negative"})
    changed["result"] = flip.where(np.arange(len(changed)) % 2 == 0, changed["result"])
    changed.iloc[[0, 3, 6], changed.columns.get_loc("ct")] = np.nan
    changed.iloc[[3], changed.columns.get_loc("result")] = None  # newer, and with gaps
    log.loc[log.index[[5, 11]], "ct"] = np.nan
    log.loc[log.index[[4, 6, 7]], "ct"] = 33.0
    third = changed.iloc[[4, 5]].copy()
    third["entered"] = np.round(third["entered"] - 1, 1)
    third["name"] = third["name"].str.swapcase()
    frame_ = _shuffled(pd.concat([log, changed, third]), rng)
    tied = frame_["name"].str.strip().str.lower().str.split().str.join(" ")
    last = tied.isin([log["name"].iloc[i].lower() for i in (10, 11)])
    if frame_.index[last].size:  # the fuller of two rows of one minute comes second
        part = frame_[last]
        order = part.isna().sum(axis=1).sort_values(ascending=False, kind="stable").index
        frame_.loc[last] = part.loc[order].to_numpy()
    return [Case(frame_.astype({"day": "int64"}), label="rows entered again")]


@once
def _nameless(rng: np.random.Generator) -> list[Case]:
    """People without a name: two alike are not known to be one."""
    log = _tests(rng)
    nobody = log.iloc[[4, 5, 6]].assign(name=None)
    twin = nobody.iloc[[0, 1]].copy()
    twin["entered"] = twin["entered"] + 5
    word_for_word = nobody.iloc[[2]]
    twice = log.iloc[[8]].assign(name=log["name"].iloc[8].upper(), entered=9_000.0)
    frame_ = _shuffled(pd.concat([log, nobody, twin, word_for_word, twice]), rng)
    return [Case(frame_, label="people without a name")]


# --- reference -------------------------------------------------------------------------------


def _key(row: Any, parts: tuple[str, ...] = ("name", "day", "test"), spelling: bool = True) -> Any:
    values = []
    for part in parts:
        value = getattr(row, part)
        if part == "name":
            if pd.isna(value):
                return None
            value = re.sub(r"\s+", " ", value).strip().lower() if spelling else value
        values.append("" if pd.isna(value) else value)
    return tuple(values)


def _best(group: list[Any]) -> Any:
    return max(group, key=lambda row: (row.entered, -sum(map(pd.isna, row)), -row.place))


def _kept(
    df: pd.DataFrame,
    choose: Callable[[list[Any]], Any] = _best,
    parts: tuple[str, ...] = ("name", "day", "test"),
    spelling: bool = True,
) -> pd.DataFrame:
    """One row of each group, by going through the rows."""
    groups: dict[Any, list[Any]] = {}
    for row in df.assign(place=range(len(df))).itertuples(index=False):
        key = _key(row, parts, spelling)
        groups.setdefault(row.place if key is None else key, []).append(row)
    chosen = [choose(group) for group in groups.values()]
    return df.iloc[sorted(row.place for row in chosen if row is not None)]


# --- wrong ways ------------------------------------------------------------------------------


def _with(**changes: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda df: _kept(df, **changes)


def _fullest(group: list[Any]) -> Any:
    return max(group, key=lambda row: (-sum(map(pd.isna, row)), row.entered, -row.place))


def _nan_is_a_key(df: pd.DataFrame) -> pd.DataFrame:
    named = _kept(df.assign(name=df["name"].fillna("?")))
    return df.loc[named.index]


def _spelled_alike(df: pd.DataFrame) -> pd.DataFrame:
    kept = _kept(df)
    names = kept["name"].map(lambda n: n if pd.isna(n) else " ".join(n.split()).lower())
    return kept.assign(name=names)


def _stripped(df: pd.DataFrame) -> pd.DataFrame:
    tidy = df.assign(name=df["name"].str.strip().str.lower())
    return df.loc[_kept(tidy, spelling=False).index]


def _run_together(df: pd.DataFrame) -> pd.DataFrame:
    joined = df.assign(name=df["name"].str.replace(r"\s", "", regex=True).str.lower())
    return df.loc[_kept(joined, spelling=False).index]


def _case_only(df: pd.DataFrame) -> pd.DataFrame:
    lower = df.assign(name=df["name"].str.lower())
    return df.loc[_kept(lower, spelling=False).index]


def _first_filled(df: pd.DataFrame) -> pd.DataFrame:
    """The newest row with its gaps filled from its older copies."""
    out = _kept(df).copy()
    for i, row in zip(out.index, out.itertuples(index=False), strict=True):
        older = [r for r in df.itertuples(index=False) if _key(r) == _key(row) is not None]
        for column in ("result", "ct"):
            values = [getattr(r, column) for r in older if not pd.isna(getattr(r, column))]
            if pd.isna(getattr(row, column)) and values:
                out.loc[i, column] = values[0]
    return out


DEDUPE = Exercise(
    "dedupe",
    "(df)",
    "Entered twice",
    difficulty=3,
    minutes=18,
    parts=(
        Part("rows that repeat word for word", 1, _exact, _kept, frame()),
        Part("rows entered again: which one stays", 1, _near, _kept, frame()),
        Part("people without a name", 1, _nameless, _kept, frame()),
    ),
    pitfalls=(
        Pitfall(
            "every copy is dropped",
            "Of a row that stands there twice nothing is left: with `keep=False` all copies go. "
            "One must stay.",
            _with(choose=lambda group: group[0] if len(group) == 1 else None),
        ),
        Pitfall(
            "the index is lost",
            "The rows are numbered anew, so nobody can say which row of the source was kept.",
            lambda df: _kept(df).reset_index(drop=True),
        ),
        Pitfall(
            "one row a person",
            "Somebody tested on two days was tested twice: these are two facts. The key is person, "
            "day and kind of test.",
            _with(parts=("name",)),
        ),
        Pitfall(
            "the day is not in the key",
            "Two tests of the same kind on different days are two tests. Put the day into the key.",
            _with(parts=("name", "test")),
        ),
        Pitfall(
            "sorted on the way",
            "The right rows, in another order: a sort was needed to choose, but the caller's order "
            "has to come back (the index knows it).",
            lambda df: _kept(df).sort_values("entered", ascending=False, kind="stable"),
        ),
        Pitfall(
            "only what repeats word for word",
            "A name typed with another case or a second blank makes the same test look like a new "
            "one. Compare names without case and surplus blanks.",
            _with(parts=("name", "day", "test", "result", "ct", "entered"), spelling=False),
        ),
        Pitfall(
            "names compared letter by letter",
            "The key is right, its spelling is not: “ANYA STARK” and “Anya  Stark” are one name. "
            "Compare names without case and surplus blanks.",
            _with(spelling=False),
        ),
        Pitfall(
            "blanks inside a name are left",
            "strip takes the blanks at the ends. Two between words are surplus, too: "
            "' '.join(name.split()) does both.",
            _stripped,
        ),
        Pitfall(
            "names are run together",
            "Without any blank Anna Lena and Annalena are one person, and a test of one of them "
            "is gone. Only *surplus* blanks mean nothing: one has to stay between two words.",
            _run_together,
        ),
        Pitfall(
            "the kind of test is not in the key",
            "A person can take two kinds of test on one day: these are two facts. Put the kind "
            "into the key.",
            _with(parts=("name", "day")),
        ),
        Pitfall(
            "the result belongs to the key",
            "Where a correction changed the result, both rows stay, and the test counts with both. "
            "The key says which thing is meant, not what was found.",
            _with(parts=("name", "day", "test", "result")),
        ),
        Pitfall(
            "the earliest entry stays",
            "What was entered later is the correction. The newest entry stays.",
            _with(choose=lambda group: min(group, key=lambda row: (row.entered, row.place))),
        ),
        Pitfall(
            "the first row stays",
            "The first in the table may be the one that was corrected later. The newest entry "
            "stays.",
            _with(choose=lambda group: group[0]),
        ),
        Pitfall(
            "the last row stays",
            "Last in the table is not last in time. Look at `entered`.",
            _with(choose=lambda group: group[-1]),
        ),
        Pitfall(
            "the fullest row stays",
            "A later entry overrides an earlier one even where it has more gaps: someone took the "
            "value back. Fewer gaps decide only between entries of the same time.",
            _with(choose=_fullest),
        ),
        Pitfall(
            "ties are settled by position",
            "Two entries of the same time: the one with fewer gaps stays, whichever comes first.",
            _with(choose=lambda group: max(group, key=lambda row: (row.entered, -row.place))),
        ),
        Pitfall(
            "a row put together from several",
            "You filled gaps of the newest entry from older ones: a row that nobody ever entered. "
            "Keep a row as it is.",
            _first_filled,
        ),
        Pitfall(
            "the kept rows are rewritten",
            "The tidy spelling is for comparing only; the row that stays keeps what it says.",
            _spelled_alike,
        ),
        Pitfall(
            "people without a name are lost",
            "Grouping by a column with gaps drops the rows with gaps. A test without a name is "
            "still a test.",
            lambda df: _kept(df).dropna(subset=["name"]),
        ),
        Pitfall(
            "two unknown people taken for one",
            "Two missing names are not the same name. What has no name has no duplicate, even "
            "where the rest agrees.",
            _nan_is_a_key,
        ),
    ),
    hints=(
        "First decide what makes two rows *the same thing*, then which of them you believe, then "
        "how the order comes back. Three separate steps.",
        "A helper column: the name in lower case with `' '.join(name.split())`. Sort by `entered` "
        "(newest first), then by number of gaps, with a stable sort.",
        "ranked.duplicated(['key', 'day', 'test']) marks what goes; rows without a name are never "
        "marked. Then `df.loc[~marked]` with the mark in the order of df.index.",
    ),
)
