"""The lesson on messy tables: its right answers, its references, its probes."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from pitfalls import lessons, load
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.lessons.messy_data import _mechanism, _parse, _preprocessor

LESSON = lessons.get("messy_data")
UNITS = {
    "OZ": ("oz", 1),
    "OZS": ("oz", 1),
    "LB": ("oz", 16),
    "PT": ("fl oz", 16),
    "QT": ("fl oz", 32),
    "GA": ("fl oz", 128),
    "GAL": ("fl oz", 128),
    "L": ("fl oz", 33.814),
    "CT": ("count", 1),
    "PK": ("count", 1),
    "DZ": ("count", 12),
    "DOZ": ("count", 12),
    "FT": ("ft", 1),
    "SQ FT": ("sq ft", 1),
    "$": ("usd", 1),
    "USD": ("usd", 1),
    "¢": ("usd", 0.01),
}

# --- independent right answers -----------------------------------------------------------------


def _parse_by_patterns(col):
    unit = "SQ FT|OZS|OZ|LB|PT|QT|GAL|GA|L|CT|PK|DOZ|DZ|FT"
    n = r"(\d[\d,]*\.?\d*|\.\d+)"
    forms = [
        (rf"^(?:[A-Z] +|\(\d+\) *)?{n} +(\d)/(\d) +({unit})\b", lambda a, b, c, u: (a + b / c, u)),
        (rf"^{n}(?: PK)?/{n} +({unit})\b", lambda a, b, u: (a * b, u)),
        (rf"^{n}-{n} +({unit})\b", lambda a, b, u: ((a + b) / 2, u)),
        (rf"^(?:[A-Z] +|\(\d+\) *)?{n} +({unit})\b", lambda a, u: (a, u)),
        (rf"^({unit})$", lambda u: (1.0, u)),
        (rf"^\(\$ *{n}\)$", lambda a: (-a, "$")),
        (rf"^(?:\$|USD) *{n}$", lambda a: (a, "$")),
        (rf"^-(?:\$|USD) *{n}$", lambda a: (-a, "$")),
        (rf"^{n} *(¢|USD)$", lambda a, u: (a, u)),
        (rf"^-{n} *(¢|USD)$", lambda a, u: (-a, u)),
    ]
    amounts, units = [], []
    for cell in col:
        amount, name = math.nan, None
        text = cell.upper().strip() if isinstance(cell, str) else ""
        for pattern, build in forms:
            match = re.match(pattern, text)
            if match:
                parts = [p.replace(",", "") for p in match.groups()]
                parts = [float(p) if re.fullmatch(r"\d*\.?\d*", p) else p for p in parts]
                amount, key = build(*parts)
                name, factor = UNITS[key]
                amount *= factor
                break
        amounts.append(amount)
        units.append(name)
    return pd.DataFrame({"unit": units, "amount": amounts}, index=col.index)


def _parse_by_words(col):
    def one(cell):
        if not isinstance(cell, str):
            return pd.Series({"amount": np.nan, "unit": None})
        text = cell.upper().replace("SQ FT", "SQFT").strip()
        negative = text.startswith(("-", "($"))
        if not text.startswith("($"):
            text = re.sub(r"^\(.*?\)", "", text)
        for mark in "$¢()":
            text = text.replace(mark, f" {mark} " if mark in "$¢" else " ")
        words = re.sub(r"(?<=[A-Z0-9])/(?=\d)", " / ", text.lstrip("-")).split()
        keys = [w for w in words if w.replace("SQFT", "SQ FT") in UNITS]
        if words and words[0] in ("L", "N") and len(words) > 1:
            words, keys = words[1:], [k for k in keys if k not in ("L", "N")]
        values = []
        for word in words:
            if re.fullmatch(r"[\d.,]+", word):
                values.append(Fraction(word.replace(",", "")))
            elif re.fullmatch(r"\d+-\d+", word):
                values.append(sum(map(Fraction, word.split("-"))) / 2)
        if not keys or not (values or len(words) == 1):
            return pd.Series({"amount": np.nan, "unit": None})
        unit, factor = UNITS[keys[-1].replace("SQFT", "SQ FT")]
        mixed = len(values) == 3
        amount = values[0] + values[1] / values[2] if mixed else math.prod(values)
        amount = float(amount) * factor
        return pd.Series({"amount": -amount if negative else amount, "unit": unit})

    return pd.DataFrame([one(cell) for cell in col], index=col.index).astype({"amount": float})


def _standardise_by_cells(df, sentinels):
    def same(cell, value):
        try:
            return float(cell) == float(value)
        except (TypeError, ValueError):
            return str(cell).strip().casefold() == str(value).strip().casefold()

    columns = {}
    for name in df:
        cells = []
        for cell in df[name]:
            blank = isinstance(cell, str) and not cell.strip()
            gone = blank or any(same(cell, value) for value in sentinels.get(name, ()))
            cells.append(np.nan if gone else cell)
        columns[name] = pd.Series(cells, index=df.index)
        if name in sentinels:
            try:
                columns[name] = columns[name].astype(float)
            except ValueError:
                continue
    return pd.DataFrame(columns)


def _standardise_by_replacing(df, sentinels):
    out = df.replace(r"^\s*$", np.nan, regex=True)
    for name, values in sentinels.items():
        words = [re.escape(str(v).strip()) for v in values]
        numbers = [v for v in values if not isinstance(v, str)]
        pattern = rf"(?i)^\s*(?:{'|'.join(words)})\s*$"
        column = out[name].replace(pattern, np.nan, regex=True)
        read = pd.to_numeric(column, errors="coerce")
        column = column.where(~read.isin(numbers))
        try:
            out[name] = pd.to_numeric(column)
        except (TypeError, ValueError):
            out[name] = column
    return out


def _mechanism_by_g_test(df, col):
    missing = df[col].isna()
    names = df.columns.difference([col, col + "_audit"])
    by = []
    for name in names:
        observed = df.groupby([name, missing], observed=True).size().unstack(fill_value=0)
        test = stats.chi2_contingency(observed, lambda_="log-likelihood", correction=False)
        if test[1] < 0.01 / len(names):
            by.append(name)
    verdict = "MAR" if len(by) else "MCAR"
    if col + "_audit" in df:
        part = df.dropna(subset=[col + "_audit"])
        value = part[col + "_audit"]
        if by:
            value = value - value.groupby([part[b] for b in by], observed=True).transform("mean")
        a, b = value[part[col].isna()], value[part[col].notna()]
        if stats.mannwhitneyu(a, b)[1] < 0.01:
            verdict = "MNAR"
    return {"rate": float(missing.sum() / len(df)), "depends_on": set(by), "verdict": verdict}


def _mechanism_by_sums(df, col):
    gap = df[col].isna().to_numpy()
    audit = col + "_audit"
    names = [name for name in df if name not in {col, audit}]
    found = []
    for name in names:
        chi = 0.0
        levels = df[name].astype(str)
        for level in set(levels):
            rows = (levels == level).to_numpy()
            for kind in (gap, ~gap):
                expected = rows.sum() * kind.sum() / len(df)
                chi += ((rows & kind).sum() - expected) ** 2 / expected
        if stats.chi2.sf(chi, levels.nunique() - 1) * len(names) < 0.01:
            found.append(name)
    says = "MCAR" if not found else "MAR"
    if audit in df:
        known = df[audit].notna()
        rest = df.loc[known, audit].astype(float)
        keys = df.loc[known, found].astype(str).sum(axis=1) if found else rest * 0
        for key in keys.unique():
            rest[keys == key] -= rest[keys == key].mean()
        g = gap[known]
        if stats.mannwhitneyu(rest[g], rest[~g]).pvalue < 0.01:
            says = "MNAR"
    return {"verdict": says, "rate": gap.mean(), "depends_on": tuple(found)}


def _impute_by_pandas(train, test, cols):
    medians = train[cols].median().fillna(0)

    def done(part):
        marks = part[cols].isna().add_suffix("_missing")
        return pd.concat([part.fillna(medians.to_dict()), marks], axis=1)

    return done(train), done(test)


def _impute_by_numpy(train, test, cols):
    out = [train.copy(), test.copy()]
    for name in cols:
        seen = train[name].dropna().to_numpy()
        middle = np.median(seen) if len(seen) else 0
        for part in out:
            hole = np.isnan(part[name].to_numpy(dtype=float))
            part.loc[hole, name] = middle
            part.insert(0, name + "_missing", hole * 1.0)
    return out


def _unskew_by_scipy(train, test, cols):
    train, test = train.copy(), test.copy()
    for name in cols:
        seen = train[name].dropna().to_numpy(dtype=float)
        bent, lam = stats.yeojohnson(seen)
        for part in (train, test):
            values = part[name].to_numpy(dtype=float)
            part[name] = (stats.yeojohnson(values, lam) - bent.mean()) / bent.std()
    return train, test


def _unskew_by_columns(train, test, cols):
    done = [train.assign(), test.assign()]
    for name in cols:
        power = PowerTransformer(standardize=False).fit(train[[name]])
        scale = StandardScaler().fit(power.transform(train[[name]]))
        for part in done:
            part[name] = scale.transform(power.transform(part[[name]])).ravel()
    return done


def _dedupe_by_groups(df):
    spelled = df["name"].map(lambda n: " ".join(n.split()).casefold(), na_action="ignore")
    named = df[df["name"].notna()]
    keep = list(df.index[df["name"].isna()])
    keys = [spelled[named.index], named["day"], named["test"]]
    for _, group in named.groupby(keys):
        newest = group[group["entered"] == group["entered"].max()]
        keep.append(newest.isna().sum(axis=1).idxmin())
    return df[df.index.isin(keep)]


def _dedupe_by_duels(df):
    rows = list(df.itertuples())

    def same(a, b):
        if not (isinstance(a.name, str) and isinstance(b.name, str)):
            return False
        spelled = a.name.lower().split() == b.name.lower().split()
        return spelled and (a.day, a.test) == (b.day, b.test)

    def rank(i):
        return (-rows[i].entered, sum(pd.isna(v) for v in rows[i]), i)

    stays = [
        not any(same(rows[i], rows[j]) and rank(j) < rank(i) for j in range(len(rows)))
        for i in range(len(rows))
    ]
    return df[stays]


def _rare_by_mapping(train, test, col, min_count):
    sizes = train[col].value_counts().to_dict()

    def name(level):
        if level is None or level != level:
            return np.nan
        return level if sizes.get(level, 0) >= min_count else "(rare)"

    return tuple(
        part.assign(**{col: [name(v) for v in part[col].astype(object)]}) for part in (train, test)
    )


def _rare_by_categories(train, test, col, min_count):
    counts = train[col].value_counts()
    kept = sorted(counts[counts >= min_count].index)
    out = []
    for part in (train, test):
        part = part.copy()
        codes = pd.Categorical(part[col], categories=[*kept, "(rare)"])
        codes[(pd.isna(codes) & part[col].notna().to_numpy())] = "(rare)"
        part[col] = codes
        out.append(part)
    return out


def _labels_by_select(df):
    size = df[["x", "y", "z"]]
    ok = size.gt(0).all(axis=1)
    heavy = np.log(df["carat"][ok]) - np.log(size[ok]).sum(axis=1)
    far = (heavy - heavy.median()).abs() > math.log(1.5)
    wrong = ~ok
    wrong[far.index] |= far
    q1, q3 = np.percentile(df["carat"][~wrong], [25, 75])
    large = df["carat"] > 2.5 * q3 - 1.5 * q1
    return np.select([wrong, large], ["error", "outlier"], "ok")


def _labels_by_loop(df):
    volumes = [x * y * z if min(x, y, z) > 0 else None for x, y, z in df[["x", "y", "z"]].values]
    densities = [c / v if v else None for c, v in zip(df["carat"], volumes, strict=True)]
    middle = np.median([d for d in densities if d])
    wrong = [not d or d > 1.5 * middle or d * 1.5 < middle for d in densities]
    weights = [c for c, w in zip(df["carat"], wrong, strict=True) if not w]
    low, high = np.percentile(weights, 25), np.percentile(weights, 75)
    return [
        "error" if w else ("ok" if c <= high + 1.5 * (high - low) else "outlier")
        for c, w in zip(df["carat"], wrong, strict=True)
    ]


def _preprocess_sparse():
    numbers = make_pipeline(SimpleImputer(add_indicator=True), MinMaxScaler())
    words = make_pipeline(
        FunctionTransformer(lambda X: X.astype(object).where(X.notna(), "?")),
        OneHotEncoder(handle_unknown="ignore"),
    )
    return make_column_transformer(
        (words, ["maker", "carrier", "origin"]),
        (numbers, ["seats", "distance", "plane_year", "hour"]),
        sparse_threshold=1.0,
    )


class _Hand(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        self.numbers_ = ["distance", "hour", "plane_year", "seats"]
        self.middle_ = X[self.numbers_].median().fillna(0)
        self.spread_ = X[self.numbers_].std().replace(0, 1).fillna(1)
        self.levels_ = {
            name: X[name].value_counts().index[:12].to_list()
            for name in ("carrier", "origin", "maker")
        }
        return self

    def transform(self, X):
        out = pd.DataFrame(index=X.index)
        for name in self.numbers_:
            values = X[name].astype(float)
            out[name] = (values.fillna(self.middle_[name]) - self.middle_[name]) / self.spread_[
                name
            ]
            out[f"no_{name}"] = values.isna().astype(int)
        for name, levels in self.levels_.items():
            for level in levels:
                out[f"{name}={level}"] = (X[name] == level).astype(int)
            out[f"{name}=?"] = (~X[name].isin(levels)).astype(int)
        return out


def _preprocess_by_hand():
    return _Hand()


def _preprocess_to_frame():
    pipe = ColumnTransformer(
        [
            (
                "n",
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
                    RobustScaler(),
                ),
                ["distance", "hour", "plane_year", "seats"],
            ),
            (
                "c",
                make_pipeline(
                    SimpleImputer(strategy="most_frequent"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ),
                ["carrier", "origin", "maker"],
            ),
        ]
    )
    return pipe.set_output(transform="pandas")


def _preprocess_with_infrequent():
    return make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value=-1, add_indicator=True),
                QuantileTransformer(n_quantiles=20),
            ),
            ["distance", "hour", "plane_year", "seats"],
        ),
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="none"),
                OneHotEncoder(min_frequency=6, handle_unknown="infrequent_if_exist"),
            ),
            ["carrier", "origin", "maker"],
        ),
    )


def _features_by_loop(df):
    minute = df["sched_dep_time"] % 100
    when = df["time_hour"] + pd.to_timedelta(minute, "min")
    off = when + pd.to_timedelta(df["dep_delay"], "min")
    part = (df["sched_dep_time"] // 100 + minute / 60) / 24
    shares, planned = [], []
    for i in df.index:
        same = df["origin"] == df["origin"][i]
        planned.append((same & (df["time_hour"] == df["time_hour"][i])).sum())
        t = when[i] - pd.Timedelta("60min")
        known = same & (off <= t) & (off > t - pd.Timedelta("3h"))
        shares.append((df["dep_delay"][known] > 15).mean() if known.any() else np.nan)
    return pd.DataFrame(
        {
            "late_share": shares,
            "planned": planned,
            "clock_cos": np.cos(2 * np.pi * part),
            "clock_sin": np.sin(2 * np.pi * part),
        },
        index=df.index,
    )


def _features_by_rolling(df):
    local = df["time_hour"].dt.tz_convert("America/New_York") + pd.to_timedelta(
        df["sched_dep_time"] % 100, "min"
    )
    turn = (local.dt.hour * 60 + local.dt.minute) / 720 * np.pi
    out = pd.DataFrame({"clock_sin": np.sin(turn), "clock_cos": np.cos(turn)})
    sizes = df.value_counts(["origin", "time_hour"])
    out["planned"] = [sizes[key] for key in zip(df["origin"], df["time_hour"], strict=True)]
    start = local.dt.tz_convert("UTC")
    rows = pd.DataFrame({"origin": df["origin"], "t": start - pd.Timedelta("1h"), "i": df.index})
    flown = df["dep_delay"].notna()
    offs = pd.DataFrame(
        {
            "origin": df["origin"],
            "off": start + pd.to_timedelta(df["dep_delay"], "min"),
            "late": df["dep_delay"] > 15,
        }
    )[flown]
    pairs = rows.merge(offs, on="origin")
    age = pairs["t"] - pairs["off"]
    pairs = pairs[(age >= pd.Timedelta(0)) & (age < pd.Timedelta("3h"))]
    out["late_share"] = pairs.groupby("i")["late"].mean().reindex(df.index)
    return out


ALTERNATIVES = {
    "parse_money_and_units": [_parse_by_patterns, _parse_by_words],
    "standardise_missing": [_standardise_by_cells, _standardise_by_replacing],
    "missingness_mechanism": [_mechanism_by_g_test, _mechanism_by_sums],
    "impute_with_indicator": [_impute_by_pandas, _impute_by_numpy],
    "unskew": [_unskew_by_scipy, _unskew_by_columns],
    "dedupe": [_dedupe_by_groups, _dedupe_by_duels],
    "group_rare": [_rare_by_mapping, _rare_by_categories],
    "outliers_or_errors": [_labels_by_select, _labels_by_loop],
    "build_preprocessor": [
        _preprocess_sparse,
        _preprocess_by_hand,
        _preprocess_to_frame,
        _preprocess_with_infrequent,
    ],
    "feature_engineering": [_features_by_loop, _features_by_rolling],
}

# --- the lesson's own tests --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "amount", "unit"),
    [
        ("PT", 16, "fl oz"),
        ("1 DOZ", 12, "count"),
        ("L   .15 OZ", 0.15, "oz"),
        ("2 L", 67.628, "fl oz"),
        ("10/6.75 OZ", 67.5, "oz"),
        ("24/16.9 OZ", 405.6, "oz"),
        ("12 PK/12 OZ", 144, "oz"),
        ("14 1/4 OZ", 14.25, "oz"),
        ("48-54 CT", 51, "count"),
        ("(600) 4 LB", 64, "oz"),
        ("279.6 SQ FT", 279.6, "sq ft"),
        ("12 OZ CAN", 12, "oz"),
        ("($1,045.00)", -1045, "usd"),
        ("-$3", -3, "usd"),
        ("99¢", 0.99, "usd"),
        ("USD 12", 12, "usd"),
    ],
)
def test_the_reference_reads_sizes_as_a_person_does(printed, amount, unit):
    """The catalogue's forms, read by hand, are what the check wants."""
    row = _parse._wanted(pd.Series([printed])).iloc[0]
    assert (pytest.approx(amount), unit) == (row["amount"], row["unit"])


