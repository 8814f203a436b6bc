"""From real HTTP into a real file: the database has what a portal showed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import signal
import sqlite3
import ssl
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.write.store import Store
from scraper.collect import Collector, PassNotKept, Report, backlog
from scraper.config import Fetch, Portal
from scraper.demo.portal import CITIES, Entry, page
from scraper.fetch import Fetcher
from scraper.reader import FINDERS
from tests.support.faults import until
from tests.support.leaks import open_descriptors
from tests.support.servers import Server, answer, dripping, redirect, refusing, silent, unaccepting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Reply, Request

START = dt.datetime(2026, 3, 1, 0, 0, tzinfo=dt.UTC)
NO_ROBOTS = answer(status="404 Not Found")
CERTIFICATES = ssl.create_default_context()
"""Loaded once: loading takes longer than a look."""


def box(*temperatures: str, date: str = "2026.03.01 (일)") -> bytes:
    cities = ["서울", "부산", "제주", "강릉"]
    entries = [
        Entry(label="맑음", icon="01", city=city, temperature=temperature)
        for city, temperature in zip(cities, temperatures or ("1.0", "2.0", "3.0"), strict=False)
    ]
    return page(entries, date, size=9000).encode()


@contextlib.contextmanager
def serving(*replies: Reply, **more: Reply) -> Iterator[Server]:
    paths: dict[str, Any] = {"/robots.txt": NO_ROBOTS, "/": list(replies)}
    with Server(paths | {f"/{name}": reply for name, reply in more.items()}) as server:
        yield server


class Watch:
    """Polls portals as the daemon does, at moments that the test sets."""

    def __init__(self, path: Path) -> None:
        self.path, self.now, self.timeout_s = path, START, 5.0

    def look(self, *portals: Portal, after: dt.timedelta = dt.timedelta()) -> list[Report]:
        self.now += after
        with Store.open(self.path) as store:
            return asyncio.run(self._sweep(store, portals))

    async def _sweep(self, store: Store, portals: tuple[Portal, ...]) -> list[Report]:
        fetcher = Fetcher(
            Fetch(timeout_s=self.timeout_s),
            clock=lambda: self.now,
            robots=store.robots(),
            backoff_s=0.001,
            verify=CERTIFICATES,
        )
        with Collector(
            fetcher=fetcher, store=store, interval_s=600, clock=lambda: self.now
        ) as collector:
            return await collector.sweep(portals)

    def latest(self) -> list[query.Latest]:
        with query.Database(self.path) as db:
            return db.latest(now=self.now)

    def looks(self) -> list[query.PastLook]:
        with query.Database(self.path) as db:
            return db.looks()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "weather.db")


def portal(server: Server, name: str = "koya", path: str = "/", **more: Any) -> Portal:
    return Portal(name=name, url=server.url(path, host="127.0.0.1"), **more)


TEN_MINUTES = dt.timedelta(minutes=10)


def test_the_values_of_a_portal_are_stored_as_shown(watch):
    with serving(answer(box("1.0", "-2.5", ""))) as server:
        (report,) = watch.look(portal(server))
    assert (report.outcome, report.readings, report.error) == ("new", 3, None)
    assert report.problems == ("no temperature printed: 제주",)
    assert {(row.station, row.temperature_c, row.condition) for row in watch.latest()} == {
        ("서울", 1.0, "clear"),
        ("부산", -2.5, "clear"),
        ("제주", None, "clear"),
    }


def test_the_same_sidebar_is_unchanged_even_where_the_page_is_another(watch):
    with serving(answer(box()), answer(box(date="2026.03.02 (월)"))) as server:
        outcomes = [watch.look(portal(server), after=TEN_MINUTES)[0].outcome for _ in range(2)]
    assert outcomes == ["new", "unchanged"]
    assert watch.latest()[0].page_date == dt.date(2026, 3, 2)


def test_a_page_that_was_not_modified_is_a_look_at_the_same_sidebar(watch):
    fresh = answer(box(), headers={"ETag": '"a"'})
    with serving(fresh, answer(status="304 Not Modified")) as server:
        for expected in ("new", "not_modified"):
            (report,) = watch.look(portal(server), after=TEN_MINUTES)
            assert (report.outcome, report.readings) == (expected, 3)
        assert server.requests[-1].headers["if-none-match"] == '"a"'
    assert watch.latest()[0].seen_until == watch.now


def test_the_page_without_a_sidebar_is_kept_for_a_better_reader(watch):
    with serving(answer("<title>공사 중</title>")) as server:
        (report,) = watch.look(portal(server))
    assert report.outcome == "no_sidebar"
    assert report.exit_code == 5
    assert "공사 중" in str(report.error)
    with contextlib.closing(sqlite3.connect(watch.path)) as conn:
        assert conn.execute("SELECT look_id FROM pages").fetchall() == [(1,)]


def test_every_failure_is_a_row_with_its_reason_and_stops_no_other_look(watch):
    with serving(
        answer(box()), broken=answer(status="500 Oops"), robots=answer("User-agent: *\nDisallow: /")
    ) as server:
        portals = [
            portal(server, "good"),
            portal(server, "broken", "/broken"),
            Portal(name="elsewhere", url="http://no-such-host.invalid/"),
        ]
        reports = watch.look(*portals)
    assert [report.outcome for report in reports] == ["new", "fetch_failed", "fetch_failed"]
    assert [report.exit_code for report in reports] == [0, 4, 4]
    reasons = {look.portal: look.reason or "" for look in watch.looks()}
    assert "HTTP 500" in reasons["broken"]
    assert "no-such-host.invalid" in reasons["elsewhere"]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
GZIPPED = {"Content-Encoding": "gzip"}
WAYS: dict[str, tuple[Reply, str]] = {
    "no content": (answer(status="204 No Content"), "HTTP 204"),
    "not modified": (answer(status="304 Not Modified"), "HTTP 304"),
    "not found": (answer(status="404 Not Found"), "HTTP 404"),
    "broken": (answer(status="500 Oops"), "HTTP 500"),
    "busy": (answer(status="503 Busy", headers={"Retry-After": "3600"}), "HTTP 503"),
    "sent elsewhere": (redirect("http://192.0.2.1/"), "redirect to"),
    "sent in a circle": (redirect("/"), "redirects in a circle"),
    "sent nowhere": (answer(status="302 Found"), "without a Location"),
    "silent": (silent, "no page within 3 s"),
    "dripping": (dripping(HEAD + b"\r\n", b"x", every_s=0.1), "no page within 3 s"),
    "cut short": (answer(box(), headers={"Content-Length": "99999"}), "cut short"),
    "hung up": (b"", "no answer"),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "no answer"),
    "too large": (HEAD + b"Content-Length: 99999999\r\n\r\n", "larger than"),
    "no gzip": (answer(b"no gzip", headers=GZIPPED), "damaged compression"),
    "another box": (answer("<title>공사 중</title>"), "공사 중"),
    "empty": (answer(), "KMA is not named"),
}
"""Answers of a portal, with the outcome and reason of the look."""

ROBOTS: dict[str, tuple[Reply, str]] = {
    "refused": (answer("User-agent: *\nDisallow: /"), "refused by the site's robots.txt"),
    "robots broken": (answer(status="500 Oops"), "robots.txt: HTTP 500"),
    "robots silent": (silent, "no page within 3 s"),
}
OUTCOMES = {"another box": "no_sidebar", "empty": "no_sidebar", "refused": "refused_by_robots"}


def test_each_failure_of_a_portal_is_one_row_and_affects_no_other_portal(watch):
    watch.timeout_s = 3.0
    with contextlib.ExitStack() as stack:
        sites: list[dict[str, Reply]] = [
            *({"/robots.txt": NO_ROBOTS, "/": reply} for reply, _ in WAYS.values()),
            *({"/robots.txt": robots, "/": answer(box())} for robots, _ in ROBOTS.values()),
        ]
        servers = [stack.enter_context(Server(site)) for site in sites]
        portals = [portal(*of) for of in zip(servers, [*WAYS, *ROBOTS], strict=True)]
        full = stack.enter_context(unaccepting())
        portals += [
            Portal(name="full", url=f"http://127.0.0.1:{full}/"),
            Portal(name="off", url=f"http://127.0.0.1:{refusing()}/"),
            Portal(name="unknown", url="http://no-such-host.invalid/"),
        ]
        first, last = (stack.enter_context(serving(answer(box()))) for _ in range(2))
        reports = watch.look(portal(first, "first"), *portals, portal(last, "last"))
    expected_reasons = {name: reason for name, (_, reason) in (WAYS | ROBOTS).items()}
    expected_reasons |= {
        "full": "no page within 3 s",
        "off": "no connection",
        "unknown": "no address of",
    }
    looks = {look.portal: look for look in watch.looks()}
    assert len(watch.looks()) == len(reports) == len(expected_reasons) + 2
    for name, reason in expected_reasons.items():
        assert looks[name].outcome == OUTCOMES.get(name, "fetch_failed"), name
        assert reason in str(looks[name].reason), name
    assert [looks[name].outcome for name in ("first", "last")] == ["new", "new"]
    assert {report.portal for report in reports if report.error} == set(expected_reasons)


def test_robots_txt_is_obeyed_kept_for_a_day_and_may_be_overruled(watch):
    with Server(
        {"/robots.txt": answer("User-agent: *\nDisallow: /"), "/": answer(box())}
    ) as server:
        assert watch.look(portal(server))[0].outcome == "refused_by_robots"
        assert watch.look(portal(server), after=TEN_MINUTES)[0].outcome == "refused_by_robots"
        assert server.paths == ["/robots.txt"]
        with_leave = portal(server, ignore_robots="their letter of 2026-02-03")
        assert watch.look(with_leave, after=TEN_MINUTES)[0].outcome == "new"


def test_a_retry_after_delays_the_next_request(watch):
    busy = answer(status="503 Busy", headers={"Retry-After": "3600"})
    with serving(busy, answer(box())) as server:
        watch.look(portal(server))
        asked = len(server.paths)
        (report,) = watch.look(portal(server), after=dt.timedelta(minutes=50))
        assert report.outcome == "fetch_failed"
        assert "not polled" in str(report.error)
        assert len(server.paths) == asked
        assert watch.look(portal(server), after=TEN_MINUTES)[0].outcome == "new"


def test_a_month_of_page_dates_over_one_sidebar_is_one_frozen_spell(watch):
    days = [dt.date(2026, 3, 1) + dt.timedelta(days=n) for n in range(31)]
    pages = [
        answer(box(date=f"{day:%Y.%m.%d} ({'월화수목금토일'[day.weekday()]})")) for day in days
    ]
    with serving(*pages) as server:
        for _ in days:
            watch.look(portal(server), after=dt.timedelta(days=1))
    (seoul,) = [row for row in watch.latest() if row.station == "서울"]
    # The first page has the date of a day that ended nine hours before the look.
    assert (seoul.state, seoul.age_minutes) == ("frozen", (30 * 24 + 9) * 60)
    assert seoul.page_date == days[-1]
    with query.Database(watch.path) as db:
        assert len(db.series("서울")) == 1


def test_looks_at_one_host_wait_for_each_other(watch):
    pages = {f"p{n}": answer(box(f"{n}.0", "1.0", "1.0")) for n in range(5)}
    with serving(answer(box()), **pages) as server:
        reports = watch.look(*(portal(server, name, f"/{name}") for name in pages))
        assert server.peak == 1
    assert {report.outcome for report in reports} == {"new"}


def break_for(watch: Watch, name: str) -> None:
    """Make SQLite refuse every look at this portal."""
    with contextlib.closing(sqlite3.connect(watch.path)) as conn:
        conn.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON fetches WHEN NEW.portal_id = "
            f"(SELECT id FROM portals WHERE name = '{name}') "
            "BEGIN SELECT RAISE(ABORT, 'out of order'); END"
        )
        conn.commit()


def test_an_unstored_look_is_an_error_with_the_other_reports(watch):
    with serving(answer(box()), slow=delayed(answer(box("5.0", "6.0", "7.0")))) as server:
        portals = [portal(server, "good"), portal(server, "bad", "/slow")]
        watch.look(*portals)
        break_for(watch, "bad")
        with pytest.raises(PassNotKept, match="out of order; not kept: bad") as caught:
            watch.look(*portals, after=TEN_MINUTES)
    assert [report.portal for report in caught.value.reports] == ["good"]
    assert [look.portal for look in watch.looks()] == ["good", "bad", "good"]


def held_by_another(path: Path) -> contextlib.closing[sqlite3.Connection]:
    """Give another connection, which any thread may use."""
    return contextlib.closing(sqlite3.connect(path, check_same_thread=False))


def test_a_look_stored_late_is_reported_like_any_other(watch, monkeypatch):
    monkeypatch.setattr(backlog, "PAUSE_S", 0.0)
    with Store.open(watch.path) as store, held_by_another(watch.path) as conn:
        store.wait_at_most(0.05)

        def locking(_: Request) -> Iterator[bytes]:
            conn.execute("BEGIN IMMEDIATE")
            yield answer(box())

        def freeing(request: Request) -> Iterator[bytes]:
            request.stopping.wait(0.5)
            conn.rollback()
            yield answer(box("5.0", "6.0", "7.0"))

        with serving(answer(box()), early=locking, late=freeing) as server:
            portals = tuple(portal(server, name, f"/{name}") for name in ("early", "late"))
            reports = asyncio.run(watch._sweep(store, portals))
    assert sorted(report.portal for report in reports) == ["early", "late"]
    assert [look.portal for look in watch.looks()] == ["early", "late"]


def delayed(reply: bytes) -> Reply:
    """Delay an answer, so that the other looks end before."""

    def wait(request: Request) -> Iterator[bytes]:
        request.stopping.wait(0.3)
        yield reply

    return wait


def scrape(watch: Watch, server: Server, *names: str) -> subprocess.CompletedProcess[str]:
    """Run `nalssi scrape` on portals of these names, each at its own path."""
    urls = {name: portal(server, path=f"/{name}").url for name in names}
    tables = [f'[[portals]]\nname = "{name}"\nurl = "{url}"' for name, url in urls.items()]
    config = watch.path.with_name("config.toml")
    config.write_text("\n".join([f'database = "{watch.path.name}"', *tables]), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "scraper", "scrape", "--json", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_pass_reports_the_other_looks_if_one_cannot_be_stored(watch):
    ways = {"good": answer(box()), "none": answer("no box"), "bad": delayed(answer(box()))}
    with serving(answer(box()), **ways) as server:
        watch.look(portal(server, "bad", "/good"))
        break_for(watch, "bad")
        run = scrape(watch, server, "good", "none", "bad")
    assert run.returncode == 6
    assert [row["portal"] for row in json.loads(run.stdout)] == ["good", "none"]
    first, second = run.stderr.splitlines()
    assert first.startswith("nalssi: none: no_sidebar: ")
    assert second.endswith("out of order; not kept: bad")


def test_a_pass_reports_the_pages_of_a_killed_one(watch):
    with serving(answer(box()), koya=answer(box()), none=answer("no box")) as server:
        killed_while("FINDERS['box']", watch.path, portal(server, path="/none").url)
        run = scrape(watch, server, "koya")
        assert run.returncode == 5
        assert [row["outcome"] for row in json.loads(run.stdout)] == ["no_sidebar", "new"]
        assert run.stderr.startswith("nalssi: koya: no_sidebar: ")


# ---- killed in the middle


def killed_while(what: str, path: Path, url: str) -> None:
    """Run a pass in a child process that is killed at this point."""
    code = f"""
        import os, signal, sys
        from scraper.cli import main
        from scraper import reader
        def die(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        reader.{what} = die
        sys.argv = ["nalssi", "scrape", "--config", {str(path.parent / "config.toml")!r}]
        main()
    """
    (path.parent / "config.toml").write_text(
        f'database = "{path.name}"\n[[portals]]\nname = "koya"\nurl = "{url}"\n', encoding="utf-8"
    )
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL


def outcomes(path: Path) -> list[tuple[str, int | None]]:
    """The outcome of each look, and how often reading its page began; None: its page is gone."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return conn.execute(
            "SELECT outcome, tries FROM fetches LEFT JOIN pages ON look_id = id ORDER BY id"
        ).fetchall()


