"""The decision, slice by slice: ship_it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, equal, show

__all__ = ["SHIP_IT"]

Report = dict[str, Any]
Decision = Any

_OWN = "two-tower"
_AGAIN = "measure again"
_BUDGET, _LEAST = 50.0, 0.003
_MODELS = ("popularity", "buy it again", "item kNN", _OWN)
_SOUND = {"split": "by time", "candidates": "all products", "settings_chosen_on": "validation"}


# --- what is drawn ---------------------------------------------------------------------------


def _slice(
    rng: np.random.Generator,
    ndcg: tuple[float, ...],
    gains: dict[str, tuple[float, float]],
    models: tuple[str, ...] = _MODELS,
) -> dict[str, Any]:
    """One slice: NDCG of each model, and the interval of the gain over each rival."""
    factor = float(rng.uniform(0.97, 1.03))
    return {
        "ndcg": {name: round(v * factor, 5) for name, v in zip(models, ndcg, strict=True)},
        "gain": {
            name: [round(low * factor, 5), round(high * factor, 5)]
            for name, (low, high) in gains.items()
        },
    }


def _new_rivals(*rows: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip(("popularity", "item kNN"), rows, strict=True))


def _three(*rows: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip(_MODELS[:3], rows, strict=True))


_TWO = ("popularity", "item kNN", _OWN)


def _report(rng: np.random.Generator, **changes: Any) -> Report:
    """A report in which each slice is decided by one thing."""
    slices = {
        # the rival wins, and by far
        "everything they buy": _slice(
            rng,
            (0.205, 0.402, 0.171, 0.322),
            _three((0.105, 0.129), (-0.091, -0.069), (0.139, 0.163)),
        ),
        # ahead of popularity for certain, level with the neighbours: whose mean is higher
        "new to the household": _slice(
            rng, (0.052, 0.0615, 0.0609), _new_rivals((0.005, 0.013), (-0.005, 0.0038)), _TWO
        ),
        # the highest mean, level with the neighbours
        "small baskets": _slice(
            rng, (0.049, 0.058, 0.0615), _new_rivals((0.0075, 0.0175), (-0.0011, 0.0081)), _TWO
        ),
        # ahead of every rival, for certain and by enough
        "never sold before": _slice(
            rng, (0.021, 0.044, 0.126), _new_rivals((0.09, 0.12), (0.07, 0.094)), _TWO
        ),
        # ahead for certain, by too little to pay for itself
        "weekly shoppers": _slice(
            rng, (0.071, 0.0802, 0.0827), _new_rivals((0.0081, 0.0153), (0.0006, 0.0044)), _TWO
        ),
        # level with popularity, which is the best of the others
        "new households": _slice(
            rng, (0.0662, 0.0391, 0.0671), _new_rivals((-0.0008, 0.0026), (0.021, 0.035)), _TWO
        ),
        # proven against the best rival; the interval over the weaker one is wide
        "rare visitors": _slice(
            rng, (0.0503, 0.0581, 0.0664), _new_rivals((0.0011, 0.0309), (0.0046, 0.0121)), _TWO
        ),
        # proven against both, against one by just enough
        "large baskets": _slice(
            rng, (0.0512, 0.0571, 0.0634), _new_rivals((0.0079, 0.0166), (0.0031, 0.0097)), _TWO
        ),
    }
    slices["large baskets"]["gain"]["item kNN"][0] = _LEAST
    names = rng.permutation(list(slices)).tolist()
    report: Report = {
        **_SOUND,
        "budget_ms": _BUDGET,
        "least_gain": _LEAST,
        "p99_ms": {"popularity": 0.4, "buy it again": 1.5, "item kNN": 22.0, _OWN: 31.0},
        "slices": {name: slices[name] for name in names},
    }
    return {**report, **changes}


def _sound(rng: np.random.Generator) -> list[Case]:
    quick = {"popularity": 0.4, "buy it again": 1.5, "item kNN": 22.0, _OWN: 31.0}
    return [
        Case(
            _report(rng, p99_ms={**quick, "item kNN": _BUDGET}),
            label="all models within the budget, one of them just so",
        ),
        Case(
            _report(rng, p99_ms={**quick, _OWN: round(float(rng.uniform(60, 90)), 1)}),
            label="the two-tower over the budget",
        ),
        Case(
            _report(rng, p99_ms={**quick, "item kNN": round(float(rng.uniform(60, 90)), 1)}),
            label="item kNN over the budget",
        ),
    ]


def _unsound(rng: np.random.Generator) -> list[Case]:
    changes = (
        {"split": "at random"},
        {"candidates": "100 sampled products"},
        {"settings_chosen_on": "test"},
    )
    return [
        *(Case(_report(rng, **change), label=" ".join(change.values())) for change in changes),
        Case(_report(rng), label="a sound evaluation"),
    ]


# --- the reference ---------------------------------------------------------------------------


def _decide(
    report: Report,
    *,
    proofs: tuple[str, ...] = tuple(_SOUND),
    wins: Callable[[dict[str, Any], list[str], float], bool] | None = None,
    budget: bool = True,
    strike_rivals: bool = True,
    strike_own: bool = True,
    strike_equal: bool = False,
    keep_late: bool = False,
    fallback: Callable[[dict[str, float]], str] | None = None,
) -> Decision:
    """The rule of the text, with one of its steps changed where a pitfall asks for it."""
    if any(report[key] != _SOUND[key] for key in proofs):
        return _AGAIN
    decision = {}
    for name, facts in report["slices"].items():
        late = {m for m, ms in report["p99_ms"].items() if ms > report["budget_ms"]}
        if strike_equal:
            late = {m for m, ms in report["p99_ms"].items() if ms >= report["budget_ms"]}
        quick = [m for m in facts["ndcg"] if m not in late or not budget]
        rivals = [m for m in (quick if strike_rivals else facts["ndcg"]) if m != _OWN]
        won = (wins or _beats_every_rival)(facts, rivals, report["least_gain"])
        if won and (_OWN in quick or not strike_own):
            decision[name] = _OWN
            continue
        left = facts["ndcg"] if keep_late else quick
        others = {m: facts["ndcg"][m] for m in left if m != _OWN}
        decision[name] = (fallback or _best)(others)
    return decision


def _best(values: dict[str, float]) -> str:
    return max(values, key=lambda name: values[name])


def _lows(facts: dict[str, Any], rivals: list[str]) -> list[float]:
    return [float(facts["gain"][rival][0]) for rival in rivals]


def _beats_every_rival(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return min(_lows(facts, rivals)) >= least


def _explained() -> Comparison:
    """Say which slice is decided otherwise, in the words of its figures."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(wanted, str) or isinstance(got, str):
            return equal()(got, wanted)
        if not isinstance(got, dict):
            says = f"The decision is of type {type(got).__name__}; wanted a dictionary or text."
            return Mismatch("type", says, show(got), "one model for each slice")
        if set(got) != set(wanted):
            says = "The keys are not the slices of the report."
            return Mismatch("shape", says, show(sorted(map(str, got))), show(sorted(wanted)))
        for name, model in wanted.items():
            if got[name] != model:
                says = f"The slice {name!r} is decided otherwise than its figures say."
                return Mismatch("value", says, show(got[name]), show(model))
        return None

    return compare


