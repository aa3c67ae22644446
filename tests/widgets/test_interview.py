"""The interviewer: what it keeps and tells, and its search in the browser against Python's."""

import json
import random
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from pitfalls.interview import (
    DIMENSIONS,
    InterviewError,
    begin,
    case_names,
    draft,
    get_case,
    replay,
    score,
    search,
    strong_plan,
)
from pitfalls.interview._plays import load_plays
from pitfalls.interview._transcript import read_transcript
from pitfalls.widgets import InterviewWidget, _interview, interview
from pitfalls.widgets._static import script

CASE = get_case("video")


class Seat:
    """What a browser does with an interview: it sends messages and reads the state."""

    def __init__(self, folder: Path, case: str | None = None, **options: Any) -> None:
        made = interview(case, folder=folder, **options)
        assert made is not None
        self.widget: InterviewWidget = made
        self.sent = 0

    def do(self, what: str, **details: Any) -> dict[str, Any]:
        """Send a message; gives the state that comes back."""
        self.sent += 1
        message = {"do": what, "page": "p", "number": self.sent, **details}
        self.widget._handle_custom_msg(message, [])
        assert self.sent == self.state["seen"]["p"]
        return self.state

    def say(self, *moves: str) -> dict[str, Any]:
        """Make moves; gives the last state."""
        return [self.do("move", move=move) for move in moves][-1]

    @property
    def state(self) -> dict[str, Any]:
        """What the page knows beside the moves, as it comes there."""
        state: dict[str, Any] = json.loads(json.dumps(self.widget.get_state()["_state"]))
        return state

    @property
    def wire(self) -> str:
        """Everything that ever reaches the browser."""
        return json.dumps(self.widget.get_state(), ensure_ascii=False)


def test_choose_a_case(tmp_path: Path) -> None:
    """All cases are there to choose from, each with its line and its clock."""
    seat = Seat(tmp_path)
    cases = seat.widget.get_state()["_cases"]
    assert list(case_names()) == [case["name"] for case in cases]
    assert all(case["title"] and case["about"] and case["minutes"] for case in cases)
    assert "choose" == seat.state["phase"]
    state = seat.do("play", case="video", seed=3)
    assert ("play", "Video recommendations", 3, 45) == tuple(
        state[key] for key in ("phase", "title", "seed", "left")
    )
    assert [CASE.opening] == [line["text"] for line in state["lines"]]
    assert [] == list(tmp_path.iterdir())  # nothing was said yet, so nothing is kept
    assert "choose" == seat.do("choose")["phase"]


def test_a_move(tmp_path: Path) -> None:
    """A question is answered, takes its minutes, and is no longer open."""
    seat = Seat(tmp_path, "video", seed=3)
    before = seat.state
    assert "ask_latency" in before["open"]
    state = seat.say("ask_latency")
    now = begin(CASE, 3).make("ask_latency")
    assert [it.text for it in now.lines] == [line["text"] for line in state["lines"]]
    assert ["interviewer", "you", "interviewer"] == [line["who"] for line in state["lines"]]
    assert now.minutes_left == state["left"] < before["left"]
    assert "ask_latency" not in state["open"]


def test_nothing_hidden_reaches_the_browser(tmp_path: Path) -> None:
    """Neither an answer before its question nor what is thought of a move before the end."""
    seat = Seat(tmp_path, "video", seed=3, hand_in="framing")
    seat.say("model_two_tower")
    now = begin(CASE, 3).make("model_two_tower")
    for hidden in CASE.hidden.values():
        for variant in hidden.variants.values():
            for text in (variant.answer, variant.fact, variant.changes):
                assert json.dumps(text, ensure_ascii=False) not in seat.wire
    for move in CASE.proposals:
        for ruling in move.rulings:
            assert json.dumps(ruling.why, ensure_ascii=False) not in seat.wire
    assert now.events[0].says in seat.wire  # what the interviewer said to it
    assert "too early" not in seat.wire
    assert "report" not in seat.state
    assert seat.widget.report is None


