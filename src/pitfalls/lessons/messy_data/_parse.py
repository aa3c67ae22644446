"""Sizes and money as people print them: parse_money_and_units."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Exercise, Part, Pitfall

from ._draw import once, table
from ._tables import frame

__all__ = ["PARSE_MONEY_AND_UNITS"]

Read = tuple[float, str | None]

_UNITS = {
    "OZ": ("oz", 1.0),
    "OZS": ("oz", 1.0),
    "LB": ("oz", 16.0),
    "PT": ("fl oz", 16.0),
    "QT": ("fl oz", 32.0),
    "GA": ("fl oz", 128.0),
    "GAL": ("fl oz", 128.0),
    "L": ("fl oz", 33.814),
    "CT": ("count", 1.0),
    "PK": ("count", 1.0),
    "DZ": ("count", 12.0),
    "DOZ": ("count", 12.0),
    "FT": ("ft", 1.0),
    "SQ FT": ("sq ft", 1.0),
    "$": ("usd", 1.0),
    "USD": ("usd", 1.0),
    "¢": ("usd", 0.01),
}
_NOTHING: Read = (np.nan, None)

# --- what is drawn ---------------------------------------------------------------------------


def _column(texts: list[Any], rng: np.random.Generator) -> pd.Series:
    """The texts in random order under an index that is not 0, 1, 2, ..."""
    order = rng.permutation(len(texts))
    labels = np.sort(rng.choice(5_000, len(texts), replace=False)) + 10
    return pd.Series([texts[i] for i in order], index=labels, dtype=object, name="printed")


def _whole(rng: np.random.Generator, low: int = 2, high: int = 60) -> int:
    return int(rng.integers(low, high))


@once
def _simple(rng: np.random.Generator) -> list[Case]:
    """Real sizes of one number, or none, and one unit; and the same forms with other numbers."""
    sizes = table("completejourney", "products")["package_size"].dropna()
    simple = sizes[~sizes.str.contains("[/(-]")].unique()
    texts: list[Any] = list(rng.choice(simple, 14, replace=False))
    n = _whole(rng)
    texts += [f"{n} OZ", f"{n + 1} LB", f"{n / 4:.2f} OZ", f".{_whole(rng, 11, 99)} OZ"]
    texts += [f"{_whole(rng, 1, 9)} DZ", f"{n + 3} CT", f"{_whole(rng, 2, 5)} GA"]
    texts += [f"{_whole(rng, 1, 4)} L", f"L    {n} OZ", f"N   {n + 2} LB", f"{n} LB BAG"]
    texts += ["PT", "GAL", f"{n}.5 SQ FT", f"{n} FT", f"({_whole(rng, 100, 900)}) {n} LB"]
    texts += [f"{n} STEM", f"{n}", float(n), None, np.nan, "", "unknown"]
    return [Case(_column(texts, rng), label="one number, one unit")]


@once
def _composed(rng: np.random.Generator) -> list[Case]:
    """Packs, mixed fractions and ranges, as in the catalogue."""
    n, m = _whole(rng, 3, 13), _whole(rng, 20, 90)
    texts = ["2 1/4 OZ", "14 1/4 OZ", "8 1/2 OZ", f"{n} 3/4 LB", f"{n + 1} 1/8 OZ"]
    texts += ["10/6.75 OZ", "24/16.9 OZ", "4/4 OZ", f"{n}/{n + 2}.5 OZ", f"{n}/{n} LB"]
    texts += ["12 PK/12 OZ", "4 PK/4.4 OZ", f"{n} PK/{n + 1} OZ"]
    texts += ["48-54 CT", "14-18 CT", f"{m}-{m + 6} CT", f"{m} CT", f"{n} LB"]
    return [Case(_column(texts, rng), label="packs, fractions, ranges")]


@once
def _money(rng: np.random.Generator) -> list[Case]:
    """Money as it stands in spreadsheets; made up: no table of the kit holds money as text."""
    a, b = _whole(rng, 2, 900), _whole(rng, 10, 99)
    texts = [f"${a}.{b}", f"${_whole(rng, 1, 9)},{_whole(rng, 100, 999)}.{b}", f"$ {a}"]
    texts += [f"${_whole(rng, 1, 9)},{_whole(rng, 100, 999)},{_whole(rng, 100, 999)}"]
    texts += [f"(${a + 3}.{b})", f"($1,{_whole(rng, 100, 999)})", f"-${a + 1}", f"-{b} USD"]
    texts += [f"{b}¢", f"{_whole(rng, 2, 9)} ¢", f"USD {a + 2}", f"{a + 4}.50 usd", "$.99"]
    return [Case(_column([*texts, None, "free"], rng), label="money")]


# --- reading, by tokens ----------------------------------------------------------------------


def _number(word: str, quirk: str) -> float:
    if quirk == "thousands":
        word = word.split(",")[0]
    if quirk == "point":
        word = word.lstrip(".")
    return float(word.replace(",", ""))


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word)


def _amount(words: list[str], quirk: str) -> float:
    """What the words before the unit come to: 5 · 2 1/4 · 10/6.75 · 12 PK/12 · 48-54."""
    values = [_number(word, quirk) for word in words if _is_number(word)]
    marks = [word for word in words if not _is_number(word)]
    if quirk in ("first", "code"):
        return values[0]
    if quirk == "last":
        return values[-1]
    if "-" in marks:
        return {"low": values[0], "high": values[-1]}.get(quirk, sum(values[-2:]) / 2)
    if "/" not in marks:
        return values[-1]
    if len(values) == 3:  # 2 1/4
        whole, top, bottom = values
        if quirk == "product":
            return whole * top / bottom
        return whole if quirk == "whole" else whole + top / bottom
    return values[0] / values[1] if quirk == "division" else values[0] * values[1]


def _read(cell: Any, quirk: str = "") -> Read:
    """One cell; `quirk` names what is done in another way."""
    if not isinstance(cell, str):
        return _NOTHING
    text = cell.upper().replace("SQ FT", "SQ_FT")
    words: list[str] = re.findall(r"\d[\d,]*\.?\d*|\.\d+|[A-Z_]+|[^\s\w]", text)
    negative = words[:1] == ["-"] or (words[:2] == ["(", "$"] and quirk != "parentheses")
    coded = words[:1] == ["("] and words[1:2] != ["$"]
    if coded and quirk != "code":
        words = words[words.index(")") + 1 :]
    if words[:1] == ["-"]:
        negative, words = quirk != "minus", words[1:]
    first = next((i for i, word in enumerate(words) if _is_number(word)), len(words))
    known = [i for i, word in enumerate(words) if word.replace("_", " ") in _UNITS]
    if quirk == "letters":
        unit = known[0] if known else None
    elif first == len(words):  # no number: the unit alone
        unit = known[0] if known and len(words) == 1 and quirk != "bare" else None
    else:
        after = [i for i in known if i > first]
        before = [i for i in known if i < first and words[i] in ("$", "USD")]
        last = after[0] if quirk == "first unit" else after[-1] if after else None
        unit = last if after else (before[-1] if before else None)
    if unit is None:
        return (0.0, None) if quirk == "zero" else _NOTHING
    end = unit if unit > first else len(words)
    way = "" if quirk == "code" and not coded else quirk
    amount = 1.0 if first == len(words) else _amount(words[first:end], way)
    name, factor = _UNITS[words[unit].replace("_", " ")]
    if quirk == "factor" or (quirk == "cents" and words[unit] == "¢"):
        factor = 1.0
    return (-1 if negative else 1) * amount * factor, name


def _table(col: pd.Series, quirk: str = "") -> pd.DataFrame:
    read = [_read(cell, quirk) for cell in col]
    return pd.DataFrame(
        {"amount": [a for a, _ in read], "unit": pd.Series([u for _, u in read], dtype=object)}
    ).set_axis(col.index)


def _wanted(col: pd.Series) -> pd.DataFrame:
    return _table(col)


def _with(quirk: str) -> Callable[[pd.Series], pd.DataFrame]:
    return lambda col: _table(col, quirk)


def _raises(col: pd.Series) -> pd.DataFrame:
    for cell in col:
        cell.upper()
    return _table(col)


def _naive_pattern(col: pd.Series) -> pd.DataFrame:
    """One number right before one word: what a first regular expression finds."""
    found = col.astype(str).str.upper().str.extract(r"([\d.]*\d)\s*([A-Z$¢]+)")
    units = found[1].map(lambda u: _UNITS.get(u, (None, np.nan)))
    factor = units.map(lambda u: u[1]).astype(float)
    amount = pd.to_numeric(found[0], errors="coerce") * factor
    return pd.DataFrame({"amount": amount, "unit": units.map(lambda u: u[0]).astype(object)})


PARSE_MONEY_AND_UNITS = Exercise(
    "parse_money_and_units",
    "(col)",
    "Sizes and prices as text",
    difficulty=4,
    minutes=25,
    parts=(
        Part("one number and one unit", 2, _simple, _wanted, frame()),
        Part("packs, fractions and ranges", 1, _composed, _wanted, frame()),
        Part("money", 1, _money, _wanted, frame()),
    ),
    pitfalls=(
        Pitfall(
            "cents counted as dollars",
            "“99¢” is not 99 dollars: the cent is a unit with a factor, like the pound.",
            _with("cents"),
        ),
        Pitfall(
            "units are not converted",
            "A pound and an ounce came out as the same amount. Once the number is read, multiply "
            "it by the factor of its unit, so that all amounts of one kind share a unit.",
            _with("factor"),
        ),
        Pitfall(
            "the first letters taken for the unit",
            "“L    16 OZ” is no sixteen litres: the catalogue puts a label in front. Look for the "
            "unit after the number; only money puts it before.",
            _with("letters"),
        ),
        Pitfall(
            "a leading point is lost",
            "“.17 OZ” became 17. A pattern that asks for a digit first starts reading behind the "
            "point: let a number begin with a point, too.",
            _with("point"),
        ),
        Pitfall(
            "a unit alone is one of it",
            "“PT” is one pint and “GAL” one gallon. Your pattern insists on a number, so these "
            "products lost their size.",
            _with("bare"),
        ),
        Pitfall(
            "a number in brackets taken for the amount",
            "In “(600) 4 LB” the bracket is somebody's code, the size is 4 pounds. Money in "
            "brackets has a currency sign inside; a code has not.",
            _with("code"),
        ),
        Pitfall(
            "what cannot be read becomes zero",
            "A size nobody can read is not a size of zero: a model would take it for a fact, and "
            "a sum would not show that anything is missing. Leave it missing.",
            _with("zero"),
        ),
        Pitfall(
            "stops at the first cell that is no text",
            "A text column holds missing values (which are floats) and numbers as well. Ask "
            "whether a cell is text before you use a method of text.",
            _raises,
        ),
        Pitfall(
            "the index is lost",
            "Your rows are numbered anew, so the result no longer lines up with the table that "
            "the column came from: an assignment would put sizes to the wrong products.",
            lambda col: _table(col).reset_index(drop=True),
        ),
        Pitfall(
            "only the first number counts",
            "“10/6.75 OZ” is ten pieces of 6.75 ounces, and “2 1/4” is more than two. What "
            "stands between the first number and the unit belongs to the amount.",
            _with("first"),
        ),
        Pitfall(
            "only the number before the unit counts",
            "“10/6.75 OZ” is ten pieces, “2 1/4 OZ” are not four ounces, and “48-54 CT” is not "
            "54. Look at all that stands before the unit.",
            _with("last"),
        ),
        Pitfall(
            "a pack read as a fraction",
            "You divided 10 by 6.75. Without a whole number before it, the slash of this "
            "catalogue means *pieces of*; that 24/16.9 OZ also occurs as 405.6 OZ proves it.",
            _with("division"),
        ),
        Pitfall(
            "a range read as its lower end",
            "“48-54 CT” gives two ends; asked for is the middle.",
            _with("low"),
        ),
        Pitfall(
            "the pieces of a pack taken for the unit",
            "In “12 PK/12 OZ” the last unit says what the amount is measured in; PK only names "
            "the pieces.",
            _with("first unit"),
        ),
        Pitfall(
            "the thousands comma ends the number",
            "“$1,299.50” became 1. Take the commas out before you turn the text into a number.",
            _with("thousands"),
        ),
        Pitfall(
            "brackets do not count as a minus",
            "Accountants write a loss in brackets: ($45.00) is −45 dollars. Read without its "
            "brackets, a loss becomes a gain.",
            _with("parentheses"),
        ),
    ),
    hints=(
        "Print the distinct forms first: replace every number by # and count what is left. Each "
        "line of that table is a form to read.",
        "Work on `str(cell).upper()`. Take away what is in front (a code in brackets, a label of "
        "one letter), find the numbers with `re.findall(r'\\d[\\d,]*\\.?\\d*|\\.\\d+', text)`, and "
        "the unit after the last of them.",
        "Three numbers and a slash: a + b/c. Two and a slash: a·b. Two and a hyphen between them: "
        "the mean. One: itself. None: 1 if the text is a unit. Then times the factor, and minus "
        "if it starts with - or ($.",
    ),
)
