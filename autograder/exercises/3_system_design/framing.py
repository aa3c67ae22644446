# %% [markdown]
# # Framing: the interviewer will not help you
#
# **Why an interviewer asks this.** "Design us recommendations" is a sentence without an objective, a number or a limit, and that is on purpose: the interviewer wants to see whether you build before you ask.
# A candidate who draws a two-tower network in the second minute has answered a question that nobody put; one who asks what should get better, how fast, for how many and from which data has done half of the job.
# Framing can be learned like everything else: seven steps, a few multiplications, and the habit of saying what you are doing.
#
# 1. **The seven steps**, with one case worked out in full, on real receipts.
# 2. **Objectives** that rank differently on the same log.
# 3. **Numbers:** traffic, storage, memory, servers, on the back of an envelope.
# 4. **Metric and guardrail**, from facts.
# 5. **The gap:** when the offline metric must not decide.
# 6. **The interview:** you against the clock.
# 7. **The design document**, graded by a rubric.
#
# How to work: read, predict before you run, solve, check. `hint("capacity")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import math
import timeit

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from pitfalls import load
from pitfalls.data import METRIC_CASES

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
# # 1 · The seven steps
# | step | the question | what goes wrong without it |
# |---|---|---|
# | **objective** | What should get better, for whom, and what may not get worse? | You optimise clicks, and people leave. |
# | **constraints** | How fast, how many, what may be used, who looks after it, what does it cost? | The design is fine and cannot run here. |
# | **data** | What is logged, since when, who decided what was shown, when does a label arrive? | You train on a column that is known a week later. |
# | **metric** | Which number offline, which online, which guardrail with which limit? | Two readers of the result disagree on whether it worked. |
# | **baseline** | What is the simplest thing that could do, and what does it score? | Nobody knows what the model is worth. |
# | **model** | What does the baseline get wrong, and what repairs just that? | The largest model answers a small question. |
# | **rollout** | How does it fail, who notices, how is it turned off, which result stops it? | It is live, and nobody can say whether it should be. |
#
# The order matters, since each step decides the next. You may walk quickly; you may not skip. In 45 minutes, ten belong to the first three steps.
#
# ## A case in full: the grocer's first shelf
# > **Interviewer:** "We have an app for groceries. At the top of the home screen there is room for ten products. Make that shelf personal."
#
# The answers that she gives are invented; the receipts are real (completejourney: 2,441 households in 2017, 1,005 products that many of them bought).
#
# **Objective.** *"What should be better for you if the shelf works?"* — "People forget things and then buy them at the corner shop. I want fuller baskets." So: items per household and week. Not clicks on the shelf: whoever would have searched for milk anyway now clicks on it, and nothing has changed. *Say that aloud: the hit that would have happened anyway is the trap of this case.*
#
# **Constraints.** *"How many people, how often, how soon must the shelf be there, and what may I use?"* — "300,000 people a day open the app four times. The shelf may be made at night. Receipts are fine. Nothing that tells of an illness." *"Who will look after it?"* — "Two engineers."
# Each answer removes something: nightly means a table that is looked up, so no model server; a thousand products means that each can be scored, so no approximate search; two engineers means few moving parts.
#
# **Data.** *"What is logged?"* — "Receipts, by day. What the shelf showed was never logged." So there are positives and no negatives, and nobody can yet tell a product that was seen and left from one that was never seen. *First thing to build: log what is shown.*
#
# **Metric.** Offline, split by time: fit on everything before 4 December, and see which share of what the household buys in the four weeks from then on is on its shelf: recall@10. Online: items per household and week. Guardrail: the share of baskets that are given up, at most 1 % more.
#
# **Baseline.** Two that need no fitting: what everyone bought in the last 28 days; and "your usuals", what this household bought most often.
#
# **Before you run:** which of the two has the higher recall@10, and by which factor?

# %% tags=["illustration"]
bought = load("completejourney")  # one row a household, product and day
cut = pd.Timestamp("2017-12-04")
past, later = bought[bought["day"] < cut], bought[bought["day"] >= cut]
wanted = later.groupby("household_id")["product_id"].agg(set)  # what each bought from then on

month = past[past["day"] >= cut - pd.Timedelta(days=28)]
popular = month["product_id"].value_counts().index[:10].tolist()
counts = past.groupby(["household_id", "product_id"])["day"].agg(["size", "max"]).reset_index()
counts = counts.sort_values(["household_id", "size", "max"], ascending=[True, False, False])
usual = counts.groupby("household_id").head(10).groupby("household_id")["product_id"].agg(list)


def recall(shelf_of):
    """Share of a household's later products that are on its shelf, averaged over households."""
    return np.mean(
        [len(items & set(shelf_of(home))) / len(items) for home, items in wanted.items()]
    )


print(
    f"{len(wanted):,} households shop from 4 December on; {(~wanted.index.isin(usual.index)).sum()} are new"
)
print(f"recall@10, popular:      {recall(lambda home: popular):.3f}")
print(f"recall@10, your usuals:  {recall(lambda home: usual.get(home, popular)):.3f}")

# %% [markdown]
# Counting what the household bought doubles the recall of popularity. That is the number to beat, and it took a `groupby`.
#
# **Model.** What do the usuals get wrong? They show coffee the day after it was bought, and they never show anything new. So the next step is small: the same counts with the time since the last purchase, in a logistic regression with a handful of columns. For the 4 new households: what is popular. Only what is still missing after that is a case for a learned embedding.
#
# **Rollout.** A table made at night, household → ten products, in a key-value store; the popular ten if the row is missing. Watch the share of fallbacks, the age of the table, and the share of shelves that are the same as a week ago. Randomise by household, not by visit: a household that sees both shelves fills one basket. How many households does it take? With standard deviation $\sigma$ and a difference $\delta$ worth finding, two groups of about
# $$n \approx \frac{16\,\sigma^2}{\delta^2}$$
# see it in four tests out of five, at the usual 5 % (the 16 is $2\,(1.96+0.84)^2$, rounded up). **Before you run:** for one per cent more items, is it hundreds, thousands, or hundreds of thousands?

