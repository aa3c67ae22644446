"""Warm kernels: as isolated as cold ones, the same to a notebook, and replaced when they fail."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pitfalls.checks import Lesson
from pitfalls.grading import Limits, _step, _warm
from pitfalls.grading._kernel import CellRun, Kernel
from pitfalls.grading._warm import WarmStart, warm_start
from tests.grading.handin import HONEST, LESSON, RIGHT, grade, hand_in, points
from tests.grading.waiting import wait_until

pytestmark = [pytest.mark.kernel, pytest.mark.sandbox]

MB = 2**20
BOTH = pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])


@pytest.fixture(autouse=True)
def lesson(monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """The little lesson in place of the kit's."""
    monkeypatch.setattr(_step.lessons, "get", lambda name: LESSON)
    return LESSON


@pytest.fixture(scope="module")
def starter() -> Iterator[WarmStart]:
    """A zygote for the tests of this module."""
    with WarmStart() as starter:
        yield starter


@pytest.fixture(scope="module", autouse=True)
def end_of_the_worker() -> Iterator[None]:
    """What a worker process leaves to its end."""
    yield
    warm_start().close()


def text(run: CellRun) -> str:
    """What a run printed."""
    return "".join(o.text for o in run.outputs if o.output_type == "stream")


def seen(kernel: Kernel, source: str) -> Any:
    """What a cell prints as JSON."""
    run = kernel.run(source)
    assert "ok" == run.status, run
    return json.loads(text(run))


class TestDeath:
    """What was solved before the kernel's end keeps its marks; what comes after has none."""

    @BOTH
    @pytest.mark.parametrize(
        ("limits", "source", "reason"),
        [
            (Limits(), "import os\nos._exit(1)", "ended with exit status 1."),
            (Limits(), "import os\nos.kill(os.getpid(), 9)", "ended by the signal SIGKILL."),
            (
                Limits(cell_seconds=3),
                "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
                "did not heed the interrupt; its kernel ended.",
            ),
            (
                Limits(cpu_seconds=8),
                "import os\nos.fork()\nwhile True: pass",
                "used more than 8 s of processor time.",
            ),
            (
                Limits(memory_bytes=500 * MB),
                "held = []\nwhile True: held.append(bytearray(10**6))",
                "used more than 500 MB of memory.",
            ),
            (
                Limits(processes=40),
                "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
                "started more than 40 processes and threads.",
            ),
        ],
        ids=["exit", "signal", "timeout", "processor time", "memory", "processes"],
    )
    def test_marks(self, limits: Limits, source: str, reason: str, warm: bool) -> None:
        """The first exercise scores, the second says why it does not."""
        both = hand_in(between=source, squares=RIGHT["squares"])
        graded = grade(both, limits=limits, warm=warm)
        assert HONEST == points(graded)
        verdict = graded.verdicts["check_squares"]
        assert "no_verdict" == verdict.state
        assert verdict.message.endswith(reason)
        assert [verdict.message] == list(graded.notes)


# Everything that a process can tell of where it is.
PORTRAIT = """
import json, locale, os, resource, signal, socket, sys
import sklearn  # it sets variables of its own
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
names = ("Umask Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp "
         "Seccomp_filters SigBlk SigIgn NSpid THP_enabled")
def size(path):
    about = os.statvfs(path)
    return about.f_blocks * about.f_frsize, oct(os.stat(path).st_mode), os.stat(path).st_uid
print(json.dumps({
    "status": {name: status[name].split() for name in names.split()},
    "limits": {name: resource.getrlimit(getattr(resource, name))
               for name in dir(resource) if name.startswith("RLIMIT_")},
    "environment": dict(os.environ),
    "places": [(d, *size(d)) for d in ("/tmp", "/dev/shm", "/tmp/notebook")],
    "mounted": sorted({line.split()[1] for line in open("/proc/mounts")
                       if not line.split()[1].startswith("/run/pitfalls/")}),
    "root": sorted(os.listdir("/")), "devices": sorted(os.listdir("/dev")),
    "tmp": sorted(n for n in os.listdir("/tmp") if "pitfalls" not in n),
    "work": sorted(os.listdir()), "where": os.getcwd(), "argv": sys.argv, "path": sys.path,
    "user": os.path.expanduser("~"), "host": socket.gethostname(),
    "loopback": open("/proc/net/dev").read().count(":"),
    "listens": socket.create_server(("127.0.0.1", 0)).getsockname()[0],
    "processes": sorted(int(n) for n in os.listdir("/proc") if n.isdigit()),
    "session": [os.getsid(0), os.getpgid(0), os.getppid()],
    "descriptors": sorted(os.readlink(f"/proc/self/fd/{n}").split(":")[0].split("-")[0]
                          for n in os.listdir("/proc/self/fd") if int(n) < 3),
    "encoding": [sys.stdout.encoding, locale.getpreferredencoding()],
    "flags": list(sys.flags), "interrupt": str(signal.getsignal(signal.SIGINT)).split(" at ")[0],
}))
"""


