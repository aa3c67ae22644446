"""How far probabilities are from frequencies: calibration_error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["CALIBRATION_ERROR"]

Floats = np.ndarray[Any, Any]


def _off_the_edges(p: Floats, bins: int) -> Floats:
    """Move what lies within a ten-thousandth of a bin's edge: rounding must not decide."""
    near = np.abs(p * bins - np.round(p * bins)) < 1e-3
    return np.where(near, p + 2e-3 / bins, p)


def _everywhere(rng: np.random.Generator) -> list[Case]:
    """Rows thin out towards 1, and the gap grows there: weights matter, and so does the sign."""
    cases = []
    for bins in (5, 8):
        n = int(rng.integers(260, 340))
        spread = (
            np.tile((np.arange(bins) + 0.5) / bins, 3) + rng.uniform(-0.4, 0.4, 3 * bins) / bins
        )
        p = np.r_[spread, np.clip(rng.beta(1.1, 3.2, n), 0.004, 0.99)]
        p = _off_the_edges(rng.permutation(p), bins)
        truth = np.clip(p + 0.35 * np.sin(5 * p), 0.02, 0.97)
        y = (rng.random(len(p)) < truth).astype(int)
        cases.append(Case(p, y, bins, label=f"{bins} bins that all hold rows"))
    return cases


