"""A preprocessor that survives real rows, asked by its behaviour: build_preprocessor.

Each part fits on training rows and transforms a fixed sequence of tables; what the part finds is
read off the outputs alone. Two answers count as the same mistake if the same is found in both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Outcome, Part, Pitfall, Step, show

from ._draw import flights_with_planes, once, rows, table

__all__ = ["BUILD_PREPROCESSOR"]

Floats = np.ndarray[Any, Any]
Diagnosis = Callable[[list[Any]], str | None]
_NUMBERS = ["distance", "hour", "plane_year", "seats"]
_WORDS = ["carrier", "origin", "maker"]
_COLUMNS = ["carrier", "distance", "hour", "origin", "plane_year", "maker", "seats"]
_FREQUENT = ["UA", "B6", "EV", "DL"]

_BATCH = "a batch, again, upside down, and two of its rows alone"
_ORDER = "columns in another order"
_NEW = "airlines and makers never seen before"
_SERVED = "a served column has no value"
_TRAINED = "a training column has no value"
_CHANGED = "one thing changed at a time"

# --- what is drawn ---------------------------------------------------------------------------


@functools.cache
def _flights() -> pd.DataFrame:
    planes = table("flights", "planes")[["tailnum", "manufacturer"]]
    flights = flights_with_planes().merge(planes, on="tailnum", how="left")
    return flights.rename(columns={"manufacturer": "maker"})[_COLUMNS]


def _tables(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training rows with gaps (25 of each frequent airline), and ten rows to serve.

    No airline stands before B6 in the alphabet: whoever drops the first level of each column then
    drops a frequent one.
    """
    flights = _flights()
    flights = flights[flights["carrier"] >= "B6"]
    parts = [rows(flights[flights["carrier"] == code], 25, rng) for code in _FREQUENT]
    parts += [rows(flights[flights["plane_year"].isna()], 14, rng)]
    parts += [rows(flights[flights["carrier"].isin(["US", "WN"])], 10, rng)]
    train = pd.concat(parts)
    train = train[~train.index.duplicated()]
    rest = flights.drop(train.index)
    usual = rest["carrier"].isin(_FREQUENT) & rest["maker"].isin(train["maker"].dropna())
    gaps = rest["carrier"].isin(_FREQUENT) & rest["plane_year"].isna() & rest["maker"].isna()
    usual &= rest[["plane_year", "seats"]].notna().all(axis=1)
    served = pd.concat([rows(rest[usual], 8, rng), rows(rest[gaps], 2, rng)])
    return rows(train, len(train), rng), served.iloc[[8, 0, 1, 2, 9, 3, 4, 5, 6, 7]]


def _steps(train: pd.DataFrame, *served: pd.DataFrame) -> list[Step]:
    return [Step("fit", train), *(Step("transform", part) for part in served)]


@once
def _by_rows(rng: np.random.Generator) -> list[Case]:
    """The batch, the batch again, from below, and two of its rows alone."""
    train, batch = _tables(rng)
    steps = _steps(train, batch, batch, batch.iloc[::-1], batch.iloc[[2]], batch.iloc[[7]])
    return [Case(then=steps, label=_BATCH)]


@once
def _by_columns(rng: np.random.Generator) -> list[Case]:
    train, batch = _tables(rng)
    batch = batch.dropna()
    turned = batch[list(rng.permutation(_COLUMNS[::-1]))]
    while list(turned.columns) == _COLUMNS:
        turned = batch[list(rng.permutation(_COLUMNS))]
    steps = _steps(train, batch, turned)
    return [Case(then=steps, label=_ORDER)]


@once
def _unseen(rng: np.random.Generator) -> list[Case]:
    """One flight under its four frequent airlines, then under new ones; new makers too."""
    train, batch = _tables(rng)
    one = batch.dropna().iloc[[0] * 7].reset_index(drop=True)
    one["carrier"] = [*_FREQUENT, *rng.choice(["ZZ", "QX", "7H", "XP", "0A"], 3, replace=False)]
    other = batch.dropna().copy()
    other.iloc[::3, other.columns.get_loc("maker")] = "ZEPPELIN"
    return [Case(then=_steps(train, one, other), label=_NEW)]


