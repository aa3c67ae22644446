"""A quiz: its questions, and its key where one may have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ._key import Key
from ._question import Question

__all__ = ["Quiz", "QuizError", "split"]


class QuizError(ValueError):
    """A quiz does not hold together or cannot be found; the message is one sentence."""


@dataclass(frozen=True)
class Quiz:
    """A quiz as data.

    Attributes
    ----------
    name : str
        The notebook's: ``"bias_variance"``.
    title : str
    graded : bool
        Graded: answered once, handed in, explained afterwards. Else practice: every question is
        checked at once, as often as one likes.
    questions : tuple of Question
    about : str
        A sentence or two to begin with.
    key : mapping of str to Key
        By question; empty for a graded quiz as it is handed out.
    """

    name: str
    title: str
    graded: bool
    questions: tuple[Question, ...]
    about: str = ""
    key: Mapping[str, Key] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What a full score is."""
        return sum(question.points for question in self.questions)


def split(quiz: Quiz) -> tuple[Quiz, Mapping[str, Key]]:
    """Part a quiz into what is handed out and its key.

    Returns
    -------
    questions : Quiz
        The quiz without its key.
    key : mapping of str to Key

    Examples
    --------
    >>> from pitfalls.quiz import NumericKey, Question
    >>> question = Question("q", "numeric", "Two and two", "What is 2 + 2?", 1)
    >>> quiz = Quiz("sums", "Sums", True, (question,), key={"q": NumericKey(4, 0.1, 0, "2 + 2")})
    >>> questions, key = split(quiz)
    >>> questions.key, key["q"].answer
    ({}, 4)
    """
    return replace(quiz, key={}), quiz.key
