import pytest

from pitfalls.interview import Case, case_names, get_case, search


def found(case: Case, text: str) -> list[str]:
    return [move.id for move in search(case, text)]


def test_nothing_typed(coffee: Case) -> None:
    """Every move is listed, in the order of the case."""
    assert [*coffee.moves] == found(coffee, "") == found(coffee, " ?! ")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("stale", "ask_spoilage"),  # a search word
        ("STALE", "ask_spoilage"),
        ("do the beans spoil?", "ask_spoilage"),  # the title, with fillers
        ("recur", "big_network"),  # a word begun
        ("newsvednor", "newsvendor"),  # a slip
        ("job evening", "job_daily"),  # both words
        ("latency", "ask_order"),  # the heading
        ("two costs", "newsvendor"),  # the pitch
        ("wrap up", "sum_up"),
    ],
)
def test_what_is_found_first(coffee: Case, text: str, first: str) -> None:
    """Words, titles, headings and pitches are looked through, in this order of worth."""
    assert first == found(coffee, text)[0]


def test_all_words_count(coffee: Case) -> None:
    """A move that one of the words says nothing to is not found."""
    assert ["job_daily"] == found(coffee, "cron evening")
    assert [] == found(coffee, "cron xylophone")


def test_long_texts_are_cut(coffee: Case) -> None:
    """A pasted essay is searched by its beginning and does not hold anything up."""
    assert ["ask_spoilage"] == found(coffee, "stale " * 40 + "xylophone " * 10_000)


COMMON = {
    "objective": "objective goal success business",
    "users": "users who",
    "metrics": "metric kpi guardrail measure evaluation",
    "latency": "latency milliseconds sla",
    "traffic": "traffic",
    "budget": "budget cost",
    "privacy": "privacy gdpr",
    "data": "data logs",
    "history": "history",
    "labels": "labels ground-truth",
    "heuristic": "heuristic rule",
    "baseline": "baseline simple-model",
    "features": "features",
    "negatives": "negatives training-set",
    "model": "two-tower deep-learning",
    "serving": "serving fallback deploy",
    "monitoring": "monitoring alert drift",
    "experiment": "experiment a/b-test rollout",
    "close": "summary finish",
}


@pytest.mark.parametrize("name", case_names())
def test_common_words_find_something_in_each_case(name: str) -> None:
    """What people type in such an interview finds a move that it is about."""
    case = get_case(name)
    for about, words in COMMON.items():
        for text in words.split():
            hits = [move.about for move in search(case, text.replace("-", " "))[:6]]
            assert about in hits, text
