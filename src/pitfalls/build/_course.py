"""The source notebooks of an nbgrader course."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ._expand import expand
from ._handouts import handouts
from ._notebook import dumps
from ._source import SourceError, find, show

__all__ = ["write_source"]


def write_source(exercises_dir: Path, course_dir: Path, chapters: Collection[str]) -> list[Path]:
    """Write the nbgrader source notebooks of some chapters into a course.

    Only notebooks and the quizzes' hand-outs are written: nbgrader copies a ``.py`` beside them
    into the release, with its solutions. Nothing is written when one of them cannot be made.

    Parameters
    ----------
    exercises_dir : pathlib.Path
        The checkout's ``autograder/exercises``.
    course_dir : pathlib.Path
        The course's root. Notebooks of the same name in it are replaced.
    chapters : collection of str

    Returns
    -------
    list of pathlib.Path
        ``<course_dir>/source/<chapter>/<notebook>.ipynb`` and ``.quiz.json``, as written.

    Raises
    ------
    SourceError
        When a chapter has no notebook, or a source does not hold together.
    """
    sources = find(exercises_dir)
    texts: dict[Path, bytes] = {}
    for chapter in chapters:
        keys = [key for key in sources if key.startswith(f"{chapter}/")]
        if not keys:
            there = sorted({key.partition("/")[0] for key in sources if "/" in key})
            raise SourceError(
                f"There is no chapter {chapter!r} in {show(exercises_dir)}; there are "
                f"{', '.join(there) or 'none'}."
            )
        for key in keys:
            texts[course_dir / "source" / f"{key}.ipynb"] = dumps(expand(sources[key]))
    for key, handout in handouts(exercises_dir).items():
        if key in sources and key.partition("/")[0] in chapters:
            texts[course_dir / "source" / f"{key}.quiz.json"] = handout
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return list(texts)
