import math
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitfalls.quiz import (
    ChoiceKey,
    Key,
    Mistake,
    NumericKey,
    Option,
    OrderKey,
    Question,
    Quiz,
    QuizError,
    mark,
    score,
    split,
    to_verdict,
)

LETTERS = "abcdefgh"
POINTS = st.sampled_from([0.5, 1, 2, 3, 7.5])
NUMBERS = st.floats(-1e9, 1e9).map(lambda x: round(x, 3))


def options(count: int) -> tuple[Option, ...]:
    """Options a, b, c and so on."""
    return tuple(Option(letter, f"option {letter}") for letter in LETTERS[:count])


def choice(right: str, count: int, points: float = 1) -> tuple[Question, ChoiceKey]:
    """A choice whose right options are named by their letters."""
    kind: Any = "single" if len(right) == 1 else "multiple"
    question = Question("q", kind, "T", "Which?", points, options(count))
    return question, ChoiceKey(tuple(right), {o.id: f"because {o.id}" for o in question.options})


@st.composite
def multiples(draw: st.DrawFn) -> tuple[Question, ChoiceKey]:
    """Multiple choices."""
    count = draw(st.integers(2, 8))
    right = draw(st.sets(st.sampled_from(LETTERS[:count]), min_size=1, max_size=count - 1))
    question = Question("q", "multiple", "T", "Which?", draw(POINTS), options(count))
    why = {option.id: "because" for option in question.options}
    return question, ChoiceKey(tuple(sorted(right)), why)


@st.composite
def orders(draw: st.DrawFn) -> tuple[Question, OrderKey]:
    """Orders."""
    count = draw(st.integers(3, 7))
    question = Question("q", "order", "T", "Order?", draw(POINTS), options(count))
    right = draw(st.permutations(LETTERS[:count]))
    return question, OrderKey(tuple(right), {option.id: "because" for option in question.options})


@st.composite
def numerics(draw: st.DrawFn) -> tuple[Question, NumericKey]:
    """Numeric questions."""
    question = Question("q", "numeric", "T", "How much?", draw(POINTS))
    absolute, relative = draw(st.floats(1e-3, 10)), draw(st.sampled_from([0, 0.01, 0.1]))
    return question, NumericKey(draw(NUMBERS), absolute, relative, "because")


@st.composite
def singles(draw: st.DrawFn) -> tuple[Question, ChoiceKey]:
    """Single choices."""
    count = draw(st.integers(2, 8))
    return choice(draw(st.sampled_from(LETTERS[:count])), count, draw(POINTS))


QUESTIONS = st.one_of(singles(), multiples(), numerics(), orders())
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=50)
    | st.sampled_from([*LETTERS, "1/0", "1e999", 10**400, "nan"]),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def full(question: Question, key: Key) -> Any:
    """The answer that the key calls right."""
    if isinstance(key, NumericKey):
        return key.answer
    if isinstance(key, OrderKey):
        return list(key.order)
    return key.right[0] if question.kind == "single" else list(key.right)


def points(question: Question, key: Key, answer: Any) -> float:
    """What an answer earns."""
    return score(quiz_of(question, key), {question.id: answer}).points


def quiz_of(question: Question, key: Key) -> Quiz:
    """A quiz of one question."""
    return Quiz("sums", "Sums", True, (question,), key={question.id: key})


@given(QUESTIONS)
def test_the_key_earns_everything(made: tuple[Question, Key]) -> None:
    """The key's own answer earns all points, of whatever kind the question is."""
    question, key = made
    result = score(quiz_of(question, key), {"q": full(question, key)})
    assert (question.points, 1, ()) == (result.points, result.right, result.unanswered)


@given(QUESTIONS)
def test_nothing_earns_nothing(made: tuple[Question, Key]) -> None:
    """No answer is 0 points, and counts as not answered."""
    result = score(quiz_of(*made), {})
    assert (0, (1,)) == (result.points, result.unanswered)


@given(QUESTIONS, JUNK)
def test_points_are_bounded_whatever_comes(made: tuple[Question, Key], junk: Any) -> None:
    """Anything at all is scored between 0 and the points; full points are for right answers."""
    question, key = made
    result = score(quiz_of(question, key), {"q": junk, "unknown": junk}).questions[0]
    assert 0 <= result.points <= question.points
    assert result.right is (result.answered and result.points == question.points)
    assert 0 == score(quiz_of(question, key), junk).max_points - question.points


