"""A split that keeps groups together: split_by_group."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import (
    Case,
    Exercise,
    Mismatch,
    Outcome,
    Part,
    Pitfall,
    Seeded,
    from_elsewhere,
    nothing_drawn,
    show,
)

from ._draw import two_sides

__all__ = ["SPLIT_BY_GROUP"]

Pair = tuple[pd.DataFrame, pd.DataFrame]


def _people(rng: np.random.Generator, gaps: int) -> pd.DataFrame:
    """Tests of people, half of them with one row, half with many; sorted by person.

    So a share of the people is seldom that share of the rows, and a count of rows seldom ends
    between two people. No whole number is 0.3 of the 502 rows, so to stay below shows.
    """
    sizes = np.r_[np.repeat([7, 8, 9], [18, 19, 18]), np.ones(62, dtype=int)]
    numbers = np.sort(rng.choice(np.arange(1000, 9000), len(sizes), replace=False))
    person = np.repeat(numbers, rng.permutation(sizes)).astype(float)
    table = pd.DataFrame({"person": person, "age": rng.integers(1, 90, len(person))})
    table["row"] = np.arange(len(table))
    single = table.index[~table["person"].duplicated(keep=False)]
    table.loc[rng.choice(single, gaps, replace=False), "person"] = np.nan
    return table


def _case(rng: np.random.Generator, gaps: int, label: str) -> list[Case]:
    """A table with two seeds with which counting off rows or groups is not right by luck."""
    table = _people(rng, gaps)
    cases: list[Case] = []
    while len(cases) < 2:
        seed = int(rng.integers(10**6))
        case = Case(table, "person", 0.3, Seeded(seed), label=label)
        value = _share_of_groups(table, "person", 0.3, np.random.default_rng(seed))
        if abs(len(value[1]) - 0.3 * len(table)) > 10:
            value = _counted_off(table, "person", 0.3, np.random.default_rng(seed))
            if _judge(case, Outcome("returned", value)) is not None:
                cases.append(case)
    return cases


def _known(rng: np.random.Generator) -> list[Case]:
    return _case(rng, 0, "every row has a person")


def _with_gaps(rng: np.random.Generator) -> list[Case]:
    return _case(rng, 45, "45 rows without a person")


def _rows_of(side: Any, whole: pd.DataFrame) -> list[int] | None:
    """The row numbers of a side, if it is a part of the table."""
    if not isinstance(side, pd.DataFrame) or not set(whole.columns) <= set(side.columns):
        return None
    rows = side["row"]
    if rows.isna().any() or not rows.isin(whole["row"]).all():
        return None
    numbers = rows.astype(int).tolist()
    same = whole.set_index("row").loc[numbers, "person"].to_numpy()
    given = pd.to_numeric(side["person"], errors="coerce").to_numpy(dtype=float)
    return numbers if np.array_equal(same, given, equal_nan=True) else None


def _judge(case: Case, outcome: Outcome) -> Mismatch | None:
    table, _, share, _ = case.args
    sides = two_sides(outcome.value)
    if sides is None or not all(isinstance(side, pd.DataFrame) for side in sides):
        kind = (
            "None" if outcome.value is None else f"a value of type {type(outcome.value).__name__}"
        )
        says = f"The result is {kind}; wanted two tables, (train, test)."
        return Mismatch("type", says, show(outcome.value), "two tables")
    train, test = (_rows_of(side, table) for side in sides)
    if train is None or test is None:
        return Mismatch(
            "value", "The sides are not made of rows of the table with all its columns."
        )
    if sorted([*train, *test]) != sorted(table["row"]):
        says = "Not every row of the table stands on exactly one side."
        got = f"{len(set(train) | set(test))} different rows, {len(train) + len(test)} in all"
        return Mismatch("value", says, got, f"{len(table)} rows")
    groups = table.set_index("row")["person"]
    both = set(groups[train].dropna()) & set(groups[test].dropna())
    if both:
        says = "Some people have rows on both sides."
        return Mismatch("value", says, f"{len(both)} people on both sides", "none")
    if not _enough(case, len(test)):
        says = (
            "The test side should hold at least the share of the rows that was asked for, and be "
            "below it again without the last group that came in."
        )
        return Mismatch("value", says, f"{len(test)} of {len(table)} rows", f"a share of {share}")
    unknown = groups.index[groups.isna()]
    tested = len(set(unknown) & set(test))
    if len(unknown) and tested in (0, len(unknown)):
        says = "The rows without a person all came to the same side."
        return Mismatch(
            "value", says, f"{tested} of {len(unknown)} on the test side", "a draw of them"
        )
    if _not_drawn(table, test):
        says = "The groups of the test side were not drawn at random."
        return Mismatch("value", says, "the first or last groups, or those of one size", "a draw")
    return nothing_drawn(outcome)


def _enough(case: Case, tested: int) -> bool:
    """As many rows as asked for, and no group more than that takes."""
    table, group, share, _ = case.args
    largest = int(table[group].value_counts().max())
    return bool(share * len(table) <= tested < share * len(table) + largest)


def _not_drawn(table: pd.DataFrame, test: list[int]) -> bool:
    """Neighbours in the order of people, or of their sizes: a draw does that once in 10⁹."""
    return min(_changes(_mask(table, test, by_size)) for by_size in (False, True)) <= 2


def _taken(table: pd.DataFrame, group: str, test: np.ndarray[Any, Any]) -> Pair:
    return table[~test], table[test]


def _until(df: pd.DataFrame, group: str, order: Any, rows: float) -> Pair:
    keys = df[group].fillna(-df["row"] - 1)
    sizes = keys.map(keys.value_counts()).groupby(keys).first()
    total, chosen = 0, []
    for key in order(keys):
        if total >= rows:
            break
        chosen.append(key)
        total += int(sizes[key])
    test = keys.isin(chosen).to_numpy()
    return _taken(df, group, test)


def _random_rows(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    test = np.isin(np.arange(len(df)), rng.permutation(len(df))[: round(share * len(df))])
    return _taken(df, group, test)


def _counted_off(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    """Groups shuffled, then cut at a row."""
    keys = pd.Series(rng.permutation(df[group].unique()))
    place = df[group].map(dict(zip(keys, range(len(keys)), strict=True))).fillna(len(keys))
    order = np.argsort(place.to_numpy(), kind="stable")
    test = np.isin(np.arange(len(df)), order[: int(np.ceil(share * len(df)))])
    return _taken(df, group, test)


def _share_of_groups(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    keys = df[group].fillna(-df["row"] - 1)
    groups = keys.unique()
    test = keys.isin(rng.permutation(groups)[: round(share * len(groups))]).to_numpy()
    return _taken(df, group, test)


def _first_groups(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    return _until(df, group, lambda keys: keys.unique(), share * len(df))


def _largest_first(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    return _until(df, group, lambda keys: keys.value_counts().index, share * len(df))


def _one_too_few(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    """Stops before the group with which the share would be exceeded."""
    keys = df[group].fillna(-df["row"] - 1)
    test = np.zeros(len(df), dtype=bool)
    for key in rng.permutation(keys.unique()):
        more = test | (keys == key).to_numpy()
        if more.sum() > share * len(df):
            break
        test = more
    return _taken(df, group, test)


def _gaps_lost(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    known = df.dropna(subset=group)
    return _until(known, group, lambda keys: rng.permutation(keys.unique()), share * len(df))


def _one_nobody(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    """All rows without a group are one group: it goes to training as a whole."""
    known = df.dropna(subset=group)
    train, test = _until(
        known, group, lambda keys: rng.permutation(keys.unique()), share * len(known)
    )
    return pd.concat([train, df[df[group].isna()]]), test


def _swapped(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    return _until(df, group, lambda keys: rng.permutation(keys.unique()), share * len(df))[::-1]


def _own_generator(df: pd.DataFrame, group: str, share: float, rng: Any) -> Pair:
    own = np.random.default_rng(0)
    return _until(df, group, lambda keys: own.permutation(keys.unique()), share * len(df))


def _on_both(case: Case, value: Any) -> int:
    table = case.args[0].set_index("row")["person"]
    return len(set(table[value[0]["row"]].dropna()) & set(table[value[1]["row"]].dropna()))


def _rows(value: Any) -> tuple[int, int]:
    return len(value[0]), len(value[1])


SPLIT_BY_GROUP = Exercise(
    "split_by_group",
    "(df, group, share, rng)",
    "One person, one side",
    difficulty=2,
    minutes=12,
    parts=(
        Part("every row has a group", 2, _known, judge=_judge),
        Part("rows without a group", 1, _with_gaps, judge=_judge),
    ),
    pitfalls=(
        Pitfall(
            "rows are drawn, not groups",
            "Rows were drawn one by one, so people with several rows stand on both sides. Draw "
            "groups, and take all of their rows.",
            _random_rows,
            lambda case, value: _on_both(case, value) > 2,
        ),
        Pitfall(
            "the last group is cut in two",
            "You drew groups and then counted off rows, so one group was cut at the border. A "
            "group comes in as a whole, even when the share is exceeded.",
            _counted_off,
            lambda case, value: 1 <= _on_both(case, value) <= 2,
        ),
        Pitfall(
            "the sides are swapped",
            "The pair is (train, test): the test side is the smaller one here.",
            _swapped,
            lambda case, value: _rows(value)[1] > _rows(value)[0],
        ),
        Pitfall(
            "the first groups, not a draw",
            "Groups were taken in the order in which they stand or are numbered. Low numbers are "
            "old customers: draw with rng.",
            _first_groups,
            lambda case, value: _in_order(case, value),
        ),
        Pitfall(
            "in the order of their sizes",
            "Whoever comes often is all on one side, so nobody like that is trained on, or nobody "
            "is tested on. Draw the groups with rng, whatever their size.",
            _largest_first,
            lambda case, value: _by_size(case, value),
        ),
        Pitfall(
            "the share is not reached",
            "The test side holds fewer than share · n rows: you stopped before the group that "
            "takes it over the share, or counted groups instead of rows. Add whole groups until "
            "the share is reached.",
            _one_too_few,
            lambda case, value: (
                _complete(case, value) and not _together(case, value) and _just_below(case, value)
            ),
        ),
        Pitfall(
            "a share of the groups, not of the rows",
            "Groups differ in size, so a share of the groups can be any share of the rows. Take "
            "groups until the test side holds enough rows.",
            _share_of_groups,
            lambda case, value: (
                _complete(case, value)
                and not _together(case, value)
                and not _enough(case, _rows(value)[1])
            ),
        ),
        Pitfall(
            "rows without a group are lost",
            "Rows whose group is missing stand on neither side: groupby, isin and comparisons lose "
            "them. Each of them is a group of its own.",
            _gaps_lost,
            lambda case, value: sum(_rows(value)) < len(case.args[0]),
        ),
        Pitfall(
            "all unknown people are one person",
            "The rows without a group went to one side together, and the share is missed. Each of "
            "them is a group of its own, drawn like the others.",
            _one_nobody,
            lambda case, value: _complete(case, value) and _together(case, value),
        ),
        Pitfall(
            "a generator of its own",
            "The split is in order, but nothing was drawn from `rng`: the function makes a "
            "generator of its own, or asks NumPy's global one. With a fixed seed every split is "
            "the same one, so repeating it shows nothing of the luck in a score; without one "
            "nobody can repeat yours. Draw from the `rng` that comes in.",
            _own_generator,
            recognise_outcome=from_elsewhere(_judge),
        ),
    ),
    hints=(
        "What is it that you draw: rows or groups? And what do you do with all rows of what you "
        "drew?",
        "Give each row without a group a group of its own first. Then shuffle the groups with "
        "rng.permutation and look up how many rows each has.",
        "Walk along the shuffled groups and add them to the test side while it holds fewer than "
        "share·n rows. mask = key.isin(chosen).",
    ),
)


def _complete(case: Case, value: Any) -> bool:
    return sum(_rows(value)) == len(case.args[0]) and _on_both(case, value) == 0


def _just_below(case: Case, value: Any) -> bool:
    wanted = case.args[2] * len(case.args[0])
    return bool(wanted - 10 <= _rows(value)[1] < wanted)


def _mask(table: pd.DataFrame, test: Any, by_size: bool) -> list[bool]:
    """Who is on the test side, in the order of people or of how many rows they have."""
    sizes = table["person"].value_counts()
    chosen = set(table.set_index("row")["person"][test].dropna())
    return [person in chosen for person in (sizes.index if by_size else sorted(sizes.index))]


def _changes(mask: list[bool]) -> int:
    return sum(a != b for a, b in pairwise(mask))


def _in_order(case: Case, value: Any) -> bool:
    return _changes(_mask(case.args[0], value[1]["row"], by_size=False)) <= 2


def _by_size(case: Case, value: Any) -> bool:
    return _changes(_mask(case.args[0], value[1]["row"], by_size=True)) <= 2


def _together(case: Case, value: Any) -> bool:
    gaps = [int(side["person"].isna().sum()) for side in value]
    return min(gaps) == 0 and max(gaps) > 0
