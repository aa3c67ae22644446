"""The grader's end of the held answers: who waits, and what is sent to them."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from types import TracebackType

from pitfalls.checks import FrameError
from pitfalls.checks._codec import MAX_FRAME_BYTES
from pitfalls.checks._hold import receive, send

__all__ = ["HeldAnswers"]

_TOKEN_BYTES = 16
_GREETING_SECONDS = 2.0


class HeldAnswers:
    """Listens in the sandbox's channel directory for children that wait with an answer.

    The grader listens and the children connect, so that nothing which untrusted code lays into
    the directory (a link to a socket of the host, say) is ever connected to.

    Parameters
    ----------
    listener : socket
        Listens in the channel directory. It stays open.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.address = str(listener.getsockname())
        self._listener = listener
        self._waiting: dict[str, socket.socket] = {}

    def __enter__(self) -> HeldAnswers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._waiting.values():
            connection.close()

    def token(self) -> str:
        """A fresh name for one waiting child."""
        return secrets.token_hex(_TOKEN_BYTES)

    def source(self, token: str) -> str:
        """The code that makes the kernel fork a child which waits under `token`."""
        return (
            "__import__('pitfalls.checks._hold', fromlist=['hold'])"
            f".hold({self.address!r}, {token!r}, get_ipython().user_ns)"
        )

    def exchange(self, token: str, frame: bytes, seconds: float) -> bytes | str:
        """Send a request to the child that waits under `token`.

        Returns
        -------
        bytes or str
            The reply's frame, or one sentence that says why there is none.
        """
        deadline = time.monotonic() + seconds
        try:
            connection = self._accept(token, deadline)
            connection.settimeout(seconds)
            send(connection, frame)
            return receive(connection, MAX_FRAME_BYTES, deadline)
        except TimeoutError:
            return f"The answer took longer than {seconds:g} s."
        except FrameError as error:
            return f"The answer was too large ({error})."
        except (EOFError, OSError):
            return "The process that was to answer ended before it did."

    def let_go(self, token: str) -> None:
        """Let the child end that waits under `token`: it is asked no more."""
        if token in self._waiting:
            self._waiting.pop(token).close()

    def _accept(self, token: str, deadline: float) -> socket.socket:
        """Take connections until the one that says `token` is among them.

        A child connects before the cell that made it ends, so who has not connected never will.
        """
        while token not in self._waiting:
            self._listener.settimeout(0)
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                raise EOFError("nobody waits") from None
            with contextlib.suppress(OSError, EOFError, FrameError, UnicodeDecodeError):
                soon = min(deadline, time.monotonic() + _GREETING_SECONDS)
                name = receive(connection, 4 * _TOKEN_BYTES, soon).decode()
                self._waiting.setdefault(name, connection)
        return self._waiting[token]
