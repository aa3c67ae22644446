"""The sandbox: bubblewrap, one per notebook.

Inside there is the interpreter with its packages, the system's libraries, the `pitfalls` package
without its lessons and without the grader, and the data sets: all read-only. Everything that can
be written to lies in sized temporary file systems that vanish with the sandbox. There is no
network, no process but its own, and no environment variable but those named here.
"""

from __future__ import annotations

import os
import random
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pitfalls

from ._limits import Limits
from ._seccomp import deny_list

__all__ = [
    "CHANNEL_BYTES",
    "DATA_DIR",
    "SYSTEM_PATH",
    "WORK_DIR",
    "Command",
    "SandboxError",
    "closed_path",
    "environment",
    "explain",
    "missing_part",
    "sandbox_problem",
]

WORK_DIR = "/tmp/notebook"  # the notebook's own directory
DATA_DIR = "/run/pitfalls"  # what the grader lays there for the kernel's start

_HIDDEN = ("grading", "lessons", "__pycache__")  # of our own package: the grader, the references
# What the dynamic linker, fonts, time zones and look-ups of names want of /etc.
_ETC = "alternatives fonts ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types services"
_PASSWD = f"learner:x:1000:1000:learner:{WORK_DIR}:/bin/sh\n"
_GROUP = "learner:x:1000:\n"
CHANNEL_BYTES = 2**20  # sockets hold no data; this is room for their names
_UIDS = range(61184, 65520)  # users that systems leave free for services on demand
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# As root: in a mount namespace of its own, put the channel and every tree that an ordinary user
# could not reach (below a home of mode 0700, say) where bubblewrap can, before dropping rights.
_STAGE = """
mount -n -t tmpfs -o "$1" channel "$2"; shift 2
while [ "$1" != -- ]; do mount -n --rbind "$1" "$2"; shift 2; done
shift; exec "$@"
"""


class SandboxError(RuntimeError):
    """Raised when a sandbox cannot be had or does not start; the message is one sentence."""


