"""Fits to bootstrap samples, checked without knowing how the rows were drawn.

Two kinds of data give the draws away. Labels on a line but for one row: a resample without that
row gives the line back, provided that each label has stayed with its x. And labels that are
powers of n + 1: the mean of a resample, which is the fit of degree 0, tells how often each row
was drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

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
    numeric_array,
    show,
)

__all__ = ["BOOTSTRAP_PREDICTIONS"]

Array = NDArray[Any]

# Five standard errors and more from what a right answer gives.
_MISSED = (0.15, 0.8)  # share of 200 resamples without one row of ten: 0.35, standard error 0.034
_DISTINCT = (4.9, 5.6)  # distinct rows among eight drawn, mean of 300: 5.25, standard error 0.05
_CHI_SQUARE = 80.0  # at seven degrees of freedom


# --- what is drawn ---------------------------------------------------------------------------


def _curves(rng: np.random.Generator) -> list[Case]:
    return [_parabola(rng), _line_with_a_stray(rng)]


def _parabola(rng: np.random.Generator) -> Case:
    x = np.arange(12) / 3 - 2 + rng.uniform(0, 0.3, size=12)
    y = Polynomial([1.0, -2.0, 3.0] * rng.uniform(0.5, 2, size=3))(x)
    x_new = np.array([-1.75, -0.5, 0.25, 1.0, 1.8])
    return Case(x, y, x_new, 2, 7, _seed(rng), label="12 rows on a parabola, degree 2")


def _line_with_a_stray(rng: np.random.Generator) -> Case:
    x = rng.permutation(np.arange(10) + rng.uniform(0, 0.5, size=10))
    y = 2 + rng.uniform(0.5, 2) * x
    y[rng.integers(9)] += 5
    x_new = np.array([0.7, 4.2, 8.9])
    return Case(x, y, x_new, 1, 200, _seed(rng), label="9 rows on a line and a stray, degree 1")


def _powers(rng: np.random.Generator) -> list[Case]:
    x = rng.permutation(np.linspace(-1, 1, 8))
    y = rng.permutation(9.0 ** np.arange(8))
    x_new = np.array([-0.3, 0.1, 0.6])
    return [Case(x, y, x_new, 0, 300, _seed(rng), label="8 rows, degree 0")]


def _seed(rng: np.random.Generator) -> Seeded:
    return Seeded(int(rng.integers(1_000_000)))


# --- what can be read off --------------------------------------------------------------------


def _shaped(case: Case, value: Any) -> Array:
    _, _, x_new, _, fits, _ = case.args
    return numeric_array(value, (fits, len(x_new)))


def _through(case: Case) -> Array:
    """What the curve that all rows but at most one lie on says at the new points."""
    x, y, x_new, degree, _, _ = case.args
    curves = [
        Polynomial.fit(np.delete(x, i), np.delete(y, i), degree, full=True) for i in range(len(x))
    ]
    curve, _ = min(curves, key=lambda found: float(found[1][0].sum()))  # the residual sum
    return np.asarray(curve(x_new))


def _on_the_curve(case: Case, P: Array) -> Array:
    """For each fit, whether it is that curve."""
    wanted = _through(case)
    return np.asarray(np.abs(P - wanted).max(axis=1) < 1e-6 * (1 + np.abs(wanted).max()))


def _counts(case: Case, value: Any, sizes: range) -> Array | None:
    """How often each row was drawn in each fit, (fits, 8); None if no draw of such a size fits."""
    P = _shaped(case, value)
    if not (np.abs(P) < 9.0**8).all() or np.abs(P - P[:, :1]).max() > 1e-3:
        return None  # no mean of these labels, or no constant
    powers = np.rint(np.log(case.args[1]) / np.log(9)).astype(int)
    counts = np.full((len(P), 8), -1)
    for size in reversed(sizes):  # so that the smallest that fits remains
        total = P[:, 0] * size
        whole = np.rint(total).astype(np.int64)
        digits = whole[:, None] // 9**powers % 9
        fits = (np.abs(total - whole) < 1e-3) & (digits.sum(axis=1) == size)
        counts[fits] = digits[fits]
    return None if (counts < 0).any() else counts


def _counts_of_one_size(case: Case, value: Any) -> Array | None:
    for size in range(1, 20):
        counts = _counts(case, value, range(size, size + 1))
        if counts is not None:
            return counts
    return None


def _judge_curves(case: Case, outcome: Outcome) -> Mismatch | None:
    P = _shaped(case, outcome.value)
    share = float(_on_the_curve(case, P).mean())
    if case.args[3] == 2:
        says = "All rows lie on one parabola, so the fit to any resample is that parabola."
        return None if share == 1 else Mismatch("value", says, show(P[0]), show(_through(case)))
    low, high = _MISSED
    if low < share < high:
        return None
    says = (
        "All rows but one lie on a line. The resamples that miss the stray row, about a third, "
        "must give that line."
    )
    return Mismatch("value", says, f"the line in {share:.0%} of the fits", "in about 35%")


def _judge_draws(case: Case, outcome: Outcome) -> Mismatch | None:
    counts = _counts_of_one_size(case, outcome.value)
    n, fits = len(case.args[1]), case.args[4]
    if counts is None:
        says = "A fit of degree 0 is the mean of the labels drawn; no draw of these has such means."
        return Mismatch("value", says, show(_shaped(case, outcome.value)[:, 0]))
    size = int(counts[0].sum())
    if size != n:
        says = "Each fit must be made on as many rows as there are."
        return Mismatch("value", says, f"{size} rows a fit", f"{n} rows a fit")
    low, high = _DISTINCT
    distinct = float((counts > 0).sum(axis=1).mean())
    totals = counts.sum(axis=0)
    if low < distinct < high and ((totals - fits) ** 2 / fits).sum() < _CHI_SQUARE:
        return nothing_drawn(outcome)
    says = "Over all fits every row must come up about equally often, some twice and some never."
    return Mismatch(
        "value",
        says,
        f"rows drawn {show(totals)} times in all, {distinct:.3g} different ones a fit",
        f"about {fits} times each, 5.25 different ones a fit",
    )


# --- wrong ways ------------------------------------------------------------------------------

Sample = Callable[[Array, Array, int, np.random.Generator], tuple[Array, Array]]


def _pairs(x: Array, y: Array, degree: int, rng: np.random.Generator) -> tuple[Array, Array]:
    rows = rng.integers(len(x), size=len(x))
    return x[rows], y[rows]


def _rows(draw: Callable[[int, np.random.Generator], Array]) -> Sample:
    """Pairs whose rows are drawn in some other way."""

    def sample(x: Array, y: Array, degree: int, rng: np.random.Generator) -> tuple[Array, Array]:
        rows = draw(len(x), rng)
        return x[rows], y[rows]

    return sample


def _fit(x: Array, y: Array, degree: int) -> Polynomial:
    return Polynomial.fit(x, y, degree, domain=[-2, 10])


def _residuals(x: Array, y: Array, degree: int, rng: np.random.Generator) -> tuple[Array, Array]:
    fitted = _fit(x, y, degree)(x)
    return x, fitted + rng.choice(y - fitted, size=len(y))


def _fits(
    sample: Sample = _pairs,
    degree_of: Callable[[int], int] = lambda degree: degree,
    where: Callable[[Array, Array], Array] = lambda x, x_new: x_new,
    then: Callable[[Array], Array] = lambda P: P,
) -> Callable[..., Array]:
    """A bootstrap with one thing done in another way."""

    def answer(
        x: Array, y: Array, x_new: Array, degree: int, fits: int, rng: np.random.Generator
    ) -> Array:
        points = where(x, x_new)
        samples = (sample(x, y, degree, rng) for _ in range(fits))
        return then(np.array([_fit(*drawn, degree_of(degree))(points) for drawn in samples]))

    return answer


def _coefficients(
    x: Array, y: Array, x_new: Array, degree: int, fits: int, rng: np.random.Generator
) -> Array:
    samples = (_pairs(x, y, degree, rng) for _ in range(fits))
    return np.array([_fit(*drawn, degree).convert().coef for drawn in samples])


def _own_generator(
    x: Array, y: Array, x_new: Array, degree: int, fits: int, rng: np.random.Generator
) -> Array:
    return _fits()(x, y, x_new, degree, fits, np.random.default_rng(5))


# --- how they show ---------------------------------------------------------------------------

Sign = Callable[[Case, Any], bool]


def _has_shape(shape: Callable[[int, int, int, int], tuple[int, ...]]) -> Sign:
    """Known by a shape made from the counts of fits, new points and rows, and the degree."""

    def sign(case: Case, value: Any) -> bool:
        x, _, x_new, degree, fits, _ = case.args
        return bool(np.shape(value) == shape(fits, len(x_new), len(x), degree))

    return sign


def _shows_in(curves: Sign, draws: Sign = lambda case, value: False) -> Sign:
    """Known by one sign on the curves (degree 1 and 2) and by another on the powers."""

    def sign(case: Case, value: Any) -> bool:
        return draws(case, value) if case.args[3] == 0 else curves(case, value)

    return sign


def _all_alike(case: Case, value: Any) -> bool:
    P = _shaped(case, value)
    return bool(np.ptp(P, axis=0).max() < 1e-9 * (1 + np.abs(P).max()))


def _all_from_every_row(case: Case, value: Any) -> bool:
    x, y, x_new, degree, _, _ = case.args
    return _all_alike(case, value) and bool(np.allclose(value[0], _fit(x, y, degree)(x_new)))


def _straight(case: Case, value: Any) -> bool:
    P, x_new = _shaped(case, value), case.args[2]
    line = np.polynomial.polynomial.polyfit(x_new, P.T, 1)  # (2, fits)
    off = np.abs(P - np.polynomial.polynomial.polyval(x_new, line)).max()
    return bool(case.args[3] == 2 and off < 1e-6 * np.abs(P).max())


def _slope(case: Case, value: Any) -> float:
    """The mean slope of the fits over that of the fit to all rows; line case only."""
    x, y, x_new, degree, _, _ = case.args
    of_all = _fit(x, y, degree)(x_new)
    return float(np.polyfit(x_new, _shaped(case, value).mean(axis=0), 1)[0]) / float(
        np.polyfit(x_new, of_all, 1)[0]
    )


def _never_on_the_curve(case: Case, value: Any) -> bool:
    P = _shaped(case, value)
    bends = np.ptp(P, axis=1).min() > 0  # no constants
    return bool(bends and not _all_alike(case, P) and not _on_the_curve(case, P).any())


def _flat_on_average(case: Case, value: Any) -> bool:
    if not _never_on_the_curve(case, value):
        return False
    return case.args[3] == 2 or abs(_slope(case, value)) < 0.5


def _right_on_average(case: Case, value: Any) -> bool:
    if not _never_on_the_curve(case, value):
        return False
    return case.args[3] == 2 or abs(_slope(case, value) - 1) < 0.5


def _draws_of(sign: Callable[[Array], bool]) -> Sign:
    """Known by how often each row was drawn, the sizes of the draws alike."""

    def shows(case: Case, value: Any) -> bool:
        counts = _counts_of_one_size(case, value)
        return counts is not None and sign(counts)

    return shows


def _only_different_rows(case: Case, value: Any) -> bool:
    counts = _counts(case, value, range(1, 9))
    return counts is not None and counts.max() == 1


_no: Sign = lambda case, value: False  # noqa: E731


def _from_elsewhere(case: Case, outcome: Outcome) -> bool:
    return case.args[3] == 0 and from_elsewhere(_judge_draws)(case, outcome)


BOOTSTRAP_PREDICTIONS = Exercise(
    "bootstrap_predictions",
    "(x, y, x_new, degree, fits, rng)",
    "Many fits from one sample",
    difficulty=3,
    minutes=15,
    parts=(
        Part("each label stays with its x", 1, _curves, judge=_judge_curves),
        Part("n rows, with replacement, anew for each fit", 2, _powers, judge=_judge_draws),
    ),
    pitfalls=(
        Pitfall(
            "draws without replacement",
            "n rows drawn without replacement are all the rows in another order, so every fit is "
            "the same fit and the variance is zero. A bootstrap sample must be free to hold a row "
            "twice and to miss another.",
            _fits(_rows(lambda n, rng: rng.permutation(n))),
            _shows_in(_all_from_every_row),
        ),
        Pitfall(
            "one resample for all fits",
            "All your fits are one and the same. Either the rows are drawn once, before the loop, "
            "or a generator with a fixed seed is made inside it and starts over each time. Use "
            "the `rng` that comes in, and draw in the loop.",
            _fits(lambda x, y, degree, rng: _pairs(x, y, degree, np.random.default_rng(1))),
            _shows_in(_all_alike),
        ),
        Pitfall(
            "averages the fits",
            "You return the average of the fits (that is bagging, further down). Here the fits "
            "themselves are wanted, one a row: without them their scatter cannot be measured.",
            _fits(then=lambda P: P.mean(axis=0)),
            _has_shape(lambda fits, new, n, degree: (new,)),
        ),
        Pitfall(
            "a column for each fit",
            "Rows and columns are swapped: a fit is a *row*, a point a column, as in `decompose`. "
            "Otherwise every average along axis 0 means something else.",
            _fits(then=lambda P: P.T),
            _has_shape(lambda fits, new, n, degree: (new, fits)),
        ),
        Pitfall(
            "predicts at the training rows",
            "Fit on the rows drawn, but predict at `x_new`: the same points for every fit, or "
            "their predictions cannot be compared point by point.",
            _fits(where=lambda x, x_new: x),
            _has_shape(lambda fits, new, n, degree: (fits, n)),
        ),
        Pitfall(
            "coefficients in place of predictions",
            "These are the coefficients of each fit. Evaluate each polynomial at `x_new`: "
            "coefficients trade off against each other, predictions are what has a variance that "
            "matters.",
            _coefficients,
            _has_shape(lambda fits, new, n, degree: (fits, degree + 1)),
        ),
        Pitfall(
            "degree not used",
            "You fit a line whatever `degree` says.",
            _fits(degree_of=lambda degree: 1),
            _shows_in(_straight),
        ),
        Pitfall(
            "bootstraps the residuals",
            "You kept x, and gave each fitted value a residual drawn at random. That is a "
            "bootstrap too, but it believes in the model: same noise everywhere, right degree. "
            "Draw whole rows, which believes in neither.",
            _fits(_residuals),
            _shows_in(lambda case, value: case.args[3] == 1 and _right_on_average(case, value)),
        ),
        Pitfall(
            "x and y drawn apart",
            "The labels no longer belong to their x: two independent draws of row numbers tear "
            "the pairs apart, and what you fit is noise around a flat line. Draw row numbers "
            "once, and use them for both.",
            _fits(lambda x, y, degree, rng: (rng.choice(x, len(x)), rng.choice(y, len(y)))),
            _shows_in(_flat_on_average),
        ),
        Pitfall(
            "adds noise in place of drawing rows",
            "You added made-up noise to the labels. How large is it, and is it the same "
            "everywhere? The bootstrap needs no such guess: it draws rows, whose noise is real.",
            _fits(lambda x, y, degree, rng: (x, y + rng.normal(scale=y.std(), size=len(y)))),
            _shows_in(_right_on_average),
        ),
        Pitfall(
            "half the rows, each once",
            "Half of the rows without replacement is subsampling. Its fits are made on fewer "
            "rows than yours, so their scatter answers another question. Draw n of n, and let "
            "rows repeat.",
            _fits(_rows(lambda n, rng: rng.choice(n, n // 2, replace=False))),
            _shows_in(_no, _draws_of(lambda c: c.max() == 1 and c[0].sum() < c.shape[1] - 1)),
        ),
        Pitfall(
            "leaves one row out",
            "Every fit has all rows but one, each once: that is the jackknife. Its fits differ by "
            "one row only, so they scatter far less than fits to new samples would.",
            _fits(_rows(lambda n, rng: np.delete(np.arange(n), rng.integers(n)))),
            _shows_in(_no, _draws_of(lambda c: c.max() == 1 and c[0].sum() == c.shape[1] - 1)),
        ),
        Pitfall(
            "draws too few rows",
            "Your resamples are smaller than the sample. A fit to fewer rows scatters more, so "
            "the variance comes out too large. How many rows did the fit have that you want to "
            "know about?",
            _fits(_rows(lambda n, rng: rng.integers(n, size=n // 2))),
            _shows_in(_no, _draws_of(lambda c: c.max() > 1 and c[0].sum() < c.shape[1])),
        ),
        Pitfall(
            "one row is never drawn",
            "`rng.integers(n)` gives 0 to n − 1 already; with n − 1 as its end the last row never "
            "comes (and starting at 1 loses the first). A row that never comes can be the one "
            "that matters.",
            _fits(_rows(lambda n, rng: rng.integers(n - 1, size=n))),
            _shows_in(_no, _draws_of(lambda c: c.sum(axis=0).min() == 0 and c.max() > 1)),
        ),
        Pitfall(
            "repeats thrown away",
            "A row that is drawn twice must count twice in the fit. With the repeats removed "
            "(`np.unique`, or a set) only about 63% of the rows are left, each once.",
            _fits(_rows(lambda n, rng: np.unique(rng.integers(n, size=n)))),
            _shows_in(_no, _only_different_rows),
        ),
        Pitfall(
            "a generator of its own",
            "The rows are drawn as they should be, but not from `rng`: the function makes a "
            "generator of its own, or asks NumPy's global one. Then nobody can repeat your run, or "
            "each run is the same. Draw from the `rng` that comes in.",
            _own_generator,
            recognise_outcome=_from_elsewhere,
        ),
    ),
    hints=(
        "What would a new sample change? Every row could be another one. Which rows do you have "
        "to stand in for the unknown ones?",
        "In a loop over the fits: `rows = rng.integers(n, size=n)`, then `x[rows]` and `y[rows]`.",
        "`np.polyfit(x[rows], y[rows], degree)` and `np.polyval(coefficients, x_new)`; collect "
        "one row of predictions for each fit.",
    ),
)
