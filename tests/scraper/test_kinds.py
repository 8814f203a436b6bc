"""Every reader of a portal's pages uses the finder of the portal's kind."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.write.store import Store
from scraper import check, reader, reparse
from scraper.collect.collector import collecting
from scraper.config import Config, Portal
from scraper.errors import NoSidebar
from scraper.sidebar import Line, Sidebar
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scraper.collect import Report
    from scraper.vocabulary import Words

PAGE = "서울=-1.7;부산=4.0"
"""A page without a box: only the kind of this test can read it."""

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


def find(page: bytes | str, encoding: str, words: Words) -> Sidebar:
    text = page if isinstance(page, str) else page.decode(encoding)
    if "=" not in text:
        raise NoSidebar("no pair")
    pairs = (pair.split("=") for pair in text.split(";"))
    lines = tuple(Line(label="", icon="", city=city, temperature=c) for city, c in pairs)
    return Sidebar(page_date=None, date_printed=None, lines=lines, fragment=text)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """Two portals that send the same page; only one has the kind that can read it."""
    monkeypatch.setitem(reader.FINDERS, "pairs", find)
    with Server({"/": answer(PAGE)}) as server:
        url = server.url("/", host="127.0.0.1")
        kind: Any = "pairs"
        portals = Portal(name="pairs", url=url, kind=kind), Portal(name="box", url=url)
        yield Config(database=str(tmp_path / "weather.db"), portals=portals)


def look(config: Config) -> dict[str, Report]:
    async def sweep(store: Store) -> list[Report]:
        async with collecting(config, store, lambda: NOW) as collector:
            return await collector.sweep(config.portals)

    with Store.open(Path(config.database)) as store:
        return {report.portal: report for report in asyncio.run(sweep(store))}


def test_a_look_is_read_by_the_kind_of_its_portal(config):
    ended = look(config)
    assert {name: report.outcome for name, report in ended.items()} == {
        "pairs": "new",
        "box": "no_sidebar",
    }
    with query.Database(config.database) as db:
        shown = {reading.station: reading.temperature_c for reading in db.latest(now=NOW)}
    assert shown == {"서울": -1.7, "부산": 4.0}


def test_a_page_of_a_killed_pass_is_read_by_the_kind_of_its_portal(config, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setitem(reader.FINDERS, "pairs", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            look(config)
    with query.Database(config.database) as db:
        assert "unread" in {look.outcome for look in db.looks()}
    look(config)
    with query.Database(config.database) as db:
        assert {look.outcome for look in db.looks() if look.portal == "pairs"} == {
            "new",
            "unchanged",
        }


def test_a_stored_fragment_is_read_again_by_the_kind_of_its_portal(config):
    look(config)
    with query.Database(config.database) as db:
        again = reparse.reparse(db.kept(), config.words.known(), config.kinds)
        as_boxes = reparse.reparse(db.kept(), config.words.known())
    assert (again.differing, again.changes["unreadable"], again.unread) == (0, 0, 1)
    assert as_boxes.changes["unreadable"] == 1


def test_a_page_read_by_the_wrong_kind_is_read_later_by_the_right_one(config):
    """The config first called both portals boxes, and now has the right kind."""
    both = tuple(Portal(name=portal.name, url=portal.url) for portal in config.portals)
    look(Config(database=config.database, portals=both))
    with query.Database(config.database) as db:
        again = reparse.reparse(db.kept(), config.words.known(), config.kinds)
    assert (again.changes["read at last"], again.unread) == (1, 1)


def test_the_check_reads_each_portal_by_its_kind(config):
    pairs, box = check.of_portals(config, lambda: NOW)
    assert pairs.text.startswith("2 readings")
    assert not box.well
