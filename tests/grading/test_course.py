"""A course on disk: what `init` makes and keeps, what `release` enters, what is read from it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitfalls.cli import main
from pitfalls.grading import Course, CourseError, Limits, SubmissionError
from pitfalls.grading._course import config_text

from .conftest import CHAPTER, NOTEBOOK, LittleCourse

REPOSITORY = Path(__file__).parents[2]


def test_init_makes_a_course_that_only_its_owner_can_read(
    little_exercises: Path, tmp_path: Path
) -> None:
    """The seed is the owner's alone, and git does not see it."""
    Course.init(tmp_path / "course", exercises=little_exercises)
    seed = tmp_path / "course" / ".pitfalls" / "seed"
    assert 0o600 == stat.S_IMODE(seed.stat().st_mode)
    assert 0o700 == stat.S_IMODE(seed.parent.stat().st_mode)
    assert "*\n" == (seed.parent / ".gitignore").read_text()
    assert 0 < Course.open(tmp_path / "course").seed < 2**128


def test_init_again_keeps_everything(little_exercises: Path, little: LittleCourse) -> None:
    """Seed, configuration, gradebook and changed sources stay as they are."""
    source = little.root / "source" / CHAPTER / f"{NOTEBOOK}.ipynb"
    source.write_text(source.read_text().replace("# Twice", "# Mine"))
    little.configure("# mine")
    before = {path: path.read_bytes() for path in little.root.rglob("*") if path.is_file()}
    said = Course.init(little.root, exercises=little_exercises)
    assert ".pitfalls/seed: kept" in said
    assert any(line.startswith(f"source/{CHAPTER}/{NOTEBOOK}.ipynb: kept") for line in said)
    assert before == {path: path.read_bytes() for path in little.root.rglob("*") if path.is_file()}


def test_update_replaces_a_changed_source(little_exercises: Path, little: LittleCourse) -> None:
    """--update takes the kit's text again."""
    source = little.root / "source" / CHAPTER / f"{NOTEBOOK}.ipynb"
    kept = source.read_bytes()
    source.write_bytes(kept.replace(b"# Twice", b"# Mine"))
    Course.init(little.root, exercises=little_exercises, update=True)
    assert kept == source.read_bytes()


def test_a_folder_that_is_no_course_is_not_touched(little_exercises: Path, tmp_path: Path) -> None:
    """Neither a folder of anything nor somebody's nbgrader course is written to."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="is not empty and is not a course"):
        Course.init(tmp_path / "mine", exercises=little_exercises)
    assert ["nbgrader_config.py"] == os.listdir(tmp_path / "mine")


def test_two_courses_draw_two_seeds(little_exercises: Path, tmp_path: Path) -> None:
    """What one course's hidden cases are tells nothing of another's."""
    seeds = set()
    for name in ("a", "b"):
        Course.init(tmp_path / name, exercises=little_exercises)
        seeds.add(Course.open(tmp_path / name).seed)
    assert 2 == len(seeds)


def test_a_lost_seed_is_said_and_not_drawn_anew(little: LittleCourse) -> None:
    """Grading must not change the hidden cases silently."""
    (little.root / ".pitfalls" / "seed").unlink()
    with pytest.raises(CourseError, match="seed cannot be read"):
        little.grade()


def test_release_gives_out_no_solution(little: LittleCourse) -> None:
    """What students get has neither the solutions nor the hidden names of them."""
    released = (little.root / "release" / CHAPTER / f"{NOTEBOOK}.ipynb").read_text()
    assert "NotImplementedError" in released
    assert "return 0" not in released


def test_a_release_that_fails_leaves_the_one_before(little: LittleCourse) -> None:
    """nbgrader's refusal is one sentence, and what students got is still there."""
    before = (little.root / "release" / CHAPTER / f"{NOTEBOOK}.ipynb").read_bytes()
    source = little.root / "source" / CHAPTER / f"{NOTEBOOK}.ipynb"
    source.write_text(source.read_text().replace("### END SOLUTION", "### THE END"))
    with pytest.raises(CourseError, match="nbgrader cannot release 1_little"):
        little.course.release(CHAPTER)
    assert before == (little.root / "release" / CHAPTER / f"{NOTEBOOK}.ipynb").read_bytes()


