"""Collecting from the exchange: the time that counts is the server's."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from pitfalls.cli import main

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse

BACKDATED = "2001-01-01 00:00:00.000000 UTC"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def inbound(little: LittleCourse, tmp_path: Path) -> Path:
    """Where students of the course put what they hand in."""
    little.configure(f'c.Exchange.root = "{tmp_path / "exchange"}"')
    little.configure("c.ExchangeCollect.check_owner = False")  # the test is every student
    path = tmp_path / "exchange" / "course" / "inbound"
    path.mkdir(parents=True)
    return path


def _hand_in(little: LittleCourse, inbound: Path, name: str, **answers: str) -> Path:
    """As `nbgrader submit` does it, all in the student's hands; here with every time forged."""
    made = little.submit("draft", **answers)
    folder = inbound / name
    folder.mkdir()
    made.rename(folder / f"{NOTEBOOK}.ipynb")
    little.folder("draft").rmdir()
    little.folder("draft").parent.rmdir()
    (folder / "timestamp.txt").write_text(BACKDATED)
    for path in (*folder.iterdir(), folder):
        os.utime(path, (0, 0))
    return folder


def _collect(little: LittleCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(little.root)
    course = little.course
    done = NbGraderAPI(course.directory, config=course.config).collect(CHAPTER)
    assert done["success"], done


def test_backdating_buys_no_time(
    little: LittleCourse, inbound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forged name, file and modification time leave a submission as late as it is."""
    with Gradebook(little.course.db_url, "course") as book:
        due = _now() - timedelta(days=1, hours=1)
        book.update_or_create_assignment(CHAPTER, duedate=due)
    begun = _now()
    _hand_in(little, inbound, f"ann+{CHAPTER}+{BACKDATED}+x", **RIGHT)
    _collect(little, monkeypatch)
    (submission,) = little.course.submissions(CHAPTER)
    assert submission.timestamp is not None
    assert begun - timedelta(seconds=1) < submission.timestamp <= _now()
    little.grade()
    assert 0 == CliRunner().invoke(main, ["export", str(little.root)]).exit_code
    with open(little.root / "reports" / "grades-csv.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert "2" == row[f"{CHAPTER} days late"]


def test_the_latest_is_the_one_that_came_last(
    little: LittleCourse, inbound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two submissions the later one counts, whatever their names say; one collected stays."""
    _hand_in(little, inbound, f"ann+{CHAPTER}+2099-01-01 00:00:00.000000 UTC+x")
    _collect(little, monkeypatch)
    assert [0.0] == [it.score for it in little.grade()]
    _hand_in(little, inbound, f"ann+{CHAPTER}+{BACKDATED}+y", **RIGHT)
    _collect(little, monkeypatch)
    assert [5.0] == [it.score for it in little.grade()]
    _collect(little, monkeypatch)
    assert [] == little.grade()


def test_one_bad_folder_stops_nobody(
    little: LittleCourse, inbound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without a time, links, pipes, a file too large: the others are collected."""
    little.configure("c.CourseDirectory.max_dir_size = 10")  # in units of 1000 bytes
    _hand_in(little, inbound, f"ann+{CHAPTER}+never+x", **RIGHT)
    big = _hand_in(little, inbound, f"big+{CHAPTER}+{BACKDATED}+x", **RIGHT)
    (big / "rows.csv").write_bytes(bytes(20_000))
    odd = _hand_in(little, inbound, f"odd+{CHAPTER}+{BACKDATED}+x", **RIGHT)
    (odd / "timestamp.txt").unlink()
    (odd / "timestamp.txt").symlink_to(little.root / "gradebook.db")
    (odd / "more").symlink_to(little.root / ".pitfalls")
    os.mkfifo(odd / "pipe")
    kept = (little.root / "gradebook.db").read_bytes()
    _hand_in(little, inbound, f"zoe+{CHAPTER}+{BACKDATED}+x", **RIGHT)
    _collect(little, monkeypatch)
    assert ["ann", "odd", "zoe"] == [it.student for it in little.course.submissions(CHAPTER)]
    collected = {path.name for path in little.folder("odd").iterdir()}
    assert {f"{NOTEBOOK}.ipynb", "timestamp.txt"} == collected
    assert kept == (little.root / "gradebook.db").read_bytes()
