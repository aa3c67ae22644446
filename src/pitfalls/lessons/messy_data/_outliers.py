"""Far out, or wrong: outliers_or_errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, show

from ._draw import once, rows, table

__all__ = ["OUTLIERS_OR_ERRORS"]

Labels = list[str]
_LENGTHS = ["x", "y", "z"]
_FACTOR = 1.5  # between the density of a stone and the median stone's

# --- what is drawn ---------------------------------------------------------------------------


def _stones() -> pd.DataFrame:
    return table("diamonds")[["carat", "x", "y", "z", "price"]]


def _ratio(stones: pd.DataFrame) -> pd.Series:
    """Density over that of the median stone of all; NaN without three lengths."""
    density = stones["carat"] / stones[_LENGTHS].prod(axis=1).where(
        stones[_LENGTHS].min(axis=1) > 0
    )
    return density / density.median()


@functools.cache
def _pools() -> dict[str, pd.DataFrame]:
    """The real stones to draw from, by what they are."""
    stones = _stones()
    off = np.abs(np.log(_ratio(stones)))
    lengths, carat = stones[_LENGTHS], stones["carat"]
    return {
        "sound": stones[(off < 0.1) & (carat < 1.15)],
        "middling": stones[(off < 0.1) & carat.between(1.8, 2.3)],
        "large": stones[(off < 0.1) & carat.between(2.5, 3.1)],
        "giant": stones[(off < 0.1) & (carat > 3.3)],
        "zero": stones[(lengths == 0).any(axis=1)],
        "huge": stones[(lengths > 30).any(axis=1)],
        "quiet": stones[(off > np.log(1.6)) & (lengths < 30).all(axis=1)],
    }


def _draw(rng: np.random.Generator) -> Case:
    """Usual stones, large ones, real errors of each kind, and three injected; none near a limit."""
    counts = {"sound": 46, "middling": 6, "large": 4, "giant": 1, "zero": 3, "huge": 2, "quiet": 4}
    part = [rows(_pools()[kind], n, rng) for kind, n in counts.items()]
    drawn = pd.concat(part)
    slip = rng.choice(46, 3, replace=False)  # among the sound ones: the depth in centimetres
    drawn.iloc[slip, drawn.columns.get_loc("z")] /= 10
    return Case(rows(drawn, len(drawn), rng), label="diamonds, some of them wrong")


def _clear(case: Case) -> bool:
    """No stone near a limit, by whatever definition of a quartile."""
    df = case.args[0]
    errors = np.array([label == "error" for label in _by_rows(df)])
    carats = df["carat"][~errors].to_numpy()
    fences = []
    for method in ("linear", "lower", "higher", "midpoint", "hazen", "weibull"):
        low, high = np.quantile(carats, [0.25, 0.75], method=method)
        fences.append(high + 1.5 * (high - low))
    near = (carats > min(fences) - 0.01) & (carats < max(fences) + 0.01)
    return not near.any()


@once
def _cases(rng: np.random.Generator) -> list[Case]:
    """A draw on which the wrong ways that matter differ from the right one."""
    while True:
        case = _draw(rng)
        wanted = _by_rows(case.args[0])
        tempting = (
            _fence_with_errors, _three_deviations, _large_is_wrong, _mean_density, _half_as_dense,
        )  # fmt: skip
        further = [_three_deviations_of_weight(case.args[0]), _three_widths(case.args[0])]
        if (
            _clear(case)
            and all(answer(case.args[0]) != wanted for answer in tempting)
            and all(0 < f.count("outlier") < wanted.count("outlier") for f in further)
            and further[0] != further[1]
        ):
            return [case]


# --- reference -------------------------------------------------------------------------------


def _impossible(df: pd.DataFrame, *, middle: Callable[[Any], Any] = np.median) -> list[bool]:
    stones = list(df[["carat", *_LENGTHS]].itertuples(index=False))
    densities = [s.carat / (s.x * s.y * s.z) if min(s.x, s.y, s.z) > 0 else None for s in stones]
    usual = float(middle([d for d in densities if d is not None]))
    return [d is None or not usual / _FACTOR <= d <= usual * _FACTOR for d in densities]


def _fence(carats: Any, widths: float = 1.5) -> float:
    low, high = np.quantile(carats, [0.25, 0.75])
    return float(high + widths * (high - low))


def _by_rows(df: pd.DataFrame) -> Labels:
    wrong = _impossible(df)
    return _labels(df, wrong)


def _labels(df: pd.DataFrame, wrong: list[bool], fence: float | None = None) -> Labels:
    carats = df["carat"].tolist()
    if fence is None:
        fence = _fence([c for c, bad in zip(carats, wrong, strict=True) if not bad])
    return [
        "error" if bad else "outlier" if c > fence else "ok"
        for c, bad in zip(carats, wrong, strict=True)
    ]


def _fence_first(df: pd.DataFrame) -> Labels:
    wrong, carats = _impossible(df), df["carat"].tolist()
    fence = _fence([c for c, bad in zip(carats, wrong, strict=True) if not bad])
    return [
        "outlier" if c > fence else "error" if bad else "ok"
        for c, bad in zip(carats, wrong, strict=True)
    ]


def _mask(name: str) -> Comparison:
    """Compare which rows bear one label."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        labels = _as_labels(got, len(wanted))
        if isinstance(labels, Mismatch):
            return labels
        mine = [label == name for label in labels]
        right = [label == name for label in wanted]
        missed = sum(b and not a for a, b in zip(mine, right, strict=True))
        extra = sum(a and not b for a, b in zip(mine, right, strict=True))
        if not missed and not extra:
            return None
        says = f"“{name}”: {missed} of {sum(right)} missed, {extra} too many."
        first = next(i for i, (a, b) in enumerate(zip(mine, right, strict=True)) if a != b)
        return Mismatch("value", says, f"{labels[first]!r} in row {first}", repr(wanted[first]))

    return compare


