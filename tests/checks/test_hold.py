"""A held answer: the moment that it keeps, and what becomes of it where nothing can be kept."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pitfalls.checks import Case, FramedAnswer
from pitfalls.checks._hold import hold, receive, send


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """The grader's end."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        listening.settimeout(60)
        yield listening


def exchange_over(answer: socket.socket) -> Callable[[bytes], bytes]:
    """Ask and hear the reply."""

    def exchange(frame: bytes) -> bytes:
        send(answer, frame)
        return receive(answer, 10**6)

    return exchange


def test_keeps_the_moment(listener: socket.socket) -> None:
    """What is changed after the check does not reach the answer."""
    namespace = {"double": lambda x: 2 * x}
    hold(listener.getsockname(), "token", namespace)
    namespace["double"] = lambda x: 0
    with listener.accept()[0] as answer:
        assert b"token" == receive(answer, 100)
        (outcome,) = FramedAnswer(exchange_over(answer)).ask("double", [Case(4)]).outcomes
    assert 8 == outcome.value


def test_keeps_no_free_memory(listener: socket.socket) -> None:
    """What the notebook has let go before does not live on in the answer."""

    def megabytes() -> float:
        return float(psutil.Process().memory_info().rss / 2**20)

    before = megabytes()
    blocks = [bytearray(100_000) for _ in range(2000)]  # too small for mappings of their own
    del blocks[:-1]  # the last one keeps the heap from shrinking
    hold(listener.getsockname(), "token", {"megabytes": megabytes})
    with listener.accept()[0] as answer:
        assert b"token" == receive(answer, 100)
        (outcome,) = FramedAnswer(exchange_over(answer)).ask("megabytes", [Case()]).outcomes
    assert before + 100 > outcome.value


def test_where_no_second_process_can_be_had(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook hears of it, and no copy of its kernel runs on."""

    def refuse() -> int:
        raise OSError(errno.EAGAIN, "no process")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(OSError, match="no process can be had"):
        hold(listener.getsockname(), "token", {})
    with listener.accept()[0] as answer, pytest.raises(EOFError):
        receive(answer, 100)
