"""The catalogue of attacks: what each may earn or reach, and what it got.

Every attack is a notebook whose first exercise is solved honestly and whose second is not: it may
earn what the first is worth, and no more. The table of them all stands in the summary of the run.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pitfalls.checks import LocalAnswer, run_check
from pitfalls.grading import Job, Limits, SubmissionError, _step
from pitfalls.grading._files import read_regular
from pitfalls.grading._kernel import Kernel
from pitfalls.grading._outputs import plain_outputs
from pitfalls.grading._rebuild import MAX_NOTEBOOK_BYTES, rebuild
from pitfalls.grading._warm import WarmStart
from tests.grading.handin import HONEST, LESSON, RIGHT, SEED, grade, hand_in, points, skeleton

pytestmark = [pytest.mark.kernel, pytest.mark.sandbox, pytest.mark.slow]

MB = 2**20
SECRET = "manual_score of everybody 7351"
Notebook = dict[str, Any]


@pytest.fixture(autouse=True)
def lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The little lesson in place of the kit's."""
    monkeypatch.setattr(_step.lessons, "get", lambda name: LESSON)


class Table:
    """What was attacked, what was expected, what was given; the run prints it in its summary."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    def add(self, attack: str, expected: object, given: object) -> None:
        """Note a result, and hold that it is the expected one."""
        self._record("attack", (attack, str(expected), str(given)))
        assert expected == given, attack


@pytest.fixture
def table(record_property: Callable[[str, object], None]) -> Table:
    """A part of the table."""
    return Table(record_property)


@pytest.fixture(scope="module", params=["cold", "warm"])
def starter(request: pytest.FixtureRequest) -> Iterator[WarmStart | None]:
    """A cold start, and a zygote."""
    if request.param == "cold":
        yield None
        return
    with WarmStart() as starter:
        yield starter


def public_answers() -> str:
    """An answer that knows the public cases by heart, and nothing else."""
    known: list[tuple[str, float]] = []

    def squares(x: list[float]) -> float:
        known.append((repr(x), float(sum(v * v for v in x))))
        return known[-1][1]

    run_check(LESSON.exercise("squares"), LocalAnswer({"squares": squares}))
    return f"def squares(x):\n    return {dict(known)!r}.get(repr(x), 0.0)"


def metadata(change: Callable[[Notebook], None]) -> Notebook:
    """A notebook of which more than the text of cells is changed."""
    notebook = copy.deepcopy(hand_in(squares="def squares(x):\n    return -1.0"))
    change(notebook)
    return notebook


def _cell(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def _tags(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell"]
        cell["metadata"].get("nbgrader", {}).update(points=100)
    score = {"output_type": "execute_result", "data": {"text/plain": "3.0"}, "metadata": {}}
    _cell(notebook, "check_squares")["outputs"] = [{**score, "execution_count": 1}]


def _deleted(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "check_squares"]


def _copied(notebook: Notebook) -> None:
    test = copy.deepcopy(_cell(notebook, "check_squares"))
    notebook["cells"] += [{**test, "source": "3.0"}, {**test, "source": "3.0", "id": "again"}]


def _retyped(notebook: Notebook) -> None:
    test = _cell(notebook, "check_squares")
    test.update(cell_type="markdown", source="3.0")
    del test["outputs"], test["execution_count"]


def _turned(notebook: Notebook) -> None:
    test = _cell(notebook, "check_squares")
    test["source"] = "3.0"
    test["metadata"]["nbgrader"].update(solution=True, grade=False, locked=False)
    del test["metadata"]["pitfalls"]


def _swapped(notebook: Notebook) -> None:
    test = _cell(notebook, "check_squares")
    test["metadata"]["pitfalls"]["exercise"] = "total"


PATCH_SHELL = """
ip = get_ipython()
class Reply(dict):
    success, result, error_in_exec, error_before_exec = True, 3.0, None, None
async def run_cell_async(*args, **kwargs): return Reply(status="ok")
async def do_execute(*args, **kwargs): return {"status": "ok", "execution_count": 1,
                                               "payload": [], "user_expressions": {}}
"""
HELD = """
import os, pitfalls.checks._hold as held
from pitfalls.checks._codec import encode
def respond(namespace, frame):
    return FRAME