# %% tags=["illustration"]
items = later.groupby("household_id").size()  # rows in four weeks: products times days
mean, sd = items.mean(), items.std()
print(
    f"products bought in four weeks, for each household that shops: mean {mean:.1f}, standard deviation {sd:.1f}"
)
for effect in (0.01, 0.02, 0.05):
    n = 16 * sd**2 / (effect * mean) ** 2
    print(f"to see {effect:.0%} more: {n:9,.0f} households in each group")

# %% [markdown]
# One per cent takes about 150,000 households in each group: with 300,000 people a day it can be found within four weeks, if nearly everyone takes part. With fewer, compare each household with what it bought before, which shrinks $\sigma$; or look for two per cent and say so. The decision, set down beforehand: better by at least 1 % with the guardrail kept, ship; worse, stop; undecided, keep the simpler shelf.
#
# <details><summary>The same case as a design document of one page: what section 7 will ask of you</summary>
#
# **Decision.** A nightly table of ten "usuals" for each household, with the display logged from the first day. It stops if more than 1 % more baskets are given up.
#
# **Objective and metrics.** Fuller baskets: items per household and week (online, primary). Offline: recall@10 on the following four weeks, split by time; usuals 0.234, popular 0.115. Guardrail: baskets given up, at most 1 % more. They can disagree: recall also counts what would have been bought anyway.
#
# **Constraints** (all heard). 300,000 people a day, four visits each: 14 requests a second, 69 at a peak of five times that. Made at night: a table. About 1,000 products: each can be scored. Nothing that tells of an illness: the pharmacy aisle is left out. Two engineers: no model server.
#
# **Data and labels.** A row is a household, a product and a night; columns are counts and days since the last purchase, from receipts up to that night; the label is bought or not within four weeks, so known four weeks later. No negatives before the display is logged. Leak looked for: receipts are dated by the day, so the day of the cut belongs to the future.
#
# **Baseline.** Popular, then usuals. A model replaces the usuals if it gains two points of recall.
#
# **Model.** Logistic regression on the counts and the time since the last purchase. Turned down: item-kNN (shows new things, but nobody has asked for those yet; back if the experiment shows that the usuals only move purchases); a two-tower (back at a hundred times as many products, or when the shelf must answer within a visit).
#
# **Serving and monitoring.** Look-up by household, 5 ms; no row: the popular ten. Watched: age of the table (called above 30 hours), share of fallbacks (2 %), shelves that did not change for a week. Back out: the table of the night before, kept for seven days.
#
# **Experiment.** By household, half and half, four weeks, about 150,000 in each group for one per cent. Better by 1 % with the guardrail kept: ship. Worse: stop. Undecided: keep the usuals, they are cheaper.
#
# **Open questions.** How many households share a card? (Assumed: few.) **Risks.** Purchases move but do not grow (seen in the primary metric only); a table that is not renewed (its age); boredom (shelves that never change).
# </details>
#
# ## Why a two-tower first loses
# Nothing is wrong with two-tower networks; the next notebook trains one. Proposed in the second minute it loses, for reasons that you can now name:
#
# * **Nobody knows what it must beat.** "Your usuals" cost ten lines. If the network does no better, you have built a service to lose to a `groupby`.
# * **It answers a constraint that was not stated.** Two towers are there so that millions of items can be searched in milliseconds. Here there are a thousand items and a whole night.
# * **It needs what you have not asked for.** What was shown and left; someone who retrains it, keeps two tables in step, and notices when they part.
# * **It hides your thinking.** The interviewer hears a name that she could have read herself. She cannot hear which facts would have made you choose something else.
#
# It is the right proposal as soon as three facts are on the table: many items, little time for a request, and a simpler model that has been measured and falls short. How slow is it to look at *every* item? **Before you run:** one processor core, 200,000 items, 64 numbers each: how many milliseconds for the ten best?

# %% tags=["illustration"]
rng = np.random.default_rng(0)
for n_items in (1_005, 200_000):
    table = rng.standard_normal((n_items, 64), dtype=np.float32)
    query = rng.standard_normal(64, dtype=np.float32)
    times = timeit.repeat(
        lambda table=table, query=query: np.argpartition(table @ query, -10)[-10:],
        number=1,
        repeat=7,
    )
    seconds = min(times)
    print(
        f"{n_items:7,} items: {1e3 * seconds:7.3f} ms for the ten best, {table.nbytes / 1e6:5.1f} MB"
    )

# %% [markdown]
# Exact search over hundreds of thousands of items takes milliseconds on one core. An approximate index is for the next factor of a hundred, or for hundreds of requests a second on a small machine. Say the number, then decide.
#
# # 2 · Objectives that disagree
# A log knows several ways to be good. Take two videos, each shown 1,000 times. *Loud fail*: 200 clicks, watched for 10 s each. *Tide pool*: 60 clicks, 120 s each.
#
# * By **CTR** (clicks per impression): 0.20 against 0.06. Loud fail wins.
# * By **watch time per impression**: $200\cdot 10 / 1000 = 2$ s against $60\cdot 120/1000 = 7.2$ s. Tide pool wins.
#
# Whoever ranks by CTR gives up $1 - 2/7.2 = 72$ % of the watch time that the slot could have brought. Neither is "the" right objective: that is a decision about the business, and the log only shows what each one costs in terms of the other.
#
# Note the denominator: an impression. Per *click* the numbers are 10 s and 120 s, which forgets that a title that nobody clicks is never watched. And in most logs, the seconds of an impression without a click are **missing**, not 0.
#
# **Real receipts.** Read every shopping trip from 6 November on as if the app had then shown the household each fresh product it had bought before. Nobody was shown anything: a "click" is a purchase, the value is dollars, and where nothing was bought the value is missing. **Before you run:** which fresh product is bought on most such occasions, and does it also bring the most dollars?

# %% tags=["illustration"]
products = load("completejourney", "products").set_index("product_id")
start = pd.Timestamp("2017-11-06")
is_fresh = bought["product_id"].map(products["department"]).isin(["PRODUCE", "MEAT"])
homes = bought[is_fresh].groupby("product_id")["household_id"].nunique()
fresh = bought[bought["product_id"].isin(homes.nlargest(25).index)]
known = fresh.loc[fresh["day"] < start, ["household_id", "product_id"]].drop_duplicates()
trips = bought.loc[bought["day"] >= start, ["household_id", "day"]].drop_duplicates()
shelf = trips.merge(known, on="household_id").merge(
    fresh, on=["household_id", "day", "product_id"], how="left"
)
shelf_log = pd.DataFrame(
    {
        "item": shelf["product_id"],
        "clicked": shelf["sales_value"].notna().astype(int),
        "value": shelf["sales_value"],  # dollars, missing without a purchase
    }
)
print(f"{len(shelf_log):,} rows; bought: {shelf_log['clicked'].mean():.3f}")
print(shelf_log.head(4).to_string())

