"""Is the difference real? paired_bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    Seeded,
    numeric_array,
    show,
)

__all__ = ["PAIRED_BOOTSTRAP"]

Array = np.ndarray[Any, Any]
_NEAR = 0.085  # of the half width: more than five standard errors of an end at 10,000 draws


# --- what is drawn ---------------------------------------------------------------------------


def _values(rng: np.random.Generator, draws: int) -> list[Case]:
    """Two models on 240 households: most of the spread is between households, shared by both."""
    shared = rng.normal(0, 1.0, 240)
    shift = float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.25))
    a = 3 + shared + rng.normal(0, 0.3, 240) + shift
    b = 3 + shared + rng.normal(0, 0.3, 240)
    seed = Seeded(int(rng.integers(1_000_000)))
    return [Case(a, b, draws, seed, label="240 households, two models that err together")]


def _few_draws(rng: np.random.Generator) -> list[Case]:
    return _values(rng, 200)


def _many_draws(rng: np.random.Generator) -> list[Case]:
    return _values(rng, 10_000)


# --- what can be read off --------------------------------------------------------------------


def _three(value: Any) -> Array:
    return numeric_array(value, (3,))


def _half_width(case: Case) -> float:
    """1.96 standard errors of the mean difference: what the percentiles come to with 240 rows."""
    a, b, *_ = case.args
    return float(1.96 * np.std(a - b) / np.sqrt(len(a)))


def _judge_difference(case: Case, outcome: Outcome) -> Mismatch | None:
    difference = float(_three(outcome.value)[0])
    a, b, *_ = case.args
    wanted = float(np.mean(a) - np.mean(b))
    if abs(difference - wanted) < 1e-9:
        return None
    says = "The first entry is not the difference of the two means as observed."
    return Mismatch("value", says, show(difference), show(wanted))


def _judge_interval(case: Case, outcome: Outcome) -> Mismatch | None:
    _, low, high = _three(outcome.value)
    a, b, *_ = case.args
    centre, half = float(np.mean(a - b)), _half_width(case)
    ends = np.array([centre - half, centre + half])
    if np.abs(np.array([low, high]) - ends).max() < _NEAR * half:
        return None
    says = "The interval is not where 95% of the resampled mean differences lie."
    return Mismatch("value", says, show([low, high]), f"about {show(ends)}")


# --- wrong ways ------------------------------------------------------------------------------

Means = Callable[[Array, Array, int, np.random.Generator], Array]


def _paired(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    rows = rng.integers(len(a), size=(draws, len(a)))
    return np.asarray((a - b)[rows].mean(axis=1))


def _apart(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    first, second = rng.integers(len(a), size=(2, draws, len(a)))
    return np.asarray(a[first].mean(axis=1) - b[second].mean(axis=1))


def _without_replacement(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    return np.array([rng.permutation(a - b).mean() for _ in range(draws)])


def _quarter(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    rows = rng.integers(len(a), size=(draws, len(a) // 4))
    return np.asarray((a - b)[rows].mean(axis=1))


def _single_rows(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    return a - b


def _signs(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    """A permutation test: who is a and who is b is drawn anew."""
    flips = rng.choice([-1, 1], size=(draws, len(a)))
    return np.asarray((flips * (a - b)).mean(axis=1))


def _only_a(a: Array, b: Array, draws: int, rng: np.random.Generator) -> Array:
    rows = rng.integers(len(a), size=(draws, len(a)))
    return np.asarray(a[rows].mean(axis=1))


def _interval(
    means: Means = _paired,
    levels: tuple[float, float] = (0.025, 0.975),
    difference: Callable[[Array, Array, Array], float] = lambda a, b, found: float(np.mean(a - b)),
    finish: Callable[[float, Array], tuple[float, float]] | None = None,
) -> Callable[..., tuple[float, float, float]]:
    def answer(
        a: Array, b: Array, draws: int, rng: np.random.Generator
    ) -> tuple[float, float, float]:
        found = means(a, b, draws, rng)
        centre = difference(a, b, found)
        low, high = np.quantile(found, levels) if finish is None else finish(centre, found)
        return centre, float(low), float(high)

    return answer


def _backwards(
    a: Array, b: Array, draws: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    centre, low, high = _interval()(b, a, draws, rng)
    return centre, low, high


# --- how they show ---------------------------------------------------------------------------


def _centred(
    low: float, high: float, at: Callable[[Case], float] | None = None
) -> Callable[[Case, Any], bool]:
    """An interval around some centre with `low` to `high` times the half width that is right."""

    def sign(case: Case, value: Any) -> bool:
        _, left, right = _three(value)
        half = _half_width(case)
        a, b, *_ = case.args
        centre = float(np.mean(a - b)) if at is None else at(case)
        off = abs((left + right) / 2 - centre)
        wide = (right - left) / 2 / half
        return bool(low < wide < high and off < max(0.15, 0.1 * wide) * half)

    return sign


def _zero(case: Case) -> float:
    return 0.0


def _mean_of_a(case: Case) -> float:
    return float(np.mean(case.args[0]))


def _is_backwards(case: Case, value: Any) -> bool:
    a, b, *_ = case.args
    return bool(abs(float(_three(value)[0]) + float(np.mean(a - b))) < 1e-9)


def _is_resampled_mean(case: Case, value: Any) -> bool:
    a, b, *_ = case.args
    off = abs(float(_three(value)[0]) - float(np.mean(a - b)))
    return bool(1e-9 < off < 0.15 * _half_width(case))


def _far_below(case: Case, value: Any) -> bool:
    """Quantiles of 0.025 % and 0.975 %: 3.5 and 2.3 standard errors below the difference."""
    _, *ends = _three(value)
    a, b, *_ = case.args
    left, right = (np.array(ends) - float(np.mean(a - b))) / _half_width(case)
    return bool(-2.5 < left < -1.4 and -1.35 < right < -1.05)


def _ends_swapped(case: Case, value: Any) -> bool:
    _, left, right = _three(value)
    return bool(left > right)


PAIRED_BOOTSTRAP = Exercise(
    "paired_bootstrap",
    "(a, b, draws, rng)",
    "Is the difference real?",
    difficulty=3,
    minutes=12,
    parts=(
        Part("the difference", 1, _few_draws, judge=_judge_difference),
        Part("its interval", 3, _many_draws, judge=_judge_interval),
    ),
    pitfalls=(
        Pitfall(
            "b minus a",
            "The sign is turned round: a positive difference is to say that `a` is better.",
            _backwards,
            _is_backwards,
        ),
        Pitfall(
            "the mean of the resamples for the difference",
            "The mean over the resamples is the observed difference plus noise. You know the "
            "observed one exactly: report that.",
            _interval(difference=lambda a, b, found: float(np.mean(found))),
            _is_resampled_mean,
        ),
        Pitfall(
            "ends swapped",
            "The lower end is larger than the upper one.",
            _interval(levels=(0.975, 0.025)),
            _ends_swapped,
        ),
        Pitfall(
            "pairs torn apart",
            "`a` and `b` were resampled with rows of their own. Most of the spread is between "
            "households, and both models share it: draw households, and take both values of each.",
            _interval(_apart),
            _centred(2.7, 4.5),
        ),
        Pitfall(
            "spread of households, not of the mean",
            "That is where single households lie. The question is how far the *mean* of 240 of "
            "them would move: each draw is a mean over a whole resample.",
            _interval(_single_rows),
            _centred(10.0, 24.0),
        ),
        Pitfall(
            "resamples too small",
            "Each resample holds as many households as there are. Means of fewer ones scatter "
            "more, and the interval comes out too wide.",
            _interval(_quarter),
            _centred(1.7, 2.3),
        ),
        Pitfall(
            "drawn without replacement",
            "A permutation of all rows has always the same mean. Draw with replacement: some "
            "households twice, some never.",
            _interval(_without_replacement),
            _centred(-0.01, 0.05),
        ),
        Pitfall(
            "percentiles for quantiles",
            "Both ends lie far below the difference. `np.percentile` counts to 100, `np.quantile` "
            "to 1: the percentile 0.975 has less than a hundredth of the draws below it.",
            _interval(levels=(0.00025, 0.00975)),
            _far_below,
        ),
        Pitfall(
            "the middle 50%",
            "You took quartiles. For 95% leave 2.5% on each side.",
            _interval(levels=(0.25, 0.75)),
            _centred(0.29, 0.40),
        ),
        Pitfall(
            "one standard error",
            "One standard error on each side covers 68%. Take the 2.5% and 97.5% quantiles of the "
            "resampled differences.",
            _interval(finish=lambda centre, found: (centre - found.std(), centre + found.std())),
            _centred(0.44, 0.58),
        ),
        Pitfall(
            "5% on each side",
            "The 5% and 95% quantiles leave a tenth outside: a 90% interval. For 95% it is 2.5% on "
            "each side.",
            _interval(levels=(0.05, 0.95)),
            _centred(0.77, 0.9),
        ),
        Pitfall(
            "the null distribution",
            "The interval lies around zero. Flipping who is who says what happens if there were "
            "*no* difference: a test. Asked for is where the difference lies.",
            _interval(_signs),
            _centred(0.8, 1.6, _zero),
        ),
        Pitfall(
            "one model alone",
            "That is an interval for the mean of `a`. Two such intervals may overlap although the "
            "difference is certain: resample the difference.",
            _interval(_only_a),
            _centred(1.5, 5.0, _mean_of_a),
        ),
    ),
    hints=(
        "What is drawn again: rows of a and rows of b, or households?",
        "rows = rng.integers(n, size=n) once for each draw; the draw's value is "
        "(a − b)[rows].mean().",
        "np.quantile(all draws, [0.025, 0.975]) gives the ends; the difference itself is "
        "np.mean(a) − np.mean(b).",
    ),
)
