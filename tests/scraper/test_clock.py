"""Our own wrong clock: it is refused before it dates a look, and its looks can be dropped."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import json
import sqlite3
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.moments import KST, now
from db.read.faults import faults
from db.write.store import Store
from scraper import reader
from scraper.errors import WrongClock
from tests.cli.test_cli import nalssi
from tests.scraper.test_collect import START, Watch, box, portal, serving
from tests.support.make import INTERVAL_S, URL, make_content, make_look, make_reading, see
from tests.support.servers import answer

if TYPE_CHECKING:
    from pathlib import Path

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "weather.db")


def dated(at: dt.datetime, *, printed: dt.datetime | None = None) -> bytes:
    """A page of a server with this clock, with this date above its box."""
    date = (printed or at).astimezone(KST)
    weekday = "월화수목금토일"[date.weekday()]
    page = box(date=f"{date:%Y.%m.%d} ({weekday})")
    return answer(page, headers={"Date": email.utils.format_datetime(at, usegmt=True)})


def count_looks(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        (count,) = conn.execute("SELECT count(*) FROM fetches").fetchone()
        return int(count)


# ---- refused


def scraped(path: Path, url: str, at: dt.datetime) -> subprocess.CompletedProcess[str]:
    """Run a pass of `nalssi scrape` with a clock set to this moment."""
    code = f"""
        import datetime as dt, sys
        from scraper.cli import main, scrape
        scrape.now = lambda: dt.datetime.fromisoformat({at.isoformat()!r})
        sys.argv = ["nalssi", "scrape", "--config", {str(path.parent / "config.toml")!r}]
        main()
    """
    (path.parent / "config.toml").write_text(
        f'database = "{path.name}"\n[[portals]]\nname = "koya"\nurl = "{url}"\n', encoding="utf-8"
    )
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)


def test_a_clock_before_the_release_of_the_code_is_refused(watch):
    with serving(answer(box())) as server:
        at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        run = scraped(watch.path, portal(server).url, at)
        assert server.paths == []
    assert run.returncode == 6
    (line,) = run.stderr.splitlines()
    assert line.startswith("nalssi: clock: 2020-01-01T09:00:00+09:00: expected 2026-11-01 or later")
    assert count_looks(watch.path) == 0


@pytest.mark.parametrize(("ahead", "code"), [(2 * DAY, 6), (HOUR, 0)])
def test_a_clock_a_day_behind_the_newest_look_is_refused(watch, ahead, code):
    with Store.open(watch.path) as store:
        see(store, make_look(fetched_at=now() + ahead), make_content())
    with serving(answer(box())) as server:
        run = scraped(watch.path, portal(server).url, now())
    assert run.returncode == code
    assert ("drop-looks" in run.stderr) == (code == 6)


@pytest.mark.parametrize(
    "servers",
    [
        pytest.param([3 * DAY], id="one portal of a later day"),
        pytest.param([3 * DAY, 3 * DAY], id="two of a later day"),
        pytest.param([-3 * DAY, -3 * DAY], id="two of an earlier day"),
    ],
)
def test_a_clock_that_all_portals_contradict_is_refused(watch, servers):
    names = [f"portal{nth}" for nth in range(len(servers))]
    pages = {name: dated(START + off) for name, off in zip(names, servers, strict=True)}
    with (
        serving(answer(box()), **pages) as server,
        pytest.raises(WrongClock, match="drop-looks") as refused,
    ):
        watch.look(*(portal(server, name, f"/{name}") for name in names))
    assert refused.value.exit_code == 6
    assert count_looks(watch.path) == 0


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([dated(START - 3 * DAY)], id="one page of an earlier day may be a cache's"),
        pytest.param([dated(START + 3 * DAY, printed=START)], id="a server's clock alone"),
        pytest.param([dated(START, printed=START + 3 * DAY)], id="a printed date alone"),
        pytest.param([dated(START + 3 * DAY), dated(START)], id="another portal agrees"),
        pytest.param([dated(START + 12 * HOUR)], id="half a day"),
    ],
)
def test_a_clock_that_a_portal_confirms_dates_all_looks(watch, pages):
    named: dict[str, Any] = {f"portal{nth}": page for nth, page in enumerate(pages)}
    with serving(answer(box()), **named) as server:
        reports = watch.look(*(portal(server, name, f"/{name}") for name in named))
    assert [(report.portal, report.outcome) for report in reports] == [
        (name, "new") for name in named
    ]
    assert count_looks(watch.path) == len(pages)


def test_a_page_under_a_strange_date_is_kept_before_it_is_read(watch, monkeypatch):
    """The page kills its reader; the next pass reads it."""
    with serving(answer(box()), koya=dated(START + 3 * DAY, printed=START)) as server:
        with monkeypatch.context() as broken:
            broken.setitem(reader.FINDERS, "box", lambda *_: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                watch.look(portal(server, "koya", "/koya"))
        with query.Database(watch.path) as db:
            assert [look.outcome for look in db.looks()] == ["unread"]
        reports = watch.look(portal(server, "koya", "/koya"))
    assert [report.outcome for report in reports] == ["new", "unchanged"]


# ---- dropped


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A database with two hours of looks, and two looks at each portal by a clock 9 h ahead."""
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        for name in ("koya", "other"):
            store.portal(name, URL, INTERVAL_S)
            for minute in (*range(0, 120, 10), 9 * 60, 9 * 60 + 10):
                celsius = float(minute // 60)
                see(
                    store,
                    make_look(minute, portal=name),
                    make_content(make_reading(temperature_c=celsius)),
                    etag='"a"',
                )
    return path


def since_wrong() -> str:
    return (START_OF_MAKE + 8 * HOUR).isoformat()


START_OF_MAKE = make_look(0).fetched_at


def test_dropping_looks_first_lists_them(wrong):
    run = nalssi("drop-looks", "--db", wrong, "--since", since_wrong(), "--json")
    assert run.returncode == 0
    result = json.loads(run.stdout)
    assert (result["written"], result["copy"]) == (False, None)
    assert [(row["portal"], row["looks"]) for row in result["looks"]] == [("koya", 2), ("other", 2)]
    assert count_looks(wrong) == 28
    assert sorted(wrong.parent.glob("*.before-drop-*")) == []


def test_dropped_looks_are_in_the_copy_and_in_no_answer(wrong):
    command = ("drop-looks", "--db", wrong, "--since", since_wrong(), "--portal", "koya", "--write")
    run = nalssi(*command)
    assert run.returncode == 0
    (copy,) = wrong.parent.glob("*.before-drop-*")
    assert str(copy) in run.stdout
    assert (count_looks(copy), count_looks(wrong)) == (28, 26)
    assert faults(wrong) == []
    with query.Database(wrong) as db:
        last = {portal.name: portal.last_look for portal in db.portals()}
        latest = {reading.portal: reading.temperature_c for reading in db.latest()}
        looks = db.counts().portals["other"].looks
    assert last["koya"] == START_OF_MAKE + 110 * HOUR / 60
    assert latest == {"koya": 1.0, "other": 9.0}
    assert sum(looks.values()) == 14
    with Store.open(wrong) as store:
        assert store.memory("koya").etag is None
        assert store.memory("other").etag == '"a"'


def test_a_range_without_an_end_or_a_beginning_is_refused(wrong):
    run = nalssi("drop-looks", "--db", wrong, "--write")
    assert (run.returncode, count_looks(wrong)) == (2, 28)
    assert "expected --since or --until" in run.stderr