def test_the_end(tmp_path: Path) -> None:
    """The report has every dimension, what was missed, a strong interview and the document."""
    seat = Seat(tmp_path, "video", seed=3)
    state = seat.say("model_two_tower", "ask_latency", "sum_up")
    now = begin(CASE, 3).make("model_two_tower").make("ask_latency").make("sum_up")
    report = score(now)
    assert "report" == state["phase"]
    assert report == seat.widget.report
    told = json.loads(json.dumps(report.to_dict()))
    assert told == {key: value for key, value in state["report"].items() if key in told}
    assert list(DIMENSIONS) == [it["id"] for it in state["report"]["dimensions"]]
    assert [CASE.moves[move].title for move in strong_plan(CASE, 3)] == state["report"]["strong"]
    assert draft(now) == state["document"]
    assert ["", "too early", "", "", "", "", ""] == [line["note"] for line in state["lines"]]
    assert [] == state["open"] == state["fits"]
    assert state["lines"] == seat.say("ask_users")["lines"]
    assert "The interview is over" in seat.state["problem"]


def test_plays_survive(tmp_path: Path) -> None:
    """After a restart the newest play goes on where it was left; the others are in the history."""
    seat = Seat(tmp_path)
    seat.do("play", case="video", seed=3)
    seat.say("ask_users", "sum_up")
    seat.do("again")
    assert 3 != seat.state["seed"]
    state = seat.say("ask_objective", "ask_latency")
    again = Seat(tmp_path)
    assert {**state, "seen": {}} == again.state
    newest, oldest = again.state["plays"]
    assert (2, False, None) == (newest["number"], newest["over"], newest["points"])
    assert (1, True, 3) == (oldest["number"], oldest["over"], oldest["seed"])
    points = score(begin(CASE, 3).make("ask_users").make("sum_up")).points
    assert points == oldest["points"]
    assert "report" == again.do("open", play=1)["phase"]
    assert "play" == again.do("open", play=2)["phase"]
    assert 5 == len(again.state["lines"])


def test_a_play_on_an_earlier_text_stays_marked(tmp_path: Path) -> None:
    """Whoever plays on after an update keeps the digest of the case that the play began with."""
    begun = Seat(tmp_path, "video", seed=3)
    begun.say("ask_users")
    assert begun.state["changed"] == ""
    path = tmp_path / "answers.json"
    written = json.loads(path.read_text())
    transcript = written["interviews"]["plays"]["1"]["transcript"]
    assert CASE.digest == transcript["digest"]
    transcript["digest"] = "0" * 16
    path.write_text(json.dumps(written))
    seat = Seat(tmp_path, "video", seed=3)
    assert seat.state["changed"].startswith("The case has changed")
    seat.say("ask_latency")
    assert seat.state["changed"]
    (play,) = load_plays(tmp_path).plays.values()
    read = read_transcript(play.transcript)
    assert ("0" * 16, ("ask_users", "ask_latency")) == (read.digest, read.moves)


def test_a_given_case(tmp_path: Path) -> None:
    """A given case, or a given draw of it, goes on only with its own plays."""
    seat = Seat(tmp_path, "video", seed=3)
    seat.say("ask_users")
    assert [] == seat.widget.get_state()["_cases"]
    assert 1 == Seat(tmp_path, "video").state["number"] == Seat(tmp_path).state["number"]
    other = Seat(tmp_path, "video", seed=4)
    assert (None, 4, 45) == tuple(other.state[key] for key in ("number", "seed", "left"))
    assert other.state["phase"] == other.do("choose")["phase"] == "play"
    assert 4 == other.do("play", case="video", seed=9)["seed"]


def test_one_is_handed_in(tmp_path: Path) -> None:
    """A finished play is handed in, and another one instead; an unfinished one is not."""
    seat = Seat(tmp_path, "video", seed=3, hand_in="framing")
    seat.say("ask_users")
    assert "handed in when it is over" in seat.do("hand in", play=1)["problem"]
    assert {} == load_plays(tmp_path).handed_in
    seat.say("sum_up")
    state = seat.do("hand in", play=1)
    assert (1, "") == (state["handed_in"], state["problem"])
    assert [True] == [play["handed_in"] for play in state["plays"]]
    seat.do("again")
    seat.say("ask_objective", "sum_up")
    state = seat.do("hand in", play=2)
    assert 2 == load_plays(tmp_path).handed_in["framing"].play == Seat(tmp_path).state["number"]
    assert [True, False] == [play["handed_in"] for play in state["plays"]]
    assert "is not in answers.json any more" in seat.do("hand in", play=9)["problem"]