@once
def _empty(rng: np.random.Generator) -> list[Case]:
    """Columns without a value: served as pandas reads them (floats), then in the training rows."""
    train, batch = _tables(rng)
    nothing = np.full(len(batch), np.nan)
    served = [batch.assign(**{name: nothing}) for name in ("plane_year", "seats", "maker")]
    bare = batch.iloc[[0]].assign(maker=[np.nan], plane_year=[np.nan], carrier=[np.nan])
    unknown = train.assign(plane_year=np.full(len(train), np.nan))
    return [
        Case(then=_steps(train, batch, *served, bare), label=_SERVED),
        Case(then=_steps(unknown, batch, served[0]), label=_TRAINED),
    ]


@once
def _probe(rng: np.random.Generator) -> list[Case]:
    """One flight with one thing changed at a time; see `_lost` for the order of the rows."""
    makers: list[str] = []
    while len(makers) < 2:
        train, batch = _tables(rng)
        counts = train["maker"].value_counts()
        makers = list(counts.index[counts >= 20][:2])
    base = batch.dropna().iloc[[0]].reset_index(drop=True)
    changed = [base]
    known = train["plane_year"].dropna()
    fills = [np.nan, known.median(), known.mean(), float(known.mode()[0])]
    changed += [base.assign(plane_year=[value]) for value in fills]
    ranges = {"distance": (300, 2400), "hour": (7, 19), "plane_year": (1992, 2009)}
    changed += [base.assign(**{n: [v]}) for n, ends in ranges.items() for v in ends]
    changed += [base.assign(seats=[seats]) for seats in (55.0, 200.0)]
    changed += [base.assign(carrier=[code]) for code in _FREQUENT[:3]]
    changed += [base.assign(origin=[code]) for code in ("EWR", "JFK", "LGA")]
    changed += [base.assign(maker=[maker]) for maker in makers]
    return [Case(then=_steps(train, train, pd.concat(changed)), label=_CHANGED)]


# --- what can be read off --------------------------------------------------------------------