def _all_labels() -> Comparison:
    """Compare all labels, errors first."""
    inner = [_mask(name) for name in ("error", "outlier", "ok")]

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        return next((m for m in (check(got, wanted) for check in inner) if m is not None), None)

    return compare


def _as_labels(got: Any, n: int) -> Labels | Mismatch:
    if not isinstance(got, (list, tuple, np.ndarray, pd.Series, pd.Index, pd.Categorical)):
        kind = "None" if got is None else f"of type {type(got).__name__}"
        says = f"The result is {kind}; wanted one label a row, in a Series."
        return Mismatch("type", says, show(got), "'ok', 'outlier' or 'error' a row")
    labels = list(got)
    if len(labels) != n:
        says = f"There are {len(labels)} labels; wanted {n}, one a row."
        return Mismatch("shape", says, show(got), f"{n} labels")
    for label in labels:
        if not isinstance(label, str) or label not in ("ok", "outlier", "error"):
            says = "A label is none of 'ok', 'outlier' and 'error'."
            return Mismatch("type", says, show(label), "'ok', 'outlier' or 'error'")
    return labels


# --- wrong ways ------------------------------------------------------------------------------


def _fence_with_errors(df: pd.DataFrame) -> Labels:
    return _labels(df, _impossible(df), _fence(df["carat"]))


def _large_is_wrong(df: pd.DataFrame) -> Labels:
    return ["error" if label == "outlier" else label for label in _by_rows(df)]


def _three_deviations(df: pd.DataFrame) -> Labels:
    far = np.zeros(len(df), dtype=bool)
    for name in ("carat", *_LENGTHS):
        values = df[name].to_numpy()
        far |= np.abs(values - values.mean()) > 3 * values.std()
    return _labels(df, far.tolist())


def _mean_density(df: pd.DataFrame) -> Labels:
    return _labels(df, _impossible(df, middle=np.mean))


def _only(test: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], Labels]:
    return lambda df: _labels(df, [bool(bad) for bad in test(df)])


def _each_length_alone(df: pd.DataFrame) -> Any:
    bad = (df[_LENGTHS] <= 0).any(axis=1)
    for name in _LENGTHS:
        low, high = df[name].quantile([0.25, 0.75])
        bad |= (df[name] < low - 3 * (high - low)) | (df[name] > high + 3 * (high - low))
    return bad


def _zero_passes(df: pd.DataFrame) -> Any:
    positive = (df[_LENGTHS] > 0).all(axis=1)
    return [bad and good for bad, good in zip(_impossible(df), positive, strict=True)]


def _too_light_only(df: pd.DataFrame) -> Any:
    density = df["carat"] / df[_LENGTHS].prod(axis=1).replace(0, np.nan)
    return (density < density.median() / _FACTOR) | density.isna()


def _too_heavy_only(df: pd.DataFrame) -> Any:
    density = df["carat"] / df[_LENGTHS].prod(axis=1).replace(0, np.nan)
    return (density > density.median() * _FACTOR) | density.isna()


def _errors_are_outliers(df: pd.DataFrame) -> Labels:
    return ["outlier" if label == "error" else label for label in _by_rows(df)]


def _three_deviations_of_weight(df: pd.DataFrame) -> Labels:
    wrong = _impossible(df)
    carats = df["carat"].to_numpy()[~np.array(wrong)]
    return _labels(df, wrong, float(carats.mean() + 3 * carats.std()))


def _three_widths(df: pd.DataFrame) -> Labels:
    wrong = _impossible(df)
    return _labels(df, wrong, _fence(df["carat"].to_numpy()[~np.array(wrong)], 3))


