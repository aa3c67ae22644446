# %% [markdown]
# # Negative sampling: the other class is yours to choose
#
# **Why an interviewer asks this.** A shop's log holds purchases, a search log holds clicks; nobody writes down what people did *not* want. So whoever trains a recommender, a search ranker or an embedding model invents the negatives, and that invention decides what the model learns.
# Candidates who say "we sample random negatives" are asked at once: from which distribution, how many are really positives, what does that do to the scores, and can your metric still be believed?
# Each of these has a short answer in code and a measurable effect, and one of them turns the ranking of your models upside down.
#
# You will draw, correct and judge negatives on a year of real grocery shopping, in seven steps.
#
# 1. **Uniform:** equal chances, and none of the user's own.
# 2. **Popularity to a power:** between uniform and the bestsellers.
# 3. **In-batch:** the other rows' items, for free, with accidents.
# 4. **logQ:** taking the sampler out of the scores.
# 5. **Hard negatives:** the ones the model likes, and why some are positives.
# 6. **Downsampling:** fewer negatives, wrong probabilities, one formula.
# 7. **Evaluation:** the same trick in a metric, and what it does to a ranking of models.
#
# How to work: read, predict before you run, solve, check. `hint("uniform_negatives")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

from pitfalls import load

BLUE, ORANGE, GREY, LIGHT = "#0072B2", "#D55E00", "#595959", "#999999"
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
# **The data:** what about 2,400 households bought in 2017, day by day, of about 1,000 products. We stand on the evening of 3 December: all before is known, the four weeks after are the future. The task of the models is to find products that are **new** to a household: bought in the future, never before.

# %% tags=["illustration"]
log = load("completejourney")
log = log[log["day"] < "2018-01-01"].assign(
    user=lambda t: t["household_id"].astype("category").cat.codes.astype(int),
    item=lambda t: t["product_id"].astype("category").cat.codes.astype(int),
)
n_users, n_items = log["user"].max() + 1, log["item"].max() + 1
NOW = pd.Timestamp("2017-12-04")


def who_bought_what(rows):
    """A table of truth values, (n_users, n_items)."""
    table = np.zeros((n_users, n_items), dtype=bool)
    table[rows["user"], rows["item"]] = True
    return table


bought = who_bought_what(log[log["day"] < NOW])
later = who_bought_what(log[log["day"] >= NOW]) & ~bought  # new to the household
pairs = np.argwhere(bought)  # (n, 2): user, item, each pair once
counts = bought.sum(axis=0)  # households that bought the item
share = (counts / counts.sum()).astype(np.float32)  # of the pairs
print(f"{n_users:,} households, {n_items:,} products, {len(pairs):,} pairs")
print(
    f"new pairs in the four weeks after: {later.sum():,}, of {later.any(axis=1).sum():,} households"
)
print(f"the 100 most popular products make up {np.sort(share)[-100:].sum():.1%} of the pairs")

# %% [markdown]
# # 1 · Uniform negatives
# A pair (household, product) that is in the log is a positive. Every other pair *may* serve as a negative. The plainest way: for each user draw k items with equal chances, but none that she bought.
#
# By hand: six items 0 … 5, a user who bought {1, 4}, k = 2. Allowed are 0, 2, 3, 5; the result is one of the six sets {0,2}, {0,3}, {0,5}, {2,3}, {2,5}, {3,5}, each with chance 1/6.
#
# ### What goes wrong
# * **Positives slip in.** "The catalogue is large, it hardly ever happens." **Before you run:** how often is a product drawn at random one that the household has bought? And for the heaviest buyer?

# %% tags=["illustration"]
own_share = bought.mean(axis=1)
print(f"a random product is a positive: {own_share.mean():.1%} on average over the households,")
print(
    f"{np.quantile(own_share, 0.9):.1%} for one in ten, {own_share.max():.1%} for the heaviest buyer"
)

# %% [markdown]
# You should see 9% on average and 41% for the heaviest buyer. This catalogue is small; with a million items the average is tiny, but the heaviest users, who also fill the log, are always hit most.
#
# * **Duplicates.** Drawn with replacement, an item can come twice and then weighs double.
# * **Unequal chances.** "If it is a positive, take the next one" gives the item behind a run of positives the chances of all of them. Leaving out what *anybody* bought leaves the items that nobody wants.
# * **One draw for all.** A generator with a fixed seed inside the loop gives every user the same numbers; made once a call, it gives every *call* the same numbers, so every epoch meets the same negatives.
#
# ### Exercise: `uniform_negatives`
# `positives` is a list with one integer array for each user: her items, each once (it may be empty). Items are numbered 0 … `n_items` − 1. Return an array of shape (n_users, k): for each user k **different** items, **none of her own**. Every set of k allowed items has the same chance, and each user gets a draw of her own. The order within a row is up to you. Every user has at least k allowed items, sometimes exactly k.
#
# Take all randomness from `rng`, a NumPy generator. *The check* cannot know your draws: it looks at the rules first (2 points), then counts over 1,200 users how often each item and each pair of items came, and asks whether they were drawn from `rng` (1 point).


# %% ex="uniform_negatives" points=3
def uniform_negatives(positives, n_items, k, rng):
    """For each user k different items, none of her own, all with equal chances.

    positives: list of integer arrays, rng: numpy Generator. Returns (n_users, k) item numbers.
    """
    rows = []
    ### BEGIN SOLUTION
    for own in positives:
        others = np.setdiff1d(np.arange(n_items), own)
        rows.append(rng.choice(others, k, replace=False))
    ### END SOLUTION
    return np.array(rows)


# %% [markdown]
# There is another kind of false negative, which no rule keeps out: what the household **will** buy. **Before you run:** which share of honest uniform negatives turns out to be a purchase within four weeks?

# %% tags=["illustration"]
positives = [np.flatnonzero(row) for row in bought]
drawn = uniform_negatives(positives, n_items, 50, np.random.default_rng(1))  # (n_users, 50)
false_later = np.take_along_axis(later, drawn, axis=1)
print(f"bought before: {np.take_along_axis(bought, drawn, axis=1).mean():.2%}")
print(f"bought in the next four weeks: {false_later.mean():.2%}")

