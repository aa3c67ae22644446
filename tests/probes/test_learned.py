"""Probes of what was learned, and of rows in a batch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from pitfalls.probes import (
    fit_depends_on_test,
    row_depends_on_batch,
    train_depends_on_test,
    use_changes_fit,
)
from tests.probes.zoo import HONEST, LEAKY, NUMBERS, TABLE, TEST, TRAIN, in_place

TABLES = arrays(float, (6, 2), elements=st.floats(-100, 100).map(lambda x: round(x, 3)))
WEIGHTS = st.floats(0.1, 5)


@given(train=TABLES, test=TABLES, weight=WEIGHTS)
@settings(max_examples=30, deadline=None)
def test_a_share_of_the_test_mean_is_always_seen_and_its_absence_never(train, test, weight):
    """train − w·mean(test) leaks for every w ≠ 0; train − w·mean(train) never does."""
    honest = train_depends_on_test(
        lambda a, b: (a - weight * a.mean(0), b - weight * a.mean(0)), train, test
    )
    leaky = train_depends_on_test(lambda a, b: (a - weight * b.mean(0), b), train, test)
    assert (False, True) == (honest.leaks, leaky.leaks)


@given(rows=TABLES, weight=WEIGHTS)
@settings(max_examples=30, deadline=None)
def test_any_function_of_the_row_is_honest_in_a_batch(rows, weight):
    """Elementwise functions never see neighbours; a cumulative sum over rows always does."""
    assert not row_depends_on_batch(lambda x: np.tanh(weight * x).sum(axis=1), rows)
    assert row_depends_on_batch(lambda x: np.cumsum(np.abs(x) + weight, axis=0), rows)


def test_the_evidence_names_rows_and_columns():
    """Only the column that used both sides is named, with the labels of the training rows."""

    def function(train, test):
        middle = pd.concat([train, test])["age"].mean()
        return train[NUMBERS].assign(age=train["age"] - middle), test[NUMBERS]

    finding = train_depends_on_test(function, TRAIN, TEST)
    assert (("age",), tuple(TRAIN.index)) == (finding.columns, finding.rows)
    assert finding.amount > 1


def test_the_row_that_depends_is_named():
    """One row looks at its neighbours, the others do not: it is the evidence."""

    def function(rows):
        out = rows["age"].astype(float).copy()
        if 105 in out.index:
            out[105] = rows["age"].sum()
        return out

    assert (105,) == row_depends_on_batch(function, TEST.iloc[:10]).rows


def test_nothing_that_is_given_is_changed():
    """The caller's tables are the same after a function that works in place."""
    train, test = TRAIN.copy(), TEST.copy()
    train_depends_on_test(in_place, train, test)
    row_depends_on_batch(in_place, test, train=train)
    pd.testing.assert_frame_equal(TRAIN, train)
    pd.testing.assert_frame_equal(TEST, test)


def test_the_estimator_that_is_given_is_not_fitted_and_not_changed():
    """use_changes_fit works on a copy; row_depends_on_batch leaves a fitted one as it was."""

    class Counting(StandardScaler):
        def transform(self, X):
            self.mean_ = self.mean_ + 1
            return super().transform(X)

    rows = np.arange(12.0).reshape(6, 2)
    fresh = Counting()
    assert use_changes_fit(fresh, rows[:4], rows[4:])
    assert not hasattr(fresh, "mean_")
    fitted = Counting().fit(rows)
    before = fitted.mean_.copy()
    row_depends_on_batch(fitted, rows)
    np.testing.assert_array_equal(before, fitted.mean_)


def test_numpys_global_generator_is_left_where_it_was():
    """A probe puts the generator back, even when what is probed draws from it."""
    np.random.seed(3)  # noqa: NPY002 - the global one is what this is about
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    train, test = np.array([1.0, 2.0]), np.array([3.0])
    drawn = train_depends_on_test(lambda a, b: (a + np.random.random(), b), train, test)  # noqa: NPY002
    assert not drawn
    assert expected == np.random.random()  # noqa: NPY002


def test_one_test_row_is_enough_for_the_training_side():
    """A batch of one as the test side."""
    both = train_depends_on_test(
        lambda a, b: (a - np.r_[a, b].mean(), b), np.array([1.0, 2.0]), np.array([9.0])
    )
    assert both.leaks


def test_rounding_is_no_leak():
    """Sums in another order differ in the last digits only."""
    rows = np.random.default_rng(0).normal(1e6, 1, size=(40, 7))
    weights = np.random.default_rng(1).normal(size=7)
    assert not row_depends_on_batch(lambda x: x @ weights, rows)


def test_a_split_that_shares_rows_is_refused():
    """The probe of a fit cannot speak about rows on both sides."""
    with pytest.raises(ValueError, match="share rows"):
        fit_depends_on_test(lambda X, a, b: X.mean(0), TABLE[NUMBERS], [0, 1], [1, 2])


@pytest.mark.parametrize(
    ("probe", "error", "says"),
    [
        (
            lambda: train_depends_on_test(lambda a, b: a, [1.0], [2.0]),
            TypeError,
            "must give a pair",
        ),
        (lambda: row_depends_on_batch(lambda x: x, [1.0]), ValueError, "takes two rows"),
        (lambda: row_depends_on_batch(7, [1.0, 2.0]), TypeError, "fitted estimator or a function"),
        (lambda: row_depends_on_batch(StandardScaler(), np.ones((3, 1))), NotFittedError, "fit"),
        (
            lambda: row_depends_on_batch(
                LinearRegression().fit([[1.0]], [1.0]), [[1.0]] * 2, [[1.0]]
            ),
            TypeError,
            "leave train out",
        ),
        (
            lambda: train_depends_on_test(_only_these, np.ones((2, 1)), np.full((2, 1), 3.0)),
            ValueError,
            "raises whatever the changed rows hold: KeyError",
        ),
        (lambda: use_changes_fit(object(), [[1.0]], [[2.0]]), AttributeError, "fit"),
    ],
)
def test_errors_say_what_is_wrong(probe, error, says):
    """A wrong kind of argument, or a function that always raises, is named."""
    with pytest.raises(error, match=says):
        probe()


def _only_these(train, test):
    if test.shape != (2, 1) or (test != 3).any() or np.isnan(test).any():
        raise KeyError("strange")
    return (train, test) if _calls.append(1) or len(_calls) < 4 else 1 / 0


_calls: list[int] = []


def test_an_error_on_the_rows_as_given_keeps_its_type_and_says_where():
    """What is probed fails by itself: its own exception, with a note."""
    with pytest.raises(ZeroDivisionError) as caught:
        train_depends_on_test(lambda a, b: (1 / 0, b), [1.0], [2.0])
    assert "on the rows as they were given" in caught.value.__notes__[0]


def test_importing_the_probes_does_not_import_scikit_learn():
    """Heavy libraries are imported when a probe needs them."""
    code = (
        "import sys, pitfalls.probes; "
        "print([m for m in ('sklearn', 'scipy', 'matplotlib', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_probes_use_no_other_part_of_the_package():
    """No lesson, no grading, no widget is imported with them."""
    code = (
        "import sys, pitfalls.probes; "
        "print(sorted({m.split('.')[1] for m in sys.modules if m.startswith('pitfalls.')}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['probes', 'progress']" == done.stdout.strip()


def test_no_specimen_stands_in_both_zoos():
    """A name is honest or leaky."""
    assert set() == {s.name for s in HONEST} & {s.name for s in LEAKY}
