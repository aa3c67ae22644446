"""The other rows' items as negatives, without accidental hits: in_batch_negatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Mismatch, Part, Pitfall, close

from ._draw import Array, telling

__all__ = ["IN_BATCH_NEGATIVES"]

_ROWS = 7
_AS_GOOD_AS_MINUS_INFINITY = -1e8


# --- what is drawn ---------------------------------------------------------------------------


def _scores(rng: np.random.Generator) -> Array:
    """(7, 7) scores with one decimal, no two alike, none of them 0."""
    some = np.r_[-40:0, 1:41] / 10
    return rng.choice(some, (_ROWS, _ROWS), replace=False)


def _seen_in_the_batch(rng: np.random.Generator) -> list[Case]:
    """An item three times, another twice, a user twice; nothing else of the batch was bought."""

    def make() -> tuple[Array, ...]:
        one, *rest = rng.permutation(20)[: _ROWS - 1]
        users, pool = np.array([one, one, *rest]), rng.permutation(15)
        items = pool[[0, 1, 0, 0, 1, 2, 3]]
        bought = np.zeros((20, 15), dtype=bool)
        others = np.setdiff1d(np.arange(20), users)
        bought[others] = rng.random((len(others), 15)) < 0.5
        bought[users[:, None], pool[4:]] = rng.random((_ROWS, 11)) < 0.3  # not in the batch
        bought[users, items] = True
        order = rng.permutation(_ROWS)
        return _scores(rng), users[order], items[order], bought

    drawn = telling(make, lambda args: [answer(*args).tolist() for answer in (_right, *_ANYWHERE)])
    return [Case(*drawn, label="items and a user that stand in the batch more than once")]


def _bought_elsewhere(rng: np.random.Generator) -> list[Case]:
    """A user and an item stand in the batch twice, and users own each other's items."""

    def make() -> tuple[Array, ...]:
        one, *rest = rng.permutation(20)[: _ROWS - 1]
        users = np.array([one, one, *rest])
        items = rng.permutation(15)[:_ROWS]
        items[-1] = items[3]
        bought = rng.random((20, 15)) < 0.3
        order = rng.permutation(_ROWS)
        users, items = users[order], items[order]
        bought[users, items] = True
        return _scores(rng), users, items, bought

    drawn = telling(
        make, lambda args: [answer(*args).tolist() for answer in (_right, *_ANYWHERE, *_ELSEWHERE)]
    )
    return [Case(*drawn, label="users who bought items of other rows")]


# --- what is wanted --------------------------------------------------------------------------


def _by_pairs(scores: Array, users: Array, items: Array, bought: Array) -> Array:
    """One question for each pair of rows."""
    purchases = {(int(u), int(i)) for u, i in np.argwhere(bought)}
    wanted = scores.astype(float).copy()
    for row, user in enumerate(users.tolist()):
        for column, item in enumerate(items.tolist()):
            if row != column and (user, item) in purchases:
                wanted[row, column] = float("-inf")
    return wanted


def _masked(got: Any, wanted: Any) -> Mismatch | None:
    """Compare with any very large negative number as good as minus infinity."""
    if isinstance(got, (list, np.ndarray)) and np.shape(got) == np.shape(wanted):
        got = np.asarray(got, dtype=float).copy()
        got[got < _AS_GOOD_AS_MINUS_INFINITY] = -np.inf
    return close()(got, wanted)


# --- wrong ways ------------------------------------------------------------------------------

Batch = Callable[[Array, Array, Array, Array], Array]


def _mask(hits: Batch, value: float | None = None, *, own_stays: bool = True) -> Batch:
    """Put minus infinity, or a value, where other pairs count as hits; `hits` sees the batch."""

    def answer(scores: Array, users: Array, items: Array, bought: Array) -> Array:
        hit = np.array(hits(scores, users, items, bought), dtype=bool)
        if own_stays:
            hit &= ~np.eye(len(hit), dtype=bool)
        out = scores.copy()
        out[hit] = -np.inf if value is None else value
        return out

    return answer


def _owned(scores: Array, users: Array, items: Array, bought: Array) -> Array:
    return np.asarray(bought[np.ix_(users, items)])


def _times_infinity(scores: Array, users: Array, items: Array, bought: Array) -> Array:
    hit = _owned(scores, users, items, bought) & ~np.eye(len(users), dtype=bool)
    return scores * np.where(hit, -np.inf, 1.0)


