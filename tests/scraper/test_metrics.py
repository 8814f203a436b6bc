"""Metrics: what Prometheus reads is what the snapshot says, and is read whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import os
import socket
import sqlite3
import stat
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from db import query
from db.errors import DatabaseError
from db.validity import State
from db.write.store import Store
from scraper.metrics import (
    BUCKETS_S,
    Durations,
    Endpoint,
    Ledger,
    MetricsError,
    PortalMetrics,
    Snapshot,
    text,
    write,
)
from tests.support.faults import until
from tests.support.make import (
    INTERVAL_S,
    URL,
    make_content,
    make_look,
    make_page,
    make_reading,
    see,
)

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
LIMIT_S = 15.0


@pytest.fixture(autouse=True)
def _quick_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.metrics.endpoint._POLL_S", 0.02)


@pytest.fixture
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scrape has a snapshot of its own, as if they were far apart."""
    monkeypatch.setattr("scraper.metrics.endpoint._KEPT_S", 0.0)


def make_portal(**changes: Any) -> PortalMetrics:
    plain: dict[str, Any] = {
        "portal": "koya-culture",
        "state": "live",
        "looks": {"ok": 140, "timeout": 2},
        "since_success_s": 61.5,
        "since_change_s": 1800.0,
        "durations": Durations.counted({80: 1, 100: 1, 101: 1, 3000: 1, 60_000: 1}),
    }
    return PortalMetrics(**(plain | changes))


def make_snapshot(*portals: PortalMetrics, **changes: Any) -> Snapshot:
    plain: dict[str, Any] = {
        "portals": portals,
        "readings": 81_234,
        "file_bytes": 4_096_000,
        "version": "0.1.0",
        "taken_at": NOW,
    }
    return Snapshot(**(plain | changes))


def families(told: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(told.decode())}


def values(told: bytes) -> dict[tuple[str, ...], float]:
    """Give each sample by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families(told).values()
        for sample in family.samples
    }


def get(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, str, bytes]:
    """Ask over HTTP; give status, Content-Type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


# --- the text -----------------------------------------------------------------------------------


def test_the_text_says_what_the_snapshot_says():
    told = values(text(make_snapshot(make_portal())))
    assert told == {
        ("nalssi_build_info", "0.1.0"): 1,
        ("nalssi_readings_total",): 81_234,
        ("nalssi_database_bytes",): 4_096_000,
        ("nalssi_looks_total", "ok", "koya-culture"): 140,
        ("nalssi_looks_total", "timeout", "koya-culture"): 2,
        ("nalssi_portal_state", "koya-culture", "live"): 1,
        ("nalssi_portal_state", "koya-culture", "unconfirmed"): 0,
        ("nalssi_portal_state", "koya-culture", "frozen"): 0,
        ("nalssi_portal_state", "koya-culture", "down"): 0,
        ("nalssi_last_success_age_seconds", "koya-culture"): 61.5,
        ("nalssi_last_success_timestamp_seconds", "koya-culture"): NOW.timestamp() - 61.5,
        ("nalssi_last_change_age_seconds", "koya-culture"): 1800,
        ("nalssi_last_change_timestamp_seconds", "koya-culture"): NOW.timestamp() - 1800,
        ("nalssi_look_duration_seconds_bucket", "0.1", "koya-culture"): 2,
        ("nalssi_look_duration_seconds_bucket", "0.25", "koya-culture"): 3,
        ("nalssi_look_duration_seconds_bucket", "0.5", "koya-culture"): 3,
        ("nalssi_look_duration_seconds_bucket", "1.0", "koya-culture"): 3,
        ("nalssi_look_duration_seconds_bucket", "2.5", "koya-culture"): 3,
        ("nalssi_look_duration_seconds_bucket", "5.0", "koya-culture"): 4,
        ("nalssi_look_duration_seconds_bucket", "10.0", "koya-culture"): 4,
        ("nalssi_look_duration_seconds_bucket", "20.0", "koya-culture"): 4,
        ("nalssi_look_duration_seconds_bucket", "+Inf", "koya-culture"): 5,
        ("nalssi_look_duration_seconds_count", "koya-culture"): 5,
        ("nalssi_look_duration_seconds_sum", "koya-culture"): 63.281,
    }


