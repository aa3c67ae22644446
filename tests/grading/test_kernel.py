"""The kernel: what cells put out, which limits hold, and that nothing stays behind."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pitfalls.grading._kernel import CellRun, Kernel
from pitfalls.grading._limits import Limits

from .waiting import wait_until

pytestmark = [pytest.mark.kernel, pytest.mark.sandbox]

MB = 2**20


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel for cells that do no harm to each other."""
    with Kernel(Limits(cell_seconds=30), files={"rows.csv": b"x,y\n1,2\n3,4\n"}) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def bounded() -> Iterator[Kernel]:
    """A kernel with little of everything but memory."""
    with Kernel(Limits(disk_bytes=4 * MB, file_bytes=2 * MB, open_files=100)) as kernel:
        yield kernel


def text(run: CellRun) -> str:
    """What a run printed."""
    return "".join(o.text for o in run.outputs if o.output_type == "stream")


def descendants() -> set[psutil.Process]:
    """The processes that this one, or one of its children, has started."""
    return set(psutil.Process().children(recursive=True))


class TestOutputs:
    def test_of_the_usual_libraries(self, kernel: Kernel) -> None:
        """NumPy prints, pandas shows a table, matplotlib draws a picture into the notebook."""
        printed = kernel.run("import numpy as np\nprint(np.arange(3) * 2)")
        assert CellRun(printed.outputs) == printed
        assert "[0 2 4]\n" == text(printed)
        (table,) = kernel.run("import pandas as pd\npd.read_csv('rows.csv')").outputs
        assert "execute_result" == table.output_type
        assert "<td>4</td>" in table.data["text/html"]
        plot = kernel.run("import matplotlib.pyplot as plt\n_ = plt.plot([1, 4, 9])")
        assert ["display_data"] == [output.output_type for output in plot.outputs]
        assert plot.outputs[0].data["image/png"].startswith("iVBOR")

    def test_of_processes_and_threads(self, kernel: Kernel) -> None:
        """multiprocessing, joblib and a shell command work inside."""
        run = kernel.run("""
import multiprocessing as mp
from joblib import Parallel, delayed
with mp.Pool(2) as pool:
    print(pool.map(abs, [-1, -2]), Parallel(n_jobs=2)(delayed(abs)(-i) for i in (3, 4)))
!echo "$((2 + 3))"
""")
        assert "ok" == run.status
        assert ["[1, 2] [3, 4]", "5"] == text(run).split("\r\n")[0].splitlines()

    def test_order_and_kind(self, kernel: Kernel) -> None:
        """Prints to one stream become one output; all outputs keep their order."""
        run = kernel.run("""
import sys
for word in "ab":
    print(word, flush=True)
print("c", file=sys.stderr, flush=True)
display("d")
"e"
""")
        kinds = [(o.output_type, o.get("name")) for o in run.outputs]
        streams = [("stream", "stdout"), ("stream", "stderr")]
        assert [*streams, ("display_data", None), ("execute_result", None)] == kinds
        assert "a\nb\n" == run.outputs[0].text

    def test_cleared_and_updated(self, kernel: Kernel) -> None:
        """Cleared outputs are gone; an update changes what an earlier cell displayed."""
        cleared = kernel.run("""
from IPython.display import clear_output
for i in range(3):
    clear_output(wait=True)
    print(i)
""")
        assert "2\n" == text(cleared)
        shown = kernel.run("handle = display('before', display_id=True)")
        assert "'before'" == shown.outputs[0].data["text/plain"]
        kernel.run("handle.update('after')")
        assert "'after'" == shown.outputs[0].data["text/plain"]

    def test_error(self, kernel: Kernel) -> None:
        """An exception is an output of its cell; the kernel goes on."""
        run = kernel.run("value = 1\n1 / 0")
        assert ("error", "") == (run.status, run.reason)
        assert "ZeroDivisionError" == run.outputs[-1].ename
        assert "1\n" == text(kernel.run("print(value)"))

    def test_input_is_refused(self, kernel: Kernel) -> None:
        """A cell that asks for input does not wait for it."""
        assert "StdinNotImplementedError" == kernel.run("input()").outputs[-1].ename

    def test_forged_messages(self, kernel: Kernel) -> None:
        """Messages that no kernel would send are dropped; the next cell runs as ever."""
        run = kernel.run("""
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
send, parent = app.session.send, app.kernel.get_parent()
deep = "[" * 100_000 + "]" * 100_000
for kind, content in [
    ("stream", {"name": "nowhere", "text": "forged"}),
    ("stream", {"name": "stdout", "text": 3}),
    ("display_data", {"data": {"text/html": {"forged": 1}}, "metadata": {}}),
    ("display_data", {"data": [], "metadata": 0}),
    ("execute_result", {}),
    ("clear_output", {"wait": "forged"}),
    ("update_display_data", {"transient": 3}),
    ("status", {}),
    ("error", {"ename": None, "evalue": 1, "traceback": "forged"}),
    ("nonsense", {}),
]:
    send(app.iopub_socket, kind, content, parent=parent)
app.iopub_socket.send_multipart([b"a", b"<IDS|MSG>"])
app.iopub_socket.send_multipart([b"a", b"<IDS|MSG>", b"0" * 64, *[deep.encode()] * 4])
app.iopub_socket.send_multipart([b"\\xff" * 1000] * 100)
print("real")
""")
        assert "ok" == run.status
        assert ["real\n"] == [output.text for output in run.outputs]
        assert "next\n" == text(kernel.run("print('next')"))

    def test_one_too_large(self) -> None:
        """A display larger than the limit is not even read; the note stands in its place."""
        with Kernel(Limits(output_bytes=MB)) as kernel:
            run = kernel.run("from IPython.display import HTML\nHTML('x' * 3 * 2**20)")
        assert "ok" == run.status
        assert "[The outputs are cut here: the notebook has made more than 1 MB" in text(run)

    def test_kept_up_to_the_limit(self) -> None:
        """Outputs end with one note where they pass the limit; the cells run on."""
        with Kernel(Limits(output_bytes=10_000)) as kernel:
            short = kernel.run("print('x' * 4000)")
            long = kernel.run("for i in range(5):\n    print('y' * 4000, flush=True)")
            later = kernel.run("print('z')")
            failed = kernel.run("int('q')")
        assert 4001 == len(text(short))
        assert 1 == text(long).count("[The outputs are cut here: the notebook has made more than")
        assert 4000 < text(long).count("y") < 6000
        assert CellRun([]) == later
        assert ("error", []) == (failed.status, failed.outputs)
        assert failed.reason.startswith("ValueError: invalid literal")


