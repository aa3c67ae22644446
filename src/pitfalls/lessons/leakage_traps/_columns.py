"""Which columns hold what is not known yet: leaky_columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall, unordered

from ._draw import flights, pick

__all__ = ["LEAKY_COLUMNS"]

_AHEAD = pd.Timedelta(hours=3)  # flights are predicted three hours before their departure


def _clock(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
    """Flights that were flown, and the moment at which each is predicted."""
    flown = flights().dropna(subset=["dep_delay", "arr_delay", "air_time"])
    rows = pick(flown, 12, rng)
    at = rows["time_hour"] + pd.to_timedelta(rows["minute"], unit="min") - _AHEAD
    return rows.assign(predicted=at), pd.Series(at.to_numpy(), index=rows.index)


def _lines(rows: pd.DataFrame, column: str, moments: Any) -> pd.DataFrame:
    return pd.DataFrame({"row": rows.index, "column": column, "at": pd.Series(moments).to_numpy()})


def _log(rng: np.random.Generator, pieces: list[pd.DataFrame]) -> pd.DataFrame:
    log = pd.concat(pieces, ignore_index=True)
    return log.iloc[rng.permutation(len(log))].reset_index(drop=True)


def _once(rng: np.random.Generator) -> list[Case]:
    """Cells written once: columns late in one row, in all but one, in most but not the latest."""
    rows, moment = _clock(rng)
    left = moment + _AHEAD + pd.to_timedelta(rows["dep_delay"], unit="min")
    landed = left + pd.to_timedelta(rows["air_time"], unit="min")
    minutes = rng.integers(5, 50, len(rows))
    gate = moment - pd.to_timedelta(minutes, unit="min")
    latest = int(np.argmax(moment.to_numpy()))
    odd, *early = rng.choice(np.delete(np.arange(len(rows)), latest), 4, replace=False)
    gate.iloc[odd] = moment.iloc[odd] + pd.Timedelta(hours=int(rng.integers(20, 30)))
    crew = moment + pd.to_timedelta(minutes, unit="min")
    crew.iloc[odd] = moment.iloc[odd] - pd.Timedelta(hours=30)
    desk = moment + pd.to_timedelta(minutes, unit="min")
    desk.iloc[[latest, *early]] = moment.iloc[[latest, *early]] - pd.Timedelta(days=2)
    weather = moment - pd.Timedelta(minutes=7)
    pieces = [
        _lines(rows, "carrier", moment - pd.Timedelta(days=60)),
        _lines(rows, "distance", moment - pd.Timedelta(days=60)),
        _lines(rows, "wind_speed", weather),
        _lines(rows, "gate", gate),
        _lines(rows, "crew", crew),
        _lines(rows, "desk", desk),
        _lines(rows, "dep_delay", left),
        _lines(rows, "air_time", landed),
    ]
    return [Case(_log(rng, pieces), moment, label="every cell was written once")]


def _overwritten(rng: np.random.Generator) -> list[Case]:
    """Cells that were corrected later, a write at the very moment, and one at an unknown time."""
    rows, moment = _clock(rng)
    early = moment - pd.Timedelta(days=30)
    late = moment + pd.to_timedelta(rng.integers(30, 400, len(rows)), unit="min")
    some = np.sort(rng.choice(len(rows), 3, replace=False))
    gap = moment - pd.Timedelta(hours=1)
    gap.iloc[int(rng.integers(len(rows)))] = pd.NaT
    strangers = _lines(rows.iloc[:2], "carrier", late.iloc[:2]).assign(row=[901, 902])
    moved = rng.choice(len(rows), 3, replace=False)
    pieces = [
        _lines(rows, "carrier", early),
        strangers,
        _lines(rows, "aircraft", early),
        _lines(rows, "aircraft", moment - pd.Timedelta(hours=2)),
        _lines(rows, "status", early),
        _lines(rows.iloc[some], "status", late.iloc[some]),
        _lines(rows, "terminal", early),
        _lines(rows.iloc[moved], "terminal", late.iloc[moved]),
        _lines(rows, "forecast", moment),
        _lines(rows, "seats_sold", gap),
        _lines(rows, "dep_delay", late),
    ]
    label = "corrections, a write at the very moment, one at an unknown time, rows never predicted"
    log = _log(rng, pieces)
    # corrections above what they corrected in one column, below it in the other
    log = _in_order(_in_order(log, "status", ascending=False), "terminal", ascending=True)
    return [Case(log, moment, label=label)]


def _in_order(log: pd.DataFrame, column: str, ascending: bool) -> pd.DataFrame:
    """The lines of a column trade places until they are in the order of time."""
    order = np.arange(len(log))
    at = order[log["column"] == column]
    order[at] = log["at"].iloc[at].sort_values(ascending=ascending, kind="stable").index
    return log.iloc[order].reset_index(drop=True)


def _by_comparison(df: pd.DataFrame, prediction_time: pd.Series) -> list[str]:
    """Line by line: a write after the moment, or at no known time, makes its column leak."""
    moments = prediction_time.to_dict()
    guilty = set()
    for row, column, at in df.itertuples(index=False):
        if row in moments and not at <= moments[row]:
            guilty.add(column)
    return sorted(guilty)


def _wrong(rule: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame, pd.Series], list[str]]:
    """`rule` gets the lines of predicted rows, with `moment`; it gives the columns that leak."""

    def answer(df: pd.DataFrame, prediction_time: pd.Series) -> list[str]:
        lines = df.assign(moment=df["row"].map(prediction_time)).dropna(subset="moment")
        return sorted(rule(lines))

    return answer


def _late(lines: pd.DataFrame) -> pd.Series:
    return ~(lines["at"] <= lines["moment"])


def _some(lines: pd.DataFrame, late: pd.Series) -> Any:
    return set(lines["column"][late])


def _first_write(lines: pd.DataFrame) -> Any:
    first = lines.sort_values("at", kind="stable").drop_duplicates(["row", "column"])
    return _some(first, _late(first))


def _last_line(lines: pd.DataFrame) -> Any:
    last = lines.drop_duplicates(["row", "column"], keep="last")
    return _some(last, _late(last))


def _on_average(lines: pd.DataFrame) -> Any:
    ahead = (lines["at"] - lines["moment"]).dt.total_seconds().groupby(lines["column"]).mean()
    return ahead.index[ahead > 0]


def _mostly(lines: pd.DataFrame) -> Any:
    share = _late(lines).groupby(lines["column"]).mean()
    return share.index[share > 0.5]


def _always(lines: pd.DataFrame) -> Any:
    share = _late(lines).groupby(lines["column"]).mean()
    return share.index[share == 1]


LEAKY_COLUMNS = Exercise(
    "leaky_columns",
    "(df, prediction_time)",
    "Which columns hold the future?",
    difficulty=2,
    minutes=10,
    parts=(
        Part("cells written once", 2, _once, _by_comparison, unordered()),
        Part("cells corrected later", 2, _overwritten, _by_comparison, unordered()),
    ),
    pitfalls=(
        Pitfall(
            "late on average",
            "A column that is early in most rows and late in a few still hands the model the "
            "future of those few. One late row is enough.",
            _wrong(_on_average),
        ),
        Pitfall(
            "late in most rows",
            "You let a column pass that is late in less than half of its lines. The model will "
            "find those rows: one late row is enough.",
            _wrong(_mostly),
        ),
        Pitfall(
            "late in every row",
            "You named a column only when all of its lines are late. One late row is enough.",
            _wrong(_always),
        ),
        Pitfall(
            "the first write counts",
            "The table keeps the last value of a cell, not the first. When was that one written?",
            _wrong(_first_write),
        ),
        Pitfall(
            "the last line counts, not the last write",
            "The log stands in any order: the last line of a cell need not be its last write. "
            "Compare the times of all lines.",
            _wrong(_last_line),
        ),
        Pitfall(
            "one moment for all rows",
            "Each row has a prediction time of its own. Compare a line with the moment of its row, "
            "not with the latest one of the table.",
            _wrong(lambda lines: _some(lines, ~(lines["at"] <= lines["moment"].max()))),
        ),
        Pitfall(
            "the earliest moment for all rows",
            "Each row has a prediction time of its own. Against the earliest one of the table, "
            "what a later row knew in time looks late.",
            _wrong(lambda lines: _some(lines, ~(lines["at"] <= lines["moment"].min()))),
        ),
        Pitfall(
            "a name for every late line",
            "These are the right lines of the log, each with the name of its column. A column that "
            "leaks in many rows is still one column: name it once.",
            _wrong(lambda lines: lines["column"][_late(lines)]),
        ),
        Pitfall(
            "the very moment is too late",
            "What is written at the moment of the prediction is known then: the statement counts "
            "it as known. Only later writes leak.",
            _wrong(lambda lines: _some(lines, ~(lines["at"] < lines["moment"]))),
        ),
        Pitfall(
            "an unknown time passes",
            "A comparison with a missing time is False, so the line slipped through. Nobody can "
            "vouch for it: an unknown time counts as too late.",
            _wrong(lambda lines: _some(lines, lines["at"] > lines["moment"])),
        ),
        Pitfall(
            "rows that are not predicted",
            "Lines of rows without a prediction time were counted. There is no moment to compare "
            "them with, and no prediction that they could spoil: leave them out.",
            lambda df, prediction_time: sorted(
                set(df["column"][~(df["at"] <= df["row"].map(prediction_time))])
            ),
        ),
        Pitfall(
            "the honest columns are named",
            "These are the columns that one may use. Asked for are those that leak.",
            _wrong(lambda lines: set(lines["column"]) - set(_some(lines, _late(lines)))),
        ),
    ),
    hints=(
        "For one line of the log: which moment do you compare its time with, and where do you find "
        "that moment?",
        "df['row'].map(prediction_time) puts the moment of its row beside each line. It is missing "
        "for rows that are not predicted.",
        "A line is too late when its time is not ≤ its moment; written that way, a missing time is "
        "too late, too. Name the columns of these lines, each once.",
    ),
)
