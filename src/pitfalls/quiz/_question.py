"""A question as it is handed out: no key, no explanations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Answer", "Kind", "Option", "Question", "number"]

Kind = Literal["single", "multiple", "numeric", "order"]
Answer = tuple[str, ...] | float  # ids of options or steps; the number of a numeric question

_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?", re.ASCII | re.IGNORECASE)
_LONGEST = 40  # characters of a typed number


@dataclass(frozen=True)
class Option:
    """One option of a choice, or one step of an order."""

    id: str
    text: str


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    id : str
        Unique in its quiz.
    kind : {"single", "multiple", "numeric", "order"}
    title : str
        A few words, for lists and reports.
    text : str
        Paragraphs are parted by an empty line; backticks mark code, asterisks emphasis, a line
        of three backticks above and below a block.
    points : float
    options : tuple of Option
        As shown; empty for a numeric question.
    unit : str
        What a number is counted in, or "".
    """

    id: str
    kind: Kind
    title: str
    text: str
    points: float
    options: tuple[Option, ...] = ()
    unit: str = ""

    def read(self, value: object) -> Answer | None:
        """The answer in a value from anywhere, or None when it holds none.

        Parameters
        ----------
        value : object
            An id (single), a list of ids (multiple; order: all of them), a number or its text
            (numeric).

        Returns
        -------
        tuple of str, float or None
            The ids that were ticked, in the order of the options; the steps in their order; the
            number. None for everything else: it counts as not answered.

        Examples
        --------
        >>> options = (Option("a", "bias"), Option("b", "variance"))
        >>> Question("q", "single", "Which?", "Which?", 1, options).read("b")
        ('b',)
        >>> Question("q", "numeric", "How much?", "How much?", 1).read("1/4")
        0.25
        """
        if self.kind == "numeric":
            return number(value)
        ids = [option.id for option in self.options]
        if self.kind == "single":
            return (value,) if isinstance(value, str) and value in ids else None
        if not isinstance(value, list | tuple) or not 0 < len(value) <= len(ids):
            return None
        if any(not isinstance(item, str) or item not in ids for item in value):
            return None
        if len(set(value)) < len(value):
            return None
        if self.kind == "order":
            return tuple(value) if len(value) == len(ids) else None
        return tuple(item for item in ids if item in value)


def number(value: object) -> float | None:
    """A finite number from a number or a typed text, or None.

    Examples
    --------
    >>> number("-2.5e-1"), number("1/3") == 1 / 3, number("0,5"), number(float("nan"))
    (-0.25, True, None, None)
    """
    try:
        if isinstance(value, str) and len(value) <= _LONGEST:
            found = _NUMBER.fullmatch(value.strip().replace("\N{MINUS SIGN}", "-"))
            if found is None:
                return None
            read = float(found[1]) / float(found[2] or 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            read = float(value)
        else:
            return None
    except (OverflowError, ZeroDivisionError):
        return None
    return read if math.isfinite(read) else None
