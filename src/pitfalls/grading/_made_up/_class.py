"""The class: who is in it, and what grading must find of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pitfalls import interview, lessons, quiz
from pitfalls._sidecar import FILE_NAME
from pitfalls.audit import alternatives_of
from pitfalls.checks import Lesson, LocalAnswer, run_check
from pitfalls.grading._course import Course, CourseError
from pitfalls.grading._function_text import NoTextError
from pitfalls.grading._step import Job

from ._cheats import cheats
from ._draft import AnswerFunction, Cells, Draft, Role
from ._roles import honest, in_one, odd, talks, wrong
from ._tidy import stand_alone, tidy_up

__all__ = ["Expected", "MadeUp", "made_up_class"]


@dataclass(frozen=True)
class Expected:
    """What grading must find for one exercise.

    Attributes
    ----------
    points : float
    pitfall : str or None
    at_most : bool
        Whether less will do: a cheat may well spoil its own honest part, and its wrong answers
        may look like anything.
    """

    points: float
    pitfall: str | None = None
    at_most: bool = False

    def met(self, points: float, pitfall: str | None) -> bool:
        """Whether a given score and pitfall are what they must be."""
        if self.at_most:
            return points <= self.points
        return (points, pitfall) == (self.points, self.pitfall)


@dataclass(frozen=True)
class MadeUp:
    """One made-up student.

    Attributes
    ----------
    student : str
    story : str
        What is particular about the submission, in a few words.
    files : dict of str to bytes
        What lies in the submission's folder.
    expected : dict of str to dict of str to Expected
        Notebook -> exercise -> what grading must find.
    status : dict of str to str
        Notebook -> the outcome that it must have.
    """

    student: str
    story: str
    files: dict[str, bytes]
    expected: dict[str, dict[str, Expected]]
    status: dict[str, str]


def made_up_class(
    course: Course, chapter: str, tests: Path, only: Sequence[str] = ()
) -> list[MadeUp]:
    """Make up a class for a released chapter.

    Every right answer that the tests keep and every pitfall of every exercise is handed in by
    somebody; the others hand in nothing, too little, or something meant to cheat or to break.

    Parameters
    ----------
    course : Course
    chapter : str
    tests : Path
        The folder that keeps the independent right answers.
    only : sequence of str
        Patterns such as ``"cheat-*"``; without any, everybody is in.

    Raises
    ------
    CourseError
        When a lesson has no right answers there, or one of them cannot be written down.
    """
    released = course.skeletons(chapter)
    try:
        parts = {
            lesson.notebook: (lesson, alternatives_of(lesson, tests))
            for lesson in map(lessons.get, lessons.names())
            if lesson.notebook in released
        }
    except FileNotFoundError as error:
        raise CourseError(
            f"There is no {error}, which keeps the right answers of a lesson; write it first."
        ) from None
    talking = any(interviews_of(json.loads(skeleton)["cells"]) for skeleton in released.values())
    single = enumerate([*odd(), *cheats()])
    roles = [
        *honest([kept for _, kept in parts.values()]),
        *wrong([lesson for lesson, _ in parts.values()]),
        *(talks() if talking else ()),
        *((key, story, in_one(role, turn, list(parts))) for turn, (key, story, role) in single),
    ]
    try:
        return [
            _student(course, chapter, parts, f"{number:02d}-{key}", story, role)
            for number, (key, story, role) in enumerate(roles, 1)
            if not only or any(fnmatch(key, pattern) for pattern in only)
        ]
    except NoTextError as error:
        raise CourseError(
            f"{error} A pitfall or right answer of {chapter} cannot be handed in as text; write "
            "it as a function of its module."
        ) from None


def _student(
    course: Course,
    chapter: str,
    parts: Mapping[str, tuple[Lesson, Mapping[str, Sequence[AnswerFunction]]]],
    student: str,
    story: str,
    role: Role,
) -> MadeUp:
    files: dict[str, bytes] = {}
    sheets: dict[str, dict[str, Any]] = {}
    plays: dict[str, Any] = {}
    handed_in: dict[str, Any] = {}
    expected, status = {}, {}
    keys = course.keys(chapter)
    for notebook, (lesson, others) in parts.items():
        released = course.path("release", ".", chapter) / f"{notebook}.ipynb"
        page = json.loads(released.read_bytes())
        right = solutions(course.skeletons(chapter)[notebook])
        asked = [quiz.loads(keys[name]) for name in quizzes_of(page["cells"])]
        draft = Draft(lesson, page["cells"], right, asked, others, file=f"{notebook}.ipynb")
        role(draft)
        stand_alone(draft)
        if draft.tidy:
            tidy_up(draft)
        content = json.dumps(page).encode() if draft.content is None else draft.content
        if draft.file:
            files[draft.file] = content
        status[notebook] = draft.status
        job = Job(student, chapter, notebook, b"", content, course.seed)
        expected[notebook] = _expectations(draft, job.hidden_seed)
        for it in asked:
            answers = _right_answers(it, draft.answered)
            points = quiz.score(it, answers).points if draft.status == "graded" else 0.0
            expected[notebook][f"quiz_{it.name}"] = Expected(points)
            sheets[it.name] = {"answers": answers}
        for name, points in interviews_of(page["cells"]).items():
            turn = int(student.partition("-")[0])  # so that the class plays every case
            cases = interview.case_names()
            talk = draft.talk(interview.get_case(cases[turn % len(cases)]), turn)
            number = len(plays) + 1
            if talk.transcript is not None:
                plays[str(number)] = {"transcript": talk.transcript, "points": 100}
            if talk.marked:
                handed_in[name] = {"play": number, "points": 100}
            share = talk.share if draft.status == "graded" else 0.0
            expected[notebook][f"interview_{name}"] = Expected(round(points * share, 2))
    if sheets or plays or handed_in:
        interviews = {"plays": plays, "handed_in": handed_in}
        kept = {"version": 1, "quizzes": sheets, "interviews": interviews}
        files[FILE_NAME] = json.dumps(kept).encode()
    return MadeUp(student, story, files, expected, status)


def _expectations(draft: Draft, seed: int) -> dict[str, Expected]:
    found = {}
    for exercise in draft.lesson.exercises:
        earned = draft.earns.get(exercise.name)
        if earned is None:
            found[exercise.name] = Expected(0.0, at_most=draft.at_most)
        elif isinstance(earned, str):
            found[exercise.name] = Expected(exercise.points, at_most=draft.at_most)
        else:
            answer, pitfall = earned
            verdict = run_check(exercise, LocalAnswer({exercise.name: answer}), seed)
            found[exercise.name] = Expected(verdict.points, pitfall)
    return found


def solutions(skeleton: bytes) -> dict[str, str]:
    """Exercise -> the instructor's solution, without its marks."""
    solutions = {}
    for cell in json.loads(skeleton)["cells"]:
        tagged = cell["metadata"].get("nbgrader", {})
        if tagged.get("solution") and cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines(keepends=True)
            kept = [line for line in lines if "### BEGIN" not in line and "### END" not in line]
            solutions[tagged["grade_id"]] = "".join(kept)
    return solutions


def quizzes_of(cells: Cells) -> list[str]:
    """The names of the graded quizzes."""
    marked = [cell["metadata"].get("pitfalls", {}) for cell in cells]
    return [it["quiz"] for it in marked if "quiz" in it]


def interviews_of(cells: Cells) -> dict[str, float]:
    """The interviews that can be handed in, and what they are worth."""
    return {
        cell["metadata"]["pitfalls"]["interview"]: cell["metadata"]["nbgrader"]["points"]
        for cell in cells
        if "interview" in cell["metadata"].get("pitfalls", {})
    }


def _right_answers(it: quiz.Quiz, share: float) -> dict[str, Any]:
    """Right answers to the first questions of a quiz, none to the others."""
    answers: dict[str, Any] = {}
    for question in it.questions[: round(share * len(it.questions))]:
        key = it.key[question.id]
        if isinstance(key, quiz.NumericKey):
            answers[question.id] = key.answer
        elif isinstance(key, quiz.OrderKey):
            answers[question.id] = list(key.order)
        else:
            answers[question.id] = key.right[0] if question.kind == "single" else list(key.right)
    return answers