# %% [markdown]
# About one in 180. Remember this number: in section 5 it is the yardstick for hard negatives. So "negative" means *not observed*, not *not wanted*.
#
# # 2 · Popularity to a power
# A model that has only ever met uniform negatives knows that dog food is not bread. It has hardly met the questions that matter: among the things that *many* people buy, which does *this* household buy? So popular items are drawn more often, but not as often as they sell:
# $$q_i = \frac{c_i^{\,\alpha}}{\sum_j c_j^{\,\alpha}},\qquad 0\le\alpha\le 1,$$
# with $c_i$ the count of item $i$. $\alpha = 1$ is popularity, $\alpha = 0$ is uniform, word2vec made $\alpha=\tfrac34$ famous.
#
# By hand: counts (16, 1, 0), $\alpha=\tfrac12$. Weights (4, 1, 0), so $q = (0.8, 0.2, 0)$. With $\alpha=1$ it would be (0.94, 0.06, 0).
#
# An item that was never bought gets **q = 0 for every α**, 0 included: it has no positives, so the model can learn nothing from it but "down". Mind the mathematics of the computer: `0.0 ** 0` is 1.
#
# **Before you run:** which of the four lines starts highest on the left, and where do they cross?

# %% tags=["illustration"]
ordered = np.sort(counts)[::-1].astype(float)
fig, ax = plt.subplots(figsize=(7, 3.4))
looks = {0: (LIGHT, "-"), 0.5: (GREY, ":"), 0.75: (BLUE, "--"), 1: (ORANGE, "-")}
for alpha, (colour, line) in looks.items():
    q = ordered**alpha / (ordered**alpha).sum()
    ax.plot(np.arange(1, n_items + 1), q, color=colour, ls=line, label=f"α = {alpha}")
    print(
        f"alpha {alpha:<4}: the 100 most popular get {q[:100].sum():.1%} of the draws, the last 100 {q[-100:].sum():.1%}"
    )
ax.set(
    xscale="log",
    yscale="log",
    xlabel="product, by popularity (log scale)",
    ylabel="chance q (log scale)",
)
ax.legend(frameon=False)
ax.set_title("The power moves draws from the head to the tail", loc="left")
plt.show()

# %% [markdown]
# *In words:* four lines over the products in order of popularity. The larger α, the higher a line starts on the left and the lower it ends on the right; at α = 0 it is level. They cross near the products of average popularity.
#
# ### Exercise: `popularity_negatives`
# `counts` holds how often each item was bought: (n_items,) whole numbers, some of them 0. Return a pair `(items, q)`:
#
# * `q`, shape (n_items,): the probability of **every** item, as in the formula; 0 where the count is 0, for every `alpha` from 0 to 1.
# * `items`, shape (size,): item numbers drawn with these probabilities, each draw **independent** of the others (so an item can come again; `size` may be larger than n_items), all of them from `rng`.
#
# *The check* compares q (2 points) and counts 20,000 draws (1 point).


# %% ex="popularity_negatives" points=3
def popularity_negatives(counts, alpha, size, rng):
    """Items drawn with chances in proportion to counts ** alpha, and these chances.

    counts: (n_items,), rng: numpy Generator. Returns (items, q): (size,) and (n_items,).
    """
    ### BEGIN SOLUTION
    weights = np.zeros(len(counts))
    sold = counts > 0
    weights[sold] = counts[sold] ** float(alpha)
    q = weights / weights.sum()
    items = rng.choice(len(q), size, p=q)
    ### END SOLUTION
    return items, q


# %% [markdown]
# Why hand out q? Because a sampler leaves its mark in the scores, and q is what it takes to remove it. That comes in section 4.
#
# # 3 · Negatives from the batch
# Models with two towers (a vector for the user, one for the item, their product is the score) are trained on batches of B pairs. The scores of all B users with all B items are one matrix product. On the diagonal stand the positives; the **other rows' items** serve as negatives and cost nothing. For row $i$ the loss is
# $$-\log\frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}} .$$
#
# Two things come with the gift. The negatives follow popularity: an item stands in the batch in proportion to its share of the log, so in-batch sampling is α = 1. And some of them are **accidental hits**: item $j$ of another row that user $i$ bought as well, now or at any other time.
#
# By hand, a batch of three:
#
# | row | user | item |
# |---|---|---|
# | 0 | Ann | milk |
# | 1 | Bob | bread |
# | 2 | Cem | milk |
#
# and from other rows of the log: Bob bought milk. In row 0, column 2 is milk: Ann bought milk, a hit. Row 2, column 0: the same for Cem. Row 1: Bob bought milk, so columns 0 **and** 2 are hits, and Bob has no negative left. Row 0, column 1: Ann never bought bread, a fair negative. The diagonal is no hit: it is what the row is about.
#
# A hit leaves the sum when its score is **−∞**, since $e^{-\infty}=0$. A score of 0 would stay in it with $e^0=1$.
#
# **Before you run:** in a batch of 512 of our pairs, how many of the 511 negatives of a row are accidental hits?

# %% tags=["illustration"]
rng = np.random.default_rng(2)
u, i = pairs[rng.choice(len(pairs), 512, replace=False)].T
hits = (np.isin(u[:, None] * n_items + i, np.flatnonzero(bought)).sum(axis=1)) - 1
same_item = np.array([(i == item).sum() for item in i]) - 1
print(f"hits a row: {hits.mean():.0f} on average, {hits.max()} at most, of 511")
print(f"of these the same item as the row's own: {same_item.mean():.1f}")

# %% [markdown]
# One negative in five is a positive, and hardly any of them is the row's own item. Whoever masks only repeated items (the advice one hears most often) mends about one hit in a hundred here.
#
# ### Exercise: `in_batch_negatives`
# `scores` has shape (B, B): row i is the user `users[i]`, column j the item `items[j]`. `bought` has shape (n_users, n_items) and is true for every pair of the training log, the batch's own included. Return a new (B, B) array: the scores, with **−∞** wherever the user of row i bought the item of column j; the **diagonal stays** as it is. (Anything below −10⁸ counts as −∞.)
#
# `users` and `items` are integer arrays of shape (B,); both can hold repeats. Do not change `scores` in place. Work on whole arrays: each training below calls your function some 1,300 times with B = 512.
#
# *The check* gives 2 points for hits that the batch itself shows (the same item or the same user in two rows) and 2 for hits that only `bought` knows.


