"""A held answer: the moment that it keeps, and what becomes of it where nothing can be kept."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

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


def test_keeps_the_moment(listener: socket.socket) -> None:
    """What is changed after the check does not reach the answer."""
    namespace = {"double": lambda x: 2 * x}
    hold(listener.getsockname(), "token", namespace)
    namespace["double"] = lambda x: 0
    with listener.accept()[0] as answer:
        assert b"token" == receive(answer, 100)

        def exchange(frame: bytes) -> bytes:
            send(answer, frame)
            return receive(answer, 10**6)

        (outcome,) = FramedAnswer(exchange).ask("double", [Case(4)]).outcomes
    assert 8 == outcome.value


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
