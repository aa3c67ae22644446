"""Tables and datasheets by name."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ._folder import files, sheet

__all__ = ["describe", "load"]


def load(name: str, table: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load a table of a data set.

    Every call reads the files again, so the frame is yours to change.

    Parameters
    ----------
    name : str
        A data set, see `names`.
    table : str, optional
        One of its tables, see `tables`. The default is the table that bears its name.
    columns : sequence of str, optional
        Read these alone, in this order. The default is all of them.

    Returns
    -------
    DataFrame
        Columns, units, gaps and known problems are in the datasheet, see `describe`.

    Raises
    ------
    ValueError
        If there is no such data set, no such table or no such column.

    Examples
    --------
    >>> from pitfalls.data import load
    >>> load("diamonds").shape
    (53940, 10)
    >>> load("flights", "planes").columns[:3].tolist()
    ['tailnum', 'year', 'type']
    >>> load("flights", columns=["dep_delay", "arr_delay"]).shape
    (336776, 2)
    """
    table = name if table is None else table
    parts = [pq.ParquetFile(path) for path in files(name, table)]
    known = parts[0].schema_arrow.names
    chosen = known if columns is None else list(columns)
    if unknown := [column for column in chosen if column not in known]:
        raise ValueError(
            f"The table {table!r} of {name!r} has no column {unknown[0]!r}; "
            f"its columns are {', '.join(known)}."
        )
    # One column after the other takes far less memory than all of them at once.
    return pd.DataFrame({column: _column(parts, column) for column in chosen})


def _column(parts: list[pq.ParquetFile], name: str) -> pd.Series:
    # one thread: as fast at this size, and a process that forks later keeps no thread pool
    tables = [part.read([name], use_threads=False) for part in parts]
    column: pd.Series = pa.concat_tables(tables).to_pandas(use_threads=False)[name].copy()
    del tables
    pa.default_memory_pool().release_unused()  # or it keeps what it had at the most
    return column


def describe(name: str) -> str:
    """Give the datasheet of a data set.

    Parameters
    ----------
    name : str
        A data set, see `names`.

    Returns
    -------
    str
        Markdown: source, licence, files with checksums, columns with units, known problems.

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> from pitfalls.data import describe
    >>> describe("diamonds").splitlines()[0]
    '# diamonds'
    """
    return sheet(name).read_text(encoding="utf-8")
