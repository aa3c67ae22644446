"""Perform the calls of a check beside the answer: in the learner's kernel or in the sandbox."""

from __future__ import annotations

import contextlib
import inspect
import io
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from time import process_time  # by itself: a Clock moves the one in the module
from typing import Any

import numpy as np

from ._codec import Clock, Named, NotPlainError, Recipe, Seeded, decode, encode
from ._made import ScriptedPredict, fitted

__all__ = ["made", "respond"]

_AGAIN = 2  # so often is a call made again that took long ...
_NO_STALL = 10  # ... but not that many times too long: then it is the call, not the machine
_LARGEST_WATCHED = 8 * 2**20  # bytes of arguments up to which a change of them is looked for


def respond(namespace: Mapping[str, Any], frame: bytes) -> bytes:
    """Perform one request against a namespace.

    Parameters
    ----------
    namespace : mapping
        Where the learner's names live.
    frame : bytes
        A request as `pitfalls.checks` writes it: ``{"name": ..., "calls": [...]}``.

    Returns
    -------
    bytes
        The reply's frame: whether the name is there, its parameters, one outcome a call.
    """
    request = decode(frame, max_bytes=2**33)
    name = request["name"]
    if name not in namespace:
        return encode({"defined": False})
    function = namespace[name]
    reply: dict[str, Any] = {"defined": True, "callable": callable(function)}
    if not callable(function):
        return encode({**reply, "type": type(function).__name__})
    reply["parameters"] = _parameters(function)
    outcomes = []
    for call in request["calls"]:
        outcomes.append(_perform(namespace, function, call))
        if outcomes[-1]["status"] == "not_attempted":
            break
    return encode({**reply, "outcomes": outcomes})


def _parameters(function: Any) -> list[list[Any]] | None:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, p.default is not p.empty] for p in found]


def _perform(namespace: Mapping[str, Any], function: Any, call: dict[str, Any]) -> dict[str, Any]:
    args = [_resolve(namespace, argument) for argument in call["args"]]
    steps = [(method, [_resolve(namespace, a) for a in given]) for method, given in call["then"]]
    before = _snapshot(call["args"])
    states = {i: _state(a) for i, a in enumerate(args) if isinstance(a, np.random.Generator)}
    outcome: dict[str, Any] = {}
    with _quiet(), _memory(call["memory"], outcome):
        started = process_time()
        try:
            with _scripted(args, function):
                value = function(*args)
            outcome["value"] = _chain(value, steps) if steps else value
        except NotImplementedError:
            return {"status": "not_attempted"}
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an answer may raise anything
            return {"status": "raised", "error": _describe(error)}
        outcome["seconds"] = process_time() - started
        undrawn = [i for i, state in states.items() if state == _state(args[i])]
        most = call["most_seconds"]
        if most is not None:
            outcome["seconds"] = _shortest(lambda: function(*args), outcome["seconds"], most)
    try:
        encode(outcome["value"])
    except NotPlainError as error:
        return {"status": "not_plain", "type": str(error)}
    changed = [i for i, old in before.items() if old != _frame_of(args[i])]
    return {"status": "returned", "changed": changed, "undrawn": undrawn, **outcome}


def _shortest(again: Callable[[], Any], seconds: float, most: float) -> float:
    """The shortest time of a call that has taken so long, when it may take at most so long."""
    for _ in range(_AGAIN):
        if not most < seconds < _NO_STALL * most:
            break
        started = process_time()
        with contextlib.suppress(Exception):
            again()
            seconds = min(seconds, process_time() - started)
    return seconds


def _chain(value: Any, steps: list[tuple[str, list[Any]]]) -> list[Any]:
    """Call one method after the other; a step that returns an object goes on with that object."""
    results = []
    for method, args in steps:
        result = getattr(value, method)(*args)
        try:
            encode(result)
            results.append(result)
        except NotPlainError:
            results.append(None)
            value = result
    return results


def _resolve(namespace: Mapping[str, Any], argument: Any) -> Any:
    if isinstance(argument, Named):
        return namespace[argument.name]
    return made(argument)


def made(argument: Any) -> Any:
    """What a marker that needs no namespace stands for, made fresh; anything else as it is."""
    if isinstance(argument, Seeded):
        return np.random.default_rng(argument.seed)
    if isinstance(argument, Recipe):
        return fitted(argument)
    if isinstance(argument, Clock):
        return ScriptedPredict(argument)
    return argument


@contextlib.contextmanager
def _scripted(args: list[Any], function: Any) -> Any:
    """Let the scripted clocks among the arguments rule while the function runs."""
    with contextlib.ExitStack() as stack:
        for argument in args:
            if isinstance(argument, ScriptedPredict):
                stack.enter_context(argument.ruling(getattr(function, "__globals__", {})))
        yield


def _snapshot(args: list[Any]) -> dict[int, bytes]:
    markers = (Seeded, Named, Recipe, Clock)
    frames = {i: _frame_of(a) for i, a in enumerate(args) if not isinstance(a, markers)}
    return frames if sum(map(len, frames.values())) <= _LARGEST_WATCHED else {}


def _state(rng: np.random.Generator) -> tuple[Any, int]:
    """Where a generator stands; spawning another one from it counts as a draw."""
    source = rng.bit_generator
    return source.state, getattr(source.seed_seq, "n_children_spawned", 0)


def _frame_of(argument: Any) -> bytes:
    try:
        return encode(argument)
    except NotPlainError:
        return b""


def _describe(error: BaseException) -> dict[str, Any]:
    """Type, message and the innermost line of the learner's own code."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "ipykernel_" in file or "<ipython-input" in file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return {"type": type(error).__name__, "message": str(error)[:500], "line": line}


@contextlib.contextmanager
def _quiet() -> Any:
    """What an answer prints or warns has no say in its verdict."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _memory(wanted: bool, outcome: dict[str, Any]) -> Any:
    """Record the peak of newly allocated bytes (NumPy reports its arrays to tracemalloc)."""
    if not wanted:
        yield
        return
    tracemalloc.start()
    try:
        yield
        outcome["peak_bytes"] = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
