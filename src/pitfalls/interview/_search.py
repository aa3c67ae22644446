"""Finding a move by typing."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ._case import Case, Move

__all__ = ["search"]

_FILLERS = frozenset(
    "a an and are ask about can could do does for how i in is it like me my of on or our "
    "propose should so suggest tell the there these they this to use want we what which will with "
    "would you your".split()
)
_ALIKE = 0.8  # how alike two words must be for a slip of the keyboard


def search(case: Case, text: str) -> tuple[Move, ...]:
    """The moves that a text may mean, best first.

    Words may be begun only, and a little misspelt; a text that says nothing finds every move, in
    the order of the case.

    Examples
    --------
    >>> from pitfalls.interview import get_case
    >>> search(get_case("video"), "two towr")[0].id
    'model_two_tower'
    >>> search(get_case("video"), "xylophone")
    ()
    """
    typed = re.findall(r"\w+", text.casefold()[:200])
    tokens = [token for token in typed if token not in _FILLERS] or typed
    moves = tuple(case.moves.values())
    if not tokens:
        return moves
    ranks = [(_rank(move, tokens, " ".join(typed)), move) for move in moves]
    ranks = [(rank, move) for rank, move in ranks if rank > 0]
    return tuple(move for _, move in sorted(ranks, key=lambda ranked: -ranked[0]))  # stable


def _rank(move: Move, tokens: list[str], text: str) -> float:
    """How well a move answers to all tokens; 0 when one of them says nothing to it."""
    title = _words(f"{move.title} {move.heading}")
    known = _words(" ".join(move.words))
    pitch = _words(move.line)
    total = 0.0
    for token in tokens:
        best = max(
            1.2 * _likeness(token, known),
            1.0 * _likeness(token, title),
            0.4 * _likeness(token, pitch),
        )
        if not best:
            return 0.0
        total += best
    phrases = (move.title, *move.words)
    return total / len(tokens) + 0.5 * any(text == phrase.casefold() for phrase in phrases)


def _likeness(token: str, words: frozenset[str]) -> float:
    if token in words:
        return 1.0
    if any(word.startswith(token) for word in words):
        return 0.8
    if len(token) > 3 and any(
        SequenceMatcher(None, token, word).ratio() >= _ALIKE for word in words
    ):
        return 0.5
    return 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
