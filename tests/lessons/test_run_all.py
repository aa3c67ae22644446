"""A notebook as it is handed out runs from first cell to last, before anything is solved."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# in the other chapters one exercise stands on another, so their notebooks wait for answers
PATHS = [NOTEBOOKS / "00_start_here.ipynb", *sorted(NOTEBOOKS.glob("1_*/*.ipynb"))]


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_stops(path: Path, tmp_path: Path) -> None:
    """No cell raises: one that needs an answer says so in words."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
