"""Two towers, one product: two_tower_scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["TWO_TOWER_SCORES"]

Array = np.ndarray[Any, Any]


def _towers(rng: np.random.Generator) -> list[Any]:
    n, m, p, q, d = 6, 6, 5, 7, 4
    H, F = rng.uniform(0, 2, size=(n, p)), rng.uniform(0, 2, size=(m, q))
    P, Q = rng.normal(size=(p, d)), rng.normal(size=(q, d))
    return [H, F, P, Q, float(rng.choice([0.05, 0.1, 0.2]))]


def _plain(rng: np.random.Generator) -> list[Case]:
    return [Case(*_towers(rng), label="6 households, 6 products, 4 dimensions")]


def _empty_rows(rng: np.random.Generator) -> list[Case]:
    H, F, *rest = _towers(rng)
    H[int(rng.integers(6))] = 0
    F[int(rng.integers(6))] = 0
    return [Case(H, F, *rest, label="a household and a product without any feature")]


def _by_distance(H: Array, F: Array, P: Array, Q: Array, temperature: float) -> Array:
    """One minus SciPy's cosine distance; a row of zeros is at no angle to anything."""
    users, items = H @ P, F @ Q
    distance = cdist(users, items, "cosine")
    return np.asarray(np.nan_to_num(1 - distance, nan=0.0) / temperature)


def _length(X: Array) -> Array:
    norms: Array = np.linalg.norm(X, axis=1, keepdims=True)
    return norms


def _safe(X: Array) -> Array:
    return np.asarray(X / np.maximum(_length(X), 1e-12))


def _as_it_is(X: Array) -> Array:
    return X


def _towers_with(
    left: Callable[[Array], Array] = _safe,
    right: Callable[[Array], Array] = _safe,
    finish: Callable[[Array, float], Array] = lambda cosines, temperature: cosines / temperature,
) -> Callable[..., Array]:
    def answer(H: Array, F: Array, P: Array, Q: Array, temperature: float) -> Array:
        return np.asarray(finish(left(H @ P) @ right(F @ Q).T, temperature))

    return answer


def _features_scaled(H: Array, F: Array, P: Array, Q: Array, temperature: float) -> Array:
    return np.asarray((_safe(H) @ P) @ (_safe(F) @ Q).T / temperature)


def _negative_distance(H: Array, F: Array, P: Array, Q: Array, temperature: float) -> Array:
    return np.asarray(-cdist(H @ P, F @ Q) / temperature)


def _transposed(H: Array, F: Array, P: Array, Q: Array, temperature: float) -> Array:
    return _towers_with()(H, F, P, Q, temperature).T


TWO_TOWER_SCORES = Exercise(
    "two_tower_scores",
    "(H, F, P, Q, temperature)",
    "Two towers and a temperature",
    difficulty=2,
    minutes=8,
    parts=(
        Part("cosines over the temperature", 3, _plain, _by_distance),
        Part("rows without features", 1, _empty_rows, _by_distance),
    ),
    pitfalls=(
        Pitfall(
            "the temperature is missing",
            "Cosines lie between −1 and 1, so a softmax over hundreds of them is nearly flat "
            "whatever the towers learn. Divide by the temperature.",
            _towers_with(finish=lambda cosines, temperature: cosines),
        ),
        Pitfall(
            "multiplied by the temperature",
            "A *low* temperature makes the softmax sharp: it stands in the denominator.",
            _towers_with(finish=lambda cosines, temperature: cosines * temperature),
        ),
        Pitfall(
            "not normalised",
            "That is the inner product of vectors of any length: long vectors win everywhere. "
            "Divide every row by its length first.",
            _towers_with(_as_it_is, _as_it_is),
        ),
        Pitfall(
            "only the households are normalised",
            "A household's own length changes nothing in its ranking. It is the products' lengths "
            "that let a few of them win everywhere: both sides.",
            _towers_with(_safe, _as_it_is),
        ),
        Pitfall(
            "only the products are normalised",
            "The household's length then acts as a temperature of its own. Normalise both sides.",
            _towers_with(_as_it_is, _safe),
        ),
        Pitfall(
            "columns normalised",
            "You divided by the length of each *dimension*. A vector is a row: sum over axis 1.",
            _towers_with(
                lambda X: X / np.linalg.norm(X, axis=0),
                lambda X: X / np.linalg.norm(X, axis=0),
            ),
        ),
        Pitfall(
            "one length for the whole matrix",
            "Without `axis=1` the norm is a single number for the whole matrix.",
            _towers_with(
                lambda X: X / np.linalg.norm(X),
                lambda X: X / np.linalg.norm(X),
            ),
        ),
        Pitfall(
            "divided by the squared length",
            "The sum of squares is the length squared: the root is missing.",
            _towers_with(
                lambda X: X / np.maximum(_length(X) ** 2, 1e-12),
                lambda X: X / np.maximum(_length(X) ** 2, 1e-12),
            ),
        ),
        Pitfall(
            "features normalised, not the towers' output",
            "You scaled what goes in. What is compared is what comes out: normalise after P and Q.",
            _features_scaled,
        ),
        Pitfall(
            "a distance in place of the cosine",
            "The negative distance is another score. Asked for is the cosine: inner products of "
            "rows of length one.",
            _negative_distance,
        ),
        Pitfall(
            "households and products swapped",
            "One row a household, one column a product: yours is the other way round.",
            _transposed,
        ),
        Pitfall(
            "softmax at the end",
            "The scores go into the loss, which takes the softmax itself, after its corrections. "
            "Hand back the scores.",
            _towers_with(finish=lambda cosines, t: softmax(cosines / t, axis=1)),
        ),
        Pitfall(
            "a row of zeros makes NaN",
            "A household without a single feature has a vector of length 0, and 0 / 0 is NaN. Its "
            "scores are 0: limit the length from below (1e-12, say) before you divide.",
            _towers_with(lambda X: X / _length(X), lambda X: X / _length(X)),
        ),
    ),
    hints=(
        "Two matrix products give the towers' outputs. What happens to each row before the third?",
        "users = H @ P, items = F @ Q; lengths with np.linalg.norm(..., axis=1, keepdims=True).",
        "unit_users @ unit_items.T / temperature, with np.maximum(length, 1e-12) as divisors.",
    ),
)
