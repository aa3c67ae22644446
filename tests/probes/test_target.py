"""Probes of targets that reach where they must not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score

from pitfalls.probes import random_target_scores, row_depends_on_own_target
from tests.probes.zoo import TEST, TRAIN, folds_of_targets, targets_in_fold


def test_false_alarms_stay_at_their_level():
    """Of 400 honest procedures at a level of 5%, about 20 are called leaks: at most 38.

    A binomial count of 400 at 5% exceeds 38 with a probability of 5e-5.
    """
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    alarms = sum(
        random_target_scores(
            lambda X, y: rng.normal(0.5, 0.1), y, y, repeats=5, false_alarms=0.05, seed=i
        ).leaks
        for i in range(400)
    )
    assert 4 <= alarms <= 38


def test_the_amount_is_the_mean_score_above_chance():
    """Scores of 0.9 against a chance of 0.6."""
    finding = random_target_scores(lambda X, y: 0.9, [0] * 6, [0, 1, 2] * 2, chance=0.6)
    assert 0.3 == pytest.approx(finding.amount)
    assert finding.leaks


def test_exactly_chance_is_no_leak():
    """A constant prediction has a score without spread."""
    assert not random_target_scores(lambda X, y: 0.5, [0, 1], [0, 1])


def test_targets_are_shuffled_in_their_own_container():
    """A Series keeps its index and name; nothing is given away in place."""
    y = pd.Series([0, 0, 1, 1, 1], index=[*"abcde"], name="y")
    seen = []

    def procedure(X, target):
        seen.append(target)
        return 0.5

    random_target_scores(procedure, X=np.zeros((5, 1)), y=y)
    assert all(target.index.equals(y.index) and "y" == target.name for target in seen)
    assert all(sorted(target) == sorted(y) for target in seen)
    assert len({tuple(target) for target in seen}) > 1


def test_numbers_have_zero_as_chance():
    """R² of a regression on noise lies below zero: silent. Ridge knows nothing here."""
    rng = np.random.default_rng(0)
    finding = random_target_scores(Ridge(), rng.normal(size=(60, 3)), rng.normal(size=60))
    assert not finding
    assert finding.amount < 0


def test_a_regression_with_selection_before_the_folds_is_seen():
    """R² needs its chance said, since a procedure may score by anything."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 1000)), rng.normal(size=80)

    def procedure(X, y):
        best = np.argsort(-np.abs(X.T @ (y - y.mean())))[:10]
        return cross_val_score(Ridge(10), X[:, best], y, cv=KFold(5), scoring="r2").mean()

    assert random_target_scores(procedure, X, y, chance=0)
    with pytest.raises(ValueError, match="chance"):
        random_target_scores(procedure, X, y)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"repeats": 2}, ValueError, "repeats must be 3 or more"),
        ({"y": [0, 1]}, ValueError, "4 rows and y has 2"),
        ({"subject": 3}, TypeError, "Got a int"),
        ({"subject": lambda X, y: float("nan")}, ValueError, "not a finite number"),
    ],
)
def test_errors_say_what_is_wrong(arguments, error, says):
    """Each wrong argument is named."""
    given = {"subject": lambda X, y: 0.5, "X": [1, 2, 3, 4], "y": [0, 1, 0, 1], **arguments}
    with pytest.raises(error, match=says):
        random_target_scores(**given)


def test_an_estimator_is_not_fitted():
    """Cross-validation works on copies."""
    model = LogisticRegression()
    random_target_scores(model, np.arange(20.0).reshape(-1, 1), np.arange(20) % 2)
    assert not hasattr(model, "coef_")


def test_in_fold_encoding_names_its_column_and_out_of_fold_does_not():
    """The rate that holds the own target is named; the one of the other folds is not."""
    assert ("rate",) == row_depends_on_own_target(targets_in_fold, TRAIN, TEST, "y").columns
    assert not row_depends_on_own_target(folds_of_targets, TRAIN, TEST, "y")


def test_test_targets_in_the_features_are_named_with_their_rows():
    """A feature that holds the target of the test rows."""

    def function(train, test):
        return train[["age"]], test[["age"]].assign(age=test["y"] * 2)

    finding = row_depends_on_own_target(function, TRAIN, TEST, "y")
    assert ("age",) == finding.columns
    assert set(finding.rows) <= set(TEST.index)


def test_a_target_that_is_not_there_is_named():
    """The column must be on both sides."""
    with pytest.raises(ValueError, match="no column 'z' in train"):
        row_depends_on_own_target(targets_in_fold, TRAIN, TEST, "z")


def test_text_targets_work():
    """Two words as classes."""
    train, test = (side.assign(y=side["y"].map({0: "no", 1: "yes"})) for side in (TRAIN, TEST))

    def function(train, test):
        rate = (train["y"] == "yes").groupby(train["city"]).mean()
        return train["city"].map(rate).to_frame("r"), test["city"].map(rate).to_frame("r")

    assert ("r",) == row_depends_on_own_target(function, train, test, "y").columns
