"""The real data that the lessons stand on, loaded by name."""

from ._cases import EIGHT_CASES, Facts
from ._folder import names, tables
from ._load import describe, load
from ._metric_cases import METRIC_CASES

__all__ = ["EIGHT_CASES", "METRIC_CASES", "Facts", "describe", "load", "names", "tables"]
