"""The coordinator: it plans, hands jobs to workers, and alone writes the gradebook.

What is graded is decided by a fingerprint of everything that a grade depends on. A submission's
files are written first and its transaction is committed last, so a kill at any moment leaves
either nothing new, or files that the next run writes again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import asdict, dataclass, field
from functools import cache
from html import escape
from importlib.metadata import version
from typing import Any

import nbformat

from ._course import Course, CourseError, Submission, timestamp_text
from ._files import write_atomic
from ._gradebook import Book
from ._log import log_results
from ._rebuild import SubmissionError
from ._records import Result, Sheet
from ._sandbox import SandboxError
from ._step import Graded, Job, grade_notebook

__all__ = ["Grader", "Outcome", "Step", "fingerprint_of", "matching_skeletons", "result_of"]

Step = Callable[[Job], Graded]
_READ_ONLY = 0o444  # as nbgrader leaves autograded files
_DEATHS = 2  # so often may a worker die over one notebook
_NOT_HANDED_IN = "not-handed-in"  # in place of a fingerprint


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook of one student.

    Attributes
    ----------
    status : {"graded", "missing", "failed", "lost"}
        "failed" scores nothing; "lost" leaves the gradebook's score as it was.
    score, max_score : float
        As the gradebook now has it.
    notes : tuple of str
        Why it failed, and which limits tripped; one sentence each.
    """

    student: str
    notebook: str
    status: str
    score: float
    max_score: float
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether somebody must look at it."""
        return self.status in ("failed", "lost")

    def __str__(self) -> str:
        return f"{self.student}, {self.notebook}: {' '.join(self.notes)}"


@dataclass
class _Task:
    """A submission at work: the notebooks that are due, and what has come of them."""

    submission: Submission
    due: list[str]
    jobs: dict[str, Job] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.due)


_Item = tuple[_Task, str]


class Grader:
    """Grades what is new or changed of one chapter.

    Parameters
    ----------
    course : Course
    book : Book
    chapter : str
    isolated : bool, optional
        Whether submissions run in the sandbox; by default as the course says.
    warm : bool, default=False
        Whether their kernels are forked from a process that has the imports.
    force : bool, default=False
        Whether to grade everything again.
    step : callable
        The grading step.

    Attributes
    ----------
    todo : int
        How many notebooks are to be graded.
    unchanged : int
        How many are graded already.
    remarks : list of str
        One line for each oddity that fails nothing.

    Raises
    ------
    CourseError, BookError
    """

    def __init__(
        self,
        course: Course,
        book: Book,
        chapter: str,
        *,
        isolated: bool | None = None,
        warm: bool = False,
        force: bool = False,
        step: Step = grade_notebook,
    ) -> None:
        self.course, self.book, self.chapter = course, book, chapter
        self.sheet = book.sheet(chapter)
        self.isolated = course.settings.isolated if isolated is None else isolated
        self.warm = warm
        self.remarks: list[str] = []
        self.unchanged = 0
        self._step = step
        self._seed, self._limits = course.seed, course.limits
        self._skeletons = matching_skeletons(course, self.sheet)
        self._files, self._keys = course.files(chapter), course.keys(chapter)
        self._tasks: deque[_Task] = deque()
        self._touch: list[Submission] = []  # unchanged, but for their timestamp or lateness
        self._plan({} if force else book.known(chapter))
        self.todo = sum(len(task.due) for task in self._tasks)

    def grade(self, make_workers: Callable[[], Executor], ahead: int = 4) -> Generator[Outcome]:
        """Grade what is to be graded; yield each outcome once it is saved.

        Parameters
        ----------
        make_workers : callable
            Makes an executor; again when its processes have died.
        ahead : int
            How many jobs may wait or run at once.

        Raises
        ------
        BookError
            When the gradebook cannot be written.
        SandboxError
            When a worker cannot have a sandbox.
        """
        for submission in self._touch:
            self.book.save(self.sheet, submission.student, [], submission.timestamp)
        pool = _Pool(make_workers)
        ready: deque[_Item] = deque()
        suspects: deque[_Item] = deque()  # a worker died while they ran: each runs alone now
        running: dict[Future[Graded], _Item] = {}
        try:
            while self._tasks or ready or suspects or running:
                while len(running) < ahead:
                    while self._tasks and not ready:
                        task = self._begin(self._tasks.popleft())
                        ready.extend((task, name) for name in task.jobs)
                        if task.done:
                            yield from self._finish(task)
                    item = _next(ready, suspects, running)
                    if item is None:
                        break
                    try:
                        running[pool.submit(self._step, item[0].jobs[item[1]])] = item
                    except BrokenExecutor:
                        ready.appendleft(item)
                        break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task, name = running.pop(future)
                    try:
                        task.results.append(result_of(task.jobs[name], future.result))
                    except BrokenExecutor:
                        pool.renew()
                        if not self._suspect(task, name):
                            suspects.append((task, name))
                            continue
                    if task.done:
                        yield from self._finish(task)
        finally:
            pool.stop()

    def _plan(self, known: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        timestamps = self.book.timestamps(self.sheet)
        for submission in self.course.submissions(self.chapter):
            student = submission.student
            due = [name for name in self.sheet.notebooks if not self._same(submission, name, known)]
            self.unchanged += len(self.sheet.notebooks) - len(due)
            if submission.note:
                self.remarks.append(f"{student}: {submission.note}")
            if due:
                self._tasks.append(_Task(submission, due))
            elif student in timestamps:
                before, late = timestamps[student]
                if late or submission.timestamp not in (None, before):
                    self._touch.append(submission)

    def _same(
        self,
        submission: Submission,
        name: str,
        known: Mapping[tuple[str, str], tuple[str, str]],
    ) -> bool:
        status, fingerprint = known.get((submission.student, name), ("", ""))
        if status not in ("graded", "missing"):
            return False
        try:
            job = self._job(submission, name)
        except SubmissionError:
            return False
        if job is None:
            return status == "missing"
        graded = self.course.path("autograded", submission.student, self.chapter)
        return fingerprint == fingerprint_of(job) and (graded / f"{name}.ipynb").exists()

    def _job(self, submission: Submission, name: str) -> Job | None:
        content = self.course.read(submission, f"{name}.ipynb")
        if content is None:
            return None
        return Job(
            student=submission.student,
            assignment=self.chapter,
            notebook=name,
            skeleton=self._skeletons[name],
            submission=content,
            answers=self.course.answers(submission),
            keys=self._keys,
            seed=self._seed,
            files=self._files,
            limits=self._limits,
            isolated=self.isolated,
            warm=self.warm,
        )

    def _begin(self, task: _Task) -> _Task:
        """Read what was handed in; what is missing or unreadable needs no worker."""
        for name in task.due:
            try:
                job = self._job(task.submission, name)
            except SubmissionError as error:
                task.results.append(Result(name, "failed", "", notes=(str(error),)))
                continue
            if job is None:
                note = self._missing(task.submission, name)
                task.results.append(Result(name, "missing", _NOT_HANDED_IN, notes=(note,)))
            else:
                task.jobs[name] = job
        return task

    def _missing(self, submission: Submission, name: str) -> str:
        others = sorted(path.name for path in submission.folder.glob("*.ipynb"))
        strange = [other for other in others if other[: -len(".ipynb")] not in self.sheet.notebooks]
        found = f" (there is {', '.join(strange)})" if strange else ""
        return f"There is no {name}.ipynb{found}, so it scores 0."

    def _suspect(self, task: _Task, name: str) -> bool:
        """Count a death; whether it was the last that is allowed."""
        task.deaths[name] += 1
        if task.deaths[name] < _DEATHS:
            return False
        note = "The worker process that graded it died, twice; run the command again."
        task.results.append(Result(name, "lost", "", notes=(note,)))
        return True

    def _finish(self, task: _Task) -> Iterator[Outcome]:
        """Write the files, then commit the scores."""
        submission = task.submission
        self._write(submission, task.results)
        scores = self.book.save(self.sheet, submission.student, task.results, submission.timestamp)
        log_results(self.course.root, submission.student, self.chapter, task.results)
        for result in task.results:
            yield Outcome(
                submission.student,
                result.notebook,
                result.status,
                scores[result.notebook],
                sum(self.sheet.points(result.notebook).values()),
                result.notes,
                result.seconds,
            )

    def _write(self, submission: Submission, results: list[Result]) -> None:
        """Lay out ``autograded/<student>/<chapter>``; a new one appears in one step."""
        folder = self.course.path("autograded", submission.student, self.chapter)
        new = not folder.exists()
        target = folder.with_name(f".{folder.name}.new") if new else folder
        if new:
            shutil.rmtree(target, ignore_errors=True)
        contents = dict(self._files)
        if submission.timestamp is not None:
            contents["timestamp.txt"] = timestamp_text(submission.timestamp)
        for result in results:
            page = placeholder(result) if result.status == "failed" else result.content
            if page is not None:
                contents[f"{result.notebook}.ipynb"] = page
            elif result.status == "missing":
                (target / f"{result.notebook}.ipynb").unlink(missing_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target / name, content, _READ_ONLY)
        if new:
            target.rename(folder)


class _Pool:
    """An executor that is made when it is first needed, and anew when it broke."""

    def __init__(self, make: Callable[[], Executor]) -> None:
        self._make = make
        self._executor: Executor | None = None

    def submit(self, step: Step, job: Job) -> Future[Graded]:
        if self._executor is None:
            self._executor = self._make()
        try:
            return self._executor.submit(step, job)
        except BrokenExecutor:
            self.renew()
            raise

    def renew(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        self._executor = None

    def stop(self) -> None:
        """End at once: on the way out there is nothing left to wait for, or nothing wanted."""
        if self._executor is not None:
            getattr(self._executor, "stop", self._executor.shutdown)()


def _next(
    ready: deque[_Item], suspects: deque[_Item], running: Mapping[Future[Graded], _Item]
) -> _Item | None:
    """The item to submit now, if any."""
    if any(task.deaths[name] for task, name in running.values()):
        return None
    if suspects:
        return None if running else suspects.popleft()
    return ready.popleft() if ready else None


def result_of(job: Job, graded: Callable[[], Graded]) -> Result:
    """What grading a notebook came to, be it a failure.

    Parameters
    ----------
    job : Job
    graded : callable
        Gives the step's result, or raises what the step raised.

    Raises
    ------
    BrokenExecutor, SandboxError
        What says nothing of this notebook.
    """
    try:
        it = graded()
    except SubmissionError as error:
        return Result(job.notebook, "failed", "", notes=(str(error),))
    except (BrokenExecutor, SandboxError):
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others
        note = f"Grading it failed ({type(error).__name__}: {str(error)[:200]}); please report it."
        return Result(job.notebook, "lost", "", notes=(note,))
    mark = fingerprint_of(job)
    return Result(job.notebook, "graded", mark, it.notebook, it.verdicts, it.notes, it.seconds)


def fingerprint_of(job: Job) -> str:
    """A hash of all that a grade depends on: what was handed in, the source, the seed, the limits.

    How the kernel starts is not part of it: the grade is the same.
    """
    parts = [
        _version().encode(),
        str(job.seed).encode(),
        json.dumps(asdict(job.limits), sort_keys=True).encode(),
        job.skeleton,
        job.submission,
        job.answers,
        *(part for name in sorted(job.files) for part in (name.encode(), job.files[name])),
        *(part for name in sorted(job.keys) for part in (name.encode(), job.keys[name])),
    ]
    mark = hashlib.sha256()
    for part in parts:
        mark.update(len(part).to_bytes(8, "big") + part)
    return mark.hexdigest()


@cache
def _version() -> str:
    return version("pitfalls")  # which reads a file


def matching_skeletons(course: Course, sheet: Sheet) -> dict[str, bytes]:
    """The source notebooks of a released chapter.

    Raises
    ------
    CourseError
        When a source is no longer what was released.
    """
    skeletons = course.skeletons(sheet.chapter)
    move = f"release it again, with `pitfalls course release {course.root} {sheet.chapter}`."
    for name in sheet.notebooks:
        if name not in skeletons:
            raise CourseError(
                f"{name} was released, but {sheet.chapter} has no such source; {move}"
            )
        points = _points(skeletons[name])
        if points != sheet.points(name):
            changed = sorted(dict(points.items() ^ sheet.points(name).items()))
            raise CourseError(
                f"The source of {name} is not what was released ({', '.join(changed)} differ); "
                f"{move}"
            )
    return {name: skeletons[name] for name in sheet.notebooks}


def _points(skeleton: bytes) -> dict[str, float]:
    found = {}
    for cell in json.loads(skeleton)["cells"]:
        tagged = cell["metadata"].get("nbgrader", {})
        if tagged.get("grade") or tagged.get("task"):
            found[tagged["grade_id"]] = float(tagged["points"])
    return found


def placeholder(result: Result) -> bytes:
    """The page of a notebook that could not be graded: it says why."""
    said = " ".join(escape(note) for note in result.notes)
    text = f"**{result.notebook} could not be graded.** {said}"
    notebook: Any = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text, id="failed")]
    )
    page: str = nbformat.writes(notebook)
    return page.encode()
