"""Checks that know the pitfalls: exercises, answers, comparisons and verdicts."""

from ._answer import Answer, Case, FramedAnswer, LocalAnswer, Outcome, Reply, Step
from ._codec import Clock, FrameError, Named, NotPlainError, Recipe, Seeded, decode, encode
from ._compare import (
    Comparison,
    Mismatch,
    MismatchError,
    close,
    equal,
    numeric_array,
    show,
    table,
    unordered,
)
from ._exercise import Exercise, Lesson, Part, Pitfall
from ._render import to_html, to_text
from ._respond import respond
from ._run import Check, run_check
from ._undrawn import from_elsewhere, nothing_drawn
from ._verdict import Evidence, PartResult, State, Verdict

__all__ = [
    "Answer",
    "Case",
    "Check",
    "Clock",
    "Comparison",
    "Evidence",
    "Exercise",
    "FrameError",
    "FramedAnswer",
    "Lesson",
    "LocalAnswer",
    "Mismatch",
    "MismatchError",
    "Named",
    "NotPlainError",
    "Outcome",
    "Part",
    "PartResult",
    "Pitfall",
    "Recipe",
    "Reply",
    "Seeded",
    "State",
    "Step",
    "Verdict",
    "close",
    "decode",
    "encode",
    "equal",
    "from_elsewhere",
    "nothing_drawn",
    "numeric_array",
    "respond",
    "run_check",
    "show",
    "table",
    "to_html",
    "to_text",
    "unordered",
]