# %% ex="in_batch_negatives" points=4
def in_batch_negatives(scores, users, items, bought):
    """The scores with accidental hits at minus infinity; the diagonal stays.

    scores: (B, B), users, items: (B,), bought: (n_users, n_items) booleans. Returns (B, B).
    """
    ### BEGIN SOLUTION
    hit = bought[users[:, None], items[None, :]]  # (B, B)
    np.fill_diagonal(hit, False)
    return np.where(hit, -np.inf, scores)
    ### END SOLUTION


# %% [markdown]
# # 4 · The correction by log q
# What one would like to compute is the softmax over the whole catalogue, with $\sum_j e^{s_j}$ over all items. A batch shows only some of them, item $j$ with chance $q_j$. To estimate the full sum, each term that came is divided by the chance that it came:
# $$\frac{e^{s_j}}{q_j} = e^{\,s_j-\log q_j}.$$
# So the correction is a subtraction: $s_{ij} - \log q_j$ for the candidate in column $j$.
#
# By hand: two items, A with $q=0.8$, B with $q=0.2$, all scores 0. Ten draws bring 8 times A and 2 times B. Uncorrected, A pushes with weight 8 and B with 2. Corrected: $8/0.8 = 10$ and $2/0.2 = 10$, as if each had come equally often.
#
# **What happens without it.** The best the model can do is $s_{ij} = \log P(j\mid i) - \log q_j$ plus a constant for the row: how much *more* user i buys item j than everybody does. That is a fair question (its name is pointwise mutual information), but it is not the one a shelf of ten recommendations answers, where popular things are popular for a reason.
#
# Three details that are asked for in interviews:
# * **The positive is corrected, too.** The softmax asks: given these candidates, which was the one that was bought? Each had its chance to be here, the positive among them. (There are variants that treat the positive apart. Ours is the classic one.)
# * **Only in training.** At serving time the score is the plain product; nothing was sampled.
# * **A constant is harmless.** Softmax does not see one number added to a whole row, so expected counts (512 · q) do as well as q. And a correction along the wrong axis corrects nothing.
#
# ### Exercise: `logq_correction`
# `scores` has shape (B, m): candidates in the columns. `q` has shape (m,), all above 0: the chance of the candidate in each column. Return the corrected scores, $s_{ij}-\log q_j$ for **all** columns, shape (B, m). Scores of −∞ (hits) stay −∞. *The check* asks for a square batch (2 points) and for one with more candidates than rows and with hits (1 point).


# %% ex="logq_correction" points=3
def logq_correction(scores, q):
    """Scores with the sampler taken out.

    scores: (B, m) with the candidates in columns, q: (m,) their chances. Returns (B, m).
    """
    ### BEGIN SOLUTION
    return scores - np.log(q)
    ### END SOLUTION


# %% [markdown]
# ### What it does to a model
# A small two-tower model, in NumPy: 32 numbers for each household and each product, softmax over the batch, Adagrad, three passes. `candidates` says which items stand in the columns (the batch's own first), `adjust` what happens to the scores before the softmax.


# %% tags=["illustration"]
def update(table, memory, rows, gradient, step=0.05):
    """One Adagrad step on the rows of a table that a batch has touched."""
    touched, place = np.unique(rows, return_inverse=True)
    total = np.zeros((len(touched), table.shape[1]), np.float32)
    np.add.at(total, place, gradient)
    memory[touched] += (total**2).mean(axis=1, keepdims=True)
    table[touched] -= step * total / np.sqrt(memory[touched])


def train(adjust, candidates=lambda items, rng: items, passes=3, size=512, dim=32, seed=0):
    """Scores of all households and products, (n_users, n_items), after softmax training."""
    rng = np.random.default_rng(seed)
    U, V = (0.1 * rng.normal(size=(n, dim)).astype(np.float32) for n in (n_users, n_items))
    memory_U, memory_V = (np.full((n, 1), 1e-4, np.float32) for n in (n_users, n_items))
    own = np.arange(size)
    for _ in range(passes):
        order = rng.permutation(len(pairs))
        for start in range(0, len(pairs) - size + 1, size):
            users, items = pairs[order[start : start + size]].T
            columns = candidates(items, rng)
            rows_U, rows_V = U[users], V[columns]
            Z = adjust(rows_U @ rows_V.T, users, columns)  # (size, columns)
            P = np.exp(Z - Z.max(axis=1, keepdims=True))
            P /= P.sum(axis=1, keepdims=True)
            P[own, own] -= 1  # now the gradient of the loss in Z
            update(U, memory_U, users, P @ rows_V)
            update(V, memory_V, columns, P.T @ rows_U)
    return U @ V.T


# %% tags=["illustration"]
def plain(scores, users, items):
    return scores


def masked(scores, users, items):
    return in_batch_negatives(scores, users, items, bought)


def masked_logq(scores, users, items):
    return logq_correction(in_batch_negatives(scores, users, items, bought), share[items])


def only_logq(scores, users, items):
    return logq_correction(scores, share[items])


start = time.process_time()
models = {"in-batch": train(plain), "in-batch, masked": train(masked)}
print(f"two trainings: {time.process_time() - start:.0f} s of processor time")

# %% tags=["illustration"]
with_logq = {"in-batch, logQ": train(only_logq), "in-batch, masked, logQ": train(masked_logq)}

# %% [markdown]
# The yardstick: for every (household, product) pair that is new in the future, is the product among the ten highest scores of the household, purchases excluded? The share of pairs for which it is, is called recall at 10. (In section 7 you will write it yourself, with care for ties.)
#
# **Before you run:** which helps more, the mask or the correction? Does recommending the same ten bestsellers to everybody beat any of the four?

# %% tags=["illustration"]
test_users, test_items = np.argwhere(later).T  # (12,397,) each


