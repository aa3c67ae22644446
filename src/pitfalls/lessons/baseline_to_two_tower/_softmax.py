"""The in-batch softmax: its loss and its gradient.

A batch has B pairs. Row i of the scores belongs to the household of pair i, column j to the
product of pair j, so the true pairs stand on the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, show

__all__ = ["IN_BATCH_SOFTMAX_GRADIENT", "IN_BATCH_SOFTMAX_LOSS"]

Array = np.ndarray[Any, Any]
_SIZE = 6


# --- what is drawn ---------------------------------------------------------------------------


def _only_own(size: int = _SIZE) -> Array:
    return np.eye(size, dtype=bool)


def _some_hits(rng: np.random.Generator) -> Array:
    """Two rows with two accidental hits, one with one, the others without; not symmetric."""
    bought = _only_own()
    a, b, c, d, e, _ = rng.permutation(_SIZE)
    bought[[a, a, b, b, c], [b, c, d, e, a]] = True
    return bought


def _shares(rng: np.random.Generator) -> Array:
    """Logarithms of how often each product is drawn, from rare to frequent."""
    shares = rng.permutation([0.3, 0.12, 0.05, 0.02, 0.008, 0.003])
    return np.log(shares * rng.uniform(0.9, 1.1, _SIZE))


def _scores(rng: np.random.Generator) -> Array:
    return np.asarray(rng.normal(0, 1.5, size=(_SIZE, _SIZE)))


def _plain(rng: np.random.Generator) -> list[Case]:
    level = np.full(_SIZE, np.log(0.01))
    large = _scores(rng) + 900
    return [
        Case(_scores(rng), _only_own(), level, label="all products equally frequent, no hits"),
        Case(large, _only_own(), level, label="the same with large scores"),
    ]


def _unlike(rng: np.random.Generator) -> list[Case]:
    return [Case(_scores(rng), _only_own(), _shares(rng), label="some products more frequent")]


def _with_hits(rng: np.random.Generator) -> list[Case]:
    return [Case(_scores(rng), _some_hits(rng), _shares(rng), label="five accidental hits")]


# --- the reference ---------------------------------------------------------------------------


def _row_by_row(scores: Array, bought: Array, log_q: Array) -> float:
    """Each row over its own list of rivals."""
    losses = []
    for i in range(len(scores)):
        rivals = [j for j in range(len(scores)) if j == i or not bought[i, j]]
        corrected = scores[i, rivals] - log_q[rivals]
        losses.append(logsumexp(corrected) - (scores[i, i] - log_q[i]))
    return float(np.mean(losses))


# --- wrong ways ------------------------------------------------------------------------------

Correct = Callable[[Array, Array], Array]
Mask = Callable[[Array, Array], Array]


def _corrected(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores - log_q)


def _added(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores + log_q)


def _uncorrected(scores: Array, log_q: Array) -> Array:
    return scores


def _off(scores: Array, bought: Array) -> Array:
    """Accidental hits out, the diagonal stays."""
    hits = bought & ~np.eye(len(bought), dtype=bool)
    return np.where(hits, -np.inf, scores)


def _unmasked(scores: Array, bought: Array) -> Array:
    return scores


def _own(scores: Array) -> Array:
    return np.eye(len(scores))


def _loss(
    correct: Correct = _corrected,
    mask: Mask = _off,
    each: Callable[[Array], Array] = lambda z: -np.diag(log_softmax(z, axis=1)),
    total: Callable[[Array], Any] = np.mean,
) -> Callable[[Array, Array, Array], float]:
    """The loss with one of its steps done in another way."""

    def answer(scores: Array, bought: Array, log_q: Array) -> float:
        return float(total(each(mask(correct(scores, log_q), bought))))

    return answer


def _overflows(z: Array) -> Array:
    powers = np.exp(z)
    return np.asarray(-np.log(np.diag(powers) / powers.sum(axis=1)))


def _without_itself(z: Array) -> Array:
    rivals = np.where(np.eye(len(z)), -np.inf, z)
    return np.asarray(logsumexp(rivals, axis=1) - np.diag(z))


def _two_ways(z: Array) -> Array:
    across = np.diag(log_softmax(z, axis=1))
    down = np.diag(log_softmax(z, axis=0))
    return np.asarray(-(across + down) / 2)


def _one_against_the_rest(z: Array) -> Array:
    """Every cell of the table by itself: a logistic loss."""
    signs = 2 * np.eye(len(z)) - 1
    return np.asarray(np.logaddexp(0, -signs * z).mean(axis=1))


def _over_all(z: Array) -> Array:
    return np.asarray(logsumexp(z) - np.diag(z))


def _negatives_only(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores - log_q * (1 - np.eye(len(scores))))


def _positives_only(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores - log_q * np.eye(len(scores)))


def _not_a_logarithm(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores - np.exp(log_q))


def _by_division(scores: Array, log_q: Array) -> Array:
    return np.asarray(scores / np.exp(log_q))


def _zero_for_hits(scores: Array, bought: Array) -> Array:
    return np.where(bought & ~np.eye(len(bought), dtype=bool), 0.0, scores)


def _turned(scores: Array, bought: Array) -> Array:
    return _off(scores, bought.T)


def _hits_kept(scores: Array, bought: Array) -> Array:
    """The mask the wrong way round: only what was bought stays."""
    return np.where(bought, scores, -np.inf)


def _any_purchase(scores: Array, bought: Array, log_q: Array) -> float:
    z = _corrected(scores, log_q)
    above = logsumexp(np.where(bought, z, -np.inf), axis=1)
    return float(np.mean(logsumexp(z, axis=1) - above))


def _all_bought_out(scores: Array, bought: Array) -> Array:
    return np.where(bought, -np.inf, scores)


def _too_large(case: Case, value: Any) -> bool:
    """Not finite where an exponential of the scores is not."""
    return not np.isfinite(value) and bool(case.args[0].max() > 700)


def _not_finite(case: Case, value: Any) -> bool:
    return not np.isfinite(value) and bool(case.args[1].sum() > len(case.args[1]))


IN_BATCH_SOFTMAX_LOSS = Exercise(
    "in_batch_softmax_loss",
    "(scores, bought, log_q)",
    "The in-batch softmax loss",
    difficulty=4,
    minutes=18,
    parts=(
        Part("softmax over the batch", 2, _plain, _row_by_row),
        Part("corrected for frequency", 2, _unlike, _row_by_row),
        Part("without accidental hits", 2, _with_hits, _row_by_row),
    ),
    pitfalls=(
        Pitfall(
            "softmax over the wrong axis",
            "Each column added up to one: that asks which household a product belongs to. For a "
            "household you choose among products, so each *row* is a distribution.",
            _loss(each=lambda z: -np.diag(log_softmax(z, axis=0))),
        ),
        Pitfall(
            "one softmax over the whole table",
            "All B² cells were taken for one distribution. Every row is a question of its own.",
            _loss(each=_over_all),
        ),
        Pitfall(
            "both directions averaged",
            "The mean of a loss over rows and one over columns is used for pairs of pictures and "
            "captions. Here only rows are asked: households choose, products do not.",
            _loss(each=_two_ways),
        ),
        Pitfall(
            "summed over the batch",
            "A sum grows with the batch, and the step size with it. Take the mean over the rows.",
            _loss(total=np.sum),
        ),
        Pitfall(
            "the sign is missing",
            "That is the mean log-likelihood, which is to go up. A loss goes down: minus.",
            _loss(each=lambda z: np.diag(log_softmax(z, axis=1))),
        ),
        Pitfall(
            "probabilities without the logarithm",
            "One minus the probability hardly moves when a pair is very wrong, just where learning "
            "is needed. Take −log of the probability.",
            _loss(each=lambda z: 1 - np.diag(softmax(z, axis=1))),
        ),
        Pitfall(
            "logarithm of base 2",
            "That is the loss in bits. Asked for is the natural logarithm.",
            _loss(each=lambda z: -np.diag(log_softmax(z, axis=1)) / np.log(2)),
        ),
        Pitfall(
            "the true pair is missing below",
            "The denominator holds the rivals only, so this is no probability, and its logarithm "
            "has no limit. The true pair belongs to its own row as well.",
            _loss(each=_without_itself),
        ),
        Pitfall(
            "every cell by itself",
            "A logistic loss on each cell does not let the products of a row compete. Softmax "
            "over the row.",
            _loss(each=_one_against_the_rest),
        ),
        Pitfall(
            "overflow",
            "exp(900) is infinite, and so is its logarithm; inf / inf is NaN. Subtract each row's "
            "largest entry before you take the exponential: the softmax does not change.",
            _loss(each=_overflows),
            _too_large,
        ),
        Pitfall(
            "no correction for frequency",
            "log_q had no effect. Either it was left out, or it was subtracted along the rows, "
            "where the same number in a whole row cancels. It belongs to the *product*: column j "
            "gets log_q[j].",
            _loss(_uncorrected),
        ),
        Pitfall(
            "the sign of logQ",
            "You added log q. A product that is often in the batch is often a negative, and is "
            "pushed down too much; adding pushes it down again. Subtract.",
            _loss(_added),
        ),
        Pitfall(
            "the true pair is not corrected",
            "You corrected the negatives only. The positive is drawn with the same frequencies: "
            "its column gets its log_q too.",
            _loss(_negatives_only),
        ),
        Pitfall(
            "only the true pair is corrected",
            "You corrected the diagonal only. It is the frequent *negatives* that are pushed down "
            "too much: correct every column.",
            _loss(_positives_only),
        ),
        Pitfall(
            "q without the logarithm",
            "You subtracted q itself. Scores are logarithms of what is compared, so dividing by q "
            "means subtracting its logarithm, which is what log_q holds already.",
            _loss(_not_a_logarithm),
        ),
        Pitfall(
            "scores divided by q",
            "It is exp(score) that is divided by q. On the score itself that is a subtraction.",
            _loss(_by_division),
        ),
        Pitfall(
            "accidental hits counted as negatives",
            "Where `bought[i, j]` is true beside the diagonal, household i has bought that product "
            "as well, and you taught the model that it does not want it. Take such cells out of "
            "the row *before* the softmax. (Setting their probability to 0 afterwards changes "
            "nothing: they are in the sum already.)",
            _loss(mask=_unmasked),
        ),
        Pitfall(
            "zero for an accidental hit",
            "A score of 0 is a score: exp(0) = 1 stays in the sum. What is out has the score −inf.",
            _loss(mask=_zero_for_hits),
        ),
        Pitfall(
            "hits of the other household",
            "You masked with the table turned round: cell (j, i) instead of (i, j). Row i asks "
            "what household i has bought.",
            _loss(mask=_turned),
        ),
        Pitfall(
            "the mask the wrong way round",
            "You kept what was bought and took out the rest. The negatives are what the household "
            "has *not* bought.",
            _loss(mask=_hits_kept),
        ),
        Pitfall(
            "every purchase of the row counts as the true pair",
            "You asked for the probability of *any* product of the batch that the household "
            "bought. A hit is neither a negative nor the pair: it leaves the row, above and below.",
            _any_purchase,
        ),
        Pitfall(
            "the true pair is masked",
            "The diagonal of `bought` is true as well. Masked with it, the true pair gets the "
            "probability 0, and −log 0 is infinite. Leave the diagonal in.",
            _loss(mask=_all_bought_out),
            _not_finite,
        ),
    ),
    hints=(
        "Write down row i: which products compete, and what stands in front of each exponential?",
        "z = scores − log_q (by columns); z = −inf where `bought` beside the diagonal; then −log "
        "of each row's softmax at the diagonal.",
        "log of the softmax at (i, i): z[i, i] − top[i] − log Σⱼ exp(z[i, j] − top[i]), with top "
        "the largest entry of the row. Mean over i, with a minus.",
    ),
)


# --- the gradient ----------------------------------------------------------------------------


def _pairs(rng: np.random.Generator) -> list[Case]:
    """Vectors of unlike length; B and d differ."""
    lengths = rng.uniform(0.5, 3, size=(2, _SIZE, 1))
    users, items = rng.normal(size=(2, _SIZE, 4)) * lengths
    temperature = float(rng.choice([0.25, 0.4, 0.7]))
    hits, log_q = _some_hits(rng), _shares(rng)
    return [Case(users, items, temperature, hits, log_q, label="6 pairs in 4 dimensions")]


def _loss_of_scores(scores: Array, bought: Array, log_q: Array) -> Any:
    """The loss, also at complex scores."""
    weights = np.where(bought & ~np.eye(len(bought), dtype=bool), 0, 1) * np.exp(-log_q)
    below = (weights * np.exp(scores)).sum(axis=1)
    above = np.diag(np.exp(scores)) * np.exp(-log_q)
    return np.log(below / above).mean()


def _scores_of(users: Array, items: Array, temperature: float) -> Array:
    """Cosines over the temperature, also at complex vectors (no conjugation)."""
    squares = (users**2).sum(axis=1)[:, None] * (items**2).sum(axis=1)
    return np.asarray(users @ items.T / np.sqrt(squares) / temperature)


def _differences(function: Callable[[Array], Any], at: Array) -> Array:
    """Finite differences along the imaginary axis: no rounding, however small the step."""
    gradient = np.empty_like(at)
    for place in np.ndindex(at.shape):
        moved = at.astype(complex)
        moved[place] += 1e-30j
        gradient[place] = function(moved).imag / 1e-30
    return gradient


def _by_differences(
    users: Array, items: Array, temperature: float, bought: Array, log_q: Array
) -> tuple[Array, Array, Array]:
    def loss(a: Array, b: Array) -> Any:
        return _loss_of_scores(_scores_of(a, b, temperature), bought, log_q)

    scores = _scores_of(users, items, temperature)
    return (
        _differences(lambda s: _loss_of_scores(s, bought, log_q), scores),
        _differences(lambda a: loss(a, items), users),
        _differences(lambda b: loss(users, b), items),
    )


_WHAT = ("d_scores", "d_users", "d_items")


def _entries(places: tuple[int, ...]) -> Comparison:
    inner = close(rtol=1e-5, atol=1e-8)

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if not isinstance(got, tuple | list) or len(got) != 3:
            says = "The result is not a triple (d_scores, d_users, d_items)."
            return Mismatch("type", says, show(got), "(d_scores, d_users, d_items)")
        for i in places:
            found = inner(got[i], wanted[i])
            if found is not None:
                says = f"{_WHAT[i]}: {found.says} (Held against finite differences.)"
                return Mismatch(found.stage, says, found.got, found.wanted)
        return None

    return compare


def _unit(X: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return X / length, length


def _through(g: Array, unit: Array, length: Array) -> Array:
    """Back through the division by the length."""
    along = (g * unit).sum(axis=1, keepdims=True) * unit
    return np.asarray((g - along) / length)


Share = Callable[[Array], Array]


def _gradient(
    correct: Correct = _corrected,
    mask: Mask = _off,
    shares: Share = lambda z: softmax(z, axis=1),
    table: Callable[[Array, Array], Array] = lambda p, own: (p - own) / len(p),
    rate: Callable[[float], float] = lambda temperature: 1 / temperature,
    back: Callable[[Array, Array, Array], Array] = _through,
    vectors: Callable[[Array, Array], Array] = lambda unit, raw: unit,
    turned: Callable[[Array], Array] = lambda d_scores: d_scores.T,
) -> Callable[..., tuple[Array, Array, Array]]:
    """The gradient with one of its steps done in another way."""

    def answer(
        users: Array, items: Array, temperature: float, bought: Array, log_q: Array
    ) -> tuple[Array, Array, Array]:
        a, a_length = _unit(users)
        b, b_length = _unit(items)
        z = mask(correct(a @ b.T / temperature, log_q), bought)
        table_d = table(shares(z), _own(z))
        scale = rate(temperature)
        left = back(scale * table_d @ vectors(b, items), a, a_length)
        right = back(scale * turned(table_d) @ vectors(a, users), b, b_length)
        return table_d, left, right

    return answer


def _swapped(
    users: Array, items: Array, temperature: float, bought: Array, log_q: Array
) -> tuple[Array, Array, Array]:
    d_scores, d_users, d_items = _gradient()(users, items, temperature, bought, log_q)
    return d_scores, d_items, d_users


def _hits_zeroed_late(
    users: Array, items: Array, temperature: float, bought: Array, log_q: Array
) -> tuple[Array, Array, Array]:
    """Hits take part in the softmax, and their cells are set to zero afterwards."""
    hits = bought & ~np.eye(len(bought), dtype=bool)

    def late(p: Array, own: Array) -> Array:
        return np.asarray(np.where(hits, 0, p - own) / len(p))

    return _gradient(mask=_unmasked, table=late)(users, items, temperature, bought, log_q)


def _raw_scores(
    users: Array, items: Array, temperature: float, bought: Array, log_q: Array
) -> tuple[Array, Array, Array]:
    """Inner products of the vectors as they came, nowhere normalised."""
    z = _off(users @ items.T / temperature - log_q, bought)
    d_scores = (softmax(z, axis=1) - _own(z)) / len(z)
    return d_scores, d_scores @ items / temperature, d_scores.T @ users / temperature


IN_BATCH_SOFTMAX_GRADIENT = Exercise(
    "in_batch_softmax_gradient",
    "(users, items, temperature, bought, log_q)",
    "Its gradient, derived",
    difficulty=5,
    minutes=25,
    parts=(
        Part("with respect to the scores", 3, _pairs, _by_differences, _entries((0,))),
        Part("with respect to the vectors", 4, _pairs, _by_differences, _entries((1, 2))),
    ),
    pitfalls=(
        Pitfall(
            "the sign is flipped",
            "Every entry has the opposite sign. Where a rival has a high probability, raising its "
            "score raises the loss: p − 1 on the diagonal, p elsewhere.",
            _gradient(table=lambda p, own: (own - p) / len(p)),
        ),
        Pitfall(
            "not divided by the size of the batch",
            "The loss is a mean over B rows, so every entry of its gradient carries 1 / B.",
            _gradient(table=lambda p, own: p - own),
        ),
        Pitfall(
            "divided by the size of the batch squared",
            "The mean is over the B rows, not over all B² cells.",
            _gradient(table=lambda p, own: (p - own) / len(p) ** 2),
        ),
        Pitfall(
            "the true pair is not subtracted",
            "You gave the probabilities themselves: every score would only ever be pushed down. "
            "The diagonal gets minus one.",
            _gradient(table=lambda p, own: p / len(p)),
        ),
        Pitfall(
            "only the true pair moves",
            "The cells beside the diagonal are zero: nothing pushes the rivals down. They get p.",
            _gradient(table=lambda p, own: (p - own) * own / len(p)),
        ),
        Pitfall(
            "softmax over the wrong axis",
            "Each column added up to one. A household chooses among products: rows.",
            _gradient(shares=lambda z: softmax(z, axis=0)),
        ),
        Pitfall(
            "the temperature is already in d_scores",
            "`d_scores` is the derivative with respect to the scores as they enter the loss, after "
            "the division. The temperature comes in one step later, on the way to the vectors.",
            lambda users, items, temperature, bought, log_q: tuple(
                part if i else part / temperature
                for i, part in enumerate(_gradient()(users, items, temperature, bought, log_q))
            ),
        ),
        Pitfall(
            "no correction for frequency",
            "The probabilities were taken from the scores alone. The loss takes them after "
            "subtracting log_q by columns, and so does its gradient.",
            _gradient(_uncorrected),
        ),
        Pitfall(
            "the sign of logQ",
            "log_q was added. Subtract it, as in the loss.",
            _gradient(_added),
        ),
        Pitfall(
            "accidental hits counted as negatives",
            "What the household has bought as well still took part in the softmax and is pushed "
            "down. Such cells are out of the row, and their gradient is zero.",
            _gradient(mask=_unmasked),
        ),
        Pitfall(
            "hits set to zero after the softmax",
            "The cells of the hits are zero, but their exponentials were still in the sum below, "
            "so the other entries are too small and the rows no longer add up to zero.",
            _hits_zeroed_late,
        ),
        Pitfall(
            "vectors not normalised",
            "The scores of this loss are cosines. You took inner products of the vectors as they "
            "came.",
            _raw_scores,
        ),
        Pitfall(
            "the temperature is forgotten on the way back",
            "scores = cosine / temperature, so the chain rule divides by the temperature as well.",
            _gradient(rate=lambda temperature: 1.0),
        ),
        Pitfall(
            "multiplied by the temperature",
            "scores = cosine / temperature: its derivative with respect to the cosine is "
            "1 / temperature.",
            _gradient(rate=lambda temperature: temperature),
        ),
        Pitfall(
            "stops at the unit vectors",
            "These are the gradients with respect to the *unit* vectors. One more step: the "
            "division by the length depends on the vector too.",
            _gradient(back=lambda g, unit, length: g),
        ),
        Pitfall(
            "the length taken for a constant",
            "You divided by the length, but lengthening a vector must change nothing: take out the "
            "part of the gradient along the vector itself.",
            _gradient(back=lambda g, unit, length: np.asarray(g / length)),
        ),
        Pitfall(
            "the length is forgotten",
            "The part along the vector is out, but a long vector turns more slowly than a short "
            "one: divide by the length.",
            _gradient(back=lambda g, unit, length: _through(g, unit, np.ones_like(length))),
        ),
        Pitfall(
            "raw vectors on the other side",
            "The cosine of u and v changes with u along the *unit* vector of v. You multiplied by "
            "v as it came.",
            _gradient(vectors=lambda unit, raw: raw),
        ),
        Pitfall(
            "the way back of inner products",
            "What comes after `d_scores` would be right if the scores were u·v / temperature. They "
            "are cosines: unit vectors on the other side, and one more step through the length.",
            _gradient(vectors=lambda unit, raw: raw, back=lambda g, unit, length: g),
        ),
        Pitfall(
            "divided by the squared length",
            "u enters û once: its length stands below, not the sum of its squares.",
            _gradient(back=lambda g, unit, length: _through(g, unit, length**2)),
        ),
        Pitfall(
            "d_scores is not turned round",
            "A product's gradient collects its *column* of d_scores: d_scores.T @ unit users.",
            _gradient(turned=lambda d_scores: d_scores),
        ),
        Pitfall(
            "households and products swapped",
            "The second and the third array have changed places.",
            _swapped,
        ),
    ),
    hints=(
        "Three links: loss → scores (softmax minus one-hot), scores → unit vectors (divide by the "
        "temperature), unit vectors → vectors (turn, never lengthen).",
        "d_scores = (p − identity) / B with p the softmax of the corrected and masked scores. "
        "For the unit users: d_scores @ unit_items / temperature.",
        "With g the gradient at the unit vector û: (g − (g·û) û) / length, row by row. For the "
        "items use d_scores.T and the unit users.",
    ),
)