def test_every_metric_has_its_type_and_its_help():
    told = families(text(make_snapshot(make_portal())))
    assert {name: family.type for name, family in told.items()} == {
        "nalssi_build_info": "gauge",
        "nalssi_readings": "counter",
        "nalssi_database_bytes": "gauge",
        "nalssi_looks": "counter",
        "nalssi_portal_state": "gauge",
        "nalssi_look_duration_seconds": "histogram",
        "nalssi_last_success_age_seconds": "gauge",
        "nalssi_last_success_timestamp_seconds": "gauge",
        "nalssi_last_change_age_seconds": "gauge",
        "nalssi_last_change_timestamp_seconds": "gauge",
    }
    for name, family in told.items():
        assert family.documentation.endswith(".")
        for unit in ("bytes", "seconds"):
            assert name.endswith(unit) == (unit in family.documentation.lower())


@pytest.mark.parametrize("state", get_args(State))
def test_a_portal_is_in_exactly_one_state(state):
    told = values(text(make_snapshot(make_portal(state=state))))
    states = {key[2]: value for key, value in told.items() if key[0] == "nalssi_portal_state"}
    assert states == {other: float(other == state) for other in get_args(State)}


def test_what_never_happened_has_neither_age_nor_time():
    never = make_portal(portal="new", since_success_s=None, since_change_s=None)
    told = values(text(make_snapshot(never, make_portal(portal="old"))))
    since = sorted(key for key in told if key[0].startswith("nalssi_last_"))
    assert {key[1] for key in since} == {"old"}
    assert len(since) == 4


def test_without_portals_there_is_still_the_database():
    told = values(text(make_snapshot()))
    assert {key[0] for key in told} == {
        "nalssi_build_info",
        "nalssi_readings_total",
        "nalssi_database_bytes",
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('a"b', id="quote"),
        pytest.param("a\\", id="backslash at the end"),
        pytest.param("a\\nb", id="looks like a line end"),
        pytest.param("a\nnalssi_readings_total 0\n", id="line end"),
        pytest.param('a"} 1\n', id="looks like an end"),
        pytest.param("고야문화", id="Korean"),
        pytest.param("", id="empty"),
    ],
)
def test_an_odd_name_is_read_back_as_it_was(name):
    told = values(text(make_snapshot(make_portal(portal=name, looks={name: 3}), version=name)))
    assert told["nalssi_looks_total", name, name] == 3
    assert told["nalssi_build_info", name] == 1
    assert told["nalssi_readings_total",] == 81_234


def test_a_name_that_utf_8_cannot_carry_stops_nothing():
    told = values(text(make_snapshot(make_portal(portal="a\ud800"))))
    assert told["nalssi_last_change_age_seconds", "a?"] == 1800


def test_a_snapshot_leaves_nothing_for_the_next():
    text(make_snapshot(make_portal(portal="gone")))
    assert b"gone" not in text(make_snapshot(make_portal()))
    assert b"nalssi" not in prometheus_client.generate_latest()


# --- durations ----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 30_000)))
def test_a_bucket_holds_every_look_up_to_its_end(durations_ms):
    portal = make_portal(durations=Durations.counted(Counter(durations_ms)))
    told = values(text(make_snapshot(portal)))
    for end_s in BUCKETS_S:
        counted = told["nalssi_look_duration_seconds_bucket", str(end_s), portal.portal]
        assert counted == sum(ms <= end_s * 1000 for ms in durations_ms)
    total_s = told["nalssi_look_duration_seconds_sum", portal.portal]
    assert total_s == pytest.approx(sum(durations_ms) / 1000)


def test_the_buckets_rise():
    assert all(lower < upper for lower, upper in pairwise(BUCKETS_S))


def test_no_look_is_a_histogram_of_nothing():
    assert Durations() == Durations.counted({})


def test_counts_for_other_buckets_are_refused():
    with pytest.raises(ValueError, match="2 buckets, expected 9"):
        Durations(counts=(1, 2), total_ms=3)


# --- the file -----------------------------------------------------------------------------------


