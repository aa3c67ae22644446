"""A notebook on its way to being handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pitfalls import interview, quiz
from pitfalls.checks import Lesson

from ._talks import Talk, silent

__all__ = ["RIGHT", "AnswerFunction", "Cells", "Draft", "Role"]

RIGHT = "right"
AnswerFunction = Callable[..., Any]
Cells = list[dict[str, Any]]


@dataclass
class Draft:
    """One notebook on its way to being handed in.

    `earns` says of each exercise what it deserves: everything, what the check gives an answer
    (with the pitfall's name), or nothing where it is absent.
    """

    lesson: Lesson
    cells: Cells
    right: Mapping[str, str]  # exercise -> text of the solution
    quizzes: Sequence[quiz.Quiz]
    others: Mapping[str, Sequence[AnswerFunction]]
    earns: dict[str, str | tuple[AnswerFunction, str]] = field(default_factory=dict)
    file: str = ""
    at_most: bool = False
    answered: float = 0.0  # the share of each quiz's questions that is answered, and rightly
    talk: Callable[[interview.Case, int], Talk] = silent  # how each interview goes
    tidy: bool = True  # whether the lesson's demonstrations are cleared away
    status: str = "graded"
    content: bytes | None = None

    @property
    def names(self) -> list[str]:
        return [exercise.name for exercise in self.lesson.exercises]

    def leave_out(self) -> None:
        """Do not hand this notebook in."""
        self.file, self.status = "", "missing"

    def cell(self, grade_id: str) -> dict[str, Any]:
        return next(cell for cell in self.cells if grade_id_of(cell) == grade_id)

    def write(self, name: str, text: str) -> None:
        self.cell(name)["source"] = text

    def solve(self, *names: str) -> None:
        for name in names:
            self.write(name, self.right[name])
            self.earns[name] = RIGHT

    def add(self, after: str | None, source: str, **metadata: Any) -> None:
        """A cell of the student's own, after the cell of a grade id or at the top."""
        place = 0 if after is None else self.cells.index(self.cell(after)) + 1
        self.cells.insert(
            place,
            {
                "cell_type": "code",
                "id": f"own-{place}",
                "metadata": metadata,
                "source": source,
                "outputs": [],
                "execution_count": None,
            },
        )


Role = Callable[[Draft], None]


def grade_id_of(cell: dict[str, Any]) -> str | None:
    grade_id: str | None = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return grade_id
