"""The process that kernels are forked from: it has imported what notebooks import.

It runs as process 1 of an outer sandbox, and stands alone there beside `_inside`. Its arguments
are the number of a socket and two paths: those of `_inside` and of the deny list. For each message
on the socket, which carries a desk and a pipe, it forks a kernel into a sandbox of its own: new
user, process, mount, network, IPC, host name and cgroup namespaces, with fresh temporary file
systems and a fresh ``/proc``, without capabilities, under the deny list. It holds no secret.
"""

import base64
import contextlib
import ctypes
import fcntl
import gc
import importlib.util
import os
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

# What notebooks and their kernels import. Whatever else one wants, it imports itself: each library
# that is mapped here makes every fork of every kernel slower.
_MODULES = """
    numpy.testing pandas.plotting pyarrow
    matplotlib.pyplot matplotlib.backends.backend_agg matplotlib_inline
    scipy.integrate scipy.interpolate scipy.linalg scipy.optimize scipy.sparse.linalg
    scipy.spatial.distance scipy.special scipy.stats
    sklearn.calibration sklearn.cluster sklearn.compose sklearn.covariance sklearn.datasets
    sklearn.decomposition sklearn.discriminant_analysis sklearn.dummy sklearn.ensemble
    sklearn.feature_extraction.text sklearn.feature_selection sklearn.gaussian_process
    sklearn.impute sklearn.inspection sklearn.isotonic sklearn.kernel_ridge sklearn.linear_model
    sklearn.manifold sklearn.metrics sklearn.mixture sklearn.model_selection sklearn.multiclass
    sklearn.naive_bayes sklearn.neighbors sklearn.neural_network sklearn.pipeline
    sklearn.preprocessing sklearn.svm sklearn.tree
    statsmodels.regression.linear_model
    IPython.core.completer IPython.core.completerlib IPython.core.debugger IPython.core.magics
    IPython.core.oinspect IPython.core.pylabtools IPython.extensions.storemagic
    IPython.utils.wildcard tornado.platform.asyncio
    IPython.core.ultratb IPython.display
    debugpy ipykernel.debugger ipykernel.ipkernel ipykernel.kernelapp ipywidgets
    pitfalls.checks._hold pitfalls.data pitfalls.notebook pitfalls.quiz pitfalls.widgets
""".split()
_QUIET = "JE_ARROW_MALLOC_CONF"  # tells the allocator in pyarrow to start no thread

