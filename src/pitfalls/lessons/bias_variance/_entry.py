"""Compare one of several results, so that each earns its own points."""

from __future__ import annotations

from typing import Any

import numpy as np

from pitfalls.checks import Comparison, Mismatch, show

__all__ = ["entry"]


def entry(i: int, names: tuple[str, ...], inner: Comparison) -> Comparison:
    """Compare entry `i` of a tuple whose entries have these names, and leave the others alone."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        scalar = isinstance(got, np.ndarray) and got.ndim == 0
        if scalar or not isinstance(got, tuple | list | np.ndarray):
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            says = f"The result is {kind}; wanted a tuple ({', '.join(names)})."
            return Mismatch("type", says, show(got), f"({', '.join(names)})")
        if len(got) != len(names):
            says = f"There are {len(got)} results; wanted {len(names)}: {', '.join(names)}."
            return Mismatch("shape", says, show(got), f"({', '.join(names)})")
        found = inner(got[i], wanted[i])
        if found is None:
            return None
        return Mismatch(found.stage, f"{names[i]}: {found.says}", found.got, found.wanted)

    return compare
