"""The tail of a model's latency: latency_p99."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pitfalls.checks import Case, Clock, Exercise, Part, Pitfall

__all__ = ["LATENCY_P99"]

Predict = Callable[[Any], Any]


def _clock(rng: np.random.Generator, calls: int, per_row: float, *, by_size: bool = False) -> Clock:
    """A warm-up of half a second, then quick calls, of which a little more than 1% are slow.

    Two durations lie between the 99th percentile and what is next slower, so that either becomes
    the percentile if it is counted, and tells which mistake was made: that of the calls which
    come in because a warm-up took more than one, and (`by_size`) that of the first quick call, if
    the warm-up had another number of rows.
    """
    quick = rng.uniform(0.002, 0.006, calls)
    slow = calls // 100 + 2
    # neither the first calls nor the last ones: what is counted wrongly there must show by itself
    places = calls // 10 + rng.choice(calls - calls // 5, slow, replace=False)
    quick[places] = np.sort(rng.uniform(0.03, 0.12, slow)) + 0.02 * np.arange(slow)
    below, above = np.sort(quick)[-(calls // 100 + 1) :][:2]
    spare = np.full(calls, below + 0.3 * (above - below))
    times = np.r_[rng.uniform(0.4, 0.6), quick, spare]
    script = tuple(round(float(t), 6) for t in times)
    new_size = round(float(below + 0.7 * (above - below) - quick[0]), 6) if by_size else 0.0
    return Clock(script, per_row, wall_step=0.75, cpu_share=0.4, new_size=new_size)


def _full_batches(rng: np.random.Generator) -> list[Case]:
    cases = []
    for batches, repeats in ((3, 67), (7, 43)):
        batch = int(rng.integers(4, 9))
        X = rng.normal(size=(batches * batch, 2)).round(3)
        clock = _clock(rng, batches * repeats, 2e-4, by_size=True)
        label = f"{batches} full batches of {batch} rows, {repeats} times over"
        cases.append(Case(clock, X, batch, repeats, label=label))
    return cases


def _short_last_batch(rng: np.random.Generator) -> list[Case]:
    """Rows are dear here and calls alike, so that the 99th percentile is a full batch's time."""
    batch = int(rng.integers(5, 9))
    short = int(rng.integers(1, 4))
    X = rng.normal(size=(2 * batch + short, 2)).round(3)
    clock = _clock(rng, 3 * 67, 1e-3)
    label = f"{len(X)} rows in batches of {batch}: the last one holds {short}"
    return [Case(clock, X, batch, 67, label=label)]


def _starts(rows: int, batch: int) -> list[int]:
    return list(range(0, rows, batch))


def _from_the_script(predict: Predict, X: np.ndarray[Any, Any], batch: int, repeats: int) -> float:
    """What the durations say by themselves; no clock is read."""
    clock: Clock = predict._clock  # type: ignore[attr-defined]
    lengths = [len(X[start : start + batch]) for start in _starts(len(X), batch)] * repeats
    script = clock.durations[1 : 1 + len(lengths)]
    calls = [call + clock.per_row * rows for call, rows in zip(script, lengths, strict=True)]
    return 1e3 * sorted(calls)[math.ceil(0.99 * len(calls)) - 1]


def _timed(
    predict: Predict,
    batches: Sequence[Any],
    *,
    warm: int = 1,
    clock: str = "perf_counter",
) -> np.ndarray[Any, Any]:
    """Milliseconds of each call; a pitfall varies what is called and which clock is read."""
    for rows in batches[:warm]:
        predict(rows)
    times = []
    for rows in batches:
        start = getattr(time, clock)()
        predict(rows)
        times.append(1e3 * (getattr(time, clock)() - start))
    return np.array(times)


def _cut(X: Any, batch: int, repeats: int) -> list[Any]:
    return [X[start : start + batch] for start in _starts(len(X), batch)] * repeats


def _wrong(
    figure: Callable[[np.ndarray[Any, Any]], float], **changes: Any
) -> Callable[[Predict, Any, int, int], float]:
    def answer(predict: Predict, X: Any, batch: int, repeats: int) -> float:
        return float(figure(_timed(predict, _cut(X, batch, repeats), **changes)))

    return answer


def _p99(times: Any) -> float:
    return float(np.percentile(times, 99))


