"""Rebuild a submission from the instructor's skeleton: of the student's, only source text.

Tags, metadata, ids and outputs of the student's are dropped. The student's solution cells, own
cells and changed free cells keep their text and their place; locked and graded cells, and all
cells that the student deleted or retyped, are the instructor's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

__all__ = ["MAX_NOTEBOOK_BYTES", "SubmissionError", "rebuild"]

MAX_NOTEBOOK_BYTES = 20 * 2**20
_MAX_CELLS = 2_000


class SubmissionError(ValueError):
    """Raised for a submission that cannot be read; the message is one sentence."""


@dataclass(frozen=True)
class _Written:
    """What a student's cell is reduced to."""

    cell_type: str
    source: str
    grade_id: str | None
    cell_id: str | None


def rebuild(skeleton: bytes, submission: bytes) -> NotebookNode:
    """Put the student's source text into the instructor's notebook.

    Parameters
    ----------
    skeleton : bytes
        The instructor's source notebook. Its solutions never appear in the result.
    submission : bytes
        The student's file, whatever it holds.

    Returns
    -------
    NotebookNode
        Without outputs; nbformat 4.5.

    Raises
    ------
    SubmissionError
        When the submission is no notebook of format 4.
    """
    notebook: NotebookNode = nbformat.reads(skeleton.decode(), as_version=4)
    written = _read(submission)
    match = _match(notebook.cells, written)
    extras = _extras(match, written)
    numbers = count()
    cells = _extra_cells(extras.get(-1, []), numbers)
    for position, cell in enumerate(notebook.cells):
        cells.append(_filled(cell, written[match[position]] if position in match else None))
        cells += _extra_cells(extras.get(position, []), numbers)
    notebook.cells = cells
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNELSPEC})
    return notebook


_KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def _read(submission: bytes) -> list[_Written]:
    if len(submission) > MAX_NOTEBOOK_BYTES:
        raise SubmissionError(
            f"The notebook has {len(submission) / 2**20:.0f} MB; at most "
            f"{MAX_NOTEBOOK_BYTES / 2**20:.0f} MB are graded. Clear its outputs and hand in again."
        )
    if not submission.strip():
        raise SubmissionError("The file is empty; wanted a notebook. Hand it in again.")
    try:
        data = json.loads(submission.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise SubmissionError(
            "The file is not readable as a notebook (not valid JSON). Save it again in JupyterLab."
        ) from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise SubmissionError(
            f"The file is not a notebook of format 4 (it says format {_format_of(data)}). "
            "Open and save it with JupyterLab."
        )
    if len(data["cells"]) > _MAX_CELLS:
        raise SubmissionError(
            f"The notebook has {len(data['cells'])} cells; at most {_MAX_CELLS} are graded."
        )
    return [written for cell in data["cells"] for written in _written(cell)]


def _format_of(data: Any) -> str:
    version = data.get("nbformat") if isinstance(data, dict) else None
    return str(version) if isinstance(version, int) else "unknown"


def _written(cell: Any) -> Iterator[_Written]:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown"):
        return
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return
    source = source.encode("utf-8", "replace").decode()  # lone surrogates cannot be sent
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = graded.get("grade_id") if isinstance(graded, dict) else None
    yield _Written(
        cell["cell_type"],
        source.replace("\r\n", "\n").replace("\r", "\n"),
        grade_id if isinstance(grade_id, str) else None,
        cell["id"] if isinstance(cell.get("id"), str) else None,
    )


def _match(cells: list[NotebookNode], written: list[_Written]) -> dict[int, int]:
    """Position in the skeleton -> position in the submission, by grade id, cell id, then text.

    Of several cells with one grade id (a copied cell) the last is taken, as the notebook's own
    order of definitions would; the others stay where they are, as the student's own cells.
    """
    match: dict[int, int] = {}
    taken: set[int] = set()

    def pair(key: Any, mine: Any) -> None:
        last = {mine(w): i for i, w in enumerate(written) if i not in taken}
        last.pop(None, None)
        for position, cell in enumerate(cells):
            i = last.get(key(cell))
            if position in match or i is None or i in taken:
                continue
            if written[i].cell_type == cell.cell_type:
                match[position] = i
                taken.add(i)

    pair(lambda cell: cell.metadata.get("nbgrader", {}).get("grade_id", ""), lambda w: w.grade_id)
    pair(lambda cell: cell.get("id", ""), lambda w: w.cell_id)
    pair(lambda cell: cell.source.strip() or "\0", lambda w: w.source.strip())
    return match


def _extras(match: dict[int, int], written: list[_Written]) -> dict[int, list[_Written]]:
    """The student's own cells, by the skeleton's cell that they follow (-1: none)."""
    position_of = {i: position for position, i in match.items()}
    extras: dict[int, list[_Written]] = {}
    after = -1
    for i, cell in enumerate(written):
        if i in position_of:
            after = position_of[i]
        elif cell.source.strip():
            extras.setdefault(after, []).append(cell)
    return extras


def _filled(cell: NotebookNode, written: _Written | None) -> NotebookNode:
    graded = cell.metadata.get("nbgrader", {})
    if graded.get("solution"):
        cell.source = written.source if written else ""
    elif written and not graded.get("locked") and not graded.get("grade"):
        if written.source.strip() != cell.source.strip():
            cell.metadata.pop("tags", None)  # what the author said of it, no longer holds
        cell.source = written.source
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


def _extra_cells(extras: list[_Written], numbers: Iterator[int]) -> list[NotebookNode]:
    """New cells with the students' own source, and ids of our own."""
    return [
        new_code_cell(extra.source, id=f"extra-{next(numbers)}")
        if extra.cell_type == "code"
        else new_markdown_cell(extra.source, id=f"extra-{next(numbers)}")
        for extra in extras
    ]
