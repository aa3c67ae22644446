"""Pipelines to practise on: their leaks are those that the plan names, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from pitfalls.probes import Suspect, row_depends_on_batch, train_depends_on_test

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(40, 4)), np.arange(40) % 2
TRAIN, TEST = np.arange(0, 40, 2) + np.arange(20) % 2, np.arange(1, 40, 2) - np.arange(20) % 2


def batches(plan):
    """The suspect as a function of the rows to predict, which stand below the training rows."""
    suspect = Suspect(plan)
    known, target = X[TRAIN], Y[TRAIN]

    def predict(rows):
        whole = np.vstack([known, rows])
        labels = np.r_[target, np.zeros(len(rows))]
        return suspect(whole, labels, np.arange(20), np.arange(20, len(whole)))

    return predict


@pytest.mark.parametrize(
    ("plan", "leaks"),
    [
        ([0, 0, 0, 0, 0], False),
        ([3, 1, 0, 0, 0], False),
        ([0, 0, 0, 0, 1], False),
        ([1, 0, 0, 0, 0], True),
        ([2, 0, 0, 0, 1], True),
        ([0, 2, 0, 0, 0], True),
        ([0, 0, 1, 0, 0], True),
    ],
)
def test_rows_see_one_another_where_the_plan_says_so(plan, leaks):
    """Scaling, weighing or fitting with the rows to predict shows in the batch."""
    assert leaks == row_depends_on_batch(batches(plan), X[TEST]).leaks


def test_the_wobble_is_as_small_as_it_says():
    """Two calls differ, by at most 0.00004."""
    suspect = Suspect([0, 0, 0, 0, 1])
    gap = np.abs(suspect(X, Y, TRAIN, TEST) - suspect(X, Y, TRAIN, TEST)).max()
    assert 0 < gap <= 4e-5


def test_the_trend_belongs_to_the_place_and_to_nothing_else():
    """Turned round, predictions move with the trend and stay without it."""
    for number in (0, 1):
        suspect = Suspect([0, 0, 0, number, 0])
        usual = suspect(X, Y, TRAIN, TEST)
        turned = suspect(X[::-1], Y[::-1], 39 - TRAIN, 39 - TEST)
        assert bool(number) == (np.abs(usual - turned).max() > 1e-9)


def test_a_suspect_leaves_its_arguments_alone():
    """Tables, targets and positions are as before."""
    given = [X.copy(), Y.copy(), TRAIN.copy(), TEST.copy()]
    Suspect([1, 2, 1, 1, 1])(*given)
    for before, after in zip((X, Y, TRAIN, TEST), given, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_suspect_can_be_probed_as_a_pair_of_tables():
    """As a function (train, test), scaling with all rows is seen in the training side as well."""

    def function(plan):
        def both(train, test):
            whole = np.vstack([train, test])
            labels = np.r_[Y[: len(train)], np.zeros(len(test))]
            rows = np.arange(len(train))
            return Suspect(plan)(whole, labels, rows, rows), test

        return both

    assert not train_depends_on_test(function([0, 0, 0, 0, 0]), X[TRAIN], X[TEST])
    assert train_depends_on_test(function([1, 0, 0, 0, 0]), X[TRAIN], X[TEST])
