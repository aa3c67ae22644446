"""From short tags to what nbgrader wants: exercises, checks, tasks, locked cells."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from pitfalls import lessons, quiz
from pitfalls.checks import Exercise, Lesson

from ._notebook import new_cell, new_notebook
from ._source import SourceCell, SourceError, at, key_of, parse, show

__all__ = ["expand"]


def expand(path: Path) -> NotebookNode:
    r"""The nbgrader source notebook, solutions inside, of one percent text.

    An ``ex="name" points=n`` cell becomes a line about the exercise, the solution cell, and a
    locked grade cell that runs its check. The same text always gives the same notebook, cell
    ids included.

    Parameters
    ----------
    path : pathlib.Path
        ``autograder/exercises/<chapter>/<notebook>.py``, or a notebook without exercises
        directly under ``autograder/exercises``.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SourceError
        When a tag is wrong, or the text and the lesson of its name disagree; the message names
        the file and the line.

    Notes
    -----
    The tags that may follow ``# %%``:

    - ``ex="ridge" points=6``: an exercise of the lesson of the same name as the file;
    - ``quiz="svm"``, on an empty cell: the quiz of ``svm.quiz.toml`` beside the file;
    - ``interview="framing" points=14``, on an empty cell: the interviewer, and the interview that
      is handed in there;
    - ``task="story" points=10``: a cell, text or code, that a person grades;
    - ``locked=true``: a cell that learners cannot edit;
    - ``fold=true``: code that is hidden until it is unfolded;
    - ``tags=["scratch"]``: the cell's tags, as Jupyter has them; ``illustration`` is for a cell
      that shows something and changes nothing but the names it binds: grading runs it only
      where other code reads one of them.

    What an exercise or a task asks for stands between ``### BEGIN SOLUTION`` and
    ``### END SOLUTION``; text that is not behind a tag may follow ``# %%`` as a title.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "exercises", "welcome.py")
    ...     path.parent.mkdir()
    ...     _ = path.write_text("# %% [markdown]\n# # Welcome\n# %%\n1 + 1\n")
    ...     notebook = expand(path)
    >>> [(cell.cell_type, cell.source) for cell in notebook.cells]
    [('markdown', '# Welcome'), ('code', '1 + 1')]
    """
    path = Path(path)
    written = parse(path)
    lesson = _lesson_of(path, written)
    exercises = _exercises_of(path, written, lesson)
    cells: list[NotebookNode] = []
    for cell in written:
        if "ex" in cell.tags:
            number, exercise = exercises[cell.tags["ex"]]
            cells += _exercise_cells(cell, exercise, path.stem, f"{number} of {len(exercises)}")
        elif "quiz" in cell.tags:
            cells.append(_quiz_cell(path, cell))
        elif "interview" in cell.tags:
            cells.append(_interview_cell(cell))
        else:
            cells.append(_plain_cell(cell))
    if lesson is not None:
        after_title = int(bool(cells) and cells[0].cell_type == "markdown")
        widgets = [it for it in ("interview", "quiz") if any(it in cell.tags for cell in written)]
        cells.insert(after_title, _lesson_cell(lesson, widgets))
    source = f"autograder/exercises/{key_of(path)}.py"
    notebook = new_notebook(cells, {"pitfalls": {"source": source}})
    for cell in notebook.cells:
        tagged = cell.metadata.get("nbgrader", {})
        if tagged.get("grade_id") == "":  # a locked cell goes by its id, unique by now
            tagged["grade_id"] = f"locked_{cell.id}"
    return notebook


def about(exercise: Exercise, number: str) -> str:
    """The line above an exercise: which, how hard, how long, what it is worth, where help is.

    Examples
    --------
    >>> from pitfalls.checks import Case, Part
    >>> parts = (Part("value", 2, lambda rng: [Case(1)], lambda x: 2 * x),)
    >>> print(about(Exercise("double", "(x)", "Twice", 1, 5, parts), "1 of 3"))
    **Exercise 1 of 3 · `double(x)`** · difficulty ●○○○○ 1 of 5 · 5 min · 2 points \
· stuck? run `hint("double")`
    """
    dots = "●" * exercise.difficulty + "○" * (5 - exercise.difficulty)
    return " · ".join(
        [
            f"**Exercise {number} · `{exercise.name}{exercise.signature}`**",
            f"difficulty {dots} {exercise.difficulty} of 5",
            f"{exercise.minutes} min",
            _worth(exercise),
            f'stuck? run `hint("{exercise.name}")`',
        ]
    )


def _worth(exercise: Exercise) -> str:
    """``3 points (1 each: A; B; C)`` or ``3 points (1 for A; 2 for B)``; one part says nothing."""
    parts = exercise.parts
    total = f"{exercise.points:g} point{'s' * (exercise.points != 1)}"
    if len(parts) == 1:
        return total
    if len({part.points for part in parts}) == 1:
        return f"{total} ({parts[0].points:g} each: {'; '.join(part.title for part in parts)})"
    return f"{total} ({'; '.join(f'{part.points:g} for {part.title}' for part in parts)})"


def _lesson_of(path: Path, cells: Sequence[SourceCell]) -> Lesson | None:
    """The lesson of the notebook's name; None for a notebook without exercises."""
    if path.stem not in lessons.names():
        for cell in cells:
            if "ex" in cell.tags:
                raise SourceError(
                    f"{at(path, cell.line)}: {cell.graded!r} needs a lesson, and there is no "
                    f"src/pitfalls/lessons/{path.stem}.py."
                )
        return None
    lesson = lessons.get(path.stem)
    if lesson.chapter != path.parent.name:
        raise SourceError(
            f"{show(path)} lies in {path.parent.name}, but its lesson says {lesson.chapter!r}; "
            "make them agree."
        )
    return lesson


