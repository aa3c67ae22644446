"""Negatives drawn uniformly from what a user has not: uniform_negatives.

The rows of users with the same positives are independent draws of k items out of the M allowed
ones. So the number of rows that hold an item, or a pair of items, is exactly binomial, whatever
way the items were drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    from_elsewhere,
    nothing_drawn,
    show,
)

from ._draw import Array, seed, unlikely, whole

__all__ = ["UNIFORM_NEGATIVES"]


# --- what is drawn ---------------------------------------------------------------------------


def _rules(rng: np.random.Generator) -> list[Case]:
    """Some users without positives, some with many; then some with just k items left."""
    sold = 1 + rng.permutation(38)[:30]  # items 0 and 39 are never sold
    mixed = [rng.choice(sold, size, replace=False) for size in rng.integers(0, 13, 60)]
    mixed[7] = np.array([], dtype=int)
    tight = np.r_[0, 9, 1 + rng.permutation(8)[:5]]  # both ends, so three in the middle are left
    few = [rng.permutation(tight)[: rng.choice([2, 4, 7])] for _ in range(60)]
    few[:20] = [rng.permutation(tight) for _ in range(20)]
    return [
        Case(mixed, 40, 5, seed(rng), label="60 users, 40 items, 5 negatives each"),
        Case(few, 10, 3, seed(rng), label="users with exactly 3 of 10 items left"),
    ]


def _two_kinds_of_users(rng: np.random.Generator) -> list[Case]:
    """Two groups of users; item 0 and the last one belong to nobody, and each run has gaps."""
    middle = 1 + rng.permutation(22)
    groups = [np.sort(middle[:7]), np.sort(middle[7:14])]
    users = [groups[i].copy() for i in rng.permutation(np.repeat([0, 1], 600))]
    return [Case(users, 24, 4, seed(rng), label="two groups of users, many of each")]


# --- what can be read off --------------------------------------------------------------------


def _rows(case: Case, value: Any) -> Array:
    positives, n_items, k, _ = case.args
    return whole(value, (len(positives), k), n_items)


def _hits(case: Case, rows: Array) -> Array:
    """Which entries are positives of their user, (n_users, k)."""
    owned = np.zeros((len(rows), case.args[1]), dtype=bool)
    users = np.repeat(np.arange(len(rows)), [len(own) for own in case.args[0]])
    owned[users, np.concatenate(case.args[0])] = True
    return np.take_along_axis(owned, rows, axis=1)


def _repeats(rows: Array) -> Array:
    """Which rows hold an item twice."""
    return np.asarray((np.diff(np.sort(rows, axis=1), axis=1) == 0).any(axis=1))


def _groups(case: Case, rows: Array) -> list[tuple[Array, Array]]:
    """For each set of positives: the allowed items and their 0/1 table, (users, allowed)."""
    found = []
    keys = np.array([own.min() for own in case.args[0]])  # the groups share no item
    for key in np.unique(keys):
        members = np.flatnonzero(keys == key)
        held = np.zeros((len(members), case.args[1]), dtype=int)
        np.put_along_axis(held, rows[members], 1, axis=1)
        allowed = np.setdiff1d(np.arange(case.args[1]), case.args[0][members[0]])
        found.append((allowed, held[:, allowed]))
    return found


def _judge_rules(case: Case, outcome: Outcome) -> Mismatch | None:
    rows = _rows(case, outcome.value)
    bad = _hits(case, rows).any(axis=1)
    if bad.any():
        user = int(np.flatnonzero(bad)[0])
        return Mismatch(
            "value",
            "Some users get an item of their own as a negative.",
            f"{show(rows[user])} for user {user}",
            f"none of {show(np.sort(case.args[0][user]))}",
        )
    twice = _repeats(rows)
    if twice.any():
        user = int(np.flatnonzero(twice)[0])
        says = "Some users get the same item twice."
        return Mismatch("value", says, f"{show(rows[user])} for user {user}", "different items")
    return None


def _judge_chances(case: Case, outcome: Outcome) -> Mismatch | None:
    rows = _rows(case, outcome.value)
    k = case.args[2]
    for allowed, held in _groups(case, rows):
        users, items = held.shape
        single = held.sum(axis=0)
        odd = unlikely(single, users, k / items)
        if odd.any():
            worst = int(np.argmax(odd * np.abs(single - users * k / items)))
            return Mismatch(
                "value",
                "Among users with the same positives, some items come up far too often or too "
                "rarely for equal chances.",
                f"item {allowed[worst]} for {single[worst]} of {users} users",
                f"each of the {items} other items for about {users * k / items:.0f}",
            )
        pairs = (held.T @ held)[np.triu_indices(items, 1)]
        if unlikely(pairs, users, k * (k - 1) / (items * (items - 1))).any():
            return Mismatch(
                "value",
                "Each item by itself comes up as often as it should, but some pairs of items come "
                "together far too often or too rarely.",
                f"pairs together for {pairs.min()} to {pairs.max()} of {users} users",
                f"every pair for about {users * k * (k - 1) / (items * (items - 1)):.0f}",
            )
    return nothing_drawn(outcome)


# --- wrong ways ------------------------------------------------------------------------------

Pool = Callable[[list[Array], int, int, int], Array]  # positives, user, n_items, k -> items
Draw = Callable[[Array, int, np.random.Generator], Array]


def _others(positives: list[Array], user: int, n_items: int, k: int) -> Array:
    return np.setdiff1d(np.arange(n_items), positives[user])


def _distinct(pool: Array, k: int, rng: np.random.Generator) -> Array:
    return rng.permutation(pool)[:k]


def _negatives(
    pool: Pool = _others, draw: Draw = _distinct, then: Callable[[Array], Array] = lambda rows: rows
) -> Callable[..., Array]:
    """A sampler with another pool or another way to draw from it."""

    def answer(positives: list[Array], n_items: int, k: int, rng: np.random.Generator) -> Array:
        rows = [draw(pool(positives, u, n_items, k), k, rng) for u in range(len(positives))]
        return then(np.array(rows))

    return answer


def _filtered(positives: list[Array], n_items: int, k: int, rng: np.random.Generator) -> list[Any]:
    rows = []
    for own in positives:
        drawn = rng.permutation(n_items)[:k]
        rows.append([int(item) for item in drawn if item not in own])
    return rows


def _one_draw_for_all(
    positives: list[Array], n_items: int, k: int, rng: np.random.Generator
) -> Array:
    order = rng.permutation(n_items)
    return np.array([order[~np.isin(order, own)][:k] for own in positives])


def _the_next_item(positives: list[Array], n_items: int, k: int, rng: np.random.Generator) -> Array:
    rows = []
    for own in positives:
        row: list[int] = []
        while len(row) < k:
            item = int(rng.integers(n_items))
            while item in own or item in row:
                item = (item + 1) % n_items
            row.append(item)
        rows.append(row)
    return np.array(rows)


def _by_popularity(positives: list[Array], n_items: int, k: int, rng: np.random.Generator) -> Array:
    bought = np.concatenate(positives)
    rows = []
    for own in positives:
        pool = bought[~np.isin(bought, own)]
        pool = np.setdiff1d(np.arange(n_items), own) if len(np.unique(pool)) < k else pool
        row: list[int] = []
        while len(row) < k:
            item = int(rng.choice(pool))
            if item not in row:
                row.append(item)
        rows.append(row)
    return np.array(rows)


def _own_generator(positives: list[Array], n_items: int, k: int, rng: Any) -> Array:
    return _negatives()(positives, n_items, k, np.random.default_rng(0))


def _in_a_run(pool: Array, k: int, rng: np.random.Generator) -> Array:
    return np.roll(pool, rng.integers(len(pool)))[:k]


def _some(pool: Array, k: int, rng: np.random.Generator) -> Array:
    return rng.choice(pool, k)


# --- how they show ---------------------------------------------------------------------------

Sign = Callable[[Case, Any], bool]


def _in_the_groups(sign: Callable[[Case, Array, Array], bool]) -> Sign:
    """Known by the tables of the two groups: allowed items and who holds them."""

    def shows(case: Case, value: Any) -> bool:
        rows = _rows(case, value)
        if _hits(case, rows).any() or _repeats(rows).any():
            return False
        return all(sign(case, *group) for group in _groups(case, rows))

    return shows


def _some_positives(case: Case, value: Any) -> bool:
    return bool(_hits(case, _rows(case, value)).any())


def _some_twice(case: Case, value: Any) -> bool:
    rows = _rows(case, value)
    return bool(_repeats(rows).any() and not _hits(case, rows).any())


def _short(case: Case, value: Any) -> bool:
    """Rows of different lengths, none above k, or rows filled up with a number that is no item."""
    k = case.args[2]
    lengths = {len(row) for row in value}
    if len(lengths) > 1:
        return bool(max(lengths) <= k)
    items = np.asarray(value, dtype=float)
    return bool(items.shape[1] == k and (~np.isfinite(items) | (items < 0)).any())


def _turned(case: Case, value: Any) -> bool:
    positives, _, k, _ = case.args
    return bool(np.shape(value) == (k, len(positives)))


def _ends(case: Case, allowed: Array, held: Array) -> bool:
    k = case.args[2]
    return bool((held[:, :k].all() or held[:, -k:].all()) and held[0].sum() == k)


def _all_alike(case: Case, allowed: Array, held: Array) -> bool:
    return bool((held == held[0]).all() and not _ends(case, allowed, held))


def _without(lost: Callable[[Case, Array], Array]) -> Callable[[Case, Array, Array], bool]:
    """Known by items that are never drawn while all the others are."""

    def sign(case: Case, allowed: Array, held: Array) -> bool:
        never = held.sum(axis=0) == 0
        return bool((never == lost(case, allowed)).all())

    return sign


def _somebodys(case: Case, allowed: Array) -> Array:
    return np.isin(allowed, np.concatenate(case.args[0]))


def _runs(case: Case, allowed: Array, held: Array) -> bool:
    """Every row is one stretch of the allowed items, round the end as well."""
    starts = (held - np.roll(held, 1, axis=1) == 1).sum(axis=1)
    return bool((starts == 1).all() and not (held == held[0]).all())


def _beside_a_positive(step: int) -> Sign:
    """What comes after a positive (before it, for -1) comes up more often than all the rest."""

    def sign(case: Case, allowed: Array, held: Array) -> bool:
        after = ~np.isin((allowed - step) % case.args[1], allowed)
        share = held.mean(axis=0)
        return bool(share[after].min() > 1.15 * share[~after].mean() and share.min() > 0)

    return _in_the_groups(sign)


UNIFORM_NEGATIVES = Exercise(
    "uniform_negatives",
    "(positives, n_items, k, rng)",
    "Negatives drawn with equal chances",
    difficulty=2,
    minutes=10,
    parts=(
        Part("k different items, none of the user's own", 2, _rules, judge=_judge_rules),
        Part("equal chances, anew for each user", 1, _two_kinds_of_users, judge=_judge_chances),
    ),
    pitfalls=(
        Pitfall(
            "returns positives",
            "Some of your negatives are the user's own items: the model is told that what she "
            "bought is wrong. It happens rarely on a large catalogue, which is why it stays "
            "unnoticed; heavy buyers suffer most. Leave her items out before you draw.",
            _negatives(lambda positives, user, n_items, k: np.arange(n_items)),
            _some_positives,
        ),
        Pitfall(
            "duplicates",
            "The same item comes twice in a row of negatives. Then it weighs double, and k stands "
            "for fewer comparisons than you count. Draw without replacement.",
            _negatives(draw=_some),
            _some_twice,
        ),
        Pitfall(
            "comes up short",
            "You drew k items and then threw the positives out (or wrote a placeholder), so some "
            "users have fewer than k negatives. Shut the positives out before the draw, or draw on "
            "until there are k.",
            _filtered,
            _short,
        ),
        Pitfall(
            "a column for each user",
            "Rows and columns are swapped: wanted is a *row* for each user.",
            _negatives(then=lambda rows: rows.T),
            _turned,
        ),
        Pitfall(
            "not drawn at all",
            "Everybody gets the first (or the last) items of the catalogue that are allowed. The "
            "model would learn about those few only. Let `rng` choose.",
            _negatives(draw=lambda pool, k, rng: pool[:k]),
            _in_the_groups(_ends),
        ),
        Pitfall(
            "one draw for all users",
            "Users with the same positives all get the same negatives. Either you drew once, "
            "before the loop, or a generator with a fixed seed is made inside it and starts over "
            "each time. Use the `rng` that comes in, anew for each user.",
            _one_draw_for_all,
            _in_the_groups(_all_alike),
        ),
        Pitfall(
            "leaves out what anybody bought",
            "You shut out the positives of *all* users, so only items that nobody wants are left: "
            "the easiest negatives there are. What another user bought is a fair negative for "
            "this one.",
            _negatives(
                lambda positives, user, n_items, k: np.setdiff1d(
                    np.arange(n_items), np.concatenate(positives)
                )
            ),
            _in_the_groups(_without(_somebodys)),
        ),
        Pitfall(
            "drawn from the purchases",
            "You draw from what was bought, so items come up as often as they sell, and those "
            "without a sale never do. That is the *popularity* sampler, the next exercise. Here "
            "every item of the catalogue has the same chance.",
            _by_popularity,
            _in_the_groups(_without(lambda case, allowed: ~_somebodys(case, allowed))),
        ),
        Pitfall(
            "one item is never drawn",
            "`rng.integers(n_items)` gives 0 to n_items − 1 already. With n_items − 1 as its end "
            "the last item never comes (and starting at 1 loses the first): its score is never "
            "pushed down.",
            _negatives(
                lambda positives, user, n_items, k: np.setdiff1d(
                    np.arange(n_items - 1), positives[user]
                )
            ),
            _in_the_groups(
                lambda case, allowed, held: (
                    _without(lambda c, a: a == c.args[1] - 1)(case, allowed, held)
                    or _without(lambda c, a: a == 0)(case, allowed, held)
                )
            ),
        ),
        Pitfall(
            "neighbours in place of draws",
            "Each user gets a stretch of the catalogue: one random start and what follows. Item "
            "numbers often go by department or by date, so these negatives are all of a kind. "
            "Draw each of the k by itself.",
            _negatives(draw=_in_a_run),
            _in_the_groups(_runs),
        ),
        Pitfall(
            "moves on to the next item",
            "When a draw hits a positive you take the item beside it. So an item at the end of a "
            "row of positives gets the chances of all of them. Draw again instead.",
            _the_next_item,
            lambda case, value: any(_beside_a_positive(step)(case, value) for step in (1, -1)),
        ),
        Pitfall(
            "a generator of its own",
            "The negatives are fair, but nothing was drawn from `rng`: the function makes a "
            "generator of its own, or asks NumPy's global one. With a fixed seed every call, and "
            "so every epoch, gets the same negatives again; without one nobody can repeat your "
            "run. Draw from the `rng` that comes in.",
            _own_generator,
            recognise_outcome=from_elsewhere(_judge_chances),
        ),
    ),
    hints=(
        "Which items may this user get? Make that list first, then nothing can go wrong in the "
        "draw.",
        "For each user: the item numbers 0 … n_items − 1 without `positives[u]` "
        "(`np.setdiff1d`), then k of them without replacement.",
        "`rng.choice(allowed, size=k, replace=False)` gives one row; collect the rows in an array "
        "of shape (n_users, k).",
    ),
)
