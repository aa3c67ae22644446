"""What a course's configuration names: nbgrader's own commands go through the engine.

nbgrader's Autograde converts each notebook twice, with an exporter of a configurable class. The
first time ours does not read the submission as a notebook at all: it grades the bytes. The second
time, when the graded notebook lies in ``autograded``, it enters the scores.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter

from ._coordinator import matching_skeletons, placeholder, result_of
from ._course import Course, Submission
from ._files import read_regular
from ._gradebook import Book
from ._log import log_results
from ._rebuild import SubmissionError
from ._records import Result, Sheet
from ._step import Job, grade_notebook

__all__ = ["EngineExporter", "disarm"]


class EngineExporter(NotebookExporter):
    """Grades in place of converting, for ``c.Autograde.exporter_class``."""

    step = staticmethod(grade_notebook)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self._opened: tuple[Course, Book] | None = None
        self._results: dict[tuple[str, str, str], Result] = {}

    def from_filename(  # type: ignore[override]  # text is what its converter writes
        self, filename: str, resources: Any = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """Grade a submission, or save what grading it came to."""
        names = resources["nbgrader"]
        key = (names["student"], names["assignment"], names["notebook"])
        course, book = self._open()
        sheet = book.sheet(names["assignment"])
        result = self._results.pop(key, None)
        if result is None:
            result = self._results[key] = self._grade(course, sheet, Path(filename), *key)
        else:
            book.save(sheet, names["student"], [result])
            log_results(course.root, names["student"], names["assignment"], [result])
        resources["output_extension"] = self.file_extension
        page = placeholder(result) if result.content is None else result.content
        return page.decode(), resources

    def _open(self) -> tuple[Course, Book]:
        if self._opened is None:
            converter: Any = self.parent
            course = Course(self.config, converter.coursedir)
            self._opened = course, course.gradebook()
        return self._opened

    def _grade(
        self, course: Course, sheet: Sheet, path: Path, student: str, chapter: str, notebook: str
    ) -> Result:
        skeletons, files = matching_skeletons(course, sheet), course.files(chapter)
        _prune(course.path("autograded", student, chapter), files)
        handed_in = Submission(student, path.parent, None)
        try:
            job = Job(
                student=student,
                assignment=chapter,
                notebook=notebook,
                skeleton=skeletons[notebook],
                submission=read_regular(path, course.root),
                answers=course.answers(handed_in),
                keys=course.keys(chapter),
                seed=course.seed,
                files=files,
                limits=course.limits,
                isolated=course.settings.isolated,
            )
        except SubmissionError as error:
            result = Result(notebook, "failed", "", notes=(str(error),))
        else:
            result = result_of(job, lambda: self.step(job))
        for note in result.notes:
            self.log.error("%s, %s: %s", student, notebook, note)
        return result


def disarm(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Take out of a submission what nbgrader would follow: links, pipes, devices.

    For ``c.Autograde.pre_convert_hook``: nbgrader then copies the submission's other files to
    where the student's feedback is made from, so a link to a file of the instructor's would come
    back with it. A timestamp that cannot be read, over which nbgrader stops, is laid aside.
    """
    for folder in {Path(notebook).parent for notebook in notebooks}:
        for place, folders, files in os.walk(folder):
            for path in (Path(place, name) for name in (*folders, *files)):
                mode = path.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.suffix == ".ipynb"):
                    path.unlink()  # of notebooks, nbgrader copies none and the engine reads no link
        _lay_aside(folder / "timestamp.txt")


def _lay_aside(timestamp: Path) -> None:
    from nbgrader.utils import parse_utc

    if timestamp.exists():
        try:
            parse_utc(timestamp.read_text().strip() or "2000-01-01")
        except (ValueError, OverflowError, AttributeError):
            timestamp.replace(timestamp.with_suffix(".unreadable"))


def _prune(folder: Path, ours: dict[str, bytes]) -> None:
    """Of the files that nbgrader copied, keep the instructor's and the timestamp."""
    for place, _, files in os.walk(folder):
        for path in (Path(place, name) for name in files):
            name = path.relative_to(folder).as_posix()
            if name not in ours and name != "timestamp.txt" and path.suffix != ".ipynb":
                path.unlink()
