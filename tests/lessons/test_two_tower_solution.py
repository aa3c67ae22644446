"""The solutions of the two-tower lesson: held against PyTorch, and far from the checks' limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from pitfalls import lessons
from pitfalls.build import checkout, solution_source
from pitfalls.build._source import parse
from pitfalls.checks import LocalAnswer, run_check
from pitfalls.lessons.baseline_to_two_tower import _train as training

NAME = "baseline_to_two_tower"
LESSON = lessons.get(NAME)


def _notebook():
    """What the notebook defines: its solutions and its Adam."""
    scope = {"np": np, "pd": pd}
    source = checkout() / "autograder" / "exercises" / LESSON.chapter / f"{NAME}.py"
    (helper,) = (cell.source for cell in parse(source) if cell.source.startswith("def adam("))
    exec(helper, scope)
    for exercise in LESSON.exercises:
        exec(solution_source(NAME, exercise.name), scope)
    return scope


SOLVED = _notebook()


START, RATE = 0.05, 0.02
"""The spread of the first weights and the first rate, as the notebook's recipe has them."""


def _batch(seed, size=24, dim=5):
    """Vectors, accidental hits and frequencies of a batch; the hits are no symmetric table."""
    rng = np.random.default_rng(seed)
    users, items = rng.normal(size=(2, size, dim)) * rng.uniform(0.3, 3, size=(2, size, 1))
    bought = (rng.random((size, size)) < 0.2) | np.eye(size, dtype=bool)
    return users, items, 0.15, bought, np.log(rng.uniform(1e-4, 0.1, size))


def _loss_in_torch(users, items, temperature, bought, log_q):
    """The loss, and the scores that it saw, as PyTorch computes them."""
    unit = torch.nn.functional.normalize
    scores = unit(users, eps=0) @ unit(items, eps=0).T / temperature
    scores.retain_grad()
    hits = torch.from_numpy(bought) & ~torch.eye(len(users), dtype=torch.bool)
    z = (scores - torch.from_numpy(log_q)).masked_fill(hits, -torch.inf)
    return torch.nn.functional.cross_entropy(z, torch.arange(len(users))), scores


@pytest.mark.parametrize("seed", range(3))
def test_loss_and_gradient_are_those_of_pytorch(seed):
    """Autograd through normalisation, temperature, correction and mask gives the same numbers."""
    users, items, temperature, bought, log_q = _batch(seed)
    a, b = (torch.from_numpy(it).requires_grad_() for it in (users, items))
    loss, scores = _loss_in_torch(a, b, temperature, bought, log_q)
    loss.backward()

    assert loss.item() == pytest.approx(
        SOLVED["in_batch_softmax_loss"](scores.detach().numpy(), bought, log_q), rel=1e-12
    )
    found = SOLVED["in_batch_softmax_gradient"](users, items, temperature, bought, log_q)
    for wanted, got in zip((scores.grad, a.grad, b.grad), found, strict=True):
        np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-9, atol=1e-14)


def test_the_checks_reference_is_that_of_pytorch_too():
    """What answers are held against, finite differences, agrees with autograd."""
    exercise = LESSON.exercise("in_batch_softmax_gradient")
    (case,) = exercise.parts[0].cases(np.random.default_rng(8))
    users, items, *rest = case.args
    a, b = (torch.from_numpy(it).requires_grad_() for it in (users, items))
    loss, scores = _loss_in_torch(a, b, *rest)
    loss.backward()
    for wanted, got in zip(
        (scores.grad, a.grad, b.grad), exercise.parts[0].wanted(*case.args), strict=True
    ):
        np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-9, atol=1e-13)


def test_adam_is_that_of_pytorch():
    """Five steps of the notebook's Adam with a falling rate end where PyTorch's end."""
    rng = np.random.default_rng(0)
    mine = rng.normal(size=(7, 3))
    theirs = torch.from_numpy(mine.copy()).requires_grad_()
    optimiser, memory = torch.optim.Adam([theirs]), {"m": 0.0, "v": 0.0}
    for t in range(1, 6):
        gradient = rng.normal(size=mine.shape) * 10.0 ** rng.integers(-4, 4, size=mine.shape)
        optimiser.param_groups[0]["lr"] = 0.02 / t
        theirs.grad = torch.from_numpy(gradient)
        optimiser.step()
        SOLVED["adam"](mine, gradient, memory, t, 0.02 / t)
    np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=1e-9)


