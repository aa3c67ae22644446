"""No false alarm on honest pipelines of many kinds, no miss on leaky ones."""

from __future__ import annotations

import pytest

from tests.probes.zoo import HONEST, LEAKY

SMALLEST = 20


@pytest.mark.parametrize("specimen", HONEST, ids=lambda specimen: specimen.name)
def test_no_false_alarm(specimen):
    """Every probe that applies stays silent on an honest pipeline."""
    assert [] == [finding.says for finding in specimen.findings() if finding]


@pytest.mark.parametrize("specimen", LEAKY, ids=lambda specimen: specimen.name)
def test_no_miss(specimen):
    """The probe that is made for the leak sees it, and says what it saw."""
    found = {finding.probe: finding for finding in specimen.findings() if finding}
    assert specimen.leak in found
    assert found[specimen.leak].amount > 0


def test_the_zoos_are_large_and_of_many_kinds():
    """Twenty and more on either side, no name twice, six kinds at least."""
    for zoo in (HONEST, LEAKY):
        names = [specimen.name for specimen in zoo]
        assert SMALLEST <= len(names) == len(set(names))
        assert 6 <= len({specimen.kind for specimen in zoo})
