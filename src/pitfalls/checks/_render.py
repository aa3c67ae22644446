"""Show a verdict: as HTML that reads in the light and the dark theme, and as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._verdict import PartResult, Verdict

__all__ = ["to_html", "to_text"]

# state: sign, words, accent (JupyterLab's variable, else a colour of at least 3:1 on both themes)
_STATES = {
    "right": ("✓", "right", "--jp-success-color1, #3d9142"),
    "wrong": ("✗", "not right yet", "--jp-error-color1, #e0483e"),
    "partly": ("◐", "partly right", "--jp-warn-color1, #b26b00"),
    "raised": ("✗", "stopped by an exception", "--jp-error-color1, #e0483e"),
    "not_attempted": ("○", "not attempted yet", "--jp-info-color1, #1976d2"),
    "no_verdict": ("?", "no verdict", "--jp-warn-color1, #b26b00"),
    "fault": ("⚠", "the check itself failed, not you", "--jp-warn-color1, #b26b00"),
}

# Inline, so that any number of verdicts share a page and a sanitised page still shows the text.
_BOX = (
    "color: var(--jp-ui-font-color1, inherit); border-left: 4px solid var({accent});"
    " padding: 4px 12px; margin: 4px 0; max-width: 50em; line-height: 1.5; text-align: left"
)
_LINE = "margin: 4px 0"
_LOUD = "margin: 4px 0; font-weight: 600"
_PITFALL = "margin: 8px 0 4px; font-weight: 600; font-size: 1.2em"
_GRID = (
    "display: grid; grid-template-columns: max-content minmax(0, 1fr);"
    " column-gap: 12px; row-gap: 2px; margin: 8px 0"
)
_TERM = "float: none; width: auto; margin: 0; padding: 0; font-weight: 600"
_VALUE = "float: none; width: auto; margin: 0; padding: 0"
_CODE = (
    "font-family: var(--jp-code-font-family, monospace); color: inherit; background: none;"
    " padding: 0; white-space: pre-wrap; overflow-wrap: anywhere"
)
_LIST = "list-style: none; margin: 8px 0; padding: 0"


def to_html(verdict: Verdict, notes: Sequence[str] = ()) -> str:
    """The verdict as a piece of HTML that stands alone and is announced as a status.

    Parameters
    ----------
    verdict : Verdict
    notes : sequence of str
        Sentences to close with. Backticks mark code, there as in the verdict's own texts.

    Examples
    --------
    >>> from pitfalls.checks import Verdict
    >>> html = to_html(Verdict("rss", "wrong", 0, 6, pitfall="averages instead of summing"))
    >>> 'role="status"' in html, "Pitfall: averages instead of summing" in html
    (True, True)
    """
    sign, _, accent = _state(verdict)
    lines = [_p(_LOUD, f'<span aria-hidden="true">{sign}</span> {_rich(_headline(verdict))}')]
    if verdict.pitfall:
        lines.append(_p(_PITFALL, f"Pitfall: {_rich(verdict.pitfall)}"))
    lines += [_p(_LINE, _rich(text)) for text in _texts(verdict)]
    if verdict.evidence:
        rows = "".join(
            f'<dt style="{_TERM}">{term}</dt>'
            f'<dd style="{_VALUE}"><code style="{_CODE}">{escape(value)}</code></dd>'
            for term, value in _evidence(verdict)
        )
        lines.append(f'<dl style="{_GRID}">{rows}</dl>')
    if len(verdict.parts) > 1:
        rows = "".join(
            f'<li style="margin: 0"><span aria-hidden="true">{_mark(part)}</span> '
            f"{_rich(_part(part))}</li>"
            for part in verdict.parts
        )
        lines.append(f'<ul style="{_LIST}">{rows}</ul>')
    lines += [_p(_LINE, _rich(note)) for note in notes]
    # mathjax_ignore: a "$" in a message is money, not the start of a formula
    return (
        f'<div role="status" aria-label="Verdict on {escape(verdict.exercise)}"'
        f' class="pitfalls-verdict mathjax_ignore" style="{_BOX.format(accent=accent)}">'
        f"{''.join(lines)}</div>"
    )


def to_text(verdict: Verdict, notes: Sequence[str] = ()) -> str:
    """The verdict as plain text, for a terminal.

    Examples
    --------
    >>> from pitfalls.checks import Verdict
    >>> print(to_text(Verdict("rss", "wrong", 0, 6, pitfall="averages instead of summing")))
    ✗ rss: not right yet, 0 of 6 points
    Pitfall: averages instead of summing
    """
    lines = [f"{_state(verdict)[0]} {_headline(verdict)}"]
    if verdict.pitfall:
        lines.append(f"Pitfall: {verdict.pitfall}")
    lines += _texts(verdict)
    for term, value in _evidence(verdict):
        lines.append(f"  {term:<7}{value}".replace("\n", "\n" + " " * 9))
    if len(verdict.parts) > 1:
        lines += [f"  {_mark(part)} {_part(part)}" for part in verdict.parts]
    return "\n".join([*lines, *notes]).replace("`", "")


def _state(verdict: Verdict) -> tuple[str, str, str]:
    partly = verdict.state == "wrong" and verdict.points > 0
    return _STATES["partly" if partly else verdict.state]


def _headline(verdict: Verdict) -> str:
    words = f"`{verdict.exercise}`: {_state(verdict)[1]}"
    if verdict.state in ("no_verdict", "fault"):  # zero points here would read as a judgement
        return words
    return f"{words}, {_points(verdict.points, verdict.max_points)}"


def _texts(verdict: Verdict) -> list[str]:
    return [text for text in (verdict.advice, verdict.message) if text]


def _evidence(verdict: Verdict) -> list[tuple[str, str]]:
    evidence = verdict.evidence
    if evidence is None:
        return []
    rows = [("on", evidence.on), ("got", evidence.got), ("wanted", evidence.wanted)]
    return [(term, value) for term, value in rows if value]


def _mark(part: PartResult) -> str:
    return "✓" if part.right else "✗"


def _part(part: PartResult) -> str:
    words = "right" if part.right else "not yet"
    return f"{part.title}: {words}, {_points(part.points, part.max_points)}"


def _points(points: float, of: float) -> str:
    return f"{points:g} of {of:g} point{'' if of == 1 else 's'}"


def _p(style: str, inner: str) -> str:
    return f'<p style="{style}">{inner}</p>'


def _rich(text: str) -> str:
    """Escaped text in which backticks mark code."""
    code = rf'<code style="{_CODE}">\1</code>'
    return re.sub(r"`([^`\n]+)`", code, escape(text))
