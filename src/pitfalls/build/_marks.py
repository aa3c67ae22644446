"""What the sources are written with, for the modules that read them."""

import re

__all__ = ["SOLUTION_MARK"]

SOLUTION_MARK = re.compile(r"\b(BEGIN|END) SOLUTION\b")
