"""The fast constructor of records gives the same records as their class."""

from __future__ import annotations

import gc
from dataclasses import FrozenInstanceError, astuple, replace

import pytest

from db import frozen
from db.reading import Reading
from tests.support.make import make_reading

READING = make_reading()
VALUES = (READING.city, READING.station, READING.condition, READING.temperature_c)


def test_records_equal_those_made_by_their_class():
    first, second = frozen.records(Reading, *([value] * 2 for value in VALUES))
    assert (type(first), first, hash(first)) == (Reading, READING, hash(READING))
    assert (repr(second), astuple(second)) == (repr(READING), astuple(READING))
    assert replace(first, temperature_c=1.0) == replace(READING, temperature_c=1.0)


def test_records_are_frozen():
    (reading,) = frozen.records(Reading, *([value] for value in VALUES))
    with pytest.raises(FrozenInstanceError):
        reading.city = "부산"  # type: ignore[misc] # on purpose


def test_without_values_there_are_no_records():
    assert frozen.records(Reading, [], [], [], []) == []


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_left_as_it_was(collecting):
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        assert frozen.records(Reading, *([value] for value in VALUES)) == [READING]
        with pytest.raises(TypeError):
            frozen.records(Reading, ["서울"])
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if before else gc.disable)()
