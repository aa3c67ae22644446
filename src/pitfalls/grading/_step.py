"""The grading step: bytes in, a graded notebook and verdicts out. It touches nothing else."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from pitfalls import lessons, quiz
from pitfalls.checks import FramedAnswer, Verdict, run_check, to_html, to_text
from pitfalls.checks._memory import give_back

from ._answers import HeldAnswers
from ._illustrations import needless
from ._interview import CASE_CHANGED, mark_interview
from ._kernel import CellRun, Kernel
from ._limits import Limits
from ._outputs import plain_outputs
from ._rebuild import rebuild
from ._warm import warm_start

__all__ = ["Graded", "Job", "grade_notebook"]


@dataclass(frozen=True)
class Job:
    """One notebook of one student, with all that grading it needs.

    Attributes
    ----------
    student, assignment, notebook : str
        nbgrader's names; the notebook without its ending.
    skeleton, submission : bytes
        The instructor's source notebook and the student's file.
    answers : bytes
        The student's ``answers.json``, whatever it holds; empty when there is none.
    keys : mapping of str to bytes
        The graded quizzes with their keys, as `pitfalls.quiz.dumps` writes them, by name.
    files : mapping of str to bytes
        Data files to lay beside the notebook.
    seed : int
        The course's secret. The hidden cases are drawn from it and from the submission itself,
        so whatever one submission could tell of them is worth nothing to the next.
    limits : Limits
    isolated : bool, default=True
        Whether the student's code runs in the sandbox.
    warm : bool, default=False
        Whether the kernel, in its sandbox, is forked from a process that has the imports.
    """

    student: str
    assignment: str
    notebook: str
    skeleton: bytes
    submission: bytes
    seed: int
    answers: bytes = b""
    keys: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    warm: bool = False

    @property
    def hidden_seed(self) -> int:
        """What the hidden cases of this very submission are drawn from."""
        text = "\0".join((self.student, self.assignment, self.notebook)).encode()
        message = text + hashlib.sha256(self.submission).digest()
        key = self.seed.to_bytes(32, "big")
        return int.from_bytes(hmac.digest(key, message, "sha256")[:16], "big")


@dataclass(frozen=True)
class Graded:
    """What grading a notebook came to.

    Attributes
    ----------
    notebook : bytes
        The graded notebook: rebuilt, with outputs and verdicts. nbgrader's own rule gives each
        graded cell the points of its verdict.
    verdicts : mapping of str to Verdict
        By grade id of the check's cell.
    notes : tuple of str
        What went wrong while the notebook ran, one sentence each.
    seconds : float
        Wall time of the step.
    """

    notebook: bytes
    verdicts: Mapping[str, Verdict]
    notes: tuple[str, ...]
    seconds: float


def grade_notebook(job: Job) -> Graded:
    """Grade one notebook.

    The student's cells run first, in the sandbox (but for the instructor's illustrations that
    nothing else reads); where a check stands, the kernel leaves behind
    a child that holds that moment. When every output is recorded, the checks ask those children.

    Raises
    ------
    SubmissionError
        When the submission cannot be read; the message is one sentence.
    SandboxError
        When no sandbox can be had.
    """
    started = time.monotonic()
    notebook = rebuild(job.skeleton, job.submission)
    notes: list[str] = []
    verdicts: dict[str, Verdict] = {}
    starter = warm_start() if job.warm and job.isolated else None
    with (
        Kernel(job.limits, isolated=job.isolated, files=job.files, starter=starter) as kernel,
        HeldAnswers(kernel.answers) as held,
    ):
        waiting = _run_cells(notebook, kernel, held, notes)
        give_back()  # the kernel and its answers are at their largest
        for cell, token, reason in waiting:
            verdicts[cell.metadata.nbgrader.grade_id] = _check(job, cell, held, token, reason)
            held.let_go(token)
    for cell in notebook.cells:
        graded = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        kept = cell.metadata.get("pitfalls", {})
        if "quiz" in kept:
            result, verdicts[graded] = _mark(job, kept.quiz)
            cell.outputs = _verdict_outputs(verdicts[graded], quiz.to_html(result))
        elif "interview" in kept:
            points = cell.metadata.nbgrader.points
            verdicts[graded], html = mark_interview(job.answers, kept.interview, points)
            cell.outputs = _verdict_outputs(verdicts[graded], html)
            if CASE_CHANGED in verdicts[graded].message:
                notes.append(f"{graded}: {CASE_CHANGED}")
        elif graded in verdicts:
            cell.outputs = _verdict_outputs(verdicts[graded])
    text = nbformat.writes(notebook)
    return Graded(text.encode(), verdicts, tuple(notes), time.monotonic() - started)


def _run_cells(
    notebook: NotebookNode, kernel: Kernel, held: HeldAnswers, notes: list[str]
) -> list[tuple[NotebookNode, str, str]]:
    """Run the cells; return the checks' cells, each with its token and why it cannot answer."""
    waiting = []
    resting = needless(notebook.cells)
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or position in resting:
            continue
        if cell.metadata.get("pitfalls", {}).keys() & {"quiz", "interview"}:
            continue  # the answers lie in a file
        if "pitfalls" in cell.metadata:
            token = held.token()
            run = kernel.run(held.source(token))
            waiting.append((cell, token, "" if run.status == "ok" else _reason(run)))
            continue
        run = kernel.run(cell.source)
        cell.outputs = plain_outputs(run.outputs)
        if run.reason and run.reason not in notes:
            notes.append(run.reason)
            cell.outputs.append(_note(run.reason))
    return waiting


def _reason(run: CellRun) -> str:
    return run.reason or "The notebook had left its kernel unable to answer."


def _check(job: Job, cell: NotebookNode, held: HeldAnswers, token: str, reason: str) -> Verdict:
    names = cell.metadata.pitfalls
    exercise = lessons.get(names["lesson"]).exercise(names["exercise"])
    seconds = job.limits.cell_seconds

    def exchange(frame: bytes) -> bytes | str:
        return reason or held.exchange(token, frame, seconds)

    return run_check(exercise, FramedAnswer(exchange), job.hidden_seed)


def _mark(job: Job, name: str) -> tuple[quiz.QuizResult, Verdict]:
    """Score a quiz from the answers that were handed in."""
    answers = quiz.read_answers(job.answers) if job.answers else quiz.Answers()
    result = quiz.score(quiz.loads(job.keys[name]), answers.sheet(name).answers)
    return result, quiz.to_verdict(result, answers.problem)


def _verdict_outputs(verdict: Verdict, html: str = "") -> list[NotebookNode]:
    """The verdict to read, and the number that nbgrader takes as the score."""
    shown = {"text/html": html or to_html(verdict), "text/plain": to_text(verdict)}
    score = {"text/plain": repr(float(verdict.points))}
    return [
        new_output("display_data", data=shown),
        new_output("execute_result", data=score),
    ]


def _note(text: str) -> NotebookNode:
    note: NotebookNode = new_output("stream", name="stderr", text=f"[grading] {text}\n")
    return note
