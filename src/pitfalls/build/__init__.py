"""From one percent text to an nbgrader source notebook, and from there to what learners open."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._build import Changes, build
    from ._checkout import checkout
    from ._course import write_source
    from ._expand import expand
    from ._notebook import dumps
    from ._release import release
    from ._solution import solution_source
    from ._source import SourceError

__all__ = [
    "Changes",
    "SourceError",
    "build",
    "checkout",
    "dumps",
    "expand",
    "release",
    "solution_source",
    "write_source",
]

_HOME = {
    "Changes": "_build",
    "SourceError": "_source",
    "build": "_build",
    "checkout": "_checkout",
    "dumps": "_notebook",
    "expand": "_expand",
    "release": "_release",
    "solution_source": "_solution",
    "write_source": "_course",
}


def __getattr__(name: str) -> Any:
    # nbformat and jupytext take seconds to import; a kernel that wants one solution needs neither
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
