"""What one notebook may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What one notebook may use while it is graded.

    Parameters
    ----------
    cpu_seconds : float
        Processor time of the whole notebook, summed over its processes.
    wall_seconds : float
        Time on the clock from the kernel's first breath to its last.
    cell_seconds : float
        Time on the clock for one cell. A cell that is over is interrupted; what has not stopped
        one second later is killed.
    memory_bytes : int
        Memory of all processes together; a page that several processes share counts once.
        Files in the sandbox's temporary file systems count under `disk_bytes`.
    processes : int
        Processes and threads together (the kernel alone has about ten threads).
    file_bytes : int
        Size of one file.
    disk_bytes : int
        Size of the temporary file system that holds the work directory and ``/tmp``, and again
        of ``/dev/shm``; both live in memory.
    open_files : int
        File descriptors of one process.
    output_bytes : int
        Outputs that are kept, over the whole notebook.

    Examples
    --------
    >>> Limits(cell_seconds=20).cell_seconds
    20
    >>> Limits(processes=0)
    Traceback (most recent call last):
        ...
    ValueError: The 'processes' limit must be > 0. Got 0 instead.
    """

    cpu_seconds: float = 300
    wall_seconds: float = 600
    cell_seconds: float = 60
    memory_bytes: int = 2 * 2**30
    processes: int = 128
    file_bytes: int = 256 * 2**20
    disk_bytes: int = 512 * 2**20
    open_files: int = 512
    output_bytes: int = 8 * 2**20

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"The '{field.name}' limit must be > 0. Got {value!r} instead.")
