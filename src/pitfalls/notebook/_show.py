"""Put something under a cell, or on a terminal."""

from __future__ import annotations

import re
import sys

__all__ = ["literal", "say", "show"]


def show(text: str, **rich: str) -> None:
    """Show the richest form that the place can show.

    Parameters
    ----------
    text : str
        The plain text.
    **rich : str
        ``html`` or ``markdown``, for a notebook.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(text)
        return
    from IPython.display import display

    bundle = {f"text/{kind}": body for kind, body in rich.items()}
    display({**bundle, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]


def say(markdown: str) -> None:
    """Show a few words of Markdown; a terminal gets them without the marks."""
    text = re.sub(r"(?<!\\)(\*\*|`)", "", markdown)
    show(re.sub(r"\\([*_<$\[\]\\])", r"\1", text), markdown=markdown)


def literal(text: str) -> str:
    r"""Markdown for a text in which backticks mark code and everything else means itself.

    Examples
    --------
    >>> print(literal("`a * b`, not a*b or x[i]"))
    `a * b`, not a\*b or x\[i\]
    """
    pieces = re.split(r"(`[^`]*`)", text)
    pieces[::2] = [re.sub(r"([*_<$\[\]\\])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)
