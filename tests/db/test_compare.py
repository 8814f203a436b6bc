"""Comparisons of stations: the same hours side by side, expected values counted on paper."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from db import query
from db.errors import UnknownStation, WrongQuestion
from db.measures.compare import Relation
from db.reading import Station
from db.write.store import Store
from scraper.printable import printable
from tests.cli.test_cli import answered, nalssi, refused
from tests.support.make import BUSAN, SEOUL, make_reading
from tests.support.month import NOW, Portals, korean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JEJU = Station(kma_id=184, name_ko="제주", name_en="Jeju")
DAEGU = Station(kma_id=143, name_ko="대구", name_en="Daegu")

HOURS = (
    # Seoul, Busan, Jeju, Daegu at each full hour; None = no number printed
    (0.0, 0.0, 0.0, 0.0),  # 23:00 of the day before: its beginning was not seen
    (1.0, 2.0, 9.0, 5.0),
    (2.0, 4.0, 9.0, 6.0),
    (3.0, 6.0, 9.0, None),
    (4.0, None, 9.0, None),
    (5.0, 7.0, 9.0, None),  # 04:00; it holds until 05:30
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hours") / "weather.db"
    with Store.open(path) as store:
        portals = Portals(store)
        times = [korean(29, "23:00", month=2), *(korean(1, f"{hour}:00") for hour in range(5))]
        for at, values in zip(times, HOURS, strict=True):
            portals.print(
                at,
                *(
                    make_reading(station=station, temperature_c=celsius)
                    for station, celsius in zip((SEOUL, BUSAN, JEJU, DAEGU), values, strict=True)
                ),
            )
    return path


@pytest.fixture(scope="module")
def db(path: Path) -> Iterator[query.Database]:
    with query.Database(path) as opened:
        yield opened


def test_the_same_hours_stand_side_by_side(db):
    found = db.compare("서울", "부산", now=NOW)
    assert found.stations == ("서울", "부산")
    assert [(hour.since, hour.means_c["서울"], hour.means_c["부산"]) for hour in found.periods] == [
        (korean(29, "23:00", month=2), None, None),
        (korean(1, "00:00"), 1.0, 2.0),
        (korean(1, "01:00"), 2.0, 4.0),
        (korean(1, "02:00"), 3.0, 6.0),
        (korean(1, "03:00"), 4.0, None),
        (korean(1, "04:00"), 5.0, 7.0),
        (korean(1, "05:00"), None, None),  # half of it is too little
    ]
    differences = [hour.differences_c for hour in found.periods]
    assert differences == [
        {"부산": difference} for difference in (None, 1.0, 2.0, 3.0, None, 2.0, None)
    ]


def test_a_relation_is_of_the_common_hours(db):
    """
    Busan less Seoul: 1, 2, 3, 2, on average 2.

    For Seoul 1, 2, 3, 5 (mean 2.75) and Busan 2, 4, 6, 7 (mean 4.75) the products of deviations
    sum up to 4.8125 + 0.5625 + 0.3125 + 5.0625 = 10.75, the squares to 8.75 and 14.75:
    10.75 / sqrt(8.75 * 14.75) = 0.94626.
    """
    assert db.compare("서울", "부산", now=NOW).relations == (
        Relation(station="부산", common=4, mean_difference_c=2.0, correlation=0.9463, reason=None),
    )


def test_a_missing_correlation_has_a_reason(db):
    """Jeju less Seoul: 8, 7, 6, 5, 4; Daegu less Seoul: 4, 4."""
    jeju, daegu = db.compare("Seoul", "Jeju", "Daegu", now=NOW).relations
    assert (jeju.common, jeju.mean_difference_c, jeju.correlation) == (5, 6.0, None)
    assert jeju.reason == "제주 shows 9.0 all the time"
    assert (daegu.common, daegu.mean_difference_c, daegu.correlation) == (2, 4.0, None)
    assert daegu.reason == "2 common hours, expected at least 3"


def test_min_coverage_can_be_lowered(db):
    (busan,) = db.compare("서울", "부산", min_coverage=0.5, now=NOW).relations
    assert busan.common == 5


def test_days_can_be_compared(db):
    """
    Seoul has 330 minutes since midnight, Busan 270.

    (60 + 120 + 180 + 240 + 450) / 330 = 3.1818; (120 + 240 + 360 + 630) / 270 = 5.0
    """
    found = db.compare("서울", "부산", by="day", since=korean(1), min_coverage=0.1, now=NOW)
    (day,) = found.periods
    assert (day.since, day.until) == (korean(1), korean(2))
    assert (day.means_c, day.differences_c) == ({"서울": 3.18, "부산": 5.0}, {"부산": 1.82})
    assert found.relations[0].reason == "1 common days, expected at least 3"


def test_without_common_hours_there_is_no_relation(db):
    (busan,) = db.compare("서울", "부산", since=korean(5), until=korean(6), now=NOW).relations
    assert (busan.common, busan.mean_difference_c, busan.correlation) == (0, None, None)


@pytest.mark.parametrize("stations", [(), ("서울",), ("서울", "Seoul")], ids=len)
def test_compare_needs_two_stations(db, stations):
    with pytest.raises(WrongQuestion, match="at least two"):
        db.compare(*stations, now=NOW)


def test_an_unknown_station_is_refused(db):
    with pytest.raises(UnknownStation, match="부산"):
        db.compare("서울", "부선", now=NOW)


# ---- the command


def test_the_command_prints_an_object(path):
    result = answered("compare", "서울", "부산", "--db", path)
    assert result["stations"] == ["서울", "부산"]
    assert result["relations"] == [
        {
            "station": "부산",
            "common": 4,
            "mean_difference_c": 2.0,
            "correlation": 0.9463,
            "reason": None,
        }
    ]
    assert result["periods"][1] == {
        "since": "2024-03-01T00:00:00+09:00",
        "until": "2024-03-01T01:00:00+09:00",
        "part": None,
        "means_c": {"서울": 1.0, "부산": 2.0},
        "differences_c": {"부산": 1.0},
    }


def test_the_command_prints_both_tables(path):
    lines = nalssi("compare", "서울", "부산", "--db", path).stdout.splitlines()
    assert lines[2].split() == ["2024-03-01", "00:00", "1.0", "2.0", "1.0"]
    assert lines[-1].split() == ["부산", "4", "2.0", "0.9463", "–"]


def test_the_command_names_the_part_of_a_period(path):
    span = ("--since", "2024-03-01T00:30", "--until", "2024-03-01T02:00")
    printed = nalssi("compare", "서울", "부산", *span, "--db", path).stdout
    first, second = printed.splitlines()[1:3]
    assert first.endswith("part of the hour")
    assert (second.split()[:2], second.split()[-1]) == (["2024-03-01", "01:00"], "–")
    assert (
        "의 일부" in nalssi("compare", "서울", "부산", *span, "--lang", "ko", "--db", path).stdout
    )


def test_the_command_prints_csv(path):
    run = nalssi("compare", "서울", "부산", "--csv", "--db", path)
    rows = list(csv.reader(io.StringIO(run.stdout)))
    assert rows[0] == ["since", "until", "서울 °C", "부산 °C", "부산 less 서울"]
    assert rows[1][2:] == ["", "", ""]
    assert rows[2][2:] == ["1.0", "2.0", "1.0"]
    assert len(rows) == 8


@pytest.mark.parametrize("name", ["[/b]", "[red]x", "\x9b31m\u202e읍"])
def test_the_name_of_a_city_is_only_text(tmp_path, name):
    """Its name becomes a heading of the table and a key of the JSON."""
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        Portals(store).print(
            korean(1, "10:00"), make_reading(), make_reading(station=Station(name_ko=name))
        )
    for options in ((), ("--json",), ("--csv",)):
        run = nalssi("compare", "서울", name, *options, "--db", path)
        assert (run.returncode, run.stderr) == (0, "")
        assert printable(name) in run.stdout
        assert printable(run.stdout.replace("\n", "")) == run.stdout.replace("\n", "")


def test_one_station_alone_is_refused_in_one_line(path):
    assert "at least two" in refused(2, "compare", "서울", "--db", path)
    run = nalssi("compare", "--db", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Missing argument" in run.stderr
