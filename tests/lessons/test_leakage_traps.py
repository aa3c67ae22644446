"""The lesson on leakage: its right answers, its references, its suspects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from pitfalls import lessons, probes
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.probes import Suspect

LESSON = lessons.get("leakage_traps")

# --- independent right answers -----------------------------------------------------------------


def _columns_by_merge(df, prediction_time):
    lines = df.merge(prediction_time.rename("moment"), left_on="row", right_index=True)
    late = lines["at"].isna() | (lines["at"] > lines["moment"])
    return set(lines["column"][late])


def _columns_by_last_write(df, prediction_time):
    worst = df.assign(at=df["at"].fillna(pd.Timestamp("2100-01-01", tz=df["at"].dt.tz)))
    last = worst.groupby(["column", "row"])["at"].max().unstack("row")
    last = last[[row for row in last.columns if row in prediction_time.index]]
    return [name for name, times in last.iterrows() if (times > prediction_time[times.index]).any()]


def _columns_by_unique(df, prediction_time):
    moment = df["row"].map(prediction_time)
    known = df["at"] <= moment
    return df.loc[moment.notna() & ~known, "column"].unique()


def _time_by_sorting(df, time, share, gap):
    rows = df.sort_values(time, ignore_index=True)
    cut = rows.loc[round(len(rows) * (1 - share)), time]
    later = rows[time].searchsorted(cut, side="left")
    train, test = rows.iloc[:later], rows.iloc[later:]
    return train[train[time] <= cut - gap], test


def _time_by_query(df, time, share, gap):
    cut = sorted(df[time])[round(len(df) * (1 - share))]
    before = [(moment < cut) and (moment + gap <= cut) for moment in df[time]]
    return [df[before], df[[moment >= cut for moment in df[time]]]]


def _groups_by_loop(df, group, share, rng):
    members = {}
    for i, name in enumerate(df[group]):
        members.setdefault(("row", i) if pd.isna(name) else name, []).append(i)
    names = list(members)
    rng.shuffle(names)
    test = []
    for name in names:
        if len(test) >= share * len(df):
            break
        test += members[name]
    rest = sorted(set(range(len(df))) - set(test))
    return df.iloc[rest].reset_index(drop=True), df.iloc[test].reset_index(drop=True)


def _groups_by_random_keys(df, group, share, rng):
    named = df.copy()
    named["_key"] = named[group].astype(object)
    gaps = named["_key"].isna()
    named.loc[gaps, "_key"] = [f"nobody {i}" for i in range(gaps.sum())]
    names = named["_key"].unique()
    place = dict(zip(names, rng.random(len(names)), strict=True))
    sizes = named.groupby("_key").size()
    order = sorted(names, key=place.get)
    total, chosen = 0, set()
    while total < share * len(df):
        name = order.pop()
        chosen.add(name)
        total += sizes[name]
    test = named["_key"].isin(chosen)
    return df[~test], df[test]


def _twins_by_tuples(train, test):
    def form(cell):
        if isinstance(cell, str):
            return " ".join(cell.casefold().split())
        return None if pd.isna(cell) else float(cell)

    def same(a, b):
        if isinstance(a, float) and isinstance(b, float):
            return abs(a - b) <= 0.01
        return a == b

    known = [[form(cell) for cell in row] for row in train[test.columns].itertuples(index=False)]
    found = []
    for label, *cells in test.itertuples():
        cells = [form(cell) for cell in cells]
        if any(all(map(same, cells, other)) for other in known):
            found.append(label)
    return found


def _twins_by_cross_join(train, test):
    left = test.reset_index(names="_label")
    both = left.merge(train, how="cross", suffixes=("", "_train"))
    keep = pd.Series(True, both.index)
    for name in train.columns:
        a, b = both[name], both[f"{name}_train"]
        if a.dtype.kind in "if":
            equal = (a - b).abs() <= 0.01
        else:
            a, b = (
                c.map(lambda t: t if pd.isna(t) else " ".join(t.lower().split())) for c in (a, b)
            )
            equal = (a == b).fillna(False)
        keep &= equal | (a.isna() & b.isna())
    return both.loc[keep, "_label"].unique()


def _encode_by_loops(train, test, col):
    def code(rows, value):
        same = rows[col].isna() if pd.isna(value) else rows[col] == value
        chosen = rows.loc[same, "y"]
        return (chosen.sum() + 5 * rows["y"].mean()) / (len(chosen) + 5)

    left = [
        code(train[train["fold"] != fold], value)
        for value, fold in zip(train[col], train["fold"], strict=True)
    ]
    return np.array(left), np.array([code(train, value) for value in test[col]])


def _encode_by_subtraction(train, test, col):
    key = train[col].fillna("?")
    total = train.groupby(key)["y"].agg(["sum", "count"])
    own = train.groupby([key, "fold"])["y"].agg(["sum", "count"])
    at = pd.MultiIndex.from_arrays([key, train["fold"]])
    rest = total.loc[key].to_numpy() - own.loc[at].to_numpy()  # (n, 2): sum, count
    folds = train.groupby("fold")["y"].agg(["sum", "count"])
    outside = train["y"].agg(["sum", "count"]).to_numpy() - folds.loc[train["fold"]].to_numpy()
    rate = outside[:, 0] / outside[:, 1]
    left = (rest[:, 0] + 5 * rate) / (rest[:, 1] + 5)
    prior = train["y"].mean()
    seen = total.reindex(test[col].fillna("?")).fillna(0)
    return pd.Series(left), (seen["sum"] + 5 * prior) / (seen["count"] + 5)


def _select_by_scikit_learn(X, y, folds, k):
    model = make_pipeline(SelectKBest(k=k), GaussianNB())
    found = cross_validate(
        model, X, y, cv=PredefinedSplit(folds), scoring="roc_auc", return_estimator=True
    )
    chosen = [np.flatnonzero(fit[0].get_support()) for fit in found["estimator"]]
    return found["test_score"].mean(), chosen


def _select_by_products(X, y, folds, k):
    total, chosen = 0.0, []
    numbers = sorted(set(folds.tolist()))
    for number in numbers:
        out = folds != number
        Z = X[out] - X[out].mean(axis=0)
        r = Z.T @ (y[out] - y[out].mean()) / np.linalg.norm(Z, axis=0)
        best = sorted(range(X.shape[1]), key=lambda j: -abs(r[j]))[:k]
        nb = GaussianNB().fit(X[out][:, best], y[out])
        odds = nb.predict_log_proba(X[~out][:, best])
        total += roc_auc_score(y[~out], odds[:, 1] - odds[:, 0])
        chosen.append(set(best))
    return total / len(numbers), [sorted(columns) for columns in chosen]


def _oversample_by_sampling(y, folds, rng):
    table = pd.DataFrame({"y": y, "fold": folds})
    pairs = []
    for number in sorted(table["fold"].unique()):
        out = table[table["fold"] != number]
        sizes = out["y"].value_counts()
        few = out[out["y"] == sizes.idxmin()]
        more = few.sample(sizes.max() - sizes.min(), replace=True, random_state=rng)
        pairs.append((np.r_[out.index, more.index], table.index[table["fold"] == number]))
    return pairs


def _oversample_by_lists(y, folds, rng):
    pairs = []
    for number in sorted(set(folds.tolist())):
        fit = [i for i, fold in enumerate(folds) if fold != number]
        held = [i for i, fold in enumerate(folds) if fold == number]
        ones, zeros = [i for i in fit if y[i]], [i for i in fit if not y[i]]
        few, many = sorted([ones, zeros], key=len)
        fit += [few[j] for j in rng.integers(0, len(few), len(many) - len(few))]
        rng.shuffle(fit)
        pairs.append([fit, held])
    return pairs


def _gap_by_sorting(df):
    days = np.sort(df["when"].to_numpy())
    cut = days[round(0.75 * len(days))]
    X = df.drop(columns=["price", "when", "fold"]).to_numpy()
    y = df["price"].to_numpy()

    def score(test):
        tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0).fit(X[~test], y[~test])
        return r2_score(y[test], tree.predict(X[test]))

    return score((df["fold"] == 0).to_numpy()), score((df["when"] >= cut).to_numpy())


def _gap_by_tables(df):
    features = [name for name in df if name not in ("price", "when", "fold")]

    def score(train, test):
        tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        tree.fit(train[features], train["price"])
        error = test["price"] - tree.predict(test[features])
        return 1 - (error**2).mean() / test["price"].var(ddof=0)

    rows = df.sort_values("when", kind="stable", ignore_index=True)
    cut = rows["when"][round(0.75 * len(rows))]
    return [
        score(df.query("fold != 0"), df.query("fold == 0")),
        score(rows[rows["when"] < cut], rows[rows["when"] >= cut]),
    ]


def _pipeline_of_trees():
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (words, ["carrier", "origin", "dest"]), ("passthrough", ["month", "hour", "distance"])
    )
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=40, random_state=1))


def _pipeline_of_bins():
    hours = Pipeline(
        [
            ("fill", SimpleImputer(strategy="most_frequent")),
            ("bins", KBinsDiscretizer(8, quantile_method="averaged_inverted_cdf")),
        ]
    )
    columns = ColumnTransformer(
        [
            ("n", hours, ["hour", "month", "distance"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["origin", "carrier", "dest"]),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=2000))])


def _audit_with_blocks(pipeline, X, y):
    n = len(y)
    order = np.random.default_rng(1).permutation(n)
    train, test = order[:36], order[36:]

    def furthest(a, b):
        return float(np.max(np.abs(np.asarray(a) - np.asarray(b))))

    base = pipeline(X, y, train, test)
    zeros, ones = y.copy(), y.copy()
    zeros[test], ones[test] = 0, 1
    by_labels = max(furthest(base, pipeline(X, other, train, test)) for other in (zeros, ones))
    by_rows = 0.0
    for shift in (-20.0, 20.0):
        other = X.copy()
        other[test[12:]] += shift
        by_rows = max(by_rows, furthest(base[:12], pipeline(other, y, train, test)[:12]))
    back = np.arange(n)[::-1]
    turned = pipeline(X[back], y[back], n - 1 - train, n - 1 - test)
    return {
        "labels": by_labels > 0.001,
        "neighbours": by_rows > 0.001,
        "position": furthest(base, turned) > 0.001,
    }


def _audit_with_repeats(pipeline, X, y):
    rng = np.random.default_rng(7)
    found = {"labels": False, "neighbours": False, "position": False}
    for _ in range(3):
        order = rng.permutation(len(y))
        train, test = np.sort(order[:30]), np.sort(order[30:])
        before = pipeline(X, y, train, test)
        mixed = y.copy()
        mixed[test] = rng.permutation(1 - y[test])
        found["labels"] |= bool((abs(pipeline(X, mixed, train, test) - before) > 0.001).any())
        keep = rng.choice(len(test), 5, replace=False)
        others = np.delete(test, keep)
        changed = X.copy()
        changed[others] = -3 * X[rng.permutation(others)] + 5
        after = pipeline(changed, y, train, test)
        found["neighbours"] |= bool((abs(after - before)[keep] > 0.001).any())
        way = rng.permutation(len(y))
        new = {old: i for i, old in enumerate(way)}
        after = pipeline(X[way], y[way], [new[i] for i in train], [new[i] for i in test])
        found["position"] |= bool((abs(after - before) > 0.001).any())
    return found


ALTERNATIVES = {
    "leaky_columns": [_columns_by_merge, _columns_by_last_write, _columns_by_unique],
    "split_by_time": [_time_by_sorting, _time_by_query],
    "split_by_group": [_groups_by_loop, _groups_by_random_keys],
    "duplicates_across_split": [_twins_by_tuples, _twins_by_cross_join],
    "target_encode": [_encode_by_loops, _encode_by_subtraction],
    "select_features_inside": [_select_by_scikit_learn, _select_by_products],
    "oversample_inside": [_oversample_by_sampling, _oversample_by_lists],
    "estimate_gap": [_gap_by_sorting, _gap_by_tables],
    "honest_pipeline": [_pipeline_of_trees, _pipeline_of_bins],
    "audit": [_audit_with_blocks, _audit_with_repeats],
}

# --- the lesson's own tests --------------------------------------------------------------------


def test_random_groups_are_hardly_ever_rejected():
    """Draws of a right answer pass; a false rejection is meant to come once in a million."""
    exercise = LESSON.exercise("split_by_group")
    answer = LocalAnswer({"split_by_group": _groups_by_loop})
    assert all(run_check(exercise, answer, seed).right for seed in range(20))


@pytest.mark.parametrize(
    ("name", "right", "points"), [
        ("split_by_group", _groups_by_random_keys, 0),
        ("oversample_inside", _oversample_by_sampling, 2),
    ],
)  # fmt: skip
def test_draws_from_elsewhere_are_named(name, right, points):
    """A fixed seed inside, or a generator without one, is told from a draw with rng."""
    exercise = LESSON.exercise(name)
    for own in (0, None):
        answer = lambda *args, own=own: right(*args[:-1], np.random.default_rng(own))  # noqa: E731
        verdict = run_check(exercise, LocalAnswer({name: answer}), 3)
        assert ("a generator of its own", points) == (verdict.pitfall, verdict.points)
    spawned = LocalAnswer({name: lambda *args: right(*args[:-1], args[-1].spawn(1)[0])})
    assert run_check(exercise, spawned, 3).right


def test_random_copies_are_hardly_ever_rejected():
    """Draws with other seeds pass."""
    exercise = LESSON.exercise("oversample_inside")
    answer = LocalAnswer({"oversample_inside": _oversample_by_lists})
    assert all(run_check(exercise, answer, seed).right for seed in range(20))


def test_audits_of_many_kinds_agree_on_many_tables():
    """Both audits say of every suspect what its plan says, on ten draws each."""
    exercise = LESSON.exercise("audit")
    for answer in ALTERNATIVES["audit"]:
        verdicts = [run_check(exercise, LocalAnswer({"audit": answer}), seed) for seed in range(10)]
        assert [] == [verdict.message for verdict in verdicts if not verdict.right]


def test_leaks_of_suspects_move_predictions_far_and_honest_ones_hardly():
    """A leak moves some prediction by more than 0.005, a wobble by less than 0.00005."""
    keys = ("labels", "neighbours", "position")
    for part, key in zip(LESSON.exercise("audit").parts, keys, strict=True):
        for seed in range(8):
            for case in part.cases(np.random.default_rng(seed)):
                recipe, X, y = case.args
                suspect = Suspect(recipe.parameters["plan"])
                leaks = part.wanted(suspect, X, y)[key]
                train, test = np.arange(0, 60, 2), np.arange(1, 60, 2)
                before = suspect(X, y, train, test)
                if key == "labels":
                    after = suspect(X, np.where(np.arange(60) % 2, 1 - y, y), train, test)
                elif key == "neighbours":
                    other = X.copy()
                    other[test[15:]] += 6
                    before, after = before[:15], suspect(other, y, train, test)[:15]
                else:
                    after = suspect(X[::-1], y[::-1], 59 - train, 59 - test)
                move = np.abs(before - after).max()
                assert move > 0.005 if leaks else move < 5e-5


def test_a_suspect_shows_nothing_of_its_plan():
    """Its text is the same for all plans."""
    assert repr(Suspect([0, 0, 0, 0, 0])) == repr(Suspect([2, 2, 1, 1, 1]))


@pytest.mark.parametrize(
    ("numbers", "words", "last", "pitfall"),
    [
        (StandardScaler(), "passthrough", LogisticRegression(), "words where numbers are wanted"),
        (SimpleImputer(), OrdinalEncoder(), LogisticRegression(max_iter=5000),
         "an unseen level stops it"),
        (StandardScaler(), OrdinalEncoder(), LogisticRegression(), "a gap stops it"),
        (SimpleImputer(), OneHotEncoder(handle_unknown="ignore"), GaussianNB(), None),
        (SimpleImputer(), OneHotEncoder(), None, "no estimator comes back"),
    ],
)  # fmt: skip
def test_pipelines_that_raise_are_told_apart(numbers, words, last, pitfall):
    """By what the exception says, not by its type; one that nobody foresaw gets no name."""
    columns = make_column_transformer(
        (numbers, ["month", "hour", "distance"]), (words, ["carrier", "origin", "dest"])
    )
    pipeline = None if last is None else make_pipeline(columns, last)
    answer = LocalAnswer({"honest_pipeline": lambda: pipeline})
    verdict = run_check(LESSON.exercise("honest_pipeline"), answer)
    assert ("raised", pitfall) == (verdict.state, verdict.pitfall)


def test_the_honest_pipelines_pass_the_probes():
    """What the check accepts is silent under the probes of the package, too."""
    case = LESSON.exercise("honest_pipeline").parts[0].cases(np.random.default_rng(0))[0]
    X, y = case.then[0].args
    test = case.then[1].args[0].iloc[:40]
    for make in ALTERNATIVES["honest_pipeline"]:
        assert not probes.use_changes_fit(make(), X.iloc[:300], test, y.iloc[:300])
        assert not probes.row_depends_on_batch(make().fit(X, y), test)