def recall_at_10(scores):
    """Share of the future's new pairs that are among the household's ten best."""
    best = np.argpartition(-np.where(bought, -np.inf, scores), 10, axis=1)[:, :10]
    return (best[test_users] == test_items[:, None]).any(axis=1).mean()


popularity = np.tile(share, (n_users, 1))
X = bought.astype(np.float32)
together = X.T @ X  # (n_items, n_items): households that bought both
cosine = together / np.sqrt(np.outer(counts, counts))
np.fill_diagonal(cosine, 0)
models = {"popularity": popularity, "item-kNN": X @ cosine} | models | with_logq
found = {name: recall_at_10(scores) for name, scores in models.items()}
for name, recall in found.items():
    print(f"{name:24s} recall at 10: {recall:.4f}")

# %% [markdown]
# You should see the plain in-batch model at .023, less than half of what the bestsellers reach (.050). The mask alone brings it to .047; the correction, with or without the mask, to .062, ahead of item-kNN (.058). The sampler had cost the plain model more than half of its recall.
#
# Also see what the correction makes superfluous: with logQ, the mask adds nothing here. A likely reason: hits fall on popular items most, so much of their harm is again harm to popular items, and that is what logQ puts right. On another data set the two need not overlap like this: measure.
#
# **Before you run:** plot the mean score of each product over the popularity of the product. Which way does the cloud lean for the plain model?

# %% tags=["illustration"]
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.5), sharey=True)
for ax, name, colour, marker in zip(
    axes, ("in-batch", "in-batch, masked, logQ"), (ORANGE, BLUE), ("s", "o"), strict=True
):
    mean = models[name].mean(axis=0)
    slope = np.polyfit(np.log(share), mean - mean.mean(), 1)[0]
    ax.scatter(share, mean - mean.mean(), s=9, color=colour, marker=marker, alpha=0.6)
    ax.set(xscale="log", xlabel="share of the product in the pairs, q (log scale)")
    ax.set_xticks([3e-4, 1e-3, 3e-3], ["0.03%", "0.1%", "0.3%"])
    ax.minorticks_off()
    ax.set_title(f"{name}: slope {slope:+.2f}", loc="left")
axes[0].set_ylabel("mean score over households, centred")
plt.show()

# %% [markdown]
# *In words:* on the left the cloud is level: on average over the households the plain model holds a bestseller no dearer than the rarest product. On the right it rises with log q, with a slope of 1.2, not far from the 1 that a score of log P(j) would have.
#
# ### Any sampler will do, once it is corrected
# If the theory holds, then with the correction it does not matter much from which α the negatives came, and without it, it does. We draw 128 negatives for each batch with **your** `popularity_negatives`, shared by its rows, and keep only each row's own item of the batch. **Before you run:** without correction, is recall best at α = 0, ½ or 1? Why?


# %% tags=["illustration"]
def train_with(alpha, corrected):
    """Softmax over the row's own item and 128 drawn ones."""
    q = popularity_negatives(counts, alpha, 1, np.random.default_rng(0))[1].astype(np.float32)

    def candidates(items, rng):
        return np.r_[items, popularity_negatives(counts, alpha, 128, rng)[0]]

    def adjust(scores, users, columns):
        size = len(users)
        scores[:, :size][~np.eye(size, dtype=bool)] = -np.inf  # the other rows' items
        scores[:, size:][bought[users[:, None], columns[size:]]] = -np.inf
        return logq_correction(scores, q[columns]) if corrected else scores

    return train(adjust, candidates)


as_drawn = {alpha: recall_at_10(train_with(alpha, False)) for alpha in (0, 0.5)}

# %% tags=["illustration"]
as_drawn[1] = recall_at_10(train_with(1, False))

# %% tags=["illustration"]
corrected = {alpha: recall_at_10(train_with(alpha, True)) for alpha in (0.5, 1)}
by_alpha = pd.DataFrame({"as drawn": as_drawn, "with logQ": corrected})
by_alpha.index.name = "alpha"
print(by_alpha.round(4).to_string(na_rep="same"))

# %% [markdown]
# You should see the column *as drawn* fall from .063 to .044, and the column *with logQ* stay between .061 and .063. (At α = 0 there is nothing to correct: log q is a constant.) So α is a dial for how much popularity the scores keep: harmless if you correct, a decision if you don't.
#
# # 5 · Hard negatives
# Most negatives are easy: the model scores them low, their share of the softmax is nearly 0, and so is their gradient. **Hard** negatives are the ones that the model scores high. They sharpen the top of the list, where it counts. And they are where the future purchases hide, because finding those is what the model was trained for. The usual way out: **skip** the first few and take the next k. By hand: scores of one user (A 0.9, B 0.8, C 0.7, D 0.6, E 0.1), bought A and D. The others from the hardest: B, C, E. With k = 1 and skip = 0: B. With skip = 1: C. Skipping counts **after** the purchases are out; otherwise the skipped places go to A, and B comes back.
#
# ### Exercise: `hard_negatives`
# `scores` and `bought` have shape (n_users, n_items). Return an array of shape (n_users, k) of **item numbers**: for each user, rank the items that she did not buy by their score, leave out the first `skip`, and return the next `k`, **highest score first**. There are no ties, and every user has at least skip + k such items. Scores can be negative. Leave `scores` as they are.
#
# *The check* gives 2 points with skip = 0, and 1 with skip = 2.


# %% ex="hard_negatives" points=3
def hard_negatives(scores, bought, k, skip):
    """For each user the k highest-scored items she did not buy, after the first skip of them.

    scores, bought: (n_users, n_items). Returns (n_users, k) item numbers, hardest first.
    """
    ### BEGIN SOLUTION
    open_scores = np.where(bought, -np.inf, scores)
    order = np.argsort(-open_scores, axis=1)
    return order[:, skip : skip + k]
    ### END SOLUTION


# %% [markdown]
# **Before you run:** one uniform negative in 180 was bought within four weeks. Of the ten items a model likes best among those not bought: one in how many?

