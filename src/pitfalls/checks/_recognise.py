"""Name the mistake: find the pitfall that explains how an answer failed."""

from __future__ import annotations

from ._answer import Outcome, Reply
from ._drawn import Drawn, Trial, compare
from ._exercise import Part, Pitfall

__all__ = ["recognise"]

NOTHING_RETURNED = "returns nothing"
INPUT_CHANGED = "changes its input"


def recognise(drawn: Drawn, tried: list[list[Trial]]) -> tuple[Pitfall, int] | None:
    """The pitfall that explains a failing part, parts in order, and the part's number.

    Of several it is the first that explains what fails after it as well; else the first.
    """
    exercise = drawn.exercise
    unexplained: list[int] = []  # failing parts before, which the pitfall must not contradict
    failing = [[trial for trial in trials if trial.mismatch is not None] for trials in tried]
    for i, failed in enumerate(failing):
        if not failed:
            continue
        first: Pitfall | None = None
        for pitfall in exercise.pitfalls:
            if not _explains(drawn, i, pitfall, tried[i], failed) or _refuted(
                drawn, pitfall, tried, unexplained, failed
            ):
                continue
            first = first or pitfall
            if first.has_many_forms:
                break
            if all(
                _explains(drawn, j, pitfall, tried[j], failing[j])
                for j in range(i + 1, len(tried))
                if failing[j]
            ):
                return pitfall, i
        if first is not None:
            return first, i
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


def _refuted(
    drawn: Drawn,
    pitfall: Pitfall,
    tried: list[list[Trial]],
    unexplained: list[int],
    failed: list[Trial],
) -> bool:
    """Whether other parts show that a mistake is not what the answer did.

    Then it is chance that they agree in the part at hand. What is known by a property has many
    forms, which need not fail alike.
    """
    if pitfall.has_many_forms:
        return False
    if any(_contradicts(drawn, j, pitfall, tried[j]) for j in unexplained):
        return True
    if any(trial.outcome.status != "raised" for trial in failed):
        return False
    # that both raise the same kind of error says little
    return any(_fares_better(drawn, j, pitfall, trials) for j, trials in enumerate(tried))


def _contradicts(drawn: Drawn, i: int, pitfall: Pitfall, trials: list[Trial]) -> bool:
    """Whether the mistake fails this part, too, but in another way than the answer does."""
    return not _alike(drawn, i, trials, drawn.reply_of(pitfall, i)) and _fails(drawn, i, pitfall)


def _fares_better(drawn: Drawn, i: int, pitfall: Pitfall, trials: list[Trial]) -> bool:
    """Whether one of the two passes this part, where the other fails, or even raises."""
    if _fails(drawn, i, pitfall):
        return all(trial.mismatch is None for trial in trials)
    return any(trial.outcome.status == "raised" for trial in trials)


def _fails(drawn: Drawn, i: int, pitfall: Pitfall) -> bool:
    cases = [case for case, _ in drawn.plan[i]]
    outcomes = drawn.reply_of(pitfall, i).outcomes
    return any(drawn.judge(i, *pair) is not None for pair in zip(cases, outcomes, strict=False))


def _explains(
    drawn: Drawn, i: int, pitfall: Pitfall, trials: list[Trial], failed: list[Trial]
) -> bool:
    if pitfall.recognise_outcome is not None:
        return all(_shows(pitfall, trial) for trial in failed)
    if pitfall.recognise is not None:
        returned = [trial for trial in failed if trial.outcome.status == "returned"]
        return bool(returned) and all(_shows(pitfall, trial) for trial in returned)
    if all(trial.outcome.status in ("no_reply", "not_plain") for trial in failed):
        return False
    reply = drawn.reply_of(pitfall, i)
    if not _alike(drawn, i, trials, reply):
        return False
    # the same values from another generator: then the mistake has to fail there as well
    pairs = zip(trials, reply.outcomes, strict=True)
    return all(
        drawn.judge(i, trial.case, wrong) is not None
        for trial, wrong in pairs
        if trial.mismatch is not None and trial.outcome.undrawn != wrong.undrawn
    )


def _alike(drawn: Drawn, i: int, trials: list[Trial], reply: Reply) -> bool:
    part = drawn.exercise.parts[i]
    pairs = zip(trials, reply.outcomes, strict=True)
    return all(_same(part, trial.outcome, wrong) for trial, wrong in pairs)


def _shows(pitfall: Pitfall, trial: Trial) -> bool:
    """Whether a case shows what the mistake is known by."""
    try:
        if pitfall.recognise_outcome is not None:
            return bool(pitfall.recognise_outcome(trial.case, trial.outcome))
        return pitfall.recognise is not None and bool(
            pitfall.recognise(trial.case, trial.outcome.value)
        )
    except Exception:  # noqa: BLE001 - the value came from an answer and may be anything
        return False


def _same(part: Part, got: Outcome, wrong: Outcome) -> bool:
    if got.status != wrong.status:
        return False
    if got.status == "returned":
        return compare(part, got.value, wrong.value) is None and got.changed == wrong.changed
    return got.error == wrong.error