def test_limits_come_from_the_configuration(little: LittleCourse) -> None:
    """c.Pitfalls.limits changes what it names; a name that is none is one sentence."""
    little.configure('c.Pitfalls.limits = {"cell_seconds": 7}')
    assert Limits(cell_seconds=7) == little.course.limits
    little.configure('c.Pitfalls.limits = {"cel_seconds": 7}')
    with pytest.raises(CourseError, match="has 'cel_seconds', which is no limit"):
        _ = little.course.limits


def test_nothing_but_regular_files_is_read(little: LittleCourse) -> None:
    """A link to another's notebook, a link on the way there and a pipe are refused."""
    path = little.submit("ann")
    course = little.course
    (submission,) = course.submissions(CHAPTER)
    assert path.read_bytes() == course.read(submission, path.name)
    assert course.read(submission, "absent.ipynb") is None
    target = path.rename(path.with_name("kept.ipynb"))
    path.symlink_to(target)
    with pytest.raises(SubmissionError, match="is a symbolic link"):
        course.read(submission, path.name)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SubmissionError, match="is not a regular file"):
        course.read(submission, path.name)
    elsewhere = submission.folder.rename(little.root / "elsewhere")
    submission.folder.symlink_to(elsewhere)
    with pytest.raises(SubmissionError, match=f"{CHAPTER} is a symbolic link"):
        course.read(submission, "kept.ipynb")


def test_timestamps_are_read_as_nbgrader_reads_them(little: LittleCourse) -> None:
    """A zone is turned into UTC; what is no time is said and counts as none."""
    little.submit("ann", timestamp="2030-01-02 03:04:05 CET")
    little.submit("bob", timestamp="yesterday, I swear")
    ann, bob = little.course.submissions(CHAPTER)
    assert (datetime(2030, 1, 2, 2, 4, 5), "") == (ann.timestamp, ann.note)
    assert bob.timestamp is None
    assert "timestamp.txt cannot be read" in bob.note


def test_a_chapter_is_a_name_and_no_pattern(little: LittleCourse) -> None:
    """Asking for 1_* does not find 1_little."""
    little.submit("ann")
    assert [] == little.course.submissions("1_*")
    with pytest.raises(CourseError, match="There is no chapter '1_\\*'"):
        little.course.skeletons("1_*")


def test_one_grader_at_a_time(little: LittleCourse) -> None:
    """A second grader is turned away while the first holds the course, and only then."""
    turned_away = pytest.raises(CourseError, match="Another `pitfalls grade`")
    with little.course.lock(), turned_away, little.course.lock():
        pass
    with little.course.lock():
        pass


def test_the_kit_has_a_course_of_the_same_configuration() -> None:
    """autograder/nbgrader_config.py is what `pitfalls course init` writes."""
    committed = REPOSITORY / "autograder" / "nbgrader_config.py"
    assert config_text("pitfalls") == committed.read_text()


def test_the_configuration_costs_no_heavy_import() -> None:
    """nbgrader reads the configuration at every command: it imports no kernel, no NumPy."""
    code = (
        "import sys; from pitfalls.grading import configure; "
        "print([m for m in ('numpy', 'sqlalchemy', 'zmq', 'nbconvert') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_the_command_makes_and_releases(
    little_exercises: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pitfalls course init` and `release` leave a chapter to hand out; faults are one line."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    made = run(main, ["course", "init", "ml", "--exercises", str(little_exercises)])
    assert (0, True) == (made.exit_code, "Next: pitfalls course release ml CHAPTER" in made.output)
    released = run(main, ["course", "release", "ml", CHAPTER])
    assert released.output.endswith(f"release/{CHAPTER}/{NOTEBOOK}.ipynb\n")
    wrong = run(main, ["course", "release", "ml", "9_none"])
    assert 1 == wrong.exit_code
    assert wrong.output.startswith("Error: There is no chapter '9_none'")
    assert 1 == wrong.output.count("\n")
