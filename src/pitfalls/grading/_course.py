"""An nbgrader course on disk: its configuration, its secret, its sources, what was handed in."""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from traitlets import Bool, Dict
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from pitfalls._sidecar import FILE_NAME

from ._files import read_regular, write_atomic
from ._limits import Limits
from ._rebuild import SubmissionError

__all__ = [
    "Course",
    "CourseError",
    "Pitfalls",
    "Submission",
    "config_text",
    "configure",
    "timestamp_text",
]

CONFIG_FILE = "nbgrader_config.py"
_STATE = ".pitfalls"  # what only the instructor may read: the seed, the lock
_SEED_BITS = 128
_MAX_TIMESTAMP_BYTES = 200
_TEMPLATES = Path(__file__).with_name("templates")

_CONFIG = '''\
"""The configuration of an nbgrader course that Pitfalls grades.

All of nbgrader's own settings can stand here; what comes after `configure` wins over it.
"""

from pathlib import Path

from pitfalls.grading import configure

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = {course_id}
{db}configure(c, Path(__file__).parent)

# What one notebook may use while it is graded (see autograder/README.md for all limits):
# c.Pitfalls.limits = {{"cell_seconds": 60, "memory_bytes": 2 * 2**30}}

# What a late submission costs:
# c.LateSubmissionPlugin.penalty_method = "zero"

# Where students fetch and submit, if they use nbgrader's exchange:
# c.Exchange.root = "/srv/nbgrader/exchange"
'''


class CourseError(Exception):
    """A course cannot be made, read or graded; the message is one sentence with the next move."""


class Pitfalls(Configurable):
    """The settings of the engine, as ``c.Pitfalls`` in nbgrader_config.py."""

    limits = Dict(help="Limits that differ from the defaults, by name.").tag(config=True)
    isolated = Bool(True, help="Whether submissions run in the sandbox.").tag(config=True)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one chapter: a folder, and when."""

    student: str
    folder: Path
    timestamp: datetime | None
    note: str = ""


def configure(c: Config, root: Path | str) -> None:
    """Make an nbgrader configuration use the engine.

    Called in a course's ``nbgrader_config.py``. From then on ``nbgrader autograde``, the
    formgrader's autograde button and ``pitfalls grade`` do the same, feedback pages hold no live
    markup of a student's, and what is collected from the exchange has the server's time.

    Parameters
    ----------
    c : traitlets Config
    root : path
        The course's directory.

    Examples
    --------
    >>> c = Config()
    >>> configure(c, "/courses/ml")
    >>> c.CourseDirectory.root
    '/courses/ml'
    """
    c.CourseDirectory.root = str(Path(root).resolve())
    c.Autograde.exporter_class = "pitfalls.grading._nbgrader.EngineExporter"
    c.Autograde.sanitize_preprocessors = []  # the engine rebuilds from the source notebook
    c.Autograde.autograde_preprocessors = []  # and saves the scores itself
    c.ExchangeFactory.collect = "pitfalls.grading._exchange.ServerTimeCollect"
    c.Autograde.pre_convert_hook = "pitfalls.grading._nbgrader.disarm"
    c.HTMLExporter.extra_template_basedirs = [str(_TEMPLATES), str(_nbgrader_templates())]
    c.HTMLExporter.filters = {"markdown2html": "pitfalls.grading._feedback.safe_markdown"}


def _nbgrader_templates() -> Path:
    import nbgrader

    package = Path(nbgrader.__file__).parent
    return package / "server_extensions" / "formgrader" / "templates"


def config_text(course_id: str, db_url: str | None = None) -> str:
    """The text of a course's nbgrader_config.py."""
    db = f"c.CourseDirectory.db_url = {json.dumps(_with_driver(db_url))}\n" if db_url else ""
    return _CONFIG.format(course_id=json.dumps(course_id), db=db)


