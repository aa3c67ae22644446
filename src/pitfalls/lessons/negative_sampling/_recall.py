"""Recall over the catalogue against recall among sampled negatives: sampled_vs_full_recall."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from pitfalls.checks import Case, Exercise, Mismatch, Outcome, Part, Pitfall, close

from ._draw import Array, entry, telling

__all__ = ["SAMPLED_VS_FULL_RECALL"]

_NAMES = ("full", "sampled", "reversals")
_MODELS, _USERS, _ITEMS, _ROWS, _M, _K = 8, 12, 30, 48, 8, 3


# --- what is drawn ---------------------------------------------------------------------------


def _table(rng: np.random.Generator) -> tuple[Any, ...]:
    """Eight models: some follow popularity, some turn from it, one gives ties, two are constant."""
    popularity = rng.permutation(np.linspace(0, 3, _ITEMS))
    bought = rng.random((_USERS, _ITEMS)) < 0.12 + 0.1 * popularity
    bought[:, :2] = [True, False]
    users = rng.integers(_USERS, size=_ROWS)
    taste = rng.normal(size=(_USERS, _ITEMS))
    wish = np.where(bought, -np.inf, popularity + 1.5 * taste + rng.gumbel(size=(_USERS, _ITEMS)))
    targets, negatives = [], []
    for user in users:
        target = rng.choice(np.argsort(-wish[user])[:4])
        others = np.setdiff1d(np.flatnonzero(~bought[user]), [target])
        drawn = np.exp(popularity[others])
        targets.append(target)
        negatives.append(rng.choice(others, _M, p=drawn / drawn.sum()))
    noise = rng.normal(size=(_MODELS, _USERS, _ITEMS))
    scores = np.array(
        [
            popularity + 0.2 * noise[0] + bought,
            taste - 0.3 * popularity + 0.4 * noise[1] + bought,
            popularity + 0.6 * taste + 0.8 * noise[2] + bought,
            taste - 0.1 * popularity + 0.8 * noise[3] + bought,
            np.round(popularity + taste + noise[4]),
            np.full((_USERS, _ITEMS), 0.5),
            np.full((_USERS, _ITEMS), -0.5),
            np.tile(-popularity, (_USERS, 1)),  # finds nothing, but something among samples
        ]
    )
    scores[:4] -= 4  # below 0 for nearly all, so that zero is no low score
    order = rng.permutation(_MODELS)
    return scores.round(2)[order], bought, users, np.array(targets), np.array(negatives), _K


def _counted_apart(rng: np.random.Generator) -> tuple[Any, ...]:
    """A table on which the ways to count reversals differ: the cheap question, asked first."""
    while True:
        table = _table(rng)
        full, sampled, turned = _right(*table)
        others = (_with_ties, _with_ties_in_one, _inversions, _changed_places, _kept)
        if len({turned, *(count(full, sampled) for count in others)}) == 1 + len(others):
            return table


def _cases(rng: np.random.Generator) -> list[Case]:
    drawn = telling(
        lambda: _counted_apart(rng),
        lambda args: [_plain(answer(*args)) for answer in (_right, *_ALL)],
    )
    return [Case(*drawn, label="eight models, two constant, one with ties")]


def _plain(value: Any) -> tuple[Any, ...]:
    full, sampled, reversals = value
    return tuple(full), tuple(sampled), reversals


# --- what is wanted --------------------------------------------------------------------------


def _by_ranks(
    scores: Array, bought: Array, users: Array, targets: Array, negatives: Array, k: int
) -> tuple[list[float], list[float], int]:
    """SciPy's ranks of the target among its candidates, the worst one for a tie."""
    every = np.arange(len(targets))
    closed = bought[users]  # (rows, items)
    full, sampled = [], []
    for model in scores:
        own = model[users]
        everything = np.where(closed, np.inf, -own)  # in a list that is read from the bottom
        places = stats.rankdata(everything, "max", axis=1)[every, targets]
        drawn = np.take_along_axis(own, np.column_stack([targets, negatives]), axis=1)
        full.append(float(np.mean(places <= k)))
        sampled.append(float(np.mean(stats.rankdata(-drawn, "max", axis=1)[:, 0] <= k)))
    turned = 0
    for a, b in combinations(range(len(full)), 2):
        turned += bool((full[a] - full[b]) * (sampled[a] - sampled[b]) < 0)
    return full, sampled, turned


