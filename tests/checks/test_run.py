"""Checks: the order of the questions, the pitfall's name, partial credit, hidden cases."""

import copy
import warnings
from time import process_time

import numpy as np
import pytest

from pitfalls.checks import (
    Case,
    Exercise,
    FramedAnswer,
    LocalAnswer,
    Mismatch,
    Named,
    Part,
    Pitfall,
    Seeded,
    Step,
    Verdict,
    close,
    encode,
    numeric_array,
    run_check,
)


def draw(rng):
    return [Case(rng.normal(size=4), label="four numbers"), Case(rng.normal(size=7))]


def spread_of(x):
    return float(np.std(x))


SPREAD = Exercise(
    "spread",
    "(x)",
    "Spread",
    difficulty=1,
    minutes=2,
    parts=(
        Part("value", 3, draw, lambda x: np.std(x, ddof=1)),
        Part("never negative", 1, draw, judge=lambda case, outcome: _not_negative(outcome)),
    ),
    pitfalls=(
        Pitfall("divides by n", "Which n gives an unbiased variance?", lambda x: np.std(x)),
        Pitfall("forgets the root", "Units!", lambda x: np.var(x, ddof=1)),
        Pitfall(
            "sign lost",
            "A spread is a length.",
            lambda x: -np.std(x, ddof=1),
            recognise=lambda case, value: value < 0,
        ),
    ),
)


def _not_negative(outcome):
    if numeric_array(outcome.value, ()) < 0:
        return Mismatch("value", "It is negative.", str(outcome.value), "at least 0")
    return None


def verdict_of(answer, seed=None, exercise=SPREAD):
    return run_check(exercise, LocalAnswer({exercise.name: answer}), seed)


def right(x):
    return np.std(x, ddof=1)


@pytest.mark.parametrize(
    ("answer", "state", "points", "pitfall"),
    [
        (right, "right", 4, None),
        (spread_of, "wrong", 1, "divides by n"),
        (lambda x: np.var(x, ddof=1), "wrong", 1, "forgets the root"),
        (lambda x: -np.std(x, ddof=1), "wrong", 0, "sign lost"),
        (lambda x: 3.0, "wrong", 1, None),
        (lambda x: None, "wrong", 0, "returns nothing"),
        (lambda x: x[99], "raised", 0, None),
        (lambda x, y: 0, "wrong", 0, None),
        (lambda x: {"a": print}, "wrong", 0, None),
        (4.0, "wrong", 0, None),
    ],
)
def test_state_points_and_pitfall(answer, state, points, pitfall):
    """Each answer gets its state, the points of the parts it has right, and its mistake's name."""
    for seed in (None, 7):
        verdict = verdict_of(answer, seed)
        assert (state, points, pitfall) == (verdict.state, verdict.points, verdict.pitfall)


def parted(pitfalls):
    """Twice a number in one part, nothing from 10 on in the other."""
    return Exercise(
        "double",
        "(x)",
        "Twice",
        difficulty=1,
        minutes=2,
        parts=(
            Part("small", 1, lambda rng: [Case(3.0), Case(5.0)], lambda x: 2 * x),
            Part("large", 1, lambda rng: [Case(20.0)], lambda x: 0.0),
        ),
        pitfalls=pitfalls,
    )


def test_a_later_part_agrees_by_chance():
    """What is wrong in an earlier part in another way than the answer is not named."""
    squares = Pitfall("squares", "Twice x is x + x.", lambda x: x * x if x < 10 else 40.0)
    exercise = parted((squares,))
    assert "squares" == verdict_of(lambda x: x * x if x < 10 else 40.0, exercise=exercise).pitfall
    assert verdict_of(lambda x: 3 * x if x < 10 else 40.0, exercise=exercise).pitfall is None


@pytest.mark.parametrize(("large", "pitfall"), [(1.0, "one"), (2.0, "two"), (3.0, "one")])
def test_of_two_that_explain_a_part_the_one_that_explains_the_next(large, pitfall):
    """Both square small numbers; what comes of large ones tells them apart, or leaves the first."""
    names = {"one": 1.0, "two": 2.0}
    pitfalls = [
        Pitfall(name, "Twice x is x + x.", lambda x, late=late: x * x if x < 10 else late)
        for name, late in names.items()
    ]
    exercise = parted(tuple(pitfalls))
    verdict = verdict_of(lambda x: x * x if x < 10 else large, exercise=exercise)
    assert pitfall == verdict.pitfall


