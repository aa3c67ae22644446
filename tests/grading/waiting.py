"""Wait for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["wait_until"]


def wait_until(holds: Callable[[], Any], seconds: float = 60) -> None:
    """Look again and again until it holds; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)  # between two looks at another process, which cannot wake us