def test_a_page_whose_reader_was_killed_is_read_at_the_next_pass(watch):
    with serving(answer(box()), answer(box("5.0", "6.0", "7.0"))) as server:
        killed_while("FINDERS['box']", watch.path, portal(server).url)
        assert outcomes(watch.path) == [("unread", 1)]
        watch.now = dt.datetime.now(dt.UTC) + TEN_MINUTES
        watch.look(portal(server))
    assert outcomes(watch.path) == [("read", None), ("read", None)]
    with query.Database(watch.path) as db:
        assert [spell.temperature_c for spell in db.series("서울")] == [1.0, 5.0]


def test_a_page_that_kills_the_reader_twice_is_set_aside_and_kept(watch):
    with serving(answer(box())) as server:
        url = portal(server).url
        killed_while("FINDERS['box']", watch.path, url)
        killed_while("FINDERS['box']", watch.path, url)
        assert outcomes(watch.path) == [("unread", 2)]
        watch.now = dt.datetime.now(dt.UTC) + TEN_MINUTES
        aside, report = watch.look(portal(server))
    assert (aside.outcome, aside.exit_code) == ("set_aside", 5)
    assert report.outcome == "new"
    assert outcomes(watch.path) == [("set_aside", 2), ("read", None)]
    assert "never finished" in str(watch.looks()[0].reason)


