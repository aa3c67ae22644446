"""The metric and the guardrail, from facts: metric_for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import (
    Case,
    Comparison,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    equal,
    show,
)
from pitfalls.data import METRIC_CASES, Facts

from ._cases import varied

__all__ = ["METRIC_FOR"]

_METRICS = (
    "recall@k", "ndcg@k", "mrr", "precision@slots", "recall@fpr", "expected cost", "log loss",
    "pinball loss", "rmse", "mae",
)  # fmt: skip
_FAMILY = {
    "recall@k": "list", "ndcg@k": "list", "mrr": "list",
    "precision@slots": "decision", "recall@fpr": "decision", "expected cost": "decision",
    "log loss": "probability",
    "pinball loss": "amount", "rmse": "amount", "mae": "amount",
}  # fmt: skip


# --- the reference ---------------------------------------------------------------------------


def _metric(facts: Facts, *, skip: frozenset[str] = frozenset()) -> str:
    """The first line of a table of conditions that holds; a pitfall leaves lines out."""
    uses = facts["uses"]
    even = facts["cost_over"] == facts["cost_under"]
    lines = [
        ("recall@k", uses == "list" and facts["reranked"], "reranked"),
        ("mrr", uses == "list" and facts["answers_per_query"] == 1, "one answer"),
        ("ndcg@k", uses == "list", ""),
        ("precision@slots", uses == "decision" and facts["slots_per_day"] is not None, "slots"),
        ("recall@fpr", uses == "decision" and facts["max_fpr"] is not None, "fpr"),
        ("expected cost", uses == "decision", ""),
        ("log loss", uses == "probability", ""),
        ("pinball loss", uses == "amount" and not even, "uneven"),
        ("rmse", uses == "amount" and facts["cost_grows"] == "square", "square"),
        ("mae", True, ""),
    ]
    return next(name for name, holds, tag in lines if holds and tag not in skip)


def _guardrail(facts: Facts, *, skip: frozenset[str] = frozenset()) -> str | None:
    """Of what can be seen in time, the one that past gains of the metric harmed most."""
    seen = {
        name: figures["harmed"]
        for name, figures in facts["guardrails"].items()
        if ("detectable" in skip or figures["detectable"] <= figures["tolerable"])
        and ("days" in skip or figures["known_after_days"] <= facts["experiment_days"])
    }
    return max(seen, key=lambda name: float(seen[name]), default=None)


# --- why a wrong choice is wrong -------------------------------------------------------------


def _against_metric(facts: Facts, choice: str) -> str:
    right = _metric(facts)
    if _FAMILY[choice] != _FAMILY[right]:
        return _AGAINST_FAMILY[_FAMILY[right]]
    if right == "recall@k":
        return "Another model puts these items in order. What counts is what it is never given."
    if choice == "recall@k":
        return "The list is shown as it comes, so its order counts, and recall does not see it."
    if right == "mrr":
        return "One item answers and the reader stops there: its place is all that counts."
    if choice == "mrr":
        return "Several items are right, and this metric stops looking at the first of them."
    if right == "precision@slots":
        return (
            "A fixed number of cases is looked at each day, whatever the scores or prices are: ask "
            "how many of those are hits."
        )
    if choice == "precision@slots":
        return "Nobody fixed how many cases are looked at, so there is no number of slots."
    if right == "recall@fpr":
        return (
            "The share of false alarms is fixed, and prices may not buy more of them: ask how many "
            "positives are caught within it."
        )
    if choice == "recall@fpr":
        return "Nobody fixed a share of false alarms; the prices say which alarms are worth it."
    if right == "pinball loss":
        return "Too much and too little cost different amounts, and this metric treats them alike."
    if choice == "pinball loss":
        return "Too much and too little cost the same, so nothing is uneven."
    if right == "rmse":
        return "A miss twice as large costs four times as much; here it costs twice as much."
    return "The cost grows in proportion to the miss; squaring lets a few large ones decide."


_AGAINST_FAMILY = {
    "list": "The product uses an order, and nothing but the order: judge the list.",
    "decision": "The product acts on a case or leaves it: judge the decisions.",
    "probability": (
        "The number itself is multiplied with money, so it must be right, not merely in the right "
        "order or on the right side of a threshold."
    ),
    "amount": "The product uses an amount, so the size of the miss counts, in units that cost.",
}


def _against_guardrail(facts: Facts, choice: str) -> str:
    figures = facts["guardrails"][choice]
    if figures["known_after_days"] > facts["experiment_days"]:
        return (
            f"{choice} is known after {figures['known_after_days']} days, and the experiment lasts "
            f"{facts['experiment_days']}: it cannot stop the launch."
        )
    if figures["detectable"] > figures["tolerable"]:
        return (
            f"the experiment shows a harm to {choice} from {figures['detectable']:g} % on, and "
            f"{figures['tolerable']:g} % is tolerable: it would stay green over a real harm."
        )
    return f"{choice} was harmed in fewer of the past gains than another one that can be seen."


def _judge_entry(i: int) -> Callable[[Case, Outcome], Mismatch | None]:
    def judge(case: Case, outcome: Outcome) -> Mismatch | None:
        facts: Facts = case.args[0]
        found = _pair(outcome.value)
        if found is not None:
            return found
        got = outcome.value[i]
        options = _METRICS if i == 0 else tuple(facts["guardrails"])
        if got not in options:
            what = "metric is none of the ten" if i == 0 else "guardrail is none of the case's"
            return Mismatch("value", f"{case.label}: the {what}.", show(got), ", ".join(options))
        right = _metric(facts) if i == 0 else _guardrail(facts)
        if got == right:
            return None
        why = _against_metric(facts, got) if i == 0 else _against_guardrail(facts, got)
        return Mismatch("value", f"{case.label}: {why}", show(got), show(right))

    return judge


def _pair(got: Any) -> Mismatch | None:
    """Two texts, or what is wrong with them."""
    if not isinstance(got, tuple | list) or len(got) != 2:
        kind = "None" if got is None else f"a value of type {type(got).__name__}"
        kind = f"{len(got)} values" if isinstance(got, tuple | list) else kind
        return Mismatch("type", f"The result is {kind}; wanted (metric, guardrail).", show(got))
    if not all(isinstance(it, str) for it in got):
        return Mismatch("type", "The metric and the guardrail are two names.", show(got))
    return None


def _entry(i: int) -> Comparison:
    same = equal()
    return lambda got, wanted: _pair(got) or same(got[i], wanted[i])


def _eight(rng: np.random.Generator) -> list[Case]:
    return [Case(facts, label=name) for name, facts in METRIC_CASES.items()]


def _others(rng: np.random.Generator) -> list[Case]:
    return [Case(facts, label=name) for name, facts in varied(rng).items()]


# --- wrong ways ------------------------------------------------------------------------------


def _metric_but(*left_out: str) -> Callable[[Facts], tuple[str, str | None]]:
    """The right guardrail, and a metric that leaves a question out."""
    skipped = frozenset(left_out)
    return lambda case: (_metric(case, skip=skipped), _guardrail(case))


def _guardrail_but(*left_out: str) -> Callable[[Facts], tuple[str, str | None]]:
    skipped = frozenset(left_out)
    return lambda case: (_metric(case), _guardrail(case, skip=skipped))


def _one_metric(name: str) -> Callable[[Facts], tuple[str, str | None]]:
    return lambda case: (name, _guardrail(case))


def _costs_first(case: Facts) -> tuple[str, str | None]:
    priced = case["uses"] == "decision" and case["cost_fp"] is not None
    return ("expected cost" if priced else _metric(case)), _guardrail(case)


def _limit_first(case: Facts) -> tuple[str, str | None]:
    limited = case["uses"] == "decision" and case["max_fpr"] is not None
    return ("recall@fpr" if limited else _metric(case)), _guardrail(case)


def _answers_first(case: Facts) -> tuple[str, str | None]:
    single = case["uses"] == "list" and case["answers_per_query"] == 1
    return ("mrr" if single else _metric(case)), _guardrail(case)


def _edge_struck(edge: str, limit: str) -> Callable[[Facts], tuple[str, str | None]]:
    """Equal counts as too much: a guardrail that lies on the edge is struck out."""

    def answer(case: Facts) -> tuple[str, str | None]:
        inside = {
            name: figures
            for name, figures in case["guardrails"].items()
            if figures[edge] < (figures | case)[limit]
        }
        return _metric(case), _guardrail(case | {"guardrails": inside})

    return answer


def _prices_everywhere(case: Facts) -> tuple[str, str | None]:
    priced = case["uses"] == "probability" and case["cost_fp"] is not None
    return ("expected cost" if priced else _metric(case)), _guardrail(case)


def _recall_shown(case: Facts) -> tuple[str, str | None]:
    return ("recall@k" if case["uses"] == "list" else _metric(case)), _guardrail(case)


def _mrr_shown(case: Facts) -> tuple[str, str | None]:
    shown = case["uses"] == "list" and not case["reranked"]
    return ("mrr" if shown else _metric(case)), _guardrail(case)


def _any_amount(name: str) -> Callable[[Facts], tuple[str, str | None]]:
    return lambda case: (name if case["uses"] == "amount" else _metric(case), _guardrail(case))


def _any_decision(name: str) -> Callable[[Facts], tuple[str, str | None]]:
    return lambda case: (name if case["uses"] == "decision" else _metric(case), _guardrail(case))


def _order_for_numbers(case: Facts) -> tuple[str, str | None]:
    return ("ndcg@k" if case["uses"] == "probability" else _metric(case)), _guardrail(case)


def _latency(case: Facts) -> tuple[str, str | None]:
    known = "p99 latency" in case["guardrails"]
    return _metric(case), "p99 latency" if known else _guardrail(case)


def _sharpest(case: Facts) -> tuple[str, str | None]:
    figures = case["guardrails"]
    return _metric(case), min(figures, key=lambda it: float(figures[it]["detectable"]))


def _quickest(case: Facts) -> tuple[str, str | None]:
    figures = case["guardrails"]
    return _metric(case), min(figures, key=lambda it: int(figures[it]["known_after_days"]))


def _never_harmed(case: Facts) -> tuple[str, str | None]:
    figures = case["guardrails"]
    return _metric(case), min(figures, key=lambda it: float(figures[it]["harmed"]))


def _least_tolerable(case: Facts) -> tuple[str, str | None]:
    figures = case["guardrails"]
    return _metric(case), min(figures, key=lambda it: float(figures[it]["tolerable"]))


def _blurred(case: Facts) -> tuple[str, str | None]:
    """The comparison of detectable and tolerable the wrong way round."""
    figures = case["guardrails"]
    passing = [it for it in figures if figures[it]["detectable"] >= figures[it]["tolerable"]]
    best = max(passing or figures, key=lambda it: float(figures[it]["harmed"]))
    return _metric(case), best


METRIC_FOR = Exercise(
    "metric_for",
    "(case)",
    "A metric and a guardrail, from facts",
    difficulty=3,
    minutes=20,
    parts=(
        Part("metric, eight cases", 1, _eight, None, _entry(0), _judge_entry(0), redraw=False),
        Part("guardrail, eight cases", 1, _eight, None, _entry(1), _judge_entry(1), redraw=False),
        Part("metric, other facts", 1, _others, None, _entry(0), _judge_entry(0)),
        Part("guardrail, other facts", 1, _others, None, _entry(1), _judge_entry(1)),
    ),
    pitfalls=(
        Pitfall(
            "the order judged where another model makes it",
            "Where a later stage puts the items in order, NDCG rewards an order that is thrown "
            "away. Ask what the first stage is for.",
            _metric_but("reranked"),
        ),
        Pitfall(
            "recall for a list that is shown",
            "Recall does not care whether the best item is first or last of k. Where people see "
            "the list as it comes, its order is the product.",
            _recall_shown,
        ),
        Pitfall(
            "one right answer is not asked for",
            "Where a single item answers, its place is the whole story. Look at how many answers a "
            "query has.",
            _metric_but("one answer"),
        ),
        Pitfall(
            "only the first hit counts",
            "MRR looks at the first right item only. Where several are right, a list with one good "
            "item on top and rubbish below would be perfect.",
            _mrr_shown,
        ),
        Pitfall(
            "prices before hard limits",
            "The prices are there, but the number of slots or the share of false alarms is fixed "
            "first: the cheapest threshold may not be available.",
            _costs_first,
        ),
        Pitfall(
            "the limit before the slots",
            "Both are fixed, the share of false alarms and the number of cases looked at. The "
            "slots come first in the list: below the last of them nothing happens, so the limit "
            "cannot decide.",
            _limit_first,
        ),
        Pitfall(
            "one answer asked for before who orders",
            "One item answers, but another model puts it in its place. This stage can only lose "
            "it: ask for the reranking first.",
            _answers_first,
        ),
        Pitfall(
            "slots ignored",
            "So many people look at so many cases a day, whatever the score says. What happens "
            "below that line never happens: judge what is above it.",
            _metric_but("slots"),
        ),
        Pitfall(
            "the limit of false alarms ignored",
            "A limit on false alarms is a limit, not a price. Compare models at that share.",
            _metric_but("fpr"),
        ),
        Pitfall(
            "an order for a number that is multiplied",
            "Every ranking metric stays the same if all probabilities are halved. Here the premium "
            "would be halved, too.",
            _order_for_numbers,
        ),
        Pitfall(
            "a threshold where there is none",
            "The prices of mistakes tempt, but nobody acts on a threshold here: the probability "
            "goes into a product.",
            _prices_everywhere,
        ),
        Pitfall(
            "an even loss for uneven costs",
            "Too much and too little have different prices. An even loss leads to the middle of "
            "what may happen, and the cheapest amount lies to one side of it.",
            _metric_but("uneven"),
        ),
        Pitfall(
            "absolute errors where cost is squared",
            "The absolute error counts ten small gaps like one that is ten times as large, and the "
            "bill does not.",
            _metric_but("square"),
        ),
        Pitfall(
            "RMSE for any amount",
            "RMSE is a habit. It is right if the cost grows with the square of the miss and is the "
            "same on both sides; the facts say whether it is.",
            _any_amount("rmse"),
        ),
        Pitfall(
            "precision at k for every decision",
            "Without a fixed number of slots there is no k. Ask what fixes the threshold: slots, a "
            "limit, or prices.",
            _any_decision("precision@slots"),
        ),
        Pitfall(
            "recall at a limit for every decision",
            "Nobody set a limit for false alarms in all of these cases. Ask what fixes the "
            "threshold: slots, a limit, or prices.",
            _any_decision("recall@fpr"),
        ),
        Pitfall(
            "NDCG, always",
            "NDCG judges lists that are shown. Ask first what the product uses: a list, a "
            "decision, a probability or an amount.",
            _one_metric("ndcg@k"),
        ),
        Pitfall(
            "log loss, always",
            "Log loss is what many models are fitted with. What they are judged by is what the "
            "product uses: a list, a decision, a probability or an amount.",
            _one_metric("log loss"),
        ),
        Pitfall(
            "a guardrail that comes too late",
            "What is known only after the experiment has ended cannot stop the launch. Watch it in "
            "the long run, and take one that is in time as the guardrail.",
            _guardrail_but("days"),
        ),
        Pitfall(
            "a guardrail that cannot see the harm",
            "The experiment is too small to show the harm that would matter, so this one stays "
            "green either way.",
            _guardrail_but("detectable"),
        ),
        Pitfall(
            "the last day struck out",
            "What is known on the day on which the experiment ends is in time. Strike out what is "
            "known *after* it.",
            _edge_struck("known_after_days", "experiment_days"),
        ),
        Pitfall(
            "just seen is struck out",
            "If the smallest harm that the experiment shows is the largest that you accept, then "
            "nothing that matters stays unseen. Strike out where detectable is *larger*.",
            _edge_struck("detectable", "tolerable"),
        ),
        Pitfall(
            "the one most often harmed, seen or not",
            "You took the largest share of harmed gains. First ask which of them the experiment "
            "can show, and in time.",
            _guardrail_but("detectable", "days"),
        ),
        Pitfall(
            "latency, whatever the case",
            "Latency is worth a guardrail where gains of the metric were paid with it. Ask what "
            "past gains harmed.",
            _latency,
        ),
        Pitfall(
            "the sharpest measurement",
            "That the experiment sees it well does not make it worth watching. Among those that "
            "can be seen, ask which one past gains harmed.",
            _sharpest,
        ),
        Pitfall(
            "the quickest measurement",
            "Being early is a condition, not the aim. Among those in time, ask which one past "
            "gains harmed.",
            _quickest,
        ),
        Pitfall(
            "what never gets worse",
            "You took the one that is harmed least. A guardrail that never trips guards nothing.",
            _never_harmed,
        ),
        Pitfall(
            "the strictest tolerance",
            "A small tolerance says what would hurt, not what is at risk. Compare it with what the "
            "experiment can show, then look at past gains.",
            _least_tolerable,
        ),
        Pitfall(
            "detectable and tolerable swapped",
            "You kept those whose harm shows only when it is past tolerable. What the experiment "
            "can show must be at most what you tolerate.",
            _blurred,
        ),
    ),
    hints=(
        "Two independent decisions. For the metric go down the list of questions and stop at the "
        "first that answers; for the guardrail strike out first, then take the largest.",
        "Branch on case['uses']. Inside 'decision' ask for slots, then for a limit, then the "
        "prices are left. Inside 'amount' ask whether the two prices differ before how they grow.",
        "Guardrails: keep those with detectable ≤ tolerable and known_after_days ≤ "
        "experiment_days; return the name with the largest 'harmed'.",
    ),
)
