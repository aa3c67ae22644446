import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from pitfalls.build import SourceError, expand, release, write_source


def test_only_notebooks(write, twice, twice_lesson, tmp_path):
    """A course gets the notebooks of the chapters asked for, and no text with solutions."""
    write("# %%\n1\n", "00_start_here")
    write("# %%\n1\n", "2_letters/other")
    exercises = write(twice).parents[1]
    written = write_source(exercises, tmp_path / "course", ["1_numbers"])
    assert [tmp_path / "course" / "source" / "1_numbers" / "twice.ipynb"] == written
    assert written == [path for path in (tmp_path / "course").rglob("*") if path.is_file()]
    assert "the_number_that_doubles" in written[0].read_text()


@pytest.mark.slow
def test_nbgrader_makes_the_same_notebook(write, twice, twice_lesson, tmp_path):
    """`nbgrader generate_assignment` in the course gives the notebook that learners have."""
    path, course = write(twice), tmp_path / "course"
    write_source(path.parents[1], course, ["1_numbers"])
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "1_numbers"],
        cwd=course, check=True, capture_output=True,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    (ours,) = release({"1_numbers/twice": expand(path)}, tmp_path / "out")
    theirs = course / "release" / "1_numbers" / "twice.ipynb"
    assert nbformat.read(ours, 4).cells == nbformat.read(theirs, 4).cells


def test_all_or_nothing(write, twice, twice_lesson, tmp_path):
    """An unknown chapter or a faulty source is named, and nothing is written."""
    exercises = write(twice).parents[1]
    write("no marker", "2_letters/other")
    for chapters, complaint in (
        (["1_numbers", "3_none"], "no chapter '3_none' in .*; there are 1_numbers, 2_letters"),
        (["1_numbers", "2_letters"], r"other\.py, line 1: a source begins"),
    ):
        with pytest.raises(SourceError, match=complaint):
            write_source(exercises, tmp_path / "course", chapters)
    assert not (tmp_path / "course").exists()