def _exercises_of(
    path: Path, cells: Sequence[SourceCell], lesson: Lesson | None
) -> dict[str, tuple[int, Exercise]]:
    """The exercises by name, numbered, once the text is known to agree with the lesson."""
    lines: dict[str, int] = {}
    for cell in cells:
        if cell.graded is None:
            continue
        if cell.graded in lines:
            raise SourceError(
                f"{at(path, cell.line)}: {cell.graded!r} stands already in line "
                f"{lines[cell.graded]}."
            )
        lines[cell.graded] = cell.line
    if lesson is None:
        return {}
    exercises = {exercise.name: (n, exercise) for n, exercise in enumerate(lesson.exercises, 1)}
    given = [cell for cell in cells if "ex" in cell.tags]
    for cell in given:
        if cell.graded not in exercises:
            near = difflib.get_close_matches(str(cell.graded), exercises, n=1)
            move = f"did you mean {near[0]!r}?" if near else "add it there, or take it out here."
            raise SourceError(
                f"{at(path, cell.line)}: the lesson has no exercise {cell.graded!r}; {move}"
            )
    for name in exercises:
        if name not in lines:
            raise SourceError(
                f"{at(path, cells[-1].line if cells else 1)}: this is the last cell, and the "
                f'lesson\'s exercise {name!r} has none; add one with ex="{name}".'
            )
    for cell, (due, (_, exercise)) in zip(given, exercises.items(), strict=True):
        if cell.graded != due:
            raise SourceError(
                f"{at(path, cell.line)}: {cell.graded!r} comes here, but the lesson has {due!r} "
                "next; put both in one order."
            )
        if not math.isclose(cell.tags["points"], exercise.points):
            raise SourceError(
                f"{at(path, cell.line)}: {cell.graded!r} says points={cell.tags['points']:g}, but "
                f"its parts in the lesson make {_worth(exercise)}; make them agree."
            )
    return exercises


def _lesson_cell(lesson: Lesson, widgets: Sequence[str]) -> NotebookNode:
    """The first code cell: what the notebook imports, and where the learner stands."""
    imports = ["from pitfalls import check, hint, lesson, solution"]
    if widgets:
        imports.append(f"from pitfalls.widgets import {', '.join(widgets)}")
    source = "\n".join([*imports, "", f'lesson("{lesson.notebook}")'])
    return new_cell("code", source, "lesson", {"nbgrader": _nbgrader("lesson", locked=True)})


def _exercise_cells(
    cell: SourceCell, exercise: Exercise, notebook: str, number: str
) -> list[NotebookNode]:
    """An exercise: the line about it, the solution, the check."""
    name, check = exercise.name, f"check_{exercise.name}"
    solution = _look(cell) | {"nbgrader": _nbgrader(name, solution=True)}
    graded = {
        "nbgrader": _nbgrader(check, grade=True, locked=True) | {"points": cell.tags["points"]},
        "pitfalls": {"exercise": name, "lesson": notebook},
    }
    return [
        new_cell("markdown", about(exercise, number), f"about_{name}"),
        new_cell("code", cell.source, name, solution),
        new_cell("code", f'check("{name}")', check, graded),
    ]


def _quiz_cell(path: Path, cell: SourceCell) -> NotebookNode:
    """A quiz; a graded one is a check of its own, worth what its questions add up to."""
    name = cell.tags["quiz"]
    try:
        read = quiz.load(path.with_name(f"{name}.quiz.toml"))
    except quiz.QuizError as error:
        raise SourceError(f"{at(path, cell.line)}: {error}") from None
    grade_id = f"quiz_{name}"
    metadata: dict[str, Any] = {"nbgrader": _nbgrader(grade_id, grade=read.graded, locked=True)}
    if read.graded:
        metadata["nbgrader"]["points"] = read.points
        metadata["pitfalls"] = {"quiz": name}
    else:
        metadata["tags"] = ["illustration"]
    return new_cell("code", f'quiz("{name}")', grade_id, metadata)


def _interview_cell(cell: SourceCell) -> NotebookNode:
    """The interviewer; what is handed in there is a check of its own."""
    name = cell.tags["interview"]
    grade_id = f"interview_{name}"
    metadata = {
        "nbgrader": _nbgrader(grade_id, grade=True, locked=True) | {"points": cell.tags["points"]},
        "pitfalls": {"interview": name},
    }
    return new_cell("code", f'interview(hand_in="{name}")', grade_id, metadata)


def _plain_cell(cell: SourceCell) -> NotebookNode:
    """A cell that no check belongs to; a task among them is graded by hand."""
    metadata = _look(cell)
    if "task" in cell.tags:
        points = {"points": cell.tags["points"]}
        metadata["nbgrader"] = _nbgrader(str(cell.graded), solution=True, grade=True) | points
    elif "locked" in cell.tags:
        metadata["nbgrader"] = _nbgrader("", locked=True)
    return new_cell(cell.kind, cell.source, cell.graded, metadata)


def _look(cell: SourceCell) -> dict[str, Any]:
    """The metadata that change how a cell is shown."""
    metadata: dict[str, Any] = {}
    if "tags" in cell.tags:
        metadata["tags"] = cell.tags["tags"]
    if "fold" in cell.tags:
        metadata["jupyter"] = {"source_hidden": True}
    return metadata


def _nbgrader(
    grade_id: str, *, solution: bool = False, grade: bool = False, locked: bool = False
) -> dict[str, Any]:
    return {
        "schema_version": 3,
        "grade_id": grade_id,
        "solution": solution,
        "grade": grade,
        "locked": locked,
        "task": False,
    }
