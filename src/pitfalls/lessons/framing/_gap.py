"""What past experiments say about an offline metric: offline_online_gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, close, equal, show

from ._form import entries, telling

__all__ = ["OFFLINE_ONLINE_GAP"]

Candidate = dict[str, Any]
Rows = dict[str, Any]  # columns by name, as arrays
Share = Callable[[Rows], float]
_KEYS = ("rank_agreement", "sign_agreement", "verdict")
_VERDICTS = ("screen", "not shown", "outside")
_KINDS = ("re-ranking", "retrieval", "negative sampling", "features", "model size")
_Z = 1.96


# --- what is drawn ---------------------------------------------------------------------------


def _rows(
    rng: np.random.Generator,
    kind: str,
    agree: int,
    differ: int,
    unclear: int,
    most: float = 4.0,
    nod: bool = False,
) -> Rows:
    """Experiments of a kind: so many clear ones on each side, and so many that show nothing.

    Those that show nothing agree or not by luck; with `nod`, by bad luck they all agree.
    """
    n = agree + differ + unclear
    while True:
        signs = np.where(np.arange(n) < max(2, n // 3), -1, 1)
        offline = (rng.uniform(0.3, most, n) * rng.permutation(signs)).round(3)
        side = np.repeat([1, -1, 1], [agree, differ, unclear])
        side[agree + differ :] = 1 if nod else rng.choice([-1, 1], unclear)
        in_errors = rng.uniform(2.2, 6.0, n)
        in_errors[agree + differ :] = rng.uniform(1.1, 1.8, unclear)
        in_errors[agree + differ :: 2] = rng.uniform(0.05, 0.9, len(range(agree + differ, n, 2)))
        se = rng.uniform(0.1, 0.6, n).round(4)
        online = (np.sign(offline) * side * in_errors * se).round(5)
        if len(set(offline)) == len(set(online)) == n:  # no ties
            return {"kind": np.repeat(kind, n), "offline": offline, "online": online, "se": se}


def _case(
    rng: np.random.Generator,
    label: str,
    mine: tuple[int, int, int],
    others: tuple[int, int, int],
    gain: float | None = None,
    nod: bool = False,
    farthest_unclear: bool = False,
    short_side: int = 0,
) -> Case:
    """The candidate's kind and two others, in a drawn order; a gain is given in largest gains.

    With `farthest_unclear`, an unclear experiment has twice the offline gain of all others. With a
    `short_side`, gains (1) or losses (-1) reach half as far as the others.
    """
    kinds = rng.permutation(_KINDS)[:3].tolist()
    own = _rows(rng, kinds[0], *mine, nod=nod)
    if short_side:
        towards = own["offline"] * short_side
        shrunk = own["offline"] * (-0.5 * towards.min() / towards.max())
        own["offline"] = np.where(towards > 0, shrunk, own["offline"])
    if farthest_unclear:
        own["offline"][-1] = (2 * own["offline"].max()).round(3)
    # the other kinds tried a wider range, so that a gain may lie inside theirs only
    rest = [_rows(rng, kind, *others, most=12.0) for kind in kinds[1:]]
    low, high = own["offline"].min(), own["offline"].max()
    inside = low + (high - low) * rng.uniform(0.55, 0.9)
    offline = inside if gain is None else gain * (high if gain > 0 else -low)
    candidate = {"kind": kinds[0], "offline": round(float(offline), 2)}
    columns = {name: np.concatenate([own[name], *(it[name] for it in rest)]) for name in own}
    order = rng.permutation(len(columns["kind"]))
    table = pd.DataFrame({name: column[order] for name, column in columns.items()})
    return Case(table, candidate, label=label)


def _for_ranks(rng: np.random.Generator) -> list[Case]:
    return telling(
        lambda: [
            _case(rng, "mostly of one mind", (9, 1, 3), (3, 4, 2)),
            _case(rng, "of two minds", (4, 4, 4), (8, 0, 1)),
        ],
        lambda cases: [[round(ask(*case.args), 6) for case in cases] for ask in _RANKS],
    )


def _for_signs(rng: np.random.Generator) -> list[Case]:
    return telling(
        lambda: [
            _case(rng, "mostly of one mind", (8, 2, 7), (3, 4, 2)),
            _case(rng, "of two minds", (4, 5, 6), (8, 1, 3)),
            _case(rng, "no experiment of this kind is clear", (0, 0, 6), (5, 2, 2)),
        ],
        lambda cases: [[round(ask(*case.args), 6) for case in cases] for ask in _SIGNS],
    )


def _for_verdicts(rng: np.random.Generator) -> list[Case]:
    return telling(
        lambda: [
            _case(rng, "always of one mind", (9, 0, 3), (1, 5, 2)),
            _case(rng, "mostly of one mind", (9, 2, 3), (1, 5, 2)),
            _case(rng, "other kinds agree better", (6, 3, 3), (9, 0, 1)),
            _case(rng, "nearly of one mind", (9, 4, 3), (1, 6, 2)),
            _case(rng, "few clear experiments", (4, 0, 7), (1, 4, 2), nod=True),
            _case(rng, "against one another", (1, 10, 2), (6, 3, 2)),
            _case(rng, "a gain that nobody has seen", (10, 0, 2), (8, 1, 2), 1.4),
            _case(rng, "a gain that no other kind has seen", (11, 0, 1), (8, 1, 2), 5.0),
            _case(
                rng,
                "a gain that only an unclear one has seen",
                (9, 0, 3),
                (1, 5, 2),
                0.75,
                farthest_unclear=True,
            ),
            # by size, the losses that nobody has seen are inside, and so is the gain after them
            _case(rng, "a loss that nobody has seen", (10, 0, 2), (8, 1, 2), -1.4, short_side=-1),
            _case(
                rng,
                "a gain that nobody has seen, few experiments",
                (3, 1, 2),
                (8, 1, 2),
                1.3,
                short_side=1,
            ),
        ],
        lambda cases: [[ask(*case.args) for case in cases] for ask in _BY_LUCK_ALIKE],
    )


# --- the reference ---------------------------------------------------------------------------


def _wanted(experiments: pd.DataFrame, candidate: Candidate) -> dict[str, Any]:
    """SciPy's coefficient, and the tail of its binomial distribution."""
    rows = [row for row in experiments.to_dict("records") if row["kind"] == candidate["kind"]]
    offline = [row["offline"] for row in rows]
    online = [row["online"] for row in rows]
    clear = [row for row in rows if abs(row["online"]) / row["se"] > _Z]
    same = sum((row["offline"] > 0) == (row["online"] > 0) for row in clear)
    m = len(clear)
    luck = stats.binom.sf(same - 1, m, 0.5) if m else 1.0
    if not min(offline) <= candidate["offline"] <= max(offline):
        verdict = "outside"
    else:
        verdict = "screen" if luck <= 0.05 else "not shown"
    return {
        "rank_agreement": float(stats.spearmanr(offline, online)[0]),
        "sign_agreement": same / m if m else float("nan"),
        "verdict": verdict,
    }


