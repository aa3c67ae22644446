"""A class of small submissions, graded twice: left alone, and killed again and again on the way.

``python -m tests.grading.soak 2000`` runs it with as many submissions as one likes.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from pitfalls.build import expand
from pitfalls.grading import Course

__all__ = ["CHAPTER", "disturbed", "grade_to_the_end", "kept", "new_course"]

CHAPTER = "1_fundamentals"
_LESSON = Path("autograder", "exercises", CHAPTER, "linear_regression.py")
_KEPT = ("lesson", "rss", "check_rss", "rss_gradient", "check_rss_gradient")
_ANSWERS = (
    "def rss(beta, X, y):\n    return float(((y - X @ beta) ** 2).sum())",
    "def rss(beta, X, y):\n    return float(((y - X @ beta) ** 2).mean())",
    "def rss(beta, X, y):\n    return float(abs(y - X @ beta).sum())",
    "def rss(beta, X, y):\n    raise ValueError(f'no idea {beta}')",
    "def rss(beta, X, y):\n    return {n}",
    "def rss(beta, X, y:",
    "import os\nos._exit({n} % 7)",
    "print({n})\nraise NotImplementedError()",
)
_GRADIENTS = (
    "def rss_gradient(beta, X, y):\n    return -2.0 * X.T @ (y - X @ beta)",
    "def rss_gradient(beta, X, y):\n    return 2.0 * X.T @ (y - X @ beta)",
    "def rss_gradient(beta, X, y):\n    return -X.T @ (y - X @ beta)",
    "raise NotImplementedError()",
)


def new_course(root: Path, count: int, seed: int = 0) -> None:
    """A released course of one small notebook, for which `count` students have handed in."""
    Course.init(root, exercises=root.with_name("no-exercises"), course_id="soak")
    notebook = expand(Path(__file__).parents[2] / _LESSON)
    graded = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    cells = dict(zip(graded, notebook.cells, strict=True))
    notebook.cells = [cells[name] for name in _KEPT]
    source = root / "source" / CHAPTER / "linear_regression.ipynb"
    source.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, source)
    course = Course.open(root)
    course.release(CHAPTER)
    released = json.loads((root / "release" / CHAPTER / source.name).read_text())
    rng = random.Random(seed)
    for number in range(count):
        for cell in released["cells"]:
            match cell["metadata"]["nbgrader"]["grade_id"]:
                case "rss":
                    cell["source"] = rng.choice(_ANSWERS).replace("{n}", str(number))
                case "rss_gradient":
                    cell["source"] = rng.choice(_GRADIENTS)
        path = root / "submitted" / f"s{number:05d}" / CHAPTER / source.name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(released))


def grade_to_the_end(root: Path) -> None:
    """Run the command until nothing is left."""
    done = subprocess.run(_command(root), capture_output=True, text=True, check=False)
    left = json.loads(done.stdout)
    if left["left"] or left["failed"]:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])


def disturbed(root: Path, count: int, kills: int, seed: int = 0) -> None:
    """Run the command, but kill it at random moments on the way; then run it to the end."""
    rng = random.Random(seed)
    for enough in sorted(rng.sample(range(1, count), kills)):
        with subprocess.Popen(_command(root), stdout=subprocess.DEVNULL) as process:
            try:
                while process.poll() is None and graded(root) < enough:
                    time.sleep(0.05)  # between two looks at the gradebook, which cannot wake us
                # as long as a submission takes, at most: in the middle of whatever it is at
                process.wait(timeout=rng.uniform(0, 0.3))
            except subprocess.TimeoutExpired:
                process.kill()
    grade_to_the_end(root)


def graded(root: Path) -> int:
    """How many submissions the gradebook knows as graded."""
    with Course.open(root).gradebook() as book:
        return len(book.known(CHAPTER))


def kept(root: Path) -> dict[str, Any]:
    """All that grading leaves behind, times apart."""
    with Course.open(root).gradebook() as book:
        left = {
            "verdicts": [
                (row.student, row.grade_id, row.verdict, row.score)
                for row in book.verdicts(CHAPTER)
            ],
            "totals": book.totals(book.sheet(CHAPTER)),
            "known": book.known(CHAPTER),
            "notes": book.notes(CHAPTER),
        }
    pages = root / "autograded"
    return left | {
        str(path.relative_to(pages)): path.read_bytes()
        for path in pages.rglob("*")
        if path.is_file()
    }


def _command(root: Path) -> list[str]:
    pitfalls = str(Path(sys.executable).with_name("pitfalls"))
    return [pitfalls, "grade", str(root), CHAPTER, "--jobs", "2", "--json"]


def main() -> None:
    """Both ways; say how long they took, and whether they came to the same."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder, "alone"), Path(folder, "killed")
        new_course(alone, count)
        shutil.copytree(alone, killed)
        for root, run in ((alone, grade_to_the_end), (killed, lambda it: disturbed(it, count, 3))):
            started = time.monotonic()
            run(root)
            print(f"{root.name}: {count} submissions in {time.monotonic() - started:.0f} s")
        same = kept(alone) == kept(killed)
    print("the same gradebook and pages" if same else "DIFFERENT")
    sys.exit(not same)


if __name__ == "__main__":
    main()
