"""The learner writes the leak detector: audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, Recipe, show

__all__ = ["AUDIT"]

Floats = np.ndarray[Any, Any]
Flags = dict[str, bool]
_KEYS = ("labels", "neighbours", "position")
_SUSPECT = "pitfalls.probes.Suspect"
_BAR = 0.001


def _table(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Sixty rows, nine columns, about as many ones as zeros; the file is sorted in part."""
    X = rng.normal(size=(60, 9)) * rng.uniform(0.8, 1.2, 9)
    p = 1 / (1 + np.exp(-1.5 * (X[:, 0] - X[:, 1])))
    y = (rng.random(60) < p).astype(int)
    order = np.argsort(y + rng.normal(0, 0.8, 60), kind="stable")
    return X[order], y[order]


def _cases(rng: np.random.Generator, plans: list[list[int]]) -> list[Case]:
    cases = []
    for i in rng.permutation(len(plans)):
        X, y = _table(rng)
        recipe = Recipe(_SUSPECT, {"plan": plans[i]})
        cases.append(Case(recipe, X, y, label="a pipeline that you have not seen"))
    return cases


def _about_labels(rng: np.random.Generator) -> list[Case]:
    """Honest ones, one that wobbles, three that see test labels, two with other leaks."""
    plans = [[0, 1, 0, 0, 0], [3, 0, 0, 0, 1], [0, 2, 0, 0, 0], [0, 0, 1, 0, 1]]
    plans += [[2, 0, 0, 0, 0], [1, 2, 0, 0, 1], [3, 1, 0, 1, 1]]
    return _cases(rng, plans)


