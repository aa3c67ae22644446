"""The shipped files against their datasheets."""

import hashlib
import re
from pathlib import Path

import pandas as pd
import pytest

from pitfalls.data import describe, load, names, tables

DATASETS = Path(__file__).parents[2] / "datasets"
TABLES = [(name, table) for name in names() for table in tables(name)]


def table_after(text, heading):
    """Read the Markdown table under a heading."""
    section = re.split(r"\n#+ ", text.split(f"\n{heading}\n", 1)[1], maxsplit=1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return pd.DataFrame(rows[2:], columns=rows[0])


@pytest.mark.parametrize("name", names())
def test_files_have_the_stated_checksums(name):
    """Every data file is listed with its size and checksum, none is over 3 MB, none is extra."""
    stated = table_after(describe(name), "## Files").set_index("file")
    found = {path.name: path.read_bytes() for path in (DATASETS / name).glob("*.parquet")}
    assert set(stated.index) == set(found)
    for file, data in found.items():
        assert stated.loc[file, "sha256"] == hashlib.sha256(data).hexdigest()
        assert stated.loc[file, "bytes"] == str(len(data))
        assert 3_000_000 > len(data)


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_a_table_is_as_its_datasheet_says(name, table):
    """Rows, columns, their order, dtypes and numbers of missing values."""
    files = table_after(describe(name), "## Files")
    stem = files["file"].str.replace(r"(-\d+)?\.parquet$", "", regex=True)
    columns = table_after(describe(name), f"### {table}")
    df = load(name, table)
    assert files.loc[stem == table, "rows"].astype(int).sum() == len(df)
    assert columns["column"].tolist() == df.columns.tolist()
    assert columns["dtype"].tolist() == df.dtypes.astype(str).tolist()
    assert columns["missing"].astype(int).tolist() == df.isna().sum().tolist()
    assert columns["meaning"].str.strip().str.len().min() > 0


@pytest.mark.parametrize("name", ["completejourney", "covid_testing", "diamonds", "movielens"])
def test_a_licence_that_asks_for_its_text_has_it(name):
    """The terms lie beside the data that stand under them."""
    terms = (DATASETS / name / "LICENSE.txt").read_text(encoding="utf-8")
    wanted = {"movielens": "under these same license conditions"}
    assert wanted.get(name, "this permission notice shall be included") in " ".join(terms.split())