def _judge_reversals(case: Case, outcome: Outcome) -> Mismatch | None:
    return entry(2, _NAMES, close())(outcome.value, _by_ranks(*case.args))


def _alike(got: Any, wrong: Any) -> Mismatch | None:
    """All three agree: to tell mistakes apart, a small number alone agrees too often by luck."""
    found = (entry(i, _NAMES, close())(got, wrong) for i in range(3))
    return next((mismatch for mismatch in found if mismatch is not None), None)


# --- wrong ways ------------------------------------------------------------------------------

Count = Callable[..., Array]  # a model's candidates ahead of each target, (rows,)
Answer = Callable[..., tuple[Any, Any, Any]]


def _ahead(
    *, tie: bool = True, mask: bool = True, itself: bool = False, value: float | None = None
) -> Count:
    """How many candidates of the catalogue stand before each target."""

    def count(model: Array, bought: Array, users: Array, targets: Array, negatives: Array) -> Array:
        closed = -np.inf if value is None else value
        rows = np.where(bought, closed, model)[users] if mask else model[users]
        mine = rows[np.arange(len(users)), targets][:, None]
        before = rows >= mine if tie else rows > mine
        if not itself:
            before[np.arange(len(users)), targets] = False
        return np.asarray(before.sum(axis=1))

    return count


def _ahead_in_sample(*, tie: bool = True, once: bool = False) -> Count:
    """How many of the drawn negatives stand before each target."""

    def count(model: Array, bought: Array, users: Array, targets: Array, negatives: Array) -> Array:
        mine = model[users, targets][:, None]
        own = np.take_along_axis(model[users], negatives, axis=1)
        before = own >= mine if tie else own > mine
        if once:
            rows = zip(negatives, before, strict=True)
            return np.array([len(np.unique(drawn[ok])) for drawn, ok in rows])
        return np.asarray(before.sum(axis=1))

    return count


def _by_row_number(
    model: Array, bought: Array, users: Array, targets: Array, negatives: Array
) -> Array:
    rows = np.arange(len(targets)) % len(model)
    return _ahead()(model, bought, rows, targets, negatives)


def _turned(full: Array, sampled: Array) -> int:
    order = np.sign(np.subtract.outer(full, full)) * np.sign(np.subtract.outer(sampled, sampled))
    return int((np.triu(order) < 0).sum())


Share = Callable[[Array, Array, int], float]  # ranks, users, k


def _share(ranks: Array, users: Array, k: int) -> float:
    return float((ranks <= k).mean())


def _evaluated(
    full: Count,
    sampled: Count,
    share: Share = _share,
    compare: Callable[[Array, Array], Any] = _turned,
    plus: tuple[int, int] = (1, 1),
) -> Answer:
    """All of it, with one step taken in another way; `plus` is added to the counts."""

    def answer(
        scores: Array, bought: Array, users: Array, targets: Array, negatives: Array, k: int
    ) -> tuple[Any, Any, Any]:
        found = []
        for count, more in zip((full, sampled), plus, strict=True):
            ranks = [count(model, bought, users, targets, negatives) + more for model in scores]
            found.append(np.array([share(row, users, k) for row in ranks]))
        return found[0], found[1], compare(*found)

    return answer


def _per_user(ranks: Array, users: Array, k: int) -> float:
    return float(np.mean([(ranks[users == user] <= k).mean() for user in np.unique(users)]))


def _changed_places(full: Array, sampled: Array) -> int:
    return int((stats.rankdata(full) != stats.rankdata(sampled)).sum())


def _with_ties(full: Array, sampled: Array) -> int:
    order = np.subtract.outer(full, full) * np.subtract.outer(sampled, sampled)
    return int((order[np.triu_indices(len(full), 1)] <= 0).sum())


def _with_ties_in_one(full: Array, sampled: Array) -> int:
    order = np.sign(np.subtract.outer(full, full)) != np.sign(np.subtract.outer(sampled, sampled))
    return int(np.triu(order).sum())


def _inversions(full: Array, sampled: Array) -> int:
    """Sorted by one recall, then the pairs that stand the wrong way round by the other."""
    pairs = combinations(sampled[np.argsort(full, kind="stable")], 2)
    return sum(int(first > second) for first, second in pairs)


