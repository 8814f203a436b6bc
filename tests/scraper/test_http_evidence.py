"""The age of a page by HTTP headers, from the server's answer to the state of its values."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from db.write.store import Store
from tests.scraper.test_collect import START, TEN_MINUTES, Watch, box, portal, serving
from tests.support import archives
from tests.support.servers import answer

if TYPE_CHECKING:
    from pathlib import Path

    from db import query

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "weather.db")


def hourly(hours: int, date: str = "", **headers: str) -> list[bytes]:
    """An answer for each hour, each with other values."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [
        answer(box(f"{nth}.0", f"{nth}.5", "1.0", date=date or day_of(nth)), headers=named)
        for nth in range(hours)
    ]


def day_of(hour: int) -> str:
    at = START + (hour + 1) * HOUR
    return f"{at.astimezone(dt.timezone(dt.timedelta(hours=9))):%Y.%m.%d} (일)"


def watched(watch: Watch, replies: list[bytes]) -> list[query.Latest]:
    with serving(*replies) as server:
        for _ in replies:
            watch.look(portal(server), after=HOUR)
    return watch.latest()


def rebuilt(watch: Watch) -> list[query.Latest]:
    with Store.open(watch.path) as store:
        store.rebuild()
    return watch.latest()


def columns(path: Path, table: str, names: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        return conn.execute(f"SELECT {names} FROM {table}").fetchall()


def test_a_page_from_a_cache_is_as_old_as_its_age_says(watch):
    replies = [*hourly(2), answer(box("9.0"), headers={"Age": "40000"})]
    (seoul, *_) = watched(watch, replies)
    assert (seoul.temperature_c, seoul.state) == (9.0, "stale")
    assert seoul.published_by == watch.now - dt.timedelta(seconds=40000)
    assert seoul.why.startswith("in a cache since ")
    assert rebuilt(watch)[0] == seoul


def test_a_page_not_modified_is_as_old_as_its_age_says(watch):
    fresh = answer(box(), headers={"ETag": '"a"'})
    same = answer(status="304 Not Modified", headers={"Age": "7200"})
    with serving(fresh, answer(box("5.0"), headers={"ETag": '"a"'}), same) as server:
        for _ in range(3):
            (report,) = watch.look(portal(server), after=TEN_MINUTES)
    assert report.outcome == "not_modified"
    assert watch.latest()[0].published_by == watch.now - dt.timedelta(seconds=7200)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Last_Modified": "Sat, 01 Mar 2025 00:00:00 GMT"}, id="modified last year"),
        pytest.param({"Date": "Sat, 28 Feb 2026 00:00:00 GMT"}, id="a clock a day slow"),
        pytest.param({"Date": "Mon, 02 Mar 2026 03:00:00 GMT"}, id="a clock a day fast"),
        pytest.param({"Age": "0"}, id="no age"),
        pytest.param({"Age": "-40000"}, id="no such age"),
    ],
)
def test_headers_without_proof_keep_a_value_live(watch, headers):
    latest = watched(watch, hourly(3, **headers))
    assert {row.state for row in latest} == {"live"}


def test_a_date_line_that_stands_still_leaves_live_values_live(watch):
    replies = hourly(52, date="2026.02.21 (토)")
    latest = watched(watch, replies)
    assert {row.state for row in latest} == {"live"}
    assert rebuilt(watch) == latest


def test_headers_are_kept_as_they_were_sent(watch):
    sent = {
        "Age": "12",
        "Date": "Sun, 01 Mar 2026 00:00:00 GMT",
        "Last-Modified": "Sat, 28 Feb 2026 00:00:00 GMT",
    }
    watched(watch, [answer(box(), headers=sent), answer(status="500 No")])
    headers = columns(watch.path, "fetches", "age, server_date, page_modified")
    assert headers == [(12, sent["Date"], sent["Last-Modified"]), (None, None, None)]


def test_an_archived_page_is_as_old_as_its_age_says(tmp_path):
    from scraper.archive.tally import Tally  # noqa: PLC0415
    from scraper.archive.warc import Archive  # noqa: PLC0415

    saved_page = archives.saved("www.koya-culture.com", 0, 0)
    old = archives.Saved(
        url=saved_page.url, at=saved_page.at, body=saved_page.body, headers="Age: 40000\r\n"
    )
    path = tmp_path / "one.warc.gz"
    path.write_bytes(gzip.compress(archives.record(old)))
    with path.open("rb") as file:
        pages = [page for page in Archive(file, Tally()).pages() if page is not None]
    assert [page.age_s for page in pages] == [40000]
