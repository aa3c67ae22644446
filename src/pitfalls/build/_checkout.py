"""Where the project's own tree lies, when the package runs from it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["checkout"]


def checkout() -> Path | None:
    """The root of the checkout that this package is part of, or None for an installed copy.

    Returns
    -------
    pathlib.Path or None
        The folder that holds ``autograder/exercises``.

    Examples
    --------
    >>> root = checkout()
    >>> root is None or (root / "autograder" / "exercises").is_dir()
    True
    """
    root = Path(__file__).resolve().parents[3]
    return root if (root / "autograder" / "exercises").is_dir() else None