def _half_as_dense(df: pd.DataFrame) -> Labels:
    """Errors from 1.5 times the median density on, and down to half of it."""
    ratio = df["carat"] / df[_LENGTHS].prod(axis=1).where((df[_LENGTHS] > 0).all(axis=1))
    ratio = ratio / ratio.median()
    return _labels(df, (~ratio.between(0.5, _FACTOR)).tolist())


def _by_price(df: pd.DataFrame) -> Labels:
    wrong = _impossible(df)
    return _labels(df.assign(carat=df["price"] / 1.0), wrong)


OUTLIERS_OR_ERRORS = Exercise(
    "outliers_or_errors",
    "(df)",
    "Far out, or wrong?",
    difficulty=3,
    minutes=15,
    parts=(
        Part("the errors", 2, _cases, _by_rows, _mask("error")),
        Part("the outliers among the rest", 1, _cases, _by_rows, _all_labels()),
    ),
    pitfalls=(
        Pitfall(
            "heavy first, impossible second",
            "A heavy stone whose size contradicts its weight was called an outlier. Ask for errors "
            "first; only what is possible can be an outlier.",
            _fence_first,
        ),
        Pitfall(
            "far out means wrong",
            "Rows more than three deviations away were called errors. Some of them are large "
            "stones, which exist and cost most; and most errors lie well inside the range. Ask "
            "what contradicts itself, not what is far.",
            _three_deviations,
        ),
        Pitfall(
            "a rare stone is thrown out as an error",
            "The large stones are rare and real: weight and size agree. Only what cannot be is an "
            "error.",
            _large_is_wrong,
        ),
        Pitfall(
            "each length looked at alone",
            "A depth of 1.07 mm is no strange number; for a stone of 1.07 carat and 6.6 mm width "
            "it is impossible. Look at weight and lengths together.",
            _only(_each_length_alone),
        ),
        Pitfall(
            "a length of zero passes",
            "A stone with a length of zero has no volume: its density is infinite or 0/0, and a "
            "comparison with NaN is false. Catch it first.",
            _only(_zero_passes),
        ),
        Pitfall(
            "only zero counts as impossible",
            "Zero is the easy case. A length of 31.8 mm at half a carat, or a weight typed in as "
            "the depth, is impossible too: compare weight with volume.",
            _only(lambda df: (df[_LENGTHS] <= 0).any(axis=1)),
        ),
        Pitfall(
            "too light only",
            "You catch lengths that are too large. A length that is too small makes the stone too "
            "heavy for its size: the other side needs a limit as well.",
            _only(_too_light_only),
        ),
        Pitfall(
            "too heavy only",
            "You catch lengths that are too small. A length of 31.8 mm makes the stone far too "
            "light for its size: the other side needs a limit as well.",
            _only(_too_heavy_only),
        ),
        Pitfall(
            "half as dense still passes",
            "A stone at 0.55 of the median density went for sound. The limits are a factor both "
            "ways: 1.5 times above, and 1/1.5, that is two thirds, below.",
            _half_as_dense,
        ),
        Pitfall(
            "the errors set the standard",
            "The mean density is pulled up by the very errors you look for, so some of them pass. "
            "Take the median, which a few errors hardly move.",
            _mean_density,
        ),
        Pitfall(
            "errors and outliers in one bag",
            "An impossible stone and a rare one need different treatment: correct or remove the "
            "one, keep the other. Two labels.",
            _errors_are_outliers,
        ),
        Pitfall(
            "nothing is far out",
            "The errors are found; the large stones have no label. The fence is the upper quartile "
            "plus one and a half times the distance between the quartiles.",
            lambda df: ["ok" if label == "outlier" else label for label in _by_rows(df)],
        ),
        Pitfall(
            "the errors take part in the fence",
            "Quartiles were taken over all rows. Rows that are known to be wrong have no say in "
            "what is usual: leave them out first.",
            _fence_with_errors,
        ),
        Pitfall(
            "three deviations for the fence",
            "Mean and deviation grow with the very stones that are far out. Asked for is the fence "
            "from the quartiles.",
            _three_deviations_of_weight,
        ),
        Pitfall(
            "three times the distance of the quartiles",
            "That fence is for what is called *far* out. Asked for is one and a half times the "
            "distance between the quartiles.",
            _three_widths,
        ),
        Pitfall(
            "the price for the weight",
            "The fence is for `carat`. A price far from the others belongs to the target, which "
            "must not decide which rows the model is fitted on.",
            _by_price,
        ),
    ),
    hints=(
        "A law, not a quantile, makes a value impossible. Which law ties the four numbers of a "
        "stone together?",
        "`density = carat / (x·y·z)`; where a length is not positive it is an error at once. The "
        "rest is compared with the *median* density, both ways.",
        "Errors first. Then q1, q3 of `carat` over the rows that are no errors; outlier if carat > "
        "q3 + 1.5·(q3 − q1).",
    ),
)
