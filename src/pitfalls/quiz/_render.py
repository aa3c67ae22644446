"""Show a result: as HTML that reads in both themes without a script, for the feedback."""

from __future__ import annotations

import re
from html import escape

from ._key import Explanation
from ._score import QuestionResult, QuizResult

__all__ = ["to_html"]

_BOX = "color: var(--jp-ui-font-color1, inherit); max-width: 50em; line-height: 1.5"
_CARD = "border-top: 1px solid currentColor; margin: 12px 0 0; padding: 8px 0 0"
_HEAD = "margin: 0 0 4px; font-weight: 600"
_LINE = "margin: 4px 0"
_LIST = "list-style: none; margin: 8px 0; padding: 0"
_ITEM = "margin: 8px 0; padding: 0 0 0 12px; border-left: 2px solid currentColor"
_CODE = "font-family: var(--jp-code-font-family, monospace); color: inherit; background: none"
_FENCED = re.compile(r"^```[ \t]*\n(.*?)\n```[ \t]*$", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"(`[^`\n]+`|\*\*[^*\n]+\*\*|\*[^*\s][^*\n]*\*)")
_BLOCK = f"{_CODE}; margin: 8px 0; padding: 0; white-space: pre-wrap"


def to_html(result: QuizResult) -> str:
    """Every question with its answer, its points, and the reason of every option.

    Parameters
    ----------
    result : QuizResult

    Returns
    -------
    str
        HTML that stands alone. All text is escaped.
    """
    head = f"{escape(result.title)}: {result.points:g} of {result.max_points:g} points"
    cards = "".join(_card(number, part) for number, part in enumerate(result.questions, 1))
    # mathjax_ignore: a "$" in a question is money, not the start of a formula
    return (
        f'<div class="pitfalls-quiz-result mathjax_ignore" style="{_BOX}">'
        f'<p style="{_HEAD}">{head}</p>{cards}</div>'
    )


def _card(number: int, part: QuestionResult) -> str:
    sign, words = _state(part)
    points = f"{part.points:g} of {part.max_points:g} point{'s' * (part.max_points != 1)}"
    head = (
        f'<span aria-hidden="true">{sign}</span> {number}. {escape(part.question.title)}: '
        f"{words}, {points}"
    )
    note = f'<p style="{_LINE}">{escape(part.note)}</p>' if part.note else ""
    signs = part.question.kind != "order"  # the steps' numbers say it
    told = "".join(_reason(item, signs) for item in part.explanations)
    return (
        f'<div style="{_CARD}"><p style="{_HEAD}">{head}</p>{_rich(part.question.text)}{note}'
        f'<ul style="{_LIST}">{told}</ul></div>'
    )


def _state(part: QuestionResult) -> tuple[str, str]:
    if not part.answered:
        return "○", "not answered"
    if part.right:
        return "✓", "right"
    return ("◐", "partly right") if part.points else ("✗", "not right")


def _reason(item: Explanation, signs: bool) -> str:
    sign = f'<span aria-hidden="true">{"✓" if item.right else "✗"}</span> ' if signs else ""
    note = f'<p style="{_LINE}">{sign}<strong>{escape(item.note)}</strong></p>' if item.note else ""
    return f'<li style="{_ITEM}"><div>{_rich(item.text)}</div>{note}{_rich(item.why)}</li>'


def _rich(text: str) -> str:
    """Paragraphs and blocks of code, with `code`, **strong** and *stressed* words."""
    return "".join(
        f'<pre style="{_BLOCK}">{escape(piece)}</pre>' if n % 2 else _paragraphs(piece)
        for n, piece in enumerate(_FENCED.split(text))
    )


def _paragraphs(text: str) -> str:
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return "".join(f'<p style="{_LINE}">{_inline(part)}</p>' for part in parts if part)


def _inline(text: str) -> str:
    out = []
    for piece in _MARKED.split(text):
        if piece.startswith("`") and len(piece) > 2:
            out.append(f'<code style="{_CODE}">{escape(piece[1:-1])}</code>')
        elif piece.startswith("**") and len(piece) > 4:
            out.append(f"<strong>{escape(piece[2:-2])}</strong>")
        elif piece.startswith("*") and piece.endswith("*") and len(piece) > 2:
            out.append(f"<em>{escape(piece[1:-1])}</em>")
        else:
            out.append(escape(piece))
    return "".join(out)
