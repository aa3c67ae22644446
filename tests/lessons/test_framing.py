"""The lesson on framing: its right answers, its cases, the text around them."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pitfalls import lessons
from pitfalls.build._source import parse
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.data import METRIC_CASES
from pitfalls.lessons.framing._cases import varied

LESSON = lessons.get("framing")
SOURCE = Path(__file__).parents[2] / "autograder" / "exercises" / LESSON.chapter / "framing.py"

# --- independent right answers -----------------------------------------------------------------


def _conflict_by_loops(log):
    shown, clicks, total = defaultdict(int), defaultdict(int), defaultdict(float)
    for item, clicked, value in zip(log["item"], log["clicked"], log["value"], strict=True):
        shown[item] += 1
        if clicked:
            clicks[item] += 1
            total[item] += value
    ctr = {item: clicks[item] / n for item, n in shown.items() if n >= 100}
    value = {item: total[item] / shown[item] for item in ctr}
    names = list(ctr)
    score = 0
    for i, a in enumerate(names):
        for b in names[:i]:
            score += 1 if (ctr[a] > ctr[b]) == (value[a] > value[b]) else -1
    best = max(names, key=ctr.get)
    top = max(value.values())
    return {
        "ctr": ctr,
        "value": value,
        "agreement": score / (len(names) * (len(names) - 1) / 2),
        "loss": (top - value[best]) / top,
    }


def _conflict_by_pivot(log):
    log = log.assign(value=log["value"].where(log["clicked"] == 1, 0.0))
    table = log.pivot_table(index="item", values=["clicked", "value"], aggfunc="mean")
    table = table.loc[log["item"].value_counts().loc[lambda n: n > 99].index]
    by_ctr = table.sort_values("clicked")
    return {
        "loss": np.float64(1) - by_ctr["value"].iloc[-1] / by_ctr["value"].max(),
        "agreement": table.corr(method="kendall").iloc[0, 1],
        "value": table["value"],
        "ctr": table["clicked"].to_dict(),
    }


def _capacity_step_by_step(spec):
    day = spec["active_users_per_day"] * spec["requests_per_user"]
    peak = day / 24 / 60 / 60 * spec["peak_factor"]
    row = spec["bytes_per_item"] * spec["items_per_request"]
    log = day * row * spec["days_kept"] * spec["copies"]
    rows = spec["users"] + spec["items"]
    table = rows * spec["dimension"] * spec["bits"] / 8
    one = spec["workers"] / (spec["ms_per_request"] / 1000) * spec["utilisation"]
    needed = math.ceil(peak / one)
    per_zone = math.ceil(needed / (spec["zones"] - 1))
    return {
        "peak_qps": peak,
        "log_tb": log / 1e12,
        "table_gib": table / 1024**3,
        "servers": per_zone * spec["zones"],
    }


def _capacity_in_numpy(spec):
    s = pd.Series(spec)
    qps = s["active_users_per_day"] * s["requests_per_user"] / 86400
    busy = qps * s["peak_factor"] * s["ms_per_request"] / 1e3  # workers at work, by Little's law
    a_zone = np.ceil(busy / s["workers"] / s["utilisation"] / (s["zones"] - 1))
    rate = qps * s["items_per_request"] * s["bytes_per_item"]  # bytes a second
    return pd.Series(
        {
            "servers": a_zone * s["zones"],
            "peak_qps": round(qps * s["peak_factor"], 1),
            "log_tb": rate * 86400 * s["days_kept"] * s["copies"] / 10**12,
            "table_gib": (s["users"] + s["items"]) * s["dimension"] * s["bits"] / 2**33,
        }
    )


def _metric_by_lookup(case):
    if case["uses"] == "list":
        last = "mrr" if case["answers_per_query"] == 1 else "ndcg@k"
        metric = "recall@k" if case["reranked"] else last
    elif case["uses"] == "decision":
        metric = "expected cost"
        if case["max_fpr"] is not None:
            metric = "recall@fpr"
        if case["slots_per_day"] is not None:
            metric = "precision@slots"
    elif case["uses"] == "amount":
        metric = {"linear": "mae", "square": "rmse"}[case["cost_grows"]]
        if case["cost_over"] != case["cost_under"]:
            metric = "pinball loss"
    else:
        metric = "log loss"
    table = pd.DataFrame(case["guardrails"]).T
    table = table[table["detectable"] <= table["tolerable"]]
    table = table[table["known_after_days"] <= case["experiment_days"]]
    return metric, table["harmed"].idxmax()


def _metric_by_sorting(case):
    guardrails = sorted(case["guardrails"].items(), key=lambda pair: -pair[1]["harmed"])
    passing = [
        name
        for name, g in guardrails
        if g["known_after_days"] <= case["experiment_days"] and g["detectable"] <= g["tolerable"]
    ]
    match case["uses"]:
        case "list" if case["reranked"]:
            metric = "recall@k"
        case "list":
            metric = "ndcg@k" if case["answers_per_query"] > 1 else "mrr"
        case "decision" if case["slots_per_day"]:
            metric = "precision@slots"
        case "decision":
            metric = "recall@fpr" if case["max_fpr"] else "expected cost"
        case "probability":
            metric = "log loss"
        case _ if case["cost_over"] - case["cost_under"]:
            metric = "pinball loss"
        case _:
            metric = "rmse" if case["cost_grows"] == "square" else "mae"
    return [metric, passing[0]]


def _gap_by_pandas(experiments, candidate):
    own = experiments.query("kind == @candidate['kind']")
    clear = own[own["online"].abs() / own["se"] > 1.96]
    agree = np.sign(clear["offline"]) == np.sign(clear["online"])
    n, k = len(clear), int(agree.sum())
    if candidate["offline"] < own["offline"].min() or candidate["offline"] > own["offline"].max():
        verdict = "outside"
    elif n > 0 and stats.binom.sf(k - 1, n, 0.5) <= 0.05:
        verdict = "screen"
    else:
        verdict = "not shown"
    return {
        "rank_agreement": own["offline"].corr(own["online"], method="spearman"),
        "sign_agreement": agree.mean(),
        "verdict": verdict,
    }


def _gap_by_loops(experiments, candidate):
    offline, online, se = (
        [
            v
            for v, kind in zip(experiments[c], experiments["kind"], strict=True)
            if kind == candidate["kind"]
        ]
        for c in ("offline", "online", "se")
    )
    ranks = [[sorted(values).index(v) for v in values] for values in (offline, online)]
    clear = [
        (a, b)
        for a, b, s in zip(offline, online, se, strict=True)
        if not -1.96 * s <= b <= 1.96 * s
    ]
    same = len([1 for a, b in clear if a * b > 0])
    p = 1.0
    if clear:
        p = stats.binomtest(same, len(clear), alternative="greater").pvalue
    verdict = "screen" if p <= 0.05 else "not shown"
    if (
        all(candidate["offline"] < other for other in offline)
        or max(offline) < candidate["offline"]
    ):
        verdict = "outside"
    return {
        "rank_agreement": float(np.corrcoef(ranks)[0, 1]),
        "sign_agreement": same / len(clear) if clear else float("nan"),
        "verdict": verdict,
    }


ALTERNATIVES = {
    "objective_conflict": [_conflict_by_loops, _conflict_by_pivot],
    "capacity": [_capacity_step_by_step, _capacity_in_numpy],
    "metric_for": [_metric_by_lookup, _metric_by_sorting],
    "offline_online_gap": [_gap_by_pandas, _gap_by_loops],
}

# --- the lesson's own tests --------------------------------------------------------------------

TRUTH = {
    "court decisions": ("recall@k", "p99 latency"),
    "help pages": ("mrr", "calls repeated within a week"),
    "job offers": ("ndcg@k", "applications to small firms"),
    "kitchen inspections": ("precision@slots", "visits to one district"),
    "newborn screening": ("recall@fpr", "days until the second test"),
    "pump maintenance": ("expected cost", "hours of overtime"),
    "claim probability": ("log loss", "premium asked of new customers"),
    "rolls for tomorrow": ("pinball loss", "shelves empty at 5 p.m."),
}
METRICS = {choice for choice, _ in TRUTH.values()} | {"rmse", "mae"}
METRIC_FOR = LESSON.exercise("metric_for")
TEXT = SOURCE.read_text(encoding="utf-8")


def test_the_eight_cases_have_the_answers_that_their_stories_tell():
    """Choices written down by hand from the stories earn both parts of the eight cases."""
    by_request = {METRIC_CASES[name]["request"]: choice for name, choice in TRUTH.items()}
    answer = LocalAnswer({"metric_for": lambda case: by_request.get(case["request"], ("mae", ""))})
    parts = run_check(METRIC_FOR, answer).parts
    assert [True, True, False, False] == [part.right for part in parts]


@pytest.mark.parametrize("name", TRUTH)
def test_every_wrong_choice_is_explained_by_itself(name):
    """Nine wrong metrics and two wrong guardrails in a case: each gets its own sentence."""
    by_request = {METRIC_CASES[story]["request"]: choice for story, choice in TRUTH.items()}
    metric, guardrail = TRUTH[name]
    wrong = [(other, guardrail) for other in sorted(METRICS - {metric})]
    wrong += [(metric, other) for other in METRIC_CASES[name]["guardrails"] if other != guardrail]
    assert 11 == len(wrong)
    for choice in wrong:
        chosen = by_request | {METRIC_CASES[name]["request"]: choice}
        answer = LocalAnswer(
            {"metric_for": lambda case, chosen=chosen: chosen.get(case["request"], ("mae", ""))}
        )
        message = run_check(METRIC_FOR, answer).message
        assert message.startswith(f"{name}: ")
        assert len(message) > len(name) + 20


@pytest.mark.parametrize("seed", range(20))
def test_other_facts_leave_one_guardrail_and_ask_for_other_metrics(seed):
    """In each drawn case the metric is another one than the eight tell; a guardrail is left."""
    drawn = varied(np.random.default_rng(seed))
    for name, case in drawn.items():
        metric, guardrail = _metric_by_sorting(case)
        assert metric != TRUTH.get(name, ("", ""))[0]
        rows = [
            row["harmed"]
            for row in case["guardrails"].values()
            if row["detectable"] <= row["tolerable"]
            and row["known_after_days"] <= case["experiment_days"]
        ]
        assert case["guardrails"][guardrail]["harmed"] == max(rows)
        assert len(rows) == len(set(rows)) >= 1


@pytest.mark.parametrize("seed", range(5))
def test_logs_have_no_ties_and_a_costly_winner(seed):
    """What the statement promises of a log: no equal rates; and CTR's winner loses value."""
    for part in LESSON.exercise("objective_conflict").parts:
        for case in part.cases(np.random.default_rng(seed)):
            found = _conflict_by_pivot(case.args[0])
            for rates in (pd.Series(found["ctr"]), found["value"]):
                assert len(rates) == rates.nunique() == 10
            assert found["loss"] > 0.1


