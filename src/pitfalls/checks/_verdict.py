"""What a check says of an answer, as data that can be shown, stored and sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ._render import to_html, to_text

__all__ = ["Evidence", "PartResult", "State", "Verdict"]

State = Literal["right", "wrong", "raised", "not_attempted", "no_verdict", "fault"]


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on: the call, what came, what was wanted (public cases only)."""

    on: str
    got: str
    wanted: str


@dataclass(frozen=True)
class PartResult:
    """One stated part of an exercise, with the points it earned."""

    title: str
    points: float
    max_points: float
    right: bool


@dataclass(frozen=True)
class Verdict:
    """The verdict on one exercise.

    Attributes
    ----------
    exercise : str
        The name of the function that was asked for.
    state : {"right", "wrong", "raised", "not_attempted", "no_verdict", "fault"}
        "raised": the answer ended in an exception. "no_verdict": the answer gave no reply (it was
        stopped at a limit, say). "fault": the check itself failed; it says nothing of the answer.
    points, max_points : float
    parts : tuple of PartResult
    message : str
        What came and what was wanted, in one or two sentences.
    pitfall, advice : str or None
        The name of the mistake that was recognised, and what to do about it.
    evidence : Evidence or None
    """

    exercise: str
    state: State
    points: float
    max_points: float
    parts: tuple[PartResult, ...] = ()
    message: str = ""
    pitfall: str | None = None
    advice: str = ""
    evidence: Evidence | None = field(default=None)

    @property
    def right(self) -> bool:
        """Whether the answer earned everything."""
        return self.state == "right"

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data."""
        return {**asdict(self), "parts": [asdict(part) for part in self.parts]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """The verdict that `to_dict` described.

        Examples
        --------
        >>> verdict = Verdict("rss", "right", 6, 6, (PartResult("value", 6, 6, True),))
        >>> Verdict.from_dict(verdict.to_dict()) == verdict
        True
        """
        parts = tuple(PartResult(**part) for part in data["parts"])
        evidence = Evidence(**data["evidence"]) if data["evidence"] else None
        return cls(**{**data, "parts": parts, "evidence": evidence})

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": to_html(self), "text/plain": to_text(self)}
