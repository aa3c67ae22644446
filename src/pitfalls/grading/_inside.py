"""The first program inside the sandbox: takes its limits, reports for duty, becomes the kernel.

It stands alone, because the grader's own package cannot be seen from where it runs. Its argument
is the number of a socket, from which it reads one line of JSON. It answers with one byte that
carries the directories asked for as open descriptors; then with ``ready``, or what went wrong.
"""

import contextlib
import ctypes
import json
import os
import resource
import socket
import sys
import traceback
from typing import Any

_PR_SET_THP_DISABLE = 41


def main() -> None:
    """Become a kernel as the grader orders."""
    desk = socket.socket(fileno=int(sys.argv[1]))
    with desk.makefile() as lines:
        order = json.loads(lines.readline())
    for name, value in order["rlimits"].items():
        with contextlib.suppress(AttributeError, OSError, ValueError):  # not on this system
            resource.setrlimit(getattr(resource, name), (value, value))
    if sys.platform == "linux":
        # The grader counts page faults to follow the memory: no page may be a huge one.
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
    directories = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in order["directories"]]
    socket.send_fds(desk, [b"!"], directories)
    for fd in directories:
        os.close(fd)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    try:
        kernel = _kernel(order)
    except BaseException:
        desk.sendall(traceback.format_exc().encode()[-2000:])
        raise
    desk.sendall(b"ready")
    desk.shutdown(socket.SHUT_RDWR)
    desk.close()
    kernel.start()


def _kernel(order: dict[str, Any]) -> Any:
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.transport, kernel.ip = "ipc", order["ip"]
    for port, channel in enumerate(order["channels"], start=1):
        setattr(kernel, f"{channel}_port", port)
    options = [
        f"--Session.key={order['key']}",
        f"--IPKernelApp.connection_file={order['ip']}.json",
        "--HistoryManager.enabled=False",  # nobody reads it: save its thread and its file
        "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
    ]
    kernel.initialize(options)  # type: ignore[no-untyped-call]
    return kernel


if __name__ == "__main__":
    main()
