"""What a learner played: the section `interviews` of `answers.json`.

A play is what was done, never what it is worth: that is found by playing it again::

    {"version": 1,
     "interviews": {"plays": {"1": {"begun": "2030-01-01T12:00:00+00:00",
                                    "transcript": {"version": 1, "case": "fraud", ...}}},
                    "handed_in": {"framing": {"play": 1, "at": "2030-01-01T13:00:00+00:00"}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pitfalls._sidecar import FILE_NAME, parse, save

__all__ = ["HandIn", "Play", "Plays", "load_plays", "read_plays", "save_plays"]

MOST_PLAYS = 40
"""So many are kept; of more, the oldest that is not handed in goes."""


@dataclass(frozen=True)
class Play:
    """One interview, finished or not.

    Attributes
    ----------
    transcript : object
        What `Transcript.to_dict` gave; as it came, so anything may stand there: `read_transcript`
        says what it is.
    begun : str
        When, as ISO 8601 in UTC; as it came.
    """

    transcript: object
    begun: str = ""


@dataclass(frozen=True)
class HandIn:
    """Which play counts, and since when."""

    play: int
    at: str = ""


@dataclass(frozen=True)
class Plays:
    """All plays of a file.

    Attributes
    ----------
    plays : mapping of int to Play
        By number, from 1; the oldest first.
    handed_in : mapping of str to HandIn
        By the name of the exercise: ``"framing"``.
    problem : str
        One sentence on what is wrong with the file, or "".
    """

    plays: Mapping[int, Play] = field(default_factory=dict)
    handed_in: Mapping[str, HandIn] = field(default_factory=dict)
    problem: str = ""

    def put(self, play: Play, number: int | None = None) -> tuple[Plays, int]:
        """These plays with one more, or with one in the place of another.

        Returns
        -------
        Plays
        int
            The number of the play.

        Examples
        --------
        >>> plays, number = Plays().put(Play({"version": 1, "case": "fraud"}))
        >>> number, plays.put(Play({"version": 1, "case": "ads"}))[1]
        (1, 2)
        """
        number = number or max(self.plays, default=0) + 1
        plays = {**self.plays, number: play}
        kept = {hand_in.play for hand_in in self.handed_in.values()} | {number}
        for oldest in [it for it in plays if it not in kept][: max(0, len(plays) - MOST_PLAYS)]:
            del plays[oldest]
        return replace(self, plays=plays), number

    def hand_in(self, name: str, number: int, at: str) -> Plays:
        """These plays with another one handed in."""
        return replace(self, handed_in={**self.handed_in, name: HandIn(number, at)})


def read_plays(raw: bytes) -> Plays:
    """Read the plays of an `answers.json`, whatever is in it: it comes from a learner.

    Examples
    --------
    >>> play = b'{"transcript": {"version": 1, "case": "fraud", "seed": 7, "moves": []}}'
    >>> raw = b'{"version": 1, "interviews": {"plays": {"1": %s, "2": 0}}}' % play
    >>> read_plays(raw).plays
    {1: Play(transcript={'version': 1, 'case': 'fraud', 'seed': 7, 'moves': []}, begun='')}
    """
    data, problem = parse(raw)
    section = data.get("interviews")
    if not isinstance(section, dict):
        return Plays(problem=problem)
    plays, handed_in = section.get("plays"), section.get("handed_in")
    read = {
        number: Play(entry.get("transcript"), _short(entry.get("begun")))
        for key, entry in (plays.items() if isinstance(plays, dict) else ())
        if (number := _number(key)) and isinstance(entry, dict)
    }
    return Plays(
        dict(sorted(read.items())),
        {
            name: HandIn(entry["play"], _short(entry.get("at")))
            for name, entry in (handed_in.items() if isinstance(handed_in, dict) else ())
            if isinstance(entry, dict) and type(entry.get("play")) is int
        },
        problem,
    )


def load_plays(folder: Path) -> Plays:
    """Read the plays of a folder's `answers.json`; none when there is no such file.

    Raises
    ------
    OSError
        When the file is there and cannot be opened.
    """
    try:
        return read_plays((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return Plays()


def save_plays(folder: Path, plays: Plays) -> str:
    """Write the plays, whole or not at all, and leave the rest of the file alone.

    A file that cannot be read is kept beside the new one.

    Returns
    -------
    str
        One sentence on what was kept aside, or "".

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    section = {
        "plays": {
            str(number): {"transcript": play.transcript, "begun": play.begun}
            for number, play in plays.plays.items()
        },
        "handed_in": {
            name: {"play": hand_in.play, "at": hand_in.at}
            for name, hand_in in plays.handed_in.items()
        },
    }
    return save(folder, "interviews", lambda there: there.update(section))


def _number(key: str) -> int | None:
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else None


def _short(text: object) -> str:
    return text[:40] if isinstance(text, str) else ""
