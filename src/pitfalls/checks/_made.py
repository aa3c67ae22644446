"""What the markers `Recipe` and `Clock` stand for; made beside the answer only."""

from __future__ import annotations

import contextlib
import threading
import time
import timeit
from collections.abc import Callable, Iterator
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from ._codec import Clock, Recipe

__all__ = ["ScriptedPredict", "fitted"]

_MONOTONIC = ("perf_counter", "monotonic")
_OWN = "pitfalls.probes"  # of our own package: it is there wherever an answer is
_CPU = ("process_time", "thread_time")
_TIMED = (timeit.timeit, timeit.repeat, timeit.Timer.__init__)  # each holds a clock as a default


def fitted(recipe: Recipe) -> Any:
    """The estimator of a recipe, fitted where the recipe says so.

    Raises
    ------
    ValueError
        When the recipe names anything but an estimator of scikit-learn or of `pitfalls.probes`.
    """
    module, _, name = recipe.estimator.rpartition(".")
    words = module.split(".")
    kind = None
    if (words[0] == "sklearn" and not any(w[:1] == "_" for w in words)) or module == _OWN:
        kind = getattr(import_module(module), name, None)
    if not (isinstance(kind, type) and callable(getattr(kind, "get_params", None))):
        raise ValueError(
            f"A recipe makes estimators of scikit-learn or {_OWN}. Got {recipe.estimator!r}."
        )
    estimator = kind(**recipe.parameters)
    return estimator.fit(*recipe.fit) if recipe.fit else estimator


class ScriptedPredict:
    """A ``predict`` that moves the clocks instead of taking time.

    Parameters
    ----------
    clock : Clock

    Examples
    --------
    >>> predict = ScriptedPredict(Clock((0.5,), per_row=0.25))
    >>> with predict.ruling({}):
    ...     start = time.perf_counter()
    ...     scores = predict([[1.0], [2.0]])
    ...     lasted = time.perf_counter() - start
    >>> lasted, scores
    (1.0, array([0., 0.]))
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls = 0
        self._sizes: set[int] = set()
        self._elapsed = 0.0
        self._set = 0.0

    def __call__(self, X: Any) -> np.ndarray[Any, Any]:
        clock, rows = self._clock, len(X)
        duration = clock.durations[self._calls % len(clock.durations)]
        self._elapsed += duration + clock.per_row * rows
        self._elapsed += clock.new_size * (rows not in self._sizes)
        self._sizes.add(rows)
        self._calls += 1
        if self._calls % 10 == 0:
            self._set += clock.wall_step
        return np.zeros(rows)

    @contextlib.contextmanager
    def ruling(self, names: dict[str, Any]) -> Iterator[None]:
        """Replace the clocks of `time` and `timeit`, and those that `names` hold.

        There they were imported by name, or stand as defaults of functions. Other threads keep
        reading the real ones.
        """
        instead = self._clocks()
        places = [
            (home, name)
            for home in (vars(time), vars(timeit), names)
            for name, value in home.items()
            if _is_one(value, instead)
        ]
        before = [(home, name, home[name]) for home, name in places]
        written = [value for value in names.values() if isinstance(value, FunctionType)]
        functions: list[Any] = [*_TIMED, *written]
        defaults = [(function, function.__defaults__) for function in functions]
        try:
            for home, name, value in before:
                home[name] = instead[value]
            for function, values in defaults:
                if values is not None:
                    function.__defaults__ = tuple(
                        instead[value] if _is_one(value, instead) else value for value in values
                    )
            yield
        finally:
            for home, name, value in before:
                home[name] = value
            for function, values in defaults:
                function.__defaults__ = values

    def _clocks(self) -> dict[Callable[[], Any], Callable[[], Any]]:
        """Each real clock with the scripted one that stands in for it."""
        share = self._clock.cpu_share
        moves: dict[str, Callable[[], float]] = {
            **dict.fromkeys(_MONOTONIC, lambda: self._elapsed),
            **dict.fromkeys(_CPU, lambda: self._elapsed * share),
            "time": lambda: self._elapsed + self._set,
        }
        owner = threading.get_ident()
        pairs = {}
        for name, moved in moves.items():
            pairs[getattr(time, name)] = _stand_in(getattr(time, name), moved, False, owner)
            exact = getattr(time, f"{name}_ns")
            pairs[exact] = _stand_in(exact, moved, True, owner)
        return pairs


def _is_one(value: Any, clocks: dict[Callable[[], Any], Any]) -> bool:
    return any(value is clock for clock in clocks)


def _stand_in(
    real: Callable[[], Any], moved: Callable[[], float], whole: bool, owner: int
) -> Callable[[], Any]:
    """A clock that for one thread moves as scripted: seconds, or whole nanoseconds."""

    def read() -> Any:
        if threading.get_ident() != owner:
            return real()
        return round(moved() * 1e9) if whole else moved()

    return read
