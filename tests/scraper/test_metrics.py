"""Metrics: Prometheus reads the numbers of the snapshot, all of them or none."""

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
from typing import TYPE_CHECKING, Any, get_args

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from db import query
from db.errors import DatabaseError
from db.validity import State
from db.write.store import Store
from scraper.metrics import (
    Endpoint,
    MetricsError,
    PortalMetrics,
    Snapshot,
    take,
    text,
    write,
)
from tests.support.faults import until
from tests.support.leaks import running_threads
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
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every scrape its own snapshot, as if scrapes were far apart."""
    monkeypatch.setattr("scraper.metrics.endpoint._KEPT_S", 0.0)


def make_portal(**changes: Any) -> PortalMetrics:
    plain: dict[str, Any] = {
        "portal": "koya-culture",
        "state": "live",
        "since_success_s": 61.5,
        "since_change_s": 1800.0,
        "counts": query.PortalCounts(
            looks={"ok": 140, "timeout": 2},
            durations=(2, 1, 0, 0, 0, 1, 0, 0, 1),
            milliseconds=63_281,
        ),
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


def families(exposition: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(exposition.decode())}


def values(exposition: bytes) -> dict[tuple[str, ...], float]:
    """Give each sample by its name and the values of its labels, in the order of label names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families(exposition).values()
        for sample in family.samples
    }


def get(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, str, bytes]:
    """Give status, Content-Type and body of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


# --- the text -----------------------------------------------------------------------------------


def test_the_text_has_every_value_of_the_snapshot():
    samples = values(text(make_snapshot(make_portal())))
    assert samples == {
        ("nalssi_build_info", "0.1.0"): 1,
        ("nalssi_readings_total",): 81_234,
        ("nalssi_database_bytes",): 4_096_000,
        ("nalssi_looks_total", "ok", "koya-culture"): 140,
        ("nalssi_looks_total", "timeout", "koya-culture"): 2,
        ("nalssi_portal_state", "koya-culture", "live"): 1,
        ("nalssi_portal_state", "koya-culture", "unconfirmed"): 0,
        ("nalssi_portal_state", "koya-culture", "stale"): 0,
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
    metric_families = families(text(make_snapshot(make_portal())))
    assert {name: family.type for name, family in metric_families.items()} == {
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
    for name, family in metric_families.items():
        assert family.documentation.endswith(".")
        for unit in ("bytes", "seconds"):
            assert name.endswith(unit) == (unit in family.documentation.lower())


@pytest.mark.parametrize("state", get_args(State))
def test_a_portal_is_in_exactly_one_state(state):
    samples = values(text(make_snapshot(make_portal(state=state))))
    states = {key[2]: value for key, value in samples.items() if key[0] == "nalssi_portal_state"}
    assert states == {name: float(name == state) for name in get_args(State)}


def test_an_event_that_never_happened_has_neither_age_nor_time():
    never = make_portal(portal="new", since_success_s=None, since_change_s=None)
    samples = values(text(make_snapshot(never, make_portal(portal="old"))))
    since = sorted(key for key in samples if key[0].startswith("nalssi_last_"))
    assert {key[1] for key in since} == {"old"}
    assert len(since) == 4


def test_without_portals_there_is_still_the_database():
    samples = values(text(make_snapshot()))
    assert {key[0] for key in samples} == {
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
def test_an_odd_name_is_read_back_unchanged(name):
    samples = values(
        text(
            make_snapshot(
                make_portal(portal=name, counts=query.PortalCounts(looks={name: 3})), version=name
            )
        )
    )
    assert samples["nalssi_looks_total", name, name] == 3
    assert samples["nalssi_build_info", name] == 1
    assert samples["nalssi_readings_total",] == 81_234


def test_a_name_outside_utf_8_stops_no_scrape():
    samples = values(text(make_snapshot(make_portal(portal="a\ud800"))))
    assert samples["nalssi_last_change_age_seconds", "a?"] == 1800


def test_a_snapshot_has_no_state_from_the_one_before():
    text(make_snapshot(make_portal(portal="gone")))
    assert b"gone" not in text(make_snapshot(make_portal()))
    assert b"nalssi" not in prometheus_client.generate_latest()


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
    texts = {text(snapshot) for snapshot in snapshots}
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
    assert seen == texts


@pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param("nowhere/nalssi.prom", "there is no such folder", id="no folder"),
        pytest.param("folder", "exists and is not a file", id="a folder"),
        pytest.param(f"{'x' * 300}.prom", "File name too long", id="long name"),
    ],
)
def test_an_unwritable_file_leaves_no_draft(tmp_path, place, why):
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


# --- a snapshot of a database ---------------------------------------------------------------------


class Installation:
    """A database, looks for it, and its metrics."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "weather.db"
        self.minute = 0
        Store.open(self.path).close()

    def live(self, signs: str, portal: str = "koya") -> None:
        """Store a look for each sign: ``!`` fails, ``?`` has no sidebar, others are its values."""
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

    def looks(self) -> dict[tuple[str, str], float]:
        """The looks of each portal by outcome, by the metrics."""
        snapshot = take(self.path, NOW)
        return {
            (portal.portal, outcome): count
            for portal in snapshot.portals
            for outcome, count in portal.counts.looks.items()
        }

    def counted(self) -> dict[tuple[str, str], float]:
        """The looks of each portal by outcome, counted in the table."""
        with query.Database(self.path) as db:
            return dict(Counter((look.portal, look.outcome) for look in db.looks()))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_each_look_is_counted_once_in_every_scrape(installation):
    for signs in ("a", "ab!", "", "?b", "bb!!a"):
        installation.live(signs)
        installation.live(signs[:1], portal="other")
        assert installation.looks() == installation.looks() == installation.counted()
    for portal in take(installation.path, NOW).portals:
        with query.Database(installation.path) as db:
            took = [look.milliseconds for look in db.looks() if look.portal == portal.portal]
        assert portal.counts.milliseconds == sum(took)
        assert sum(portal.counts.durations) == len(took)


