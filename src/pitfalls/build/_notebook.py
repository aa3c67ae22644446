"""Notebooks whose bytes follow from their content: cells, ids, kernel, text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

__all__ = ["dumps", "new_cell", "new_notebook", "normalise", "read"]

_NEW_CELL: dict[str, Callable[..., NotebookNode]] = {
    "code": v4.new_code_cell,
    "markdown": v4.new_markdown_cell,
    "raw": v4.new_raw_cell,
}
_new_notebook: Callable[..., NotebookNode] = v4.new_notebook
_read: Callable[..., NotebookNode] = nbformat.read
_writes: Callable[..., str] = nbformat.writes


def new_cell(
    kind: str, source: str, cell_id: str | None = None, metadata: dict[str, Any] | None = None
) -> NotebookNode:
    """A cell whose id is `cell_id`, else a hash of its text.

    Examples
    --------
    >>> new_cell("code", "1 + 1").id
    '51acba95dfb2'
    """
    cell_id = cell_id or _hash(kind, source)
    return _NEW_CELL[kind](source, id=cell_id, metadata=metadata or {})


def new_notebook(cells: list[NotebookNode], metadata: dict[str, Any]) -> NotebookNode:
    """A notebook of these cells, normalised."""
    notebook = _new_notebook(metadata=metadata)
    notebook.cells = cells
    return normalise(notebook)


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    return _read(path, as_version=4)


def _hash(kind: str, source: str) -> str:
    """Twelve hexadecimal digits of a cell's kind and text."""
    return hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()[:12]


def normalise(notebook: NotebookNode, known_ids: Collection[str] | None = None) -> NotebookNode:
    """Take out of a notebook, in place, what a run or a tool left in it.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    known_ids : collection of str, optional
        The ids to keep; a cell with another one gets a hash of its text. By default all are kept.

    Returns
    -------
    nbformat.NotebookNode
        The same notebook: unique ids, no outputs, no counts, the kernel python3.
    """
    taken: set[str] = set()
    for cell in notebook.cells:
        if known_ids is not None and cell.id not in known_ids:
            cell.id = _hash(cell.cell_type, cell.source)
        wanted, n = cell.id, 1
        while cell.id in taken:  # the same text twice
            n += 1
            cell.id = f"{wanted}-{n}"
        taken.add(cell.id)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def dumps(notebook: NotebookNode) -> bytes:
    """The bytes of a notebook: sorted keys, one space of indent, a newline at the end."""
    return f"{_writes(notebook).rstrip()}\n".encode()
