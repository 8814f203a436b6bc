"""Looks that the file refuses wait in memory, and are recorded first, in order, later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.errors import DatabaseError
from db.write.store import Store
from scraper import reader
from scraper.collect import Report, backlog
from scraper.collect.backlog import Backlog
from scraper.collect.ingest import Answered
from scraper.errors import FetchError
from scraper.fetch import Page
from scraper.vocabulary import KNOWN
from tests.support import pages
from tests.support.make import INTERVAL_S, URL, make_look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened.portal("koya", URL, INTERVAL_S)
        opened.wait_at_most(0)
        yield opened


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Backlog:
    monkeypatch.setattr(backlog, "PAUSE_S", 0.0)
    monkeypatch.setattr(backlog, "MOST_WAITING", 2)
    return Backlog()


def failing(nth: int) -> Answered:
    """Give a failed look, which is recorded in one step."""
    return Answered(look=make_look(nth), answer=FetchError(URL, f"busy {nth}"))


def showing(nth: int = 0) -> Answered:
    """Give a look with a page: first the page is recorded, then its content."""
    page = Page(
        url=URL,
        status=200,
        body=pages.box(pages.plain()).encode(),
        encoding="utf-8",
        wire_bytes=9000,
        etag=None,
        last_modified=None,
    )
    return Answered(look=make_look(nth), answer=page)


def lock_while_reading(monkeypatch: pytest.MonkeyPatch, conn: sqlite3.Connection) -> None:
    """Lock the file after the first page is stored, and before its content is."""
    read = reader.read

    def locked(*page: Any, **how: Any) -> reader.PageContent:
        conn.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(reader, "read", read)
        return read(*page, **how)

    monkeypatch.setattr(reader, "read", locked)


def ends(reports: list[Report]) -> list[str]:
    return [report.error or report.outcome for report in reports]


def test_a_look_with_a_stored_page_is_not_lost(store, small, monkeypatch):
    """It is read as soon as the file can be written, before the looks that wait."""
    with closing(sqlite3.connect(store.path)) as other:
        lock_while_reading(monkeypatch, other)
        for answered in [showing(), *map(failing, range(1, 5))]:
            with pytest.raises(DatabaseError, match="locked"):
                small.keep(store, answered, KNOWN)
        assert (len(small), small.unkept()) == (3, 4)
        other.rollback()
    small.catch_up(store, KNOWN)
    assert ends(small.late()) == ["new", f"{URL}: busy 3", f"{URL}: busy 4"]
    assert (len(small), small.unkept()) == (0, 0)
    with closing(sqlite3.connect(store.path)) as conn:
        ((detail,),) = conn.execute("SELECT detail FROM events").fetchall()
    assert detail.startswith("2 looks from 2024-04-28T12:01:00")
    with query.Database(store.path) as db:
        assert [look.outcome for look in db.looks()] == ["new", "fetch_failed", "fetch_failed"]


def test_an_unreadable_page_does_not_block_the_backlog(store, small, monkeypatch):
    with closing(sqlite3.connect(store.path)) as other:
        lock_while_reading(monkeypatch, other)
        with pytest.raises(DatabaseError, match="locked"):
            small.keep(store, showing(), KNOWN)
        other.execute("DELETE FROM fetches")
        other.commit()
    for nth in (1, 2):
        with pytest.raises(DatabaseError, match="not there any more"):
            small.keep(store, failing(nth), KNOWN)
    assert ends([small.keep(store, failing(3), KNOWN)]) == [f"{URL}: busy 3"]
    assert ends(small.late()) == [f"{URL}: busy 2"]
    assert small.unkept() == 0