def test_the_text_has_the_values_of_the_database(installation):
    installation.live("ab!?")
    installation.live("a", portal="other")
    samples = values(text(take(installation.path, NOW)))
    assert samples["nalssi_readings_total",] == 2
    assert samples["nalssi_database_bytes",] == installation.path.stat().st_size
    assert samples["nalssi_look_duration_seconds_count", "koya"] == 4
    assert samples["nalssi_look_duration_seconds_sum", "koya"] == 1.0
    assert samples["nalssi_look_duration_seconds_bucket", "0.25", "koya"] == 2


def test_a_portal_that_is_no_longer_polled_has_only_counts(installation):
    installation.live("ab")
    installation.live("a!", portal="gone")
    before = values(text(take(installation.path, NOW)))
    after = values(text(take(installation.path, NOW, {"koya"})))
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


def test_a_look_that_is_no_longer_kept_stays_counted(installation):
    """Counters of Prometheus must never decrease."""
    installation.live("aab!")
    before = installation.looks()
    with contextlib.closing(sqlite3.connect(installation.path)) as conn:
        conn.execute("DELETE FROM fetches WHERE id < (SELECT max(id) FROM fetches)")
        conn.commit()
    assert installation.looks() == before
    installation.live("!!")
    assert installation.looks() == before | {("koya", "fetch_failed"): 3}


def test_the_metrics_need_one_question_for_all_counts(installation):
    installation.live("aab!")
    statements: list[str] = []
    with query.Database(installation.path) as db:
        db._conn.set_trace_callback(statements.append)
        db.counts()
    assert len([sql for sql in statements if "SELECT" in sql]) == 1


# --- the endpoint -------------------------------------------------------------------------------


def test_a_scrape_is_answered_with_the_text():
    with Endpoint(0, lambda: make_snapshot(make_portal())) as endpoint:
        answered = get(endpoint.port)
    kind = "text/plain; version=0.0.4; charset=utf-8"
    assert answered == (200, kind, text(make_snapshot(make_portal())))


@pytest.mark.usefixtures("_no_cache")
def test_a_later_scrape_has_a_snapshot_of_its_own():
    counted = iter(range(9))
    with Endpoint(0, lambda: make_snapshot(readings=next(counted))) as endpoint:
        counts = [values(get(endpoint.port)[2])["nalssi_readings_total",] for _ in range(3)]
    assert counts == [0, 1, 2]


def test_frequent_scrapes_query_the_database_once():
    """A client with too many requests must not delay a look."""
    queries: list[None] = []

    def snapshot() -> Snapshot:
        queries.append(None)
        return make_snapshot(make_portal())

    with Endpoint(0, snapshot) as endpoint, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(get, [endpoint.port] * 40))
    assert len(queries) == 1
    assert set(answers) == {(200, answers[0][1], text(make_snapshot(make_portal())))}


def test_an_unreadable_database_is_not_queried_again_at_once():
    queries: list[None] = []

    def snapshot() -> Snapshot:
        queries.append(None)
        raise DatabaseError("weather.db", "locked")

    with Endpoint(0, snapshot) as endpoint:
        assert [get(endpoint.port)[0] for _ in range(3)] == [503] * 3
    assert len(queries) == 1


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metricsx", "/METRICS", "/../metrics"])
def test_other_paths_do_not_exist(path):
    with Endpoint(0, make_snapshot) as endpoint:
        status, kind, body = get(endpoint.port, path)
    assert (status, kind) == (404, "text/plain; charset=utf-8")
    assert b"nalssi_" not in body


