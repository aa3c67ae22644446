"""How good is a ranking: recall_at_k and ndcg_at_k, with ties shared fairly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import ndcg_score

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["NDCG_AT_K", "RECALL_AT_K"]

Array = np.ndarray[Any, Any]


# --- what is drawn ---------------------------------------------------------------------------


def _table(rng: np.random.Generator, k: int, ties: bool) -> Case:
    """Ten households, fourteen products; some households with nothing to find, some struck out."""
    n, m = 10, 14
    scores = rng.permuted(np.tile(np.arange(m, dtype=float), (n, 1)), axis=1)
    scores += rng.uniform(0, 0.5, size=(n, m))
    if ties:
        scores = rng.choice([0.0, 1.0, 2.0], size=(n, m), p=[0.3, 0.5, 0.2])
    counts = rng.permutation([0, 0, 1, 1, 2, 3, 4, k + 1, k + 2, k + 3])
    relevant = np.zeros((n, m), dtype=bool)
    for row, count in zip(relevant, counts, strict=True):
        row[rng.permutation(m)[:count]] = True
    struck = ~relevant & (rng.random((n, m)) < 0.2)
    scores[struck] = -np.inf
    says = "many equal scores" if ties else "no two scores alike"
    return Case(scores, relevant, k, label=f"10 households, 14 products, k = {k}, {says}")


def _plain(rng: np.random.Generator) -> list[Case]:
    return [_table(rng, k, ties=False) for k in (3, 5)]


def _tied(rng: np.random.Generator) -> list[Case]:
    return [_table(rng, k, ties=True) for k in (3, 5)]


# --- references ------------------------------------------------------------------------------


def _expected_hits(scores: Array, relevant: Array, k: int) -> float:
    """Each product's chance of a place among the first k, from how many beat or equal it."""
    beaten = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)  # who stands before me
    level = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)  # me included
    chance = np.clip((k - beaten) / level, 0, 1)
    asked = relevant.any(axis=1)
    found = np.where(relevant, chance, 0).sum(axis=1)
    return float((found[asked] / relevant[asked].sum(axis=1)).mean())


def _scikit_learn(scores: Array, relevant: Array, k: int) -> float:
    finite = np.where(np.isneginf(scores), -1e6, scores)
    asked = relevant.any(axis=1)
    return float(ndcg_score(relevant[asked].astype(float), finite[asked], k=k))


# --- wrong ways ------------------------------------------------------------------------------


