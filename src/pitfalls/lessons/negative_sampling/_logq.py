"""The correction for negatives that come by popularity: logq_correction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from pitfalls.checks import Case, Exercise, Part, Pitfall

from ._draw import Array

__all__ = ["LOGQ_CORRECTION"]


# --- what is drawn ---------------------------------------------------------------------------


def _q(rng: np.random.Generator, m: int) -> Array:
    """Probabilities from 1 in 10 to 1 in 10,000, no two near each other, in any order."""
    return rng.permutation(10 ** -np.linspace(1, 4, m)) * rng.uniform(0.7, 1.3, m)


def _square(rng: np.random.Generator) -> list[Case]:
    scores = rng.normal(0, 2, (5, 5)).round(2)
    return [Case(scores, _q(rng, 5), label="a batch of 5 rows")]


def _wide(rng: np.random.Generator) -> list[Case]:
    scores = rng.normal(0, 2, (4, 7)).round(2)
    scores[rng.permutation(4)[:3], rng.permutation(7)[:3]] = -np.inf
    return [Case(scores, _q(rng, 7), label="4 rows, 7 candidates, three accidental hits")]


def _in_odds(scores: Array, q: Array) -> Array:
    """Through the exponentials, whose quotient by q is what importance sampling asks for."""
    return np.asarray(special.xlogy(1.0, np.exp(scores) / q))


# --- wrong ways ------------------------------------------------------------------------------

Correction = Callable[[Array, Array], Array]


def _on_the_diagonal(inside: Correction, outside: Correction) -> Correction:
    """One correction of each row's own item, another one of the rest."""

    def answer(scores: Array, q: Array) -> Array:
        own = np.eye(*scores.shape) == 1
        return np.where(own, inside(scores, q), outside(scores, q))

    return answer


def _by_rows(scores: Array, q: Array) -> Array:
    return scores + -np.log(q)[:, None]


def _softmax(scores: Array, q: Array) -> Array:
    return np.asarray(special.softmax(scores + -np.log(q), axis=-1))


def _mean_of_logs(scores: Array, q: Array) -> Array:
    return np.asarray(scores + -np.log(q).mean())


_plain: Correction = lambda scores, q: scores  # noqa: E731
_corrected: Correction = lambda scores, q: scores + np.log(1 / q)  # noqa: E731


def _by_a_constant(case: Case, value: Array) -> bool:
    """In each row all finite scores are off by one number, and hits are where they belong."""
    scores, q = case.args
    if not np.array_equal(np.isneginf(value), np.isneginf(scores)):
        return False
    rows = zip(np.asarray(value), scores + -np.log(q), strict=True)
    off = [(got - wanted)[np.isfinite(wanted)] for got, wanted in rows]
    return bool(all(np.ptp(row) < 1e-9 for row in off))


LOGQ_CORRECTION = Exercise(
    "logq_correction",
    "(scores, q)",
    "Take the sampler out of the scores",
    difficulty=3,
    minutes=8,
    parts=(
        Part("a square batch", 2, _square, _in_odds),
        Part("more candidates than rows, hits stay out", 1, _wide, _in_odds),
    ),
    pitfalls=(
        Pitfall(
            "sign flipped",
            "Popular items got *more* on top of their score, so the training pushes them down even "
            "further than the sampler did. An item that comes often as a negative must be excused: "
            "its score goes down by its log q before the softmax, so that the model puts it up. "
            "log q is negative; mind which of them gets the larger boost.",
            lambda scores, q: scores + np.log(q),
        ),
        Pitfall(
            "q is not logged",
            "You took q off as it is. That moves scores by a hundredth or less, so nothing is "
            "corrected. Scores are exponents: a factor q in the sum is a log q in the score.",
            lambda scores, q: scores - q,
        ),
        Pitfall(
            "scores divided by q",
            "The *exponentials* are divided by q, not the scores. A quotient of exponentials is a "
            "difference of exponents.",
            lambda scores, q: scores / q,
        ),
        Pitfall(
            "scores times q",
            "The scores were weighed with q. What has to be undone is a factor in front of the "
            "exponentials, which is a difference in the scores.",
            lambda scores, q: scores * q,
        ),
        Pitfall(
            "q of the row",
            "You corrected row by row. A whole row moved by one number, and softmax does not see "
            "that: nothing is corrected. q belongs to the candidates, which stand in the columns.",
            _by_rows,
        ),
        Pitfall(
            "the row's own item left as it was",
            "The positive kept its score while its rivals were corrected. The softmax over the "
            "batch asks which of *these* items was bought, each with the chance it had to be here: "
            "correct the diagonal as well.",
            _on_the_diagonal(_plain, _corrected),
        ),
        Pitfall(
            "only the row's own item corrected",
            "Only the diagonal was corrected. The candidates in all columns came with their "
            "chance q: correct them all.",
            _on_the_diagonal(_corrected, _plain),
        ),
        Pitfall(
            "log of 1 − q",
            "log(1 − q) is nearly 0 for every small q. What counts is how often the item comes, "
            "not how often it does not.",
            lambda scores, q: scores - np.log(1 - q),
        ),
        Pitfall(
            "log of 1 + q",
            "np.log1p(q) is about q, so nearly nothing. No item of a batch has q = 0: plain log.",
            lambda scores, q: scores - np.log1p(q),
        ),
        Pitfall(
            "another base",
            "Softmax takes powers of e, so the logarithm must be the natural one. With log10 you "
            "correct 43% of what is to be corrected.",
            lambda scores, q: scores - np.log10(q),
        ),
        Pitfall(
            "logarithm to base 2",
            "Softmax takes powers of e, so the logarithm must be the natural one. With log2 you "
            "correct by 44% too much.",
            lambda scores, q: scores - np.log2(q),
        ),
        Pitfall(
            "half of the correction",
            "The square root of q was taken out. That is a sampler with alpha = ½; this one has q.",
            lambda scores, q: scores - 0.5 * np.log(q),
        ),
        Pitfall(
            "one number for all items",
            "Every score moved by the same number, and softmax does not see that. Each column has "
            "its own q.",
            _mean_of_logs,
        ),
        Pitfall(
            "a constant besides",
            "In each row every score is off by the same number: q was multiplied or divided by "
            "something first. The softmax would not see that, but asked for is s − log q, with q "
            "as it comes.",
            lambda scores, q: scores + -np.log(q / q.sum()),
            _by_a_constant,
        ),
        Pitfall(
            "the term in place of its exponent",
            "You returned eˢ / q, a term of the sum. The softmax takes the exponential itself: "
            "return the exponent, s − log q.",
            lambda scores, q: np.exp(scores) / q,
        ),
        Pitfall(
            "softmax taken already",
            "These are probabilities. Return corrected scores: the loss takes the softmax, and a "
            "second one on top would flatten them.",
            _softmax,
        ),
    ),
    hints=(
        "The softmax adds up e^score over candidates that came with chance q. What must each term "
        "be divided by, so that a frequent guest does not count double?",
        "e^s / q = e^(s − log q). Which axis of `scores` do the candidates lie on?",
        "`scores - np.log(q)`: NumPy lines q up with the columns.",
    ),
)
