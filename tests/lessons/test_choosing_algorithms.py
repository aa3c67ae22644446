"""The lesson on choosing an algorithm: its right answers, its references, its eight cases."""

from __future__ import annotations

import math
import statistics
import time
import timeit

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.inspection import permutation_importance

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.data import EIGHT_CASES

LESSON = lessons.get("choosing_algorithms")

# --- independent right answers -----------------------------------------------------------------


def _latency_by_nanoseconds(predict, X, batch, repeats):
    predict(X[:batch])
    times = []
    for _ in range(repeats):
        start = 0
        while start < len(X):
            rows = X[start : start + batch]
            before = time.perf_counter_ns()
            predict(rows)
            times.append((time.perf_counter_ns() - before) / 1e6)
            start += batch
    return sorted(times)[int(0.99 * len(times))]


def _latency_warmed_up_with_zeros(predict, X, batch, repeats):
    predict(np.zeros((batch, X.shape[1])))
    times = []
    for start in list(range(0, len(X), batch)) * repeats:
        before = time.perf_counter()
        predict(X[start : start + batch])
        times.append(time.perf_counter() - before)
    return 1e3 * np.quantile(times, 0.99)


def _latency_by_timeit(predict, X, batch, repeats):
    batches = np.array_split(X, range(batch, len(X), batch))
    timeit.timeit(lambda: predict(batches[0]), number=1)
    times = [
        timeit.timeit(lambda rows=rows: predict(rows), number=1)
        for _ in range(repeats)
        for rows in batches
    ]
    return 1000 * statistics.quantiles(times, n=100, method="inclusive")[98]


def _front_by_loops(table):
    kept = []
    for name, a in table.iterrows():
        beaten = False
        for _, b in table.iterrows():
            no_worse = b.auc >= a.auc and b.p99_ms <= a.p99_ms and b.megabytes <= a.megabytes
            better = b.auc > a.auc or b.p99_ms < a.p99_ms or b.megabytes < a.megabytes
            beaten = beaten or (no_worse and better)
        if not beaten:
            kept.append(name)
    return kept


def _front_by_broadcasting(table):
    costs = table.assign(auc=-table["auc"]).to_numpy()
    no_worse = (costs[:, None] <= costs[None]).all(axis=2)
    better = (costs[:, None] < costs[None]).any(axis=2)
    return table.index[~(no_worse & better).any(axis=0)]


def _calibration_by_table(p, y, bins):
    table = pd.DataFrame({"p": p, "y": y})
    edges = np.linspace(0, 1, bins + 1)
    groups = table.groupby(pd.cut(table["p"], edges, include_lowest=True), observed=True)
    means = groups.mean()
    return float(((means["p"] - means["y"]).abs() * groups.size()).sum() / len(table))


def _calibration_by_sums(p, y, bins):
    where = np.minimum((p * bins).astype(int), bins - 1)
    return np.abs(np.bincount(where, p) - np.bincount(where, y)).sum() / len(p)


def _calibration_by_scikit_learn(p, y, bins):
    rate, mean = calibration_curve(y, p, n_bins=bins)
    rows = np.histogram(p, bins, (0, 1))[0]
    return np.average(np.abs(rate - mean), weights=rows[rows > 0])


def _threshold_by_branches(p, cost_fp, cost_fn):
    threshold = 1 / (1 + cost_fn / cost_fp)
    act = [1 if chance > threshold else 0 for chance in p]
    costs = [(1 - q) * cost_fp if a else q * cost_fn for q, a in zip(p, act, strict=True)]
    return threshold, act, math.fsum(costs) / len(costs)


def _threshold_by_minimum(p, cost_fp, cost_fn):
    leave, go = p * cost_fn, (1 - p) * cost_fp
    return [cost_fp / (cost_fn + cost_fp), go <= leave, np.minimum(leave, go).mean()]


def _interpret_by_scikit_learn(model, X):
    found = permutation_importance(
        model, X, model.predict(X), scoring="neg_mean_squared_error", n_repeats=30, random_state=1
    )
    rng = np.random.default_rng(2)
    together = []
    for row in np.corrcoef(X, rowvar=False):
        group = np.abs(row) > 0.9
        squares = []
        for _ in range(30):
            mixed = X.copy()
            mixed[:, group] = rng.permutation(X[:, group])
            squares.append(np.square(model.predict(mixed) - model.predict(X)).mean())
        together.append(np.mean(squares))
    effect = model.coef_ * X.std(axis=0, ddof=1)
    return {"effect": effect, "alone": found.importances_mean, "together": np.array(together)}


