"""How a kernel's process is started, signalled, measured and ended.

`ColdStart` starts a fresh interpreter for every kernel. Whatever else has its `start` may take its
place, and hands back a `Process` of its own.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from ._limits import Limits
from ._sandbox import DATA_DIR, WORK_DIR, Command, SandboxError, environment, explain, missing_part

__all__ = [
    "CHANNELS",
    "ColdStart",
    "Order",
    "Process",
    "Sandboxed",
    "Starter",
    "Usage",
    "ask",
    "ended_on_error",
    "first_word",
    "hear",
    "open_quietly",
    "why_not",
]

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")  # the kernel's sockets 1, 2, ...
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_ROUNDS = 100  # so often is looked for processes that were forked while others were killed
_HOLDING = b"answer"  # what a process calls itself that holds an answer
_PAGE, _TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
_INSIDE = Path(__file__).with_name("_inside.py")
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


@dataclass(frozen=True)
class Order:
    """What a kernel is to be.

    Attributes
    ----------
    session : path
        A private directory of the host; the channel is its ``c``, inside and outside.
    limits : Limits
    files : mapping of str to bytes
        What lies in the work directory.
    key : str
        Signs the kernel's messages.
    """

    session: Path
    limits: Limits
    files: Mapping[str, bytes]
    key: str

    @property
    def channel(self) -> Path:
        """Where the sockets live."""
        return self.session / "c"

    @property
    def ip(self) -> str:
        """What jupyter_client calls the ip: the kernel's socket n is ``<ip>-<n>``."""
        return str(self.channel / "k")

    @property
    def answers(self) -> str:
        """The socket to which those connect that hold an answer."""
        return str(self.channel / "answers")


@dataclass(frozen=True)
class Usage:
    """What the processes of a kernel use at one moment, all of them together."""

    cpu_seconds: float
    memory_bytes: int
    tasks: int
    files: int = 0
    sockets: int = 0


