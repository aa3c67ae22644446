"""The transcript of an interview: plain data, replayed and never believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._case import Case, InterviewError
from ._source import case_names, get_case
from ._state import LARGEST_SEED, Interview, begin

__all__ = ["VERSION", "Transcript", "case_changed", "read_transcript", "replay"]

VERSION = 1
_MOST = 200  # moves; the longest clock has 120 minutes, and each move takes one
_DIGEST = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Transcript:
    """All that it takes to play an interview again.

    Attributes
    ----------
    case : str
        Its name.
    seed : int
    moves : tuple of str
        The ids of the moves, in their order.
    digest : str
        That of the case as it was played, see `Case`. "" where that is not known, as in transcripts
        of earlier versions.
    """

    case: str
    seed: int
    moves: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def of(cls, interview: Interview) -> Transcript:
        """The transcript of an interview."""
        case = interview.case
        return cls(case.name, interview.seed, interview.made, case.digest)

    def to_dict(self) -> dict[str, Any]:
        """The transcript as JSON-ready data.

        Examples
        --------
        >>> Transcript("video", 3, ("ask_users",)).to_dict()
        {'version': 1, 'case': 'video', 'seed': 3, 'moves': ['ask_users']}
        """
        written = {
            "version": VERSION,
            "case": self.case,
            "seed": self.seed,
            "moves": list(self.moves),
        }
        return written | ({"digest": self.digest} if self.digest else {})


def read_transcript(raw: object, cases: Mapping[str, Case] | None = None) -> Transcript:
    """Read a transcript, whatever it is: it comes from a learner.

    Parameters
    ----------
    raw : object
        What `Transcript.to_dict` gave, or anything else.
    cases : mapping of str to Case, optional
        The cases that it may be of, instead of those that come with the package.

    Returns
    -------
    Transcript
        One that `replay` can play to its end.

    Raises
    ------
    InterviewError
        When it is no such transcript; the message says why.

    Examples
    --------
    >>> raw = {"version": 1, "case": "video", "seed": 3, "moves": ["ask_users"]}
    >>> read_transcript(raw).moves
    ('ask_users',)
    >>> read_transcript({**raw, "moves": ["ask_for_the_job"]})
    Traceback (most recent call last):
        ...
    pitfalls.interview._case.InterviewError: The transcript has an unknown move at place 1.
    """
    transcript = _read(raw, cases)
    replay(transcript, cases)
    return transcript


def case_changed(raw: object, cases: Mapping[str, Case] | None = None) -> bool:
    """Whether a transcript says that its case was another one when it was played.

    Parameters
    ----------
    raw : object
        What `Transcript.to_dict` gave, or anything else.
    cases : mapping of str to Case, optional
        As for `read_transcript`.

    Examples
    --------
    >>> raw = {"version": 1, "case": "video", "seed": 3, "moves": ["ask_users"]}
    >>> case_changed(raw), case_changed({**raw, "digest": "0123456789abcdef"})
    (False, True)
    """
    if type(raw) is not dict:
        return False
    digest = raw.get("digest")
    if type(digest) is not str or not _DIGEST.fullmatch(digest):
        return False
    try:
        return _named(str(raw.get("case")), cases).digest != digest
    except InterviewError:
        return False


def replay(transcript: Transcript, cases: Mapping[str, Case] | None = None) -> Interview:
    """Play a transcript.

    Returns
    -------
    Interview
        In the state after its last move.

    Raises
    ------
    InterviewError
        When it holds a move that cannot be made.
    """
    interview = begin(_named(transcript.case, cases), transcript.seed)
    for number, move_id in enumerate(transcript.moves, 1):
        if interview.over:
            raise InterviewError(
                f"The transcript goes on after the interview was over, at move {number}."
            )
        interview = interview.make(move_id)
    return interview


def _read(raw: object, cases: Mapping[str, Case] | None) -> Transcript:
    if type(raw) is not dict:
        raise InterviewError("The transcript is no table of version, case, seed and moves.")
    version, name, seed, moves = (raw.get(key) for key in ("version", "case", "seed", "moves"))
    if type(version) is not int or version != VERSION:
        raise InterviewError(f"The transcript does not say version {VERSION}.")
    if type(name) is not str:
        raise InterviewError("The transcript names no case.")
    case = _named(name, cases)
    if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
        raise InterviewError(f"The transcript's seed is no whole number from 0 to {LARGEST_SEED}.")
    if type(moves) not in (list, tuple):
        raise InterviewError("The transcript has no list of moves.")
    if len(moves) > _MOST:  # type: ignore[arg-type]
        raise InterviewError(f"The transcript has more than {_MOST} moves.")
    for number, move in enumerate(moves, 1):  # type: ignore[arg-type]
        if type(move) is not str or move not in case.moves:
            raise InterviewError(f"The transcript has an unknown move at place {number}.")
    digest = raw.get("digest", "")  # transcripts of earlier versions have none
    if type(digest) is not str or not (digest == "" or _DIGEST.fullmatch(digest)):
        raise InterviewError("The transcript's digest of its case is no 16 digits from 0 to f.")
    return Transcript(name, seed, tuple(moves), digest)  # type: ignore[arg-type]


def _named(name: str, cases: Mapping[str, Case] | None) -> Case:
    there = case_names() if cases is None else tuple(sorted(cases))
    if name not in there:
        raise InterviewError(f"The transcript is of no case that is known; {', '.join(there)} are.")
    return get_case(name) if cases is None else cases[name]