def _verdict() -> Comparison:
    same = equal()

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if isinstance(got, str) and got not in _VERDICTS:
            says = f"{show(got)} is not one of {', '.join(map(repr, _VERDICTS))}."
            return Mismatch("value", says, show(got), ", ".join(_VERDICTS))
        return same(got, wanted)

    return compare


# --- wrong ways ------------------------------------------------------------------------------


def _all(experiments: pd.DataFrame) -> Rows:
    return {name: experiments[name].to_numpy() for name in ("offline", "online", "se")}


def _own(experiments: pd.DataFrame, candidate: Candidate) -> Rows:
    return _where(_all(experiments), experiments["kind"].to_numpy() == candidate["kind"])


def _where(rows: Rows, mask: Any) -> Rows:
    return {name: column[mask] for name, column in rows.items()}


def _clear(rows: Rows, errors: float = _Z) -> Rows:
    return _where(rows, np.abs(rows["online"]) > errors * rows["se"])


def _same_sign(rows: Rows) -> Any:
    return rows["offline"] * rows["online"] > 0


def _ranks(values: Any) -> Any:
    return np.argsort(np.argsort(values))  # no ties


def _pearson(rows: Rows) -> float:
    return float(np.corrcoef(rows["offline"], rows["online"])[0, 1])


