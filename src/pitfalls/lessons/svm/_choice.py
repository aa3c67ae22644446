"""Read a grid of fits: pick_C_gamma."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Mismatch, MismatchError, Outcome, Part, Pitfall, show

__all__ = ["PICK_C_GAMMA"]

Report = dict[str, float]
Reading = tuple[list[str], int]

_NOISE = 0.01  # validation scores this close are the same
_GAP = 0.05  # from this gap on a fit has learnt its training rows by heart


# --- what is drawn ---------------------------------------------------------------------------


def _grids(rng: np.random.Generator) -> list[Case]:
    return [_grid(rng, 1, "13 fits"), _grid(rng, 2, "13 other fits")]


def _grid(rng: np.random.Generator, first: int, label: str) -> Case:
    """Six fits as good as the best, three that learnt by heart, four that bend too little.

    The best six are made so that each wrong way of choosing among them ends elsewhere, their
    order so that the `first` of them in the list and the next after the right one do, too. One
    of them is just within the tolerance, and the smoothest of the others not far outside.
    """
    top = float(rng.uniform(0.86, 0.90))
    low, mid, high, highest = sorted(rng.choice([0.1, 0.2, 0.5, 1.0, 2.0], 4, replace=False))
    cheapest, cheap, dear = sorted(rng.choice([0.2, 0.5, 1.0, 3.0, 10.0], 3, replace=False))
    reports = [
        _report(rng, cheap, low, top - 0.006, 0.030),  # the one to ship
        _report(rng, dear, low, top - 0.003, 0.035),
        _report(rng, cheapest, mid, top - 0.0095, 0.025),
        _report(rng, dear, high, top, 0.065),  # the highest of all by luck, with a gap
        _report(rng, cheap, highest, top - 0.005, 0.045),
        _report(rng, cheap, high, top - 0.007, 0.012),  # the smallest gap among them
        _report(rng, 100.0, 50.0, top - 0.09, 0.17),
        _report(rng, 1000.0, 20.0, top - 0.06, 0.12),
        _report(rng, 30.0, 10.0, top - 0.04, 0.075),  # a gap of more than 0.05, less than 0.1
        _report(rng, 0.01, 0.01, top - 0.20, 0.005),
        _report(rng, 0.05, 0.02, top - 0.09, 0.035),
        _report(rng, 0.1, 0.05, top - 0.015, -0.01),
        _report(rng, 0.03, 0.03, top - 0.12, -0.07),  # better on rows that it has not seen
    ]
    while True:
        order = [int(i) for i in rng.permutation(len(reports))]
        ship = order.index(0)
        found = next(i for i in order if i < 6)
        if found == first and ship + 1 < len(order) and order[ship + 1] in (7, 8, 10, 11):
            return Case([reports[i] for i in order], label=label)


def _report(
    rng: np.random.Generator, C: float, gamma: float, validation: float, gap: float
) -> Report:
    seen = validation + gap + float(rng.uniform(-0.004, 0.004))
    return {
        "C": float(C),
        "gamma": float(gamma),
        "train": round(seen, 4),
        "validation": round(validation, 4),
    }


# --- the rule of the text, read off column by column -----------------------------------------


def _columns(reports: Sequence[Report]) -> tuple[np.ndarray[Any, Any], ...]:
    return tuple(
        np.array([r[name] for r in reports]) for name in ("C", "gamma", "train", "validation")
    )


def _wanted(reports: Sequence[Report]) -> Reading:
    C, gamma, train, validation = _columns(reports)
    good = validation.max() - validation <= _NOISE
    names = np.select([good, train - validation >= _GAP], ["good", "overfit"], "underfit")
    order = np.lexsort((C, gamma, ~good))  # the last key leads
    return names.tolist(), int(order[0])


def _judge_names(case: Case, outcome: Outcome) -> Mismatch | None:
    names, _ = _read(outcome.value, len(case.args[0]))
    wanted, _ = _wanted(case.args[0])
    bad = sum(got != want for got, want in zip(names, wanted, strict=True))
    if not bad:
        return None
    says = f"{bad} of {len(wanted)} fits are read wrongly."
    return Mismatch("value", says, show(names), show(wanted))


def _judge_choice(case: Case, outcome: Outcome) -> Mismatch | None:
    _, best = _read(outcome.value, len(case.args[0]))
    _, wanted = _wanted(case.args[0])
    if best == wanted:
        return None
    says = "Another fit is the one to ship."
    return Mismatch("value", says, _told(case, best), _told(case, wanted))


def _told(case: Case, i: int) -> str:
    chosen = case.args[0][i]
    return f"number {i}: {', '.join(f'{name} {value:g}' for name, value in chosen.items())}"


def _read(value: Any, n: int) -> Reading:
    """What came, as readings and a choice."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        says = "The result must be two things: a list of readings and the number of the best fit."
        raise MismatchError(Mismatch("type", says, show(value), "(list of text, whole number)"))
    names, best = value
    if not isinstance(names, list | tuple | np.ndarray) or len(names) != n:
        says = f"The readings must be a list of {n}, one for each report."
        raise MismatchError(Mismatch("shape", says, show(names), f"{n} readings"))
    if isinstance(best, bool) or not isinstance(best, int | np.integer) or not 0 <= best < n:
        says = "The choice must be the position of a report in the list, counted from 0."
        raise MismatchError(Mismatch("type", says, show(best), f"a whole number below {n}"))
    return [str(name) for name in names], int(best)


