"""What the sandbox refuses, seen from inside by code that tries."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pitfalls
from pitfalls.grading import _sandbox
from pitfalls.grading._kernel import Kernel
from pitfalls.grading._limits import Limits
from pitfalls.grading._sandbox import SandboxError, sandbox_problem

PACKAGE = Path(pitfalls.__file__).parent
SECRET = "the gradebook's secret 7351"

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel for code that tries, started by a grader that has a secret."""
    os.environ["PITFALLS_TEST_SECRET"] = SECRET
    with Kernel(Limits(), files={"table/rows.csv": b"a,b\n1,2\n"}) as kernel:
        yield kernel
    del os.environ["PITFALLS_TEST_SECRET"]


@pytest.fixture
def inside(kernel: Kernel) -> Callable[[str], Any]:
    """Run a cell in the sandbox; its last line prints JSON."""

    def run(source: str) -> Any:
        done = kernel.run(source)
        assert "ok" == done.status, done
        return json.loads(done.outputs[-1].text)

    return run


class TestFiles:
    def test_host_is_invisible(self, inside: Callable[[str], Any], tmp_path: Path) -> None:
        """Neither a home, nor a course, nor the grader and its references can be opened."""
        course = tmp_path / "course"
        course.mkdir()
        (course / "gradebook.db").write_text(SECRET)
        hidden = [
            course,
            course / "gradebook.db",
            Path.home() / ".ssh",
            Path("/etc/shadow"),
            Path("/etc/hostname"),
            Path("/home"),
            Path("/var"),
            PACKAGE.parents[1] / "autograder",
            PACKAGE.parents[1] / "tests",
            PACKAGE.parents[1] / "pyproject.toml",
            PACKAGE / "lessons",
            PACKAGE / "grading",
        ]
        seen = inside(
            f"import json, os; print(json.dumps([p for p in {[str(p) for p in hidden]!r}"
            " if os.path.lexists(p)]))"
        )
        assert [] == seen

    def test_only_temporary_file_systems_are_writable(
        self, kernel: Kernel, inside: Callable[[str], Any]
    ) -> None:
        """Of all that is mounted, a file can be made in three places, and none is the host's."""
        written = inside("""
import json, os
written = set()
mounts = {line.split()[1] for line in open("/proc/mounts")}
for root in mounts | {"/", "/run", "/run/pitfalls", "/root", "/etc", os.path.dirname(os.__file__)}:
    for folder in {root, *(os.path.join(root, d) for d in ("bin", "lib", "etc"))}:
        try:
            open(os.path.join(folder, "mark"), "w").close()
            written.add(folder)
        except OSError:
            pass
print(json.dumps(sorted(written)))
""")
        assert sorted(["/dev/shm", "/tmp", str(kernel.channel)]) == written
        assert not Path("/tmp/mark").exists()
        assert not Path("/dev/shm/mark").exists()

    def test_work_directory(self, inside: Callable[[str], Any]) -> None:
        """The work directory holds the data files, and nothing else."""
        found = inside("""
import json, os
print(json.dumps([os.getcwd(), os.environ["HOME"], os.listdir(), open("table/rows.csv").read()]))
""")
        assert ["/tmp/notebook", "/tmp/notebook", ["table"], "a,b\n1,2\n"] == found

    def test_lessons_and_grader_cannot_be_imported(self, inside: Callable[[str], Any]) -> None:
        """The package is there, its lessons (references, generators) and its grader are not."""
        source = """
import importlib, json
missing = []
for name in ("pitfalls", "pitfalls.checks", "pitfalls.lessons", "pitfalls.grading",
             "pitfalls.lessons.linear_regression"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing.append(error.name)
print(json.dumps(missing))
"""
        assert ["pitfalls.lessons", "pitfalls.grading", "pitfalls.lessons"] == inside(source)

    @pytest.mark.parametrize("name", ["/etc/cron.d/x", "../x", "a/../../x", ""])
    def test_data_files_stay_in_the_work_directory(self, name: str) -> None:
        """A data file with a name that leads elsewhere is refused before anything starts."""
        with pytest.raises(ValueError, match="must have a relative name"):
            Kernel(Limits(), files={name: b""})


