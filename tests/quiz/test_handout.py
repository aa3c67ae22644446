import json
from pathlib import Path

import pytest

from pitfalls.quiz import QuizError, dumps, find, handout, load, loads, split

EXERCISES = Path(__file__).parents[2] / "autograder" / "exercises"
QUIZZES = find(EXERCISES)


@pytest.fixture(params=QUIZZES.values(), ids=list(QUIZZES))
def path(request: pytest.FixtureRequest) -> Path:
    """Every quiz of the kit."""
    chosen: Path = request.param
    return chosen


def test_a_graded_key_stays_at_home(path: Path) -> None:
    """A graded quiz is handed out without a key or a single explanation; practice has both."""
    quiz, given = load(path), loads(handout(path))
    assert split(quiz)[0] == split(given)[0]
    if not quiz.graded:
        assert quiz == given
        return
    assert {} == given.key
    text = handout(path).decode()
    for key in quiz.key.values():
        reasons = [key.why] if isinstance(key.why, str) else list(key.why.values())
        reasons += [mistake.why for mistake in getattr(key, "mistakes", ())]
        assert not [why for why in reasons if json.dumps(why, ensure_ascii=False)[1:-1] in text]
    fields = {field for question in json.loads(text)["questions"] for field in question}
    assert {"id", "kind", "title", "text", "points", "options", "unit"} == fields
    options = {
        field
        for question in json.loads(text)["questions"]
        for option in question["options"]
        for field in option
    }
    assert {"id", "text"} == options


def test_the_same_bytes(path: Path) -> None:
    """A hand-out is the same each time it is made."""
    assert handout(path) == handout(path)


def test_round_trip(path: Path) -> None:
    """Nothing is lost between a quiz and its file."""
    assert load(path) == loads(dumps(load(path)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("title"),
        lambda data: data["questions"].append(3),
        lambda data: data["questions"][0].pop("options"),
        lambda data: data["key"].popitem(),
        lambda data: data["key"]["unbiased"]["why"].pop("a"),
        lambda data: data["key"]["unbiased"].update(right=["z"]),
        lambda data: data.update(key=7),
    ],
)
def test_a_damaged_file_says_so(damage: object) -> None:
    """A hand-out that someone cut about is told to be damaged."""
    data = json.loads(dumps(load(QUIZZES["linear_regression"])))
    assert callable(damage)
    damage(data)
    with pytest.raises(QuizError, match="is damaged; fetch it again"):
        loads(json.dumps(data).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"[" * 200_000])
def test_no_quiz_at_all(raw: bytes) -> None:
    """What is no quiz file is told to be damaged."""
    with pytest.raises(QuizError, match="is damaged; fetch it again"):
        loads(raw)


def test_another_version() -> None:
    """A file of a later kit is not guessed at."""
    with pytest.raises(QuizError, match="of version 2, and this kit reads 1"):
        loads(b'{"version": 2}')
