"""What holds for every notebook of the kit, and every lesson that is still to come."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import pitfalls
from pitfalls.build import build, checkout, solution_source
from pitfalls.build._source import find, parse

ROOT = checkout()
assert ROOT is not None, "these tests run in a checkout"
SOURCES = find(ROOT / "autograder" / "exercises")
REGION = re.compile(r"BEGIN SOLUTION.*?\n(.*?)[^\n]*END SOLUTION", re.DOTALL)


def squeezed(text):
    """A text without what formatting changes: spaces and the kind of quotes."""
    return re.sub(r"\s+", "", text).replace("'", '"')


def giveaways(path):
    """The lines of a source's solutions that stand nowhere else in it and are not short."""
    text = path.read_text(encoding="utf-8")
    given = {squeezed(line) for line in REGION.sub("", text).splitlines()}
    inside = (line for region in REGION.findall(text) for line in region.splitlines())
    return {squeezed(line) for line in inside if len(" ".join(line.split())) > 25} - given


def test_notebooks_are_current():
    """What is committed in notebooks/ is what the sources make."""
    assert SOURCES
    changes = build(ROOT, check=True)
    assert [] == [*changes.added, *changes.updated, *changes.removed]


@pytest.mark.parametrize("key", SOURCES)
def test_learners_get_no_solution(key):
    """No marker and no line of a solution is in a learner's notebook, which has no output."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{key}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "BEGIN SOLUTION" not in text
    assert [] == [line for line in giveaways(SOURCES[key]) if line in squeezed(text)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert ([], None) == (cell.outputs, cell.execution_count)
            if cell.metadata.get("nbgrader", {}).get("solution"):
                compile(cell.source, cell.id, "exec")


def test_package_holds_no_solution():
    """No line of a solution is in the package, which students can read."""
    package = Path(pitfalls.__file__).parent
    modules = {path: squeezed(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")}
    assert [] == [
        (key, line, path.relative_to(package).as_posix())
        for key, source in SOURCES.items()
        for line in sorted(giveaways(source))
        for path, text in modules.items()
        if line in text
    ]


@pytest.mark.parametrize("key", SOURCES)
def test_solution_on_request(key):
    """A learner who asks gets the solution that the build read, without its markers."""
    for cell in parse(SOURCES[key]):
        if "ex" in cell.tags:
            lines = [line for line in cell.source.split("\n") if " SOLUTION" not in line]
            given = solution_source(SOURCES[key].stem, cell.tags["ex"])
            assert "\n".join(lines).strip("\n") == given


@pytest.mark.kernel
@pytest.mark.parametrize("key", SOURCES)
def test_runs_up_to_the_first_stub(key, tmp_path, monkeypatch):
    """A learner's notebook runs until it needs what the learner has not written yet."""
    monkeypatch.setenv("PITFALLS_WORK", str(tmp_path))
    notebook = nbformat.read(ROOT / "notebooks" / f"{key}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    try:
        client.execute()
    except CellExecutionError as error:
        stopped = error.ename
    else:
        stopped = None
    assert stopped in (None, "NotImplementedError")
    assert any(cell.get("execution_count") for cell in notebook.cells)
