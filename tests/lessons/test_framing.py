"""The lesson on framing: its right answers, its cases, the text around them."""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.grading._function_text import function_text
from pitfalls.lessons.framing._cases import CASES, varied

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
    for guardrail, g in guardrails:
        in_time = g["known_after_days"] <= case["experiment_days"]
        if in_time and not g["detectable"] > g["tolerable"]:
            break
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
    return [metric, guardrail]


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
        sorted([*offline, candidate["offline"]])[0] == candidate["offline"]
        or max(offline) < candidate["offline"]
    ):
        verdict = "outside"
    return {
        "rank_agreement": float(np.corrcoef(ranks)[0, 1]),
        "sign_agreement": same / len(clear) if clear else None or float("nan"),
        "verdict": verdict,
    }


ALTERNATIVES = {
    "objective_conflict": [_conflict_by_loops, _conflict_by_pivot],
    "capacity": [_capacity_step_by_step, _capacity_in_numpy],
    "metric_for": [_metric_by_lookup, _metric_by_sorting],
    "offline_online_gap": [_gap_by_pandas, _gap_by_loops],
}
