"""Eight requests for a model, each with the facts that decide it; made up, to be decided by one."""

from __future__ import annotations

from typing import Any

__all__ = ["EIGHT_CASES", "Facts"]

Facts = dict[str, Any]


def _story(
    request: str,
    measured: dict[str, tuple[float, float, float]],
    *,
    rule: bool = False,
    positives: int = 5_000,
    recall_se: float = 0.03,
    budget_ms: float = 50.0,
    reasons: bool = False,
    changes_every_days: float = 2_000.0,
    refit_days: float = 30.0,
    label_delay_days: float = 1.0,
    rows: int = 100_000,
    auc_se: float = 0.004,
) -> Facts:
    return {
        "request": request,
        "rule_is_written": rule,
        "rows": rows,
        "positives": positives,
        "recall_se": recall_se,
        "budget_ms": budget_ms,
        "exact_reasons": reasons,
        "changes_every_days": changes_every_days,
        "refit_days": refit_days,
        "label_delay_days": label_delay_days,
        "auc_se": auc_se,
        "measured": {
            name: {"auc": auc, "p99_ms": p99, "mean_ms": mean}
            for name, (auc, p99, mean) in measured.items()
        },
    }


EIGHT_CASES: dict[str, Facts] = {
    "customs duty": _story(
        "Is a parcel free of duty? The tariff, a table in the law, says so from the goods' code, "
        "the country and the value; a million past parcels with the decision are at hand.",
        {"logistic": (0.930, 0.4, 0.2), "boosting": (0.985, 6.0, 3.0)},
        rule=True,
        positives=210_000,
        rows=1_000_000,
    ),
    "cracked turbine blades": _story(
        "Find cracks in blade inspections: 60,000 records, 40 of them cracked. Whoever buys it "
        "wants the recall known to ±0.03.",
        {"logistic": (0.860, 0.4, 0.2), "boosting": (0.910, 6.0, 3.0)},
        positives=40,
        rows=60_000,
        auc_se=0.02,
    ),
    "consumer credit": _story(
        "Grant or refuse a loan. The law wants the reasons of each refusal, exact, from the model "
        "itself. Whether a loan is repaid is known after a year; habits shift within two.",
        {"logistic": (0.780, 0.4, 0.2), "boosting": (0.805, 6.0, 3.0)},
        reasons=True,
        changes_every_days=700,
        label_delay_days=365,
    ),
    "ad auction": _story(
        "Score an ad before the auction closes: 4 ms, for 99 calls in 100. Clicks are in by the "
        "next day; tastes shift over months, and the model is fitted again every week.",
        {
            "logistic": (0.735, 0.4, 0.2),
            "boosting": (0.768, 6.1, 2.9),
            "network": (0.775, 14.0, 9.0),
        },
        budget_ms=4.0,
        positives=400_000,
        rows=9_000_000,
        auc_se=0.001,
        changes_every_days=120,
        refit_days=7,
    ),
    "hotel cancellations": _story(
        "Predict from 30 columns of the booking whether it will be cancelled, overnight, for the "
        "revenue team.",
        {
            "logistic": (0.842, 0.4, 0.2),
            "boosting": (0.913, 6.0, 3.0),
            "network": (0.915, 20.0, 12.0),
        },
        budget_ms=500.0,
        positives=44_000,
        rows=119_000,
        changes_every_days=400,
        label_delay_days=60,
    ),
    "clinic no-shows": _story(
        "Which patients will miss their appointment? One clinic, two years: 2,400 visits, 380 "
        "missed.",
        {"logistic": (0.724, 0.4, 0.2), "boosting": (0.741, 6.0, 3.0)},
        positives=380,
        rows=2_400,
        auc_se=0.016,
    ),
    "leaf disease": _story(
        "Photographs of leaves in, diseased or not out, on a server with 200 ms. Linear model and "
        "trees were given the pixels; the network was pretrained on other photographs.",
        {
            "logistic": (0.610, 2.0, 1.2),
            "boosting": (0.702, 18.0, 9.0),
            "network": (0.951, 95.0, 70.0),
        },
        budget_ms=200.0,
        positives=3_100,
        rows=18_000,
    ),
    "card fraud": _story(
        "Stop stolen cards. The thieves change their pattern every three days; customers report "
        "within one; models are refitted from scratch every fourteen.",
        {"logistic": (0.880, 0.4, 0.2), "boosting": (0.921, 6.0, 3.0)},
        positives=9_000,
        rows=4_000_000,
        changes_every_days=3,
        refit_days=14,
        label_delay_days=1,
    ),
}
