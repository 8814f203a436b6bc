"""The tables of stations and conditions: no name, number or icon is ambiguous."""

from __future__ import annotations

import pytest

from scraper.vocabulary import CONDITIONS, ICONS, NO_LABEL, NO_SKY_REPORTED, STATIONS
from tests.support.pages import SIGHTINGS


def test_no_two_stations_have_the_same_number():
    ids = [station.kma_id for name, station in STATIONS.items() if name == station.name_ko]
    assert len(ids) == len(set(ids)) == 98


@pytest.mark.parametrize(
    ("name", "kma_id"),
    [
        *[("고창", 172), ("고창군", 251), ("강릉", 105), ("북강릉", 104), ("광주", 156)],
        *[("광양시", 266), ("창원", 155), ("북창원", 255), ("서청주", 181), ("청주", 131)],
        *[("부산", 159), ("북부산", 296), ("춘천", 101), ("북춘천", 93), ("순천", 174)],
        *[("홍성(예)", 177), ("서청주(예)", 181), ("진도(첨찰산)", 175), ("진도군", 268)],
    ],
)
def test_similar_names_are_different_stations(name, kma_id):
    assert STATIONS[name].kma_id == kma_id


@pytest.mark.parametrize("short", ["경주", "정선", "영광", "김해", "청송"])
def test_the_short_name_of_a_station_is_the_same_station(short):
    assert STATIONS[short] in [STATIONS.get(f"{short}시"), STATIONS.get(f"{short}군")]


@pytest.mark.parametrize("name", ["광주시", "경기 광주", "북대구", "남양주", "비금도", "", "-"])
def test_a_name_that_is_not_a_station_is_not_in_the_table(name):
    assert name not in STATIONS


def test_every_place_with_coordinates_is_in_korea():
    outside = [
        station.name_ko
        for station in STATIONS.values()
        if station.latitude is not None
        and station.longitude is not None
        and not (33 < station.latitude < 38.7 and 124 < station.longitude < 131.9)
    ]
    assert outside == []


def test_every_sighted_city_and_label_is_known():
    seen = [entry for sighting in SIGHTINGS.values() for entry in sighting.entries]
    assert {entry.city for entry in seen} <= STATIONS.keys()
    assert {entry.label for entry in seen} <= CONDITIONS.keys()


def test_labels_of_one_icon_have_one_code():
    """Otherwise the icon would be ambiguous where its label is lost."""
    means: dict[str, set[int | None]] = {}
    for condition in CONDITIONS.values():
        if condition.icon:
            means.setdefault(condition.icon, set()).add(condition.wmo_4677)
    assert {icon: codes for icon, codes in means.items() if len(codes) > 1} == {}
    assert means.keys() == ICONS.keys()


@pytest.mark.parametrize("label", [NO_LABEL, NO_SKY_REPORTED])
def test_every_word_for_the_sky_has_a_condition(label):
    assert (CONDITIONS[label].condition, CONDITIONS[label].wmo_4677) == (None, None)


def test_every_word_for_the_sky_has_a_meaning_and_a_code():
    lacking = [
        condition.label
        for condition in CONDITIONS.values()
        if condition.label not in {NO_LABEL, NO_SKY_REPORTED}
        and (condition.condition is None or condition.wmo_4677 is None or not condition.label_en)
    ]
    assert lacking == []
    assert [
        condition.wmo_4677
        for condition in CONDITIONS.values()
        if not 0 <= (condition.wmo_4677 or 0) <= 99
    ] == []
