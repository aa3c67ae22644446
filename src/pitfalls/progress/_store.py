"""The store of attempts, hints and opened solutions."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ._fingerprint import outcome_hash

if TYPE_CHECKING:
    from pitfalls.checks import Verdict

__all__ = ["ProgressError", "Record", "Store", "work_folder"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    time TEXT NOT NULL, notebook TEXT NOT NULL, exercise TEXT NOT NULL, state TEXT NOT NULL,
    points REAL NOT NULL, max_points REAL NOT NULL, pitfall TEXT,
    source TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hints (
    time TEXT NOT NULL, notebook TEXT NOT NULL, exercise TEXT NOT NULL, stage INTEGER NOT NULL,
    PRIMARY KEY (notebook, exercise, stage)
);
CREATE TABLE IF NOT EXISTS solutions (
    time TEXT NOT NULL, notebook TEXT NOT NULL, exercise TEXT NOT NULL,
    PRIMARY KEY (notebook, exercise)
);
"""
_TRIED = "state IN ('right', 'wrong', 'raised')"  # a fault or an untouched starter is no attempt
_PATIENCE = 10.0  # seconds to wait for another kernel's write


class ProgressError(Exception):
    """The store cannot be read or written; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Record:
    """What is known of one exercise.

    Attributes
    ----------
    solved : bool
        Whether any attempt was right.
    points : float
        The most that an attempt earned.
    attempts, hints : int
    solution : bool
        Whether the solution was opened.
    """

    solved: bool = False
    points: float = 0.0
    attempts: int = 0
    hints: int = 0
    solution: bool = False


def work_folder() -> Path:
    """The folder whose ``.pitfalls`` keeps the progress.

    It is ``PITFALLS_WORK``, else the nearest folder upwards that has a ``.pitfalls``, else the
    current one. The system's folder for temporary files is nobody's work.
    """
    named = os.environ.get("PITFALLS_WORK")
    if named:
        return Path(named).expanduser().absolute()
    here, shared = Path.cwd(), Path(tempfile.gettempdir())
    upwards = (here, *(parent for parent in here.parents if parent != shared))
    return next((folder for folder in upwards if (folder / ".pitfalls").is_dir()), here)


class Store:
    """Attempts, hints and opened solutions in one SQLite file.

    Every call opens the file, does its work in one transaction and closes it again, so a killed
    kernel leaves the file whole and two kernels can write at once.

    Parameters
    ----------
    path : Path or None
        The file, made when first needed; None keeps the records in memory.

    Raises
    ------
    ProgressError
        From every method, when the file is damaged or cannot be read or written.

    Examples
    --------
    >>> store = Store(None)
    >>> store.use_hint("linear_regression", "ridge", of=2)
    1
    >>> store.summary()["linear_regression", "ridge"].hints
    1
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._memory = _in_memory() if path is None else None

    def __del__(self) -> None:
        if self._memory is not None:
            self._memory.close()

    @classmethod
    def of_work_folder(cls) -> Store:
        """The store of the learner's work folder."""
        return cls(work_folder() / ".pitfalls" / "progress.db")

    def record(self, notebook: str, verdict: Verdict, source: str) -> None:
        """Keep a verdict as an attempt, with the fingerprint of the source it was given for."""
        row = (
            _now(),
            notebook,
            verdict.exercise,
            verdict.state,
            verdict.points,
            verdict.max_points,
            verdict.pitfall,
            source,
            outcome_hash(verdict),
        )
        with self._transaction(write=True) as db:
            db.execute("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def honest_tries(self, notebook: str, exercise: str) -> int:
        """How many wrong tries differ from each other, in their source or in their outcome."""
        query = (
            "SELECT COUNT(*) FROM (SELECT DISTINCT source, outcome FROM attempts"
            " WHERE notebook = ? AND exercise = ? AND state IN ('wrong', 'raised'))"
        )
        with self._transaction() as db:
            return int(db.execute(query, (notebook, exercise)).fetchone()[0])

    def hints_used(self, notebook: str, exercise: str) -> int:
        """How many hints were shown."""
        with self._transaction() as db:
            return _hints_used(db, notebook, exercise)

    def use_hint(self, notebook: str, exercise: str, of: int) -> int | None:
        """Take the next of `of` hints: its number from 1, or None when all are used."""
        with self._transaction(write=True) as db:
            stage = _hints_used(db, notebook, exercise) + 1
            if stage > of:
                return None
            db.execute("INSERT INTO hints VALUES (?, ?, ?, ?)", (_now(), notebook, exercise, stage))
            return stage

    def open_solution(self, notebook: str, exercise: str) -> None:
        """Keep that the solution was shown."""
        with self._transaction(write=True) as db:
            row = (_now(), notebook, exercise)
            db.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", row)

    def summary(self) -> dict[tuple[str, str], Record]:
        """A record for each (notebook, exercise) that anything is known of."""
        with self._transaction() as db:
            attempts = db.execute(
                "SELECT notebook, exercise, MAX(state = 'right'), MAX(points), COUNT(*)"
                f" FROM attempts WHERE {_TRIED} GROUP BY notebook, exercise"
            ).fetchall()
            hints = db.execute(
                "SELECT notebook, exercise, COUNT(*) FROM hints GROUP BY notebook, exercise"
            ).fetchall()
            opened = set(db.execute("SELECT notebook, exercise FROM solutions").fetchall())
        tried = {(n, e): (bool(solved), points, count) for n, e, solved, points, count in attempts}
        hinted = {(n, e): count for n, e, count in hints}
        return {
            key: Record(
                *tried.get(key, (False, 0.0, 0)), hints=hinted.get(key, 0), solution=key in opened
            )
            for key in tried.keys() | hinted.keys() | opened
        }

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            yield self._memory
            return
        assert self.path is not None
        if not write and not self.path.exists():  # looking leaves no trace
            with closing(_in_memory()) as nothing:
                yield nothing
            return
        db = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
            if write:
                db.execute("BEGIN IMMEDIATE")
            yield _with_tables(db)
            if write:
                db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise ProgressError(_sentence(self.path, error)) from error
        finally:
            if db is not None:
                db.close()  # an open transaction is rolled back


def _in_memory() -> sqlite3.Connection:
    # a kernel may run its cells in more than one thread
    return _with_tables(sqlite3.connect(":memory:", check_same_thread=False))


def _with_tables(db: sqlite3.Connection) -> sqlite3.Connection:
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    return db


def _hints_used(db: sqlite3.Connection, notebook: str, exercise: str) -> int:
    query = "SELECT COUNT(*) FROM hints WHERE notebook = ? AND exercise = ?"
    return int(db.execute(query, (notebook, exercise)).fetchone()[0])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sentence(path: Path, error: Exception) -> str:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return (
            f"Progress cannot be kept, because {path} is damaged ({error}): "
            "move that file away to start a new one."
        )
    return (
        f"Progress cannot be kept in {path} ({error}): make that folder writable, "
        "or set PITFALLS_WORK to one that is."
    )
