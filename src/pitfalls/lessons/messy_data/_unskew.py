"""A long tail drawn in, with what the training rows say: unskew."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from pitfalls.checks import Case, Exercise, Part, Pitfall
from pitfalls.data import load

from ._draw import once, rows
from ._tables import both

__all__ = ["UNSKEW"]

Floats = np.ndarray[Any, Any]
Pair = tuple[pd.DataFrame, pd.DataFrame]

# --- what is drawn ---------------------------------------------------------------------------


@functools.cache
def _flights() -> pd.DataFrame:
    """Those of July and September, and those of the year that never left."""
    columns = ["month", "carrier", "origin", "dep_delay", "arr_delay", "distance", "air_time"]
    flights = load("flights", columns=columns)
    return flights[flights["month"].isin([7, 9]) | flights["dep_delay"].isna()]


def _delays(rng: np.random.Generator) -> Case:
    """September to train on, July to test on: negative, zero, up to hundreds of minutes."""
    flights = _flights()[["month", "carrier", "dep_delay", "distance", "air_time"]]
    flights = flights[flights["air_time"].notna()]
    calm, rough = flights[flights["month"] == 9], flights[flights["month"] == 7]
    late = rough[rough["dep_delay"] > 60]
    train = rows(calm, 60, rng)
    test = pd.concat([rows(rough, 20, rng), rows(late, 15, rng)])
    test = test[~test.index.duplicated()]
    train, test = train.drop(columns="month"), test.drop(columns="month")
    return Case(train, test, ["dep_delay", "distance"], label="delays of flights")


@once
def _usual(rng: np.random.Generator) -> list[Case]:
    return [_delays(rng)]


@once
def _gaps(rng: np.random.Generator) -> list[Case]:
    """Delays with gaps, cancelled flights among them."""
    flights = _flights()[["month", "origin", "dep_delay", "arr_delay"]]
    gone = flights[flights["dep_delay"].isna()]
    calm, rough = flights[flights["month"] == 9], flights[flights["month"] == 7]
    train = pd.concat([rows(calm, 60, rng), rows(gone, 6, rng)])
    test = pd.concat([rows(rough, 20, rng), rows(gone, 4, rng)])
    train, test = (part[~part.index.duplicated()] for part in (train, test))
    train, test = train.drop(columns="month"), test.drop(columns="month")
    return [Case(train, test, ["dep_delay", "arr_delay"], label="delays with gaps")]


# --- reference -------------------------------------------------------------------------------


def _power(values: Floats, lam: float) -> Floats:
    return np.asarray(stats.yeojohnson(values, lmbda=lam))


def _lambda(values: Floats) -> float:
    """The maximum of SciPy's log-likelihood, searched on an interval."""
    values = values[~np.isnan(values)]
    found = optimize.minimize_scalar(
        lambda lam: -stats.yeojohnson_llf(lam, values),
        bounds=(-4, 4),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


def _by_likelihood(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    done = train.copy(), test.copy()
    for col in cols:
        lam = _lambda(train[col].to_numpy(float))
        reference = _power(train[col].to_numpy(float), lam)
        for part in done:
            powered = _power(part[col].to_numpy(float), lam)
            part[col] = (powered - np.nanmean(reference)) / np.nanstd(reference)
    return done


# --- wrong ways ------------------------------------------------------------------------------

Map = Callable[[Floats, Floats], tuple[Floats, Floats]]


def _each(change: Map) -> Callable[..., Pair]:
    """A map of (train column, test column), applied to each column of cols."""

    def answer(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
        done = train.copy(), test.copy()
        for col in cols:
            both_ = change(train[col].to_numpy(float), test[col].to_numpy(float))
            for part, values in zip(done, both_, strict=True):
                part[col] = values
        return done

    return answer


def _scaled(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    centre, spread = np.nanmean(a), np.nanstd(a)
    return (a - centre) / spread, (b - centre) / spread


def _on_all(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    lam = _lambda(np.r_[a, b])
    a, b = _power(a, lam), _power(b, lam)
    pool = np.r_[a, b]
    centre, spread = np.nanmean(pool), np.nanstd(pool)
    return (a - centre) / spread, (b - centre) / spread


def _each_its_own(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    ours, theirs = (_power(v, _lambda(v)) for v in (a, b))
    return _scaled(ours, ours)[0], _scaled(theirs, theirs)[0]


def _test_scaled_by_itself(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    lam = _lambda(a)
    ours, theirs = _power(a, lam), _power(b, lam)
    return _scaled(ours, ours)[0], _scaled(theirs, theirs)[0]


def _not_scaled(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    lam = _lambda(a)
    return _power(a, lam), _power(b, lam)


def _sample_deviation(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    ours, theirs = _scaled(*_not_scaled(a, b))
    shrink = np.sqrt(1 - 1 / np.isfinite(a).sum())
    return ours * shrink, theirs * shrink


def _scaled_first(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    return _scaled(*_not_scaled(*_scaled(a, b)))


def _signed_logarithm(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    return _scaled(np.sign(a) * np.log1p(np.abs(a)), np.sign(b) * np.log1p(np.abs(b)))


def _logarithm(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    with np.errstate(all="ignore"):
        return _scaled(np.log(a), np.log(b))


def _shifted(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    low = min(np.nanmin(a), np.nanmin(b))
    return _scaled(np.log(a - low + 1), np.log(b - low + 1))


def _filled(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    middle = float(np.nanmedian(a))
    a, b = (np.where(np.isnan(v), middle, v) for v in (a, b))
    lam = _lambda(a)
    return _scaled(_power(a, lam), _power(b, lam))


def _ranks(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    seen = np.sort(a[~np.isnan(a)])

    def normal(values: Floats) -> Floats:
        where = (np.searchsorted(seen, values, "left") + np.searchsorted(seen, values, "right")) / 2
        scores = stats.norm.ppf(np.clip(where / len(seen), 1e-7, 1 - 1e-7))
        return np.where(np.isnan(values), np.nan, scores)

    return normal(a), normal(b)


def _one_for_all(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    first = _lambda(train[cols[0]].to_numpy(float))
    return _each(lambda a, b: _scaled(_power(a, first), _power(b, first)))(train, test, cols)


def _all_columns(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    return _by_likelihood(train, test, list(train.select_dtypes("number").columns))


def _rows_dropped(train: pd.DataFrame, test: pd.DataFrame, cols: Sequence[str]) -> Pair:
    kept = [part.dropna(subset=list(cols)) for part in (train, test)]
    return _by_likelihood(kept[0], kept[1], cols)


def _broken(case: Case, value: Any) -> bool:
    """Whether finite numbers of a named column have become NaN or infinite."""
    for part, got in zip(case.args[:2], value, strict=True):
        for col in case.args[2]:
            was = np.isfinite(part[col].to_numpy(float))
            if not np.isfinite(got[col].to_numpy(float)[was]).all():
                return True
    return False


UNSKEW = Exercise(
    "unskew",
    "(train, test, cols)",
    "Draw the long tail in",
    difficulty=3,
    minutes=15,
    parts=(
        Part(
            "the training rows",
            1,
            _usual,
            _by_likelihood,
            both(only="train", rtol=1e-3, atol=3e-3),
        ),
        Part("the test rows", 1, _usual, _by_likelihood, both(only="test", rtol=1e-3, atol=3e-3)),
        Part("gaps stay gaps", 1, _gaps, _by_likelihood, both(rtol=1e-3, atol=3e-3)),
    ),
    pitfalls=(
        Pitfall(
            "fitted on all rows",
            "λ, mean and deviation come from training and test rows together. The training rows "
            "then depend on rows that nobody has seen yet.",
            _each(_on_all),
        ),
        Pitfall(
            "each table by itself",
            "The test rows have a λ and a scale of their own, so the same delay has two meanings "
            "and a shift between the months is wiped out. One map, from `train`, for both.",
            _each(_each_its_own),
        ),
        Pitfall(
            "the test rows are scaled by themselves",
            "λ is right; mean and deviation of the test rows are those of the test rows. A single "
            "row would become 0/0. Use the training rows' figures.",
            _each(_test_scaled_by_itself),
        ),
        Pitfall(
            "not standardised",
            "The tail is drawn in, but each column keeps a scale of its own, which depends on λ. "
            "Subtract the mean and divide by the deviation, both of the training rows after the "
            "power.",
            _each(_not_scaled),
        ),
        Pitfall(
            "standard deviation with n − 1",
            "Close: the scale is that of the sample standard deviation (pandas' default, ddof=1). "
            "The text asks for the population's, ddof=0, as NumPy and scikit-learn have it.",
            _each(_sample_deviation),
        ),
        Pitfall(
            "standardised before the power",
            "The power bends around zero, so what is subtracted and divided *before* it changes "
            "its shape. Bend the minutes as they came, then standardise.",
            _each(_scaled_first),
        ),
        Pitfall(
            "a logarithm for either sign",
            "sign(x)·log(1 + |x|) is defined everywhere, and it is the same bend for every column. "
            "Yeo and Johnson *learn* how strongly to bend: where does λ come in?",
            _each(_signed_logarithm),
        ),
        Pitfall(
            "scaled, not unskewed",
            "Subtracting and dividing moves and stretches a distribution; its shape stays, and so "
            "does its skewness. Bend it first.",
            _each(_scaled),
        ),
        Pitfall(
            "logarithm of zero",
            "log(0) is minus infinity, and a flight that left early has a negative delay, where "
            "neither log(x) nor log(1 + x) exists below −1. Use a map that is defined on all "
            "numbers.",
            _each(_logarithm),
            _broken,
        ),
        Pitfall(
            "shifted by a minimum of all rows",
            "To make all values positive you took the smallest of *all* rows. The next served row "
            "may be smaller still, and how strongly this bends depends on one extreme row.",
            _each(_shifted),
        ),
        Pitfall(
            "ranks",
            "Ranks give any column the same shape and cannot tell a delay of 300 minutes from the "
            "largest training delay. Here the power of Yeo and Johnson is asked for.",
            _each(_ranks),
        ),
        Pitfall(
            "one λ for all columns",
            "Each column has a tail of its own: find λ for each of them.",
            _one_for_all,
        ),
        Pitfall(
            "columns that nobody named",
            "Only the columns in `cols` are to change. Counts, codes and months are numbers, too, "
            "and keep theirs.",
            _all_columns,
        ),
        Pitfall(
            "gaps are filled",
            "A missing delay belongs to a cancelled flight. Bending is not the place to decide "
            "what to put there: what is missing stays missing.",
            _each(_filled),
        ),
        Pitfall(
            "rows with gaps are dropped",
            "The rows with gaps are gone, and with them every cancelled flight. Leave NaN where it "
            "is.",
            _rows_dropped,
        ),
    ),
    hints=(
        "Which map is defined for negative numbers, for zero, and for values larger than any in "
        "the training rows? And which of its numbers are learned from data?",
        "`PowerTransformer` of scikit-learn does Yeo-Johnson with one λ a column, standardises "
        "afterwards, and leaves NaN alone. The question is only on which rows you call `fit`.",
        "power = PowerTransformer().fit(train[cols]); then on a copy of each table put "
        "`power.transform(part[cols])` into the columns cols.",
    ),
)
