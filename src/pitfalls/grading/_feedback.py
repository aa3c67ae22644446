"""What a feedback page shows of Markdown: its text, form and formulas, never its markup."""

from __future__ import annotations

import secrets
from functools import lru_cache
from html import escape, unescape
from xml.etree import ElementTree as ET

import bleach
from bleach.css_sanitizer import CSSSanitizer
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

__all__ = ["safe_markdown"]

_TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre"
    " s span strong sub summary sup table tbody td th thead tr ul".split()
)
_ATTRIBUTES = {
    "a": ["href", "title"],
    "abbr": ["title"],
    "div": ["class"],
    "span": ["class"],
    "td": ["style"],
    "th": ["style"],
}
_CLEANER = bleach.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    protocols={"http", "https", "mailto"},
    css_sanitizer=CSSSanitizer(allowed_css_properties=["text-align"]),
)
_MATH_TAGS = frozenset(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms"
    " mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
_MATH_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspacing depth display displaystyle fence form height"
    " largeop linethickness lspace mathvariant maxsize minsize movablelimits notation rowspacing"
    " rspace scriptlevel separator stretchy symmetric width".split()
)


def safe_markdown(source: str) -> str:
    """Markdown as HTML that holds no script, no form, no frame and no picture from elsewhere.

    It takes the place of nbconvert's own ``markdown2html`` in the feedback and in the
    formgrader: a student's Markdown may hold any HTML, and there it would run as the instructor.
    Formulas become MathML, which a browser shows without a script.

    Parameters
    ----------
    source : str

    Returns
    -------
    str

    Examples
    --------
    >>> safe_markdown("*well* <b onclick='steal()'>done</b>").strip()
    '<p><em>well</em> <b>done</b></p>'
    >>> safe_markdown("[here](javascript:steal())").strip()
    '<p><a>here</a></p>'
    >>> safe_markdown("$x$").strip()
    '<p><math display="inline"><mrow><mi>x</mi></mrow></math></p>'
    """
    renderer = _Renderer()
    html: str = _CLEANER.clean(MarkdownWithMath(renderer).render(source))
    for mark, formula in renderer.formulas.items():
        html = html.replace(mark, formula)
    return html


class _Renderer(IPythonRenderer):
    """Leaves a mark for each formula: MathML would not pass what cleans the rest."""

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.formulas: dict[str, str] = {}

    def inline_math(self, body: str) -> str:
        return self._mark(body, "inline")

    def block_math(self, body: str) -> str:
        return self._mark(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return self._mark(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def _mark(self, tex: str, display: str) -> str:
        mark = f"formula{secrets.token_hex(8)}end"  # nobody can write it beforehand
        self.formulas[mark] = _mathml(tex, display)
        return mark


@lru_cache(4096)
def _mathml(tex: str, display: str) -> str:
    """The formula as MathML, or as it was written where that cannot be made."""
    tex = tex.replace("{aligned}", "{split}")  # the same thing, under the name that is known
    try:
        math = convert_to_element(tex, xmlns="", display=display)
        _disarm(math)
        return ET.tostring(math, encoding="unicode")
    except Exception:  # noqa: BLE001 - the text may be a student's, and the parser is a third's
        return f"<code>{escape(tex)}</code>"


def _disarm(element: ET.Element) -> None:
    """Keep of a formula what is mathematics; texts as texts, so that they are escaped."""
    if element.tag not in _MATH_TAGS:
        raise ValueError(f"{element.tag} is no part of a formula")
    for name in set(element.attrib) - _MATH_ATTRIBUTES:
        del element.attrib[name]
    element.text = unescape(element.text) if element.text else None
    element.tail = unescape(element.tail) if element.tail else None
    for child in element:
        _disarm(child)