class TestLimits:
    """Each limit trips with its reason; what comes after returns at once with the same."""

    @pytest.mark.parametrize(
        ("limits", "source", "reason"),
        [
            pytest.param(
                Limits(cpu_seconds=3),
                "import os\nos.fork()\nwhile True: pass",
                "The notebook used more than 3 s of processor time.",
                id="cpu of two processes",
            ),
            pytest.param(
                Limits(wall_seconds=2),
                "import time\ntime.sleep(100)",
                "The notebook ran for more than 2 s in all.",
                id="wall time",
            ),
            pytest.param(
                Limits(memory_bytes=300 * MB),
                "held = []\nwhile True: held.append(bytearray(10**6))",
                "The notebook used more than 300 MB of memory.",
                id="memory",
            ),
            pytest.param(
                Limits(memory_bytes=300 * MB),
                "import os, time\n"
                "for _ in range(5): os.fork()\n"
                "held = [bytearray(10**6) for _ in range(30)]\ntime.sleep(100)",
                "The notebook used more than 300 MB of memory.",
                id="memory of 32 processes",
            ),
            pytest.param(
                Limits(memory_bytes=300 * MB),
                "import os, time\n"
                "if os.fork(): time.sleep(100)\n"
                "held = []\n"
                "while True:\n"  # every generation adds a little and leaves it to the next
                "    held.append(bytearray(10**7))\n"
                "    if os.fork(): os._exit(0)\n"
                "    time.sleep(.02)",
                "The notebook used more than 300 MB of memory.",
                id="memory that is inherited",
            ),
            pytest.param(
                Limits(processes=40),
                "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
                "The notebook started more than 40 processes and threads.",
                id="fork bomb",
            ),
            pytest.param(
                Limits(),
                "i = 0\nwhile True:\n    open(f'{i}', 'w').close()\n    i += 1",
                "The notebook made more than 20000 files.",
                id="files without number",
            ),
            pytest.param(
                Limits(memory_bytes=300 * MB),
                "import ctypes\n"
                "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"  # PR_SET_DUMPABLE hides its maps
                "ctypes.CDLL(None).prctl(41, 0, 0, 0, 0)\n"  # PR_SET_THP_DISABLE
                "held = []\nwhile True: held.append(bytearray(10**6))",
                "The notebook used more than 300 MB of memory.",
                id="memory of a process that hides it",
            ),
            pytest.param(
                Limits(),
                "import os, socket\n"
                "for _ in range(2): os.fork()\n"
                "held = [socket.socketpair() for _ in range(200)]\nwhile True: pass",
                "The notebook opened more than 1000 sockets.",
                id="sockets without number",
            ),
            pytest.param(
                Limits(output_bytes=MB),
                "while True: print('x' * 10**6, flush=True)",
                "The notebook sent more than 36 MB of output.",
                id="output without end",
            ),
            pytest.param(
                Limits(),
                "from ipykernel.kernelapp import IPKernelApp\n"
                "app = IPKernelApp.instance()\n"
                "parts = app.session.serialize(app.session.msg('stream', {}))\n"
                "while True: app.iopub_socket.send_multipart([b'x', *parts])",
                "The notebook sent more than 10000 messages.",
                id="messages without number",
            ),
            pytest.param(
                Limits(output_bytes=MB),
                "import os, socket\n"
                "more = b'\\3' + (2**23).to_bytes(8, 'big') + bytes(2**23)\n"
                "for fd in map(int, os.listdir('/proc/self/fd')):\n"
                "    try: end = socket.socket(fileno=os.dup(fd))\n"
                "    except OSError: continue\n"
                "    if not end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):\n"
                "        if str(end.getsockname()).endswith('/k-2'):\n"
                "            end.setblocking(True)\n"
                "            while True: end.sendall(more)\n",
                "The notebook sent more than 36 MB of output.",
                id="one message in endless parts",
            ),
        ],
    )
    def test_ends_the_kernel(self, limits: Limits, source: str, reason: str) -> None:
        """The kernel ends, promptly, for this reason."""
        with Kernel(limits) as kernel:
            started = time.monotonic()
            run = kernel.run(source)
            assert ("limit", reason) == (run.status, run.reason)
            assert time.monotonic() - started < 15
            assert CellRun([], "limit", reason) == kernel.run("1")

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("import numpy as np\nnp.ones(10**12)", "2 GB of memory."),
            ("open('a', 'wb').write(bytes(3 * 2**20))", "2 MB in one file."),
            ("for i in range(9): open(f'{i}', 'wb').write(bytes(2**20))", "4 MB of disk."),
            ("held = [open('/dev/null') for _ in range(200)]", "100 open files."),
            ("for i in range(9): open(f'/dev/shm/{i}', 'wb').write(bytes(2**20))", "4 MB of disk."),
        ],
    )
    def test_raises_in_the_cell(self, bounded: Kernel, source: str, reason: str) -> None:
        """Memory, files and disk that cannot be had raise in the cell, which can go on."""
        run = bounded.run(source)
        assert ("error", f"The notebook wanted more than {reason}") == (run.status, run.reason)
        tidy = "held = None\nimport glob, os\n[os.remove(f) for f in glob.glob('*')]\nprint('on')"
        assert "on\n" == text(bounded.run(tidy))

    def test_cell_over_time_is_interrupted(self) -> None:
        """An endless loop is interrupted, and the next cell runs in the same kernel."""
        with Kernel(Limits(cell_seconds=1)) as kernel:
            run = kernel.run("x = 5\nprint('before')\nwhile True: pass")
            assert "timeout" == run.status
            assert "A cell ran for more than 1 s and was interrupted." == run.reason
            assert "before\n" == text(run)
            assert "5\n" == text(kernel.run("print(x)"))

    @pytest.mark.parametrize(
        "source",
        [
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
            "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        ],
        ids=["ignores the signal", "catches the interrupt", "stands still"],
    )
    def test_cell_that_does_not_heed_is_killed(self, source: str) -> None:
        """One second after the interrupt, the kernel is killed, and nobody waits for it again."""
        with Kernel(Limits(cell_seconds=1)) as kernel:
            started = time.monotonic()
            run = kernel.run(source)
            assert 2 <= time.monotonic() - started < 4
            assert "timeout" == run.status
            assert run.reason.endswith("did not heed the interrupt; its kernel ended.")
            assert CellRun([], "died", run.reason) == kernel.run("1")
            assert time.monotonic() - started < 5

    @pytest.mark.parametrize(
        ("source", "ending"),
        [
            ("print('last words', flush=True)\nimport os\nos._exit(3)", "with exit status 3"),
            ("import ctypes\nctypes.string_at(0)", "by the signal SIGSEGV"),
            ("import os\nos.kill(os.getpid(), 9)", "by the signal SIGKILL"),
        ],
    )
    def test_death_is_told(self, source: str, ending: str) -> None:
        """A kernel that ends in a cell is noticed at once, with how it ended."""
        with Kernel(Limits()) as kernel:
            run = kernel.run(source)
            assert ("died", f"The notebook's process ended {ending}.") == (run.status, run.reason)
            assert CellRun([], "died", run.reason) == kernel.run("1")


class TestChannel:
    def test_same_path_inside_and_outside(self, kernel: Kernel) -> None:
        """Either side can listen in the channel, and the other reach it by the same name."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(kernel.channel / "outside"))
            (kernel.channel / "outside").chmod(0o777)
            listener.listen()
            name = str(kernel.channel / "inside")
            kernel.run(f"""
import socket
caller = socket.socket(socket.AF_UNIX)
caller.connect({str(kernel.channel / "outside")!r})
caller.sendall(b"from inside")
server = socket.create_server({name!r}, family=socket.AF_UNIX)
""")
            connection, _ = listener.accept()
            with connection:
                assert b"from inside" == connection.recv(64)
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(name)
            caller.sendall(b"from outside")
            run = kernel.run("print(server.accept()[0].recv(64))")
        assert "b'from outside'\n" == text(run)

    def test_is_private_and_small(self, kernel: Kernel) -> None:
        """The channel is closed to other users, and no place to fill the host's disk from."""
        assert 0o700 == kernel.channel.stat().st_mode & 0o777
        run = kernel.run(f"open({str(kernel.channel / 'big')!r}, 'wb').write(bytes(10**7))")
        assert "No space left on device" in run.outputs[-1].evalue


class TestTraces:
    def test_nothing_stays(self) -> None:
        """After closing, neither daemons nor folders nor descriptors of a kernel are left."""
        others, opened = descendants(), len(os.listdir("/proc/self/fd"))
        with Kernel(Limits()) as kernel:
            kernel.run("""
import os, socket, subprocess
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sleep", ["sleep", "1000"])
    os._exit(0)
subprocess.Popen(["nohup", "sleep", "1000"], start_new_session=True)
open("/dev/shm/left", "w").close()
""")
            wait_until(lambda: 2 == sum(it.name() == "sleep" for it in descendants() - others))
            running = descendants() - others
        assert [] == [process for process in running if process.is_running()]
        assert not kernel.channel.parent.exists()
        assert opened == len(os.listdir("/proc/self/fd"))

    def test_grader_killed(self) -> None:
        """When the grader is killed, its kernel and everything in the sandbox goes too."""
        script = (
            "import sys; from pitfalls.grading._kernel import Kernel, Limits\n"
            "kernel = Kernel(Limits())\n"
            'kernel.run(\'import subprocess; subprocess.Popen(["sleep", "1000"])\')\n'
            "print(kernel.channel.parent, flush=True); sys.stdin.read()"
        )
        grader = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with grader:
            assert grader.stdout is not None
            folder = Path(grader.stdout.readline().strip())
            running = psutil.Process(grader.pid).children(recursive=True)
            assert "sleep" in {process.name() for process in running}
            ends = [os.pidfd_open(process.pid) for process in running]
            grader.send_signal(signal.SIGKILL)
            for end in ends:
                assert select.select([end], [], [], 10)[0]
                os.close(end)
        shutil.rmtree(folder)  # nobody was left to do it; see the next test

    def test_folder_of_a_killed_grader_is_swept(self) -> None:
        """What a killed grader left goes with the next start, an hour later; nothing else does."""
        old, new, other = (Path(f"/tmp/pitfalls-kernel-{w}") for w in ("old", "new", "other"))
        for folder, entry in ((old, "r"), (new, "r"), (other, "thesis")):
            (folder / entry).mkdir(parents=True)
        for folder in (old, other):
            os.utime(folder, (0, 0))
        with Kernel(Limits(), isolated=False):
            assert [False, True, True] == [folder.exists() for folder in (old, new, other)]
        for folder in (new, other):
            shutil.rmtree(folder)


class TestNotIsolated:
    def test_runs_and_leaves_nothing(self) -> None:
        """Without the sandbox the same cells run, limits on time hold, and nothing stays."""
        others = descendants()
        limits = Limits(cell_seconds=1)
        with Kernel(limits, isolated=False, files={"rows.csv": b"1\n"}) as kernel:
            run = kernel.run("import os\nprint(os.listdir(), os.environ['PITFALLS_GRADING'])")
            assert "['rows.csv'] 1\n" == text(run)
            assert kernel.channel.is_dir()
            assert "timeout" == kernel.run("while True: pass").status
            assert "1\n" == text(kernel.run("print(1)"))
            running = descendants() - others
        assert [] == [process for process in running if process.is_running()]
        assert not kernel.channel.parent.exists()

    def test_memory(self) -> None:
        """Memory is watched without the sandbox, too."""
        with Kernel(Limits(memory_bytes=300 * MB), isolated=False) as kernel:
            run = kernel.run("held = []\nwhile True: held.append(bytearray(10**6))")
        assert ("limit", "The notebook used more than 300 MB of memory.") == (
            run.status,
            run.reason,
        )