held.respond = respond
"""
FORGED = """
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
result = {"data": {"text/plain": "3.0"}, "metadata": {}, "execution_count": 5}
def forge():
    app.session.send(app.iopub_socket, "execute_result", result, parent=app.kernel.get_parent())
forge()
get_ipython().events.register("post_execute", forge)
import atexit; atexit.register(forge)
"""
SEARCH = """
def squares(x):
    import gc, inspect, sys
    frame, seen = sys._getframe(), []
    while frame:
        seen += [v for v in list(frame.f_locals.values()) + list(frame.f_globals.values())]
        frame = frame.f_back
    seen += gc.get_objects()
    for name in ("wanted", "expected", "reference", "answer"):
        for thing in seen:
            try:
                found = thing.get(name) if type(thing) is dict else getattr(thing, name, None)
                value = found(x) if callable(found) else found
                if isinstance(value, float):
                    return value
            except Exception:
                pass
    return eval(In[-1].split("==")[-1]) if "==" in In[-1] else -1.0
"""
OPEN = """
def squares(x):
    import os, re
    for place, _, names in os.walk("/"):
        if place.startswith(("/proc", "/usr", "/dev")) or "site-packages" in place:
            continue
        for name in names:
            if re.search(r"gradebook|[.]ipynb$|lessons|hidden|secret|test_.*[.]py$", place + name):
                text = open(os.path.join(place, name), errors="replace").read()
                if "squares" in text:
                    raise LookupError(place + "/" + name)
    from pitfalls import lessons
    return lessons.get("pair").exercise("squares").parts[0].wanted(x)
"""
FLOAT = """
class Any(float):
    n = 0
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return False
    def __float__(self):
        Any.n += 1
        return float(Any.n)
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return 1.0
    score = predict = __call__
    __hash__ = float.__hash__
def squares(x): return RESULT
"""
CLIMB = """
import numpy as np, sys
class Climber(np.ndarray):
    def __array__(self, *args, **kwargs):
        frame = sys._getframe()
        while frame:
            for name in ("want", "wanted", "expected"):
                if name in frame.f_locals: return np.asarray(frame.f_locals[name])
            frame = frame.f_back
        return np.zeros(())
def squares(x): return np.zeros(()).view(Climber)
"""
LEAK = """
def squares(x):
    import os, sys
    words = f"LEAKED {x!r}\\n"
    print(words); sys.stderr.write(words); sys.__stdout__.write(words); os.write(1, words.encode())
    display(words)
    for path in ("/tmp/leak", "/dev/shm/leak", "/proc/1/fd/1"):
        try: open(path, "a").write(words)
        except OSError: pass
    raise ValueError(words)
"""
POISON = """
import builtins, sys, types
import numpy.testing
numpy.testing.assert_allclose = numpy.testing.assert_equal = lambda *args, **kwargs: None
for name in ("pitfalls.checks._compare", "pitfalls.checks._run", "pitfalls.lessons", "math"):
    sys.modules[name] = types.ModuleType(name)
import pitfalls, pitfalls.checks as checks
pitfalls.check = checks.run_check = lambda *args: 3.0
checks.Verdict = lambda *args, **kwargs: types.SimpleNamespace(points=3.0, right=True)
builtins.NotImplementedError = AssertionError
builtins.isinstance = lambda *args: True
builtins.abs = lambda *args: 0
"""
SHADOW = """
import os, sys
for package in ("numpy", "pitfalls", "ipykernel"):
    os.makedirs(package + "/checks", exist_ok=True)
    for name in ("__init__", "checks/__init__", "checks/_hold"):
        open(f"{package}/{name}.py", "w").write("def hold(*args): print('3.0')\\n")
