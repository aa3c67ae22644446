"""Why is it missing? What the data can say: missingness_mechanism."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, show

from ._draw import flights_with_planes, once, rows, table

__all__ = ["MISSINGNESS_MECHANISM"]

Found = dict[str, Any]
_LEVEL = 0.01
_KEYS = ("rate", "depends_on", "verdict")

# --- what is drawn ---------------------------------------------------------------------------


def _planes(rng: np.random.Generator) -> Case:
    """Real: the year a plane was built is unknown for most planes of two airlines."""
    flights = flights_with_planes()
    large = flights["carrier"].value_counts().index[:8]
    drawn = rows(flights[flights["carrier"].isin(large) & flights["tailnum"].notna()], 600, rng)
    frame = pd.DataFrame(
        {
            "carrier": drawn["carrier"],
            "origin": drawn["origin"],
            "weekday": drawn["time_hour"].dt.day_name().astype(object),
            "third": pd.cut(
                drawn["day"], [0, 10, 20, 31], labels=["early", "middle", "late"]
            ).astype(object),
            "plane_year": drawn["plane_year"],
        }
    )
    return Case(_light(frame), "plane_year", label="flights: the year the plane was built")


def _made_up(rng: np.random.Generator, depends: bool) -> Case:
    """Known exactly: eight columns drawn by lot, of which one decides, or none."""
    n = 450
    frame = pd.DataFrame(
        {f"lot_{j}": rng.choice(list("abcde")[: 3 + j % 3], n).astype(object) for j in range(8)}
    )
    frame["lot_3"] = rng.choice(["a", "b", "c"], n, p=[0.4, 0.2, 0.4]).astype(object)
    frame["lot_7"] = rng.choice(["a", "b", "c"], n, p=[0.49, 0.49, 0.02]).astype(object)
    income = rng.normal(30, 6, n) + 5 * (frame["lot_5"] == "a")  # lot_5 moves the value only
    share = 0.15 + 0.35 * ((frame["lot_3"] == "b") if depends else 0)
    frame["income"] = np.where(rng.random(n) < share, np.nan, np.round(income, 1))
    label = "made up: one of eight columns decides" if depends else "made up: chance alone"
    return Case(_light(frame), "income", label=label)


def _light(frame: pd.DataFrame) -> pd.DataFrame:
    """Text as categories: a tenth of the bytes."""
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype(dict.fromkeys(text, "category"))


@once
def _dependence(rng: np.random.Generator) -> list[Case]:
    return [_clear(_planes, rng, False), _clear(lambda rng: _made_up(rng, True), rng, True)]


@once
def _unaudited(rng: np.random.Generator) -> list[Case]:
    return [_clear(_planes, rng, False), _clear(lambda rng: _made_up(rng, False), rng, True)]


def _hotel(rng: np.random.Generator, kind: str) -> Case:
    """Real prices; the gaps are injected, so that the answer is known."""
    hotel = table("hotel_rates")
    usual = hotel[hotel["reserved_room_type"].isin(["a", "d", "e"])]
    drawn = rows(usual, 700, rng)
    price = drawn["avg_price_per_room"]
    if kind == "MAR":
        share = drawn["reserved_room_type"].map({"a": 0.1, "d": 0.6, "e": 0.85})
    elif kind == "both":  # dear rooms have more gaps, and of each kind the dear nights
        usual_top = price.groupby(drawn["reserved_room_type"]).transform("quantile", 0.6)
        share = drawn["reserved_room_type"].map({"a": 0.05, "d": 0.4, "e": 0.5})
        share += np.where(price > usual_top, 0.45, 0)
    elif kind == "MNAR":  # and here the cheap nights: who looks on one side only sees nothing
        usual_low = price.groupby(drawn["reserved_room_type"]).transform("quantile", 0.4)
        share = pd.Series(np.where(price < usual_low, 0.6, 0.1), drawn.index)
    else:
        share = pd.Series(0.3, drawn.index)
    frame = pd.DataFrame(
        {
            "room": drawn["reserved_room_type"],
            "weekday": drawn["arrival_date"].dt.day_name().astype(object),
            "repeated": drawn["is_repeated_guest"].map({0: "no", 1: "yes"}).astype(object),
            "price": price.where(rng.random(700) >= share),
            "price_audit": price.where(rng.random(700) < 0.6),
        }
    )
    verdict = "MNAR" if kind == "both" else kind
    label = f"hotel prices with an audit, gaps injected ({verdict})"
    return Case(_light(frame), "price", label=label)


@once
def _audited(rng: np.random.Generator) -> list[Case]:
    makers = [functools.partial(_hotel, kind=kind) for kind in ("MAR", "MNAR", "MCAR", "both")]
    cases = [_clear(maker, rng, False) for maker in makers]
    named = [Case(*case.args, label=case.label.split(" (")[0]) for case in cases]
    return [named[i] for i in rng.permutation(len(named))]


def _clear(
    make: Callable[[np.random.Generator], Case], rng: np.random.Generator, tempting: bool
) -> Case:
    """A draw in which no sound test is near its limit; where asked, with one that tempts."""
    while True:
        case = make(rng)
        df, col = case.args
        ps = list(_p_values(df, col).values()) + list(_p_values(df, col, corrected=True).values())
        k = len(ps) / 2
        if any(1e-5 < p * k < 0.04 for p in ps):
            continue
        lures = [p for p in ps if 0.04 / k <= p < 0.03]
        found = _evidence(df, col)
        kind = case.label[-5:-1] if "(" in case.label else ""
        if kind and kind.strip("(") != found["verdict"]:
            continue
        if f"{col}_audit" in df:
            tests = [_audit_p(df, col, found["depends_on"], t) for t in ("ranks", "means")]
            raw = _audit_p(df, col, [], "ranks")
            if any(1e-5 < p < 0.05 for p in tests) or ("MAR" == found["verdict"] and raw > 1e-5):
                continue
        elif tempting and (not lures or not _tempts(df, col, found)):
            continue
        return case


def _tempts(df: pd.DataFrame, col: str, found: Found) -> bool:
    """Whether wrong ways of finding the columns differ from the right one here."""
    right = set(found["depends_on"])
    ways = [_by_eye, _of_the_value] + ([_by_codes] if right else [])
    return all(set(way(df, col)) != right for way in ways)


# --- reference -------------------------------------------------------------------------------


def _others(df: pd.DataFrame, col: str) -> list[str]:
    return [name for name in df if name not in (col, f"{col}_audit")]


def _p_values(df: pd.DataFrame, col: str, corrected: bool = False) -> dict[str, float]:
    """p of the χ² test of each other column against the gap; `corrected` by Yates for 2×2."""
    gap = df[col].isna().to_numpy().astype(int)
    out = {}
    for name in _others(df, col):
        codes, levels = pd.factorize(df[name])
        counts = np.bincount(2 * codes + gap, minlength=2 * len(levels)).reshape(-1, 2)
        expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(df)
        off = np.abs(counts - expected)
        if corrected and counts.shape == (2, 2):
            off = np.maximum(off - 0.5, 0)
        out[name] = float(special.chdtrc(len(levels) - 1, (off**2 / expected).sum()))
    return out


def _audit_p(
    df: pd.DataFrame, col: str, by: list[str], test: str = "ranks", side: str = "two-sided"
) -> float:
    """p of a difference in true values between gap and no gap, within the groups of `by`."""
    seen = df[df[f"{col}_audit"].notna()]
    true = seen[f"{col}_audit"]
    if by:
        rest = true - true.groupby([seen[name] for name in by], observed=True).transform("mean")
    else:
        rest = true - true.mean()
    gap = seen[col].isna()
    if test == "means":
        return float(stats.ttest_ind(rest[gap], rest[~gap], equal_var=False).pvalue)
    return float(stats.mannwhitneyu(rest[gap], rest[~gap], alternative=side).pvalue)


def _evidence(
    df: pd.DataFrame,
    col: str,
    *,
    columns: Callable[[pd.DataFrame, str], list[str]] | None = None,
    within: bool = True,
    audit: bool = True,
    side: str = "two-sided",
    names: Callable[[str], str] = lambda verdict: verdict,
    rate: Callable[[pd.Series], float] = lambda gap: float(gap.mean()),
) -> Found:
    ps = _p_values(df, col)
    by = columns(df, col) if columns else [n for n, p in ps.items() if p * len(ps) < _LEVEL]
    verdict = "MAR" if by else "MCAR"
    if audit and f"{col}_audit" in df:
        p = _audit_p(df, col, by if within else [], side=side)
        verdict = "MNAR" if p < _LEVEL else verdict
    return {"rate": rate(df[col].isna()), "depends_on": by, "verdict": names(verdict)}


def _wanted(df: pd.DataFrame, col: str) -> Found:
    return _evidence(df, col)


def _entries(*names: str) -> Comparison:
    """Compare some entries of the dictionary."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if not isinstance(got, dict) or set(got) != set(_KEYS):
            keys = sorted(map(str, got)) if isinstance(got, dict) else type(got).__name__
            says = "Wanted a dictionary with the keys rate, depends_on and verdict."
            return Mismatch("type", says, show(keys), show(list(_KEYS)))
        for name in names:
            found = _entry(name, got[name], wanted[name])
            if found is not None:
                return Mismatch(found.stage, f"{name}: {found.says}", found.got, found.wanted)
        return None

    return compare


