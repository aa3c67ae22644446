"""The real data that the lessons stand on, loaded by name."""

from ._folder import names, tables
from ._load import describe, load

__all__ = ["describe", "load", "names", "tables"]
