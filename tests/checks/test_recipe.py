"""Markers for fitted models and scripted latencies: data on the way, made beside the answer."""

import threading
import time
import timeit
from time import perf_counter, perf_counter_ns

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from pitfalls.checks import Case, Clock, LocalAnswer, Recipe, decode, encode

X = np.array([[0.0], [1.0], [2.0], [4.0]])
Y = np.array([1.0, 2.0, 2.5, 5.0])
RIDGE = Recipe("sklearn.linear_model.Ridge", {"alpha": 0.5}, fit=(X, Y))
CLOCK = Clock((0.5, 0.25), per_row=1.0, wall_step=-8.0, cpu_share=0.5)


def ask(function, *args):
    """The outcome of one call of a function with these arguments."""
    return LocalAnswer({"answer": function}).ask("answer", [Case(*args)]).outcomes[0]


def test_a_decoded_marker_is_data_and_nothing_else():
    """Reading a frame makes no estimator and no function, whatever the marker names."""
    forged = Recipe("os.system", {"command": "true"}, fit=("anything",))
    sent = [forged, CLOCK, Clock((1.0,), new_size=8.0)]
    assert sent == decode(encode(sent))


def test_a_recipe_arrives_as_the_fitted_estimator():
    """The answer gets the model that scikit-learn fits to the same rows."""
    expected = Ridge(alpha=0.5).fit(X, Y).predict(X)
    np.testing.assert_allclose(expected, ask(lambda model: model.predict(X), RIDGE).value)


def test_a_recipe_may_name_a_suspect():
    """The pipeline to practise on arrives as it is: the recipe has nothing to fit it to."""
    suspect = Recipe("pitfalls.probes.Suspect", {"plan": [0, 0, 0, 0, 0]})
    asked = ask(lambda pipeline: (repr(pipeline), len(pipeline(X, Y, [0, 1], [2, 3]))), suspect)
    assert ("a pipeline", 2) == asked.value


@pytest.mark.parametrize(
    "estimator",
    [
        "os.system",
        "sklearn.base.clone",
        "sklearn._config.get_config",
        "Ridge",
        "pitfalls.probes._suspect.Suspect",
        "pitfalls.probes.Finding",
        "pitfalls.probes.random_target_scores",
        "pitfalls.cli.main",
    ],
)
def test_a_recipe_makes_estimators_of_scikit_learn_or_a_suspect_only(estimator):
    """Another name ends the request with a sentence that names it."""
    with pytest.raises(ValueError, match=f"Got '{estimator}'"):
        ask(lambda model: 0, Recipe(estimator))


def by_module(predict):
    start = time.perf_counter()
    predict(X)
    return time.perf_counter() - start


def by_name(predict):
    start = perf_counter()
    predict(X)
    return perf_counter() - start


def by_nanoseconds(predict):
    start = perf_counter_ns()
    predict(X)
    return (perf_counter_ns() - start) / 1e9


def by_timeit(predict):
    return timeit.timeit(lambda: predict(X), number=1)


def by_timer(predict):
    return timeit.Timer(lambda: predict(X)).repeat(repeat=1, number=1)[0]


def by_default_timer(predict):
    start = timeit.default_timer()
    predict(X)
    return timeit.default_timer() - start


@pytest.mark.parametrize(
    "measure", [by_module, by_name, by_nanoseconds, by_timeit, by_timer, by_default_timer]
)
def test_every_way_to_measure_reads_the_script(measure):
    """Half a second for the call and one for each of four rows, however the clock is reached."""
    assert 4.5 == pytest.approx(ask(measure, CLOCK).value)


def test_a_number_of_rows_costs_more_when_it_first_comes():
    """Of calls with 1, 1 and 2 rows the second alone is as quick as its script."""

    def three_calls(predict):
        reads = [time.perf_counter()]
        for rows in (1, 1, 2):
            predict(X[:rows])
            reads.append(time.perf_counter())
        return np.diff(reads)

    assert [9.0, 1.0, 9.0] == pytest.approx(ask(three_calls, Clock((1.0,), new_size=8.0)).value)


def test_wall_clock_and_processor_clock_tell_another_story():
    """Ten calls: the wall clock was set back once, the processor worked half of the time."""

    def three_clocks(predict):
        starts = time.monotonic(), time.time(), time.process_time()
        for _ in range(10):
            predict([])
        ends = time.monotonic(), time.time(), time.process_time()
        return [end - start for start, end in zip(starts, ends, strict=True)]

    assert [3.75, -4.25, 1.875] == pytest.approx(ask(three_clocks, CLOCK).value)


def test_other_threads_and_later_callers_keep_the_real_clock():
    """A scripted hour reaches neither another thread nor whoever reads the clock afterwards."""
    seen = []

    def look(predict):
        predict(np.zeros((3600, 1)))
        other = threading.Thread(target=lambda: seen.append(time.perf_counter()))
        other.start()
        other.join()

    real, defaults = time.perf_counter, timeit.timeit.__defaults__
    before = time.perf_counter()
    ask(look, CLOCK)
    assert before < seen[0] < before + 600
    assert (real, real, defaults) == (time.perf_counter, perf_counter, timeit.timeit.__defaults__)
