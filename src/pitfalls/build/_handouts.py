"""The quizzes' hand-outs, which lie beside the notebooks."""

from __future__ import annotations

from pathlib import Path

from pitfalls import quiz

from ._source import SourceError, show

__all__ = ["handouts"]


def handouts(exercises_dir: Path) -> dict[str, bytes]:
    """What is handed out of every quiz, by place: ``"1_fundamentals/svm"``.

    The key of a graded quiz is not in it.

    Raises
    ------
    SourceError
        When a quiz does not hold together.

    Examples
    --------
    >>> handouts(Path("no/such/folder"))
    {}
    """
    found = {}
    for name, path in quiz.find(exercises_dir).items():
        try:
            found[f"{path.parent.name}/{name}"] = quiz.handout(path)
        except quiz.QuizError as error:
            raise SourceError(f"{show(path.parent)}: {error}") from None
    return found
