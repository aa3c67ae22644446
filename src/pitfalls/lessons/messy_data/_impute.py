"""Gaps filled from the training rows, and remembered: impute_with_indicator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import MissingIndicator, SimpleImputer

from pitfalls.checks import Case, Exercise, Part, Pitfall

from ._draw import flights_with_planes, once, rows, table
from ._tables import both

__all__ = ["IMPUTE_WITH_INDICATOR"]

Pair = tuple[pd.DataFrame, pd.DataFrame]
Fill = Callable[[pd.DataFrame, pd.DataFrame, str], tuple[float, float]]

# --- what is drawn ---------------------------------------------------------------------------


def _planes(rng: np.random.Generator) -> Case:
    """Old planes to train on, new ones to test on: their medians differ."""
    flights = flights_with_planes()[["carrier", "distance", "plane_year", "seats"]]
    old = flights[(flights["plane_year"] < 2003) & (flights["seats"] < 180)]
    new = flights[(flights["plane_year"] > 2004) & (flights["seats"] > 140)]
    gaps = flights[flights["plane_year"].isna()]
    train = pd.concat([rows(old, 15, rng), rows(gaps, 5, rng)])
    test = pd.concat([rows(new, 9, rng), rows(gaps, 3, rng)])
    shuffled = (rows(part, len(part), rng) for part in (train, test))
    return Case(*shuffled, ["plane_year", "seats"], label="age and seats of planes")


def _weather(rng: np.random.Generator) -> Case:
    """Winter to train on, summer to test on; wind_dir has gaps too, but is not asked for."""
    weather = table("flights", "weather")
    kept = weather[["origin", "month", "wind_dir", "humid", "pressure"]]
    parts = []
    for season, n in ((kept["month"] <= 2, 15), (kept["month"].between(6, 8), 9)):
        usual = rows(kept[season], n, rng)
        blank = rows(kept[season & kept["pressure"].isna()], n // 3, rng)
        calm = rows(kept[season & kept["wind_dir"].isna()], 2, rng)
        part = pd.concat([usual, blank, calm])
        parts.append(part[~part.index.duplicated()])
    train, test = parts
    return Case(train, test, ["pressure"], label="pressure by the hour")


@once
def _for_train(rng: np.random.Generator) -> list[Case]:
    return [_planes(rng)]


@once
def _for_test(rng: np.random.Generator) -> list[Case]:
    return [_weather(rng)]


@once
def _awkward(rng: np.random.Generator) -> list[Case]:
    """Columns with gaps in the test rows only, and one without a single value to learn from."""
    flights = flights_with_planes()[["distance", "plane_year", "seats", "speed"]]
    whole = flights[flights["plane_year"].notna()]
    slow, fast = whole[whole["speed"].isna()], whole[whole["speed"].notna()]
    holes = flights[flights["plane_year"].isna()]
    train = rows(slow, 14, rng)
    test = pd.concat([rows(slow, 4, rng), rows(fast, 3, rng), rows(holes, 3, rng)])
    test = rows(test, len(test), rng)
    cols = ["plane_year", "speed"]
    return [Case(train, test, cols, label="gaps in the test rows only; a column all gaps")]


# --- reference -------------------------------------------------------------------------------


def _by_scikit_learn(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    names = list(cols)
    filler = SimpleImputer(strategy="median", keep_empty_features=True).fit(train[names])
    marker = MissingIndicator(features="all").fit(train[names])
    out = []
    for part in [train, test]:
        done = part.copy()
        done[names] = filler.transform(part[names])
        marks = marker.transform(part[names]).astype(int)
        done[[f"{name}_missing" for name in names]] = marks
        out.append(done)
    return out[0], out[1]


# --- wrong ways ------------------------------------------------------------------------------


def _median(values: pd.Series) -> float:
    return 0.0 if values.isna().all() else float(values.median())


def _with(
    values: Fill = lambda train, test, col: (_median(train[col]), _median(train[col])),
    mark: Callable[[pd.Series, pd.DataFrame, str], Any] | None = lambda part, train, col: (
        part.isna().astype(int)
    ),
    extra: Callable[[pd.DataFrame], Sequence[str]] = lambda train: (),
    then: Callable[[pd.DataFrame], pd.DataFrame] = lambda part: part,
) -> Callable[..., Pair]:
    """Median and indicator with one thing done in another way; a mark of None adds no column."""

    def answer(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
        names = list(cols) + [name for name in extra(train) if name not in cols]
        fills = {name: values(train, test, name) for name in names}
        out = []
        for i, part in enumerate((train, test)):
            done = part.copy()
            for name in names:
                flag = mark(part[name], train, name) if mark else None
                if flag is not None:
                    done[f"{name}_missing"] = flag
                done[name] = part[name].fillna(fills[name][i])
            out.append(then(done))
        return out[0], out[1]

    return answer


def _on_all(train: pd.DataFrame, test: pd.DataFrame, col: str) -> tuple[float, float]:
    pooled = _median(pd.concat([train[col], test[col]]))
    return pooled, pooled


def _mean(values: pd.Series) -> float:
    return 0.0 if values.isna().all() else float(values.mean())


def _nan_if_empty(train: pd.DataFrame, test: pd.DataFrame, col: str) -> tuple[float, float]:
    value = float(train[col].median())
    return value, value


def _only_where_train_has_gaps(part: pd.Series, train: pd.DataFrame, col: str) -> Any:
    return part.isna().astype(int) if train[col].isna().any() else None


def _only_where_part_has_gaps(part: pd.Series, train: pd.DataFrame, col: str) -> Any:
    return part.isna().astype(int) if part.isna().any() else None


def _rows_dropped(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    kept = [part.dropna(subset=list(cols)) for part in (train, test)]
    marks = {f"{name}_missing": 0 for name in cols}
    return kept[0].assign(**marks), kept[1].assign(**marks)


IMPUTE_WITH_INDICATOR = Exercise(
    "impute_with_indicator",
    "(train, test, cols)",
    "Fill the gap, keep the fact",
    difficulty=2,
    minutes=12,
    parts=(
        Part("the training rows", 1, _for_train, _by_scikit_learn, both(only="train")),
        Part("the test rows", 2, _for_test, _by_scikit_learn, both(only="test")),
        Part("no gap to learn from, no value to learn from", 1, _awkward, _by_scikit_learn, both()),
    ),
    pitfalls=(
        Pitfall(
            "the median of all rows",
            "The test rows took part in the median that fills the training rows: on the day the "
            "model is built, they have not been seen. Learn from `train` alone.",
            _with(_on_all),
        ),
        Pitfall(
            "each table by its own median",
            "The test rows are filled from the test rows. A single served row has no median, and "
            "the same plane would get another age in each table. Use the training median in both.",
            _with(lambda train, test, col: (_median(train[col]), _median(test[col]))),
        ),
        Pitfall(
            "the indicator is lost",
            "After filling, nobody can tell a measured value from an invented one, and on the "
            "flights the gap itself says something. Add a column `<name>_missing` for each.",
            _with(mark=None),
        ),
        Pitfall(
            "the indicator looks after the filling",
            "The indicator is zero everywhere: it was taken when the gaps were already filled. "
            "Ask what is missing first.",
            _with(mark=lambda part, train, col: 0),
        ),
        Pitfall(
            "the indicator is turned round",
            "1 must stand where a value is missing; yours stands where it is there.",
            _with(mark=lambda part, train, col: part.notna().astype(int)),
        ),
        Pitfall(
            "mean for median",
            "The mean follows the extreme values, and messy columns have them. Asked for is the "
            "median.",
            _with(lambda train, test, col: (_mean(train[col]), _mean(train[col]))),
        ),
        Pitfall(
            "filled with zero",
            "A plane built in the year 0 lies two thousand years from any other. Fill with a "
            "value that occurs: the training median.",
            _with(lambda train, test, col: (0.0, 0.0)),
        ),
        Pitfall(
            "the value of the row before",
            "Filling forward borrows from whatever row happens to stand above. That makes sense "
            "for readings of one sensor in order of time, not for a table of flights.",
            lambda train, test, cols: tuple(
                part.assign(
                    **{f"{name}_missing": part[name].isna().astype(int) for name in cols},
                    **{name: part[name].ffill().bfill() for name in cols},
                )
                for part in (train, test)
            ),
        ),
        Pitfall(
            "rows with gaps are dropped",
            "Each of these rows is a flight that somebody wants a prediction for. Keep them all.",
            _rows_dropped,
        ),
        Pitfall(
            "columns that nobody named",
            "Only the columns in `cols` are to be filled and marked. Others may mean something "
            "else by a gap: no wind, no direction.",
            _with(
                extra=lambda train: [
                    name for name in train.select_dtypes("number") if train[name].isna().any()
                ]
            ),
        ),
        Pitfall(
            "the index is lost",
            "The rows are numbered anew, so they no longer line up with their labels.",
            _with(then=lambda part: part.reset_index(drop=True)),
        ),
        Pitfall(
            "an indicator only where the training rows have gaps",
            "The first gap in a column may come when the model is in use. Give every column of "
            "`cols` its indicator, even one that is zero in all training rows.",
            _with(mark=_only_where_train_has_gaps),
        ),
        Pitfall(
            "train and test end up with different columns",
            "An indicator was added where that table has gaps. A model fitted on one set of "
            "columns cannot read another: both tables need all indicators.",
            _with(mark=_only_where_part_has_gaps),
        ),
        Pitfall(
            "a column without a value stays empty",
            "The median of nothing is NaN, and filling with NaN fills nothing. Where the training "
            "rows have no value at all, fill with 0; the indicator says the rest.",
            _with(_nan_if_empty),
        ),
    ),
    hints=(
        "Two questions with two answers: which value goes into the gap (from whom do you learn "
        "it?), and how will a model know later that there was one?",
        "`median = train[col].median()` once, outside any look at `test`; then the same two lines "
        "for a copy of each table: the indicator first, then `fillna(median)`.",
        "If `train[col]` has no value at all, its median is NaN: use 0 instead. The indicator "
        "column is added for every name in cols, in both tables.",
    ),
)
