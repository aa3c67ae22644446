# %% [markdown]
# # Leakage traps: a score too good to be true
#
# **Why an interviewer asks this.** "Your model has an AUC of 0.97. What do you do?" The answer that ends many interviews is "ship it".
# A model **leaks** when it is scored with something that it will not have when it is used; its score is then the score of another, easier task. In real projects this is the most common reason why a model that shone offline fails in production.
# Whoever can say *how* they would look for a leak, and what a leak changes when one pokes the pipeline, has visibly done this before.
#
# You will fall into each trap on real tables, see the figure that looked too good, find out why, and build the tool that would have warned you.
#
# 1. **Columns** that hold the future.
# 2. **Time:** the hour, the day, and a split along the clock.
# 3. **Groups:** one person on both sides.
# 4. **Twins:** one row on both sides.
# 5. **Encoding:** targets inside features.
# 6. **Selection** before the split.
# 7. **Oversampling** before the split.
# 8. **The gap** between the two scores.
# 9. **An honest pipeline.**
# 10. **An audit** that finds leaks in pipelines it has never seen.
#
# How to work: read, predict before you run, solve, check. `hint("leaky_columns")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, scale
from sklearn.tree import DecisionTreeRegressor

from pitfalls import load, probes

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
)

# %% [markdown]
# # 1 · Columns that hold the future
# **The task:** three hours before its scheduled departure, predict whether a flight from New York will be *bad*: more than 15 minutes late at its destination, or never there.

# %% tags=["illustration"]
year = load("flights")
year = year.assign(
    late=(year["arr_delay"].isna() | (year["arr_delay"] > 15)).astype(int),
    date=pd.to_datetime(year[["year", "month", "day"]]),
)
year = year.assign(weekday=year["date"].dt.day_of_week, day_of_year=year["date"].dt.day_of_year)
for name in ("carrier", "origin", "dest"):
    year[f"{name}_code"] = year[name].astype("category").cat.codes

rows = year.sample(20_000, random_state=0).sort_values("time_hour", kind="stable")
rows = rows.reset_index(drop=True)
rng = np.random.default_rng(0)
at_random = rng.random(len(rows)) < 0.25  # the test rows of a random split


def auc(columns, test, table=rows, target="late"):
    """AUC of boosted trees, fitted on the other rows, on the rows of the mask test."""
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    model.fit(table.loc[~test, columns], table.loc[~test, target])
    p = model.predict_proba(table.loc[test, columns])[:, 1]
    return roc_auc_score(table.loc[test, target], p)


schedule = ["month", "weekday", "hour", "distance", "carrier_code", "origin_code", "dest_code"]
print(f"{len(rows):,} flights, bad: {rows['late'].mean():.3f}")
print(f"the schedule: AUC {auc(schedule, at_random):.3f}")

# %% [markdown]
# AUC is the chance that a bad flight gets a higher score than a good one: 0.5 is a guess. So the schedule knows something, not much. There are more columns in the table. **Before you run:** which of them helps most, and would you put the result on a slide?

# %% tags=["illustration"]
rows["no_air_time"] = rows["air_time"].isna().astype(int)
for extra in (
    ["flight"],
    ["day_of_year"],
    ["no_air_time"],
    ["dep_delay"],
    ["dep_time", "arr_time"],
):
    print(f"the schedule and {' and '.join(extra):22s} AUC {auc(schedule + extra, at_random):.3f}")

# %% [markdown]
# The last three are of another kind. `dep_delay` is filled in when the flight leaves, `arr_time` when it has landed; three hours before, these cells are empty. `no_air_time` shows how little it takes: it holds nothing but whether `air_time` is *missing*. A flight that never arrived has none, and is bad by definition. A gap can leak as well as a value.
#
# A column with a good name can leak as well: a `status` that was "scheduled" and is overwritten with "cancelled" looks harmless in the finished table. So the question is never what a column is called. **When was the value that I see written, and when do I predict?**
#
# ### Reading the log of a table
# A warehouse can list its writes: which row, which column, when. Take two flights, predicted at 9:00 and at 12:00:
#
# | row | column | at | |
# |---|---|---|---|
# | 0 | gate | 8:30 | known |
# | 1 | gate | 12:40 | **too late**: row 1 was predicted at 12:00 |
# | 0 | status | 7:00 | known, but ... |
# | 0 | status | 9:20 | ... overwritten: the value in the table is this one, **too late** |
#
# Both columns leak, though most lines are early: the model will find the rows in which they do.
#
# ### Exercise: `leaky_columns`
# `df` is such a log, one line a write, in any order: `row` (number of the row), `column` (its name), `at` (when). `prediction_time` is a Series: its index holds the rows that are predicted, its values when. Return the names of the columns that leak, in any order.
#
# * A column leaks if in **at least one** predicted row a value was written after the row's own prediction time. What was written at that very moment is known.
# * A missing time means that nobody knows when: it counts as too late.
# * Lines of rows that are not predicted say nothing: leave them out.
#
# *The check* asks first about cells that were written once (2 points), then with corrections, equal and missing times and unpredicted rows (2 points). The moments come from real flights; the log is made up.


# %% ex="leaky_columns" points=4
def leaky_columns(df, prediction_time):
    """Names of the columns that hold what was not known at the prediction.

    df: table with row, column, at; prediction_time: Series, row -> moment. Returns a list.
    """
    ### BEGIN SOLUTION
    predicted = df[df["row"].isin(prediction_time.index)]
    moments = prediction_time.loc[predicted["row"]].to_numpy()
    in_time = predicted["at"].to_numpy() <= moments
    return predicted.loc[~in_time, "column"].unique().tolist()
    ### END SOLUTION


