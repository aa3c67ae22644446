"""A pool of worker processes that have the imports, and that end when their parent does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

__all__ = ["LocalWorkers", "claim_processor"]

P = ParamSpec("P")
T = TypeVar("T")
_GRACE = 5.0  # seconds in which a worker may put its kernel away
_ENVIRONMENT = {
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")},  # see `jobs`
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own would keep what it had at the most
}

_claims: list[socket.socket | None] = []  # in a worker: its processor
_stopping = threading.Event()  # in a worker: it was asked to end


class LocalWorkers(ProcessPoolExecutor):
    """A `concurrent.futures` pool of spawned processes.

    The workers have a process group of their own, so that Ctrl-C reaches the coordinator alone;
    they end when the coordinator does, even when it is killed. Each keeps to a processor of its
    own, with all that it starts, as long as this machine has one that no other worker took.

    Parameters
    ----------
    jobs : int
        How many workers; they are the parallelism, so each library keeps to one thread.
    modules : iterable of str
        What a worker imports before its first job.
    """

    def __init__(self, jobs: int, modules: Iterable[str] = ()) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        super().__init__(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(tuple(modules),),
        )

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As every executor; see `stop`."""
        return super().submit(_unless_stopping, fn, *args, **kwargs)  # type: ignore[arg-type]

    def stop(self) -> None:
        """End every worker within seconds, whatever it does, and wait for that."""
        processes = list((self._processes or {}).values())
        self.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + _GRACE
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _start(modules: tuple[str, ...]) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, _end)
    _claims.append(claim_processor())
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # nbformat's validator would build the grammar of addresses: 18 MB and half a second for a
    # format that no notebook has.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    for module in modules:
        import_module(module)


def claim_processor(mark: str = "pitfalls/processor") -> socket.socket | None:
    """Keep this process, and what it starts, to a processor that nobody else has claimed.

    A worker and its kernel take turns. On one processor they need not wake one another up across
    the machine, and N jobs take N processors, not more.

    Parameters
    ----------
    mark : str
        Those with the same mark respect each other's claims.

    Returns
    -------
    socket or None
        The claim, which ends when this is closed, or with the process however it ends. None
        where every processor is claimed, or none can be.
    """
    if sys.platform != "linux":
        return None
    for processor in sorted(os.sched_getaffinity(0)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0{mark}/{processor}")  # a name that is no file: it goes with its owner
            os.sched_setaffinity(0, [processor])
        except OSError:
            claim.close()
        else:
            return claim
    return None


def _end(*_: Any) -> None:
    """Unwind the job at hand, so that its kernel and its directories go with it."""
    _stopping.set()
    sys.exit(1)


def _end_with(parent: Any) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def _unless_stopping(fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    if _stopping.is_set():
        raise RuntimeError("This worker is ending.")
    return fn(*args, **kwargs)
