"""Run a check: ask the answer, compare, name the pitfall, give the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._answer import Answer, Reply
from ._codec import Clock, Named, Recipe, Seeded
from ._compare import show
from ._drawn import Drawn, Trial
from ._exercise import Exercise
from ._recognise import recognise
from ._verdict import Evidence, PartResult, State, Verdict

__all__ = ["Check", "run_check"]


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
        self._drawn = Drawn(exercise, hidden_seed)

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

    def _verdict(self, answer: Answer) -> Verdict:
        drawn = self._drawn
        reply = answer.ask(self.exercise.name, [case for part in drawn.plan for case, _ in part])
        early = _before_the_cases(self.exercise, reply)
        return early or _conclude(drawn, drawn.judged(reply))


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


def _conclude(drawn: Drawn, tried: list[list[Trial]]) -> Verdict:
    exercise = drawn.exercise
    parts = []
    for part, trials in zip(exercise.parts, tried, strict=True):
        right = all(trial.mismatch is None for trial in trials)
        parts.append(PartResult(part.title, part.points if right else 0, part.points, right))
    if all(part.right for part in parts):
        count = sum(map(len, tried))
        return _verdict(exercise, "right", f"All {count} cases agree.", parts)
    pitfall, explained = recognise(drawn, tried) or (None, None)
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


def _message(exercise: Exercise, trial: Trial) -> str:
    mismatch = trial.mismatch
    assert mismatch is not None
    if not trial.hidden:
        return mismatch.says
    if mismatch.stage == "raised":
        return f"On a hidden case {exercise.name} raised {trial.outcome.error}."
    if mismatch.stage in ("no_reply", "not_plain", "not_attempted", "input"):
        return mismatch.says
    return f"The public cases agree, but on a hidden case the {mismatch.stage} is not as wanted."


def _evidence(exercise: Exercise, trial: Trial) -> Evidence | None:
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