def _kept(full: Array, sampled: Array) -> int:
    order = np.subtract.outer(full, full) * np.subtract.outer(sampled, sampled)
    return int((order[np.triu_indices(len(full), 1)] > 0).sum())


_F, _S = _ahead(), _ahead_in_sample()
_right = _evaluated(_F, _S)
_bought_in = _evaluated(_ahead(mask=False), _S)
_zeroed = _evaluated(_ahead(value=0.0), _S)
_for_the_target = _evaluated(_ahead(tie=False), _ahead_in_sample(tie=False))
_against_itself = _evaluated(_ahead(itself=True), _S)
_from_zero = _evaluated(_F, _S, plus=(0, 0))
_row_numbers = _evaluated(_by_row_number, _S)
_users_alike = _evaluated(_F, _S, share=_per_user)
_precision = _evaluated(_F, _S, share=lambda ranks, users, k: (ranks <= k).mean() / k)
_counts = _evaluated(_F, _S, share=lambda ranks, users, k: (ranks <= k).sum())
_first_only = _evaluated(_F, _S, share=lambda ranks, users, k: (ranks == 1).mean())
_gains = _evaluated(
    _F, _S, share=lambda ranks, users, k: ((ranks <= k) / np.log2(ranks + 1)).mean()
)
_reciprocal = _evaluated(_F, _S, share=lambda ranks, users, k: ((ranks <= k) / ranks).mean())
_never_sampled = _evaluated(_F, _F)
_sample_from_zero = _evaluated(_F, _S, plus=(1, 0))
_sample_against_itself = _evaluated(_F, _S, plus=(1, 2))
_sample_for_the_target = _evaluated(_F, _ahead_in_sample(tie=False))
_repeats_once = _evaluated(_F, _ahead_in_sample(once=True))
_twice = _evaluated(_F, _S, compare=lambda full, sampled: 2 * _turned(full, sampled))
_ties_too = _evaluated(_F, _S, compare=_with_ties)
_ties_in_one_too = _evaluated(_F, _S, compare=_with_ties_in_one)
_sorted_first = _evaluated(_F, _S, compare=_inversions)
_places = _evaluated(_F, _S, compare=_changed_places)
_kendall = _evaluated(
    _F, _S, compare=lambda full, sampled: float(stats.kendalltau(full, sampled)[0])
)
_agreeing = _evaluated(_F, _S, compare=_kept)
_winners = _evaluated(
    _F, _S, compare=lambda full, sampled: int(np.argmax(full) != np.argmax(sampled))
)
_ALL = (
    _bought_in, _zeroed, _for_the_target, _against_itself, _from_zero, _row_numbers, _users_alike,
    _precision, _counts, _first_only, _gains, _reciprocal, _never_sampled, _sample_from_zero,
    _sample_against_itself, _sample_for_the_target, _repeats_once, _twice, _ties_too,
    _ties_in_one_too, _sorted_first, _places, _kendall, _agreeing, _winners,
)  # fmt: skip


