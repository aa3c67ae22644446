"""What a probe hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """What a probe found; true when it leaks.

    Attributes
    ----------
    probe : str
        The name of the probe.
    leaks : bool
    says : str
        What was done and what came of it, in one sentence.
    rows : tuple
        The rows that show it: their labels in a table, their positions in an array.
    columns : tuple
        The columns that show it: their names in a table, their positions in an array.
    amount : float
        How much; each probe says in which unit.

    Examples
    --------
    >>> bool(Finding("row_depends_on_batch", False, "Nothing changed."))
    False
    """

    probe: str
    leaks: bool
    says: str
    rows: tuple[Any, ...] = ()
    columns: tuple[Any, ...] = ()
    amount: float = 0.0

    def __bool__(self) -> bool:
        return self.leaks
