"""The interviewer who will not help you: cases as data, a clock, moves, and a score."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._case import (
        CLOSE,
        KINDS,
        TOPICS,
        Ask,
        Case,
        CaseError,
        Close,
        Hidden,
        InterviewError,
        Move,
        Proposal,
        Rule,
        Ruling,
        Variant,
    )
    from ._draft import draft
    from ._plan import strong_plan
    from ._rubric import RUBRIC, Criterion, Level, rubric_markdown
    from ._score import DIMENSIONS, Dimension, Missed, Reason, Report, score, to_verdict
    from ._search import search
    from ._source import case_names, get_case, load_case
    from ._state import Choice, Event, Interview, Line, begin, draw
    from ._transcript import Transcript, case_changed, read_transcript, replay
    from ._validate import validate

__all__ = [
    "CLOSE",
    "DIMENSIONS",
    "KINDS",
    "RUBRIC",
    "TOPICS",
    "Ask",
    "Case",
    "CaseError",
    "Choice",
    "Close",
    "Criterion",
    "Dimension",
    "Event",
    "Hidden",
    "Interview",
    "InterviewError",
    "Level",
    "Line",
    "Missed",
    "Move",
    "Proposal",
    "Reason",
    "Report",
    "Rule",
    "Ruling",
    "Transcript",
    "Variant",
    "begin",
    "case_changed",
    "case_names",
    "draft",
    "draw",
    "get_case",
    "load_case",
    "read_transcript",
    "replay",
    "rubric_markdown",
    "score",
    "search",
    "strong_plan",
    "to_verdict",
    "validate",
]

_HOME = {
    "CLOSE": "_case",
    "DIMENSIONS": "_score",
    "KINDS": "_case",
    "RUBRIC": "_rubric",
    "TOPICS": "_case",
    "Ask": "_case",
    "Case": "_case",
    "CaseError": "_case",
    "Choice": "_state",
    "Close": "_case",
    "Criterion": "_rubric",
    "Dimension": "_score",
    "Event": "_state",
    "Hidden": "_case",
    "Interview": "_state",
    "InterviewError": "_case",
    "Level": "_rubric",
    "Line": "_state",
    "Missed": "_score",
    "Move": "_case",
    "Proposal": "_case",
    "Reason": "_score",
    "Report": "_score",
    "Rule": "_case",
    "Ruling": "_case",
    "Transcript": "_transcript",
    "Variant": "_case",
    "begin": "_state",
    "case_changed": "_transcript",
    "case_names": "_source",
    "draft": "_draft",
    "draw": "_state",
    "get_case": "_source",
    "load_case": "_source",
    "read_transcript": "_transcript",
    "replay": "_transcript",
    "rubric_markdown": "_rubric",
    "score": "_score",
    "search": "_search",
    "strong_plan": "_plan",
    "to_verdict": "_score",
    "validate": "_validate",
}


def __getattr__(name: str) -> Any:
    # a notebook that holds no interview must not pay for one
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
