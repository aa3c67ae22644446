"""Many submissions to the end, through kills that nobody announced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .soak import disturbed, grade_to_the_end, kept, new_course

COUNT = 24


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.sandbox
def test_killed_three_times_it_ends_the_same(tmp_path: Path) -> None:
    """Killed with SIGKILL at random moments and run again: the same gradebook, the same pages."""
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    new_course(alone, COUNT)
    shutil.copytree(alone, killed)
    grade_to_the_end(alone)
    disturbed(killed, COUNT, kills=3)
    wanted = kept(alone)
    assert COUNT == len(wanted["known"])
    assert 1 < len(set(wanted["totals"].values()))
    assert wanted == kept(killed)
