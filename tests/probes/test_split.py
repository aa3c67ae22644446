"""Probes of a split: what stands on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitfalls.probes import (
    days_on_both_sides,
    duplicates_on_both_sides,
    groups_on_both_sides,
    train_after_test,
)

GROUPS = st.lists(st.integers(0, 8), min_size=1, max_size=20)


@given(train=GROUPS, test=GROUPS)
@settings(max_examples=60, deadline=None)
def test_groups_are_those_that_sets_share(train, test):
    """The rows named are the positions of test whose group is in train, no more and no less."""
    expected = tuple(i for i, group in enumerate(test) if group in set(train))
    finding = groups_on_both_sides(train, np.array(test))
    assert (expected, len(expected) / len(test)) == (finding.rows, finding.amount)


def test_a_group_may_be_several_columns_and_a_missing_one_is_none():
    """Both columns must agree; a missing group ties no rows together."""
    train = pd.DataFrame({"a": [1, 1, 2], "b": ["x", "y", None]})
    test = pd.DataFrame({"a": [1, 2, 1], "b": ["y", None, "z"]}, index=["p", "q", "r"])
    assert ("p",) == groups_on_both_sides(train, test, ["a", "b"]).rows


def test_a_day_is_the_day_on_the_clock_that_is_shown():
    """23:30 and 00:30 in New York are two days there, though one day in UTC."""
    times = pd.Series(pd.to_datetime(["2013-05-02 03:30", "2013-05-02 04:30"], utc=True))
    assert days_on_both_sides(times[:1], times[1:])
    here = times.dt.tz_convert("America/New_York")
    assert not days_on_both_sides(here[:1], here[1:])


def test_the_last_training_moment_belongs_to_training():
    """A test row at the very moment of the last training row is not after it."""
    assert (0,) == train_after_test(pd.Series([1, 3]), pd.Series([3, 4])).rows
    assert not train_after_test(pd.Series([1, 3]), pd.Series([4, 5]))


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), min_size=2, max_size=15),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_exact_twins_are_those_that_a_merge_finds(rows, data):
    """Without `near`, the rows are those of an inner join on all columns."""
    table = pd.DataFrame(rows, columns=["n", "w"])
    cut = data.draw(st.integers(1, len(rows) - 1))
    train, test = table[:cut], table[cut:]
    joined = test.reset_index().merge(train.drop_duplicates(), on=["n", "w"])["index"]
    assert sorted(joined) == sorted(duplicates_on_both_sides(train, test).rows)


@given(
    a=st.lists(st.floats(-5, 5), min_size=2, max_size=12),
    b=st.lists(st.floats(-5, 5), min_size=1, max_size=12),
    near=st.floats(0.001, 0.5),
)
@settings(max_examples=60, deadline=None)
def test_near_twins_are_within_reach_of_a_training_row(a, b, near):
    """By brute force: some training number lies within `near` standard deviations."""
    a, b = np.array(a), np.array(b)
    scale = a.std() if a.std() > 0 else 1.0
    gap = np.abs(b[:, None] - a[None]).min(axis=1) / scale
    clear = np.abs(gap - near) > 1e-6
    found = np.isin(np.arange(len(b)), duplicates_on_both_sides(a, b, near=near).rows)
    assert (gap[clear] <= near).tolist() == found[clear].tolist()


def test_a_near_twin_agrees_in_every_column():
    """Close numbers do not help when the category, a gap, or another number differs."""
    train = pd.DataFrame({"x": [1.0, 50.0], "y": [np.nan, 2.0], "c": ["A b", "c"]})
    test = pd.DataFrame(
        {
            "x": [1.1, 1.1, 1.1, 9.0],
            "y": [np.nan, 2.0, np.nan, np.nan],
            "c": ["a  B", "a b", "c", "a b"],
        }
    )
    assert (0,) == duplicates_on_both_sides(train, test, near=0.05).rows


def test_dates_lie_near_each_other_too():
    """A minute apart among days spread over a month is near; a week is not."""
    day = pd.to_datetime(["2024-01-01", "2024-01-31"])
    train = pd.DataFrame({"t": day})
    test = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 00:01", "2024-01-08 00:00"])})
    assert (0,) == duplicates_on_both_sides(train, test, near=0.01).rows


def test_the_order_of_columns_and_the_kind_of_number_do_not_matter():
    """1 and 1.0 are equal, wherever the column stands."""
    train = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    test = pd.DataFrame({"b": ["y"], "a": [2.0]})
    assert (0,) == duplicates_on_both_sides(train, test).rows


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda t: groups_on_both_sides(t, t, "absent"), "no column 'absent'"),
        (lambda t: train_after_test(t, t, "absent"), "no column 'absent'"),
        (lambda t: duplicates_on_both_sides(t, t, ["absent"]), "'absent' is not on both sides"),
        (lambda t: duplicates_on_both_sides(t, t, near=-1), "near must be"),
        (lambda t: duplicates_on_both_sides(t, t, []), "at least one column"),
    ],
)
def test_errors_name_what_is_wrong(call, says):
    """A column that is not there, or a reach below zero, is named."""
    with pytest.raises(ValueError, match=says):
        call(pd.DataFrame({"a": [1, 2]}))
