"""A class of made-up students, each with the score and the pitfalls that grading must find."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from pitfalls import interview, lessons, quiz
from pitfalls._sidecar import FILE_NAME
from pitfalls.audit import alternatives_of
from pitfalls.checks import Lesson, LocalAnswer, Named, run_check

from ._course import Course, CourseError
from ._function_text import NoTextError, function_text, names_around
from ._step import Job

__all__ = ["Expected", "MadeUp", "made_up_class"]

SMALLEST_WRONG = 12  # students who fall into pitfalls, at least
_RIGHT = "right"
_Answer = Callable[..., Any]
_Cells = list[dict[str, Any]]


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


@dataclass(frozen=True)
class _Talk:
    """An interview that is handed in: its transcript, and the share of the points it earns.

    Without a transcript nothing was played, though what is marked says that something was.
    """

    transcript: object = None
    marked: bool = False
    share: float = 0.0


def _silent(case: interview.Case, seed: int) -> _Talk:
    return _Talk()


@dataclass
class _Draft:
    """One notebook on its way to being handed in.

    `earns` says of each exercise what it deserves: everything, what the check gives an answer
    (with the pitfall's name), or nothing where it is absent.
    """

    lesson: Lesson
    cells: _Cells
    right: Mapping[str, str]  # exercise -> text of the solution
    quizzes: Sequence[quiz.Quiz]
    others: Mapping[str, Sequence[_Answer]]
    earns: dict[str, str | tuple[_Answer, str]] = field(default_factory=dict)
    file: str = ""
    at_most: bool = False
    answered: float = 0.0  # the share of each quiz's questions that is answered, and rightly
    talk: Callable[[interview.Case, int], _Talk] = _silent  # how each interview goes
    tidy: bool = True  # whether the lesson's demonstrations are cleared away
    status: str = "graded"
    content: bytes | None = None

    @property
    def names(self) -> list[str]:
        return [exercise.name for exercise in self.lesson.exercises]

    def leave_out(self) -> None:
        """Do not hand this notebook in."""
        self.file, self.status = "", "missing"

    def cell(self, grade_id: str) -> dict[str, Any]:
        return next(cell for cell in self.cells if _grade_id(cell) == grade_id)

    def write(self, name: str, text: str) -> None:
        self.cell(name)["source"] = text

    def solve(self, *names: str) -> None:
        for name in names:
            self.write(name, self.right[name])
            self.earns[name] = _RIGHT

    def add(self, after: str | None, source: str, **metadata: Any) -> None:
        """A cell of the student's own, after the cell of a grade id or at the top."""
        place = 0 if after is None else self.cells.index(self.cell(after)) + 1
        self.cells.insert(
            place,
            {
                "cell_type": "code",
                "id": f"own-{place}",
                "metadata": metadata,
                "source": source,
                "outputs": [],
                "execution_count": None,
            },
        )


Role = Callable[[_Draft], None]


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
    talks = any(_interviews(json.loads(skeleton)["cells"]) for skeleton in released.values())
    odd = enumerate([*_odd(), *_cheats()])
    roles = [
        *_honest([kept for _, kept in parts.values()]),
        *_wrong([lesson for lesson, _ in parts.values()]),
        *(_talks() if talks else ()),
        *((key, story, _in_one(role, turn, list(parts))) for turn, (key, story, role) in odd),
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
    parts: Mapping[str, tuple[Lesson, Mapping[str, Sequence[_Answer]]]],
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
        right = _solutions(course.skeletons(chapter)[notebook])
        asked = [quiz.loads(keys[name]) for name in _quizzes(page["cells"])]
        draft = _Draft(lesson, page["cells"], right, asked, others, file=f"{notebook}.ipynb")
        role(draft)
        _stand_alone(draft)
        if draft.tidy:
            _tidy(draft)
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
        for name, points in _interviews(page["cells"]).items():
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


def _expectations(draft: _Draft, seed: int) -> dict[str, Expected]:
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


def _solutions(skeleton: bytes) -> dict[str, str]:
    """Exercise -> the instructor's solution, without its marks."""
    solutions = {}
    for cell in json.loads(skeleton)["cells"]:
        tagged = cell["metadata"].get("nbgrader", {})
        if tagged.get("solution") and cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines(keepends=True)
            kept = [line for line in lines if "### BEGIN" not in line and "### END" not in line]
            solutions[tagged["grade_id"]] = "".join(kept)
    return solutions


def _quizzes(cells: _Cells) -> list[str]:
    """The names of the graded quizzes."""
    marked = [cell["metadata"].get("pitfalls", {}) for cell in cells]
    return [it["quiz"] for it in marked if "quiz" in it]


def _interviews(cells: _Cells) -> dict[str, float]:
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


def _grade_id(cell: dict[str, Any]) -> str | None:
    grade_id: str | None = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return grade_id


# --- demonstrations: most students clear them away, which leaves a class that grades fast --------


def _tidy(draft: _Draft) -> None:
    """Keep of the lesson's own cells the statements that answers and checks rest on."""
    cases = [
        case
        for exercise in draft.lesson.exercises
        for part in exercise.parts
        for case in part.cases(np.random.default_rng(0))
    ]
    needed = {it.name for case in cases for it in case.args if isinstance(it, Named)}
    for cell in reversed(draft.cells):
        tagged = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or tagged.get("grade"):
            continue
        source = "".join(cell["source"])
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            continue
        own = cell["id"].startswith("own-")  # a part of the story
        if not (own or tagged.get("solution") or tagged.get("locked")):
            kept = []
            for statement in reversed(statements):
                if _touched(statement) & needed:
                    kept.append(statement)
                    needed |= set(names_around(statement))
            statements = kept[::-1]
            cell["source"] = "\n".join(map(ast.unparse, statements))
        needed |= {name for statement in statements for name in names_around(statement)}


def _touched(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or changes through an item, an attribute or a method."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _root(statement.value.func)
    stored = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Store)
    ]
    return set().union(*map(_root, stored))


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _stand_alone(draft: _Draft) -> None:
    """Let one mistake cost one exercise.

    A solution that calls another exercise's answer, which is not right here, gives way to a right
    answer that brings all it needs.
    """
    right = {name for name, earned in draft.earns.items() if earned == _RIGHT}
    for name in right:
        if draft.cell(name)["source"] != draft.right[name]:
            continue
        statements = ast.parse(draft.right[name]).body
        read = {it for statement in statements for it in names_around(statement)}
        if read & set(draft.names) - right:
            draft.write(name, function_text(draft.others[name][0], name))


# --- right answers, and pitfalls ---------------------------------------------------------------


def _all_right(draft: _Draft) -> None:
    draft.solve(*draft.names)
    draft.answered = 1.0
    draft.talk = _strong


def _whole(role: Role) -> Role:
    """The role, with all of the lesson's own cells left in."""

    def whole(draft: _Draft) -> None:
        role(draft)
        draft.tidy = False

    return whole


def _honest(
    kept: Sequence[Mapping[str, Sequence[_Answer]]],
) -> Iterator[tuple[str, str, Role]]:
    yield "right", "the solution", _whole(_all_right)
    most = max((len(answers) for others in kept for answers in others.values()), default=0)
    for k in range(most):
        yield f"other-{k + 1}", f"other right answers, {k + 1}", _other(k)


def _other(k: int) -> Role:
    def role(draft: _Draft) -> None:
        for name in draft.names:
            answers = draft.others[name]
            draft.write(name, function_text(answers[k % len(answers)], name))
            draft.earns[name] = _RIGHT

    return role


def _wrong(chapter: Sequence[Lesson]) -> Iterator[tuple[str, str, Role]]:
    for k in range(max(map(_students_for, chapter))):
        yield f"pitfalls-{k + 1}", f"pitfalls, {k + 1}", _pitfalls(k)


def _students_for(lesson: Lesson) -> int:
    """How many students it takes for each pitfall of a lesson to be somebody's."""
    return max([SMALLEST_WRONG, *(len(exercise.pitfalls) for exercise in lesson.exercises)])


def _pitfalls(k: int) -> Role:
    """Student k: of each exercise one pitfall or the solution; nothing where all have been."""

    def role(draft: _Draft) -> None:
        size = _students_for(draft.lesson)
        if k >= size:
            draft.leave_out()
            return
        draft.answered = k / size
        for place, exercise in enumerate(draft.lesson.exercises):
            mine = (k + 5 * place) % size  # spread, so that nobody has all of them wrong
            if mine >= len(exercise.pitfalls):
                draft.solve(exercise.name)
                continue
            pitfall = exercise.pitfalls[mine]
            draft.write(exercise.name, function_text(pitfall.answer, exercise.name))
            draft.earns[exercise.name] = (pitfall.answer, pitfall.name)

    return role


# --- interviews: each with everything else right -------------------------------------------------


def _talks() -> Iterator[tuple[str, str, Role]]:
    for key, story, talk in (
        ("talk-unmarked", "a strong interview, not marked as handed in", _unmarked),
        ("talk-eager", "the large model first, then a strong interview", _eager),
        ("talk-cut-off", "the large model first, and nothing else", _blunt),
        ("talk-forged", "forged: moves that no interview has", _forged),
        ("talk-longer", "forged: a weak interview, with a strong one after its end", _longer),
        ("talk-absent", "forged: hands in an interview that is not there", _absent),
    ):
        yield key, story, _talking(talk)


def _talking(talk: Callable[[interview.Case, int], _Talk]) -> Role:
    def role(draft: _Draft) -> None:
        _all_right(draft)
        draft.talk = talk

    return role


def _strong(case: interview.Case, seed: int) -> _Talk:
    moves = interview.strong_plan(case, seed)
    return _Talk(interview.Transcript(case.name, seed, moves).to_dict(), True, 1.0)


def _unmarked(case: interview.Case, seed: int) -> _Talk:
    return replace(_strong(case, seed), marked=False)


def _eager(case: interview.Case, seed: int) -> _Talk:
    moves = (_large(case), *interview.strong_plan(case, seed))
    return _as_scored(case, seed, moves)


def _blunt(case: interview.Case, seed: int) -> _Talk:
    talk = _as_scored(case, seed, (_large(case), interview.CLOSE.id))
    return replace(talk, share=0.0)


def _as_scored(case: interview.Case, seed: int, moves: Sequence[str]) -> _Talk:
    """An interview as far as the clock lets it go, and what the engine gives for it."""
    talk = interview.begin(case, seed)
    for move in moves:
        talk = talk if talk.over else talk.make(move)
    report = interview.score(talk)
    share = report.points / report.max_points
    return _Talk(interview.Transcript.of(talk).to_dict(), True, share)


def _forged(case: interview.Case, seed: int) -> _Talk:
    moves = ["ask_for_the_answers", *interview.strong_plan(case, seed)]
    return _Talk({"version": 1, "case": case.name, "seed": seed, "moves": moves}, True)


def _longer(case: interview.Case, seed: int) -> _Talk:
    moves = [interview.CLOSE.id, *interview.strong_plan(case, seed)]
    return _Talk({"version": 1, "case": case.name, "seed": seed, "moves": moves}, True)


def _absent(case: interview.Case, seed: int) -> _Talk:
    return _Talk(marked=True)


def _large(case: interview.Case) -> str:
    """A model that nobody should begin with."""
    return next(move.id for move in case.proposals if move.heavy)


# --- little, odd, broken -----------------------------------------------------------------------


def _in_one(role: Role, turn: int, notebooks: Sequence[str]) -> Role:
    """The role in one notebook of the chapter, by turns; the others are not handed in."""

    def in_one(draft: _Draft) -> None:
        if draft.lesson.notebook == notebooks[turn % len(notebooks)]:
            role(draft)
        else:
            draft.leave_out()

    return in_one


def _odd() -> Iterator[tuple[str, str, Role]]:
    yield "untouched", "not attempted", _whole(lambda draft: None)
    yield "half", "the first half", _half
    yield "raises", "every answer raises", _raises
    yield "syntax", "a cell that is not Python", _syntax
    yield "loop", "an answer that never ends", _endless_answer
    yield "loop-cell", "a cell that never ends; all else right", _endless_cell
    yield "warns", "right, with warnings on stderr", _warns
    yield "loud", "right, with prints and junk on the way", _loud
    yield "twice", "right, a check and an answer duplicated", _duplicated
    yield "retyped", "right, checks retyped or deleted", _retyped
    yield "exit", "leaves after the first exercise", _leaves
    yield "misnamed", "right, under another file name", _misnamed
    yield "broken", "not JSON", _broken(b'{"cells": [')
    yield "empty", "an empty file", _broken(b"")
    yield "deep", "JSON nested 200,000 deep", _broken(b"[" * 200_000)


def _half(draft: _Draft) -> None:
    draft.solve(*draft.names[: len(draft.names) // 2])


def _raises(draft: _Draft) -> None:
    for name in draft.names:
        draft.write(
            name,
            "class Stuck(Exception):\n    pass\n\n"
            f"def {name}(*args):\n    raise Stuck('this is as far as I got')",
        )


def _syntax(draft: _Draft) -> None:
    draft.solve(*draft.names[1:])
    draft.write(draft.names[0], f"def {draft.names[0]}(:\n    return 1")


def _endless_answer(draft: _Draft) -> None:
    *others, last = draft.names
    draft.solve(*others)
    draft.write(last, f"def {last}(*args):\n    while True:\n        pass")


def _endless_cell(draft: _Draft) -> None:
    _all_right(draft)
    draft.add(None, "while True:\n    pass")


def _warns(draft: _Draft) -> None:
    _all_right(draft)
    for name in draft.names:
        draft.cell(name)["source"] += (
            f"\n\n_right_{name} = {name}\n\ndef {name}(*args):\n    import sys, warnings\n"
            "    warnings.warn('this may be slow')\n    print('working', file=sys.stderr)\n"
            f"    return _right_{name}(*args)"
        )
    draft.add(None, "import warnings\nwarnings.warn('from the top')")


def _loud(draft: _Draft) -> None:
    _all_right(draft)
    draft.add(
        None,
        "from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<script>document.title = \"stolen\"</script><b>bold</b>'))\n"
        "display(Javascript('alert(1)'))\nprint('x' * 10_000)\nundefined_name",
    )


def _duplicated(draft: _Draft) -> None:
    _all_right(draft)
    name = draft.names[0]
    for grade_id in (name, f"check_{name}"):
        draft.cells.append(copy.deepcopy(draft.cell(grade_id)))


def _retyped(draft: _Draft) -> None:
    _all_right(draft)
    for place, name in enumerate(draft.names):
        check = draft.cell(f"check_{name}")
        if place % 3 == 0:
            draft.cells.remove(check)
        elif place % 3 == 1:
            check["cell_type"] = "markdown"
            del check["outputs"], check["execution_count"]
        else:
            check["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}


def _leaves(draft: _Draft) -> None:
    _all_right(draft)
    first = draft.names[0]
    draft.add(f"check_{first}", "import os\nos._exit(0)")
    draft.earns = {first: _RIGHT}


def _misnamed(draft: _Draft) -> None:
    _all_right(draft)
    draft.earns.clear()
    draft.file = f"final_{draft.file}"
    draft.status = "missing"


def _broken(content: bytes) -> Role:
    def role(draft: _Draft) -> None:
        draft.content = content
        draft.status = "failed"

    return role


# --- cheats: each has the first exercise right, and earns that at most ----------------------------


def _cheats() -> Iterator[tuple[str, str, Role]]:
    yield "cheat-tags", "forged: tags that skip the checks", _tagged
    yield "cheat-outputs", "forged: outputs, points and texts of the checks", _forged_outputs
    yield "cheat-patch", "forged: patches the checks and the kernel", _cheat(_PATCH)
    yield "cheat-blank", "forged: blanks all later cells", _cheat(_BLANK)
    yield "cheat-equal", "forged: answers that equal everything", _cheat("", _EQUAL)
    yield "cheat-peek", "forged: takes the kit's references", _cheat("", _PEEK)
    yield (
        "cheat-frames",
        "forged: looks for what is wanted in frames and memory",
        _cheat("", _FRAMES),
    )
    yield "cheat-course", "forged: writes into gradebooks and courses", _cheat(_COURSE)
    yield "cheat-socket", "forged: answers the grader with what was not asked", _cheat(_SOCKET)


_PATCH = """
import builtins, sys, types
import pitfalls, pitfalls.checks
pitfalls.check = pitfalls.checks.run_check = lambda *args: 10**6
pitfalls.checks.Verdict = lambda *args: types.SimpleNamespace(points=10**6, right=True)
builtins.NotImplementedError = type("Fine", (Exception,), {})
ip = get_ipython()
ip.run_cell = ip.run_cell_async = ip.run_code = lambda *args, **kwargs: None
check = lambda name: 10**6
sys.modules["numpy.testing"] = types.ModuleType("numpy.testing")
"""
_BLANK = """
import ast
ip = get_ipython()
ip.input_transformers_cleanup.append(lambda lines: ["10.0"])

class NoTests(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Pass()

ip.ast_transformers.append(NoTests())
"""
_EQUAL = """
class Anything(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __array__(self, *args, **kwargs): raise SystemExit
    def __reduce__(self): return (print, ("10/10",))
    __hash__ = float.__hash__

def {name}(*args):
    return Anything()
"""
_PEEK = """
def {name}(*args):
    from pitfalls import lessons, quiz
    exercise = lessons.get({notebook!r}).exercise({name!r})
    return exercise.parts[0].wanted(*args)
"""
_FRAMES = """
def {name}(*args):
    import gc, sys
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            wanted = getattr(value, "wanted", None)
            if callable(wanted):
                return wanted(*args)
        frame = frame.f_back
    for value in gc.get_objects():
        if type(value).__name__ == "Part":
            return value.wanted(*args)
    return None
"""
_COURSE = """
import contextlib, os, pathlib, sqlite3
for place in ["/", os.getcwd(), os.path.expanduser("~"), "/tmp", "/srv", "/home"]:
    with contextlib.suppress(OSError):
        for name in os.listdir(place):
            path = pathlib.Path(place, name, "gradebook.db")
            if path.exists():
                with contextlib.suppress(sqlite3.Error), sqlite3.connect(path) as db:
                    db.execute("UPDATE grade SET manual_score = 100")
pathlib.Path("timestamp.txt").write_text("2000-01-01 00:00:00 UTC")
"""
_SOCKET = """
import contextlib, glob, json, os, socket, struct
frame = json.dumps({"defined": True, "callable": True, "points": 100, "outcomes": []}).encode()
for path in [p for top in ("/tmp", "/run") for p in glob.glob(top + "/**/answers", recursive=True)]:
    for name in ("", "0" * 32, "check"):
        with contextlib.suppress(OSError):
            link = socket.socket(socket.AF_UNIX)
            link.connect(path)
            for text in (name.encode(), frame):
                link.sendall(struct.pack("<Q", len(text)) + text)
"""


def _cheat(code: str, answer: str = "") -> Role:
    """The first exercise right, then `code`; then `answer` for every other exercise."""

    def role(draft: _Draft) -> None:
        first, *others = draft.names
        draft.solve(first)
        draft.at_most = True
        if code:
            draft.add(f"check_{first}", code)
        for name in others if answer else ():
            text = answer.replace("{name!r}", repr(name)).replace("{name}", name)
            draft.write(name, text.replace("{notebook!r}", repr(draft.lesson.notebook)))

    return role


def _tagged(draft: _Draft) -> None:
    first, *others = draft.names
    draft.solve(first)
    draft.at_most = True
    for name in others:
        tags = ["skip-execution", "raises-exception", "remove-cell", "hide-output"]
        for grade_id in (name, f"check_{name}"):
            draft.cell(grade_id)["metadata"]["tags"] = tags


def _forged_outputs(draft: _Draft) -> None:
    first, *others = draft.names
    draft.solve(first)
    draft.at_most = True
    for name in others:
        check = draft.cell(f"check_{name}")
        check["source"] = "10.0"
        check["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "10.0"},
                "metadata": {},
                "execution_count": 1,
            }
        ]
        check["metadata"]["nbgrader"]["points"] = 100
        check["metadata"]["pitfalls"] = {"exercise": first, "lesson": draft.lesson.notebook}
