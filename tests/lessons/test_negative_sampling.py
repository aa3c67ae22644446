"""The lesson on negative sampling: its right answers, its exact tests of draws, its tie rules."""

from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pitfalls import lessons
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.lessons.negative_sampling._draw import unlikely

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

# --- the lesson's own tests --------------------------------------------------------------------


def _verdict(name, answer, seed=5):
    return run_check(LESSON.exercise(name), LocalAnswer({name: answer}), seed)


@pytest.mark.parametrize(("trials", "chance"), [(600, 4 / 17), (600, 0.044), (20_000, 0.0013)])
def test_a_right_count_is_called_unlikely_once_in_100_billion_draws(trials, chance):
    """The counts that are rejected have a total probability of at most 10^-11, and not of 0."""
    counts = np.arange(trials + 1)
    rejected = unlikely(counts, trials, chance)
    assert 0 < stats.binom.pmf(counts[rejected], trials, chance).sum() <= 1e-11


def test_a_right_sampler_meets_fewer_than_a_thousand_tests_a_case():
    """The number of counts that a case looks at keeps false rejections below 10^-6."""
    rng = np.random.default_rng(0)
    positives, n_items, _, _ = LESSON.exercise("uniform_negatives").parts[1].cases(rng)[0].args
    allowed = n_items - len(positives[0])
    assert 1000 > 2 * (allowed + allowed * (allowed - 1) // 2)
    for case in LESSON.exercise("popularity_negatives").parts[1].cases(rng):
        assert 1000 > len(case.args[0])


def test_forty_items_do_not_come_once_each_by_chance():
    """Independent draws give 36 different items of 36 at most once in 10^13 times."""
    assert 1e-13 > math.factorial(36) / 36**36


def test_equal_chances_alone_do_not_pass():
    """Two neighbours at a time: each item as often as it should, but not each pair."""

    def in_couples(positives, n_items, k, rng):
        rows = []
        for own in positives:
            others = np.setdiff1d(np.arange(n_items), own)
            if k != 4:
                rows.append(rng.permutation(others)[:k])
                continue
            turned = np.roll(others, rng.integers(len(others)))
            a, b = 2 * rng.choice(len(others) // 2, 2, replace=False)
            rows.append(turned[[a, a + 1, b, b + 1]])
        return np.array(rows)

    verdict = _verdict("uniform_negatives", in_couples)
    assert [True, False] == [part.right for part in verdict.parts]
    assert "some pairs of items" in verdict.message


def test_one_negative_too_likely_by_half_is_found():
    """A popular item that comes one and a half times as often as q says is no accident."""

    def tilted(counts, alpha, size, rng):
        q = np.where(counts > 0, np.maximum(counts, 1) ** float(alpha), 0.0)
        q /= q.sum()
        used = q.copy()
        used[np.argmax(q)] *= 1.5
        return rng.choice(len(q), size, p=used / used.sum()), q

    verdict = _verdict("popularity_negatives", tilted)
    assert [True, False] == [part.right for part in verdict.parts]


def _with(make):
    """The right answers to both exercises in sampling, with a generator from elsewhere."""
    return {
        "uniform_negatives": lambda p, n, k, rng: _uniform_by_rejection(p, n, k, make(rng)),
        "popularity_negatives": lambda c, a, s, rng: _popularity_by_logarithms(c, a, s, make(rng)),
    }


@pytest.mark.parametrize("name", ["uniform_negatives", "popularity_negatives"])
@pytest.mark.parametrize(
    ("make", "pitfall"),
    [
        (lambda rng: np.random.default_rng(0), "a generator of its own"),
        (lambda rng: np.random.default_rng(), "a generator of its own"),
        (lambda rng: np.random.default_rng(rng.bit_generator.seed_seq), "a generator of its own"),
        (lambda rng: rng.spawn(1)[0], None),
        (lambda rng: np.random.default_rng(int(rng.integers(2**40))), None),
    ],
)
def test_the_draws_come_from_the_generator_that_came_in(name, make, pitfall):
    """Fair draws from elsewhere lose the point for drawing, under a name of their own."""
    verdict = _verdict(name, _with(make)[name])
    assert (pitfall, 3 if pitfall is None else 2) == (verdict.pitfall, verdict.points)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -100.0, 0.0])
def test_only_minus_infinity_or_what_is_as_good_masks(value):
    """Plus infinity, NaN and moderate numbers in the place of hits earn nothing."""

    def wrong(scores, users, items, bought):
        hit = bought[np.ix_(users, items)]
        np.fill_diagonal(hit, False)
        return np.where(hit, value, scores)

    assert 0 == _verdict("in_batch_negatives", wrong).points


def test_masking_in_place_is_named():
    """The right mask written into the caller's scores: rejected as a change of the input."""

    def in_place(scores, users, items, bought):
        hit = bought[np.ix_(users, items)]
        np.fill_diagonal(hit, False)
        scores[hit] = -np.inf
        return scores

    assert "changes its input" == _verdict("in_batch_negatives", in_place).pitfall


def test_recalibration_puts_back_what_was_thrown_away():
    """Ten positives, 990 negatives, a tenth of them kept: 10/109 becomes 10/1000."""
    wanted = LESSON.exercise("downsample_recalibrate").parts[0].wanted
    assert [0.01, 1.0, 0.0] == pytest.approx(wanted(np.array([10 / 109, 1.0, 0.0]), 0.1).tolist())


def test_recalls_of_a_table_worked_out_by_hand():
    """Two models, one user with items 0 to 4, of which 0 is bought and 1 is the target."""
    scores = np.array([[[9.0, 3.0, 2.0, 3.0, 1.0]], [[0.0, 2.0, 4.0, 1.0, 3.0]]])
    bought = np.array([[True, False, False, False, False]])
    users, targets, negatives = np.array([0]), np.array([1]), np.array([[3, 3]])
    wanted = LESSON.exercise("sampled_vs_full_recall").parts[0].wanted
    # full places: 2 (a tie with item 3 counts against it) and 3; among the sample: 3 and 1
    assert ([1.0, 0.0], [0.0, 1.0], 1) == wanted(scores, bought, users, targets, negatives, 2)
