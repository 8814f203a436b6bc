"""A text whose numbers precede their cities gives no city the values of its neighbour."""

from __future__ import annotations

import pytest

from scraper import sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, DATE, plain

SKIES = ("맑음", "비", "구름많음", "눈")
TRUTH = {one.city: (SKIES[n % 4], one.temperature) for n, one in enumerate(plain())}


def rows(row: str, between: str) -> str:
    return between.join(
        row.replace("$l", label).replace("$c", city).replace("$t", temperature)
        for city, (label, temperature) in TRUTH.items()
    )


def check(page: str) -> None:
    try:
        found = sidebar.find(page)
    except NoSidebar:
        return
    for line in found.lines:
        label, temperature = TRUTH.get(line.city, (line.label, line.temperature))
        assert line.temperature in {"", temperature}
        assert line.label in {"", label}


@pytest.mark.parametrize(
    "row",
    [
        *["$t℃ $l$c", "$t℃ $c $l", "$l $t℃ $c", "$t℃ $c", "$t℃\n$l$c"],
        *["$l\n$t℃\n$c", "$t℃\n$c\n$l", "$t℃\n$l\n$c"],
    ],
)
@pytest.mark.parametrize("between", ["\n", " ", ", ", " | ", "\n\n"], ids=repr)
@pytest.mark.parametrize("above", ["", f"{DATE}\n", "날씨 ", "오늘의 "], ids=repr)
@pytest.mark.parametrize("credit", [CREDIT, ""], ids=["credit", "no credit"])
def test_numbers_before_their_cities_are_not_read(row, between, above, credit):
    check(f"{above}{rows(row, between)}\n{credit}")


@pytest.mark.parametrize(
    ("row", "between"),
    [
        *[("$t℃ $c $l", "\n"), ("$t℃ $c $l", "\n\n"), ("$t℃ $l $c", "\n")],
        *[("$l $t℃ $c", " "), ("$l $t℃ $c", " | "), ("$l, $t℃, $c", ", ")],
    ],
)
def test_numbers_before_their_cities_are_not_read_if_the_first_is_missing(row, between):
    first = f"{plain()[0].temperature}℃"
    check(f"{DATE}\n{rows(row, between).replace(first, '', 1)}\n{CREDIT}")


def test_a_first_entry_without_its_city_is_kept():
    """Portals list stations whose name they lost; the number is no other city's."""
    page = f"{DATE}\n{rows('$l$c $t℃', ' ').replace(plain()[0].city, '', 1)}\n{CREDIT}"
    found = sidebar.find(page)
    assert [line.city for line in found.lines] == ["", *list(TRUTH)[1:]]
    check(page)