# %% [markdown]
# # 2 · Time
# Nobody would use `dep_delay`. But what about a fresh figure from the tower: the share of bad ones among the flights of the same airport and *the same hour*? Compare it with what one can know three hours ahead: how many of the flights that were scheduled five to eight hours earlier left more than 15 minutes late, or had not left by then.
#
# Four ways to choose test rows: single rows at random; whole planes; whole days; the last quarter of the year. **Before you run:** in which rows of the table below do you expect the four scores to differ, and which of the four do you believe?

# %% tags=["illustration"]
year["left_late"] = (~(year["dep_delay"] <= 15)).astype(int)  # a missing delay: it never left
hourly = year.groupby(["origin", "time_hour"]).agg(
    bad=("late", "mean"), left_late=("left_late", "sum"), n=("late", "size")
)
here = [rows["origin"], rows["time_hour"]]
rows["bad_same_hour"] = hourly["bad"].reindex(pd.MultiIndex.from_arrays(here)).to_numpy()
late, n = np.zeros(len(rows)), np.zeros(len(rows))
for hours in (5, 6, 7, 8):
    earlier = [rows["origin"], rows["time_hour"] - pd.Timedelta(hours=hours)]
    found = hourly.reindex(pd.MultiIndex.from_arrays(earlier)).fillna(0)
    late, n = late + found["left_late"].to_numpy(), n + found["n"].to_numpy()
rows["left_late_before"] = np.where(n > 0, late / np.maximum(1, n), np.nan)  # no flights at night