def _entry(name: str, got: Any, wanted: Any) -> Mismatch | None:
    if name == "rate":
        return close(rtol=1e-4)(got, wanted)
    if name == "verdict":
        if got in ("MCAR", "MAR", "MNAR"):
            return None if got == wanted else Mismatch("value", "It differs.", show(got), wanted)
        return Mismatch("type", "It is none of MCAR, MAR and MNAR.", show(got), wanted)
    if not isinstance(got, (list, tuple, set, frozenset, np.ndarray, pd.Index, pd.Series)):
        return Mismatch("type", "Wanted a list of column names.", show(got), show(wanted))
    mine = list(got)
    if len(mine) == len(set(map(str, mine))) and set(map(str, mine)) == set(wanted):
        return None
    return Mismatch(
        "value", "Other columns than wanted.", show(sorted(map(str, mine))), show(wanted)
    )


# --- wrong ways ------------------------------------------------------------------------------


def _with(**changes: Any) -> Callable[[pd.DataFrame, str], Found]:
    return lambda df, col: _evidence(df, col, **changes)


def _dependence_settles(df: pd.DataFrame, col: str) -> Found:
    found = _evidence(df, col)
    return found | {"verdict": "MAR"} if found["depends_on"] else found


def _uncorrected(df: pd.DataFrame, col: str) -> list[str]:
    return [name for name, p in _p_values(df, col).items() if p < 0.05]


