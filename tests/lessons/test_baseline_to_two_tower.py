"""The lesson from a baseline to a two-tower model: right answers, PyTorch, honest decisions."""

from __future__ import annotations

import heapq
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from scipy.special import log_softmax, logsumexp, softmax
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.lessons.baseline_to_two_tower import _bootstrap as bootstrap

NAME = "baseline_to_two_tower"
LESSON = lessons.get(NAME)

# --- independent right answers -----------------------------------------------------------------


def _split_by_query(events, test_start, days):
    start = pd.Timestamp(test_start)
    end = start + pd.DateOffset(days=days)
    inside = events["day"].between(start, end, inclusive="left")
    return events.query("day < @start"), events.loc[inside]


def _split_by_cut(events, test_start, days):
    start = np.datetime64(test_start)
    ordered = events.sort_values("day", ignore_index=True)
    when = ordered["day"].to_numpy()
    a, b = np.searchsorted(when, [start, start + np.timedelta64(days, "D")], side="left")
    return [ordered.iloc[:a], ordered.iloc[a:b]]


def _recall_by_edge(scores, relevant, k):
    values = []
    for own, wanted in zip(scores, relevant, strict=True):
        if not wanted.any():
            continue
        edge = np.sort(own)[-k]
        above, level = own > edge, own == edge
        chance = above + level * (k - above.sum()) / level.sum()
        values.append(chance[wanted].sum() / wanted.sum())
    return np.mean(values)


def _recall_by_shuffled_columns(scores, relevant, k):
    """The average over every cyclic order of the columns within each group of equals."""
    table = pd.DataFrame(scores).rank(axis=1, ascending=False, method="min").to_numpy()
    sizes = pd.DataFrame(scores).T.apply(lambda own: own.map(own.value_counts())).T.to_numpy()
    inside = np.clip((k - table + 1) / sizes, 0, 1)
    some = relevant.sum(axis=1) > 0
    return float(((inside * relevant).sum(axis=1)[some] / relevant.sum(axis=1)[some]).mean())


def _ndcg_by_groups(scores, relevant, k):
    weights = np.zeros(scores.shape[1])
    weights[:k] = 1 / np.log2(2 + np.arange(k))
    values = []
    for own, wanted in zip(scores, relevant, strict=True):
        if wanted.sum() == 0:
            continue
        order = np.argsort(-own)
        shared = pd.Series(weights).groupby(-own[order]).transform("mean").to_numpy()
        values.append(shared[wanted[order]].sum() / weights[: wanted.sum()].sum())
    return float(np.mean(values))


def _ndcg_by_scikit_learn(scores, relevant, k):
    low = scores[np.isfinite(scores)].min() - 1
    rows = relevant.any(axis=1)
    return ndcg_score(relevant[rows], np.maximum(scores[rows], low), k=k)


def _ndcg_in_natural_logarithms(scores, relevant, k):
    """A common base cancels."""
    total, count = 0.0, 0
    places = [1 / np.log(place + 1) for place in range(1, k + 1)]
    for own, wanted in zip(scores, relevant, strict=True):
        number = int(wanted.sum())
        if not number:
            continue
        gain = 0.0
        for s in own[wanted]:
            ahead, level = int((own > s).sum()), int((own == s).sum())
            gain += sum(places[ahead : ahead + level]) / level
        total += gain / sum(places[:number])
        count += 1
    return total / count


def _popularity_by_crosstab(events, now, window_days, products):
    end = pd.Timestamp(now)
    recent = events[(events["day"] < end) & (events["day"] >= end - pd.Timedelta(window_days, "D"))]
    pairs = recent.drop_duplicates(["household_id", "product_id"])
    return pairs["product_id"].value_counts().reindex(products).fillna(0).to_numpy()


def _popularity_by_loop(events, now, window_days, products):
    end = np.datetime64(now)
    when = events["day"].to_numpy()
    inside = (when < end) & (when >= end - np.timedelta64(window_days, "D"))
    who = events["household_id"].to_numpy()[inside]
    what = events["product_id"].to_numpy()[inside]
    return [len(set(who[what == product])) for product in products]


def _knn_by_scikit_learn(bought, neighbours):
    alike = cosine_similarity(bought.T)
    np.fill_diagonal(alike, 0)
    for j in range(len(alike)):
        far = np.argsort(alike[:, j])[: len(alike) - neighbours]
        alike[far, j] = 0
    scores = bought @ alike
    scores[bought == 1] = -np.inf
    return scores


def _knn_sparse(bought, neighbours):
    unit = normalize(sparse.csr_array(bought), axis=0)
    alike = (unit.T @ unit).toarray() * (1 - np.eye(bought.shape[1]))
    edges = np.sort(alike, axis=0)[::-1][neighbours - 1]
    kept = np.where(alike >= edges, alike, 0)
    return np.where(bought, -np.inf, np.einsum("ui,ij->uj", bought, kept))