def whole(name):
    """A mask of the rows of a random quarter of the values of a column."""
    values = rows[name].dropna().unique()
    return rows[name].isin(rng.permutation(values)[: len(values) // 4]).to_numpy()


cut = rows["date"].iloc[int(0.75 * len(rows))]
tests = {
    "rows": at_random,
    "planes": whole("tailnum"),
    "days": whole("date"),
    "last quarter": (rows["date"] >= cut).to_numpy(),
}
features = {
    "schedule": schedule,
    "+ day of year": [*schedule, "day_of_year"],
    "+ late departures 5-8 h before": [*schedule, "left_late_before"],
    "+ bad share of the same hour": [*schedule, "bad_same_hour"],
    "+ dep_delay": [*schedule, "dep_delay"],
}
table = pd.DataFrame(
    {way: {name: auc(f, test) for name, f in features.items()} for way, test in tests.items()}
)
print(table.round(3).to_string())

# %% tags=["illustration"]
fig, ax = plt.subplots(figsize=(7.4, 3.6))
styles = {
    "rows": (ORANGE, "s"),
    "planes": (ORANGE, "^"),
    "days": (GREY, "D"),
    "last quarter": (BLUE, "o"),
}
for way, (colour, marker) in styles.items():
    ax.plot(table[way], range(len(table)), ls="", marker=marker, color=colour, label=way)
ax.set_yticks(range(len(table)), table.index)
ax.invert_yaxis()
ax.set(xlabel="AUC on the test rows")
ax.grid(axis="x", color="#DDDDDD")
ax.legend(frameon=False, title="test rows", loc="upper right")
ax.set_title("The day of the year pays only while the days are mixed", loc="left")
plt.show()

# %% [markdown]
# *In words:* each line is a set of columns, each mark a way to choose the test rows. In the second line the squares and triangles lie far to the right of the circle; in the lower two lines all marks lie together, far to the right.
#
# Three lessons stand in this table:
#
# * **The day leaks where the plane does not.** The day of the year is known years ahead, so it is an honest column. Yet on a random split the model looks up what kind of day the 8th of March was, from other flights of that very day. On the last quarter there is nothing to look up, and the column is worth nothing. Splitting by plane does not help: flights of one day share their weather, flights of one plane share little.
# * **No split takes the leak out of a column.** The share of the same hour scores as well on the last quarter as at random. An honest split protects against looking up neighbours; it does not protect against a value from the future.
# * **Time can be used honestly.** The late departures of five to eight hours before help on every split, the last quarter included.
#
# Why five hours, and why departures? The prediction is due three hours before. Whether a flight of the hour from 8:00 left more than 15 minutes late is known by 9:15, so it may be used from 9:15 on, for flights that leave at 12:15 or later. Whether it *arrived* late is known only when it has landed, for some many hours later. Ask of every outcome in a feature when it was known.
#
# ### A split along the clock
# Train on the past, test on the future, with the cut between two moments: rows of one hour share their weather, so they belong on one side. And if outcomes take time to be known, the last rows before the cut have none yet: leave a **gap**.
#
# By hand: ten rows at hours 1, 2, 3, 4, 5, 6, 6, 6, 7, 8; a share of 0.3 is to be tested. Sorted, position round(10 · 0.7) = 7 (counting from 0) holds hour 6: the **cut**. Test: 6, 6, 6, 7, 8. Train: 1 to 5. With a gap of 2 hours, a training row must satisfy hour + 2 ≤ 6: 1, 2, 3, 4.
#
# ### Exercise: `split_by_time`
# Return `(train, test)`, two parts of the table, rows in any order. The cut is the time at position round(n·(1 − `share`)) of the sorted times.
#
# * Test: rows whose time is at or after the cut.
# * Train: rows before the cut with time + `gap` ≤ cut. `gap` is a `pd.Timedelta`, zero for no gap.
#
# `time` is the name of the column. *The check* asks without a gap (2 points) and with one (1 point).


# %% ex="split_by_time" points=3
def split_by_time(df, time, share, gap):
    """The past and the future of a table.

    df: table, time: name of a column of moments, share: part of the rows to test on,
    gap: Timedelta before the cut that is left out. Returns (train, test).
    """
    ### BEGIN SOLUTION
    moments = df[time]
    first_tested = np.sort(moments)[round(len(df) * (1 - share))]
    test = moments >= first_tested
    settled = moments <= first_tested - gap
    return df[settled & ~test], df[test]
    ### END SOLUTION


# %% [markdown]
# # 3 · Groups
# Tests for SARS-CoV-2 at a children's hospital, some people tested many times. **Before you run:** the number of a person is just a number. What can a model do with it when every person stands on one side only?

# %% tags=["illustration"]
covid = load("covid_testing")
covid = covid[covid["result"] != "invalid"].reset_index(drop=True)
covid["positive"] = (covid["result"] == "positive").astype(int)
about = ["gender", "test_id", "clinic_name", "demo_group", "payor_group", "patient_class"]
for name in about:
    covid[name] = covid[name].astype("category").cat.codes
honest = [*about, "age", "drive_thru_ind"]
people = rng.permutation(covid["subject_id"].unique())
ways = {
    "rows": rng.random(len(covid)) < 0.25,
    "people": covid["subject_id"].isin(people[: len(people) // 4]).to_numpy(),
    "last days": (covid["pan_day"] >= covid["pan_day"].quantile(0.75)).to_numpy(),
}
sets = {
    "what is known of the person": honest,
    "subject_id alone": ["subject_id"],
    "ct_result alone": ["ct_result"],
}
shown = {
    way: {name: auc(c, test, covid, "positive") for name, c in sets.items()}
    for way, test in ways.items()
}
print(pd.DataFrame(shown).round(3).to_string())
person = covid.groupby("subject_id")["positive"].max()  # in the order of the numbers
after = person.groupby(person.shift(1).map({0: "negative", 1: "positive"})).mean()
print("\nshare of people with a positive test, by the person with the next lower number:")
print(after.round(3).to_string(header=False))

# %% [markdown]
# The number *alone* predicts better than everything that is known of the person, on every split. The split of the second column is in order: no person is on both sides. The numbers stand in an order that has to do with the result: as the last lines show, positive people have positive neighbours in number, though nobody saw both. That leak **survives every split**. (The last column of the first line is close to a guess: the days were shuffled before the data were published, so do not read a trend into it.) `ct_result` is the measurement from which the result is read: of course it knows.
#
# So two questions, not one. *Do rows of one group stand on both sides?* is a question about the split. *Does an identifier carry the outcome?* is one about the column: no split answers it; leave identifiers out. A cheap warning is a column that predicts suspiciously well by itself.

# %% tags=["illustration"]
suspects = covid.drop(columns=["result", "positive", "fake_first_name", "fake_last_name"])
finding = probes.column_predicts_alone(suspects, covid["positive"], groups=covid["subject_id"])
print(finding.says)

# %% [markdown]
# `pitfalls.probes` is a box of such tools; you will meet more of them below. What a probe reports is a **suspicion** here: a strong honest column would look the same.
#
# ### One group, one side
# Shuffle the **groups**, take one after the other for the test side until it holds enough **rows**. By hand: groups a, b, c with 5, 1 and 4 rows, share 0.3 of 10 rows: 3 rows. Drawn in the order b, c, a: b gives 1 row, not enough; with c it is 5. Stop: the test side is b and c. A group comes in as a whole, so the share is a little exceeded.
#
# ### Exercise: `split_by_group`
# Return `(train, test)`, two parts of the table with all its columns.
#
# * Draw the groups in random order with `rng` (a NumPy generator) and give them to the test side until it holds at least `share` · n rows.
# * Every row is on exactly one side. A row whose group is missing is a **group of its own**, drawn like the others.
#
# *The check* asks for a table in which every row has a group (2 points) and for one with gaps (1 point). Any order of drawing is right, if it comes from `rng`.


# %% ex="split_by_group" points=3
def split_by_group(df, group, share, rng):
    """Two parts of a table that share no group.

    df: table, group: name of a column, share: part of the rows to test on, rng: generator.
    Returns (train, test).
    """
    ### BEGIN SOLUTION
    codes, _ = pd.factorize(df[group])  # -1: missing
    alone = codes == -1
    codes = np.where(alone, codes.max() + 1 + np.arange(len(df)), codes)
    drawn = rng.permutation(np.unique(codes))
    rows_each = pd.Series(codes).value_counts()[drawn].to_numpy()
    before = rows_each.cumsum() - rows_each  # rows on the test side before each group comes
    test = np.isin(codes, drawn[before < share * len(df)])
    return df[~test], df[test]
    ### END SOLUTION


# %% [markdown]
# # 4 · Twins
# A group may be as small as a row that was stored twice. Stays at a hotel, with the price of the room. **Before you run:** how often does a test row of a random split have a twin among the training rows, equal in every column, price included?

# %% tags=["illustration"]
stays = load("hotel_rates")
half = rng.random(len(stays)) < 0.25
exact = probes.duplicates_on_both_sides(stays[~half], stays[half])
print("all columns:", exact.says)
in_time = np.arange(len(stays)) >= 0.75 * len(stays)
later = probes.duplicates_on_both_sides(stays[~in_time], stays[in_time])
print("split in time:", later.says)

# %% [markdown]
# Those rows can be answered by memory. Real twins are rarely equal to the letter: one was typed in again, with a capital, a space, a price a cent off.
#
# ### When are two rows twins?
# Two **cells** are equal here if both are missing; or if they are text that agrees once case is ignored, spaces at the ends are gone and spaces in a row count as one; or if they are numbers at most 0.01 apart. Two **rows** are twins if all their columns are equal. By hand, columns price and agent:
#
# | | price | agent | |
# |---|---|---|---|
# | train | 80.00 | Acme | |
# | test | 80.01 | `"  ACME "` | a twin: a cent, case and spaces |
# | test | 80.00 | missing | no twin: text against missing |
# | test | 80.40 | Acme | no twin: 40 cents |
#
# ### Exercise: `duplicates_across_split`
# Return the **index labels** of the test rows that have a twin in `train`, each once, in any order. The two tables have the same columns, perhaps in another order; labels may occur in both tables without meaning anything. Test rows that resemble only each other do not count. A small number of rows: clarity before speed.
#
# *The check* asks about exact twins (2 points), then about near ones (2 points). (No two numbers of a case are between 0.009 and 0.011 apart.)


# %% ex="duplicates_across_split" points=4
def duplicates_across_split(train, test):
    """Labels of the test rows that have a twin among the training rows.

    train, test: tables with the same columns. Returns a list of labels of test.
    """
    ### BEGIN SOLUTION
    twin = np.ones((len(test), len(train)), dtype=bool)
    for name in test.columns:
        a, b = test[name], train[name]
        if pd.api.types.is_numeric_dtype(a):
            near = np.abs(a.to_numpy()[:, None] - b.to_numpy()) <= 0.01
        else:
            a, b = (s.str.lower().str.strip().str.replace(r"\s+", " ", regex=True) for s in (a, b))
            near = a.to_numpy()[:, None] == b.to_numpy()
        gaps = a.isna().to_numpy()[:, None] & b.isna().to_numpy()
        twin &= near | gaps
    return test.index[twin.any(axis=1)].tolist()
    ### END SOLUTION


# %% [markdown]
# # 5 · Encoding
# A plane flies the same routes with the same crew base, so its past rate of bad flights might help. There are thousands of planes: too many for 0/1 columns. **Target encoding** replaces a level by the mean target of its rows. Levels with few rows are pulled to the overall rate $\bar y$ as if $m$ rows of it were added:
#
# $$\text{code} = \frac{\sum y + m\,\bar y}{n + m}.$$
#
# To make levels small, take plane × month. Three ways to compute the codes: from all rows of the table; from the training rows; and, for training rows, **out of fold**: the rows of a fold are encoded with the rows of the other folds. **Before you run:** which one wins on the test rows? Which one *deserves* to?

# %% tags=["illustration"]
level = rows["tailnum"].fillna("none") + "-" + rows["month"].astype(str)


def rates(fit, ask, m=5):
    """Smoothed target means of the rows `fit`, looked up for the rows `ask` (masks)."""
    prior = rows.loc[fit, "late"].mean()
    found = rows.loc[fit, "late"].groupby(level[fit]).agg(["sum", "count"])
    rate = (found["sum"] + m * prior) / (found["count"] + m)
    return level[ask].map(rate).fillna(prior).to_numpy()


everything = np.ones(len(rows), dtype=bool)
fold = rng.integers(0, 5, len(rows))
out_of_fold = np.empty(len(rows))
out_of_fold[at_random] = rates(~at_random, at_random)
for f in range(5):
    held = ~at_random & (fold == f)
    out_of_fold[held] = rates(~at_random & (fold != f), held)
ways = {
    "from all rows, test rows too": rates(everything, everything),
    "from the training rows": rates(~at_random, everything),
    "out of fold": out_of_fold,
}
print(f"without the column{'':12s} AUC {auc(schedule, at_random):.3f}")
for name, code in ways.items():
    score = auc([*schedule, "code"], at_random, rows.assign(code=code))
    on_train = roc_auc_score(rows["late"][~at_random], code[~at_random])
    print(f"{name:30s} AUC {score:.3f}   the code alone on training rows: {on_train:.3f}")

# %% [markdown]
# From all rows, the score is brilliant: a plane has one or two rows a month, so the code *is* the target. From the training rows, the opposite happens: on training rows the code contains their own target, so the model trusts it completely; on test rows it has nothing to say, and the score is *worse than without the column*. Such a leak does not flatter, it ruins. Out of fold, training and test rows are encoded alike, and the model learns what the column is worth: hardly anything.
#
# By hand, with $m = 5$: four training rows of plane A in folds 0, 0, 1, 2 with y = 1, 0, 1, 0. For a row in fold 0 only the rows of folds 1 and 2 count: sum 1, n = 2. If the overall rate of *those folds* is 0.25: (1 + 5 · 0.25)/(2 + 5) = 0.321. A level that does not occur there: (0 + 1.25)/(0 + 5) = 0.25.
#
# ### Exercise: `target_encode`
# `train` and `test` have the columns `col` (a category), `y` (0 or 1) and `fold` (0, 1, 2, ...). Return a pair of arrays, the codes of `train` and of `test`, each in the order of its rows.
#
# * $m = 5$. A test row is encoded with **all training rows**. A training row is encoded with the training rows of the **other folds**.
# * The overall rate $\bar y$ is that of the same rows that give the sum and n.
# * A missing value is a level of its own. A level that does not occur among those rows gets the overall rate.
# * The `y` of test is there, as it would be in a file. It must not be used.
#
# *The check* gives 2 points for the test rows and 3 for the training rows.


# %% ex="target_encode" points=5
def target_encode(train, test, col):
    """Smoothed target means, out of fold for the training rows.

    train, test: tables with col, y and fold. Returns two arrays: codes of train, codes of test.
    """
    ### BEGIN SOLUTION

    def encode(known, values):
        overall = known["y"].mean()
        grouped = known["y"].groupby(known[col].fillna("(missing)"))
        code = (grouped.sum() + 5 * overall) / (grouped.size() + 5)
        return values.fillna("(missing)").map(code).fillna(overall).astype(float)

    train_codes = pd.Series(0.0, index=np.arange(len(train)))
    for number in train["fold"].unique():
        own = (train["fold"] == number).to_numpy()
        train_codes[own] = encode(train[~own], train.loc[own, col]).to_numpy()
    return train_codes.to_numpy(), encode(train, test[col]).to_numpy()
    ### END SOLUTION


# %% [markdown]
# How would one notice, without reading code? Change the target of a single row: if its **own** feature goes the same way, every time, the row's target is inside. Two functions, probed: one that encodes in fold, and yours.

# %% tags=["illustration"]
some = rows.iloc[:600].assign(y=rows["late"], fold=np.arange(len(rows))[:600] % 5)
some = some[["carrier", "y", "fold"]].reset_index(drop=True)


def in_fold(train, test):
    """Codes from the training rows for both sides."""
    rate = train.groupby("carrier")["y"].mean()
    return train["carrier"].map(rate).to_frame("code"), test["carrier"].map(rate).to_frame("code")


def yours(train, test):
    """The codes of target_encode as tables."""
    return tuple(pd.DataFrame({"code": code}) for code in target_encode(train, test, "carrier"))


for name, function in (("in fold", in_fold), ("yours", yours)):
    finding = probes.row_depends_on_own_target(function, some[:450], some[450:], "y")
    print(f"{name}: leaks = {finding.leaks}. {finding.says}")

# %% [markdown]
# # 6 · Selection before the split
# Pure noise this time, simulated, since the truth must be known: 60 rows, columns of random numbers, a target from a coin. No honest method can score above one half, on average. The recipe of many a paper: (1) keep the 10 columns that correlate best with the target, (2) cross-validate a model on them. **Before you run:** what does it report with 20 columns to choose from? With 2,000?


# %% tags=["illustration"]
def noise_scores(columns, repeats=12):
    """Mean AUC of selection before the folds, and inside, over fresh noise."""
    outside, inside = [], []
    for _ in range(repeats):
        X, y = rng.normal(size=(60, columns)), rng.permutation(60) % 2
        best = SelectKBest(k=10).fit_transform(X, y)
        model = GaussianNB()
        outside.append(cross_val_score(model, best, y, cv=5, scoring="roc_auc").mean())
        model = make_pipeline(SelectKBest(k=10), model)
        inside.append(cross_val_score(model, X, y, cv=5, scoring="roc_auc").mean())
    return np.mean(outside), np.mean(inside)


widths = [10, 20, 50, 200, 2_000]
curves = np.array([noise_scores(width) for width in widths])  # (5, 2)
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.plot(widths, curves[:, 0], color=ORANGE, marker="s", ls="--", label="selected before the folds")
ax.plot(widths, curves[:, 1], color=BLUE, marker="o", label="selected inside the folds")
ax.axhline(0.5, color="#999999", lw=1)
ax.set(xscale="log", xlabel="columns of pure noise (log scale)", ylabel="cross-validated AUC")
ax.set_ylim(0.3, 1.02)
ax.legend(frameon=False)
ax.set_title("The more noise to choose from, the better it looks", loc="left")
plt.show()
print(pd.DataFrame(curves, widths, ["before", "inside"]).round(3).to_string())

# %% [markdown]
# *In words:* the dashed line climbs with the number of columns, the solid one stays around one half. With ten columns there is nothing to select, and the two agree.
#
# The selection has looked at the targets of the held-out rows, and with enough columns some agree with them by luck. Everything that looks at $y$ is part of the fit. Nor is this about noise only: real data have many columns that do nothing, and selection before the split reports each lucky one as a discovery.
#
# ### Exercise: `select_features_inside`
# `X` has shape $(n, p)$, `y` holds 0 and 1, `folds` the number of each row's fold. For every fold, in ascending order of its number: on the rows **outside** it, choose the `k` columns with the largest absolute correlation with `y`, fit `GaussianNB()` on these, and take the AUC of the probability of class 1 on the rows **of** the fold.
#
# Return `(score, chosen)`: the mean of the folds' AUCs, and the numbers of the chosen columns, one row a fold (a list or array; order within a row does not matter).
#
# *The check* gives 2 points for the columns, on a table with a signal in which columns have scales of their own, and 2 for the score on pure noise.


# %% ex="select_features_inside" points=4
def select_features_inside(X, y, folds, k):
    """Cross-validation with the choice of columns inside.

    X: (n, p), y: (n,) of 0 and 1, folds: (n,) of int. Returns (mean AUC, chosen columns by fold).
    """
    ### BEGIN SOLUTION
    scores, chosen = [], []
    for number in np.unique(folds):
        inside = folds == number
        known, target = X[~inside], y[~inside]
        strength = [abs(np.corrcoef(column, target)[0, 1]) for column in known.T]
        columns = np.argsort(strength)[-k:]
        nb = GaussianNB().fit(known[:, columns], target)
        said = nb.predict_proba(X[inside][:, columns])[:, 1]
        scores.append(roc_auc_score(y[inside], said))
        chosen.append(columns)
    return np.mean(scores), chosen
    ### END SOLUTION


# %% [markdown]
# **A test for any procedure:** shuffle the targets and run everything again. Whatever still scores above chance has seen them. Shuffling several times gives a mean with an error, so a false alarm has a known rate (one in a thousand here).

# %% tags=["illustration"]
X_noise, y_noise = rng.normal(size=(60, 300)), np.arange(60) % 2


def before_the_folds(X, y):
    """Selection on all rows, then cross-validation."""
    best = SelectKBest(k=10).fit_transform(X, y)
    return cross_val_score(GaussianNB(), best, y, cv=5, scoring="roc_auc").mean()


def inside_the_folds(X, y):
    """Your function, on five folds."""
    return select_features_inside(X, y, np.arange(60) // 2 % 5, 10)[0]


for procedure in (before_the_folds, inside_the_folds):
    finding = probes.random_target_scores(procedure, X_noise, y_noise)
    print(f"{procedure.__name__}: leaks = {finding.leaks}. {finding.says}")

# %% [markdown]
# # 7 · Oversampling before the split
# Positive tests are rare. "Balance the classes first": repeat the rare rows until both classes are equally frequent, then cross-validate. **Before you run:** a nearest neighbour that only remembers: what will it report?

# %% tags=["illustration"]
few = covid.sample(3_000, random_state=1).reset_index(drop=True)
X_few = StandardScaler().fit_transform(few[["age", "pan_day", "clinic_name", "drive_thru_ind"]])
y_few = few["positive"].to_numpy()
folds_few = rng.integers(0, 5, len(few))
nearest = KNeighborsClassifier(1)


def remembered(X, y, folds):
    """Mean AUC of one nearest neighbour over the folds."""
    scores = []
    for f in np.unique(folds):
        out = folds != f
        p = nearest.fit(X[out], y[out]).predict_proba(X[~out])[:, 1]
        scores.append(roc_auc_score(y[~out], p))
    return np.mean(scores)


rare = np.flatnonzero(y_few == 1)
extra = rng.choice(rare, len(y_few) - 2 * len(rare))
more = np.r_[np.arange(len(y_few)), extra]
folds_more = np.r_[folds_few, rng.integers(0, 5, len(extra))]
print(f"positive: {y_few.mean():.3f} of {len(few):,} rows")
print(f"as they are:               AUC {remembered(X_few, y_few, folds_few):.3f}")
print(f"oversampled before split:  AUC {remembered(X_few[more], y_few[more], folds_more):.3f}")

# %% [markdown]
# A held-out positive row now has copies of itself among the rows that are remembered. Nothing was learned; the held-out rows were handed over. The rule: **split first**, then balance the rows to fit on, and leave the held-out rows as they are: they stand for what comes.
#
# ### Exercise: `oversample_inside`
# `y` holds 0 and 1, `folds` the number of each row's fold, `rng` is a NumPy generator. Return a list with one pair `(fit, held)` of arrays of row positions for each fold, in ascending order of its number:
#
# * `held`: the rows of the fold, each once.
# * `fit`: every row outside the fold once, and beyond that rows of the class that is **rarer outside the fold**, drawn with replacement (from `rng`) from the rows outside the fold, exactly as many as it takes for both classes to be equally frequent in `fit`.
#
# *The check* gives 2 points for held-out rows that stay out, 2 for balance; in one case the zeros are the rare class.


# %% ex="oversample_inside" points=4
def oversample_inside(y, folds, rng):
    """Folds whose rows to fit on are balanced.

    y: (n,) of 0 and 1, folds: (n,) of int. Returns a list of (fit, held), positions of rows.
    """
    ### BEGIN SOLUTION
    pairs = []
    for number in np.unique(folds):
        held = np.flatnonzero(folds == number)
        fit = np.flatnonzero(folds != number)
        counts = np.bincount(y[fit], minlength=2)
        pool = fit[y[fit] == counts.argmin()]
        copies = rng.choice(pool, size=counts.max() - counts.min(), replace=True)
        pairs.append((np.concatenate([fit, copies]), held))
    return pairs
    ### END SOLUTION


# %% tags=["illustration"]
scores = []
for fit, held in oversample_inside(y_few, folds_few, rng):
    p = nearest.fit(X_few[fit], y_few[fit]).predict_proba(X_few[held])[:, 1]
    scores.append(roc_auc_score(y_few[held], p))
print(f"oversampled inside: AUC {np.mean(scores):.3f}")

# %% [markdown]
# # 8 · The gap
# Back to the hotel. How much do twins, days and seasons flatter a random split? **Before you run:** the same model, the same columns; a random quarter against the last quarter of the arrivals. Which R² do you expect for the second if the first is 0.94?

# %% tags=["illustration"]
prices = stays["avg_price_per_room"]
columns = stays.drop(columns=["avg_price_per_room", "arrival_date"])
for name in columns.select_dtypes(exclude="number"):
    columns[name] = columns[name].astype("category").cat.codes
trees = HistGradientBoostingRegressor(max_iter=100, random_state=0)
said = {}
for name, test in (("random", half), ("last quarter", in_time)):
    said[name] = trees.fit(columns[~test], prices[~test]).predict(columns[test])
    print(f"{name:13s} R² {r2_score(prices[test], said[name]):.3f}")
month = stays.loc[in_time, "arrival_date"].dt.to_period("M")
error = (prices[in_time] - said["last quarter"]).groupby(month).agg(["mean", "size"])
print("\nlast quarter: true minus predicted price, by month")
print(error.round(1).to_string())

# %% [markdown]
# In the last months the predictions are too low, and most in July: the model has not seen that summer. A random split has seen it, day by day.
#
# Both figures are correct answers, to different questions. The random one says how well the model *fills in* prices of days of which it has seen other stays. The second says how well it predicts days to come, and only that is asked when it is used. Report both side by side: the gap tells how much of the score is neighbourhood.
#
# ### Exercise: `estimate_gap`
# `df` holds `price` (to predict), `when` (a day number, several rows a day), `fold` (0 to 3, random); **all other columns are features**. Use `DecisionTreeRegressor(min_samples_leaf=5, random_state=0)` and R², and return `(leaky, honest)`:
#
# * `leaky`: test rows are those of fold 0, the others are trained on;
# * `honest`: test rows are the latest ones: the cut is the day at position round(0.75 · n) of the sorted days, test rows are those at or after the cut, rows before it are trained on.
#
# *The check* gives 1 point for the first and 2 for the second.


# %% ex="estimate_gap" points=3
def estimate_gap(df):
    """The score of a random split and of a split in time.

    df: table with price, when, fold and features. Returns (leaky, honest), two R².
    """
    ### BEGIN SOLUTION
    features = df.columns.difference(["price", "when", "fold"], sort=False)
    first_day = df["when"].sort_values().iloc[round(0.75 * len(df))]
    pair = []
    for test in (df["fold"] == 0, df["when"] >= first_day):
        model = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        model.fit(df.loc[~test, features], df.loc[~test, "price"])
        pair.append(model.score(df.loc[test, features], df.loc[test, "price"]))
    return tuple(pair)
    ### END SOLUTION


# %% [markdown]
# # 9 · An honest pipeline
# Whatever is learned from data (means to fill gaps with, levels, scales) belongs into one object that learns in `fit` and only applies in `transform` and `predict`. Then cross-validation cannot leak through it, and production meets what was tested. Here is one that looks like that and is not: it standardises whichever rows come.

# %% tags=["illustration"]
numbers = ["month", "hour", "distance"]
batchwise = make_pipeline(FunctionTransformer(scale), LogisticRegression())
learned = make_pipeline(StandardScaler(), LogisticRegression())
for name, model in (("standardised batch by batch", batchwise), ("learned in fit", learned)):
    model.fit(rows.loc[~at_random, numbers], rows.loc[~at_random, "late"])
    batch = rows.loc[at_random, numbers]
    p = model.predict_proba(batch)[:, 1]
    alone = model.predict_proba(batch.head(1))[0, 1]
    score = roc_auc_score(rows.loc[at_random, "late"], p)
    print(f"{name:28s} AUC {score:.3f}, first row in the batch {p[0]:.3f}, alone {alone:.3f}")
    print(probes.row_depends_on_batch(model, batch.head(50)).says + "\n")

# %% [markdown]
# The AUC does not give it away. In production, where rows come one by one, every row alone is standardised to zero, and every flight gets the same probability.
#
# ### The pieces
# * `make_column_transformer((transformer, [names]), ...)` sends named columns to a transformer each and **drops all others**.
# * `SimpleImputer()` fills gaps with the mean that it saw in `fit`; `StandardScaler()` likewise; `OneHotEncoder(handle_unknown="ignore")` gives an unseen level zeros.
# * `make_pipeline(a, b, c)` chains them; the last step is the model.
#
# ### Exercise: `honest_pipeline`
# Return an **unfitted** scikit-learn pipeline (or any estimator with `fit(X, y)` and `predict_proba(X)`) that predicts whether a flight will be bad, three hours before departure. `X` has the columns `month`, `hour`, `distance` (with gaps), `carrier`, `origin`, `dest`, and `dep_time`, `dep_delay`, `arr_time`, `arr_delay`, `air_time`.
#
# *The check* fits it on 400 flights (for the first point on 1,500) and looks at what it does:
#
# * it learns: an AUC of at least 0.52 on fresh flights, whose levels were all seen (1 point);
# * it leaves the future alone: the probabilities stay when the last five columns hold other values or are empty (2 points);
# * each row by itself: a row alone or in other company, other orders of rows and of columns give the same probabilities (1 point);
# * strange rows: an unseen airline and airport and a missing distance give probabilities, no error (1 point).


# %% ex="honest_pipeline" points=5
def honest_pipeline():
    """An unfitted pipeline for flights, from what is known three hours before."""
    ### BEGIN SOLUTION
    filled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    levels = OneHotEncoder(handle_unknown="ignore", min_frequency=5)
    known = make_column_transformer(
        (filled, ["month", "hour", "distance"]), (levels, ["carrier", "origin", "dest"])
    )
    return make_pipeline(known, LogisticRegression(C=0.3, max_iter=1000))
    ### END SOLUTION


# %% [markdown]
# # 10 · An audit
# A colleague hands you a pipeline as a function. You cannot read it, or it is 3,000 lines long. All that you can do is call it:
#
# `pipeline(X, y, train, test)` gets the whole table, as code in notebooks does, learns from the rows `train` (positions) and gives predictions for the rows `test`, an array with one number each. Here are four, one of them honest. **Before you run:** which of the scores looks suspicious?


# %% tags=["illustration"]
def careful(X, y, train, test):
    """Everything from the training rows."""
    model = make_pipeline(StandardScaler(), Ridge(10.0))
    return model.fit(X[train], y[train]).predict(X[test])


def scales_all(X, y, train, test):
    """Standardises the table first."""
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return Ridge(10.0).fit(X[train], y[train]).predict(X[test])


def weighs_all(X, y, train, test):
    """Weighs columns by their correlation in the whole table."""
    X = X * np.abs(np.corrcoef(X.T, y)[-1, :-1])
    return Ridge(0.1).fit(X[train], y[train]).predict(X[test])


def keeps_index(X, y, train, test):
    """The row number came along as a column."""
    X = np.hstack([X, np.arange(len(X))[:, None] / len(X)])
    return Ridge(1.0).fit(X[train], y[train]).predict(X[test])


colleagues = [careful, scales_all, weighs_all, keeps_index]
X_own, y_own = rng.normal(size=(80, 6)), np.sort(rng.permutation(80) % 2)
X_own[:, 0] += 0.8 * y_own
odd, even = np.arange(1, 80, 2), np.arange(0, 80, 2)
for pipeline in colleagues:
    p = pipeline(X_own, y_own, even, odd)
    print(f"{pipeline.__name__:12s} AUC {roc_auc_score(y_own[odd], p):.3f}")

# %% [markdown]
# A score proves nothing: an easy task scores high honestly, and `scales_all` leaks while it gains next to nothing today. So **experiment**: predict; change something that must not matter; predict again; look at the largest move. In the third experiment one only has to keep the books:
#
# By hand: rows a, b, c at positions 0, 1, 2; `order = [2, 0, 1]` makes `X[order]` = c, a, b. Row a is now at position 1, b at 2, c at 0: `place = [1, 2, 0]`, which is `np.argsort(order)`. If `test` was [0] (row a), it now is `place[[0]]` = [1].
#
# ### Exercise: `audit`
# Return a dictionary of three truth values:
#
# * `"labels"`: do predictions move when **only the labels of test rows** change?
# * `"neighbours"`: do predictions of some test rows move when **only other test rows** change in `X`?
# * `"position"`: do predictions move when **all rows are put in another order**, `X` and `y` alike, with `train` and `test` following their rows?
#
# `X` has shape $(60, 9)$ with columns of mean about 0 and spread about 1, `y` holds 0 and 1, and the file is partly sorted by `y`. Choose `train` and `test` yourself (ten rows or more each, both classes in each). *A move is a change of more than 0.001 in some prediction.* Some pipelines are random and wobble by at most 0.00005 from call to call; that is no move. Leaks move some prediction by far more, if you change **all** that may change, and **a lot**: flip all test labels, or move the other test rows far away.
#
# *The check* calls your audit on pipelines that you have not seen: 2 points for labels, 2 for neighbours, 1 for position. One false alarm or one miss loses the part.


# %% ex="audit" points=5
def audit(pipeline, X, y):
    """Which leaks a pipeline has, by experiment.

    pipeline(X, y, train, test) -> predictions of the test rows; X: (n, p), y: (n,) of 0 and 1.
    Returns a dictionary: labels, neighbours, position -> True or False.
    """
    rng = np.random.default_rng(0)
    ### BEGIN SOLUTION
    n = len(y)
    train, test = np.split(rng.permutation(n), [n // 2])
    usual = pipeline(X, y, train, test)

    flipped = y.copy()
    flipped[test] = 1 - flipped[test]
    labels = np.abs(pipeline(X, flipped, train, test) - usual).max()

    kept, strangers = np.split(np.arange(len(test)), 2)
    changed = X.copy()
    changed[test[strangers]] = rng.normal(8, 5, size=(len(strangers), X.shape[1]))
    neighbours = np.abs(pipeline(changed, y, train, test) - usual)[kept].max()

    mixed = rng.permutation(n)
    now_at = np.argsort(mixed)
    moved = pipeline(X[mixed], y[mixed], now_at[train], now_at[test])
    position = np.abs(moved - usual).max()

    moves = {"labels": labels, "neighbours": neighbours, "position": position}
    return {name: bool(move > 0.001) for name, move in moves.items()}
    ### END SOLUTION


# %% tags=["illustration"]
for pipeline in colleagues:
    print(f"{pipeline.__name__:12s} {audit(pipeline, X_own, y_own)}")

# %% [markdown]
# `weighs_all` moves with the other test rows as well: what looks at the labels of all rows looks at their columns, too.
#
# You have written the heart of `pitfalls.probes`. Its functions do the same for scikit-learn estimators, for functions `(train, test) -> (train', test')`, for splits and for feature builders; they take tables with text, dates and gaps, and compare a random pipeline with its own variation. Each gives a finding with evidence: which rows, which columns, how much.


# %% tags=["illustration"]
def features_of(events):
    """Features of flights: the schedule, and the late share of the same hour."""
    share = events.groupby("time_hour")["late"].transform("mean")
    return events[["hour", "distance"]].assign(share=share)


finding = probes.outcome_known_too_late(
    features_of, rows.iloc[:400], time="time_hour", outcomes=["late", "dep_delay", "arr_delay"]
)
print(finding.says)
print("columns:", finding.columns, "| rows:", finding.rows[:5], "...")

# %% [markdown]
# The probe stood at six moments and changed what was not known then. At each of them the column moved for the flights of that very hour: every hour that was looked at is guilty, so the column is, in all rows.
#
# # Six questions
# Short ones, as they come up when somebody shows a score.

# %% quiz="leakage_traps"

# %% [markdown]
# # Say it aloud
# Answer each aloud, in two minutes, before you unfold it.
#
# **1. "Your model has an AUC of 0.97 where others get 0.7. What do you do?"**
# <details><summary>A model answer</summary>
#
# I do not celebrate. First I ask of every column when its value was written, and when the prediction is due; then I look at which single columns predict well alone, identifiers and gaps included. Next the split: do rows of one person, one day or one order stand on both sides, are there duplicates, is the test set later than the training set? Then everything that was fitted before the split: encoders, selection, imputation, oversampling. I shuffle the targets and run the whole procedure: what still scores above chance has seen them. And I report the honest figure beside the old one, with what explained the gap.
# </details>
#
# **2. "We use a random split with five folds. Is that wrong?"**
# <details><summary>A model answer</summary>
#
# It depends on what the model will meet. Random folds answer: how well do I fill in rows from the same days and the same people? If in use the days are new, split along time, with a gap as long as outcomes take to be known; if the people are new, split by person; if both, both. I would show scores of both splits. If they agree, random folds are fine and use the data better; if not, the gap is what the model looks up instead of learns. And no split repairs a column that holds the future.
# </details>
#
# **3. "How would you check somebody else's pipeline for leaks, without reading it?"**
# <details><summary>A model answer</summary>
#
# By experiment: change what must not matter and see what moves. Labels of the test rows: no prediction may move. Other test rows: predictions of the rest may not move, nor may they differ when a row comes alone. The order of the rows: predictions follow their rows. For features from events: change what happens after the moment of prediction; earlier features must stay. If the pipeline is random, I compare with its own variation between identical calls. An experiment that shows nothing is no proof of honesty, only that this leak did not show here.
# </details>
#
# # What to read next
# * S. Kaufman, S. Rosset, C. Perlich, O. Stitelman, "Leakage in data mining: formulation, detection, and avoidance", *ACM Transactions on Knowledge Discovery from Data* 6(4), 2012: what a leak is, and legitimacy in time.
# * S. Kapoor, A. Narayanan, "Leakage and the reproducibility crisis in machine-learning-based science", *Patterns* 4(9), 2023: a taxonomy, and many papers that fell in.
# * C. Ambroise, G. J. McLachlan, "Selection bias in gene extraction on the basis of microarray gene-expression data", *PNAS* 99(10), 2002: selection before the folds, on real data.
# * T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, section 7.10.2: the wrong and the right way to do cross-validation.
# * D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes in classification and prediction problems", *SIGKDD Explorations* 3(1), 2001: target encoding with smoothing.
# * The scikit-learn user guide, "Common pitfalls and recommended practices".
