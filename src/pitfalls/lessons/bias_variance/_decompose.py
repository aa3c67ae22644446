"""The decomposition of the expected squared error: decompose."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean, pvariance
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitfalls.checks import Case, Exercise, Part, Pitfall, close

from ._entry import entry

__all__ = ["DECOMPOSE"]

Array = NDArray[np.float64]
Terms = tuple[Any, Any, Any]

_NAMES = ("bias2", "variance", "error")


def _cases(rng: np.random.Generator) -> list[Case]:
    return [_draw(rng, fits, points) for fits, points in ((4, 3), (7, 2), (5, 9))]


def _draw(rng: np.random.Generator, fits: int, points: int) -> Case:
    """Fits that miss the truth by about as much as they scatter, above and below it."""
    truth = rng.normal(scale=2, size=points).round(2)
    missed = rng.uniform(0.5, 2, size=points) * np.resize([1, -1], points)
    predictions = (truth + missed + rng.normal(size=(fits, points))).round(2)
    noise_var = round(rng.uniform(1.3, 2.5), 2)
    return Case(predictions, truth, noise_var, label=f"{fits} fits at {points} points")


def _point_by_point(predictions: Array, truth: Array, noise_var: float) -> Terms:
    """Each point by itself, with the standard library."""
    at_points = [[float(value) for value in column] for column in predictions.T]
    bias2 = fmean((fmean(v) - float(f)) ** 2 for v, f in zip(at_points, truth, strict=True))
    variance = fmean(map(pvariance, at_points))
    missed = fmean((v - float(f)) ** 2 for at, f in zip(at_points, truth, strict=True) for v in at)
    return bias2, variance, missed + noise_var


def _terms(P: Array, f: Array) -> tuple[float, float]:
    return float(np.square(P.mean(axis=0) - f).mean()), float(P.var(axis=0).mean())


def _bias(rule: Callable[[Array, Array], Any]) -> Callable[..., Terms]:
    """A mistake in the first term that is carried into the sum."""

    def answer(P: Array, f: Array, noise_var: float) -> Terms:
        bias2, variance = rule(P, f), _terms(P, f)[1]
        return bias2, variance, noise_var + bias2 + variance

    return answer


def _variance(rule: Callable[[Array, Array, float], Any]) -> Callable[..., Terms]:
    def answer(P: Array, f: Array, noise_var: float) -> Terms:
        bias2, variance = _terms(P, f)[0], rule(P, f, noise_var)
        return bias2, variance, noise_var + bias2 + variance

    return answer


def _error(rule: Callable[[float, float, float, int], float]) -> Callable[..., Terms]:
    def answer(P: Array, f: Array, noise_var: float) -> Terms:
        bias2, variance = _terms(P, f)
        return bias2, variance, rule(bias2, variance, noise_var, len(P))

    return answer


DECOMPOSE = Exercise(
    "decompose",
    "(predictions, truth, noise_var)",
    "Decompose the test error",
    difficulty=2,
    minutes=10,
    parts=tuple(
        Part(title, 1, _cases, _point_by_point, entry(i, _NAMES, close()))
        for i, title in enumerate(("squared bias", "variance", "expected test error"))
    ),
    pitfalls=(
        Pitfall(
            "bias not squared",
            "The first term is an average of distances. Squared error adds up in squared units: "
            "an unsquared bias cannot be added to a variance, and doubling every miss would only "
            "double it. Square at each point, before the average.",
            _bias(lambda P, f: np.abs(P.mean(axis=0) - f).mean()),
        ),
        Pitfall(
            "bias left with its sign",
            "Too high at one point and too low at another cancel here: a flat line through a wave "
            "would have no bias at all. What makes every miss count, whatever its sign?",
            _bias(lambda P, f: (P.mean(axis=0) - f).mean()),
        ),
        Pitfall(
            "bias squared after averaging over the points",
            "You averaged the signed bias over the points and squared the result, so misses "
            "above and below cancelled first. The decomposition holds at each point; average over "
            "the points is the last step.",
            _bias(lambda P, f: (P.mean(axis=0) - f).mean() ** 2),
        ),
        Pitfall(
            "the error of single fits called bias",
            "You compared every single fit with the truth. That distance mixes the bias with the "
            "luck of one sample: it is bias² plus variance. Which curve has no luck left in it?",
            _bias(lambda P, f: np.square(P - f).mean()),
        ),
        Pitfall(
            "one mean for all points",
            "You averaged the predictions over fits *and* points, so the mean fit became a flat "
            "line. Average over the fits alone: one mean at each point.",
            _bias(lambda P, f: np.square(P.mean() - f).mean()),
        ),
        Pitfall(
            "bias summed over the points",
            "The sum grows with the number of test points, so it cannot be compared with a mean "
            "squared error. Average over the points.",
            _bias(lambda P, f: np.square(P.mean(axis=0) - f).sum()),
        ),
        Pitfall(
            "root of the squared bias",
            "You took a square root at the end. It is back in the units of y, and no longer a "
            "term of the sum. Leave the square.",
            _bias(lambda P, f: np.sqrt(np.square(P.mean(axis=0) - f).mean())),
        ),
        Pitfall(
            "one value a point",
            "You return the squared bias at every point. That makes a good plot; asked for is its "
            "average over the points, one number.",
            _bias(lambda P, f: np.square(P.mean(axis=0) - f)),
        ),
        Pitfall(
            "bias² and variance swapped",
            "The numbers are right and stand in each other's place. Bias compares the *mean* fit "
            "with the truth; variance compares each fit with the mean fit and needs no truth.",
            lambda P, f, v: (*_terms(P, f)[::-1], sum(_terms(P, f)) + v),
        ),
        Pitfall(
            "variance across points, not across fits",
            "You measured how much each curve goes up and down along x. A perfectly stable, wavy "
            "fit would get a large variance from you. Stay at one point and ask how much the "
            "*fits* disagree there: which axis is that?",
            _variance(lambda P, f, v: P.var(axis=1).mean()),
        ),
        Pitfall(
            "fits and points in one pot",
            "One variance over all entries mixes the disagreement of the fits with the ups and "
            "downs of the curve. Take the variance over the fits at each point, then average.",
            _variance(lambda P, f, v: P.var()),
        ),
        Pitfall(
            "variance of the mean fit",
            "That is how wavy the mean fit is along x. Variance is about the fits around their "
            "mean, at one and the same point.",
            _variance(lambda P, f, v: P.mean(axis=0).var()),
        ),
        Pitfall(
            "standard deviation for variance",
            "Standard deviations do not add up, variances do. Your term is in the units of y, the "
            "other two are squared.",
            _variance(lambda P, f, v: P.std(axis=0).mean()),
        ),
        Pitfall(
            "divides by fits − 1",
            "That estimates the variance of *further* fits without bias, a sensible thing to want. "
            "But then bias² + variance is no longer the mean squared distance of these fits from "
            "the truth. The identity asked for here is exact: divide by the number of fits.",
            _variance(lambda P, f, v: P.var(axis=0, ddof=1).mean()),
        ),
        Pitfall(
            "scatter around the truth",
            "You measured the fits' distance from the truth: it holds the bias as well, which is "
            "then counted twice in the sum. Variance never looks at the truth.",
            _variance(lambda P, f, v: np.square(P - f).mean()),
        ),
        Pitfall(
            "noise counted twice",
            "The noise of the training labels already sits in the variance: it is why the fits "
            "scatter. The new label brings its own noise once, not twice.",
            _error(lambda b, s, v, n: b + s + 2 * v),
        ),
        Pitfall(
            "noise slipped into the variance",
            "The predictions scatter already as much as noisy training labels made them. The "
            "noise of *new* labels is a term of its own; in the variance it would be counted "
            "twice.",
            _variance(lambda P, f, v: P.var(axis=0).mean() + v),
        ),
        Pitfall(
            "variance of an average of all fits",
            "Divided by the number of fits it is the variance of their *average*. Wanted is how "
            "much one fit, the one you would ship, scatters around that average.",
            _variance(lambda P, f, v: P.var(axis=0).mean() / len(P)),
        ),
        Pitfall(
            "noise left out",
            "That is the error against the *truth*. A test set holds noisy labels, and no model "
            "predicts their noise: the floor belongs to the expected test error.",
            _error(lambda b, s, v, n: b + s),
        ),
        Pitfall(
            "noise variance squared",
            "`noise_var` is σ² already. Squared again it is in fourth powers of the unit.",
            _error(lambda b, s, v, n: b + s + v**2),
        ),
        Pitfall(
            "noise averaged away",
            "More fits do not calm the noise of a new label: each of them meets the same noisy "
            "label. The term stays σ², however many fits you have.",
            _error(lambda b, s, v, n: b + s + v / n),
        ),
        Pitfall(
            "root mean squared error",
            "You took the root of the sum. RMSE is a fine number to report, but the three terms "
            "add up to the mean *squared* error.",
            _error(lambda b, s, v, n: float(np.sqrt(b + s + v))),
        ),
    ),
    hints=(
        "Rows are fits, columns are points. For each term ask: along which axis do I average "
        "first, and does this term need the truth?",
        "The mean fit is `predictions.mean(axis=0)`, of shape (points,). Bias compares it with "
        "the truth; variance compares the fits with it.",
        "bias2: square (mean fit − truth), then average over the points. variance: "
        "`predictions.var(axis=0)`, then average over the points. error: both plus `noise_var`.",
    ),
)
