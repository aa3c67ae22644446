"""Honest but odd: whatever way people write, save and decorate their answers, the marks stay."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pitfalls.grading import _step
from tests.grading.handin import LESSON, RIGHT, grade, hand_in, points

pytestmark = [pytest.mark.kernel, pytest.mark.sandbox]

FULL = {"total": 2.0, "squares": 3.0}
Notebook = dict[str, Any]


@pytest.fixture(autouse=True)
def lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The little lesson in place of the kit's."""
    monkeypatch.setattr(_step.lessons, "get", lambda name: LESSON)


def solved(**cells: str) -> Notebook:
    return hand_in(**{"squares": RIGHT["squares"], **cells})


def saved(change: Callable[[Notebook], None]) -> Notebook:
    notebook = copy.deepcopy(solved())
    change(notebook)
    return notebook


def _without_ids(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        del cell["id"]


def _carriage_returns(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")


def _lines(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
        cell.pop("id")


def _foreign_metadata(notebook: Notebook) -> None:
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "conda-env"}}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"id": "x", "vscode": {"languageId": "python"}, "execution": {}}


ODD: dict[str, Notebook] = {
    "warnings": solved(
        first="import warnings\nwarnings.warn('slow')\nimport numpy as np\nnp.log(0.0)"
    ),
    "prints in the answer": solved(
        total="def total(x):\n    print('adding', x)\n    return sum(x)"
    ),
    "a plot": solved(between="import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()"),
    "a widget": solved(between="import ipywidgets\nipywidgets.IntSlider(description='n')"),
    "magics": solved(first="%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\n!ls"),
    "%%time on the answer": solved(total=f"%%time\n{RIGHT['total']}"),
    "%%capture on the answer": solved(squares=f"%%capture said\n{RIGHT['squares']}"),
    "help and shell escapes": solved(between="total?\n!echo done\n%timeit -n1 -r1 total([1.0])"),
    "helpers and imports of one's own": solved(
        first="import math as m\ndef square(v):\n    return m.pow(v, 2)",
        squares="def squares(x):\n    return m.fsum(map(square, x))",
    ),
    "a helper below the check": solved(
        total="total = lambda x: add(x)\ndef add(x):\n    return float(sum(x))",
        last="def unused():\n    return None",
    ),
    "an answer split over cells": solved(
        between="def one(v):\n    return v * v",
        squares="squares = lambda x: sum(one(v) for v in x)",
    ),
    "an answer in a cell of one's own": solved(
        total="# see above", first="def total(x):\n    return float(sum(x))"
    ),
    "renamed variables": solved(total="def total(numbers):\n    return float(sum(numbers))"),
    "type hints": solved(
        total="def total(x: list[float]) -> float:\n    result: float = sum(x)\n    return result"
    ),
    "an extra argument with a default": solved(
        total="def total(x, start=0.0):\n    return sum(x, start)"
    ),
    "a class and a decorator": solved(
        total="from functools import lru_cache, wraps\n\ndef loud(f):\n    @wraps(f)\n"
        "    def g(*args):\n        return f(*args)\n    return g\n\n"
        "@loud\ndef total(x):\n    return sum(x)",
        squares="class Squares:\n    def __call__(self, x):\n"
        "        return sum(v * v for v in x)\n\nsquares = Squares()",
    ),
    "NumPy's numbers": solved(
        total="import numpy as np\n\ndef total(x):\n    return np.float32(0) + np.sum(x)"
    ),
    "an experiment that fails": solved(between="1 / 0"),
    "a cell that is not Python": solved(between="def half(:"),
    "await at the top": solved(between="import asyncio\nawait asyncio.sleep(0)"),
    "format 4.0 without ids": saved(_without_ids),
    "carriage returns": saved(_carriage_returns),
    "format 4.4, sources as lines": saved(_lines),
    "metadata of other tools": saved(_foreign_metadata),
}


@pytest.mark.parametrize("odd", ODD)
def test_keeps_its_marks(odd: str) -> None:
    """Full marks for a right answer, and no note that anything was wrong."""
    graded = grade(ODD[odd], warm=True)
    assert FULL == points(graded)
    assert () == graded.notes


def test_a_byte_order_mark_is_no_fault() -> None:
    """Some editors of Windows put one before the JSON."""
    content = b"\xef\xbb\xbf" + json.dumps(solved()).encode()
    assert FULL == points(grade(content, warm=True))