@pytest.mark.parametrize("point", ["normalize.readings", "packed"])
def test_a_kill_after_a_page_was_stored_loses_no_part_of_the_page(watch, point):
    with serving(answer(box())) as server:
        killed_while(point, watch.path, portal(server).url)
        watch.now = dt.datetime.now(dt.UTC) + TEN_MINUTES
        watch.look(portal(server))
    assert [outcome for outcome, _ in outcomes(watch.path)] == ["read", "read"]


def test_a_bug_in_one_look_leaves_its_page_and_stops_no_other(watch, monkeypatch):
    find = FINDERS["box"]

    def broken(body: bytes, *more: Any, **named: Any) -> Any:
        if b"-40.0" in body:
            message = "a bug"
            raise ZeroDivisionError(message)
        return find(body, *more, **named)

    monkeypatch.setitem(FINDERS, "box", broken)
    cold = answer(box("-40.0", "1.0", "1.0"))
    with serving(answer(box()), odd=cold) as server, pytest.raises(ZeroDivisionError):
        watch.look(portal(server, "odd", "/odd"), portal(server, "good"))
    assert {outcome for outcome, _ in outcomes(watch.path)} == {"unread", "read"}


def transactions(store: Store) -> list[str]:
    """Give a list that grows with each transaction from now on."""
    begun: list[str] = []

    def note(statement: str) -> None:
        if statement.startswith(("BEGIN", "SAVEPOINT")):
            begun.append(statement)

    store._conn.set_trace_callback(note)
    return begun