def _at_the_edges(rng: np.random.Generator) -> list[Case]:
    """Probabilities in two heaps, some exactly 0 and 1, nothing between the heaps."""
    n = int(rng.integers(70, 110))
    low, high = rng.uniform(0.01, 0.28, n), rng.uniform(0.72, 0.99, n // 2)
    sure = np.r_[np.zeros(n // 5), np.ones(n // 6)]
    p = _off_the_edges(np.r_[low, high], 10)
    truth = np.r_[np.clip(1.5 * p, 0, 1), np.where(sure > 0, 0.5, 0.45)]
    y = (rng.random(len(truth)) < truth).astype(int)
    y[-2:] = [1, 0]
    y[n + n // 2 : n + n // 2 + 2] = [1, 0]
    return [Case(np.r_[p, sure], y, 10, label="empty bins, and some p exactly 0 or 1")]


def _from_binned_statistics(p: Floats, y: Floats, bins: int) -> float:
    """SciPy's means by bin; what is empty drops out as NaN times zero rows."""
    means, _, _ = stats.binned_statistic(p, [p, y], "mean", bins, range=(0, 1))
    rows, _, _ = stats.binned_statistic(p, p, "count", bins, range=(0, 1))
    return float(np.nansum(rows * np.abs(means[0] - means[1])) / len(p))


def _gaps(p: Floats, y: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """Signed gaps (mean p minus mean y) and rows of the bins that hold any."""
    where = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    held = [where == b for b in range(len(edges) - 1)]
    gaps = [p[rows].mean() - y[rows].mean() for rows in held if rows.any()]
    return np.array(gaps), np.array([rows.sum() for rows in held if rows.any()])


def _even(bins: int) -> Floats:
    return np.linspace(0, 1, bins + 1)


def _wrong(
    combine: Callable[[Floats, Floats], float],
) -> Callable[[Floats, Floats, int], float]:
    def answer(p: Floats, y: Floats, bins: int) -> float:
        return float(combine(*_gaps(p, y, _even(bins))))

    return answer


def _weighted(gaps: Floats, rows: Floats) -> float:
    return float(np.average(np.abs(gaps), weights=rows))


def _equal_counts(p: Floats, y: Floats, bins: int) -> float:
    return _weighted(*_gaps(p, y, np.quantile(p, _even(bins))))


def _from_min_to_max(p: Floats, y: Floats, bins: int) -> float:
    return _weighted(*_gaps(p, y, np.linspace(p.min(), p.max(), bins + 1)))


def _bin_centres(p: Floats, y: Floats, bins: int) -> float:
    where = np.clip((p * bins).astype(int), 0, bins - 1)
    return _weighted(*_gaps_of((where + 0.5) / bins, y, where))


def _gaps_of(p: Floats, y: Floats, where: Floats) -> tuple[Floats, Floats]:
    labels = np.unique(where)
    gaps = [p[where == b].mean() - y[where == b].mean() for b in labels]
    return np.array(gaps), np.array([(where == b).sum() for b in labels])


def _accuracy_in_bins(p: Floats, y: Floats, bins: int) -> float:
    return _weighted(*_gaps(p, ((p >= 0.5) == y).astype(float), _even(bins)))


def _confidence(p: Floats, y: Floats, bins: int) -> float:
    hit = ((p >= 0.5) == y).astype(float)
    return _weighted(*_gaps(np.maximum(p, 1 - p), hit, _even(bins)))


def _row_by_row(p: Floats, y: Floats, bins: int) -> float:
    return float(np.abs(p - y).mean())


def _empty_is_nan(p: Floats, y: Floats, bins: int) -> float:
    where = np.clip((p * bins).astype(int), 0, bins - 1)
    total = 0.0
    for b in range(bins):
        rows = where == b
        gap = p[rows].sum() / rows.sum() - y[rows].sum() / rows.sum()
        total += abs(gap) * rows.mean()
    return float(total)


def _one_apart(p: Floats, y: Floats, bins: int) -> float:
    return _weighted(*_gaps_of(p, y, np.floor(p * bins)))


def _loses(value: float) -> Callable[[Floats, Floats, int], float]:
    def answer(p: Floats, y: Floats, bins: int) -> float:
        kept = p != value
        gaps, rows = _gaps(p[kept], y[kept], _even(bins))
        return float((np.abs(gaps) * rows).sum() / len(p))

    return answer


def _empty_counts(p: Floats, y: Floats, bins: int) -> float:
    """An empty bin counts as one row, with its centre for p and 0 for y."""
    gaps, rows = _gaps(p, y, _even(bins))
    where = np.clip((p * bins).astype(int), 0, bins - 1)
    centres = (np.setdiff1d(np.arange(bins), where) + 0.5) / bins
    return float(((np.abs(gaps) * rows).sum() + centres.sum()) / (len(p) + len(centres)))


CALIBRATION_ERROR = Exercise(
    "calibration_error",
    "(p, y, bins)",
    "Are the probabilities to be believed?",
    difficulty=3,
    minutes=12,
    parts=(
        Part("every bin holds rows", 2, _everywhere, _from_binned_statistics),
        Part("empty bins, exact 0 and 1", 1, _at_the_edges, _from_binned_statistics),
    ),
    pitfalls=(
        Pitfall(
            "all bins weigh the same",
            "A bin with three rows got as much say as one with three hundred, so its noise became "
            "your figure. Weight each gap by the share of the rows that its bin holds.",
            _wrong(lambda gaps, rows: np.abs(gaps).mean()),
        ),
        Pitfall(
            "the worst bin only",
            "The largest gap is the maximum calibration error, mostly the noise of a thin bin. "
            "Average over the bins, by rows.",
            _wrong(lambda gaps, rows: np.abs(gaps).max()),
        ),
        Pitfall(
            "gaps cancel out",
            "Overconfident bins made up for underconfident ones. Any model with the right overall "
            "mean would pass this: take each bin's absolute gap before you average.",
            _wrong(lambda gaps, rows: abs(np.average(gaps, weights=rows))),
        ),
        Pitfall(
            "squared gaps",
            "Squares are another measure (the reliability term of the Brier score), and their unit "
            "is not a probability. Take absolute gaps.",
            _wrong(lambda gaps, rows: np.average(gaps**2, weights=rows)),
        ),
        Pitfall(
            "root of the mean squared gap",
            "That weighs large gaps more than small ones. Here a gap of 0.1 in all rows and one of "
            "0.2 in half of them are to count alike: absolute gaps.",
            _wrong(lambda gaps, rows: np.sqrt(np.average(gaps**2, weights=rows))),
        ),
        Pitfall(
            "gaps are summed, not averaged",
            "A sum grows with the number of bins. With weights that add up to one the result is "
            "an average gap, between 0 and 1.",
            _wrong(lambda gaps, rows: np.abs(gaps).sum()),
        ),
        Pitfall(
            "bins of equal counts",
            "Quantile bins are a sound variant with other edges, and so another figure. Asked for "
            "are bins of equal width on [0, 1].",
            _equal_counts,
        ),
        Pitfall(
            "bins from the smallest to the largest p",
            "The edges came from the data, so two models would be measured with different rulers. "
            "Lay the bins over [0, 1].",
            _from_min_to_max,
        ),
        Pitfall(
            "the bin's centre for its mean probability",
            "Rows are not spread evenly inside a bin. Compare the mean of the p that are there "
            "with the mean of their y.",
            _bin_centres,
        ),
        Pitfall(
            "accuracy instead of the observed rate",
            "In a bin around p = 0.1 a calibrated model is right in 90% of the rows, at threshold "
            "½. The question is how often y is 1, not how often a decision is right.",
            _accuracy_in_bins,
        ),
        Pitfall(
            "confidence in the likelier class",
            "max(p, 1 − p) against accuracy is the version for many classes. It folds 0.1 and 0.9 "
            "together, so errors on the two sides cancel: bin p itself.",
            _confidence,
        ),
        Pitfall(
            "row by row, without bins",
            "|p − y| is large for any honest p = 0.5. A single row is 0 or 1; only a group of rows "
            "has a frequency to compare with.",
            _row_by_row,
        ),
        Pitfall(
            "Brier score",
            "The Brier score mixes calibration with how well the model separates: a calibrated "
            "but vague model is punished too. Compare means within bins.",
            lambda p, y, bins: float(((p - y) ** 2).mean()),
        ),
        Pitfall(
            "error rate",
            "That says how often a decision at ½ is wrong. A model can be right often and still "
            "promise 0.99 where 0.8 is true.",
            lambda p, y, bins: float(((p >= 0.5) != y).mean()),
        ),
        Pitfall(
            "empty bins make NaN",
            "The mean of no rows is NaN, and one NaN spoils the sum. Skip a bin without rows.",
            _empty_is_nan,
        ),
        Pitfall(
            "empty bins count as gaps",
            "A bin without rows says nothing about the model. Skip it.",
            _empty_counts,
        ),
        Pitfall(
            "p = 1 falls out",
            "With bins [lo, hi) a p of exactly 1 belongs to none: it is counted as row, but in no "
            "bin. Close the last bin on the right.",
            _loses(1.0),
        ),
        Pitfall(
            "p = 1 gets a bin of its own",
            "A p of exactly 1 landed in a bin after the last (`np.digitize` and rounding p·bins "
            "down both do that). There are `bins` bins, and it belongs into the last of them.",
            _one_apart,
        ),
        Pitfall(
            "p = 0 falls out",
            "With bins (lo, hi] a p of exactly 0 belongs to none. Close the first bin on the left.",
            _loses(0.0),
        ),
    ),
    hints=(
        "Among all rows to which the model gave about 0.3, how many should be positive? What do "
        "you compare with what, for one group of rows?",
        "b = (p * bins) rounded down is the bin of a row; p = 1 would get number `bins`, so limit "
        "it. For each bin with rows: |mean of p − mean of y|.",
        "Add up share of rows × gap, the share being rows in the bin / all rows.",
    ),
)
