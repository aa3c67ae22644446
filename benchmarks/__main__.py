"""``python -m benchmarks``: measure, print a table, write ``build/bench.json``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
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
    try:
        for found in _measured(asked):
            print()
            for name, value in found.items():
                print(f"{name:50} {value:>10}", flush=True)
            figures = json.loads(path.read_text()) if path.exists() else {}
            text = json.dumps(figures | found, indent=2, sort_keys=True)
            path.write_text(text + "\n")  # at once: what comes next takes minutes
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print(f"\nWritten to {path.relative_to(ROOT)}.")


def _measured(asked: argparse.Namespace) -> Iterator[dict[str, float]]:
    if asked.only != "widgets":
        yield from grading.measure(
            asked.students, asked.stock, asked.cold, asked.soak, asked.chapters, asked.lessons
        )
    if asked.only != "grading":
        yield widgets.measure()


if __name__ == "__main__":
    main()
