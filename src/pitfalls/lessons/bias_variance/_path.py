"""Read a regularisation path: regularisation_path_verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pitfalls.checks import Case, Exercise, Mismatch, Part, Pitfall, close, equal, show

from ._entry import entry

__all__ = ["REGULARISATION_PATH_VERDICT"]

Array = NDArray[np.float64]
Verdict = tuple[Any, Any]

_NAMES = ("lam", "reading")
_READINGS = ("inside", "longer up", "longer down", "no effect")
_FOLDS = 5


# --- what is drawn ---------------------------------------------------------------------------


def _inner_minima(rng: np.random.Generator) -> list[Case]:
    """Around the minimum the means stand so that each wrong allowance ends at another λ.

    In units of the folds' standard deviation s at the minimum: s/√5 = 0.447 is allowed, 0.4 with
    the divisor 5 for 4, 0.2 with 5 for its root, 0.5 with 4 for 5 under it, 0.89 with two standard
    errors, 1 with s itself.
    With the folds of another λ 0.09 is, with the mean of all 0.14, with the largest 0.67, and
    with both λs' bars 0.54.
    """
    above = [0, 0.05, 0.12, 0.16, 0.19, 0.3, 0.42, 0.47, 0.52, 0.62, 0.8, 0.95, 1.3, 2.5]
    below = [3.0, 1.6, 0.9, 0.43, 0.25]
    return [
        _path(rng, below + above, len(below), "minimum in the middle, λ ascending", 1, uneven=True),
        _path(
            rng,
            below[1:] + above,
            len(below) - 1,
            "minimum in the middle, λ descending",
            -1,
            uneven=True,
        ),
    ]


def _all_shapes(rng: np.random.Generator) -> list[Case]:
    falling = [6.0, 4.5, 3.2, 2.1, 1.2, 0.5, 0]
    valley = [3.0, 1.7, 0.8, 0, 0.3, 1.1, 2.4]
    early = [1.5, 0.7, 0, 0.1, 0.2, 0.3, 0.4]
    late = [0.4, 0.3, 0.2, 0.1, 0, 0.7, 1.5]
    # so level that whoever errs about the standard error still reads it well
    flat = [0.08, 0.06, 0.04, 0, 0.02, 0.04, 0.08]
    flat_down = [0, 0.04, 0.02, 0.08, 0.06, 0.07, 0.08]
    return [
        _path(rng, valley, 3, "a valley", 1),
        _path(rng, early, 2, "a valley, level towards large λ", 1),
        _path(rng, late, 4, "a valley, level towards small λ", -1),
        _path(rng, falling, 6, "lowest at the largest λ", -1),
        _path(rng, falling[::-1], 0, "lowest at the smallest λ", 1),
        _path(rng, falling[::-1], 0, "lowest at the smallest λ, λ descending", -1),
        _path(rng, flat, 3, "nearly level", 1),
        _path(rng, flat_down, 0, "nearly level, lowest at one end", -1),
    ]


def _path(
    rng: np.random.Generator,
    means: list[float],
    best: int,
    label: str,
    order: int,
    *,
    uneven: bool = False,
) -> Case:
    """A path whose means and standard deviations over the folds are exactly as wanted."""
    k = len(means)
    spread = float(rng.uniform(0.2, 0.6))
    floor = 4 * spread + float(rng.uniform(0, 1))
    noise = rng.normal(size=(k, _FOLDS))
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, ddof=1, keepdims=True)
    sizes = np.full(k, 0.3)  # elsewhere the folds agree better, or far better at the ends
    if uneven:  # and at one, far above the rest, they disagree most
        sizes[:] = 0.2
        sizes[-2] = 1.5
    sizes[best] = 1
    validation = floor + spread * (np.array(means)[:, None] + sizes[:, None] * noise)
    lambdas = 10.0 ** (np.arange(k) * 0.5 + float(rng.choice([-3, -2.5, -2, -1.5])))
    train = floor * (0.3 + 0.6 * np.arange(k) / k) * rng.uniform(0.98, 1.02, size=k)
    return Case(
        lambdas[::order].copy(), np.sort(train)[::order].copy(), validation[::order].copy(),
        label=label,
    )  # fmt: skip


# --- the rule of the text --------------------------------------------------------------------


def _wanted(lambdas: Array, train: Array, validation: Array) -> Verdict:
    by_lambda = sorted(zip(lambdas, validation, strict=True), key=lambda pair: pair[0])
    means = [float(np.mean(errors)) for _, errors in by_lambda]
    best = int(np.argmin(means))
    allowed = means[best] + float(stats.sem(by_lambda[best][1]))
    tied = [i for i, mean in enumerate(means) if mean <= allowed]
    if len(tied) == len(means):
        reading = "no effect"
    else:
        reading = {0: "longer down", len(means) - 1: "longer up"}.get(best, "inside")
    return float(by_lambda[tied[-1]][0]), reading


_equal = equal()


def _label(got: Any, wanted: Any) -> Mismatch | None:
    if isinstance(got, str) and got not in _READINGS:
        says = f"{show(got)} is not one of the readings {', '.join(map(repr, _READINGS))}."
        return Mismatch("value", says)
    return _equal(got, wanted)


# --- wrong ways ------------------------------------------------------------------------------


def _takes(rule: Callable[[Array, Array, Array], Any]) -> Callable[..., Verdict]:
    """The right reading with a wrong λ."""

    def answer(lambdas: Array, train: Array, validation: Array) -> Verdict:
        by_size = np.argsort(lambdas)
        lam = rule(lambdas[by_size], train[by_size], validation[by_size])
        return lam, _wanted(lambdas, train, validation)[1]

    return answer


def _allows(allowance: Callable[[Array], float]) -> Callable[..., Verdict]:
    """The largest λ within some other allowance above the minimum."""

    def rule(lambdas: Array, train: Array, validation: Array) -> float:
        means = validation.mean(axis=1)
        limit = means.min() + allowance(validation[np.argmin(means)])
        return float(lambdas[means <= limit].max())

    return _takes(rule)


def _within(allowance: Callable[[Array, int], Any]) -> Callable[..., Verdict]:
    """The largest λ within an allowance made of the standard errors of all λs."""

    def rule(lambdas: Array, train: Array, validation: Array) -> float:
        means, bars = validation.mean(axis=1), stats.sem(validation, axis=1)
        limit = means.min() + allowance(bars, int(np.argmin(means)))
        return float(lambdas[means <= limit].max())

    return _takes(rule)


def _reads(rule: Callable[[int, Array, float], str]) -> Callable[..., Verdict]:
    """The right λ with a reading made from the position of the minimum, the means, one SE."""

    def answer(lambdas: Array, train: Array, validation: Array) -> Verdict:
        by_size = np.argsort(lambdas)
        means = validation[by_size].mean(axis=1)
        best = int(np.argmin(means))
        error = float(stats.sem(validation[by_size][best]))
        return _wanted(lambdas, train, validation)[0], rule(best, means, error)

    return answer


def _where(best: int, k: int, up: str = "longer up", down: str = "longer down") -> str:
    return down if best == 0 else up if best == k - 1 else "inside"


def _tied(means: Array, error: float) -> Array:
    return np.asarray(means <= means.min() + error)


def _level(means: Array, error: float, otherwise: str) -> str:
    return "no effect" if _tied(means, error).all() else otherwise


def _tie_at_an_end(best: int, means: Array, error: float) -> str:
    where = _where(best, len(means))
    if where == "inside" and _tied(means, error)[[0, -1]].any():
        return "no effect"
    return _level(means, error, where)


def _by_place_in_list(lambdas: Array, train: Array, validation: Array) -> Verdict:
    means = validation.mean(axis=1)
    best = int(np.argmin(means))
    error = float(stats.sem(validation[best]))
    reading = _level(means, error, _where(best, len(means)))
    return lambdas[np.flatnonzero(_tied(means, error))[-1]], reading


def _position(lambdas: Array, train: Array, validation: Array) -> Verdict:
    lam, reading = _wanted(lambdas, train, validation)
    return int(np.flatnonzero(lambdas == lam)[0]), reading


REGULARISATION_PATH_VERDICT = Exercise(
    "regularisation_path_verdict",
    "(lambdas, train, validation)",
    "Read a regularisation path",
    difficulty=3,
    minutes=15,
    parts=(
        Part("the λ to ship", 2, _inner_minima, _wanted, entry(0, _NAMES, close())),
        Part("whether to trust the grid", 1, _all_shapes, _wanted, entry(1, _NAMES, _label)),
    ),
    pitfalls=(
        Pitfall(
            "chosen by training error",
            "The training error is lowest at the smallest λ, always: a penalty can only take "
            "something from the fit to its own rows. λ is chosen on rows that the fit has not "
            "seen.",
            _takes(lambda lambdas, train, validation: lambdas[np.argmin(train)]),
        ),
        Pitfall(
            "takes the minimum itself",
            "The lowest of many noisy means is partly luck. Within one standard error of it the "
            "data cannot tell the λs apart, so take the most regularised of those that tie.",
            _takes(lambda lambdas, train, validation: lambdas[validation.mean(axis=1).argmin()]),
        ),
        Pitfall(
            "least regularised of those that tie",
            "You went to the smallest λ within one standard error. Among fits that cannot be told "
            "apart prefer the one with less variance: which end is that?",
            _takes(
                lambda lambdas, train, validation: lambdas[
                    _tied(
                        validation.mean(axis=1),
                        float(stats.sem(validation[validation.mean(axis=1).argmin()])),
                    )
                ].min()
            ),
        ),
        Pitfall(
            "standard deviation for standard error",
            "Your limit lies about twice too far out. One standard deviation of the folds says how "
            "far *one* fold scatters; the mean of five is steadier than that, by a factor of √5.",
            _allows(lambda errors: float(errors.std(ddof=1))),
        ),
        Pitfall(
            "two standard errors",
            "Two standard errors are the usual width of an interval. This rule allows a single "
            "one: it gives up a little accuracy for a simpler fit, not more than it must.",
            _allows(lambda errors: 2 * float(stats.sem(errors))),
        ),
        Pitfall(
            "divides by folds, not folds − 1",
            "The standard deviation is estimated from few folds, around their own mean: divide by "
            "folds − 1 (`ddof=1`). With five folds the difference is more than ten per cent.",
            _allows(lambda errors: float(errors.std() / np.sqrt(len(errors)))),
        ),
        Pitfall(
            "divides by folds, not by their root",
            "The standard error of a mean of k values is s/√k. Divided by k it is too small, and "
            "you stay too close to a lucky minimum.",
            _allows(lambda errors: float(errors.std(ddof=1) / len(errors))),
        ),
        Pitfall(
            "divides by folds − 1 twice",
            "s is made with the divisor folds − 1 already; the mean of k folds then has the error "
            "s/√k. With √(k − 1) the correction is made a second time.",
            _allows(lambda errors: float(errors.std(ddof=1) / np.sqrt(len(errors) - 1))),
        ),
        Pitfall(
            "spread of another λ's folds",
            "The standard error has to come from the folds at the *minimum*: the question is how "
            "well that mean is known. You took it from the folds of another λ.",
            _within(lambda bars, best: bars[-1]),
        ),
        Pitfall(
            "spread averaged over all λs",
            "The standard error has to come from the folds at the *minimum*: the question is how "
            "well that mean is known. You took an average over all λs.",
            _within(lambda bars, best: bars.mean()),
        ),
        Pitfall(
            "the widest bar of all λs",
            "One λ whose folds disagree made your limit wide for all. How well the *lowest* mean "
            "is known, its own folds say.",
            _within(lambda bars, best: bars.max()),
        ),
        Pitfall(
            "bars that overlap",
            "You kept each λ whose bar reaches into that of the minimum. The rule lays one bar on "
            "the lowest mean and asks which other *means* lie within it.",
            _within(lambda bars, best: bars[best] + bars),
        ),
        Pitfall(
            "within one standard error of the worst",
            "You went up from the largest mean, not from the smallest.",
            _takes(lambda lambdas, train, validation: lambdas[validation.mean(axis=1).argmax()]),
        ),
        Pitfall(
            "the largest λ of all",
            "Most regularised, whatever it scores. First keep the λs that tie with the best.",
            _takes(lambda lambdas, train, validation: lambdas.max()),
        ),
        Pitfall(
            "last in the list, not largest",
            "The λs come in any order. The last of those that tie is the most regularised only if "
            "they ascend: compare the λs, not their places.",
            _by_place_in_list,
        ),
        Pitfall(
            "position in place of λ",
            "That is a position in the list. Look up the λ that stands there.",
            _position,
        ),
        Pitfall(
            "end of the grid trusted",
            "The lowest mean stands at the end of the grid, so nobody knows whether the next λ "
            "would be better still. A minimum needs higher points on both sides.",
            _reads(lambda best, means, error: _level(means, error, "inside")),
        ),
        Pitfall(
            "up and down swapped",
            "A minimum at the smallest λ asks for still smaller ones, at the largest for larger "
            "ones. You sent the grid the other way.",
            _reads(
                lambda best, means, error: _level(
                    means, error, _where(best, len(means), "longer down", "longer up")
                )
            ),
        ),
        Pitfall(
            "noise read as a minimum",
            "All means lie within one standard error of the lowest: this path shows no effect of "
            "λ. Somewhere a noisy level line is always lowest.",
            _reads(lambda best, means, error: _where(best, len(means))),
        ),
        Pitfall(
            "reads the grid at the shipped λ",
            "You asked whether the λ to ship stands at an end. The tie may well reach the end "
            "while the minimum lies inside: ask where the lowest mean is.",
            _reads(
                lambda best, means, error: _level(
                    means,
                    error,
                    _where(int(np.flatnonzero(_tied(means, error))[-1]), len(means)),
                )
            ),
        ),
        Pitfall(
            "a tie at an end called no effect",
            "One end of the path ties with the minimum, but the other does not: λ has an effect, "
            "on one side. “no effect” needs *all* means within one standard error.",
            _reads(_tie_at_an_end),
        ),
    ),
    hints=(
        "Start with `validation.mean(axis=1)`. Which λ is lowest, and how well is that mean "
        "known, from the scatter of its own folds?",
        "`error = validation[best].std(ddof=1) / sqrt(folds)`. A λ ties when its mean is at most "
        "`means[best] + error`; ship the largest of those.",
        "Reading: all tie: 'no effect'. Else compare `lambdas[best]` with `lambdas.max()` and "
        "`lambdas.min()`: 'longer up', 'longer down', otherwise 'inside'.",
    ),
)
