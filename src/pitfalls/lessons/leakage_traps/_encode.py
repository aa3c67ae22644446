"""A category as the mean of the target: target_encode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, show

from ._draw import flights, pick, two_sides

__all__ = ["TARGET_ENCODE"]

Floats = np.ndarray[Any, Any]
_WEIGHT = 5
_EMPTY = "empty"


def _draw(rng: np.random.Generator) -> list[Case]:
    """Planes, some missing, some seen in one fold or on one side only; folds of unequal size."""
    rows = pick(flights(), 150, rng)[["tailnum", "dest"]].astype(object)
    names = rng.permutation([f"N{i}" for i in range(100, 118)])
    many = rng.choice(14, 150, p=np.arange(14, 0, -1) / 105)
    rows["tailnum"] = names[many]
    rows.loc[rng.choice(150, 12, replace=False), "tailnum"] = None
    rate = 0.15 + 0.6 * (many % 3 == 0)
    rows["y"] = (rng.random(150) < rate).astype(int)
    rows["fold"] = rng.choice(4, 150, p=[0.4, 0.3, 0.2, 0.1])
    train, test = rows.iloc[:110].copy(), rows.iloc[110:].copy()
    one = train.index[train["tailnum"] == names[13]]
    train.loc[one, "tailnum"] = names[0]
    train.loc[train.index[5], ["tailnum", "fold"]] = [names[14], 1]  # seen in one fold only
    test.iloc[2, 0], test.iloc[7, 0] = names[15], names[16]  # not in train
    train = train.iloc[rng.permutation(110)]
    return [Case(train, test, "tailnum", label="missing, unseen and rare planes")]


def _mean(rows: list[tuple[Any, int]], value: Any) -> float:
    """The smoothed mean of one level, counted row by row; rows are pairs of level and target."""
    prior = sum(y for _, y in rows) / len(rows)
    same = [y for v, y in rows if v == value]
    return float((sum(same) + _WEIGHT * prior) / (len(same) + _WEIGHT))


def _levels(rows: pd.DataFrame, col: str) -> pd.DataFrame:
    return rows.assign(level=[("", 1) if pd.isna(v) else (v, 0) for v in rows[col]])


def _reference(train: pd.DataFrame, test: pd.DataFrame, col: str) -> tuple[Floats, Floats]:
    """Row by row from the definition."""
    train, test = _levels(train, col), _levels(test, col)
    known = [*zip(train["level"], train["y"], strict=True)]
    left = []
    for value, fold in zip(train["level"], train["fold"], strict=True):
        others = [row for row, f in zip(known, train["fold"], strict=True) if f != fold]
        left.append(_mean(others, value))
    return np.array(left), np.array([_mean(known, value) for value in test["level"]])


def _only(i: int) -> Comparison:
    inner = close(rtol=1e-6, atol=1e-6)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        sides = two_sides(got)
        if sides is None:
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a pair, the encoded train and test."
            return Mismatch("type", says, show(got), "a pair of arrays")
        value = sides[i].to_numpy() if isinstance(sides[i], pd.Series) else sides[i]
        found = inner(value, wanted[i])
        name = ("train", "test")[i]
        return found and Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)

    return compare


Fit = Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame], Floats]


def _values(
    fit: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    weight: float = _WEIGHT,
    prior: float | None = None,
    unseen: float | str | None = None,
    missing: bool = True,
) -> Floats:
    """Smoothed means of `fit`, looked up for `rows`."""
    middle = float(fit["y"].mean()) if prior is None else prior
    stats = fit[fit["level"] != ("", 1)] if not missing else fit
    found = stats.groupby("level")["y"].agg(["sum", "count"])
    rate = (found["sum"] + weight * middle) / (found["count"] + weight)
    codes = rows["level"].map(rate.to_dict())
    codes = codes.astype(float)
    if unseen != _EMPTY:
        codes = codes.fillna(middle if unseen is None else unseen)
    return np.asarray(codes)


def _wrong(
    left: Callable[[pd.DataFrame, pd.DataFrame], Floats] | None = None,
    right: Callable[[pd.DataFrame, pd.DataFrame], Floats] | None = None,
    **options: Any,
) -> Callable[[pd.DataFrame, pd.DataFrame, str], tuple[Floats, Floats]]:
    """The right answer but for one side or for an option of the encoding."""

    def answer(train: pd.DataFrame, test: pd.DataFrame, col: str) -> tuple[Floats, Floats]:
        a, b = _levels(train, col), _levels(test, col)
        one = left(a, b) if left else _by_folds(a, **options)
        return one, (right(a, b) if right else _values(a, b, **options))

    return answer


def _by_folds(train: pd.DataFrame, same: bool = False, **options: Any) -> Floats:
    codes = np.empty(len(train))
    for fold in train["fold"].unique():
        held = (train["fold"] == fold).to_numpy()
        codes[held] = _values(train[held if same else ~held], train[held], **options)
    return codes


def _from_all_rows(case: Case, value: Any) -> bool:
    train, test, col = case.args
    sides = [_levels(side, col) for side in (train, test)]
    codes = [_values(pd.concat(sides), side) for side in sides]
    return all(
        np.allclose(np.asarray(a, dtype=float), b) for a, b in zip(value, codes, strict=True)
    )


def _left_out(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
    n, total = len(train), train["y"].sum()
    by = train.groupby("level")["y"]
    prior = (total - train["y"]) / (n - 1)
    sums, counts = by.transform("sum") - train["y"], by.transform("count") - 1
    return np.asarray((sums + _WEIGHT * prior) / (counts + _WEIGHT))


def _fold_after_fold(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
    """The right codes, but in the order in which the folds were gone through."""
    return _by_folds(train)[np.argsort(train["fold"].to_numpy(), kind="stable")]


def _over_folds(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
    codes = [_values(train[train["fold"] != fold], test) for fold in sorted(train["fold"].unique())]
    mean: Floats = np.mean(codes, axis=0)
    return mean


TARGET_ENCODE = Exercise(
    "target_encode",
    "(train, test, col)",
    "A category as a rate, out of fold",
    difficulty=3,
    minutes=18,
    parts=(
        Part("the test rows", 2, _draw, _reference, _only(1)),
        Part("the training rows, out of fold", 3, _draw, _reference, _only(0)),
    ),
    pitfalls=(
        Pitfall(
            "in fold",
            "Each training row's own target is part of its code, and for a rare level nearly all "
            "of it. Encode the rows of a fold with the rows of the other folds.",
            _wrong(left=lambda a, b: _values(a, a)),
        ),
        Pitfall(
            "the own fold instead of the others",
            "You encoded each fold with its own rows: then the own target is an even larger part "
            "of the code. Use all rows of the other folds.",
            _wrong(left=lambda a, b: _by_folds(a, same=True)),
        ),
        Pitfall(
            "leave one out",
            "Without its own row, the code of a positive is lower than that of a negative of the "
            "same level: the target is readable in the difference. Leave out the whole fold.",
            _wrong(left=_left_out),
        ),
        Pitfall(
            "test and train from all rows",
            "One rate per level from train and test together puts every row's own target into its "
            "code. Training rows: from the other folds. Test rows: from train.",
            _wrong(
                lambda a, b: _values(pd.concat([a, b]), a),
                lambda a, b: _values(pd.concat([a, b]), b),
            ),
            lambda case, value: _from_all_rows(case, value),
        ),
        Pitfall(
            "the test targets are used",
            "Rates were taken from train and test together. The targets of the test rows are what "
            "you are to predict.",
            _wrong(right=lambda a, b: _values(pd.concat([a, b]), b)),
        ),
        Pitfall(
            "the prior of all training rows",
            "The overall rate that rare levels are pulled to was taken over all training rows, the "
            "own fold included. A small leak, but a leak: take it from the same rows as the sums.",
            _wrong(left=lambda a, b: _by_folds(a, prior=float(a["y"].mean()))),
        ),
        Pitfall(
            "codes in the order of the folds",
            "The codes of one fold stand after those of another, so most rows get the code of a "
            "stranger. Write each fold's codes to the places of its rows.",
            _wrong(left=_fold_after_fold),
        ),
        Pitfall(
            "test rows averaged over the folds",
            "The test rows were encoded several times and averaged. They were never in train: use "
            "all training rows at once.",
            _wrong(right=_over_folds),
        ),
        Pitfall(
            "not smoothed",
            "A level that was seen once gets the code 0 or 1. Pull small levels to the overall "
            "rate with the weight that the statement gives.",
            _wrong(weight=0),
        ),
        Pitfall(
            "unseen levels become 0",
            "Zero says: never late. Nothing is known of an unseen level, and the smoothed mean of "
            "no rows is the overall rate.",
            _wrong(unseen=0.0),
        ),
        Pitfall(
            "unseen levels stay empty",
            "A level without rows got no number. The formula with sum 0 and count 0 gives the "
            "overall rate.",
            _wrong(unseen=_EMPTY),
        ),
        Pitfall(
            "missing is not a level",
            "groupby leaves missing values out, so they got the overall rate. Here missing is a "
            "level of its own; a cancelled flight often has no plane.",
            _wrong(missing=False),
        ),
    ),
    hints=(
        "For one training row: which rows may have a say in its code? And for a test row?",
        "Write rates(fit, values) with sum, count and overall rate of `fit`. Call it once for each "
        "fold with the rows outside it, and once with all of train for test.",
        "groupby(col, dropna=False) keeps missing as a level; or fill it with a word first. "
        "(sum + 5·rate)/(count + 5), and unseen levels get the rate itself.",
    ),
)
