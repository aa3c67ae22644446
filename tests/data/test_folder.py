"""What there is to load, and what a wrong name is told."""

import re

import pytest

from pitfalls.data import load, names, tables


def test_every_data_set_is_listed():
    """The names are those of the folders that have a datasheet."""
    wanted = (
        "completejourney",
        "covid_testing",
        "diamonds",
        "flights",
        "hotel_rates",
        "movielens",
    )
    assert wanted == names()


def test_the_main_table_comes_first():
    """The table that bears the data set's name leads, and a table in several files is one table."""
    assert ("flights", "planes", "weather") == tables("flights")
    assert all(name == tables(name)[0] for name in names())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("diamond",), "There is no data set 'diamond'; did you mean 'diamonds'?"),
        (("flights", "wether"), "The data set 'flights' has no table 'wether'; did you mean"),
        (("iris",), "There is no data set 'iris'; choose from completejourney, covid_testing"),
        (("../datasets",), "There is no data set '../datasets'"),
        ((None,), "There is no data set None; choose from"),
        (("flights", "../planes"), "The data set 'flights' has no table '../planes'"),
        (("flights", "flights-1"), "The data set 'flights' has no table 'flights-1'"),
    ],
)
def test_a_wrong_name_is_told_the_nearest(asked, told):
    """What was asked for, and the near match or the choice, in one sentence."""
    with pytest.raises(ValueError, match="^" + re.escape(told)) as caught:
        load(*asked)
    assert 1 == len(str(caught.value).splitlines())