def _dense(value: Any) -> Floats | None:
    """An output as an array of floats, (n, p); None if it is none."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 2 else None


def _outputs(value: list[Any]) -> list[Floats] | str:
    """The outputs after `fit`, or what keeps them from being compared."""
    arrays = [_dense(part) for part in value[1:]]
    tables = [array for array in arrays if array is not None]
    if len(tables) < len(arrays):
        return "An output is no table of numbers: it holds text, or has not two dimensions."
    if any(np.isnan(table_).any() or np.isinf(table_).any() for table_ in tables):
        return "There are gaps left in an output (NaN or infinity)."
    if len({table_.shape[1] for table_ in tables}) > 1:
        return "The number of columns changes from one table to the next."
    return tables


def _equal(a: Floats, b: Floats) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-7, atol=1e-9))


def _rows_mixed(value: list[Any]) -> str | None:
    found = _outputs(value)
    if isinstance(found, str):
        return found
    batch, again, turned, *singles = found
    if len(batch) != 10 or any(len(single) != 1 for single in singles):
        return "An output has another number of rows than its input."
    if not _equal(batch, again):
        return "The same batch gives another output the second time."
    if not _equal(batch[::-1], turned):
        return "A row's output depends on the rows above it: turned round, the batch differs."
    if not _equal(batch[[2, 7]], np.vstack(singles)):
        return "A row's output depends on the other rows of its batch: alone, it differs."
    return None


def _columns_mixed(value: list[Any]) -> str | None:
    found = _outputs(value)
    if isinstance(found, str):
        return found
    if not _equal(*found):
        return "With its columns in another order the same batch gives another output."
    return None


def _unseen_lost(value: list[Any]) -> str | None:
    found = _outputs(value)
    if isinstance(found, str):
        return found
    one, other = found
    if len(one) != 7 or len(other) != 8:
        return "An output has another number of rows than its input."
    for row in one[4:]:
        if any(_equal(row, known) for known in one[:4]):
            return "A new airline looks exactly like one of the frequent airlines."
    return None


def _empty_lost(value: list[Any]) -> str | None:
    found = _outputs(value)
    if isinstance(found, str):
        return found
    if any(len(table_) not in (1, 10) for table_ in found) or len(found[0]) != 10:
        return "An output has another number of rows than its input."
    return None


def _lost(value: list[Any]) -> str | None:
    """Row 0 is the flight; 1 its year unknown, 2-4 usual years; then pairs and triples."""
    found = _outputs(value)
    if isinstance(found, str):
        return found
    train, probe = found
    if len(probe) != 21:
        return "An output has another number of rows than its input."
    pairs = {"distance": (5, 6), "hour": (7, 8), "plane_year": (9, 10), "seats": (11, 12)}
    pairs["maker"] = (19, 20)
    triples = {"carrier": (13, 14, 15), "origin": (16, 17, 18)}
    for name, places in (pairs | triples).items():
        if any(_equal(probe[a], probe[b]) for a in places for b in places if a < b):
            return f"Two flights that differ only in {name} give the same output."
    if any(_equal(probe[1], probe[i]) for i in (2, 3, 4)):
        return "An unknown year gives the same output as a known one: the gap has left no trace."
    for name, (a, b, c) in triples.items():
        first, second = probe[b] - probe[a], probe[c] - probe[a]
        if np.linalg.matrix_rank(np.stack([first, second]), tol=1e-7) < 2:
            return f"Three levels of {name} lie on a line: they have an order and distances."
    if np.abs(train).max() > 20:
        return "On the training rows an output column goes beyond ±20: its scale is as it came."
    return None


def _judged(diagnose: Diagnosis) -> Callable[[Case, Outcome], Mismatch | None]:
    def judge(case: Case, outcome: Outcome) -> Mismatch | None:
        found = _diagnosis(diagnose, outcome.value)
        return None if found is None else Mismatch("value", found)

    return judge


def _same_finding(diagnose: Diagnosis) -> Comparison:
    """Two outcomes are the same mistake if the same is found in both."""

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        mine, other = (_diagnosis(diagnose, value) for value in (got, wanted))
        return None if mine == other else Mismatch("value", str(mine), show(mine), show(other))

    return compare


def _diagnosis(diagnose: Diagnosis, value: Any) -> str | None:
    if not isinstance(value, list):
        return "The transformer gives no outputs."
    return diagnose(value)


def _known(label: str, finding: str) -> Callable[[Case, Any], bool]:
    """Known by what is found in the outputs of the cases with this label."""
    diagnoses = {
        _BATCH: _rows_mixed,
        _ORDER: _columns_mixed,
        _NEW: _unseen_lost,
        _SERVED: _empty_lost,
        _TRAINED: _empty_lost,
        _CHANGED: _lost,
    }

    def recognise(case: Case, value: Any) -> bool:
        return case.label == label and finding in (_diagnosis(diagnoses[label], value) or "")

    return recognise


def _part(title: str, cases: Callable[..., Sequence[Case]], diagnose: Diagnosis) -> Part:
    return Part(title, 1, cases, judge=_judged(diagnose), compare=_same_finding(diagnose))


# --- wrong ways ------------------------------------------------------------------------------


def _fills() -> Any:
    return SimpleImputer(strategy="median", add_indicator=True)


def _words(**options: Any) -> Any:
    unknown = SimpleImputer(strategy="constant", fill_value="(none)")
    return make_pipeline(unknown, OneHotEncoder(**{"handle_unknown": "ignore", **options}))


def _usual(
    numbers: Any = None, words: Any = None, columns: Sequence[str] = tuple(_NUMBERS)
) -> ColumnTransformer:
    numbers = make_pipeline(_fills(), StandardScaler()) if numbers is None else numbers
    return make_column_transformer(
        (numbers, list(columns)), (_words() if words is None else words, _WORDS)
    )


class _ByHand:
    """A preprocessor on top of the usual one, with one thing done in another way."""

    def __init__(self, before: Any = None, after: Any = None, positions: bool = False) -> None:
        self.before = before
        self.after = after
        self.positions = positions

    def fit(self, X: Any, y: Any = None) -> Any:
        self.columns_ = list(X.columns)
        self.inner_ = _usual()
        self.inner_.fit(X)
        return self

    def transform(self, X: Any) -> Any:
        if self.positions:
            X = pd.DataFrame(X.to_numpy(dtype=object), columns=self.columns_)
            numbers = {name: pd.to_numeric(X[name], errors="coerce") for name in _NUMBERS}
            X = X.assign(**numbers)
        if self.before is not None:
            X = self.before(X)
        out = self.inner_.transform(X)
        return out if self.after is None else self.after(out)


class _Dummies:
    """get_dummies in transform: as many columns as the batch has levels."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.median_ = X[_NUMBERS].median()
        return self

    def transform(self, X: Any) -> Any:
        X = X[_COLUMNS]
        filled = X.assign(**{name: X[name].fillna(self.median_[name]) for name in _NUMBERS})
        return pd.get_dummies(filled, columns=_WORDS, dtype=float)