# %% tags=["illustration"]
scores = models["in-batch, masked, logQ"]
order = hard_negatives(scores, bought, 590, 0)  # every household has that many
turned_true = np.take_along_axis(later, order, axis=1).mean(axis=0)  # by place
edges = [0, 5, 10, 20, 40, 80, 160, 320, 590]
purity = [turned_true[a:b].mean() for a, b in pairwise(edges)]
base = later.sum() / (~bought).sum()
fig, ax = plt.subplots(figsize=(7, 3.3))
labels = [f"{a + 1}–{b}" for a, b in pairwise(edges)]
ax.plot(labels, purity, color=BLUE, marker="o", label="by place in the model's list")
ax.axhline(base, color=ORANGE, ls="--", label="a uniform negative")
ax.set(
    xlabel="place among the items not bought so far",
    ylabel="share bought within 4 weeks",
    ylim=(0, None),
)
ax.legend(frameon=False)
ax.set_title("The hardest negatives are the likeliest positives", loc="left")
plt.show()
print({label: round(float(value), 4) for label, value in zip(labels, purity, strict=True)})
print(f"uniform: {base:.4f}")

# %% [markdown]
# *In words:* the share falls steeply over the first places and meets the uniform level only some hundreds of places down. The first five are six or seven times as often false as a uniform negative; of the first ten it is one in about 32. (Four weeks are a short time: over a year more of them would be.)

# %% [markdown]
# ### What they do to a model
# A model that compares **one** negative with the positive at a time feels the choice most: the pairwise loss $-\log\sigma(s_{pos}-s_{neg})$, known as BPR. Two passes with uniform negatives first. Then one more pass, whose negatives come from a list of 20 for each household, made once with **your** function: the hardest 20, or 20 after a skip; or uniform again, for comparison. **Before you run:** will the hardest 20 help or harm?


# %% tags=["illustration"]
def one_pass(tables, draw, seed, careful=True, size=512):
    """One pass of BPR over the pairs, from a copy of the tables; draw(users, rng) -> negatives.

    careful: draw again for whoever got something of her own.
    """
    U, V, memory_U, memory_V = (table.copy() for table in tables)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pairs))
    for start in range(0, len(pairs) - size + 1, size):
        users, items = pairs[order[start : start + size]].T
        others = draw(users, rng)
        while careful and (own := bought[users, others]).any():
            others[own] = draw(users[own], rng)
        rows_U, up, down = U[users], V[items], V[others]
        margin = (rows_U * (up - down)).sum(axis=1, keepdims=True)
        slope = -1 / (1 + np.exp(margin))
        update(U, memory_U, users, slope * (up - down))
        update(V, memory_V, np.r_[items, others], np.r_[slope * rows_U, -slope * rows_U])
    return U, V, memory_U, memory_V


def uniformly(users, rng):
    return rng.integers(n_items, size=len(users))


def from_lists(lists):
    return lambda users, rng: lists[users, rng.integers(lists.shape[1], size=len(users))]


def fresh_tables(seed):
    rng = np.random.default_rng(seed)
    tables = [(0.1 * rng.normal(size=(n, 32))).astype(np.float32) for n in (n_users, n_items)]
    return tables + [np.full((n, 1), 1e-4, np.float32) for n in (n_users, n_items)]


tables = fresh_tables(0)
for seed in (10, 11):
    tables = one_pass(tables, uniformly, seed)
before = tables[0] @ tables[1].T
after = {}
for skip in (0, 20, 50, 100, 200):
    U, V, *_ = one_pass(tables, from_lists(hard_negatives(before, bought, 20, skip)), 12)
    after[skip] = recall_at_10(U @ V.T)
U, V, *_ = one_pass(tables, uniformly, 12)
with_uniform = recall_at_10(U @ V.T)
print(f"after two uniform passes {recall_at_10(before):.4f}, after a third {with_uniform:.4f}")
print("20 from a list after skip:", {skip: round(float(value), 4) for skip, value in after.items()})

# %% tags=["illustration"]
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(
    [str(skip) for skip in after],
    list(after.values()),
    color=BLUE,
    marker="o",
    label="20 after the skip",
)
ax.axhline(with_uniform, color=ORANGE, ls="--", label="uniform negatives")
ax.set(xlabel="skip: how many of the hardest are left out", ylabel="recall at 10", ylim=(0, 0.07))
ax.legend(frameon=False, loc="lower right")
ax.set_title("Here the hardest negatives harm; skipping takes the harm away, no more", loc="left")
plt.show()

# %% [markdown]
# *In words:* the line starts at less than half of the dashed one and reaches it only when the hundred hardest are left out.
#
# The first suspect are the false negatives. In a notebook we can ask an oracle: take all that will be bought in the four weeks out of the lists. **Before you run:** how much of the loss comes back?

# %% tags=["illustration"]
for skip in (0, 20):
    lists = hard_negatives(before, bought | later, 20, skip)
    U, V, *_ = one_pass(tables, from_lists(lists), 12)
    print(f"skip {skip:2d}: {after[skip]:.4f}, with the oracle {recall_at_10(U @ V.T):.4f}")

# %% [markdown]
# Nothing that could be told from noise, so what is bought in these four weeks is not the culprit. The likelier one is the **sampler** again: what is hard for many households (a bestseller they happen not to have) is pushed down far more often than its purchases pull it up. It would be the missing correction of section 4 in another dress, only that nobody knows this q.
#
# What to take home is the way of asking. Hard negatives are reported to pay in systems with millions of items, mixed with many easy ones, refreshed often, with a skip. In a catalogue of a thousand, ten uniform negatives already bring one of the hundred hardest. Whether they pay for you is a measurement against the uniform baseline, and the suspect that everybody names first has an alibi here.
#
# ### The price of the first pitfall
# With a trainer at hand, back to section 1: what does it cost to let the user's own items through as negatives? **Before you run:** 9% of the uniform draws are positives. Will recall fall by 9% of itself, by less, or by more?

# %% tags=["illustration"]
prices = []
for seed in (1, 2, 3):
    recall = {}
    for careful in (True, False):
        tables = fresh_tables(seed)
        for further in (20, 30):
            tables = one_pass(tables, uniformly, seed + further, careful)
        recall[careful] = recall_at_10(tables[0] @ tables[1].T)
    prices.append(1 - recall[False] / recall[True])
    print(f"start {seed}: left out {recall[True]:.4f}, let through {recall[False]:.4f}")
