"""Held answers: what becomes of a kernel that cannot or will not let one be held."""

from __future__ import annotations

import psutil
import pytest

from pitfalls.checks import Case, encode
from pitfalls.grading._answers import HeldAnswers
from pitfalls.grading._kernel import Kernel
from pitfalls.grading._limits import Limits
from pitfalls.grading._warm import WarmStart

from .waiting import wait_until

pytestmark = [pytest.mark.kernel, pytest.mark.sandbox]


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(
    "sabotage",
    [
        "os.register_at_fork(before=lambda: time.sleep(1000))",
        "os.register_at_fork(after_in_parent=lambda: time.sleep(1000))",
        "os.fork = lambda: 0",
    ],
    ids=["before the fork", "after it", "a fork that is none"],
)
def test_who_hinders_it_is_over_time(sabotage: str, warm: bool) -> None:
    """What was held before still answers; in the end nothing is left of either."""
    with WarmStart() as starter:
        with (
            Kernel(Limits(cell_seconds=2), starter=starter if warm else None) as kernel,
            HeldAnswers(kernel.answers) as held,
        ):
            first = held.token()
            kernel.run("def double(x): return 2 * x")
            assert "ok" == kernel.run(held.source(first)).status
            kernel.run(f"import os, time\n{sabotage}")
            run = kernel.run(held.source(held.token()))
            assert "timeout" == run.status
            assert "more than 2 s" in run.reason
            asked = encode({"name": "double", "calls": [Case(4).request()]})
            assert isinstance(held.exchange(first, asked, 10), bytes)
            inside = set(psutil.Process().children(recursive=True))
        wait_until(lambda: not [it for it in inside if it.is_running() and it.name() == "answer"])
