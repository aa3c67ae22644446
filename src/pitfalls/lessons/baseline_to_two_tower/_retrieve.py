"""The best k of many, exactly: retrieve."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Part, Pitfall, close

__all__ = ["RETRIEVE"]

Array = np.ndarray[Any, Any]


# --- what is drawn ---------------------------------------------------------------------------


def _catalogue(rng: np.random.Generator) -> list[Case]:
    """Vectors of unlike lengths and more of them than a quick look takes in."""
    cases = []
    for k in (4, 7):
        items = rng.normal(size=(60, 5)) * rng.uniform(0.3, 3, size=(60, 1))
        query = rng.normal(size=5)
        cases.append(Case(query, items, k, label=f"60 items, k = {k}"))
    return cases


def _edges(rng: np.random.Generator) -> list[Case]:
    """Whole numbers, so that products of them tie exactly; and k beyond the number of items."""
    query = np.array([1.0, 2.0, -1.0])
    levels = rng.permutation(np.repeat([7.0, 5.0, 4.0, 1.0], [2, 4, 3, 3]))  # wanted scores
    free = rng.integers(-3, 4, size=(12, 2)).astype(float)
    items = np.column_stack([free, free @ [1.0, 2.0] - levels])  # so that the product is the level
    few = rng.normal(size=(3, 3))
    many = rng.integers(-2, 3, size=(400, 3)).astype(float)
    return [
        Case(query, items, 5, label="ties"),
        Case(query, many, 25, label="400 items, many ties"),
        Case(query, few, 5, label="k beyond the number of items"),
    ]


# --- the reference ---------------------------------------------------------------------------


def _by_heap(query: Array, items: Array, k: int) -> Array:
    scores = [sum(q * x for q, x in zip(query, item, strict=True)) for item in items]
    best = heapq.nsmallest(k, range(len(scores)), key=lambda i: (-scores[i], i))
    return np.array(best, dtype=int)


# --- wrong ways ------------------------------------------------------------------------------


def _order(value: Callable[[Array, Array], Array]) -> Callable[[Array, Array, int], Array]:
    """The first k after a stable sort, upwards, of a value by item."""

    def answer(query: Array, items: Array, k: int) -> Array:
        return np.argsort(value(query, items), kind="stable")[:k]

    return answer


def _upwards(query: Array, items: Array, k: int) -> Array:
    return np.argsort(items @ query, kind="stable")[-k:]


def _later_first(query: Array, items: Array, k: int) -> Array:
    return np.argsort(items @ query, kind="stable")[::-1][:k]


def _in_no_order(query: Array, items: Array, k: int) -> Array:
    return np.sort(_by_heap(query, items, k))


def _their_scores(query: Array, items: Array, k: int) -> Array:
    return np.sort(items @ query)[::-1][:k]


def _their_vectors(query: Array, items: Array, k: int) -> Array:
    return np.asarray(items[_by_heap(query, items, k)])


def _from_one(query: Array, items: Array, k: int) -> Array:
    return _by_heap(query, items, k) + 1


def _one_short(query: Array, items: Array, k: int) -> Array:
    return _by_heap(query, items, k - 1)


def _partition_fails(query: Array, items: Array, k: int) -> Array:
    best = np.argpartition(-(items @ query), k)[:k]
    return np.asarray(sorted(best, key=lambda i: (-(items[i] @ query), i)), dtype=int)


def _equals_moved(case: Case, value: Any) -> bool:
    """The right scores in the right order, but of equal ones not the first rows."""
    query, items, _ = case.args
    right, got = _by_heap(*case.args), np.asarray(value)
    return bool(
        got.shape == right.shape
        and len(set(got.tolist())) == len(got)
        and np.array_equal(items[got] @ query, items[right] @ query)
        and not np.array_equal(got, right)
    )


def _set_right(case: Case, value: Any) -> bool:
    """The right ones in another order, where no two are level."""
    right = _by_heap(*case.args)
    got = np.asarray(value)
    return bool(got.shape == right.shape and set(got) == set(right) and len(case.args[1]) > 20)


RETRIEVE = Exercise(
    "retrieve",
    "(query, items, k)",
    "The best k, exactly",
    difficulty=2,
    minutes=8,
    parts=(
        Part("best first", 2, _catalogue, _by_heap, close()),
        Part("ties, and few items", 1, _edges, _by_heap, close()),
    ),
    pitfalls=(
        Pitfall(
            "the worst ones",
            "`argsort` goes upwards: its first k are the items that fit least.",
            _order(lambda query, items: items @ query),
        ),
        Pitfall(
            "best last",
            "The right k, but the best one stands at the end. A list is read from its start.",
            _upwards,
        ),
        Pitfall(
            "by cosine",
            "You normalised. Retrieval here is by inner product, in which length counts; where "
            "cosines are wanted, the towers hand over unit vectors already.",
            _order(lambda query, items: -(items @ query) / np.linalg.norm(items, axis=1)),
        ),
        Pitfall(
            "by distance",
            "The nearest item and the one with the largest inner product are the same only if all "
            "items have one length.",
            _order(lambda query, items: np.linalg.norm(items - query, axis=1)),
        ),
        Pitfall(
            "by the size of the product",
            "The absolute value brings up what fits least as well: an inner product far below zero "
            "is a bad match.",
            _order(lambda query, items: -np.abs(items @ query)),
        ),
        Pitfall(
            "scores, not rows",
            "These are the scores. Whoever looks something up needs to know *which* items: row "
            "numbers.",
            _their_scores,
        ),
        Pitfall(
            "vectors, not rows",
            "These are the items' vectors. Hand back their row numbers.",
            _their_vectors,
        ),
        Pitfall(
            "counted from one",
            "Row numbers start at 0.",
            _from_one,
        ),
        Pitfall(
            "one short",
            "There are k − 1 of them.",
            _one_short,
        ),
        Pitfall(
            "in no order",
            "The right k, but not ranked: `argpartition` finds them and leaves them as they lie. "
            "Sort those k.",
            _in_no_order,
            _set_right,
        ),
        Pitfall(
            "fails on few items",
            "With fewer than k items there is nothing to partition. Hand back all of them, best "
            "first.",
            _partition_fails,
        ),
        Pitfall(
            "equals in another order",
            "Turning an ascending sort round turns equal scores round as well, and a sort that is "
            "not stable, or a partition, leaves them anyhow. Of equals the smaller row number "
            "comes first, so that two runs give one list: sort the negative scores, stably.",
            _later_first,
            _equals_moved,
        ),
    ),
    hints=(
        "One matrix product scores all items. Then?",
        "np.argsort(-scores, kind='stable')[:k] is right and short; for millions of items, "
        "argpartition first and sort the few.",
        "A stable sort of the negative scores puts the smaller row first among equals, and a slice "
        "takes care of k beyond the end.",
    ),
)
