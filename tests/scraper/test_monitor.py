"""Notices, metrics and the dead-man switch over a month of looks, with real channels."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from db import query
from db.reading import Problem
from db.write.store import Store
from scraper.collect import Report, collecting
from scraper.config import Config, Metrics, Notify, Portal
from scraper.monitor import Monitor
from tests.support.make import START, make_content, make_look, make_page, make_reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.support.inbox import Inbox

STEP = 30
"""Minutes between looks."""

DAY = 24 * 60
SECRET = "s3cr3t-t0k3n"  # noqa: S105 - a fake secret


class Installation:
    """A store, a config and a clock; each look is reported as after a pass or by the daemon."""

    def __init__(self, path: Path, *, metrics: Metrics | None = None, **notify: Any) -> None:
        self.path, self.minute = path, 0.0
        self.complaints: list[str] = []
        self.config = Config(
            database=str(path),
            interval_minutes=STEP,
            notify=Notify(**notify),
            metrics=metrics or Metrics(),
            portals=tuple(Portal(name=name, url="http://127.0.0.1:1/") for name in ("koya", "b")),
        )

    def now(self) -> dt.datetime:
        return START + dt.timedelta(minutes=self.minute)

    def live(self, story: Mapping[str, str], *, minutes: float = STEP, looks: int = 0) -> None:
        """
        Store the looks of a story, one sign a look; a new process after ``looks`` of them.

        ``!`` fails, ``?`` has no sidebar, ``-`` is no look, a capital has an unknown word, and
        ``.`` changes every hour.
        """
        length = max(map(len, story.values()))
        for start in range(0, length, looks or length):
            part = {name: signs[start:][: looks or length] for name, signs in story.items()}
            asyncio.run(self._live(part, minutes))

    @contextlib.asynccontextmanager
    async def monitoring(self) -> AsyncIterator[tuple[Store, Monitor]]:
        with Store.open(self.path) as store:
            store._conn.execute("PRAGMA synchronous = off")
            async with collecting(self.config, store, self.now) as collector:
                yield (
                    store,
                    Monitor(
                        config=self.config,
                        collector=collector,
                        store=store,
                        clock=self.now,
                        complain=self.complaints.append,
                    ),
                )

    async def _live(self, story: Mapping[str, str], minutes: float) -> None:
        async with self.monitoring() as (store, monitor):
            for signs in zip(*story.values(), strict=True):
                looks = dict(zip(story, signs, strict=True))
                reports = [
                    self._look(store, name, sign) for name, sign in looks.items() if sign != "-"
                ]
                await monitor.after_looks(reports)
                self.minute += minutes

    def _look(self, store: Store, portal: str, sign: str) -> Report:
        look = make_look(self.minute, portal=portal)
        store.portal(portal, "http://127.0.0.1:1/", STEP * 60)
        if sign == "!":
            store.keep_failure(look, "fetch_failed", "HTTP 500")
            return Report(portal=portal, outcome="fetch_failed", error="HTTP 500")
        page = store.keep_page(look, make_page(portal=portal))
        if sign == "?":
            store.keep_no_sidebar(page, "a page titled '공사 중'")
            return Report(portal=portal, outcome="no_sidebar", error="no weather box")
        celsius = self.minute // 60 if sign == "." else ord(sign) / 10
        problems = [
            *([Problem(kind="unknown label", city="서울", word=sign)] if sign.isupper() else []),
            *([Problem(kind="unknown city", word="화성")] if sign == "+" else []),
        ]
        content = make_content(make_reading(temperature_c=celsius), problems=tuple(problems))
        return Report(
            portal=portal, outcome=store.keep_content(page, content, page_date=None), readings=1
        )


@pytest.fixture
def installation(tmp_path: Path, inbox: Inbox) -> Installation:
    return Installation(tmp_path / "weather.db", webhook=f"{inbox.url}/hook/{SECRET}")


HOURS = 60 // STEP

MONTH = (
    "." * 24 * HOURS  # healthy
    + "!" * 50 * HOURS  # two days down
    + "." * 10 * HOURS
    + "a" * 49 * HOURS  # frozen for two days
    + "a" * 3 + "!" * 5 * HOURS + "a" * HOURS  # an outage during the freeze
    + "." * 10 * HOURS  # thawed
    + "?" * 2 + "." * 10 * HOURS  # another layout for an hour
    + ".!" * 100 * HOURS  # every second look fails
    + "." * 5 * HOURS
    + ".!!!!!" * 33 * HOURS  # mostly failing
    + "." * 5 * HOURS
    + "Bc" * 12 * HOURS  # an unknown word that comes and goes, for a day
    + "." * 26 * HOURS
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "looks",
    [0, 20],
    ids=["a daemon", "restarted every few looks"],
)
def test_a_month_gives_the_right_notices(installation, inbox, looks):
    month = MONTH + "." * (31 * DAY // STEP - len(MONTH))
    installation.live({"koya": month, "b": "." * len(month)}, looks=looks)
    assert installation.complaints == []
    assert {portal for portal, _, _ in inbox.notices()} == {"koya"}
    notices = [f"{'no ' * well}{kind}" for _, kind, well in inbox.notices()]
    outage = ["down", "down", "down", "no down"]
    freeze = ["frozen", "frozen", "down", "frozen", "no frozen", "no down"]
    assert notices[:4] == outage
    assert sorted(notices[4:10]) == sorted(freeze)
    assert notices.index("no frozen") > notices.index("frozen") + 2
    rest = notices[10:]
    assert rest[:2] == ["layout", "no layout"]
    flapping = rest[2 : rest.index("words")]
    assert flapping[0] == "down"
    assert flapping[-1] == "no down"
    assert Counter(flapping) == {"down": 9, "no down": 1}  # 8 days and a bit
    assert rest[rest.index("words") :] == ["words", "words", "no words"]


def test_a_pause_of_our_own_is_not_an_outage_of_a_portal(installation, inbox):
    installation.live({"koya": "..", "b": ".."})
    installation.minute += DAY
    installation.live({"koya": ".-", "b": "-."})
    assert inbox.notices() == []


def test_an_unknown_city_is_reported_until_it_is_missing_for_a_day(installation, inbox):
    installation.live({"koya": "." + "+" * 3 + "." * (DAY // STEP + HOURS)})
    notices = [f"{'no ' * well}{kind}" for _, kind, well in inbox.notices()]
    assert notices == ["words", "words", "no words"]  # again once a day
    assert "화성" in inbox.posts[0][1]


def test_a_portal_that_never_answered_is_reported_at_once(installation, inbox):
    installation.live({"koya": "!"})
    assert inbox.notices() == [("koya", "down", False)]


# ---- channels that fail


def test_a_failed_channel_later_gets_only_lasting_faults(installation, inbox):
    inbox.status = 500
    installation.live({"koya": "!!!!", "b": "?..."})
    assert inbox.notices() == []
    assert installation.complaints == ["webhook: refused: it answered 500"]
    inbox.status = 204
    installation.live({"koya": "!!", "b": ".."})
    assert inbox.notices() == [("koya", "down", False)]


def test_each_channel_gets_a_notice_once(tmp_path, inbox):
    out = tmp_path / "told"
    program = (
        "sh",
        "-c",
        f'cat >> "{out}"; echo "$NALSSI_PORTAL $NALSSI_KIND $NALSSI_WELL" >> "{out}"',
    )
    installation = Installation(
        tmp_path / "weather.db", webhook=f"{inbox.url}/hook", command=program
    )
    inbox.status = 500
    installation.live({"koya": "!!!!"})
    inbox.status = 204
    installation.live({"koya": "!."})
    assert inbox.notices() == [("koya", "down", False)]
    assert [line for line in out.read_text().splitlines() if line.startswith("koya d")] == [
        "koya down 0"
    ]


def test_a_hanging_channel_is_abandoned_after_its_time_limit(installation, inbox, monkeypatch):
    monkeypatch.setattr("scraper.monitor.PATIENCE_S", 0.1)
    monkeypatch.setattr("scraper.monitor.TIMEOUT_S", 0.3)
    inbox.hangs.set()
    began = time.monotonic()
    installation.live({"koya": "!", "b": "!"})
    assert time.monotonic() - began < 20
    assert installation.complaints == ["webhook: too late: no answer within 0.3 s"]
    inbox.hangs.clear()
    monkeypatch.undo()
    installation.live({"koya": "!", "b": "!"})
    assert sorted(inbox.notices()) == [("b", "down", False), ("koya", "down", False)]


def test_no_error_line_contains_a_secret(installation, inbox):
    inbox.status = 500
    installation.live({"koya": "!"})
    assert installation.complaints
    assert SECRET not in "".join(installation.complaints)


def test_an_unreadable_database_is_reported_and_pinged(tmp_path, inbox):
    installation = Installation(
        tmp_path / "weather.db", webhook=f"{inbox.url}/hook", ping=f"{inbox.url}/ping"
    )
    installation.live({"koya": "."})
    with contextlib.closing(sqlite3.connect(installation.path)) as conn:
        conn.execute("DROP TABLE open_notices")
        conn.commit()
    installation.live({"koya": ".."})
    (complaint,) = installation.complaints
    assert "open_notices" in complaint
    assert len(inbox.pings()) == 3


# ---- the dead-man switch, and the metrics


def test_every_pass_is_pinged_with_a_summary(tmp_path, inbox):
    installation = Installation(tmp_path / "weather.db", ping=f"{inbox.url}/ping")
    installation.live({"koya": "..", "b": ".!"})
    assert inbox.pings() == [
        ("/ping", "koya: new, 1 readings\nb: new, 1 readings"),
        ("/ping/fail", "b: fetch_failed: HTTP 500\nkoya: unchanged, 1 readings"),
    ]


def test_the_switch_fails_until_the_last_look_at_every_portal_succeeds(tmp_path, inbox):
    """A daemon reports each look alone; the switch must not alternate between portals."""
    installation = Installation(tmp_path / "weather.db", ping=f"{inbox.url}/ping")
    installation.live({"koya": ".-.-", "b": "-!-."})
    assert [path for path, _ in inbox.pings()] == ["/ping", "/ping/fail", "/ping/fail", "/ping"]


def test_the_textfile_has_the_values_of_the_database(tmp_path):
    path = tmp_path / "nalssi.prom"
    installation = Installation(tmp_path / "weather.db", metrics=Metrics(textfile=str(path)))
    installation.live({"koya": "..?!", "b": "...."})
    samples = {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }
    with query.Database(installation.path) as db:
        counts = Counter((look.portal, look.outcome) for look in db.looks())
        for status in db.status(now=installation.now() - dt.timedelta(minutes=STEP)):
            assert samples["nalssi_portal_state", status.portal, status.state] == 1
    with contextlib.closing(sqlite3.connect(installation.path)) as conn:
        (readings,) = conn.execute("SELECT count(*) FROM readings").fetchone()
    assert samples["nalssi_readings_total",] == readings
    for (portal, outcome), count in counts.items():
        assert samples["nalssi_looks_total", outcome, portal] == count
    assert samples["nalssi_last_success_age_seconds", "koya"] == 2 * STEP * 60


def test_an_unwritable_textfile_is_reported_once(tmp_path):
    nowhere = Metrics(textfile=str(tmp_path / "nowhere" / "nalssi.prom"))
    installation = Installation(tmp_path / "weather.db", metrics=nowhere)
    installation.live({"koya": "..."})
    (complaint,) = installation.complaints
    assert "there is no such folder" in complaint


def test_a_portal_removed_from_the_config_has_no_state_in_the_textfile(tmp_path):
    path = tmp_path / "nalssi.prom"
    installation = Installation(tmp_path / "weather.db", metrics=Metrics(textfile=str(path)))
    installation.live({"koya": "...", "b": "..."})
    installation.config = msgspec.structs.replace(
        installation.config, portals=installation.config.portals[:1]
    )
    installation.live({"koya": "..."})
    metrics = path.read_text()
    assert 'nalssi_looks_total{outcome="new",portal="b"}' in metrics
    assert 'portal="koya",state=' in metrics
    assert 'portal="b",state=' not in metrics


def test_metrics_that_take_long_are_not_written_after_every_look(tmp_path, monkeypatch):
    path = tmp_path / "nalssi.prom"
    installation = Installation(tmp_path / "weather.db", metrics=Metrics(textfile=str(path)))
    monkeypatch.setattr("scraper.monitor.LONG_S", 0.0)
    monkeypatch.setattr("scraper.monitor.REST", 1e6)
    installation.live({"koya": "..."})
    assert 'nalssi_looks_total{outcome="new",portal="koya"} 1.0' in path.read_text()


@pytest.mark.parametrize("steps", range(6))
def test_a_daemon_that_stops_amid_its_notices_leaves_no_coroutine_behind(
    installation: Installation, steps: int
) -> None:
    """Such a coroutine would be a line about `never awaited` among the JSON lines of the log."""

    async def stop() -> None:
        async with installation.monitoring() as (_, monitor):
            looks = [Report(portal="koya", outcome="new")]
            notices = asyncio.create_task(monitor.after_looks(looks))
            for _ in range(steps):
                await asyncio.sleep(0)
            notices.cancel()
            with pytest.raises(asyncio.CancelledError):
                await notices

    asyncio.run(stop())