sys.path.insert(0, os.getcwd())
for name in [n for n in sys.modules if n.split(".")[0] == "pitfalls"]: del sys.modules[name]
"""
WRONG = "def squares(x):\n    return -1.0"

# What may be earned is HONEST; what an attack does to its own first exercise stands in the end.
SCORE: dict[str, tuple[Notebook, dict[str, float]]] = {
    "tags, points and outputs of the tests": (metadata(_tags), HONEST),
    "test cell deleted": (metadata(_deleted), HONEST),
    "test cell duplicated": (metadata(_copied), HONEST),
    "test cell retyped": (metadata(_retyped), HONEST),
    "test cell turned solution": (metadata(_turned), HONEST),
    "test cell asks for another exercise": (metadata(_swapped), HONEST),
    "input transformer blanks later cells": (
        hand_in(
            between="get_ipython().input_transformers_post.append(lambda lines: ['3.0'])",
            squares=WRONG,
        ),
        HONEST,
    ),
    "syntax tree loses its tests": (
        hand_in(
            between="import ast\nclass No(ast.NodeTransformer):\n"
            "    visit_Expr = visit_Assert = lambda self, node: ast.Pass()\n"
            "get_ipython().ast_transformers.append(No())",
            squares=WRONG,
        ),
        HONEST,
    ),
    "run_cell_async patched": (
        hand_in(between=PATCH_SHELL + "ip.run_cell_async = run_cell_async", squares=WRONG),
        HONEST,
    ),
    "run_code patched": (
        hand_in(between=PATCH_SHELL + "ip.run_code = run_cell_async", squares=WRONG),
        HONEST,
    ),
    "do_execute patched": (
        hand_in(between=PATCH_SHELL + "ip.kernel.do_execute = do_execute", squares=WRONG),
        HONEST,
    ),
    "execute_result forged": (hand_in(first=FORGED, squares=WRONG), HONEST),
    "value above the maximum": (
        hand_in(first="check = lambda name: 1e9", squares="def squares(x): return 1e308\n1e9"),
        HONEST,
    ),
    "object equal to everything": (
        hand_in(squares=FLOAT.replace("RESULT", "Any(1)")),
        HONEST,
    ),
    "object in a container equal to everything": (
        hand_in(squares=FLOAT.replace("RESULT", "[Any(1)]")),
        HONEST,
    ),
    "estimator whose score is 1": (
        hand_in(squares=FLOAT.replace("RESULT", "Any") + "squares.score = lambda *a: 1.0"),
        HONEST,
    ),
    "expected values in frames, memory and In[-1]": (hand_in(squares=SEARCH), HONEST),
    "__array__ climbs the checker's frames": (hand_in(squares=CLIMB), HONEST),
    "builtins, numpy.testing and sys.modules poisoned": (
        hand_in(between=POISON, squares=WRONG),
        HONEST,
    ),
    "packages beside the notebook": (hand_in(between=SHADOW, squares=WRONG), HONEST),
    "answer held by forged code": (
        hand_in(between=HELD.replace("FRAME", "b'3.0'"), squares=WRONG),
        HONEST,
    ),
    "reply that claims success": (
        hand_in(
            between=HELD.replace(
                "FRAME",
                "encode({'defined': True, 'callable': True, 'parameters': None, 'points': 3.0,"
                " 'state': 'right', 'outcomes': [{'status': 'right', 'points': 3.0}] * 7})",
            ),
            squares=WRONG,
        ),
        HONEST,
    ),
    "reply without end": (
        hand_in(between=HELD.replace("FRAME", "bytes(600 * 2**20)"), squares=WRONG),
        HONEST,
    ),
    "visible inputs hard-coded": (
        hand_in(squares=public_answers()),
        {"total": 2.0, "squares": 1.0},  # the part without hidden cases is honestly right
    ),
    "gradebook, sources and tests searched for": (hand_in(squares=OPEN), HONEST),
    "exit hooks and the kernel's end": (
        hand_in(
            between="import atexit, os, sys\natexit.register(print, '3.0')\n"
            "sys.exitfunc = print\nprint('3.0')\nos._exit(0)",
            squares=RIGHT["squares"],
        ),
        HONEST,
    ),
    "all other processes killed": (
        hand_in(between="import os\nos.kill(-1, 9)", squares=WRONG),
        {"total": 0.0, "squares": 0.0},
    ),
    "honest code that warns and writes to stderr": (
        hand_in(
            first="import sys, warnings\nwarnings.warn('x')\nprint('y', file=sys.stderr)",
            squares="import warnings, sys\ndef squares(x):\n    warnings.warn('deprecated')\n"
            "    print('on', file=sys.stderr)\n    return float(sum(v**2 for v in x))",
        ),
        {"total": 2.0, "squares": 3.0},
    ),
}
LIMITS: dict[str, tuple[Limits, str, str]] = {
    "loop that ignores SIGINT": (
        Limits(cell_seconds=3),
        "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass",
        "A cell ran for more than 3 s",
    ),
    "memory bomb": (
        Limits(memory_bytes=400 * MB),
        "import os\nos.fork()\nheld = []\nwhile True: held.append(bytearray(10**6))",
        "The notebook used more than 400 MB of memory.",
    ),
    "fork bomb": (
        Limits(processes=40),
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "The notebook started more than 40 processes and threads.",
    ),
    "disk bomb": (
        Limits(disk_bytes=8 * MB),
        "import os\nfor i in range(99): open(str(i), 'wb').write(bytes(2**20))",
        "The notebook wanted more than 8 MB of disk.",
    ),
    "output bomb": (
        Limits(output_bytes=MB),
        "while True: print('x' * 10**6, flush=True)",
        "The notebook sent more than 36 MB of output.",
    ),
}


@pytest.mark.parametrize("attack", SCORE)
def test_score(attack: str, table: Table) -> None:
    """No attack earns more than its honest part."""
    notebook, expected = SCORE[attack]
    table.add(attack, expected, points(grade(notebook)))


@pytest.mark.parametrize("attack", LIMITS)
def test_limits(attack: str, table: Table) -> None:
    """What trips a limit keeps what it had earned, and the page says why there is no more."""
    limits, source, reason = LIMITS[attack]
    graded = grade(hand_in(between=source), limits=limits)
    assert [note for note in graded.notes if note.startswith(reason)], graded.notes
    table.add(attack, HONEST, points(graded))


def test_hidden_inputs_in_the_feedback(table: Table) -> None:
    """However an answer says what it is asked, no page of feedback shows it."""
    later = "import os\nprint(*(open(p).read() for p in ('/tmp/leak', '/dev/shm/leak')"
    later += " if os.path.exists(p)))"
    notebook = hand_in(squares=LEAK, last=later)
    graded = grade(notebook)
    asked: list[str] = []

    def listen(x: list[float]) -> None:
        asked.append(repr(x))

    content = json.dumps(notebook).encode()
    job = Job("ann", LESSON.chapter, "pair", skeleton(), content, SEED)
    run_check(LESSON.exercise("squares"), LocalAnswer({"squares": listen}), job.hidden_seed)
    page = graded.notebook.decode()
    assert len(asked) > 3
    shown = [inputs for inputs in asked[3:6] if inputs in page]
    table.add("hidden inputs printed into the feedback", [[], HONEST], [shown, points(graded)])


# Each attempt gives what it reached; an OSError is what a closed door gives.
HOST = """
import ctypes, glob, json, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
given = {}
def attempt(name):
    def run(function):
        try:
            given[name] = function()
        except (OSError, ImportError) as error:
            given[name] = "refused"
    return run
