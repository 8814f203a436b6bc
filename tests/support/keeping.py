"""Stores looks as the collector does, from plain values: a portal, a second, a sidebar."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from db.moments import moment
from db.reading import Condition, Content, Station
from db.write.captures import Capture
from scraper.vocabulary import STATIONS
from tests.support.make import make_content, make_look, make_page, make_reading

if TYPE_CHECKING:
    import datetime as dt

    from db.write.store import Store
    from tests.support.feeds import Page
    from tests.support.model import Sidebar

CLEAR = Condition(label="맑음", condition="clear", label_en="clear", wmo_4677=0)


@lru_cache(maxsize=256)
def content_of(sidebar: Sidebar, hour: int | None = None) -> Content:
    """The content of a sidebar; its digest depends on the order of cities and the hour."""
    readings = (
        make_reading(
            station=STATIONS.get(city) or Station(name_ko=city),
            condition=CLEAR,
            temperature_c=None if tenths is None else tenths / 10,
        )
        for city, tenths in sidebar
    )
    content = make_content(*readings)
    if hour is None:
        return content
    return replace(content, digest=content.digest + str(hour).encode(), observed_at=moment(hour))


def keep_own(
    store: Store,
    portal: str,
    second: int,
    sidebar: Sidebar,
    *,
    age: int | None = None,
    page_date: dt.date | None = None,
    hour: int | None = None,
) -> None:
    """Store a look of ours at a known portal."""
    stored = store.keep_page(
        make_look(portal=portal, fetched_at=moment(second), age_s=age), make_page(portal=portal)
    )
    store.keep_content(stored, content_of(sidebar, hour), page_date=page_date)


def keep_page(store: Store, portal: str, page: Page) -> None:
    """Store a look of ours at a page of a simulated portal."""
    printed = tuple(page.printed.items())
    keep_own(store, portal, page.at, printed, age=page.age, page_date=page.page_date)


def keep_failure(store: Store, portal: str, second: int) -> None:
    """Store a failed look of ours."""
    look = make_look(portal=portal, fetched_at=moment(second))
    store.keep_failure(look, "fetch_failed", "HTTP 500")


def capture_of(
    portal: str, second: int, sidebar: Sidebar, *, page_date: dt.date | None = None
) -> Capture:
    """The capture of a sidebar in an archive."""
    content = content_of(sidebar)
    return Capture(
        portal=portal,
        captured_at=moment(second),
        precision="second",
        digest=content.digest,
        content=content,
        page_date=page_date,
    )
