"""What the finished design document is graded by: criteria, and what each level looks like."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RUBRIC", "Criterion", "Level", "rubric_markdown"]


@dataclass(frozen=True)
class Level:
    """What a document of this level does."""

    points: int
    title: str
    text: str


@dataclass(frozen=True)
class Criterion:
    """What is looked at, and its levels, the best first."""

    id: str
    title: str
    question: str
    levels: tuple[Level, ...]

    @property
    def points(self) -> int:
        """What a full score is."""
        return max(level.points for level in self.levels)


def _criterion(id: str, title: str, question: str, strong: str, fair: str, weak: str) -> Criterion:
    levels = (
        Level(4, "strong", strong),
        Level(2, "fair", fair),
        Level(0, "missing", weak),
    )
    return Criterion(id, title, question, levels)


RUBRIC: tuple[Criterion, ...] = (
    _criterion(
        "objective",
        "Objective and metrics",
        "Would two readers agree on whether the system succeeded?",
        "One business objective, one offline metric and one online metric that follow from it, and "
        "a guardrail with the value at which the launch stops.",
        "An objective and metrics, but no word on how they could disagree, or no guardrail value.",
        "A metric without an objective, or only “accuracy”.",
    ),
    _criterion(
        "constraints",
        "Constraints",
        "Does every number that shapes the design stand there with its source?",
        "Each constraint heard is stated with its number, and each choice points to the constraint "
        "that forced it. What is unknown is an open question with a way to settle it.",
        "Constraints are listed, but the design would read the same without them.",
        "Constraints are left out or made up.",
    ),
    _criterion(
        "baseline",
        "Baseline",
        "What must the model beat, and by how much?",
        "A heuristic and a simple model with an expected cost, and the margin below which the "
        "larger model is not built.",
        "A baseline is named, but nothing is said on when it would be good enough.",
        "The design begins with the largest model.",
    ),
    _criterion(
        "data",
        "Data and labels",
        "Could a colleague build the training table from this text?",
        "Where examples and labels come from, when each is known, how the split follows time, what "
        "is sampled, and one leak that was looked for.",
        "Sources and labels are named; their delays or biases are not.",
        "“We use the logs.”",
    ),
    _criterion(
        "model",
        "Model and alternatives",
        "Why this one, and why not its neighbours?",
        "The chosen model answers to the constraints; two alternatives are turned down with the "
        "reason and the observation that would bring them back.",
        "The model is described well; alternatives are missing or straw men.",
        "A model is named without a reason.",
    ),
    _criterion(
        "production",
        "Serving and monitoring",
        "What happens at three in the morning?",
        "The path of a request with a time budget per step, a fallback, what is watched given when "
        "labels come, who is woken at which value, and how to roll back.",
        "Serving and monitoring are described without numbers or without a fallback.",
        "The design ends with the trained model.",
    ),
    _criterion(
        "experiment",
        "Experiment and decision",
        "Which result would make us not ship?",
        "Unit of randomisation, length from a sample size, primary metric, guardrails, and the "
        "decision for each of better, worse and undecided, set down beforehand.",
        "An experiment with a metric, but no sample size or no rule for the undecided case.",
        "“We run an A/B test.”",
    ),
    _criterion(
        "clarity",
        "Clarity",
        "Can a reader who was not in the room decide on it in ten minutes?",
        "Short; the decision first; facts, assumptions and open questions are told apart.",
        "Complete, but the reader must look for the decision.",
        "Notes rather than a document.",
    ),
)


def rubric_markdown(criteria: tuple[Criterion, ...] = RUBRIC) -> str:
    """The rubric as a Markdown table.

    Examples
    --------
    >>> rubric_markdown().splitlines()[0]
    '| Criterion | 4: strong | 2: fair | 0: missing |'
    """
    levels = criteria[0].levels
    head = ["Criterion", *(f"{level.points}: {level.title}" for level in levels)]
    rows = [head, ["---"] * len(head)]
    for criterion in criteria:
        texts = (level.text for level in criterion.levels)
        rows.append([f"**{criterion.title}.** {criterion.question}", *texts])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
