# ruff: noqa: D102 - the methods are scikit-learn's
"""The two zoos: honest and leaky pipelines of many kinds, each with the probes that apply to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
    minmax_scale,
    scale,
)
from sklearn.random_projection import GaussianRandomProjection

from pitfalls.probes import (
    Finding,
    column_predicts_alone,
    days_on_both_sides,
    duplicates_on_both_sides,
    fit_depends_on_test,
    future_reaches_past,
    groups_on_both_sides,
    outcome_known_too_late,
    random_target_scores,
    row_depends_on_batch,
    row_depends_on_own_target,
    train_after_test,
    train_depends_on_test,
    use_changes_fit,
)

# --- the tables that the pipelines work on ------------------------------------------------------


def people(n: int = 80, seed: int = 0) -> pd.DataFrame:
    """Numbers, gaps, levels, text, dates, a truth value, a person and a target."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(3, 0.6, n)
    table = pd.DataFrame(
        {
            "person": rng.integers(0, n // 2, n),
            "day": pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 60, n), "D"),
            "age": rng.integers(18, 90, n),
            "income": np.where(rng.random(n) < 0.2, np.nan, income),
            "city": rng.choice(["Porto", "Lyon", "Turin", "Graz"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "plan": pd.Categorical(rng.choice(["basic", "plus"], n)),
            "note": rng.choice(["late again", "all fine", "wants refund", "fine now"], n),
            "paid": rng.random(n) < 0.5,
        }
    )
    table.loc[rng.random(n) < 0.1, "city"] = None
    table["y"] = (rng.random(n) < np.where(table["age"] > 55, 0.7, 0.3)).astype(int)
    return table


TABLE = people()
TRAIN, TEST = TABLE.iloc[:50], people(30, seed=1).set_axis(range(100, 130), axis=0)
MIXED = ["age", "income", "city", "plan"]
NUMBERS = ["age", "income"]
RNG = np.random.default_rng(5)
WIDE = RNG.normal(size=(70, 250))
HALF = np.arange(70) % 2
A, B = RNG.normal(size=(40, 3)), RNG.normal(0.5, 2, size=(20, 3))


def flights(n: int = 120, seed: int = 2) -> pd.DataFrame:
    """Flights by the hour; the delay of one is known two hours after its departure."""
    rng = np.random.default_rng(seed)
    hours = np.sort(rng.integers(0, 40, n))
    time = pd.Timestamp("2013-05-01") + pd.to_timedelta(hours, "h")
    delay = rng.normal(5, 20, n).round()
    return pd.DataFrame(
        {
            "time": time,
            "known": time + pd.Timedelta(hours=2),
            "carrier": rng.choice([*"ABC"], n),
            "distance": rng.integers(100, 900, n),
            "dep_delay": delay,
            "late": (delay > 15).astype(int),
        }
    )


FLIGHTS = flights()

# --- what a specimen is, and which probes apply to which kind -----------------------------------


@dataclass(frozen=True)
class Specimen:
    """A pipeline with a name; `probes` are those that apply, `leak` the one that must see it."""

    name: str
    kind: str
    findings: Callable[[], list[Finding]]
    leak: str = ""


def pair(
    name: str, function: Any, leak: str = "", train: Any = TRAIN, test: Any = TEST
) -> Specimen:
    """A function (train, test) -> (train', test')."""

    def findings() -> list[Finding]:
        found = [
            train_depends_on_test(function, train, test),
            row_depends_on_batch(function, test, train=train),
        ]
        if isinstance(train, pd.DataFrame) and "y" in train:
            found.append(row_depends_on_own_target(function, train, test, "y"))
        return found

    return Specimen(name, "(train, test) -> (train', test')", findings, leak)


def estimator(
    name: str,
    model: Any,
    X: Any = TABLE[MIXED],
    y: Any = TABLE["y"],
    leak: str = "",
    cv: Any = 5,
    **options: Any,
) -> Specimen:
    """An estimator, fitted to the first rows and used on the others, and cross-validated."""

    def findings() -> list[Finding]:
        from sklearn.base import clone

        n = X.shape[0] if hasattr(X, "shape") else len(X)
        first, last = _rows(X, range(n // 2)), _rows(X, range(n // 2, n))
        known = None if y is None else _rows(y, range(n // 2))
        fitted = clone(model, safe=False)
        fitted.fit(first) if known is None else fitted.fit(first, known)
        found = [use_changes_fit(model, first, last, known), row_depends_on_batch(fitted, last)]
        if hasattr(model, "predict") and y is not None:
            found.append(random_target_scores(model, X, y, cv=cv, **options))
        return found

    return Specimen(name, "estimator", findings, leak)


def fitting(name: str, procedure: Any, leak: str = "", X: Any = TABLE, y: Any = None) -> Specimen:
    """A procedure that is handed the whole table and the positions of both sides."""

    def findings() -> list[Finding]:
        return [fit_depends_on_test(procedure, X, np.arange(50), np.arange(50, 70), y)]

    return Specimen(name, "whole-table fit", findings, leak)


def scoring(name: str, procedure: Any, X: Any, y: Any, leak: str = "", **options: Any) -> Specimen:
    """A procedure (X, y) -> score."""

    def findings() -> list[Finding]:
        return [random_target_scores(procedure, X, y, **options)]

    return Specimen(name, "(X, y) -> score", findings, leak)


def building(
    name: str, build: Any, leak: str = "", later_rows: bool = True, known: str | None = "known"
) -> Specimen:
    """A feature builder, events -> features."""

    def findings() -> list[Finding]:
        outcomes = ["dep_delay", "late"]
        found = [
            outcome_known_too_late(
                build, FLIGHTS, time="time", outcomes=outcomes, known_at=known, ignore="late"
            )
        ]
        if later_rows:
            found.append(future_reaches_past(build, FLIGHTS, time="time", ignore=("late",)))
        return found

    return Specimen(name, "events -> features", findings, leak)


def split(name: str, sides: Any, probes: list[Any], leak: str = "") -> Specimen:
    """A split of a table."""

    def findings() -> list[Finding]:
        train, test = sides()
        return [probe(train, test) for probe in probes]

    return Specimen(name, "split", findings, leak)


def columns(name: str, X: Any, y: Any, leak: str = "", **options: Any) -> Specimen:
    """A table and its target."""
    return Specimen(name, "table", lambda: [column_predicts_alone(X, y, **options)], leak)


def _rows(X: Any, at: range) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[list(at)]
    return X[list(at)] if hasattr(X, "shape") else [X[i] for i in at]


# --- functions ----------------------------------------------------------------------------------


def centred(train, test):
    middle = train[NUMBERS].mean()
    return train[NUMBERS] - middle, test[NUMBERS] - middle


def centred_on_both(train, test):
    middle = pd.concat([train, test])[NUMBERS].mean()
    return train[NUMBERS] - middle, test[NUMBERS] - middle


def each_by_itself(train, test):
    return tuple((part[NUMBERS] - part[NUMBERS].mean()) for part in (train, test))


def filled(train, test):
    middle = train["income"].median()
    return tuple(
        part.assign(gap=part["income"].isna(), income=part["income"].fillna(middle))
        for part in (train, test)
    )


def filled_on_both(train, test):
    middle = pd.concat([train, test])["income"].median()
    return tuple(part.assign(income=part["income"].fillna(middle)) for part in (train, test))


def filled_within_test(train, test):
    return tuple(
        part.assign(income=part["income"].fillna(part["income"].mean())) for part in (train, test)
    )


def one_hot(train, test):
    coder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return coder.fit_transform(train[["city", "plan"]]), coder.transform(test[["city", "plan"]])


def dummies_of_both(train, test):
    both = pd.get_dummies(pd.concat([train["city"], test["city"]]).astype(object))
    return both.iloc[: len(train)], both.iloc[len(train) :]


def dummies_each(train, test):
    left, right = pd.get_dummies(train["city"]), pd.get_dummies(test["city"])
    return left, right


def codes_of_both(train, test):
    both = pd.concat([train["city"], test["city"]]).astype(object)
    codes = pd.Series(pd.factorize(both, sort=True)[0], both.index)
    return codes.iloc[: len(train)], codes.iloc[len(train) :]


def counted(train, test):
    times = train["city"].value_counts()
    return tuple(part["city"].map(times).fillna(0) for part in (train, test))


def counted_on_both(train, test):
    times = pd.concat([train["city"], test["city"]]).value_counts()
    return tuple(part["city"].map(times).fillna(0) for part in (train, test))


def calendar(train, test):
    return tuple(
        pd.DataFrame({"month": part["day"].dt.month, "weekday": part["day"].dt.day_name()})
        for part in (train, test)
    )


def days_since_first(train, test):
    start = min(train["day"].min(), test["day"].min())
    return tuple((part["day"] - start).dt.days.to_frame() for part in (train, test))


def folds_of_targets(train, test, folds=None):
    folds = folds or KFold(5, shuffle=True, random_state=0)
    made = pd.Series(np.nan, train.index)
    for fit, hold in folds.split(train, train["y"]):
        known = train.iloc[fit]
        means = known.groupby("city", dropna=False)["y"].mean()
        made.iloc[hold] = train["city"].iloc[hold].map(means).fillna(known["y"].mean()).to_numpy()
    means = train.groupby("city")["y"].mean()
    return made.to_frame("rate"), test["city"].map(means).fillna(train["y"].mean()).to_frame("rate")


def folds_anew(train, test):
    seed = int(np.random.default_rng().integers(2**31))
    return folds_of_targets(train, test, KFold(5, shuffle=True, random_state=seed))


def target_encoder(train, test):
    coder = TargetEncoder(random_state=0)
    return (
        coder.fit_transform(train[["city", "plan"]], train["y"]),
        coder.transform(test[["city", "plan"]]),
    )


def targets_in_fold(train, test):
    means = train.groupby("city")["y"].mean()
    return tuple(part["city"].map(means).fillna(0.5).to_frame("rate") for part in (train, test))


def targets_of_both(train, test):
    means = pd.concat([train, test]).groupby("city")["y"].mean()
    return tuple(part["city"].map(means).fillna(0.5).to_frame("rate") for part in (train, test))


def keeps_the_outcome(train, test):
    return tuple(part.assign(owes=1 - part["y"]) for part in (train, test))


def noisy(train, test):
    rng = np.random.default_rng()
    middle = train[NUMBERS].mean()
    return tuple(
        part[NUMBERS] - middle + rng.normal(0, 0.1, part[NUMBERS].shape) for part in (train, test)
    )


def noisy_on_both(train, test):
    rng = np.random.default_rng()
    middle = pd.concat([train, test])[NUMBERS].mean()
    return tuple(
        part[NUMBERS] - middle + rng.normal(0, 0.1, part[NUMBERS].shape) for part in (train, test)
    )


def with_target(train, test):
    (X, y), (Z, z) = train, test
    scaler = StandardScaler().fit(X)
    return (scaler.transform(X), y), (scaler.transform(Z), z)


def arrays_scaled(train, test):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def arrays_rotated(train, test):
    rotation = PCA(2).fit(np.vstack([train, test]))
    return rotation.transform(train), rotation.transform(test)


def words_of(fit_on_both):
    def function(train, test):
        coder = CountVectorizer().fit([*train, *test] if fit_on_both else train)
        return coder.transform(train), coder.transform(test)

    return function


def in_place(train, test):
    """Honest, but with no manners: it works on the tables that it was given."""
    middle = train["age"].mean()
    for part in (train, test):
        part["age"] = part["age"] - middle
        part.drop(columns=["note", "y"], inplace=True)
    return train, test


def positions_as_features(train, test):
    return tuple(part.assign(rank=part["age"].rank(pct=True)) for part in (train, test))


def by_neighbours(train, test):
    coder = KNNImputer(n_neighbors=3).fit(train[NUMBERS])
    return coder.transform(train[NUMBERS]), coder.transform(test[NUMBERS])


def drops_gaps(train, test):
    return train.dropna(subset="income")[NUMBERS], test.dropna(subset="income")[NUMBERS]


def drops_low(train, test):
    return tuple(part[part["age"] > part["age"].quantile(0.1)][NUMBERS] for part in (train, test))


def yesterday(train, test):
    """The row before in the batch serves as a feature."""
    return tuple(part[["age"]].shift(1).fillna(0) for part in (train, test))


# --- estimators ---------------------------------------------------------------------------------


class BatchScaler(TransformerMixin, BaseEstimator):
    """Standardises each batch by itself."""

    def fit(self, X, y=None):
        self.width_ = X.shape[1]
        return self

    def transform(self, X):
        return (X - np.mean(X, axis=0)) / (np.std(X, axis=0) + 1e-9)


class RunningScaler(StandardScaler):
    """Goes on learning whenever it transforms."""

    def transform(self, X, copy=None):
        self.partial_fit(X)
        return super().transform(X, copy)


class Rememberer(TransformerMixin, BaseEstimator):
    """Numbers the levels in the order in which it meets them, in use, too."""

    def fit(self, X, y=None):
        self.codes_ = {}
        self._see(X)
        return self

    def _see(self, X):
        return [[self.codes_.setdefault(item, len(self.codes_)) for item in row] for row in X]

    def transform(self, X):
        seen = self._see(X)
        return np.array(seen, dtype=float) + len(self.codes_)


class RefitsInUse(TransformerMixin, BaseEstimator):
    """Calls fit_transform where transform was asked for."""

    def fit(self, X, y=None):
        self.scaler_ = StandardScaler().fit(X)
        return self

    def transform(self, X):
        return self.scaler_.fit_transform(X)


class ThresholdOfTheDay(ClassifierMixin, BaseEstimator):
    """Says yes to the upper half of the batch."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return (X[:, 0] > np.median(X[:, 0])).astype(int)


class NoisyScaler(TransformerMixin, BaseEstimator):
    """Adds noise of its own to what it gives, in training and in use."""

    def fit(self, X, y=None):
        self.mean_ = np.mean(X, axis=0)
        return self

    def transform(self, X):
        return X - self.mean_ + np.random.default_rng().normal(0, 0.1, X.shape)


def mixed(last=None):
    steps = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
            (
                "c",
                OneHotEncoder(handle_unknown="ignore"),
                make_column_selector(dtype_exclude="number"),
            ),
        ]
    )
    return make_pipeline(steps, last or LogisticRegression())


# --- procedures (X, y) -> score ----------------------------------------------------------------


def auc(model, X, y, cv=5):
    return cross_val_score(model, X, y, cv=cv, scoring="roc_auc").mean()


def selects_inside(X, y):
    return auc(make_pipeline(SelectKBest(f_classif, k=10), LogisticRegression()), X, y)


def selects_before(X, y):
    return auc(LogisticRegression(), SelectKBest(f_classif, k=10).fit_transform(X, y), y)


def correlates_before(X, y):
    best = np.argsort(-np.abs(np.corrcoef(X.T, y)[-1, :-1]))[:8]
    return auc(GaussianNB(), X[:, best], y)


def scales_before(X, y):
    """Scaling on all rows: unclean, but blind to the targets."""
    return auc(KNeighborsClassifier(7), StandardScaler().fit_transform(X[:, :5]), y)


def encodes_before(X, y):
    frame = pd.DataFrame({"c": X, "y": y})
    rate = frame.groupby("c")["y"].transform("mean")
    return auc(LogisticRegression(), rate.to_numpy().reshape(-1, 1), y)


def encodes_inside(X, y):
    model = make_pipeline(TargetEncoder(random_state=0), LogisticRegression())
    return auc(model, np.asarray(X).reshape(-1, 1), y)


def oversamples_before(X, y):
    rare = np.flatnonzero(y == 1)
    more = np.r_[np.arange(len(y)), np.repeat(rare, 4)]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return auc(KNeighborsClassifier(1), X[more], y[more], folds)


def oversamples_inside(X, y):
    scores = []
    for fit, hold in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        more = np.r_[fit, np.repeat(fit[y[fit] == 1], 4)]
        model = KNeighborsClassifier(5).fit(X[more], y[more])
        from sklearn.metrics import roc_auc_score

        scores.append(roc_auc_score(y[hold], model.predict_proba(X[hold])[:, 1]))
    return np.mean(scores)


def scored_on_train(X, y):
    model = RandomForestClassifier(20, random_state=0).fit(X[:, :5], y)
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(y, model.predict_proba(X[:, :5])[:, 1])


def tuned_on_the_test_rows(X, y):
    """The best of many models by the score that is then reported."""
    train, test, known, asked = train_test_split(X, y, random_state=0, stratify=y)
    rng = np.random.default_rng(0)
    best = 0.0
    for _ in range(60):
        some = rng.choice(X.shape[1], 5, replace=False)
        model = LogisticRegression().fit(train[:, some], known)
        best = max(best, model.score(test[:, some], asked))
    return best


def grid_inside(X, y):
    inner = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [3, 9]}, cv=3, scoring="roc_auc")
    return auc(inner, X[:, :6], y)


# --- whole-table fits ---------------------------------------------------------------------------


def columns_with_gaps(rows):
    return rows.isna().mean().loc[lambda share: share > 0.05].index.tolist()


def model_on_train(X, y, train, test):
    return make_pipeline(SimpleImputer(), Ridge()).fit(X[NUMBERS].iloc[train], y.iloc[train])


def model_on_all(X, y, train, test):
    return make_pipeline(SimpleImputer(), Ridge()).fit(X[NUMBERS], y)


def selection_on_all(X, y, train, test):
    chosen = SelectKBest(f_classif, k=20).fit(X, y).get_support()
    return LogisticRegression().fit(X[train][:, chosen], y[train]).coef_


def forest_without_seed(X, y, train, test):
    return RandomForestRegressor(10, random_state=None).fit(X[train], y[train])


def imputed_then_fitted(X, train, test):
    return SimpleImputer().fit(X[NUMBERS]).statistics_


# --- builders -----------------------------------------------------------------------------------


def schedule(events):
    time = events["time"].dt
    return pd.DataFrame(
        {"hour": time.hour, "carrier": events["carrier"], "distance": events["distance"]}
    )


def same_hour(events):
    share = events.groupby("time")["late"].transform("mean")
    return schedule(events).assign(share=share)


def known_before(events):
    """The late share of the flights whose delay was known an hour before the departure."""
    known = events[["known", "late"]].sort_values("known", kind="stable")
    known["sum"], known["n"] = known["late"].cumsum(), np.arange(1, len(known) + 1)
    at = np.searchsorted(known["known"], events["time"] - pd.Timedelta(hours=1), side="right")
    sums, counts = np.r_[0, known["sum"]], np.r_[0, known["n"]]
    share = np.where(counts[at] > 0, sums[at] / np.maximum(1, counts[at]), np.nan)
    return schedule(events).assign(share=share)


def row_before(events):
    """The delay of the flight before: it left, but nobody knows yet how late."""
    return schedule(events).assign(before=events["dep_delay"].shift(1).fillna(0))


def keeps_delay(events):
    return schedule(events).assign(dep_delay=events["dep_delay"], late=events["late"])


def missing_tells(events):
    return schedule(events).assign(flown=events["dep_delay"].notna() & (events["dep_delay"] > 99))


def so_far(events):
    return schedule(events).assign(number=events.groupby("carrier").cumcount())


def carrier_rate(events):
    return schedule(events).assign(rate=events.groupby("carrier")["late"].transform("mean"))


def carrier_size(events):
    return schedule(events).assign(size=events.groupby("carrier")["distance"].transform("size"))


def scaled_distance(events):
    d = events["distance"]
    return schedule(events).assign(z=(d - d.mean()) / d.std())


def next_distance(events):
    return schedule(events).assign(coming=events.groupby("carrier")["distance"].shift(-1))


def centred_window(events):
    return schedule(events).assign(
        near=events["distance"].rolling(5, center=True, min_periods=1).mean()
    )


def trailing_window(events):
    return schedule(events).assign(near=events["distance"].rolling(5, min_periods=1).mean())


# --- splits -------------------------------------------------------------------------------------

BY_PERSON = [lambda a, b: groups_on_both_sides(a, b, "person")]
BY_DAY = [lambda a, b: days_on_both_sides(a, b, "day")]
TWINS = [lambda a, b: duplicates_on_both_sides(a, b)]
NEAR = [lambda a, b: duplicates_on_both_sides(a, b, near=0.02)]
IN_TIME = [lambda a, b: train_after_test(a, b, "day"), *BY_DAY]


def by(splitter, **groups):
    def sides():
        fit, hold = next(splitter.split(TABLE, **groups))
        return TABLE.iloc[fit], TABLE.iloc[hold]

    return sides


def at_a_day(strictly=True):
    def sides():
        cut = TABLE["day"].sort_values().iloc[50]
        later = TABLE["day"] > cut
        return (TABLE[~later], TABLE[later]) if strictly else (TABLE.iloc[:50], TABLE.iloc[50:])

    return sides


def sorted_rows_cut():
    """Sorted by day and cut at a row, in the middle of a day."""
    table = TABLE.sort_values("day", kind="stable")
    days = table["day"].to_numpy()
    cut = next(i for i in range(40, 79) if days[i] == days[i - 1])
    return table.iloc[:cut], table.iloc[cut:]


def twins(change):
    def sides():
        copies = TABLE.iloc[5:9].copy()
        return TABLE.iloc[:60], pd.concat([TABLE.iloc[60:], change(copies)])

    return sides


def shaken(rows):
    return rows.assign(income=rows["income"] * 1.0001, note=rows["note"].str.upper() + " ")


REFUND = np.where(HALF == 1, RNG.lognormal(size=70), np.nan)
VISITS = np.repeat(np.arange(60), 5)  # a person each
SICK = np.repeat(RNG.permutation(np.arange(60) % 2), 5)

ONCE = dict(zip(range(60), [*"ab"] * 30, strict=True))

HONEST = [
    pair("numbers centred on the training rows", centred),
    pair("gaps filled with the training median", filled),
    pair("one-hot of the training levels", one_hot),
    pair("levels counted in the training rows", counted),
    pair("month and weekday", calendar),
    pair("out-of-fold target means", folds_of_targets),
    pair("out-of-fold target means, folds drawn anew each time", folds_anew),
    pair("scikit-learn's target encoder", target_encoder),
    pair("noise without a seed", noisy),
    pair("arrays scaled", arrays_scaled, train=A, test=B),
    pair("(X, y) pairs", with_target, train=(A, A[:, 0] > 0), test=(B, B[:, 0] > 0)),
    pair(
        "words of the training notes", words_of(False), train=[*TRAIN["note"]], test=[*TEST["note"]]
    ),
    pair("works on its arguments in place", in_place),
    pair("gaps filled from near training rows", by_neighbours),
    pair("rows with gaps dropped", drops_gaps),
    estimator("mixed columns, logistic regression", mixed()),
    estimator(
        "boosted trees with gaps", HistGradientBoostingClassifier(max_iter=15), TABLE[NUMBERS]
    ),
    estimator("forest without a seed", RandomForestClassifier(12), WIDE[:, :4], HALF),
    estimator(
        "nearest neighbours",
        make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
        WIDE[:, :3],
        HALF,
    ),
    estimator(
        "selection inside the pipeline",
        make_pipeline(SelectKBest(k=5), LogisticRegression()),
        WIDE,
        HALF,
    ),
    estimator(
        "quantiles and polynomials",
        make_pipeline(QuantileTransformer(n_quantiles=10), PolynomialFeatures(), Ridge()),
        WIDE[:, :3],
        WIDE[:, 3],
    ),
    estimator(
        "hashed words",
        make_pipeline(HashingVectorizer(n_features=32), LogisticRegression()),
        TABLE["note"],
        TABLE["y"],
    ),
    estimator("tf-idf of a list", TfidfVectorizer(), [*TABLE["note"]], None),
    estimator(
        "sparse counts", LogisticRegression(), sparse.csr_matrix(np.abs(WIDE[:, :6]).round()), HALF
    ),
    estimator("clusters", KMeans(3, n_init=2), WIDE[:, :3], None),
    estimator("random projection without a seed", GaussianRandomProjection(4), WIDE, None),
    estimator(
        "bins", KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), WIDE[:, :3], None
    ),
    estimator("isolation forest", IsolationForest(n_estimators=10), WIDE[:, :3], None),
    estimator("a logarithm", FunctionTransformer(np.log1p), np.abs(WIDE[:, :3]), None),
    estimator("noise in use", NoisyScaler(), WIDE[:, :3], None),
    estimator(
        "group folds",
        LogisticRegression(),
        WIDE[:, :5],
        HALF,
        cv=GroupKFold(4),
        groups=np.arange(70) // 5,
    ),
    estimator("three classes", GaussianNB(), WIDE[:, :4], np.arange(70) % 3),
    estimator(
        "accuracy of a rare class",
        LogisticRegression(),
        WIDE[:, :4],
        (np.arange(70) % 7 == 0).astype(int),
        scoring="accuracy",
    ),
    fitting("a model of the training rows", model_on_train, y=TABLE["y"]),
    fitting(
        "columns with gaps in the training rows",
        lambda X, train, test: columns_with_gaps(X.iloc[train]),
    ),
    fitting("a forest without a seed", forest_without_seed, X=WIDE[:, :4], y=HALF),
    scoring("selection inside the folds", selects_inside, WIDE, HALF),
    scoring("scaling before the folds", scales_before, WIDE, HALF),
    scoring("target encoding inside the folds", encodes_inside, np.arange(70) % 23, HALF),
    scoring(
        "oversampling inside the folds",
        oversamples_inside,
        WIDE[:, :5],
        (np.arange(70) % 5 == 0).astype(int),
    ),
    scoring("a grid search inside the folds", grid_inside, WIDE, HALF),
    building("the schedule", schedule),
    building("late share of what was known an hour before", known_before),
    building("count so far", so_far),
    building("trailing window of the schedule", trailing_window),
    building("size of the airline in the whole schedule", carrier_size, later_rows=False),
    split("by person", by(GroupShuffleSplit(1, random_state=0), groups=TABLE["person"]), BY_PERSON),
    split("at a day", at_a_day(), IN_TIME),
    split(
        "rows that differ",
        twins(lambda rows: rows.assign(age=rows["age"] + 40, income=1e4)),
        [*TWINS, *NEAR],
    ),
    columns("weak columns and noise", TABLE.drop(columns="y"), TABLE["y"]),
    columns("a person's number, by person", pd.DataFrame({"person": VISITS}), SICK, groups=VISITS),
]

LEAKY = [
    pair("numbers centred on both", centred_on_both, "train_depends_on_test"),
    pair("each side centred by itself", each_by_itself, "row_depends_on_batch"),
    pair("gaps filled with the median of both", filled_on_both, "train_depends_on_test"),
    pair("test gaps filled with the test mean", filled_within_test, "row_depends_on_batch"),
    pair("dummies of both", dummies_of_both, "train_depends_on_test"),
    pair("dummies of each side", dummies_each, "row_depends_on_batch"),
    pair("codes of both", codes_of_both, "train_depends_on_test"),
    pair("levels counted on both", counted_on_both, "train_depends_on_test"),
    pair("days since the first of both", days_since_first, "train_depends_on_test"),
    pair("target means in fold", targets_in_fold, "row_depends_on_own_target"),
    pair("target means of both", targets_of_both, "train_depends_on_test"),
    pair("the outcome under another name", keeps_the_outcome, "row_depends_on_own_target"),
    pair("noise without a seed, centred on both", noisy_on_both, "train_depends_on_test"),
    pair("arrays rotated on both", arrays_rotated, "train_depends_on_test", A, B),
    pair(
        "words of both",
        words_of(True),
        "train_depends_on_test",
        [*TRAIN["note"]],
        ["a new word", "fine", "and another"],
    ),
    pair("ranks within the batch", positions_as_features, "row_depends_on_batch"),
    pair("lowest tenth of each side dropped", drops_low, "row_depends_on_batch"),
    pair("the row before in the batch", yesterday, "row_depends_on_batch"),
    estimator(
        "standardised batch by batch", BatchScaler(), WIDE[:, :3], None, "row_depends_on_batch"
    ),
    estimator(
        "scale as a function", FunctionTransformer(scale), WIDE[:, :3], None, "row_depends_on_batch"
    ),
    estimator(
        "scale inside a pipeline",
        make_pipeline(FunctionTransformer(minmax_scale), LogisticRegression()),
        WIDE[:, :3],
        HALF,
        "row_depends_on_batch",
    ),
    estimator("goes on learning in use", RunningScaler(), WIDE[:, :3], None, "use_changes_fit"),
    estimator(
        "remembers levels in use",
        Rememberer(),
        (np.abs(WIDE[:, :2]) * 4).round(),
        None,
        "use_changes_fit",
    ),
    estimator("refits in use", RefitsInUse(), WIDE[:, :3], None, "row_depends_on_batch"),
    estimator(
        "yes to the upper half of the batch",
        ThresholdOfTheDay(),
        WIDE[:, :3],
        HALF,
        "row_depends_on_batch",
        scoring="accuracy",
    ),
    estimator(
        "folds that overlap",
        KNeighborsClassifier(1),
        WIDE[:, :4],
        HALF,
        "random_target_scores",
        cv=[(np.arange(50), np.arange(30, 70))],
    ),
    fitting("a model of all rows", model_on_all, "fit_depends_on_test", y=TABLE["y"]),
    fitting(
        "columns with gaps in all rows",
        lambda X, train, test: columns_with_gaps(X),
        "fit_depends_on_test",
    ),
    fitting("selection on all rows", selection_on_all, "fit_depends_on_test", WIDE, HALF),
    fitting("means of all rows", imputed_then_fitted, "fit_depends_on_test"),
    scoring("selection before the folds", selects_before, WIDE, HALF, "random_target_scores"),
    scoring("correlation before the folds", correlates_before, WIDE, HALF, "random_target_scores"),
    scoring(
        "target encoding before the folds",
        encodes_before,
        np.arange(70) % 23,
        HALF,
        "random_target_scores",
    ),
    scoring(
        "oversampling before the folds",
        oversamples_before,
        WIDE[:, :5],
        (np.arange(70) % 5 == 0).astype(int),
        "random_target_scores",
    ),
    scoring("scored on the training rows", scored_on_train, WIDE, HALF, "random_target_scores"),
    scoring(
        "chosen by the score that is reported",
        tuned_on_the_test_rows,
        WIDE,
        HALF,
        "random_target_scores",
    ),
    building("late share of the same hour", same_hour, "outcome_known_too_late"),
    building("delay of the flight before", row_before, "outcome_known_too_late"),
    building("its own delay", keeps_delay, "outcome_known_too_late"),
    building("late share of the airline, all year", carrier_rate, "outcome_known_too_late"),
    building("delay, seen through a threshold", missing_tells, "outcome_known_too_late"),
    building("standardised over the whole table", scaled_distance, "future_reaches_past"),
    building("the next flight's distance", next_distance, "future_reaches_past"),
    building("a centred window", centred_window, "future_reaches_past"),
    split(
        "random, people with several rows",
        by(ShuffleSplit(1, random_state=0)),
        BY_PERSON,
        "groups_on_both_sides",
    ),
    split(
        "random, days with several rows",
        by(ShuffleSplit(1, random_state=0)),
        BY_DAY,
        "days_on_both_sides",
    ),
    split("sorted by day, cut in a day", sorted_rows_cut, IN_TIME, "days_on_both_sides"),
    split("in the order of the file", at_a_day(strictly=False), IN_TIME, "train_after_test"),
    split("exact twins", twins(lambda rows: rows), TWINS, "duplicates_on_both_sides"),
    split("near twins", twins(shaken), NEAR, "duplicates_on_both_sides"),
    columns(
        "a column filled in afterwards",
        TABLE.assign(refund=TABLE["y"] * 9.0 + TABLE["age"] / 99).drop(columns="y"),
        TABLE["y"],
        "column_predicts_alone",
    ),
    columns(
        "missing tells",
        pd.DataFrame({"refund": REFUND, "noise": WIDE[:, 0]}),
        HALF,
        "column_predicts_alone",
    ),
    columns(
        "a person's number, random folds",
        pd.DataFrame({"person": [f"p{i}" for i in VISITS]}),
        SICK,
        "column_predicts_alone",
    ),
]
