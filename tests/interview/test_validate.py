import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pitfalls import interview
from pitfalls.interview import (
    KINDS,
    TOPICS,
    Case,
    begin,
    case_names,
    get_case,
    load_case,
    score,
    strong_plan,
    validate,
)

CASES = Path(interview.__file__).with_name("cases")


@pytest.mark.parametrize("name", case_names())
def test_cases_of_the_package(name: str) -> None:
    """Each is held to the schema and can be played well in every draw."""
    case = load_case(CASES / f"{name}.toml")
    assert get_case(name) == case
    assert () == validate(case)


def test_there_are_six() -> None:
    """The six that the chapter promises."""
    assert ("ads", "delivery", "fraud", "search", "triage", "video") == case_names()


@pytest.mark.parametrize("name", case_names())
def test_cases_ask_for_what_an_interview_is_about(name: str) -> None:
    """Every case lets one ask and propose everything that a strong candidate would."""
    case = get_case(name)
    topics = {ask.about for ask in case.asks if ask.weight}
    wanted = "objective users metrics latency traffic budget privacy data history labels"
    assert topics >= set(wanted.split())
    assert 8 == len(case.kinds)
    assert any(not ask.weight for ask in case.asks)  # something not worth its minutes


def test_cases_speak_for_themselves() -> None:
    """No two cases share an answer, a pitch or a reaction of the interviewer."""
    said: dict[str, str] = {}
    for name in case_names():
        case = get_case(name)
        texts = [ask.answer for ask in case.asks if ask.answer]
        texts += [variant.answer for h in case.hidden.values() for variant in h.variants.values()]
        texts += [proposal.pitch for proposal in case.proposals]
        texts += [ruling.says for proposal in case.proposals for ruling in proposal.rulings]
        texts += [rule.says for rule in case.rules]
        for text in texts:
            assert text not in said, (text, said[text], name)
            said[text] = name


def found(folder: Path, text: str, *changes: tuple[str, str]) -> tuple[str, ...]:
    """What is said of the small case after some replacements."""
    for old, new in changes:
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    path = folder / "coffee.toml"
    path.write_text(text, encoding="utf-8")
    return validate(load_case(path))


def test_the_small_case_is_fine(tmp_path: Path, coffee_text: str) -> None:
    """Nothing is said of it."""
    assert () == found(tmp_path, coffee_text)


SPOILAGE = 'weight = 3\nreveals = "spoilage"'
PLAIN = 'answer = "No."\nfact = "No."\nwhy = "It is so."'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            SPOILAGE,
            PLAIN,
            ", hidden (spoilage): no question uncovers it; add an ask that reveals it.",
        ),
        (
            SPOILAGE,
            'weight = 0\nreveals = "spoilage"',
            ", hidden (spoilage): no question that uncovers it counts; give one a weight.",
        ),
        (
            'fit = "partly"\nsays = "And in between?"',
            'fit = "partly"\nwhen = { spoilage = ["keep"] }\nsays = "And in between?"',
            ", propose (job_monthly): no ruling holds for order = daily, spoilage = spoil; "
            "add one, or one without when at the end.",
        ),
        (
            'when = { spoilage = ["keep"] }',
            "",
            ", propose (safety_stock), ruling 2: an earlier ruling always comes before it; move it "
            "up or drop it.",
        ),
        (
            'why = "Stock spoils here."',
            'why = "Stock costs nothing here."',
            ", propose (safety_stock): right and wrong have the same why; say what differs.",
        ),
        (
            'says = "Half of it would be stale."',
            'says = "Good, we have a cellar."',
            ", propose (safety_stock): right and wrong are told alike; let says differ.",
        ),
        (
            'why = "Stock spoils here."',
            'why = "wrong"',
            ", propose (safety_stock), ruling 2: why must be a whole sentence; end it with a full "
            "stop.",
        ),
        (
            'why = "Stock spoils here."',
            'why = "Half of it would be stale."',
            ", propose (safety_stock), ruling 2: says and why are the same; let why give the "
            "reason.",
        ),
        (
            'says = "Have you looked at a bean?"',
            'says = "Beans"',
            ", rule 2: says must be a whole sentence; end it with a full stop.",
        ),
        (
            'before = ["big_network"]\nneeds = ["baseline"]',
            'before = ["big_network"]\nneeds = ["baseline", "objective"]',
            ", propose (big_network): it is heavy, and no rule makes it wait for a baseline; add "
            "one.",
        ),
        (
            'before = ["experiment"]',
            'before = ["features"]',
            ", rule 3: it concerns no proposal of this case; mend before or drop it.",
        ),
        (
            'needs = ["metrics"]',
            'needs = ["privacy"]',
            ", rule 3: no move of this case is 'privacy'; mend needs.",
        ),
        (
            'needs = ["metrics"]',
            'needs = ["try"]',
            ", propose (try): the rules let nothing come before it that it needs; loosen one of "
            "them.",
        ),
        (
            'title = "Try it on one floor"',
            'title = "Count empty mornings"',
            ", propose (try): watch has the same title; change one of them.",
        ),
        (
            'title = "Try it on one floor"',
            'title = "Alarm"',
            ", propose (try): typing its title finds another move first; change its title or "
            "words.",
        ),
        (
            "heavy = true",
            "",
            ": no proposal is heavy; mark the model that nobody should begin with.",
        ),
        (
            'kind = "monitoring"',
            'kind = "serving"',
            ": no proposal is of the kind monitoring; add one.",
        ),
        (
            "minutes = 20",
            "minutes = 21",
            ": all moves take 21 of the 21 minutes, so nothing has to be chosen; shorten the "
            "clock.",
        ),
        (
            'words = ["measure"]\nminutes = 1',
            'words = ["measure"]\nminutes = 10',
            ": a strong candidate takes 21 of the 20 minutes; lengthen the clock or shorten moves.",
        ),
        (
            'fit = "right"\nwhen = { order = ["daily"] }',
            'fit = "partly"\nwhen = { order = ["daily"] }',
            ": no proposal of the kind serving is right for spoilage = spoil, order = daily; let "
            "one be.",
        ),
        (
            'needs = ["metrics"]',
            'needs = ["ask_cups"]',
            ", rule 3: a strong candidate has none of ask_cups before try; let one of them count "
            "or be right, or loosen the rule.",
        ),
    ],
)
def test_faults_are_named(tmp_path: Path, coffee_text: str, old: str, new: str, said: str) -> None:
    """A fault is told in one sentence with the file, the place and the mend."""
    faults = found(tmp_path, coffee_text, (old, new))
    assert f"coffee.toml{said}" in faults
    for fault in faults:
        assert re.fullmatch(r"coffee\.toml(, [^:\n]+)?: [^\n]+; [^\n]+\.", fault)


