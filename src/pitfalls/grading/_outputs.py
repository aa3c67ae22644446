"""Of a student's outputs, what a page may show: text, errors and PNG pictures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["plain_outputs"]

_PNG = b"\x89PNG\r\n\x1a\n"


def plain_outputs(outputs: Iterable[Any]) -> list[NotebookNode]:
    """Reduce outputs to those that cannot carry a script.

    Parameters
    ----------
    outputs : iterable of notebook outputs
        As the student's kernel sent them.

    Returns
    -------
    list of NotebookNode
        Streams, errors, and of displays the plain text and the PNG picture. HTML, SVG, Markdown,
        LaTeX, JavaScript, widgets and all metadata are left out.

    Examples
    --------
    >>> shown = {"text/html": "<script>alert(1)</script>", "text/plain": "a table"}
    >>> output = {"output_type": "display_data", "data": shown, "metadata": {}}
    >>> [dict(o.data) for o in plain_outputs([output])]
    [{'text/plain': 'a table'}]
    """
    return [plain for output in outputs for plain in _plain(output)]


def _plain(output: Any) -> list[NotebookNode]:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return [nbformat.v4.new_output("stream", name=name, text=_text(output.get("text")))]
    if kind == "error":
        trace = output.get("traceback")
        lines = [_text(line) for line in trace] if isinstance(trace, list) else []
        name, value = _text(output.get("ename")), _text(output.get("evalue"))
        return [nbformat.v4.new_output("error", ename=name, evalue=value, traceback=lines)]
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return []
    shown = {}
    if "text/plain" in data:
        shown["text/plain"] = _text(data["text/plain"])
    picture = _png(data.get("image/png"))
    if picture:
        shown["image/png"] = picture
    return [nbformat.v4.new_output("display_data", data=shown)] if shown else []


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _png(picture: Any) -> str:
    """The picture encoded anew, so that nothing but its bytes can stand in the page; or nothing."""
    try:
        data = base64.b64decode(picture) if isinstance(picture, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    return base64.b64encode(data).decode() if data.startswith(_PNG) else ""
