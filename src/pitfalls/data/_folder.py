"""Where the data sets lie, and what lies there."""

import re
from difflib import get_close_matches
from pathlib import Path

__all__ = ["files", "names", "sheet", "tables"]

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "_datasets", _PACKAGE.parents[1] / "datasets")  # a wheel, a checkout


def names() -> tuple[str, ...]:
    """List the data sets.

    Returns
    -------
    tuple of str
        What `load` and `describe` take, in alphabetical order.

    Examples
    --------
    >>> from pitfalls.data import names
    >>> "diamonds" in names()
    True
    """
    return tuple(sorted(sheet.parent.name for sheet in _root().glob("*/DATASHEET.md")))


def tables(name: str) -> tuple[str, ...]:
    """List the tables of a data set, the one that bears its name first.

    Parameters
    ----------
    name : str
        A data set, see `names`.

    Returns
    -------
    tuple of str
        What `load` takes as its second argument.

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> from pitfalls.data import tables
    >>> tables("flights")
    ('flights', 'planes', 'weather')
    """
    found = {_table(path) for path in _data_set(name).glob("*.parquet")}
    return tuple(sorted(found, key=lambda table: (table != name, table)))


def files(name: str, table: str) -> list[Path]:
    """Give the files that make up a table, in order."""
    known = tables(name)
    if table not in known:
        raise ValueError(_unknown(f"the data set {name!r} has no table", table, known))
    return sorted(path for path in _data_set(name).glob("*.parquet") if _table(path) == table)


def sheet(name: str) -> Path:
    """Give the path of a data set's datasheet."""
    return _data_set(name) / "DATASHEET.md"


def _root() -> Path:
    for place in _PLACES:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"The data sets are missing: looked in {_PLACES[0]} and {_PLACES[1]}; "
        "install pitfalls again, or work in a full checkout."
    )


def _data_set(name: str) -> Path:
    known = names()
    if name not in known:
        raise ValueError(_unknown("there is no data set", name, known))
    return _root() / name


def _table(path: Path) -> str:
    return re.sub(r"-\d+$", "", path.stem)  # flights-1, flights-2 -> flights


def _unknown(what: str, asked: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(asked), known, n=1, cutoff=0.5)
    move = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}."
    return f"{what[0].upper()}{what[1:]} {asked!r}; {move}"
