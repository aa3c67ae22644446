"""Run a check: ask the answer, compare, name the pitfall, give the verdict."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ._answer import Answer, Case, LocalAnswer, Outcome, Reply
from ._codec import Clock, Named, Recipe, Seeded
from ._compare import Mismatch, MismatchError, show
from ._exercise import Exercise, Part, Pitfall
from ._respond import made
from ._verdict import Evidence, PartResult, State, Verdict

__all__ = ["Check", "run_check"]

NOTHING_RETURNED = "returns nothing"
INPUT_CHANGED = "changes its input"


@dataclass(frozen=True)
class _Trial:
    """One case of one part, what came of it, and how that differs from what was wanted."""

    case: Case
    hidden: bool
    outcome: Outcome
    mismatch: Mismatch | None


def run_check(exercise: Exercise, answer: Answer, hidden_seed: int | None = None) -> Verdict:
    """Check an answer to an exercise.

    Parameters
    ----------
    exercise : Exercise
    answer : Answer
        Where the learner's function is: in this process or behind a boundary.
    hidden_seed : int, optional
        Draws the hidden cases; without it only the public cases are tried.

    Returns
    -------
    Verdict
        A fault of the check itself becomes a verdict with the state "fault"; nothing is raised.

    Examples
    --------
    >>> from pitfalls.checks import Case, Exercise, LocalAnswer, Part, Pitfall
    >>> double = Exercise(
    ...     "double", "(x)", "Twice", 1, 2,
    ...     parts=(Part("value", 2, lambda rng: [Case(int(rng.integers(3, 9)))], lambda x: 2 * x),),
    ...     pitfalls=(Pitfall("squares", "Twice x is x + x.", lambda x: x * x),),
    ... )
    >>> run_check(double, LocalAnswer({"double": lambda x: x + x})).state
    'right'
    >>> run_check(double, LocalAnswer({"double": lambda x: x**2})).pitfall
    'squares'
    """
    return Check(exercise, hidden_seed).verdict(answer)


class Check:
    """A check with its cases drawn, for one answer after the other.

    The cases are drawn once, and once is worked out what they want and what each pitfall makes of
    them. So many answers to one exercise are checked in a fraction of the time.

    Parameters
    ----------
    exercise : Exercise
    hidden_seed : int, optional
        As for `run_check`.
    """

    def __init__(self, exercise: Exercise, hidden_seed: int | None = None) -> None:
        self.exercise = exercise
        self._hidden_seed = hidden_seed
        self._wanted: dict[int, Any] = {}  # by the id of a case of the plan
        self._replies: dict[tuple[int, int], Reply] = {}  # by the id of a pitfall, and the part

    def verdict(self, answer: Answer) -> Verdict:
        """Check one answer, as `run_check` does."""
        try:
            return self._verdict(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not the learner's fault
            message = (
                f"The check of {self.exercise.name} has a fault of its own "
                f"({type(error).__name__}: {str(error)[:200]}). It says nothing about your answer; "
                "please report it."
            )
            return Verdict(self.exercise.name, "fault", 0, self.exercise.points, message=message)

    @cached_property
    def plan(self) -> list[list[tuple[Case, bool]]]:
        """For each part its cases, each with the word whether it is hidden."""
        return [_plan(self.exercise, i, self._hidden_seed) for i in range(len(self.exercise.parts))]

    def reply_of(self, pitfall: Pitfall, i: int) -> Reply:
        """What the mistake itself answers to the cases of a part."""
        key = (id(pitfall), i)
        if key not in self._replies:
            name = self.exercise.name
            wrong = LocalAnswer({name: pitfall.answer})
            self._replies[key] = wrong.ask(name, [case for case, _ in self.plan[i]])
        return self._replies[key]

    def judge(self, i: int, case: Case, outcome: Outcome) -> Mismatch | None:
        """How an outcome differs from what a case of a part wants."""
        exercise, part = self.exercise, self.exercise.parts[i]
        if outcome.status != "returned":
            return Mismatch(outcome.status, _why(exercise, outcome))
        if part.judge is not None:
            try:
                found = part.judge(case, outcome)
            except MismatchError as error:
                found = error.mismatch
        else:
            found = _compare(part, outcome.value, self._wanted_of(part, case))
        if found is None and exercise.pure and outcome.changed:
            changed = exercise.parameters[outcome.changed[0]]
            return Mismatch("input", f"The call changed its argument {changed} in place.")
        return found

    def _wanted_of(self, part: Part, case: Case) -> Any:
        assert part.wanted is not None  # held by Part
        if id(case) not in self._wanted:
            self._wanted[id(case)] = part.wanted(*_arguments(case))
        return self._wanted[id(case)]

    def _verdict(self, answer: Answer) -> Verdict:
        reply = answer.ask(self.exercise.name, [case for drawn in self.plan for case, _ in drawn])
        early = _before_the_cases(self.exercise, reply)
        if early is not None:
            return early
        outcomes = iter(reply.outcomes)
        tried = []
        for i, drawn in enumerate(self.plan):
            trials = []
            for case, hidden in drawn:
                outcome = next(outcomes)
                trials.append(_Trial(case, hidden, outcome, self.judge(i, case, outcome)))
            tried.append(trials)
        return _conclude(self, tried)


def _plan(exercise: Exercise, i: int, hidden_seed: int | None) -> list[tuple[Case, bool]]:
    """The public cases of a part and, where there is a seed, the hidden ones."""
    part = exercise.parts[i]
    key = [zlib.crc32(exercise.name.encode()), i]
    drawn = [(case, False) for case in part.cases(np.random.default_rng(key))]
    if hidden_seed is not None and part.redraw:
        drawn += [(case, True) for case in part.cases(np.random.default_rng([hidden_seed, *key]))]
    return drawn


def _before_the_cases(exercise: Exercise, reply: Reply) -> Verdict | None:
    """Attempted? A function? With this signature?"""
    name, asked = exercise.name, f"{exercise.name}{exercise.signature}"
    if not reply.defined:
        message = f"There is no {name} in this notebook yet: run the cell that defines it."
        return _verdict(exercise, "not_attempted", message)
    if not reply.callable:
        message = f"{name} is a value of type {reply.type}; wanted a function {asked}."
        return _verdict(exercise, "wrong", message)
    if reply.outcomes and reply.outcomes[0].status == "not_attempted":
        return _verdict(exercise, "not_attempted", f"{asked} is still to be written.")
    count = len(exercise.parameters)
    if reply.parameters is not None and not _takes(reply.parameters, count):
        got = ", ".join(parameter for parameter, _, _ in reply.parameters)
        message = f"{name} takes ({got}); wanted {asked}, with its arguments in that order."
        return _verdict(exercise, "wrong", message)
    return None


def _takes(parameters: Sequence[tuple[str, str, bool]], count: int) -> bool:
    """Whether a function with these parameters can be called with `count` positional arguments."""
    positional = [p for p in parameters if p[1] in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
    required = sum(not default for _, _, default in positional)
    keywords = any(kind == "KEYWORD_ONLY" and not default for _, kind, default in parameters)
    most = float("inf") if any(p[1] == "VAR_POSITIONAL" for p in parameters) else len(positional)
    return required <= count <= most and not keywords


def _compare(part: Part, got: Any, wanted: Any) -> Mismatch | None:
    try:
        return part.compare(got, wanted)
    except Exception:  # noqa: BLE001 - the value came from an answer and may be anything
        says = f"The result (of type {type(got).__name__}) cannot be compared with what was wanted."
        return Mismatch("type", says, show(got), show(wanted))


def _arguments(case: Case) -> list[Any]:
    return [made(argument) for argument in case.args]


def _why(exercise: Exercise, outcome: Outcome) -> str:
    if outcome.status == "raised":
        line = f" (line {outcome.line} of your cell)" if outcome.line else ""
        return f"{exercise.name} raised {outcome.error}: {outcome.message}{line}"
    if outcome.status == "not_plain":
        return (
            f"The result holds a value of type {outcome.error}; wanted plain data "
            "(numbers, text, lists, arrays, tables)."
        )
    if outcome.status == "not_attempted":
        return f"{exercise.name} raised NotImplementedError: a branch of it is still to be written."
    return outcome.message


def _conclude(check: Check, tried: list[list[_Trial]]) -> Verdict:
    exercise = check.exercise
    parts = []
    for part, trials in zip(exercise.parts, tried, strict=True):
        right = all(trial.mismatch is None for trial in trials)
        parts.append(PartResult(part.title, part.points if right else 0, part.points, right))
    if all(part.right for part in parts):
        count = sum(map(len, tried))
        return _verdict(exercise, "right", f"All {count} cases agree.", parts)
    pitfall, explained = _recognise(check, tried) or (None, None)
    failed = [trial for trials in tried for trial in trials if trial.mismatch is not None]
    # a public case can be shown, so it speaks before a hidden one; the pitfall's part comes first
    explains = [trial for trial in tried[explained or 0] if trial.mismatch is not None]
    speaking = [trial for trial in [*explains, *failed] if not trial.hidden]
    first = (speaking or explains or failed)[0]
    stage = first.mismatch.stage if first.mismatch else ""
    states: dict[str, State] = {"raised": "raised", "no_reply": "no_verdict"}
    return _verdict(
        exercise,
        states.get(stage, "wrong"),
        _message(exercise, first),
        parts,
        pitfall.name if pitfall else None,
        pitfall.message if pitfall else "",
        _evidence(exercise, first),
    )


def _recognise(check: Check, tried: list[list[_Trial]]) -> tuple[Pitfall, int] | None:
    """The first pitfall that explains a failing part, parts in order, and the part's number."""
    exercise = check.exercise
    unexplained: list[int] = []  # failing parts before, which the pitfall must not contradict
    for i, trials in enumerate(tried):
        failed = [trial for trial in trials if trial.mismatch is not None]
        if not failed:
            continue
        thin = all(t.outcome.status == "raised" for t in failed)
        for pitfall in exercise.pitfalls:
            if not _explains(check, i, pitfall, trials, failed):
                continue
            others = any(_contradicts(check, j, pitfall, tried[j]) for j in unexplained)
            if thin and not others:  # that both raise the same kind of error says little
                others = any(_fares_better(check, j, pitfall, tried[j]) for j in range(len(tried)))
            if not others:
                return pitfall, i
        if all(t.outcome.status == "returned" and t.outcome.value is None for t in failed):
            message = f"{exercise.name} ends without handing anything back: end it with a return."
            return Pitfall(NOTHING_RETURNED, message, lambda *args: None), i
        if all(t.mismatch is not None and t.mismatch.stage == "input" for t in failed):
            message = (
                "The result is right, but the caller's data is no longer what it was: "
                "work on a copy, or write an expression that makes a new array."
            )
            return Pitfall(INPUT_CHANGED, message, lambda *args: None), i
        unexplained.append(i)
    return None