def _strongest(df: pd.DataFrame, col: str) -> list[str]:
    ps = _p_values(df, col)
    best = min(ps, key=lambda name: ps[name])
    return [best] if ps[best] * len(ps) < _LEVEL else []


def _turned_round(df: pd.DataFrame, col: str) -> list[str]:
    ps = _p_values(df, col)
    return [name for name, p in ps.items() if p * len(ps) >= _LEVEL]


def _by_eye(df: pd.DataFrame, col: str) -> list[str]:
    """Columns in which the rates of two levels are more than ten points apart."""
    gap = df[col].isna()
    rates = {name: gap.groupby(df[name]).mean() for name in _others(df, col)}
    return [name for name, r in rates.items() if r.max() - r.min() > 0.1]


def _by_codes(df: pd.DataFrame, col: str) -> list[str]:
    gap = df[col].isna()
    names = _others(df, col)
    codes = {name: pd.factorize(df[name], sort=True)[0] for name in names}
    ps = {name: stats.pearsonr(codes[name], gap).pvalue for name in names}
    return [name for name in names if ps[name] * len(names) < _LEVEL]


def _of_the_value(df: pd.DataFrame, col: str) -> list[str]:
    """Columns on which the value depends, among the rows that have one."""
    full = df[df[col].notna()]
    names = _others(df, col)
    out = []
    for name in names:
        groups = [part.to_numpy() for _, part in full[col].groupby(full[name]) if len(part) > 1]
        if stats.kruskal(*groups).pvalue * len(names) < _LEVEL:
            out.append(name)
    return out