# --- wrong ways ------------------------------------------------------------------------------


def _named_by(rule: Callable[..., Any]) -> Callable[[Sequence[Report]], Reading]:
    """The right choice with wrong readings: the rule gives them from gap, drop and scores."""

    def answer(reports: Sequence[Report]) -> Reading:
        _, _, train, validation = _columns(reports)
        names = rule(validation.max() - validation, train - validation, train)
        return np.asarray(names).tolist(), _wanted(reports)[1]

    return answer


def _named_by_share(reports: Sequence[Report]) -> Reading:
    _, _, train, validation = _columns(reports)
    near = validation >= (1 - _NOISE) * validation.max()
    names = np.select([near, train - validation >= _GAP], ["good", "overfit"], "underfit")
    return names.tolist(), _wanted(reports)[1]


def _chosen_by(rule: Callable[..., Any]) -> Callable[[Sequence[Report]], Reading]:
    """The right readings with a wrong choice: the smallest of what the rule gives."""

    def answer(reports: Sequence[Report]) -> Reading:
        names, _ = _wanted(reports)
        return names, int(np.lexsort(rule(*_columns(reports), np.array(names) != "good"))[0])

    return answer


def _half(
    i: int, name: str, message: str, answer: Callable[[Sequence[Report]], Reading]
) -> Pitfall:
    """A pitfall in one of the two results, known by that one alone."""

    def recognise(case: Case, value: Any) -> bool:
        got, wrong = _read(value, len(case.args[0])), answer(case.args[0])
        return got[i] == wrong[i] != _wanted(case.args[0])[i]

    return Pitfall(name, message, answer, recognise)


