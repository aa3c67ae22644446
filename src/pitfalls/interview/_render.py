"""Show a report: as HTML that reads in both themes without a script, for the feedback."""

from __future__ import annotations

from html import escape

from ._score import Dimension, Missed, Reason, Report

__all__ = ["to_html"]

_BOX = "color: var(--jp-ui-font-color1, inherit); max-width: 50em; line-height: 1.5"
_CARD = "border-top: 1px solid currentColor; margin: 12px 0 0; padding: 8px 0 0"
_HEAD = "margin: 0 0 4px; font-weight: 600"
_LINE = "margin: 4px 0"
_LIST = "list-style: none; margin: 8px 0; padding: 0"
_ITEM = "margin: 4px 0; padding: 0 0 0 12px"
_ASKED = "margin: 8px 0; padding: 0 0 0 12px; border-left: 2px solid currentColor"
_SIGNS = {"lost": "✗", "earned": "✓", "missed": "–"}  # in the order in which they are shown


def to_html(report: Report, points: float, note: str = "") -> str:
    """Every dimension with its points and reasons, and the questions that were left out.

    Parameters
    ----------
    report : Report
    points : float
        What a full score is worth.
    note : str, optional
        A sentence to begin with.

    Returns
    -------
    str
        HTML that stands alone. All text is escaped.
    """
    worth = points / report.max_points
    head = (
        f"Interview: {escape(report.title)}, seed {report.seed}: {report.points:g} of "
        f"{report.max_points:g}, which makes {report.points * worth:.4g} of {points:g} points"
    )
    said = f'<p style="{_LINE}">{escape(note)}</p>' if note else ""
    cards = "".join(_card(it, worth) for it in report.dimensions)
    # mathjax_ignore: a "$" in a sentence is money, not the start of a formula
    return (
        f'<div class="pitfalls-interview-result mathjax_ignore" style="{_BOX}">'
        f'<p style="{_HEAD}">{head}</p>{said}{cards}{_left_out(report.missed)}</div>'
    )


def _card(it: Dimension, worth: float) -> str:
    head = (
        f"{escape(it.title)}: {it.points:g} of {it.max_points:g} "
        f"({it.points * worth:.4g} of {it.max_points * worth:.4g} points)"
    )
    reasons = [reason for kind in _SIGNS for reason in it.reasons if reason.kind == kind]
    items = "".join(map(_reason, reasons))
    return (
        f'<div style="{_CARD}"><p style="{_HEAD}">{head}</p><ul style="{_LIST}">{items}</ul></div>'
    )


def _reason(reason: Reason) -> str:
    sign = f'<span aria-hidden="true">{_SIGNS[reason.kind]}</span> '
    change = f" ({round(reason.points, 1):+g})".replace("-", "−") if reason.points else ""
    return f'<li style="{_ITEM}">{sign}{escape(reason.text)}{change}</li>'


def _left_out(missed: tuple[Missed, ...]) -> str:
    if not missed:
        return ""
    items = "".join(
        f'<li style="{_ASKED}"><strong>{escape(it.question)}</strong><br>'
        f"The answer: {escape(it.answer)}<br>What it changes: {escape(it.changes)}</li>"
        for it in missed
    )
    head = "What a strong candidate would have asked"
    return (
        f'<div style="{_CARD}"><p style="{_HEAD}">{head}</p><ul style="{_LIST}">{items}</ul></div>'
    )
