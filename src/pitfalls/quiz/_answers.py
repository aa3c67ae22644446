"""What a learner answered to quizzes: the section `quizzes` of `answers.json`.

By quiz and question::

    {"version": 1,
     "quizzes": {"bias_variance": {"answers": {"the_peak": ["b", "c"], "add_the_terms": "6.3"},
                                   "handed_in": "2030-01-01T12:00:00+00:00", "opened": {}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pitfalls._sidecar import FILE_NAME, parse, save

__all__ = ["FILE_NAME", "Answers", "Sheet", "load_answers", "read_answers", "save_answers"]


@dataclass(frozen=True)
class Sheet:
    """The answers to one quiz.

    Attributes
    ----------
    answers : mapping of str to object
        By question; as they came, so anything may stand there.
    handed_in : str or None
        When, as ISO 8601 in UTC.
    opened : mapping of str to str
        Practice: the questions whose explanations stand open, "checked" or "shown".
    """

    answers: Mapping[str, object] = field(default_factory=dict)
    handed_in: str | None = None
    opened: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """All sheets of a file, and one sentence on what is wrong with the file, or ""."""

    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    problem: str = ""

    def sheet(self, name: str) -> Sheet:
        """The answers to one quiz; an empty sheet when there are none."""
        return self.sheets.get(name, Sheet())


def read_answers(raw: bytes) -> Answers:
    """Read `answers.json`, whatever is in it: it comes from a learner.

    Examples
    --------
    >>> raw = b'{"version": 1, "quizzes": {"svm": {"answers": {"q": "b"}}}}'
    >>> read_answers(raw).sheet("svm").answers
    {'q': 'b'}
    >>> read_answers(b"[" * 200_000).problem
    'answers.json cannot be read: it is not JSON.'
    """
    data, problem = parse(raw)
    quizzes = data.get("quizzes")
    if not isinstance(quizzes, dict):
        return Answers(problem=problem)
    return Answers({name: _sheet(entry) for name, entry in quizzes.items()}, problem)


def load_answers(folder: Path) -> Answers:
    """Read the `answers.json` of a folder; empty when there is none.

    Raises
    ------
    OSError
        When the file is there and cannot be opened.
    """
    try:
        return read_answers((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return Answers()


def save_answers(folder: Path, name: str, sheet: Sheet) -> str:
    """Write the answers to one quiz, whole or not at all, and leave the rest of the file alone.

    A file that cannot be read is kept beside the new one.

    Returns
    -------
    str
        One sentence on what was kept aside, or "".

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    entry = {
        "answers": dict(sheet.answers),
        "handed_in": sheet.handed_in,
        "opened": dict(sheet.opened),
    }
    return save(folder, "quizzes", lambda quizzes: quizzes.update({name: entry}))


def _sheet(entry: object) -> Sheet:
    if not isinstance(entry, dict):
        return Sheet()
    answers, opened, handed_in = (entry.get(k) for k in ("answers", "opened", "handed_in"))
    return Sheet(
        answers if isinstance(answers, dict) else {},
        handed_in[:40] if isinstance(handed_in, str) else None,
        {k: v for k, v in opened.items() if v in ("checked", "shown")}
        if isinstance(opened, dict)
        else {},
    )
