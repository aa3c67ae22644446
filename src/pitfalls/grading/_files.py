"""Read what was handed in without following it anywhere; write files whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ._rebuild import MAX_NOTEBOOK_BYTES, SubmissionError

__all__ = ["read_regular", "write_atomic"]


def read_regular(path: Path, root: Path, *, max_bytes: int = MAX_NOTEBOOK_BYTES) -> bytes:
    """The bytes of a regular file that lies where its path says.

    Parameters
    ----------
    path : Path
        The file, below `root`.
    root : Path
        A directory that is trusted; no part of the way from there to the file may be a link.
    max_bytes : int
        One byte more than this is read at most, so that the reader's own limit still speaks.

    Raises
    ------
    SubmissionError
        For a link, a pipe, a device, a directory, or a file that may not be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "link").symlink_to("/etc/passwd")
    ...     read_regular(Path(folder, "link"), Path(folder))
    Traceback (most recent call last):
    pitfalls.grading._rebuild.SubmissionError: link is a symbolic link; hand in the file itself.
    """
    way = path.relative_to(root)
    for part in (root.joinpath(*way.parts[: i + 1]) for i in range(len(way.parts))):
        if part.is_symlink():
            raise SubmissionError(f"{part.name} is a symbolic link; hand in the file itself.")
    try:
        # a pipe would block an ordinary open, and a link laid in between is refused
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error.strerror}.") from None
    with os.fdopen(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise SubmissionError(f"{path.name} is not a regular file; hand in the notebook.")
        return stream.read(max_bytes + 1)


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all: beside it first, then over it in one step."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(beside, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