def test_a_file_holds_the_text_for_everyone_to_read(tmp_path):
    path = tmp_path / "nalssi.prom"
    old = os.umask(0o077)
    try:
        write(path, make_snapshot(make_portal()))
    finally:
        os.umask(old)
    assert path.read_bytes() == text(make_snapshot(make_portal()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "nalssi.prom"
    snapshots = [
        make_snapshot(*(make_portal(portal=f"{nth}") for nth in range(count))) for count in (1, 90)
    ]
    whole = {text(snapshot) for snapshot in snapshots}
    write(path, snapshots[0])
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.update(reading.read_bytes() for reading in tmp_path.glob("*.prom"))

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for turn in range(40):
            write(path, snapshots[turn % 2])
        done.set()
        for reader in readers:
            reader.result()
    assert seen == whole


@pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param("nowhere/nalssi.prom", "there is no such folder", id="no folder"),
        pytest.param("folder", "is there and no file", id="a folder"),
        pytest.param(f"{'x' * 300}.prom", "File name too long", id="long name"),
    ],
)
def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path, place, why):
    (tmp_path / "folder").mkdir()
    with pytest.raises(MetricsError, match=why) as caught:
        write(tmp_path / place, make_snapshot())
    assert caught.value.exit_code == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "nalssi.prom"
    write(path, make_snapshot())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MetricsError, match="No space left"):
        write(path, make_snapshot(make_portal()))
    assert path.read_bytes() == text(make_snapshot())
    assert list(tmp_path.iterdir()) == [path]


# --- the ledger ---------------------------------------------------------------------------------