SAMPLED_VS_FULL_RECALL = Exercise(
    "sampled_vs_full_recall",
    "(scores, bought, users, targets, negatives, k)",
    "Recall among all items, and among a sample",
    difficulty=4,
    minutes=20,
    parts=(
        Part("recall over the catalogue", 2, _cases, _by_ranks, entry(0, _NAMES, close())),
        Part("recall among the sample", 2, _cases, _by_ranks, entry(1, _NAMES, close())),
        Part("pairs of models turned round", 1, _cases, compare=_alike, judge=_judge_reversals),
    ),
    pitfalls=(
        Pitfall(
            "every pair counted twice",
            "(a, b) and (b, a) are the same pair of models. Count it once.",
            _twice,
        ),
        Pitfall(
            "a tie taken for a reversal",
            "Where one of the two recalls does not tell the models apart, nothing was turned "
            "round. Count a pair only if both are clear and opposite.",
            _ties_too,
        ),
        Pitfall(
            "a tie in one of the two taken for a reversal",
            "You counted where the two orders differ. Models that one recall puts level and the "
            "other does not were not turned round: both must be strict, and opposite.",
            _ties_in_one_too,
        ),
        Pitfall(
            "sorted first, level models included",
            "You sorted by one recall and counted what stands the wrong way round by the other. "
            "Models that are level in the first come in some order, and were counted with it.",
            _sorted_first,
        ),
        Pitfall(
            "models that changed place",
            "You counted models. Wanted are pairs: one model that falls from first to last "
            "reverses as many pairs as there are others.",
            _places,
        ),
        Pitfall(
            "Kendall's tau in place of a count",
            "Tau is made from this count. Return the count of reversed pairs itself.",
            _kendall,
        ),
        Pitfall(
            "pairs that agree",
            "You counted the pairs that both put in the same order.",
            _agreeing,
        ),
        Pitfall(
            "only the winner is looked at",
            "Whether the winner changes is one question. Count all pairs of models.",
            _winners,
        ),
        Pitfall(
            "places among the sample start at zero",
            "In the full ranking the first place is 1; among the sample you began at 0, so k "
            "negatives may stand before the target and it still counts as found.",
            _sample_from_zero,
        ),
        Pitfall(
            "the target stands in its sample twice",
            "Among the sample the target's place is one too low: it was added to the negatives and "
            "counted as one of those before it.",
            _sample_against_itself,
        ),
        Pitfall(
            "ties among the sample count for the target",
            "In the full ranking a tie counts against the target, among the sample for it. The "
            "same rule in both, or the two cannot be compared.",
            _sample_for_the_target,
        ),
        Pitfall(
            "purchases compete",
            "Items the user already has stand before the target and take its place in the list. "
            "The task is to find *new* items: purchases are no candidates.",
            _bought_in,
        ),
        Pitfall(
            "purchases set to zero",
            "Zero is a high score where scores are negative. Put purchases below everything: "
            "minus infinity.",
            _zeroed,
        ),
        Pitfall(
            "ties count for the target",
            "Equal scores were decided in the target's favour, so a model that gives every item "
            "the same score has a recall of 1. A tie counts against the target: ≥, not >.",
            _for_the_target,
        ),
        Pitfall(
            "the target competes with itself",
            "Your full ranking lets in one place too few. With ≥ the target may count among those "
            "before it: take it out of its own competitors, or drop the one you add. Or place k "
            "itself is left out: a hit is a place of at most k.",
            _against_itself,
        ),
        Pitfall(
            "places start at zero",
            "With nobody before it the target is first, place 1, not 0. Yours lets k + 1 "
            "items into a list of k.",
            _from_zero,
        ),
        Pitfall(
            "row numbers taken for users",
            "Row r of the test belongs to users[r]; you looked up user r. A user can have several "
            "rows.",
            _row_numbers,
        ),
        Pitfall(
            "averaged by users first",
            "You took a mean for each user and then one over users. That is a fair metric, but "
            "another one: here each row counts the same.",
            _users_alike,
        ),
        Pitfall(
            "precision, not recall",
            "You divided by k. Each row has one target, found or not: recall is the share found.",
            _precision,
        ),
        Pitfall(
            "counts, not shares",
            "These are numbers of hits. Divide by the number of rows.",
            _counts,
        ),
        Pitfall(
            "only the first place counts",
            "That is recall at 1. A target on any place up to k is found.",
            _first_only,
        ),
        Pitfall(
            "NDCG in place of recall",
            "You discounted by place. Recall asks only whether the target is in the first k.",
            _gains,
        ),
        Pitfall(
            "reciprocal rank in place of recall",
            "You added one over the place. Recall asks only whether the target is in the first k.",
            _reciprocal,
        ),
        Pitfall(
            "the sample is never used",
            "Your second result ranks against the whole catalogue again. Its candidates are the "
            "target and `negatives[r]` only.",
            _never_sampled,
        ),
        Pitfall(
            "repeats in the sample counted once",
            "The negatives were drawn with replacement. One that stands there twice stands before "
            "the target twice.",
            _repeats_once,
        ),
    ),
    hints=(
        "A target's place is 1 plus the number of candidates whose score is at least its own. Who "
        "are the candidates in the full ranking, and who among the sample?",
        "For one model: rows = scores[m][users], shape (rows, items); mine = the target's score as "
        "a column; ahead = (rows >= mine) & ~bought[users], the target itself left out. Among the "
        "sample the same with rows[np.arange(n)[:, None], negatives].",
        "A hit is `ahead.sum(axis=1) + 1 <= k`. A pair (a, b) with a < b is turned round if "
        "(full[a] − full[b]) · (sampled[a] − sampled[b]) < 0.",
    ),
)
