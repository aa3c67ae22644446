"""The styles and scripts of the widgets, each with what it shares with the others."""

from __future__ import annotations

from pathlib import Path

__all__ = ["script", "styles"]

STATIC = Path(__file__).parent / "static"


def styles(name: str) -> str:
    """A widget's styles, after those of all widgets.

    Examples
    --------
    >>> ".pitfalls-widget" in styles("quiz") and ".pitfalls-quiz" in styles("quiz")
    True
    """
    return _joined("widget.css", f"{name}.css")


def script(name: str, *shared: str) -> str:
    """A widget's script, after the scripts that it shares with others; one module together.

    Examples
    --------
    >>> script("quiz", "elements").count("export default")
    1
    """
    return _joined(*(f"{part}.js" for part in (*shared, name)))


def _joined(*names: str) -> str:
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