@pytest.mark.parametrize("seed", range(5))
def test_experiments_are_as_the_statement_says(seed):
    """At least six of the kind, no ties, no change of exactly 0, all three verdicts."""
    verdicts = set()
    for part in LESSON.exercise("offline_online_gap").parts:
        for case in part.cases(np.random.default_rng(seed)):
            experiments, candidate = case.args
            own = experiments[experiments["kind"] == candidate["kind"]]
            assert len(own) >= 6
            for column in ("offline", "online"):
                assert own[column].is_unique
                assert own[column].all()
            verdicts.add(_gap_by_pandas(experiments, candidate)["verdict"])
    assert {"screen", "not shown", "outside"} == verdicts


def test_an_answer_in_rounded_figures_passes_and_a_rounded_server_does_not():
    """Four digits are enough for traffic, storage and memory; servers are whole."""

    def rounded(spec):
        found = _capacity_step_by_step(spec)
        return {key: float(f"{figure:.4g}") for key, figure in found.items()}

    def one_more(spec):
        return _capacity_step_by_step(spec) | {"servers": _no_of(spec) + 1}

    def _no_of(spec):
        return _capacity_step_by_step(spec)["servers"]

    exercise = LESSON.exercise("capacity")
    assert 6 == run_check(exercise, LocalAnswer({"capacity": rounded}), 5).points
    assert 4 == run_check(exercise, LocalAnswer({"capacity": one_more}), 5).points


def test_the_notebook_is_worth_its_points():
    """20 points of exercises, 10 of the document; the interview has its place."""
    tasks = {cell.graded: cell.tags["points"] for cell in parse(SOURCE) if "task" in cell.tags}
    assert 20 == LESSON.points
    assert {"design_document": 10} == tasks
    assert "<!-- interview -->" in TEXT or 'interview="framing"' in TEXT
