"""Readings: the right station or None, the printed number or None, and each doubt reported."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper import normalize, sidebar
from scraper.errors import UnreadableValue
from scraper.normalize import temperature_c
from scraper.sidebar import Line, Sidebar
from scraper.vocabulary import CONDITIONS, ICONS, STATIONS
from tests.support import pages
from tests.support.pages import SIGHTINGS, entry

if TYPE_CHECKING:
    from db.reading import Reading
    from scraper.normalize import Normalized


def make_line(**changes: str) -> Line:
    plain = {"label": "맑음", "icon": "01", "city": "서울", "temperature": "4.9"}
    return Line(**(plain | changes))


def sentences(found: Normalized) -> tuple[str, ...]:
    return tuple(map(str, found.problems))


def normalized(*lines: Line) -> Normalized:
    return normalize.readings(Sidebar(page_date=None, date_printed=None, lines=lines, fragment=""))


def reading_of(**changes: str) -> Reading:
    (reading,) = normalized(make_line(**changes)).readings
    return reading


# Temperatures


@given(st.integers(-346, 430))
def test_every_printed_tenth_is_read_exactly(tenths):
    """No temperature that a page may print is changed."""
    (line, *_) = sidebar.find(
        pages.box([entry("흐림", "서울", f"{tenths / 10:.1f}"), *pages.plain()])
    ).lines
    assert temperature_c(line.temperature) == tenths / 10


@pytest.mark.parametrize(
    ("printed", "celsius"),
    [
        pytest.param("0.0", 0.0, id="zero"),
        pytest.param("-0.0", 0.0, id="minus zero"),
        pytest.param("", None, id="no number"),
        pytest.param("−4.7", -4.7, id="U+2212"),
        pytest.param("–4.7", -4.7, id="en dash"),
        pytest.param("－４．７", -4.7, id="full-width"),
        pytest.param("+4.7", 4.7, id="plus"),
        pytest.param("-7", -7.0, id="whole degrees"),
        pytest.param("\u200b4.7\ufeff", 4.7, id="characters without width"),
        pytest.param("43.0", 43.0, id="upper limit"),
        pytest.param("-34.6", -34.6, id="lower limit"),
    ],
)
def test_a_missing_number_is_not_a_zero(printed, celsius):
    assert temperature_c(printed) == celsius
    assert str(temperature_c(printed)) == str(celsius)  # "-0.0" == "0.0" as numbers


UNREADABLE = {
    "em dash": "—4.7",
    "blank after the minus": "- 4.7",
    "minus on a line of its own": "-\n4.7",
    "two decimals": "4.75",
    "comma": "4,7",
    "too warm": "99.9",
    "too cold": "-99.9",
    "a tenth above": "43.1",
    "a tenth below": "-34.7",
    "code for missing": "-50.0",
    "longer code for missing": "-999",
    "dashes": "--",
    "dash": "-",
    "no value": "N/A",
    "exponent": "1e3",
    "Arabic digits": "٣.٢",
    "superscript": "4⁷",
    "circled": "④.7",
    "fraction": "4½",
    "no whole": ".7",
    "no tenth": "4.",
    "range": "3.2~4.7",
    "blank in it": "4 .7",
    "thousands": "1000",
    "very many digits": "9" * 10_000,
    "infinity": "inf",
    "not a number": "nan",
    "two signs": "+-4.7",
    "NUL": "4.7\0",
    "lone surrogate": "\ud800",
}


@pytest.mark.parametrize("printed", UNREADABLE.values(), ids=UNREADABLE)
def test_an_invalid_number_is_refused_as_printed(printed):
    with pytest.raises(UnreadableValue) as refused:
        temperature_c(printed)
    assert refused.value.printed == printed


@pytest.mark.parametrize("printed", UNREADABLE.values(), ids=UNREADABLE)
def test_a_number_that_cannot_be_read_is_a_problem_and_no_number(printed):
    found = normalized(make_line(temperature=printed))
    assert [reading.temperature_c for reading in found.readings] == [None]
    (problem,) = sentences(found)
    assert problem.startswith("서울: temperature: cannot read")
    assert repr(printed) in problem


@given(st.text(alphabet="0123456789.,-+−–~ eE/%٣½⁷０．", max_size=8))
def test_no_text_is_read_as_another_number(printed):
    try:
        celsius = temperature_c(printed)
    except UnreadableValue:
        return
    plain = printed.translate(str.maketrans("０．−–", "0.--")).strip()
    assert celsius == (float(plain) if plain else None)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_line_raises_anything(label, icon, city, temperature):
    found = normalized(Line(label=label, icon=icon, city=city, temperature=temperature))
    assert [reading.city for reading in found.readings] == [city]


@pytest.mark.parametrize(
    ("city", "day", "printed", "celsius"),
    [
        pytest.param("홍천", dt.date(2026, 8, 1), "41.0", 41.0, id="the record"),
        pytest.param("홍천", dt.date(2026, 1, 1), "41.0", None, id="the record in winter"),
        pytest.param("양평", dt.date(2026, 1, 5), "-32.6", -32.6, id="the lowest"),
        pytest.param("양평", dt.date(2026, 7, 5), "-32.6", None, id="the lowest in summer"),
        pytest.param("양평", None, "-32.6", -32.6, id="no date"),
        pytest.param("제주", dt.date(2026, 1, 5), "-6.0", -6.0, id="Jeju's lowest"),
        pytest.param("제주", dt.date(2026, 1, 5), "-12.0", None, id="too cold for Jeju"),
        pytest.param("제주", None, "-12.0", None, id="too cold for Jeju, no date"),
        pytest.param("완도", dt.date(2026, 1, 5), "-12.0", -12.0, id="north of Jeju"),
        pytest.param("새고을", dt.date(2026, 1, 5), "-12.0", -12.0, id="unknown place"),
    ],
)
def test_a_temperature_beyond_the_records_is_refused_and_reported(city, day, printed, celsius):
    line = make_line(city=city, temperature=printed)
    found = Sidebar(page_date=day, date_printed=None, lines=(line,), fragment="")
    result = normalize.readings(found)
    assert [reading.temperature_c for reading in result.readings] == [celsius]
    assert any("by KMA's records" in str(problem) for problem in result.problems) == (
        celsius is None
    )


def test_a_day_counts_where_no_date_is_printed():
    line = make_line(city="홍천", temperature="39.0")
    found = Sidebar(page_date=None, date_printed=None, lines=(line,), fragment="")
    assert normalize.depends_on_day(found)
    (reading,) = normalize.readings(found, day=dt.date(2026, 1, 1)).readings
    assert reading.temperature_c is None


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"cut": True}, "ends within the list"),
        ({"hidden": True}, "in a hidden element"),
        ({"another": True}, "another list"),
    ],
)
def test_an_odd_page_is_a_doubt_and_not_a_problem(change: dict[str, Any], doubt: str) -> None:
    found = Sidebar(page_date=None, date_printed=None, lines=(make_line(),), fragment="")
    seen = replace(found, **change)
    assert normalize.readings(seen).problems == ()
    assert doubt in str(normalize.doubt(seen))


# Stations


@pytest.mark.parametrize("name", SIGHTINGS)
def test_every_city_of_a_sighting_has_its_station_and_its_number(name):
    seen = SIGHTINGS[name]
    found = sidebar.find(pages.box(seen.entries, seen.page_date))
    result = normalize.readings(found)
    assert [
        (reading.city, reading.station, reading.temperature_c) for reading in result.readings
    ] == [
        (e.city, STATIONS[e.city], float(e.temperature) if e.temperature else None)
        for e in seen.entries
    ]
    assert normalize.date_doubt(found) is None
    assert all(problem.startswith("no ") for problem in sentences(result))


@pytest.mark.parametrize("name", STATIONS)
def test_every_known_name_is_its_station(name):
    assert reading_of(city=name).station == STATIONS[name]


@pytest.mark.parametrize("name", ["경기 광주", "광주시", "북대구", "남양주", "비금도", "Seoul"])
def test_an_unknown_city_is_kept_and_reported_without_a_kma_number(name):
    found = normalized(make_line(city=name))
    (reading,) = found.readings
    assert reading.station is not None
    assert (reading.station.name_ko, reading.station.kma_id) == (name, None)
    assert (reading.city, reading.temperature_c) == (name, 4.9)
    assert sentences(found) == (f"unknown city {name!r}",)


def test_a_name_in_decomposed_letters_is_the_same_name():
    assert reading_of(city="서울").station == STATIONS["서울"]


def test_a_line_without_a_city_is_kept_without_a_station():
    found = normalized(make_line(city=""))
    assert [(reading.station, reading.temperature_c) for reading in found.readings] == [(None, 4.9)]
    assert sentences(found) == ("no city name: '맑음' '4.9'",)


def test_a_city_printed_twice_alike_is_one_reading_and_reported():
    found = normalized(make_line(), make_line(city="부산"), make_line())
    assert [reading.city for reading in found.readings] == ["서울", "부산"]
    assert sentences(found) == ("서울: printed 2 times: '맑음' '4.9', '맑음' '4.9'",)


@pytest.mark.parametrize("change", [{"temperature": "5.0"}, {"label": "비"}, {"icon": "08"}])
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("서울", "서울"), id="one name"),
        pytest.param(("경주", "경주시"), id="two names of one station"),
        pytest.param(("남양주", "남양주"), id="unknown"),
    ],
)
def test_a_city_printed_twice_with_different_values_has_no_value(names, change):
    """Both lines stay as printed, because either may be right."""
    first, other = make_line(city=names[0]), make_line(city=names[1], **change)
    found = normalized(first, make_line(city="부산"), other)
    assert [reading.city for reading in found.readings] == [names[0], "부산", names[1]]
    assert [reading.station and reading.station.name_ko for reading in found.readings] == [
        None,
        "부산",
        None,
    ]
    for reading, line in zip((found.readings[0], found.readings[2]), (first, other), strict=True):
        assert (reading.temperature_c, reading.condition.condition) == (None, None)
        assert (reading.condition.label, reading.condition.icon) == (line.label, line.icon)
    (problem,) = [text for text in sentences(found) if "printed 2 times" in text]
    assert all(name in problem for name in names)
    assert f"'맑음' '4.9', {other.label!r} {other.temperature!r}" in problem


def test_thousands_of_lines_of_one_city_are_read():
    found = normalized(*[make_line(temperature=f"{n % 400 / 10:.1f}") for n in range(20_000)])
    assert {reading.station for reading in found.readings} == {None}
    assert len(found.readings) == 20_000


# Conditions


@pytest.mark.parametrize("label", [label for label in CONDITIONS if label])
def test_every_known_label_means_its_condition(label):
    known = CONDITIONS[label]
    found = normalized(make_line(label=label, icon=known.icon))
    assert found.readings[0].condition == known
    assert sentences(found) == ()


@pytest.mark.parametrize("icon", ICONS)
def test_an_icon_gives_the_condition_where_the_label_is_empty(icon):
    found = normalized(make_line(label="", icon=icon))
    (reading,) = found.readings
    assert (reading.condition.label, reading.condition.icon) == ("", icon)
    assert reading.condition.condition == ICONS[icon].condition
    assert sentences(found) == ()


def test_an_unreported_sky_has_no_problem_and_no_condition():
    found = normalized(make_line(label="-", icon="00"))
    assert (found.readings[0].condition.condition, sentences(found)) == (None, ())


def test_empty_labels_are_reported_once_and_never_mean_clear():
    found = normalized(*(make_line(label="", icon="", city=city) for city in ("서울", "부산")))
    assert [reading.condition.condition for reading in found.readings] == [None, None]
    assert sentences(found) == ("no label printed: 서울, 부산",)


@pytest.mark.parametrize(
    ("label", "icon", "condition", "problem"),
    [
        pytest.param("맑음", "08", "clear", "disagrees with icon '08'", id="label against icon"),
        pytest.param("-", "04", None, "disagrees with icon '04'", id="no sky against icon"),
        pytest.param("돌풍", "04", None, "unknown label '돌풍'", id="unknown label"),
        pytest.param("맑음", "77", "clear", "unknown icon code '77'", id="unknown icon"),
        pytest.param("", "77", None, "unknown icon code '77'", id="unknown icon alone"),
    ],
)
def test_a_label_is_kept_and_doubts_are_reported(label, icon, condition, problem):
    found = normalized(make_line(label=label, icon=icon))
    (reading,) = found.readings
    assert (reading.condition.label, reading.condition.icon) == (label, icon)
    assert reading.condition.condition == condition
    (text,) = sentences(found)
    assert text.startswith("서울: ")
    assert problem in text


@pytest.mark.parametrize(("label", "icon"), [("뇌우", "14"), ("한때 비", "20"), ("비/눈", "12")])
def test_another_word_for_an_icon_does_not_disagree_with_it(label, icon):
    assert normalized(make_line(label=label, icon=icon)).problems == ()


def test_missing_temperatures_are_reported_once():
    found = normalized(*(make_line(temperature="", city=city) for city in ("고창", "부산", "")))
    assert "no temperature printed: 고창, 부산, (no name)" in sentences(found)
