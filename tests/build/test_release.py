import nbformat
import pytest
from nbgrader.utils import compute_checksum

from pitfalls.build import SourceError, expand, release
from pitfalls.build._notebook import new_cell, normalise


@pytest.fixture
def released(write, twice, twice_lesson, tmp_path):
    """The learner notebook of `twice`."""
    source = {"1_numbers/twice": expand(write(twice))}
    (path,) = release(source, tmp_path / "out")
    assert tmp_path / "out" / "1_numbers" / "twice.ipynb" == path
    return nbformat.read(path, as_version=4)


def test_no_solution_is_released(released, twice):
    """No line of a solution, nor a marker, is in a learner's notebook; the starter is."""
    text = "\n".join(cell.source for cell in released.cells)
    for region in twice.split("### BEGIN SOLUTION\n")[1:]:
        lines = region.partition("### END SOLUTION")[0].splitlines()
        assert [] == [line for line in lines if line.strip("# ") and line.strip("# ") in text]
    assert "SOLUTION" not in text
    assert 'def twice(x):\n    """Twice x.' in text
    assert "Tell us of a number that you halved.\n\nYOUR ANSWER HERE" in text


def test_nbgrader_knows_its_cells(released):
    """Checksums hold, checks and locked cells cannot be edited, no graded cell be deleted."""
    tagged = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in released.cells
        if "nbgrader" in cell.metadata
    }
    for cell in tagged.values():
        assert compute_checksum(cell) == cell.metadata.nbgrader.checksum
        assert cell.metadata.deletable is False
    frozen = [name for name, cell in tagged.items() if cell.metadata.get("editable") is False]
    assert ["lesson", "check_twice", "check_half"] == [
        name for name in frozen if not name.startswith("locked_")
    ]
    assert 4 == len(frozen)


def test_runs_up_to_the_stub(released):
    """The learner's cells run; what is still to be written raises NotImplementedError."""
    code = [cell for cell in released.cells if cell.cell_type == "code" and cell.id != "lesson"]
    namespace = {"check": lambda name: None}
    ran = []
    with pytest.raises(NotImplementedError):  # noqa: PT012, the cells of one notebook
        for cell in code:
            exec(cell.source, namespace)
            ran.append(cell.source)
    assert ["import math", 'check("twice")'] == [ran[0], ran[-1]]


def test_bytes_repeat(write, twice, twice_lesson, tmp_path):
    """The same sources give the same bytes, on top and in chapters, whatever ran in them."""
    sources = {
        "1_numbers/twice": expand(write(twice)),
        "00_start": expand(write("# %%\n1\n", "00_start")),
    }
    first = [path.read_bytes() for path in release(sources, tmp_path / "first")]
    for cell in sources["1_numbers/twice"].cells:
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", text="1")]
    again = release(sources, tmp_path / "second")
    assert first == [path.read_bytes() for path in again]
    assert b"\n" == again[0].read_bytes()[-1:]
    assert [
        tmp_path / "second" / "1_numbers" / "twice.ipynb",
        tmp_path / "second/00_start.ipynb",
    ] == again


def test_refusal_of_nbgrader(write, twice, twice_lesson, tmp_path):
    """What nbgrader refuses comes as one sentence, and nothing is written."""
    notebook = expand(write(twice.replace('task="story"', 'task="check_half"')))
    with pytest.raises(
        SourceError, match=r"cannot release 1_numbers: .*Duplicate grade id"
    ) as caught:
        release({"1_numbers/twice": notebook}, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_foreign_id_is_replaced():
    """A cell that a tool added gets the id that its text gives, and keeps it on the next run."""
    cells = [new_cell("code", "1", "ours"), new_cell("code", "2", "random-1")]
    notebook = normalise(nbformat.v4.new_notebook(cells=cells), {"ours"})
    assert ["ours", new_cell("code", "2").id] == [cell.id for cell in notebook.cells]
