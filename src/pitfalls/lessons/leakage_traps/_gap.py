"""The leaky and the honest score, side by side: estimate_gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, show

from ._draw import hotel, pick, two_sides

__all__ = ["ESTIMATE_GAP"]

_FEATURES = ["lead_time", "adults", "children", "total_of_special_requests", "historical_adr"]


def _draw(rng: np.random.Generator) -> list[Case]:
    """Stays with the number of their arrival day; every idea of the cut gives another score."""
    while True:
        rows = pick(hotel(), 400, rng)
        when = (rows["arrival_date"] - rows["arrival_date"].min()).dt.days
        table = rows[_FEATURES].assign(
            month=rows["arrival_date"].dt.month,
            room=rows["reserved_room_type"].astype("category").cat.codes.astype(int),
            price=rows["avg_price_per_room"],
            when=when,
            fold=rng.permutation(np.arange(400) % 4),
        )
        order = np.sort(when.to_numpy())
        if order[300] != order[299]:
            continue
        mixed = table.iloc[rng.permutation(400)].reset_index(drop=True)
        scores = np.sort([_r2(mixed, test) for test in _ideas_of_the_latest(mixed)])
        if np.diff(scores).min() > 0.005:
            return [Case(mixed, label="400 stays in no order, several a day")]


def _fit(df: pd.DataFrame, test: Any, drop: tuple[str, ...] = ("price", "when", "fold")) -> Any:
    X = df.drop(columns=list(drop))
    tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
    return tree.fit(X[~test], df["price"][~test]), X


def _r2(df: pd.DataFrame, test: Any, **options: Any) -> float:
    tree, X = _fit(df, test, **options)
    return float(r2_score(df["price"][test], tree.predict(X[test])))


def _latest(df: pd.DataFrame) -> pd.Series:
    """Rows of which at least three quarters of the table come no later, by the rank of ties."""
    return df["when"].rank(method="max") > 0.75 * len(df)


def _reference(df: pd.DataFrame) -> tuple[float, float]:
    return _r2(df, df["fold"] == 0), _r2(df, _latest(df))


def _only(i: int) -> Comparison:
    inner = close(rtol=1e-3, atol=1e-3)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        sides = two_sides(list(got) if isinstance(got, np.ndarray) else got)
        if sides is None:
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a pair of numbers, (leaky, honest)."
            return Mismatch("type", says, show(got), "two numbers")
        found = inner(sides[i], wanted[i])
        name = ("leaky", "honest")[i]
        return found and Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)

    return compare


def _both(score: Callable[[pd.DataFrame, Any], float]) -> Callable[[pd.DataFrame], Any]:
    return lambda df: (score(df, df["fold"] == 0), score(df, _latest(df)))


def _squared_correlation(df: pd.DataFrame, test: Any) -> float:
    tree, X = _fit(df, test)
    return float(np.corrcoef(df["price"][test], tree.predict(X[test]))[0, 1] ** 2)


def _squared_error(df: pd.DataFrame, test: Any) -> float:
    tree, X = _fit(df, test)
    return float(((df["price"][test] - tree.predict(X[test])) ** 2).mean())


def _on_training_rows(df: pd.DataFrame, test: Any) -> float:
    tree, X = _fit(df, test)
    return float(tree.score(X[~test], df["price"][~test]))


def _cut(days: pd.Series) -> Any:
    return np.sort(days.to_numpy())[round(0.75 * len(days))]


def _middle(days: pd.Series) -> float:
    """Three quarters of the way from the first day to the last."""
    return float(0.25 * days.min() + 0.75 * days.max())


def _last_rows(df: pd.DataFrame) -> Any:
    return np.arange(len(df)) >= 0.75 * len(df)


def _in_a_day(df: pd.DataFrame) -> Any:
    order = np.argsort(df["when"].to_numpy(), kind="stable")
    return np.isin(np.arange(len(df)), order[round(0.75 * len(df)) :])


def _ideas_of_the_latest(df: pd.DataFrame) -> list[Any]:
    """The right test rows, and those that the pitfalls take."""
    when = df["when"]
    cuts = (_cut(when.drop_duplicates()), _middle(when))
    return [_latest(df), when > _cut(when), _in_a_day(df), *(when >= cut for cut in cuts)]


ESTIMATE_GAP = Exercise(
    "estimate_gap",
    "(df)",
    "The leaky and the honest score, side by side",
    difficulty=2,
    minutes=10,
    parts=(
        Part("the random split", 1, _draw, _reference, _only(0)),
        Part("the split in time", 2, _draw, _reference, _only(1)),
    ),
    pitfalls=(
        Pitfall(
            "the two are swapped",
            "The pair is (leaky, honest): the random split first, the split in time second.",
            lambda df: _reference(df)[::-1],
        ),
        Pitfall(
            "both scores are random",
            "The second split is random as well, so both figures are flattering. The honest test "
            "rows are the latest ones.",
            lambda df: (_r2(df, df["fold"] == 0), _r2(df, df["fold"] == 3)),
        ),
        Pitfall(
            "the last rows, not the latest",
            "The rows of this table stand in no order: the last quarter of the rows is as random "
            "as any. Look at `when`.",
            lambda df: (_r2(df, df["fold"] == 0), _r2(df, _last_rows(df))),
        ),
        Pitfall(
            "a day on both sides",
            "A day was cut in two, since the rows were counted off. Rows of one day belong on one "
            "side: compare days with the day of the cut.",
            lambda df: (_r2(df, df["fold"] == 0), _r2(df, _in_a_day(df))),
        ),
        Pitfall(
            "the day of the cut is trained on",
            "Test rows are those at or after the cut; you began after it. when ≥ cut tests, when < "
            "cut trains.",
            lambda df: (_r2(df, df["fold"] == 0), _r2(df, df["when"] > _cut(df["when"]))),
        ),
        Pitfall(
            "a share of the days, not of the rows",
            "You took three quarters of the different days. Some days hold more rows than others: "
            "the position is one among the sorted days of all rows, repeats included.",
            lambda df: (
                _r2(df, df["fold"] == 0),
                _r2(df, df["when"] >= _cut(df["when"].drop_duplicates())),
            ),
        ),
        Pitfall(
            "a share of the time, not of the rows",
            "You cut the span from the first day to the last. Busy months hold more rows than "
            "quiet ones: three quarters are meant in rows.",
            lambda df: (
                _r2(df, df["fold"] == 0),
                _r2(df, df["when"] >= _middle(df["when"])),
            ),
        ),
        Pitfall(
            "the earliest quarter is tested",
            "You trained on the future and tested on the past. The test rows are the latest ones.",
            lambda df: (_r2(df, df["fold"] == 0), _r2(df, df["when"] <= df["when"].quantile(0.25))),
        ),
        Pitfall(
            "trained on the fold",
            "Fold 0 is the test side; the other three are trained on.",
            lambda df: (_r2(df, df["fold"] != 0), _r2(df, _latest(df))),
        ),
        Pitfall(
            "scored on the training rows",
            "The score was taken on rows that the tree was fitted to. Predict the test rows.",
            _both(_on_training_rows),
        ),
        Pitfall(
            "the price is a feature",
            "The target itself stood among the features. Nothing is left to predict: drop it.",
            _both(lambda df, test: _r2(df, test, drop=("when", "fold"))),
        ),
        Pitfall(
            "time and fold are features",
            "The columns that make the splits are no features here: drop `when` and `fold` as well "
            "as the price.",
            _both(lambda df, test: _r2(df, test, drop=("price",))),
        ),
        Pitfall(
            "squared correlation",
            "The squared correlation forgives a wrong level and a wrong scale, which is what goes "
            "wrong over time. R² is 1 − squared error ÷ variance.",
            _both(_squared_correlation),
        ),
        Pitfall(
            "squared error instead of R²",
            "Asked for is R², which has no unit: 1 − squared error ÷ variance of the test rows.",
            _both(_squared_error),
        ),
    ),
    hints=(
        "Twice the same model, the same columns, the same score: only the test rows differ.",
        "Write score(df, test) with a mask of the test rows; call it with fold == 0 and with the "
        "latest rows.",
        "cut = the day at position round(0.75·n) of the sorted days; test = when ≥ cut. r2_score("
        "price of the test rows, prediction).",
    ),
)