def _scores_by_scikit_learn(H, F, P, Q, temperature):
    return cosine_similarity(H @ P, F @ Q) / temperature


def _scores_by_loops(H, F, P, Q, temperature):
    users, items = np.matmul(H, P), np.matmul(F, Q)
    table = np.zeros((len(users), len(items)))
    for i, u in enumerate(users):
        for j, v in enumerate(items):
            size = (u @ u) ** 0.5 * (v @ v) ** 0.5
            table[i, j] = u @ v / size / temperature if size > 0 else 0.0
    return table


def _loss_by_scipy(scores, bought, log_q):
    hits = bought.copy()
    np.fill_diagonal(hits, False)
    z = np.where(hits, -np.inf, scores - log_q[None, :])
    return -np.trace(log_softmax(z, axis=1)) / len(z)


def _loss_by_rows(scores, bought, log_q):
    total = 0.0
    for i in range(len(scores)):
        z = scores[i] - log_q
        keep = ~bought[i] | (np.arange(len(z)) == i)
        top = z[keep].max()
        total += top + np.log(np.exp(z[keep] - top).sum()) - z[i]
    return total / len(scores)


def _loss_by_ratios(scores, bought, log_q):
    """Each rival's odds against the true pair; the true pair's own are 1."""
    relative = (scores - log_q) - np.diag(scores - log_q)[:, None]
    relative[bought & ~np.eye(len(scores), dtype=bool)] = -np.inf
    return np.mean(np.logaddexp.reduce(relative, axis=1))


def _gradient_by_jacobians(users, items, temperature, bought, log_q):
    size = len(users)
    u = users / np.linalg.norm(users, axis=1)[:, None]
    v = items / np.linalg.norm(items, axis=1)[:, None]
    z = u @ v.T / temperature - log_q
    z[bought & ~np.eye(size, dtype=bool)] = -np.inf
    d = (softmax(z, axis=1) - np.eye(size)) / size
    d_users, d_items = np.zeros_like(users), np.zeros_like(items)
    flat = np.eye(users.shape[1])
    for i in range(size):
        turn = (flat - np.outer(u[i], u[i])) / np.linalg.norm(users[i])
        d_users[i] = turn @ (v.T @ d[i]) / temperature
        turn = (flat - np.outer(v[i], v[i])) / np.linalg.norm(items[i])
        d_items[i] = turn @ (u.T @ d[:, i]) / temperature
    return d, d_users, d_items


def _gradient_by_differences(users, items, temperature, bought, log_q):
    def scores(a, b):
        return cosine_similarity(a, b) / temperature

    def slopes(loss, at):
        out = np.zeros_like(at)
        for place in np.ndindex(*at.shape):
            up, down = at.copy(), at.copy()
            up[place] += 1e-5
            down[place] -= 1e-5
            out[place] = (loss(up) - loss(down)) / 2e-5
        return out

    def loss(s):
        hits = bought & ~np.eye(len(s), dtype=bool)
        z = np.where(hits, -np.inf, s - log_q)
        return float((logsumexp(z, axis=1) - np.diag(z)).mean())

    return [
        slopes(loss, scores(users, items)),
        slopes(lambda a: loss(scores(a, items)), users),
        slopes(lambda b: loss(scores(users, b)), items),
    ]


def _train_by_epochs(H, F, pairs, dim, temperature, steps, rng):
    """Shuffled passes over the pairs, and only repeats of the same product masked."""
    Q, P = rng.normal(0, 0.05, (F.shape[1], dim)), rng.normal(0, 0.05, (H.shape[1], dim))
    shares = pd.Series(pairs[:, 1]).value_counts(normalize=True)
    log_q = np.log(shares.reindex(range(len(F))).to_numpy())
    memory = {0: [0.0, 0.0], 1: [0.0, 0.0]}
    order = rng.permutation(len(pairs))
    size, place = 256, 0
    for t in range(1, steps + 1):
        if place + size > len(order):
            order, place = rng.permutation(len(pairs)), 0
        i, j = pairs[order[place : place + size]].T
        place += size
        same = j[:, None] == j
        _, d_users, d_items = _gradient_by_matrices(H[i] @ P, F[j] @ Q, temperature, same, log_q[j])
        for number, (tower, slope) in enumerate(((P, H[i].T @ d_users), (Q, F[j].T @ d_items))):
            first, second = memory[number]
            first = 0.9 * first + 0.1 * slope
            second = 0.999 * second + 0.001 * slope**2
            memory[number] = [first, second]
            rate = 0.02 - 0.02 * t / steps
            tower -= rate * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
    return [P, Q]


