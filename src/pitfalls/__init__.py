"""Pitfalls: every exercise knows its pitfalls."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import progress

if TYPE_CHECKING:
    from .data import load
    from .notebook import check, hint, lesson, progress, solution  # type: ignore[no-redef]

    __version__: str

__all__ = ["__version__", "check", "hint", "lesson", "load", "progress", "solution"]

# The import above binds the subpackage once and for all; from here on the name is the function's.
del progress

_HOME = {
    "check": "notebook",
    "hint": "notebook",
    "lesson": "notebook",
    "load": "data",
    "progress": "notebook",
    "solution": "notebook",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pitfalls")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
