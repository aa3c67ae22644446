"""From a probability to a decision: cost_threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, equal, show

__all__ = ["COST_THRESHOLD"]

Floats = np.ndarray[Any, Any]
_NAMES = ("threshold", "act", "cost")


def _draw(rng: np.random.Generator) -> list[Case]:
    """One case in which misses are dear, one in which alarms are; no p near the threshold."""
    cases = []
    for dear_miss in (True, False):
        cheap, dear = float(rng.integers(2, 9)), float(rng.integers(25, 60))
        fp, fn = (cheap, dear) if dear_miss else (dear, cheap)
        edge = fp / (fp + fn)
        p = np.r_[
            rng.uniform(0.01, 0.99, 30),
            edge * rng.uniform(0.1, 0.95, 6),
            1 - (1 - edge) * rng.uniform(0.1, 0.95, 6),
        ]
        p = rng.permutation(p[np.abs(p - edge) > 1e-3])
        label = "a miss is dearer" if dear_miss else "a false alarm is dearer"
        cases.append(Case(p, fp, fn, label=label))
    return cases


def _row_by_row(p: Floats, cost_fp: float, cost_fn: float) -> tuple[float, Floats, float]:
    """The cheaper of the two actions in each row; the threshold is where they cost the same."""
    costs = np.stack([p * cost_fn, (1 - p) * cost_fp])  # leave, act
    even = optimize.brentq(lambda t: t * cost_fn - (1 - t) * cost_fp, 0, 1, xtol=1e-14)
    return float(even), costs.argmin(axis=0).astype(bool), float(costs.min(axis=0).mean())


def _decisions() -> Comparison:
    """The threshold and what it decides."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        return _form(got) or _entry(0, close(), got, wanted) or _entry(1, _flags, got, wanted)

    return compare


def _expected_cost() -> Comparison:
    def compare(got: Any, wanted: Any) -> Mismatch | None:
        return _form(got) or _entry(2, close(), got, wanted)

    return compare


def _flags(got: Any, wanted: Any) -> Mismatch | None:
    """True and False, or 1 and 0."""
    flags = np.asarray(got)
    if flags.dtype.kind not in "biuf" or not np.isin(flags, (0, 1)).all():
        says = "The entries are not all true or false."
        return Mismatch("type", says, show(got), "an array of True and False")
    return equal()(flags.astype(bool).tolist(), np.asarray(wanted).astype(bool).tolist())


def _form(got: Any) -> Mismatch | None:
    if isinstance(got, tuple | list) and len(got) == 3:
        return None
    kind = (
        f"{len(got)} values" if isinstance(got, tuple | list) else f"of type {type(got).__name__}"
    )
    wanted = "(threshold, act, cost)"
    return Mismatch("type", f"The result is {kind}; wanted a tuple {wanted}.", show(got), wanted)


def _entry(i: int, inner: Comparison, got: Any, wanted: Any) -> Mismatch | None:
    found = inner(got[i], wanted[i])
    if found is None:
        return None
    return Mismatch(found.stage, f"{_NAMES[i]}: {found.says}", found.got, found.wanted)


def _cost(p: Floats, act: Floats, fp: float, fn: float) -> float:
    return float(np.where(act, (1 - p) * fp, p * fn).mean())


def _with(
    threshold: Callable[[Floats, float, float], float],
) -> Callable[[Floats, float, float], tuple[float, Floats, float]]:
    def answer(p: Floats, cost_fp: float, cost_fn: float) -> tuple[float, Floats, float]:
        t = float(threshold(p, cost_fp, cost_fn))
        act = p >= t
        return t, act, _cost(p, act, cost_fp, cost_fn)

    return answer


def _right_but(
    cost: Callable[[Floats, Floats, float, float], float],
) -> Callable[[Floats, float, float], tuple[float, Floats, float]]:
    def answer(p: Floats, cost_fp: float, cost_fn: float) -> tuple[float, Floats, float]:
        t = cost_fp / (cost_fp + cost_fn)
        return t, p >= t, float(cost(p, p >= t, cost_fp, cost_fn))

    return answer


def _other_side(p: Floats, cost_fp: float, cost_fn: float) -> tuple[float, Floats, float]:
    t = cost_fp / (cost_fp + cost_fn)
    return t, p < t, _cost(p, p < t, cost_fp, cost_fn)


def _share_flagged(p: Floats, cost_fp: float, cost_fn: float) -> tuple[float, Floats, float]:
    t = cost_fp / (cost_fp + cost_fn)
    act = p >= np.quantile(p, t)
    return t, act, _cost(p, act, cost_fp, cost_fn)


def _searched(p: Floats, cost_fp: float, cost_fn: float) -> float:
    grid = np.linspace(0, 1, 11)
    return float(grid[np.argmin([_cost(p, p >= t, cost_fp, cost_fn) for t in grid])])


