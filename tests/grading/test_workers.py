"""Workers: each keeps to a processor that no other has."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import uuid4

_CLAIM = """
import os, sys
from pitfalls.grading._workers import claim_processor
claim = claim_processor(sys.argv[1])
print(claim is not None, *os.sched_getaffinity(0), flush=True)
sys.stdin.read()
"""


def test_each_claims_a_processor_that_is_free() -> None:
    """One processor each while there are any; when its owner ends, or is killed, it is free."""
    mark, all_of_them = f"test/{uuid4()}", os.sched_getaffinity(0)

    def claimant() -> tuple[subprocess.Popen[str], bool, set[int]]:
        command = [sys.executable, "-c", _CLAIM, mark]
        owner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert owner.stdout is not None
        claimed, *processors = owner.stdout.readline().split()
        return owner, claimed == "True", set(map(int, processors))

    owners = [claimant() for _ in all_of_them]
    try:
        assert all(claimed and len(kept) == 1 for _, claimed, kept in owners)
        assert all_of_them == set.union(*(kept for _, _, kept in owners))
        owners.append(claimant())
        assert (False, all_of_them) == owners[-1][1:]
        owners[0][0].kill()
        owners[0][0].wait()
        owners.append(claimant())
        assert (True, owners[0][2]) == owners[-1][1:]
    finally:
        for owner, _, _ in owners:
            owner.communicate()
    assert all_of_them == os.sched_getaffinity(0)