print(f"price: {np.mean(prices):.1%} of the recall on average")

# %% [markdown]
# You should see a price of about 3% on average, no larger than the scatter between starts: one of the three even gains. So on this data the most famous pitfall is a small one. (A likely reason: the item that is pushed down for a household in one batch is pulled up for it in another.) Compare what the missing correction cost (more than 60% of the recall) and the list of the hardest (about 60%). Leaving the user's items out is still right, since it is free; but now you know which mistake to look for first.

# %% [markdown]
# # 6 · Fewer negatives, wrong probabilities
# Classifiers that predict "will it be bought, clicked, paid back?" meet a hundred negatives for each positive. Keeping every positive and only a share `rate` of the negatives makes training many times cheaper at hardly any loss of ranking. But the model now lives in a world with more positives, and its probabilities belong to that world.
#
# By hand: 1,000 rows alike, 10 positive: p = 0.01. Keep a tenth of the negatives: 10 positives, 99 negatives, p = 10/109 = 0.092. To go back, put the negatives back: of a share $p$ positives and $1-p$ negatives, the negatives stood for $(1-p)/rate$. So the odds are to be multiplied by `rate`: $0.092/0.908\cdot 0.1 = 0.0101$, and odds of 0.0101 are $p = 0.01$.
#
# Check the ends yourself: a certain row ($p=1$) stays certain, $p=0$ stays 0. Multiplying p by rate is nearly right for small p and wrong for large p.
#
# ### Exercise: `downsample_recalibrate`
# `p` is an array of probabilities from a model that was trained on **all positives and a share `rate` of the negatives** (0 < rate < 1). Return the probabilities for the world with all negatives, same shape. No clipping: 0 must give 0 and 1 must give 1, without NaN. *The check* gives 2 points inside, 1 at the ends.


# %% ex="downsample_recalibrate" points=3
def downsample_recalibrate(p, rate):
    """Probabilities as they are with all negatives put back.

    p: (n,) from a model trained on a share `rate` of the negatives. Returns (n,).
    """
    ### BEGIN SOLUTION
    return p * rate / (p * rate + 1 - p)
    ### END SOLUTION


# %% [markdown]
# ### Measured
# **The task:** will this household buy this product in the next four weeks? One row for every household and product: 1.2 million of them, half of the households. Features from before the four weeks: how often she bought it, ever and in the last 28 days; how often all did, and how much she buys at all, in the last 28 days. Trained on the four weeks up to 3 December, tested on the four weeks after.


# %% tags=["illustration"]
def rows_at(start, households=slice(0, None, 2)):
    """Features before `start` and labels in the 28 days after, a row for each pair."""
    weeks = pd.Timedelta(days=28)
    past, recent = log[log["day"] < start], log[log["day"].between(start - weeks, start, "left")]
    ahead = log[(log["day"] >= start) & (log["day"] < start + weeks)]

    def times(rows):
        table = np.zeros((n_users, n_items), np.float32)
        np.add.at(table, (rows["user"].to_numpy(), rows["item"].to_numpy()), 1)
        return table

    ever, lately = times(past), times(recent)
    of_all = np.broadcast_to(lately.sum(axis=0), ever.shape)
    of_hers = np.broadcast_to(lately.sum(axis=1, keepdims=True), ever.shape)
    X = [np.log1p(part[households]).ravel() for part in (ever, lately, of_all, of_hers)]
    return np.column_stack(X), who_bought_what(ahead)[households].ravel().astype(int)


X_fit, y_fit = rows_at(NOW - pd.Timedelta(days=28))
X_new, y_new = rows_at(NOW)
print(f"{len(y_fit):,} rows, {y_fit.mean():.2%} positive; a month later {y_new.mean():.2%}")

# %% [markdown]
# **Before you run:** with 2% of the negatives kept, what becomes of the AUC, the mean probability and the training time?


# %% tags=["illustration"]
def boosting():
    return HistGradientBoostingClassifier(max_iter=40, learning_rate=0.15, random_state=0)


def report(name, p, rows="", seconds=np.nan):
    return {
        "model": name,
        "rows": rows,
        "fit_s": round(seconds, 2),
        "AUC": round(roc_auc_score(y_new, p), 4),
        "mean p": round(p.mean(), 4),
        "log-loss": round(log_loss(y_new, p), 4),
    }


rate = 0.02
kept = (y_fit == 1) | (np.random.default_rng(0).random(len(y_fit)) < rate)
table, p_new = [], {}
for name, chosen in (("all negatives", np.ones_like(kept)), ("2% of them", kept)):
    start = time.process_time()
    model = boosting().fit(X_fit[chosen], y_fit[chosen])
    seconds = time.process_time() - start
    p_new[name] = model.predict_proba(X_new)[:, 1]
    table.append(report(name, p_new[name], f"{chosen.sum():,}", seconds))
p_new["2%, recalibrated"] = downsample_recalibrate(p_new["2% of them"], rate)
table.append(report("2%, recalibrated", p_new["2%, recalibrated"]))
table.append(report("2%, p times rate", p_new["2% of them"] * rate))
print(pd.DataFrame(table).to_string(index=False, na_rep=""))
print(f"\nobserved share: {y_new.mean():.4f}")

# %% tags=["illustration"]
fig, ax = plt.subplots(figsize=(7, 3.8))
ax.plot([1e-3, 1], [1e-3, 1], color=LIGHT, lw=1)
looks = {
    "all negatives": (GREY, "^", ":"),
    "2% of them": (ORANGE, "s", "--"),
    "2%, recalibrated": (BLUE, "o", "-"),
}
for name, (colour, marker, line) in looks.items():
    observed, mean = calibration_curve(y_new, p_new[name], n_bins=12, strategy="quantile")
    ax.plot(mean, observed, color=colour, marker=marker, ls=line, label=name)
ax.set(xscale="log", yscale="log", xlabel="mean predicted probability in the bin (log scale)")
ax.set_ylabel("share bought in the bin (log scale)")
ax.legend(frameon=False)
ax.set_title("One formula brings the promises back", loc="left")
plt.show()