def _is_searched(case: Case, value: Any) -> bool:
    """A number of few digits not far off; the formula gives such a one only by chance."""
    _, cost_fp, cost_fn = case.args
    t, wanted = float(value[0]), cost_fp / (cost_fp + cost_fn)
    return abs(t - round(t, 3)) < 1e-9 and 1e-6 < abs(t - wanted) <= 0.2


COST_THRESHOLD = Exercise(
    "cost_threshold",
    "(p, cost_fp, cost_fn)",
    "The threshold that costs least",
    difficulty=2,
    minutes=8,
    parts=(
        Part("threshold and decisions", 1, _draw, _row_by_row, _decisions()),
        Part("expected cost", 1, _draw, _row_by_row, _expected_cost()),
    ),
    pitfalls=(
        Pitfall(
            "the two mistakes mixed up in the cost",
            "Where you act, the mistake that can happen is a false alarm, with probability 1 − p. "
            "You charged a miss there.",
            _right_but(lambda p, act, fp, fn: _cost(p, ~act, fp, fn)),
        ),
        Pitfall(
            "threshold one half",
            "½ is right only if a false alarm and a miss cost the same. Ask at which p acting and "
            "leaving are equally dear.",
            _with(lambda p, fp, fn: 0.5),
        ),
        Pitfall(
            "costs swapped",
            "Your threshold rises when a miss becomes dearer, so you act *less* often. If misses "
            "hurt, a smaller probability must be enough to act.",
            _with(lambda p, fp, fn: fn / (fp + fn)),
        ),
        Pitfall(
            "ratio of the costs taken for a probability",
            "cost_fp / cost_fn is the threshold for the *odds* p / (1 − p), and it can exceed 1. "
            "Solve for p.",
            _with(lambda p, fp, fn: fp / fn),
        ),
        Pitfall(
            "the base rate as threshold",
            "The share of positives says how common they are, not what a mistake costs. "
            "Calibrated probabilities know the base rate already.",
            _with(lambda p, fp, fn: float(p.mean())),
        ),
        Pitfall(
            "costs and base rate mixed",
            "You weighted the costs with the share of positives. It is in p already, and now it "
            "counts twice.",
            _with(lambda p, fp, fn: fp * (1 - p.mean()) / (fp * (1 - p.mean()) + fn * p.mean())),
        ),
        Pitfall(
            "best point of a grid",
            "You tried thresholds and kept the best. For calibrated probabilities the best one has "
            "a formula: no search, and no luck with the grid.",
            _with(_searched),
            recognise=_is_searched,
        ),
        Pitfall(
            "acts below the threshold",
            "The decisions are turned round: you act where the event is unlikely.",
            _other_side,
        ),
        Pitfall(
            "a share of the rows in place of a threshold",
            "You flagged a fixed share of the rows. How many rows are worth acting on depends on "
            "their probabilities: compare each p with the threshold.",
            _share_flagged,
        ),
        Pitfall(
            "a total instead of a cost per row",
            "A sum over rows grows with the data and cannot be compared between samples. Divide "
            "by the number of rows.",
            _right_but(lambda p, act, fp, fn: len(p) * _cost(p, act, fp, fn)),
        ),
        Pitfall(
            "prices on the wrong mistake",
            "The probabilities are right, but a false alarm was charged at the price of a miss "
            "and the other way round.",
            _right_but(lambda p, act, fp, fn: _cost(p, act, fn, fp)),
        ),
        Pitfall(
            "each decision charged in full",
            "You charged a mistake in every row, as if every alarm were false and every rest a "
            "miss. Each happens with a probability only.",
            _right_but(lambda p, act, fp, fn: np.where(act, fp, fn).mean()),
        ),
        Pitfall(
            "probabilities rounded to labels",
            "You took p ≥ ½ for the truth. A row with p = 0.4 is positive four times in ten, and "
            "these four are in the cost.",
            _right_but(lambda p, act, fp, fn: _cost((p >= 0.5).astype(float), act, fp, fn)),
        ),
        Pitfall(
            "misses are free",
            "Only the rows you act on were charged. What you leave alone can be positive, and "
            "then it costs.",
            _right_but(lambda p, act, fp, fn: np.where(act, (1 - p) * fp, 0).mean()),
        ),
        Pitfall(
            "false alarms are free",
            "Only the rows you leave alone were charged. An alarm is false with probability 1 − p.",
            _right_but(lambda p, act, fp, fn: np.where(act, 0, p * fn).mean()),
        ),
        Pitfall(
            "averaged over the flagged rows only",
            "The cost per alarm is another figure. Divide what all rows cost by the number of all "
            "rows.",
            _right_but(
                lambda p, act, fp, fn: np.where(act, (1 - p) * fp, p * fn).sum() / act.sum()
            ),
        ),
    ),
    hints=(
        "Take one row with probability p. What does acting cost on average, what does leaving it?",
        "Acting costs (1 − p)·cost_fp, leaving costs p·cost_fn. At which p are they equal?",
        "t = cost_fp / (cost_fp + cost_fn); act = p ≥ t; the cost is the mean of (1 − p)·cost_fp "
        "where you act and p·cost_fn where you do not.",
    ),
)
