"""Eight cases in which facts decide the offline metric and the guardrail; made up."""

from __future__ import annotations

from typing import Any

from ._cases import Facts

__all__ = ["METRIC_CASES"]

_NOTHING: Facts = {
    "reranked": None,
    "answers_per_query": None,
    "slots_per_day": None,
    "max_fpr": None,
    "cost_fp": None,
    "cost_fn": None,
    "cost_over": None,
    "cost_under": None,
    "cost_grows": None,
}


def _case(
    request: str,
    uses: str,
    experiment_days: int,
    guardrails: dict[str, tuple[float, float, float, int]],
    **facts: Any,
) -> Facts:
    """A guardrail's figures: harmed, tolerable, detectable, known_after_days."""
    names = ("harmed", "tolerable", "detectable", "known_after_days")
    figures = {it: dict(zip(names, given, strict=True)) for it, given in guardrails.items()}
    return {
        "request": request,
        "uses": uses,
        **_NOTHING,
        **facts,
        "experiment_days": experiment_days,
        "guardrails": figures,
    }


METRIC_CASES: dict[str, Facts] = {
    "court decisions": _case(
        "Of 40 million decisions, hand the 500 likeliest to a slower model, which puts them in "
        "order for the lawyer.",
        "list",
        14,
        {
            "p99 latency": (0.6, 5.0, 1.0, 1),
            "queries without a result": (0.3, 1.0, 0.4, 1),
            "renewed contracts": (0.7, 2.0, 1.5, 365),
        },
        reranked=True,
        answers_per_query=7,
    ),
    "help pages": _case(
        "A caller asks, the agent needs the one page that answers. He reads from the top and stops "
        "when he has it.",
        "list",
        14,
        {
            "length of the call": (0.2, 2.0, 0.8, 1),
            "calls repeated within a week": (0.5, 3.0, 1.2, 8),
            "complaints to the regulator": (0.6, 1.0, 9.0, 10),
        },
        reranked=False,
        answers_per_query=1,
    ),
    "job offers": _case(
        "A list of offers for a person; several suit, some better than others. The page shows it "
        "as it comes.",
        "list",
        28,
        {
            "applications to small firms": (0.5, 4.0, 2.5, 7),
            "p99 latency": (0.1, 1.0, 2.0, 1),
            "hires still there after a year": (0.6, 3.0, 2.0, 400),
        },
        reranked=False,
        answers_per_query=12,
    ),
    "kitchen inspections": _case(
        "Which restaurants to inspect. The city has 25 inspectors, a visit a day each. A needless "
        "visit and an outbreak have each been priced.",
        "decision",
        60,
        {
            "visits to one district": (0.7, 10.0, 6.0, 30),
            "days between two visits": (0.4, 8.0, 3.0, 45),
            "appeals upheld by a court": (0.8, 2.0, 1.0, 300),
        },
        slots_per_day=25,
        cost_fp=300.0,
        cost_fn=20_000.0,
    ),
    "newborn screening": _case(
        "A blood test flags newborns for a second test. At most 0.5 % of healthy ones may be "
        "called back; both mistakes have been priced.",
        "decision",
        90,
        {
            "days until the second test": (0.5, 10.0, 4.0, 20),
            "families who refuse": (0.6, 1.0, 2.5, 20),
            "p99 latency": (0.1, 20.0, 1.0, 1),
        },
        max_fpr=0.005,
        cost_fp=150.0,
        cost_fn=90_000.0,
    ),
    "pump maintenance": _case(
        "Stop a pump and look, or let it run. A needless stop costs 400, a breakdown 9,000. As "
        "many stops as it takes.",
        "decision",
        30,
        {
            "hours of overtime": (0.4, 6.0, 5.0, 10),
            "spare parts used": (0.3, 5.0, 2.0, 10),
            "pumps renewed early": (0.7, 4.0, 1.0, 700),
        },
        cost_fp=400.0,
        cost_fn=9_000.0,
    ),
    "claim probability": _case(
        "The probability of a claim is multiplied with its likely size, and the product is the "
        "premium. No list, no threshold.",
        "probability",
        30,
        {
            "premium asked of new customers": (0.6, 3.0, 1.1, 5),
            "offers declined": (0.5, 2.0, 0.9, 12),
            "claims paid": (0.9, 2.0, 1.5, 500),
        },
        cost_fp=20.0,
        cost_fn=1_500.0,
    ),
    "rolls for tomorrow": _case(
        "How many rolls to bake. One left over costs 0.20, one missing 0.60, and the tenth one "
        "missing costs as much as the first.",
        "amount",
        21,
        {
            "rolls thrown away": (0.4, 5.0, 2.0, 1),
            "shelves empty at 5 p.m.": (0.6, 4.0, 1.5, 1),
            "customers who stay away": (0.7, 1.0, 3.0, 20),
        },
        cost_over=0.2,
        cost_under=0.6,
        cost_grows="linear",
    ),
}
