from collections.abc import Callable
from pathlib import Path

import pytest

from pitfalls import build
from pitfalls.checks import Verdict
from pitfalls.notebook import UnknownExerciseError, _show, check, hint, lesson, solution
from pitfalls.progress import Record, Store

Define = Callable[[str, object], None]
Said = Callable[[], str]
KEY = ("doubles", "twice")


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """The solutions that the kit's repository holds."""
    texts = {KEY: "def twice(x):\n    return x + x"}
    monkeypatch.setattr(build, "solution_source", lambda *key: texts.get(key), raising=False)
    lesson("doubles")
    return texts


def test_hints_come_in_stages(said: Said) -> None:
    """Each call shows one more hint below the earlier ones, and the last says that it is."""
    said()
    hint("twice")
    first = said()
    assert "Hint 1 of 2: Add it to itself." in first
    assert "Hint 2" not in first
    hint("twice")
    second = said()
    assert "Hint 1 of 2" in second
    assert "Hint 2 of 2: Not x*x*x: write x + x*1." in second
    hint("twice")
    third = said()
    assert "Hint 2 of 2" in third
    assert "Every hint is used." in third
    assert 2 == Store.of_work_folder().hints_used(*KEY)


def test_used_hints_are_not_offered(define: Define, said: Said) -> None:
    """A verdict counts the hints that are left, and is silent when there are none."""
    define("twice", lambda x: x - 1)
    offers = []
    for _ in range(3):
        check("twice")
        offers.append([line for line in said().splitlines() if line.startswith("Stuck?")])
        hint("twice")
    assert [1, 1, 0] == [len(lines) for lines in offers]
    assert "1 hint left." in offers[1][0]


def test_no_hints_is_said(said: Said, work: Path) -> None:
    """An exercise without hints says so, and nothing is kept."""
    hint("half")
    assert "half has no hints." in said()
    assert [] == list(work.iterdir())


def test_a_solution_wants_tries_or_confirmation(said: Said) -> None:
    """A solution asks to be confirmed before three honest tries; once shown it stays open."""
    said()
    solution("twice")
    text = said()
    assert "(so far: 0)" in text
    assert 'solution("twice", confirm=True)' in text
    assert "return" not in text
    solution("twice", confirm=True)
    assert "def twice(x):\n    return x + x\n" == said()
    assert Record(solution=True) == Store.of_work_folder().summary()[KEY]
    solution("twice")
    assert "return x + x" in said()


@pytest.mark.parametrize("states", [("wrong", "raised", "wrong"), ("right",)])
def test_a_solution_opens_by_work(states: tuple[str, ...], said: Said) -> None:
    """Three wrong tries that differ open the solution, and so does solving the exercise."""
    for i, state in enumerate(states):
        Store.of_work_folder().record("doubles", Verdict("twice", state, 0, 6), str(i))
    said()
    solution("twice")
    assert "def twice(x):\n    return x + x\n" == said()


def test_without_the_repository_it_says_where(said: Said) -> None:
    """Where no solution is at hand the learner is told where it is."""
    said()
    solution("half", confirm=True)
    assert "autograder/exercises/1_fundamentals/doubles.py" in said()
    assert {} == Store.of_work_folder().summary()


@pytest.mark.parametrize("call", [hint, solution])
def test_an_unknown_name_is_one_line(call: Callable[[str], None]) -> None:
    """The help of an unknown exercise names the nearest one."""
    with pytest.raises(UnknownExerciseError, match=rf'Did you mean {call.__name__}\("twice"\)\?'):
        call("twic")


def test_help_survives_a_broken_store(said: Said, work: Path) -> None:
    """Hints go on and solutions open where nothing can be kept, with one sentence each time."""
    (work / ".pitfalls").write_text("")
    hint("twice")
    hint("twice")
    text = said()
    assert "Hint 2 of 2" in text
    assert 2 == text.count("Progress cannot be kept")
    solution("twice", confirm=True)
    assert "return x + x" in said()


def test_a_hint_means_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook a hint's stars and brackets are themselves, and backticks mark code."""
    shown: list[str] = []
    monkeypatch.setattr(_show, "show", lambda text, markdown: shown.append(markdown))
    hint("twice")
    hint("twice")
    assert "**Hint 2 of 2**: Not x\\*x\\*x: write `x + x*1`." in shown[-1]
