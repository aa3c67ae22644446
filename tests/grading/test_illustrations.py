"""Illustrations rest unless code that runs needs what they bind."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from pitfalls.grading._illustrations import needless
from pitfalls.grading._rebuild import rebuild

PICTURE = "sample = [1, 2, 3]\ntable = {'rank': 1}"


def picture(source: str = PICTURE) -> Any:
    return new_code_cell(source, id="picture", metadata={"tags": ["illustration"]})


@pytest.mark.parametrize(
    "student",
    [
        "print(sum(sample))",
        "def mean():\n    return sum(sample) / 3",
        "def mean(sample=sample):\n    return sum(sample) / 3",
        "class Model:\n    start = sample",
        "mean = lambda: [x for x in sample]",
        "sample += [4]",
        "del sample",
        "sample.append(4)",
        "f'{sample}'",
        "print(sample[0]); sample = []",
        "eval('sam' + 'ple')",
        "def any_of(name):\n    return globals()[name]",
        "print(_)",
        "print(_3, Out[3])",
        "%timeit sum(sample)",
        "!echo {sample}",
        "%%capture out\nprint(sample)",
        "sum(sample) if (",
    ],
)
def test_what_is_read_is_run(student: str) -> None:
    """Whichever way a name is read, at once or late, by text or from behind, its cell runs."""
    assert set() == needless([picture(), new_code_cell(student)])
    assert set() == needless([new_code_cell(student), picture()])


@pytest.mark.parametrize(
    "student",
    [
        "def mean(sample):\n    return sum(sample) / len(sample)",
        "sample = [4]\nprint(sample)",
        "for sample in range(3):\n    print(sample)",
        "import math as sample\nprint(sample.pi)",
        "def rank(x):\n    table = sorted(x)\n    return [table.index(v) for v in x]",
        "print([sample for sample in range(3)])",
        "x.sample(3)\nx['sample']\n# sample",
    ],
)
def test_same_names_elsewhere(student: str) -> None:
    """Parameters, local names, attributes and what a cell binds itself are no reason to run."""
    assert {0} == needless([picture(), new_code_cell(student)])


def test_what_a_needed_cell_needs() -> None:
    """Cells are needed through others, by what they bind and by what they change a part of."""
    chain = [
        picture("raw = [3, 1, 2]"),
        picture("table = {'raw': raw}"),
        picture("table['rank'] = [3, 1, 2]"),
        picture("print(table)"),
    ]
    assert {0, 1, 2, 3} == needless([*chain, new_code_cell("def f(x):\n    return x")])
    assert {3} == needless([*chain, new_code_cell("def f(x):\n    return table['rank']")])


def test_only_the_instructors_own() -> None:
    """A tag is the instructor's, and holds for the instructor's text alone."""
    skeleton = new_notebook(cells=[picture(), new_code_cell("plain = 1", id="plain")])
    student = json.loads(nbformat.writes(skeleton))
    student["cells"][1]["metadata"] = {"tags": ["illustration"]}
    content = nbformat.writes(skeleton).encode()
    assert {0} == needless(rebuild(content, json.dumps(student).encode()).cells)
    student["cells"][0]["source"] = "import os\nos.environ['X'] = '1'"
    assert set() == needless(rebuild(content, json.dumps(student).encode()).cells)