class TestProcesses:
    def test_environment_holds_nothing_of_the_graders(self, inside: Callable[[str], Any]) -> None:
        """No process inside carries the grader's variables, not even the sandbox's first."""
        found = inside("""
import glob, json
print(json.dumps([open(path, errors="replace").read() for path in glob.glob("/proc/*/environ")]))
""")
        assert len(found) >= 2
        assert not [text for text in found if "PITFALLS_TEST_SECRET" in text or SECRET in text]
        assert not [text for text in found if os.getcwd() + "\0" in text]

    def test_host_processes_are_out_of_sight_and_reach(self, inside: Callable[[str], Any]) -> None:
        """The grader's process can be neither seen nor signalled."""
        found = inside(f"""
import json, os
try:
    os.kill({os.getpid()}, 0)
    reached = True
except ProcessLookupError:
    reached = False
print(json.dumps([reached, sorted(int(n) for n in os.listdir("/proc") if n.isdigit())[:2],
                  "{os.getpid()}" in os.listdir("/proc")]))
""")
        assert [False, [1, 2], False] == found

    def test_forbidden_calls(self, inside: Callable[[str], Any]) -> None:
        """Tracing, keyrings, io_uring, BPF, mounts and new namespaces fail with EPERM."""
        seccomp = pytest.importorskip("pyseccomp")
        names = """
            ptrace keyctl add_key request_key io_uring_setup bpf mount umount2 perf_event_open
            userfaultfd unshare setns process_vm_readv open_by_handle_at pivot_root shmget
            kexec_load init_module personality
        """.split()
        numbers = {name: seccomp.resolve_syscall(0, name) for name in names}
        # new user, mount and network namespaces, each with SIGCHLD
        clones = [0x10000000 | 17, 0x20000 | 17, 0x40000000 | 17]
        found = inside(f"""
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
def attempt(number, *args):
    done = libc.syscall(number, *(args or (0,) * 6))
    if done == 0 and number == {seccomp.resolve_syscall(0, "clone")}:
        os._exit(0)
    return ctypes.get_errno() if done == -1 else "done"
print(json.dumps([{{name: attempt(number) for name, number in {numbers!r}.items()}},
                  [attempt({seccomp.resolve_syscall(0, "clone")}, flags, 0, 0, 0, 0)
                   for flags in {clones!r}],
                  attempt(435), attempt({seccomp.resolve_syscall(0, "memfd_create")}, b"x", 0)]))
""")
        assert [dict.fromkeys(names, errno.EPERM), [errno.EPERM] * 3] == found[:2]
        assert [errno.ENOSYS] * 2 == found[2:]  # clone3, memfd_create

    def test_no_memory_without_an_owner(self, inside: Callable[[str], Any]) -> None:
        """Shared memory has a file, whose file system has a size; what has none is refused."""
        found = inside("""
import json, mmap
refused = []
for file in (None, "/dev/zero"):
    try:
        mmap.mmap(-1 if file is None else open(file, "r+b").fileno(), 4096)
    except (OSError, ValueError) as error:
        refused.append(type(error).__name__)
private = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
with open("shared", "w+b") as file:
    file.truncate(4096)
    shared = mmap.mmap(file.fileno(), 4096)
import os
os.remove("shared")
print(json.dumps(refused))
""")
        assert 2 == len(found)

    def test_no_privileges(self, inside: Callable[[str], Any]) -> None:
        """It runs as a user without capabilities, with none to be had, under the filter."""
        found = inside("""
import json
status = {line.split()[0]: line.split()[1:2] for line in open("/proc/self/status")}
names = ("CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:", "Uid:")
print(json.dumps([status[name] for name in names]))
""")
        assert [["0" * 16], ["0" * 16], ["1"], ["2"], ["1000"]] == found


