"""What sold lately: popularity_baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall

__all__ = ["POPULARITY_BASELINE"]

Frame = Any
Array = np.ndarray[Any, Any]


# --- what is drawn ---------------------------------------------------------------------------


def _sales(rng: np.random.Generator, others: bool) -> Case:
    """Sales before, in and after the window; with `others`, of products that are not asked for."""
    window, products = int(rng.integers(10, 20)), rng.permutation(np.arange(101, 109))
    now = pd.Timestamp("2017-03-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
    offsets = rng.integers(-60, 15, 500)  # days from now
    offsets[:12] = np.repeat([-window - 1, -window, -1, 0], 3)
    bought = rng.choice(products, 500, p=rng.dirichlet(np.full(8, 6.0)))
    bought[:12] = np.tile(products[:3], 4)
    households = rng.integers(1, 25, 500)
    households[:12] = rng.integers(50, 60, 12)  # seen nowhere else: they count for sure
    asked = np.sort(products)
    if others:
        unsold = np.array([97, 111, 104 if 104 not in bought else 112])
        asked = rng.permutation(np.r_[products[:-2], unsold])
    rows = rng.permutation(500)
    events = pd.DataFrame(
        {
            "day": now + pd.to_timedelta(offsets[rows], unit="D"),
            "household_id": households[rows],
            "product_id": bought[rows],
            "sales_value": rng.integers(50, 900, 500) / 100,
        }
    )
    label = "some products never sold" if others else "every product sold"
    return Case(events, now.strftime("%Y-%m-%d"), window, asked, label=label)


def _all_sold(rng: np.random.Generator) -> list[Case]:
    return [_sales(rng, others=False), _sales(rng, others=False)]


def _some_unsold(rng: np.random.Generator) -> list[Case]:
    return [_sales(rng, others=True)]


# --- the reference ---------------------------------------------------------------------------


def _by_sets(events: Frame, now: str, window_days: int, products: Array) -> Array:
    """A set of buyers for every product."""
    buyers: dict[int, set[int]] = {int(product): set() for product in products}
    ages = (pd.Timestamp(now) - events["day"]).dt.days
    for age, who, what in zip(ages, events["household_id"], events["product_id"], strict=True):
        if 1 <= age <= window_days and what in buyers:
            buyers[what].add(who)
    return np.array([len(buyers[int(product)]) for product in products])


# --- wrong ways ------------------------------------------------------------------------------


def _counted(
    low: Callable[[int], int] = lambda window: 1,
    high: Callable[[int], int] = lambda window: window,
    measure: Callable[[Frame], Any] = lambda sales: sales["household_id"].nunique(),
    finish: Callable[[Any, Array], Any] = lambda counts, products: counts.reindex(
        products, fill_value=0
    ),
) -> Callable[[Frame, str, int, Array], Array]:
    """Sales aged `low` to `high` days, measured by product."""

    def answer(events: Frame, now: str, window_days: int, products: Array) -> Array:
        age = (pd.Timestamp(now) - events["day"]).dt.days
        sales = events[age.between(low(window_days), high(window_days))]
        counts = measure(sales.groupby("product_id"))
        return np.asarray(finish(counts, products), dtype=float)

    return answer


POPULARITY_BASELINE = Exercise(
    "popularity_baseline",
    "(events, now, window_days, products)",
    "What sold lately",
    difficulty=2,
    minutes=8,
    parts=(
        Part("buyers in the window", 2, _all_sold, _by_sets),
        Part("a number for every product asked for", 1, _some_unsold, _by_sets),
    ),
    pitfalls=(
        Pitfall(
            "the whole history",
            "All sales before `now` were counted. What sold in spring says little about December: "
            "count the last `window_days` days.",
            _counted(high=lambda window: 10**6),
        ),
        Pitfall(
            "counted on the test window",
            "You counted the days *after* `now`: the very purchases that are to be predicted. A "
            "popularity from the test window beats any model, and nobody can have it in time.",
            _counted(low=lambda window: 1 - window, high=lambda window: 0),
        ),
        Pitfall(
            "everything from the window's start on",
            "The window has a start but no end: the sales after `now`, which are to be predicted, "
            "were counted as well.",
            _counted(low=lambda window: -(10**6)),
        ),
        Pitfall(
            "the day of the recommendation is counted",
            "`now` is the morning on which you recommend: that day's sales have not happened yet. "
            "The window ends before it.",
            _counted(low=lambda window: 0),
        ),
        Pitfall(
            "a day too many",
            "The window reaches from `now` − `window_days` up to the day before `now`. You took "
            "one day more at its start.",
            _counted(high=lambda window: window + 1),
        ),
        Pitfall(
            "a day too few",
            "The day `now` − `window_days` belongs to the window: closed on the left, open on the "
            "right.",
            _counted(high=lambda window: window - 1),
        ),
        Pitfall(
            "the window a day late",
            "The number of days is right, but they end with `now` and not before it. That day's "
            "sales have not happened yet.",
            _counted(low=lambda window: 0, high=lambda window: window - 1),
        ),
        Pitfall(
            "purchases, not households",
            "A household that buys milk every day counted every day. Ask how many *different* "
            "households bought it.",
            _counted(measure=lambda sales: sales["household_id"].size()),
        ),
        Pitfall(
            "dollars, not households",
            "You added up what was paid: that favours what is dear. Ask how many households "
            "bought it.",
            _counted(measure=lambda sales: sales["sales_value"].sum()),
        ),
        Pitfall(
            "days, not households",
            "You counted the days on which it sold. Ask how many different households bought it.",
            _counted(measure=lambda sales: sales["day"].nunique()),
        ),
        Pitfall(
            "shares, not counts",
            "You divided by a total. Asked for is the number of households.",
            _counted(finish=lambda counts, products: counts.reindex(products) / counts.sum()),
        ),
        Pitfall(
            "best sellers first",
            "These are counts in descending order, so nobody knows whose they are. The order is "
            "that of `products`.",
            _counted(finish=lambda counts, products: counts.sort_values(ascending=False)),
        ),
        Pitfall(
            "unsold products are NaN",
            "A product without a buyer in the window has 0 buyers. `reindex` leaves NaN unless you "
            "say otherwise, and NaN sorts to an end of your ranking.",
            _counted(finish=lambda counts, products: counts.reindex(products)),
        ),
        Pitfall(
            "the order of the numbers",
            "Your counts follow the product numbers in ascending order. The order asked for is "
            "that of `products`.",
            _counted(
                finish=lambda counts, products: counts.reindex(np.sort(products), fill_value=0)
            ),
        ),
        Pitfall(
            "only what was sold",
            "Products without a sale are missing, and products that nobody asked for are there. "
            "One number for each entry of `products`.",
            _counted(finish=lambda counts, products: counts),
        ),
    ),
    hints=(
        "On the morning of `now`: which days lie in the window, and what do you count in them?",
        "Filter by day, drop repeats of (household, product), count rows by product.",
        "recent.groupby('product_id')['household_id'].nunique(), then bring it into the order of "
        "`products`, with 0 where nothing was sold.",
    ),
)
