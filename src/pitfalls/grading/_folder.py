"""Private folders on the host: held while their process lives, swept when it was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

__all__ = ["private_folder"]

_STALE_SECONDS = 3600.0
_PREFIX = "pitfalls-kernel-"
_ENTRIES = {"c", "r", "s", "t", "w"}  # all that such a folder may hold


def private_folder(stack: contextlib.ExitStack) -> Path:
    """Make a private folder with a short name, held by a lock as long as this process lives."""
    place = "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()
    _sweep(Path(place))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    lock = os.open(folder, os.O_RDONLY)
    stack.callback(os.close, lock)
    fcntl.flock(lock, fcntl.LOCK_SH)
    folder.chmod(0o711)  # the sandbox's user passes through; what lies inside is closed to it
    return folder


def _sweep(place: Path) -> None:
    """Remove the folders of graders that were killed."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            about = folder.lstat()
            if about.st_uid != os.geteuid() or time.time() - about.st_mtime < _STALE_SECONDS:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if set(os.listdir(lock)) <= _ENTRIES:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