def _contradicts(check: Check, i: int, pitfall: Pitfall, trials: list[_Trial]) -> bool:
    """Whether the mistake fails this part, too, but in another way than the answer does.

    Then it is not what the answer did: that they agree in a later part is chance. What is known
    by a property has many forms, which need not fail alike.
    """
    if pitfall.has_many_forms:
        return False
    return not _alike(check, i, trials, check.reply_of(pitfall, i)) and _fails(check, i, pitfall)


def _fares_better(check: Check, i: int, pitfall: Pitfall, trials: list[_Trial]) -> bool:
    """Whether one of the two passes this part, where the other fails, or even raises."""
    if pitfall.has_many_forms:
        return False
    if _fails(check, i, pitfall):
        return all(trial.mismatch is None for trial in trials)
    return any(trial.outcome.status == "raised" for trial in trials)


def _fails(check: Check, i: int, pitfall: Pitfall) -> bool:
    cases = [case for case, _ in check.plan[i]]
    outcomes = check.reply_of(pitfall, i).outcomes
    return any(check.judge(i, *pair) is not None for pair in zip(cases, outcomes, strict=False))


def _explains(
    check: Check, i: int, pitfall: Pitfall, trials: list[_Trial], failed: list[_Trial]
) -> bool:
    if pitfall.recognise_outcome is not None:
        return all(_shown(pitfall, trial) for trial in failed)
    if pitfall.recognise is not None:
        returned = [trial for trial in failed if trial.outcome.status == "returned"]
        return bool(returned) and all(_known(pitfall, trial) for trial in returned)
    if all(trial.outcome.status in ("no_reply", "not_plain") for trial in failed):
        return False
    reply = check.reply_of(pitfall, i)
    if not _alike(check, i, trials, reply):
        return False
    # the same values from another generator: then the mistake has to fail there as well
    pairs = zip(trials, reply.outcomes, strict=True)
    return all(
        check.judge(i, trial.case, wrong) is not None
        for trial, wrong in pairs
        if trial.mismatch is not None and trial.outcome.undrawn != wrong.undrawn
    )