# %% [markdown]
# ### Exercise: `objective_conflict`
# `log` is a data frame with one row an impression: `item` (a name or a number), `clicked` (0 or 1) and `value` (what the click brought: seconds, dollars; **missing where nobody clicked**). Leave out items with fewer than 100 impressions. For the others return a dictionary:
#
# * `"ctr"`: clicks per impression of each item, a series indexed by item (or a dictionary);
# * `"value"`: value per **impression** of each item, where no click brings 0; the same form;
# * `"agreement"`: Kendall's $\tau$ between the two, over the items: pairs of items in the same order minus pairs in opposite order, over all pairs ($1$: one ranking; $-1$: reversed). There are no ties;
# * `"loss"`: the share of the best value per impression that is lost by showing the item with the highest CTR: $1 - \text{value(CTR's winner)}/\text{highest value}$.
#
# *The check* uses a simulated log of videos and one made from receipts as above.


# %% ex="objective_conflict" points=5
def objective_conflict(log):
    """How two objectives rank the items of one log.

    log: data frame with item, clicked (0/1), value (missing without a click).
    Returns {"ctr": by item, "value": by item, "agreement": tau, "loss": share}.
    """
    ### BEGIN SOLUTION
    groups = log.assign(value=log["value"].fillna(0)).groupby("item")
    means = groups[["clicked", "value"]].mean()[groups.size() >= 100]
    ctr_by_item, value_by_item = means["clicked"], means["value"]
    return {
        "ctr": ctr_by_item,
        "value": value_by_item,
        "agreement": stats.kendalltau(ctr_by_item, value_by_item).statistic,
        "loss": 1 - value_by_item[ctr_by_item.idxmax()] / value_by_item.max(),
    }
    ### END SOLUTION


# %% tags=["illustration"]
found = objective_conflict(shelf_log)
ctr, value = pd.Series(found["ctr"]), pd.Series(found["value"])
names = products["product_type"].reindex(ctr.index).str.lower()
fig, ax = plt.subplots(figsize=(7, 3.8))
ax.scatter(ctr, value, s=30, color=BLUE)
for item in {ctr.idxmax(), *value.nlargest(4).index}:
    ax.annotate(
        names[item], (ctr[item], value[item]), (6, 4), textcoords="offset points", color=GREY
    )
ax.set(xlabel="purchases per occasion", ylabel="dollars per occasion")
ax.set_title("Fresh products: what is bought most is not what brings most", loc="left")
ax.margins(0.12)
plt.show()
print(
    f"Kendall's tau {found['agreement']:.2f}; lost by showing the most-bought item: {found['loss']:.2f}"
)

# %% [markdown]
# *In words:* each dot is a product; further right is bought more often, higher up brings more dollars. One product is far to the right of all others, and three are above it: bananas go into the most baskets, and chicken, potatoes and a cut of beef ("primal") bring more to the till. Ask which one the grocer wants before you rank anything.
#
# **"Popular" against "liked".** The same conflict in ratings of movies, with a twist. Two shelves of ten, made from the first 80 % of each user's ratings: the movies rated most often, and those with the highest mean (of at least ten ratings). **Before you run:** by which factor do the shelves differ in precision@10 on the user's last 20 %, and which of them holds the movies that are rated higher?

# %% tags=["illustration"]
ratings = load("movielens").sort_values(["userId", "timestamp"], kind="stable")
place = ratings.groupby("userId").cumcount() / ratings.groupby("userId")["userId"].transform("size")
train, test = ratings[place < 0.8], ratings[place >= 0.8]
by_movie = train.groupby("movieId")["rating"].agg(["size", "mean"])
shelves = {
    "popular": by_movie.sort_values("size", ascending=False).index,
    "liked": by_movie[by_movie["size"] >= 10].sort_values("mean", ascending=False).index,
}
rated_before = train.groupby("userId")["movieId"].agg(set)
for name, order in shelves.items():
    rows = []
    for user, seen in rated_before.items():
        top = [movie for movie in order[: len(seen) + 10] if movie not in seen][:10]
        rows += [(user, movie) for movie in top]
    judged = test.merge(pd.DataFrame(rows, columns=["userId", "movieId"]))
    print(
        f"{name:8s} precision@10 {len(judged) / len(rows):.3f}   mean rating of the {len(judged)} that were rated: {judged['rating'].mean():.2f}"
    )

