"""Rebuilding: of a student's notebook only source text gets through, in its place."""

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from pitfalls.grading._rebuild import MAX_NOTEBOOK_BYTES, SubmissionError, rebuild


def solution(name, source, **metadata):
    graded = {"grade_id": name, "solution": True, "grade": False, "locked": False}
    return new_code_cell(source, id=name, metadata={"nbgrader": graded, **metadata})


def check(name, source=None):
    graded = {"grade_id": f"check_{name}", "grade": True, "locked": True, "points": 2}
    pitfalls = {"exercise": name, "lesson": "lesson"}
    cell = new_code_cell(source or f'check("{name}")', id=f"check-{name}")
    cell.metadata = nbformat.from_dict({"nbgrader": graded, "pitfalls": pitfalls})
    return cell


def skeleton():
    return new_notebook(
        cells=[
            new_code_cell("import numpy as np", id="setup"),
            new_markdown_cell("# Text", id="text"),
            solution("rss", "SECRET = 'the solution'"),
            check("rss"),
            solution("ridge", "SECRET = 'another'"),
            check("ridge"),
        ]
    )


def released():
    """What a student gets: the skeleton with stubs."""
    notebook = skeleton()
    for cell in notebook.cells:
        if cell.id in ("rss", "ridge"):
            cell.source = "raise NotImplementedError()"
    return notebook


def dump(notebook):
    return nbformat.writes(notebook).encode()


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def answered(rss="rss = 1", ridge="ridge = 1"):
    notebook = released()
    notebook.cells[2].source, notebook.cells[4].source = rss, ridge
    return notebook


EXPECTED = [
    "import numpy as np", "# Text", "rss = 1", 'check("rss")', "ridge = 1", 'check("ridge")',
]  # fmt: skip


def test_answers_stand_in_the_instructors_notebook():
    """A notebook handed in as released, with answers, keeps the skeleton and takes the answers."""
    assert EXPECTED == sources(rebuild(dump(skeleton()), dump(answered())))


def test_no_solution_ever_shows():
    """A deleted answer is empty: the instructor's solution does not take its place."""
    notebook = answered()
    del notebook.cells[2]
    rebuilt = rebuild(dump(skeleton()), dump(notebook))
    assert "" == rebuilt.cells[2].source
    assert "SECRET" not in nbformat.writes(rebuilt)


def test_the_instructors_checks_replace_the_students():
    """Changed, retyped, deleted, tagged and duplicated check cells are the instructor's again."""
    notebook = answered()
    notebook.cells[3].source = "6.0"
    notebook.cells[3].metadata = nbformat.from_dict(
        {"nbgrader": {"grade_id": "check_rss", "solution": True}, "tags": ["skip-execution"]}
    )
    notebook.cells[5] = new_markdown_cell("gone")
    rebuilt = rebuild(dump(skeleton()), dump(notebook))
    assert EXPECTED == [s for s in sources(rebuilt) if s not in ("6.0", "gone")]
    assert skeleton().cells[3].metadata == rebuilt.cells[3].metadata


def test_own_cells_stay_in_their_place_without_metadata():
    """A helper cell and a further import run where the student put them."""
    notebook = answered()
    helper = new_code_cell("def helper(): ...", metadata={"tags": ["raises-exception"]})
    notebook.cells.insert(2, helper)
    notebook.cells.insert(0, new_code_cell("import math"))
    rebuilt = rebuild(dump(skeleton()), dump(notebook))
    assert ["import math", *EXPECTED[:2], "def helper(): ...", *EXPECTED[2:]] == sources(rebuilt)
    assert {} == rebuilt.cells[3].metadata
    nbformat.validate(rebuilt)


def test_of_a_duplicated_answer_the_last_counts_and_both_run():
    """A copied solution cell keeps its place; the last copy is the answer, as in a run."""
    notebook = answered(rss="rss = 'old'")
    copy = solution("rss", "rss = 1")
    copy.id = "copied"
    notebook.cells.insert(3, copy)
    rebuilt = sources(rebuild(dump(skeleton()), dump(notebook)))
    assert rebuilt.index("rss = 'old'") < rebuilt.index("rss = 1") < rebuilt.index('check("rss")')


def test_notebooks_of_other_tools_keep_their_marks():
    """Without ids or metadata, with CRLF, in format 4.0: the answers still find their place."""
    data = json.loads(dump(answered()))
    data["nbformat_minor"] = 0
    for cell in data["cells"]:
        del cell["id"]
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    assert EXPECTED == sources(rebuild(dump(skeleton()), json.dumps(data).encode()))
    for cell in data["cells"]:
        cell["metadata"] = {}
    rebuilt = [s for s in sources(rebuild(dump(skeleton()), json.dumps(data).encode())) if s]
    assert EXPECTED == rebuilt


def test_a_changed_free_cell_is_the_students():
    """A cell that is neither locked nor graded keeps what the student made of it."""
    notebook = answered()
    notebook.cells[0].source = "import numpy as np\nimport scipy"
    assert "import scipy" in sources(rebuild(dump(skeleton()), dump(notebook)))[0]


@pytest.mark.parametrize(
    ("submission", "says"),
    [
        (b"", "empty"),
        (b"{not json", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 200_000, "not valid JSON"),
        (b"[1, 2]", "format unknown"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b" " * (MAX_NOTEBOOK_BYTES + 1), "MB"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 3000}).encode(), "3000 cells"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(submission, says):
    """An unreadable file raises one sentence that says what is wrong."""
    with pytest.raises(SubmissionError, match=says) as raised:
        rebuild(dump(skeleton()), submission)
    assert "\n" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CELLS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
            "source": st.text() | st.lists(st.text()) | JSON,
            "metadata": st.fixed_dictionaries({"nbgrader": JSON}) | JSON,
            "id": st.sampled_from(["rss", "check-rss"]) | JSON,
        },
    )
    | JSON,
    max_size=6,
)


@given(CELLS)
def test_whatever_the_cells_are_the_checks_stand_once_and_in_order(cells):
    """No arrangement of garbage moves, removes or changes the instructor's check cells."""
    rebuilt = rebuild(dump(skeleton()), json.dumps({"nbformat": 4, "cells": cells}).encode())
    checks = [cell for cell in rebuilt.cells if "pitfalls" in cell.metadata]
    assert ['check("rss")', 'check("ridge")'] == [cell.source for cell in checks]
    assert "SECRET" not in nbformat.writes(rebuilt)
    nbformat.validate(rebuilt)