@given(multiples(), st.data())
def test_multiple_is_monotone(made: tuple[Question, ChoiceKey], data: st.DataObject) -> None:
    """A right option more never costs, a wrong option more never pays."""
    question, key = made
    ids = [option.id for option in question.options]
    picks = data.draw(st.sets(st.sampled_from(ids), max_size=len(ids) - 1))
    more = data.draw(st.sampled_from(sorted(set(ids) - picks)))
    before, after = (points(question, key, sorted(some)) for some in (picks, picks | {more}))
    assert after >= before if more in key.right else after <= before


@given(multiples())
def test_ticking_everything_earns_nothing(made: tuple[Question, ChoiceKey]) -> None:
    """Ticking every option tells nothing."""
    question, key = made
    assert 0 == points(question, key, [option.id for option in question.options])


@given(orders(), st.data())
def test_order_is_monotone(made: tuple[Question, OrderKey], data: st.DataObject) -> None:
    """Putting two neighbours the right way round never costs."""
    question, key = made
    answer = data.draw(st.permutations(key.order))
    at = data.draw(st.integers(0, len(answer) - 2))
    swapped = [*answer[:at], answer[at + 1], answer[at], *answer[at + 2 :]]
    before, after = points(question, key, answer), points(question, key, swapped)
    were_right = key.order.index(answer[at]) < key.order.index(answer[at + 1])
    assert after <= before if were_right else after >= before


@given(numerics(), NUMBERS, st.floats(0, 1))
def test_numeric_is_monotone(made: tuple[Question, NumericKey], value: float, part: float) -> None:
    """What lies between the answer and a right number is right."""
    question, key = made
    nearer = key.answer + part * (value - key.answer)
    assert points(question, key, nearer) >= points(question, key, value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_typed_number_is_the_number(value: float) -> None:
    """A number and its text are one answer."""
    question = Question("q", "numeric", "T", "How much?", 1)
    assert value == question.read(value) == question.read(f" {value!r} ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25),
        (".25", 0.25),
        ("1/4", 0.25),
        ("2.5E-1", 0.25),
        ("\N{MINUS SIGN}3", -3),
        ("0,25", None),  # 1,000 would be read as 1
        ("1/0", None),
        ("1e999", None),
        ("inf", None),
        ("0x10", None),
        ("1_000", None),
        ("", None),
        ("٣", None),
        ("1" * 41, None),
        (True, None),
        (10**400, None),
    ],
)
def test_numbers_that_are_read(text: object, value: float | None) -> None:
    """Decimals, fractions and powers are read; what could be meant otherwise is not."""
    assert value == Question("q", "numeric", "T", "How much?", 1).read(text)


@pytest.mark.parametrize(
    ("picks", "earned"),
    [("abc", 6), ("ab", 4), ("abd", 1), ("abcd", 3), ("de", 0), ("abcde", 0), ("ad", 0)],
)
def test_multiple_by_hand(picks: str, earned: float) -> None:
    """3 of 5 right, 6 points: each right tick is worth 2, each wrong tick costs 3."""
    assert earned == points(*choice("abc", 5, 6), list(picks))


@pytest.mark.parametrize(
    ("answer", "earned"), [("abcd", 6), ("abdc", 4), ("badc", 2), ("bdac", 0), ("dcba", 0)]
)
def test_order_by_hand(answer: str, earned: float) -> None:
    """4 steps, 6 pairs, 6 points: right pairs less wrong pairs."""
    question = Question("q", "order", "T", "Order?", 6, options(4))
    key = OrderKey(tuple("abcd"), dict.fromkeys("abcd", "because"))
    assert earned == points(question, key, list(answer))


def test_order_is_kendalls_tau() -> None:
    """The rule is Kendall's tau, as SciPy computes it, floored at 0."""
    from itertools import permutations

    from scipy.stats import kendalltau

    question = Question("q", "order", "T", "Order?", 1, options(5))
    key = OrderKey(tuple("abcde"), dict.fromkeys("abcde", "because"))
    for answer in permutations("abcde"):
        tau = kendalltau(range(5), [answer.index(step) for step in "abcde"]).statistic
        assert math.isclose(max(0, tau), key.fraction(question, answer), abs_tol=1e-12)


@pytest.mark.parametrize(("given_", "right"), [("9.9", True), ("10.1", True), ("10.11", False)])
def test_tolerance(given_: str, right: bool) -> None:
    """The larger of the two tolerances counts, both ends included, as the decimals say."""
    question = Question("q", "numeric", "T", "How much?", 1)
    assert right is (1 == points(question, NumericKey(10, 0.05, 0.01, "because"), given_))


