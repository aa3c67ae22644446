"""Widgets for notebooks: their state is kept in Python, their pictures are drawn in the browser."""

from ._interview import InterviewWidget, interview
from ._margin import MarginExplorer
from ._quiz import QuizWidget, quiz
from ._tradeoff import TradeoffExplorer

__all__ = [
    "InterviewWidget",
    "MarginExplorer",
    "QuizWidget",
    "TradeoffExplorer",
    "interview",
    "quiz",
]