# %% [markdown]
# By precision the popular shelf is five times as good; those of its movies that were rated are rated *lower*. Precision counts whether a movie was rated at all, so it measures what people came across: of the liked shelf, 99 in 100 movies were never judged. The metric has an objective built in, and nobody chose it. That is section 5.
#
# # 3 · Numbers on the back of an envelope
# Four figures settle most designs, and each is a product of things that you ask for.
#
# * **Traffic.** A day has $24\cdot 3600 = 86{,}400$ seconds; at the whiteboard say "about a hundred thousand", and say that you round. The shelf: $300{,}000\cdot 4 = 1.2$ million requests a day, $13.9$ a second on average. Nobody shops at four in the morning: with a peak of 5 times the mean, $69$ a second. **The peak sizes what must answer now.**
# * **Storage.** A log row for each product shown: $1.2\text{M}\cdot 10 = 12$ million rows a day, 100 bytes each: $1.2$ GB a day; a year of it, in three copies: $1.2\cdot 365\cdot 3 = 1.3$ TB. **The mean sizes what piles up.**
# * **Memory.** A table of $n$ embeddings of $d$ numbers with $b$ **bits** each takes $n\,d\,b/8$ bytes. One million, 64 numbers, 32 bits: 256 MB. Halve it with 16 bits; NumPy's default is 64.
# * **Servers.** A worker that needs $s$ seconds a request serves $1/s$ a second. So a server with 8 workers at 50 ms serves at most $8/0.05 = 160$ a second. Plan for 60 % of that: near 100 % the queue, and with it the p99, grows without limit. That is $96$.
#
# **Zones.** Data centres come in zones that fail one at a time. With 3 zones, two must carry the peak. For 1,000 a second: $1000/96/2 = 5.2$, so 6 servers a zone, 18 in all. Not $1000/96 = 10.4 \to 11$, and not 12.
#
# **Units.** kB, MB, GB, TB are powers of 1,000; KiB, MiB, GiB, TiB powers of 1,024. A GiB is 7 % more than a GB, a TiB 10 % more than a TB. Disks are sold in TB ($10^{12}$ bytes), memory is counted in GiB ($2^{30}$ bytes).
#
# Orders of magnitude worth knowing: a read from memory takes about 100 ns, from an SSD about 100 µs, a round trip inside a data centre about half a millisecond, one across an ocean about 100 ms.
#
# ### Exercise: `capacity`
# `spec` is a dictionary:
#
# | key | meaning |
# |---|---|
# | `users` | accounts; each has a row in the user table |
# | `active_users_per_day` | of these, who use the service on a day |
# | `requests_per_user` | requests a day of an active user |
# | `peak_factor` | traffic at the peak over the mean of the day |
# | `items_per_request` | items shown per request; the log keeps a row for each |
# | `bytes_per_item` | bytes of such a row |
# | `days_kept`, `copies` | how long the log is kept, how many copies of it |
# | `items` | items; each has a row in the item table |
# | `dimension`, `bits` | numbers in a row of both tables, bits of one number |
# | `workers`, `ms_per_request` | of one server; milliseconds that a worker needs |
# | `utilisation` | share of its most that a server may be given, with a zone lost, too |
# | `zones` | zones, equal in size; when any one is lost, the others carry the peak |
#
# Return a dictionary: `"peak_qps"`, requests a second at the peak; `"log_tb"`, the log with all its days and copies in TB ($10^{12}$ bytes); `"table_gib"`, both tables once in GiB ($2^{30}$ bytes); `"servers"`, the whole number of servers in all zones together, the same in each. A day has 86,400 seconds. Round nothing but the servers (*the check* lets 0.1 % pass).


# %% ex="capacity" points=6
def capacity(spec):
    """Traffic, storage, memory and servers from the facts of a service.

    spec: dictionary, see the table. Returns peak_qps, log_tb, table_gib, servers.
    """
    requests_per_day = spec["active_users_per_day"] * spec["requests_per_user"]
    ### BEGIN SOLUTION
    peak_qps = requests_per_day / 86_400 * spec["peak_factor"]
    rows_per_day = requests_per_day * spec["items_per_request"]
    log_bytes = rows_per_day * spec["bytes_per_item"] * spec["days_kept"] * spec["copies"]
    table_rows = spec["users"] + spec["items"]
    table_bytes = table_rows * spec["dimension"] * spec["bits"] / 8
    full_speed = spec["workers"] / (spec["ms_per_request"] / 1000)  # requests a second
    planned = full_speed * spec["utilisation"]
    servers_per_zone = math.ceil(peak_qps / planned / (spec["zones"] - 1))
    return {
        "peak_qps": peak_qps,
        "log_tb": log_bytes / 1e12,
        "table_gib": table_bytes / 2**30,
        "servers": servers_per_zone * spec["zones"],
    }
    ### END SOLUTION


# %% [markdown]
# The shelf of section 1, if it were scored live, with embeddings for every household. **Before you run:** which of the four figures would worry you?

# %% tags=["illustration"]
shelf_spec = {
    "users": 2_000_000,
    "active_users_per_day": 300_000,
    "requests_per_user": 4,
    "peak_factor": 5,
    "items_per_request": 10,
    "bytes_per_item": 100,
    "days_kept": 365,
    "copies": 3,
    "items": 1_005,
    "dimension": 64,
    "bits": 32,
    "workers": 8,
    "ms_per_request": 50,
    "utilisation": 0.6,
    "zones": 3,
}
for key, figure in capacity(shelf_spec).items():
    print(f"{key:10s} {figure:8.2f}")

# %% [markdown]
# None of them: three small servers and half a gibibyte. The size of a system is no reason for the nightly table; that it has nothing to break at eight in the evening is one.
#
# # 4 · A metric and a guardrail, from facts
# "Which metric?" has an answer as soon as you know **what the product uses**: a list, a decision, a probability, or an amount. Go down this list and stop at the first line that fits.
#
# 1. **`uses` is `"list"`.**
#    * Another model puts the items in order (`reranked`): `"recall@k"`. This stage only loses what it leaves out.
#    * One item answers the query and the reader stops there (`answers_per_query` is 1): `"mrr"`, the mean of 1 / place of the answer.
#    * Else, the list is seen as it comes and several items are right: `"ndcg@k"`.
# 2. **`uses` is `"decision"`:** what fixes the threshold?
#    * So many cases are looked at each day, whatever the scores are (`slots_per_day`): `"precision@slots"`.
#    * A limit on the share of negatives that may be flagged (`max_fpr`): `"recall@fpr"`, the recall within that limit.
#    * Neither: the prices of the two mistakes (`cost_fp`, `cost_fn`) do: `"expected cost"`.
# 3. **`uses` is `"probability"`:** the number itself enters a product, so it must be right, not only in order: `"log loss"`.
# 4. **`uses` is `"amount"`:**
#    * A unit too much and a unit too little cost different amounts (`cost_over`, `cost_under`): `"pinball loss"`, which is least at the quantile where the two balance.
#    * They cost the same, and `cost_grows` is `"square"`: `"rmse"`. If it is `"linear"`: `"mae"`.
#
# A fact that is not known is `None`. Hard limits go before prices: where 25 inspectors make 25 visits, no threshold of any price makes a 26th. Facts that decide nothing may stand there all the same.
#
# **The guardrail** is what a rising metric might be paid with. A good one is known in time, can be seen, and is at risk. Each candidate has four figures:
#
# * `known_after_days`: when its value is known; the experiment lasts `experiment_days`;
# * `detectable`: the smallest harm, in per cent, that the experiment will show;
# * `tolerable`: the largest harm, in per cent, that you would accept;
# * `harmed`: the share of past launches that raised the metric and harmed this.
#
# Strike out what is known after the experiment ends (`known_after_days` > `experiment_days`) and what cannot be seen (`detectable` > `tolerable`: it would stay green over a harm that matters). Of the rest take the one with the largest `harmed`. What was struck out is not forgotten: it is watched after the launch.
#
# By hand: an experiment of 14 days; *returns* (known after 30 days, harmed 0.8); *complaints* (1 day, detectable 4 %, tolerable 2 %, harmed 0.6); *p99 latency* (1 day, detectable 1 %, tolerable 5 %, harmed 0.3). Returns come too late, complaints cannot be seen, so: p99 latency.
#
# Eight cases, made up so that each is decided by its facts:

