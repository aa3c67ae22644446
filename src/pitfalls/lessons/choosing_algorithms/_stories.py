"""Ways to vary the eight requests."""

from __future__ import annotations

import copy

import numpy as np

from pitfalls.data import EIGHT_CASES, Facts

__all__ = ["varied"]


def varied(rng: np.random.Generator) -> dict[str, Facts]:
    """The same requests with other numbers, so that what decided them often no longer does."""
    cases = copy.deepcopy(EIGHT_CASES)
    cases["customs duty"]["rule_is_written"] = False
    # labels enough, and a lead of 2.2 standard errors is to be believed
    blades_se = round(float(rng.uniform(0.008, 0.012)), 3)
    cases["cracked turbine blades"] |= {"positives": int(rng.integers(400, 900))}
    cases["cracked turbine blades"] |= {"auc_se": blades_se}
    cases["cracked turbine blades"]["measured"]["logistic"]["auc"] = round(
        0.910 - 2.2 * blades_se, 4
    )
    cases["consumer credit"] |= {
        # the pattern is gone before the labels come: learning faster cannot help, though they do
        # come before the next refit
        "exact_reasons": False,
        "changes_every_days": float(rng.integers(60, 200)),
        "refit_days": float(rng.integers(400, 450)),
    }
    # and a lead of 1.8 standard errors is not to be believed; what is slower on average has the
    # quicker slow calls
    cases["consumer credit"]["measured"] |= {
        "logistic": {"auc": round(0.805 - 1.8 * 0.004, 4), "p99_ms": 3.0, "mean_ms": 2.0},
        "boosting": {"auc": 0.805, "p99_ms": 6.0, "mean_ms": 1.5},
    }
    cases["ad auction"]["budget_ms"] = round(float(rng.uniform(6.5, 9)), 1)
    cases["hotel cancellations"]["budget_ms"] = round(float(rng.uniform(3.2, 5.5)), 1)
    cases["hotel cancellations"]["changes_every_days"] = 20.0  # and labels come after the refit
    # the mean fits, the 99th percentile does not; recall must be known better than so few allow
    # (and that the pattern moves fast changes nothing)
    cases["clinic no-shows"] |= {"recall_se": 0.015, "changes_every_days": 5.0}
    # the network's lead is gone: within two standard errors of what is quicker and allowed
    network_se = round(float(rng.uniform(0.012, 0.018)), 3)
    cases["leaf disease"] |= {"auc_se": network_se, "budget_ms": float(rng.integers(30, 75))}
    cases["leaf disease"]["measured"] |= {
        "network": {"auc": 0.713, "p99_ms": 95.0, "mean_ms": 70.0},
        "logistic": {"auc": round(0.702 - 1.8 * network_se, 4), "p99_ms": 2.0, "mean_ms": 1.2},
    }
    cases["card fraud"]["refit_days"] = float(rng.choice([1, 2]))
    return cases
