"""Collects what cells put out: valid outputs only, and no more bytes than allowed."""

from __future__ import annotations

import json
from functools import cache
from itertools import groupby
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.validator import get_validator

__all__ = ["Collector"]

_FIELDS = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}


class Collector:
    """The outputs of one notebook, cell by cell.

    Parameters
    ----------
    max_bytes : int
        What all cells together may keep. Where that is used up, a note is left, once; whatever
        comes later is dropped.

    Examples
    --------
    >>> collector = Collector(max_bytes=1000)
    >>> collector.add("stream", {"name": "stdout", "text": "a"})
    >>> collector.add("stream", {"name": "stdout", "text": "b"})
    >>> collector.add("stream", {"name": "nonsense"})
    >>> [output.text for output in collector.cell()]
    ['ab']
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = self._left = max_bytes
        self.cut = False
        self._outputs: list[tuple[NotebookNode, int]] = []  # of the current cell, with their sizes
        self._clear_next = False
        self._displays: dict[str, list[NotebookNode]] = {}

    def add(self, kind: str, content: Any) -> None:
        """Take the content of one message; whatever is malformed is dropped."""
        if kind == "clear_output":
            self._clear_next = True
            if not content.get("wait"):
                self._clear()
        elif kind == "update_display_data":
            self._update(content)
        elif kind in _FIELDS:
            self._append(kind, content)

    def cell(self) -> list[NotebookNode]:
        """The outputs of the current cell, which ends with this call."""
        outputs: list[NotebookNode] = []
        for name, group in groupby((node for node, _ in self._outputs), _stream):
            nodes = list(group)
            if name:  # one node for consecutive pieces of one stream
                nodes = [_text(name, "".join(node.text for node in nodes))]
            outputs += nodes
        self._outputs, self._clear_next = [], False
        return outputs

    def cut_here(self) -> None:
        """Leave the note, and drop whatever comes later."""
        if self.cut:
            return
        self.cut = True
        passed = f"{self._max_bytes / 2**20:.3g} MB"
        note = f"\n[The outputs are cut here: the notebook has made more than {passed} of them.]\n"
        self._outputs.append((_text("stdout", note), 0))

    def _append(self, kind: str, content: Any) -> None:
        node = _valid(kind, content)
        if node is None:
            return
        if self._clear_next:
            self._clear()
        if self.cut:
            return
        size = _size(node)
        if size > self._left:
            if kind == "stream":
                node.text = node.text[: self._left]
                self._outputs.append((node, 0))
            self.cut_here()
            return
        self._left -= size
        self._outputs.append((node, size))
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        if isinstance(name, str):
            self._displays.setdefault(name, []).append(node)

    def _clear(self) -> None:
        self._left += sum(size for _, size in self._outputs)
        self._outputs, self._clear_next = [], False

    def _update(self, content: Any) -> None:
        node = _valid("display_data", content)
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        if node is None or self.cut or not isinstance(name, str):
            return
        shown = self._displays.get(name, [])
        self._left -= _size(node) * len(shown)
        if self._left < 0:
            self.cut_here()
            return
        for old in shown:
            old.data, old.metadata = node.data, node.metadata


def _valid(kind: str, content: Any) -> NotebookNode | None:
    """Make an output of a message's content; None where nbformat's schema does not allow it."""
    try:
        output = {"output_type": kind, **{name: content[name] for name in _FIELDS[kind]}}
        cell = {"cell_type": "code", "id": "x", "source": "", "execution_count": None}
        cells: list[Any] = [{**cell, "metadata": {}, "outputs": [output]}]
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        _schema().validate(notebook)
        if kind == "stream" and output["name"] not in ("stdout", "stderr"):
            return None
        return _node(output)
    except Exception:  # noqa: BLE001 - a message may hold anything
        return None


@cache
def _schema() -> Any:
    return get_validator(4, 5, name="fastjsonschema")


def _stream(node: NotebookNode) -> str:
    return str(node.name) if node.output_type == "stream" else ""


def _size(node: NotebookNode) -> int:
    return len(json.dumps(node))


def _text(name: str, text: str) -> NotebookNode:
    return _node({"output_type": "stream", "name": name, "text": text})


def _node(output: dict[str, Any]) -> NotebookNode:
    node: NotebookNode = from_dict(output)
    return node