def test_practice_hands_nothing_in(tmp_path: Path) -> None:
    """Without a name to hand in for, there is no way to."""
    seat = Seat(tmp_path, "video", seed=3)
    seat.say("sum_up")
    assert seat.do("hand in", play=1)["handed_in"] is None
    assert {} == load_plays(tmp_path).handed_in


def test_two_pages_of_one_play(tmp_path: Path) -> None:
    """What one page said, the other goes on from; no move is lost."""
    seat = Seat(tmp_path, "video", seed=3)
    seat.say("ask_users")
    other = Seat(tmp_path, "video", seed=3)
    seat.say("ask_objective")
    other.say("ask_latency")
    (play,) = load_plays(tmp_path).plays.values()
    made = replay(read_transcript(play.transcript)).made
    assert ("ask_users", "ask_objective", "ask_latency") == made


def test_the_design_document(tmp_path: Path) -> None:
    """It is written beside the notebook on request, and never over what somebody finished."""
    seat = Seat(tmp_path, "video", seed=3)
    assert "" == seat.do("write")["written"]  # not before the end
    state = seat.say("ask_users", "sum_up")
    assert ["answers.json"] == [path.name for path in tmp_path.iterdir()]
    assert "Written: design_video.md. It is yours to finish." == seat.do("write")["written"]
    path = tmp_path / "design_video.md"
    assert state["document"] == path.read_text(encoding="utf-8")
    assert "design_video.md is there already, as drafted here." == seat.do("write")["written"]
    path.write_text("finished")
    (tmp_path / "design_video_2.md").symlink_to("nowhere")
    assert "Written: design_video_3.md. It is yours to finish." == seat.do("write")["written"]
    assert "finished" == path.read_text()
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_played_is_told(tmp_path: Path) -> None:
    """A play that a later version of the case does not know stays in the history, with a reason."""
    seat = Seat(tmp_path, "video", seed=3)
    seat.say("ask_users")
    path = tmp_path / "answers.json"
    path.write_text(path.read_text().replace("ask_users", "ask_nobody"))
    again = Seat(tmp_path)
    assert "choose" == again.state["phase"]
    (row,) = again.state["plays"]
    assert {"number", "broken"} == set(row)
    assert row["broken"] == again.do("open", play=1)["problem"]


def test_odd_messages_change_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Messages that no page of ours sends are let pass, or told in one sentence."""
    seat = Seat(tmp_path)
    before = seat.state
    for message in (
        "play",
        {"do": 7},
        {"do": "move", "move": "ask_users"},
        {"do": "again"},
        {"do": "write"},
        {"do": "hand in", "play": 1},
    ):
        seat.widget._handle_custom_msg(message, [])
        assert before == seat.state
    for message in (
        {"do": "play", "case": "chess"},
        {"do": "play", "case": ["video"]},
        {"do": "play", "case": "video", "seed": "3"},
        {"do": "play", "case": "video", "seed": -1},
        {"do": "open", "play": 1},
        {"do": "open", "play": [1]},
        {"do": "open"},
    ):
        seat.widget._handle_custom_msg(message, [])
        assert seat.state["problem"]
        assert before == {**seat.state, "problem": ""}
    seat.do("play", case="video", seed=3)
    assert "There is no move 'ask_nobody'" in seat.say("ask_nobody")["problem"]
    assert [] == caplog.records  # ipywidgets would log an exception and go on
    assert [] == list(tmp_path.iterdir())


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Answers that cannot be read are kept aside, and the learner hears of it."""
    (tmp_path / "answers.json").write_bytes(b"{")
    seat = Seat(tmp_path, "video", seed=3)
    assert "answers.json cannot be read" in seat.state["problem"]
    assert "It was kept as answers.damaged-1.json" in seat.say("ask_users")["problem"]
    assert "" == seat.say("ask_objective")["problem"]


def test_a_failed_save_is_told(tmp_path: Path) -> None:
    """A move that could not be kept is not shown as if it were."""
    (tmp_path / "answers.json").mkdir()
    seat = Seat(tmp_path, "video", seed=3)
    assert "answers.json cannot be opened" in seat.state["problem"]
    state = seat.say("ask_users")
    assert "This could not be saved" in state["problem"]
    assert 1 == len(state["lines"])


