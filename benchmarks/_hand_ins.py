"""A released course with a class that has handed in the instructor's solutions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def make_course(root: Path, chapter: str, students: int, chosen: Sequence[str]) -> Any:
    """A released course, of all lessons or the chosen ones, with a class that has handed in."""
    from pitfalls import lessons
    from pitfalls.grading import Course

    exercises = root.with_name("exercises")
    (exercises / chapter).mkdir(parents=True)
    for path in (ROOT / "autograder" / "exercises" / chapter).iterdir():
        if not chosen or path.name.partition(".")[0] in chosen:
            shutil.copy(path, exercises / chapter)
    Course.init(root, exercises=exercises, chapters=[chapter], course_id="bench")
    course = Course.open(root)
    course.release(chapter)
    written = set(lessons.names())
    for notebook, skeleton in course.skeletons(chapter).items():
        if notebook in written:
            for number in range(students):
                folder = root / "submitted" / f"student-{number:02d}" / chapter
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{notebook}.ipynb").write_text(_solved(skeleton, number))
    return course


def _solved(skeleton: bytes, number: int) -> str:
    """The instructor's solutions, with one exercise left out."""
    notebook = json.loads(skeleton)
    cells = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    for i, cell in enumerate(cells):
        source = "".join(cell["source"])
        head = source.partition("### BEGIN SOLUTION")[0]
        lines = source.splitlines(keepends=True)
        kept = [line for line in lines if "### BEGIN" not in line and "### END" not in line]
        left_out = number % len(cells) == i and head.strip()
        cell["source"] = head + "raise NotImplementedError()" if left_out else "".join(kept)
    return json.dumps(notebook)


def chapter_of(course: Any) -> str:
    """The only one that the course has."""
    (folder,) = (course.root / "source").iterdir()
    return str(folder.name)
