import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pitfalls import lessons
from pitfalls.checks import Case, Exercise, Lesson, Part, Pitfall
from pitfalls.notebook import _session


def _cases(rng: np.random.Generator) -> list[Case]:
    return [Case(int(rng.integers(3, 99))), Case(2.5)]


def _judge_zero(case: Case, outcome: Any) -> None:
    raise RuntimeError("the check divides by nothing")


TWICE = Exercise(
    "twice",
    "(x)",
    "Twice",
    difficulty=1,
    minutes=4,
    parts=(
        Part("numbers", 4, _cases, lambda x: 2 * x),
        Part("zero", 2, lambda rng: [Case(0)], lambda x: 0),
    ),
    pitfalls=(Pitfall("squares", "`x * x` is not `x + x`.", lambda x: x * x),),
    hints=("Add it to itself.", "Not x*x*x: write `x + x*1`."),
)
HALF = Exercise("half", "(x)", "Half", 2, 6, (Part("value", 4, _cases, lambda x: x / 2),), hints=())
BROKEN = Exercise(
    "broken", "(x)", "Broken", 1, 1, (Part("value", 1, _cases, judge=_judge_zero),), hints=("x",)
)
LESSON = Lesson("1_fundamentals", "doubles", "Twice and half", (TWICE, HALF, BROKEN))


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder, with one lesson in the kit and no lesson begun."""
    for name in ("PITFALLS_WORK", "PITFALLS_GRADING", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lessons, "get", {"doubles": LESSON}.__getitem__)
    monkeypatch.setattr(lessons, "all_lessons", lambda: [LESSON])
    monkeypatch.setattr(_session, "_active", None)
    monkeypatch.setattr(_session, "_session_only", None)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def damaged(work: Path) -> Path:
    """A store that is no database."""
    path = work / ".pitfalls" / "progress.db"
    path.parent.mkdir()
    path.write_bytes(b"no database" * 99)
    return path


@pytest.fixture
def define(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Define a name where a learner's cell would: in `__main__`."""

    def define(name: str, value: Any) -> None:
        monkeypatch.setattr(sys.modules["__main__"], name, value, raising=False)

    return define


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was shown since the last look."""
    return lambda: capsys.readouterr().out