@pytest.mark.parametrize(
    ("reply", "outcome", "count"),
    [
        pytest.param(answer(box("5.0", "6.0", "7.0")), "new", 2, id="other values"),
        pytest.param(answer(box()), "unchanged", 2, id="the same values"),
        pytest.param(answer("no box"), "no_sidebar", 2, id="no box"),
        pytest.param(answer(status="304 Not Modified"), "not_modified", 1, id="not modified"),
        pytest.param(answer(status="500 Oops"), "fetch_failed", 1, id="failed"),
    ],
)
def test_a_look_is_two_transactions_at_most(watch, reply, outcome, count):
    """One for the page, with a new robots.txt after a day, and one for the content."""
    first = answer(box(), headers={"ETag": '"a"'})
    with serving(first, reply) as server, Store.open(watch.path) as store:
        asyncio.run(watch._sweep(store, (portal(server),)))
        begun = transactions(store)
        watch.now += dt.timedelta(days=2)
        (report,) = asyncio.run(watch._sweep(store, (portal(server),)))
        assert server.paths.count("/robots.txt") == 2
        assert [robots.fetched_at for robots in store.robots()] == [watch.now]
    assert (report.outcome, len(begun)) == (outcome, count)


def test_the_row_of_a_portal_is_written_when_its_address_is_another(watch):
    with serving(answer(box()), other=answer(box())) as server, Store.open(watch.path) as store:
        begun = transactions(store)
        for path, expected in (("/", 3), ("/", 2), ("/other", 3), ("/other", 2)):
            watch.now += TEN_MINUTES
            asyncio.run(watch._sweep(store, (portal(server, path=path),)))
            assert len(begun) == expected
            begun.clear()
            with query.Database(watch.path) as db:
                assert [portal_row.url for portal_row in db.portals()] == [
                    portal(server, path=path).url
                ]


