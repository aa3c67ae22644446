"""Fork a process that is nobody's child, at the price of one fork.

An orphan is no zombie when it ends, and ``os.wait()`` never meets it. The usual way to one is to
fork twice and to let the process in between end. But a fork copies the tables of all memory, and
a kernel that has the imports has some two thousand mappings: that costs more than most answers.
So on Linux the process in between borrows this one's memory, as ``vfork`` lends it, and forks.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

__all__ = ["fork_orphan"]

_STACK_BYTES = 64 * 2**20  # for all that the orphan will do; what is not touched takes no memory
_CLONE_VM, _CLONE_VFORK, _SIGCHLD = 0x100, 0x4000, 17
_MAP_NORESERVE, _MAP_STACK = 0x4000, 0x20000
_PROT_NONE = 0


def fork_orphan(between: Callable[[], None], orphan: Callable[[], NoReturn]) -> None:
    """Fork a process whose parent has ended, so that process 1 (or a subreaper) takes it on.

    Parameters
    ----------
    between : callable
        Runs in the process in between, before it forks: for what the orphan is to inherit. It
        may see this process's memory or a copy of it, so it should write to neither.
    orphan : callable
        Runs in the orphan, which ends with it.

    Raises
    ------
    OSError
        When no process can be had, or `between` failed.

    Examples
    --------
    >>> fork_orphan(lambda: None, lambda: os._exit(0))
    """
    if sys.platform == "linux" and sys.version_info < (3, 14) and hasattr(_libc(), "clone"):
        pid = _borrowing(between, orphan)  # from 3.14 on, Python guards the bounds of its stack
    else:
        pid = _copying(between, orphan)
    if os.waitpid(pid, 0)[1]:
        raise OSError("no process can be had")


def _copying(between: Callable[[], None], orphan: Callable[[], NoReturn]) -> int:
    """Fork the process in between; return its number."""
    pid = os.fork()
    if pid == 0:
        os._exit(_fork(between, orphan))
    return pid


def _borrowing(between: Callable[[], None], orphan: Callable[[], NoReturn]) -> int:
    """Lend this process's memory to the one in between until that ends; return its number.

    It runs on a stack of its own while the calling thread stands still, holds the lock of the
    interpreter in that thread's name, and leaves everything as it found it. The orphan is the
    C library's own fork of it, so no lock of another thread stays closed in there.
    """
    call = _CALL(lambda _: _fork(between, orphan))
    flags = _CLONE_VM | _CLONE_VFORK | _SIGCHLD
    pid: int = _libc().clone(call, ctypes.c_void_p(_stack()), flags, None)
    if pid == -1:
        raise OSError(ctypes.get_errno(), "clone: " + os.strerror(ctypes.get_errno()))
    return pid


def _fork(between: Callable[[], None], orphan: Callable[[], NoReturn]) -> int:
    """Fork the orphan; return the exit status of the process in between."""
    try:
        between()
        pid = os.fork()
    except BaseException:  # noqa: BLE001 - it must return, whatever happens
        return 1
    if pid == 0:
        try:
            _stack.cache_clear()  # this one stands on it
            orphan()
        finally:
            os._exit(1)  # nothing of this process may run on
    return 0


_CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


@cache
def _libc() -> Any:
    return ctypes.PyDLL(None, use_errno=True)  # one that keeps the interpreter's lock


@cache
def _stack() -> int:
    """The upper end of a stack: each process in between has it anew, each orphan keeps a copy."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE | _MAP_STACK
    memory = mmap.mmap(-1, _STACK_BYTES, flags=flags)
    _kept.append(memory)
    lowest = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    page = ctypes.c_void_p(lowest), ctypes.c_size_t(mmap.PAGESIZE)
    _libc().mprotect(*page, _PROT_NONE)  # who overflows it ends there
    return lowest + _STACK_BYTES


_kept: list[mmap.mmap] = []
