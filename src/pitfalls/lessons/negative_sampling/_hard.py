"""The highest-scored items that the user does not have: hard_negatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Part, Pitfall, equal

from ._draw import Array, telling

__all__ = ["HARD_NEGATIVES"]

_USERS, _ITEMS, _K = 6, 14, 3


# --- what is drawn ---------------------------------------------------------------------------


def _table(rng: np.random.Generator) -> tuple[Array, Array]:
    """Scores without ties, some users' all below 0, and purchases that tend to score high."""
    scores = rng.permutation(np.arange(1, _USERS * _ITEMS + 1)).reshape(_USERS, _ITEMS) / 10 - 4
    bought = np.zeros((_USERS, _ITEMS), dtype=bool)
    for user in range(_USERS):
        bought[user, np.argsort(-scores[user])[[0, 2, 5]]] = True
        bought[user, rng.integers(_ITEMS)] = True
    scores[:3] -= 6  # below 0 throughout
    return scores.round(1), bought


def _telling(rng: np.random.Generator, skip: int, wrong: tuple[Answer, ...], label: str) -> Case:
    def make() -> tuple[Array, Array]:
        scores, bought = _table(rng)
        order = rng.permutation(_USERS)
        return scores[order], bought[order]

    scores, bought = telling(
        make, lambda args: [np.asarray(a(*args, _K, skip)).tolist() for a in (_right, *wrong)]
    )
    return Case(scores, bought, _K, skip, label=label)


def _hardest(rng: np.random.Generator) -> list[Case]:
    return [_telling(rng, 0, _ANYWHERE, "nothing skipped")]


def _skipping(rng: np.random.Generator) -> list[Case]:
    return [_telling(rng, 2, (*_ANYWHERE, *_SKIPPING), "the two hardest skipped")]


def _one_at_a_time(scores: Array, bought: Array, k: int, skip: int) -> list[list[int]]:
    """Take the best of what is left, again and again."""
    rows = []
    for row, own in zip(scores.tolist(), bought.tolist(), strict=True):
        left = {item for item, has in enumerate(own) if not has}
        ranked: list[int] = []
        for _ in range(skip + k):
            best = max(left, key=row.__getitem__)
            left.remove(best)
            ranked.append(best)
        rows.append(ranked[skip:])
    return rows


# --- wrong ways ------------------------------------------------------------------------------

Answer = Callable[[Array, Array, int, int], Any]


def _ranked(
    value: Callable[[Array, Array], Array],
    cut: Callable[[int, int], slice] = lambda k, skip: slice(skip, skip + k),
) -> Answer:
    """Rank the items by another value, or cut another stretch out."""

    def answer(scores: Array, bought: Array, k: int, skip: int) -> Array:
        order = np.argsort(-value(scores, bought), axis=1, kind="stable")
        return order[:, cut(k, skip)]

    return answer


def _open(scores: Array, bought: Array) -> Array:
    """Scores with what was bought at the bottom."""
    return np.where(bought, scores.min() - 1e3, scores)


def _places_among_the_others(scores: Array, bought: Array, k: int, skip: int) -> Array:
    return np.array(
        [np.argsort(-row[~own])[skip : skip + k] for row, own in zip(scores, bought, strict=True)]
    )


def _scores_of_them(scores: Array, bought: Array, k: int, skip: int) -> Array:
    return np.take_along_axis(scores, _right(scores, bought, k, skip), axis=1)


def _skipped_before(scores: Array, bought: Array, k: int, skip: int) -> Array:
    """The first `skip` of all items go, bought or not; then the bought ones."""
    rows = []
    for row, own in zip(scores, bought, strict=True):
        order = np.argsort(-row)[skip:]
        rows.append(order[~own[order]][:k])
    return np.array(rows)


def _filtered_after(scores: Array, bought: Array, k: int, skip: int) -> list[Any]:
    rows = []
    for row, own in zip(scores, bought, strict=True):
        order = np.argsort(-row)[skip : skip + k]
        rows.append([int(item) for item in order if not own[item]])
    return rows


def _for_everybody(scores: Array, bought: Array, k: int, skip: int) -> Array:
    order = np.argsort(-np.where(bought, 0, scores).sum(axis=0))
    return np.tile(order[skip : skip + k], (len(scores), 1))


def _users_of_items(scores: Array, bought: Array, k: int, skip: int) -> Array:
    return np.argsort(-_open(scores, bought), axis=0)[skip : skip + k].T


_right = _ranked(_open)
_with_positives = _ranked(lambda scores, bought: scores)
_only_positives = _ranked(lambda scores, bought: np.where(bought, scores, -1e3))
_zeroed = _ranked(lambda scores, bought: scores * ~bought)
_easiest = _ranked(lambda scores, bought: -np.where(bought, 1e3, scores))
_by_size = _ranked(lambda scores, bought: np.where(bought, -1, np.abs(scores)))
_turned_round = _ranked(_open, lambda k, skip: slice(skip + k - 1, skip - 1 if skip else None, -1))
_no_skip = _ranked(_open, lambda k, skip: slice(0, k))
_up_to_k = _ranked(_open, lambda k, skip: slice(skip, k))
_from_the_top = _ranked(_open, lambda k, skip: slice(0, k + skip))
_one_further = _ranked(_open, lambda k, skip: slice(skip + 1, skip + 1 + k))
_ANYWHERE = (
    _with_positives, _only_positives, _zeroed, _easiest, _by_size, _turned_round,
    _places_among_the_others, _scores_of_them, _for_everybody, _users_of_items, _one_further,
)  # fmt: skip
_SKIPPING = (_no_skip, _up_to_k, _from_the_top, _skipped_before)


