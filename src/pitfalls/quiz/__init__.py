"""Quizzes: questions as data, their keys kept apart, answers scored with partial credit."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._answers import FILE_NAME, Answers, Sheet, load_answers, read_answers, save_answers
    from ._handout import dumps, handout, loads, public
    from ._key import ChoiceKey, Explanation, Key, Mistake, NumericKey, OrderKey
    from ._question import Answer, Kind, Option, Question
    from ._quiz import Quiz, QuizError, split
    from ._render import to_html
    from ._score import QuestionResult, QuizResult, mark, score, to_verdict
    from ._source import find, load

__all__ = [
    "FILE_NAME",
    "Answer",
    "Answers",
    "ChoiceKey",
    "Explanation",
    "Key",
    "Kind",
    "Mistake",
    "NumericKey",
    "Option",
    "OrderKey",
    "Question",
    "QuestionResult",
    "Quiz",
    "QuizError",
    "QuizResult",
    "Sheet",
    "dumps",
    "find",
    "handout",
    "load",
    "load_answers",
    "loads",
    "mark",
    "public",
    "read_answers",
    "save_answers",
    "score",
    "split",
    "to_html",
    "to_verdict",
]

_HOME = {
    "FILE_NAME": "_answers",
    "Answer": "_question",
    "Answers": "_answers",
    "ChoiceKey": "_key",
    "Explanation": "_key",
    "Key": "_key",
    "Kind": "_question",
    "Mistake": "_key",
    "NumericKey": "_key",
    "Option": "_question",
    "OrderKey": "_key",
    "Question": "_question",
    "QuestionResult": "_score",
    "Quiz": "_quiz",
    "QuizError": "_quiz",
    "QuizResult": "_score",
    "Sheet": "_answers",
    "dumps": "_handout",
    "find": "_source",
    "handout": "_handout",
    "load": "_source",
    "load_answers": "_answers",
    "loads": "_handout",
    "mark": "_score",
    "public": "_handout",
    "read_answers": "_answers",
    "save_answers": "_answers",
    "score": "_score",
    "split": "_quiz",
    "to_html": "_render",
    "to_verdict": "_score",
}


def __getattr__(name: str) -> Any:
    # `import pitfalls` binds this package, so it must cost next to nothing
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