class TestLikeness:
    def test_same_place(self, starter: WarmStart) -> None:
        """To a notebook, a warm kernel's sandbox is in every respect a cold one's."""
        limits, files = Limits(disk_bytes=64 * MB), {"table/rows.csv": b"a,b\n1,2\n"}
        with Kernel(limits, files=files) as kernel:
            cold = seen(kernel, PORTRAIT)
        with Kernel(limits, files=files, starter=starter) as kernel:
            warm = seen(kernel, PORTRAIT)
        for portrait in (cold, warm):
            channels = [name for name in portrait["mounted"] if "pitfalls-kernel" in name]
            assert 1 == len(channels)
            portrait["mounted"].remove(channels[0])
        assert cold == warm

    @BOTH
    def test_interpreter_among_temporary_files(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: bool
    ) -> None:
        """Its files are there, and read-only, also where it lives below /tmp."""
        late = tmp_path / "an interpreter" / "late.txt"
        late.parent.mkdir()
        late.write_text("read late")
        assert late.is_relative_to("/tmp")
        monkeypatch.setattr(sys, "exec_prefix", str(late.parent))
        source = f"print(open({str(late)!r}).read()); open({str(late)!r}, 'w')"
        with WarmStart() as own, Kernel(Limits(), starter=own if warm else None) as kernel:
            run = kernel.run(source)
        assert "read late\n" == text(run)
        assert "Read-only file system" in str(run)

    def test_same_grades(self) -> None:
        """Cold and warm give the same scores, verdicts and pages on a class."""
        submissions = [
            hand_in(squares=RIGHT["squares"]),
            hand_in(squares="def squares(x):\n    return float(sum(x)) ** 2"),
            hand_in(squares="def squares(x):\n    return 1 / 0"),
            hand_in(total="", first="import warnings\nwarnings.warn('beware')"),
            hand_in(total="def total(x):\n    print(x)\n    return sum(x)", last="total([1.5]), _"),
            hand_in(
                first="%matplotlib inline\nimport pandas as pd, matplotlib.pyplot as plt",
                between="plt.plot([1, 4, 9])\nplt.title('nine')\npd.DataFrame({'a': [1, 2]})",
                last="!echo $HOME; ls\nimport os; os.listdir('/tmp/notebook')",
            ),
            hand_in(between="def broken(:\n    pass", squares="%%capture\n" + RIGHT["squares"]),
            hand_in(between="1 / 0\n", squares=RIGHT["squares"], last="import os; os._exit(7)"),
            hand_in(
                first="from sklearn.linear_model import LinearRegression\nimport numpy as np",
                last="LinearRegression().fit(np.eye(3), [1, 2, 3]).coef_.round(6)",
            ),
        ]
        for submission in submissions:
            cold, warm = (grade(submission, warm=warm) for warm in (False, True))
            assert cold.verdicts == warm.verdicts
            assert cold.notes == warm.notes
            pages = (json.loads(graded.notebook)["cells"] for graded in (cold, warm))
            for mine, other in zip(*pages, strict=True):
                assert mine == other

    def test_libraries(self, starter: WarmStart) -> None:
        """What starts threads and processes of its own works in a fork, too."""
        with Kernel(Limits(), starter=starter) as kernel:
            found = seen(
                kernel,
                """
import json, multiprocessing, subprocess, threading
import numpy as np
from concurrent.futures import ThreadPoolExecutor
from joblib import Parallel, delayed
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
X, y = np.random.default_rng(0).normal(size=(200, 5)), np.arange(200) % 2
with multiprocessing.Pool(2) as pool, ThreadPoolExecutor(2) as threads:
    print(json.dumps([
        KMeans(3, n_init=1).fit(X).n_features_in_,
        RandomForestClassifier(10, n_jobs=2).fit(X, y).n_features_in_,
        HistGradientBoostingClassifier(max_iter=5).fit(X, y).n_iter_,
        float(np.linalg.norm(X @ X.T) > 0),
        pool.map(abs, [-1, -2]), list(threads.map(abs, [-3])),
        Parallel(n_jobs=2)(delayed(abs)(-i) for i in (4, 5)),
        subprocess.run(["echo", "6"], capture_output=True, text=True).stdout,
    ]))
""",
            )
        assert [5, 5, 5, 1.0, [1, 2], [3], [4, 5], "6\n"] == found

    def test_own_random_numbers(self, starter: WarmStart) -> None:
        """Two kernels of one zygote do not draw the same numbers."""
        source = """
import json, random, uuid
import numpy as np
print(json.dumps([random.random(), np.random.rand(), np.random.default_rng().random(),
                  str(uuid.uuid4())]))
"""
        drawn = []
        for _ in range(2):
            with Kernel(Limits(), starter=starter) as kernel:
                drawn.append(seen(kernel, source))
        assert not set(drawn[0]) & set(drawn[1])


