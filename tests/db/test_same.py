"""Same sets: pairs of sidebars, few or many, are compared by the rule of ``db/validity.py``."""

from __future__ import annotations

import random
from itertools import permutations

from db import validity
from db.truth import same
from db.truth.printed import Printed
from tests.support.histories import hour_of, moved, without_minus, without_number
from tests.support.keeping import content_of
from tests.support.stores import opened


def test_among_many_pairs_the_same_sets_are_found_and_no_others(tmp_path):
    """Most pairs are told apart by some of their cities, without the rest of their numbers."""
    chance = random.Random(0)
    boxes = [hour_of(nth) for nth in range(20)]
    for nth in range(60):  # the hours again, cut, with up to five other numbers of the first cities
        box = moved(hour_of(nth % 20), *chance.sample(range(8), chance.randrange(6)))
        box = without_minus(without_number(box, *chance.sample(range(16), chance.randrange(3))))
        boxes.append(tuple(chance.sample(box, chance.randrange(10, 17))))
    with opened(tmp_path / "weather.db") as store, store.transaction() as conn:
        rows = store.sidebars.keep_new([content_of(box) for box in boxes]).values()
        pairs = set(permutations(rows, 2))
        whole = Printed(conn)
        expected = {(one, other) for one, other in pairs if validity.same(whole[one], whole[other])}
        assert same.among(pairs, Printed(conn)) == expected
        assert {pair for pair in pairs if same.among([pair], Printed(conn))} == expected
    assert 50 < len(expected) < len(pairs) / 10