# user, mount, process, network, IPC, host name and cgroup namespaces
_NAMESPACES = 1 << 28 | 1 << 17 | 1 << 29 | 1 << 30 | 1 << 27 | 1 << 26 | 1 << 25
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC = 2, 4, 8, 4096, 16384
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 4, 22, 24
_PR_SET_NO_NEW_PRIVS, _PR_SET_THP_DISABLE, _PR_CAP_AMBIENT, _CLEAR_ALL = 38, 41, 47, 4
_SECCOMP_FILTER = 2
_MADV_COLLAPSE, _HUGE_BYTES = 25, 2**21
_CAPABILITY_VERSION = 0x20080522
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """A seccomp filter, as prctl takes it: how many instructions of 8 bytes, and where."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main() -> None:
    """Import, say that it is ready, and fork a kernel for each message until the socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    inside = _module(sys.argv[2])
    deny_list = Path(sys.argv[3]).read_bytes()
    warm_up()
    _collapse()
    _call("prctl", _PR_SET_THP_DISABLE, 1, 0, 0, 0)
    if (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise RuntimeError(f"What was imported has started {threads - 1} threads.")
    inside.silence()
    control.sendall(b"!")
    fork_orphan = import_module("pitfalls.checks._orphan").fork_orphan
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        desk = socket.socket(fileno=fds[0])
        with desk, open(fds[1], "wb") as report:
            become = partial(_become_kernel, inside, deny_list, control, desk, report.fileno())
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            with contextlib.suppress(OSError):  # the desk has heard of it
                fork_orphan(partial(_telling, desk, _enter_namespaces), become)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _reap(*_: Any) -> None:
    """Take leave of those that have ended; their processor time is then counted as this one's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def warm_up() -> None:
    """Import what notebooks import, and do once what is slow the first time."""
    gc.disable()
    os.environ[_QUIET] = "background_thread:false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _MODULES:
            with contextlib.suppress(ImportError):
                import_module(name)
        _draw()
        _fail()
    del os.environ[_QUIET]
    for name in [name for name in sys.modules if name.startswith("matplotlib_inline")]:
        del sys.modules[name]  # it sets itself up with the shell, when that imports it
    gc.collect()
    gc.freeze()  # what is there now is never looked through again, so it stays shared
    gc.enable()


def _collapse() -> None:
    """Put what is there into huge pages, where the system can: a fork copies one entry for each.

    A page that a kernel writes to becomes a small one of its own, as ever.
    """
    with open("/proc/self/maps") as maps:
        regions = [line.split() for line in maps]
    for span, rights, _, _, inode, *name in regions:
        first, last = (int(bound, 16) for bound in span.split("-"))
        first += -first % _HUGE_BYTES
        last -= last % _HUGE_BYTES
        if first < last and "w" in rights and inode == "0" and name in ([], ["[heap]"]):
            length = ctypes.c_size_t(last - first)
            _libc.madvise(ctypes.c_void_p(first), length, _MADV_COLLAPSE)  # Linux 6.1, or refused


def _draw() -> None:
    """One picture, thrown away: it finds the fonts.

    It leaves pyplot alone, which takes its backend at the first figure.
    """
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2], [1, 2], label="$x^2$")
    axes.legend()
    FigureCanvasAgg(figure).print_figure(BytesIO(), bbox_inches="tight")


def _fail() -> None:
    """One formatted exception: it reads the rules of highlighting."""
    from IPython.core.ultratb import VerboseTB

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        VerboseTB().text(*sys.exc_info())


def _become_kernel(
    inside: Any, deny_list: bytes, control: socket.socket, desk: socket.socket, report: int
) -> NoReturn:
    """Go on as process 1 of the new namespaces, whose child is the kernel."""
    control.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.setsid()
    order = inside.receive(desk)
    _telling(desk, lambda: _furnish(order))
    _telling(desk, lambda: _lock_up(deny_list))
    inside.stay_behind(desk, report)
    import_module("numpy.random").seed()  # random itself is seeded anew after a fork
    inside.become_kernel(desk, order)
    os._exit(0)


def _telling(desk: socket.socket, do: Callable[[], None]) -> None:
    """Do something; what goes wrong is told at the desk."""
    try:
        do()
    except BaseException:
        desk.sendall(traceback.format_exc().encode()[-2000:])
        raise


def _enter_namespaces() -> None:
    """Leave the outer sandbox's namespaces: what is forked next is process 1 of the new ones."""
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _furnish(order: dict[str, Any]) -> None:
    """Put fresh file systems over all that could be written to, and bring loopback up."""
    disk, channel, work = order["disk_bytes"], order["channel"], order["work"]
    kept = _opened_below("/tmp")
    _mount("tmpfs", "/tmp", f"size={disk},mode=0755")
    for folder, fd in kept.items():
        os.makedirs(folder)
        _bind(f"/proc/self/fd/{fd}", folder)
        os.close(fd)
    os.makedirs(channel)
    _mount("tmpfs", channel, f"size={order['channel_bytes']},nr_inodes=1024,mode=0700")
    _mount("tmpfs", "/dev/shm", f"size={disk},mode=0755")
    _mount("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620", _NOSUID | _NOEXEC)
    _mount("proc", "/proc", "", _NOSUID | _NODEV | _NOEXEC)
    os.makedirs(work)
    for name, content in order["files"].items():
        path = Path(work, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
        path.chmod(0o644)
    os.chdir(work)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        fcntl.ioctl(wire, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _opened_below(folder: str) -> dict[str, int]:
    """What the outer sandbox shows below a folder (an interpreter may live there), opened."""
    with open("/proc/self/mounts") as mounts:
        shown = sorted(line.split()[1].encode().decode("unicode_escape") for line in mounts)
    found: dict[str, int] = {}
    for path in shown:
        if path.startswith(f"{folder}/") and not any(path.startswith(f"{f}/") for f in found):
            found[path] = os.open(path, os.O_PATH)
    return found


def _bind(source: str, target: str) -> None:
    """Show a tree, with what is mounted in it and as read-only as it is, at a second place."""
    _call("mount", source.encode(), target.encode(), None, ctypes.c_ulong(_BIND | _REC), None)


def _mount(kind: str, target: str, options: str, flags: int = _NOSUID | _NODEV) -> None:
    _call(
        "mount",
        kind.encode(),
        target.encode(),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
    )


def _lock_up(deny_list: bytes) -> None:
    """Give up every capability for good, and forbid what the deny list forbids."""
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _call("prctl", _PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: /proc/self is its own
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = _Program(len(deny_list) // 8, deny_list)
    _call("prctl", _PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.byref(program), 0, 0)


def _call(name: str, *args: Any) -> None:
    if getattr(_libc, name)(*args) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _module(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("inside", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