def _interpret_by_rotations(model, X):
    frame = pd.DataFrame(X)

    def importance(columns):
        before, total = model.predict(X), 0.0
        steps = range(1, len(X), 7)
        for step in steps:
            rolled = X.copy()
            rolled[:, columns] = np.roll(X[:, columns], step, axis=0)
            total += ((model.predict(rolled) - before) ** 2).mean()
        return total / len(steps)

    related = frame.corr().abs() >= 0.9
    return {
        "effect": [c * s for c, s in zip(model.coef_, frame.std(), strict=True)],
        "alone": [importance([j]) for j in frame],
        "together": [importance(frame.columns[related[j]].to_list()) for j in frame],
    }


def _choose_by_table(case):
    if case["rule_is_written"]:
        return "rules"
    if case["positives"] < 0.16 / case["recall_se"] ** 2:
        return "labels first"
    if case["label_delay_days"] < case["changes_every_days"] < case["refit_days"]:
        return "online"
    table = pd.DataFrame(case["measured"]).T
    table = table[table["p99_ms"] <= case["budget_ms"]]
    if case["exact_reasons"]:
        table = table.loc[["logistic"]]
    table = table[table["auc"].max() - table["auc"] <= 2 * case["auc_se"]]
    return table["p99_ms"].idxmin()


def _choose_at_95_per_cent(case):
    return _choose_by_table(case | {"auc_se": case["auc_se"] * 1.96 / 2})


def _choose_by_duels(case):
    error = (0.8 * 0.2 / case["positives"]) ** 0.5
    gone = case["changes_every_days"]
    early = {
        "rules": case["rule_is_written"],
        "labels first": error > case["recall_se"],
        "online": gone < case["refit_days"] and case["label_delay_days"] < gone,
    }
    for option, holds in early.items():
        if holds:
            return option
    names = [n for n, f in case["measured"].items() if f["p99_ms"] <= case["budget_ms"]]
    names = [n for n in names if n == "logistic" or not case["exact_reasons"]]
    names.sort(key=lambda n: case["measured"][n]["p99_ms"])
    aucs = [case["measured"][n]["auc"] for n in names]
    return next(
        n for n, auc in zip(names, aucs, strict=True) if auc + 2 * case["auc_se"] >= max(aucs)
    )


ALTERNATIVES = {
    "latency_p99": [
        _latency_by_nanoseconds,
        _latency_by_timeit,
        _latency_warmed_up_with_zeros,
    ],
    "pareto_front": [_front_by_loops, _front_by_broadcasting],
    "calibration_error": [
        _calibration_by_table,
        _calibration_by_sums,
        _calibration_by_scikit_learn,
    ],
    "cost_threshold": [_threshold_by_branches, _threshold_by_minimum],
    "interpret": [_interpret_by_scikit_learn, _interpret_by_rotations],
    "choose": [_choose_by_table, _choose_by_duels, _choose_at_95_per_cent],
}

# --- the lesson's own tests --------------------------------------------------------------------

TRUTH = {
    "customs duty": "rules",
    "cracked turbine blades": "labels first",
    "consumer credit": "logistic",
    "ad auction": "logistic",
    "hotel cancellations": "boosting",
    "clinic no-shows": "logistic",
    "leaf disease": "network",
    "card fraud": "online",
}
CHOOSE = LESSON.exercise("choose")


def test_the_eight_cases_have_the_answers_that_their_stories_tell():
    """Answers written down by hand from the stories earn the part of the eight cases."""
    by_request = {EIGHT_CASES[name]["request"]: choice for name, choice in TRUTH.items()}
    verdict = run_check(CHOOSE, LocalAnswer({"choose": lambda case: by_request[case["request"]]}))
    assert [True, False] == [part.right for part in verdict.parts]


