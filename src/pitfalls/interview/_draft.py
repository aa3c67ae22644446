"""A design document, begun from what was said in the interview."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._case import KINDS, TOPICS, Ask, Proposal
from ._state import Event, Interview

__all__ = ["draft"]

_TODO = "*To do:*"


def draft(interview: Interview) -> str:
    """Draft a design document in Markdown, for the candidate to finish.

    What was heard is filled in, what was not asked is an open question, and what was turned down
    stands among the alternatives.

    Examples
    --------
    >>> from pitfalls.interview import begin, get_case
    >>> text = draft(begin(get_case("video"), 1).make("ask_objective"))
    >>> text.splitlines()[0]
    '# Design: Video recommendations'
    """
    return "\n".join(_lines(interview)).rstrip() + "\n"


def _lines(interview: Interview) -> Iterator[str]:
    case = interview.case
    yield f"# Design: {case.title}"
    yield ""
    yield f"{_TODO} the decision in two sentences: what is built first, and what would stop it."
    yield ""
    yield from _section("1. Request", [f"> {case.opening}"])
    yield from _facts(
        interview,
        "2. Objective and metrics",
        ("objective", "users", "metrics"),
        "one offline metric, one online metric, and a guardrail with its limit.",
    )
    yield from _facts(
        interview,
        "3. Constraints",
        ("scale", "latency", "traffic", "budget", "privacy", "law", "team"),
        "for each constraint, the choice below that it forces.",
    )
    yield from _facts(
        interview,
        "4. Data and labels",
        ("data", "history", "labels"),
        "the training table row by row: when is each column known, how does the split follow time?",
    )
    kinds = {
        "5. Baseline": (("heuristic", "baseline"), "by how much must a larger model beat this?"),
        "6. Model": (
            ("features", "negatives", "model"),
            "the loss, and the one result offline that would send you back.",
        ),
        "7. Serving": (
            ("serving",),
            "the path of a request with the milliseconds of each step, and the fallback.",
        ),
        "8. Monitoring": (("monitoring",), "what is watched, at which value someone is called."),
        "9. Experiment and rollout": (
            ("experiment",),
            "unit, sample size, length; what you do when it is better, worse, undecided.",
        ),
    }
    for title, (among, todo) in kinds.items():
        yield from _section(title, [*_proposed(interview, among), f"{_TODO} {todo}"])
    yield from _section("10. Alternatives considered", [*_turned_down(interview)])
    yield from _section("11. Open questions", [*_open(interview)])
    yield from _section(
        "12. Risks",
        [f"{_TODO} three ways in which this fails, the likeliest first, and how you would notice."],
    )


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    """A heading and its lines; bullets stand together, everything else apart."""
    yield f"## {title}"
    yield ""
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        yield line
        if not (_is_listed(line) and _is_listed(after)):
            yield ""


def _is_listed(line: str) -> bool:
    return line.startswith(("- ", "  "))


def _facts(interview: Interview, title: str, topics: tuple[str, ...], todo: str) -> Iterator[str]:
    lines = []
    for event in interview.events:
        move = event.move
        if isinstance(move, Ask) and event.outcome == "answered" and move.about in topics:
            lines.append(f"- {TOPICS[move.about]}: {interview.fact(move)}")
    if not lines:
        lines = ["Nothing was asked about this; see the open questions."]
    yield from _section(title, [*lines, f"{_TODO} {todo}"])


def _proposed(interview: Interview, kinds: tuple[str, ...]) -> Iterator[str]:
    """What stands of each kind: the last proposal that fits at least in part."""
    for kind in kinds:
        if kind not in interview.case.kinds:
            continue
        standing = [
            event
            for event in interview.events
            if event.move.about == kind and event.outcome in ("right", "partly")
        ]
        if not standing:
            yield f"- {KINDS[kind]}: open."
            continue
        event = standing[-1]
        yield f"- {KINDS[kind]}: {event.move.line}"
        for hidden in event.unasked:
            yield f"  *Assumed, not asked:* {interview.case.hidden[hidden].title}."


def _turned_down(interview: Interview) -> Iterator[str]:
    seen: dict[str, Event] = {}
    for event in interview.events:
        if isinstance(event.move, Proposal) and event.outcome in ("wrong", "premature"):
            seen[event.move.id] = event
        elif event.outcome in ("right", "partly"):
            seen.pop(event.move.id, None)
    for event in seen.values():
        yield f"- {event.move.title}. The objection: “{event.says}”"
    yield f"{_TODO} two alternatives that you turn down, and what would bring each of them back."


def _open(interview: Interview) -> Iterator[str]:
    asked = {event.move.id for event in interview.events if event.outcome == "answered"}
    missing = [ask for ask in interview.case.asks if ask.weight and ask.id not in asked]
    for ask in missing:
        yield f"- {TOPICS[ask.about]}: {ask.title}"
    if not missing:
        yield "Every question that mattered was asked."
    yield f"{_TODO} who answers each of them, and what you assume until then."
