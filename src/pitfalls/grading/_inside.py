"""The first program inside the sandbox: forks the kernel off, stays, and tells how it ended.

It stands alone, because the grader's own package cannot be seen from where it runs. Its arguments
are the number of a socket, from which it reads one line of JSON, and that of a pipe, into which
goes the kernel's exit status; without a pipe it becomes the kernel itself. The kernel answers on
the socket with one byte that carries open descriptors: the directories asked for, and a socket
that listens for the answers; then with ``ready``, or what went wrong.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
import traceback
from importlib import import_module
from typing import Any

_PR_SET_THP_DISABLE = 41


def main() -> None:
    """Start a kernel as the grader orders."""
    desk = socket.socket(fileno=int(sys.argv[1]))
    order = receive(desk)
    if len(sys.argv) > 2:
        stay_behind(desk, int(sys.argv[2]))
    become_kernel(desk, order)


def receive(desk: socket.socket) -> dict[str, Any]:
    """Read what is ordered."""
    with desk.makefile() as lines:
        order: dict[str, Any] = json.loads(lines.readline())
    return order


def stay_behind(desk: socket.socket, report: int) -> None:
    """Fork, and return in the child alone.

    The parent is process 1, with which all others would end. So it stays when the kernel has
    ended, as long as there are others: those that hold an answer.
    """
    kernel = os.fork()
    if kernel == 0:
        os.close(report)
        return
    desk.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence()
    status = 0
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, ending = os.wait()
            if pid == kernel:
                status = os.waitstatus_to_exitcode(ending)
                os.write(report, str(status).encode())
                os.close(report)
    os._exit(status if status >= 0 else 128 - status)


def become_kernel(desk: socket.socket, order: dict[str, Any]) -> None:
    """Take the limits, report for duty, run until the end."""
    for name, value in order["rlimits"].items():
        with contextlib.suppress(AttributeError, OSError, ValueError):  # not on this system
            resource.setrlimit(getattr(resource, name), (value, value))
    if sys.platform == "linux":
        # The grader counts page faults to follow the memory: no page may be a huge one.
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
    fds = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in order["directories"]]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(order["answers"])
        listener.listen(64)
        socket.send_fds(desk, [b"!"], [*fds, listener.fileno()])
    for fd in fds:
        os.close(fd)
    silence()
    sys.argv = ["notebook"]  # for cells that parse their arguments
    try:
        kernel = _kernel(order)
    except BaseException:
        desk.sendall(traceback.format_exc().encode()[-2000:])
        raise
    desk.sendall(b"ready")
    desk.shutdown(socket.SHUT_RDWR)
    desk.close()
    kernel.start()


def silence() -> None:
    """Print nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


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
    import_module("pitfalls.checks._hold")  # not on the time of the cell that holds an answer
    return kernel


if __name__ == "__main__":
    main()