class Course:
    """A course: where its files are, what its configuration says.

    Parameters
    ----------
    config : traitlets Config
        As loaded from ``nbgrader_config.py``.
    directory : nbgrader CourseDirectory, optional
        nbgrader's own view of the course; made from `config` by default.
    """

    def __init__(self, config: Config, directory: Any = None) -> None:
        from nbgrader.coursedir import CourseDirectory

        self.config = config
        self.directory = CourseDirectory(config=config) if directory is None else directory
        self.root = Path(self.directory.root)

    @classmethod
    def open(cls, root: Path, db_url: str | None = None) -> Course:
        """The course in a directory.

        Raises
        ------
        CourseError
            When the directory holds no course, or its configuration cannot be read.
        """
        root = root.resolve()
        if not _is_course(root):
            raise CourseError(
                f"{root} is not a course: it has no {CONFIG_FILE} that calls pitfalls.grading's "
                f"configure. `pitfalls course init {root}` makes one."
            )
        try:
            config = PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
        except Exception as error:  # the file is the instructor's program
            raise CourseError(f"{root / CONFIG_FILE} cannot be read: {error}.") from error
        if db_url:
            config.CourseDirectory.db_url = _with_driver(db_url)
        return cls(config)

    @classmethod
    def init(
        cls,
        root: Path,
        *,
        exercises: Path,
        chapters: Sequence[str] = (),
        course_id: str | None = None,
        db_url: str | None = None,
        update: bool = False,
    ) -> list[str]:
        """Make a course, or complete one; what is there is kept.

        Parameters
        ----------
        root : Path
            A directory that is absent, empty, or a course already.
        exercises : Path
            The kit's ``autograder/exercises``.
        chapters : sequence of str
            By default all that `exercises` has.
        course_id : str, optional
            By default the directory's name.
        db_url : str, optional
            The gradebook's SQLAlchemy URL; by default ``gradebook.db`` in the course.
        update : bool, default=False
            Whether source notebooks that differ from the kit's are replaced.

        Returns
        -------
        list of str
            What was made or kept, one line each.

        Raises
        ------
        CourseError
        """
        root = root.resolve()
        if root.is_dir() and any(root.iterdir()) and not _is_course(root):
            raise CourseError(
                f"{root} is not empty and is not a course; name a new directory. To let Pitfalls "
                f"grade an nbgrader course that is there, call pitfalls.grading.configure in its "
                f"{CONFIG_FILE}."
            )
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = []
        if not (root / CONFIG_FILE).exists():
            text = config_text(course_id or root.name, db_url)
            write_atomic(root / CONFIG_FILE, text.encode())
            said.append(f"{CONFIG_FILE}: written")
        said.append(f"{_STATE}/seed: {'drawn' if _draw_seed(root) else 'kept'}")
        said += _write_sources(root, exercises, chapters, update)
        course = cls.open(root, db_url)
        with course.gradebook():
            said.append(f"gradebook: {_without_password(course.db_url)}")
        return said

    @property
    def db_url(self) -> str:
        """The SQLAlchemy URL of the gradebook."""
        return str(self.directory.db_url)

    @property
    def seed(self) -> int:
        """The course's secret.

        Raises
        ------
        CourseError
            When it is missing: hidden cases must not change silently.
        """
        path = self.root / _STATE / "seed"
        try:
            return int(path.read_text(), 16)
        except (OSError, ValueError):
            raise CourseError(
                f"The course's seed cannot be read from {path}; restore it from a backup, or run "
                f"`pitfalls course init {self.root}` to draw a new one."
            ) from None

    @property
    def settings(self) -> Pitfalls:
        """``c.Pitfalls`` of the configuration."""
        return Pitfalls(config=self.config)

    @property
    def limits(self) -> Limits:
        """What one notebook may use.

        Raises
        ------
        CourseError
        """
        given = self.settings.limits
        known = [limit.name for limit in fields(Limits)]
        for name in given:
            if name not in known:
                raise CourseError(
                    f"c.Pitfalls.limits in {CONFIG_FILE} has {name!r}, which is no limit; there "
                    f"are {', '.join(known)}."
                )
        try:
            return Limits(**given)
        except (TypeError, ValueError) as error:
            raise CourseError(f"c.Pitfalls.limits in {CONFIG_FILE}: {error}") from None

    def gradebook(self) -> Any:
        """The gradebook, opened; see `Book`."""
        from ._gradebook import Book

        return Book(self.db_url, str(self.directory.course_id), self.config)

    def path(self, step: str, student: str, chapter: str) -> Path:
        """nbgrader's path of a step ("source", "submitted", "autograded", …)."""
        name = getattr(self.directory, f"{step}_directory")
        return Path(os.path.normpath(self.directory.format_path(name, student, chapter)))

    def skeletons(self, chapter: str) -> dict[str, bytes]:
        """The instructor's source notebooks of a chapter, by name.

        Raises
        ------
        CourseError
        """
        folder = self.path("source", ".", chapter)
        found = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}
        if not found:
            there = sorted(path.name for path in folder.parent.glob("*") if path.is_dir())
            raise CourseError(
                f"There is no chapter {chapter!r} in {folder.parent}; there are "
                f"{', '.join(there) or 'none'}."
            )
        return found

    def files(self, chapter: str) -> dict[str, bytes]:
        """The instructor's data files of a chapter, by their path beside the notebooks."""
        from nbgrader.utils import find_all_files

        folder = self.path("source", ".", chapter)
        ignore = [*self.directory.ignore, "*.ipynb"]
        paths = sorted(map(Path, find_all_files(str(folder), ignore)))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    def keys(self, chapter: str) -> dict[str, bytes]:
        """The keys of a chapter's graded quizzes, by name."""
        folder = self.root / _STATE / "keys" / chapter
        return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}

    def submissions(self, chapter: str) -> list[Submission]:
        """What lies in ``submitted/`` for a chapter, by student."""
        directory, step = self.directory, self.directory.submitted_directory
        excluded = [name for name in directory.student_id_exclude.split(",") if name]
        pattern = directory.format_path(step, "(?P<student>.*)", re.escape(chapter), escape=True)
        found = []
        # the chapter is a name, never a pattern
        for path in glob.glob(directory.format_path(step, "*", glob.escape(chapter))):
            match = re.fullmatch(pattern, path)
            if match and match["student"] not in excluded and os.path.isdir(path):
                found.append(self._submission(match["student"], Path(path)))
        return sorted(found, key=lambda submission: submission.student)

    def read(self, submission: Submission, name: str) -> bytes | None:
        """A file that a student handed in, or None where there is none.

        Raises
        ------
        SubmissionError
            For what is no regular file.
        """
        path = submission.folder / name
        return read_regular(path, self.root) if os.path.lexists(path) else None

    def answers(self, submission: Submission) -> bytes:
        """The `answers.json` that a student handed in; empty where there is none to read.

        What is in it is for quizzes and interviews to say; a link or a pipe is none.
        """
        try:
            return self.read(submission, FILE_NAME) or b""
        except SubmissionError:
            return b""

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the course for one grader at a time; the hold ends with the process, however.

        Raises
        ------
        CourseError
            When another one grades.
        """
        import fcntl

        with open(self.root / _STATE / "lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CourseError(
                    f"Another `pitfalls grade` is at work in {self.root}; wait until it ends."
                ) from None
            yield

    def release(self, chapter: str) -> Path:
        """Make the chapter that students get, and enter it into the gradebook.

        nbgrader's generate_assignment does it. A release that is there is replaced, and kept
        when the new one cannot be made.

        Returns
        -------
        Path
            The folder of the release.

        Raises
        ------
        CourseError
        """
        from nbgrader.converters import GenerateAssignment
        from nbgrader.converters.base import NbGraderException

        from ._gradebook import alembic_on_path

        self.skeletons(chapter)
        folder = self.path("release", ".", chapter)
        before = folder.with_name(f".{folder.name}.before")
        if folder.exists():
            shutil.rmtree(before, ignore_errors=True)
            folder.rename(before)
        with _quiet_log() as (log, errors), alembic_on_path():
            self.directory.assignment_id = chapter
            converter = GenerateAssignment(coursedir=self.directory, config=self.config, log=log)
            try:
                converter.start()
            except NbGraderException as error:
                if before.exists():
                    shutil.rmtree(folder, ignore_errors=True)
                    before.rename(folder)
                raise CourseError(
                    f"nbgrader cannot release {chapter}: {errors.first or error}"
                ) from None
        shutil.rmtree(before, ignore_errors=True)
        return folder

    def _submission(self, student: str, folder: Path) -> Submission:
        timestamp, note = None, ""
        try:
            timestamp = self._timestamp(folder)
        except (SubmissionError, ValueError, OverflowError):
            note = "timestamp.txt cannot be read, so the submission counts as having none."
        return Submission(student, folder, timestamp, note)

    def _timestamp(self, folder: Path) -> datetime | None:
        from nbgrader.utils import parse_utc

        path = folder / "timestamp.txt"
        if not os.path.lexists(path):
            return None
        text = read_regular(path, self.root, max_bytes=_MAX_TIMESTAMP_BYTES).decode().strip()
        timestamp: datetime | None = parse_utc(text) if text else None
        return timestamp


def timestamp_text(timestamp: datetime) -> bytes:
    """What nbgrader reads in a ``timestamp.txt``."""
    return f"{timestamp:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode()


def _is_course(root: Path) -> bool:
    try:
        return "pitfalls.grading" in (root / CONFIG_FILE).read_text(encoding="utf-8")
    except OSError:
        return False


def _draw_seed(root: Path) -> bool:
    """Draw the secret unless there is one; nobody but the owner may read it, git may not see it."""
    state = root / _STATE
    state.mkdir(mode=0o700, exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    if (state / "seed").exists():
        return False
    write_atomic(state / "seed", f"{secrets.randbits(_SEED_BITS):032x}\n".encode(), mode=0o600)
    return True


def _write_sources(
    root: Path, exercises: Path, chapters: Sequence[str], update: bool
) -> Iterator[str]:
    from pitfalls.build import SourceError, write_source

    chapters = chapters or sorted({path.parent.name for path in exercises.glob("[0-9]*/*.py")})
    with TemporaryDirectory() as folder:
        made = Path(folder).resolve()
        try:
            paths = write_source(exercises, made, chapters)
        except SourceError as error:
            raise CourseError(str(error)) from None
        texts = {path.relative_to(made): path.read_bytes() for path in paths}
    for place, data in (texts | _keys(exercises, chapters)).items():
        target = root / place
        if target.exists() and target.read_bytes() == data:
            continue
        if target.exists() and not update:
            yield f"{place}: kept, though it differs from the kit's (--update replaces it)"
            continue
        yield f"{place}: {'replaced' if target.exists() else 'written'}"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, data)


def _keys(exercises: Path, chapters: Sequence[str]) -> dict[Path, bytes]:
    """The graded quizzes with their keys, where no release can take them along."""
    from pitfalls import quiz

    read = {path: quiz.load(path) for path in quiz.find(exercises).values()}
    return {
        Path(_STATE, "keys", path.parent.name, f"{it.name}.json"): quiz.dumps(it)
        for path, it in read.items()
        if it.graded and path.parent.name in chapters
    }


def _with_driver(url: str) -> str:
    """Name the driver that the kit installs; which is the default depends on SQLAlchemy."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)


def _without_password(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


class _FirstError(logging.Handler):
    """Keeps the first error that nbgrader logs: it raises without saying why."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first = ""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().strip().splitlines()
        if lines and "error processing" not in lines[-1]:
            self.first = self.first or lines[-1]


@contextlib.contextmanager
def _quiet_log() -> Iterator[tuple[logging.Logger, _FirstError]]:
    log, errors = logging.getLogger("pitfalls.nbgrader"), _FirstError()
    log.propagate = False
    log.addHandler(errors)
    try:
        yield log, errors
    finally:
        log.removeHandler(errors)