class TestLife:
    def test_one_zygote(self, starter: WarmStart) -> None:
        """All kernels come from one process; one that is killed is replaced without a word."""
        with Kernel(Limits(), starter=starter):
            first = starter.pid
        assert first is not None
        with Kernel(Limits(), starter=starter):
            assert first == starter.pid
        os.kill(first, signal.SIGKILL)
        with Kernel(Limits(), starter=starter) as kernel:
            assert "True\n" == text(kernel.run("import sys; print('pandas' in sys.modules)"))
        assert starter.pid not in (None, first)

    def test_cold_where_none_can_be_had(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Without a zygote kernels start cold; one line of warning says so, once."""
        broken = tmp_path / "_zygote.py"
        broken.write_text("raise SystemExit('out of order')")
        monkeypatch.setattr(_warm, "ZYGOTE", broken)
        with caplog.at_level(logging.WARNING), WarmStart() as starter:
            for _ in range(2):
                with Kernel(Limits(), starter=starter) as kernel:
                    assert "2\n" == text(kernel.run("print(1 + 1)"))
        assert 1 == len(caplog.messages)
        assert caplog.messages[0].startswith("Kernels start cold, which is slower:")
        assert "out of order" in caplog.messages[0]
        assert "\n" not in caplog.messages[0]

    def test_nothing_stays(self) -> None:
        """With the starter, the zygote and its folder go, and with a kernel what it left."""
        before = set(psutil.Process().children(recursive=True)), len(os.listdir("/proc/self/fd"))
        with WarmStart() as starter:
            with Kernel(Limits(), starter=starter) as kernel:
                kernel.run("import subprocess\nsubprocess.Popen(['sleep', '1000'])")
                inside = set(psutil.Process(starter.pid).children(recursive=True))
                assert "sleep" in {process.name() for process in inside}
                folders = [kernel.channel.parent]
            wait_until(lambda: not [process for process in inside if process.is_running()])
            fds = len(os.listdir("/proc/self/fd"))
            with Kernel(Limits(), starter=starter) as kernel:
                folders.append(kernel.channel.parent)
            assert fds == len(os.listdir("/proc/self/fd"))
        after = set(psutil.Process().children(recursive=True)), len(os.listdir("/proc/self/fd"))
        assert before == after
        assert [] == [folder for folder in folders if folder.exists()]

    def test_worker_killed(self) -> None:
        """When the worker is killed, its zygote and the kernel go too."""
        script = (
            "import sys; from pitfalls.grading._kernel import Kernel, Limits\n"
            "from pitfalls.grading._warm import WarmStart\n"
            "kernel = Kernel(Limits(), starter=WarmStart())\n"
            'kernel.run(\'import subprocess; subprocess.Popen(["sleep", "1000"])\')\n'
            "print('ready', flush=True); sys.stdin.read()"
        )
        worker = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with worker:
            assert worker.stdout is not None
            assert "ready\n" == worker.stdout.readline()
            running = psutil.Process(worker.pid).children(recursive=True)
            assert "sleep" in {process.name() for process in running}
            ends = [os.pidfd_open(process.pid) for process in running]
            worker.send_signal(signal.SIGKILL)
            for end in ends:
                assert select.select([end], [], [], 10)[0]
                os.close(end)