def _spearman(rows: Rows) -> float:
    return _pearson({name: _ranks(rows[name]) for name in ("offline", "online")})


def _kendall(rows: Rows) -> float:
    return float(stats.kendalltau(rows["offline"], rows["online"])[0])


def _in_errors(rows: Rows) -> float:
    return _spearman({**rows, "online": rows["online"] / rows["se"]})


def _sizes_only(rows: Rows) -> float:
    return _spearman({name: np.abs(column) for name, column in rows.items()})


def _share(rows: Rows) -> float:
    same = _same_sign(rows)
    return float(same.mean()) if len(same) else float("nan")


def _ranks_of(
    rows: Callable[[Rows], Rows] = lambda rows: rows, how: Share = _spearman
) -> Callable[..., float]:
    return lambda experiments, candidate: how(rows(_own(experiments, candidate)))


def _rank_pooled(experiments: pd.DataFrame, candidate: Candidate) -> float:
    return _spearman(_all(experiments))


_rank = _ranks_of()
_rank_clear = _ranks_of(_clear)
_rank_pearson = _ranks_of(how=_pearson)
_rank_kendall = _ranks_of(how=_kendall)
_rank_in_errors = _ranks_of(how=_in_errors)
_rank_sizes = _ranks_of(how=_sizes_only)
_RANKS = (
    _rank, _rank_pooled, _rank_clear, _rank_pearson, _rank_kendall, _rank_in_errors, _rank_sizes,
)  # fmt: skip


def _signs_of(rows: Callable[[Rows], Rows], how: Share = _share) -> Callable[..., float]:
    return lambda experiments, candidate: how(rows(_own(experiments, candidate)))


def _sign_pooled(experiments: pd.DataFrame, candidate: Candidate) -> float:
    return _share(_clear(_all(experiments)))


def _sign_over_all(experiments: pd.DataFrame, candidate: Candidate) -> float:
    rows = _own(experiments, candidate)
    return float(_same_sign(_clear(rows)).sum() / len(rows["se"]))


def _from_the_mean(rows: Rows) -> float:
    if not len(rows["se"]):
        return float("nan")
    return _share({**rows, "offline": rows["offline"] - rows["offline"].mean()})


def _zero_without(rows: Rows) -> float:
    return _share(rows) if len(rows["se"]) else 0.0


def _disagree(rows: Rows) -> float:
    return 1 - _share(rows)


def _went_up(rows: Rows) -> Rows:
    return _where(_clear(rows), _clear(rows)["online"] > 0)


def _promised(rows: Rows) -> Rows:
    return _where(_clear(rows), _clear(rows)["offline"] > 0)


_sign = _signs_of(_clear)
_sign_all = _signs_of(lambda rows: rows)
_sign_one_error = _signs_of(lambda rows: _clear(rows, 1.0))
_sign_winners = _signs_of(_went_up)
_sign_promised = _signs_of(_promised)
_sign_mean = _signs_of(_clear, _from_the_mean)
_sign_zero = _signs_of(_clear, _zero_without)
_sign_turned = _signs_of(_clear, _disagree)
_SIGNS = (
    _sign, _sign_pooled, _sign_over_all, _sign_all, _sign_one_error, _sign_winners,
    _sign_promised, _sign_mean, _sign_zero, _sign_turned,
)  # fmt: skip


def _by_luck(rows: Rows) -> float:
    """How likely a coin agrees at least as often; 1 without any experiment."""
    m, same = len(rows["se"]), int(_same_sign(rows).sum())
    return float(sum(math.comb(m, i) for i in range(same, m + 1)) / 2**m)


def _more_by_luck(rows: Rows) -> float:
    """How likely a coin agrees more often than they did."""
    m, same = len(rows["se"]), int(_same_sign(rows).sum())
    return float(stats.binom.sf(same, m, 0.5)) if m else 1.0


def _just_so(rows: Rows) -> float:
    """How likely a coin agrees exactly as often."""
    m, same = len(rows["se"]), int(_same_sign(rows).sum())
    return float(math.comb(m, same) / 2**m)


