"""Memory that a process has set free, and still holds."""

from __future__ import annotations

import contextlib
import ctypes

__all__ = ["give_back"]


def give_back() -> None:
    """Hand free memory back to the system.

    A forked child would keep it when its parent needs it anew; and a worker that is about to
    check would have it beside a notebook at its largest. Takes less than a millisecond.
    """
    with contextlib.suppress(AttributeError, TypeError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(0)
