"""Train the two towers: train_two_tower.

The households, products and purchases of the check are made up, so that the truth is known: the
chance of every product for every household. The answer is judged by how near its own
probabilities come to these and by how far its towers have come, not by its random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from scipy.stats import rankdata

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    Seeded,
    numeric_array,
)

__all__ = ["TRAIN_TWO_TOWER"]

Array = np.ndarray[Any, Any]

_TASTES, _PRODUCTS, _HOUSEHOLDS, _COLD, _PER_HOUSEHOLD = 6, 72, 720, 18, 3
_DIM, _TEMPERATURE, _STEPS = 8, 0.2, 300

# A right answer (60 draws): divergence 0.08 to 0.14, slope 1.04 to 1.29, cold products 0.89 to 1.
_LARGEST_DIVERGENCE = 0.25
_SLOPES = (0.6, 1.6)
_SMALLEST_SHARE = 0.72

# How far the weights of single products have come, and how many times as far those that nearly
# every batch moves. The recipe comes 0.16 (standard deviation 0.006) with a lead of 1; a tenth of
# its steps 0.08, or 0.12 where the rate hardly falls; plain descent has a lead of 2.2 and more.
_SMALLEST_WAY = 0.128
_LARGEST_LEAD = 1.6


class _World(Case):
    """A case that knows the truth behind it."""

    def __init__(self, rng: np.random.Generator) -> None:
        taste = rng.permutation(np.arange(_HOUSEHOLDS) % _TASTES)
        kind = np.arange(_PRODUCTS) % _TASTES
        level = np.repeat(np.arange(8), _PRODUCTS // 8)
        self.popularity = -0.8 * np.log(1 + 2 * rng.permutation(level))  # (m,)
        self.cold = np.zeros(_PRODUCTS, dtype=bool)
        for one in range(_TASTES):
            alike = np.flatnonzero(kind == one)
            self.cold[rng.choice(alike, _COLD // _TASTES, replace=False)] = True
        self.likes = taste[:, None] == kind  # (n, m)
        logits = np.where(self.cold, -np.inf, 1.6 * self.likes + self.popularity)
        self.chance = softmax(logits, axis=1)
        # the largest of log-chance plus Gumbel noise: a draw without replacement
        keys = logits + rng.gumbel(size=logits.shape)
        products = np.argsort(-keys, axis=1)[:, :_PER_HOUSEHOLD]
        rows = np.repeat(np.arange(_HOUSEHOLDS), _PER_HOUSEHOLD)
        pairs = rng.permutation(np.column_stack([rows, products.ravel()]))
        H = np.eye(_TASTES)[taste] + rng.normal(0, 0.1, size=(_HOUSEHOLDS, _TASTES))
        H = np.column_stack([np.ones(_HOUSEHOLDS), H])
        F = np.column_stack([np.eye(_PRODUCTS), np.eye(_TASTES)[kind]])
        self.kind = kind
        super().__init__(
            H,
            F,
            pairs,
            _DIM,
            _TEMPERATURE,
            _STEPS,
            Seeded(int(rng.integers(1_000_000))),
            label=f"{_HOUSEHOLDS} households, {_PRODUCTS} products, {len(pairs)} pairs",
        )


def _draw(rng: np.random.Generator) -> list[Case]:
    return [_World(rng)]


# --- what can be read off --------------------------------------------------------------------


def _learned(case: Case, value: Any) -> Array:
    """Scores of all households for all products, from the towers that were handed back."""
    H, F, _, dim, temperature, *_ = case.args
    if not isinstance(value, tuple | list) or len(value) != 2:
        value = ([], [])
    P = numeric_array(value[0], (H.shape[1], dim))
    Q = numeric_array(value[1], (F.shape[1], dim))
    if not (np.isfinite(P).all() and np.isfinite(Q).all()):
        return np.full((len(H), len(F)), np.nan)
    users, items = H @ P, F @ Q
    users /= np.maximum(np.linalg.norm(users, axis=1, keepdims=True), 1e-12)
    items /= np.maximum(np.linalg.norm(items, axis=1, keepdims=True), 1e-12)
    return np.asarray(users @ items.T / temperature)


def _divergence(case: _World, scores: Array) -> float:
    """Kullback-Leibler divergence of the learned probabilities from the true ones, in nats."""
    sold = ~case.cold
    truth = case.chance[:, sold]
    learned = log_softmax(scores[:, sold], axis=1)
    return float((truth * (np.log(truth) - learned)).sum(axis=1).mean())


def _column_divergence(case: _World, scores: Array) -> float:
    """The same for the chance of every household, given the product."""
    sold = ~case.cold
    truth = case.chance[:, sold] / case.chance[:, sold].sum(axis=0)
    learned = log_softmax(scores[:, sold], axis=0)
    return float((truth * (np.log(truth) - learned)).sum(axis=0).mean())


def _line(case: _World, scores: Array) -> tuple[float, float]:
    """The line of the mean score on the logarithm of popularity, within a kind.

    By how much it rises, and how far the products lie beside it.
    """
    sold = ~case.cold
    kinds = np.eye(_TASTES)[case.kind[sold]]
    design = np.column_stack([case.popularity[sold], kinds])
    mean = scores[:, sold].mean(axis=0)
    solution: Array = np.linalg.lstsq(design, mean, rcond=None)[0]
    return float(solution[0]), float((mean - design @ solution).std())


def _slope(case: _World, scores: Array) -> float:
    return _line(case, scores)[0]


def _travel(case: _World, value: Any) -> tuple[float, float]:
    """How far the weights of single products have come from their start, and the lead of others.

    The rows of what was never sold stay as they were drawn, so they tell the size of the start.
    The lead is that of the weights which nearly every batch moves, those of tastes and of kinds:
    Adam takes all of them about as far, plain descent those that come up often much farther.
    """
    P, Q = (np.asarray(tower, dtype=float) for tower in value)
    start = (Q[:_PRODUCTS][case.cold] ** 2).mean()
    single, kinds, tastes = (
        np.sqrt(max((rows**2).mean() - start, 1e-8))
        for rows in (Q[:_PRODUCTS][~case.cold], Q[_PRODUCTS:], P[1:])
    )
    return float(single), float(np.sqrt(kinds * tastes) / single)


def _in_order(case: _World, scores: Array, cold: bool) -> float:
    """Of a liked and a disliked product: how often the liked one scores higher."""
    which = case.cold == cold
    ranks = rankdata(scores[:, which], axis=1)
    likes = case.likes[:, which]
    liked, others = likes.sum(axis=1), (~likes).sum(axis=1)
    above = (ranks * likes).sum(axis=1) - liked * (liked + 1) / 2
    return float((above / (liked * others)).mean())


def _cold_share(case: _World, scores: Array) -> float:
    return _in_order(case, scores, cold=True)


def _judge_known(case: Case, outcome: Outcome) -> Mismatch | None:
    assert isinstance(case, _World)
    scores = _learned(case, outcome.value)
    if np.isnan(scores).any():
        return Mismatch("value", "The towers hold values that are not finite.")
    divergence, slope = _divergence(case, scores), _slope(case, scores)
    if divergence < _LARGEST_DIVERGENCE and _SLOPES[0] < slope < _SLOPES[1]:
        return _judge_travel(case, outcome.value)
    says = (
        "The probabilities that the towers give are too far from the true ones, which are known "
        "here."
    )
    got = f"divergence {divergence:.2f} nats, slope on log popularity {slope:.2f}"
    return Mismatch("value", says, got, f"below {_LARGEST_DIVERGENCE} nats, slope near 1")


def _judge_travel(case: _World, value: Any) -> Mismatch | None:
    """Near the truth; also by the recipe?"""
    single, lead = _travel(case, value)
    if single > _SMALLEST_WAY and lead < _LARGEST_LEAD:
        return None
    says = (
        "The probabilities are near the true ones, but the recipe takes the towers elsewhere: look "
        "at how far the weights have come from their start."
    )
    got = f"single products {single:.2f} (root mean square), kinds and tastes {lead:.1f} times that"
    return Mismatch("value", says, got, "about 0.16, and about as far")


def _judge_cold(case: Case, outcome: Outcome) -> Mismatch | None:
    assert isinstance(case, _World)
    share = _cold_share(case, _learned(case, outcome.value))
    if share > _SMALLEST_SHARE:
        return None
    says = "Among products that were never sold, the liked ones do not come before the others."
    return Mismatch("value", says, f"{share:.0%} of the pairs in order", "nearly all")


# --- wrong ways ------------------------------------------------------------------------------


def _batch_gradient(z: Array, axis: int = 1) -> Array:
    shares = softmax(z, axis=axis)
    return np.asarray((shares - np.eye(len(z))) / len(z))


def _flat(z: Array) -> Array:
    """True pairs are drawn together, nothing is pushed apart."""
    return np.asarray(-np.eye(len(z)) / len(z))


def _wrong(
    steps: Callable[[int], int] = lambda steps: steps,
    log_q_sign: float = 1.0,
    trained_at: Callable[[float], float] = lambda temperature: temperature,
    table: Callable[[Array], Array] = _batch_gradient,
    direction: float = 1.0,
    looked_up: bool = False,
    descent: float | None = None,
) -> Callable[..., tuple[Array, Array]]:
    """The recipe in smaller batches, with one thing done in another way."""

    def answer(
        H: Array,
        F: Array,
        pairs: Array,
        dim: int,
        temperature: float,
        number: int,
        rng: np.random.Generator,
    ) -> tuple[Array, Array]:
        known = np.zeros((len(H), len(F)), dtype=bool)
        known[pairs[:, 0], pairs[:, 1]] = True
        often = np.log(np.maximum(np.bincount(pairs[:, 1], minlength=len(F)), 1) / len(pairs))
        towers = [rng.normal(0, 0.05, (width.shape[1], dim)) for width in (H, F)]
        moments = [[np.zeros_like(w), np.zeros_like(w)] for w in towers]
        tau = trained_at(temperature)
        for t in range(1, steps(number) + 1):
            drawn = pairs[rng.integers(len(pairs), size=64)]
            h = H[drawn[:, 0]]
            f = np.eye(F.shape[1])[drawn[:, 1]] if looked_up else F[drawn[:, 1]]
            outs = [h @ towers[0], f @ towers[1]]
            lengths = [np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in outs]
            u, v = (x / length for x, length in zip(outs, lengths, strict=True))
            z = u @ v.T / tau - log_q_sign * often[drawn[:, 1]]
            hits = known[drawn[:, :1], drawn[:, 1]] & ~np.eye(len(drawn), dtype=bool)
            d = direction * table(np.where(hits, -1e9, z)) / tau
            back = [d @ v, d.T @ u]
            for tower, moment, unit, length, g, x in zip(
                towers, moments, (u, v), lengths, back, (h, f), strict=True
            ):
                g = x.T @ ((g - (g * unit).sum(axis=1, keepdims=True) * unit) / length)
                moment[0] += 0.1 * (g - moment[0])
                moment[1] += 0.001 * (g * g - moment[1])
                scaled = np.sqrt(moment[1] / (1 - 0.999**t)) + 1e-8
                rate = 0.02 * (1 - t / (number + 1))
                step = rate * moment[0] / (1 - 0.9**t) / scaled
                tower -= step if descent is None else descent * moment[0]
        return towers[0], towers[1]

    return answer


def _one_step(steps: int) -> int:
    return 1


def _a_tenth(steps: int) -> int:
    return steps // 10


def _one(temperature: float) -> float:
    return 1.0


def _by_columns(z: Array) -> Array:
    return _batch_gradient(z, axis=0)


# --- how they show ---------------------------------------------------------------------------

Sign = Callable[[_World, Array], bool]


def _shows(sign: Sign) -> Callable[[Case, Any], bool]:
    def recognise(case: Case, value: Any) -> bool:
        assert isinstance(case, _World)
        return _finite(case, value) and sign(case, _learned(case, value))

    return recognise


def _not_finite(case: Case, value: Any) -> bool:
    return bool(np.isnan(_learned(case, value)).any())


def _all_alike(case: _World, scores: Array) -> bool:
    return float(np.ptp(scores)) < 2


def _anything_but(case: _World, scores: Array) -> bool:
    """Far worse than scores that say nothing at all."""
    return _divergence(case, scores) > 4


def _too_extreme(case: _World, scores: Array) -> bool:
    return _divergence(case, scores) > 0.5 and _slope(case, scores) > _SLOPES[1]


def _popularity_taken_out(case: _World, scores: Array) -> bool:
    slope, beside = _line(case, scores)
    return abs(slope) < 0.4 and beside < 0.35 and _divergence(case, scores) < 0.5


def _popularity_turned_round(case: _World, scores: Array) -> bool:
    return -1.5 < _slope(case, scores) < -0.5 and _in_order(case, scores, cold=False) > 0.8


def _columns_instead(case: _World, scores: Array) -> bool:
    """Poor at which product, good at which household; a product's level is left to chance."""
    slope, beside = _line(case, scores)
    return (
        slope < 0.65
        and beside > 0.35
        and _divergence(case, scores) > 0.3
        and _column_divergence(case, scores) < 0.25
    )


