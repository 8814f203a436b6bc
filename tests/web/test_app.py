"""The app: its answers, how long they may be cached, and its refusals."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
import re
import shutil
import sqlite3

import pytest

from db import query
from db.moments import KST
from db.reading import Station
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper.web import door
from tests.support.demos import PLAYED
from tests.support.make import make_content, make_look, make_reading, see
from tests.web.conftest import NOW, at

V1 = "/api/v1"


# ---- answers


def test_the_newest_readings_are_those_of_the_database(client, played):
    with query.Database(played) as db:
        rows = db.latest_best(now=NOW)
    readings = client.get(f"{V1}/latest.json").json()
    assert [
        (reading["station"], reading["temperature_c"], reading["state"], reading["why"])
        for reading in readings
    ] == [(row.station, row.temperature_c, row.state, row.why) for row in rows]
    assert [reading["valid_until"] for reading in readings] == [
        row.valid_until and row.valid_until.isoformat() for row in rows
    ]


def test_json_csv_and_geojson_have_the_same_values(client):
    readings = client.get(f"{V1}/latest.json").json()
    table = client.get(f"{V1}/latest.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    points = client.get(f"{V1}/latest.geojson").json()["features"]
    assert [row["temperature_c"] for row in rows] == [
        str(reading["temperature_c"]) for reading in readings
    ]
    assert [row["valid_until"] for row in rows] == [reading["valid_until"] for reading in readings]
    assert [point["properties"]["valid_until"] for point in points] == [
        r["valid_until"] for r in rows
    ]
    assert points[0]["geometry"]["coordinates"] == [
        readings[0]["longitude"],
        readings[0]["latitude"],
    ]


def test_one_portal_can_be_selected(client):
    readings = client.get(f"{V1}/latest.json", params={"portal": "demo-late"}).json()
    assert {reading["portal"] for reading in readings} == {"demo-late"}
    assert {reading["state"] for reading in readings} == {"stale"}
    assert all(reading["valid_until"] is None for reading in readings)


def test_a_station_in_short_has_fewer_than_500_bytes(client):
    for station in client.get(f"{V1}/stations.json").json():
        answer = client.get(f"{V1}/latest/{station['kma_id']}.json")
        assert len(answer.content) < 500
        assert {"state", "why", "valid_until", "digest"} <= set(answer.json())


def test_a_month_and_its_evidence_lead_to_each_other(client):
    spells = client.get(f"{V1}/stations/108/2026-11.json").json()
    assert {spell["portal"] for spell in spells} == {"demo", "demo-late"}
    sidebar = client.get(f"{V1}/evidence/{spells[0]['digest']}.json").json()
    assert spells[0]["seen_from"] in [stretch["seen_from"] for stretch in sidebar["shown"]]
    (seoul,) = (reading for reading in sidebar["readings"] if reading["kma_id"] == 108)
    assert seoul["temperature_c"] == spells[0]["temperature_c"]
    assert any(f"서울 {seoul['temperature_c']}℃" in line for line in sidebar["printed"])


def test_the_hours_of_a_year_have_no_gap_and_only_live_values(client):
    table = client.get(f"{V1}/stations/108/hours/2026.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    hours = [dt.datetime.fromisoformat(row["hour"]) for row in rows]
    assert hours[0] == dt.datetime(2026, 1, 1, tzinfo=KST)
    assert {b - a for a, b in itertools.pairwise(hours)} == {dt.timedelta(hours=1)}
    assert all(bool(row["temperature_c"]) == (row["state"] == "live") for row in rows)


def test_the_next_part_of_a_series_begins_at_the_end_of_the_last(client):
    full = client.get(f"{V1}/stations/108/series").json()
    rows: list[dict[str, str]] = []
    url = f"{V1}/stations/108/series?limit=7"
    while url:
        part = client.get(url).json()
        rows, url = rows + part["rows"], part["next"]
    assert len(rows) > 40
    assert [(row["seen_from"], row["portal"]) for row in rows] == [
        (row["seen_from"], row["portal"]) for row in full["rows"]
    ]


def test_health_fails_where_a_portal_lags(client):
    answer = client.get(f"{V1}/health.json")
    assert answer.status_code == 503
    assert {portal["portal"]: portal["state"] for portal in answer.json()["portals"]} == {
        "demo": "live",
        "demo-late": "stale",
    }


def test_an_open_gap_does_not_make_every_answer_new(played):
    first, later = (at(played, PLAYED + dt.timedelta(hours=n)) for n in (5, 6))
    gaps = first.get(f"{V1}/gaps.json")
    assert gaps.json()[-1]["until"] is None
    assert later.get(f"{V1}/gaps.json").headers["etag"] == gaps.headers["etag"]


# ---- caching


def test_an_answer_in_the_cache_of_a_client_is_not_sent_again(client):
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/", headers={"If-None-Match": '"other"'}).content == first.content


def test_an_answer_is_not_cached_beyond_the_end_of_its_values(played):
    (row, *_) = at(played, NOW).get(f"{V1}/latest.json").json()
    ends = dt.datetime.fromisoformat(row["valid_until"])
    assert max_age(at(played, ends - dt.timedelta(seconds=7))) == 7
    assert max_age(at(played, ends - dt.timedelta(seconds=120))) == 60


def test_an_answer_is_not_cached_beyond_the_next_look(played):
    due = PLAYED + dt.timedelta(minutes=30)
    assert max_age(at(played, due - dt.timedelta(seconds=11))) == 11


def max_age(client) -> int:
    control = client.get("/").headers["cache-control"]
    return int(control.removeprefix("public, max-age="))


def test_closed_months_and_evidence_may_be_cached_for_ever(played):
    later = at(played, PLAYED + dt.timedelta(days=30))
    digest = later.get(f"{V1}/latest/108.json").json()["digest"]
    for path in (
        *(f"{V1}/stations/108/2026-11.json", f"{V1}/evidence/{digest}.json"),
        *(f"/evidence/{digest}/", "/stations/108/2026-11/"),
    ):
        assert "immutable" in later.get(path).headers["cache-control"], path
    soon = at(played, NOW)
    assert "immutable" not in soon.get(f"/evidence/{digest}/").headers["cache-control"]


def test_a_live_value_is_down_after_hours_without_a_look(played):
    (then, now) = (at(played, at_) for at_ in (NOW, NOW + dt.timedelta(hours=3)))
    assert then.get("/").headers["etag"] != now.get("/").headers["etag"]
    assert {reading["state"] for reading in now.get(f"{V1}/latest.json").json()} == {"down"}


# ---- refused


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        (f"{V1}/latest/999.json", 404, "unknown station 999"),
        (f"{V1}/latest.json?portal=none", 404, "unknown portal 'none', expected one of: demo"),
        (f"{V1}/latest.json?portl=demo", 400, "parameter 'portl': expected portal"),
        (f"{V1}/gaps.json?since=soon", 400, "since 'soon': expected such as"),
        (f"{V1}/stations/108/series?limit=0", 400, "limit '0': expected a whole number"),
        (f"{V1}/stations/108/series?since=500d", 400, "at most 400 days"),
        (f"{V1}/stations/108/2026-13.json", 404, "month '2026-13': expected such as 2026-03"),
        (f"{V1}/stations/108/hours/1999.csv", 404, "no portal was polled in 1999"),
        (f"{V1}/at", 400, "station '': expected a name or a number"),
        (f"{V1}/at?station=108&time=2099-01-01", 400, "expected one that has passed"),
        ("/evidence/00/", 404, "no box has the digest '00'"),
        ("/portals/none/", 404, "unknown portal 'none'"),
        ("/static/../app.py", 404, "no page at"),
        ("/stations/99999999999999999999/", 404, "unknown station"),
        ("/oembed?url=https://elsewhere.example/", 400, "the address of a station's page"),
        ("/oembed?url=http://[::1/stations/", 400, "the address of a station's page"),
        ("/nowhere", 404, "no page at '/nowhere'"),
    ],
)
def test_an_invalid_request_is_refused_with_our_message(client, path, status, detail):
    answer = client.get(path)
    error = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, error["status"]) == (status, status)
    assert detail in error["detail"]


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "texts"),
    [
        ("/nowhere", 404, ["찾는 페이지가 없습니다", "no page at"]),
        ("/en/nowhere", 404, ["There is no such page", 'href="./"']),
        ("/stations/서욹/", 404, ["unknown station", 'href="../../at?station=108"']),
        ("/at?station=108&time=zz", 400, ["주소를 읽을 수 없습니다", "expected such as"]),
        ("/<b>x", 404, ["&lt;b&gt;x"]),
    ],
)
def test_a_browser_gets_an_error_as_a_page(client, path, status, texts):
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert [text for text in texts if text not in answer.text] == []


def test_a_refused_data_request_is_answered_in_json_even_for_a_browser(client):
    for path in (f"{V1}/latest/999.json", f"{V1}/nowhere", "/oembed?url=x"):
        answer = client.get(path, headers=BROWSER)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/stations/서울/", "../108/"),
        ("/en/stations/seoul/", "../108/"),
        ("/stations/Seoul/2026-11/", "../../108/2026-11/"),
        (f"{V1}/latest/seoul.json", "108.json"),
        (f"{V1}/stations/서울/series?since=1h", "../108/series?since=1h"),
        (f"{V1}/stations/seoul/days/2026.csv", "../../108/days/2026.csv"),
    ],
)
def test_the_name_of_a_station_leads_to_its_number(client, path, number):
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, number)
    assert client.get(path).status_code == 200


def test_a_city_without_a_number_has_no_page(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(0), make_content(make_reading(station=Station(name_ko="평양"))))
    client = at(tmp_path / "weather.db", NOW)
    assert "no number of KMA" in client.get("/stations/평양/").json()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_get_and_head_are_understood(client, method):
    answer = client.request(method, "/")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_head_has_the_headers_of_get_and_no_body(client):
    head, get = client.head("/"), client.get("/")
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_another_host_name_is_refused(played):
    for name in ("127.0.0.1:8061", "localhost", "[::1]:8061", "weather.example.kr"):
        client = at(played, NOW, base_url="https://weather.example.kr")
        assert client.get("/", headers={"Host": name}).status_code == 200, name
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_pages_load_only_their_own_files_and_only_embeds_may_be_framed(client):
    for path, ancestors in (("/", "'none'"), ("/embed/108.html", "*"), ("/nowhere", "'none'")):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
            f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
        )
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{V1}/latest.json").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/").headers


def test_a_slow_query_is_answered_with_503_and_retry_after(played):
    answer = at(played, NOW, limit_s=0.0).get("/stations/108/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "took longer than 0 s" in answer.json()["detail"]


def test_too_many_requests_at_once_are_answered_with_503_and_retry_after(played, monkeypatch):
    monkeypatch.setattr(door, "WAITING", -door.AT_ONCE)
    answer = at(played, NOW).get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_missing_or_damaged_database_is_reported_without_its_path(played, tmp_path):
    missing = at(tmp_path / "weather.db", NOW).get("/")
    assert missing.status_code == 503
    assert str(tmp_path) not in missing.text
    path = tmp_path / "damaged.db"
    path.write_bytes(played.read_bytes()[:20000] + b"\0" * 300_000)
    damaged = at(path, NOW).get("/")
    assert (damaged.status_code, damaged.json()["status"]) == (503, 503)


def test_a_file_put_in_its_place_is_served_at_once(played, tmp_path):
    path = tmp_path / "weather.db"
    shutil.copy(played, path)
    client = at(path, NOW)
    before = client.get(f"{V1}/words.json").json()
    with sqlite3.connect(played) as source, sqlite3.connect(tmp_path / "new.db") as copy:
        source.backup(copy)
        copy.execute("UPDATE conditions SET label = '눈보라' WHERE label = '맑음'")
    copy.close()
    source.close()
    (tmp_path / "new.db").replace(path)
    assert "눈보라" not in json.dumps(before, ensure_ascii=False)
    assert "눈보라" in client.get(f"{V1}/words.json").text


def test_the_web_does_not_write_into_the_database(played, client):
    before = played.read_bytes()
    for path in ("/", "/portals/demo/", f"{V1}/words.json"):
        client.get(path)
    assert played.read_bytes() == before


def test_months_and_years_known_only_from_archives_are_served(tmp_path):
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        captured = dt.datetime(2019, 3, 1, 9, tzinfo=KST)
        content = make_content()
        capture = Capture(
            portal="archived",
            captured_at=captured,
            precision="second",
            digest=content.digest,
            content=content,
            page_date=None,
        )
        store.portal("archived", "https://archived.example/", 600)
        captures.keep(store, [capture])
    client = at(path, NOW)
    assert len(client.get(f"{V1}/stations/108/2019-03.json").json()) == 1
    assert client.get(f"{V1}/stations/108/hours/2019.csv").status_code == 200
    page = client.get("/stations/108/").text
    assert re.findall(r"\d+년 \d+월", page) == ["2019년 3월"]  # and no month without a value
    assert client.get(f"{V1}/stations/108/hours/2020.csv").status_code == 404