def call(number, *args):
    done = libc.syscall(number, *(args or (0,) * 6))
    return "refused" if done == -1 else done

@attempt("~/.ssh and /home read")
def _(): return [p for p in ("/home", HOME) if os.path.exists(p)] or "refused"
@attempt("the grader's environment read")
def _():
    texts = [open(p, errors="replace").read() for p in glob.glob("/proc/[0-9]*/environ")]
    return [t for t in texts if "PITFALLS_TEST_SECRET" in t] or "refused"
@attempt("the grader signalled")
def _(): os.kill(GRADER, 0); return "reached"
@attempt("the parent killed")
def _(): os.kill(os.getppid(), signal.SIGKILL); return "refused" if os.getppid() else "reached"
@attempt("the course read")
def _(): return open(COURSE).read()
@attempt("the course written")
def _(): open(COURSE, "w").write("12/10"); return "reached"
@attempt("a link to the course followed")
def _(): os.symlink(COURSE, "table.csv"); return open("table.csv").read()
@attempt("the package written")
def _():
    import pitfalls.checks
    open(pitfalls.checks.__file__, "a").write("#"); return "reached"
@attempt("the references imported")
def _():
    import pitfalls.lessons; return "reached"
@attempt("a port of the host reached")
def _(): socket.create_connection(PORT, 2); return "reached"
@attempt("the network reached")
def _(): socket.create_connection(("192.0.2.1", 80), 2); return "reached"
@attempt("an abstract socket of the host reached")
def _():
    with socket.socket(socket.AF_UNIX) as s: s.connect(ABSTRACT); return "reached"
