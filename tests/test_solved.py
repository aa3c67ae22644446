"""Every notebook, with the instructor's solutions, runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from pitfalls import lessons, quiz
from pitfalls.build import expand
from pitfalls.grading import Job, Limits, grade_notebook

EXERCISES = Path(__file__).parents[1] / "autograder" / "exercises"
GB = 2**30


@pytest.mark.sandbox
@pytest.mark.kernel
@pytest.mark.parametrize("name", lessons.names())
def test_solved(name: str) -> None:
    """No cell fails, each check gives full marks, and resting illustrations change no verdict."""
    lesson = lessons.get(name)
    source = EXERCISES / lesson.chapter / f"{name}.py"
    written = expand(source)
    as_written = nbformat.writes(written).encode()
    for cell in written.cells:
        cell.metadata.pop("tags", None)
    all_run = nbformat.writes(written).encode()
    graded_quizzes = {
        cell.metadata.pitfalls.quiz
        for cell in written.cells
        if "quiz" in cell.metadata.get("pitfalls", {})
    }
    keys = {it: quiz.dumps(quiz.load(source.with_name(f"{it}.quiz.toml"))) for it in graded_quizzes}
    # Well below what a student gets: own attempts and plots need room, too.
    limits = Limits(memory_bytes=GB * 3 // 2)

    whole, quick = (
        grade_notebook(
            Job("ann", lesson.chapter, name, skeleton, as_written, 7, keys=keys, limits=limits)
        )
        for skeleton in (all_run, as_written)
    )

    assert () == whole.notes
    cells = nbformat.reads(whole.notebook.decode(), as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [] == [o for cell in code for o in cell.outputs if o.output_type == "error"]
    for exercise in lesson.exercises:
        verdict = whole.verdicts[f"check_{exercise.name}"]
        assert exercise.points == verdict.points, str(verdict)
    assert whole.verdicts == quick.verdicts
