"""An orphan: whose child it is, what it inherits, and that it is forked whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

import psutil
import pytest

from pitfalls.checks import _orphan
from pitfalls.checks._orphan import fork_orphan

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
NOTHING = lambda: None  # noqa: E731 - what the process in between has to do


@pytest.fixture(params=["borrowing", "copying"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to an orphan hold what is asked of one."""
    if request.param == "copying":
        monkeypatch.setattr(_orphan, "_borrowing", _orphan._copying)
    elif sys.platform != "linux":
        pytest.fail("only Linux lends memory: deselect these tests elsewhere")
    return str(request.param)


def heard(say: Callable[[], str]) -> str:
    """What an orphan says before it ends."""
    out, end = os.pipe()

    def orphan() -> NoReturn:
        os.write(end, say().encode())
        os._exit(0)

    with open(out) as reader:
        with open(end, "wb"):
            fork_orphan(NOTHING, orphan)
        return reader.read()


def test_it_is_nobodys_child() -> None:
    """Neither its number nor its parent's is this process's, which has no further child."""
    before = psutil.Process().children()
    pid, parent = heard(lambda: f"{os.getpid()} {os.getppid()}").split()
    assert os.getpid() not in (int(pid), int(parent))
    assert before == psutil.Process().children()


def test_it_is_the_main_thread_and_has_room_to_recurse() -> None:
    """It runs on a stack of its own: as deep as the interpreter lets anybody go."""

    def deep(n: int) -> int:
        return max(map(deep, [n - 1])) + 1 if n else 0  # through C, back into Python

    main = threading.main_thread
    assert "True 400" == heard(lambda: f"{threading.current_thread() is main()} {deep(400)}")


def test_an_orphan_may_have_orphans() -> None:
    """Each stands on a stack of its own."""

    def family(count: int) -> str:
        return f"{count} {heard(lambda: family(count - 1))} {count}" if count else "0"

    assert "3 2 1 0 1 2 3" == heard(lambda: family(3))


def test_its_memory_is_its_own() -> None:
    """What it changes reaches nobody."""
    kept = ["as it was"]

    def change() -> str:
        kept[0] = "changed"
        return kept[0]

    assert "changed" == heard(change)
    assert ["as it was"] == kept


def test_while_other_threads_work() -> None:
    """Forty of them, each of which allocates, while four threads allocate too."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            [bytearray(10_000) for _ in range(100)]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for count in range(40):
            made = heard(lambda: str(len([bytearray(50_000) for _ in range(count)])))  # noqa: B023
            assert str(count) == made
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_what_goes_wrong_is_told(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no process, or it could not be prepared, no copy of this one runs on."""
    here = os.getpid()

    def fail() -> None:
        raise RuntimeError

    def unreachable() -> NoReturn:
        raise AssertionError

    with pytest.raises(OSError, match="no process can be had"):
        fork_orphan(fail, unreachable)
    fork, forks = os.fork, []

    def scarce() -> int:
        if len(forks) == (1 if way == "copying" else 0):
            raise OSError(errno.EAGAIN, "no process")
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", scarce)
    with pytest.raises(OSError, match="no process can be had"):
        fork_orphan(NOTHING, unreachable)
    assert here == os.getpid()
