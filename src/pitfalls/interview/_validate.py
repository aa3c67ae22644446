"""Whether a case can be played, and played well: what a schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from ._case import CLOSE, Ask, Case, Draw, Move, Proposal, Rule
from ._plan import SCOPE, plan
from ._search import search

__all__ = ["validate"]

_WANTED = ("baseline", "model", "serving", "monitoring", "experiment")
_MOST_DRAWS = 5000
_SENTENCE_ENDS = (".", "!", "?", "…", ".”", "?”", "!”")


def validate(case: Case) -> tuple[str, ...]:
    """What is wrong with a case: nothing when it can be played well, whatever is drawn.

    Parameters
    ----------
    case : Case
        See `load_case`, which has held it to the schema.

    Returns
    -------
    tuple of str
        One sentence a fault, with the file, the place, and what to do.

    Notes
    -----
    What must hold: every hidden constraint is uncovered by a question that counts; every variant
    changes what is right; every proposal is judged in every draw; every penalty is explained; no
    proposal waits for something that cannot come first; in every draw each kind has a proposal
    that is right, and a strong candidate is done within the clock; every heavy model waits for a
    baseline; every move is found by its title.

    Examples
    --------
    >>> from pitfalls.interview import get_case
    >>> validate(get_case("video"))
    ()
    """
    draws = 1
    for hidden in case.hidden.values():
        draws *= len(hidden.variants)
    if draws > _MOST_DRAWS:
        fault = f"there are {draws} draws, more than {_MOST_DRAWS}; hide less."
        return (f"{case.name}.toml: {fault}",)
    faults = [
        *_missing(case),
        *_unasked(case),
        *_unjudged(case),
        *_unexplained(case),
        *_unmet(case),
        *_unfound(case),
    ]
    if not faults:  # what follows plays the case
        faults = [*_idle(case), *_unplayable(case)]
    return tuple(f"{case.name}.toml{place}: {fault}" for place, fault in faults)


def _missing(case: Case) -> Iterator[tuple[str, str]]:
    """Kinds and topics without which a dimension cannot be scored."""
    for kind in _WANTED:
        if kind not in case.kinds:
            yield "", f"no proposal is of the kind {kind}; add one."
    for name, scope in (("the scope", True), ("constraints", False)):
        if not any(ask.weight for ask in case.asks if (ask.about in SCOPE) is scope):
            yield "", f"no question about {name} counts; add one."
    if not any(proposal.heavy for proposal in case.proposals):
        yield "", "no proposal is heavy; mark the model that nobody should begin with."
    everything = sum(move.minutes for move in case.moves.values())
    if everything <= case.minutes:
        yield (
            "",
            f"all moves take {everything} of the {case.minutes} minutes, so nothing has to be "
            "chosen; shorten the clock.",
        )


def _unasked(case: Case) -> Iterator[tuple[str, str]]:
    """Hidden constraints that no question uncovers."""
    for hidden in case.hidden.values():
        asks = [ask for ask in case.asks if ask.reveals == hidden.id]
        if not asks:
            yield _at(hidden.id, "hidden"), "no question uncovers it; add an ask that reveals it."
        elif not any(ask.weight for ask in asks):
            yield (
                _at(hidden.id, "hidden"),
                "no question that uncovers it counts; give one a weight.",
            )


def _unjudged(case: Case) -> Iterator[tuple[str, str]]:
    """Proposals on which the interviewer has no opinion, and opinions that are never held."""
    for proposal in case.proposals:
        used = set()
        for drawn in case.draws():
            holding = (n for n, ruling in enumerate(proposal.rulings) if ruling.holds(drawn))
            number = next(holding, None)
            if number is None:
                there = ", ".join(f"{name} = {drawn[name]}" for name in proposal.rests_on)
                yield (
                    _at(proposal.id, "propose"),
                    f"no ruling holds for {there}; add one, or one without when at the end.",
                )
                break
            used.add(number)
        else:
            for number in sorted(set(range(len(proposal.rulings))) - used):
                yield (
                    f"{_at(proposal.id, 'propose')}, ruling {number + 1}",
                    "an earlier ruling always comes before it; move it up or drop it.",
                )


def _unexplained(case: Case) -> Iterator[tuple[str, str]]:
    """Penalties that nobody could learn from."""
    for proposal in case.proposals:
        place = _at(proposal.id, "propose")
        for number, ruling in enumerate(proposal.rulings, 1):
            yield from _explains(f"{place}, ruling {number}", ruling.says, ruling.why)
        for one, other in combinations(proposal.rulings, 2):
            if one.fit != other.fit and other.why == one.why:
                yield place, f"{one.fit} and {other.fit} have the same why; say what differs."
            if one.fit != other.fit and other.says == one.says:
                yield place, f"{one.fit} and {other.fit} are told alike; let says differ."
    for number, rule in enumerate(case.rules, 1):
        yield from _explains(f", rule {number}", rule.says, rule.why)


def _explains(place: str, says: str, why: str) -> Iterator[tuple[str, str]]:
    for name, text in (("says", says), ("why", why)):
        if not text.endswith(_SENTENCE_ENDS):
            yield place, f"{name} must be a whole sentence; end it with a full stop."
    if says == why:
        yield place, "says and why are the same; let why give the reason."


def _unmet(case: Case) -> Iterator[tuple[str, str]]:
    """Rules that are idle or can never be met."""
    for number, rule in enumerate(case.rules, 1):
        concerned = [move for move in case.proposals if rule.concerns(move)]
        if not concerned:
            yield (
                f", rule {number}",
                "it concerns no proposal of this case; mend before or drop it.",
            )
        for name in rule.needs:
            if not any(name in (move.id, move.about) for move in case.moves.values()):
                yield f", rule {number}", f"no move of this case is {name!r}; mend needs."
    for proposal in case.proposals:
        if proposal.heavy and not any(_waits(rule, proposal, case) for rule in case.rules):
            yield (
                _at(proposal.id, "propose"),
                "it is heavy, and no rule makes it wait for a baseline; add one.",
            )
    reached: dict[str, Move] = {ask.id: ask for ask in case.asks}
    left = {proposal.id: proposal for proposal in case.proposals}
    while ready := [move for move in left.values() if _ready(case, move, reached)]:
        for move in ready:
            reached[move.id] = left.pop(move.id)
    for proposal in left.values():
        yield (
            _at(proposal.id, "propose"),
            "the rules let nothing come before it that it needs; loosen one of them.",
        )


def _waits(rule: Rule, proposal: Proposal, case: Case) -> bool:
    """Whether a rule makes a proposal wait for a baseline, whichever way it is met."""
    enough = [move for move in case.moves.values() if rule.met({move.id: move})]
    return rule.concerns(proposal) and {move.about for move in enough} == {"baseline"}


def _ready(case: Case, proposal: Proposal, reached: Mapping[str, Move]) -> bool:
    return all(rule.met(reached) for rule in case.rules if rule.concerns(proposal))


def _unfound(case: Case) -> Iterator[tuple[str, str]]:
    """Moves that look alike, or that typing their title does not find."""
    titles: dict[str, str] = {}
    for move in case.moves.values():
        place = _at(move.id, "ask" if isinstance(move, Ask) else "propose")
        twin = titles.setdefault(move.title.casefold(), move.id)
        if twin != move.id:
            yield place, f"{twin} has the same title; change one of them."
        elif search(case, move.title)[:1] != (move,):
            yield place, "typing its title finds another move first; change its title or words."


def _idle(case: Case) -> Iterator[tuple[str, str]]:
    """Variants that make no difference to what is right."""
    for hidden in case.hidden.values():
        for one, other in combinations(hidden.variants, 2):
            if not any(
                _fits(case, {**drawn, hidden.id: one}) != _fits(case, {**drawn, hidden.id: other})
                for drawn in case.draws()
                if drawn[hidden.id] == one
            ):
                yield (
                    _at(hidden.id, "hidden"),
                    f"{one} and {other} make the same proposals right; let a ruling tell them "
                    "apart, or drop one.",
                )


def _fits(case: Case, drawn: Draw) -> tuple[str, ...]:
    return tuple(proposal.ruling(drawn).fit for proposal in case.proposals)


def _unplayable(case: Case) -> Iterator[tuple[str, str]]:
    """Draws in which not even a strong candidate reaches full marks."""
    told: set[tuple[str, str]] = set()
    for drawn in case.draws():
        for fault in _falls_short(case, drawn):
            if fault[1] not in {known for _, known in told}:
                told.add(fault)
                yield fault


def _falls_short(case: Case, drawn: Draw) -> Iterator[tuple[str, str]]:
    moves = [case.moves[move_id] for move_id in plan(case, drawn)]
    there = ", ".join(f"{name} = {variant}" for name, variant in drawn.items())
    for kind in case.kinds:
        if not any(move.about == kind for move in moves):
            yield "", f"no proposal of the kind {kind} is right for {there}; let one be."
    minutes = sum(move.minutes for move in moves)
    if minutes > case.minutes:
        yield (
            "",
            f"a strong candidate takes {minutes} of the {case.minutes} minutes; lengthen the "
            "clock or shorten moves.",
        )
    before: dict[str, Move] = {}
    for move in moves:
        for number, rule in enumerate(case.rules, 1):
            if rule.concerns(move) and not rule.met(before):
                yield (
                    f", rule {number}",
                    f"a strong candidate has none of {', '.join(rule.needs)} before {move.id}; "
                    "let one of them count or be right, or loosen the rule.",
                )
        before[move.id] = move


def _at(name: str, part: str) -> str:
    return f", {part} ({name})" if name != CLOSE.id else ""