@attempt("a host's socket reached through a link")
def _():
    os.symlink(UNIX, os.path.join(CHANNEL, "door"))
    with socket.socket(socket.AF_UNIX) as s: s.connect(os.path.join(CHANNEL, "door"))
    return "reached"
@attempt("ptrace, io_uring, keyring, bpf, mount, unshare, setns")
def _():
    got = [call(n) for n in (101, 425, 250, 321, 165, 272, 308)]
    return "refused" if set(got) == {"refused"} else got
@attempt("a device made, a set-user-id file run")
def _():
    try: os.mknod("disk", 0o60600, os.makedev(8, 0)); return "reached"
    except OSError: pass
    import shutil; shutil.copy("/usr/bin/id", "id"); os.chmod("id", 0o6755)
    return "refused" if "uid=1000" in os.popen("./id").read() else "reached"
@attempt("what lies below the temporary file systems uncovered")
def _():
    return "refused" if {libc.umount2(p, 2) for p in (b"/tmp", b"/proc")} == {-1} else "reached"
@attempt("the clock, the host's name, the limits changed")
def _():
    import resource, time
    done = []
    for change in (lambda: time.clock_settime(0, 0), lambda: socket.sethostname("mine"),
                   lambda: resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))):
        try: change(); done.append(change)
        except (OSError, ValueError): pass
    return "reached" if done else "refused"
print(json.dumps(given))
"""

MISCHIEF = """
import builtins, gc, os, pty, random, socket, subprocess, sys, threading, time
import numpy as np, pandas as pd, pitfalls.checks._hold as hold
np.mean = lambda *args: "MARK"
pd.DataFrame.MARK = hold.MARK = builtins.MARK = "MARK"
hold.respond = lambda *args: b"MARK"
sys.modules["statistics"] = None
os.environ["MARK"] = "MARK"
random.seed(1); np.random.seed(1)
for folder in ("/tmp", "/dev/shm", "/tmp/notebook", CHANNEL, "/tmp/.matplotlib", "/dev/pts",
               "/tmp/.ipython/profile_default/startup", "/run/pitfalls", "/"):
    try:
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "MARK.py"), "w").write("MARK = 1")
    except OSError: pass
daemon = "import os, time; open('/tmp/MARK.pid', 'w'); time.sleep(1000)"
subprocess.Popen([sys.executable, "-c", daemon, "MARK"], start_new_session=True)
abstract = socket.socket(socket.AF_UNIX); abstract.bind(b"\\0MARK"); abstract.listen()
port = socket.create_server(("127.0.0.1", 4711))
ends = pty.openpty()
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory("MARK", create=True, size=4096)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
"""
LOOK = """
import builtins, gc, glob, json, os, socket, sys
import numpy as np, pandas as pd, pitfalls.checks._hold as hold
found = []
for name, thing in {"np": np.mean([1.0]) == "MARK", "pd": hasattr(pd.DataFrame, "MARK"),
                    "hold": hasattr(hold, "MARK"), "builtins": hasattr(builtins, "MARK"),
                    "modules": sys.modules.get("statistics", 1) is None,
                    "environment": "MARK" in os.environ, "startup": "MARK" in dir()}.items():
    if thing: found.append(name)
for folder in ("/tmp", "/dev/shm", "/dev/pts", "/run", "/"):
    for place, folders, names in os.walk(folder):
        if place.startswith(("/proc", "/usr", "/lib", "/root", "/sys")): folders.clear(); continue
        found += [os.path.join(place, name) for name in names if "MARK" in name]
for path in glob.glob("/proc/[0-9]*/cmdline"):
    words = open(path, "rb").read().split(b"\\0")
    if b"MARK" in words: found.append(path)