def _train_in_single_precision(H, F, pairs, dim, temperature, steps, rng):
    """Half the digits, batches without repeats, one table of weights for both towers."""
    H, F = H.astype(np.float32), F.astype(np.float32)
    edge = H.shape[1]
    weights = (0.05 * rng.standard_normal((edge + F.shape[1], dim))).astype(np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    log_q = np.log((np.bincount(pairs[:, 1], minlength=len(F)) + 1e-9) / len(pairs))
    known = set(map(tuple, pairs.tolist()))
    table = np.array([[(i, j) in known for j in range(len(F))] for i in range(len(H))])
    for t, rate in enumerate(np.linspace(0.02, 0, steps, endpoint=False)):
        who, what = pairs[rng.choice(len(pairs), 256, replace=False)].T
        users, items = H[who] @ weights[:edge], F[what] @ weights[edge:]
        bought = table[who][:, what]
        _, *slopes = _gradient_by_matrices(users, items, temperature, bought, log_q[what])
        slope = np.concatenate([H[who].T @ slopes[0], F[what].T @ slopes[1]])
        first += 0.1 * (slope - first)
        second += 0.001 * (slope * slope - second)
        corrected = np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
        weights -= (rate * corrected * first / (np.sqrt(second) + 1e-8)).astype(np.float32)
    return weights[:edge], weights[edge:]


def _train_by_momentum(rate, keep, H, F, pairs, dim, temperature, steps, rng):
    """Gradient descent with momentum or, with nothing kept, without: not what is asked for."""
    towers = [rng.normal(0, 0.05, (width.shape[1], dim)) for width in (H, F)]
    speed = [np.zeros_like(tower) for tower in towers]
    counts = np.bincount(pairs[:, 1], minlength=len(F))
    for _ in range(steps):
        i, j = pairs[rng.integers(len(pairs), size=128)].T
        same = j[:, None] == j
        _, *slopes = _gradient_by_matrices(
            H[i] @ towers[0], F[j] @ towers[1], temperature, same, np.log(counts[j] / counts.sum())
        )
        for number, (x, slope) in enumerate(zip((H[i], F[j]), slopes, strict=True)):
            speed[number] = keep * speed[number] - rate * x.T @ slope
            towers[number] += speed[number]
    return towers


def _gradient_by_matrices(users, items, temperature, bought, log_q):
    u, v = normalize(users), normalize(items)
    z = u @ v.T / temperature - log_q
    z[bought & ~np.eye(len(z), dtype=bool)] = -1e9
    d = (softmax(z, axis=1) - np.eye(len(z))) / len(z)
    a, b = d @ v / temperature, d.T @ u / temperature
    a -= np.sum(a * u, axis=1, keepdims=True) * u
    b -= np.sum(b * v, axis=1, keepdims=True) * v
    return d, a / np.linalg.norm(users, axis=1)[:, None], b / np.linalg.norm(items, axis=1)[:, None]


def _retrieve_by_list(query, items, k):
    scores = (items @ query).tolist()
    return sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]


def _retrieve_by_heap(query, items, k):
    best = heapq.nlargest(k, ((float(item @ query), -i) for i, item in enumerate(items)))
    return np.array([-i for _, i in best])


def _retrieve_by_partition(query, items, k):
    """All that reach the k-th score, then the sort of those few."""
    scores = items @ query
    if k >= len(scores):
        return np.argsort(-scores, kind="stable")
    reach = np.flatnonzero(scores >= np.partition(scores, -k)[-k])
    return reach[np.argsort(-scores[reach], kind="stable")][:k]


def _retrieve_by_lexsort(query, items, k):
    scores = np.einsum("md,d->m", items, query)
    return np.lexsort((np.arange(len(items)), -scores))[: min(k, len(items))]


def _bootstrap_by_scipy(a, b, draws, rng):
    found = stats.bootstrap(
        (a, b),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        n_resamples=draws,
        paired=True,
        method="percentile",
        rng=rng,
        batch=500,
    )
    low, high = found.confidence_interval
    return float(a.mean() - b.mean()), low, high


def _bootstrap_by_weights(a, b, draws, rng):
    """How often each household is drawn is multinomial."""
    d = np.asarray(a) - np.asarray(b)
    weights = rng.multinomial(len(d), np.full(len(d), 1 / len(d)), size=draws)
    low, high = np.percentile(weights @ d / len(d), [2.5, 97.5])
    return [d.mean(), low, high]