class TestNetwork:
    def test_host_cannot_be_reached(self, inside: Callable[[str], Any]) -> None:
        """Neither the host's loopback nor its abstract sockets, nor the world."""
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.socket(socket.AF_UNIX) as abstract,
        ):
            abstract.bind(b"\0pitfalls-test-abstract")
            abstract.listen()
            found = inside(f"""
import json, socket
failed = []
for family, address in [(socket.AF_INET, {server.getsockname()!r}),
                        (socket.AF_INET, ("192.0.2.1", 80)),
                        (socket.AF_UNIX, b"\\0pitfalls-test-abstract")]:
    with socket.socket(family) as s:
        s.settimeout(2)
        try:
            s.connect(address)
        except OSError as error:
            failed.append(error.errno)
try:
    socket.socket(40, socket.SOCK_STREAM)  # AF_VSOCK: leads out of a virtual machine
except OSError as error:
    failed.append(error.errno)
print(json.dumps(failed))
""")
        wanted = [errno.ECONNREFUSED, errno.ENETUNREACH, errno.ECONNREFUSED, errno.EAFNOSUPPORT]
        assert wanted == found


class TestProblem:
    def test_none_here(self) -> None:
        """Where these tests run, a sandbox can be had."""
        assert sandbox_problem() is None

    def test_checkout_in_a_closed_folder(self, tmp_path: Path) -> None:
        """A package below a folder that only its owner may enter can be used inside."""
        closed = tmp_path / "closed"
        shutil.copytree(PACKAGE, closed / "src" / "pitfalls")
        closed.chmod(0o700)
        script = "import pitfalls.grading._sandbox as s; print(s.__file__, s.sandbox_problem())"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(closed / "src")},
            capture_output=True,
            text=True,
        )
        module = closed / "src" / "pitfalls" / "grading" / "_sandbox.py"
        assert f"{module} None\n" == done.stdout, done.stderr

    def test_forbidden_namespaces(self) -> None:
        """Where namespaces are blocked, the sentence says so and what to do."""
        outer = ["bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/"]
        script = (
            "from pitfalls.grading._sandbox import SandboxError, sandbox_problem as p; print(p())"
        )
        done = subprocess.run(
            [*outer, sys.executable, "-c", script], capture_output=True, text=True
        )
        assert "forbids namespaces: start the container with" in done.stdout, done
        assert 1 == len(done.stdout.splitlines())

    @pytest.mark.parametrize(
        ("setting", "value", "remedy"),
        [
            ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
            ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
            (
                "kernel/apparmor_restrict_unprivileged_userns",
                "1",
                "kernel.apparmor_restrict_unprivileged_userns=0",
            ),
        ],
    )
    def test_setting_is_named(self, setting: str, value: str, remedy: str, tmp_path: Path) -> None:
        """A kernel setting that forbids namespaces is named with the command that allows them."""
        path = tmp_path / setting
        path.parent.mkdir()
        path.write_text(value + "\n")
        said = _sandbox.explain("bwrap: setting up uid map: Permission denied\n", tmp_path)
        assert f"'sudo sysctl {remedy}'." in said

    def test_old_bubblewrap(self) -> None:
        """A bubblewrap that does not know an option is too old."""
        said = _sandbox.explain("bwrap: Unknown option --disable-userns\n", Path("/nowhere"))
        assert "bubblewrap is too old for this sandbox: install version 0.8 or newer." == said

    def test_closed_files(self, tmp_path: Path) -> None:
        """What others may not read is found, however open its parents are."""
        (tmp_path / "package").mkdir()
        (tmp_path / "package").chmod(0o755)
        module = tmp_path / "package" / "__init__.py"
        module.touch(0o600)
        assert module == _sandbox.closed_path([tmp_path / "package", module])
        module.chmod(0o644)
        assert _sandbox.closed_path([tmp_path / "package", module]) is None
        (tmp_path / "package").chmod(0o744)
        assert tmp_path / "package" == _sandbox.closed_path([tmp_path / "package", module])

    def test_bubblewrap_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without bubblewrap, the sentence says how to install it; no kernel starts."""
        monkeypatch.setattr(_sandbox, "SYSTEM_PATH", str(tmp_path))
        assert "apt install bubblewrap" in str(sandbox_problem())
        with pytest.raises(SandboxError, match="apt install bubblewrap"):
            Kernel(Limits())

    @pytest.mark.parametrize("platform", ["darwin", "win32"])
    def test_other_systems(self, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Other systems are sent to a container or WSL2."""
        monkeypatch.setattr(sys, "platform", platform)
        assert "container" in str(sandbox_problem())
        assert "WSL2" in str(sandbox_problem())