def test_in_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the grading sandbox the interviewer is one line, and no file is looked for."""
    monkeypatch.setenv("PITFALLS_GRADING", "1")
    assert interview("no_such_case", folder=tmp_path / "nowhere") is None
    assert "Interview: graded from the transcript that was handed in.\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("case", "seed", "complaint"),
    [
        ("chess", None, "There is no case 'chess'; there are "),
        ("video", -1, "seed must be a whole number from 0"),
        (None, 3, "name the case, too"),
    ],
)
def test_odd_arguments(tmp_path: Path, case: Any, seed: Any, complaint: str) -> None:
    """A case or a seed that there is not is told in one sentence."""
    with pytest.raises(InterviewError, match=complaint):
        interview(case, seed=seed, folder=tmp_path)


def test_without_a_browser(tmp_path: Path) -> None:
    """Where no widget can be shown, the text says what to do."""
    seat = Seat(tmp_path)
    assert "Interview simulation: run this cell to open it." == repr(seat.widget)


def test_another_draw_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playing again never draws the seed that was just played."""
    for last in (1, 77, 9999):
        monkeypatch.setattr(_interview.random, "randint", lambda low, high, last=last: last)
        assert last == _interview._draw()
        assert last != _interview._draw(other_than=last)
        assert 1 <= _interview._draw(other_than=last) <= 9999


# --- the browser's search, and Python's --------------------------------------------------------

PAGE = """<!doctype html><title>Search</title><script type="module">
import { alike, search } from "./interview.js";
Object.assign(window, { alike, search, ready: true });
</script>"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """The widget's module in Chromium, without Jupyter."""

    def serve(route: Route) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(body=script("interview", "elements"), content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    page = chromium.new_page()
    page.route("**/*", serve)
    page.goto("http://interview.test/")
    page.wait_for_function("window.ready")
    yield page
    page.close()


def typed(case: Any, rng: random.Random) -> list[str]:
    """What people type: words, beginnings, slips, whole titles, nothing, and nonsense."""
    words = [
        word
        for move in case.moves.values()
        for text in (move.title, move.line, *move.words)
        for word in text.split()
    ]
    texts = ["", "  ", "the", "how do you", "xylophone", "É", "ß", "_", "ask ABOUT latency?"]
    for move in case.moves.values():
        texts += [move.title, *move.words]
    for _ in range(150):
        some = rng.choices(words, k=rng.randint(1, 3))
        some = [word[: rng.randint(1, len(word))] if rng.random() < 0.5 else word for word in some]
        if rng.random() < 0.5:  # one letter slips
            place = rng.randrange(len(some))
            letters = list(some[place])
            letters[rng.randrange(len(letters))] = rng.choice("aeinrst")
            some[place] = "".join(letters)
        texts.append(" ".join(some))
    return texts


@pytest.mark.browser
@pytest.mark.parametrize("name", case_names())
def test_search_is_the_same_in_both(page: Page, name: str) -> None:
    """Whatever is typed, the browser finds what Python finds, in its order."""
    case = get_case(name)
    texts = typed(case, random.Random(7))
    moves = [_interview._shown_move(move) for move in case.moves.values()]
    found = page.evaluate(
        "([moves, texts]) => texts.map((text) => search(moves, text).map((move) => move.id))",
        [moves, texts],
    )
    wanted = [[move.id for move in search(case, text)] for text in texts]
    assert wanted == found
    assert sum(map(bool, wanted)) > len(texts) / 2


@pytest.mark.browser
def test_likeness_is_difflibs(page: Page) -> None:
    """The ratio of two words is that of Python's SequenceMatcher, to the last bit."""
    rng = random.Random(3)
    pairs = [
        ["".join(rng.choices("abcd", k=rng.randint(0, 9))) or "a" for _ in range(2)]
        for _ in range(400)
    ]
    ratios = page.evaluate("(pairs) => pairs.map(([a, b]) => alike(a, b))", pairs)
    assert [SequenceMatcher(None, a, b).ratio() for a, b in pairs] == ratios