def test_every_size_of_the_catalogue_is_read_but_one():
    """`6 STEM` has a unit that is none of ours; all other sizes are read."""
    sizes = load("completejourney", "products")["package_size"].dropna()
    assert ["6 STEM"] == sizes[_parse._wanted(sizes)["amount"].isna()].to_list()


def test_a_test_on_means_comes_to_the_same_verdicts():
    """No verdict hangs on the choice of the test: Welch's t says the same of the audits."""
    for seed in range(3):
        for case in _mechanism._audited(np.random.default_rng(seed)):
            df, col = case.args
            found = _mechanism._wanted(df, col)
            p = _mechanism._audit_p(df, col, found["depends_on"], "means")
            assert (found["verdict"] == "MNAR") == (p < 0.01)


def test_a_preprocessor_that_returns_labels_only_is_wrong():
    """Dropping the numbers is found by changing one of them."""

    def words_only():
        words = make_pipeline(
            SimpleImputer(strategy="constant", fill_value="?"),
            OneHotEncoder(handle_unknown="ignore"),
        )
        return make_column_transformer((words, ["carrier", "origin", "maker"]))

    exercise = LESSON.exercise("build_preprocessor")
    verdict = run_check(exercise, LocalAnswer({"build_preprocessor": words_only}), 2)
    assert ("a column is forgotten", 4) == (verdict.pitfall, verdict.points)


