"""The real data that the lessons stand on, loaded by name."""

from ._cases import EIGHT_CASES, Facts
from ._folder import names, tables
from ._load import describe, load

__all__ = ["EIGHT_CASES", "Facts", "describe", "load", "names", "tables"]