_right = _mask(_owned)
_own_item_spared = _mask(
    lambda scores, users, items, bought: (
        bought[np.ix_(users, items)] & (items[:, None] != items[None, :])
    )
)
_untouched: Batch = lambda scores, users, items, bought: scores  # noqa: E731
_zeros = _mask(_owned, 0.0)
_own_too = _mask(_owned, own_stays=False)
_own_only = _mask(
    lambda scores, users, items, bought: np.eye(len(users), dtype=bool), own_stays=False
)
_turned = _mask(lambda scores, users, items, bought: bought[np.ix_(users, items)].T)
_by_position = _mask(lambda scores, users, items, bought: bought[: len(users)][:, items])
_places = _mask(lambda scores, users, items, bought: bought[: len(users), : len(items)])
_everything = _mask(
    lambda scores, users, items, bought: np.broadcast_to(bought[users, items], scores.shape)
)
_inverted = _mask(lambda *batch: ~_owned(*batch))
_columns = _mask(
    lambda scores, users, items, bought: np.broadcast_to(
        (_owned(scores, users, items, bought) & ~np.eye(len(users), dtype=bool)).any(axis=0),
        scores.shape,
    )
)
_same_item = _mask(lambda scores, users, items, bought: items[:, None] == items)
_same_user = _mask(lambda scores, users, items, bought: users[:, None] == users)
_in_the_batch = _mask(
    lambda scores, users, items, bought: (items[:, None] == items) | (users[:, None] == users)
)
_above_only = _mask(lambda *batch: np.triu(_owned(*batch)))
_ANYWHERE = (
    _untouched, _zeros, _own_too, _own_only, _by_position, _places, _everything, _inverted,
    _columns, _times_infinity, _above_only, _same_item, _same_user,
)  # fmt: skip
_ELSEWHERE = (_turned, _in_the_batch)


IN_BATCH_NEGATIVES = Exercise(
    "in_batch_negatives",
    "(scores, users, items, bought)",
    "The other rows' items, without accidental hits",
    difficulty=3,
    minutes=12,
    parts=(
        Part("hits that the batch itself shows", 2, _seen_in_the_batch, _by_pairs, _masked),
        Part("hits from other rows of the log", 2, _bought_elsewhere, _by_pairs, _masked),
    ),
    pitfalls=(
        Pitfall(
            "no hit is masked",
            "The scores came back as they were. Every item of another row that this user bought, "
            "too, is now pushed away from her although it is a positive. Popular items are hit "
            "most: they stand in many rows.",
            _untouched,
        ),
        Pitfall(
            "zero in place of minus infinity",
            "A score of 0 is a score like any other: e⁰ = 1 stays in the softmax's sum. Only minus "
            "infinity, whose exponential is 0, takes a pair out.",
            _zeros,
        ),
        Pitfall(
            "scores times minus infinity",
            "Minus infinity times a negative score is *plus* infinity: those pairs now win the "
            "softmax. Write the value into the hits, do not multiply.",
            _times_infinity,
        ),
        Pitfall(
            "the row's own item masked, too",
            "The diagonal is the one positive of each row, and it was bought, of course. Masked, "
            "the row has nothing to learn, and its loss is infinite. Leave the diagonal alone.",
            _own_too,
        ),
        Pitfall(
            "the diagonal masked in place of the hits",
            "You took out each row's own item, which is its positive, and left the accidental "
            "hits in. It is the other way round.",
            _own_only,
        ),
        Pitfall(
            "rows and columns swapped",
            "You asked whether the column's user bought the row's item. In row i the user is "
            "users[i], and the candidate in column j is items[j].",
            _turned,
        ),
        Pitfall(
            "row numbers taken for users",
            "You looked up rows 0, 1, 2, … of `bought`: those of other people. Row i of the batch "
            "belongs to users[i].",
            _by_position,
        ),
        Pitfall(
            "the corner of the table",
            "You took the first rows and columns of `bought`. Both have to be looked up: users[i] "
            "and items[j].",
            _places,
        ),
        Pitfall(
            "asks about the row's own pair only",
            "bought[users, items] has one entry for each row, (user, own item), and that is always "
            "true, so every negative went. You need every user against every item: shape (B, B).",
            _everything,
        ),
        Pitfall(
            "negatives masked, hits kept",
            "The mask is upside down: what the user did *not* buy are the negatives that you need.",
            _inverted,
        ),
        Pitfall(
            "a hit takes its column away from all",
            "An item that is a hit for one user is a fair negative for another. Mask pairs, not "
            "whole columns.",
            _columns,
        ),
        Pitfall(
            "the row's own item spared wherever it stands",
            "You left the row's own item in where another row holds it, as if that were the "
            "diagonal. The user bought it, so there it is a hit: only row i, column i stays.",
            _own_item_spared,
        ),
        Pitfall(
            "only half of the pairs are looked at",
            "Row i against column j and row j against column i are two different questions: mask "
            "on both sides of the diagonal.",
            _above_only,
        ),
        Pitfall(
            "only the same item in the batch",
            "You masked the row's own item where it stands again. But the user also bought items "
            "of other rows at some other time: `bought` knows.",
            _same_item,
        ),
        Pitfall(
            "only the same user in the batch",
            "You masked the other rows of the same user. A hit is any item of the batch that she "
            "ever bought, whoever brought it into the batch.",
            _same_user,
        ),
        Pitfall(
            "only what the batch shows",
            "You masked what the batch itself gives away: the same item, the same user. What she "
            "bought in rows outside this batch is in `bought`.",
            _in_the_batch,
        ),
    ),
    hints=(
        "For row i and column j, which question decides whether j is a hit? Who is the user, which "
        "item is it?",
        "`bought[users[:, None], items]` has shape (B, B): did the user of row i buy the item of "
        "column j? The diagonal is always true there and has to stay a positive.",
        "`np.fill_diagonal` puts False on the diagonal of the hits, and `np.where` chooses between "
        "−∞ and the score.",
    ),
)
