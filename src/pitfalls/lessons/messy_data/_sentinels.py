"""Missing values that have a name or a number: standardise_missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pitfalls.checks import Case, Comparison, Exercise, Mismatch, Part, Pitfall, show

from ._draw import once, rows, table
from ._tables import frame

__all__ = ["STANDARDISE_MISSING"]

Sentinels = dict[str, list[Any]]

# --- what is drawn ---------------------------------------------------------------------------


def _hotel(rng: np.random.Generator) -> list[Case]:
    """Real stays; the one without adults among them, and children who are really none."""
    hotel = table("hotel_rates")[["agent", "company", "country", "adults", "children", "babies"]]
    named = hotel[hotel["company"] != "not_applicable"]
    unknown = hotel[hotel["country"].isna()]
    parts = [rows(hotel, 14, rng), rows(named, 4, rng), rows(unknown, 3, rng)]
    drawn = pd.concat([*parts, hotel[hotel["adults"] == 0]])
    drawn = drawn[~drawn.index.duplicated()].sample(frac=1, random_state=int(rng.integers(10**6)))
    sentinels: Sentinels = {
        "agent": ["not_applicable"],
        "company": ["not_applicable"],
        "adults": [0],
    }
    return [Case(drawn, sentinels, label="hotel stays")]


def _stones(rng: np.random.Generator) -> list[Case]:
    """Real diamonds, some with a length of zero."""
    stones = table("diamonds")[["carat", "color", "x", "y", "z", "price"]]
    none = stones[(stones[["x", "y", "z"]] == 0).any(axis=1)]
    drawn = pd.concat([rows(stones, 12, rng), rows(none, 5, rng)])
    drawn = drawn[~drawn.index.duplicated()].sort_index()
    return [Case(drawn, {"x": [0], "y": [0], "z": [0]}, label="diamonds")]


@once
def _typed(rng: np.random.Generator) -> list[Case]:
    """A sheet filled in by hand; made up: text, numbers and four ways to say nothing."""
    n = 16
    values = rng.integers(-150, 400, n) / 10
    temp: list[Any] = [f"{v:.1f}" if i % 2 else float(v) for i, v in enumerate(values)]
    holes = rng.choice(n, 7, replace=False)
    for i, hole in zip(holes, ["-999", -999, "N/A", " n/a ", "  ", None, "-999.0"], strict=True):
        temp[i] = hole
    humid: list[Any] = [int(v) for v in rng.integers(20, 100, n)]
    humid[int(rng.integers(n))] = -1
    country = [str(c) for c in rng.choice(["NA", "DE", "PT", "IE", "N/A island"], n)]
    country[:3] = ["NA", "N/A island", " "]
    note = [str(c) for c in rng.choice(["clear", "unknown object", "fog", "Unknown", "rain"], n)]
    note[:5] = ["unknown", " UNKNOWN", "unknown object", "fog", "rain "]
    station = [f"{code:03d}" for code in rng.choice(90, n, replace=False)]
    frame_ = pd.DataFrame(
        {
            "temp": pd.Series(temp, dtype=object),
            "humid": pd.Series(humid, dtype="int64"),
            "change": pd.Series([-999, -1, *rng.integers(-3, 3, n - 2)], dtype="int64"),
            "country": pd.Series(country, dtype=object),
            "note": pd.Series(note, dtype=object),
            "station": pd.Series(station, dtype=object),
        }
    )
    frame_.index = pd.Index(np.sort(rng.choice(900, n, replace=False)))
    sentinels: Sentinels = {"temp": [-999, "N/A"], "humid": [-1], "note": ["Unknown "]}
    return [Case(frame_, sentinels, label="a sheet filled in by hand")]


@once
def _real(rng: np.random.Generator) -> list[Case]:
    return _hotel(rng) + _stones(rng)


# --- reference -------------------------------------------------------------------------------


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _means_nothing(cell: Any, names: list[Any]) -> bool:
    if isinstance(cell, str) and cell.strip() == "":
        return True
    return any(
        _as_float(cell) == _as_float(name)
        or (isinstance(cell, str) and cell.strip().lower() == str(name).strip().lower())
        for name in names
    )


def _missing(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    """Cell by cell: which mean nothing."""
    return pd.DataFrame(
        {
            name: [
                pd.isna(cell) or _means_nothing(cell, sentinels.get(name, [])) for cell in df[name]
            ]
            for name in df
        },
        index=df.index,
    )


def _typed_columns(df: pd.DataFrame, names: Any) -> pd.DataFrame:
    """Numbers where all that is left in a named column reads as a number."""
    out = df.copy()
    for name in names:
        left = [_as_float(cell) for cell in out[name].dropna()]
        if not np.isnan(left).any():
            out[name] = [np.nan if pd.isna(cell) else _as_float(cell) for cell in out[name]]
    return out


def _wanted(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    gaps = _missing(df, sentinels)
    emptied = df.astype(object).where(~gaps, None)
    for name in df:
        if not gaps[name].any():
            emptied[name] = df[name]
    return _typed_columns(emptied, sentinels)


def _cells() -> Comparison:
    """Which cells are missing, and that the others still say the same, as text or as number."""
    inner = frame()

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        if not isinstance(got, pd.DataFrame) or not got.columns.is_unique:
            return inner(got, wanted)
        return inner(got.map(_spelling), wanted.map(_spelling))

    return compare


def _spelling(cell: Any) -> Any:
    if pd.isna(cell):
        return None
    number = _as_float(cell)
    return str(cell) if np.isnan(number) else f"{number:.9g}"


def _types() -> Comparison:
    """Cells, and numbers where numbers are left."""
    inner = _cells()

    def compare(got: Any, wanted: Any) -> Mismatch | None:
        found = inner(got, wanted)
        if found is not None:
            return found
        for name in wanted:
            asked, came = (pd.api.types.is_numeric_dtype(t[name]) for t in (wanted, got))
            if asked != came:
                kind = "numbers" if asked else "text"
                says = f"The column {name!r} should hold {kind}; its dtype is {got[name].dtype}."
                return Mismatch("type", says, show(got[name]), show(wanted[name]))
        return None

    return compare


# --- wrong ways ------------------------------------------------------------------------------


def _where(hit: Callable[[Any, str, Sentinels], bool], types: bool = True) -> Callable[..., Any]:
    """Cells that `hit` become missing; then the types, as asked."""

    def answer(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
        gone = pd.DataFrame(
            {name: [hit(cell, name, sentinels) for cell in df[name]] for name in df},
            index=df.index,
        )
        out = df.astype(object).where(~gone, None)
        for name in df:
            if not gone[name].any():
                out[name] = df[name]
        return _typed_columns(out, sentinels if types else [])

    return answer


def _everywhere(cell: Any, name: str, sentinels: Sentinels) -> bool:
    return _means_nothing(cell, [value for values in sentinels.values() for value in values])


def _exactly(cell: Any, name: str, sentinels: Sentinels) -> bool:
    blank = isinstance(cell, str) and cell.strip() == ""
    return blank or cell in sentinels.get(name, [])


def _as_text_only(cell: Any, name: str, sentinels: Sentinels) -> bool:
    names = [str(value).strip().lower() for value in sentinels.get(name, [])]
    return str(cell).strip().lower() in ("", *names)


def _half_tidied(cell: Any, name: str, sentinels: Sentinels) -> bool:
    names = sentinels.get(name, [])
    if isinstance(cell, str) and cell.strip().lower() in ("", *map(str, names)):
        return True
    return any(_as_float(cell) == _as_float(value) for value in names)


def _contains(cell: Any, name: str, sentinels: Sentinels) -> bool:
    names = sentinels.get(name, [])
    inside = any(str(value).lower() in cell.lower() for value in names if isinstance(cell, str))
    return inside or _means_nothing(cell, names)


def _blank_stays(cell: Any, name: str, sentinels: Sentinels) -> bool:
    blank = isinstance(cell, str) and cell.strip() == ""
    return not blank and _means_nothing(cell, sentinels.get(name, []))


def _by_habit(cell: Any, name: str, sentinels: Sentinels) -> bool:
    habit = ["na", "n/a", "unknown", "-999", "none", "not_applicable"]
    return _means_nothing(cell, [*sentinels.get(name, []), *habit])


def _right(cell: Any, name: str, sentinels: Sentinels) -> bool:
    return _means_nothing(cell, sentinels.get(name, []))


def _filled_with_zero(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    out = _wanted(df, sentinels)
    return out.fillna(dict.fromkeys(sentinels, 0))


def _rows_dropped(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    return _wanted(df, sentinels).dropna()


def _text_nan(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    out = _wanted(df, sentinels)
    for name in sentinels:
        if not pd.api.types.is_numeric_dtype(out[name]):
            out[name] = [str(cell) for cell in out[name]]
    return out


def _tidied_for_good(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    out = _wanted(df, sentinels)
    return out.map(lambda cell: cell.strip().lower() if isinstance(cell, str) else cell)


def _is_tidied(case: Case, value: Any) -> bool:
    """The right cells, up to blanks and capitals."""
    right = _wanted(*case.args)
    pairs = [
        (_spelling(mine), _spelling(cell))
        for name in right
        for mine, cell in zip(value[name], right[name], strict=True)
    ]
    tidy = [tuple(text and text.strip().lower() for text in pair) for pair in pairs]
    return any(a != b for a, b in pairs) and all(a == b for a, b in tidy)


def _codes_to_numbers(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    return _typed_columns(_wanted(df, sentinels), df.columns)


def _all_to_numbers(df: pd.DataFrame, sentinels: Sentinels) -> pd.DataFrame:
    out = _wanted(df, sentinels)
    for name in sentinels:
        out[name] = [_as_float(cell) for cell in out[name]]
    return out


STANDARDISE_MISSING = Exercise(
    "standardise_missing",
    "(df, sentinels)",
    "Missing values by other names",
    difficulty=3,
    minutes=15,
    parts=(
        Part("real tables: each column has its own", 1, _real, _wanted, _cells()),
        Part("a sheet filled in by hand: the cells", 1, _typed, _wanted, _cells()),
        Part("and the types", 1, _typed, _wanted, _types()),
    ),
    pitfalls=(
        Pitfall(
            "one list for all columns",
            "A value that means *nothing* in one column is a fact in another: no adults is an "
            "error, no children is not. Look up the sentinels of each column by its name.",
            _where(_everywhere),
        ),
        Pitfall(
            "filled in at once",
            "A sentinel became a zero: again a number that looks like a measurement. Make it "
            "missing first; how to fill it is decided later, on the training rows.",
            _filled_with_zero,
        ),
        Pitfall(
            "rows with gaps are dropped",
            "Marking what is missing must not lose rows: who is missing is a piece of "
            "information, and a served row cannot be dropped.",
            _rows_dropped,
        ),
        Pitfall(
            "missing values turned into text",
            "The gap now holds the text “nan” or “None”, which no function recognises as missing. "
            "That happens when a column with gaps is turned into text.",
            _text_nan,
        ),
        Pitfall(
            "a word list from habit",
            "“NA” is Namibia here. Only what `sentinels` names for a column, and blank text, means "
            "missing; a list of usual words eats real values.",
            _where(_by_habit),
        ),
        Pitfall(
            "matched to the letter",
            "“n/a”, “ N/A ” and “-999” typed as text mean the same as their sentinels. Compare "
            "text without case and outer blanks, and numbers as numbers.",
            _where(_exactly),
        ),
        Pitfall(
            "the cell is tidied, the sentinel is not",
            "You took blanks and case from the cells and left the list as it came: a sentinel "
            "written “N/A” or “Unknown ” then equals none of them. Treat both sides alike.",
            _where(_half_tidied),
        ),
        Pitfall(
            "numbers compared as text",
            "“-999.0” and −999 are one number with two spellings. Where the sentinel is a number, "
            "compare numbers.",
            _where(_as_text_only),
        ),
        Pitfall(
            "a part of the text is enough",
            "“unknown object” is a note somebody took, no missing value. The whole cell must "
            "equal the sentinel.",
            _where(_contains),
        ),
        Pitfall(
            "blank text stays",
            "A cell of blanks looks empty and counts as a value. In every column, text that is "
            "empty after stripping is missing.",
            _where(_blank_stays),
        ),
        Pitfall(
            "text is tidied for good",
            "Cells that stay have lost their blanks or capitals. Tidy a copy to compare with; the "
            "cell itself stays as it came.",
            _tidied_for_good,
            _is_tidied,
        ),
        Pitfall(
            "codes turned into numbers",
            "Station “007” became 7: codes are made of digits and are no numbers, and their zeros "
            "are lost. Only a column that `sentinels` names gets a numeric type.",
            _codes_to_numbers,
        ),
        Pitfall(
            "text columns turned into numbers",
            "A forced conversion made every word missing. Turn a column into numbers only if all "
            "that is left in it reads as a number.",
            _all_to_numbers,
        ),
        Pitfall(
            "numbers stay text",
            "The right cells are missing, but the column still holds text: its mean, its order and "
            "its median would be those of words. Convert it once the sentinels are gone.",
            _where(_right, types=False),
        ),
    ),
    hints=(
        "Write down for one cell when it means nothing: it is missing already, blank text, or "
        "equal to a sentinel of its column. Equal in which sense?",
        "Per column: `text = col.astype(str).str.strip().str.lower()` and `number = "
        "pd.to_numeric(col, errors='coerce')` give two masks; `col.mask(...)` makes the gaps.",
        "For a named column: `as_numbers = pd.to_numeric(kept, errors='coerce')`; use it if it has "
        "no more gaps than `kept`.",
    ),
)