# %% [markdown]
# *In words:* the squares of the downsampled model lie far to the right of the diagonal, promising many times what comes; the recalibrated circles lie on the diagonal, with the triangles of the model that saw every row.
#
# You should see the same AUC to within .001 from a thirtieth of the rows, a mean probability of about .26 where .013 came true, and .014 after the formula. The AUC before and after the formula is identical, since a rising map keeps the order: nobody who looks at AUC alone would notice the error. "p times rate" lands at well under half of the truth.
#
# The formula is exact for a model that is calibrated on the sampled rows. It repairs the sampling and nothing else: a model that is off for other reasons stays off.
#
# # 7 · The same trick in a metric
# Ranking the whole catalogue for every test row is expensive, so many papers and dashboards rank the target against 100 sampled negatives. It looks like a cheaper estimate of the same thing. It is not the same thing.
#
# By hand: a catalogue of 1,000, the target on place 41, so 40 items stand before it: no hit at 10. Among 100 **uniform** negatives about 4 of these 40 turn up, so the target's place among the sample is about 5: a hit at 10. Recall at 10 among 100 is about recall at 100 among 1,000: it looks at another depth of the list. If the 100 are drawn **by popularity**, it is not even about depth: a model that ranks popular items low finds its rivals weak, whatever its list looks like.
#
# ### Exercise: `sampled_vs_full_recall`
# Given: `scores`, (models, n_users, n_items); `bought`, (n_users, n_items); n test rows with `users` (n,) and `targets` (n,), one target item each, never bought before by the user; `negatives` (n, m): for each row m item numbers, drawn with replacement from what the user did not buy, the target excluded. Users can have several rows.
#
# Return `(full, sampled, reversals)`:
#
# * `full`, shape (models,): the share of rows whose target has a place of at most `k` among **all items that the user did not buy**;
# * `sampled`, shape (models,): the same among the target and its row of `negatives` only; a negative that is there twice counts twice;
# * `reversals`: the number of pairs of models that `full` puts strictly in one order and `sampled` strictly in the other.
#
# The place is 1 + the number of *other* candidates whose score is **at least** that of the target: **a tie counts against the target**. (Otherwise a model that gives every item the same score finds everything.) *The check* gives 2, 2 and 1 points. The cells below use it on 5 models × 12,397 rows: work on whole arrays, one model at a time.