def _hardly_moved(case: _World, scores: Array) -> bool:
    return _divergence(case, scores) > 0.4 and _column_divergence(case, scores) >= 0.25


def _features_unused(case: _World, scores: Array) -> bool:
    return _cold_share(case, scores) < _SMALLEST_SHARE


def _other_optimiser(case: Case, value: Any) -> bool:
    assert isinstance(case, _World)
    return _finite(case, value) and _travel(case, value)[1] > _LARGEST_LEAD


def _too_few_steps(case: Case, value: Any) -> bool:
    assert isinstance(case, _World)
    return _finite(case, value) and _travel(case, value)[0] < _SMALLEST_WAY


def _finite(case: Case, value: Any) -> bool:
    return bool(np.isfinite(_learned(case, value)).all())


TRAIN_TWO_TOWER = Exercise(
    "train_two_tower",
    "(H, F, pairs, dim, temperature, steps, rng)",
    "Train the two towers",
    difficulty=5,
    minutes=30,
    parts=(
        Part("products that were sold", 4, _draw, judge=_judge_known),
        Part("products that were never sold", 3, _draw, judge=_judge_cold),
    ),
    pitfalls=(
        Pitfall(
            "not finite",
            "Some weights are NaN or infinite. Is log q taken of a product that is in no pair "
            "(log 0), or does an exponential overflow?",
            lambda H, F, pairs, dim, temperature, steps, rng: (
                np.full((H.shape[1], dim), np.nan),
                np.full((F.shape[1], dim), np.nan),
            ),
            _not_finite,
        ),
        Pitfall(
            "everything collapses",
            "All scores have become nearly the same: the true pairs were drawn together and "
            "nothing was pushed apart. The products of the other rows are the negatives: let them "
            "into the gradient.",
            _wrong(table=_flat),
            _shows(_all_alike),
        ),
        Pitfall(
            "uphill",
            "The towers are much worse than at the start: the step goes along the gradient, and "
            "the loss rises. Subtract.",
            _wrong(direction=-1.0),
            _shows(_anything_but),
        ),
        Pitfall(
            "trained without the temperature",
            "The scores are far too extreme. You trained cosines at a temperature of 1, so the "
            "towers stretched them as far as they go, and in service they are divided by the "
            "temperature on top. Train at the temperature that you serve.",
            _wrong(trained_at=_one),
            _shows(_too_extreme),
        ),
        Pitfall(
            "popularity is taken out",
            "Among products of one kind the scores do not follow popularity at all. Frequent "
            "products are negatives more often and are pushed down for it: hand log q, the "
            "logarithm of each product's share of the pairs, to the gradient, for the products of "
            "the *batch*, in their order.",
            _wrong(log_q_sign=0.0),
            _shows(_popularity_taken_out),
        ),
        Pitfall(
            "the sign of logQ",
            "Popular products score *lower* than rare ones of the same kind: the correction was "
            "added where it is to be subtracted.",
            _wrong(log_q_sign=-1.0),
            _shows(_popularity_turned_round),
        ),
        Pitfall(
            "softmax over the wrong axis",
            "The towers know what goes with whom, but not how likely: their probabilities over the "
            "products are far off. Did each column add up to one, households competing for a "
            "product?",
            _wrong(table=_by_columns),
            _shows(_columns_instead),
        ),
        Pitfall(
            "hardly trained",
            "The probabilities are about as far off as at the start. Are there `steps` steps, does "
            "each one change P and Q, and is every step made from a new batch?",
            _wrong(steps=_one_step),
            _shows(_hardly_moved),
        ),
        Pitfall(
            "another optimiser",
            "The weights that every batch moves have come much farther than those of single "
            "products, which come up rarely. Plain descent and momentum do that: their steps are "
            "as large as the gradient. Adam divides by its size; end each step with adam on P and "
            "on Q.",
            _wrong(descent=1.0),
            _other_optimiser,
        ),
        Pitfall(
            "too few steps",
            "The weights have moved evenly, as Adam moves them, but not far enough. Are there "
            "`steps` steps, and does the rate begin at 0.02 and fall to 0 only with the last one?",
            _wrong(steps=_a_tenth),
            _too_few_steps,
        ),
        Pitfall(
            "an embedding by number, features unused",
            "You looked up row `product` of Q instead of multiplying the product's features with "
            "Q. That is the same for the columns of the product's number, but the rows of the "
            "kinds are never trained, and a product without a sale has nothing else.",
            _wrong(looked_up=True),
            _shows(_features_unused),
        ),
    ),
    hints=(
        "One step: draw pairs, two matrix products, your gradient, two more matrix products. Which "
        "rows of H and F belong to the batch?",
        "h = H[rows], f = F[columns]; in_batch_softmax_gradient(h @ P, f @ Q, ...) gives d_users "
        "and d_items; then h.T @ d_users is the gradient for P and f.T @ d_items the one for Q.",
        "log_q = np.log(share of the pairs by product), taken at the batch's products; known = "
        "table of pairs, taken at [rows][:, columns]; end the step with adam on P and on Q.",
    ),
)