# %% tags=["illustration"]
for name, case in METRIC_CASES.items():
    told = {key: it for key, it in case.items() if it is not None}
    print(f"{name.upper()}: {told.pop('request')}")
    guardrails = pd.DataFrame(told.pop("guardrails")).T
    print("  " + ", ".join(f"{key}: {it}" for key, it in told.items()))
    print("    " + guardrails.to_string().replace("\n", "\n    ") + "\n")

# %% [markdown]
# ### Exercise: `metric_for`
# `case` is a dictionary like the entries of `METRIC_CASES`. Return `(metric, guardrail)`: one of `"recall@k"`, `"mrr"`, `"ndcg@k"`, `"precision@slots"`, `"recall@fpr"`, `"expected cost"`, `"log loss"`, `"pinball loss"`, `"rmse"`, `"mae"`, and the name of one of the case's guardrails. One of them is always left, and no two of those left are harmed equally often.
#
# Try each case by eye first, and say which fact decided. *The check* asks for the eight cases, then for cases with other facts; for a wrong choice it says what speaks against it.


# %% ex="metric_for" points=4
def metric_for(case):
    """The offline metric and the guardrail that the facts of a case leave.

    case: dictionary as in METRIC_CASES. Returns (metric, guardrail), two names.
    """
    ### BEGIN SOLUTION
    if case["uses"] == "list":
        several = "mrr" if case["answers_per_query"] == 1 else "ndcg@k"
        chosen = "recall@k" if case["reranked"] else several
    elif case["uses"] == "decision":
        if case["slots_per_day"] is not None:
            chosen = "precision@slots"
        elif case["max_fpr"] is not None:
            chosen = "recall@fpr"
        else:
            chosen = "expected cost"
    elif case["uses"] == "probability":
        chosen = "log loss"
    elif case["cost_over"] != case["cost_under"]:
        chosen = "pinball loss"
    else:
        chosen = "rmse" if case["cost_grows"] == "square" else "mae"
    left = {}
    for name, row in case["guardrails"].items():
        in_time = row["known_after_days"] <= case["experiment_days"]
        if in_time and row["detectable"] <= row["tolerable"]:
            left[name] = row["harmed"]
    return chosen, max(left, key=left.get)
    ### END SOLUTION


# %% [markdown]
# # 5 · The gap between offline and online
# "Your metric rose offline, and the experiment is flat. Why?" There are four usual reasons.
#
# 1. **The log judges only what was shown.** A new system shows other things, and they count as wrong. You have seen it in the movies: precision counted what people had come across.
# 2. **Position.** What stood on top was clicked because it stood there.
# 3. **The metric is not the objective.** A hit that would have happened anyway is a hit.
# 4. **The world answers.** The new shelf is slower, takes clicks from the old one, or changes what is logged tomorrow.
#
# The second can be shown exactly where the truth is known, so here is a **simulated** log. Ten items; the old system puts them into an order that has little to do with how good they are. A visitor looks at place $k$ with probability $1/k$ and clicks on what he looks at with the item's own probability. If the chance of being looked at, the **propensity**, is known, then dividing each click by it (inverse propensity scoring) undoes the order. **Before you run:** the item in place ten is the best one. Where will its plain CTR put it?

# %% tags=["illustration"]
rng = np.random.default_rng(4)
truth = np.array([0.22, 0.15, 0.34, 0.11, 0.28, 0.18, 0.31, 0.25, 0.13, 0.40])  # by place
looked_at = 1 / np.arange(1, 11)
shown = 20_000
clicks = rng.binomial(shown, looked_at * truth)
plain = clicks / shown
weighted = clicks / (shown * looked_at)

fig, ax = plt.subplots(figsize=(7, 3.6))
at = np.arange(1, 11)
ax.plot(at, truth, color=GREY, marker="o", ls="-", label="truth")
ax.plot(at, plain, color=ORANGE, marker="s", ls="--", label="plain CTR")
ax.plot(at, weighted, color=BLUE, marker="^", ls=":", label="clicks over propensity")
ax.set(xlabel="place that the old system gave", ylabel="clicks per impression", xticks=at)
ax.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.02))
ax.set_ylim(0, 0.55)
ax.set_title("The plain CTR learns the old order", loc="left")
plt.show()
print(f"the best item is number {(plain >= plain[-1]).sum()} of 10 by its plain CTR")
print(
    f"rank agreement with the truth: plain {stats.spearmanr(truth, plain).statistic:.2f}, weighted {stats.spearmanr(truth, weighted).statistic:.2f}"
)

# %% [markdown]
# *In words:* the grey line is how good the item in each place is; the dashed line, what the log says, is pulled down further with every place, however good the item; the dotted line, with each click weighted, lies on the truth. The price is noise: one click in the last place counts ten times. And the propensities must be known or estimated, by shuffling a small share of the traffic.
#
# ### What past experiments say
# All four reasons leave a trace in one place: the experiments that were run. For each, write down the change of the offline metric and the change online, with its standard error. Then ask three things.
#
# * **Do they rank alike?** Spearman's coefficient: the correlation of the ranks. Noise in the online figures pulls it towards 0, so it is a pessimist.
# * **Do they agree on up or down?** Count only **clear** experiments, whose online change is more than $1.96$ standard errors from 0. The sign of the others is luck.
# * **Could so much agreement be luck?** If each of $m$ clear experiments agreed like a coin, the chance of at least $k$ agreements is $P(B \ge k)$ with $B$ binomial$(m, \tfrac12)$: one side, since only agreement helps. 5 of 5 happens once in 32, 4 of 4 once in 16, 8 of 10 with probability 0.055.
#
# And one thing before: **was anything like this tried?** A gain larger than all before is where leaks and duplicates live, and a metric that followed small changes of the ranking may know nothing of a new kind of retrieval.
#
# By hand, five experiments as (offline, online ± error): (+1.0, +0.4 ± 0.1), (+0.5, +0.1 ± 0.2), (−0.8, −0.6 ± 0.2), (+2.0, −0.5 ± 0.2), (+1.5, +0.7 ± 0.3). Clear are all but the second. Of those four, three agree: share 0.75, $P(B\ge 3) = 5/16$: not shown. A candidate with +2.6 is outside of what was tried, −0.8 to +2.0.
#
# **Simulated** experiments, since no team publishes all of its own. **Before you run:** for which of the two kinds would you trust the metric?

