"""Two lists that show different values are two, whatever is between them."""

from __future__ import annotations

import pytest

from scraper import sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, LISTS, TEXTS, entry, plain

PLAIN = plain()
OTHERS = [entry("맑음", one.city, f"{n * 0.9 + 3:.1f}") for n, one in enumerate(PLAIN)]
ORDERS = {
    "same order": OTHERS,
    "reversed": OTHERS[::-1],
    "first two swapped": [OTHERS[1], OTHERS[0], *OTHERS[2:]],
    "first equal": [PLAIN[0], *OTHERS[1:]],
    "a part": OTHERS[4:],
}
HTML = ["li", "table", "div", "p", "nbsp", "flat"]
TEXT = ["no bullets", "numbered", "one line", "table in bars", "label on its own line"]


def rows(form, entries):
    return "\n".join(TEXTS[form](entries, "").split("\n")[4:-5])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("headings", [("오전", "오후"), ("가", "나"), ("09시", "15시")])
def test_two_lists_with_nothing_but_a_heading_between_are_not_one(headings, order):
    for form in HTML:
        lists = zip(headings, (PLAIN, ORDERS[order]), strict=True)
        page = "".join(f"<h3>{heading}</h3>{LISTS[form](one)}" for heading, one in lists)
        with pytest.raises(NoSidebar, match="lists that differ"):
            sidebar.find(f"{page}<p>{CREDIT}</p>")
    for form in TEXT:
        lists = zip(headings, (PLAIN, ORDERS[order]), strict=True)
        page = "\n".join(f"{heading}\n{rows(form, one)}" for heading, one in lists)
        with pytest.raises(NoSidebar, match="lists that differ"):
            sidebar.find(f"{page}\n{CREDIT}")


@pytest.mark.parametrize("order", ORDERS)
def test_two_lists_with_nothing_between_are_not_one(order):
    for form in HTML:
        with pytest.raises(NoSidebar, match="lists that differ"):
            sidebar.find(f"{LISTS[form](PLAIN)}{LISTS[form](ORDERS[order])}<p>{CREDIT}</p>")


@pytest.mark.parametrize("form", ["li", "div", "flat"])
def test_lists_of_other_cities_below_hours_are_not_one(form):
    morning, afternoon = LISTS[form](PLAIN[:8]), LISTS[form](OTHERS[8:])
    found = sidebar.find(f"<h3>오전</h3>{morning}<h3>오후</h3>{afternoon}<p>{CREDIT}</p>")
    assert len(found.lines) == 8


@pytest.mark.parametrize("now", ["현재", "지금", "실황", "오늘의 날씨"])
@pytest.mark.parametrize("form", HTML)
def test_the_list_of_now_counts_with_nothing_but_a_heading_between(form, now):
    page = f"<h3>내일</h3>{LISTS[form](OTHERS)}<h3>{now}</h3>{LISTS[form](PLAIN)}"
    found = sidebar.find(f"{page}<p>{CREDIT}</p>")
    assert [line.temperature for line in found.lines] == [one.temperature for one in PLAIN]


@pytest.mark.parametrize("form", HTML)
def test_the_same_list_twice_is_read_once(form):
    found = sidebar.find(f"{LISTS[form](PLAIN)}<h3>지역</h3>{LISTS[form](PLAIN)}<p>{CREDIT}</p>")
    assert [line.city for line in found.lines] == [one.city for one in PLAIN]
    assert not found.another


@pytest.mark.parametrize("form", ["table", "dl", "ol"])
def test_a_list_of_another_kind_above_is_no_part_of_the_box(form):
    """The four cities of a forecast are not among those of the box."""
    cities = zip(["수원", "춘천", "청주", "전주"], OTHERS, strict=False)
    above = LISTS[form]([entry("맑음", city, other.temperature[:-2]) for city, other in cities])
    found = sidebar.find(f"{above}<div>{LISTS['li'](PLAIN)}<p>{CREDIT}</p></div>")
    assert [line.city for line in found.lines] == [one.city for one in PLAIN]


def test_a_list_without_labels_above_is_no_part_of_the_box():
    items = zip(["수원", "춘천", "청주", "전주"], OTHERS, strict=False)
    above = "".join(f"<li>{city} {other.temperature}℃</li>" for city, other in items)
    page = f"<ul>{above}</ul><div>{LISTS['li'](PLAIN)}<p>{CREDIT}</p></div>"
    assert [line.city for line in sidebar.find(page).lines] == [one.city for one in PLAIN]


def test_a_column_that_lost_its_labels_is_part_of_the_box():
    wet = [entry("", one.city, one.temperature, icon="") for one in PLAIN[:6]]
    page = f"{LISTS['li'](wet)}{LISTS['li'](PLAIN[6:])}<p>{CREDIT}</p>"
    assert [line.city for line in sidebar.find(page).lines] == [one.city for one in PLAIN]


@pytest.mark.parametrize("between", ["", f"<p>{CREDIT}</p>"])
@pytest.mark.parametrize("parts", [("오전", "오후"), ("09시", "15시"), ("수도권", "남부 지방")])
@pytest.mark.parametrize("form", [*HTML, "table with a heading"])
def test_the_parts_below_a_heading_of_tomorrow_are_of_tomorrow(form, parts, between):
    first, second = (f"<h4>{part}</h4>" for part in parts)
    page = f"<h3>내일 날씨</h3>{first}{LISTS[form](PLAIN)}{between}{second}{LISTS[form](OTHERS)}"
    with pytest.raises(NoSidebar):
        sidebar.find(f"{page}<p>{CREDIT}</p>")


@pytest.mark.parametrize("form", TEXT)
def test_the_parts_of_a_text_below_a_heading_of_tomorrow_are_of_tomorrow(form):
    page = f"내일 날씨\n오전\n{rows(form, PLAIN)}\n오후\n{rows(form, OTHERS)}\n{CREDIT}\n"
    with pytest.raises(NoSidebar):
        sidebar.find(page)


@pytest.mark.parametrize("fresh", [1, 2, 5])
@pytest.mark.parametrize("form", ["table", "li", "div"])
def test_the_first_cities_may_be_missing_in_the_list_above(form, fresh):
    whole = [entry("맑음", one.city, f"{n}") for n, one in enumerate(OTHERS)]
    above = LISTS[form](whole[fresh:])
    found = sidebar.find(f"{above}<div>{LISTS['li'](PLAIN)}<p>{CREDIT}</p></div>")
    assert [line.city for line in found.lines] == [one.city for one in PLAIN]


@pytest.mark.parametrize("form", HTML)
def test_two_cities_that_come_twice_begin_no_other_list(form):
    again = [entry("새날씨", one.city, one.temperature) for one in OTHERS[:2]]
    found = sidebar.find(f"{LISTS[form]([*PLAIN, *again])}<p>{CREDIT}</p>")
    assert len(found.lines) == len(PLAIN) + 2
