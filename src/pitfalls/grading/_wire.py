"""Carries the bytes between the grader's sockets and the kernel's, and counts them.

A ZeroMQ socket reads whatever its peer sends: one message in endless parts would fill the
grader's memory, and a peer that hangs up and comes back may be another one. So the grader's
sockets talk to this relay, which connects to the kernel once, before any of the student's code
has run, and stops at a number of bytes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["Wire"]

_CHUNK = 2**16
_CONNECT_SECONDS = 10.0


class Wire:
    """One relay for each channel of a kernel.

    Parameters
    ----------
    kernel_ip, grader_ip : str
        Socket n is found at ``<ip>-<n>``: on the kernel's side, and on the grader's.
    max_bytes : int
        What the kernel may send, over all channels.
    on_flood : callable
        Called once, from another thread, when the kernel has sent more.
    """

    def __init__(
        self, kernel_ip: str, grader_ip: str, max_bytes: int, on_flood: Callable[[], None]
    ) -> None:
        self._kernel_ip, self._grader_ip = kernel_ip, grader_ip
        self._left = max_bytes
        self._lock = threading.Lock()
        self._on_flood = on_flood
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def join(self, number: int, connect: Callable[[], None]) -> None:
        """Relay socket `number`; `connect` makes the grader's side call."""
        kernel = socket.socket(socket.AF_UNIX)
        self._sockets.append(kernel)
        kernel.connect(f"{self._kernel_ip}-{number}")
        address = f"{self._grader_ip}-{number}"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen(1)
            listener.settimeout(_CONNECT_SECONDS)
            connect()
            grader, _ = listener.accept()
        Path(address).unlink()
        self._sockets.append(grader)
        for source, sink, count in ((grader, kernel, False), (kernel, grader, True)):
            thread = threading.Thread(target=self._pump, args=(source, sink, count), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _pump(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if count and not self._allowed(len(data)):
                    return
                sink.sendall(data)

    def _allowed(self, size: int) -> bool:
        with self._lock:
            first = self._left >= 0
            self._left -= size
            if self._left >= 0:
                return True
        if first:
            self._on_flood()
        return False

    def close(self) -> None:
        """Hang up on both sides."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        while self._sockets:
            self._sockets.pop().close()
