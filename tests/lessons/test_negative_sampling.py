"""The lesson on negative sampling: its right answers, its exact tests of draws, its tie rules."""

from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd

from pitfalls import lessons

LESSON = lessons.get("negative_sampling")


# --- independent right answers -----------------------------------------------------------------


def _uniform_by_rejection(positives, n_items, k, rng):
    rows = []
    for own in positives:
        taken = set(own.tolist())
        row = []
        while len(row) < k:
            item = int(rng.integers(n_items))
            if item not in taken:
                taken.add(item)
                row.append(item)
        rows.append(row)
    return rows


def _uniform_by_keys(positives, n_items, k, rng):
    keys = rng.random((len(positives), n_items))
    for user, own in enumerate(positives):
        keys[user, own] = 2
    return np.argsort(keys, axis=1)[:, :k]


def _uniform_by_the_standard_library(positives, n_items, k, rng):
    draw = random.Random(int(rng.integers(2**31)))
    rows = [draw.sample(sorted(set(range(n_items)) - set(map(int, own))), k) for own in positives]
    return pd.DataFrame(rows).to_numpy()


def _popularity_by_logarithms(counts, alpha, size, rng):
    with np.errstate(divide="ignore"):
        logs = np.where(counts > 0, alpha * np.log(np.maximum(counts, 1)), -np.inf)
    q = np.exp(logs - logs.max())
    q /= q.sum()
    where = np.searchsorted(np.cumsum(q), rng.random(size), side="right")
    return np.minimum(where, np.flatnonzero(q)[-1]), q


def _popularity_by_series(counts, alpha, size, rng):
    sold = pd.Series(counts, dtype=float).loc[lambda s: s > 0]
    weights = (sold / sold.sum()) ** alpha
    q = (weights / weights.sum()).reindex(range(len(counts)), fill_value=0.0)
    return [int(item) for item in rng.choice(q.index, size, p=q)], q


def _popularity_by_multinomial(counts, alpha, size, rng):
    weights = [float(c) ** alpha if c else 0.0 for c in counts]
    q = [w / math.fsum(weights) for w in weights]
    often = rng.multinomial(size, q)
    return [rng.permutation(np.repeat(np.arange(len(counts)), often)), q]


def _in_batch_by_loops(scores, users, items, bought):
    masked = [[float(score) for score in row] for row in scores]
    for i, user in enumerate(users):
        for j, item in enumerate(items):
            if i != j and bought[user, item]:
                masked[i][j] = -math.inf
    return masked


def _in_batch_by_where(scores, users, items, bought):
    hit = bought[users][:, items]
    own = np.arange(len(users))[:, None] == np.arange(len(items))
    return np.where(hit & ~own, np.finfo(float).min, scores)


def _in_batch_by_penalty(scores, users, items, bought):
    penalty = 1e9 * bought[np.ix_(users, items)].astype(float)
    np.fill_diagonal(penalty, 0)
    return scores - penalty


def _logq_by_columns(scores, q):
    corrected = scores.copy()
    for column, chance in enumerate(q):
        corrected[:, column] -= math.log(chance)
    return corrected


def _logq_by_ratio(scores, q):
    return [[math.log(1 / c) + s for s, c in zip(row, q, strict=True)] for row in scores]


def _hard_by_sorting(scores, bought, k, skip):
    rows = []
    for row, own in zip(scores, bought, strict=True):
        others = [item for item in range(len(row)) if not own[item]]
        rows.append(sorted(others, key=lambda item: -row[item])[skip : skip + k])
    return rows


def _hard_by_partition(scores, bought, k, skip):
    masked = np.ma.array(scores, mask=bought).filled(-np.inf)
    top = np.argpartition(-masked, skip + k - 1, axis=1)[:, : skip + k]
    order = np.argsort(-np.take_along_axis(masked, top, axis=1), axis=1)
    return np.take_along_axis(top, order, axis=1)[:, skip:]


def _hard_by_series(scores, bought, k, skip):
    table = pd.DataFrame(scores).mask(bought)
    return np.array([row.nlargest(skip + k).index[skip:].to_list() for _, row in table.iterrows()])


def _recalibrated_by_counts(p, rate):
    positives, negatives = p, (1 - p) / rate
    return positives / (positives + negatives)


def _recalibrated_by_product(p, rate):
    return [rate * x / (1 - x + rate * x) for x in p]


def _recalls_by_loops(scores, bought, users, targets, negatives, k):
    full, sampled = [], []
    for model in scores:
        hits, hits_in_sample = [], []
        for row, (user, target) in enumerate(zip(users, targets, strict=True)):
            mine = model[user, target]
            rivals = [i for i in range(model.shape[1]) if i != target and not bought[user, i]]
            hits.append(1 + sum(model[user, i] >= mine for i in rivals) <= k)
            hits_in_sample.append(1 + sum(model[user, i] >= mine for i in negatives[row]) <= k)
        full.append(sum(hits) / len(hits))
        sampled.append(sum(hits_in_sample) / len(hits_in_sample))
    turned = 0
    for a in range(len(full)):
        for b in range(a):
            turned += (full[a] < full[b] and sampled[a] > sampled[b]) or (
                full[a] > full[b] and sampled[a] < sampled[b]
            )
    return full, sampled, turned


def _recalls_by_thresholds(scores, bought, users, targets, negatives, k):
    rows = np.arange(len(users))
    found = np.empty((2, len(scores)))
    for m, model in enumerate(scores):
        rivals = np.where(bought, -np.inf, model)[users]
        mine = rivals[rows, targets]
        rivals[rows, targets] = -np.inf
        kth = -np.sort(-rivals, axis=1)[:, k - 1]
        kth_drawn = -np.sort(-model[users[:, None], negatives], axis=1)[:, k - 1]
        found[:, m] = (mine > kth).mean(), (mine > kth_drawn).mean()
    signs = np.sign(found[:, :, None] - found[:, None, :])  # (2, models, models)
    return found[0], found[1], int((signs[0] * signs[1] == -1).sum()) // 2


ALTERNATIVES = {
    "uniform_negatives": [
        _uniform_by_rejection,
        _uniform_by_keys,
        _uniform_by_the_standard_library,
    ],
    "popularity_negatives": [
        _popularity_by_logarithms,
        _popularity_by_series,
        _popularity_by_multinomial,
    ],
    "in_batch_negatives": [_in_batch_by_loops, _in_batch_by_where, _in_batch_by_penalty],
    "logq_correction": [_logq_by_columns, _logq_by_ratio],
    "hard_negatives": [_hard_by_sorting, _hard_by_partition, _hard_by_series],
    "downsample_recalibrate": [_recalibrated_by_counts, _recalibrated_by_product],
    "sampled_vs_full_recall": [_recalls_by_loops, _recalls_by_thresholds],
}
