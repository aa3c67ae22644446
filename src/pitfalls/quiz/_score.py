"""From answers to points and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._key import Explanation
from ._question import Question
from ._quiz import Quiz, QuizError

if TYPE_CHECKING:
    from pitfalls.checks import State, Verdict

__all__ = ["QuestionResult", "QuizResult", "mark", "score", "to_verdict"]


@dataclass(frozen=True)
class QuestionResult:
    """What one question came to.

    Attributes
    ----------
    question : Question
    answered : bool
        Whether there was an answer that the question can read.
    points, max_points : float
        To two decimals.
    right : bool
        Whether the answer earned everything.
    note : str
        How far a partly right answer got.
    explanations : tuple of Explanation
    """

    question: Question
    answered: bool
    points: float
    max_points: float
    right: bool
    note: str
    explanations: tuple[Explanation, ...]


@dataclass(frozen=True)
class QuizResult:
    """What a quiz came to."""

    name: str
    title: str
    questions: tuple[QuestionResult, ...]

    @property
    def points(self) -> float:
        """The points earned."""
        return round(sum(result.points for result in self.questions), 2)

    @property
    def max_points(self) -> float:
        """What a full score is."""
        return sum(result.max_points for result in self.questions)

    @property
    def right(self) -> int:
        """How many questions earned everything."""
        return sum(result.right for result in self.questions)

    @property
    def unanswered(self) -> tuple[int, ...]:
        """The numbers, from 1, of the questions without an answer."""
        return tuple(n for n, result in enumerate(self.questions, 1) if not result.answered)


def score(quiz: Quiz, answers: object) -> QuizResult:
    """Score the answers to a quiz.

    Parameters
    ----------
    quiz : Quiz
        With its key.
    answers : mapping of str to object
        By question, as `Question.read` takes them. Whatever a question cannot read counts as not
        answered, and so does everything if this is no mapping: answers are not to be trusted.

    Returns
    -------
    QuizResult

    Raises
    ------
    QuizError
        When the quiz comes without its key.

    Examples
    --------
    >>> from pitfalls.quiz import NumericKey
    >>> question = Question("q", "numeric", "Two and two", "What is 2 + 2?", 1)
    >>> quiz = Quiz("sums", "Sums", True, (question,), key={"q": NumericKey(4, 0.1, 0, "2 + 2")})
    >>> score(quiz, {"q": "4.0"}).points, score(quiz, {"q": float("nan")}).unanswered
    (1.0, (1,))
    """
    given = answers if isinstance(answers, Mapping) else {}
    results = tuple(mark(quiz, question, given.get(question.id)) for question in quiz.questions)
    return QuizResult(quiz.name, quiz.title, results)


def mark(
    quiz: Quiz, question: Question, value: object, *, everything: bool = True
) -> QuestionResult:
    """Score the answer to one question.

    Parameters
    ----------
    quiz : Quiz
        With its key.
    question : Question
    value : object
        See `Question.read`.
    everything : bool, default=True
        Explain everything, rather than only what was chosen.
    """
    if question.id not in quiz.key:
        raise QuizError(f"The quiz {quiz.name!r} comes without its key; it cannot be scored here.")
    key, answer = quiz.key[question.id], question.read(value)
    fraction = 0.0 if answer is None else key.fraction(question, answer)
    partly = answer is not None and fraction < 1
    return QuestionResult(
        question,
        answer is not None,
        round(question.points * fraction, 2),
        question.points,
        fraction == 1,
        key.note(question, answer) if partly and answer is not None else "",
        key.explain(question, answer, everything=everything),
    )


def to_verdict(result: QuizResult, problem: str = "") -> Verdict:
    """The result as a verdict with one part a question, as the grading engine stores it.

    Parameters
    ----------
    result : QuizResult
    problem : str, optional
        Why answers are missing, see `read_answers`.

    Returns
    -------
    Verdict
        On ``quiz_<name>``.
    """
    from pitfalls.checks import PartResult, Verdict  # it takes NumPy along, a quiz needs none

    answered = len(result.questions) - len(result.unanswered)
    state: State = "wrong" if answered else "not_attempted"
    if result.right == len(result.questions):
        state = "right"
    message = f"{result.right} of {len(result.questions)} questions right."
    if result.unanswered:
        message += f" Not answered: {', '.join(map(str, result.unanswered))}."
    return Verdict(
        f"quiz_{result.name}",
        state,
        result.points,
        result.max_points,
        tuple(
            PartResult(part.question.title, part.points, part.max_points, part.right)
            for part in result.questions
        ),
        f"{problem} {message}".strip(),
    )
