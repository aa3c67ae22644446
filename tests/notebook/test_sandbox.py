import os
import subprocess
import sys
from pathlib import Path

SANDBOX = """
import sys
for name in ("lessons", "grading", "build"):
    sys.modules[f"pitfalls.{name}"] = None  # an import of it fails
from pitfalls import check, hint, lesson, progress, solution
lesson("linear_regression")
hint("rss")
solution("rss", confirm=True)
progress()
print(check("rss"))
"""


def test_nothing_happens_in_the_sandbox(work: Path) -> None:
    """In the grader's sandbox each call says one neutral line, keeps nothing, imports nothing."""
    env = {**os.environ, "PITFALLS_GRADING": "1", "NBGRADER_EXECUTION": "autograde"}
    ran = subprocess.run(
        [sys.executable, "-c", SANDBOX], cwd=work, env=env, capture_output=True, text=True
    )
    assert "" == ran.stderr
    *lines, returned = ran.stdout.splitlines()
    assert 5 == len(lines)
    assert "None" == returned
    for judging in ("right", "wrong", "point", "fail"):
        assert judging not in ran.stdout
    assert [] == list(work.iterdir())
