"""Warm kernels: forked from a process that has the imports, each into a sandbox of its own."""

from __future__ import annotations

import atexit
import base64
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import threading
from functools import cache
from pathlib import Path

from ._folder import private_folder
from ._limits import Limits
from ._process import (
    ColdStart,
    Order,
    Process,
    Sandboxed,
    ended_on_error,
    first_word,
    open_quietly,
    why_not,
)
from ._sandbox import CHANNEL_BYTES, DATA_DIR, WORK_DIR, Command, SandboxError, missing_part
from ._seccomp import deny_list

__all__ = ["WarmStart", "warm_start"]

ZYGOTE = Path(__file__).with_name("_zygote.py")
_INSIDE = Path(__file__).with_name("_inside.py")
_END_SECONDS = 10.0
_log = logging.getLogger("pitfalls.grading")


class WarmStart:
    r"""Start kernels as forks of one process, the zygote, that has imported what they import.

    The zygote runs in a sandbox from the first start until `close`, at most as long as this
    process and the thread that made it. Where it cannot be had, or forks no kernels, kernels
    start cold, and a warning says so, once.

    Examples
    --------
    >>> from pitfalls.grading._kernel import Kernel
    >>> with WarmStart() as starter, Kernel(Limits(), starter=starter) as kernel:
    ...     run = kernel.run("import sys; print('pandas' in sys.modules)")
    >>> run.outputs[0].text
    'True\n'
    """

    def __init__(self) -> None:
        self._zygote: _Zygote | None = None
        self._lock = threading.Lock()
        self._cold = ColdStart(isolated=True)
        self._given_up = False

    def __enter__(self) -> WarmStart:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, order: Order) -> Process:
        """Start a kernel.

        Raises
        ------
        SandboxError
            When no sandbox can be had at all; the message is one sentence.
        """
        if self._given_up or (self._zygote is None and missing_part()):
            return self._cold.start(order)
        try:
            return self._warm(order)
        except (OSError, SandboxError):
            self.close()
        try:
            return self._warm(order)  # of a new zygote
        except (OSError, SandboxError) as error:
            _log.warning("Kernels start cold, which is slower: no warm one could be had. %s", error)
            self._given_up = True
            self.close()
        return self._cold.start(order)

    def close(self) -> None:
        """End the zygote, and with it every kernel that was forked from it."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    @property
    def pid(self) -> int | None:
        """The zygote's process id on this side, if it runs."""
        return self._zygote.pid if self._zygote else None

    def _warm(self, order: Order) -> Process:
        with self._lock:
            if self._zygote is None:
                self._zygote = _Zygote()
            desk, report = self._zygote.fork()
        files = {name: base64.b64encode(data).decode() for name, data in order.files.items()}
        with desk:
            try:
                return Sandboxed(
                    order,
                    desk,
                    report,
                    channel=str(order.channel),
                    channel_bytes=CHANNEL_BYTES,
                    disk_bytes=order.limits.disk_bytes,
                    work=WORK_DIR,
                    files=files,
                )
            except BaseException:
                order.channel.unlink(missing_ok=True)
                raise


class _Zygote:
    """The running zygote, and the socket on which it takes requests."""

    def __init__(self) -> None:
        data = {
            "start.py": _INSIDE.read_bytes(),
            "zygote.py": ZYGOTE.read_bytes(),
            "deny": deny_list(),
        }
        paths = [f"{DATA_DIR}/{name}" for name in data]
        with contextlib.ExitStack() as stack:
            session = private_folder(stack)
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            stack.callback(self._control.close)
            argv = [sys.executable, "-P", paths[1], str(theirs.fileno()), paths[0], paths[2]]
            command = Command(argv, session, Limits(), data=data, nested=True)
            with theirs, contextlib.closing(command):
                fds = [*command.fds, theirs.fileno()]
                popen = open_quietly(command.argv, "/", command.env, fds)
            with ended_on_error(popen):
                self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                said, self.pid, _ = first_word(self._control)
                if not said:
                    raise SandboxError(why_not(popen, ""))
            stack.callback(popen.wait)
            process = os.pidfd_open(self.pid)
            stack.callback(os.close, process)
            stack.callback(_end, process)
            self._stack = stack.pop_all()

    def fork(self) -> tuple[socket.socket, int]:
        """Ask for a kernel; return its desk, and the pipe that will tell how it ended."""
        ours, theirs = socket.socketpair()
        report, into = os.pipe()
        with theirs, open(into, "wb"):
            try:
                socket.send_fds(self._control, [b"k"], [theirs.fileno(), into])
            except OSError:
                ours.close()
                os.close(report)
                raise
        return ours, report

    def close(self) -> None:
        self._stack.close()


def _end(process: int) -> None:
    """Kill the zygote, and wait: it is process 1 of its sandbox, with which all others end."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.poll(_END_SECONDS * 1000)


@cache
def warm_start() -> WarmStart:
    """The one of this process; it ends with it."""
    starter = WarmStart()
    atexit.register(_close_at_exit, starter)
    return starter


def _close_at_exit(starter: WarmStart) -> None:
    with contextlib.suppress(SystemExit):  # a worker's answer to SIGTERM; it is ending already
        starter.close()