class Book:
    """A database, looks for it, and what a ledger says of it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.textfile = folder / "weather.db", folder / "nalssi.prom"
        self.minute = 0
        self.ledger = Ledger(self.path, self.textfile)
        Store.open(self.path).close()

    def live(self, signs: str, portal: str = "koya") -> None:
        """Look once for each sign: ``!`` fails, ``?`` has no sidebar, others are what it shows."""
        with Store.open(self.path) as store:
            for sign in signs:
                self.minute += 10
                look = make_look(self.minute, portal=portal, milliseconds=10 * self.minute)
                store.portal(portal, URL, INTERVAL_S)
                if sign == "!":
                    store.keep_failure(look, "fetch_failed", "HTTP 500")
                elif sign == "?":
                    store.keep_no_sidebar(store.keep_page(look, make_page(portal=portal)), "")
                else:
                    see(store, look, make_content(make_reading(temperature_c=ord(sign) / 10)))

    def prune(self) -> None:
        """Forget every look but the newest."""
        with contextlib.closing(sqlite3.connect(self.path)) as conn:
            conn.execute("DELETE FROM fetches WHERE id < (SELECT max(id) FROM fetches)")
            conn.commit()

    def told(self, ledger: Ledger | None = None) -> dict[tuple[str, str], float]:
        """The looks of each portal by outcome."""
        told = (ledger or self.ledger).snapshot(NOW)
        return {
            (portal.portal, outcome): count
            for portal in told.portals
            for outcome, count in portal.looks.items()
        }

    def kept(self) -> dict[tuple[str, str], float]:
        """The same, counted one by one."""
        with query.Database(self.path) as db:
            return dict(Counter((look.portal, look.outcome) for look in db.looks()))

    def restart(self) -> Ledger:
        """The ledger of a new process, after this one wrote the file."""
        self.ledger.write(self.textfile, NOW)
        return Ledger(self.path, self.textfile)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_each_look_is_counted_once_however_often_one_asks(book):
    for signs in ("a", "ab!", "", "?b", "bb!!a"):
        book.live(signs)
        book.live(signs[:1], portal="other")
        assert book.told() == book.told() == book.kept()
    durations = {one.portal: one.durations for one in book.ledger.snapshot(NOW).portals}
    with query.Database(book.path) as db:
        for portal, counted in durations.items():
            took = [look.milliseconds for look in db.looks() if look.portal == portal]
            assert counted == Durations.counted(Counter(took))


def test_what_is_counted_in_pieces_is_counted_once(book, monkeypatch):
    monkeypatch.setattr("db.read.counts.AT_ONCE", 2)
    book.live("ab!?cd!ea")
    book.live("zyx", portal="other")
    assert book.told() == book.told() == book.kept()
    assert book.ledger.snapshot(NOW).readings == 8


def test_of_a_portal_that_is_no_longer_looked_at_only_the_counts_are_told(book):
    book.live("ab")
    book.live("a!", portal="gone")
    before = values(text(book.ledger.snapshot(NOW)))
    book.ledger.portals = {"koya"}
    after = values(text(book.ledger.snapshot(NOW)))
    left_out = {key for key in before if "gone" in key} & (before.keys() - after.keys())
    assert after == {key: value for key, value in before.items() if key not in left_out}
    assert {name for name, *_ in left_out} == {
        "nalssi_portal_state",
        *(
            f"nalssi_last_{what}_{how}_seconds"
            for what in ("success", "change")
            for how in ("age", "timestamp")
        ),
    }


def test_each_reading_is_counted_once(book):
    counted = []
    for signs in ("aa", "b", "", "a!", "c"):
        book.live(signs)
        counted.append(book.ledger.snapshot(NOW).readings)
    assert counted == [1, 2, 2, 2, 3]


def test_a_look_is_counted_as_soon_as_it_was_read(book):
    """Of a page that is not yet read nobody knows how its look will end."""
    book.live("a")
    with Store.open(book.path) as store:
        page = store.keep_page(make_look(500), make_page())
        book.live("b")
        assert book.told() == {("koya", "new"): 2}
        store.keep_content(page, make_content(make_reading(temperature_c=9.8)), page_date=None)
    assert book.told() == book.told() == book.kept()


def test_a_look_that_is_no_longer_kept_stays_counted(book):
    """What Prometheus counts never goes back."""
    book.live("aab!")
    before = book.told()
    book.prune()
    assert book.told() == before
    book.live("!!")
    assert book.told() == before | {("koya", "fetch_failed"): 3}


def test_the_next_process_counts_on_from_the_file(book):
    """A pass of cron must not count years of looks every ten minutes."""
    book.live("aab!")
    before = book.told()
    ledger = book.restart()
    book.prune()
    book.live("!c")
    assert book.told(ledger) == before | {("koya", "fetch_failed"): 2, ("koya", "new"): 3}
    assert ledger.snapshot(NOW).readings == 3


def test_a_look_left_unread_is_counted_by_the_process_that_reads_it(book):
    book.live("a")
    with Store.open(book.path) as store:
        store.keep_page(make_look(500), make_page())
        book.live("b")
        ledger = book.restart()
        (page,) = store.unread()
        store.keep_no_sidebar(page, "nothing there")
    assert book.told(ledger) == book.kept()


@pytest.mark.parametrize("signs", ["!", "a!!!!!b"], ids=["fewer looks", "more looks"])
def test_another_database_in_the_same_place_is_counted_anew(book, signs):
    book.live("aab")
    ledger = book.restart()
    book.path.unlink()
    book.minute += 1
    book.live(signs)
    assert book.told(ledger) == book.kept()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text[:-9], id="cut"),
        pytest.param(lambda text: text.partition("# nalssi: ")[0], id="no remark"),
        pytest.param(lambda text: text.partition("# nalssi: ")[0] + "# nalssi: []", id="a list"),
        pytest.param(lambda text: text.replace('"looks": {', '"lacks": {'), id="another word"),
        pytest.param(lambda text: text.replace('"new": 2', '"new": "x"'), id="no number"),
    ],
)
def test_a_file_that_is_none_of_a_ledger_is_no_obstacle(book, damage):
    book.live("aab")
    book.ledger.write(book.textfile, NOW)
    written = book.textfile.read_text()
    book.textfile.write_text(damage(written))
    assert book.textfile.read_text() != written
    assert book.told(Ledger(book.path, book.textfile)) == book.kept()


def test_prometheus_passes_over_what_is_for_the_next_ledger(book):
    book.live("ab!")
    book.ledger.write(book.textfile, NOW)
    assert values(book.textfile.read_bytes()) == values(text(book.ledger.snapshot(NOW)))
    assert book.textfile.read_text().splitlines()[-1].startswith("# nalssi: {")


# --- the endpoint -------------------------------------------------------------------------------


def test_a_scrape_is_answered_with_the_text():
    with Endpoint(0, lambda: make_snapshot(make_portal())) as endpoint:
        answered = get(endpoint.port)
    kind = "text/plain; version=0.0.4; charset=utf-8"
    assert answered == (200, kind, text(make_snapshot(make_portal())))


@pytest.mark.usefixtures("_nothing_kept")
def test_a_later_scrape_has_a_snapshot_of_its_own():
    counted = iter(range(9))
    with Endpoint(0, lambda: make_snapshot(readings=next(counted))) as endpoint:
        told = [values(get(endpoint.port)[2])["nalssi_readings_total",] for _ in range(3)]
    assert told == [0, 1, 2]


def test_however_often_one_scrapes_the_database_is_asked_once():
    """A scraper gone wild holds up no look."""
    asked: list[None] = []

    def snapshot() -> Snapshot:
        asked.append(None)
        return make_snapshot(make_portal())

    with Endpoint(0, snapshot) as endpoint, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(get, [endpoint.port] * 40))
    assert len(asked) == 1
    assert set(answers) == {(200, answers[0][1], text(make_snapshot(make_portal())))}


def test_a_database_that_cannot_be_asked_is_not_asked_again_at_once():
    asked: list[None] = []

    def snapshot() -> Snapshot:
        asked.append(None)
        raise DatabaseError("weather.db", "locked")

    with Endpoint(0, snapshot) as endpoint:
        assert [get(endpoint.port)[0] for _ in range(3)] == [503] * 3
    assert len(asked) == 1


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metricsx", "/METRICS", "/../metrics"])
def test_nothing_else_is_there(path):
    with Endpoint(0, make_snapshot) as endpoint:
        status, kind, body = get(endpoint.port, path)
    assert (status, kind) == (404, "text/plain; charset=utf-8")
    assert b"nalssi_" not in body


def test_a_query_changes_nothing():
    with Endpoint(0, make_snapshot) as endpoint:
        assert get(endpoint.port, "/metrics?name[]=x")[0] == 200


def test_nothing_can_be_sent():
    with Endpoint(0, make_snapshot) as endpoint:
        assert get(endpoint.port, method="POST")[0] == 501


def test_head_is_answered_without_a_body():
    with Endpoint(0, make_snapshot) as endpoint:
        status, kind, body = get(endpoint.port, method="HEAD")
        length = len(get(endpoint.port)[2])
        connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=LIMIT_S)
        with contextlib.closing(connection):
            connection.request("HEAD", "/metrics")
            assert connection.getresponse().headers["Content-Length"] == str(length)
    assert (status, kind.partition(";")[0], body) == (200, "text/plain", b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9100", 200),
        ("localhost", 200),
        ("LocalHost:80", 200),
        ("evil.example", 421),
        ("localhost.evil.example:80", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_only_its_own_host_names_are_answered(host, status):
    """A page on the web may have a name of its own resolved to this machine."""
    with Endpoint(0, make_snapshot) as endpoint:
        connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=LIMIT_S)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics", headers={"Host": host})
            answered = connection.getresponse()
            assert answered.status == status
            assert (b"nalssi_" in answered.read()) == (status == 200)


def test_slow_clients_have_few_threads_and_one_deadline(monkeypatch):
    """Each sends a byte now and then; whoever comes later waits for a place, and gets it."""
    monkeypatch.setattr("scraper.metrics.endpoint._DEADLINE_S", 0.5)
    before = threading.active_count()
    with Endpoint(0, make_snapshot) as endpoint, contextlib.ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", endpoint.port), LIMIT_S))
            for _ in range(40)
        ]
        done, most = threading.Event(), []

        def drip() -> None:
            while not done.wait(0.05):
                most.append(threading.active_count())
                for one in held:
                    with contextlib.suppress(OSError):
                        one.sendall(b"x")

        with ThreadPoolExecutor(1) as pool:
            dripping = pool.submit(drip)
            assert get(endpoint.port)[0] == 200
            done.set()
            dripping.result()
    assert max(most) <= before + 2 + 8  # the server, the one that drips, and the places


def test_a_client_that_never_ends_its_request_is_left_by_a_closed_endpoint():
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        with Endpoint(0, make_snapshot) as endpoint:
            client = socket.create_connection(("127.0.0.1", endpoint.port), LIMIT_S)
            stack.enter_context(client).sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            assert get(endpoint.port)[0] == 200
        until(lambda: threading.active_count() == before)


def test_where_no_thread_can_be_started_a_scrape_is_refused_and_the_next_is_not(monkeypatch, capfd):
    with Endpoint(0, make_snapshot) as endpoint:
        for _ in range(20):  # more than there are places
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", no_thread)
                with pytest.raises((OSError, http.client.HTTPException)):
                    get(endpoint.port)
        assert get(endpoint.port)[0] == 200
    assert capfd.readouterr().err == ""


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_only_this_machine_is_answered():
    elsewhere = "127.0.0.2"
    with Endpoint(0, make_snapshot) as endpoint, pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((elsewhere, endpoint.port), timeout=LIMIT_S)


@pytest.mark.usefixtures("_nothing_kept")
def test_scrapes_at_once_are_all_answered_and_take_turns():
    inside = threading.Semaphore()

    def snapshot() -> Snapshot:
        assert inside.acquire(blocking=False)
        time.sleep(0.01)
        inside.release()
        return make_snapshot(make_portal())

    with Endpoint(0, snapshot) as endpoint, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(get, [endpoint.port] * 48))
    assert set(answers) == {(200, answers[0][1], text(make_snapshot(make_portal())))}


def test_a_client_that_says_nothing_holds_nobody_up():
    with (
        Endpoint(0, make_snapshot) as endpoint,
        socket.create_connection(("127.0.0.1", endpoint.port)),
    ):
        assert get(endpoint.port)[0] == 200


def test_a_client_that_goes_away_is_no_news(capfd):
    met = threading.Barrier(2, timeout=LIMIT_S)

    def snapshot() -> Snapshot:
        met.wait()
        met.wait()
        return make_snapshot(*[make_portal()] * 5_000)

    with Endpoint(0, snapshot) as endpoint:
        with socket.create_connection(("127.0.0.1", endpoint.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            met.wait()
        met.wait()
    assert capfd.readouterr().err == ""


def test_a_database_that_cannot_be_read_is_said_to_the_scraper():
    def snapshot() -> Snapshot:
        raise DatabaseError("weather.db", "locked")

    with Endpoint(0, snapshot) as endpoint:
        status, _, body = get(endpoint.port)
    assert (status, body) == (503, b"database 'weather.db': locked\n")


def test_a_bug_is_reported_and_ends_one_scrape_only(capfd):
    versions = {"second": "0.1.0"}
    turns = iter(["first", "second"])
    with Endpoint(0, lambda: make_snapshot(version=versions[next(turns)])) as endpoint:
        with pytest.raises(http.client.RemoteDisconnected):
            get(endpoint.port)
        assert get(endpoint.port)[0] == 200
    assert "KeyError" in capfd.readouterr().err


def test_a_taken_port_is_named():
    with Endpoint(0, make_snapshot) as endpoint:
        with pytest.raises(MetricsError) as caught, Endpoint(endpoint.port, make_snapshot):
            pass
        assert get(endpoint.port)[0] == 200
    said = f"metrics '127.0.0.1:{endpoint.port}': cannot be listened on: Address already in use"
    assert str(caught.value) == said


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_port_that_is_none_is_named(port):
    with pytest.raises(MetricsError, match="expected a port"), Endpoint(port, make_snapshot):
        pass


def test_a_closed_endpoint_leaves_its_port_and_no_thread():
    before = threading.active_count()
    with Endpoint(0, make_snapshot) as endpoint:
        get(endpoint.port)
    with pytest.raises(ConnectionRefusedError):
        get(endpoint.port)
    with Endpoint(endpoint.port, make_snapshot) as again:
        assert get(again.port)[0] == 200
    assert threading.active_count() == before


def test_a_scrape_under_way_may_end():
    """What the snapshot reads may be closed right after the endpoint."""
    began = threading.Event()
    ended = threading.Event()

    def snapshot() -> Snapshot:
        began.set()
        time.sleep(0.3)  # longer than the server takes to see that it shall stop
        ended.set()
        return make_snapshot()

    with ThreadPoolExecutor() as pool:
        with Endpoint(0, snapshot) as endpoint:
            answer = pool.submit(get, endpoint.port)
            assert began.wait(LIMIT_S)
        assert ended.is_set()
        assert answer.result()[0] == 200