class Command:
    """The command that starts one sandbox, with the descriptors that it reads from.

    Parameters
    ----------
    argv : list of str
        What to run inside.
    session : path
        A private directory on the host, of which the sandbox sees nothing. Inside, the same
        path with ``/c`` is the channel, a temporary file system of its own (if not nested).
    limits : Limits
        The sizes of the temporary file systems are taken from here.
    files : mapping of str to bytes, optional
        Files for the work directory, by relative name.
    data : mapping of str to bytes, optional
        Read-only files for `DATA_DIR`, by name.
    nested : bool, default=False
        Whether sandboxes are made inside: for our own code only, which may then make namespaces
        and call what the deny list forbids.

    Attributes
    ----------
    argv : list of str
        The whole command.
    env : dict
        Its whole environment. The outermost process of a sandbox keeps what it was started with
        where the inside can read it (``/proc/1/environ``), so this holds nothing but a path.
    fds : list of int
        Open descriptors that the command must inherit.
    """

    def __init__(
        self,
        argv: list[str],
        session: Path,
        limits: Limits,
        *,
        files: Mapping[str, bytes] | None = None,
        data: Mapping[str, bytes] | None = None,
        nested: bool = False,
    ) -> None:
        self.env = {"PATH": SYSTEM_PATH}
        self.fds: list[int] = []
        trees = _trees()
        user = random.SystemRandom().choice(_UIDS) if _can_drop() else None
        stage = {} if user is None else _stage(session, trees)
        options = [
            *["--unshare-user", "--unshare-pid", "--as-pid-1", "--unshare-net"],
            *["--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
            *["--uid", "1000", "--gid", "1000", "--hostname", "sandbox"],
            *["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
            *([] if nested else ["--disable-userns", "--seccomp", self._fd(deny_list())]),
            *self._system(),
            *_sized("/tmp", limits.disk_bytes),
            *_sized("/dev/shm", limits.disk_bytes),
            *_bound(trees, stage),
            *([] if nested else self._channel(session, staged=user is not None)),
            *["--dir", WORK_DIR, "--chdir", WORK_DIR],
            *self._laid(WORK_DIR, files, "--file"),
            *self._laid(DATA_DIR, data, "--ro-bind-data"),
            *["--remount-ro", "/usr/local", "--remount-ro", "/dev", "--remount-ro", "/"],
            "--clearenv",
            *(word for name, value in environment().items() for word in ("--setenv", name, value)),
        ]
        # On a command line, every process of the host could read the options.
        listed = self._fd("".join(f"{word}\0" for word in options).encode())
        self.argv = ["bwrap", "--args", listed, "--", *argv]
        if user is not None:
            self.argv = [*_as_user(user, session, stage), *self.argv]

    def close(self) -> None:
        """Close the descriptors on this side."""
        while self.fds:
            os.close(self.fds.pop())

    def _fd(self, content: bytes) -> str:
        fd = os.memfd_create("pitfalls")
        self.fds.append(fd)
        with open(fd, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        return str(fd)

    def _system(self) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr")
        # A shared mapping of /dev/zero is memory that no process is charged for.
        yield from ("--dev-bind", "/dev/null", "/dev/zero")
        yield from _sized("/usr/local", 4096)
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            path = Path("/", name)
            if path.is_symlink():
                yield from ("--symlink", os.readlink(path), str(path))
            elif path.exists():
                yield from ("--ro-bind", str(path), str(path))
        for name in _ETC.split():
            yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
        yield from self._laid("/etc", {"passwd": _PASSWD.encode()}, "--ro-bind-data")
        yield from self._laid("/etc", {"group": _GROUP.encode()}, "--ro-bind-data")

    @staticmethod
    def _channel(session: Path, *, staged: bool) -> list[str]:
        channel = str(session / "c")
        if staged:
            return ["--bind", str(_staged_channel(session)), channel]
        return ["--perms", "0700", *_sized(channel, CHANNEL_BYTES)]

    def _laid(self, folder: str, files: Mapping[str, bytes] | None, how: str) -> Iterator[str]:
        for name, content in (files or {}).items():
            yield from ("--perms", "0644", how, self._fd(content), f"{folder}/{name}")


def environment() -> dict[str, str]:
    """The environment of a kernel: nothing of the grader's own.

    Returns
    -------
    dict
        One thread for every numerical library, the inline backend, a home that vanishes.

    Examples
    --------
    >>> environment()["PITFALLS_GRADING"]
    '1'
    """
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB")
    env = {
        **{f"{library}_NUM_THREADS": "1" for library in threads},
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own would keep what it had at the most
        "HOME": WORK_DIR,
        "IPYTHONDIR": "/tmp/.ipython",
        "JUPYTER_RUNTIME_DIR": "/tmp/.jupyter",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": "/tmp/.matplotlib",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PITFALLS_GRADING": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger's remark on frozen modules
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": "/tmp/.cache",
    }
    if str(_package().parent) not in _site_folders():
        env["PYTHONPATH"] = str(_package().parent)
    if site.ENABLE_USER_SITE and site.USER_BASE:
        env["PYTHONUSERBASE"] = site.USER_BASE
    return env


def sandbox_problem() -> str | None:
    """Try a sandbox and say what stands in its way.

    Returns
    -------
    str or None
        None when a sandbox can be had; else one sentence: what is missing and what to do.
    """
    return missing_part() or _trial()


def missing_part() -> str | None:
    """What a sandbox needs and this machine lacks, in one sentence; tries nothing."""
    if sys.platform != "linux":
        return (
            "The sandbox needs Linux: grade inside a Linux container, or in WSL2 on Windows, "
            "or in a virtual machine."
        )
    if shutil.which("bwrap", path=SYSTEM_PATH) is None:
        return (
            "bubblewrap is missing: install it with 'apt install bubblewrap' "
            "(Debian, Ubuntu) or 'dnf install bubblewrap' (Fedora, RHEL)."
        )
    for tool in ("mount", "setpriv", "unshare") if _can_drop() else ():
        if shutil.which(tool, path=SYSTEM_PATH) is None:
            return f"The program '{tool}' is missing: install the package util-linux."
    if _can_drop() and (closed := closed_path([*_trees(), _package() / "__init__.py"])):
        return (
            "The sandbox runs as a user without rights, who has to read the interpreter and the "
            f"package: open them to everybody with 'chmod -R a+rX {closed}'."
        )
    try:
        deny_list()
    except (ImportError, OSError, RuntimeError):
        return (
            "libseccomp is missing or too old: install version 2.5 or newer with "
            "'apt install libseccomp2' (Debian, Ubuntu) or 'dnf install libseccomp'."
        )
    return None


def _trial() -> str | None:
    with tempfile.TemporaryDirectory(prefix="pitfalls-trial-", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        try:
            command = Command([sys.executable, "-c", "import pitfalls"], Path(folder), Limits())
        except SandboxError as error:
            return str(error)
        try:
            done = subprocess.run(
                command.argv,
                env=command.env,
                pass_fds=command.fds,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
            )
        except subprocess.TimeoutExpired:
            return "A trial sandbox did not end within a minute: this machine is overloaded."
        finally:
            command.close()
    return explain(done.stderr) if done.returncode else None


# A setting of the kernel, the value that forbids namespaces, the value that allows them.
_SETTINGS = (
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user.max_user_namespaces", "0", "15000"),
)


def closed_path(paths: Iterable[Path]) -> Path | None:
    """The first of the paths that only its owner or its group may read.

    Folders above do not matter: root leads the sandbox past them.
    """
    for path in paths:
        mode = path.stat().st_mode
        if not mode & stat.S_IROTH or (stat.S_ISDIR(mode) and not mode & stat.S_IXOTH):
            return path
    return None


def explain(stderr: str, settings: Path = Path("/proc/sys")) -> str:
    """Say in one sentence why a sandbox failed, from what its programs printed."""
    said = stderr.strip().splitlines()[-1] if stderr.strip() else "it said nothing"
    for name, forbids, allows in _SETTINGS:
        try:
            found = settings.joinpath(*name.split(".")).read_text().strip()
        except OSError:
            continue
        if found == forbids:
            return (
                f"This system forbids ordinary users to make namespaces: allow it with "
                f"'sudo sysctl {name}={allows}'."
            )
    if "mount proc" in said:
        return (
            "The container around the grader hides parts of /proc, so none can be mounted "
            "inside: start it with '--security-opt systempaths=unconfined'."
        )
    if "namespace" in said or "uid map" in said or said.startswith("unshare:"):
        return (
            "The container around the grader, or this system's policy, forbids namespaces: start "
            "the container with '--cap-add SYS_ADMIN --security-opt seccomp=unconfined "
            f"--security-opt apparmor=unconfined', or grade outside it ({said})."
        )
    if "Unknown option" in said:
        return "bubblewrap is too old for this sandbox: install version 0.8 or newer."
    return f"The sandbox failed: {said}"


def _package() -> Path:
    return Path(next(iter(pitfalls.__path__)))


def _site_folders() -> list[str]:
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*site.getsitepackages(), *user]


def _trees() -> list[Path]:
    """The folders, seen read-only, that the interpreter needs: as named and as resolved."""
    wanted = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix, *_site_folders()]
    named = [Path(folder) for folder in wanted if os.path.isdir(folder)]
    trees: list[Path] = []
    for tree in sorted({*named, *(folder.resolve() for folder in named)}):
        if tree == Path("/"):
            raise SandboxError(
                "The interpreter lives in '/', so the sandbox would show the whole disk: "
                "use a virtual environment of an interpreter below /usr or /opt."
            )
        shown = [Path("/usr"), *trees] if Path("/usr/local") not in (tree, *tree.parents) else trees
        if not any(tree.is_relative_to(other) for other in shown):
            trees.append(tree)
    data_sets = _package().resolve().parents[1] / "datasets"
    return [*trees, _package(), *([data_sets] if data_sets.is_dir() else [])]


def _bound(trees: list[Path], stage: Mapping[Path, Path]) -> Iterator[str]:
    for tree in trees:
        source = stage.get(tree, tree)
        if tree != _package():
            yield from ("--ro-bind", str(source), str(tree))
            continue
        yield from _sized(str(tree), 2**16)
        for child in sorted(tree.iterdir()):
            if child.name not in _HIDDEN:
                yield from ("--ro-bind", str(source / child.name), str(child))
        yield from ("--remount-ro", str(tree))
    yield from _links(trees)


def _links(trees: list[Path]) -> Iterator[str]:
    """The links from the interpreter's name to its file that lie outside the trees."""
    path = Path(sys.executable)
    while path.is_symlink():
        target = os.readlink(path)
        if not any(path.is_relative_to(tree) for tree in (Path("/usr"), *trees)):
            yield from ("--symlink", target, str(path))
        path = Path(os.path.normpath(path.parent / target))


def _sized(folder: str, size: int) -> tuple[str, ...]:
    return ("--size", str(size), "--tmpfs", folder)


def _can_drop() -> bool:
    """Whether this is root and has other users to become."""
    if os.geteuid() != 0:
        return False
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    spans = [(int(inner), int(count)) for inner, _, count in map(str.split, lines)]
    return any(first <= _UIDS[0] and _UIDS[-1] < first + count for first, count in spans)


def _staged_channel(session: Path) -> Path:
    return session / "t" / "channel"


def _stage(session: Path, trees: list[Path]) -> dict[Path, Path]:
    """Make mount points, for the channel and for the trees that only root can reach."""
    _staged_channel(session).mkdir(parents=True)
    stage: dict[Path, Path] = {}
    for tree in trees:
        if not _open_to_all(tree):
            stage[tree] = session / "t" / str(len(stage))
            stage[tree].mkdir()
    return stage


def _open_to_all(tree: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in tree.parents)


def _as_user(user: int, session: Path, stage: Mapping[Path, Path]) -> list[str]:
    options = f"size={CHANNEL_BYTES},nr_inodes=1024,mode=0700,uid={user},gid={user}"
    return [
        *["unshare", "--mount", "--propagation", "private", "sh", "-ec", _STAGE, "sh"],
        *[options, str(_staged_channel(session))],
        *(str(path) for pair in stage.items() for path in pair),
        *["--", "setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"],
        *["--inh-caps=-all", "--bounding-set=-all"],
    ]