def _alike(check: Check, i: int, trials: list[_Trial], reply: Reply) -> bool:
    part = check.exercise.parts[i]
    pairs = zip(trials, reply.outcomes, strict=True)
    return all(_same(part, trial.outcome, wrong) for trial, wrong in pairs)


def _known(pitfall: Pitfall, trial: _Trial) -> bool:
    assert pitfall.recognise is not None
    try:
        return bool(pitfall.recognise(trial.case, trial.outcome.value))
    except Exception:  # noqa: BLE001 - the value came from an answer and may be anything
        return False


def _shown(pitfall: Pitfall, trial: _Trial) -> bool:
    assert pitfall.recognise_outcome is not None
    try:
        return bool(pitfall.recognise_outcome(trial.case, trial.outcome))
    except Exception:  # noqa: BLE001 - the value came from an answer and may be anything
        return False


def _same(part: Part, got: Outcome, wrong: Outcome) -> bool:
    if got.status != wrong.status:
        return False
    if got.status == "returned":
        return _compare(part, got.value, wrong.value) is None and got.changed == wrong.changed
    return got.error == wrong.error


def _message(exercise: Exercise, trial: _Trial) -> str:
    mismatch = trial.mismatch
    assert mismatch is not None
    if not trial.hidden:
        return mismatch.says
    if mismatch.stage == "raised":
        return f"On a hidden case {exercise.name} raised {trial.outcome.error}."
    if mismatch.stage in ("no_reply", "not_plain", "not_attempted", "input"):
        return mismatch.says
    return f"The public cases agree, but on a hidden case the {mismatch.stage} is not as wanted."