def test_ids_are_what_they_are() -> None:
    """An unknown, doubled or missing id makes the entry no answer, as does a wrong shape."""
    question, key = choice("ab", 4)
    for bad in (["a", "z"], ["a", "a"], [], "a", {"a": 1}, [["a"]], None):
        assert (1,) == score(quiz_of(question, key), {"q": bad}).unanswered
    steps = Question("q", "order", "T", "Order?", 1, options(3))
    for bad in (["a", "b"], ["a", "b", "b"], "abc"):
        assert steps.read(bad) is None


def test_explanations() -> None:
    """Every option is explained; before that, only what was chosen."""
    question, key = choice("ab", 4)
    quiz = quiz_of(question, key)
    told = mark(quiz, question, ["a", "c"])
    assert [("because a", "right, and your choice"), ("because b", "right, not your choice")] == [
        (item.why, item.note) for item in told.explanations[:2]
    ]
    assert [("because c", "wrong, and your choice"), ("because d", "wrong")] == [
        (item.why, item.note) for item in told.explanations[2:]
    ]
    assert "1 of 2 right options ticked, 1 of 2 wrong ones." == told.note
    partly = mark(quiz, question, ["a", "c"], everything=False)
    assert ["a", "c"] == [e.id for e in partly.explanations]


def test_a_known_mistake_is_recognised() -> None:
    """A wrong number that is known gets its own reason, and the answer stays closed."""
    question = Question("q", "numeric", "T", "How much?", 1, unit="m")
    key = NumericKey(4, 0.1, 0, "two and two", (Mistake(22, "put side by side"),))
    quiz = quiz_of(question, key)
    (only,) = mark(quiz, question, "22.05", everything=False).explanations
    assert ("22 m", "put side by side", True) == (only.text, only.why, only.chosen)
    assert () == mark(quiz, question, "5", everything=False).explanations
    assert ["two and two", "put side by side"] == [
        item.why for item in mark(quiz, question, "5").explanations
    ]


def test_an_order_is_explained_in_its_order() -> None:
    """The steps come in the right order, each with the place where it was put."""
    question = Question("q", "order", "T", "Order?", 1, options(3))
    key = OrderKey(("c", "a", "b"), {letter: letter.upper() for letter in "abc"})
    told = mark(quiz_of(question, key), question, ["a", "c", "b"])
    assert ["1. option c", "2. option a", "3. option b"] == [e.text for e in told.explanations]
    assert "you have it as step 2" == told.explanations[0].note
    assert [False, False, True] == [e.right for e in told.explanations]
    assert "1 of 3 pairs of steps stands the wrong way round." == told.note


def test_verdict() -> None:
    """The engine gets a verdict with a part a question, and hears what is not answered."""
    one, two = choice("a", 3, 2)
    other, key = Question("r", "numeric", "Sum", "2 + 2?", 1), NumericKey(4, 0.1, 0, "because")
    quiz = Quiz("sums", "Sums", True, (one, other), key={"q": two, "r": key})
    verdict = to_verdict(score(quiz, {"q": "a"}))
    assert ("quiz_sums", "wrong", 2, 3) == (
        verdict.exercise,
        verdict.state,
        verdict.points,
        verdict.max_points,
    )
    assert [("T", 2, True), ("Sum", 0, False)] == [
        (part.title, part.points, part.right) for part in verdict.parts
    ]
    assert "1 of 2 questions right. Not answered: 2." == verdict.message
    assert "right" == to_verdict(score(quiz, {"q": "a", "r": 4})).state
    nothing = to_verdict(score(quiz, {}), "answers.json cannot be read: it is not JSON.")
    assert "not_attempted" == nothing.state
    assert nothing.message.startswith("answers.json cannot be read")


def test_no_key_no_score() -> None:
    """A hand-out without its key is not scored as if everything were wrong."""
    with pytest.raises(QuizError, match="comes without its key"):
        score(split(quiz_of(*choice("a", 3)))[0], {"q": "a"})


def test_pairs_are_counted_once() -> None:
    """The count behind the order's rule, by hand for one answer."""
    question = Question("q", "order", "T", "Order?", 1, options(4))
    key = OrderKey(tuple("abcd"), dict.fromkeys("abcd", ""))
    answer = "cabd"
    wrong = sum(first > second for first, second in combinations(answer, 2))
    assert f"{wrong} of 6 pairs of steps stand the wrong way round." == key.note(
        question, tuple(answer)
    )
