"""Models that no other model beats: pareto_front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall, unordered

from ._draw import telling

__all__ = ["PARETO_FRONT"]

_COLUMNS = ("auc", "p99_ms", "megabytes")
_NAMES = (
    "boosting", "forest", "kernel", "lasso", "logistic", "naive Bayes", "nearest", "network",
    "ridge", "stump", "tree", "voting",
)  # fmt: skip


def _table(rng: np.random.Generator, values: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Rows of (auc, p99_ms, megabytes) under names in a drawn order."""
    names = rng.permutation(_NAMES)[: len(values)]
    return pd.DataFrame(rng.permutation(values), index=names.tolist(), columns=list(_COLUMNS))


def _scattered(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Better models tend to be slower and larger; no two figures are equal."""
    n = len(_NAMES)
    skill = rng.permutation(n) / n
    auc = 0.6 + 0.3 * skill + rng.uniform(-0.06, 0.06, n)
    ms = np.exp(3 * skill + rng.normal(0, 1.3, n))
    size = np.exp(3 * skill + rng.normal(0, 1.3, n) - 2)
    return np.column_stack([auc.round(4), ms.round(3), size.round(4)])


def _without_ties(rng: np.random.Generator) -> list[Case]:
    table = telling(
        lambda: _table(rng, _scattered(rng)),
        lambda drawn: (sorted(given(drawn)) for given in (*_ANYWHERE, _front)),
    )
    return [Case(table, label="no two figures are equal")]


def _with_ties(rng: np.random.Generator) -> list[Case]:
    def make() -> pd.DataFrame:
        values = _scattered(rng)
        front = [i for i in range(len(values)) if _alone_on_top(values, i)]
        beaten = [i for i in range(len(values)) if i not in front]
        if len(front) < 3 or len(beaten) < 2:
            return _table(rng, np.ones((2, 3)))  # tells nothing: drawn again
        twin, shadowed, *_ = rng.permutation(front).tolist()
        values[beaten[0]] = values[twin]  # equal in everything: both stay
        values[beaten[1]] = values[shadowed] * [1, 1, 2]  # equal in two, worse in one: out
        return _table(rng, values)

    table = telling(make, lambda drawn: (sorted(given(drawn)) for given in (*_TIED, _front)))
    return [Case(table, label="with equal figures")]


def _alone_on_top(values: np.ndarray[Any, Any], i: int) -> bool:
    signed = values * [-1, 1, 1]
    return not any((signed[j] < signed[i]).all() for j in range(len(values)) if j != i)


def _front(table: pd.DataFrame) -> set[str]:
    """A model leaves if one with other figures is nowhere worse."""
    costs = (table * [-1, 1, 1]).to_numpy()
    kept = set()
    for name, own in zip(list(table.index), costs, strict=True):
        others = costs[(costs != own).any(axis=1)]
        if not (others <= own).all(axis=1).any():
            kept.add(str(name))
    return kept


Beats = Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], Any]  # (n, n) truth values


def _wrong(
    beats: Beats, signs: tuple[int, int, int] = (-1, 1, 1)
) -> Callable[[pd.DataFrame], list[str]]:
    """The rows that none of the others beats, in the sense of `beats`."""

    def answer(table: pd.DataFrame) -> list[str]:
        costs = table.to_numpy() * signs
        beaten = beats(costs[:, None], costs[None])  # (n, 1, 3), (1, n, 3) -> (n, n)
        np.fill_diagonal(beaten, False)
        return list(table.index[~beaten.any(axis=0)])

    return answer


def _dominates(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray((a <= b).all(axis=-1) & (a < b).any(axis=-1))


def _best_in_a_column(table: pd.DataFrame) -> list[str]:
    costs = table * [-1, 1, 1]
    return list(table.index[(costs == costs.min()).any(axis=1)])


def _winner_by_ranks(table: pd.DataFrame) -> list[str]:
    ranks = (table * [-1, 1, 1]).rank().sum(axis=1)
    return list(table.index[ranks == ranks.min()])


def _the_beaten(table: pd.DataFrame) -> list[str]:
    kept = _wrong(_dominates)(table)
    return [name for name in table.index if name not in kept]


def _positions(table: pd.DataFrame) -> list[int]:
    kept = _wrong(_dominates)(table)
    return [i for i, name in enumerate(table.index) if name in kept]


def _first_twin(table: pd.DataFrame) -> list[str]:
    return _wrong(_dominates)(table.drop_duplicates())


def _without(column: int) -> Callable[[pd.DataFrame], list[str]]:
    left = [i for i in range(3) if i != column]
    return _wrong(lambda a, b: _dominates(a[..., left], b[..., left]))


def _neighbours_only(table: pd.DataFrame) -> list[str]:
    ordered = table.sort_values("auc", ascending=False)
    costs = (ordered * [-1, 1, 1]).to_numpy()
    kept = [i for i in range(len(costs)) if i == 0 or not _dominates(costs[i - 1], costs[i])]
    return list(ordered.index[kept])


_no_worse = _wrong(lambda a, b: (a <= b).all(axis=-1))
_better_everywhere = _wrong(lambda a, b: (a < b).all(axis=-1))
_auc_as_cost = _wrong(_dominates, (1, 1, 1))
_all_as_gains = _wrong(_dominates, (-1, -1, -1))
_two_of_three = _wrong(lambda a, b: (a < b).sum(axis=-1) >= 2)
_any_better = _wrong(lambda a, b: (a < b).any(axis=-1))
_ANYWHERE = (
    _two_of_three, _any_better, _auc_as_cost, _all_as_gains, _without(0), _without(1),
    _without(2), _the_beaten, _neighbours_only, _best_in_a_column, _winner_by_ranks,
)  # fmt: skip
_TIED = (_no_worse, _better_everywhere, _first_twin, _neighbours_only)

PARETO_FRONT = Exercise(
    "pareto_front",
    "(table)",
    "Models that no other model beats",
    difficulty=2,
    minutes=10,
    parts=(
        Part("no two figures equal", 1, _without_ties, _front, unordered()),
        Part("equal figures", 1, _with_ties, _front, unordered()),
    ),
    pitfalls=(
        Pitfall(
            "AUC taken for a cost",
            "You kept models with a *low* AUC. Latency and size are better small, AUC is better "
            "large: turn it round before you compare.",
            _auc_as_cost,
        ),
        Pitfall(
            "latency and size taken for gains",
            "You kept slow and large models. Only AUC is better large; turn the other two round.",
            _all_as_gains,
        ),
        Pitfall(
            "outvoted instead of dominated",
            "Better in two columns of three is a majority, not dominance: the loser may have the "
            "highest AUC of all. A model leaves only if the other is nowhere worse.",
            _two_of_three,
        ),
        Pitfall(
            "thrown out for one better column",
            "You threw out whatever another model beats somewhere, which is all but a model that "
            "is best at everything. Being better in one column is no reason yet: the other model "
            "must also be nowhere worse.",
            _any_better,
        ),
        Pitfall(
            "only the best of each column",
            "The record holders are on the front, but so is every compromise between them that "
            "nobody beats. Compare models in pairs.",
            _best_in_a_column,
        ),
        Pitfall(
            "one winner by summed ranks",
            "A sum of ranks weighs the columns, and you were not given weights. The front keeps "
            "every model that some weights could make the winner, and more.",
            _winner_by_ranks,
        ),
        Pitfall(
            "the dominated models",
            "These are the models to throw away. Wanted are the others.",
            _the_beaten,
        ),
        Pitfall(
            "AUC left out",
            "You compared cost with cost. A model that is slower and larger may be worth it: its "
            "AUC decides whether it is dominated.",
            _without(0),
        ),
        Pitfall(
            "latency left out",
            "A model that is quicker than its rivals was thrown away for its AUC and size. All "
            "three columns take part.",
            _without(1),
        ),
        Pitfall(
            "size left out",
            "A smaller model was thrown away because another is quicker and better. On a phone the "
            "size decides: all three columns take part.",
            _without(2),
        ),
        Pitfall(
            "compared with its neighbour only",
            "After sorting you compared each model with the one before it. With three columns "
            "any of the better ones may dominate: compare with all of them.",
            _neighbours_only,
        ),
        Pitfall(
            "positions instead of names",
            "These are row numbers. They mean nothing once the table is sorted: return the names "
            "from the index.",
            _positions,
        ),
        Pitfall(
            "equal models throw each other out",
            "With ≤ alone, two models of equal figures dominate each other and both vanish. "
            "Dominance also asks for something that is strictly better.",
            _no_worse,
        ),
        Pitfall(
            "must be better in everything to dominate",
            "A model that is equal in two columns and worse in the third stayed. Nowhere worse and "
            "somewhere better is enough to dominate it.",
            _better_everywhere,
        ),
        Pitfall(
            "the second of two equal models dropped",
            "Neither of two equal models beats the other, so both belong on the front. Which one "
            "to take is decided by what the table does not show.",
            _first_twin,
        ),
    ),
    hints=(
        "When would you throw a model away without asking anybody? Say it for one pair of models.",
        "Make all three columns costs (what happens to AUC?). Model b leaves if some a has "
        "a ≤ b in all columns and a < b in at least one.",
        "For row i: (costs <= costs[i]).all(axis=1) & (costs < costs[i]).any(axis=1) marks "
        "the rows that dominate it. Keep i if that marks none.",
    ),
)