def _evidence(exercise: Exercise, trial: _Trial) -> Evidence | None:
    mismatch = trial.mismatch
    if trial.hidden or mismatch is None or not (mismatch.got or mismatch.wanted):
        return None
    pairs = zip(exercise.parameters, trial.case.args, strict=False)
    given = ", ".join(f"{name} = {_show_argument(value)}" for name, value in pairs)
    label = f" ({trial.case.label})" if trial.case.label else ""
    return Evidence(
        f"{exercise.name}{exercise.signature} with {given}{label}", mismatch.got, mismatch.wanted
    )


def _show_argument(value: Any) -> str:
    if isinstance(value, Seeded):
        return f"default_rng({value.seed})"
    if isinstance(value, Recipe):
        kind = value.estimator.rpartition(".")[2]
        return f"a fitted {kind}" if value.fit else f"a {kind}"
    if isinstance(value, Clock):
        return "a function with known latencies"
    return value.name if isinstance(value, Named) else show(value)


def _verdict(
    exercise: Exercise,
    state: State,
    message: str,
    parts: Sequence[PartResult] = (),
    pitfall: str | None = None,
    advice: str = "",
    evidence: Evidence | None = None,
) -> Verdict:
    parts = tuple(parts) or tuple(PartResult(p.title, 0, p.points, False) for p in exercise.parts)
    points = sum(part.points for part in parts)
    return Verdict(
        exercise.name, state, points, exercise.points, parts, message, pitfall, advice, evidence
    )