MISSINGNESS_MECHANISM = Exercise(
    "missingness_mechanism",
    "(df, col)",
    "Why is it missing?",
    difficulty=4,
    minutes=25,
    parts=(
        Part("rate and dependence", 2, _dependence, _wanted, _entries("rate", "depends_on")),
        Part("verdict from the table alone", 1, _unaudited, _wanted, _entries("verdict")),
        Part("verdict with an audit", 1, _audited, _wanted, _entries(*_KEYS)),
    ),
    pitfalls=(
        Pitfall(
            "the share that is there",
            "The rate is the share of rows in which the value is missing.",
            _with(rate=lambda gap: float(1 - gap.mean())),
        ),
        Pitfall(
            "the value is tested, not the gap",
            "You asked which columns move the *value*, among the rows that have one. The question "
            "is which columns go with its being missing: make `df[col].isna()` your variable.",
            _with(columns=_of_the_value),
        ),
        Pitfall(
            "many tests, one limit",
            "Among eight columns drawn by lot, some p is below 0.05 in a third of all tables. "
            "Multiply each p by the number of columns tested before you compare it with 0.01.",
            _with(columns=_uncorrected),
        ),
        Pitfall(
            "judged by eye",
            "A level with twenty rows has a rate of its own by chance. Ask a test that knows how "
            "many rows there are.",
            _with(columns=_by_eye),
        ),
        Pitfall(
            "categories as numbers",
            "The codes of categories have no order, so a correlation misses a level in the middle "
            "that differs from both ends. Compare counts level by level.",
            _with(columns=_by_codes),
        ),
        Pitfall(
            "only the strongest column",
            "All columns that go with the gap are asked for. The airline and the airport both do.",
            _with(columns=_strongest),
        ),
        Pitfall(
            "a large p taken for evidence",
            "A small p speaks against independence. Your list holds the columns that show nothing.",
            _with(columns=_turned_round),
        ),
        Pitfall(
            "rooms are not compared with their like",
            "The hidden prices are higher because dear rooms have more gaps, which the room type "
            "explains. Compare within groups that agree in the columns the gap depends on.",
            _with(within=False),
        ),
        Pitfall(
            "MAR and MCAR mixed up",
            "“Missing at random” is the unlucky name for gaps that depend on what you see. Gaps "
            "that depend on nothing are missing *completely* at random.",
            _with(names=lambda v: {"MAR": "MCAR", "MCAR": "MAR"}.get(v, v)),
        ),
        Pitfall(
            "any dependence is called MNAR",
            "Dependence on a column that you can see is MAR: a model can take it into account. "
            "MNAR means that the hidden value itself matters, beyond what is seen.",
            _with(names=lambda v: "MNAR" if v == "MAR" else v),
        ),
        Pitfall(
            "MNAR, to be safe",
            "Without the hidden values MNAR can be neither shown nor excluded. Say what the data "
            "show, and that the rest is open.",
            _with(names=lambda v: "MNAR"),
        ),
        Pitfall(
            "a dependence ends the question",
            "You said MAR as soon as a column goes with the gap. The hidden value may matter on "
            "top of it: ask the audit there as well, among rows that agree in that column.",
            _dependence_settles,
        ),
        Pitfall(
            "the audit is asked on one side only",
            "You asked whether the missing values are *higher*. They may as well be lower, and "
            "nobody knows beforehand: test both sides.",
            _with(side="greater"),
        ),
        Pitfall(
            "the audit is not used",
            "The audit holds true values, found later, for rows with and without a gap: the one "
            "piece of evidence about MNAR. Compare them.",
            _with(audit=False),
        ),
    ),
    hints=(
        "`gap = df[col].isna()` is a column like any other. What does a table of a category "
        "against `gap` look like if the two have nothing to do with each other?",
        "`chi2_contingency(pd.crosstab(df[name], gap)).pvalue` for each other column, times the "
        "number of columns, against 0.01.",
        "Audit: keep rows with `df[col + '_audit']`; subtract the group mean (`groupby(depends_on)"
        ".transform('mean')`); `mannwhitneyu` between gap and no gap; p < 0.01 is MNAR.",
    ),
)
