"""The file that lies beside a learner's notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ._key import ChoiceKey, Key, Mistake, NumericKey, OrderKey
from ._question import Option, Question
from ._quiz import Quiz, QuizError, split
from ._source import load

__all__ = ["dumps", "handout", "loads", "public"]

_VERSION = 1


def handout(path: Path) -> bytes:
    """What is handed out of the quiz at a path: `<notebook>.quiz.json`, as bytes.

    A graded quiz goes without its key and explanations. A practice quiz keeps them, apart from
    its questions, so that it explains itself wherever the folder goes.

    Parameters
    ----------
    path : pathlib.Path
        ``autograder/exercises/<chapter>/<notebook>.quiz.toml``.

    Returns
    -------
    bytes
        JSON. The same source gives the same bytes.

    Raises
    ------
    QuizError
        When the source does not hold together.
    """
    quiz = load(path)
    return dumps(split(quiz)[0] if quiz.graded else quiz)


def public(quiz: Quiz) -> dict[str, Any]:
    """The questions as JSON-ready data, whether or not the quiz has its key."""
    return {
        "name": quiz.name,
        "title": quiz.title,
        "graded": quiz.graded,
        "about": quiz.about,
        "points": quiz.points,
        "questions": [
            {**asdict(question), "options": [asdict(option) for option in question.options]}
            for question in quiz.questions
        ],
    }


def dumps(quiz: Quiz) -> bytes:
    """A quiz, and its key if it has one, as a JSON file.

    Examples
    --------
    >>> question = Question("q", "numeric", "Two and two", "What is 2 + 2?", 1)
    >>> loads(dumps(Quiz("sums", "Sums", True, (question,)))).questions[0].text
    'What is 2 + 2?'
    """
    data = {"version": _VERSION, **public(quiz)}
    if quiz.key:
        data["key"] = {name: asdict(key) for name, key in quiz.key.items()}
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def loads(raw: bytes) -> Quiz:
    """The quiz that `dumps` wrote.

    Raises
    ------
    QuizError
        When it is damaged or of another version.
    """
    try:
        data = json.loads(raw)
        if data["version"] != _VERSION:
            raise QuizError(
                f"The quiz file is of version {data['version']}, and this kit reads {_VERSION}; "
                "update the kit or fetch the file again."
            )
        questions = tuple(_question(given) for given in data["questions"])
        kinds = {question.id: question for question in questions}
        key = {name: _key(kinds[name], given) for name, given in data.get("key", {}).items()}
        if key and key.keys() != kinds.keys():
            raise KeyError("key")
        return Quiz(data["name"], data["title"], data["graded"], questions, data["about"], key)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, QuizError):
            raise
        raise QuizError("The quiz file is damaged; fetch it again.") from None


def _question(given: Mapping[str, Any]) -> Question:
    options = tuple(Option(**option) for option in given["options"])
    return Question(**{**given, "options": options})


def _key(question: Question, given: Mapping[str, Any]) -> Key:
    if question.kind == "numeric":
        mistakes = tuple(Mistake(**mistake) for mistake in given["mistakes"])
        return NumericKey(**{**given, "mistakes": mistakes})
    ids = {option.id for option in question.options}
    if given["why"].keys() != ids or not ids.issuperset(given.get("right", given.get("order"))):
        raise KeyError(question.id)
    if question.kind == "order":
        return OrderKey(tuple(given["order"]), given["why"])
    return ChoiceKey(tuple(given["right"]), given["why"])
