"""Every answer as a pandas frame, a Polars frame and an xarray dataset."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import polars
import pytest

from db import frames, query
from db.answers import Records
from db.moments import KST
from tests.support import month
from tests.support.month import NOW, korean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWERS: dict[str, Callable[[query.Database], Any]] = {
    "latest": lambda db: db.latest(now=NOW),
    "latest_best": lambda db: db.latest_best(now=NOW),
    "series": lambda db: db.series("서울"),
    "looks": lambda db: db.looks(),
    "status": lambda db: db.status(now=NOW),
    "gaps": lambda db: db.gaps(now=NOW),
    "freezes": lambda db: db.freezes(),
    "flags": lambda db: db.flags(),
    "stats": lambda db: db.stats("서울", "부산", now=NOW),
    "hours": lambda db: db.hours("서울", "부산", now=NOW),
    "compare": lambda db: db.compare("서울", "부산", now=NOW),
    "at": lambda db: db.at("서울", korean(2, "01:20"), now=NOW),
    "course": lambda db: db.course("서울", now=NOW),
    "stations": lambda db: db.stations(),
    "portals": lambda db: db.portals(),
    "words": lambda db: db.words(),
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[query.Database]:
    path: Path = month.make(tmp_path_factory.mktemp("frames") / "weather.db")
    with query.Database(path) as opened:
        yield opened


def count(answer: Any) -> int:
    return len(getattr(answer, "periods", answer) if not hasattr(answer, "evidence") else [answer])


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_a_frame_of_either_library(db, name):
    answer = ANSWERS[name](db)
    by_pandas, by_polars = frames.to_pandas(answer), frames.to_polars(answer)
    assert len(by_pandas) == by_polars.height == count(answer)
    assert list(by_pandas.columns) == by_polars.columns
    for column, kind in by_polars.schema.items():
        if isinstance(kind, polars.Datetime):
            assert kind.time_zone == frames.TIME_ZONE
            assert str(by_pandas[column].dt.tz) == frames.TIME_ZONE


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_a_data_set(db, name):
    answer = ANSWERS[name](db)
    made = frames.to_xarray(answer)
    assert set(made.sizes) <= {"row", "station", "portal", "hour", "since", "seen_from", "name"} | {
        "name_ko"
    }
    assert all(variable.dtype != object or _texts(variable) for variable in made.values())


def _texts(variable: Any) -> bool:
    return {type(x) for x in variable.values.ravel()} <= {str, float, int, bool, type(None)}


def test_hours_are_a_grid_of_station_and_hour(db):
    hours = db.hours("서울", "부산", since=korean(1), until=korean(2), now=NOW)
    grid = frames.to_xarray(hours)
    assert dict(grid.sizes) == {"station": 2, "hour": 24}
    noon = dt.datetime(2024, 3, 1, 3)  # noqa: DTZ001 - UTC, as xarray has it
    (hour,) = (x for x in hours if x.hour == korean(1, "12:00") and x.station == "서울")
    assert grid.temperature_c.sel(station="서울", hour=noon).item() == hour.temperature_c
    assert hour.hour.astimezone(KST).hour == 12


def test_stations_side_by_side_have_a_column_each(db):
    frame = frames.to_polars(db.compare("서울", "부산", now=NOW))
    assert frame.columns[:3] == ["since", "until", "part"]
    assert frame.columns[3:] == ["means_c_서울", "means_c_부산", "differences_c_부산"]


def test_the_evidence_of_a_moment_has_columns_of_its_own(db):
    frame = frames.to_pandas(ANSWERS["at"](db))
    assert len(frame["evidence_digest"][0]) == 64
    assert frame["look_before_outcome"][0]


@pytest.mark.parametrize(
    ("library", "error", "convert"),
    [
        ("pandas", frames.MissingPandas, frames.to_pandas),
        ("polars", frames.MissingPolars, frames.to_polars),
        ("xarray", frames.MissingXarray, frames.to_xarray),
    ],
)
def test_a_missing_library_is_named_with_its_extra(monkeypatch, library, error, convert):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(error, match=r"pip install (?:-e )?'.*\["):
        convert([])


@pytest.mark.parametrize(
    "name", ["latest", "latest_best", "series", "gaps", "freezes", "flags", "hours", "looks"]
)
def test_an_empty_answer_has_the_columns_of_a_full_one(db, name):
    """``hours[hours["state"] == "live"]`` failed where no look was in the time asked for."""
    full, empty = ANSWERS[name](db), Records(ANSWERS[name](db).kind, [])
    by_pandas, by_polars = frames.to_pandas(empty), frames.to_polars(empty)
    assert (len(by_pandas), by_polars.height) == (0, 0)
    assert list(by_pandas.columns) == list(frames.to_pandas(full).columns)
    assert by_polars.columns == frames.to_polars(full).columns
    for column, kind in by_polars.schema.items():
        if isinstance(kind, polars.Datetime):
            assert str(by_pandas[column].dt.tz) == kind.time_zone == frames.TIME_ZONE
    assert set(frames.to_xarray(empty).sizes.values()) <= {0}


def test_hours_without_a_look_are_a_frame_to_choose_from(db):
    frame = frames.to_pandas(db.hours("서울", since="2030-01-01", now=NOW))
    assert frame[(frame["state"] == "live") & (frame["flag"] < 4)].empty


def test_an_answer_without_rows_is_an_empty_frame():
    assert frames.to_pandas([]).empty
    assert frames.to_polars([]).is_empty()
    assert not frames.to_xarray([]).data_vars
