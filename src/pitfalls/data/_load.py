"""Tables and datasheets by name."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ._folder import files, sheet

__all__ = ["describe", "load"]


def load(name: str, table: str | None = None) -> pd.DataFrame:
    """Load a table of a data set.

    Every call reads the files again, so the frame is yours to change.

    Parameters
    ----------
    name : str
        A data set, see `names`.
    table : str, optional
        One of its tables, see `tables`. The default is the table that bears its name.

    Returns
    -------
    DataFrame
        Columns, units, gaps and known problems are in the datasheet, see `describe`.

    Raises
    ------
    ValueError
        If there is no such data set or no such table.

    Examples
    --------
    >>> from pitfalls.data import load
    >>> load("diamonds").shape
    (53940, 10)
    >>> load("flights", "planes").columns[:3].tolist()
    ['tailnum', 'year', 'type']
    """
    paths = files(name, name if table is None else table)
    # one thread: as fast at this size, and a process that forks later keeps no thread pool
    parts = [pq.ParquetFile(path).read(use_threads=False) for path in paths]
    df: pd.DataFrame = pa.concat_tables(parts).to_pandas(use_threads=False)
    return df.copy()  # some columns would be read-only views of Arrow's memory


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
