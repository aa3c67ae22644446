"""``python -m benchmarks``: measure, print a table, write ``build/bench.json``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import grading, widgets

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run what is asked for; figures of parts that are left out stay as they were."""
    known = grading.chapters_with_lessons()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--students", type=int, default=40, help="size of the class")
    parser.add_argument("--stock", type=int, default=2, help="of them, graded by stock nbgrader")
    parser.add_argument("--cold", type=int, default=3, help="of them, graded with cold kernels")
    parser.add_argument("--soak", type=int, default=500, help="small submissions for one worker")
    parser.add_argument("--only", choices=("grading", "widgets"), help="measure this part alone")
    parser.add_argument("--chapters", nargs="*", default=(), choices=known, help="these alone")
    parser.add_argument("--lessons", nargs="*", default=(), help="these notebooks alone")
    asked = parser.parse_args()
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    figures = json.loads(path.read_text()) if path.exists() else {}
    if asked.only != "widgets":
        try:
            figures |= grading.measure(
                asked.students, asked.stock, asked.cold, asked.soak, asked.chapters, asked.lessons
            )
        except ValueError as error:
            raise SystemExit(str(error)) from None
    if asked.only != "grading":
        figures |= widgets.measure()
    path.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    print(f"\nWritten to {path.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