def test_a_portal_that_could_not_be_stored_first_is_stored_with_its_look(watch, monkeypatch):
    monkeypatch.setattr(backlog, "PAUSE_S", 0.0)
    with Store.open(watch.path) as store, held_by_another(watch.path) as conn:
        store.wait_at_most(0.05)
        conn.execute("BEGIN IMMEDIATE")

        def freeing(_: Request) -> Iterator[bytes]:
            conn.rollback()
            yield answer(box())

        with serving(freeing) as server:
            reports = asyncio.run(watch._sweep(store, (portal(server),)))
    assert [report.outcome for report in reports] == ["new"]


def test_no_descriptor_or_child_is_left_behind(watch):
    with serving(answer(box())) as server:
        watch.look(portal(server))
        before = open_descriptors()
        for _ in range(5):
            watch.look(portal(server), after=TEN_MINUTES)
        until(lambda: not open_descriptors() - before)


def test_a_cut_list_is_refused_where_the_portal_showed_more_before(watch):
    full = page([Entry(label="맑음", city=c, temperature="1.0") for c in CITIES], "", size=9000)
    cut = full[: full.index("제주")].encode()
    with serving(answer(cut), answer(full.encode()), answer(cut)) as server:
        reports = [watch.look(portal(server), after=TEN_MINUTES)[0] for _ in range(3)]
    assert [report.outcome for report in reports] == ["new", "new", "no_sidebar"]
    assert reports[0].problems[-1] == "the page ends within the list, after 9 entries"
    assert str(reports[2].error).endswith("the page ends within the list, after 9 of 16 entries")
    assert {reading.station for reading in watch.latest()} == set(CITIES)
