"""The key of a question: what is right, what a partly right answer earns, and why.

Every rule maps an answer to a fraction of the question's points, between 0 and 1:

- single: all or nothing.
- multiple: the share of the right options that were ticked minus the share of the wrong options
  that were ticked, never below 0 (Youden's J). Ticking everything earns nothing.
- numeric: within the tolerance or not.
- order: of all pairs of steps, the share in the right order minus the share in the wrong order,
  never below 0 (Kendall's tau). An order that leans neither way earns nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from ._question import Answer, Question

__all__ = ["ChoiceKey", "Explanation", "Key", "Mistake", "NumericKey", "OrderKey"]


@dataclass(frozen=True)
class Explanation:
    """What is to be said of one option, value or step.

    Attributes
    ----------
    id : str
        The option's or the step's; "" for a value.
    text : str
        The option, value or numbered step itself.
    right : bool
        Whether it belongs to the right answer. For a step: whether it stood at its place.
    chosen : bool
        Whether it belongs to the answer that was given.
    note : str
        Right and chosen in words, or "".
    why : str
    """

    id: str
    text: str
    right: bool
    chosen: bool
    note: str
    why: str


@dataclass(frozen=True)
class ChoiceKey:
    """The key of a single or multiple choice: the right options, and why each is right or wrong."""

    right: tuple[str, ...]
    why: Mapping[str, str]

    def fraction(self, question: Question, answer: Answer) -> float:
        """The share of the points that the answer earns."""
        picks = set(_ids(answer))
        hits = len(picks.intersection(self.right))
        if question.kind == "single":
            return float(hits)
        false_alarms = len(picks) - hits
        wrong = len(question.options) - len(self.right)
        return max(0.0, (hits * wrong - false_alarms * len(self.right)) / (wrong * len(self.right)))

    def note(self, question: Question, answer: Answer) -> str:
        """How far a partly right answer got."""
        if question.kind == "single":
            return ""
        picks = set(_ids(answer))
        hits = len(picks.intersection(self.right))
        wrong = len(question.options) - len(self.right)
        return (
            f"{hits} of {len(self.right)} right options ticked, "
            f"{len(picks) - hits} of {wrong} wrong ones."
        )

    def explain(
        self, question: Question, answer: Answer | None, *, everything: bool = True
    ) -> tuple[Explanation, ...]:
        """The options and their reasons; only those chosen unless everything is asked for."""
        picks = () if answer is None else _ids(answer)
        notes = {
            (True, True): "right, and your choice",
            (True, False): "right, not your choice",
            (False, True): "wrong, and your choice",
            (False, False): "wrong",
        }
        return tuple(
            Explanation(
                option.id,
                option.text,
                option.id in self.right,
                option.id in picks,
                notes[option.id in self.right, option.id in picks],
                self.why[option.id],
            )
            for option in question.options
            if everything or option.id in picks
        )


@dataclass(frozen=True)
class Mistake:
    """A wrong number that people arrive at, and how."""

    value: float
    why: str


@dataclass(frozen=True)
class NumericKey:
    """The key of a numeric question.

    A number is right within ``max(absolute, relative * |answer|)`` of the answer.
    """

    answer: float
    absolute: float
    relative: float
    why: str
    mistakes: tuple[Mistake, ...] = ()

    def tolerance(self, value: float) -> float:
        """How far from a value still counts as this value."""
        return max(self.absolute, self.relative * abs(value))

    def near(self, given: float, value: float) -> bool:
        """Whether a number that was given counts as the value."""
        # the last bits of a decimal are no one's fault: 0.3 - 0.1 is within 0.2 of 0
        slack = 4 * math.ulp(max(abs(given), abs(value), self.tolerance(value)))
        return abs(given - value) <= self.tolerance(value) + slack

    def fraction(self, question: Question, answer: Answer) -> float:
        """1 within the tolerance, else 0."""
        return float(self.near(_number(answer), self.answer))

    def note(self, question: Question, answer: Answer) -> str:
        """Nothing: a number is right or wrong."""
        return ""

    def explain(
        self, question: Question, answer: Answer | None, *, everything: bool = True
    ) -> tuple[Explanation, ...]:
        """The answer and the wrong numbers that are known."""
        given = None if answer is None else _number(answer)
        right = given is not None and self.near(given, self.answer)
        mine = "right, and your answer" if right else "the answer"
        told = [Explanation("", _value(self.answer, question), True, right, mine, self.why)]
        for mistake in self.mistakes:
            hit = given is not None and self.near(given, mistake.value)
            note = "wrong, and your answer" if hit else "a common wrong answer"
            text = _value(mistake.value, question)
            told.append(Explanation("", text, False, hit, note, mistake.why))
        return tuple(item for item in told if everything or item.chosen)


@dataclass(frozen=True)
class OrderKey:
    """The key of an order: the steps' ids from first to last, and why each stands where it does."""

    order: tuple[str, ...]
    why: Mapping[str, str]

    def fraction(self, question: Question, answer: Answer) -> float:
        """Kendall's tau with the right order, never below 0."""
        pairs = math.comb(len(self.order), 2)
        return max(0.0, (pairs - 2 * self._inversions(_ids(answer))) / pairs)

    def note(self, question: Question, answer: Answer) -> str:
        """How many pairs of steps stand the wrong way round."""
        wrong = self._inversions(_ids(answer))
        pairs = math.comb(len(self.order), 2)
        return f"{wrong} of {pairs} pairs of steps {_stand(wrong)} the wrong way round."

    def explain(
        self, question: Question, answer: Answer | None, *, everything: bool = True
    ) -> tuple[Explanation, ...]:
        """The steps in the right order; none of them unless everything is asked for."""
        given = () if answer is None else _ids(answer)
        texts = {option.id: option.text for option in question.options}
        if not everything:
            return ()
        told = []
        for place, step in enumerate(self.order, 1):
            mine = given.index(step) + 1 if given else None
            note = "as you have it" if mine == place else f"you have it as step {mine}"
            told.append(
                Explanation(
                    step,
                    f"{place}. {texts[step]}",
                    mine == place,
                    mine == place,
                    note if mine else "",
                    self.why[step],
                )
            )
        return tuple(told)

    def _inversions(self, answer: tuple[str, ...]) -> int:
        places = [self.order.index(step) for step in answer]
        return sum(first > second for first, second in combinations(places, 2))


Key = ChoiceKey | NumericKey | OrderKey


def _ids(answer: Answer) -> tuple[str, ...]:
    if isinstance(answer, tuple):
        return answer
    raise TypeError(f"This question is answered by ids. Got {answer!r}.")


def _number(answer: Answer) -> float:
    if isinstance(answer, tuple):
        raise TypeError(f"This question is answered by a number. Got {answer!r}.")
    return answer


def _value(value: float, question: Question) -> str:
    return f"{value:.10g} {question.unit}".rstrip()


def _stand(count: int) -> str:
    return "stands" if count == 1 else "stand"
