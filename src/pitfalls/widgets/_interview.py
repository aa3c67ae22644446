"""The interviewer that a notebook shows with one line."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from pitfalls.interview import (
    Ask,
    Interview,
    InterviewError,
    Move,
    Proposal,
    Report,
    Transcript,
    begin,
    case_changed,
    case_names,
    draft,
    get_case,
    read_transcript,
    replay,
    score,
)
from pitfalls.interview._plays import Play, Plays, load_plays, save_plays

from ._static import script, styles

__all__ = ["InterviewWidget", "interview"]

_LARGEST_DRAWN = 9999  # a seed that one can tell somebody else
_CHANGED = (
    "The case has changed since this interview was begun. What you see is how these moves fare in "
    "the case as it is now; if you hand it in, a note says so. Better play it again."
)
_HEARD = {  # what came of a move, told when the interview is over
    "repeated": "said before",
    "right": "fits",
    "partly": "fits in part",
    "wrong": "does not fit",
    "premature": "too early",
    "cut_off": "cut off by the clock",
}


def interview(
    case: str | None = None,
    *,
    seed: int | None = None,
    hand_in: str | None = None,
    folder: str | Path = ".",
) -> InterviewWidget | None:
    """Show the interviewer. What is played is kept in `answers.json` beside the notebook.

    Parameters
    ----------
    case : str, optional
        One of `pitfalls.interview.case_names`; by default the learner chooses.
    seed : int, optional
        Draws what the interviewer keeps to herself; by default a new one is drawn.
    hand_in : str, optional
        The exercise for which one interview can be handed in: ``"framing"``.
    folder : path, optional
        Where `answers.json` and the design document are written; by default the notebook's.

    Returns
    -------
    InterviewWidget or None
        None in grading, where the interview is read from `answers.json`.

    Raises
    ------
    InterviewError
        When there is no such case, or the seed is none.
    """
    if os.environ.get("PITFALLS_GRADING") == "1":
        print("Interview: graded from the transcript that was handed in.")
        return None
    return InterviewWidget(case, seed, hand_in, Path(folder).absolute())


@dataclass(frozen=True)
class _Seat:
    """An interview on the page, when it was begun, and its number; none before a move."""

    interview: Interview
    begun: str
    number: int | None = None


class InterviewWidget(anywidget.AnyWidget):
    """An interview to play in the browser.

    The browser shows what `_state` says, searches `_moves`, and sends what the learner does;
    everything else is decided here, so nothing that was not asked for reaches the browser before
    the interview is over.
    """

    _esm = script("interview", "elements")
    _css = styles("interview")
    _cases: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _moves: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _state = traitlets.Dict().tag(sync=True)

    def __init__(
        self, case: str | None, seed: int | None, hand_in: str | None, folder: Path
    ) -> None:
        self._folder, self._case, self._exercise = folder, case, hand_in
        self._seen: dict[str, int] = {}  # the last message of each page that was acted on
        self._problem = self._written = ""
        self._plays = self._read()
        self._seat = self._first_seat(seed)
        names = [] if case else case_names()
        super().__init__(
            _cases=[
                {"name": it.name, "title": it.title, "about": it.about, "minutes": it.minutes}
                for it in map(get_case, names)
            ],
            _moves=self._all_moves(),
            _state=self._describe(),
        )
        self.on_msg(lambda _, content, __: self._act(content))

    def __repr__(self) -> str:
        """What a page without its kernel can say."""
        return "Interview simulation: run this cell to open it."

    @property
    def report(self) -> Report | None:
        """The score of the interview on the page, once it is over."""
        if self._seat is None or not self._seat.interview.over:
            return None
        return score(self._seat.interview)

    def _first_seat(self, seed: int | None) -> _Seat | None:
        """The newest play that fits the arguments; else a new one, or the choice of a case."""
        if seed is not None and self._case is None:
            raise InterviewError("A seed draws what is hidden in one case; name the case, too.")
        fresh = None
        if self._case is not None:
            made = begin(get_case(self._case), _draw() if seed is None else seed)
            fresh = _Seat(made, _now())
        for number, play in sorted(self._plays.plays.items(), reverse=True):
            known = _played(play)
            if not isinstance(known, Interview):
                continue
            if self._case in (None, known.case.name) and seed in (None, known.seed):
                return _Seat(known, play.begun, number)
        return fresh

    def _act(self, message: Any) -> None:
        """Do what the learner asked for, and say where that leaves us."""
        if not isinstance(message, dict):
            return
        page, sent = message.get("page"), message.get("number")
        if isinstance(page, str) and isinstance(sent, int):
            self._seen[page] = sent
        self._problem = self._written = ""
        self._plays = self._read()  # another notebook or page may have written meanwhile
        try:
            self._do(message)
        except InterviewError as error:
            self._problem = str(error)
        except OSError as error:
            self._problem = (
                f"This could not be saved in {self._folder}: {error.strerror or error}. Make room "
                "or allow writing, then do it again."
            )
        with self.hold_sync():
            self._moves = self._all_moves()
            self._state = self._describe()

    def _do(self, message: Mapping[str, Any]) -> None:
        seat = self._seat
        match message.get("do"):
            case "play" if self._case is None:
                seed = message.get("seed")
                made = begin(get_case(str(message.get("case"))), _draw() if seed is None else seed)
                self._seat = _Seat(made, _now())
            case "again" if seat:
                made = begin(seat.interview.case, _draw(seat.interview.seed))
                self._seat = _Seat(made, _now())
            case "open":
                self._seat = self._sit(message.get("play"))
            case "choose" if self._case is None:
                self._seat = None
            case "move" if seat:
                self._move(seat, str(message.get("move")))
            case "hand in" if self._exercise:
                self._hand_in(self._sit(message.get("play")))
            case "write" if seat and seat.interview.over:
                self._written = self._write(seat.interview)

    def _sit(self, number: object) -> _Seat:
        """The play of a number."""
        play = self._plays.plays.get(number) if isinstance(number, int) else None
        if play is None:
            raise InterviewError("This interview is not in answers.json any more.")
        known = _played(play)
        if not isinstance(known, Interview):
            raise InterviewError(known)
        return _Seat(known, play.begun, int(str(number)))

    def _move(self, seat: _Seat, move: str) -> None:
        if seat.number in self._plays.plays:  # which another page may have played on
            seat = self._sit(seat.number)
        made = seat.interview.make(move)
        kept = Transcript.of(made)
        if earlier := self._plays.plays.get(seat.number or 0):
            # what was played on an earlier text of the case stays marked as such
            kept = replace(kept, digest=read_transcript(earlier.transcript).digest)
        play = Play(kept.to_dict(), seat.begun)
        plays, number = self._plays.put(play, seat.number)
        self._save(plays)
        self._seat = _Seat(made, seat.begun, number)

    def _hand_in(self, seat: _Seat) -> None:
        if not seat.interview.over or seat.number is None or self._exercise is None:
            raise InterviewError("An interview is handed in when it is over.")
        self._save(self._plays.hand_in(self._exercise, seat.number, _now()))
        self._seat = seat

    def _save(self, plays: Plays) -> None:
        self._problem = save_plays(self._folder, plays)
        self._plays = plays

    def _write(self, done: Interview) -> str:
        """Write the design document beside the notebook, over nothing; says what was done."""
        text = draft(done).encode()
        for name in _names(done):
            path = self._folder / name
            try:
                with open(path, "xb") as file:
                    file.write(text)
            except FileExistsError:
                if path.is_file() and path.read_bytes() == text:
                    return f"{name} is there already, as drafted here."
                continue
            return f"Written: {name}. It is yours to finish."
        raise AssertionError("there is always a free name")  # pragma: no cover

    def _read(self) -> Plays:
        try:
            plays = load_plays(self._folder)
        except OSError as error:
            self._problem = f"answers.json cannot be opened: {error.strerror or error}."
            return Plays()
        self._problem = plays.problem
        return plays

    def _all_moves(self) -> list[dict[str, Any]]:
        """What can be said in this case: all that the page searches."""
        if self._seat is None:
            return []
        return [_shown_move(move) for move in self._seat.interview.case.moves.values()]

    def _describe(self) -> dict[str, Any]:
        """Everything that the page shows."""
        seat, handed_in = self._seat, self._plays.handed_in.get(self._exercise or "")
        state: dict[str, Any] = {
            "phase": "choose",
            "exercise": self._exercise,
            "fixed": self._case is not None,
            "handed_in": handed_in.play if handed_in else None,
            "plays": [
                _row(number, play, self._plays) for number, play in self._plays.plays.items()
            ][::-1],
            "written": self._written,
            "problem": self._problem,
            "seen": dict(self._seen),
        }
        if seat is None:
            return state
        now = seat.interview
        kept = self._plays.plays.get(seat.number or 0)
        state |= {
            "phase": "report" if now.over else "play",
            "number": seat.number,
            "begun": seat.begun,
            "changed": _CHANGED if kept and case_changed(kept.transcript) else "",
            "title": now.case.title,
            "seed": now.seed,
            "left": now.minutes_left,
            "minutes": now.case.minutes,
            "lines": _lines(now),
            "open": [choice.move.id for choice in now.moves() if choice.open],
            "fits": [choice.move.id for choice in now.moves() if choice.fits],
        }
        if now.over:
            report = _scored(now)
            strong = [now.case.moves[move].title for move in report.strong_plan]
            state |= {
                "report": {**report.to_dict(), "strong": strong},
                "document": draft(now),
                "file": next(_names(now)),
            }
        return state


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _draw(other_than: int = 0) -> int:
    """A seed that nobody chose."""
    seed = random.randint(1, _LARGEST_DRAWN)
    return seed if seed != other_than else seed % _LARGEST_DRAWN + 1


def _played(play: Play) -> Interview | str:
    """The interview of a play, or one sentence on why it cannot be played again."""
    try:
        text = json.dumps(play.transcript)
    except RecursionError:
        text = "[]"
    return _played_text(text)


@lru_cache(maxsize=200)
def _played_text(text: str) -> Interview | str:
    try:
        return replay(read_transcript(json.loads(text)))
    except InterviewError as error:
        return str(error)


@lru_cache(maxsize=200)
def _scored_text(text: str) -> Report:
    return score(replay(read_transcript(json.loads(text))))


def _scored(done: Interview) -> Report:
    return _scored_text(json.dumps(Transcript.of(done).to_dict()))


def _row(number: int, play: Play, plays: Plays) -> dict[str, Any]:
    """A line of the history."""
    known = _played(play)
    if not isinstance(known, Interview):
        return {"number": number, "broken": known}
    report = _scored(known) if known.over else None
    return {
        "number": number,
        "title": known.case.title,
        "seed": known.seed,
        "begun": play.begun,
        "over": known.over,
        "left": known.minutes_left,
        "points": report.points if report else None,
        "max_points": report.max_points if report else None,
        "handed_in": any(hand_in.play == number for hand_in in plays.handed_in.values()),
    }


def _shown_move(move: Move) -> dict[str, Any]:
    group = move.heading
    if isinstance(move, Ask):
        group = f"Ask · {move.heading}"
    elif isinstance(move, Proposal):
        group = f"Propose · {move.heading}"
    return {
        "id": move.id,
        "title": move.title,
        "heading": move.heading,
        "group": group,
        "words": list(move.words),
        "line": move.line,
        "minutes": move.minutes,
    }


def _lines(now: Interview) -> list[dict[str, Any]]:
    """What was said; what is to be thought of it only when the interview is over."""
    shown = [{"minute": it.minute, "who": it.who, "text": it.text, "note": ""} for it in now.lines]
    if now.over:
        yours = [line for line in shown if line["who"] == "you"]
        for line, event in zip(yours, now.events, strict=True):
            line["note"] = _HEARD.get(event.outcome, "")
    return shown


def _names(done: Interview) -> Iterator[str]:
    """The names that a design document may have, the plain one first."""
    stem = f"design_{done.case.name}"
    return (f"{stem}{'' if n == 1 else f'_{n}'}.md" for n in count(1))