# --- wrong ways ------------------------------------------------------------------------------


def _everywhere(model: str) -> Callable[[Report], Decision]:
    def answer(report: Report) -> Decision:
        if any(report[key] != sound for key, sound in _SOUND.items()):
            return _AGAIN
        return dict.fromkeys(report["slices"], model)

    return answer


def _one_winner(report: Report) -> Decision:
    """Whoever leads in the slice with the most models, everywhere."""
    if any(report[key] != sound for key, sound in _SOUND.items()):
        return _AGAIN
    headline = max(report["slices"].values(), key=lambda facts: len(facts["ndcg"]))
    return dict.fromkeys(report["slices"], _best(headline["ndcg"]))


def _highest(budget: bool) -> Callable[[Report], Decision]:
    def answer(report: Report) -> Decision:
        if any(report[key] != sound for key, sound in _SOUND.items()):
            return _AGAIN
        most = report["budget_ms"] if budget else np.inf
        quick = {m for m, ms in report["p99_ms"].items() if ms <= most}
        return {
            name: _best({m: v for m, v in facts["ndcg"].items() if m in quick})
            for name, facts in report["slices"].items()
        }

    return answer


def _with(**changes: Any) -> Callable[[Report], Decision]:
    return lambda report: _decide(report, **changes)


def _only_popularity(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return bool(facts["gain"]["popularity"][0] >= least)


def _only_the_best(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    best = _best({rival: facts["ndcg"][rival] for rival in rivals})
    return bool(facts["gain"][best][0] >= least)


def _more_than_least(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return min(_lows(facts, rivals)) > least


def _any_rival(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return max(_lows(facts, rivals)) >= least


def _by_upper_end(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return min(float(facts["gain"][rival][1]) for rival in rivals) >= least


def _by_the_middle(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return min(float(np.mean(facts["gain"][rival])) for rival in rivals) >= least


def _above_zero(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    return min(_lows(facts, rivals)) > 0


def _not_worse(facts: dict[str, Any], rivals: list[str], least: float) -> bool:
    """Kept unless a rival is better for certain."""
    return min(float(facts["gain"][rival][1]) for rival in rivals) > 0


SHIP_IT = Exercise(
    "ship_it",
    "(report)",
    "Ship it?",
    difficulty=4,
    minutes=15,
    parts=(
        Part("slice by slice", 3, _sound, _decide, _explained()),
        Part("only on sound evidence", 2, _unsound, _decide, _explained()),
    ),
    pitfalls=(
        Pitfall(
            "the two-tower wins everywhere",
            "Your report ships the two-tower in every slice, also where a rival is ahead or where "
            "it does not meet the budget. It does not win everywhere: read each slice's intervals.",
            _everywhere(_OWN),
        ),
        Pitfall(
            "the two-tower wins nowhere",
            "Distrust is no evidence either. There are slices in which the gain over every rival "
            "is certain and large enough, within the budget: there it has earned its place.",
            _with(wins=lambda facts, rivals, least: False),
        ),
        Pitfall(
            "one winner for all slices",
            "The model that leads in the largest slice was sent everywhere, also where another one "
            "is better or was the only one measured. Decide each slice by its own figures.",
            _one_winner,
        ),
        Pitfall(
            "the highest mean wins",
            "You took the highest NDCG, however small the lead. A lead whose interval reaches down "
            "to zero may be luck, and the two-tower costs more to run and to understand: it must "
            "prove its gain.",
            _highest(budget=True),
        ),
        Pitfall(
            "the highest mean, in time or not",
            "You took the highest NDCG of all, without asking for the interval or for the budget. "
            "Strike out who is too slow; then the two-tower must prove its gain.",
            _highest(budget=False),
        ),
        Pitfall(
            "only held against popularity",
            "Popularity is the weakest rival. The two-tower must beat *every* model that could be "
            "served in its place.",
            _with(wins=_only_popularity),
        ),
        Pitfall(
            "only held against the best rival",
            "The rival with the highest NDCG need not be the one that is hardest to beat for "
            "certain: where two models err on different households, the interval is wide. Look at "
            "*every* rival that is left.",
            _with(wins=_only_the_best),
        ),
        Pitfall(
            "just enough is not enough",
            "The gain must be *at least* `least_gain`: equal passes.",
            _with(wins=_more_than_least),
        ),
        Pitfall(
            "one beaten rival is enough",
            "Some rival is always beaten. The gain must hold against each of them.",
            _with(wins=_any_rival),
        ),
        Pitfall(
            "the upper end of the interval",
            "The upper end says how large the gain might be at best. A promise is made with the "
            "lower end.",
            _with(wins=_by_upper_end),
        ),
        Pitfall(
            "the middle of the interval",
            "The middle is the estimate, and an estimate that is large enough is not a proof. "
            "Look at the lower end.",
            _with(wins=_by_the_middle),
        ),
        Pitfall(
            "not shown to be worse",
            "You ship unless a rival is better for certain. The burden of proof lies with what is "
            "new and dearer: not worse is not better.",
            _with(wins=_not_worse),
        ),
        Pitfall(
            "certain, but too little",
            "The gain is above zero for certain, yet may be smaller than `least_gain`, what the "
            "model must bring to pay for itself.",
            _with(wins=_above_zero),
        ),
        Pitfall(
            "the budget is ignored",
            "A model whose p99 is above the budget cannot be served, whatever its NDCG.",
            _with(budget=False),
        ),
        Pitfall(
            "the two-tower's own time is not asked",
            "You struck out slow rivals, but not the two-tower. The budget is the same for all.",
            _with(strike_own=False),
        ),
        Pitfall(
            "just within the budget is struck out",
            "Out is whoever is *above* the budget: equal is in.",
            _with(strike_equal=True),
        ),
        Pitfall(
            "falls back on a model that is too slow",
            "No rival over the budget was compared with, but one is served where the two-tower "
            "has not proven its gain. Choose among those that are left.",
            _with(keep_late=True),
        ),
        Pitfall(
            "held against a rival that is out",
            "You compared with a model that is over the budget. What cannot be served is no rival.",
            _with(strike_rivals=False),
        ),
        Pitfall(
            "falls back on popularity",
            "Where the two-tower has not proven its gain, the best of the *other* models is "
            "served, not the simplest.",
            _with(fallback=lambda others: "popularity"),
        ),
        Pitfall(
            "decided on a random split",
            "The report was made on a random split, so its models have seen the future. No figure "
            "in it decides anything: measure again.",
            _with(proofs=("candidates", "settings_chosen_on")),
        ),
        Pitfall(
            "decided on sampled products",
            "Ranks among 100 sampled products can turn the order of the models round. Measure "
            "again on the whole catalogue.",
            _with(proofs=("split", "settings_chosen_on")),
        ),
        Pitfall(
            "decided on the settings' own test",
            "The settings were chosen on the test, so its figures are too good, for the model with "
            "most settings most of all. Measure again.",
            _with(proofs=("split", "candidates")),
        ),
        Pitfall(
            "only the split is asked",
            "The split is one of three. Ranks among sampled products and settings chosen on the "
            "test make a report just as worthless.",
            _with(proofs=("split",)),
        ),
        Pitfall(
            "the evidence is not looked at",
            "How the figures came about was not asked: split, candidates, settings. Any of the "
            "three can make a report worthless.",
            _with(proofs=()),
        ),
    ),
    hints=(
        "First: is this report evidence at all? Then, slice by slice: who may be served, and what "
        "has the two-tower proven against each of those?",
        "quick = models of the slice within the budget; rivals = quick without the two-tower; the "
        "two-tower needs gain[rival][0] >= least_gain for all rivals.",
        "Otherwise: the rival with the highest ndcg. The result is a dictionary slice → model, or "
        "the text 'measure again'.",
    ),
)
