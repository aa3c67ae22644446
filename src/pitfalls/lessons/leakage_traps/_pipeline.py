"""A pipeline that keeps its promises in production: honest_pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, scale
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    MismatchError,
    Outcome,
    Part,
    Pitfall,
    Step,
    numeric_array,
)

from ._draw import flights, pick

__all__ = ["HONEST_PIPELINE"]

_SCHEDULE = ["month", "hour", "distance", "carrier", "origin", "dest"]
_FEW = slice(20, 40)
_LATER = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]


def _rows(
    rng: np.random.Generator, n: int = 400, fresh: int = 400
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, pd.Series]:
    """Flights to fit on, with gaps in distance and the columns in some order; and fresh ones."""
    table = pick(flights(), n + fresh + 100, rng)
    y = (table["arr_delay"].isna() | (table["arr_delay"] > 15)).astype(int).rename("late")
    X = table[[*rng.permutation(_SCHEDULE), *_LATER]].copy()
    X.loc[rng.choice(len(X), len(X) // 20, replace=False), "distance"] = np.nan
    fit, test = np.split(rng.permutation(len(table)), [n])
    for name in ("carrier", "origin", "dest"):  # levels that were not seen have a part of their own
        test = test[X[name].iloc[test].isin(X[name].iloc[fit]).to_numpy()]
    test = test[:fresh]
    return X.iloc[fit], y.iloc[fit], X.iloc[test].reset_index(drop=True), y.iloc[test]


def _learns(rng: np.random.Generator) -> list[Case]:
    X, y, test, truth = _rows(rng, 1_500, 1_700)
    case = Case(then=[Step("fit", X, y), Step("predict_proba", test)], label="flights of a year")
    case.truth = truth.to_numpy()  # type: ignore[attr-defined]
    return [case]


def _future(rng: np.random.Generator) -> list[Case]:
    """The same flights, with what happens afterwards exchanged, and with nothing of it there."""
    X, y, test, _ = _rows(rng)
    test = test.iloc[:300]
    other, empty = test.copy(), test.copy()
    other[_LATER] = test[_LATER].iloc[rng.permutation(300)].to_numpy()
    empty[_LATER] = np.nan
    then = [Step("fit", X, y), *(Step("predict_proba", rows) for rows in (test, other, empty))]
    return [Case(then=then, label="what happens later exchanged, then missing")]


def _one_by_one(rng: np.random.Generator) -> list[Case]:
    """The batch; turned round; columns in another order; a part of it; two rows alone."""
    X, y, test, _ = _rows(rng)
    test = test.iloc[:60]
    asked = [test, test.iloc[::-1], test[test.columns[::-1]]]
    asked += [test.iloc[_FEW], test.iloc[[0]], test.iloc[[31]]]
    then = [Step("fit", X, y), *(Step("predict_proba", rows) for rows in asked)]
    return [Case(then=then, label="rows alone, rows and columns in another order")]


def _strange(rng: np.random.Generator) -> list[Case]:
    """An airline and an airport that were never seen, and a distance that is missing."""
    X, y, test, _ = _rows(rng)
    test = test.iloc[:20].assign(carrier="ZZ", dest="XXX")
    test["distance"] = np.nan
    then = [Step("fit", X, y), Step("predict_proba", test)]
    return [Case(then=then, label="an unseen airline and airport, no distance")]


def _probabilities(value: Any, i: int, rows: int) -> np.ndarray[Any, Any]:
    p = numeric_array(value[i], (rows, 2))
    if not (np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(axis=1), 1)):
        says = "predict_proba should give probabilities that add up to 1 a row."
        raise MismatchError(Mismatch("value", says))
    return np.asarray(p[:, 1])


def _judge_learns(case: Case, outcome: Outcome) -> Mismatch | None:
    truth = case.truth  # type: ignore[attr-defined]
    p = _probabilities(outcome.value, 1, len(truth))
    if roc_auc_score(truth, p) < 0.52:
        says = "On fresh flights the probabilities hardly order late before punctual ones."
        return Mismatch("value", says, "an AUC close to one half", "an AUC of 0.52 or more")
    return None


def _judge_future(case: Case, outcome: Outcome) -> Mismatch | None:
    usual, *others = (_probabilities(outcome.value, i, 300) for i in (1, 2, 3))
    for p, how in zip(others, ("hold other values", "are empty"), strict=True):
        if not np.allclose(p, usual, atol=1e-6):
            says = f"The probabilities change when the columns that are filled in later {how}."
            return Mismatch("value", says)
    return None


def _judge_rows(case: Case, outcome: Outcome) -> Mismatch | None:
    sizes = (60, 60, 60, 20, 1, 1)
    p = [_probabilities(outcome.value, i + 1, n) for i, n in enumerate(sizes)]
    if not np.allclose(p[1][::-1], p[0], atol=1e-6):
        return Mismatch("value", "The probability of a row changes when the rows are turned round.")
    if not np.allclose(p[2], p[0], atol=1e-6):
        return Mismatch("value", "The probabilities change with the order of the columns.")
    if not np.allclose(np.concatenate(p[4:]), p[0][[0, 31]], atol=1e-6):
        return Mismatch("value", "A row alone gets another probability than within the batch.")
    if not np.allclose(p[3], p[0][_FEW], atol=1e-6):
        return Mismatch("value", "A row gets another probability when fewer rows come with it.")
    return None


def _judge_strange(case: Case, outcome: Outcome) -> Mismatch | None:
    _probabilities(outcome.value, 1, 20)
    return None


def _uses_later_columns() -> Any:
    words = make_column_selector(dtype_include=["object", "string"])
    coder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((coder, words), remainder="passthrough")
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=10, random_state=0))


def _columns(numbers: Any, words: Any, last: Any) -> Any:
    both = make_column_transformer(
        (numbers, ["month", "hour", "distance"]), (words, ["carrier", "origin", "dest"])
    )
    return make_pipeline(both, last)


def _strict_levels() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return _columns(numbers, OneHotEncoder(), LogisticRegression(max_iter=300))


def _no_imputation() -> Any:
    words = OneHotEncoder(handle_unknown="ignore")
    return _columns(StandardScaler(), words, LogisticRegression(max_iter=300))


def _batch_statistics() -> Any:
    numbers = make_pipeline(SimpleImputer(), FunctionTransformer(scale))
    words = OneHotEncoder(handle_unknown="ignore")
    return _columns(numbers, words, LogisticRegression(max_iter=300))


def _words_untouched() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return _columns(numbers, "passthrough", LogisticRegression(max_iter=300))


def _levels_of_the_batch() -> Any:
    first = FunctionTransformer(
        lambda rows: pd.get_dummies(rows[_SCHEDULE].fillna({"distance": 0}), dtype=float)
    )
    return make_pipeline(first, LogisticRegression(max_iter=300))


def _by_position() -> Any:
    first = FunctionTransformer(lambda rows: rows.iloc[:, :6].set_axis(range(6), axis=1))
    numbers = make_column_selector(dtype_include="number")
    words = make_column_selector(dtype_exclude="number")
    coder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((SimpleImputer(), numbers), (coder, words))
    return make_pipeline(first, columns, DecisionTreeClassifier(max_depth=5, random_state=0))


def _decisions_only() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return _columns(numbers, OneHotEncoder(handle_unknown="ignore"), LinearSVC())


def _guesses() -> Any:
    return DummyClassifier()


def _future_moves(case: Case, value: Any) -> bool:
    return len(value) == 4 and not all(np.allclose(value[i], value[1]) for i in (2, 3))


def _company_matters(case: Case, value: Any) -> bool:
    if len(value) != 7 or not np.allclose(np.asarray(value[2])[::-1], value[1], atol=1e-6):
        return False
    whole = np.asarray(value[1])
    pairs = zip(value[4:], (whole[_FEW], whole[[0]], whole[[31]]), strict=True)
    return not all(np.allclose(few, usual, atol=1e-6) for few, usual in pairs)


def _stopped_by(error: str, *words: str) -> Callable[[Case, Outcome], bool]:
    """Known by an exception of this type that says any of these words."""

    def shows(case: Case, outcome: Outcome) -> bool:
        said = outcome.status == "raised" and outcome.error == error
        return said and any(word in outcome.message for word in words)

    return shows


def _constant(case: Case, value: Any) -> bool:
    return len(value) == 2 and float(np.ptp(np.asarray(value[1])[:, 1])) < 1e-9


HONEST_PIPELINE = Exercise(
    "honest_pipeline",
    "()",
    "A pipeline that keeps its promises",
    difficulty=3,
    minutes=18,
    parts=(
        Part("it learns", 1, _learns, judge=_judge_learns),
        Part("it leaves the future alone", 2, _future, judge=_judge_future),
        Part("each row by itself", 1, _one_by_one, judge=_judge_rows),
        Part("strange rows", 1, _strange, judge=_judge_strange),
    ),
    pitfalls=(
        Pitfall(
            "a column that is filled in later",
            "The pipeline uses what is known only after the departure. When the prediction is due, "
            "those cells are empty. Name the columns that may be used; the rest stays out.",
            _uses_later_columns,
            _future_moves,
        ),
        Pitfall(
            "an unseen level stops it",
            "Sooner or later a new airline comes, and the encoder raises. It has an option for "
            "levels that it does not know.",
            _strict_levels,
            recognise_outcome=_stopped_by("ValueError", "unknown categories", "previously unseen"),
        ),
        Pitfall(
            "a gap stops it",
            "Some distances are missing, and this model takes no gaps. Fill them inside the "
            "pipeline, where the filling is learned from the training rows. (If you do that, then "
            "a column came along that should not: those filled in later have gaps, too.)",
            _no_imputation,
            recognise_outcome=_stopped_by("ValueError", "contains NaN"),
        ),
        Pitfall(
            "words where numbers are wanted",
            "A step that calculates got text: the columns with words have to be encoded first, and "
            "only those with numbers filled and scaled. Send each to its transformer by name.",
            _words_untouched,
            recognise_outcome=_stopped_by("ValueError", "could not convert string to float"),
        ),
        Pitfall(
            "a column for every level of the batch",
            "Other rows hold other levels, so the model is asked about other columns than it was "
            "fitted on. Use an encoder that learns its levels in fit and keeps to them.",
            _levels_of_the_batch,
            recognise_outcome=_stopped_by(
                "ValueError", "yet now missing", "unseen at fit time", "features, but"
            ),
        ),
        Pitfall(
            "computed batch by batch",
            "A step takes its mean, its scale or its codes from whichever rows come, so a row gets "
            "another answer alone than in company. Use a transformer that learns in fit and only "
            "applies in transform.",
            _batch_statistics,
            _company_matters,
        ),
        Pitfall(
            "columns by position",
            "The pipeline takes columns by their place. In another table they stand elsewhere: "
            "name them.",
            _by_position,
        ),
        Pitfall(
            "no probabilities",
            "The last step gives decisions only. Asked for is predict_proba: choose a classifier "
            "that has it.",
            _decisions_only,
            recognise_outcome=_stopped_by("AttributeError", "predict_proba"),
        ),
        Pitfall(
            "no estimator comes back",
            "What honest_pipeline returns cannot be fitted. Return the whole pipeline, unfitted: "
            "one object, not its pieces, and mind the return.",
            lambda: None,
            recognise_outcome=_stopped_by("AttributeError", "no attribute 'fit'"),
        ),
        Pitfall(
            "a guess",
            "Every flight gets the same probability. That leaks nothing, and helps nobody: let it "
            "learn from the schedule.",
            _guesses,
            _constant,
        ),
    ),
    hints=(
        "Which columns are known three hours before the departure? A transformer that names them "
        "drops the rest by itself.",
        "make_column_transformer((for numbers, [names]), (for words, [names])), then a classifier, "
        "in make_pipeline. Return it unfitted.",
        "Numbers: make_pipeline(SimpleImputer(), StandardScaler()). Words: OneHotEncoder("
        "handle_unknown='ignore'). Last: LogisticRegression(max_iter=1000).",
    ),
)
