import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pitfalls.checks import Evidence, Verdict
from pitfalls.progress import ProgressError, Record, Store, work_folder

WRITER = """
import sys
from pathlib import Path
from pitfalls.checks import Verdict
from pitfalls.progress import Store
store = Store(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    store.record("linear_regression", Verdict("rss", "wrong", i, 9), f"{sys.argv[3]}{i}")
    print(i, flush=True)
"""


def writer(path: Path, count: int, name: str) -> subprocess.Popen[str]:
    """Another kernel: a process that records `count` tries and prints each when it is kept."""
    command = [sys.executable, "-c", WRITER, str(path), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder that does not exist yet."""
    return Store(tmp_path / ".pitfalls" / "progress.db")


def test_the_best_try_counts(store: Store) -> None:
    """Points are those of the best try, and what was solved stays solved."""
    for state, points in (("wrong", 4), ("right", 6), ("wrong", 0), ("raised", 0)):
        store.record("linear_regression", Verdict("ridge", state, points, 6), "source")
    again = Store(store.path)
    assert {("linear_regression", "ridge"): Record(True, 6.0, 4)} == again.summary()


def test_looking_leaves_no_trace(store: Store, tmp_path: Path) -> None:
    """Reading a store that is not there gives nothing and makes nothing."""
    assert {} == store.summary()
    assert [] == list(tmp_path.iterdir())


def test_no_answer_is_no_try(store: Store) -> None:
    """A fault of the check, and an answer that was stopped, do not count as tries."""
    for state in ("fault", "no_verdict", "not_attempted"):
        store.record("nb", Verdict("rss", state, 0, 6), "source")
    assert {} == store.summary()
    assert 0 == store.honest_tries("nb", "rss")


@pytest.mark.parametrize(
    ("tries", "honest"),
    [
        ([("a", "1"), ("a", "1"), ("a", "1")], 1),
        ([("a", "1"), ("b", "1"), ("c", "1")], 3),
        ([("a", "1"), ("a", "2"), ("a", "1")], 2),
    ],
)
def test_honest_tries_differ(store: Store, tries: list[tuple[str, str]], honest: int) -> None:
    """A try counts once for each source and each outcome, not for each press of a key."""
    for source, got in tries:
        verdict = Verdict("rss", "wrong", 0, 6, evidence=Evidence("x", got, "0"))
        store.record("nb", verdict, source)
    assert honest == store.honest_tries("nb", "rss")
    assert 0 == store.honest_tries("other", "rss")


def test_hints_run_out(store: Store) -> None:
    """Hints are handed out in order, once each, per exercise."""
    assert [1, 2, None] == [store.use_hint("nb", "rss", of=2) for _ in range(3)]
    assert 2 == store.hints_used("nb", "rss")
    assert 0 == store.hints_used("nb", "ridge")


def test_an_opened_solution_is_remembered(store: Store) -> None:
    """Opening a solution twice is the same as once."""
    store.open_solution("nb", "rss")
    store.open_solution("nb", "rss")
    assert {("nb", "rss"): Record(solution=True)} == store.summary()


def test_two_kernels_write_at_once(store: Store) -> None:
    """No try of two kernels that write at the same time is lost."""
    assert store.path is not None
    with writer(store.path, 60, "a") as one, writer(store.path, 60, "b") as other:
        assert 60 == len(one.communicate(timeout=120)[0].split())
        assert 60 == len(other.communicate(timeout=120)[0].split())
    assert 120 == store.summary()["linear_regression", "rss"].attempts


def test_a_killed_kernel_loses_nothing(store: Store) -> None:
    """What was kept before a kernel was killed is there, and the store still works."""
    assert store.path is not None
    with writer(store.path, 10**6, "a") as process:
        assert process.stdout is not None
        kept = [int(process.stdout.readline()) for _ in range(25)]
        process.kill()
        kept += [int(line) for line in process.stdout if line.strip()]
    found = store.summary()["linear_regression", "rss"].attempts
    assert found >= len(kept)
    store.record("linear_regression", Verdict("rss", "right", 9, 9), "")
    assert found + 1 == store.summary()["linear_regression", "rss"].attempts
    with sqlite3.connect(store.path) as db:
        assert ("ok",) == db.execute("PRAGMA integrity_check").fetchone()
    db.close()


def test_a_store_cut_off_at_birth_is_filled(store: Store) -> None:
    """An empty file, as a killed kernel may leave it, reads as a store without records."""
    assert store.path is not None
    store.path.parent.mkdir()
    store.path.touch()
    assert {} == store.summary()


def test_damage_is_one_sentence(store: Store) -> None:
    """A damaged file is named, with what to do about it, and stays as it is."""
    assert store.path is not None
    store.path.parent.mkdir()
    store.path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(ProgressError, match=r"progress\.db is damaged .* move that file away"):
        store.record("nb", Verdict("rss", "right", 6, 6), "")
    with pytest.raises(ProgressError, match="is damaged"):
        store.summary()
    assert store.path.read_bytes().startswith(b"this is no database")


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Where no file can be made, the sentence names the place and the way out."""
    (tmp_path / ".pitfalls").write_text("a file where a folder should be")
    store = Store(tmp_path / ".pitfalls" / "progress.db")
    with pytest.raises(ProgressError, match=r"\.pitfalls.*PITFALLS_WORK"):
        store.use_hint("nb", "rss", of=3)


def test_the_work_folder_is_looked_for_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest folder upwards with .pitfalls, else the current one; PITFALLS_WORK rules."""
    monkeypatch.delenv("PITFALLS_WORK", raising=False)
    chapter = tmp_path / "work" / "1_fundamentals"
    chapter.mkdir(parents=True)
    monkeypatch.chdir(chapter)
    assert chapter == work_folder()
    (tmp_path / "work" / ".pitfalls").mkdir()
    assert tmp_path / "work" == work_folder()
    monkeypatch.setenv("PITFALLS_WORK", os.fspath(tmp_path / "elsewhere"))
    assert tmp_path / "elsewhere" == work_folder()
