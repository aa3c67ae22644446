"""Lay the notebooks out as copies that a learner works on, without ever losing a change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

__all__ = ["Laid", "lay"]

_NOTE = "newer-version"  # the id of the cell that says so
_NOTE_TEXT = """<div class="alert alert-info">

**This is a newer version of `{name}`, laid beside yours.** You had changed your own, so it stays
exactly as it was. Copy what you want to keep from there to here, or delete this file: it will not
come back before the notebook changes again.

</div>"""


@dataclass(frozen=True)
class Laid:
    """What was done about one file.

    Attributes
    ----------
    path : pathlib.Path
        The file that was written.
    what : {"new", "updated", "beside"}
        "beside": the learner's own was changed and stays; the newer version lies beside it.
    """

    path: Path
    what: Literal["new", "updated", "beside"]


def lay(source: Path, work: Path) -> list[Laid]:
    """Copy a tree of notebooks into a work folder.

    A copy that nobody changed is replaced by a newer version. A changed one stays, and the newer
    version is laid beside it as ``<name>.new.ipynb``. Running a notebook is no change; editing a
    cell is.

    Parameters
    ----------
    source : pathlib.Path
        The ``notebooks`` folder.
    work : pathlib.Path
        Made when it is missing. ``.pitfalls/laid.json`` in it remembers what was laid.

    Returns
    -------
    list of Laid
        The files written; empty when everything was up to date.

    Raises
    ------
    OSError
        When a file cannot be read or written; what was laid until then stays.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     kit = Path(folder, "notebooks")
    ...     kit.mkdir()
    ...     _ = (kit / "picture.svg").write_text("<svg/>")
    ...     first, second = lay(kit, Path(folder, "work")), lay(kit, Path(folder, "work"))
    >>> first[0].what, second
    ('new', [])
    """
    memory = work / ".pitfalls" / "laid.json"
    memory.parent.mkdir(parents=True, exist_ok=True)
    laid = _recall(memory)
    done = []
    for path in _files(source):
        name = path.relative_to(source).as_posix()
        written = _lay_one(path.read_bytes(), name, work, laid)
        if written is not None:
            done.append(written)
    _write(memory, json.dumps(laid, indent=1, sort_keys=True).encode())
    return done


def _lay_one(new: bytes, name: str, work: Path, laid: dict[str, str]) -> Laid | None:
    """Bring one file up to date and remember in `laid` what was laid where."""
    target, mark = work / name, _mark(new)
    mine = _mark(target.read_bytes()) if target.exists() else None
    if mine == mark:
        laid[name] = mark
        return None
    if mine is None or mine == laid.get(name):
        _write(target, new)
        laid[name] = mark
        return Laid(target, "updated" if mine else "new")
    if laid.get(name) == mark:  # changed by the learner, and nothing newer has come
        return None
    for beside in _names_beside(name):
        there = work / beside
        found = _mark(there.read_bytes()) if there.exists() else None
        if mark in (found, laid.get(beside)):  # it lies there, or the learner has dealt with it
            laid[beside] = mark
            return None
        if found is None or found == laid.get(beside):
            _write(there, _with_note(new, Path(name).name))
            laid[beside] = mark
            return Laid(there, "beside")
    raise AssertionError("there is always a free name")  # pragma: no cover


def _names_beside(name: str) -> Iterator[str]:
    stem, dot, suffix = name.rpartition(".")
    for n in count(1):
        yield f"{stem}.new{'' if n == 1 else f'-{n}'}{dot}{suffix}"


def _files(source: Path) -> list[Path]:
    """Everything but hidden files and what lies in hidden folders."""
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    return [p for p in paths if not any(q.startswith(".") for q in p.relative_to(source).parts)]


def _mark(content: bytes) -> str:
    """A fingerprint: of a notebook its cells' kinds and texts, of anything else its bytes."""
    cells = _cells(content)
    if cells is not None:
        content = json.dumps(cells).encode()
    return hashlib.sha256(content).hexdigest()


def _cells(content: bytes) -> list[tuple[str, str]] | None:
    try:
        cells = json.loads(content)["cells"]
        return [(c["cell_type"], "".join(c["source"])) for c in cells if c.get("id") != _NOTE]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _with_note(content: bytes, name: str) -> bytes:
    if _cells(content) is None:
        return content
    notebook = json.loads(content)
    text = _NOTE_TEXT.format(name=name).splitlines(keepends=True)
    note = {"cell_type": "markdown", "id": _NOTE, "metadata": {}, "source": text}
    notebook["cells"].insert(0, note)
    return f"{json.dumps(notebook, ensure_ascii=False, indent=1)}\n".encode()


def _recall(memory: Path) -> dict[str, str]:
    """What was laid; without a readable memory every copy that differs counts as changed."""
    try:
        laid = json.loads(memory.read_bytes())
        return {str(name): str(mark) for name, mark in laid.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(path: Path, content: bytes) -> None:
    """Write all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(content)
    os.replace(half, path)
