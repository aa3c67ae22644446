import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pitfalls._sidecar import FILE_NAME
from pitfalls.interview._plays import (
    MOST_PLAYS,
    HandIn,
    Play,
    Plays,
    load_plays,
    read_plays,
    save_plays,
)
from pitfalls.quiz import Sheet, load_answers, save_answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def play(seed: int, *moves: str) -> Play:
    """A play that was begun at some time."""
    transcript = {"version": 1, "case": "fraud", "seed": seed, "moves": list(moves)}
    return Play(transcript, "2030-01-01T00:00:00+00:00")


PLAY = play(7, "objective", "labels")


def document(section: Any) -> bytes:
    """A file with such a section."""
    return json.dumps({"version": 1, "interviews": section}).encode()


def test_round_trip(tmp_path: Path) -> None:
    """What was played and handed in is there again, the quizzes of the file with it."""
    save_answers(tmp_path, "svm", Sheet({"q": "c"}))
    plays, first = Plays().put(PLAY)
    plays, second = plays.put(play(2**31 - 1))
    plays = plays.hand_in("framing", first, "2030-01-02T00:00:00+00:00")
    assert (1, 2) == (first, second)
    assert "" == save_plays(tmp_path, plays)
    assert plays == load_plays(tmp_path)
    assert {"q": "c"} == load_answers(tmp_path).sheet("svm").answers
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]


def test_a_play_goes_on() -> None:
    """A play that is put under its number takes the place of what was there."""
    plays, number = Plays().put(PLAY)
    longer = play(7, "objective", "labels", "sum_up")
    assert ({1: longer}, 1) == (plays.put(longer, number)[0].plays, number)


def test_history_is_capped() -> None:
    """The oldest plays go, but never the one that is handed in, and no number comes twice."""
    plays = Plays()
    for seed in range(MOST_PLAYS + 5):
        plays, number = plays.put(play(seed))
        if number == 1:
            plays = plays.hand_in("framing", 1, "")
    assert MOST_PLAYS == len(plays.plays)
    assert [1, 7, 8] == list(plays.plays)[:3]
    assert MOST_PLAYS + 5 == number


def test_what_is_no_play_is_left_out() -> None:
    """Of a forged or broken entry nothing is taken; those beside it are read, as they came."""
    plays = {"1": 0, "2": {"transcript": [1], "begun": 3}, "0": {}, "x": {}, "-1": {}, "3": None}
    assert {2: Play([1])} == read_plays(document({"plays": plays})).plays


def test_points_in_the_file_are_not_read() -> None:
    """A play holds no score, whatever stands beside it."""
    entry = {"transcript": PLAY.transcript, "points": 14, "report": {"scope": 3}}
    assert {3: Play(PLAY.transcript)} == read_plays(document({"plays": {"3": entry}})).plays


def test_what_is_handed_in_may_be_no_play() -> None:
    """Which play counts is read as it stands; whether there is one is for the reader to see."""
    handed_in = {"framing": {"play": 9, "at": 3}, "a": {"play": "1"}, "b": 1, "c": {"play": True}}
    assert {"framing": HandIn(9)} == read_plays(document({"handed_in": handed_in})).handed_in


@given(JSON)
def test_any_json_is_read(data: Any) -> None:
    """Whatever a file holds, reading it gives plays, perhaps none, and no exception."""
    for raw in (
        json.dumps(data).encode(),
        document(data),
        document({"plays": data, "handed_in": data}),
        document({"plays": {"1": data}, "handed_in": {"framing": data}}),
    ):
        plays = read_plays(raw)
        assert all(isinstance(play, Play) for play in plays.plays.values())


@given(st.dictionaries(st.text(max_size=12), st.just({"transcript": {}})))
def test_any_number_is_read(plays: Any) -> None:
    """Keys that are no numbers from 1 on count for nothing."""
    assert all(0 < number < 10**9 for number in read_plays(document({"plays": plays})).plays)


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    """A file that cannot be read is told, kept, and replaced."""
    (tmp_path / FILE_NAME).write_bytes(b"{")
    assert "it is not JSON" in load_plays(tmp_path).problem
    assert "It was kept as answers.damaged-1.json" in save_plays(tmp_path, Plays({1: PLAY}))
    assert {1: PLAY} == load_plays(tmp_path).plays