def test_the_evidence_is_of_the_part_that_the_pitfall_explains():
    """A mistake of the second part is shown there, though the first has one of its own."""
    exercise = parted((Pitfall("no limit", "And from 10 on?", lambda x: 2 * x),))
    verdict = verdict_of(lambda x: 3 * x if x < 10 else 40.0, exercise=exercise)
    assert ("no limit", "40", "0") == (
        verdict.pitfall,
        verdict.evidence.got,
        verdict.evidence.wanted,
    )


@pytest.mark.parametrize(
    ("answer", "pitfall"),
    [
        (lambda x: 2 * x if x < 10 else [][0], "looks too far"),
        (lambda x: 3 * x if x < 10 else [][0], "looks too far"),
        (lambda x: 2 * x if x < 4 else [][0], None),
        (lambda x: 2 * x if x < 10 else {}[0], None),
    ],
)
def test_the_kind_of_an_error_alone_says_little(answer, pitfall):
    """Who raises the same kind of error where the mistake passes has made another one."""
    mistake = Pitfall("looks too far", "Where does it end?", lambda x: 2 * x if x < 10 else [][0])
    assert pitfall == verdict_of(answer, exercise=parted((mistake,))).pitfall


def test_a_mistake_may_be_known_by_the_words_of_an_error():
    """Two mistakes that raise the same kind of error have names of their own."""

    def words(text):
        return lambda case, outcome: text in outcome.message

    def refuses(text):
        def answer(x):
            raise ValueError(text)

        return answer

    exercise = parted(
        (
            Pitfall("gaps", "Fill them.", refuses("a gap"), recognise_outcome=words("gap")),
            Pitfall("words", "Count.", refuses("a word"), recognise_outcome=words("word")),
        )
    )
    found = [verdict_of(refuses(f"this {it}"), exercise=exercise) for it in ("word", "gap", "row")]
    assert ["words", "gaps", None] == [verdict.pitfall for verdict in found]


@pytest.mark.parametrize(
    ("draw_from", "undrawn"),
    [
        (lambda rng: rng.random(), ()),
        (lambda rng: np.random.default_rng(rng).random(), ()),
        (lambda rng: rng.spawn(1)[0].random(), ()),
        (lambda rng: np.random.RandomState(rng.bit_generator).rand(), ()),
        (lambda rng: np.random.default_rng(0).random(), (0,)),
        (lambda rng: copy.deepcopy(rng).random(), (0,)),
        (lambda rng: np.random.default_rng(rng.bit_generator.seed_seq).random(), (0,)),
    ],
)
def test_an_outcome_tells_whether_the_generator_was_drawn_from(draw_from, undrawn):
    """Whatever draws from the one that came in moves it on, or spawns from it."""
    reply = LocalAnswer({"f": draw_from}).ask("f", [Case(Seeded(3))])
    assert undrawn == reply.outcomes[0].undrawn


def test_not_attempted_is_not_wrong():
    """A stub and a missing name are "not attempted"."""

    def stub(x):
        raise NotImplementedError

    assert "not_attempted" == verdict_of(stub).state
    assert "not_attempted" == run_check(SPREAD, LocalAnswer({})).state


def test_a_warning_or_a_print_changes_nothing():
    """A right answer that prints and warns gets full marks."""

    def loud(x):
        print("hello")
        warnings.warn("careful", stacklevel=1)
        np.log(np.zeros(1))
        return right(x)

    assert verdict_of(loud).right


def test_an_answer_that_changes_its_input_is_told_so():
    """A right value from a call that changed the caller's array is a named mistake."""

    def centre_in_place(x):
        spread = np.std(x, ddof=1)
        x -= x.mean()
        return spread

    verdict = verdict_of(centre_in_place)
    assert ("wrong", "changes its input") == (verdict.state, verdict.pitfall)


def test_evidence_shows_the_call_of_a_public_case():
    """The verdict shows input, got and wanted of a public case."""
    evidence = verdict_of(spread_of).evidence
    case = draw(np.random.default_rng([__import__("zlib").crc32(b"spread"), 0]))[0]
    assert "four numbers" in evidence.on
    assert f"{np.std(case.args[0]):.6g}" == evidence.got
    assert f"{np.std(case.args[0], ddof=1):.6g}" == evidence.wanted