def test_eight_of_the_ten_served_rows_are_complete():
    """The probes count on it, whatever the draw."""
    for seed in range(60):
        train, served = _preprocessor._tables(np.random.default_rng(seed))
        assert (10, 8) == (len(served), len(served.dropna()))
        assert 20 <= train["carrier"].value_counts()[["UA", "B6", "EV", "DL"]].min()


def test_zeros_are_no_preprocessor():
    """An output that says nothing of its input earns what its shape earns, and no more."""

    class Zeros:
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return np.zeros((len(X), 3))

    exercise = LESSON.exercise("build_preprocessor")
    verdict = run_check(exercise, LocalAnswer({"build_preprocessor": Zeros}), 2)
    assert [True, True, False, True, False] == [part.right for part in verdict.parts]


def test_a_right_preprocessor_feeds_a_model():
    """What the check accepts is fit for use: boosted trees learn from it."""
    flights = load("flights").iloc[::200]
    planes = load("flights", "planes").rename(
        columns={"year": "plane_year", "manufacturer": "maker"}
    )
    table = flights.merge(planes[["tailnum", "plane_year", "seats", "maker"]], "left", "tailnum")
    late = table["arr_delay"] > 15
    model = make_pipeline(_preprocess_by_hand(), HistGradientBoostingClassifier(max_iter=20))
    assert model.fit(table, late).score(table, late) > late.mean() > 0.1