def _first_k(scores: Array, k: int) -> Array:
    """(n, k) columns of the k highest scores; of equal ones the first columns."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def _last_k(scores: Array, k: int) -> Array:
    """The same, but of equal scores the last columns."""
    return np.argsort(scores, axis=1, kind="stable")[:, ::-1][:, :k]


def _shown(scores: Array, relevant: Array, k: int, pick: Callable[..., Array] = _first_k) -> Array:
    """(n, k): whether the product in each of the first k places is relevant."""
    return np.take_along_axis(relevant, pick(scores, k), axis=1)


def _by_household(
    value: Callable[[Array, Array, int], Array],
    empty: float | None = None,
    pick: Callable[..., Array] = _first_k,
) -> Callable[[Array, Array, int], float]:
    """A mean over households of ``value(hits, how many are relevant, k)``."""

    def answer(scores: Array, relevant: Array, k: int) -> float:
        count = relevant.sum(axis=1)
        asked = count > 0
        hits = _shown(scores, relevant, k, pick)
        values = value(hits[asked], count[asked], k)
        if empty is None:
            return float(values.mean())
        return float((np.sum(values) + empty * np.sum(~asked)) / len(count))

    return answer


def _share_found(hits: Array, count: Array, k: int) -> Array:
    return np.asarray(hits.sum(axis=1) / count)


def _pooled(scores: Array, relevant: Array, k: int) -> float:
    return float(_shown(scores, relevant, k).sum() / relevant.sum())


def _other_k(shift: int) -> Callable[[Array, Array, int], float]:
    return lambda scores, relevant, k: _by_household(_share_found)(scores, relevant, k + shift)


def _lowest(scores: Array, k: int) -> Array:
    return np.argsort(scores, axis=1, kind="stable")[:, :k]


def _not_a_number(scores: Array, relevant: Array, k: int) -> float:
    return float("nan")


def _is_nan(case: Case, value: Any) -> bool:
    return bool(np.isnan(value))


def _ranked_as(value: Callable[[Array, Array, int], Array], favour: int) -> Callable[..., float]:
    """Among equal scores the relevant ones come first (favour 1) or last (−1)."""

    def answer(scores: Array, relevant: Array, k: int) -> float:
        nudged = np.where(np.isneginf(scores), -1e6, scores) + favour * 1e-3 * relevant
        return _by_household(value)(nudged, relevant, k)

    return answer


def _between(value: Callable[[Array, Array, int], Array]) -> Callable[[Case, Any], bool]:
    """Equal scores in some order or other: between the best and the worst order, on ties only."""
    best, worst = _ranked_as(value, 1), _ranked_as(value, -1)

    def sign(case: Case, got: Any) -> bool:
        low, high = worst(*case.args), best(*case.args)
        return high - low > 1e-6 and low - 1e-9 <= float(got) <= high + 1e-9

    return sign


def _whole_group_in(scores: Array, relevant: Array, k: int) -> float:
    """All that is level with place k counts as shown."""
    asked = relevant.any(axis=1)
    edge = np.sort(scores, axis=1)[:, -k][:, None]
    found = (relevant & (scores >= edge)).sum(axis=1)
    return float((found[asked] / relevant[asked].sum(axis=1)).mean())


def _whole_group_out(scores: Array, relevant: Array, k: int) -> float:
    """Only what is above place k + 1 counts as shown."""
    asked = relevant.any(axis=1)
    edge = np.sort(scores, axis=1)[:, -k - 1][:, None]
    found = (relevant & (scores > edge)).sum(axis=1)
    return float((found[asked] / relevant[asked].sum(axis=1)).mean())


_TIES = (
    "Equal scores were put in some order: by their column, or as the sort happened to leave them. "
    "A model that scores everything alike then gets a figure that depends on how the catalogue is "
    "sorted. Share the places among those that are level."
)

RECALL_AT_K = Exercise(
    "recall_at_k",
    "(scores, relevant, k)",
    "The share that was found",
    difficulty=3,
    minutes=12,
    parts=(
        Part("no two scores alike", 2, _plain, _expected_hits),
        Part("equal scores", 2, _tied, _expected_hits),
    ),
    pitfalls=(
        Pitfall(
            "divided by k",
            "Hits over k is *precision*: the share of the list that was right. Recall asks which "
            "share of what the household bought was in the list.",
            _by_household(lambda hits, count, k: hits.sum(axis=1) / k),
        ),
        Pitfall(
            "divided by the smaller of k and the number bought",
            "That is a variant (capped recall), which lets everybody reach 1. It is another "
            "figure: here the divisor is the number of relevant products, whatever k is.",
            _by_household(lambda hits, count, k: hits.sum(axis=1) / np.minimum(count, k)),
        ),
        Pitfall(
            "any hit counts as one",
            "Whether at least one product was found is the *hit rate*. Count the hits.",
            _by_household(lambda hits, count, k: np.asarray(hits.any(axis=1))),
        ),
        Pitfall(
            "hits counted, not shared",
            "That is the number of hits per household. Divide by how many there were to find.",
            _by_household(lambda hits, count, k: hits.sum(axis=1)),
        ),
        Pitfall(
            "pooled over the households",
            "All hits over all relevant products lets a household with 60 products weigh as much "
            "as sixty with one. Take each household's recall first, then the mean.",
            _pooled,
        ),
        Pitfall(
            "nothing to find counts as a miss",
            "A household with nothing relevant got 0. There was nothing to find: leave it out of "
            "the mean, or the figure falls with every household that stays at home.",
            _by_household(_share_found, empty=0.0),
        ),
        Pitfall(
            "nothing to find counts as found",
            "A household with nothing relevant got 1, which rewards the absence of shoppers. Leave "
            "it out of the mean.",
            _by_household(_share_found, empty=1.0),
        ),
        Pitfall(
            "nothing to find makes NaN",
            "0 / 0 is NaN, and one NaN spoils the mean. Leave such households out before you "
            "divide.",
            _not_a_number,
            _is_nan,
        ),
        Pitfall(
            "the lowest scores",
            "`argsort` goes upwards: its first k are the worst. The best stand at the end.",
            _by_household(_share_found, pick=_lowest),
        ),
        Pitfall(
            "one place too many",
            "You looked at k + 1 places. The first k have the indices 0 to k − 1.",
            _other_k(1),
        ),
        Pitfall(
            "one place too few",
            "You looked at k − 1 places. The slice `[:k]` has k of them.",
            _other_k(-1),
        ),
        Pitfall(
            "all that are level are let in",
            "`scores >= the k-th score` shows more than k products when several are level there. "
            "There are only k places: share the last ones among those that are level.",
            _whole_group_in,
        ),
        Pitfall(
            "all that are level are kept out",
            "You counted only what is better than the first one outside. Those that are level at "
            "the edge do get the places that are left; each has its chance of one.",
            _whole_group_out,
        ),
        Pitfall(
            "ties broken by the order of the products",
            _TIES,
            _by_household(_share_found, pick=_last_k),
            _between(_share_found),
        ),
    ),
    hints=(
        "For one household: which products are in the list for sure, and which share the places "
        "that are left?",
        "edge = the k-th highest score. Above it: in for sure. Level with it: "
        "(k − number above) places for (number level) products.",
        "chance = 1 above the edge, (k − above) / level at the edge, 0 below. Recall is "
        "chance[relevant].sum() / relevant.sum(); then the mean over households that have any.",
    ),
)


# --- NDCG ------------------------------------------------------------------------------------


def _discounts(k: int) -> Array:
    return np.asarray(1 / np.log2(np.arange(k) + 2))


def _ideal(count: Array, k: int, discounts: Array) -> Array:
    """The gain of a list that shows the relevant ones first."""
    return np.asarray(np.cumsum(discounts)[np.minimum(count, k) - 1])


def _gain(
    discount: Callable[[int], Array] = _discounts,
    ideal: Callable[[Array, int, Array], Array] | None = _ideal,
    ideal_discount: Callable[[int], Array] | None = None,
) -> Callable[[Array, Array, int], Array]:
    """An NDCG with one thing done in another way."""

    def value(hits: Array, count: Array, k: int) -> Array:
        weights = discount(k)
        own = hits @ weights
        if ideal is None:
            return np.asarray(own)
        best = ideal(count, k, weights if ideal_discount is None else ideal_discount(k))
        return np.asarray(own / best)

    return value


def _own_hits_first(hits: Array, count: Array, k: int) -> Array:
    """The ideal made from what the list holds, not from what there was to find."""
    found = hits.sum(axis=1)
    best = np.r_[0, np.cumsum(_discounts(k))][found]
    return np.asarray(np.where(found > 0, hits @ _discounts(k) / np.where(best > 0, best, 1), 0))


def _longest_list(count: Array, k: int, weights: Array) -> Array:
    return np.full(len(count), weights.sum())


def _all_relevant(hits: Array, count: Array, k: int) -> Array:
    """The ideal goes on beyond place k."""
    best = np.cumsum(_discounts(int(count.max())))[count - 1]
    return np.asarray(hits @ _discounts(k) / best)


def _all_households_in_one(scores: Array, relevant: Array, k: int) -> float:
    """All gains over all ideals."""
    asked = relevant.any(axis=1)
    weights = _discounts(k)
    gains = _shown(scores, relevant, k)[asked] @ weights
    return float(gains.sum() / _ideal(relevant[asked].sum(axis=1), k, weights).sum())


def _no_cut(scores: Array, relevant: Array, k: int) -> float:
    return _by_household(_gain())(scores, relevant, scores.shape[1])


def _divides_by_zero(scores: Array, relevant: Array, k: int) -> float:
    return float("nan")


def _is_nan_or_zero(case: Case, value: Any) -> bool:
    return not np.isfinite(value)


_NDCG = _gain()

NDCG_AT_K = Exercise(
    "ndcg_at_k",
    "(scores, relevant, k)",
    "Places count: normalised discounted gain",
    difficulty=4,
    minutes=15,
    parts=(
        Part("no two scores alike", 3, _plain, _scikit_learn),
        Part("equal scores", 2, _tied, _scikit_learn),
    ),
    pitfalls=(
        Pitfall(
            "pooled over the households",
            "All gains over all ideal gains lets a household that buys much weigh more than one "
            "that buys little. Divide for each household first, then take the mean.",
            _all_households_in_one,
        ),
        Pitfall(
            "no ideal",
            "That is the discounted gain (DCG): a household that bought one product can never "
            "reach what one with ten reaches. Divide by the gain of the best list there could be.",
            _by_household(_gain(ideal=None)),
        ),
        Pitfall(
            "two bases",
            "One sum has the logarithm of base 2, the other the natural one (`np.log`). A common "
            "base cancels; two bases leave the factor ln 2.",
            _by_household(
                _gain(lambda k: np.asarray(1 / np.log(np.arange(k) + 2)), _ideal, _discounts)
            ),
        ),
        Pitfall(
            "the base is in the ideal only",
            "The gain has the logarithm of base 2, its ideal the natural one. A common base "
            "cancels; two bases leave the factor ln 2.",
            _by_household(
                _gain(_discounts, _ideal, lambda k: np.asarray(1 / np.log(np.arange(k) + 2)))
            ),
        ),
        Pitfall(
            "the ideal fills all k places",
            "The best list for a household that bought two products has two hits, not k. With k "
            "ones in the ideal nobody who buys little can reach 1.",
            _by_household(_gain(ideal=_longest_list)),
        ),
        Pitfall(
            "the ideal from what was shown",
            "You sorted the hits of the list itself. A list that misses nine of ten products and "
            "shows the tenth first would be perfect. The ideal is made from all that is relevant.",
            _by_household(_own_hits_first),
        ),
        Pitfall(
            "the ideal is longer than k",
            "A household with more than k relevant products is measured against a list longer than "
            "you may show. The ideal ends at place k as well.",
            _by_household(_all_relevant),
        ),
        Pitfall(
            "places one and two weigh the same",
            "The older definition divides by log₂(place) from place two on. Here the discount is "
            "log₂(place + 1), from the first place on.",
            _by_household(
                _gain(lambda k: np.asarray(1 / np.log2(np.maximum(np.arange(k) + 1, 2))))
            ),
        ),
        Pitfall(
            "shifted by a place",
            "Your first place is already discounted: log₂(place + 2). Check that a hit in place "
            "one, where one is to be found, gives 1.",
            _by_household(
                _gain(lambda k: np.asarray(1 / np.log2(np.arange(k) + 3)), _ideal, _discounts)
            ),
        ),
        Pitfall(
            "one over the place",
            "1 / place falls faster: that is the weight of the reciprocal rank. The discount here "
            "is 1 / log₂(place + 1).",
            _by_household(_gain(lambda k: np.asarray(1 / (np.arange(k) + 1)))),
        ),
        Pitfall(
            "no discount",
            "Every place weighs the same: that is capped recall. A hit in place one should be "
            "worth more than one in place ten.",
            _by_household(_gain(lambda k: np.ones(k))),
        ),
        Pitfall(
            "the list is not cut at k",
            "Places beyond k earned something as well. Only the first k are shown.",
            _no_cut,
        ),
        Pitfall(
            "the lowest scores",
            "`argsort` goes upwards: its first k are the worst. The best stand at the end.",
            _by_household(_NDCG, pick=_lowest),
        ),
        Pitfall(
            "nothing to find counts as a miss",
            "A household with nothing relevant got 0. It has no ideal list: leave it out of the "
            "mean.",
            _by_household(_NDCG, empty=0.0),
        ),
        Pitfall(
            "nothing to find counts as found",
            "A household with nothing relevant got 1. Leave it out of the mean.",
            _by_household(_NDCG, empty=1.0),
        ),
        Pitfall(
            "not a number",
            "Something was divided by zero: a household without relevant products has an ideal of "
            "0, and log₂(1) = 0 if the places are counted from zero without adding 2.",
            _divides_by_zero,
            _is_nan_or_zero,
        ),
        Pitfall(
            "relevant first among equals",
            "Among equal scores the relevant ones were put first. You would not know them: every "
            "place of the group goes to each of its members with the same chance.",
            _ranked_as(_NDCG, 1),
        ),
        Pitfall(
            "relevant last among equals",
            "Among equal scores the relevant ones were put last. That is too harsh: every place of "
            "the group goes to each of its members with the same chance.",
            _ranked_as(_NDCG, -1),
        ),
        Pitfall(
            "ties broken by the order of the products",
            _TIES,
            _by_household(_NDCG, pick=_last_k),
            _between(_NDCG),
        ),
    ),
    hints=(
        "First without ties: weights 1 / log₂(place + 1) for the places 1 to k, added up where "
        "there is a hit; and the same sum for the best list there could be.",
        "The best list has min(k, number relevant) hits, all in front. For ties: sort by score, "
        "and give each member of a group of equals the *mean* of the weights of their places.",
        "weights = k discounts, then zeros. For each distinct score s: the group's places follow "
        "those above it; replace their weights by their mean. gain = weights[of relevant].sum().",
    ),
)
