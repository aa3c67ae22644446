"""The eight cases of metric_for with other facts."""

from __future__ import annotations

import copy

import numpy as np

from pitfalls.data import METRIC_CASES, Facts

__all__ = ["varied"]


def varied(rng: np.random.Generator) -> dict[str, Facts]:
    """The same cases with the deciding fact changed, and two more: an amount, a first stage."""
    cases = copy.deepcopy(METRIC_CASES)
    cases["court decisions"] |= {"reranked": False, "answers_per_query": int(rng.integers(3, 12))}
    cases["help pages"] |= {"answers_per_query": int(rng.integers(2, 5))}
    cases["job offers"] |= {"reranked": True}
    cases["kitchen inspections"] |= {"slots_per_day": None}
    cases["newborn screening"] |= {"slots_per_day": int(rng.integers(20, 90))}  # and the limit
    cases["pump maintenance"] |= {"max_fpr": round(float(rng.uniform(0.01, 0.05)), 3)}
    cases["claim probability"] |= {
        # only the order of the offers is used now, and one of them is taken
        "uses": "list",
        "reranked": False,
        "answers_per_query": 1,
    }
    price = round(float(rng.uniform(0.2, 0.9)), 2)
    cases["rolls for tomorrow"] |= {"cost_over": price, "cost_under": price}
    grid = copy.deepcopy(METRIC_CASES["rolls for tomorrow"])
    cases["power for tomorrow"] = grid | {
        "request": "How much power to order. A gap twice as large costs four times as much, "
        "whichever side it is on.",
        "cost_over": price,
        "cost_under": price,
        "cost_grows": "square",
    }
    pages = copy.deepcopy(METRIC_CASES["help pages"])
    cases["help pages, first stage"] = pages | {
        "request": "One page answers the caller. Of two million pages, hand the 200 likeliest to a "
        "slower model, which puts them in order.",
        "reranked": True,
    }
    edges = rng.permutation(np.arange(len(cases)) % 3)
    for case, edge in zip(cases.values(), edges, strict=True):
        case["guardrails"] = _other_figures(rng, case["experiment_days"], case["guardrails"], edge)
    return cases


def _other_figures(
    rng: np.random.Generator, days: int, guardrails: dict[str, Facts], edge: int
) -> dict[str, Facts]:
    """Who passes is drawn anew: always one that is harmed most, and is seen too late or never.

    The right one passes with room to spare (edge 0), on the last day (1), or just seen (2).
    """
    roles = ["right", "weaker", rng.choice(["late", "blurred"])]
    names = list(guardrails)
    figures = {}
    top, middle, low = 0.05 * np.sort(rng.choice(np.arange(2, 19), 3, replace=False))[::-1]
    for name, role in zip(names, rng.permutation(roles), strict=True):
        tolerable = float(rng.integers(2, 12))
        sharp = float(np.round(tolerable * rng.uniform(0.2, 0.8), 1))
        blurred = float(np.round(tolerable * rng.uniform(1.3, 3), 1))
        figures[name] = {
            "harmed": round(float({"right": middle, "weaker": low}.get(role, top)), 2),
            "tolerable": tolerable,
            "detectable": blurred if role == "blurred" else sharp,
            "known_after_days": int(days * 3 if role == "late" else rng.integers(1, days)),
        }
        if role == "right" and edge == 1:
            figures[name]["known_after_days"] = days
        if role == "right" and edge == 2:
            figures[name]["detectable"] = tolerable
    return figures
