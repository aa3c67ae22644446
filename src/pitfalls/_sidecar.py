"""`answers.json`: what a learner answered, beside the notebook, submitted with it.

One file a folder, with a section for each kind of answer; who writes one leaves the others alone::

    {"version": 1, "quizzes": {"bias_variance": ...}, "interviews": {"plays": [...]}}
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp
from typing import Any

__all__ = ["FILE_NAME", "parse", "save"]

FILE_NAME = "answers.json"
_VERSION = 1
_LARGEST = 1 << 20  # bytes; a quiz of twelve questions takes one thousand, so does an interview


def parse(raw: bytes) -> tuple[dict[str, Any], str]:
    """Read the file, whatever is in it: it comes from a learner.

    Returns
    -------
    data : dict
        The file's object; empty where it cannot be read. Numbers in it are finite.
    problem : str
        One sentence on what is wrong with the file, or "".

    Examples
    --------
    >>> parse(b'{"version": 1, "quizzes": {}}')
    ({'version': 1, 'quizzes': {}}, '')
    >>> parse(b"[" * 200_000)
    ({}, 'answers.json cannot be read: it is not JSON.')
    """
    if len(raw) > _LARGEST:
        return {}, f"{FILE_NAME} cannot be read: it has {len(raw)} bytes, more than {_LARGEST}."
    try:
        data = json.loads(raw, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return {}, f"{FILE_NAME} cannot be read: it is not JSON."
    if not isinstance(data, dict):
        return {}, f"{FILE_NAME} cannot be read: it is not a JSON object."
    if data.get("version") != _VERSION:
        return {}, f"{FILE_NAME} cannot be read: it does not say version {_VERSION}."
    return data, ""


def save(folder: Path, section: str, change: Callable[[dict[str, Any]], object]) -> str:
    """Change a section of the file, whole or not at all, and leave the rest of it alone.

    A file that cannot be read is kept beside the new one.

    Parameters
    ----------
    folder : pathlib.Path
    section : str
        ``"quizzes"``, say. One that is not an object is begun anew.
    change : callable
        Is given the section as it is, and changes it in place.

    Returns
    -------
    str
        One sentence on what was kept aside, or "".

    Raises
    ------
    OSError
        When the folder cannot be written.
    ValueError
        When the section is not JSON any more.
    """
    path, said = folder / FILE_NAME, ""
    data: dict[str, Any] = {}
    if path.exists():
        data, problem = parse(path.read_bytes())
        if problem:
            kept = _keep_aside(path)
            said = f"{problem} It was kept as {kept.name}, and a new one begun."
    data["version"] = _VERSION
    if not isinstance(data.get(section), dict):
        data[section] = {}
    change(data[section])
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


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None  # 1e999 is as little an answer as NaN


def _keep_aside(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"answers.damaged-{number}.json")).exists():
        number += 1
    return path.replace(kept)
