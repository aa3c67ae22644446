"""A gradebook in a real PostgreSQL server, which the test starts and ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitfalls.cli import main
from pitfalls.grading import Course, Grader

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse, grade_here

pytestmark = pytest.mark.postgresql


def _program(name: str) -> str:
    found = shutil.which(name) or max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default="")
    assert found, "PostgreSQL is not installed: run `make programs`."
    return str(found)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an empty database; the server listens on a socket in its own directory."""
    user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pitfalls-pg-") as folder:  # short: it holds a socket
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"

        def run(*words: str) -> None:
            subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        run(_program("initdb"), "-D", data, "-U", "pitfalls", "-A", "trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(_program("pg_ctl"), "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            run(_program("createdb"), "-h", folder, "-U", "pitfalls", "grades")
            yield f"postgresql://pitfalls@/grades?host={folder}"
        finally:
            run(_program("pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")


def test_the_same_gradebook_as_in_sqlite(
    server: str, little_exercises: Path, little: LittleCourse, tmp_path: Path
) -> None:
    """Scores, verdicts and what is known already are the same; the address is kept."""
    root = tmp_path / "with-server"
    Course.init(root, exercises=little_exercises, db_url=server)
    (root / ".pitfalls" / "seed").write_text((little.root / ".pitfalls" / "seed").read_text())
    Course.open(root).release(CHAPTER)
    there = LittleCourse(root)
    answers = {"ann": RIGHT, "bob": {"double": "def double(x):\n    return x * x"}, "cyd": {}}
    kept = []
    for course in (little, there):
        for student, given in answers.items():
            course.submit(student, **given)
        course.submit_bytes("dan", b"not a notebook")
        course.grade(grade_here)
        with course.course.gradebook() as book:
            sheet = book.sheet(CHAPTER)
            rows = [
                (it.student, it.grade_id, it.verdict, it.score) for it in book.verdicts(CHAPTER)
            ]
            kept.append((book.totals(sheet), rows, book.notes(CHAPTER), book.students()))
            assert 1 == Grader(course.course, book, CHAPTER).todo  # the broken one
    assert kept[0] == kept[1]
    assert [NOTEBOOK] == list(sheet.notebooks)
    assert not (root / "gradebook.db").exists()


def test_a_server_that_is_away_is_one_sentence(little: LittleCourse, tmp_path: Path) -> None:
    """The address is shown without its password."""
    url = f"postgresql://ann:hush@/grades?host={tmp_path}"
    done = CliRunner().invoke(main, ["report", str(little.root), CHAPTER, "--db", url])
    assert 1 == done.exit_code
    assert "cannot be opened" in done.output
    assert "hush" not in done.output
