"""Grade an interview: play the transcript that was handed in, and score what comes of it."""

from __future__ import annotations

from dataclasses import replace

from pitfalls import interview
from pitfalls.checks import PartResult, State, Verdict, to_html
from pitfalls.interview._plays import MOST_PLAYS, Play, Plays, read_plays
from pitfalls.interview._render import to_html as report_html

__all__ = ["CASE_CHANGED", "mark_interview"]

CASE_CHANGED = (
    "The case has changed since this interview was played; it is marked by the case as it is now, "
    "so a human should look at its points."
)

_NONE = (
    "No interview is handed in: play one to its end in the notebook, press “Hand in this "
    "interview”, and submit answers.json with the notebook."
)


def mark_interview(answers: bytes, name: str, points: float) -> tuple[Verdict, str]:
    """Score the interview that an `answers.json` hands in.

    Nothing in the file is believed but which moves were made: a score in it is not read, and what
    cannot be played again scores nothing.

    Parameters
    ----------
    answers : bytes
        The file, whatever it holds; empty when there is none.
    name : str
        What it was handed in for: ``"framing"``.
    points : float
        What a full score is worth.

    Returns
    -------
    verdict : Verdict
        On ``interview_<name>``, with one part a dimension.
    html : str
        The verdict to read, with every reason.
    """
    plays = read_plays(answers) if answers else Plays()
    played, note, changed = _handed_in(plays, name)
    if changed:
        note = f"{note} {CASE_CHANGED}".strip()
    exercise = f"interview_{name}"
    if played is None:
        verdict = _nothing(exercise, points, note)
        return verdict, to_html(verdict)
    report = interview.score(played)
    verdict = interview.to_verdict(report, points, exercise)
    verdict = replace(verdict, message=f"{note} {verdict.message}".strip())
    return verdict, report_html(report, points, note)


def _handed_in(plays: Plays, name: str) -> tuple[interview.Interview | None, str, bool]:
    """The interview that counts, one sentence on why it is this one or none, a changed case."""
    if plays.problem:
        return None, f"{plays.problem} So no interview is handed in.", False
    if name not in plays.handed_in:
        for number in sorted(plays.plays, reverse=True)[:MOST_PLAYS]:
            play = plays.plays[number]
            played = _played(play)
            if isinstance(played, interview.Interview) and played.over:
                note = "None was handed in, so the last one that was finished counts."
                return played, note, interview.case_changed(play.transcript)
        return None, _NONE, False
    number = plays.handed_in[name].play
    if number not in plays.plays:
        return None, f"Interview {number}, which was handed in, is not in answers.json.", False
    play = plays.plays[number]
    played, changed = _played(play), interview.case_changed(play.transcript)
    if isinstance(played, str):
        note = f"The interview that was handed in cannot be played again: {played}"
        return None, note, changed
    note = "" if played.over else "The interview was handed in before it was over."
    return played, note, changed


def _played(play: Play) -> interview.Interview | str:
    """The interview of a play, or one sentence on why there is none."""
    try:
        return interview.replay(interview.read_transcript(play.transcript))
    except interview.InterviewError as error:
        return str(error)


def _nothing(exercise: str, points: float, message: str) -> Verdict:
    most = sum(worth for _, worth in interview.DIMENSIONS.values())
    parts = tuple(
        PartResult(title, 0.0, round(points * worth / most, 2), False)
        for title, worth in interview.DIMENSIONS.values()
    )
    state: State = "not_attempted" if message == _NONE else "wrong"
    return Verdict(exercise, state, 0.0, float(points), parts, message)