# %% tags=["illustration"]
rng = np.random.default_rng(11)
parts = []
for kind, follows, n in [("re-ranking", 0.5, 14), ("retrieval", 0.0, 10)]:
    offline = rng.uniform(-1.5, 4, n)
    se = rng.uniform(0.15, 0.45, n)
    online = follows * offline + rng.normal(0, 0.5, n) + rng.normal(0, se)
    parts.append(pd.DataFrame({"kind": kind, "offline": offline, "online": online, "se": se}))
experiments = pd.concat(parts, ignore_index=True)

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True, sharey=True)
for ax, (kind, rows) in zip(axes, experiments.groupby("kind"), strict=True):
    is_clear = rows["online"].abs() > 1.96 * rows["se"]
    for chosen, colour, marker, label in [
        (is_clear, BLUE, "o", "clear"),
        (~is_clear, GREY, "x", "not clear"),
    ]:
        some = rows[chosen]
        ax.errorbar(
            some["offline"],
            some["online"],
            1.96 * some["se"],
            ls="",
            color=colour,
            marker=marker,
            label=label,
        )
    ax.axhline(0, color="#999999", lw=0.8)
    ax.axvline(0, color="#999999", lw=0.8)
    ax.set(xlabel="change offline (%)", title=kind)
axes[0].set_ylabel("change online (%)")
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# *In words:* each mark is one experiment, with bars of 1.96 standard errors; clear ones do not touch the horizontal line. Marks in the upper right and lower left quarters agree. For re-ranking the clear ones lie there; for retrieval they lie on both sides, and a gain offline tells nothing.
#
# ### Exercise: `offline_online_gap`
# `experiments` is a data frame with one row an experiment: `kind` (text), `offline` and `online` (changes in per cent against the system of the day) and `se` (standard error of `online`). `candidate` is a dictionary with its `"kind"` and its change `"offline"`. **Only experiments of the candidate's kind count**, in all three entries:
#
# * `"rank_agreement"`: Spearman's coefficient between `offline` and `online` over all experiments of the kind, clear or not (no ties);
# * `"sign_agreement"`: of the clear ones ($|\text{online}| > 1.96\,\text{se}$), the share in which both changes have the same sign (no change is 0). Without a clear one: NaN;
# * `"verdict"`: the first that holds of
#   1. `"outside"`: the candidate's change is smaller than the smallest or larger than the largest `offline` of its kind, clear or not;
#   2. `"screen"`: there are clear ones, and the one-sided sign test on them gives $P(B\ge k)\le 0.05$: the metric may sort candidates before the experiment;
#   3. `"not shown"`: the metric must not decide.
#
# There are always at least six experiments of the kind.


# %% ex="offline_online_gap" points=5
def offline_online_gap(experiments, candidate):
    """What past experiments of its kind say about a candidate's offline change.

    experiments: data frame with kind, offline, online, se; candidate: {"kind", "offline"}.
    Returns {"rank_agreement", "sign_agreement", "verdict"}.
    """
    ### BEGIN SOLUTION
    tried = experiments[experiments["kind"] == candidate["kind"]]
    is_clear = tried["online"].abs() > 1.96 * tried["se"]
    agree = (tried["offline"] > 0) == (tried["online"] > 0)
    k, m = int(agree[is_clear].sum()), int(is_clear.sum())
    if not tried["offline"].min() <= candidate["offline"] <= tried["offline"].max():
        verdict = "outside"
    elif m > 0 and stats.binomtest(k, m, 0.5, alternative="greater").pvalue <= 0.05:
        verdict = "screen"
    else:
        verdict = "not shown"
    return {
        "rank_agreement": stats.spearmanr(tried["offline"], tried["online"]).statistic,
        "sign_agreement": k / m if m > 0 else float("nan"),
        "verdict": verdict,
    }
    ### END SOLUTION


# %% tags=["illustration"]
for kind, change in [("re-ranking", 1.5), ("retrieval", 1.5), ("re-ranking", 9.0)]:
    found = offline_online_gap(experiments, {"kind": kind, "offline": change})
    print(
        f"{kind:10s} +{change} %: ranks {found['rank_agreement']:5.2f}, signs {found['sign_agreement']:.2f}, {found['verdict']}"
    )

# %% [markdown]
# `"screen"` is a right to sort candidates, never to skip the experiment. And all of this stands on experiments that were run on candidates the metric had liked: keep a few launches that it did not like, or you will never find out what it misses.
#
# # 6 · The interview
# Six cases: video recommendations, ad clicks, payment fraud, search ranking, support triage, delivery time. The interviewer gives you a request and 45 minutes, and then she waits. Every question and every proposal takes minutes off the clock. What you do not ask you are not told, and what is right depends on it: her constraints are drawn anew for every seed.
#
# **How to play.** Choose a case. Type a word to find a move (*latency*, *labels*, *baseline*) or walk through the list; the keyboard is enough. Say the sentence aloud before you make the move. When you are done, sum up: the clock will not do it for you.
#
# | scored | points | what a strong candidate does |
# |---|---|---|
# | **scope** | 15 | asks what should get better, for whom, and how success is told, before anything is proposed |
# | **constraints** | 20 | asks for speed, traffic, what may be used, the history and delay of labels: whatever decides a later choice |
# | **baseline** | 15 | proposes a heuristic and a simple model that fit what was heard |
# | **iteration** | 20 | features, sampling and a model, each answering to a fact on the table |
# | **production** | 20 | serving, monitoring and an experiment that this service can run |
# | **communication** | 10 | questions first, from simple to large, nothing twice, and a summary at the end |
#
# A two-tower network as the first proposal loses points, and she will tell you why in her own words. A proposal that happens to be right while its reason was never asked for earns a part only: you guessed.
#
# **Play twice.** Play one case, read the report to its end, including what you did not ask. Then play *the same case with another seed* and compare the two reports: which of your proposals had to change, and which answer changed them? Whoever proposes the same system twice has memorised it. Then hand one interview in. It is played again by the grader; what counts is its score of 100, scaled to 14 points.

