"""Hold a moment of a notebook: a forked child that waits and then answers a check's calls.

The child is a copy of the learner's kernel at the moment of the check, so names that later cells
change keep the value they had. And since it is asked only after every cell has run, nothing that
a check sends can reach an output of the notebook.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import struct
import time
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

from ._codec import FrameError
from ._memory import give_back
from ._orphan import fork_orphan
from ._respond import respond

__all__ = ["hold", "receive", "send"]

_LENGTH = struct.Struct("<Q")


def hold(address: str, token: str, namespace: Mapping[str, Any]) -> None:
    """Fork a child that answers for `namespace` as it is now; return at once.

    Parameters
    ----------
    address : str
        The unix socket on which the grader listens.
    token : str
        What the child says first, so that the grader knows which check it answers for.
    namespace : mapping
        Where the learner's names live.

    Raises
    ------
    OSError
        When the grader cannot be reached or no process can be had.
    """
    with socket.socket(socket.AF_UNIX) as connection, warnings.catch_warnings():
        connection.connect(address)
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads; the child uses none
        give_back()  # or the child would keep it when this process needs it anew
        # What must hold when this returns is done before the fork.
        fork_orphan(_take_name, lambda: _answer(connection, token, namespace))


def _take_name() -> None:
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as name:
        name.write("answer")  # by this name it is spared when the kernel is killed


def _answer(connection: socket.socket, token: str, namespace: Mapping[str, Any]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is meant for the notebook
    gc.freeze()  # looking through the notebook's objects would copy their pages
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    send(connection, token.encode())
    while True:
        send(connection, respond(namespace, receive(connection, 2**33)))


def send(connection: socket.socket, frame: bytes) -> None:
    """Send one frame with its length before it."""
    connection.sendall(_LENGTH.pack(len(frame)))
    connection.sendall(frame)


def receive(connection: socket.socket, max_bytes: int, deadline: float | None = None) -> bytes:
    """Receive one frame.

    Parameters
    ----------
    connection : socket
    max_bytes : int
        The longest frame to take.
    deadline : float, optional
        On the clock of `time.monotonic`: a peer that drips bytes cannot stretch it.

    Raises
    ------
    FrameError
        When the other side announces more than `max_bytes`.
    EOFError
        When the other side is gone.
    TimeoutError
        When the deadline passes.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    if length > max_bytes:
        raise FrameError(f"{length} bytes, over the limit of {max_bytes}")
    return bytes(_exactly(connection, length, deadline))


def _exactly(connection: socket.socket, count: int, deadline: float | None) -> bytearray:
    data = bytearray()
    while len(data) < count:
        if deadline is not None:
            connection.settimeout(max(1e-3, deadline - time.monotonic()))
        chunk = connection.recv(min(count - len(data), 2**20))
        if not chunk:
            raise EOFError("the other side is gone")
        data += chunk
    return data
