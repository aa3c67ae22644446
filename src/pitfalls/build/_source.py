"""The source of a notebook: percent text with short tags, read cell by cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode, ValidationError

from ._marks import SOLUTION_MARK

__all__ = ["SourceCell", "SourceError", "at", "find", "key_of", "parse", "show"]

_LAYOUT = {"cell_marker", "lines_to_end_of_cell_marker", "lines_to_next_cell", "region_name"}
_MARKER = re.compile(r"^\s*#\s*%%(%*\s|$)")
_MARKER_LIKE = re.compile(r"^(\s*#\s*(?:%%|<codecell>|In\[).*?)\s*$")  # all that jupytext heeds
_NUMBERED = re.compile(r" at_line=\d+$", re.MULTILINE)
_NOT_USED = re.compile(r"(BEGIN|END) (HIDDEN TESTS|MARK SCHEME)|AUTOTEST")
_JUPYTEXT_TRIPS = (AttributeError, KeyError, TypeError, ValueError, ValidationError)
_WANTED = {
    "ex": 'a name, as in ex="ridge"',
    "task": 'a name, as in task="story"',
    "quiz": 'a name, as in quiz="svm"',
    "interview": 'a name, as in interview="framing"',
    "points": "a number above 0",
    "tags": 'a list of names, as in tags=["scratch"]',
    "locked": "true",
    "fold": "true",
}


class SourceError(ValueError):
    """A notebook's source does not hold together; the message is one sentence with the place."""


@dataclass(frozen=True)
class SourceCell:
    """One cell as its author wrote it.

    Attributes
    ----------
    kind : {"code", "markdown", "raw"}
    source : str
    tags : dict
        What follows ``# %%``, such as ``{"ex": "ridge", "points": 6}``.
    line : int
        The line of its ``# %%``, counted from 1.
    """

    kind: str
    source: str
    tags: dict[str, Any]
    line: int

    @property
    def graded(self) -> str | None:
        """The name of the exercise or task that the cell is, or None."""
        name: str | None = self.tags.get("ex") or self.tags.get("task")
        return name


def find(exercises_dir: Path) -> dict[str, Path]:
    """Every source in a folder of exercises, by `key_of`, in the order of the chapters.

    Examples
    --------
    >>> find(Path("no/such/folder"))
    {}
    """
    paths = [*exercises_dir.glob("*.py"), *exercises_dir.glob("*/*.py")]
    return {
        key_of(path): path
        for path in sorted(paths)
        if not path.name.startswith(".")
        and not path.parent.name.startswith((".", "_"))  # .ipynb_checkpoints, __pycache__
    }


def key_of(path: Path) -> str:
    """The notebook's place in the kit.

    Examples
    --------
    >>> key_of(Path("autograder/exercises/1_fundamentals/svm.py"))
    '1_fundamentals/svm'
    >>> key_of(Path("autograder/exercises/00_start_here.py"))
    '00_start_here'
    """
    chapter = path.parent.name
    return path.stem if chapter == "exercises" else f"{chapter}/{path.stem}"


