"""Two objectives on one log: objective_conflict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pitfalls.checks import Case, Exercise, Part, Pitfall, close
from pitfalls.data import load

from ._form import by_item, entries

__all__ = ["OBJECTIVE_CONFLICT"]

_KEYS = ("ctr", "value", "agreement", "loss")
_FEWEST = 100  # impressions, below which an item is left out
_VIDEOS = (
    "bridge cam", "chess blunder", "city walk", "glass blowing", "how locks work", "knife test",
    "lake swim", "loud fail", "prank call", "quiet forest", "rocket talk", "sourdough",
    "stunt gone wrong", "tide pool",
)  # fmt: skip


# --- what is drawn ---------------------------------------------------------------------------


def _draw(rng: np.random.Generator) -> list[Case]:
    return [
        Case(_telling(rng, _videos), label="a simulated log of videos"),
        Case(_telling(rng, _groceries), label="a log of groceries, made from real receipts"),
    ]


def _telling(
    rng: np.random.Generator, make: Callable[[np.random.Generator], pd.DataFrame]
) -> pd.DataFrame:
    """A log without ties, in which the objectives disagree about the winner."""
    while True:
        log = make(rng)
        wanted = _wanted(log)
        ctr, value = wanted["ctr"], wanted["value"]
        thick = log[log["item"].isin(ctr)]
        most_clicks = thick.groupby("item")["clicked"].sum().idxmax()
        apart = most_clicks != max(ctr, key=lambda item: float(ctr[item]))
        apart = (
            apart and len(set(ctr.values())) == len(ctr) and len(set(value.values())) == len(value)
        )
        if apart and 0.1 < wanted["loss"] < 0.9 and abs(wanted["agreement"]) > 0.02:
            return log


def _videos(rng: np.random.Generator) -> pd.DataFrame:
    """What is clicked often is mostly left soon; one is shown just often enough, two too little."""
    names = rng.permutation(_VIDEOS)
    shown = np.r_[_FEWEST, rng.integers(102, 200, 9), rng.integers(20, 90, 2)]
    draw = rng.permutation(np.linspace(0, 1, 12))  # how much the title promises
    rates = 0.05 + 0.25 * draw
    seconds = 40 * np.exp(2.2 * (1 - draw) + rng.normal(0, 0.5, 12))
    rows = np.repeat(np.arange(12), shown)
    clicked = rng.random(len(rows)) < rates[rows]
    watched = rng.gamma(2, seconds[rows] / 2).round(1)
    log = pd.DataFrame(
        {
            "item": names[rows],
            "clicked": clicked.astype(int),
            "value": np.where(clicked, watched, np.nan),
        }
    )
    return log.iloc[rng.permutation(len(log))].reset_index(drop=True)


@cache
def _as_if_shown() -> dict[int, np.ndarray[Any, Any]]:
    """By product: what each trip brought of those from 6 November on by a household that knew it.

    Missing where the trip went without it.
    """
    bought = load("completejourney")
    start = pd.Timestamp("2017-11-06")
    products = load("completejourney", "products")
    food = products.loc[products["department"] != "FUEL", "product_id"]  # and none without a name
    bought = bought[bought["product_id"].isin(food)]
    households = bought.groupby("product_id")["household_id"].nunique()
    popular = bought[bought["product_id"].isin(households.nlargest(40).index)]
    known = popular.loc[popular["day"] < start, ["household_id", "product_id"]].drop_duplicates()
    trips = bought.loc[bought["day"] >= start, ["household_id", "day"]].drop_duplicates()
    log = trips.merge(known, on="household_id").merge(
        popular, on=["household_id", "day", "product_id"], how="left"
    )
    return {int(item): rows.to_numpy() for item, rows in log.groupby("product_id")["sales_value"]}


def _groceries(rng: np.random.Generator) -> pd.DataFrame:
    """Some hundred trips for each of ten products (for one exactly that), few for two more."""
    log = _as_if_shown()
    items = rng.permutation(list(log))[:12]
    shown = np.r_[_FEWEST, rng.integers(102, 200, 9), rng.integers(20, 90, 2)]
    value = np.concatenate(
        [rng.choice(log[item], n, replace=False) for item, n in zip(items, shown, strict=True)]
    )
    order = rng.permutation(len(value))
    clicked = (~np.isnan(value)).astype(int)
    rows = {"item": np.repeat(items, shown)[order], "clicked": clicked[order]}
    return pd.DataFrame({**rows, "value": value[order]})


# --- the reference ---------------------------------------------------------------------------


def _wanted(log: pd.DataFrame) -> dict[str, Any]:
    """By counting: one number an item, one look at each pair of items."""
    codes, items = pd.factorize(log["item"])
    shown = np.bincount(codes)
    clicks = np.bincount(codes, log["clicked"])
    total = np.bincount(codes, np.nan_to_num(log["value"].to_numpy(dtype=float)))
    kept = [i for i in range(len(items)) if shown[i] >= _FEWEST]
    ctr = {items[i]: float(clicks[i] / shown[i]) for i in kept}
    value = {items[i]: float(total[i] / shown[i]) for i in kept}
    pairs = [np.sign((ctr[a] - ctr[b]) * (value[a] - value[b])) for a, b in combinations(ctr, 2)]
    winner = max(ctr, key=lambda item: ctr[item])
    return {
        "ctr": ctr,
        "value": value,
        "agreement": float(np.mean(pairs)),
        "loss": 1 - value[winner] / max(value.values()),
    }


# --- wrong ways ------------------------------------------------------------------------------


def _table(log: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "shown": log["item"].value_counts(),
            "clicks": log.loc[log["clicked"] == 1, "item"].value_counts(),
            "total": log.fillna({"value": 0.0}).groupby("item")["value"].sum(),
        }
    )
    return table.fillna(0.0)


def _thick(log: pd.DataFrame) -> pd.DataFrame:
    table = _table(log)
    return table[table["shown"] >= _FEWEST]


def _tau(ctr: pd.Series, value: pd.Series) -> float:
    return float(stats.kendalltau(ctr, value)[0])


def _given_up(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float((value.max() - value[ctr.idxmax()]) / value.max())


def _wrong(
    table: Callable[[pd.DataFrame], pd.DataFrame] = _thick,
    ctr: Callable[[pd.DataFrame], pd.Series] = lambda t: t["clicks"] / t["shown"],
    value: Callable[[pd.DataFrame], pd.Series] = lambda t: t["total"] / t["shown"],
    agreement: Callable[[pd.Series, pd.Series], float] = _tau,
    loss: Callable[[pd.Series, pd.Series, pd.DataFrame], float] = _given_up,
) -> Callable[[pd.DataFrame], dict[str, Any]]:
    """The whole way with one step taken wrongly."""

    def answer(log: pd.DataFrame) -> dict[str, Any]:
        rows = table(log)
        rate, worth = ctr(rows), value(rows)
        return {
            "ctr": rate,
            "value": worth,
            "agreement": agreement(rate, worth),
            "loss": loss(rate, worth, rows),
        }

    return answer


def _clicks_only(log: pd.DataFrame) -> pd.DataFrame:
    table = _thick(log)
    return table.assign(shown=table["clicks"])


def _all_clicked(case: Case, value: Any) -> bool:
    rates = np.array(list(dict(value["ctr"]).values()), dtype=float)
    return bool(len(rates)) and bool((rates[~np.isnan(rates)] == 1).all())  # 0 of 0 is NaN


def _over_rows(log: pd.DataFrame) -> dict[str, Any]:
    found = _wrong()(log)
    tau = stats.kendalltau(log["clicked"], log["value"].fillna(0))[0]
    return {**found, "agreement": float(tau)}


def _concordant(ctr: pd.Series, value: pd.Series) -> float:
    return (1 + _tau(ctr, value)) / 2


def _clicks_lost(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(1 - ctr[value.idxmax()] / ctr.max())


def _on_the_winner(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(value.max() / value[ctr.idxmax()] - 1)


def _kept_share(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(value[ctr.idxmax()] / value.max())


def _in_units(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(value.max() - value[ctr.idxmax()])


def _by_clicks(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(1 - value[table["clicks"].idxmax()] / value.max())


def _per_click_loss(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    per_click = table["total"] / table["clicks"]
    return float(1 - per_click[ctr.idxmax()] / per_click.max())


def _lost_by_top(ctr: pd.Series, value: pd.Series, table: pd.DataFrame) -> float:
    return float(1 - value.mean() / value.max())


OBJECTIVE_CONFLICT = Exercise(
    "objective_conflict",
    "(log)",
    "Two objectives, one log",
    difficulty=2,
    minutes=15,
    parts=(
        Part(
            "CTR and value of each item",
            2,
            _draw,
            _wanted,
            entries(_KEYS, ctr=by_item(), value=by_item()),
        ),
        Part("agreement", 1, _draw, _wanted, entries(_KEYS, agreement=close())),
        Part("loss", 2, _draw, _wanted, entries(_KEYS, loss=close())),
    ),
    pitfalls=(
        Pitfall(
            "loss per click",
            "You compared what a click brings. The system pays with impressions: compare value "
            "per impression.",
            _wrong(loss=_per_click_loss),
        ),
        Pitfall(
            "value per click, not per impression",
            "The value is missing where nobody clicked, and pandas leaves missing values out of a "
            "mean. So you averaged over clicks and forgot everyone who was shown the item and went "
            "on. What nobody watched brought 0: say so before you average.",
            _wrong(value=lambda t: t["total"] / t["clicks"]),
        ),
        Pitfall(
            "only the clicks were read",
            "Dropping the rows without a value drops every impression that was not clicked, and "
            "then every item has a CTR of 1. A missing value here is a fact: nothing came of it.",
            _wrong(_clicks_only),
            _all_clicked,
        ),
        Pitfall(
            "totals instead of rates",
            "A total grows with how often an item was shown, and that was the old system's choice. "
            "Divide by the impressions of the item, or you learn what you showed.",
            _wrong(ctr=lambda t: t["clicks"], value=lambda t: t["total"]),
        ),
        Pitfall(
            "a total beside a rate",
            "The CTR is a rate, but your value is a sum over the log. It grows with the number of "
            "impressions; divide it by them, too.",
            _wrong(value=lambda t: t["total"]),
        ),
        Pitfall(
            "shares of the whole log",
            "You divided by the impressions (or clicks) of the whole log, not by the item's own. "
            "Then what was shown often looks good.",
            _wrong(
                ctr=lambda t: t["clicks"] / t["clicks"].sum(),
                value=lambda t: t["total"] / t["total"].sum(),
            ),
        ),
        Pitfall(
            "thin items kept",
            "An item that was shown a few dozen times can top any list by luck. Those with fewer "
            "than 100 impressions are to be left out, in all four entries.",
            _wrong(_table),
        ),
        Pitfall(
            "a hundred is left out",
            "An item with exactly 100 impressions is missing. Left out are those with *fewer*.",
            _wrong(lambda log: _table(log)[lambda t: t["shown"] > _FEWEST]),
        ),
        Pitfall(
            "the correlation of the numbers, not of the order",
            "Pearson's correlation asks for a straight line, and one item with a huge value can "
            "make it. A ranking is an order: use Kendall's tau.",
            _wrong(agreement=lambda ctr, value: float(stats.pearsonr(ctr, value)[0])),
        ),
        Pitfall(
            "another rank correlation",
            "This is Spearman's coefficient, the correlation of the ranks. It is a fair measure, "
            "but asked for is Kendall's tau, which counts pairs.",
            _wrong(agreement=lambda ctr, value: float(stats.spearmanr(ctr, value)[0])),
        ),
        Pitfall(
            "the share of agreeing pairs",
            "You gave the share of pairs in the same order, from 0 to 1; by chance it is one half. "
            "Kendall's tau is agreeing minus disagreeing pairs, over all: from −1 to 1.",
            _wrong(agreement=_concordant),
        ),
        Pitfall(
            "rows compared in place of items",
            "On single rows, whoever did not click brought no value, so the two must agree. What "
            "is ranked is items: compare one number an item with another.",
            _over_rows,
        ),
        Pitfall(
            "loss counted in clicks",
            "You worked out how many clicks the value's winner gives up. Asked for is the other "
            "direction: who optimises CTR, and what that costs in value.",
            _wrong(loss=_clicks_lost),
        ),
        Pitfall(
            "the gain over the wrong base",
            "You divided by the value of the CTR winner. The loss is a share of the best value "
            "that could be had, so it cannot exceed 1.",
            _wrong(loss=_on_the_winner),
        ),
        Pitfall(
            "what is kept, not what is lost",
            "This share is what remains of the best value. Asked for is what is missing.",
            _wrong(loss=_kept_share),
        ),
        Pitfall(
            "a difference in units",
            "Seconds or dollars cannot be compared between logs. Divide by the best value.",
            _wrong(loss=_in_units),
        ),
        Pitfall(
            "most clicks taken for the highest CTR",
            "The item with the most clicks was mostly the one shown most. Choose the winner by the "
            "rate.",
            _wrong(loss=_by_clicks),
        ),
        Pitfall(
            "the average item in place of the CTR winner",
            "You compared the best value with the mean of all items. The question is about one "
            "item: the one that CTR puts first.",
            _wrong(loss=_lost_by_top),
        ),
    ),
    hints=(
        "What does it mean for the value of an impression when nobody clicked? Which number do you "
        "divide by?",
        "Fill the missing values with 0, group by item, and take the size and the two means. Keep "
        "the items with at least 100 rows.",
        "scipy.stats.kendalltau(ctr, value).statistic is the agreement; the loss is "
        "1 − value[ctr.idxmax()] / value.max().",
    ),
)
