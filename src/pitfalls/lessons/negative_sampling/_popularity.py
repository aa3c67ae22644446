"""Negatives drawn by popularity to a power: popularity_negatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    close,
    from_elsewhere,
    nothing_drawn,
    show,
)

from ._draw import (
    Array,
    entry,
    entry_of,
    seed,
    unlikely,
    whole,
)

__all__ = ["POPULARITY_NEGATIVES"]

_NAMES = ("items", "q")


# --- what is drawn ---------------------------------------------------------------------------


def _counts(rng: np.random.Generator, sold: int, unsold: int) -> Array:
    """Purchases with a long tail, in any order, some items without any."""
    some = np.rint(600 / np.arange(1, sold + 1)) + rng.integers(1, 9, sold)
    return rng.permutation(np.r_[some, np.zeros(unsold)]).astype(int)


def _probabilities(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            _counts(rng, 9, 2),
            round(float(rng.uniform(0.6, 0.85)), 2),
            5,
            seed(rng),
            label="two items without a sale",
        ),
        Case(_counts(rng, 7, 3), 0.5, 8, seed(rng), label="alpha = ½"),
        Case(_counts(rng, 6, 2), 0, 4, seed(rng), label="alpha = 0, two items without a sale"),
    ]


def _draws(rng: np.random.Generator) -> list[Case]:
    counts = _counts(rng, 30, 6)
    counts[0], counts[-1] = 400, 0  # so that a shift by one shows, whichever way
    alpha = round(float(rng.uniform(0.4, 0.6)), 2)
    return [
        Case(counts, alpha, 20_000, seed(rng), label="20,000 draws of 36 items"),
        Case(_counts(rng, 36, 4), alpha, 36, seed(rng), label="36 draws of 40 items"),
    ]


# --- what is wanted --------------------------------------------------------------------------


def _q(counts: Array, alpha: float) -> Array:
    """A softmax of the logarithms, over the items that were bought."""
    q = np.zeros(len(counts))
    bought = np.flatnonzero(counts)
    q[bought] = special.softmax(alpha * np.log(counts[bought]))
    return q


def _wanted(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> tuple[None, Array]:
    return None, _q(counts, alpha)


def _drawn(case: Case, value: Any) -> Array:
    counts, _, size, _ = case.args
    return whole(entry_of(value, 0, _NAMES), (size,), len(counts))


def _judge_draws(case: Case, outcome: Outcome) -> Mismatch | None:
    counts, alpha, size, _ = case.args
    items = _drawn(case, outcome.value)
    if counts[items].min() == 0:
        says = "items: some were drawn that nobody ever bought."
        return Mismatch("value", says, show(items), "items with counts above 0")
    if len(np.unique(items)) == size:  # of 36 draws: in one of 10^14 runs at most
        says = "items: no item comes twice. The draws are not independent of each other."
        return Mismatch("value", says, "only different items", "some items more than once")
    q = _q(counts, alpha)
    often = np.bincount(items, minlength=len(q))
    odd = unlikely(often, size, q)
    if not odd.any():
        return nothing_drawn(outcome)
    worst = int(np.argmax(odd * np.abs(often - size * q)))
    return Mismatch(
        "value",
        "items: some come up far too often or too rarely for counts to the power alpha.",
        f"item {worst}, bought {counts[worst]} times, drawn {often[worst]} times of {size}",
        f"drawn about {size * q[worst]:.0f} times",
    )


# --- wrong ways ------------------------------------------------------------------------------

Sampler = Callable[[Array, float, int, np.random.Generator], Any]


def _weighing(weigh: Callable[[Array, float], Array]) -> Sampler:
    """Draws and probabilities from other weights, made to add up to 1."""

    def answer(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> Any:
        weights = weigh(counts, alpha)
        q = weights / np.sum(weights)
        return rng.choice(len(counts), size, p=q), q

    return answer


def _handing_out(then: Callable[[Array, Array, Array, float], Any]) -> Sampler:
    """The right draws, but something else handed out in place of q, from items, q and the rest."""

    def answer(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> Any:
        q = _q(counts, alpha)
        items = rng.choice(len(counts), size, p=q)
        return items, then(items, q, counts, alpha)

    return answer


def _drawing(draw: Callable[[Array, Array, int, np.random.Generator], Array]) -> Sampler:
    """The right q, but other draws, from counts and q."""

    def answer(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> Any:
        q = _q(counts, alpha)
        return draw(counts, q, size, rng), q

    return answer


def _shares_to(counts: Array, alpha: float) -> Array:
    bought = counts[counts > 0] / counts.sum()
    q = np.zeros(len(counts))
    q[counts > 0] = bought**alpha
    return q


def _only_items(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> Array:
    return rng.choice(len(counts), size, p=_q(counts, alpha))


def _swapped(counts: Array, alpha: float, size: int, rng: np.random.Generator) -> Any:
    q = _q(counts, alpha)
    return q, rng.choice(len(counts), size, p=q)


def _off_by_one(counts: Array, q: Array, size: int, rng: np.random.Generator) -> Array:
    where = np.searchsorted(np.cumsum(q), rng.random(size))
    return np.minimum(where + 1, len(q) - 1)


def _own_generator(counts: Array, q: Array, size: int, rng: Any) -> Array:
    return np.random.default_rng(0).choice(len(q), size, p=q)


def _no_repeats(counts: Array, q: Array, size: int, rng: np.random.Generator) -> Array:
    bought = np.flatnonzero(q)
    if size > len(bought):
        raise ValueError("Cannot take a larger sample than population when replace is False")
    return rng.choice(len(q), size, replace=False, p=q)


# --- how they show ---------------------------------------------------------------------------

Sign = Callable[[Case, Any], bool]


def _fits(case: Case, value: Any, q: Array) -> bool:
    """Whether the draws of the large case are what these probabilities give."""
    _, _, size, _ = case.args
    items = _drawn(case, value)
    return size < 1000 or not unlikely(np.bincount(items, minlength=len(q)), size, q).any()


def _drawn_with(*probabilities: Callable[[Array, float], Array]) -> Sign:
    """Known by draws that follow one of these, in place of q."""

    def sign(case: Case, value: Any) -> bool:
        counts, alpha, _, _ = case.args
        right = np.allclose(value[1], _q(counts, alpha))  # the pitfall's words say so
        return bool(right and any(_fits(case, value, p(counts, alpha)) for p in probabilities))

    return sign


def _all_different(case: Case, value: Any) -> bool:
    return bool(len(np.unique(_drawn(case, value))) == case.args[2])


def _no_pair(case: Case, value: Any) -> bool:
    return bool(np.shape(value) == (case.args[2],) and case.args[2] != len(_NAMES))


def _pair_turned(case: Case, value: Any) -> bool:
    counts, _, size, _ = case.args
    return bool(np.shape(value[0]) == (len(counts),) and np.shape(value[1]) == (size,))


def _of_the_draws(case: Case, value: Any) -> bool:
    items, q = value
    return bool(np.allclose(q, _q(case.args[0], case.args[1])[np.asarray(items)]))


def _squeezed(counts: Array, alpha: float) -> Array:
    q = _q(counts, alpha)
    return np.concatenate([q[q > 0], np.zeros(np.count_nonzero(q == 0))])


def _shifted(counts: Array, alpha: float) -> Array:
    q = np.roll(_q(counts, alpha), 1)
    q[-1] += q[0]  # what would lie beyond the last item
    q[0] = 0
    return q


def _shifted_back(counts: Array, alpha: float) -> Array:
    return _shifted(counts[::-1], alpha)[::-1]


def _mixture(counts: Array, alpha: float) -> Array:
    return np.asarray(alpha * counts / counts.sum() + (1 - alpha) / len(counts))


POPULARITY_NEGATIVES = Exercise(
    "popularity_negatives",
    "(counts, alpha, size, rng)",
    "Negatives drawn by popularity to a power",
    difficulty=2,
    minutes=10,
    parts=(
        Part("the probabilities q", 2, _probabilities, _wanted, entry(1, _NAMES, close())),
        Part("draws that follow q", 1, _draws, judge=_judge_draws),
    ),
    pitfalls=(
        Pitfall(
            "returns the draws only",
            "The draws are there, their probabilities are not. Whoever trains with these negatives "
            "needs q to correct for them: return both, items first.",
            _only_items,
            _no_pair,
        ),
        Pitfall(
            "items and q swapped",
            "q comes first and the items second. Wanted is (items, q).",
            _swapped,
            _pair_turned,
        ),
        Pitfall(
            "q of the draws, not of the items",
            "Your q has one entry for each draw. Wanted is one for each item of the catalogue: "
            "the correction will ask for items that were not drawn, the positives among them.",
            _handing_out(lambda items, q, counts, alpha: q[items]),
            _of_the_draws,
        ),
        Pitfall(
            "zero to the power of zero",
            "NumPy says 0 ** 0 = 1. So at alpha = 0 an item that nobody ever bought, and for which "
            "the model has no positive, gets the same chance as a bestseller. Set those to 0 "
            "whatever alpha is.",
            _weighing(lambda counts, alpha: counts.astype(float) ** alpha),
        ),
        Pitfall(
            "alpha is not used",
            "These are the plain shares of the purchases, as with alpha = 1. The power lifts the "
            "tail: the sixteen-fold count of a bestseller counts eight-fold at ¾.",
            _weighing(lambda counts, alpha: counts),
        ),
        Pitfall(
            "three quarters, whatever alpha is",
            "The famous ¾ stands in your function. `alpha` comes in as an argument: use that one.",
            _weighing(lambda counts, alpha: counts.astype(float) ** 0.75),
        ),
        Pitfall(
            "uniform, whatever alpha is",
            "Every item that was bought has the same chance. That is alpha = 0 only.",
            _weighing(lambda counts, alpha: (counts > 0).astype(float)),
        ),
        Pitfall(
            "power of the shares, not divided again",
            "You made shares first and raised them to alpha after. Shares to a power no longer add "
            "up to 1: divide by their sum once more.",
            _handing_out(lambda items, q, counts, alpha: _shares_to(counts, alpha)),
        ),
        Pitfall(
            "weights in place of probabilities",
            "These are the weights, count to the power alpha. Divide by their sum: without it "
            "log q is off by a number that depends on the size of your log.",
            _handing_out(lambda items, q, counts, alpha: np.where(counts > 0, counts**alpha, 0.0)),
        ),
        Pitfall(
            "one over alpha",
            "A root was taken for a power or the other way round: your popular items are *more* "
            "popular than before. With alpha below 1 the differences must shrink.",
            _weighing(lambda counts, alpha: counts.astype(float) ** (1 / alpha)),
            lambda case, value: (
                case.args[1] == 0
                or np.allclose(value[1], _q(case.args[0], 1 / case.args[1]), atol=1e-9)
            ),
        ),
        Pitfall(
            "logarithm in place of the power",
            "log(1 + count) flattens the counts as well, but always by the same rule: alpha has no "
            "say in it.",
            _weighing(lambda counts, alpha: np.log1p(counts)),
        ),
        Pitfall(
            "a mixture with the uniform",
            "You mix popularity and uniform in the shares alpha and 1 − alpha. That is another "
            "fair sampler, and its q is another one too. Asked for is the power.",
            _weighing(_mixture),
        ),
        Pitfall(
            "softmax of the counts",
            "e to the power of a count takes all of the probability to the bestseller. Counts "
            "are amounts, not scores: raise them to alpha and divide by the sum.",
            _weighing(lambda counts, alpha: np.exp(alpha * (counts - counts.max()))),
        ),
        Pitfall(
            "one added to every count",
            "That smooths too, and lets items through that nobody ever bought. The power is the "
            "only smoothing asked for here.",
            _weighing(lambda counts, alpha: (counts + 1.0) ** alpha),
        ),
        Pitfall(
            "rare items preferred",
            "Your q falls with the count: the power has a minus. Popular items are the likelier "
            "negatives here.",
            _weighing(lambda counts, alpha: np.where(counts > 0, 1.0 / (counts + 1e-300), 0)),
            lambda case, value: (
                case.args[1] == 0
                or np.corrcoef(
                    np.asarray(value[1])[case.args[0] > 0], np.log(case.args[0][case.args[0] > 0])
                )[0, 1]
                < -0.5
            ),
        ),
        Pitfall(
            "draws without replacement",
            "Once drawn, an item cannot come again, so the popular ones are used up and the tail "
            "comes more often than q says; and you cannot draw more often than there are items. "
            "Each draw is to be independent.",
            _drawing(_no_repeats),
            _all_different,
        ),
        Pitfall(
            "draws by plain popularity",
            "q is right, but the draws do not follow it: they were made with the plain shares. "
            "Then a correction by q corrects for a sampler that never ran. Hand q to the draw.",
            _drawing(lambda counts, q, size, rng: rng.choice(len(q), size, p=counts / sum(counts))),
            _drawn_with(lambda counts, alpha: counts / counts.sum()),
        ),
        Pitfall(
            "draws without q",
            "q is right, but the draws are uniform, over all items or over those with sales: "
            "`rng.integers` and `rng.choice` without p= know nothing of q.",
            _drawing(lambda counts, q, size, rng: rng.integers(len(q), size=size)),
            _drawn_with(
                lambda counts, alpha: np.full(len(counts), 1 / len(counts)),
                lambda counts, alpha: (counts > 0) / np.count_nonzero(counts),
            ),
        ),
        Pitfall(
            "positions in place of item numbers",
            "You drew among the items with sales, and returned their places in that shorter list. "
            "Translate them back, or draw from all items with q = 0 for the unsold.",
            _drawing(lambda counts, q, size, rng: rng.choice((q > 0).sum(), size, p=q[q > 0])),
            _drawn_with(_squeezed),
        ),
        Pitfall(
            "off by one item",
            "The draws have the right distribution, but one item off. With a cumulative sum, "
            "`np.searchsorted(np.cumsum(q), rng.random(size))` is the item already.",
            _drawing(_off_by_one),
            _drawn_with(_shifted, _shifted_back),
        ),
        Pitfall(
            "a generator of its own",
            "The draws follow q, but nothing was drawn from `rng`: the function makes a generator "
            "of its own, or asks NumPy's global one. With a fixed seed every batch of a training "
            "gets the same negatives again; without one nobody can repeat your run. Draw from the "
            "`rng` that comes in.",
            _drawing(_own_generator),
            recognise_outcome=from_elsewhere(_judge_draws),
        ),
    ),
    hints=(
        "Which number belongs to each item before anything is drawn? What must these numbers add "
        "up to, and which items must get 0?",
        "A weight for each item: counts ** alpha where counts > 0, else 0. Divided by their sum, "
        "the weights are q.",
        "`rng.choice(len(counts), size=size, p=q)` draws with replacement. Return it and q.",
    ),
)
