"""An answer: something that a check can ask for plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ._codec import FrameError, decode, encode
from ._respond import respond

__all__ = ["Answer", "Case", "FramedAnswer", "LocalAnswer", "Outcome", "Reply", "Step"]

Status = Literal["returned", "raised", "not_plain", "not_attempted", "no_reply"]


class Step:
    """A method to call on what the learner's function returned, with its positional arguments.

    Examples
    --------
    >>> Step("predict", [[1.0]])
    Step('predict', [[1.0]])
    """

    def __init__(self, method: str, *args: Any) -> None:
        self.method = method
        self.args = args

    def __repr__(self) -> str:
        return f"Step({', '.join(map(repr, (self.method, *self.args)))})"


class Case:
    """One call of the learner's function.

    Parameters
    ----------
    *args : plain data, Seeded or Named
        The positional arguments.
    label : str
        What is particular about the case, in words that a learner may read.
    then : sequence of Step
        Methods called on the result, in order; the outcome's value is the list of what they
        return. A step that returns an object (``fit`` returning self, say) counts as None, and
        the following steps are called on that object.
    memory : bool
        Whether to record the peak of newly allocated memory, in bytes.
    most_seconds : float, optional
        A call that took more processor time (up to ten times as much) is made again, at most
        twice, and the shortest time counts: when a machine stands still, its clocks run on.

    Examples
    --------
    >>> case = Case([1.0, 2.0], 0.5, label="two numbers")
    >>> case.args, case.label
    (([1.0, 2.0], 0.5), 'two numbers')
    """

    def __init__(
        self,
        *args: Any,
        label: str = "",
        then: Sequence[Step] = (),
        memory: bool = False,
        most_seconds: float | None = None,
    ) -> None:
        self.args = args
        self.label = label
        self.then = tuple(then)
        self.memory = memory
        self.most_seconds = most_seconds

    def request(self) -> dict[str, Any]:
        """The call as plain data."""
        steps = [[step.method, list(step.args)] for step in self.then]
        watched = {"memory": self.memory, "most_seconds": self.most_seconds}
        return {"args": list(self.args), "then": steps, **watched}

    def __repr__(self) -> str:
        return f"Case({self.label!r})" if self.label else f"Case{self.args!r}"


@dataclass(frozen=True)
class Outcome:
    """What one call came to.

    Attributes
    ----------
    status : {"returned", "raised", "not_plain", "not_attempted", "no_reply"}
    value : plain data
        What was returned (for a case with steps: the list of what they returned).
    error, message : str
        The type of an exception, or of a result that is not plain data; and what it said.
    line : int or None
        Where in the learner's cell an exception came from.
    changed : tuple of int
        Positions of the arguments that the call changed in place.
    undrawn : tuple of int
        Positions of the generators (`Seeded`) that the call left as they came.
    seconds : float
        Processor time of the call: what else the machine does has no say in a verdict. The
        shortest, if the call was made more than once.
    peak_bytes : int or None
    """

    status: Status
    value: Any = None
    error: str = ""
    message: str = ""
    line: int | None = None
    changed: tuple[int, ...] = ()
    undrawn: tuple[int, ...] = ()
    seconds: float = 0.0
    peak_bytes: int | None = None


@dataclass(frozen=True)
class Reply:
    """What an answer says of one name: is it there, callable, with which parameters; outcomes."""

    defined: bool
    callable: bool = False
    type: str = ""
    parameters: tuple[tuple[str, str, bool], ...] | None = None
    outcomes: tuple[Outcome, ...] = ()


class Answer(Protocol):
    """Whatever can perform calls of a named function and hand over plain data."""

    def ask(self, name: str, cases: Sequence[Case]) -> Reply:
        """Perform the cases in order and return one outcome each."""
        ...  # pragma: no cover


class FramedAnswer:
    """An answer behind a boundary that carries frames of bytes.

    Parameters
    ----------
    exchange : callable
        Carries a request's frame across and brings the reply's frame back. A str in place of
        bytes says, in one sentence, why there is no reply.
    """

    def __init__(self, exchange: Callable[[bytes], bytes | str]) -> None:
        self._exchange = exchange

    def ask(self, name: str, cases: Sequence[Case]) -> Reply:
        """Perform the cases across the boundary; what comes back is believed in nothing."""
        request = encode({"name": name, "calls": [case.request() for case in cases]})
        frame = self._exchange(request)
        if isinstance(frame, str):
            return _no_reply(frame, len(cases))
        try:
            return _reply(decode(frame), len(cases))
        except (FrameError, LookupError, TypeError, ValueError):
            return _no_reply("What came back was not in the form of an answer.", len(cases))


class LocalAnswer(FramedAnswer):
    """An answer in this process: the learner's namespace.

    Everything still passes through frames, so that a check meets the same plain data here as
    when it grades from outside.

    Examples
    --------
    >>> LocalAnswer({"double": lambda x: 2 * x}).ask("double", [Case(4)]).outcomes[0].value
    8
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        super().__init__(lambda frame: respond(namespace, frame))


def _no_reply(reason: str, count: int) -> Reply:
    outcomes = (Outcome("no_reply", message=reason),) * count
    return Reply(defined=True, callable=True, outcomes=outcomes)


def _reply(data: dict[str, Any], count: int) -> Reply:
    if data["defined"] is not True:
        return Reply(defined=False)
    if data["callable"] is not True:
        return Reply(defined=True, type=_word(data["type"]))
    parameters = data["parameters"]
    if parameters is not None:
        parameters = tuple((_word(n), _word(k), default is True) for n, k, default in parameters)
    outcomes = tuple(_outcome(outcome) for outcome in data["outcomes"])
    if outcomes and outcomes[-1].status == "not_attempted":
        outcomes += (outcomes[-1],) * (count - len(outcomes))
    if len(outcomes) != count:
        raise ValueError("a reply with a wrong count of outcomes")
    return Reply(defined=True, callable=True, parameters=parameters, outcomes=outcomes)


def _outcome(data: dict[str, Any]) -> Outcome:
    status = data["status"]
    if status == "returned":
        peak = data.get("peak_bytes")
        return Outcome(
            "returned",
            value=data["value"],
            changed=tuple(int(i) for i in data["changed"]),
            undrawn=tuple(int(i) for i in data["undrawn"]),
            seconds=float(data["seconds"]),
            peak_bytes=None if peak is None else int(peak),
        )
    if status == "raised":
        error = data["error"]
        line = error["line"]
        return Outcome(
            "raised",
            error=_word(error["type"]),
            message=str(error["message"])[:500],
            line=line if isinstance(line, int) else None,
        )
    if status == "not_plain":
        return Outcome("not_plain", error=_word(data["type"]))
    if status == "not_attempted":
        return Outcome("not_attempted")
    raise ValueError("an outcome of an unknown status")


def _word(value: Any) -> str:
    """A short piece of text fit for a message, whatever came."""
    text = "".join(c for c in str(value)[:60] if c.isalnum() or c in " _.,[]()")
    return text or "unnamed"
