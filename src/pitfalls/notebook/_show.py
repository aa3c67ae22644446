"""Put something under a cell, or on a terminal."""

from __future__ import annotations

import re
import sys

__all__ = ["say", "show"]


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
    show(re.sub(r"\*\*|`", "", markdown), markdown=markdown)