def test_a_query_string_does_not_change_the_answer():
    with Endpoint(0, make_snapshot) as endpoint:
        assert get(endpoint.port, "/metrics?name[]=x")[0] == 200


def test_a_post_is_refused():
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
    """Otherwise a page on the web could resolve its own name to this machine (DNS rebinding)."""
    with Endpoint(0, make_snapshot) as endpoint:
        connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=LIMIT_S)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics", headers={"Host": host})
            answered = connection.getresponse()
            assert answered.status == status
            assert (b"nalssi_" in answered.read()) == (status == 200)


def test_slow_clients_have_few_threads_and_one_deadline(monkeypatch):
    """Each sends a byte now and then; a later client waits for a place, and gets it."""
    monkeypatch.setattr("scraper.metrics.endpoint._DEADLINE_S", 0.5)
    before = running_threads()
    with Endpoint(0, make_snapshot) as endpoint, contextlib.ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", endpoint.port), LIMIT_S))
            for _ in range(40)
        ]
        done, most = threading.Event(), []

        def drip() -> None:
            while not done.wait(0.05):
                most.append(len(running_threads() - before))
                for stream in held:
                    with contextlib.suppress(OSError):
                        stream.sendall(b"x")

        with ThreadPoolExecutor(1) as pool:
            dripping = pool.submit(drip)
            assert get(endpoint.port)[0] == 200
            done.set()
            dripping.result()
    assert max(most) <= 2 + 8  # the server, the dripping thread, and the places


def test_a_closed_endpoint_leaves_no_thread_for_an_endless_request():
    before = running_threads()
    with contextlib.ExitStack() as stack:
        with Endpoint(0, make_snapshot) as endpoint:
            client = socket.create_connection(("127.0.0.1", endpoint.port), LIMIT_S)
            stack.enter_context(client).sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            assert get(endpoint.port)[0] == 200
        until(lambda: not running_threads() - before)


def test_a_scrape_without_a_thread_is_refused_and_the_next_is_answered(monkeypatch, capfd):
    with Endpoint(0, make_snapshot) as endpoint:
        for _ in range(20):  # more clients than places
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


@pytest.mark.usefixtures("_no_cache")
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


def test_a_silent_client_delays_no_other():
    with (
        Endpoint(0, make_snapshot) as endpoint,
        socket.create_connection(("127.0.0.1", endpoint.port)),
    ):
        assert get(endpoint.port)[0] == 200


def test_a_client_that_disconnects_is_not_reported(capfd):
    meeting = threading.Barrier(2, timeout=LIMIT_S)

    def snapshot() -> Snapshot:
        meeting.wait()
        meeting.wait()
        return make_snapshot(*[make_portal()] * 5_000)

    with Endpoint(0, snapshot) as endpoint:
        with socket.create_connection(("127.0.0.1", endpoint.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            meeting.wait()
        meeting.wait()
    assert capfd.readouterr().err == ""


def test_an_unreadable_database_is_reported_to_the_scraper():
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


def test_a_port_in_use_is_named():
    with Endpoint(0, make_snapshot) as endpoint:
        with pytest.raises(MetricsError) as caught, Endpoint(endpoint.port, make_snapshot):
            pass
        assert get(endpoint.port)[0] == 200
    message = f"metrics '127.0.0.1:{endpoint.port}': cannot be listened on: Address already in use"
    assert str(caught.value) == message


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_an_invalid_port_is_named(port):
    with pytest.raises(MetricsError, match="expected a port"), Endpoint(port, make_snapshot):
        pass


def test_a_closed_endpoint_leaves_its_port_and_no_thread():
    before = running_threads()
    with Endpoint(0, make_snapshot) as endpoint:
        get(endpoint.port)
    with pytest.raises(ConnectionRefusedError):
        get(endpoint.port)
    with Endpoint(endpoint.port, make_snapshot) as again:
        assert get(again.port)[0] == 200
    until(lambda: not running_threads() - before)


def test_a_scrape_under_way_may_end():
    """It ends before the endpoint is closed: then the database may be closed, too."""
    began = threading.Event()
    ended = threading.Event()

    def snapshot() -> Snapshot:
        began.set()
        time.sleep(0.3)  # longer than the server takes to notice the stop
        ended.set()
        return make_snapshot()

    with ThreadPoolExecutor() as pool:
        with Endpoint(0, snapshot) as endpoint:
            answer = pool.submit(get, endpoint.port)
            assert began.wait(LIMIT_S)
        assert ended.is_set()
        assert answer.result()[0] == 200
