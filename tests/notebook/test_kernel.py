from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade, setenv

pytestmark = pytest.mark.kernel

BEGIN = 'from pitfalls import check, hint, lesson, progress, solution\nlesson("00_start_here")'
RIGHT = """
import warnings
def error_rate(predicted, actual):
    warnings.warn("a right answer may warn")
    return (predicted != actual).mean()
"""
WRONG = """
def error_rate(predicted, actual):
    return (predicted != actual).sum()
"""
CHECK = 'check("error_rate")'


def notebook(*sources: str) -> NotebookNode:
    """A notebook of code cells."""
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def run(work: Path, *sources: str) -> list[list[NotebookNode]]:
    """The outputs of cells that a new kernel runs."""
    nb = notebook(*sources)
    client = NotebookClient(nb, timeout=120, allow_errors=True, kernel_name="python3")
    client.execute(cwd=str(work))
    return [cell.outputs for cell in nb.cells]


def test_a_restart_loses_nothing(work: Path) -> None:
    """Verdicts are HTML and text; what one kernel solved the next one knows."""
    *_, verdict, slip = run(work, BEGIN, RIGHT, CHECK, 'check("error_rat")')
    assert ["display_data"] == [output.output_type for output in verdict]
    assert 'role="status"' in verdict[0].data["text/html"]
    assert "error_rate: right" in verdict[0].data["text/plain"]
    assert ["error"] == [output.output_type for output in slip]
    assert 1 == len(slip[0].traceback)
    assert 'Did you mean check("error_rate")?' in slip[0].traceback[0]
    begun, opened = run(work, BEGIN, 'solution("error_rate")')
    assert "1 of 1 exercise solved" in begun[0].data["text/plain"]
    assert opened[0].data["text/markdown"].startswith("```python\ndef error_rate")


@pytest.mark.parametrize("execution", ["autograde", "validate"])
def test_nbgrader_scores_what_the_check_says(execution: str, work: Path) -> None:
    """nbgrader's own scoring of the cell gives full marks, or none, as the verdict does."""
    nb = notebook(BEGIN, RIGHT, CHECK, WRONG, CHECK, "del error_rate", CHECK)
    checks = [cell for cell in nb.cells if cell.source == CHECK]
    for cell in checks:
        cell.metadata.nbgrader = {"grade": True, "solution": False, "points": 2}
    with setenv(NBGRADER_EXECUTION=execution):
        Execute(timeout=120).preprocess(nb, {"metadata": {"path": str(work)}})
    assert [2, 0, 0] == [determine_grade(cell)[0] for cell in checks]
    assert ["execute_result"] == [o.output_type for o in checks[0].outputs][1:]
    assert [] == list(work.iterdir())
