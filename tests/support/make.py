"""Plain values of each kind; a test changes only the one thing that it is about."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from db.packing import packed
from db.reading import Condition, Content, KeptPage, Look, Reading, Station

if TYPE_CHECKING:
    from db.write.store import Seen, Store

START = dt.datetime(2024, 4, 28, 3, 0, tzinfo=dt.UTC)
"""Noon in Korea."""

INTERVAL_S = 600
URL = "https://koya.example/"

SEOUL = Station(
    kma_id=108,
    name_ko="서울",
    name_en="Seoul",
    latitude=37.57142,
    longitude=126.9658,
    elevation_m=85.67,
    province="서울",
)
BUSAN = Station(kma_id=159, name_ko="부산", name_en="Busan", province="부산")
OVERCAST = Condition(label="흐림", icon="04", condition="overcast", label_en="overcast", wmo_4677=3)


def make_reading(**changes: Any) -> Reading:
    """Give a reading of Seoul; another ``station`` changes the city too."""
    station = changes.get("station", SEOUL)
    plain: dict[str, Any] = {
        "city": "서울" if station is None else station.name_ko,
        "station": SEOUL,
        "condition": OVERCAST,
        "temperature_c": 4.9,
    }
    return Reading(**(plain | changes))


def make_content(*readings: Reading, **changes: Any) -> Content:
    """Give a sidebar of these readings, or of a plain one."""
    shown = readings or (make_reading(),)
    printed = [(x.condition.label, x.city, x.temperature_c) for x in shown]
    plain: dict[str, Any] = {
        "digest": hashlib.sha256(ascii(printed).encode()).digest(),
        "fragment": "<ul>흐림 서울 4.9℃</ul>",  # packed below
        "readings": shown,
        "problems": (),
        "reader": 1,
    }
    made = plain | changes
    return Content(**(made | {"fragment": packed(made["fragment"])}))


def make_look(minute: float = 0, **changes: Any) -> Look:
    """Give a look at koya, this many minutes after ``START``."""
    plain: dict[str, Any] = {
        "portal": "koya",
        "fetched_at": START + dt.timedelta(minutes=minute),
        "milliseconds": 120,
        "status": 200,
        "wire_bytes": 9000,
    }
    return Look(**(plain | changes))


def make_page(**changes: Any) -> KeptPage:
    """Give a page that is about to be stored."""
    plain: dict[str, Any] = {
        "look_id": 0,
        "portal": "koya",
        "body": b"<html>",
        "encoding": "utf-8",
        "milliseconds": 120,
    }
    return KeptPage(**(plain | changes))


def see(
    store: Store,
    look: Look,
    content: Content,
    *,
    page_date: dt.date | None = None,
    interval_s: int = INTERVAL_S,
    **page: Any,
) -> Seen:
    """Store a look that saw this sidebar; adds its portal if needed."""
    store.portal(look.portal, URL, interval_s)
    stored = store.keep_page(look, make_page(portal=look.portal, **page))
    return store.keep_content(stored, content, page_date=page_date)