class _Learning:
    """A scaler that goes on learning from every batch."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.usual_ = _usual()
        self.scaler_ = StandardScaler(with_mean=False)
        self.scaler_.fit(self.usual_.fit_transform(X))
        return self

    def transform(self, X: Any) -> Any:
        out = self.usual_.transform(X)
        return self.scaler_.partial_fit(out).transform(out)


class _Medians:
    """Medians by hand: of a column without a value, there is none."""

    def fit(self, X: Any, y: Any = None) -> Any:
        numbers = X[_NUMBERS]
        self.median_, self.mean_, self.spread_ = numbers.median(), numbers.mean(), numbers.std()
        self.levels_ = {name: sorted(X[name].dropna().unique()) for name in _WORDS}
        return self

    def transform(self, X: Any) -> Any:
        numbers = (X[_NUMBERS].fillna(self.median_) - self.mean_) / self.spread_
        parts = [numbers.to_numpy(float), X[_NUMBERS].isna().to_numpy(float)]
        for name, levels in self.levels_.items():
            parts.append(np.array([[float(v == level) for level in levels] for v in X[name]]))
        return np.hstack(parts)


def _gaps_go_through() -> Any:
    return _usual(StandardScaler())


def _rows_dropped() -> Any:
    return _ByHand(before=lambda X: X.dropna())


def _from_above() -> Any:
    return _ByHand(before=lambda X: X.assign(plane_year=X["plane_year"].ffill()))


def _scaled_by_the_batch() -> Any:
    return _ByHand(after=lambda out: StandardScaler(with_std=False).fit_transform(_array(out)))


def _array(out: Any) -> Any:
    return out.toarray() if hasattr(out, "toarray") else out


def _whole_table() -> Any:
    """An imputer over the whole table, before the columns part: it insists on their order."""
    return make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        ColumnTransformer(
            [
                ("numbers", StandardScaler(), [1, 2, 4, 6]),
                ("words", OneHotEncoder(handle_unknown="ignore"), [0, 3, 5]),
            ]
        ),
    )


def _by_position() -> Any:
    return _ByHand(positions=True)


def _unseen_raises() -> Any:
    return _usual(words=_words(handle_unknown="error"))


def _first_dropped() -> Any:
    return _usual(words=_words(drop=["DL", "EWR", "BOEING"]))


def _unseen_rows_dropped() -> Any:
    return _ByHand(
        before=lambda X: X[X["carrier"].isin(["UA", "B6", "EV", "DL", "WN", "US", "MQ"])]
    )


def _empty_text_is_float() -> Any:
    return _usual(words=OneHotEncoder(handle_unknown="ignore"))


def _empty_thrown_away() -> Any:
    return _ByHand(before=lambda X: X.dropna(axis=1, how="all"))


def _no_indicator() -> Any:
    return _usual(make_pipeline(SimpleImputer(strategy="median"), StandardScaler()))


def _column_forgotten() -> Any:
    return _usual(columns=["distance", "plane_year", "seats"])


def _codes() -> Any:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    unknown = SimpleImputer(strategy="constant", fill_value="(none)")
    return _usual(words=make_pipeline(unknown, codes))


def _not_scaled() -> Any:
    return _usual(_fills())


BUILD_PREPROCESSOR = Exercise(
    "build_preprocessor",
    "()",
    "A preprocessor for real rows",
    difficulty=4,
    minutes=25,
    parts=(
        _part("numbers come out, each row by itself", _by_rows, _rows_mixed),
        _part("columns in any order", _by_columns, _columns_mixed),
        _part("levels never seen", _unseen, _unseen_lost),
        _part("columns without a value", _empty, _empty_lost),
        _part("nothing is lost, all is on one scale", _probe, _lost),
    ),
    pitfalls=(
        Pitfall(
            "gaps go through",
            "NaN came out. A scaler lets gaps pass, and most models stop at them: fill them inside "
            "the preprocessor, before scaling.",
            _gaps_go_through,
            _known(_BATCH, "gaps left"),
        ),
        Pitfall(
            "columns made from the batch",
            "The number of columns depends on the levels a batch holds (`get_dummies` does that): "
            "a single row has one level of each. The levels must be learned in `fit`.",
            _Dummies,
            _known(_BATCH, "number of columns changes"),
        ),
        Pitfall(
            "rows with gaps are dropped",
            "More rows go in than come out, so predictions no longer line up with requests. Fill, "
            "never drop, while transforming.",
            _rows_dropped,
            _known(_BATCH, "another number of rows"),
        ),
        Pitfall(
            "it learns while it transforms",
            "The same batch gives another output the second time: `transform` changed what `fit` "
            "had learned. Whatever is learned is learned in `fit`, from the training rows.",
            _Learning,
            _known(_BATCH, "second time"),
        ),
        Pitfall(
            "filled from the row above",
            "The output of a row changes with the order of the batch. Rows of a batch have nothing "
            "to do with each other: fill from what `fit` has learned.",
            _from_above,
            _known(_BATCH, "rows above"),
        ),
        Pitfall(
            "scaled by the batch",
            "A row alone gives another output than in its batch: mean or deviation come from the "
            "rows being transformed. `transform` must not call any `fit`.",
            _scaled_by_the_batch,
            _known(_BATCH, "other rows of its batch"),
        ),
        Pitfall(
            "columns by position",
            "The columns came in another order, and your preprocessor read hours as distances "
            "without a word. Pick columns by name.",
            _by_position,
            _known(_ORDER, "another order"),
        ),
        Pitfall(
            "an unseen level raises",
            "A new airline stops the service. An encoder can be told what to do with a level that "
            "`fit` has not met.",
            _unseen_raises,
        ),
        Pitfall(
            "an unseen level poses as a known one",
            "A new airline gets exactly the row of a known, frequent one. That happens when the "
            "first level is dropped (all zeros then means two things), or when unknown is mapped "
            "to a code that is taken.",
            _first_dropped,
            _known(_NEW, "exactly like"),
        ),
        Pitfall(
            "rows with unseen levels are dropped",
            "A flight of a new airline gets no output at all, and all later rows move up. Each row "
            "in gives one row out.",
            _unseen_rows_dropped,
            _known(_NEW, "another number of rows"),
        ),
        Pitfall(
            "an empty text column arrives as numbers",
            "A column without a single value has no words in it, so pandas makes it a float column "
            "of NaN, and an encoder that has learned words cannot compare. Put a filler for text "
            "before the encoder.",
            _empty_text_is_float,
        ),
        Pitfall(
            "empty columns are thrown away",
            "A batch whose column happens to be empty comes with one column fewer, and the next "
            "step looks for it in vain. Which columns there are is settled in `fit`.",
            _empty_thrown_away,
        ),
        Pitfall(
            "the median of nothing",
            "Where the training column has no value, its median is NaN, and filling with NaN fills "
            "nothing: gaps came out.",
            _Medians,
            _known(_TRAINED, "gaps left"),
        ),
        Pitfall(
            "a column is forgotten",
            "What a `ColumnTransformer` is not told about, it drops without a word. Two flights "
            "that differ in one column must differ in the output.",
            _column_forgotten,
            _known(_CHANGED, "differ only in"),
        ),
        Pitfall(
            "the gap leaves no trace",
            "An unknown year comes out as if it were known. Add an indicator: the gap is a "
            "piece of information.",
            _no_indicator,
            _known(_CHANGED, "no trace"),
        ),
        Pitfall(
            "codes invent an order",
            "With codes 0, 1, 2 one airline lies between two others, and a linear model must "
            "believe it. Give each level a column of its own.",
            _codes,
            _known(_CHANGED, "lie on a line"),
        ),
        Pitfall(
            "nothing is scaled",
            "Miles in the thousands beside flags of 0 and 1: penalties and distances then see the "
            "miles only. Standardise the numbers with what `fit` has learned.",
            _not_scaled,
            _known(_CHANGED, "scale is as it came"),
        ),
        Pitfall(
            "the order of the columns is fixed",
            "A step that takes the whole table insists on the order of columns it was fitted on. "
            "Let a `ColumnTransformer` pick columns by *name* first.",
            _whole_table,
        ),
    ),
    hints=(
        "Two branches, by name: numbers and words. What can be missing, new or empty in each, and "
        "which object of scikit-learn answers it?",
        "Numbers: `SimpleImputer(strategy='median', add_indicator=True)`, then `StandardScaler()`. "
        "Words: `SimpleImputer(strategy='constant', fill_value='(none)')`, then `OneHotEncoder`.",
        "`OneHotEncoder(handle_unknown='ignore')`, nothing dropped; both pipelines in a "
        "`ColumnTransformer` with the lists of names. Try it on one row with an empty column.",
    ),
)