def parse(path: Path) -> list[SourceCell]:
    """The cells of a percent text.

    Raises
    ------
    SourceError
        When the file cannot be read, or a cell's tags or solution markers are wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{show(path)} cannot be read: {error}.") from None
    # jupytext knows which markers are real (not inside a string) but drops where they stand
    text = "\n".join(_MARKER_LIKE.sub(rf"\1 at_line={n}", line) for n, line in enumerate(lines, 1))
    first = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (1, ""))
    if not _MARKER.match(first[1]):  # nor a header: the build sets the kernel
        raise SourceError(f"{at(path, first[0])}: a source begins with # %%. Got {first[1]!r}.")
    cells = []
    for node in _read(path, text):
        tags = {key: value for key, value in node.metadata.items() if key not in _LAYOUT}
        line = tags.pop("at_line")
        cell = SourceCell(node.cell_type, _NUMBERED.sub("", node.source), tags, line)
        if tags.pop("title", "").startswith("["):
            raise SourceError(f"{at(path, line)}: a cell is [markdown], [raw] or plain code.")
        for line, complaint in [*_tag_faults(cell), *_solution_faults(cell)]:
            raise SourceError(f"{at(path, line)}: {complaint}")
        cells.append(cell)
    return cells


def _read(path: Path, text: str) -> list[NotebookNode]:
    """The cells as jupytext sees them, each with its `at_line`."""
    try:
        cells: list[NotebookNode] = jupytext.reads(text, fmt="py:percent").cells
        if all("at_line" in cell.metadata for cell in cells):
            return cells
    except _JUPYTEXT_TRIPS:  # over a tag that means something to it, with another type
        pass
    numbered = [line for line in text.split("\n") if _NUMBERED.search(line)]
    if len(numbered) > 1:
        for line in numbered:
            _read(path, line)
    marker, _, n = numbered[0].rpartition(" at_line=")
    raise SourceError(f"{at(path, int(n))}: the tags of {marker!r} cannot be read.")


def at(path: Path, line: int) -> str:
    """A place, as a message names it."""
    return f"{show(path)}, line {line}"


def show(path: Path) -> str:
    """A path as the person at the prompt would type it."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _tag_faults(cell: SourceCell) -> Iterator[tuple[int, str]]:
    """What is wrong with a cell's tags: a line and a complaint each."""
    tags, line = cell.tags, cell.line
    if "incorrectly_encoded_metadata" in tags:
        bad = tags["incorrectly_encoded_metadata"]
        yield line, f'the tags {bad!r} cannot be read; write them as ex="ridge" points=6.'
    for tag, value in tags.items():
        if tag not in _WANTED:
            yield line, f"there is no tag {tag!r}; there are {', '.join(sorted(_WANTED))}."
        elif not _fits(tag, value):
            yield line, f"the tag {tag} wants {_WANTED[tag]}. Got {value!r}."
    if "ex" in tags and "task" in tags:
        yield line, "a cell is either an exercise (ex) or a task graded by hand (task)."
    if (cell.graded is not None or "interview" in tags) != ("points" in tags):
        yield line, "points go with ex, task or interview, and each of these with points."
    if cell.graded is not None and "locked" in tags:
        yield line, f"{cell.graded!r} cannot be locked: a learner writes there."
    if "quiz" in tags and (len(tags) > 1 or cell.kind != "code" or cell.source.strip()):
        yield line, "a quiz stands alone: an empty code cell with no other tag."
    if "interview" in tags and (len(tags) > 2 or cell.kind != "code" or cell.source.strip()):
        yield line, "an interview stands alone: an empty code cell with points and no other tag."
    if "ex" in tags and cell.kind != "code":
        yield line, f"the exercise {tags['ex']!r} must be a code cell, not {cell.kind}."


def _fits(tag: str, value: object) -> bool:
    if tag in ("ex", "task", "quiz", "interview"):
        return isinstance(value, str) and value.isidentifier() and value.isascii()
    if tag == "points":
        return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    if tag == "tags":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return value is True


def _solution_faults(cell: SourceCell) -> Iterator[tuple[int, str]]:
    """What is wrong with a cell's solution: a line and a complaint each."""
    marks: list[tuple[int, str]] = []
    for line, text in enumerate(cell.source.split("\n"), cell.line + 1):
        if found := _NOT_USED.search(text):
            yield line, f"{found[0]!r} has no place here: what is tested stands in the lesson."
        marks += [(line, word) for word in SOLUTION_MARK.findall(text)]
    if cell.graded is None:
        if marks:
            yield marks[0][0], "a solution stands outside an exercise; tag its cell with ex."
        return
    for i, (line, word) in enumerate(marks):
        due = ("BEGIN", "END")[i % 2]
        if word != due:
            yield line, f"{word} SOLUTION stands where {due} SOLUTION is due."
    if not marks or len(marks) % 2:
        line = marks[-1][0] if marks else cell.line
        yield line, f"{cell.graded!r} needs a ### BEGIN SOLUTION and its ### END SOLUTION."
    if "ex" in cell.tags:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield cell.line + (error.lineno or 0), f"{cell.graded!r} is not Python: {error.msg}."