def _by_luck_either_way(rows: Rows) -> float:
    turned = {**rows, "online": -rows["online"]}
    return min(1.0, 2 * min(_by_luck(rows), _by_luck(turned)))


def _is_outside(rows: Rows, candidate: Candidate) -> bool:
    return not rows["offline"].min() <= candidate["offline"] <= rows["offline"].max()


def _decide(
    shown: Callable[[Rows], bool] = lambda rows: _by_luck(_clear(rows)) <= 0.05,
    pooled: bool = False,
) -> Callable[..., str]:
    """The rule with another idea of what has been shown."""

    def answer(experiments: pd.DataFrame, candidate: Candidate) -> str:
        own = _own(experiments, candidate)
        if _is_outside(own, candidate):
            return "outside"
        return "screen" if shown(_all(experiments) if pooled else own) else "not shown"

    return answer


def _range_ignored(experiments: pd.DataFrame, candidate: Candidate) -> str:
    own = _clear(_own(experiments, candidate))
    return "screen" if _by_luck(own) <= 0.05 else "not shown"


def _range_pooled(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if _is_outside(_all(experiments), candidate):
        return "outside"
    return _range_ignored(experiments, candidate)


def _range_last(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if _range_ignored(experiments, candidate) == "not shown":
        return "not shown"
    return "outside" if _is_outside(_own(experiments, candidate), candidate) else "screen"


def _above_only(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if candidate["offline"] > _own(experiments, candidate)["offline"].max():
        return "outside"
    return _range_ignored(experiments, candidate)


def _range_by_size(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if abs(candidate["offline"]) > np.abs(_own(experiments, candidate)["offline"]).max():
        return "outside"
    return _range_ignored(experiments, candidate)


def _range_clear(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if _is_outside(_clear(_own(experiments, candidate)), candidate):
        return "outside"
    return _range_ignored(experiments, candidate)


def _range_second(experiments: pd.DataFrame, candidate: Candidate) -> str:
    if _range_ignored(experiments, candidate) == "screen":
        return "screen"
    return "outside" if _is_outside(_own(experiments, candidate), candidate) else "not shown"


def _gain_decides(experiments: pd.DataFrame, candidate: Candidate) -> str:
    return "screen" if candidate["offline"] > 0 else "not shown"


def _ranks_decide(rows: Rows) -> bool:
    """The t-test of a rank correlation, two-sided, at 5 %."""
    r, n = _spearman(rows), len(rows["se"])
    return float(stats.t.sf(abs(r) * math.sqrt((n - 2) / (1 - r**2)), n - 2)) <= 0.025


_decided = _decide()
_verdict_pooled = _decide(pooled=True)
_verdict_half = _decide(lambda rows: _share(_clear(rows)) > 0.5)
_verdict_most = _decide(lambda rows: _share(_clear(rows)) >= 0.8)
_verdict_both_sides = _decide(lambda rows: _by_luck_either_way(_clear(rows)) <= 0.05)
_verdict_more = _decide(lambda rows: _more_by_luck(_clear(rows)) <= 0.05)
_verdict_just_so = _decide(lambda rows: _just_so(_clear(rows)) <= 0.05)
_verdict_all = _decide(lambda rows: _by_luck(rows) <= 0.05)
_verdict_ranks = _decide(_ranks_decide)
_verdict_always = _decide(lambda rows: True)
_verdict_never = _decide(lambda rows: False)
_BY_LUCK_ALIKE: Sequence[Callable[..., str]] = (  # the others differ by the counts of the cases
    _decided, _verdict_half, _verdict_most, _verdict_both_sides, _verdict_more, _verdict_just_so,
    _verdict_all, _verdict_ranks, _verdict_never, _range_clear, _range_second,
)  # fmt: skip


def _wrong(
    rank: Callable[..., float] = _rank,
    sign: Callable[..., float] = _sign,
    verdict: Callable[..., str] = _decided,
) -> Callable[[pd.DataFrame, Candidate], dict[str, Any]]:
    """All three entries, one of them wrong."""

    def answer(experiments: pd.DataFrame, candidate: Candidate) -> dict[str, Any]:
        return {
            "rank_agreement": rank(experiments, candidate),
            "sign_agreement": sign(experiments, candidate),
            "verdict": verdict(experiments, candidate),
        }

    return answer


OFFLINE_ONLINE_GAP = Exercise(
    "offline_online_gap",
    "(experiments, candidate)",
    "When the offline metric must not decide",
    difficulty=3,
    minutes=20,
    parts=(
        Part("rank agreement", 1, _for_ranks, _wanted, entries(_KEYS, rank_agreement=close())),
        Part("sign agreement", 2, _for_signs, _wanted, entries(_KEYS, sign_agreement=close())),
        Part("verdict", 2, _for_verdicts, _wanted, entries(_KEYS, verdict=_verdict())),
    ),
    pitfalls=(
        Pitfall(
            "the verdict of other kinds",
            "The range was the candidate's, but in the test the other kinds voted. They can make "
            "an agreement that this kind does not have, or hide one that it has.",
            _wrong(verdict=_verdict_pooled),
        ),
        Pitfall(
            "more than half is enough",
            "A coin agrees more than half of the time in half of its series. Ask how likely so "
            "much agreement is by luck, given how many experiments there are.",
            _wrong(verdict=_verdict_half),
        ),
        Pitfall(
            "a share without a count",
            "Four of four is a share of 1 and happens to a coin once in sixteen. A fixed mark for "
            "the share does not know how many experiments stand behind it.",
            _wrong(verdict=_verdict_most),
        ),
        Pitfall(
            "one agreement too many",
            "`binom.sf(k, m, 0.5)` is the chance of *more* than k agreements, and 0 when all "
            "agree. At least k: take `sf(k − 1, …)`.",
            _wrong(verdict=_verdict_more),
        ),
        Pitfall(
            "the chance of just this count",
            "Exactly k agreements is unlikely for any k when there are many experiments, also "
            "when they disagree. Add up k and every larger count.",
            _wrong(verdict=_verdict_just_so),
        ),
        Pitfall(
            "a two-sided test",
            "It also gives a small p-value when the two steadily disagree, and it asks for more "
            "than the rule does. The question has one side: more agreement than a coin.",
            _wrong(verdict=_verdict_both_sides),
        ),
        Pitfall(
            "tested with the noise",
            "Unclear experiments went into the sign test. Take the same ones as in the sign "
            "agreement.",
            _wrong(verdict=_verdict_all),
        ),
        Pitfall(
            "the rank correlation decides",
            "Ranks can agree while signs do not, and the rank test counts noise as evidence. The "
            "rule is about signs, since to ship is a question of up or down.",
            _wrong(verdict=_verdict_ranks),
        ),
        Pitfall(
            "the range is never looked at",
            "A gain beyond everything tried so far is where metrics break: duplicates, a leak, a "
            "popularity shortcut. Past agreement says nothing there.",
            _wrong(verdict=_range_ignored),
        ),
        Pitfall(
            "the range of all kinds",
            "Another kind of change has reached such gains; this kind has not.",
            _wrong(verdict=_range_pooled),
        ),
        Pitfall(
            "the range of the clear ones",
            "What was tried was tried, whatever came of it: the range takes all experiments of "
            "the kind.",
            _wrong(verdict=_range_clear),
        ),
        Pitfall(
            "the range asked only where the test fails",
            "Agreement in the past speaks for changes like those of the past. Ask for the range "
            "first, then test.",
            _wrong(verdict=_range_second),
        ),
        Pitfall(
            "the range looked at last",
            "Where the candidate lies outside of what was tried, the test has nothing to say about "
            "it, whatever it finds. Ask for the range first.",
            _wrong(verdict=_range_last),
        ),
        Pitfall(
            "only large gains are outside",
            "A loss larger than any tried before is outside, too. The range has two ends.",
            _wrong(verdict=_above_only),
        ),
        Pitfall(
            "the range by size",
            "You compared sizes without their signs. A loss as large as the largest *gain* so far "
            "may be one that nobody has tried: ask for the smallest and for the largest change, "
            "signs and all.",
            _wrong(verdict=_range_by_size),
        ),
        Pitfall(
            "the candidate's own gain decides",
            "That it looks good offline is the claim. The question is what such claims were worth "
            "so far.",
            _wrong(verdict=_gain_decides),
        ),
        Pitfall(
            "offline is always good enough",
            "Inside the range you trust the metric without asking the past experiments.",
            _wrong(verdict=_verdict_always),
        ),
        Pitfall(
            "offline is never good enough",
            "Experiments are dear and slow. Where the signs agreed far more often than a coin's, "
            "the metric has earned the right to sort candidates.",
            _wrong(verdict=_verdict_never),
        ),
        Pitfall(
            "signs of all kinds together",
            "The clear experiments of the other kinds voted, too. What they say holds for their "
            "kind of change.",
            _wrong(sign=_sign_pooled),
        ),
        Pitfall(
            "noise votes, too",
            "An effect within its own error has a sign only by luck. It votes at random and pulls "
            "the share towards one half: count the clear experiments only.",
            _wrong(sign=_sign_all),
        ),
        Pitfall(
            "one standard error is clear",
            "Without any effect, one experiment in three lies beyond one standard error. The rule "
            "asks for 1.96 of them.",
            _wrong(sign=_sign_one_error),
        ),
        Pitfall(
            "only the winners are counted",
            "You kept experiments that went up. Those that went down are the ones that would "
            "expose the metric: keep all that are clear.",
            _wrong(sign=_sign_winners),
        ),
        Pitfall(
            "only what looked good offline",
            "You kept candidates with an offline gain. Whether losses are foretold is half of the "
            "question.",
            _wrong(sign=_sign_promised),
        ),
        Pitfall(
            "divided by all experiments",
            "The unclear ones left the numerator but stayed in the denominator, as if each had "
            "disagreed. Divide by the clear ones.",
            _wrong(sign=_sign_over_all),
        ),
        Pitfall(
            "better than average counts as a gain",
            "You took the sign of the difference from the mean. A change is a gain or a loss "
            "against the system in production: against 0.",
            _wrong(sign=_sign_mean),
        ),
        Pitfall(
            "nothing known reported as 0",
            "Without a clear experiment there is no share. 0 would mean that they all disagreed: "
            "return NaN.",
            _wrong(sign=_sign_zero),
        ),
        Pitfall(
            "the share that disagrees",
            "You counted experiments in which the two differ.",
            _wrong(sign=_sign_turned),
        ),
        Pitfall(
            "all kinds in one pot",
            "You compared experiments of every kind. A metric may follow the experiment for one "
            "kind of change and not for another: new retrieval, say, shows items that the log has "
            "no labels for. Keep the candidate's kind.",
            _wrong(_rank_pooled),
        ),
        Pitfall(
            "a straight line, not an order",
            "Pearson's correlation can be made by one experiment with a large effect. Asked for "
            "is the agreement of the ranks.",
            _wrong(_rank_pearson),
        ),
        Pitfall(
            "another rank correlation",
            "This is Kendall's tau. Asked for is Spearman's coefficient, the correlation of the "
            "ranks; mixing the two makes figures of different teams look different.",
            _wrong(_rank_kendall),
        ),
        Pitfall(
            "ranks of the clear results only",
            "Choosing the experiments by their outcome makes the agreement look better than it is. "
            "The rank agreement takes all of the kind.",
            _wrong(_rank_clear),
        ),
        Pitfall(
            "ranked by significance",
            "You ranked online effects in units of their standard error. A large test makes a "
            "small effect significant: rank the effects.",
            _wrong(_rank_in_errors),
        ),
        Pitfall(
            "signs dropped from the ranks",
            "You ranked absolute changes, so a large loss counts as a large success.",
            _wrong(_rank_sizes),
        ),
    ),
    hints=(
        "Three questions, three sets of rows: all of the kind; the clear ones of the kind; and for "
        "the verdict first the range of the kind.",
        "scipy.stats.spearmanr for the ranks. Clear: |online| > 1.96·se. For the verdict, "
        "scipy.stats.binomtest(agreeing, clear, 0.5, alternative='greater').",
        "If the candidate's offline change is below the smallest or above the largest of its kind: "
        "'outside'. Else 'screen' if there are clear ones and the p-value is ≤ 0.05, else "
        "'not shown'.",
    ),
)
