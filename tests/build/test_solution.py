import subprocess
import sys

import pytest

from pitfalls.build import _solution, solution_source


@pytest.fixture
def checkout(monkeypatch, tmp_path, write, twice):
    """A checkout with one notebook."""
    write(twice)
    monkeypatch.setattr(_solution, "checkout", lambda: tmp_path)
    return tmp_path


def test_solution_runs(checkout):
    """The solution of an exercise is code without markers, and it solves the exercise."""
    namespace = {}
    source = solution_source("twice", "twice")
    exec(source, namespace)
    assert 6 == namespace["twice"](3)
    assert "SOLUTION" not in source
    assert "# %% looks like a cell, and stands in a string" in source
    assert "def half(x):\n    return x / math.sqrt(4)" == solution_source("twice", "half")


def test_unknown_or_installed(checkout, monkeypatch):
    """None for what is not an exercise, and where there is no checkout."""
    assert None is solution_source("twice", "thrice")
    assert None is solution_source("thrice", "twice")
    assert None is solution_source("twice", "story")
    monkeypatch.setattr(_solution, "checkout", lambda: None)
    assert None is solution_source("twice", "twice")


def test_light(checkout):
    """A kernel that asks for one solution does not wait for the build's libraries."""
    code = (
        "import sys; from pitfalls.build import solution_source; solution_source('a', 'b');"
        "print({'nbformat', 'jupytext', 'nbgrader'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "set()\n" == ran.stdout
