"""Every address: its function, and its files in a written site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scraper.web import (
    about,
    data,
    embed,
    evidence,
    feed,
    front,
    openapi,
    portals,
    static,
    stations,
)
from scraper.web.operations import OPERATIONS, V1

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.web.answer import Answer, Asked

Files: TypeAlias = Literal["once", "station", "month", "year", "portal", "digest", "none"]
"""The kind of files of an address; ``none``: it depends on a query, so it has no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    An address, or all of one form.

    Attributes:
        path: The path for Starlette; ``{station:int}`` is a variable part.
        answer: The function that answers.
        files: The files in a written site.
        both: Whether it also exists in English, under ``/en``.
        parameters: The names of its query parameters; others are refused.
    """

    path: str
    answer: Callable[[Asked], Answer]
    files: Files = "once"
    both: bool = False
    parameters: tuple[str, ...] = ()


_QUERIES: Final = {one.path: one.query for one in OPERATIONS}


def _data(path: str, answer: Callable[[Asked], Answer], files: Files = "once") -> Address:
    """A data address, of which ``operations.py`` has the description and the query parameters."""
    query = _QUERIES[path.replace(":int", "")]
    return Address(path=f"{V1}{path}", answer=answer, files=files, parameters=query)


ADDRESSES: Final = (
    Address(path="/", answer=front.front, both=True),
    Address(path="/stations/{station:int}/", answer=stations.station, files="station", both=True),
    Address(
        path="/stations/{station:int}/{month}/", answer=stations.month, files="month", both=True
    ),
    Address(path="/portals/", answer=portals.portals, both=True),
    Address(path="/portals/{portal}/", answer=portals.portal, files="portal", both=True),
    Address(path="/evidence/{digest}/", answer=evidence.evidence, files="digest"),
    Address(path="/at", answer=evidence.at, files="none", both=True, parameters=evidence.AT),
    Address(path="/api/", answer=about.api, both=True),
    Address(path="/about/", answer=about.about, both=True),
    Address(path="/feed.xml", answer=feed.feed, both=True),
    Address(path="/embed/map.svg", answer=embed.on_map, both=True),
    Address(path="/embed/{station:int}.html", answer=embed.card, files="station", both=True),
    Address(path="/embed/{station:int}.svg", answer=embed.picture, files="station", both=True),
    Address(path="/embed/{station:int}-week.svg", answer=embed.chart, files="station", both=True),
    Address(path="/embed/{station:int}.json", answer=embed.about_card, files="station"),
    Address(path="/oembed", answer=embed.oembed, files="none", parameters=embed.OEMBED),
    Address(path="/static/{file}", answer=static.file, files="once"),
    _data("/latest.json", data.latest_json),
    _data("/latest.csv", data.latest_csv),
    _data("/latest.geojson", data.latest_geojson),
    _data("/latest/{station:int}.json", data.latest_one, "station"),
    _data("/stations.json", data.stations),
    _data("/portals.json", data.portals),
    _data("/gaps.json", data.gaps),
    _data("/freezes.json", data.freezes),
    _data("/words.json", data.words, "none"),  # it reads the whole history
    _data("/stations/{station:int}/hours/{year:int}.csv", data.hours, "year"),
    _data("/stations/{station:int}/days/{year:int}.csv", data.days, "year"),
    _data("/stations/{station:int}/{month}.json", data.month_json, "month"),
    _data("/stations/{station:int}/{month}.csv", data.month_csv, "month"),
    _data("/stations/{station:int}/series", data.series, "none"),
    _data("/at", data.at, "none"),
    _data("/evidence/{digest}.json", data.evidence, "digest"),
    _data("/health.json", data.health),
    _data("/openapi.json", openapi.document),
)
