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


V1: Final = "/api/v1"
_AT: Final = ("station", "time")
_SPAN: Final = ("since", "until", "portal")

ADDRESSES: Final = (
    Address(path="/", answer=front.front, both=True),
    Address(path="/stations/{station:int}/", answer=stations.station, files="station", both=True),
    Address(
        path="/stations/{station:int}/{month}/", answer=stations.month, files="month", both=True
    ),
    Address(path="/portals/", answer=portals.portals, both=True),
    Address(path="/portals/{portal}/", answer=portals.portal, files="portal", both=True),
    Address(path="/evidence/{digest}/", answer=evidence.evidence, files="digest"),
    Address(path="/at", answer=evidence.at, files="none", both=True, parameters=_AT),
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
    Address(path=f"{V1}/latest.json", answer=data.latest_json, parameters=("portal",)),
    Address(path=f"{V1}/latest.csv", answer=data.latest_csv, parameters=("portal",)),
    Address(path=f"{V1}/latest.geojson", answer=data.latest_geojson, parameters=("portal",)),
    Address(path=f"{V1}/latest/{{station:int}}.json", answer=data.latest_one, files="station"),
    Address(path=f"{V1}/stations.json", answer=data.stations),
    Address(path=f"{V1}/portals.json", answer=data.portals),
    Address(path=f"{V1}/gaps.json", answer=data.gaps, parameters=_SPAN),
    Address(path=f"{V1}/freezes.json", answer=data.freezes, parameters=_SPAN),
    Address(path=f"{V1}/words.json", answer=data.words, files="none"),  # it reads the whole history
    Address(
        path=f"{V1}/stations/{{station:int}}/hours/{{year:int}}.csv",
        answer=data.hours,
        files="year",
    ),
    Address(
        path=f"{V1}/stations/{{station:int}}/days/{{year:int}}.csv", answer=data.days, files="year"
    ),
    Address(
        path=f"{V1}/stations/{{station:int}}/{{month}}.json", answer=data.month_json, files="month"
    ),
    Address(
        path=f"{V1}/stations/{{station:int}}/{{month}}.csv", answer=data.month_csv, files="month"
    ),
    Address(
        path=f"{V1}/stations/{{station:int}}/series",
        answer=data.series,
        files="none",
        parameters=(*_SPAN, "limit", "after"),
    ),
    Address(path=f"{V1}/at", answer=data.at, files="none", parameters=_AT),
    Address(path=f"{V1}/evidence/{{digest}}.json", answer=data.evidence, files="digest"),
    Address(path=f"{V1}/health.json", answer=data.health),
    Address(path=f"{V1}/openapi.json", answer=openapi.document),
)
