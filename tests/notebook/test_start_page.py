import re
from pathlib import Path

from pitfalls.build import checkout

ROOT = Path(__file__).parents[2]
EXERCISES = ROOT / "autograder" / "exercises"
PAGE = (EXERCISES / "00_start_here.py").read_text(encoding="utf-8")


def test_every_notebook_is_linked() -> None:
    """The start page links each notebook of the kit, and nothing that is not there."""
    assert checkout() == ROOT
    notebooks = {f"{path.parent.name}/{path.stem}.ipynb" for path in EXERCISES.glob("*/*.py")}
    assert notebooks == set(re.findall(r"\]\((\S+\.ipynb)\)", PAGE))


def test_it_takes_two_minutes() -> None:
    """What is to be read, the list of notebooks apart, takes two minutes (240 words each)."""
    text = [line for line in PAGE.splitlines() if re.match(r"# (?!%%|- \[)", line)]
    assert sum(len(line.split()) - 1 for line in text) <= 2 * 240
