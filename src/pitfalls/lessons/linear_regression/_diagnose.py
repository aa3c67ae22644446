"""Which assumption broke? Six fits, and a pitfall for every confusion of two diagnoses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pitfalls.checks import Case, Exercise, Mismatch, Outcome, Part, Pitfall, show

__all__ = ["DIAGNOSE"]


@dataclass(frozen=True)
class _Sign:
    """One diagnosis: how it looks, where it would show, where a reader should look instead."""

    looks: str
    would_show: str
    look_again: str


_SIGNS = {
    "none": _Sign(
        "clean residuals",
        "Nothing broken means that every column of the evidence is quiet: level centre, one "
        "spread, Durbin-Watson near 2, VIF near 1, no row with a large Cook's distance.",
        "In this fit every column is quiet; a diagnosis needs a measured sign, not a hunch.",
    ),
    "nonlinear": _Sign(
        "a bent centre",
        "A bent mean would show as residuals whose centre leaves zero and comes back: both ends on "
        "one side, the middle on the other.",
        "Compare the centre of the residuals in the lowest, middle and highest fifth.",
    ),
    "heteroscedastic": _Sign(
        "an opening funnel",
        "Changing spread would show as a funnel: the interquartile range at one end several times "
        "that at the other, around a level centre.",
        "Compare the width of the residual band at its left and at its right end.",
    ),
    "dependent": _Sign(
        "residuals that remember",
        "Dependence would show in the order of the rows: neighbours alike, Durbin-Watson far "
        "below 2.",
        "Plot the residuals in the order of the rows, or read the Durbin-Watson column.",
    ),
    "collinear": _Sign(
        "predictors that repeat each other",
        "Collinearity would show in the VIF, which is computed from X alone; residuals cannot "
        "show it.",
        "The residuals look fine. What do you know of X alone?",
    ),
    "influential": _Sign(
        "one row that steers",
        "An influential row would show as a Cook's distance beyond 1, far from all other rows.",
        "One column of the evidence is about single rows. Ask what the fit would be without the "
        "worst.",
    ),
}

_EXTRA = {
    ("influential", "nonlinear"): "A tilt of the other residuals is not a bend: one far row has "
    "turned the whole line, and without it the rest is level.",
    ("influential", "heteroscedastic"): "One gross residual can inflate a standard deviation all "
    "by itself; the interquartile range does not notice it.",
    ("heteroscedastic", "influential"): "Large residuals are expected where the spread is large; "
    "none of these rows moves the line by itself.",
    ("heteroscedastic", "nonlinear"): "A centre is bent only if it leaves zero by a good part of "
    "the residual spread.",
    ("nonlinear", "heteroscedastic"): "A band that bends also looks wide when it is squashed into "
    "one number; look at its centre first.",
    ("nonlinear", "dependent"): "Neighbours *along the fitted values* are alike in any bent fit. "
    "Dependence is about neighbours in the order of the rows.",
    ("dependent", "nonlinear"): "Waves over the row number say nothing about the shape of the "
    "mean; over the fitted values these residuals are level.",
    ("collinear", "none"): "Predictions of a collinear fit are fine, and so are its residuals; "
    "its single coefficients are not.",
    ("none", "influential"): "In any sample some row is the most extreme; only its influence on "
    "the fit makes it a problem.",
}

_FITS = (
    ("A", "nonlinear"),
    ("B", "none"),
    ("C", "collinear"),
    ("D", "heteroscedastic"),
    ("E", "influential"),
    ("F", "dependent"),
)


def _one_case(fit: str) -> Callable[[np.random.Generator], list[Case]]:
    return lambda rng: [Case(fit, label=f"fit {fit}")]


def _judge(case: Case, outcome: Outcome) -> Mismatch | None:
    (fit,) = case.args
    said = outcome.value
    if not isinstance(said, str):
        what = "None" if said is None else f"a value of type {type(said).__name__}"
        return Mismatch("type", f"The result is {what}; wanted one of the six labels as text.")
    if said not in _SIGNS:
        labels = ", ".join(map(repr, _SIGNS))
        return Mismatch("value", f"{show(said)} is not one of the labels {labels}.")
    if said == dict(_FITS)[fit]:
        return None
    return Mismatch(
        "value", f"The evidence of fit {fit} says something else.", show(said), "another diagnosis"
    )


def _mistaking(fit: str, said: str) -> Callable[[str], str]:
    """Someone who gets this one fit wrong."""
    return lambda name: said if name == fit else dict(_FITS)[name]


def _confusion(fit: str, truth: str, said: str) -> Pitfall:
    sentences = (
        _SIGNS[said].would_show,
        _EXTRA.get((truth, said), ""),
        _SIGNS[truth].look_again,
    )
    return Pitfall(
        f"{_SIGNS[truth].looks} read as {said}",
        " ".join(filter(None, sentences)),
        _mistaking(fit, said),
    )


DIAGNOSE = Exercise(
    name="diagnose",
    signature="(name)",
    title="Which assumption broke?",
    difficulty=3,
    minutes=15,
    parts=tuple(
        Part(f"fit {fit}", 0.5, _one_case(fit), judge=_judge, redraw=False) for fit, _ in _FITS
    ),
    pitfalls=tuple(
        _confusion(fit, truth, said) for fit, truth in _FITS for said in _SIGNS if said != truth
    ),
    hints=(
        "Go through the evidence column by column. For each column, which single fit stands out?",
        "Seven columns, five questions: level centre (low, middle, high)? one spread? memory in "
        "row order? VIF? Cook's distance? And which fit stands out nowhere?",
        "Bent centre: both ends have one sign, the middle the other. Funnel: spread far above 3. "
        "Memory: Durbin-Watson far below 2. VIF above 10. Cook's distance above 1. One fit has "
        "none of these.",
    ),
)