# %% ex="sampled_vs_full_recall" points=5
def sampled_vs_full_recall(scores, bought, users, targets, negatives, k):
    """Recall at k over the catalogue and among samples, and the pairs of models turned round.

    scores: (models, n_users, n_items), bought: (n_users, n_items), users, targets: (n,),
    negatives: (n, m). Returns (full, sampled, reversals): (models,), (models,), a number.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(users))
    rivals = ~bought[users]  # (n, n_items)
    rivals[rows, targets] = False
    full, sampled = [], []
    for model in scores:
        own = model[users]
        mine = own[rows, targets][:, None]
        place = 1 + ((own >= mine) & rivals).sum(axis=1)
        place_in_sample = 1 + (own[rows[:, None], negatives] >= mine).sum(axis=1)
        full.append(np.mean(place <= k))
        sampled.append(np.mean(place_in_sample <= k))
    reversals = 0
    for a in range(len(full)):
        for b in range(a):
            reversals += (full[a] - full[b]) * (sampled[a] - sampled[b]) < 0
    return np.array(full), np.array(sampled), int(reversals)
    ### END SOLUTION


# %% [markdown]
# ### Measured
# Five models that you have met, 12,397 new pairs, 100 negatives a row: uniform ones, and ones drawn by popularity. **Before you run:** the order by full recall is in-batch < masked < popularity < item-kNN < logQ. What do you expect of the two samples?


# %% tags=["illustration"]
def draw_for_rows(weights, m, rng):
    """For each test row m items not bought and not the target, by weight, with replacement."""
    drawn = np.empty((len(test_users), m), dtype=int)
    for row, (user, target) in enumerate(zip(test_users, test_items, strict=True)):
        chances = np.where(bought[user], 0.0, weights)
        chances[target] = 0
        drawn[row] = np.searchsorted(np.cumsum(chances) / chances.sum(), rng.random(m), "right")
    return drawn


names = ["in-batch", "in-batch, masked", "popularity", "item-kNN", "in-batch, masked, logQ"]
stack = np.stack([models[name] for name in names]).astype(np.float32)
rng = np.random.default_rng(3)
by_chance = draw_for_rows(np.ones(n_items), 100, rng)
by_popularity = draw_for_rows(counts.astype(float), 100, rng)
start = time.process_time()
full, uniform, turned_uniform = sampled_vs_full_recall(
    stack, bought, test_users, test_items, by_chance, 10
)
_, popular, turned_popular = sampled_vs_full_recall(
    stack, bought, test_users, test_items, by_popularity, 10
)
seconds = time.process_time() - start
recalls = pd.DataFrame({"full": full, "uniform 100": uniform, "popular 100": popular}, names)
print(recalls.round(4).to_string())
print(
    f"\npairs of models turned round, of 10: uniform {turned_uniform}, by popularity {turned_popular}"
)
print(f"{seconds / len(names) / 2:.2f} s of processor time for a model, both recalls")

# %% tags=["illustration"]
places = recalls.rank(ascending=False)
looks = dict(
    zip(
        names,
        (
            (ORANGE, "s", "-"),
            (ORANGE, "D", "--"),
            (GREY, "^", ":"),
            (GREY, "v", "-."),
            (BLUE, "o", "-"),
        ),
        strict=True,
    )
)
fig, ax = plt.subplots(figsize=(8, 3.6))
for name, (colour, marker, line) in looks.items():
    ax.plot([0, 1, 2], places.loc[name], color=colour, marker=marker, ls=line, ms=8)
    ax.text(2.06, places.loc[name].iloc[2], name, va="center", color=colour)
ax.set(xlim=(-0.15, 2.9), ylim=(5.4, 0.6), yticks=range(1, 6), ylabel="place among the five models")
ax.set_xticks([0, 1, 2], ["full catalogue", "100 uniform", "100 by popularity"])
ax.set_title("The same models, three metrics called recall at 10", loc="left")
plt.show()

# %% [markdown]
# *In words:* the lines run level from the full catalogue to the uniform sample and cross on the way to the popularity sample, where the last becomes the first.
#
# You should see 0 pairs turned by the uniform sample and 7 of 10 by the popularity sample. The model that finds fewest purchases of all comes out first, and the best one sits in the middle. Why? The popularity sample measures the target against popular items, and the plain in-batch model pushed popular items down: **it was trained on the very question that this metric asks**, with negatives from the same distribution. Nobody cheated; metric and sampler share a bias. (Its lead over the masked model is small; look below before you believe that one.)
#
# That the uniform sample kept the order is luck of these five. It looks at about recall at 90: **before you run**, compare it with the full recall at that depth. Two models whose lists cross between place 10 and place 90 would be turned round by it.

# %% tags=["illustration"]
depth = round(10 / 100 * float((~bought[test_users]).sum(axis=1).mean()))
deep, _, _ = sampled_vs_full_recall(stack, bought, test_users, test_items, by_chance, depth)
print(
    pd.DataFrame({"uniform 100, at 10": uniform, f"full, at {depth}": deep}, names)
    .round(3)
    .to_string()
)

# %% [markdown]
# **Is it noise?** Rows of one household belong together, so cut the *households* into eight groups and ask each.

# %% tags=["illustration"]
group = np.random.default_rng(4).permutation(n_users)[test_users] % 8
parts = {"full": [], "popular 100": []}
for g in range(8):
    rows = group == g
    one, two, _ = sampled_vs_full_recall(
        stack, bought, test_users[rows], test_items[rows], by_popularity[rows], 10
    )
    parts["full"].append(one)
    parts["popular 100"].append(two)
ahead = {}
for label, values in parts.items():
    values = np.array(values)  # (8, models)
    ahead[label] = {
        "logQ ahead of plain in-batch": (values[:, 4] > values[:, 0]).sum(),
        "logQ ahead of popularity": (values[:, 4] > values[:, 2]).sum(),
        "logQ ahead of item-kNN": (values[:, 4] > values[:, 3]).sum(),
        "plain in-batch ahead of masked": (values[:, 0] > values[:, 1]).sum(),
    }
print("in how many of the eight groups:")
print(pd.DataFrame(ahead).to_string())

# %% [markdown]
# You should see that the reversal is no accident: in all eight groups logQ is ahead of the plain model by full recall, and behind it by the popularity sample. That logQ beats item-kNN holds in seven of eight. The lead of plain over masked, by the popularity sample, is a coin toss: four of eight. So the sample did not put the worst model first; it put the two worst level and far in front.

# %% [markdown]
# What to do instead: rank the full catalogue (a matrix product; above it took a small part of a second a model). If that is too dear, sample **users**, not negatives. If it must be negatives, draw them uniformly, many, the same for all models, report it as what it is, and never compare with a full recall.
#
# # The quiz
# Six short ones, as they come up at the whiteboard.

# %% quiz="negative_sampling"

# %% [markdown]
# # Say it aloud
# Answer each aloud, in two minutes, before you unfold it.
#
# **1. "Our two-tower model is trained with in-batch negatives. It recommends strange niche products. What is going on?"**
# <details><summary>A model answer</summary>
#
# In-batch negatives come in proportion to popularity, so popular items are pushed down far more often than they would be by a softmax over the catalogue. The model learns how much more this user likes an item than everybody does, and niche items win. I would subtract log q of each candidate, its share in the training stream, from the training scores, the positive included, and serve without the correction. Then I would mask accidental hits: other items in the batch that the user bought. I would check both by plotting mean score against popularity and by recall over the whole catalogue on later data, next to a popularity baseline.
# </details>
#
# **2. "We report hit rate at 10 against 100 sampled negatives, like everybody. The new model wins by 30%. Ship it?"**
# <details><summary>A model answer</summary>
#
# Not on that. Against 100 uniform negatives, hit rate at 10 is about recall at a tenth of the catalogue, and nobody sees that far down the list. Against popular negatives it rewards models that rank popular items low, which the training with popularity-distributed negatives produces by itself; the order of models can turn round completely. I would rank the full catalogue on a sample of users, on later data, with an interval by resampling users, and then test online.
# </details>
#
# **3. "We keep 1% of the non-clicks. The bids that we compute from the click probabilities are far too high."**
# <details><summary>A model answer</summary>
#
# Of course: the model's odds are a hundred times the true ones. The odds have to be multiplied by the rate that was kept: p·r / (p·r + 1 − p). AUC will not change, so it could not have shown the error; mean prediction against mean outcome does, and a calibration curve. If the sampling rate differed by segment or over time, each row needs its own rate. Alternatively give the kept negatives a weight of 1/rate in the loss. I would also check calibration after the formula: it undoes the sampling, no other fault.
# </details>
#
# # What to read next
# * X. Yi and others, "Sampling-bias-corrected neural modeling for large corpus item recommendations", *RecSys* 2019: logQ for in-batch negatives, and how to estimate q from a stream.
# * Y. Bengio, J.-S. Senécal, "Adaptive importance sampling to accelerate training of a neural probabilistic language model", *IEEE Transactions on Neural Networks* 19, 2008: where the correction comes from.
# * T. Mikolov and others, "Distributed representations of words and phrases and their compositionality", *NIPS* 2013: the power ¾.
# * S. Rendle, C. Freudenthaler, Z. Gantner, L. Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit feedback", *UAI* 2009: the pairwise loss.
# * J.-T. Huang and others, "Embedding-based retrieval in Facebook search", *KDD* 2020: hard negatives in practice, and how much is too hard.
# * X. He and others, "Practical lessons from predicting clicks on ads at Facebook", *ADKDD* 2014: downsampling negatives and recalibrating.
# * W. Krichene, S. Rendle, "On sampled metrics for item recommendation", *KDD* 2020; A. Dallmann, D. Zoller, A. Hotho, "A case study on sampling strategies for evaluating neural sequential item recommendation models", *RecSys* 2021: sampled metrics turn rankings round.