def test_one_training_step_is_that_of_pytorch():
    """Same start, same batch: one step of the solution changes both towers as PyTorch does."""
    rng = np.random.default_rng(1)
    H, F = rng.normal(size=(40, 6)), rng.normal(size=(30, 9))
    pairs = np.argwhere(rng.random((40, 30)) < 0.3)
    dim, temperature = 4, 0.2
    P, Q = SOLVED["train_two_tower"](H, F, pairs, dim, temperature, 2, np.random.default_rng(5))

    again = np.random.default_rng(5)
    towers = [again.normal(0, START, (width.shape[1], dim)) for width in (H, F)]
    towers = [torch.from_numpy(tower).requires_grad_() for tower in towers]
    known = np.zeros((40, 30), dtype=bool)
    known[tuple(pairs.T)] = True
    log_q = np.log(np.bincount(pairs[:, 1], minlength=30) / len(pairs))
    optimiser = torch.optim.Adam(towers)
    for rate in (RATE / 2, 0.0):  # it falls to zero in two steps
        i, j = pairs[again.integers(len(pairs), size=256)].T
        users, items = (torch.from_numpy(x) @ w for x, w in zip((H[i], F[j]), towers, strict=True))
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss, _ = _loss_in_torch(users, items, temperature, known[i][:, j], log_q[j])
        loss.backward()
        optimiser.step()
    for got, wanted in zip((P, Q), towers, strict=True):
        np.testing.assert_allclose(got, wanted.detach().numpy(), rtol=1e-7, atol=1e-9)


def test_training_in_pytorch_is_accepted():
    """PyTorch's own gradients, its own Adam and its own schedule earn full marks."""
    answer = LocalAnswer({"train_two_tower": _train_in_torch})
    verdict = run_check(LESSON.exercise("train_two_tower"), answer, 6)
    assert verdict.right, str(verdict)


def _train_in_torch(H, F, pairs, dim, temperature, steps, rng):
    """PyTorch's own gradients, its Adam, and its schedule for the rate."""
    seed = int(rng.integers(2**31))
    maker = torch.Generator().manual_seed(seed)
    H, F, pairs = (torch.from_numpy(np.array(it)) for it in (H, F, pairs))
    P = (0.05 * torch.randn(H.shape[1], dim, generator=maker, dtype=H.dtype)).requires_grad_()
    Q = (0.05 * torch.randn(F.shape[1], dim, generator=maker, dtype=H.dtype)).requires_grad_()
    known = torch.zeros(len(H), len(F), dtype=torch.bool)
    known[pairs[:, 0], pairs[:, 1]] = True
    log_q = torch.log(torch.bincount(pairs[:, 1], minlength=len(F)) / len(pairs))
    optimiser = torch.optim.Adam([P, Q], lr=0.02)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    for _ in range(steps):
        i, j = pairs[torch.randint(len(pairs), (256,), generator=maker)].T
        users = torch.nn.functional.normalize(H[i] @ P)
        items = torch.nn.functional.normalize(F[j] @ Q)
        z = users @ items.T / temperature - log_q[j]
        hits = known[i][:, j] & ~torch.eye(len(i), dtype=torch.bool)
        z = z.masked_fill(hits, -torch.inf)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(z, torch.arange(len(i))).backward()
        optimiser.step()
        falling.step()
    return P.detach().numpy(), Q.detach().numpy()


def test_right_training_is_far_from_the_limits():
    """Eight worlds, the recipe of the text: four standard deviations and more from every limit."""
    found = []
    for seed in range(8):
        world = training._World(np.random.default_rng(seed))
        *given, start = world.args
        towers = SOLVED["train_two_tower"](*given, np.random.default_rng(start.seed))
        learned = training._learned(world, towers)
        found.append(
            [
                *training._travel(world, towers),
                training._divergence(world, learned),
                training._slope(world, learned),
                training._cold_share(world, learned),
            ]
        )
    mean, spread = np.mean(found, axis=0), 4 * np.std(found, axis=0)
    low, high = mean - spread, mean + spread
    assert low[0] > training._SMALLEST_WAY
    assert high[1] < training._LARGEST_LEAD
    assert high[2] < training._LARGEST_DIVERGENCE
    assert training._SLOPES[0] < low[3] < high[3] < training._SLOPES[1]
    assert low[4] > training._SMALLEST_SHARE


@pytest.mark.parametrize("name", ["recall_at_k", "ndcg_at_k"])
def test_any_order_of_ties_is_named(name):
    """Ties broken by a shuffle of the columns: right without ties, named with them."""

    def shuffled(scores, relevant, k):
        rng = np.random.default_rng(3)
        order = rng.permutation(scores.shape[1])
        nudged = scores[:, order] + np.arange(scores.shape[1]) * 1e-7
        return SOLVED[name](nudged, relevant[:, order], k)

    verdict = run_check(LESSON.exercise(name), LocalAnswer({name: shuffled}), 5)
    assert [True, False] == [part.right for part in verdict.parts]
    assert "ties broken by the order of the products" == verdict.pitfall