def _per_row(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    batches = _cut(X, batch, repeats)
    return _p99(_timed(predict, batches) / [len(rows) for rows in batches])


def _one_row(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    return _p99(_timed(predict, _cut(X, 1, repeats)))


def _all_rows(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    return _p99(_timed(predict, [X] * repeats))


def _passes(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    times = _timed(predict, _cut(X, batch, repeats))
    return _p99(times.reshape(repeats, -1).mean(axis=1))


def _whole_passes(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    times = _timed(predict, _cut(X, batch, repeats))
    return _p99(times.reshape(repeats, -1).sum(axis=1))


def _first_batch_only(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    return _p99(_timed(predict, [X[:batch]] * repeats))


def _remainder_lost(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    full = [rows for rows in _cut(X, batch, repeats) if len(rows) == batch]
    return _p99(_timed(predict, full))


def _warm_up_timed(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    batches = _cut(X, batch, repeats)
    return _p99(_timed(predict, [batches[0], *batches], warm=0))


def _first_dropped(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    return _p99(_timed(predict, _cut(X, batch, repeats), warm=0)[1:])


def _warm_up_of_another_size(predict: Predict, X: Any, batch: int, repeats: int) -> float:
    predict(X[:1])
    return _p99(_timed(predict, _cut(X, batch, repeats), warm=0))


LATENCY_P99 = Exercise(
    "latency_p99",
    "(predict, X, batch, repeats)",
    "The slowest call in a hundred",
    difficulty=3,
    minutes=12,
    parts=(
        Part("full batches", 1, _full_batches, _from_the_script),
        Part("a short last batch", 1, _short_last_batch, _from_the_script),
    ),
    pitfalls=(
        Pitfall(
            "mean instead of the 99th percentile",
            "The mean hides the tail: a page that makes ten calls meets a one-in-a-hundred call on "
            "every tenth view. Report the percentile that the budget names.",
            _wrong(np.mean),
        ),
        Pitfall(
            "median instead of the 99th percentile",
            "The median is the latency of a lucky user: half of the calls are slower. The budget "
            "is about the slow end.",
            _wrong(np.median),
        ),
        Pitfall(
            "95th percentile",
            "Five calls in a hundred may be slower than this figure. The budget allows one: which "
            "percentile is that?",
            _wrong(lambda times: float(np.percentile(times, 95))),
        ),
        Pitfall(
            "the slowest call",
            "The maximum is set by one accident and grows with the number of calls you make. A "
            "percentile settles as you measure longer.",
            _wrong(np.max),
        ),
        Pitfall(
            "mean plus deviations",
            "Mean and standard deviation give a percentile only under a normal distribution. "
            "Latencies are skewed, with a far tail: sort the calls instead.",
            _wrong(lambda times: float(times.mean() + 2.326 * times.std())),
        ),
        Pitfall(
            "the first percentile",
            "That is the fast end: one call in a hundred is quicker. Sort from the other side.",
            _wrong(lambda times: float(np.percentile(times, 1))),
        ),
        Pitfall(
            "no warm-up",
            "The first call loads libraries, fills caches and starts threads; in service it "
            "happens once, before traffic. Call once untimed, then measure.",
            _wrong(_p99, warm=0),
        ),
        Pitfall(
            "warm-up left in the list",
            "The warm-up was made, but its time stayed among the measured ones and pushes the tail "
            "up. Make the call, and let its time go.",
            _warm_up_timed,
        ),
        Pitfall(
            "first timed call dropped",
            "In place of a warm-up you threw away the first time. The call that it belongs to is "
            "one of those that count, and now one is missing: make a call before them.",
            _first_dropped,
        ),
        Pitfall(
            "more calls than were asked for",
            "A second warm-up, one in every pass, or a pass too many: each shifts which calls are "
            "timed, and two who call differently do not measure the same. Make one untimed call, "
            "then time `repeats` passes.",
            _wrong(_p99, warm=2),
        ),
        Pitfall(
            "warm-up of another size",
            "Your warm-up held another number of rows than the calls that you time. Models that "
            "are prepared for each size pay again at the first batch: warm up with one like it.",
            _warm_up_of_another_size,
        ),
        Pitfall(
            "time of a row, not of a call",
            "A user waits for the whole call, not for his share of it. Time over rows is "
            "throughput, another figure; latency is how long one call lasts, however many rows it "
            "carries.",
            _per_row,
        ),
        Pitfall(
            "row by row",
            "You sent one row a call. The service sends `batch` rows at once, and a model's fixed "
            "cost per call is paid once for all of them.",
            _one_row,
        ),
        Pitfall(
            "all rows in one call",
            "You timed predict(X). The service sends `batch` rows a call: cut X before you start "
            "the clock.",
            _all_rows,
        ),
        Pitfall(
            "averaged over a pass before the percentile",
            "Averaging the calls of a pass first smooths the slow ones away. The percentile has to "
            "see single calls.",
            _passes,
        ),
        Pitfall(
            "whole passes timed",
            "The clock ran over all batches of a pass. Nobody waits for a pass: start and stop the "
            "clock around each call.",
            _whole_passes,
        ),
        Pitfall(
            "the same batch again and again",
            "Only the first batch was sent. Caches love repetition and real inputs differ in cost: "
            "walk through all of X in each pass.",
            _first_batch_only,
        ),
        Pitfall(
            "the rest of the rows dropped",
            "The rows that fill no whole batch were never sent. The last, shorter batch is a call "
            "like any other.",
            _remainder_lost,
        ),
        Pitfall(
            "seconds, not milliseconds",
            "The figure is a thousandth of what it should be: the clocks count seconds. Budgets "
            "are written in milliseconds.",
            _wrong(lambda times: _p99(times) / 1e3),
        ),
        Pitfall(
            "wall clock",
            "time.time() is set by time servers while your program runs, so a difference of two "
            "readings can be wrong, even negative. Use the clock that is made for measuring.",
            _wrong(_p99, clock="time"),
        ),
        Pitfall(
            "processor time",
            "process_time() stops while the call waits for memory, disk, network or another "
            "thread. The user waits through all of it: measure elapsed time.",
            _wrong(_p99, clock="process_time"),
        ),
    ),
    hints=(
        "Which call is different from all later ones? And what exactly does one user wait for?",
        "One untimed predict(X[:batch]). Then, `repeats` times, for each start in "
        "range(0, len(X), batch): read time.perf_counter(), call, read again, keep the difference.",
        "np.percentile(times, 99) over the list of all single calls, times 1000 for milliseconds.",
    ),
)
