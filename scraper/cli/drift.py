"""The remains of lost boxes, as ``nalssi looks --drift`` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db import query
from scraper import reader
from scraper.cli import show
from scraper.config import Config
from scraper.errors import NoSidebar
from scraper.records import named, shared

if TYPE_CHECKING:
    import datetime as dt

    from scraper.cli.options import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """An entry of the last box of a portal, and its remains on the current page."""

    portal: str
    last_seen: dt.datetime
    fetched_at: dt.datetime
    city: str
    before: str
    after: str | None
    markup_before: str
    markup_after: str | None


def found(places: Places, portal: str | None) -> list[DriftRow]:
    """Find the entries of the last boxes of all portals that lost theirs, or of one portal."""
    config = places.optional() or Config()
    kinds, words = config.kinds, config.words.known()
    rows: list[DriftRow] = []
    with query.Database(places.database()) as asked:
        for lost in asked.lost_boxes(portal=portal):
            kind = kinds.get(lost.portal, reader.BOX)
            try:
                drift = reader.drifted(lost.fragment, lost.page, lost.encoding, words, kind=kind)
            except NoSidebar as exc:
                show.note(f"{lost.portal}: its last box is of another kind: {exc.found}")
                continue
            rows += [DriftRow(**shared(lost, DriftRow), **named(one)) for one in drift.survivors]
    return rows