# %% interview="framing" points=14

# %% [markdown]
# # 7 · The design document
# The interview ends with a draft of a design document: what you heard, what you proposed, what was objected to, and a *to do* where something is missing. Finish it: an hour, two pages. Copy the draft over the text of the next cell, or fill in the sections that stand there; they are the same.
#
# It is graded by a person, with this rubric. Eight criteria give 0, 2 or 4 points (1 and 3 lie between); the sum of 32 is scaled to 10 points.
#
# | Criterion | 4: strong | 2: fair | 0: missing |
# | --- | --- | --- | --- |
# | **Objective and metrics.** Would two readers agree on whether the system succeeded? | One business objective, one offline metric and one online metric that follow from it, and a guardrail with the value at which the launch stops. | An objective and metrics, but no word on how they could disagree, or no guardrail value. | A metric without an objective, or only “accuracy”. |
# | **Constraints.** Does every number that shapes the design stand there with its source? | Each constraint heard is stated with its number, and each choice points to the constraint that forced it. What is unknown is an open question with a way to settle it. | Constraints are listed, but the design would read the same without them. | Constraints are left out or made up. |
# | **Baseline.** What must the model beat, and by how much? | A heuristic and a simple model with an expected cost, and the margin below which the larger model is not built. | A baseline is named, but nothing is said on when it would be good enough. | The design begins with the largest model. |
# | **Data and labels.** Could a colleague build the training table from this text? | Where examples and labels come from, when each is known, how the split follows time, what is sampled, and one leak that was looked for. | Sources and labels are named; their delays or biases are not. | “We use the logs.” |
# | **Model and alternatives.** Why this one, and why not its neighbours? | The chosen model answers to the constraints; two alternatives are turned down with the reason and the observation that would bring them back. | The model is described well; alternatives are missing or straw men. | A model is named without a reason. |
# | **Serving and monitoring.** What happens at three in the morning? | The path of a request with a time budget per step, a fallback, what is watched given when labels come, who is woken at which value, and how to roll back. | Serving and monitoring are described without numbers or without a fallback. | The design ends with the trained model. |
# | **Experiment and decision.** Which result would make us not ship? | Unit of randomisation, length from a sample size, primary metric, guardrails, and the decision for each of better, worse and undecided, set down beforehand. | An experiment with a metric, but no sample size or no rule for the undecided case. | “We run an A/B test.” |
# | **Clarity.** Can a reader who was not in the room decide on it in ten minutes? | Short; the decision first; facts, assumptions and open questions are told apart. | Complete, but the reader must look for the decision. | Notes rather than a document. |
#
# Learning alone? Finish the document, put it away for a day, then grade it yourself, the harshest row first.

# %% [markdown] task="design_document" points=10
# ## Design: title of the case
#
# *The decision in two sentences: what is built first, and what would stop it.*
#
# ### BEGIN SOLUTION
# (Support triage, as drawn: new teams, few labels, letters that may not leave the house.)
#
# Each message goes to one of twelve teams by the nearest of twelve centres in the space of a ready-made encoder, on our own machine, and to a person whenever two centres are close. It stops if, of the messages sorted without a person, more than 5 % are handed on in any week.
# ### END SOLUTION
#
# ### 1. Request
#
# *In the interviewer's words.*
#
# ### BEGIN SOLUTION
# "The messages keep landing with the wrong team, and everybody is unhappy about it. Could a computer do the sorting?"
# ### END SOLUTION
#
# ### 2. Objective and metrics
#
# *What should get better, for whom? One offline metric, one online metric, a guardrail with its limit; how could they disagree?*
#
# ### BEGIN SOLUTION
# - Objective: a customer's first helpful answer comes sooner. Today 1.5 days, since a message visits three teams.
# - Offline: share of messages decided at 95 % precision, on the latest labelled weeks. Not accuracy: the largest team would win it.
# - Online: share of messages that stay with the first team.
# - Guardrail: at most 5 % of automatically sorted messages handed on, for each team and week; agents' satisfaction, asked monthly, not lower.
# - They disagree when agents keep a message that is not theirs, out of kindness or haste: 30 kept messages a week are read by a second agent.
# ### END SOLUTION
#
# ### 3. Constraints
#
# *Each with its number and its source, and the choice below that it forces.*
#
# ### BEGIN SOLUTION
# - 60 messages a day (heard): no load to speak of; one machine, no queue.
# - Within the hour (heard): a worker every five minutes, no live service.
# - Texts never leave our machines (heard): a local encoder, nothing hosted.
# - One engineer on Thursdays, one small GPU (heard): nothing that needs daily care, no fine-tuning.
# - One in eight in another language (heard): a multilingual encoder.
# ### END SOLUTION
#
# ### 4. Data and labels
#
# *The training table row by row: where do labels come from, when is each column known, how does the split follow time, which leak was looked for?*
#
# ### BEGIN SOLUTION
# - One row a message: subject, text, language, contract, messages of the week before; all known when it arrives.
# - Label: the team that answered. The teams are a month old, so 300 rows; two agents label all of them again, and where they differ a third decides. Known days later, with the answer.
# - Split: fit on the first three weeks, test on the last (about 75 rows: at 95 % the standard error is 2.5 points, so a difference below 5 points is not shown).
# - Leak looked for: replies quoted below a message name the team; everything after the first quoted line is cut.
# ### END SOLUTION
#
# ### 5. Baseline
#
# *A heuristic and a simple model; by how much must a larger one beat them?*
#
# ### BEGIN SOLUTION
# - Twenty words written down by each team; what matches one team only goes there, the rest to a person. One afternoon. Guess: decides a third.
# - The larger model must decide at least 10 points more of the messages at the same precision; otherwise the words stay.
# ### END SOLUTION
#
# ### 6. Model
#
# *Features, sampling, model and loss; the one offline result that would send you back.*
#
# ### BEGIN SOLUTION
# - Frozen multilingual encoder; one centre a team, the mean of its messages; cosine; no decision if the two nearest are closer than a margin that is set on the third week for 95 % precision.
# - Nothing is trained but twelve means, so 300 labels are enough to begin with. Agents confirm the unsure ones first: each day adds labels where they help most.
# - Back to the words if the centres decide less than the words do on the last week.
# ### END SOLUTION
#
# ### 7. Serving
#
# *The path of a request with its time, and the fallback.*
#
# ### BEGIN SOLUTION
# - Every five minutes: read the inbox (1 s), encode (60 ms a message on the GPU, to be measured), compare, write team and margin to the message. Slowest case: 20 messages, well under a minute.
# - Fallback: the worker writes a sign of life; without one for 15 minutes everything goes to the tray for a person, as today. Back out: one switch in the mail program.
# ### END SOLUTION
#
# ### 8. Monitoring
#
# *What is watched, at which value someone is called, given when labels come.*
#
# ### BEGIN SOLUTION
# - Today: sign of life, share left to people (call above 70 % or below 20 %), by language.
# - With the labels, a few days later: share handed on by team and week (5 %).
# - Weekly: ten unsure messages are read for new topics. January brings the annual bill: expected, and watched by name.
# ### END SOLUTION
#
# ### 9. Experiment and rollout
#
# *Unit, sample size, length; what you do when it is better, worse, undecided.*
#
# ### BEGIN SOLUTION
# - Four weeks silently beside the people, on every message: 20 working days, 1,200 messages, each sorted by both. Paired, so a difference of about 4 points in the share that stays can be seen.
# - Then as a suggestion that an agent confirms, team by team; then alone, for teams with at most 5 % handed on.
# - Better: next step. Worse: back to the words. Undecided after four weeks: stay with the suggestion and label on.
# ### END SOLUTION
#
# ### 10. Alternatives considered
#
# *Two that you turn down, and what would bring each of them back.*
#
# ### BEGIN SOLUTION
# - A fine-tuned encoder: 25 labels a team are too few to tell that it is better. Back at 3,000 labels and an engineer for more than a day a week.
# - A hosted language model: texts may not leave. Back if Legal allows it, or if a model that fits our GPU decides 10 points more.
# ### END SOLUTION
#
# ### 11. Open questions
#
# *Who answers each of them, and what is assumed until then?*
#
# ### BEGIN SOLUTION
# - How often are teams made anew? (Head of support. Assumed: yearly; centres are computed again in a minute.)
# - May messages of former customers be used for the centres? (Privacy officer. Assumed: no.)
# ### END SOLUTION
#
# ### 12. Risks
#
# *Three ways in which this fails, the likeliest first, and how you would notice.*
#
# ### BEGIN SOLUTION
# 1. A new topic lands near an old centre with confidence. Noticed by: handed-on share of one team; the weekly reading.
# 2. Agents stop correcting, so labels repeat our own mistakes. Noticed by: the 30 messages read by a second agent.
# 3. The engineer leaves. Noticed at once; the fallback is today's sorting.
# ### END SOLUTION

