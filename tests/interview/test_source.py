import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitfalls.interview import Ask, Case, CaseError, InterviewError, get_case, load_case


def complaint(folder: Path, text: str, old: str, new: str) -> str:
    """What `load_case` says when one piece of the good file is replaced."""
    assert 1 == text.count(old), old
    path = folder / "coffee.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_case(path)
    return str(caught.value)


def test_load(coffee: Case) -> None:
    """What the author wrote stands in the case, by its ids and in its order."""
    assert ("coffee", "Coffee beans", 20) == (coffee.name, coffee.title, coffee.minutes)
    assert ["spoil", "keep"] == list(coffee.hidden["spoilage"].variants)
    ask = coffee.moves["ask_spoilage"]
    assert isinstance(ask, Ask)
    assert ("data", "spoilage", 3) == (ask.about, ask.reveals, ask.weight)
    assert ("baseline", "model", "serving", "monitoring", "experiment") == coffee.kinds
    assert 4 == len(list(coffee.draws()))
    assert [3, 0] == [
        next(r.loses for r in proposal.rulings if r.fit == fit)
        for proposal, fit in [(coffee.proposals[1], "wrong"), (coffee.proposals[0], "right")]
    ]
    assert 2 == coffee.proposals[2].rulings[1].loses  # unless it says otherwise


def test_texts_are_paragraphs(tmp_path: Path, coffee_text: str) -> None:
    """However an author breaks the lines."""
    opening = 'opening = """\nWe run out of coffee.\n   Do something.\n"""'
    path = tmp_path / "coffee.toml"
    path.write_text(coffee_text.replace('opening = "We run out of coffee. Do something."', opening))
    assert "We run out of coffee. Do something." == load_case(path).opening


def test_get_case() -> None:
    """A case of the package is read once; another name is told what there is."""
    assert get_case("video") is get_case("video")
    with pytest.raises(InterviewError, match=r"^There is no case 'tea'; there are ads, delivery,"):
        get_case("tea")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 20", "minutes = 5", ": minutes must be at least 15. Got 5."),
        ("minutes = 20", 'minutes = "20"', ": minutes must be a whole number. Got '20'."),
        ("minutes = 20", "", ": minutes is missing; add it."),
        ("minutes = 20", "minutes = 20\nseconds = 3", ": there is no field 'seconds' here; there"),
        ('id = "spoil"', "", ", hidden 1 (spoilage), variant 1: id is missing; add it."),
        (
            'id = "spoil"',
            'id = "keep"',
            ", hidden 1 (spoilage): two variants have the same id; rename one.",
        ),
        (
            'id = "order"',
            'id = "spoilage"',
            ", hidden 2 (spoilage): another hidden constraint has this id; choose another.",
        ),
        ('topic = "data"', 'topic = "beans"', ", ask 3 (ask_spoilage): topic must be one of obj"),
        ('why = "A goal comes first."', "", ", ask 1 (ask_goal): why is missing; add it."),
        ('words = ["goal"]', "words = []", ", ask 1 (ask_goal): words must have at least 1. Got 0"),
        (
            'reveals = "order"',
            'reveals = "tea"',
            ", ask 4 (ask_order): reveals must be one of spoilage, order. Got 'tea'.",
        ),
        (
            'reveals = "order"',
            'reveals = "order"\nfact = "Daily."',
            ", ask 4 (ask_order): it has an answer of its own and reveals another; drop one of",
        ),
        ('id = "watch"', 'id = "Watch!"', "propose 7 (Watch!): id must be small letters, digits"),
        (
            'id = "watch"',
            'id = "ask_goal"',
            ", propose 7 (ask_goal): 'ask_goal' names another move, a topic or a kind; choose",
        ),
        ('id = "watch"', 'id = "sum_up"', "'sum_up' names another move, a topic or a kind"),
        ('id = "watch"', 'id = "metrics"', "'metrics' names another move, a topic or a kind"),
        ('says = "Do."', 'says = ""', "(watch), ruling 1: says must not be empty"),
        (
            'why = "It can forecast a month."',
            'why = "It can."\nloses = 1',
            ", propose 2 (big_network), ruling 1: only what is wrong loses; drop loses.",
        ),
        (
            'when = { order = ["daily"] }',
            'when = { tea = ["daily"] }',
            ", propose 5 (job_daily), ruling 1: when speaks of 'tea'; there are spoilage, order.",
        ),
        (
            'when = { order = ["daily"] }',
            'when = { order = ["weekly"] }',
            "(job_daily), ruling 1: order has no variant 'weekly'; it has daily, monthly.",
        ),
        ("loses = 4", "loses = 40", ", rule 1: loses must be at most 10. Got 40."),
        (
            'before = ["big_network"]',
            'before = ["ask_goal"]',
            ", rule 1: 'ask_goal' is neither a kind nor a proposal; mend before.",
        ),
        (
            'needs = ["metrics"]',
            'needs = ["tea"]',
            ", rule 3: 'tea' is no topic, kind or move; mend needs.",
        ),
        ('title = "Coffee beans"', "title = Coffee", " is not TOML: "),
    ],
)
def test_faults_are_named(tmp_path: Path, coffee_text: str, old: str, new: str, said: str) -> None:
    """A fault is told with the file, the place, and what to do."""
    message = complaint(tmp_path, coffee_text, old, new)
    assert message.startswith("coffee.toml")
    assert said in message
    assert "\n" not in message


def test_files_that_are_none(tmp_path: Path) -> None:
    """Missing, too large, or not text: one sentence each."""
    with pytest.raises(CaseError, match=r"^tea\.toml cannot be read: No such file or directory\.$"):
        load_case(tmp_path / "tea.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(CaseError, match=r"^large\.toml is larger than 1048576 bytes;"):
        load_case(tmp_path / "large.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CaseError, match=r"^bytes\.toml is not TOML: "):
        load_case(tmp_path / "bytes.toml")
    (tmp_path / "deep.toml").write_text("title = " + "[" * 100_000)
    with pytest.raises(CaseError, match=r"^deep\.toml is not TOML: "):
        load_case(tmp_path / "deep.toml")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_line_lost_or_doubled(data: st.DataObject, tmp_path: Path, coffee_text: str) -> None:
    """Whatever an author drops, the file is a case or is complained of in one sentence."""
    lines = coffee_text.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    with_what = data.draw(st.sampled_from([[], [lines[place]] * 2, ["[[ask]]"], ["id = 3"]]))
    path = tmp_path / "coffee.toml"
    path.write_text("\n".join([*lines[:place], *with_what, *lines[place + 1 :]]), encoding="utf-8")
    try:
        said = f"coffee.toml: {load_case(path).title}."
    except CaseError as error:
        said = str(error)
    assert re.fullmatch(r"coffee\.toml[^\n]*: [^\n]+\.", said) or "is not TOML" in said
