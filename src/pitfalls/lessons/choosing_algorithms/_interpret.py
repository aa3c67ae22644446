"""What a model leans on, when its features go together: interpret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, Recipe, close, show

__all__ = ["INTERPRET"]

Floats = np.ndarray[Any, Any]
Answer = dict[str, Floats]
_KEYS = ("effect", "alone", "together")


def _draw(rng: np.random.Generator) -> list[Case]:
    """Two pairs of features that go together (one of them opposed) and one by itself.

    The correlations are exact. One pair lies just above the bar of 0.9, and the lone feature has
    correlations of 0.87 and 0.81 with that pair, which are below it.
    """
    estimator, parameters = (("LinearRegression", {}), ("Ridge", {"alpha": 1e-3}))[rng.integers(2)]
    drawn = rng.normal(size=(300, 5))
    a, b, c, d, e = np.linalg.qr(drawn - drawn.mean(axis=0))[0].T  # uncorrelated, of one length
    Z = np.stack([a, _mixed(0.93, a, b), _mixed(0.87, a, c), d, _mixed(-0.98, d, e)], axis=1)
    per_sd = np.array([3.5, -2.2, 1.6, 2.6, 1.5]) * rng.uniform(0.92, 1.08, 5)
    units = 10.0 ** rng.permutation([-2, -1, 0, 1, 2])  # metres, grams, years, ...
    order = rng.permutation(5)
    X = ((Z / Z.std(axis=0) + rng.uniform(2, 4, 5)) * units)[:, order]
    y = X @ (per_sd / units)[order] + rng.normal(0, 0.05, 300)
    recipe = Recipe(f"sklearn.linear_model.{estimator}", parameters, fit=(X, y))
    return [Case(recipe, X, label="two pairs of features go together")]


def _mixed(r: float, base: Floats, other: Floats) -> Floats:
    """What has the correlation r with `base`, if `other` has none."""
    return r * base + float(np.sqrt(1 - r**2)) * other


def _in_expectation(model: Any, X: Floats) -> Answer:
    """What infinitely many shuffles give: twice the variance of what the columns contribute."""
    beta = np.ravel(model.coef_)
    groups = (np.abs(np.corrcoef(X.T)) >= 0.9).astype(float)  # row j: the group of j
    covariance = np.cov(X.T, bias=True) * np.outer(beta, beta)
    return {
        "effect": beta * np.sqrt(np.diag(np.cov(X.T))),
        "alone": 2 * np.diag(covariance),
        "together": 2 * np.einsum("ji,ik,jk->j", groups, covariance, groups),
    }


def _only(keys: tuple[str, ...], inner: Comparison) -> Comparison:
    def compare(got: Any, wanted: Any) -> Mismatch | None:
        asked = "a dictionary with the keys effect, alone, together"
        if not isinstance(got, dict):
            kind = "None" if got is None else f"a value of type {type(got).__name__}"
            return Mismatch("type", f"The result is {kind}; wanted {asked}.", show(got), asked)
        for key in keys:
            if key not in got:
                says = f"The key {key!r} is missing; wanted {asked}."
                return Mismatch("shape", says, show(sorted(map(str, got))), asked)
            found = inner(got[key], wanted[key])
            if found is not None:
                return Mismatch(found.stage, f"{key}: {found.says}", found.got, found.wanted)
        return None

    return compare


def _groups(X: Floats, *, signed: bool = False, bar: float = 0.9) -> list[list[int]]:
    r = np.corrcoef(X.T)
    r = r if signed else np.abs(r)
    return [np.flatnonzero(row >= bar).tolist() for row in r]


def _with_bar(bar: float) -> Callable[[Any, Floats], Answer]:
    return _answer(together=lambda m, X: [_shuffled(m, X, g) for g in _groups(X, bar=bar)])


def _parts(model: Any, X: Floats, columns: list[int]) -> Floats:
    """What these columns contribute to each prediction: (n, number of columns)."""
    return np.asarray(X[:, columns] * np.ravel(model.coef_)[columns])


def _shuffled(model: Any, X: Floats, columns: list[int]) -> float:
    """The expected mean squared change with one order of the rows."""
    return 2 * float(_parts(model, X, columns).sum(axis=1).var())


def _each_shuffled(model: Any, X: Floats, columns: list[int]) -> float:
    """The same with an order of its own for every column."""
    parts = _parts(model, X, columns)
    return float(parts.sum(axis=1).var() + parts.var(axis=0).sum())


def _answer(
    effect: Callable[[Any, Floats], Floats] | None = None,
    alone: Callable[[Any, Floats], Any] | None = None,
    together: Callable[[Any, Floats], Any] | None = None,
) -> Callable[[Any, Floats], Answer]:
    """The right answer but for the entries that are given."""

    def answer(model: Any, X: Floats) -> Answer:
        right = _in_expectation(model, X)
        changed = {"effect": effect, "alone": alone, "together": together}
        wrong = {key: np.asarray(make(model, X)) for key, make in changed.items() if make}
        return {**right, **wrong}

    return answer


def _both(change: Callable[[Floats], Any]) -> Callable[[Any, Floats], Answer]:
    """A mistake in how the change is measured shows in both importances.

    `change` is given what the columns in question contribute to each prediction, (n,).
    """

    def measured(model: Any, X: Floats, columns: list[int]) -> float:
        return float(change(_parts(model, X, columns).sum(axis=1)))

    return _answer(
        alone=lambda m, X: [measured(m, X, [j]) for j in range(X.shape[1])],
        together=lambda m, X: [measured(m, X, group) for group in _groups(X)],
    )


def _not_put_back(model: Any, X: Floats) -> list[float]:
    return [_each_shuffled(model, X, list(range(j + 1))) for j in range(X.shape[1])]


def _coefficients(model: Any, X: Floats) -> Floats:
    beta: Floats = np.ravel(model.coef_)
    return beta


INTERPRET = Exercise(
    "interpret",
    "(model, X)",
    "What does the model lean on?",
    difficulty=4,
    minutes=18,
    parts=(
        Part(
            "effects on one scale", 1, _draw, _in_expectation, _only(("effect",), close(rtol=0.01))
        ),
        Part(
            "importance, alone and together",
            2,
            _draw,
            _in_expectation,
            _only(("alone", "together"), close(rtol=0.1)),
        ),
    ),
    pitfalls=(
        Pitfall(
            "raw coefficients compared",
            "A coefficient is per unit of its column: in grams it is a thousandth of what it is in "
            "kilograms. Put them on one scale: the change of the prediction for a typical change "
            "of the feature.",
            _answer(effect=_coefficients),
        ),
        Pitfall(
            "divides by the standard deviation",
            "Per unit × units makes the unit disappear; you divided, so it now appears twice. "
            "Which way round does a coefficient change when its column is measured in grams?",
            _answer(effect=lambda m, X: _coefficients(m, X) / X.std(axis=0)),
        ),
        Pitfall(
            "multiplies by the variance",
            "The variance has the unit squared, so the result still depends on the unit. Use the "
            "spread in the column's own unit.",
            _answer(effect=lambda m, X: _coefficients(m, X) * X.var(axis=0)),
        ),
        Pitfall(
            "multiplies by the mean",
            "How large a feature is on average says nothing about how much it varies between rows. "
            "A constant column moves no prediction apart from another.",
            _answer(effect=lambda m, X: _coefficients(m, X) * X.mean(axis=0)),
        ),
        Pitfall(
            "the sign is lost",
            "Size and direction are both asked for: up or down is the first thing that somebody "
            "who reads a linear model wants to know.",
            _answer(effect=lambda m, X: np.abs(_coefficients(m, X) * X.std(axis=0))),
        ),
        Pitfall(
            "set to zero instead of shuffled",
            "Zero may lie far outside the data, and then you measure an extrapolation. Shuffling "
            "keeps the values real and breaks only the link to their rows.",
            _both(lambda v: (v**2).mean()),
        ),
        Pitfall(
            "set to the mean instead of shuffled",
            "With the mean in every row the changes are smaller: on average the square comes out "
            "half. Asked for is the shuffled column.",
            _both(lambda v: v.var()),
        ),
        Pitfall(
            "changes cancel out",
            "A shuffled column raises some predictions as much as it lowers others: the mean "
            "change is zero. Square before you average.",
            _both(lambda v: 0.0),
        ),
        Pitfall(
            "absolute changes",
            "Asked for is the mean *squared* change, which for least squares is the increase of "
            "the squared error. Absolute changes are on another scale.",
            _both(lambda v: np.abs(v[:, None] - v).mean()),
        ),
        Pitfall(
            "the root is taken",
            "That is the root of the mean squared change. Asked for is the mean square itself.",
            _both(lambda v: np.sqrt(2 * v.var())),
        ),
        Pitfall(
            "rows shuffled as a whole",
            "Whole rows were shuffled, so every feature changes at once and all come out alike. "
            "Shuffle the columns in question and leave the others in place.",
            _answer(
                alone=lambda m, X: [_shuffled(m, X, list(range(X.shape[1])))] * X.shape[1],
                together=lambda m, X: [_shuffled(m, X, list(range(X.shape[1])))] * X.shape[1],
            ),
        ),
        Pitfall(
            "shuffled columns are not put back",
            "Each feature was shuffled on top of the ones before it, so importance grows along "
            "the columns. Start every feature from a fresh copy of X.",
            _answer(alone=_not_put_back),
        ),
        Pitfall(
            "the group is shuffled column by column",
            "With an order of its own for each column the correlation inside the group is "
            "destroyed, and the model is asked about rows that cannot exist. One order of the rows "
            "for the whole group.",
            _answer(together=lambda m, X: [_each_shuffled(m, X, group) for group in _groups(X)]),
        ),
        Pitfall(
            "importances alone are added up",
            "Effects of features that go together can cancel or reinforce one another, which a sum "
            "cannot know. Shuffle the group and look.",
            _answer(
                together=lambda m, X: [
                    sum(_shuffled(m, X, [j]) for j in group) for group in _groups(X)
                ]
            ),
        ),
        Pitfall(
            "negative correlation overlooked",
            "Two features with r = −0.97 carry the same information as two with +0.97. Look at the "
            "size of the correlation.",
            _answer(
                together=lambda m, X: [_shuffled(m, X, group) for group in _groups(X, signed=True)]
            ),
        ),
        Pitfall(
            "groups too wide",
            "A feature whose correlation stays below 0.9 was shuffled along. What goes together "
            "only in part keeps a say of its own.",
            _with_bar(0.75),
        ),
        Pitfall(
            "groups too narrow",
            "A feature with a correlation above 0.9 was left in its place. Was it r² that you "
            "compared with 0.9? The bar is for the size of r.",
            _with_bar(float(np.sqrt(0.9))),
        ),
        Pitfall(
            "every feature for itself",
            "You gave importance alone twice. In `together` a feature is shuffled with those that "
            "go with it.",
            _answer(together=lambda m, X: [_shuffled(m, X, [j]) for j in range(X.shape[1])]),
        ),
        Pitfall(
            "the others without the feature itself",
            "The group of a feature holds the feature too. You shuffled only its companions.",
            _answer(
                together=lambda m, X: [
                    _shuffled(m, X, [k for k in group if k != j])
                    for j, group in enumerate(_groups(X))
                ]
            ),
        ),
    ),
    hints=(
        "What unit does a coefficient have? And which rows do you invent when you shuffle one of "
        "two columns that always go together?",
        "effect = coef_ × standard deviation of the column. For an importance: copy X, replace the "
        "columns by X[order][:, columns] with order = rng.permutation(n), and compare predictions.",
        "alone[j] shuffles [j]; together[j] shuffles np.flatnonzero(np.abs(r[j]) >= 0.9) with one "
        "order. Average ((predict(shuffled) − predict(X))²).mean() over 30 orders or more.",
    ),
)
