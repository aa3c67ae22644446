"""Interviews: what is handed in is played again, scored outside, and never believed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.apps.api import NbGraderAPI

from pitfalls import interview, lessons
from pitfalls.checks import Verdict
from pitfalls.grading import Course, Job
from pitfalls.grading._interview import CASE_CHANGED, mark_interview
from pitfalls.grading._made_up import _class, made_up_class
from pitfalls.grading._report import ClassReport
from pitfalls.grading._step import grade_notebook

from .conftest import CHAPTER, LITTLE, NOTEBOOK, LittleCourse
from .handin import LESSON, SEED, hand_in, skeleton

NAME, POINTS, TURN = "framing", 14.0, 5
CASES = interview.case_names()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def transcript(case: str, seed: int, moves: Sequence[str]) -> dict[str, Any]:
    """A transcript, whether or not it can be played."""
    return {"version": 1, "case": case, "seed": seed, "moves": list(moves)}


def played(case: str, seed: int, moves: Sequence[str]) -> dict[str, Any]:
    """A transcript of the moves, as far as the clock lets them."""
    talk = interview.begin(interview.get_case(case), seed)
    for move in moves:
        talk = talk if talk.over else talk.make(move)
    return interview.Transcript.of(talk).to_dict()


def strong(case: str = "video", seed: int = 3) -> dict[str, Any]:
    """The transcript of a strong candidate."""
    moves = interview.strong_plan(interview.get_case(case), seed)
    return transcript(case, seed, moves)


def heavy(case: str) -> str:
    """The model that nobody should begin with."""
    return next(move.id for move in interview.get_case(case).proposals if move.heavy)


def file(*transcripts: object, play: object = None, **more: Any) -> bytes:
    """An `answers.json` with these plays; the last is handed in unless `play` says another."""
    plays = {str(n): {"transcript": it, **more} for n, it in enumerate(transcripts, 1)}
    number = len(transcripts) if play is None else play
    section = {"plays": plays, "handed_in": {NAME: {"play": number, **more}}}
    return json.dumps({"version": 1, "interviews": section}).encode()


def mark(answers: bytes) -> Verdict:
    """The verdict on a file."""
    return mark_interview(answers, NAME, POINTS)[0]


@pytest.mark.parametrize("case", CASES)
def test_a_strong_interview_earns_everything(case: str) -> None:
    """Whichever case it is, with one part a dimension that together make the points."""
    verdict = mark(file(strong(case, 11)))
    assert ("interview_framing", "right", POINTS, POINTS) == (
        verdict.exercise,
        verdict.state,
        verdict.points,
        verdict.max_points,
    )
    titles = [title for title, _ in interview.DIMENSIONS.values()]
    assert titles == [part.title for part in verdict.parts]
    assert pytest.approx(POINTS) == sum(part.points for part in verdict.parts)


@pytest.mark.parametrize("case", CASES)
def test_the_large_model_first_costs_points(case: str) -> None:
    """The same strong interview is worth less after it, and the page has the reason."""
    moves = [heavy(case), *interview.strong_plan(interview.get_case(case), 4)]
    verdict, page = mark_interview(file(played(case, 4, moves)), NAME, POINTS)
    assert verdict.state == "wrong"
    assert 0 < verdict.points < POINTS - 1
    lost = [
        reason
        for it in interview.score(_replayed(case, 4, moves)).dimensions
        for reason in it.reasons
        if reason.kind == "lost"
    ]
    assert lost
    text = _Text(page).text
    assert [] == [reason.text for reason in lost if reason.text not in text]


def _replayed(case: str, seed: int, moves: Sequence[str]) -> interview.Interview:
    return interview.replay(interview.read_transcript(played(case, seed, moves)))


class _Text(HTMLParser):
    """The text and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note a tag."""
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def test_the_page_names_dimensions_and_what_was_left_out() -> None:
    """Every dimension with its points and reasons; the questions with what they would change."""
    report = interview.score(_replayed("video", 3, ["ask_objective", "sum_up"]))
    _, page = mark_interview(file(played("video", 3, ["ask_objective", "sum_up"])), NAME, POINTS)
    read = _Text(page)
    assert {"div", "p", "ul", "li", "span", "strong", "br"} == read.tags
    assert f"seed 3: {report.points:g} of 100, which makes" in read.text
    for it in report.dimensions:
        assert f"{it.title}: {it.points:g} of {it.max_points:g} (" in read.text
        assert all(reason.text in read.text for reason in it.reasons)
    assert report.missed
    for it in report.missed:
        assert f"What it changes: {it.changes}" in read.text


NOT_IN_FILE = "Interview 7, which was handed in, is not in answers.json."


@pytest.mark.parametrize(
    ("answers", "state", "said"),
    [
        (b"", "not_attempted", "No interview is handed in: play one to its end"),
        (b'{"version": 1, "quizzes": {}}', "not_attempted", "No interview is handed in"),
        (b"[" * 200_000, "wrong", "answers.json cannot be read: it is not JSON. So no interview"),
        (b'{"version": 9}', "wrong", "it does not say version 1. So no interview is handed in."),
        (b"x" * (1 << 21), "wrong", "more than 1048576. So no interview is handed in."),
        (file(strong(), play=7), "wrong", NOT_IN_FILE),
        (file(strong(), play=-1), "wrong", "Interview -1, which was handed in, is not in"),
        (file(points=100, report={"points": 100}), "wrong", "Interview 0, which was handed in"),
        *(
            (file(it), "wrong", "was handed in cannot be played again: The transcript")
            for it in (
                {**strong(), "case": "chess"},
                {**strong(), "seed": 1.5},
                {**strong(), "seed": True},
                {**strong(), "seed": 10**4000},
                {**strong(), "version": 2},
                {**strong(), "moves": "ask_users"},
                {**strong(), "moves": ["ask_users", {}]},
                {**strong(), "moves": ["hired"]},
                {**strong(), "moves": ["ask_users"] * 201},
                {**strong(), "moves": ["sum_up", *strong()["moves"]]},
                [strong()],
                None,
            )
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_what_cannot_be_played_earns_nothing(answers: bytes, state: str, said: str) -> None:
    """A missing, broken, foreign or forged file is told in one sentence and worth 0 points."""
    verdict, page = mark_interview(answers, NAME, POINTS)
    assert (state, 0.0, POINTS) == (verdict.state, verdict.points, verdict.max_points)
    assert said in verdict.message
    assert "\n" not in verdict.message
    assert verdict.message in _Text(page).text
    assert [0.0] * 6 == [part.points for part in verdict.parts]
    assert pytest.approx(POINTS) == sum(part.max_points for part in verdict.parts)


def test_a_score_in_the_file_is_not_read() -> None:
    """Points, reports and events that a learner wrote beside the moves change nothing."""
    weak = played("video", 3, ["ask_users", "sum_up"])
    claims = {"points": 100, "report": {"points": 100}, "events": [], "drawn": {"scale": "small"}}
    assert mark(file(weak)) == mark(file({**weak, **claims}, **claims))


def test_which_play_counts() -> None:
    """The one that is handed in, be another better; if none is, the last one that is finished."""
    weak = played("video", 3, ["ask_users", "sum_up"])
    best, started = strong("video", 8), played("video", 9, ["ask_users"])
    assert mark(file(weak)).points == mark(file(best, weak)).points < POINTS
    assert POINTS == mark(file(best, weak, play=1)).points
    data = json.loads(file(weak, best, started, None))
    data["interviews"]["handed_in"] = {"another": {"play": 1}}
    verdict = mark(json.dumps(data).encode())
    assert POINTS == verdict.points
    assert verdict.message.startswith(
        "None was handed in, so the last one that was finished counts."
    )
    data["interviews"]["plays"] = {"1": {"transcript": started}}
    assert "No interview is handed in" in mark(json.dumps(data).encode()).message


def test_an_unfinished_one_is_scored_as_it_stands() -> None:
    """Handed in by a file that somebody edited; it says so."""
    verdict = mark(file(played("video", 3, ["ask_users"])))
    assert 0 < verdict.points < POINTS
    assert "The interview was handed in before it was over." in verdict.message


def test_a_changed_case_is_told_and_marked_all_the_same() -> None:
    """One sentence where the text is not the one that was played; none for old transcripts."""
    now = interview.get_case("video").digest
    other = {**strong(), "digest": "0" * 16}
    for transcript, points in ((other, POINTS), ({**other, "moves": ["renamed"]}, 0.0)):
        verdict, page = mark_interview(file(transcript), NAME, POINTS)
        assert points == verdict.points
        assert CASE_CHANGED in verdict.message
        assert CASE_CHANGED in _Text(page).text
    for transcript in (strong(), {**strong(), "digest": now}):
        assert CASE_CHANGED not in mark(file(transcript)).message


@given(JSON)
def test_any_file_is_marked(data: Any) -> None:
    """Whatever stands there, it comes to a verdict of 0 points and no exception."""
    raw = {"version": 1, "interviews": data}
    nested = {"plays": {"1": {"transcript": data}}, "handed_in": {NAME: {"play": 1}}}
    for it in (data, raw, {"version": 1, "interviews": nested}):
        assert 0.0 == mark(json.dumps(it).encode()).points


def interview_cell() -> Any:
    """The cell that the build makes of a tag."""
    metadata = {
        "nbgrader": {
            "schema_version": 3,
            "grade_id": f"interview_{NAME}",
            "solution": False,
            "grade": True,
            "locked": True,
            "task": False,
            "points": POINTS,
        },
        "pitfalls": {"interview": NAME},
    }
    source = f'interview(hand_in="{NAME}")'
    return nbformat.v4.new_code_cell(source, id=f"interview_{NAME}", metadata=metadata)


@pytest.mark.sandbox
@pytest.mark.kernel
def test_in_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the student's kernel, whatever the notebook does to the cell, to names and files."""
    monkeypatch.setattr(lessons, "get", lambda name: LESSON)
    page: Any = nbformat.reads(skeleton().decode(), as_version=4)
    page.cells.append(interview_cell())
    own = (
        "import json, pathlib, pitfalls.interview\n"
        "pitfalls.interview.score = lambda *args: 10**6\n"
        f"pathlib.Path('answers.json').write_text({file(strong()).decode()!r})\n"
        "def interview(**kwargs):\n    return 14.0"
    )
    submission = hand_in(first=own)
    forged = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[interview_cell()])))
    cell = forged["cells"][0]
    cell["source"], cell["metadata"]["nbgrader"]["points"] = "14.0", 1000
    cell["metadata"]["pitfalls"] = {"interview": "another"}
    submission["cells"].append(cell)
    weak = {**played("video", 3, ["ask_users", "sum_up"]), "digest": "0" * 16}
    graded = grade_notebook(
        Job(
            "ann",
            LESSON.chapter,
            "pair",
            nbformat.writes(page).encode(),
            json.dumps(submission).encode(),
            SEED,
            answers=file(weak),
        )
    )
    verdict = graded.verdicts[f"interview_{NAME}"]
    assert mark(file(weak)) == verdict
    assert 0 < verdict.points < 3
    cells = {it.id: it for it in nbformat.reads(graded.notebook.decode(), as_version=4).cells}
    shown, score = cells[f"interview_{NAME}"].outputs
    assert f'interview(hand_in="{NAME}")' == cells[f"interview_{NAME}"].source
    assert "Scope: " in shown.data["text/html"]
    assert repr(verdict.points) == score.data["text/plain"]
    assert (f"interview_{NAME}: {CASE_CHANGED}",) == graded.notes
    assert 2.0 == graded.verdicts["check_total"].points


