"""The decision, from facts: choose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Mismatch, Outcome, Part, Pitfall, show
from pitfalls.data import EIGHT_CASES, Facts

from ._stories import varied

__all__ = ["CHOOSE"]

_OPTIONS = ("rules", "labels first", "logistic", "boosting", "network", "online")


def _cases(stories: dict[str, Facts]) -> list[Case]:
    return [Case(facts, label=name) for name, facts in stories.items()]


def _eight(rng: np.random.Generator) -> list[Case]:
    return _cases(EIGHT_CASES)


def _eight_varied(rng: np.random.Generator) -> list[Case]:
    return _cases(varied(rng))


def _decide(
    facts: Facts,
    *,
    skip: frozenset[str] = frozenset(),
    time: str = "p99_ms",
    rival: str = "allowed",
    quickest: str = "p99_ms",
) -> str | None:
    """Which option the facts leave; a pitfall skips a question or asks it of the wrong number."""
    delay = 0.0 if "delay" in skip else facts["label_delay_days"]
    pace = facts["changes_every_days"]
    soon = facts["refit_days"] if "pace" in skip else pace
    moves = delay < soon and pace < facts["refit_days"] and "change" not in skip
    if facts["rule_is_written"] and "rule" not in skip:
        return "rules"
    if moves and "order" in skip:
        return "online"
    if math.sqrt(0.8 * 0.2 / facts["positives"]) > facts["recall_se"] and "labels" not in skip:
        return "labels first"
    if moves:
        return "online"
    measured: dict[str, dict[str, float]] = facts["measured"]
    allowed = {
        name: figures
        for name, figures in measured.items()
        if (figures[time] <= facts["budget_ms"] or "budget" in skip)
        and (name == "logistic" or not facts["exact_reasons"] or "reasons" in skip)
    }
    if not allowed:
        return None
    field = measured if rival == "any" else allowed
    best = max(figures["auc"] for figures in field.values())
    margin = 0.0 if "noise" in skip else 2 * facts["auc_se"]
    level = {n: f for n, f in allowed.items() if f["auc"] >= best - margin}
    if not level:
        return max(allowed, key=lambda n: float(allowed[n]["auc"]))
    if "noise" in skip:
        return max(level, key=lambda n: float(level[n]["auc"]))
    return min(level, key=lambda n: float(level[n][quickest]))


def _against(facts: Facts, choice: str) -> str:
    """Why an option that is not the right one is not, from the facts of the case."""
    right = _decide(facts)
    positives, delay = facts["positives"], facts["label_delay_days"]
    spread = math.sqrt(0.16 / positives)
    if right == "rules":
        return "The rule is written down: a learned model can only come near it."
    if choice == "rules":
        return "Nobody has written the rule down, so there is none to program."
    if right == "labels first":
        return (
            f"{positives} positives leave a standard error of {spread:.3f} on a recall of 0.8; "
            f"asked for is {facts['recall_se']:g}. No model can be shown to be good enough."
        )
    if choice == "labels first":
        return (
            f"{positives} positives give a standard error of {spread:.3f} on a recall of 0.8, and "
            f"{facts['recall_se']:g} is asked for: the labels are enough."
        )
    if right == "online":
        return (
            f"The pattern lasts {facts['changes_every_days']:g} days, and this model stays as it "
            f"is for {facts['refit_days']:g}: it would be out of date most of the time."
        )
    if choice == "online":
        if facts["changes_every_days"] >= facts["refit_days"]:
            return "Refitting is quicker than the change, so there is nothing to chase."
        return (
            f"Labels come after {delay:g} days, when the pattern of "
            f"{facts['changes_every_days']:g} days is gone: an online model learns the past."
        )
    return _against_measured(facts, choice, str(right))


def _against_measured(facts: Facts, choice: str, right: str) -> str:
    if choice not in facts["measured"]:
        return f"Nobody measured {choice} here: its inputs are not of the kind it is made for."
    mine, other = facts["measured"][choice], facts["measured"][right]
    if mine["p99_ms"] > facts["budget_ms"]:
        return (
            f"{choice} takes {mine['p99_ms']:g} ms at the 99th percentile; the budget is "
            f"{facts['budget_ms']:g} ms."
        )
    if facts["exact_reasons"] and choice != "logistic":
        return f"{choice} cannot give the exact reasons of a decision, and the law wants them."
    gap = abs(mine["auc"] - other["auc"])
    error = facts["auc_se"]
    if mine["auc"] < other["auc"]:
        return f"{choice} is {gap:.3f} lower in AUC, more than twice the error of {error:g}."
    return (
        f"{choice} leads by {gap:.3f} in AUC, less than twice the error of {error:g}: not shown "
        "to be better, and it is slower."
    )


def _judge(case: Case, outcome: Outcome) -> Mismatch | None:
    facts, got = case.args[0], outcome.value
    right = _decide(facts)
    if not isinstance(got, str):
        kind = "None" if got is None else f"a value of type {type(got).__name__}"
        says = f"The choice is {kind}; wanted one of the six names."
        return Mismatch("type", says, show(got), ", ".join(_OPTIONS))
    if got not in _OPTIONS:
        says = "The choice is none of the six: " + ", ".join(_OPTIONS) + "."
        return Mismatch("type", says, show(got), ", ".join(_OPTIONS))
    if got == right:
        return None
    return Mismatch("value", f"{case.label}: {_against(facts, got)}", show(got), show(right))


def _without(*questions: str, **changes: Any) -> Callable[[Facts], str | None]:
    skipped = frozenset(questions)
    return lambda facts: _decide(facts, skip=skipped, **changes)


def _change_without_refit(facts: Facts) -> str | None:
    """Online as soon as anything changes within a year, whatever the refits do."""
    return _decide({**facts, "refit_days": 365.0})


def _errors(count: float) -> Callable[[Facts], str | None]:
    """Keeps what lies within another number of standard errors than two."""
    return lambda facts: _decide({**facts, "auc_se": facts["auc_se"] * count / 2})


def _any_rule_of_thumb(facts: Facts) -> str | None:
    return "boosting" if facts["rows"] >= 10_000 else "logistic"


CHOOSE = Exercise(
    "choose",
    "(case)",
    "Eight cases to decide",
    difficulty=4,
    minutes=25,
    parts=(
        Part("the eight cases", 2, _eight, judge=_judge, redraw=False),
        Part("the same cases with other numbers", 1, _eight_varied, judge=_judge),
    ),
    pitfalls=(
        Pitfall(
            "compared with a model that is out",
            "You took the best AUC of all as the mark to meet, but that model was struck out. Find "
            "the best of those that are allowed.",
            _without(rival="any"),
        ),
        Pitfall(
            "change asked before the labels are counted",
            "Too few positives leave nothing to learn from, online or not. The questions have an "
            "order: what can end the matter earlier is asked earlier.",
            _without("order"),
        ),
        Pitfall(
            "a written rule is learned",
            "Where the rule stands in a table, a model can only approximate it, and every miss is "
            "an error that the table would not have made. Program the rule.",
            _without("rule"),
        ),
        Pitfall(
            "too few labels to show anything",
            "Recall is a share of the positives, so many rows are no comfort: with this few "
            "positives its standard error is larger than what was asked for, and no model can be "
            "shown to be good.",
            _without("labels"),
        ),
        Pitfall(
            "the latency budget is ignored",
            "A score that comes after the auction has closed is worth nothing, however good. "
            "Strike out what does not fit the budget before you compare quality.",
            _without("budget"),
        ),
        Pitfall(
            "mean latency against a p99 budget",
            "The budget holds for 99 calls in 100, and the mean says nothing about the slow ones. "
            "Compare the 99th percentile.",
            _without(time="mean_ms"),
        ),
        Pitfall(
            "the quickest by its mean",
            "Among the models that are level you took the one with the lowest mean. The quicker "
            "one is the one whose slow calls are quicker: the lowest 99th percentile.",
            _without(quickest="mean_ms"),
        ),
        Pitfall(
            "explained afterwards what must be exact",
            "Attributions for boosted trees or networks approximate or share out. Where the exact "
            "reasons of a decision are due, the model itself must add up from its terms.",
            _without("reasons"),
        ),
        Pitfall(
            "one standard error is enough",
            "You believed a lead of less than two standard errors. One of a single standard error "
            "turns up by luck about one time in three; the house rule asks for two.",
            _errors(1),
        ),
        Pitfall(
            "noise taken for a better model",
            "The lead is smaller than twice its standard error: another test set could turn it "
            "round. Without a proven lead take the quicker model.",
            _without("noise"),
        ),
        Pitfall(
            "more than two standard errors are asked for",
            "A lead of more than two standard errors was still noise to you, and a model that is "
            "shown to be better went for a quicker one. Caution has a price as well: the house "
            "rule stops at two.",
            _errors(3),
        ),
        Pitfall(
            "change is ignored",
            "The pattern changes before the next refit, so a model fitted in batches is out of "
            "date most of the time, however well it scored on last month's rows.",
            _without("change"),
        ),
        Pitfall(
            "labels that come too late",
            "An online model learns from labels. Where these arrive after the pattern is gone, it "
            "learns faster what no longer holds.",
            _without("delay"),
        ),
        Pitfall(
            "labels held against the refit",
            "The labels come before the next refit, and after the pattern is gone. What an online "
            "model learns from them no longer holds: compare the delay with the change.",
            _without("pace"),
        ),
        Pitfall(
            "online because things change",
            "Things always change. If the usual refit is quicker than the change, an online model "
            "buys nothing: compare the two times.",
            _change_without_refit,
        ),
        Pitfall(
            "boosting, always",
            "Boosted trees are a good bet on tables, but a bet is not a decision: budget, reasons, "
            "labels, drift and inputs can each rule them out.",
            lambda case: "boosting",
        ),
        Pitfall(
            "the linear model, always",
            "Starting with a linear model is sound; staying with it where another one is proven "
            "better, and allowed, gives away quality.",
            lambda case: "logistic",
        ),
        Pitfall(
            "the number of rows decides",
            "Rows alone settle nothing. What counts here was measured: look at the lead and at its "
            "error, after budget, reasons, labels and drift.",
            _any_rule_of_thumb,
        ),
        Pitfall(
            "the highest AUC, always",
            "Quality is the last question. First strike out what the facts forbid: a rule that is "
            "there, labels that are not, the budget, the reasons, the pace of change.",
            lambda case: max(case["measured"], key=lambda n: float(case["measured"][n]["auc"])),
        ),
    ),
    hints=(
        "Ask the questions in the order of the list above. Which of them end the matter, and which "
        "only strike out candidates?",
        "Three early returns (rule, labels, online), then a dictionary of the measured models that "
        "fit the budget and, where reasons are due, are linear.",
        "best = highest AUC among those left; level = those with auc ≥ best − 2·auc_se; return the "
        "one of `level` with the lowest p99_ms.",
    ),
)
