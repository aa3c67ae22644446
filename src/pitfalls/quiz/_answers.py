"""`answers.json`: what a learner answered, beside the notebook, submitted with it.

One file a folder, by quiz and question::

    {"version": 1,
     "quizzes": {"bias_variance": {"answers": {"the_peak": ["b", "c"], "add_the_terms": "6.3"},
                                   "handed_in": "2030-01-01T12:00:00+00:00", "opened": {}}}}
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp
from typing import Any

__all__ = ["FILE_NAME", "Answers", "Sheet", "load_answers", "read_answers", "save_answers"]

FILE_NAME = "answers.json"
_VERSION = 1
_LARGEST = 1 << 20  # bytes; a quiz of twelve questions takes one thousand


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
    data, problem = _parse(raw)
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
    path, said = folder / FILE_NAME, ""
    data: dict[str, Any] = {}
    if path.exists():
        data, problem = _parse(path.read_bytes())
        if problem:
            kept = _keep_aside(path)
            said = f"{problem} It was kept as {kept.name}, and a new one begun."
    quizzes = data.get("quizzes")
    data["version"] = _VERSION
    data["quizzes"] = quizzes if isinstance(quizzes, dict) else {}
    data["quizzes"][name] = {
        "answers": dict(sheet.answers),
        "handed_in": sheet.handed_in,
        "opened": dict(sheet.opened),
    }
    text = json.dumps(data, allow_nan=False, indent=1, sort_keys=True) + "\n"
    descriptor, name_of_new = mkstemp(dir=folder, prefix=".answers-")
    new = Path(name_of_new)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return said


def _parse(raw: bytes) -> tuple[dict[str, Any], str]:
    """The file's object, or an empty one and what is wrong."""
    if len(raw) > _LARGEST:
        return {}, f"answers.json cannot be read: it has {len(raw)} bytes, more than {_LARGEST}."
    try:
        data = json.loads(raw, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return {}, "answers.json cannot be read: it is not JSON."
    if not isinstance(data, dict):
        return {}, "answers.json cannot be read: it is not a JSON object."
    if data.get("version") != _VERSION:
        return {}, f"answers.json cannot be read: it does not say version {_VERSION}."
    return data, ""


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None  # 1e999 is as little an answer as NaN


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


def _keep_aside(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"answers.damaged-{number}.json")).exists():
        number += 1
    return path.replace(kept)
