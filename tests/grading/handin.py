"""A lesson of two exercises, notebooks handed in for it, and the grading step that grades them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import nbformat

from pitfalls.checks import Case, Exercise, Lesson, Part, Pitfall
from pitfalls.grading import Graded, Job, Limits, grade_notebook

__all__ = ["HONEST", "LESSON", "RIGHT", "grade", "hand_in", "points", "skeleton"]

NOTEBOOK = "pair"
SEED = 7351


def _cases(rng: Any) -> list[Case]:
    return [Case([float(n) for n in rng.integers(-99, 99, 5)]) for _ in range(3)]


LESSON = Lesson(
    "1_little",
    NOTEBOOK,
    "Two sums",
    (
        Exercise(
            "total",
            "(x)",
            "The sum",
            1,
            2,
            parts=(Part("value", 2, _cases, lambda x: float(sum(x))),),
            pitfalls=(Pitfall("the mean", "Do not divide.", lambda x: sum(x) / len(x)),),
        ),
        Exercise(
            "squares",
            "(x)",
            "The sum of squares",
            1,
            2,
            parts=(
                Part("value", 2, _cases, lambda x: float(sum(v * v for v in x))),
                Part("no numbers", 1, lambda rng: [Case([])], lambda x: 0.0),
            ),
            pitfalls=(Pitfall("squares the sum", "First square.", lambda x: float(sum(x)) ** 2),),
        ),
    ),
)
RIGHT = {
    "total": "def total(x):\n    return float(sum(x))",
    "squares": "def squares(x):\n    return float(sum(v**2 for v in x))",
}
HONEST = {"total": 2.0, "squares": 0.0}  # what the first answer of the two is worth


def skeleton() -> bytes:
    """The instructor's notebook."""
    cells: list[Any] = [nbformat.v4.new_markdown_cell("# Two sums", id="title")]
    for exercise in LESSON.exercises:
        name = exercise.name
        text = f"def {name}(x):\n    raise NotImplementedError()"
        tags = _tagged(name, solution=True)
        cells.append(nbformat.v4.new_code_cell(text, id=name, metadata=tags))
        tags = _tagged(f"check_{name}", grade=True, locked=True, points=exercise.points)
        tags["pitfalls"] = {"exercise": name, "lesson": NOTEBOOK}
        text = f'check("{name}")'
        cells.append(nbformat.v4.new_code_cell(text, id=f"check_{name}", metadata=tags))
    notebook: Any = nbformat.v4.new_notebook(cells=cells)
    return nbformat.writes(notebook).encode()


def _tagged(grade_id: str, **flags: Any) -> dict[str, Any]:
    plain = {"schema_version": 3, "solution": False, "grade": False, "locked": False, "task": False}
    return {"nbgrader": plain | {"grade_id": grade_id} | flags}


def hand_in(
    *,
    first: str = "",
    total: str = RIGHT["total"],
    between: str = "",
    squares: str = "",
    last: str = "",
) -> dict[str, Any]:
    """A notebook with these cells; the empty ones are left out, or as they were handed out."""
    notebook: dict[str, Any] = json.loads(skeleton())
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for name, text in (("total", total), ("squares", squares)):
        if text:
            cells[name]["source"] = text
    own = [_own(text) if text else None for text in (first, between, last)]
    order = ["title", own[0], "total", "check_total", own[1], "squares", "check_squares", own[2]]
    notebook["cells"] = [cells[it] if isinstance(it, str) else it for it in order if it]
    return notebook


def _own(text: str) -> dict[str, Any]:
    plain = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**plain, "id": f"own-{hash(text) % 10**8}", "source": text}


def grade(
    notebook: dict[str, Any] | bytes,
    *,
    warm: bool = False,
    limits: Limits | None = None,
    student: str = "ann",
) -> Graded:
    """Grade what was handed in, in the sandbox. `pitfalls.lessons` must know the lesson."""
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    return grade_notebook(
        Job(
            student=student,
            assignment=LESSON.chapter,
            notebook=NOTEBOOK,
            skeleton=skeleton(),
            submission=content,
            seed=SEED,
            limits=limits or Limits(),
            warm=warm,
        )
    )


def points(graded: Graded, names: Sequence[str] = ("total", "squares")) -> dict[str, float]:
    """Points by exercise."""
    return {name: graded.verdicts[f"check_{name}"].points for name in names}