found += [line for line in open("/proc/net/unix") if "MARK" in line]
if socket.socket().connect_ex(("127.0.0.1", 4711)) == 0: found.append("port")
found += [n for n in os.listdir("/dev/pts") if n.isdigit()]
print(json.dumps(found))
"""


class TestHost:
    def test_out_of_reach(
        self,
        starter: WarmStart | None,
        table: Table,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Nothing of the host is read, written, signalled or reached."""
        monkeypatch.setenv("PITFALLS_TEST_SECRET", SECRET)
        course = tmp_path / "gradebook.db"
        course.write_text(SECRET)
        abstract = f"\0pitfalls-attack-{os.getpid()}"
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            for address in (abstract, str(tmp_path / "s")):
                listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                listener.bind(address)
                listener.listen()
            kernel = stack.enter_context(Kernel(Limits(), starter=starter))
            names = {
                "HOME": str(Path.home() / ".ssh"),
                "GRADER": os.getpid(),
                "COURSE": str(course),
                "PORT": server.getsockname(),
                "ABSTRACT": abstract,
                "UNIX": str(tmp_path / "s"),
                "CHANNEL": str(kernel.channel),
            }
            kernel.run("\n".join(f"{name} = {value!r}" for name, value in names.items()))
            run = kernel.run(HOST)
            assert "ok" == run.status, run
        assert SECRET == course.read_text()
        how = "warm" if starter else "cold"
        for attack, given in json.loads(run.outputs[-1].text).items():
            table.add(f"{attack} ({how})", "refused", given)


class TestOthers:
    def test_one_after_the_other(self, starter: WarmStart | None, table: Table) -> None:
        """Nothing that a notebook changes or leaves is there for the next one."""
        with Kernel(Limits(), starter=starter) as kernel:
            done = kernel.run(f"CHANNEL = {str(kernel.channel)!r}\n{MISCHIEF}")
            assert "ok" == done.status, done
            own = kernel.run(LOOK.replace("np.mean([1.0])", "np.mean()"))
            assert len(json.loads(own.outputs[-1].text)) > 12, own  # the look does find it
        with Kernel(Limits(), starter=starter) as kernel:
            found = json.loads(kernel.run(LOOK).outputs[-1].text)
        how = "warm" if starter else "cold"
        table.add(f"left for the next notebook ({how})", [], found)

    def test_side_by_side(self, starter: WarmStart | None, table: Table) -> None:
        """Two notebooks at work at once neither see, nor signal, nor reach each other."""
        with (
            Kernel(Limits(), starter=starter) as one,
            Kernel(Limits(), starter=starter) as other,
        ):
            one.run(f"CHANNEL = {str(one.channel)!r}\n{MISCHIEF}")
            source = f"""
import os
for pid in [-1, *range(2, 400)]:
    if str(pid) not in os.listdir("/proc/self/task"):
        try: os.kill(pid, 9)
        except OSError: pass
CHANNEL = {str(one.channel)!r}
reached = os.path.exists(CHANNEL)
"""
            other.run(source)
            found = json.loads(other.run(LOOK).outputs[-1].text)
            reached = other.run("print(reached)").outputs[-1].text
            alive = one.run("print(open('/proc/self/comm').read() != '', len(os.listdir('/tmp')))")
        how = "warm" if starter else "cold"
        given = [found, reached, alive.status]
        table.add(f"done to a notebook at the same time ({how})", [[], "False\n", "ok"], given)


