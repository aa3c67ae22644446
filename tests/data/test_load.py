"""Loading by name: a frame of one's own, fast, from any number of threads."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from pitfalls.data import describe, load, names, tables


def test_each_call_gives_a_fresh_frame():
    """What one caller does to a frame never reaches the next."""
    first = load("diamonds")
    wanted = first.copy(deep=True)
    first.loc[:, "price"] = 0
    first["cut"] = first["cut"].cat.remove_categories("Fair")
    del first["carat"]
    pd.testing.assert_frame_equal(wanted, load("diamonds"))


def test_the_two_halves_of_the_year_join_in_order():
    """A table in two files has one row of labels and runs on in time."""
    flights = load("flights")
    assert pd.RangeIndex(336_776).equals(flights.index)
    assert flights["time_hour"].is_monotonic_increasing
    assert list(range(1, 13)) == flights["month"].drop_duplicates().tolist()


def test_chosen_columns_are_those_of_the_whole_table():
    """In the order in which they were named, and no others."""
    chosen = ["tailnum", "dep_delay", "time_hour", "month"]
    pd.testing.assert_frame_equal(load("flights")[chosen], load("flights", columns=chosen))


def test_load_tells_a_wrong_column():
    """The sentence says what came, and what there is."""
    with pytest.raises(ValueError, match=r"'planes' of 'flights' has no column 'years'.*tailnum"):
        load("flights", "planes", columns=["tailnum", "years"])


def test_takes_little_more_memory_than_the_table():
    """The table is built column by column, and what that took is given back."""
    source = """if True:
        from pitfalls.data import load

        def megabytes(what):  # not getrusage: there a process begins with its parent's peak
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) / 1024 for line in status if what in line)

        load("diamonds")  # whatever is loaded once
        before = megabytes("VmRSS")
        size = load("flights").memory_usage().sum() / 2**20
        print(size, megabytes("VmRSS") - before, megabytes("VmHWM") - before)"""
    told = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    size, kept, peak = map(float, told.stdout.split())
    assert 50 < size
    assert size > kept  # by then the table itself is gone
    assert 3 * size > peak


def test_grades_of_diamonds_keep_their_order():
    """Cut, color and clarity are ordered as in ggplot2, so that they compare and sort."""
    diamonds = load("diamonds")
    levels = {
        "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
        "color": ["D", "E", "F", "G", "H", "I", "J"],
        "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
    }
    for column, order in levels.items():
        assert order == diamonds[column].cat.categories.tolist()
        assert diamonds[column].cat.ordered
    assert "Fair" == diamonds["cut"].min()


def test_many_threads_read_the_same():
    """Loading needs no lock."""
    wanted = load("hotel_rates")
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: load("hotel_rates"), range(24)):
            pd.testing.assert_frame_equal(wanted, got)


def test_diamonds_load_within_a_tenth_of_a_second():
    """The best of five loads counts: the machine may be busy, the code may not be slow."""

    def seconds():
        start = time.perf_counter()
        load("diamonds")
        return time.perf_counter() - start

    assert 0.1 > min(seconds() for _ in range(5))


@pytest.mark.parametrize("name", names())
def test_every_column_can_be_changed(name):
    """No column is a read-only view."""
    for table in tables(name):
        df = load(name, table)
        for column in df.columns:
            second = df[column].iloc[1]
            df.loc[0, column] = second
            assert df[column].iloc[0] == second or pd.isna(second)


@pytest.mark.parametrize("name", names())
def test_describe_is_the_datasheet(name):
    """A datasheet has its sections, in order."""
    text = describe(name)
    sections = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert text.startswith(f"# {name}\n")
    assert ["Source", "Licence", "Files", "Columns", "Known problems", "Rebuild"] == sections
    assert f"python datasets/build.py {name}" in text


def test_describe_tells_a_wrong_name():
    """A wrong name gets the same sentence as in load."""
    with pytest.raises(ValueError, match="no data set 'flight'; did you mean 'flights'"):
        describe("flight")
