"""Learner notebooks: nbgrader clears the solutions, locks the checks and adds checksums."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from nbformat import NotebookNode

from ._notebook import dumps, normalise, read
from ._source import SourceError

__all__ = ["release"]

_TOP = "top"  # nbgrader knows no notebook outside an assignment


def release(source_notebooks: Mapping[str, NotebookNode], out: Path) -> list[Path]:
    """Write the notebooks that learners open.

    nbgrader's own ``generate_assignment`` makes them, in a course that exists only meanwhile.

    Parameters
    ----------
    source_notebooks : mapping of str to nbformat.NotebookNode
        What `expand` gives, by place: ``"1_fundamentals/svm"``, or ``"00_start_here"``.
    out : pathlib.Path
        Where ``1_fundamentals/svm.ipynb`` is written.

    Returns
    -------
    list of pathlib.Path
        The notebooks written. The same sources give the same bytes.

    Raises
    ------
    SourceError
        When nbgrader refuses a notebook.
    """
    with TemporaryDirectory() as folder:
        course = Path(folder)
        places = {key: _place(key) for key in source_notebooks}
        for key, notebook in source_notebooks.items():
            path = course / "source" / f"{places[key]}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dumps(notebook))
        for assignment in sorted({place.partition("/")[0] for place in places.values()}):
            _generate(course, assignment)
        written = []
        for key, notebook in source_notebooks.items():
            made = read(course / "release" / f"{places[key]}.ipynb")
            path = out / f"{key}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dumps(normalise(made, {cell.id for cell in notebook.cells})))
            written.append(path)
    return written


def _place(key: str) -> str:
    return key if "/" in key else f"{_TOP}/{key}"


def _generate(course: Path, assignment: str) -> None:
    """Run nbgrader's converter on one assignment, quietly."""
    from nbgrader.converters import GenerateAssignment  # more than a second, so only when needed
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import SaveCells

    kept = _KeepErrors()
    log = logging.getLogger("pitfalls.build")
    log.propagate = False
    log.addHandler(kept)
    directory = CourseDirectory(root=str(course), assignment_id=assignment, log=log)
    converter = GenerateAssignment(coursedir=directory, no_database=True, log=log)
    # a gradebook would be thrown away with the course, and takes a third of the time
    converter.preprocessors = [step for step in converter.preprocessors if step is not SaveCells]
    try:
        converter.start()
    except NbGraderException as error:
        reason = kept.last or str(error)
        raise SourceError(f"nbgrader cannot release {assignment}: {reason}") from error
    finally:
        log.removeHandler(kept)


class _KeepErrors(logging.Handler):
    """Keep the last line of the first error that nbgrader logs: it raises without saying why."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().strip().splitlines()
        if lines and "Traceback" in lines[0]:
            self.last = self.last or lines[-1]
