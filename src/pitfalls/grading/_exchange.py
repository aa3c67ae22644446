"""Collecting from nbgrader's exchange, with the server's own time of each submission."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from ._course import timestamp_text
from ._nbgrader import disarm

__all__ = ["ServerTimeCollect", "server_time"]


class ServerTimeCollect(ExchangeCollect):  # type: ignore[misc]
    """Collect as nbgrader does, for ``c.ExchangeFactory.collect``; but believe no student's clock.

    In the exchange, a submission's folder and the ``timestamp.txt`` in it belong to the student,
    who can write any time into both. What the student cannot choose is when the file system last
    saw the folder change: that is the time by which submissions are sorted, and the one that the
    collected ``timestamp.txt`` says.
    """

    def _path_to_record(self, path: str) -> dict[str, Any]:
        name = Path(path).name  # the user's name may hold a +; what follows does not
        when = server_time(Path(path))
        return {"username": name.rsplit("+", 3)[0], "filename": name, "timestamp": when}

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission's own files, none that a link leads to; write down when it came in.

        What cannot be copied (too large, not readable) is one line in the log, and stops nobody.
        """
        came_in = server_time(Path(src))
        with TemporaryDirectory(prefix="pitfalls-collect-") as folder:
            staged = Path(folder, "submission")
            try:
                shutil.copytree(src, staged, symlinks=True, ignore=_special)
                disarm(self.coursedir.assignment_id, "", [str(staged / "any.ipynb")])
                super().do_copy(str(staged), dest, log)
            except (OSError, RuntimeError) as error:  # nbgrader raises the latter over sizes
                self.log.error("%s is not collected: %s", Path(src).name, error)
                return
        Path(dest, "timestamp.txt").write_bytes(timestamp_text(came_in))


def _special(folder: str, names: list[str]) -> list[str]:
    """What is neither a file nor a folder, such as a pipe."""
    modes = {name: os.lstat(Path(folder, name)).st_mode for name in names}
    return [n for n, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))]


def server_time(folder: Path) -> datetime:
    """When a folder, or anything in it, last changed, by the clock of the file system.

    A file's modification time is its owner's to set; its change time (``st_ctime``) is not.

    Returns
    -------
    datetime
        In UTC, without a time zone, as nbgrader has it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     os.utime(folder, (0, 0))
    ...     server_time(Path(folder)).year > 1970
    True
    """
    paths = [folder]
    for place, folders, files in os.walk(folder):
        paths += [Path(place, name) for name in (*folders, *files)]
    latest = max(path.lstat().st_ctime for path in paths)
    return datetime.fromtimestamp(latest, UTC).replace(tzinfo=None)
