"""The quiz that a notebook shows with one line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from pitfalls.build import checkout
from pitfalls.quiz import (
    Question,
    QuestionResult,
    Quiz,
    QuizError,
    QuizResult,
    Sheet,
    find,
    handout,
    load,
    load_answers,
    loads,
    mark,
    public,
    save_answers,
    score,
)

from ._static import script, styles

__all__ = ["QuizWidget", "quiz"]

_LATER = "The score and the explanations come back with the feedback."


def quiz(name: str, folder: str | Path = ".") -> QuizWidget | None:
    """Show a quiz. Its answers are kept in `answers.json` beside the notebook.

    Parameters
    ----------
    name : str
        The quiz, named after its notebook: ``"bias_variance"``.
    folder : path, optional
        Where the hand-out ``<name>.quiz.json`` lies and `answers.json` is written; by default
        the notebook's. Without a hand-out there, the quiz comes from the checkout.

    Returns
    -------
    QuizWidget or None
        None in grading, where the answers are read from `answers.json`.

    Raises
    ------
    QuizError
        When there is no such quiz.
    """
    if os.environ.get("PITFALLS_GRADING") == "1":
        print(f"Quiz {name!r}: graded from the answers that were given.")
        return None
    return QuizWidget(name, Path(folder).absolute())


class QuizWidget(anywidget.AnyWidget):
    """A quiz to answer in the browser.

    The browser shows what `_quiz` and `_state` say and sends what the learner does; everything
    else is decided here, so a key reaches the browser only with an explanation that is due.
    """

    _esm = script("quiz", "elements")
    _css = styles("quiz")
    _quiz = traitlets.Dict().tag(sync=True)
    _state = traitlets.Dict().tag(sync=True)

    def __init__(self, name: str, folder: Path) -> None:
        self._folder = folder
        self._given, self._keyed = _open(name, folder)
        self._seen: dict[str, int] = {}  # the last message of each page that was acted on
        self._problem = ""
        self._sheet = self._read()
        super().__init__(_quiz=public(self._given), _state=self._describe())
        self.on_msg(lambda _, content, __: self._act(content))

    def __repr__(self) -> str:
        """What a page without its kernel can say."""
        return f"{self._given.title}: run this cell to open the quiz."

    @property
    def result(self) -> QuizResult | None:
        """The score, once it is open: after handing in, where the key can be had."""
        if self._keyed is None or (self._given.graded and not self._locked):
            return None
        return score(self._keyed, self._sheet.answers)

    @property
    def _locked(self) -> bool:
        return self._given.graded and self._sheet.handed_in is not None

    def _act(self, message: Any) -> None:
        """Do what the learner asked for, and say where that leaves us."""
        if not isinstance(message, dict):
            return
        page, number = message.get("page"), message.get("number")
        if isinstance(page, str) and isinstance(number, int):
            self._seen[page] = number
        self._problem = ""
        self._sheet = self._read()  # another notebook or page may have written meanwhile
        sheet = self._after(message)
        if sheet != self._sheet:
            try:
                self._problem = save_answers(self._folder, self._given.name, sheet)
                self._sheet = sheet
            except OSError as error:
                self._problem = (
                    f"Your answer could not be saved in {self._folder}: "
                    f"{error.strerror or error}. Make room or allow writing, then answer again."
                )
        self._state = self._describe()

    def _after(self, message: Mapping[str, Any]) -> Sheet:
        """The sheet as it is after a message; the same sheet when there is nothing to do."""
        sheet, graded = self._sheet, self._given.graded
        asked = {question.id for question in self._given.questions}
        name = str(message.get("question"))
        if self._locked:
            return sheet
        match message.get("do"):
            case "answer" if name in asked:
                answers = {**sheet.answers, name: message.get("value")}
                if answers[name] in (None, "", []):
                    del answers[name]
                opened = {k: v for k, v in sheet.opened.items() if k != name}
                return replace(sheet, answers=answers, opened=opened)
            case "checked" | "shown" as how if name in asked and not graded:
                return replace(sheet, opened={**sheet.opened, name: how})
            case "start over" if not graded:
                return Sheet()
            case "hand in" if graded:
                return replace(sheet, handed_in=datetime.now(UTC).isoformat(timespec="seconds"))
        return sheet

    def _read(self) -> Sheet:
        try:
            answers = load_answers(self._folder)
        except OSError as error:
            self._problem = f"answers.json cannot be opened: {error.strerror or error}."
            return Sheet()
        self._problem = answers.problem
        return answers.sheet(self._given.name)

    def _describe(self) -> dict[str, Any]:
        """Everything that the page shows beside the questions."""
        sheet, questions = self._sheet, self._given.questions
        answered = [q.id for q in questions if q.read(sheet.answers.get(q.id)) is not None]
        result, told = self.result, {}
        if result is not None and self._given.graded:
            told = {part.question.id: _shown(part) for part in result.questions}
        elif self._keyed is not None:
            for question in questions:
                how, value = sheet.opened.get(question.id), sheet.answers.get(question.id)
                if how and (how == "shown" or question.id in answered):
                    part = mark(self._keyed, question, value)
                    if part.right or how == "shown":
                        told[question.id] = _shown(part)
                    else:  # the reason of the wrong choice is enough for another try
                        part = mark(self._keyed, question, value, everything=False)
                        told[question.id] = _shown(part, everything=False)
        kept = {q.id: value for q in questions if _typed(value := sheet.answers.get(q.id), q)}
        return {
            "answers": kept,
            "answered": answered,
            "handed_in": sheet.handed_in if self._locked else None,
            "points": result.points if result is not None else None,
            "told": told,
            "later": _LATER if self._locked and self._keyed is None else "",
            "problem": self._problem,
            "seen": dict(self._seen),
        }


def _open(name: str, folder: Path) -> tuple[Quiz, Quiz | None]:
    """The quiz as it is handed out, and with its key where that can be had."""
    root = checkout()
    sources = find(root / "autograder" / "exercises") if root else {}
    path = folder / f"{name}.quiz.json"
    if path.is_file():
        given = loads(path.read_bytes())
        if given.key or name not in sources:
            return given, given if given.key else None
        return given, load(sources[name])
    if name in sources:
        return loads(handout(sources[name])), load(sources[name])
    there = f"; the kit has {', '.join(sources)}" if sources else ""
    raise QuizError(
        f"There is no quiz {name!r}: {path.name} is not in {folder}{there}. Put the file back "
        "beside the notebook."
    )


def _typed(value: object, question: Question) -> bool:
    """Whether a value can be shown: a number that cannot be read is for its author to mend."""
    return question.read(value) is not None or (
        question.kind == "numeric" and isinstance(value, str)
    )


def _shown(part: QuestionResult, *, everything: bool = True) -> dict[str, Any]:
    """What the page shows of a question's result."""
    return {
        "everything": everything,
        "right": part.right,
        "answered": part.answered,
        "points": part.points,
        "note": part.note,
        "reasons": [asdict(item) for item in part.explanations],
    }