# --- how they show ---------------------------------------------------------------------------


def _same_items_in_another_order(case: Case, value: Any) -> bool:
    wanted = np.asarray(_right(*case.args))
    got = np.asarray(value)
    if got.shape != wanted.shape or (got == wanted).all():
        return False
    return bool((np.sort(got) == np.sort(wanted)).all())


def _ranked_with_zeros(case: Case, value: Any) -> bool:
    """The values of the zeroed table on top, in whatever order the zeros came."""
    scores, bought, k, skip = case.args
    zeroed = scores * ~bought
    top = np.take_along_axis(zeroed, np.asarray(value), axis=1)
    wanted = -np.sort(-zeroed, axis=1)[:, skip : skip + k]
    return bool(np.array_equal(top, wanted))


HARD_NEGATIVES = Exercise(
    "hard_negatives",
    "(scores, bought, k, skip)",
    "The negatives that the model likes best",
    difficulty=2,
    minutes=8,
    parts=(
        Part("the k hardest", 2, _hardest, _one_at_a_time, equal()),
        Part("after the first skip of them", 1, _skipping, _one_at_a_time, equal()),
    ),
    pitfalls=(
        Pitfall(
            "returns positives",
            "The highest scores belong to what the user bought: that is what the model learned. "
            "Used as negatives, they undo it. Put purchases out of reach before you rank.",
            _with_positives,
        ),
        Pitfall(
            "only positives",
            "These are the user's own items. The mask is upside down.",
            _only_positives,
        ),
        Pitfall(
            "positives set to zero",
            "Zero is not low when scores are negative: for some users their own items now rank on "
            "top. Minus infinity is below every score.",
            _zeroed,
            _ranked_with_zeros,
        ),
        Pitfall(
            "positives thrown out after the cut",
            "You took the top and then removed purchases, so some users are left with fewer than "
            "k. Put purchases out of reach first, then cut.",
            _filtered_after,
        ),
        Pitfall(
            "the easiest, not the hardest",
            "These have the lowest scores: the model rejects them anyway, so their gradient is "
            "nearly nothing. argsort goes upwards.",
            _easiest,
        ),
        Pitfall(
            "largest by absolute value",
            "A score of −9 is a firm no, not a hard case. Rank by the score itself.",
            _by_size,
        ),
        Pitfall(
            "hardest last",
            "The right items, the wrong way round. Wanted is the highest score first.",
            _turned_round,
        ),
        Pitfall(
            "scores in place of items",
            "These are the scores. Training has to look the items up: return their numbers.",
            _scores_of_them,
        ),
        Pitfall(
            "places among the others",
            "You ranked a shorter list, without the purchases, and returned places in it. They are "
            "no item numbers: mask, and keep the length.",
            _places_among_the_others,
        ),
        Pitfall(
            "the same for everybody",
            "You added the users up first. What is hard depends on the user: rank each row.",
            _for_everybody,
        ),
        Pitfall(
            "ranked down the columns",
            "You ranked the users of an item. Users are rows, so sort along axis 1.",
            _users_of_items,
        ),
        Pitfall(
            "one too far",
            "The hardest one that counts is missing: places start at 0, so after `skip` items the "
            "next has the place `skip`.",
            _one_further,
        ),
        Pitfall(
            "the right items in no order",
            "np.argpartition finds the top k but does not sort them. Sort those k by their scores: "
            "hardest first.",
            lambda scores, bought, k, skip: np.sort(_right(scores, bought, k, skip)),
            _same_items_in_another_order,
        ),
        Pitfall(
            "skip is not used",
            "The hardest ones came, whatever `skip` is. Among them are the items that the user is "
            "about to buy.",
            _no_skip,
        ),
        Pitfall(
            "cut at k, not at skip + k",
            "order[skip:k] leaves only k − skip items. Skip some, and then take k.",
            _up_to_k,
        ),
        Pitfall(
            "what should be skipped is still there",
            "You made the list longer by `skip`, but never dropped its head.",
            _from_the_top,
        ),
        Pitfall(
            "skips before the purchases are out",
            "The places you skipped went to the user's own items, so the dangerous negatives "
            "stayed. First put purchases out of reach, then skip.",
            _skipped_before,
        ),
    ),
    hints=(
        "Which items must never be in the result, whatever their score? Which value sorts below "
        "every score?",
        "Write −∞ where `bought` is true (in a copy), and sort each row downwards.",
        "`order = np.argsort(-masked, axis=1)`, then the columns from skip to skip + k.",
    ),
)