# %% [markdown]
# # Six questions
# Short ones, as they come up at the whiteboard.

# %% quiz="framing"

# %% [markdown]
# # Say it aloud
# Answer each aloud, in two minutes, before you unfold it.
#
# **1. "Design a recommender for our shop." What are your first two minutes?**
# <details><summary>A model answer</summary>
#
# I would like to understand the goal before I propose anything. What should get better for the business if this works: more orders, larger baskets, people who come back? Where is it shown, and to whom? Then four limits: how many items and requests, how quickly must the answer be there, what about people may be used, and who looks after the system. Then the data: what is logged, was the *display* logged or only the purchase, and since when. I will say which choice each answer settles. I expect to end with a heuristic, a simple model, and a clear mark that anything larger must beat; and I would like to keep ten minutes for how we roll it out and what makes us stop.
# </details>
#
# **2. "NDCG went up by 4 % offline, and the experiment is flat. What now?"**
# <details><summary>A model answer</summary>
#
# First, could the experiment have seen it? I look at the interval: if it contains the effect we hoped for, "flat" means "unknown". Then I check the two pipelines against each other: the same features, the same model version, the same latency, and whether the new ranking was shown at all. Then the metric: what share of what the new system shows has any label in the log; how was position dealt with; does the gain come from hits that would have happened anyway, or from a segment that hardly counts online? And I look at our past experiments of this kind: how often have the signs agreed, and has a gain of 4 % ever been seen? If nothing agrees, I would not tune further against this metric; I would log with a little randomisation and repair the metric first.
# </details>
#
# **3. "How many servers do we need?"**
# <details><summary>A model answer</summary>
#
# Let me do it aloud, with numbers you can correct. Ten million active users, ten requests a day: 100 million a day, over roughly 100,000 seconds: a thousand a second on average. Peak three times that: 3,000. A server with 16 workers at 40 ms does 400 a second flat out; at 60 % of that, 240. So 3,000 / 240 is 12.5. With three zones, two of which must carry the peak: 6.25, so 7 a zone, 21 in all. What moves this most is the 40 ms and the peak factor, so I would measure those two first. And if the answer may be computed at night, it is a table and a cache instead.
# </details>
#
# # What to read next
# * M. Zinkevich, "Rules of Machine Learning: Best Practices for ML Engineering", Google: rule 1 is not to be afraid to launch without machine learning.
# * C. Huyen, *Designing Machine Learning Systems*, O'Reilly, 2022: requirements, data and deployment at book length.
# * D. Sculley and others, "Hidden technical debt in machine learning systems", *NeurIPS* 2015.
# * R. Kohavi, D. Tang, Y. Xu, *Trustworthy Online Controlled Experiments*, Cambridge University Press, 2020: metrics, guardrails, and the surprises.
# * T. Joachims, A. Swaminathan, T. Schnabel, "Unbiased learning-to-rank with biased feedback", *WSDM* 2017: propensities and position.
# * F. Garcin and others, "Offline and online evaluation of news recommender systems at swissinfo.ch", *RecSys* 2014: the two disagree, measured.
# * P. Covington, J. Adams, E. Sargin, "Deep neural networks for YouTube recommendations", *RecSys* 2016: why they predict watch time and not clicks.
# * J. Dean, L. A. Barroso, "The tail at scale", *Communications of the ACM* 56(2), 2013.
