import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitfalls.interview import (
    Case,
    Interview,
    InterviewError,
    Transcript,
    case_changed,
    get_case,
    load_case,
    read_transcript,
    replay,
)

Start = Callable[..., Interview]
GOOD: dict[str, Any] = {"version": 1, "case": "video", "seed": 3, "moves": ["ask_users"]}


def test_there_and_back(start: Start, coffee: Case) -> None:
    """A transcript goes through JSON and is played to the same state."""
    interview = start("job_daily", "ask_order", "job_daily", "sum_up")
    cases = {"coffee": coffee}
    raw = json.loads(json.dumps(Transcript.of(interview).to_dict()))
    transcript = read_transcript(raw, cases)
    assert Transcript.of(interview) == transcript
    assert interview == replay(transcript, cases)
    assert interview.lines == replay(transcript, cases).lines


def test_a_transcript_knows_the_text_it_was_played_on(
    start: Start, coffee: Case, coffee_text: str, tmp_path: Path
) -> None:
    """It tells when a word of the case has changed, not when its lines break elsewhere."""
    raw = Transcript.of(start("job_daily", "sum_up")).to_dict()

    def changed(text: str) -> bool:
        path = tmp_path / "coffee.toml"
        path.write_text(text, encoding="utf-8")
        return case_changed(raw, {"coffee": load_case(path)})

    assert not case_changed(raw, {"coffee": coffee})
    assert not changed(f"# a remark\n{coffee_text}")
    assert not changed(coffee_text.replace(f'"{coffee.opening}"', f'"""\n{coffee.opening}\n"""'))
    assert changed(coffee_text.replace(coffee.opening, f"{coffee.opening} Please."))
    assert changed(coffee_text.replace(f"minutes = {coffee.minutes}", "minutes = 90", 1))
    assert not case_changed(raw)  # no case of that name


def test_a_transcript_without_a_digest_is_read() -> None:
    """As earlier versions wrote them: played, and never said to be of a changed case."""
    transcript = read_transcript(GOOD)
    assert ("", GOOD) == (transcript.digest, transcript.to_dict())
    assert not case_changed(GOOD)
    digest = get_case("video").digest
    assert {**GOOD, "digest": digest} == Transcript.of(replay(transcript)).to_dict()


def test_cases_of_the_package() -> None:
    """Unless told otherwise, it is of a case that comes with the package."""
    interview = replay(read_transcript(GOOD))
    assert (get_case("video"), 3, ("ask_users",)) == (
        interview.case,
        interview.seed,
        interview.made,
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "The transcript is no table of version, case, seed and moves."),
        ([GOOD], "The transcript is no table of version, case, seed and moves."),
        ({}, "The transcript does not say version 1."),
        ({**GOOD, "version": True}, "The transcript does not say version 1."),
        ({**GOOD, "version": 2}, "The transcript does not say version 1."),
        ({**GOOD, "case": None}, "The transcript names no case."),
        ({**GOOD, "case": ["video"]}, "The transcript names no case."),
        ({**GOOD, "case": "../video"}, "The transcript is of no case that is known; ads, "),
        ({**GOOD, "seed": -1}, "The transcript's seed is no whole number from 0 to 2147483647."),
        ({**GOOD, "seed": True}, "The transcript's seed is no whole number"),
        ({**GOOD, "seed": 3.0}, "The transcript's seed is no whole number"),
        ({**GOOD, "seed": 10**400}, "The transcript's seed is no whole number"),
        ({**GOOD, "seed": float("nan")}, "The transcript's seed is no whole number"),
        ({**GOOD, "digest": 3}, "The transcript's digest of its case is no 16 digits"),
        ({**GOOD, "digest": "video"}, "The transcript's digest of its case is no 16 digits"),
        ({**GOOD, "moves": "ask_users"}, "The transcript has no list of moves."),
        ({**GOOD, "moves": {"ask_users": 1}}, "The transcript has no list of moves."),
        ({**GOOD, "moves": ["ask_users"] * 201}, "The transcript has more than 200 moves."),
        ({**GOOD, "moves": ["ask_users", 1]}, "The transcript has an unknown move at place 2."),
        ({**GOOD, "moves": [["ask_users"]]}, "The transcript has an unknown move at place 1."),
        ({**GOOD, "moves": ["events"]}, "The transcript has an unknown move at place 1."),
        (
            {**GOOD, "moves": ["sum_up", "ask_users"]},
            "The transcript goes on after the interview was over, at move 2.",
        ),
        (
            {**GOOD, "moves": ["ask_users"] * 46},
            "The transcript goes on after the interview was over, at move 46.",
        ),
    ],
)
def test_faults(raw: object, said: str) -> None:
    """Each has a sentence of its own."""
    with pytest.raises(InterviewError) as caught:
        read_transcript(raw)
    assert str(caught.value).startswith(said)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
nearly = st.fixed_dictionaries(
    {
        "version": st.just(1) | junk,
        "case": st.sampled_from(["video", "fraud", "chess"]) | junk,
        "seed": st.integers(-2, 2**40) | junk,
        "moves": st.lists(st.sampled_from(["ask_users", "sum_up", "model_two_tower"]) | junk)
        | junk,
    },
    optional={"more": junk, "digest": st.from_regex("[0-9a-f]{16}", fullmatch=True) | junk},
)


@given(junk | nearly)
def test_untrusted_data(raw: object) -> None:
    """Whatever it is, it is either played or refused by the package's own error."""
    try:
        assert case_changed(raw) in (True, False)
        transcript = read_transcript(raw)
    except InterviewError as error:
        said = str(error)
    else:
        assert transcript.moves == replay(transcript).made
        said = "Played."
    assert re.fullmatch(r"[^\n]+\.", said)
