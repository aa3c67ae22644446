"""Oversampling inside cross-validation: oversample_inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    Seeded,
    from_elsewhere,
    nothing_drawn,
    show,
)

from ._draw import two_sides

__all__ = ["OVERSAMPLE_INSIDE"]

Ints = np.ndarray[Any, Any]
Pairs = list[tuple[Ints, Ints]]


def _ones_are_rare(rng: np.random.Generator) -> list[Case]:
    y = np.resize([0, 0, 0, 0, 1], 100)
    return _case(rng, y, "the ones are rare")


def _zeros_are_rare(rng: np.random.Generator) -> list[Case]:
    y = np.resize([1, 1, 1, 0], 96)
    return _case(rng, y, "the zeros are rare")


def _rarer_by_fold(rng: np.random.Generator) -> list[Case]:
    """Zeros are rarer in the whole table and outside most folds; outside one fold the ones are."""
    sizes = {0: (2, 14, 14, 14), 1: (30, 8, 8, 8)}
    y = np.repeat([0, 1], [sum(sizes[0]), sum(sizes[1])])
    folds = np.concatenate([np.repeat([2, 5, 7, 9], sizes[label]) for label in (0, 1)])
    order, seed = rng.permutation(len(y)), int(rng.integers(10**6))
    label = "which class is rarer outside the fold changes from fold to fold"
    return [Case(y[order], folds[order], Seeded(seed), label=label)]


def _case(rng: np.random.Generator, y: Ints, label: str) -> list[Case]:
    """Folds in which the share of the classes differs; labels of folds that are no positions."""
    y = rng.permutation(y)
    folds = np.empty(len(y), dtype=int)
    for value, sizes in ((0, [2, 2, 5, 7]), (1, [2, 5, 5, 7, 7])):
        at = np.flatnonzero(y == value)
        folds[at] = rng.permutation(np.resize(sizes, len(at)))
    return [Case(y, folds, Seeded(int(rng.integers(10**6))), label=label)]


def _pairs(case: Case, value: Any) -> list[tuple[list[int], list[int]]] | Mismatch:
    """The answer as positions, or what is wrong with its form."""
    y, folds = case.args[0], case.args[1]
    count = len(np.unique(folds))
    if not isinstance(value, list | tuple | np.ndarray) or len(value) != count:
        kind = "None" if value is None else f"a value of type {type(value).__name__}"
        says = f"The result is {kind}; wanted a list with one pair (fit, held) for each fold."
        return Mismatch("type", says, show(value), f"{count} pairs")
    found = []
    for pair in value:
        sides = two_sides(pair)
        if sides is None:
            return Mismatch("shape", "An entry is no pair (fit, held).", show(pair), "a pair")
        rows = [np.asarray(side) for side in sides]
        for side in rows:
            if side.ndim != 1 or side.dtype.kind not in "iu":
                says = "fit and held should be positions of rows: whole numbers, one a row."
                return Mismatch("type", says, show(side), "an array of int")
            if side.size and not 0 <= int(side.min()) <= int(side.max()) < len(y):
                return Mismatch("value", "A position lies outside the table.", show(side))
        found.append((rows[0].tolist(), rows[1].tolist()))
    return found


def _held_out(case: Case, outcome: Outcome) -> Mismatch | None:
    y, folds = case.args[0], case.args[1]
    pairs = _pairs(case, outcome.value)
    if isinstance(pairs, Mismatch):
        return pairs
    for fold, (fit, held) in zip(np.unique(folds), pairs, strict=True):
        own = np.flatnonzero(folds == fold).tolist()
        if sorted(held) != own:
            says = "held should hold each row of its fold once, and no other."
            return Mismatch("value", says, f"{len(held)} rows", f"the {len(own)} of the fold")
        if set(fit) & set(own):
            says = "Rows that are held out are among the rows to fit on."
            return Mismatch("value", says, f"{len(set(fit) & set(own))} of them", "none")
        if not fit:
            return Mismatch("value", "There are no rows to fit on.", show(fit))
    assert len(y) == len(folds)
    return None


def _balanced(case: Case, outcome: Outcome) -> Mismatch | None:
    y, folds = case.args[0], case.args[1]
    pairs = _pairs(case, outcome.value)
    if isinstance(pairs, Mismatch):
        return pairs
    drawn: Counter[int] = Counter()
    for fold, (fit, _) in zip(np.unique(folds), pairs, strict=True):
        others = np.flatnonzero(folds != fold)
        rare = int(y[others].mean() < 0.5)
        if set(others.tolist()) - set(fit):
            says = "Some rows outside the fold are not among the rows to fit on."
            return Mismatch("value", says, f"{len(set(fit))} different rows", f"{len(others)}")
        times = [sum(int(y[i]) == label for i in fit) for label in (0, 1)]
        if times[0] != times[1]:
            says = "The two classes are not equally frequent among the rows to fit on."
            return Mismatch("value", says, f"{times[0]} zeros, {times[1]} ones", "as many of each")
        more = Counter(fit) - Counter(others.tolist())
        if sum(more.values()) != 2 * max(times) - len(others) or any(y[i] != rare for i in more):
            says = "Only rows of the rarer class should be repeated, no more than balance takes."
            return Mismatch("value", says, f"{sum(more.values())} repeats")
        drawn.update(more)
        # n draws of m rows: never all the same, and hardly ever each equally often
        if len(more) < 3:
            says = "The repeats are always the same rows: they should be drawn."
            return Mismatch("value", says, f"{len(more)} different rows are repeated")
    return nothing_drawn(outcome)


def _wrong(make: Callable[[Ints, Ints, Ints, Any], tuple[Any, Any]]) -> Callable[..., Pairs]:
    """`make` gets y, the rows outside the fold, those inside, and rng."""

    def answer(y: Ints, folds: Ints, rng: Any) -> Pairs:
        return [
            make(y, np.flatnonzero(folds != fold), np.flatnonzero(folds == fold), rng)
            for fold in np.unique(folds)
        ]

    return answer


def _balance(y: Ints, rows: Ints, rng: Any) -> Ints:
    rare = int(y[rows].mean() < 0.5)
    few = rows[y[rows] == rare]
    return np.append(rows, rng.choice(few, len(rows) - 2 * len(few)))


def _before(y: Ints, folds: Ints, rng: Any) -> Pairs:
    """Balanced first; the copies then get folds of their own."""
    more = _balance(y, np.arange(len(y)), rng)
    new = np.append(folds, rng.choice(np.unique(folds), len(more) - len(y)))
    return [(more[new != fold], more[new == fold]) for fold in np.unique(folds)]


def _before_held_clean(y: Ints, folds: Ints, rng: Any) -> Pairs:
    """Balanced first; the held-out side is the fold, but copies of it remain to fit on."""
    more = _balance(y, np.arange(len(y)), rng)
    extra = more[len(y) :]
    return [
        (np.append(np.flatnonzero(folds != fold), extra), np.flatnonzero(folds == fold))
        for fold in np.unique(folds)
    ]


def _places(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    """Places within the rows outside, not looked up."""
    few = np.flatnonzero(y[out] == int(y[out].mean() < 0.5))
    return np.append(out, rng.choice(few, len(out) - 2 * len(few))), held


def _counted_folds(y: Ints, folds: Ints, rng: Any) -> Pairs:
    return [
        (_balance(y, np.flatnonzero(folds != fold), rng), np.flatnonzero(folds == fold))
        for fold in range(len(np.unique(folds)))
    ]


def _rarer_overall(y: Ints, folds: Ints, rng: Any) -> Pairs:
    rare, pairs = int(y.mean() < 0.5), []
    for fold in np.unique(folds):
        out, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        few = out[y[out] == rare]
        more = rng.choice(few, max(0, len(out) - 2 * len(few)))
        pairs.append((np.append(out, more), held))
    return pairs


def _undersampled(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    few = min(int((y[out] == label).sum()) for label in (0, 1))
    kept = [rng.choice(out[y[out] == label], few, replace=False) for label in (0, 1)]
    return np.concatenate(kept), held


def _bootstrapped(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    """The rare rows are drawn anew instead of kept and filled up."""
    rare = int(y[out].mean() < 0.5)
    many = out[y[out] != rare]
    return np.append(many, rng.choice(out[y[out] == rare], len(many))), held


def _one_row(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    rare = int(y[out].mean() < 0.5)
    few = out[y[out] == rare]
    return np.append(out, np.repeat(few[0], len(out) - 2 * len(few))), held


def _ones_only(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    ones = out[y[out] == 1]
    missing = int((y[out] == 0).sum()) - len(ones)
    return np.append(out, rng.choice(ones, max(0, missing))), held


def _whole_numbers(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    """Each rare row as often as the other class is larger, rounded."""
    rare = int(y[out].mean() < 0.5)
    few = out[y[out] == rare]
    times = round((len(out) - len(few)) / len(few)) - 1
    return np.append(out, np.repeat(few, times)), held


def _doubled(y: Ints, out: Ints, held: Ints, rng: Any) -> tuple[Ints, Ints]:
    """As many more as the majority has, on top of those that are there."""
    rare = int(y[out].mean() < 0.5)
    few = out[y[out] == rare]
    return np.append(out, rng.choice(few, len(out) - len(few))), held


def _facts(case: Case, value: Any) -> dict[str, Any]:
    """What the pitfalls are told apart by, over all folds."""
    y, folds = case.args[0], case.args[1]
    pairs = _pairs(case, value)
    assert not isinstance(pairs, Mismatch)
    facts: dict[str, Any] = dict.fromkeys(("spill", "held", "lost", "inner", "empty", "strange"), 0)
    facts |= {name: [] for name in ("ratio", "kinds", "rare", "rare_kinds")}
    facts["whole"] = int(y.mean() < 0.5)
    for fold, (fit, held) in zip(np.unique(folds), pairs, strict=True):
        own, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        facts["spill"] += len(set(fit) & set(own.tolist()))
        facts["held"] += sorted(held) != own.tolist()
        facts["inner"] += set(held) == set(own.tolist()) and len(held) > len(own)
        facts["lost"] += len(set(others.tolist()) - set(fit))
        times = [sum(int(y[i]) == label for i in fit) for label in (0, 1)]
        facts["ratio"].append(times)
        rare, more = int(y[others].mean() < 0.5), Counter(fit) - Counter(others.tolist())
        facts["kinds"].append(len(more))
        facts["rare"].append(rare)
        facts["rare_kinds"].append(sum(y[i] == rare for i in more))
        facts["strange"] += sum(y[i] != rare for i in more)
        facts["empty"] += not held
    return facts


def _told(test: Callable[[dict[str, Any]], bool]) -> Callable[[Case, Any], bool]:
    return lambda case, value: test(_facts(case, value))


def _few(f: dict[str, Any]) -> list[int]:
    return [times[rare] for times, rare in zip(f["ratio"], f["rare"], strict=True)]


def _many(f: dict[str, Any]) -> list[int]:
    return [times[1 - rare] for times, rare in zip(f["ratio"], f["rare"], strict=True)]


def _by_class(f: dict[str, Any], label: int) -> list[int]:
    """How many different rows of the rarer class are repeated, where that class is `label`."""
    pairs = zip(f["rare_kinds"], f["rare"], strict=True)
    return [kinds for kinds, rare in pairs if rare == label]


def _whole_table_asked(f: dict[str, Any]) -> bool:
    """Balanced wherever the class that is rarer in the whole table is rarer outside the fold."""
    even = [a == b for a, b in f["ratio"]]
    agree = [rare == f["whole"] for rare in f["rare"]]
    return f["spill"] == 0 and f["lost"] == 0 and not all(even) and even == agree


OVERSAMPLE_INSIDE = Exercise(
    "oversample_inside",
    "(y, folds, rng)",
    "Oversampling belongs inside the folds",
    difficulty=3,
    minutes=15,
    parts=(
        Part("held-out rows stay out", 2, _ones_are_rare, judge=_held_out),
        Part(
            "the rows to fit on are balanced",
            2,
            lambda rng: _ones_are_rare(rng) + _zeros_are_rare(rng) + _rarer_by_fold(rng),
            judge=_balanced,
        ),
    ),
    pitfalls=(
        Pitfall(
            "oversampled before the split",
            "Copies were made first and then spread over the folds, so copies of held-out rows are "
            "fitted on. A model that only remembers looks brilliant. Split first.",
            _before,
            _told(lambda f: f["spill"] > 0 and f["held"] > 0 and f["lost"] == 0),
        ),
        Pitfall(
            "places among the rows outside, taken for row numbers",
            "y[out] is a shorter array: place 3 in it is row out[3], not row 3. So other rows were "
            "repeated, of both classes and held-out ones among them. Look the places up in out.",
            _wrong(_places),
            _told(lambda f: f["spill"] > 0 and f["held"] == 0 and f["strange"] > 0),
        ),
        Pitfall(
            "copies drawn from all rows",
            "The held-out side is clean, but the copies were drawn from all rare rows, those held "
            "out included. Draw from the rows outside the fold.",
            _before_held_clean,
            _told(lambda f: f["spill"] > 0 and f["held"] == 0),
        ),
        Pitfall(
            "the held-out rows are balanced, too",
            "Held-out rows stand for what comes in production, rare class and all. Leave them as "
            "they are.",
            _wrong(lambda y, out, held, rng: (_balance(y, out, rng), _balance(y, held, rng))),
            _told(lambda f: f["spill"] == 0 and f["inner"] > 0),
        ),
        Pitfall(
            "folds are counted from 0",
            "The folds of this table are not numbered 0, 1, 2, ..., so some of your held-out sides "
            "are empty. Go through np.unique(folds).",
            _counted_folds,
            _told(lambda f: f["empty"] > 0),
        ),
        Pitfall(
            "the sides are swapped",
            "Each pair is (fit, held): the rows outside the fold first.",
            _wrong(lambda y, out, held, rng: (held, out)),
            _told(lambda f: f["spill"] > 0 and f["lost"] > 0 and f["held"] == len(f["ratio"])),
        ),
        Pitfall(
            "rows of the larger class were dropped",
            "That is undersampling: rows that could be learned from are thrown away. Keep them all "
            "and repeat rare ones.",
            _wrong(_undersampled),
            _told(lambda f: f["lost"] > 0 and max(_many(f)) < 55),
        ),
        Pitfall(
            "rare rows were lost in the draw",
            "The rare rows were drawn anew, so some of them never came. Keep each once and draw "
            "only what is missing.",
            _wrong(_bootstrapped),
            _told(lambda f: f["spill"] == 0 and f["lost"] > 0 and _few(f) == _many(f)),
        ),
        Pitfall(
            "one row again and again",
            "All repeats are copies of hardly any row, so the model learns that row by heart. Draw "
            "them, with replacement, from all rare rows.",
            _wrong(_one_row),
            _told(lambda f: f["lost"] == 0 and _few(f) == _many(f) and max(f["kinds"]) < 3),
        ),
        Pitfall(
            "ones are taken for the rare class",
            "Here the zeros are the rare class. Count first, then decide which class to repeat.",
            _wrong(_ones_only),
            _told(
                lambda f: (
                    f["spill"] == 0
                    and bool(_by_class(f, 0))
                    and not any(_by_class(f, 0))
                    and all(_by_class(f, 1))
                )
            ),
        ),
        Pitfall(
            "the rarer class of the whole table",
            "Which class is rarer was counted once, over all rows. A fold can take so many rows of "
            "the other class with it that outside the fold it is the other way round: count there.",
            _rarer_overall,
            _told(_whole_table_asked),
        ),
        Pitfall(
            "too many copies",
            "As many copies were drawn as the larger class has rows; those that are there already "
            "count, too. Draw the difference.",
            _wrong(_doubled),
            _told(
                lambda f: (
                    f["spill"] == 0 and all(a > b for a, b in zip(_few(f), _many(f), strict=True))
                )
            ),
        ),
        Pitfall(
            "a generator of its own",
            "The folds are in order, but nothing was drawn from `rng`: the function makes a "
            "generator of its own, or asks NumPy's global one. With a fixed seed every run repeats "
            "the same rows; without one nobody can repeat your run. Draw from the `rng` that comes "
            "in.",
            _wrong(lambda y, out, held, rng: (_balance(y, out, np.random.default_rng(0)), held)),
            recognise_outcome=from_elsewhere(_balanced),
        ),
        Pitfall(
            "copies in whole numbers",
            "Repeating every rare row equally often balances only if the classes divide evenly. "
            "Draw exactly as many as are missing.",
            _wrong(_whole_numbers),
            _told(lambda f: f["spill"] == 0 and f["lost"] == 0 and max(f["kinds"]) > 0),
        ),
        Pitfall(
            "nothing is repeated",
            "These are the plain folds: the classes are as unequal as before.",
            _wrong(lambda y, out, held, rng: (out, held)),
            _told(lambda f: f["spill"] == 0 and f["lost"] == 0 and max(f["kinds"]) == 0),
        ),
    ),
    hints=(
        "In which order do splitting and copying come? And from which rows may a copy be drawn?",
        "For each fold: out = positions outside. Find the rarer class among out, and how many rows "
        "it lacks.",
        "fit = np.append(out, rng.choice(few, size=lacking)), with few = rows of out of the rarer "
        "class; held = positions of the fold, untouched.",
    ),
)
