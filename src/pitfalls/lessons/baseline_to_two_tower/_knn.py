"""Products that go with what was bought: item_knn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["ITEM_KNN"]

Array = np.ndarray[Any, Any]


# --- what is drawn ---------------------------------------------------------------------------


def _baskets(rng: np.random.Generator) -> Array:
    """45 households, 9 products in two groups, of unlike popularity."""
    taste = rng.random((45, 1)) < 0.5
    chance = np.where(taste == (np.arange(9) % 2 == 0), 0.55, 0.15) * np.linspace(1.2, 0.7, 9)
    return np.asarray(rng.random((45, 9)) < chance, dtype=float)


def _clear(bought: Array, neighbours: int) -> bool:
    """No two similarities near the edge of the neighbours are alike; each product is bought."""
    if (bought.sum(axis=0) < 4).any():
        return False
    alike = cosine_similarity(bought.T)
    own = alike.copy()
    np.fill_diagonal(alike, -1)
    far = neighbours < len(alike) - 1
    gaps = [np.diff(np.sort(column)[::-1][: neighbours + 1])[-1] for column in alike]
    own_gaps = [np.diff(np.sort(column)[::-1][: neighbours + 1])[-1] for column in own]
    return not far or bool(max(*gaps, *own_gaps) < -1e-3)


def _draw(rng: np.random.Generator, neighbours: int) -> Array:
    bought = _baskets(rng)
    while not _clear(bought, neighbours):
        bought = _baskets(rng)
    return bought[: int(rng.integers(40, 45))] if neighbours == 8 else bought


def _all_neighbours(rng: np.random.Generator) -> list[Case]:
    return [Case(_draw(rng, 8), 8, label="9 products, all others are neighbours")]


def _nearest(rng: np.random.Generator) -> list[Case]:
    return [Case(_draw(rng, k), k, label=f"9 products, {k} neighbours") for k in (2, 3)]


def _one_unsold(rng: np.random.Generator) -> list[Case]:
    bought = np.insert(_draw(rng, 8), int(rng.integers(1, 8)), 0.0, axis=1)
    return [Case(bought, 9, label="10 products, one of them bought by nobody")]


# --- the reference ---------------------------------------------------------------------------


def _row_by_row(bought: Array, neighbours: int) -> Array:
    """For each product its list of neighbours, for each household the sum over those bought."""
    alike = cosine_similarity(bought.T)  # scikit-learn gives a column of zeros the similarity 0
    scores = np.full(bought.shape, -np.inf)
    for j in range(bought.shape[1]):
        others = [i for i in range(bought.shape[1]) if i != j]
        near = sorted(others, key=(-alike[:, j]).tolist().__getitem__)[:neighbours]
        wanting = bought[:, j] == 0
        scores[wanting, j] = bought[np.ix_(wanting, near)] @ alike[near, j]
    return scores


# --- wrong ways ------------------------------------------------------------------------------

Alike = Callable[[Array], Array]


def _cosine(bought: Array) -> Array:
    return np.asarray(cosine_similarity(bought.T))


def _raw_cosine(bought: Array) -> Array:
    norms = np.sqrt((bought**2).sum(axis=0))
    return np.asarray((bought.T @ bought) / norms[:, None] / norms)


def _counts(bought: Array) -> Array:
    return np.asarray(bought.T @ bought)


def _jaccard(bought: Array) -> Array:
    together = bought.T @ bought
    single = np.diag(together)
    either = single[:, None] + single - together
    return np.asarray(together / np.maximum(either, 1))


def _given_the_bought_one(bought: Array) -> Array:
    """Row i, column j: the share of the buyers of i who bought j."""
    together = bought.T @ bought
    return np.asarray(together / np.maximum(np.diag(together), 1)[:, None])


def _not_rooted(bought: Array) -> Array:
    together = bought.T @ bought
    single = np.maximum(np.diag(together), 1)
    return np.asarray(together / np.outer(single, single))


def _correlation(bought: Array) -> Array:
    return np.asarray(np.nan_to_num(np.corrcoef(bought.T)))


def _nearest_rows(alike: Array, neighbours: int) -> Array:
    """Keep in each column the largest entries."""
    places = (-alike).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return np.where(places < neighbours, alike, 0)


def _without_self(alike: Array, neighbours: int) -> Array:
    other = alike * (1 - np.eye(len(alike)))
    return _nearest_rows(other, neighbours)


def _out(scores: Array, bought: Array) -> Array:
    return np.where(bought > 0, -np.inf, scores)


def _kept(scores: Array, bought: Array) -> Array:
    return scores


def _zero(scores: Array, bought: Array) -> Array:
    return np.where(bought > 0, 0.0, scores)


def _knn(
    alike: Alike = _cosine,
    keep: Callable[[Array, int], Array] = _without_self,
    seen: Callable[[Array, Array], Array] = _out,
    finish: Callable[[Array, Array, Array], Array] = lambda scores, bought, kept: scores,
) -> Callable[[Array, int], Array]:
    """The right way with one thing done in another."""

    def answer(bought: Array, neighbours: int) -> Array:
        kept = keep(alike(bought), neighbours)
        scores = finish(bought @ kept, bought, kept)
        return seen(scores, bought)

    return answer


def _by_households(bought: Array, neighbours: int) -> Array:
    alike = cosine_similarity(bought)
    np.fill_diagonal(alike, 0)
    return np.where(bought > 0, -np.inf, _nearest_rows(alike, neighbours).T @ bought)


def _weighted_mean(scores: Array, bought: Array, kept: Array) -> Array:
    return np.asarray(scores / np.maximum(kept.sum(axis=0), 1e-12))


def _by_basket(scores: Array, bought: Array, kept: Array) -> Array:
    return np.asarray(scores / np.maximum(bought.sum(axis=1, keepdims=True), 1))


def _holds_nan(case: Case, value: Any) -> bool:
    return bool(np.isnan(value).any())


ITEM_KNN = Exercise(
    "item_knn",
    "(bought, neighbours)",
    "Products that go together",
    difficulty=3,
    minutes=15,
    parts=(
        Part("all other products are neighbours", 2, _all_neighbours, _row_by_row),
        Part("only the nearest ones", 2, _nearest, _row_by_row),
        Part("a product that nobody bought", 1, _one_unsold, _row_by_row),
    ),
    pitfalls=(
        Pitfall(
            "recommends what was seen",
            "Products that the household has bought still have a score, and since they resemble "
            "the rest of its basket they come first. Give them −inf.",
            _knn(seen=_kept),
        ),
        Pitfall(
            "what was seen gets zero",
            "Zero is a score like any other, and ties with every product that has nothing in "
            "common with the basket. −inf is below everything.",
            _knn(seen=_zero),
        ),
        Pitfall(
            "counts instead of cosines",
            "The number of common buyers is largest for what everybody buys, whatever is in the "
            "basket: this is popularity in disguise. Divide by both norms.",
            _knn(_counts),
        ),
        Pitfall(
            "divided by the counts, not their roots",
            "The norm of a column of zeros and ones is the *root* of its sum. Without the root, "
            "rare products look like everybody's best friends.",
            _knn(_not_rooted),
        ),
        Pitfall(
            "divided on one side only",
            "That is the share of the buyers of one who bought the other: high for whatever is "
            "popular. The cosine divides by the norms of both.",
            _knn(_given_the_bought_one),
        ),
        Pitfall(
            "Jaccard",
            "Common buyers over all buyers of either is another similarity. Asked for is the "
            "cosine: common buyers over the product of the norms.",
            _knn(_jaccard),
        ),
        Pitfall(
            "correlation",
            "You subtracted the means: a correlation. Then not buying the same things counts as "
            "likeness, and similarities turn negative. Asked for is the plain cosine.",
            _knn(_correlation),
        ),
        Pitfall(
            "households compared, not products",
            "You looked for like-minded households. Here two *products* are compared: columns of "
            "`bought`.",
            _by_households,
        ),
        Pitfall(
            "divided by the neighbours' similarities",
            "Dividing by the sum of a product's similarities lets a product with hardly any tie "
            "win on one coincidence. Asked for is the sum.",
            _knn(finish=_weighted_mean),
        ),
        Pitfall(
            "divided by the size of the basket",
            "You took the mean over the basket. The order within a household stays the same, but "
            "asked for is the sum.",
            _knn(finish=_by_basket),
        ),
        Pitfall(
            "is its own neighbour",
            "A product is most like itself, and has taken one of its own places. Clear the "
            "diagonal before you choose the neighbours.",
            _knn(keep=_nearest_rows),
        ),
        Pitfall(
            "one neighbour too many",
            "A place was added for the product itself, which is no longer among the candidates.",
            _knn(keep=lambda alike, k: _without_self(alike, k + 1)),
        ),
        Pitfall(
            "neighbours cut on the other side",
            "You kept the nearest products of each *bought* product. Asked for are those of each "
            "product that is *scored*: choose within its column, not its row.",
            _knn(keep=lambda alike, k: _without_self(alike.T, k).T),
        ),
        Pitfall(
            "all products are neighbours",
            "`neighbours` was not used. Beyond the nearest ones, similarities are mostly chance, "
            "and there are many of them.",
            _knn(keep=lambda alike, k: _without_self(alike, len(alike))),
        ),
        Pitfall(
            "the farthest neighbours",
            "`argsort` goes upwards: you kept the smallest similarities.",
            _knn(
                keep=lambda alike, k: (
                    -_nearest_rows(-np.where(np.eye(len(alike)), np.inf, alike), k)
                )
            ),
        ),
        Pitfall(
            "an unsold product makes NaN",
            "Its norm is 0, and 0 / 0 is NaN, which spreads to every household. A product that "
            "nobody bought is similar to nothing: its similarities are 0.",
            _knn(_raw_cosine),
            _holds_nan,
        ),
    ),
    hints=(
        "Two products are alike when the same households buy them. Which columns do you compare, "
        "and how do you keep what is popular from being like everything?",
        "together = bought.T @ bought; divide by the outer product of the norms; zero on the "
        "diagonal; in each column keep the `neighbours` largest.",
        "scores = bought @ kept, then np.where(bought > 0, -np.inf, scores). Guard the division "
        "for a product without buyers.",
    ),
)