class Process(Protocol):
    """A kernel's processes, as the host sees them."""

    fileno: int | None  # readable once the kernel's process has ended, where there is such a thing
    answers: socket.socket  # listens for those that hold an answer

    def ended(self) -> str | None:
        """How the kernel's process ended ("with exit status 1"); None while it runs."""

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process."""

    def kill(self) -> None:
        """Kill the kernel and what it started, but for those that hold an answer."""

    def end(self) -> None:
        """Kill all of its processes; return at once."""

    def usage(self) -> Usage:
        """What its processes use; memory is exact where it lies above the limit."""

    def close(self) -> None:
        """Kill, wait until nothing runs, let everything go."""


class Starter(Protocol):
    """Starts kernels."""

    def start(self, order: Order) -> Process:
        """Start one; its sockets are bound when this returns."""


class ColdStart:
    """Start a fresh interpreter for every kernel.

    Parameters
    ----------
    isolated : bool
        In the sandbox, or as an ordinary process of this user.
    """

    def __init__(self, *, isolated: bool) -> None:
        self.isolated = isolated

    def start(self, order: Order) -> Process:
        """Start a kernel.

        Raises
        ------
        SandboxError
            When no sandbox can be had or the kernel does not start; the message is one sentence.
        """
        return self._sandboxed(order) if self.isolated else self._plain(order)

    def _sandboxed(self, order: Order) -> Process:
        if missing := missing_part():
            raise SandboxError(missing)
        data = {"start.py": _INSIDE.read_bytes()}
        ours, theirs = socket.socketpair()
        report, into = os.pipe()
        handed = [theirs.fileno(), into]
        argv = [sys.executable, "-P", f"{DATA_DIR}/start.py", *map(str, handed)]
        command = Command(argv, order.session, order.limits, files=order.files, data=data)
        with ours, open(report, "rb", buffering=0) as ending, contextlib.closing(command):
            with theirs, open(into, "wb"):
                popen = open_quietly(command.argv, "/", command.env, [*command.fds, *handed])
            with ended_on_error(popen):
                return Sandboxed(order, ours, os.dup(ending.fileno()), popen)

    def _plain(self, order: Order) -> Process:
        order.channel.mkdir()
        work = order.session / "w"
        work.mkdir()
        for name, content in order.files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
        scratch = order.session / "s"
        scratch.mkdir()
        env = {
            name: value.replace(WORK_DIR, str(work)).replace("/tmp/", f"{scratch}/")
            for name, value in environment().items()
        }
        env |= {"TMPDIR": str(scratch), "JPY_PARENT_PID": str(os.getpid())}
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-P", str(_INSIDE), str(theirs.fileno())]
        with ours:
            with theirs:
                popen = open_quietly(argv, str(work), env, [theirs.fileno()])
            with ended_on_error(popen):
                question = ask(order, rlimits=_rlimits(order.limits), directories=[])
                _, fds = hear(ours, question, lambda said: why_not(popen, said))
                return _Plain(popen, socket.socket(fileno=fds[0]), order.limits.memory_bytes)


class Sandboxed:
    """A kernel in a sandbox; its file systems and its /proc are seen through descriptors.

    Parameters
    ----------
    order : Order
    desk : socket
        Where the sandbox takes the order and the kernel reports for duty.
    report : int
        A pipe out of which comes the kernel's exit status. It is closed with the process.
    popen : Popen, optional
        The command that started the sandbox, if it serves this kernel alone.
    **more
        What else the sandbox is to be told.

    Raises
    ------
    SandboxError
        When the kernel does not start; the message is one sentence.
    """

    def __init__(
        self,
        order: Order,
        desk: socket.socket,
        report: int,
        popen: subprocess.Popen[bytes] | None = None,
        **more: object,
    ) -> None:
        self._popen = popen
        self._report = report
        self._fds = [report]
        self._ending: str | None = None
        try:
            self._start(order, desk, more)
        except BaseException:
            self._close_fds()
            raise
        self._limit = order.limits.memory_bytes
        self._measured = 0  # memory, when it was last measured ...
        self._known: dict[tuple[str, bytes], int] = {}  # ... and each process's faults until then
        self._look_again = time.monotonic() + _LOOK_SECONDS

    def _start(self, order: Order, desk: socket.socket, more: Mapping[str, object]) -> None:
        # Two more than allowed: the sandbox's process 1, and the one that is noticed.
        rlimits = {"RLIMIT_NPROC": order.limits.processes + 2, **_rlimits(order.limits)}
        watched = [str(order.channel), "/tmp", "/dev/shm", "/proc"]
        desk.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        question = ask(order, rlimits=rlimits, directories=watched, **more)
        pid, fds = hear(desk, question, lambda said: why_not(self._popen, said))
        self._fds += fds[:-1]
        self.answers = socket.socket(fileno=fds[-1])
        order.channel.symlink_to(f"/proc/{os.getpid()}/fd/{fds[0]}")
        self._disks, self._proc = fds[1:3], fds[3]
        parent = next(
            line.split()[1]
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("PPid:")
        )
        self._kernel = os.pidfd_open(pid)
        self._first = os.pidfd_open(int(parent))  # process 1 inside: with it, all others end
        self._fds += [self._kernel, self._first]
        self.fileno: int | None = self._kernel

    def ended(self) -> str | None:
        if not _readable(self._kernel, 0):
            return None
        if self._ending is None:
            told = os.read(self._report, 16) if _readable(self._report, 1) else b""
            self._ending = _ending(int(told)) if told.lstrip(b"-").isdigit() else "without a word"
        return self._ending

    def interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._kernel, signal.SIGINT)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._kernel, signal.SIGKILL)
        killed: set[str] = set()
        for _ in range(_ROUNDS):
            names = set(filter(str.isdigit, os.listdir(self._proc))) - killed - {"1"}
            new = {pid for pid in names if self._read(f"{pid}/comm").strip() != _HOLDING}
            if not new:
                return
            for pid in new:
                self._kill_one(pid)
            killed |= new
        self.end()  # they fork faster than that

    def _kill_one(self, pid: str) -> None:
        with contextlib.suppress(OSError):
            process = os.open(pid, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
            try:
                signal.pidfd_send_signal(process, signal.SIGKILL)
            finally:
                os.close(process)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)

    def usage(self) -> Usage:
        stats = {pid: stat for pid in os.listdir(self._proc) if (stat := self._stat(pid))}
        cpu = sum(sum(map(int, stat[11:15])) for stat in stats.values()) / _TICK
        tasks = sum(int(stat[17]) for pid, stat in stats.items() if pid != "1")
        files = sum(disk.f_files - disk.f_ffree for disk in map(os.fstatvfs, self._disks))
        return Usage(cpu, self._memory(stats), tasks, files, self._sockets())

    def _memory(self, stats: Mapping[str, list[bytes]]) -> int:
        """Bytes, from cheap bounds as long as those stay below the limit.

        A page that processes share is in the resident set of each. So the sum of these sets says
        too much where a kernel has many forked children. Then a second bound helps: huge pages
        are off inside, so every new page, and every private copy of a shared page, is one fault
        more than there were when memory was last measured. Processes that came and went between
        two looks escape that bound; hence a measurement now and then.
        """
        resident = sum(int(stat[21]) for stat in stats.values()) * _PAGE
        if resident <= self._limit:
            return resident
        # by process and its start: numbers are used again
        faults = {(pid, stat[19]): int(stat[7]) + int(stat[9]) for pid, stat in stats.items()}
        fresh = sum(count - self._known.get(key, 0) for key, count in faults.items())
        bound = self._measured + fresh * _PAGE
        now = time.monotonic()
        if bound <= self._limit and now < self._look_again:
            return bound
        self._known, self._measured = faults, sum(self._proportional(pid) for pid in stats)
        cost = time.monotonic() - now
        self._look_again = now + max(_LOOK_SECONDS, 20 * cost)
        return self._measured

    def _proportional(self, pid: str) -> int:
        """The proportional set size of a process: of a shared page, its share."""
        rollup = self._read(f"{pid}/smaps_rollup").partition(b"\nPss:")[2].split(maxsplit=1)
        if rollup:
            return int(rollup[0]) * 1024
        stat = self._stat(pid)  # it is over, or hides its maps
        return int(stat[21]) * _PAGE if stat else 0

    def _sockets(self) -> int:
        """How many sockets there are in the sandbox's network namespace."""
        words = self._read("1/net/sockstat").split(maxsplit=3)  # sockets: used 21
        return int(words[2]) if len(words) > 2 else 0

    def _stat(self, pid: str) -> list[bytes]:
        """The fields of /proc/<pid>/stat from the third on: state is 0, rss is 21."""
        return self._read(f"{pid}/stat").rpartition(b")")[2].split() if pid.isdigit() else []

    def _read(self, name: str) -> bytes:
        try:
            with open(os.open(name, os.O_RDONLY, dir_fd=self._proc), "rb") as file:
                return file.read()
        except OSError:  # it has ended meanwhile
            return b""

    def close(self) -> None:
        self.end()
        _readable(self._first, _END_SECONDS)  # with it, all inside have ended
        if self._popen is not None:
            try:
                self._popen.wait(timeout=_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        self.answers.close()
        self._close_fds()

    def _close_fds(self) -> None:
        while self._fds:
            os.close(self._fds.pop())


class _Plain:
    """A kernel that is an ordinary process of this user: watched, but not isolated."""

    def __init__(
        self, popen: subprocess.Popen[bytes], answers: socket.socket, memory_bytes: int
    ) -> None:
        self._popen = popen
        self.answers = answers
        self._limit = memory_bytes
        self.fileno: int | None = None
        if sys.platform == "linux":
            self.fileno = os.pidfd_open(popen.pid)

    def ended(self) -> str | None:
        status = self._popen.poll()
        return None if status is None else _ending(status)

    def interrupt(self) -> None:
        self._popen.send_signal(signal.SIGINT)

    def kill(self) -> None:
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def end(self) -> None:
        self.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def usage(self) -> Usage:
        cpu, memory, tasks = 0.0, 0, 0
        tree = self._tree()
        for process in tree:
            with contextlib.suppress(psutil.Error):
                cpu += sum(process.cpu_times()[:4])
                memory += process.memory_info().rss
                tasks += process.num_threads()
        if memory > self._limit:
            memory = sum(map(_own_memory, tree))  # slower, but without what they share
        return Usage(cpu, memory, tasks)

    def _tree(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            kernel = psutil.Process(self._popen.pid)
            return [*kernel.children(recursive=True), kernel]
        return []

    def close(self) -> None:
        self.end()
        self._popen.wait()
        self.answers.close()
        if self.fileno is not None:
            os.close(self.fileno)
            self.fileno = None


def _readable(fd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _own_memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    return 0


def _rlimits(limits: Limits) -> dict[str, int]:
    """Limits of one process: the backstop of those that are watched over all of them."""
    return {
        "RLIMIT_AS": limits.memory_bytes + 4 * 2**30,  # libraries reserve what they never touch
        "RLIMIT_CORE": 1,  # a byte: at 0, the kernel still pipes a core to the host's handler
        "RLIMIT_CPU": int(limits.cpu_seconds) + 5,
        "RLIMIT_DATA": limits.memory_bytes + 2**30,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NOFILE": limits.open_files,
    }


def ask(order: Order, **more: object) -> bytes:
    """The order as the sandbox reads it: one line of JSON."""
    kernel = {"ip": order.ip, "answers": order.answers, "channels": CHANNELS, "key": order.key}
    return json.dumps({**kernel, **more}).encode() + b"\n"


def open_quietly(
    argv: list[str], folder: str, env: Mapping[str, str], fds: list[int]
) -> subprocess.Popen[bytes]:
    """Start a command that inherits these descriptors; what goes wrong is on its stderr."""
    return subprocess.Popen(
        argv,
        cwd=folder,
        env=env,
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is the grader's to handle
    )


@contextlib.contextmanager
def ended_on_error(popen: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the command if what is done within fails; nobody reads its stderr afterwards."""
    try:
        yield
    except BaseException:
        popen.kill()
        popen.wait()
        raise
    finally:
        assert popen.stderr is not None
        popen.stderr.close()


def hear(desk: socket.socket, question: bytes, why: Callable[[str], str]) -> tuple[int, list[int]]:
    """Give an order and wait until the other side is ready.

    Parameters
    ----------
    desk : socket
    question : bytes
    why : callable
        Makes one sentence of what was said instead.

    Returns
    -------
    pid, fds
        The process that reported, as numbered on this side, and the descriptors that it sent.
    """
    with contextlib.suppress(OSError):
        desk.sendall(question)
    said, pid, fds = first_word(desk)
    with contextlib.suppress(OSError):
        while said and (chunk := desk.recv(4096)):
            said += chunk
    if said != b"!ready" or not fds:
        for fd in fds:
            os.close(fd)
        raise SandboxError(why(said.removeprefix(b"!").decode(errors="replace").strip()))
    return pid, fds


def first_word(desk: socket.socket) -> tuple[bytes, int, list[int]]:
    """One byte, or none; the process that sent it, as numbered on this side; its descriptors."""
    desk.settimeout(_START_SECONDS)
    pid, fds = 0, array.array("i")
    room = socket.CMSG_SPACE(16 * fds.itemsize) + socket.CMSG_SPACE(_CREDENTIALS.size)
    try:
        said, ancillary, _, _ = desk.recvmsg(1, room)
    except OSError:
        return b"", 0, []
    for _, kind, content in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        elif kind == getattr(socket, "SCM_CREDENTIALS", None):
            pid = _CREDENTIALS.unpack(content)[0]
    return said, pid, list(fds)


def why_not(popen: subprocess.Popen[bytes] | None, said: str) -> str:
    """Why a kernel did not start, in one sentence."""
    if popen is None:
        return f"The kernel did not start: {(said or 'nothing was heard of it').splitlines()[-1]}"
    try:
        ending = f"its process ended {_ending(popen.wait(timeout=1))}"
    except subprocess.TimeoutExpired:
        popen.kill()
        ending = f"nothing was heard of it in {_START_SECONDS:g} s"
    assert popen.stderr is not None
    if not said and (printed := popen.stderr.read(4096).decode(errors="replace").strip()):
        return explain(printed)
    return f"The kernel did not start: {(said or ending).splitlines()[-1]}"


def _ending(status: int) -> str:
    """An exit status in words; bubblewrap tells of a signal by a status above 128."""
    number = -status if status < 0 else status - 128
    if number in set(signal.Signals):
        return f"by the signal {signal.Signals(number).name}"
    return f"with exit status {status}"
