"""A text whose numbers precede their cities gives no city the temperature of its neighbour."""

from __future__ import annotations

import pytest

from scraper import sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, DATE, plain

ENTRIES = plain()


@pytest.mark.parametrize("row", ["$t℃ $l$c", "$t℃ $c $l", "$l $t℃ $c", "$t℃ $c", "$t℃\n$l$c"])
@pytest.mark.parametrize("between", ["\n", " ", ", ", " | ", "\n\n"], ids=repr)
@pytest.mark.parametrize("above", ["", f"{DATE}\n", "날씨 ", "오늘의 "], ids=repr)
@pytest.mark.parametrize("credit", [CREDIT, ""], ids=["credit", "no credit"])
def test_numbers_before_their_cities_are_not_read(row, between, above, credit):
    entries = between.join(
        row.replace("$l", one.label).replace("$c", one.city).replace("$t", one.temperature)
        for one in ENTRIES
    )
    try:
        found = sidebar.find(f"{above}{entries}\n{credit}")
    except NoSidebar:
        return
    printed = {one.city: one.temperature for one in ENTRIES}
    for line in found.lines:
        assert line.temperature in {"", printed.get(line.city, line.temperature)}
