"""Probes of what is known when one predicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitfalls.probes import column_predicts_alone, future_reaches_past, outcome_known_too_late
from tests.probes.zoo import FLIGHTS, known_before, same_hour, schedule

NUMBERS = st.lists(st.floats(-50, 50).map(lambda x: round(x, 2)), min_size=6, max_size=12)


@given(values=NUMBERS, window=st.integers(2, 4))
@settings(max_examples=8, deadline=None)
def test_trailing_windows_are_silent_and_leading_ones_are_not(values, window):
    """A mean over rows up to now never changes with later rows; one over the next rows does."""
    events = pd.DataFrame({"t": range(len(values)), "v": values})

    def trailing(events):
        return events["v"].rolling(window, min_periods=1).mean().to_frame("mean")

    def leading(events):
        return events["v"][::-1].rolling(window, min_periods=1).mean()[::-1].to_frame("mean")

    assert not future_reaches_past(trailing, events, time="t")
    assert future_reaches_past(leading, events, time="t")


def test_only_the_guilty_column_is_named():
    """Schedule columns stand beside the share of the same hour and are not named."""
    finding = outcome_known_too_late(
        same_hour, FLIGHTS, time="time", outcomes=["late", "dep_delay"], known_at="known"
    )
    assert ("share",) == finding.columns


def test_what_is_said_counts_the_rows_that_are_named():
    """All moments together, also where rows share a label."""
    asked = {"time": "time", "outcomes": ["late", "dep_delay"], "known_at": "known"}
    finding = outcome_known_too_late(same_hour, FLIGHTS, **asked)
    assert f"in {len(finding.rows)} of {len(FLIGHTS)} rows, in share;" in finding.says
    alike = FLIGHTS.set_axis(np.zeros(len(FLIGHTS), dtype=int), axis=0)
    assert len(finding.rows) == len(outcome_known_too_late(same_hour, alike, **asked).rows)


def test_the_moment_at_which_an_outcome_is_known_matters():
    """What is known two hours later is honest after two hours, and too late after one."""

    def share(hours):
        def build(events):
            known = events["time"] + pd.Timedelta(hours=hours)
            order = np.argsort(known.to_numpy(), kind="stable")
            at = np.searchsorted(known.to_numpy()[order], events["time"].to_numpy(), "right")
            sums = np.r_[0, events["late"].to_numpy()[order].cumsum()]
            return schedule(events).assign(share=sums[at] / np.maximum(1, at))

        return build

    asked = {"time": "time", "outcomes": "late", "known_at": "known"}
    assert not outcome_known_too_late(share(2), FLIGHTS, **asked)
    assert outcome_known_too_late(share(1), FLIGHTS, **asked)


def test_an_outcome_that_is_never_known_is_never_used():
    """A missing moment means never: a feature from it is too late."""
    events = FLIGHTS.assign(known=pd.NaT)
    found = outcome_known_too_late(
        known_before, FLIGHTS, time="time", outcomes="late", known_at="known"
    )
    assert not found

    def build(events):
        return schedule(events).assign(share=events["late"].shift(40).fillna(0))

    assert outcome_known_too_late(build, events, time="time", outcomes="late", known_at="known")


def test_a_builder_that_loses_rows_is_told():
    """One row for each event, or the evidence has no rows to name."""
    with pytest.raises(ValueError, match="one row for each event"):
        future_reaches_past(lambda events: events.iloc[1:], FLIGHTS, time="time")


def test_what_is_given_is_not_changed():
    """A builder that writes into its table writes into a copy."""

    def build(events):
        events["late"] = 0
        return events[["distance"]]

    before = FLIGHTS.copy()
    future_reaches_past(build, FLIGHTS, time="time")
    outcome_known_too_late(build, FLIGHTS, time="time", outcomes="late")
    pd.testing.assert_frame_equal(before, FLIGHTS)


@pytest.mark.parametrize("name", ["time", "outcomes", "known_at"])
def test_an_absent_column_is_named(name):
    """Whichever argument names it."""
    given = {"time": "time", "outcomes": ["late"], "known_at": "known", name: "absent"}
    with pytest.raises(ValueError, match="no column 'absent'"):
        outcome_known_too_late(schedule, FLIGHTS, **given)


def test_the_most_suspicious_column_comes_first():
    """A copy of the target before a noisy one; an honest one is not named."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = pd.DataFrame(
        {
            "noisy": y + rng.normal(0, 0.4, 400),
            "honest": y + rng.normal(0, 3, 400),
            "copy": np.where(y == 1, "won", "lost"),
        }
    )
    finding = column_predicts_alone(X, y)
    assert ("copy", "noisy") == finding.columns
    assert "no proof" in finding.says


@pytest.mark.parametrize("kind", ["numbers", "three classes", "text"])
def test_targets_of_every_kind_can_be_suspected(kind):
    """A copy is seen for numbers, several classes and words; noise is not."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, 300)
    y = {
        "numbers": rng.normal(size=300),
        "three classes": codes,
        "text": np.array([*"abc"])[codes],
    }[kind]
    X = pd.DataFrame({"noise": rng.normal(size=300), "copy": y})
    assert ("copy",) == column_predicts_alone(X, y).columns


def test_dates_and_gaps_are_looked_at():
    """A closing date that exists for one class only."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200)
    day = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, 200), "D"))
    X = pd.DataFrame({"opened": day, "closed": day.where(y == 1)})
    assert ("closed",) == column_predicts_alone(X, y).columns