@pytest.mark.parametrize("name", TRUTH)
def test_every_wrong_choice_is_explained_by_itself(name):
    """Five wrong choices in a case: each gets a sentence that names the case."""
    by_request = {EIGHT_CASES[story]["request"]: choice for story, choice in TRUTH.items()}
    options = {"rules", "labels first", "logistic", "boosting", "network", "online"}
    for wrong in options - {TRUTH[name]}:
        chosen = by_request | {EIGHT_CASES[name]["request"]: wrong}
        answer = LocalAnswer({"choose": lambda case, chosen=chosen: chosen[case["request"]]})
        message = run_check(CHOOSE, answer).message
        assert message.startswith(f"{name}: ")
        assert len(message) > len(name) + 20


@pytest.mark.parametrize(
    ("errors", "named"),
    [
        (0, "noise taken for a better model"),
        (1.5, "one standard error is enough"),
        (2.5, "more than two standard errors are asked for"),
        (4, "more than two standard errors are asked for"),
    ],
)
def test_another_number_of_standard_errors_is_named(errors, named):
    """Nought, one and a half, or four: each is told from the two of the text."""

    def choose(case):
        return _choose_by_table(case | {"auc_se": case["auc_se"] * errors / 2})

    for seed in (None, 0, 1):
        assert named == run_check(CHOOSE, LocalAnswer({"choose": choose}), seed).pitfall


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        (lambda n, batch: [], "no warm-up"),
        (lambda n, batch: [batch] * 10, "more calls than were asked for"),
        (lambda n, batch: [batch] * (n // batch), "more calls than were asked for"),
        (lambda n, batch: [1], "warm-up of another size"),
        (lambda n, batch: [n], "warm-up of another size"),
    ],
)
def test_another_size_of_warm_up_is_named(sizes, named):
    """Too few calls, too many, and calls with more or fewer rows than those that count."""

    def latency_p99(predict, X, batch, repeats):
        for rows in sizes(len(X), batch):
            predict(X[:rows])
        times = []
        for start in list(range(0, len(X), batch)) * repeats:
            began = time.perf_counter()
            predict(X[start : start + batch])
            times.append(time.perf_counter() - began)
        return 1000 * np.percentile(times, 99)

    for seed in (None, 0, 1):
        answer = LocalAnswer({"latency_p99": latency_p99})
        assert named == run_check(LESSON.exercise("latency_p99"), answer, seed).pitfall


def test_a_clock_imported_by_name_is_scripted_too(monkeypatch):
    """An answer whose notebook says ``from time import perf_counter`` is measured alike."""
    monkeypatch.setitem(globals(), "perf_counter", time.perf_counter)

    def by_name(predict, X, batch, repeats):
        predict(X[:batch])
        times = []
        for _ in range(repeats):
            for start in range(0, len(X), batch):
                rows = X[start : start + batch]
                began = perf_counter()  # noqa: F821 - set above
                predict(rows)
                times.append(perf_counter() - began)  # noqa: F821
        return 1000 * np.percentile(times, 99)

    exercise = LESSON.exercise("latency_p99")
    assert "right" == run_check(exercise, LocalAnswer({"latency_p99": by_name}), 4).state


def test_a_clock_that_is_a_default_is_scripted_too(monkeypatch):
    """A helper of the notebook that holds its clock as a default measures alike."""

    def timed(call, rows, clock=time.perf_counter):
        began = clock()
        call(rows)
        return clock() - began

    def with_helper(predict, X, batch, repeats):
        predict(X[:batch])
        starts = list(range(0, len(X), batch)) * repeats
        return 1000 * np.percentile([timed(predict, X[s : s + batch]) for s in starts], 99)

    monkeypatch.setitem(globals(), "timed", timed)
    exercise = LESSON.exercise("latency_p99")
    assert "right" == run_check(exercise, LocalAnswer({"latency_p99": with_helper}), 4).state
    assert (time.perf_counter,) == timed.__defaults__


@pytest.mark.parametrize("points", [11, 101, 1001])
def test_a_search_is_named_however_fine_its_grid(points):
    """The best of a grid of thresholds is near the formula's, and not it."""

    def cost_threshold(p, cost_fp, cost_fn):
        grid = np.linspace(0, 1, points)
        costs = [np.where(p >= t, (1 - p) * cost_fp, p * cost_fn).mean() for t in grid]
        t = grid[np.argmin(costs)]
        return t, p >= t, min(costs)

    exercise = LESSON.exercise("cost_threshold")
    verdict = run_check(exercise, LocalAnswer({"cost_threshold": cost_threshold}), 4)
    assert "best point of a grid" == verdict.pitfall
