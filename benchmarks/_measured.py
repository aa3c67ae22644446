"""What was measured on a chapter or on all: put together, named as in ``bench.json``, printed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

WAYS = {
    "stock": "stock nbgrader autograde, no isolation",
    "cold": "cold kernels, 1 job",
    "warm": "warm kernels, 1 job",
    "warm_2": "warm kernels, 2 jobs",
    "warm_all_cells": "warm kernels, 1 job, illustrations too",
}
_FEW = "warm_all_cells"  # two students: too few to tell a worker's start from their cells


@dataclass(frozen=True)
class Measured:
    """What was measured on the lessons of a chapter, or of all.

    Attributes
    ----------
    name : str
    notebooks : int
        How many a student hands in.
    rates : dict
        For each of the `WAYS`: wall seconds a notebook (``seconds``), once for each class
        (``start``), and for the class as a whole (``total``); processors at work (``busy``);
        processor seconds a notebook (``cpu``, of stock alone).
    costs : dict
        Processor seconds a notebook, see `costs_of`.
    peaks : dict
        MB of a worker.
    """

    name: str
    notebooks: int
    rates: dict[str, dict[str, float]]
    costs: dict[str, float]
    peaks: dict[str, float]


def together(parts: Sequence[Measured]) -> Measured:
    """A student's notebooks of all chapters; what is of a notebook is the mean over them."""
    weights = [part.notebooks for part in parts]

    def mean(values: Iterable[float]) -> float:
        return float(np.average(list(values), weights=weights))

    rates = {}
    for way in WAYS:
        each = [part.rates[way] for part in parts]
        seconds = mean(rate["seconds"] for rate in each)
        rates[way] = {
            "seconds": seconds,
            "busy": mean(rate["busy"] * rate["seconds"] for rate in each) / seconds,
            **{name: sum(rate[name] for rate in each) for name in ("start", "total", "graded")},
        }
    rates["stock"]["cpu"] = mean(part.rates["stock"]["cpu"] for part in parts)
    kinds, workers = parts[0].costs, parts[0].peaks
    costs = {kind: mean([part.costs[kind] for part in parts]) for kind in kinds}
    peaks = {worker: max(part.peaks[worker] for part in parts) for worker in workers}
    return Measured("all", sum(weights), rates, costs, peaks)


def figures(measured: Measured, head: str) -> dict[str, float]:
    """By their names in ``bench.json``, which begin with `head`."""
    rates, costs = measured.rates, measured.costs
    stock = rates["stock"]["seconds"]
    cpu_warm = costs["grader"] + costs["kernel"]
    class_stock = rates["stock"]["start"] + rates["warm_2"]["graded"] * stock
    found = {
        **{f"{way}_per_minute": round(60 / rate["seconds"], 1) for way, rate in rates.items()},
        **{f"{way}_start_s": round(rate["start"], 1) for way, rate in rates.items() if way != _FEW},
        "notebooks": measured.notebooks,
        "speedup_vs_nbgrader": round(stock / rates["warm_2"]["seconds"], 1),
        "speedup_all_cells": round(stock / rates["warm_all_cells"]["seconds"], 1),
        "speedup_1_job": round(stock / rates["warm"]["seconds"], 1),
        "class_speedup_vs_nbgrader": round(class_stock / rates["warm_2"]["total"], 1),
        "scaling_2_jobs": round(rates["warm"]["seconds"] / rates["warm_2"]["seconds"], 2),
        "busy_processors_1_job": round(rates["warm"]["busy"], 2),
        "busy_processors_2_jobs": round(rates["warm_2"]["busy"], 2),
        **{f"{name}_peak_mb": round(megabytes) for name, megabytes in measured.peaks.items()},
        "cpu_stock_s": round(rates["stock"]["cpu"], 3),
        "cpu_warm_s": round(cpu_warm, 3),
        "cpu_warm_grader_s": round(costs["grader"], 3),
        "cpu_warm_kernel_s": round(costs["kernel"], 3),
        "cpu_irreducible_s": round(costs["irreducible"], 3),
        "cpu_vs_irreducible": round(cpu_warm / costs["irreducible"], 2),
    }
    return {f"{head}.{name}": value for name, value in found.items()}


def show(measured: Measured, graded: str) -> None:
    """Print the tables, under what was graded."""
    rates, costs = measured.rates, measured.costs
    print(f"\nGraded: {graded}; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n")
    print(f"{'way':40} {'per minute':>10} {'s each':>8} {'× stock':>8} {'start s':>8} {'busy':>6}")
    for way, rate in rates.items():
        times = rates["stock"]["seconds"] / rate["seconds"]
        rate_line = f"{60 / rate['seconds']:10.1f} {rate['seconds']:8.2f} {times:8.1f}"
        start = "" if way == _FEW else f"{rate['start']:.1f}"
        print(f"{WAYS[way]:40} {rate_line} {start:>8} {rate['busy']:6.2f}")
    print(f"\n{'processor seconds a notebook':40} {'s':>10}")
    for name, value in (
        ("stock nbgrader", rates["stock"]["cpu"]),
        ("warm: grader", costs["grader"]),
        ("warm: kernel, from fork to end", costs["kernel"]),
        ("irreducible: cells and checks alone", costs["irreducible"]),
    ):
        print(f"{name:40} {value:10.3f}")
    print("\nof the grader's, under a profiler:")
    for name in list(costs)[3:]:
        print(f"  {name:38} {costs[name]:10.3f}")
    print("\nMB of a worker, its zygote and its kernels, at the most:")
    for name, megabytes in measured.peaks.items():
        print(f"  {name.replace('_', ' '):38} {megabytes:10.0f}", flush=True)