def _about_neighbours(rng: np.random.Generator) -> list[Case]:
    """Honest ones, scaling on all rows, scaling in batches; a row's place is another matter."""
    plans = [[0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [2, 0, 0, 0, 1], [3, 0, 0, 1, 0]]
    plans += [[3, 0, 0, 0, 0], [1, 1, 0, 0, 1]]
    return _cases(rng, plans)


def _about_position(rng: np.random.Generator) -> list[Case]:
    plans = [[0, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [2, 1, 0, 1, 1], [3, 0, 1, 1, 1]]
    return _cases(rng, plans)


def _by_plan(pipeline: Any, X: Floats, y: Floats) -> Flags:
    """What is true of a pipeline by the way it was made, without running it."""
    scaling, choosing, targets, number, _ = pipeline.plan
    return {
        "labels": choosing == 2 or targets == 1,
        "neighbours": scaling in (1, 2) or choosing == 2 or targets == 1,
        "position": number == 1,
    }


def _only(key: str) -> Comparison:
    def compare(got: Any, wanted: Any) -> Mismatch | None:
        asked = "a dictionary with the keys labels, neighbours, position"
        if not isinstance(got, dict):
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            return Mismatch("type", f"The result is {kind}; wanted {asked}.", show(got), asked)
        if key not in got:
            says = f"The key {key!r} is missing; wanted {asked}."
            return Mismatch("shape", says, show(sorted(map(str, got))), asked)
        if not isinstance(got[key], bool | np.bool_):
            kind = type(got[key]).__name__
            says = f"{key}: the value is of type {kind}; wanted True or False."
            return Mismatch("type", says, show(got[key]), "True or False")
        if bool(got[key]) != wanted[key]:
            says = f"{key}: a leak was missed." if wanted[key] else f"{key}: a false alarm."
            return Mismatch("value", says, show(bool(got[key])), show(wanted[key]))
        return None

    return compare


# --- the pitfalls: a right audit, with one experiment done wrong --------------------------------

_TRAIN, _TEST = np.arange(0, 60, 2), np.arange(1, 60, 2)


def _moved(a: Any, b: Any, bar: float = _BAR) -> bool:
    return bool(np.abs(np.asarray(a) - np.asarray(b)).max() > bar)


def _labels(pipeline: Any, X: Floats, y: Floats, bar: float = _BAR) -> bool:
    other = y.copy()
    other[_TEST] = 1 - y[_TEST]
    return _moved(pipeline(X, y, _TRAIN, _TEST), pipeline(X, other, _TRAIN, _TEST), bar)


def _neighbours(pipeline: Any, X: Floats, y: Floats, bar: float = _BAR) -> bool:
    kept, before = _TEST[::2], pipeline(X, y, _TRAIN, _TEST)[::2]
    other = X.copy()
    other[np.setdiff1d(_TEST, kept)] = other[np.setdiff1d(_TEST, kept)] * 4 + 3
    return _moved(before, pipeline(other, y, _TRAIN, _TEST)[::2], bar)


def _position(pipeline: Any, X: Floats, y: Floats, bar: float = _BAR) -> bool:
    order = np.random.default_rng(0).permutation(len(y))
    place = np.argsort(order)
    before = pipeline(X, y, _TRAIN, _TEST)
    return _moved(before, pipeline(X[order], y[order], place[_TRAIN], place[_TEST]), bar)


Test = Callable[[Any, Floats, Floats], Any]


def _with(**changed: Test) -> Callable[[Any, Floats, Floats], dict[str, Any]]:
    tests: dict[str, Test] = {"labels": _labels, "neighbours": _neighbours, "position": _position}
    tests |= changed

    def answer(pipeline: Any, X: Floats, y: Floats) -> dict[str, Any]:
        return {key: test(pipeline, X, y) for key, test in tests.items()}

    return answer


def _all_labels(pipeline: Any, X: Floats, y: Floats) -> bool:
    return _moved(pipeline(X, y, _TRAIN, _TEST), pipeline(X, 1 - y, _TRAIN, _TEST))


def _changed_rows_compared(pipeline: Any, X: Floats, y: Floats) -> bool:
    other = X.copy()
    other[_TEST] = other[_TEST] * 4 + 3
    return _moved(pipeline(X, y, _TRAIN, _TEST), pipeline(other, y, _TRAIN, _TEST))


def _left_out_of_test_only(pipeline: Any, X: Floats, y: Floats) -> bool:
    return _moved(pipeline(X, y, _TRAIN, _TEST)[::2], pipeline(X, y, _TRAIN, _TEST[::2]))


def _one_value(pipeline: Any, X: Floats, y: Floats) -> bool:
    other = X.copy()
    other[_TEST[-1], 0] += 0.1
    return _moved(pipeline(X, y, _TRAIN, _TEST)[:-1], pipeline(other, y, _TRAIN, _TEST)[:-1])


def _labels_left_behind(pipeline: Any, X: Floats, y: Floats) -> bool:
    order = np.random.default_rng(0).permutation(len(y))
    return _moved(pipeline(X, y, _TRAIN, _TEST), pipeline(X[order], y, _TRAIN, _TEST))


def _lists_reordered(pipeline: Any, X: Floats, y: Floats) -> bool:
    back = pipeline(X, y, _TRAIN[::-1], _TEST[::-1])[::-1]
    return _moved(pipeline(X, y, _TRAIN, _TEST), back)


def _strictly(test: Callable[..., bool]) -> Test:
    return lambda pipeline, X, y: test(pipeline, X, y, 1e-9)


AUDIT = Exercise(
    "audit",
    "(pipeline, X, y)",
    "Write the leak detector",
    difficulty=5,
    minutes=25,
    parts=(
        Part("labels of the test rows", 2, _about_labels, _by_plan, _only("labels")),
        Part("other test rows", 2, _about_neighbours, _by_plan, _only("neighbours")),
        Part("the row's place in the table", 1, _about_position, _by_plan, _only("position")),
    ),
    pitfalls=(
        Pitfall(
            "any movement counts",
            "An honest pipeline that is random moves a little from call to call. The statement "
            "says how much a wobble can be: count only what exceeds it.",
            _with(
                labels=_strictly(_labels),
                neighbours=_strictly(_neighbours),
                position=_strictly(_position),
            ),
        ),
        Pitfall(
            "everything leaks",
            "This audit accuses every pipeline, honest ones included; nobody will read it twice.",
            lambda pipeline, X, y: dict.fromkeys(_KEYS, True),
            lambda case, value: all(value[key] for key in _KEYS),
        ),
        Pitfall(
            "the training labels were changed",
            "Of course predictions move when the training labels do: that is learning. Change the "
            "labels of the test rows only.",
            _with(labels=_all_labels),
        ),
        Pitfall(
            "the changed rows were compared",
            "A prediction may depend on its own row. Compare the predictions of test rows that you "
            "left alone while other test rows changed.",
            _with(neighbours=_changed_rows_compared),
        ),
        Pitfall(
            "left out of test, but not of X",
            "You asked about fewer rows, but all rows still stood in X, where a pipeline can see "
            "them. Change what the other test rows hold in X.",
            _with(neighbours=_left_out_of_test_only),
        ),
        Pitfall(
            "too small a change",
            "Mean and spread of the rows stayed nearly what they were: one cell changed, or rows "
            "only changed places. Give all other test rows values that are new and far away.",
            _with(neighbours=_one_value),
        ),
        Pitfall(
            "rows and labels parted",
            "X was put in another order and y, train or test were not, so rows got the labels of "
            "others. Every row must keep its label and its side.",
            _with(position=_labels_left_behind),
        ),
        Pitfall(
            "only the lists were put in another order",
            "The order of train and test changed, but every row kept its place in X. Move the rows "
            "themselves, and find them again.",
            _with(position=_lists_reordered),
        ),
        Pitfall(
            "nothing leaks",
            "This audit finds every pipeline clean. An alarm that never rings is no proof.",
            lambda pipeline, X, y: dict.fromkeys(_KEYS, False),
        ),
    ),
    hints=(
        "Three experiments, one pattern: predictions before, change what must not matter, "
        "predictions after, the largest move. What must not matter in each?",
        "labels: y[test] = 1 − y[test]. neighbours: keep half of the test rows, change the others "
        "in X a lot, and compare the kept ones. position: one order for all.",
        "order = rng.permutation(n); place = np.argsort(order). Row i of X stands at place[i] in "
        "X[order]: ask pipeline(X[order], y[order], place[train], place[test]).",
    ),
)