def test_a_hidden_case_is_never_shown():
    """An answer that knows the public cases fails the hidden ones, and learns nothing of them."""
    public = {}
    run_check(SPREAD, LocalAnswer({"spread": lambda x: public.setdefault(x.tobytes(), right(x))}))

    def hard_coded(x):
        if x.tobytes() not in public:
            raise KeyError(f"secret {x.tolist()}")
        return public[x.tobytes()]

    assert verdict_of(hard_coded).right
    verdict = verdict_of(hard_coded, seed=99)
    assert ("raised", None) == (verdict.state, verdict.evidence)
    assert "secret" not in str(verdict.to_dict())
    verdict = verdict_of(lambda x: public.get(x.tobytes(), 0.0), seed=99)
    assert ("wrong", None) == (verdict.state, verdict.evidence)
    assert "hidden" in verdict.message


def test_a_fault_of_the_check_never_blames_the_learner():
    """A reference that fails gives a "fault" that names the check."""
    broken = Exercise("f", "(x)", "F", 1, 1, (Part("p", 1, draw, lambda x: 1 / 0),))
    verdict = verdict_of(right, exercise=broken)
    assert "fault" == verdict.state
    assert "check of f has a fault of its own" in verdict.message


def test_seeds_names_and_steps_are_resolved_beside_the_answer():
    """Seeded is a fresh generator, Named a variable of the notebook, Steps are methods."""

    class Model:
        def fit(self, x):
            self.mean_ = x.mean()
            return self

        def predict(self, n):
            return np.full(n, self.mean_)

    cases = [
        Case(Seeded(3), Named("shift"), then=[Step("fit", np.arange(5.0)), Step("predict", 2)])
    ]
    seen = []

    def build(rng, shift):
        seen.append((rng.random(), shift))
        return Model()

    exercise = Exercise(
        "build", "(rng, shift)", "B", 1, 1,
        (Part("p", 1, lambda rng: cases, lambda rng, shift: [None, np.full(2, 2.0)], _same_steps),),
    )  # fmt: skip
    verdict = run_check(exercise, LocalAnswer({"build": build, "shift": 5}))
    assert verdict.right, verdict
    assert [(np.random.default_rng(3).random(), 5)] == seen


def _same_steps(got, wanted):
    return None if got[0] is None else Mismatch("value", "fit is not self")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"junk",
        encode(None),
        encode({"defined": True, "callable": True, "parameters": None, "outcomes": []}),
        encode({"defined": True, "callable": True, "parameters": 3, "outcomes": [1, 2, 3, 4]}),
        encode({"defined": True, "callable": True, "parameters": None, "outcomes": [
            {"status": "returned", "value": 1, "changed": 0, "seconds": "x"}] * 4}),
    ],
)  # fmt: skip
def test_a_reply_out_of_protocol_earns_nothing(reply):
    """Whatever an untrusted process sends back, the verdict is not a fault and has no points."""
    verdict = run_check(SPREAD, FramedAnswer(lambda frame: reply))
    assert (0, "no_verdict") == (verdict.points, verdict.state)


def test_a_verdict_survives_storage():
    """A verdict comes back equal from its dictionary."""
    verdict = verdict_of(spread_of)
    assert verdict == Verdict.from_dict(verdict.to_dict())


def test_memory_is_measured_where_a_case_asks_for_it():
    """The peak of a call that allocates a megabyte of floats is at least that."""
    reply = LocalAnswer({"f": lambda n: float(np.ones(n).sum())}).ask(
        "f", [Case(131072, memory=True)]
    )
    assert 2**20 <= reply.outcomes[0].peak_bytes < 2**22


@pytest.mark.parametrize(
    ("work", "calls"),
    [((0.0,), 1), ((0.1, 0.0), 2), ((0.1, 0.1, 0.0), 3), ((0.1, 0.1, 0.1), 3), ((0.6,), 1)],
)
def test_the_shortest_time_counts(work, calls):
    """Who once took too long is asked again, unless no standstill can be so long."""
    made = []

    def answer():
        made.append(process_time())
        while process_time() - made[-1] < work[len(made) - 1]:
            pass
        return len(made)

    reply = LocalAnswer({"f": answer}).ask("f", [Case(most_seconds=0.05)])
    assert calls == len(made)
    assert 1 == reply.outcomes[0].value
    assert min(work) <= reply.outcomes[0].seconds < min(work) + 0.05


def test_close_tells_type_from_shape_from_value():
    """The stages come in order: type, shape, value."""
    wanted = np.array([1.0, 2.0])
    stages = [close()(got, wanted) for got in ("text", [[1.0], [2.0]], [1.0, 2.1], (1, 2))]
    assert ["type", "shape", "value", None] == [found and found.stage for found in stages]
