"""Probabilities after training on a part of the negatives: downsample_recalibrate."""

from __future__ import annotations

import numpy as np
from scipy import special

from pitfalls.checks import Case, Exercise, Part, Pitfall

from ._draw import Array

__all__ = ["DOWNSAMPLE_RECALIBRATE"]


# --- what is drawn ---------------------------------------------------------------------------


def _inside(rng: np.random.Generator) -> list[Case]:
    cases = []
    for low, high in ((0.03, 0.2), (0.3, 0.4)):
        rate = round(float(rng.uniform(low, high)), 3)
        p = rng.permutation(np.r_[rng.uniform(0.02, 0.98, 6), rng.uniform(0.9, 0.99)]).round(3)
        cases.append(Case(p, rate, label=f"{rate:g} of the negatives kept"))
    return cases


def _ends(rng: np.random.Generator) -> list[Case]:
    p = rng.permutation([0.0, 1.0, *rng.uniform(0.2, 0.8, 3).round(3)])
    return [Case(p, round(float(rng.uniform(0.03, 0.2)), 3), label="some p exactly 0 or 1")]


def _by_log_odds(p: Array, rate: float) -> Array:
    """Fewer negatives add a constant to the log-odds; take it off."""
    return np.asarray(special.expit(special.logit(p) + np.log(rate)))


# --- wrong ways ------------------------------------------------------------------------------


def _without_the_ends(p: Array, rate: float) -> Array:
    odds = p / (1 - p)
    return np.asarray(rate * odds / (1 + rate * odds))


def _clipped(p: Array, rate: float) -> Array:
    return _by_log_odds(np.clip(p, 0.001, 0.999), rate)


DOWNSAMPLE_RECALIBRATE = Exercise(
    "downsample_recalibrate",
    "(p, rate)",
    "Bring probabilities back after downsampling",
    difficulty=2,
    minutes=8,
    parts=(
        Part("probabilities between 0 and 1", 2, _inside, _by_log_odds),
        Part("exactly 0 and exactly 1", 1, _ends, _by_log_odds),
    ),
    pitfalls=(
        Pitfall(
            "the wrong way round",
            "Your probabilities went up. The model saw too few negatives and promises too much, so "
            "they have to come down. You computed what downsampling does, not what undoes it.",
            lambda p, rate: special.expit(special.logit(p) - np.log(rate)),
        ),
        Pitfall(
            "p times rate",
            "That is about right for small p only. A p of 1 would become `rate`, although more "
            "negatives cannot make a certain case doubtful. It is the *odds* that the rate "
            "multiplies.",
            lambda p, rate: p * rate,
        ),
        Pitfall(
            "p divided by rate",
            "That goes up, and beyond 1. Think of odds: how many positives for each negative, "
            "before and after the missing negatives are put back?",
            lambda p, rate: p / rate,
        ),
        Pitfall(
            "capped at 1",
            "A cap hides that the formula goes the wrong way and beyond 1. Think of odds.",
            lambda p, rate: np.minimum(p / rate, 1),
        ),
        Pitfall(
            "odds in place of probabilities",
            "You stopped half-way: these are odds. Go back: odds / (1 + odds).",
            lambda p, rate: rate * p / (1 - p),
        ),
        Pitfall(
            "log-odds in place of probabilities",
            "You stopped half-way: these are log-odds. Apply the logistic function.",
            lambda p, rate: special.logit(p) + np.log(rate),
        ),
        Pitfall(
            "rate added to the log-odds, not its logarithm",
            "The constant is log(rate), which is negative. Adding the rate itself moves the "
            "probabilities up by a little.",
            lambda p, rate: special.expit(special.logit(p) + rate),
        ),
        Pitfall(
            "log-odds times rate",
            "Multiplying log-odds draws everything towards ½. Missing negatives shift log-odds by "
            "a constant.",
            lambda p, rate: special.expit(special.logit(p) * rate),
        ),
        Pitfall(
            "the share thrown away for the share kept",
            "You used 1 − rate. `rate` is the share of the negatives that were *kept*.",
            lambda p, rate: special.expit(special.logit(p) + np.log(1 - rate)),
        ),
        Pitfall(
            "moved down by a constant",
            "The same amount was taken off every probability, and some fell below 0. The shift "
            "is constant in log-odds, not in probabilities.",
            lambda p, rate: p - (1 - rate) * np.mean(p),
        ),
        Pitfall(
            "scaled to the old mean",
            "You divided by something that depends on the other rows. The corrected p of one row "
            "may depend on its own p and on the rate only.",
            lambda p, rate: p * np.mean(_by_log_odds(p, rate)) / np.mean(p),
        ),
        Pitfall(
            "only the negatives' share is enlarged",
            "1 − (1 − p) / rate goes far below 0. With the negatives put back the two shares no "
            "longer add up to 1: divide by their sum.",
            lambda p, rate: 1 - (1 - p) / rate,
        ),
        Pitfall(
            "the rate applied to both classes",
            "You multiplied positives and negatives alike, and after dividing nothing had changed. "
            "Only negatives were thrown away.",
            lambda p, rate: p * rate / (p * rate + (1 - p) * rate),
        ),
        Pitfall(
            "p = 1 becomes NaN",
            "The odds of p = 1 are infinite, and infinity over infinity is no number. Multiply "
            "through by 1 − p: the same formula without odds has no such hole.",
            _without_the_ends,
        ),
        Pitfall(
            "0 and 1 clipped",
            "You moved 0 and 1 inwards to make the logarithms finite, and the answer shows it. A "
            "formula without logarithms needs no clip.",
            _clipped,
        ),
    ),
    hints=(
        "Take ten rows with p = 0.5 after downsampling: five positives, five negatives. With a "
        "rate of 1/10, how many negatives were there before?",
        "For each positive share p the negative share 1 − p stood for (1 − p) / rate. The two no "
        "longer add up to 1.",
        "p / (p + (1 − p) / rate).",
    ),
)