def test_a_variant_that_changes_nothing(tmp_path: Path, coffee_text: str) -> None:
    """Two variants under which the same is right are one."""
    third = """[[hidden.variants]]
id = "freeze"
answer = "We freeze them."
fact = "Beans are frozen."
changes = "Nothing."

[[hidden]]
id = "order\""""
    faults = found(
        tmp_path,
        coffee_text,
        ('[[hidden]]\nid = "order"', third),
        ('when = { spoilage = ["keep"] }', 'when = { spoilage = ["keep", "freeze"] }'),
    )
    assert (
        "coffee.toml, hidden (spoilage): keep and freeze make the same proposals right; let a "
        "ruling tell them apart, or drop one.",
    ) == faults


def test_too_many_draws(tmp_path: Path, coffee_text: str) -> None:
    """A case that hides too much is not tried out for ever."""
    more = "".join(
        f'[[hidden]]\nid = "h{n}"\ntitle = "h"\ndoubt = "h?"\n'
        + "".join(
            f'[[hidden.variants]]\nid = "v{v}"\nanswer = "a."\nfact = "a."\nchanges = "a."\n'
            for v in range(4)
        )
        for n in range(6)
    )
    faults = found(tmp_path, coffee_text + more)
    assert ("coffee.toml: there are 16384 draws, more than 5000; hide less.",) == faults


@st.composite
def altered(pick: st.DrawFn, case: Case) -> Case:
    """The small case after some changes that an author might make."""
    asks, proposals, rules = list(case.asks), list(case.proposals), list(case.rules)
    topics = st.sampled_from(list(TOPICS))
    names = st.sampled_from([*case.moves, *KINDS, *TOPICS])
    for _ in range(pick(st.integers(0, 4))):
        what = pick(st.sampled_from(["weight", "minutes", "topic", "fit", "kind", "rule", "drop"]))
        a, p, r = (pick(st.integers(0, len(part) - 1)) for part in (asks, proposals, rules))
        if what == "weight":
            asks[a] = replace(asks[a], weight=pick(st.integers(0, 3)))
        elif what == "minutes":
            asks[a] = replace(asks[a], minutes=pick(st.integers(1, 6)))
        elif what == "topic":
            asks[a] = replace(asks[a], about=pick(topics))
        elif what == "fit":
            fit = pick(st.sampled_from(["right", "partly", "wrong"]))
            first, *others = proposals[p].rulings
            proposals[p] = replace(proposals[p], rulings=(replace(first, fit=fit), *others))
        elif what == "kind":
            proposals[p] = replace(proposals[p], about=pick(st.sampled_from(list(KINDS))))
        elif what == "rule":
            rules[r] = replace(rules[r], needs=(pick(names),))
        elif len(proposals) > 5:
            del proposals[p]
    return replace(case, asks=tuple(asks), proposals=tuple(proposals), rules=tuple(rules))


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_passes_can_be_played_well(data: st.DataObject, coffee: Case) -> None:
    """A case without a fault lets a strong candidate reach full marks in every draw."""
    case = data.draw(altered(coffee))
    faults = validate(case)
    event("fine" if not faults else "faulty")
    if faults:
        return
    for seed in range(12):  # all four draws are among them
        played = begin(case, seed)
        for move in strong_plan(case, seed):
            played = played.make(move)
        assert 100 == score(played).points
