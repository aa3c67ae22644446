"""A kernel that runs a student's cells: sandboxed, limited, and unable to hurt its grader."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Literal

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.session import Session
from nbformat import NotebookNode

from ._collect import Collector
from ._folder import private_folder
from ._limits import Limits
from ._process import CHANNELS, ColdStart, Order, Starter, Usage
from ._sandbox import SandboxError
from ._wire import Wire

__all__ = ["CellRun", "Kernel"]

Status = Literal["ok", "error", "timeout", "died", "limit"]

_START_SECONDS = 30.0
_RESEND_SECONDS = 0.25  # a request that reaches ipykernel 7 too early may lie unread
_GRACE_SECONDS = 1.0  # between the interrupt of a cell that is over time and the kill
_IDLE_SECONDS = 2.0  # between a cell's reply and its last output
_POLL_SECONDS = 0.25
_WATCH_SECONDS = 0.05
_MAX_MESSAGES = 10_000
_MAX_FILES = 20_000
_MAX_SOCKETS = 1_000
_HEADER_BYTES = 2**16
_WIRE_BYTES = 32 * 2**20  # what may be sent beyond the outputs that are kept


@dataclass(frozen=True)
class CellRun:
    """What running one cell came to.

    Attributes
    ----------
    outputs : list of NotebookNode
        As nbformat has them; all cells together keep at most `Limits.output_bytes`.
    status : {"ok", "error", "timeout", "died", "limit"}
        "error": the cell raised; "timeout": it was interrupted, or killed where that was not
        enough; "died": the kernel ended; "limit": it was ended because it used too much.
    reason : str
        One sentence for a person where the outputs alone do not tell it; else empty.
    """

    outputs: list[NotebookNode] = field(default_factory=list)
    status: Status = "ok"
    reason: str = ""


class Kernel:
    r"""A started kernel.

    Use it from one thread, and close it; as a context manager it closes itself. If the thread
    that made it ends, the kernel ends too.

    Parameters
    ----------
    limits : Limits
    isolated : bool, default=True
        In the sandbox; else as a process of this user, which can do whatever this user can.
    files : mapping of str to bytes, optional
        Data files for the kernel's work directory, which is empty otherwise; by relative name.
    starter : Starter, optional
        How the kernel's process is started. A fresh interpreter if not given.

    Attributes
    ----------
    channel : Path
        A private directory that the kernel sees at the same path. The unix sockets live there.
    answers : socket
        Listens there for processes that hold an answer. They survive the kernel.

    Raises
    ------
    SandboxError
        When no sandbox can be had or the kernel does not start; the message is one sentence.

    Examples
    --------
    >>> with Kernel(Limits(), isolated=False) as kernel:
    ...     run = kernel.run("print(6 * 7)")
    >>> run.status, run.outputs[0].text
    ('ok', '42\n')
    """

    def __init__(
        self,
        limits: Limits,
        *,
        isolated: bool = True,
        files: Mapping[str, bytes] | None = None,
        starter: Starter | None = None,
    ) -> None:
        self.limits = limits
        self._end: tuple[Status, str] | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._messages = 0
        self._collector = Collector(limits.output_bytes)
        with contextlib.ExitStack() as stack:
            session = private_folder(stack)
            order = Order(session, limits, _checked(files or {}), secrets.token_hex(16))
            self.channel = order.channel
            self._process = (starter or ColdStart(isolated=isolated)).start(order)
            stack.callback(self._process.close)
            self.answers = self._process.answers
            self._client = self._connect(order, stack)
            self._greet()
            watch = threading.Thread(target=self._watch, daemon=True)
            watch.start()
            stack.callback(watch.join)
            stack.callback(self._closed.set)
            self._stack = stack.pop_all()

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the kernel and all that it started; leave nothing behind. Closing twice is fine."""
        if self._closed.is_set():
            return
        with self._lock:
            self._end = self._end or ("died", "The kernel is closed.")
        self._stack.close()

    def run(self, source: str) -> CellRun:
        """Run one cell.

        Parameters
        ----------
        source : str
            The text of the cell.

        Returns
        -------
        CellRun
            Once the kernel has ended, every further run returns at once with the reason of that.
        """
        if self._end is not None:
            return CellRun([], *self._end)
        request = self._client.execute(source, stop_on_error=False)
        deadline = time.monotonic() + self.limits.cell_seconds
        reply: dict[str, Any] | None = None
        idle = interrupted = False
        while self._end is None and not (reply and idle):
            now = time.monotonic()
            if now >= deadline and reply:
                break  # only the word that the kernel is idle got lost
            if now >= deadline and interrupted:
                self._stop("died", self._over_time("did not heed the interrupt; its kernel ended"))
                break
            if now >= deadline:
                interrupted, deadline = True, now + _GRACE_SECONDS
                self._process.interrupt()
            ready = self._poll(min(deadline - now, _POLL_SECONDS))
            if "shell" in ready and (message := self._receive("shell", request)):
                reply, deadline = message["content"], time.monotonic() + _IDLE_SECONDS
            if "iopub" in ready and (message := self._receive("iopub", request)):
                idle = idle or self._take(message)
            elif "iopub" not in ready and (how := self._process.ended()):
                self._stop("died", f"The notebook's process ended {how}.")
        if self._end is not None:
            self._hear_out(request)
        outputs = self._collector.cell()
        if interrupted:
            why = self._end[1] if self._end else self._over_time("was interrupted")
            return CellRun(outputs, "timeout", why)
        if self._end is not None:
            return CellRun(outputs, *self._end)
        return self._replied(outputs, reply or {})

    def _hear_out(self, request: str) -> None:
        """Take what an ended kernel had still said, unless it said too much."""
        while self._messages <= _MAX_MESSAGES and "iopub" in self._poll(0):
            if message := self._receive("iopub", request):
                self._take(message)

    def _replied(self, outputs: list[NotebookNode], reply: dict[str, Any]) -> CellRun:
        if reply.get("status") == "ok":
            return CellRun(outputs)
        said = f"{reply.get('ename')}: {reply.get('evalue')}"[:300]
        for sign, limit in _refusals(self.limits).items():
            if sign in said:
                return CellRun(outputs, "error", f"The notebook wanted more than {limit}.")
        return CellRun(outputs, "error", said if self._collector.cut else "")

    def _over_time(self, what: str) -> str:
        return f"A cell ran for more than {self.limits.cell_seconds:g} s and {what}."

    def _stop(self, status: Status, reason: str) -> None:
        """End the kernel for a reason. The first reason stays."""
        with self._lock:
            if self._end is None:
                self._end = (status, reason)
        self._process.kill()

    def _watch(self) -> None:
        """End the kernel at a limit; and all, if that was not enough.

        Those that hold an answer may then use as much again: what was solved before counts.
        """
        since, spent = time.monotonic(), 0.0
        while not self._closed.wait(_WATCH_SECONDS):
            usage = self._process.usage()
            reason = self._excess(usage, time.monotonic() - since, usage.cpu_seconds - spent)
            if reason and self._end is not None:
                self._process.end()
                return
            if reason:
                self._stop("limit", reason)
                since, spent = time.monotonic(), self._process.usage().cpu_seconds

    def _excess(self, usage: Usage, seconds: float, cpu_seconds: float) -> str | None:
        """What the notebook uses too much of, in one sentence."""
        limits = self.limits
        if seconds > limits.wall_seconds:
            return f"The notebook ran for more than {limits.wall_seconds:g} s in all."
        if cpu_seconds > limits.cpu_seconds:
            return f"The notebook used more than {limits.cpu_seconds:g} s of processor time."
        if usage.tasks > limits.processes:
            return f"The notebook started more than {limits.processes} processes and threads."
        if usage.files > _MAX_FILES:
            return f"The notebook made more than {_MAX_FILES} files."
        if usage.sockets > _MAX_SOCKETS:
            return f"The notebook opened more than {_MAX_SOCKETS} sockets."
        if usage.memory_bytes > limits.memory_bytes:
            return f"The notebook used more than {_size(limits.memory_bytes)} of memory."
        return None

    def _connect(self, order: Order, stack: contextlib.ExitStack) -> BlockingKernelClient:
        ours = order.session / "r"
        ours.mkdir(mode=0o700)
        most = 4 * self.limits.output_bytes + _WIRE_BYTES
        context = stack.enter_context(zmq.Context())
        # The wire counts every byte, so no queue needs a length; and it connects once.
        context.setsockopt(zmq.RCVHWM, 0)
        context.setsockopt(zmq.RECONNECT_IVL, -1)
        context.setsockopt(zmq.MAXMSGSIZE, most)
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, start=1)}
        session = Session(key=order.key.encode())
        client = BlockingKernelClient(
            context=context, transport="ipc", ip=str(ours / "k"), session=session, **ports
        )
        flooded = f"The notebook sent more than {_size(most)} of output."
        wire = Wire(order.ip, client.ip, most, lambda: self._stop("limit", flooded))
        stack.callback(wire.close)
        stack.callback(client.stop_channels)
        wire.join(client.shell_port, lambda: client.shell_channel)
        wire.join(client.iopub_port, lambda: client.iopub_channel)
        client.start_channels(stdin=False, hb=False, control=False)
        return client

    def _greet(self) -> None:
        """Wait until the kernel answers on both channels."""
        self._poller = zmq.Poller()
        self._names: dict[Any, str] = {}
        for name in ("shell", "iopub"):
            channel = getattr(self._client, f"{name}_channel").socket
            self._names[channel] = name
            self._poller.register(channel, zmq.POLLIN)
        if self._process.fileno is not None:
            self._poller.register(self._process.fileno, zmq.POLLIN)
        heard: set[str] = set()
        deadline = time.monotonic() + _START_SECONDS
        while heard < {"shell", "iopub"}:
            if time.monotonic() > deadline or self._process.ended():
                raise SandboxError("The kernel started but did not answer.")
            if "shell" not in heard:
                self._client.kernel_info()
            resend = time.monotonic() + _RESEND_SECONDS
            while heard < {"shell", "iopub"} and (left := resend - time.monotonic()) > 0:
                for name in self._poll(left):
                    heard.add(name)
                    self._receive(name, "")

    def _poll(self, seconds: float) -> set[str]:
        """The channels on which there is a message; returns early when the process has ended."""
        ready = dict(self._poller.poll(int(1000 * max(0.0, seconds)) + (seconds > 0)))
        return {name for channel, name in self._names.items() if channel in ready}

    def _receive(self, name: str, request: str) -> dict[str, Any] | None:
        """The next message of a channel, if it belongs to the request and makes any sense."""
        self._messages += 1
        if self._messages > _MAX_MESSAGES:
            self._stop("limit", f"The notebook sent more than {_MAX_MESSAGES} messages.")
        channel = getattr(self._client, f"{name}_channel")
        try:
            parts = channel.socket.recv_multipart(zmq.NOBLOCK)
            if sum(map(len, parts)) > self.limits.output_bytes + _HEADER_BYTES:
                self._collector.cut_here()  # unread: JSON takes twenty times its size in memory
                return None
            message = channel.session.deserialize(channel.session.feed_identities(parts)[1])
            mine = message["parent_header"]["msg_id"] == request
            sound = isinstance(message["content"], dict) and isinstance(message["msg_type"], str)
        except Exception:  # noqa: BLE001 - the other side may send anything
            return None
        return message if mine and sound else None

    def _take(self, message: dict[str, Any]) -> bool:
        """Collect an output; whether the message says that the cell is done."""
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            return bool(content.get("execution_state") == "idle")
        self._collector.add(kind, content)
        return False


def _checked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts or "\0" in name:
            raise ValueError(
                f"A data file must have a relative name inside the work directory. Got {name!r}."
            )
    return dict(files)


def _refusals(limits: Limits) -> dict[str, str]:
    """What an error says that comes from a limit, and the limit."""
    return {
        "MemoryError": f"{_size(limits.memory_bytes)} of memory",
        "can't start new thread": f"{limits.processes} processes and threads",
        "[Errno 24]": f"{limits.open_files} open files",
        "[Errno 27]": f"{_size(limits.file_bytes)} in one file",
        "[Errno 28]": f"{_size(limits.disk_bytes)} of disk",
    }


def _size(count: int) -> str:
    return f"{count / 2**30:.3g} GB" if count >= 2**30 else f"{count / 2**20:.3g} MB"