class TestFiles:
    @pytest.mark.parametrize(
        ("attack", "content", "says"),
        [
            ("60 MB", b" " * (3 * MAX_NOTEBOOK_BYTES), "60 MB; at most 20 MB"),
            ("JSON nested 200,000 deep", b'{"cells":' + b"[" * 200_000, "not valid JSON"),
            ("empty", b"", "The file is empty"),
            ("no notebook", b"[1, 2]", "not a notebook of format 4"),
            ("another format", b'{"nbformat": 3, "worksheets": []}', "it says format 3"),
            ("cells without number", b'{"cells":[' + b"0," * 9_999 + b"0]}", "at most 2000"),
            ("a zip bomb's head", b"PK\3\4" + bytes(99), "not valid JSON"),
        ],
    )
    def test_refused(self, attack: str, content: bytes, says: str, table: Table) -> None:
        """What is no notebook is refused with one sentence, before anything runs."""
        with pytest.raises(SubmissionError) as refusal:
            rebuild(skeleton(), content)
        table.add(f"file: {attack}", [True, 1], [says in str(refusal.value), _lines(refusal)])

    def test_garbage_metadata(self, table: Table) -> None:
        """Metadata of any form are dropped; the text of the solution counts."""
        notebook = hand_in()
        garbage: list[Any] = [7, None, "x", [[]], {"nbgrader": 3}, {"nbgrader": {"grade_id": []}}]
        own = [{"cell_type": "code", "source": ["1\n", 2], "metadata": it} for it in garbage]
        notebook["cells"] += [*own, 3, None, {"cell_type": "raw"}, {"cell_type": ["code"]}]
        notebook["metadata"] = {"kernelspec": {"name": "../../evil", "argv": ["rm"]}}
        built = rebuild(skeleton(), json.dumps(notebook).encode())
        given = [built.metadata.kernelspec.name, built.cells[1].source == RIGHT["total"]]
        table.add("file: garbage metadata", ["python3", True], given)

    def test_symlinks(self, tmp_path: Path, table: Table) -> None:
        """Neither a link to another's notebook nor one below a linked folder is read."""
        other = tmp_path / "course" / "submitted" / "bob"
        other.mkdir(parents=True)
        (other / "pair.ipynb").write_text("{}")
        mine = other.with_name("ann")
        mine.symlink_to(other)
        (other / "link.ipynb").symlink_to("pair.ipynb")
        os.mkfifo(other / "pipe.ipynb")
        given = []
        for path in (mine / "pair.ipynb", other / "link.ipynb", other / "pipe.ipynb"):
            with pytest.raises(SubmissionError):
                given.append(read_regular(path, tmp_path / "course"))
        table.add("file: symlinks and pipes", [], given)

    @pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
    def test_path_traversal(self, name: str, table: Table) -> None:
        """No name of a file leads out of the work directory."""
        with pytest.raises(ValueError, match="must have a relative name"):
            Kernel(Limits(), files={name: b""})
        table.add(f"file: named {name}", "refused", "refused")


def _lines(refusal: pytest.ExceptionInfo[SubmissionError]) -> int:
    return len(str(refusal.value).splitlines())


def test_feedback(table: Table) -> None:
    """No output brings a script, and no Markdown does."""
    from pitfalls.grading._feedback import safe_markdown

    script = "<script>alert(1)</script>"
    kinds = ["text/html", "application/javascript", "image/svg+xml", "text/markdown", "text/latex"]
    data = dict.fromkeys(kinds, script) | {"text/plain": "kept", "image/png": script}
    output = {"output_type": "display_data", "data": data, "metadata": {"x": script}}
    shown = json.dumps(plain_outputs([output]))
    text = f"{script}\n\n<b onclick='x()'>b</b> <img src=x onerror=x()> [a](javascript:x()) $x<y$"
    page = _Page()
    page.feed(safe_markdown(text))
    given = [page.live, "<script" in shown, "kept" in shown]
    table.add("feedback: scripts in outputs and Markdown", [[], False, True], given)


class _Page(HTMLParser):
    """Finds what is alive in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.live += [tag] * (tag in ("script", "img", "iframe", "object", "embed", "form"))
        for name, value in attrs:
            self.live += [name] * (name.startswith("on") or "script:" in (value or ""))


def test_threads_of_a_worker(table: Table) -> None:
    """Two submissions graded at once in one worker keep their own scores."""
    wrong, right = hand_in(total="def total(x):\n    return 0.0"), hand_in(squares=RIGHT["squares"])
    given: dict[str, dict[str, float]] = {}

    def run(name: str, notebook: Notebook) -> None:
        given[name] = points(grade(notebook, student=name))

    threads = [threading.Thread(target=run, args=it) for it in (("ann", wrong), ("bob", right))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {
        "ann": {"total": 0.0, "squares": 0.0},
        "bob": {"total": 2.0, "squares": 3.0},
    }
    table.add("another's score taken", sorted(expected.items()), sorted(given.items()))