def _bootstrap_by_loop(a, b, draws, rng):
    means = []
    for _ in range(draws):
        rows = rng.choice(len(a), len(a))
        means.append(a[rows].mean() - b[rows].mean())
    means.sort()
    return np.array([np.mean(a) - np.mean(b), means[draws // 40], means[-draws // 40]])


def _ship_by_tables(report):
    evidence = (report["split"], report["candidates"], report["settings_chosen_on"])
    if evidence != ("by time", "all products", "validation"):
        return "measure again"
    speed = pd.Series(report["p99_ms"])
    decision = {}
    for name, facts in report["slices"].items():
        ndcg = pd.Series(facts["ndcg"])
        ndcg = ndcg[speed.reindex(ndcg.index) <= report["budget_ms"]]
        rivals = ndcg.drop("two-tower", errors="ignore")
        lows = pd.DataFrame(facts["gain"], index=["low", "high"]).loc["low", rivals.index]
        proven = "two-tower" in ndcg and (lows >= report["least_gain"]).all()
        decision[name] = "two-tower" if proven else rivals.idxmax()
    return decision


def _ship_by_duels(report):
    wanted = {"split": "by time", "candidates": "all products", "settings_chosen_on": "validation"}
    for key, value in wanted.items():
        if report[key] != value:
            return "measure again"

    def served(facts):
        best, own = None, report["p99_ms"]["two-tower"] <= report["budget_ms"]
        for model, value in facts["ndcg"].items():
            if model == "two-tower" or report["p99_ms"][model] > report["budget_ms"]:
                continue
            if facts["gain"][model][0] < report["least_gain"]:
                own = False
            if best is None or value > facts["ndcg"][best]:
                best = model
        return "two-tower" if own else best

    return {name: served(facts) for name, facts in report["slices"].items()}


ALTERNATIVES = {
    "split_by_time": [_split_by_query, _split_by_cut],
    "recall_at_k": [_recall_by_edge, _recall_by_shuffled_columns],
    "ndcg_at_k": [_ndcg_by_groups, _ndcg_by_scikit_learn, _ndcg_in_natural_logarithms],
    "popularity_baseline": [_popularity_by_crosstab, _popularity_by_loop],
    "item_knn": [_knn_by_scikit_learn, _knn_sparse],
    "two_tower_scores": [_scores_by_scikit_learn, _scores_by_loops],
    "in_batch_softmax_loss": [_loss_by_scipy, _loss_by_rows, _loss_by_ratios],
    "in_batch_softmax_gradient": [
        _gradient_by_jacobians,
        _gradient_by_differences,
        _gradient_by_matrices,
    ],
    "train_two_tower": [_train_by_epochs, _train_in_single_precision],
    "retrieve": [
        _retrieve_by_list,
        _retrieve_by_heap,
        _retrieve_by_lexsort,
        _retrieve_by_partition,
    ],
    "paired_bootstrap": [_bootstrap_by_scipy, _bootstrap_by_weights, _bootstrap_by_loop],
    "ship_it": [_ship_by_tables, _ship_by_duels],
}

# --- the lesson's own tests; those of its solutions have a file of their own --------------------


def test_a_report_that_lets_the_two_tower_win_everywhere_is_rejected():
    """Also where it never looks at the figures; and the pitfall is named."""
    answer = LocalAnswer({"ship_it": lambda report: dict.fromkeys(report["slices"], "two-tower")})
    verdict = run_check(LESSON.exercise("ship_it"), answer)
    assert (0, "the two-tower wins everywhere") == (verdict.points, verdict.pitfall)


def test_an_unsound_report_decides_nothing():
    """Right slices, wrong evidence: the part on evidence is lost, the other one earned."""

    def gullible(report):
        return _ship_by_duels({**report, "split": "by time", "candidates": "all products"})

    verdict = run_check(LESSON.exercise("ship_it"), LocalAnswer({"ship_it": gullible}))
    assert [True, False] == [part.right for part in verdict.parts]


@pytest.mark.parametrize(("rate", "keep"), [(0.02, 0.0), (0.5, 0.0), (0.02, 0.9), (0.1, 0.9)])
def test_descent_at_any_rate_is_another_optimiser(rate, keep):
    """Near the truth, but not by Adam: named, and only the part on sold products is lost."""
    answer = LocalAnswer({"train_two_tower": partial(_train_by_momentum, rate, keep)})
    verdict = run_check(LESSON.exercise("train_two_tower"), answer, 4)
    assert "another optimiser" == verdict.pitfall
    assert [False, True] == [part.right for part in verdict.parts]


def test_intervals_of_right_answers_stay_inside_the_tolerance():
    """Forty bootstraps: five standard deviations of their ends fit into the tolerance."""
    (case,) = bootstrap._many_draws(np.random.default_rng(2))
    a, b, draws, _ = case.args
    half, centre = bootstrap._half_width(case), np.mean(a - b)
    ends = []
    for seed in range(40):
        rows = np.random.default_rng(seed).integers(len(a), size=(draws, len(a)))
        ends.append(np.quantile((a - b)[rows].mean(axis=1), [0.025, 0.975]))
    off = (np.array(ends) - [centre - half, centre + half]) / half
    assert np.abs(off.mean(axis=0)).max() + 5 * off.std(axis=0).max() < bootstrap._NEAR