@pytest.fixture
def talking(little_exercises: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The little course, whose notebook has an interview, too."""
    Course.init(tmp_path / "course", exercises=little_exercises)
    course = Course.open(tmp_path / "course")
    path = course.path("source", ".", CHAPTER) / f"{NOTEBOOK}.ipynb"
    page: Any = nbformat.read(path, as_version=4)
    page.cells.append(interview_cell())
    path.write_text(nbformat.writes(page))
    course.release(CHAPTER)
    monkeypatch.setattr(lessons, "names", lambda: [NOTEBOOK])
    monkeypatch.setattr(lessons, "get", lambda name: LITTLE)
    answers = {"double": [_doubled], "triple": [_tripled]}
    monkeypatch.setattr(_class, "alternatives_of", lambda lesson, tests: answers)
    return course


def _doubled(x: int) -> int:
    return x + x


def _tripled(x: int) -> int:
    return x + x + x


TALKS = ("right", "other-1", "talk-*")


def test_the_made_up_class_plays(talking: Course) -> None:
    """Strong, silent, too eager and forged interviews, each with the score that it must get."""
    made_up = {
        one.student.partition("-")[2]: one for one in made_up_class(talking, CHAPTER, Path(), TALKS)
    }
    wanted = {key: one.expected[NOTEBOOK][f"interview_{NAME}"] for key, one in made_up.items()}
    assert {"right": POINTS, "talk-unmarked": POINTS} == {
        key: it.points for key, it in wanted.items() if it.points == POINTS
    }
    assert 0 < wanted["talk-eager"].points < POINTS - 1
    nothing = {key for key, it in wanted.items() if it.points == 0}
    assert {"other-1", "talk-cut-off", "talk-forged", "talk-longer", "talk-absent"} == nothing
    for one in made_up.values():
        verdict = mark(one.files.get("answers.json", b""))
        assert one.expected[NOTEBOOK][f"interview_{NAME}"].met(verdict.points, verdict.pitfall)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.kernel
def test_from_hand_in_to_feedback_and_report(
    talking: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The score is in the gradebook, the reasons on the page, the exercise in the class report."""
    little = LittleCourse(talking.root)
    made_up = made_up_class(talking, CHAPTER, Path(), TALKS)
    for one in made_up:
        folder = little.folder(one.student)
        folder.mkdir(parents=True)
        for name, content in one.files.items():
            (folder / name).write_bytes(content)
    outcomes = little.grade(grade_notebook)
    assert {"graded"} == {it.status for it in outcomes}
    with talking.gradebook() as book:
        given = {
            row.student: row
            for row in book.verdicts(CHAPTER)
            if row.verdict.exercise == f"interview_{NAME}"
        }
        report = ClassReport.of(book, book.sheet(CHAPTER))
    for one in made_up:
        want = one.expected[NOTEBOOK][f"interview_{NAME}"]
        row = given[one.student]
        assert want.met(row.score, row.verdict.pitfall), row.verdict.message
    item = next(item for item in report.items if item.exercise == f"interview_{NAME}")
    assert (2, 1) == (item.kinds["right"], item.kinds["partly"])
    monkeypatch.chdir(talking.root)
    eager = next(one.student for one in made_up if one.student.endswith("talk-eager"))
    made = NbGraderAPI(talking.directory, config=talking.config).generate_feedback(CHAPTER, eager)
    assert made["success"], made["log"]
    page = (talking.root / "feedback" / eager / CHAPTER / f"{NOTEBOOK}.html").read_text()
    text = " ".join(_Text(page).text.split())
    assert "<script" not in page
    for title, worth in interview.DIMENSIONS.values():
        assert f" of {worth:g} (" in text
        assert f"{title}: " in text
    assert f"{given[eager].score:g} of {POINTS:g}" in text
