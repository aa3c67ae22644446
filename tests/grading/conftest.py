"""A little course: one chapter, one notebook, two exercises and a story that is graded by hand.

Its grading step is the real one without a kernel: it runs the answers in this very process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

import pitfalls.build
from pitfalls.checks import Case, Exercise, Lesson, LocalAnswer, Part, Pitfall, run_check
from pitfalls.grading import Course, Graded, Grader, Job, Outcome
from pitfalls.grading._rebuild import rebuild
from pitfalls.grading._step import _verdict_outputs

CHAPTER = "1_little"
NOTEBOOK = "twice"


def _cases(rng: Any) -> list[Case]:
    return [Case(int(n)) for n in rng.integers(10**6, 10**9, 3)]


DOUBLE = Exercise(
    "double",
    "(x)",
    "Twice",
    1,
    2,
    parts=(Part("value", 2, _cases, lambda x: 2 * x),),
    pitfalls=(Pitfall("squares", "Twice x is x + x.", lambda x: x * x),),
)
TRIPLE = Exercise(
    "triple",
    "(x)",
    "Thrice",
    1,
    2,
    parts=(
        Part("value", 2, _cases, lambda x: 3 * x),
        Part("negative numbers", 1, lambda rng: [Case(-4)], lambda x: 3 * x),
    ),
    pitfalls=(Pitfall("drops the sign", "Minus stays minus.", lambda x: 3 * abs(x)),),
)
LITTLE = Lesson(CHAPTER, NOTEBOOK, "Twice and thrice", (DOUBLE, TRIPLE))
RIGHT = {
    "double": "def double(x):\n    return x + x",
    "triple": "def triple(x):\n    return x + x + x",
    "story": "Once I doubled a number.",
}


def source_notebook() -> bytes:
    """The instructor's notebook."""
    cells: list[Any] = [nbformat.v4.new_markdown_cell("# Twice", id="title")]
    for exercise in LITTLE.exercises:
        name = exercise.name
        text = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return 0\n    ### END SOLUTION"
        cells.append(
            nbformat.v4.new_code_cell(text, id=name, metadata=_tagged(name, solution=True))
        )
        metadata = _tagged(f"check_{name}", grade=True, locked=True, points=exercise.points)
        metadata["pitfalls"] = {"exercise": name, "lesson": NOTEBOOK}
        text = f'check("{name}")'
        cells.append(nbformat.v4.new_code_cell(text, id=f"check_{name}", metadata=metadata))
    story = _tagged("story", solution=True, grade=True, points=4)
    cells.append(nbformat.v4.new_markdown_cell("Tell a story.", id="story", metadata=story))
    notebook: Any = nbformat.v4.new_notebook(cells=cells)
    return nbformat.writes(notebook).encode()


def _tagged(grade_id: str, **flags: Any) -> dict[str, Any]:
    plain = {"schema_version": 3, "solution": False, "grade": False, "locked": False, "task": False}
    return {"nbgrader": plain | {"grade_id": grade_id} | flags}


def grade_here(job: Job) -> Graded:
    """The grading step, in this process."""
    notebook = rebuild(job.skeleton, job.submission)
    namespace: dict[str, Any] = {}
    verdicts = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "pitfalls" not in cell.metadata:
            with contextlib.suppress(Exception):  # as a notebook goes on after a cell that fails
                exec(cell.source, namespace)
    for cell in notebook.cells:
        if "pitfalls" in cell.metadata:
            exercise = LITTLE.exercise(cell.metadata.pitfalls["exercise"])
            verdict = run_check(exercise, LocalAnswer(namespace), job.hidden_seed)
            verdicts[cell.metadata.nbgrader.grade_id] = verdict
            cell.outputs = _verdict_outputs(verdict)
    return Graded(nbformat.writes(notebook).encode(), verdicts, (), 0.01)


@dataclass
class LittleCourse:
    """A released course in a temporary directory, and how to hand something in."""

    root: Path

    @property
    def course(self) -> Course:
        """The course, opened anew."""
        return Course.open(self.root)

    def configure(self, line: str) -> None:
        """Add a line to the course's configuration."""
        with open(self.root / "nbgrader_config.py", "a") as file:
            file.write(f"\n{line}\n")

    def folder(self, student: str) -> Path:
        """Where a student's submission lies."""
        return self.root / "submitted" / student / CHAPTER

    def submit(self, student: str, *, timestamp: str = "", **answers: str) -> Path:
        """Hand in the released notebook with these cells filled in."""
        release = self.root / "release" / CHAPTER / f"{NOTEBOOK}.ipynb"
        notebook = json.loads(release.read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in answers:
                cell["source"] = answers[name]
        return self.submit_bytes(student, json.dumps(notebook).encode(), timestamp=timestamp)

    def submit_bytes(self, student: str, content: bytes, *, timestamp: str = "") -> Path:
        """Hand in any bytes under the notebook's name."""
        folder = self.folder(student)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{NOTEBOOK}.ipynb"
        path.write_bytes(content)
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)
        return path

    def grade(self, step: Callable[[Job], Graded] = grade_here, **options: Any) -> list[Outcome]:
        """Grade the chapter in a thread."""
        from concurrent.futures import ThreadPoolExecutor

        with self.course.gradebook() as book:
            grader = Grader(self.course, book, CHAPTER, step=step, **options)
            return list(grader.grade(lambda: ThreadPoolExecutor(1)))


def run_nbgrader(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """nbgrader's own command, as an instructor runs it in the course's folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="session")
def little_exercises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of exercises whose one chapter builds into the little notebook."""
    folder = tmp_path_factory.mktemp("kit") / "exercises"
    (folder / CHAPTER).mkdir(parents=True)
    (folder / CHAPTER / f"{NOTEBOOK}.py").write_text("# %%\n")

    real = pitfalls.build.write_source

    def write(exercises: Path, root: Path, chapters: Sequence[str]) -> list[Path]:
        if exercises != folder:
            return real(exercises, root, chapters)
        path = root / "source" / CHAPTER / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source_notebook())
        return [path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pitfalls.build, "write_source", write)
        yield folder


@pytest.fixture(scope="session")
def _released(little_exercises: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("released") / "course"
    Course.init(root, exercises=little_exercises)
    Course.open(root).release(CHAPTER)
    return root


@pytest.fixture
def little(_released: Path, tmp_path: Path) -> LittleCourse:
    """A course that was made and released."""
    return LittleCourse(Path(shutil.copytree(_released, tmp_path / "course")))