PICK_C_GAMMA = Exercise(
    "pick_C_gamma",
    "(reports)",
    "Read the fits, pick C and gamma",
    difficulty=2,
    minutes=10,
    parts=(
        Part("each fit read", 1, _grids, judge=_judge_names),
        Part("the one to ship", 1, _grids, judge=_judge_choice),
    ),
    pitfalls=(
        _half(
            0,
            "over- and underfit swapped",
            "A large gap between training and validation means that the fit learnt its training "
            "rows by heart: overfit. Two low scores side by side mean that it bends too little. "
            "Swapping them turns every knob the wrong way.",
            _named_by(
                lambda drop, gap, train: np.select(
                    [drop <= _NOISE, gap >= _GAP], ["good", "underfit"], "overfit"
                )
            ),
        ),
        _half(
            0,
            "every gap is called overfitting",
            "The gap was asked before the validation score. A fit that nobody beats on new rows "
            "is good, even if it does better still on its own rows: nearly every model does.",
            _named_by(
                lambda drop, gap, train: np.select(
                    [gap >= _GAP, drop <= _NOISE], ["overfit", "good"], "underfit"
                )
            ),
        ),
        _half(
            0,
            "only the highest score is good",
            "Validation scores carry noise: another draw of the rows would change the third "
            "digit. Scores within the tolerance that the text names are ties.",
            _named_by(
                lambda drop, gap, train: np.select(
                    [drop == 0, gap >= _GAP], ["good", "overfit"], "underfit"
                )
            ),
        ),
        _half(
            0,
            "a wider tolerance than the text's",
            "A fit more than 0.01 below the best went for as good. Two standard errors would reach "
            "further, and so would other rules; this one stops at 0.01.",
            _named_by(
                lambda drop, gap, train: np.select(
                    [drop <= 2 * _NOISE, gap >= _GAP], ["good", "overfit"], "underfit"
                )
            ),
        ),
        _half(
            0,
            "a share of the best for the tolerance",
            "0.01 is a difference of two shares of right answers. One per cent *of the best score* "
            "is less than that: a fit that ties was not called good.",
            _named_by_share,
        ),
        _half(
            0,
            "a gap counts only from 0.1",
            "A fit whose gap lies between 0.05 and 0.1 went for an underfit: is that where the "
            "text draws the line?",
            _named_by(
                lambda drop, gap, train: np.select(
                    [drop <= _NOISE, gap >= 2 * _GAP], ["good", "overfit"], "underfit"
                )
            ),
        ),
        _half(
            0,
            "size of the gap, whatever its sign",
            "A fit that does *better* on rows it has not seen has not learnt its own by heart. The "
            "gap is train − validation, and its sign counts.",
            _named_by(
                lambda drop, gap, train: np.select(
                    [drop <= _NOISE, np.abs(gap) >= _GAP], ["good", "overfit"], "underfit"
                )
            ),
        ),
        _half(
            0,
            "reads the training score alone",
            "High on its own rows is no proof of a good fit: gamma = 50 gets there by drawing an "
            "island around each row. Quality is read off the validation score.",
            _named_by(
                lambda drop, gap, train: np.where(train >= train.max() - 0.1, "good", "underfit")
            ),
        ),
        _half(
            1,
            "chosen by the training score",
            "The training score always prefers the wiggliest boundary. Rows that the fit has "
            "seen cannot say how it does on others.",
            _chosen_by(lambda C, gamma, train, validation, bad: (-train,)),
        ),
        _half(
            1,
            "takes the highest validation score",
            "The highest of many noisy scores is the luckiest one. Among those that tie within "
            "the tolerance take the smoothest: it has the least to lose on new rows.",
            _chosen_by(lambda C, gamma, train, validation, bad: (-validation,)),
        ),
        _half(
            1,
            "chosen by the smallest gap",
            "A constant prediction has no gap at all. A small gap is a sign of health only at a "
            "good validation score.",
            _chosen_by(lambda C, gamma, train, validation, bad: (train - validation,)),
        ),
        _half(
            1,
            "the smallest gap among the good ones",
            "All good fits tie, and a gap of any size is part of a tie. Between them the "
            "smoothest is asked for: look at gamma, then at C.",
            _chosen_by(lambda C, gamma, train, validation, bad: (train - validation, bad)),
        ),
        _half(
            1,
            "C before gamma",
            "You took the cheapest C first and looked at gamma among equals. The width of the "
            "bells decides first how far the boundary can bend.",
            _chosen_by(lambda C, gamma, train, validation, bad: (gamma, C, bad)),
        ),
        _half(
            1,
            "takes a large gamma for a smooth one",
            "gamma stands in front of the distance: a large one makes narrow bells and a ragged "
            "boundary. Which end is smooth?",
            _chosen_by(lambda C, gamma, train, validation, bad: (C, -gamma, bad)),
        ),
        _half(
            1,
            "the first good one in the list",
            "You shipped the first good fit that you met. The order of the list says nothing: "
            "compare gamma and C among all good ones.",
            _chosen_by(lambda C, gamma, train, validation, bad: (np.arange(len(C)), bad)),
        ),
        _half(
            1,
            "counted from 1",
            "Your position is one further: positions count from 0, as `reports[0]` does.",
            lambda reports: (_wanted(reports)[0], _wanted(reports)[1] + 1),
        ),
        _half(
            1,
            "takes a large C for a smooth one",
            "C is the price of a violation: a large C bends the boundary around single rows. "
            "Regularisation is strong where C is *small* (it is 1/(nλ)).",
            _chosen_by(lambda C, gamma, train, validation, bad: (-C, gamma, bad)),
        ),
        _half(
            1,
            "smoothest of all, whatever it scores",
            "The flattest fit is smooth because it has learnt nothing. First keep those whose "
            "validation score ties with the best, then prefer the smooth.",
            _chosen_by(lambda C, gamma, train, validation, bad: (C, gamma)),
        ),
    ),
    hints=(
        "Start with the highest validation score. Which reports lie within the tolerance of it? "
        "Those are the good ones, whatever their training score.",
        "The others: a gap train − validation of at least 0.05 is an overfit, anything else an "
        "underfit. For the choice look only at the good ones.",
        "Among the good ones the smallest gamma wins, then the smallest C: "
        "`min(candidates, key=lambda i: (reports[i]['gamma'], reports[i]['C']))`.",
    ),
)
