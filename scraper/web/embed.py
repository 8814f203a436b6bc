"""Parts for other pages: a card of a station, its week, the map, and oEmbed (oembed.com, 1.0)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from db.errors import WrongQuestion
from scraper.web import words
from scraper.web.answer import SVG, NotThere, fresh_until
from scraper.web.draw import draw_map
from scraper.web.render import page, rendered
from scraper.web.stations import week

if TYPE_CHECKING:
    from db.query import Best
    from db.reading import Station
    from scraper.web.answer import Answer, Asked

WIDTH: Final = 320
HEIGHT: Final = 120

OEMBED: Final = ("url", "format", "maxwidth", "maxheight")
"""The parameters of oEmbed; it needs the first."""

_PAGE: Final = re.compile(r"/stations/([0-9]{1,9})/*(?:[?#]|$)")
"""The end of the address of a station's page."""


def _best(asked: Asked) -> tuple[Station, list[Best]]:
    known = asked.db.station(asked.values["station"])
    return known, asked.db.latest_best(known.name_ko, now=asked.now)


def card(asked: Asked) -> Answer:
    """A card as a page, for an ``iframe``."""
    known, rows = _best(asked)
    best = rows[0] if rows else None
    return page(asked, "card.html", rows, station=known, best=best, until=fresh_until(rows))


def picture(asked: Asked) -> Answer:
    """The same card as a picture."""
    known, rows = _best(asked)
    body = rendered(asked, "card.svg", station=known, best=rows[0] if rows else None)
    return asked.answer(body, SVG, rows)


def chart(asked: Asked) -> Answer:
    """
    The last week as a picture.

    Raises:
        NotThere: No look showed the station in it.
    """
    known = asked.db.station(asked.values["station"])
    drawn = week(asked, known)
    if drawn is None:
        msg = f"no look showed {known.name_ko!r} in the last week"
        raise NotThere(msg)
    return asked.answer(rendered(asked, "chart.svg", station=known, chart=drawn), SVG)


def on_map(asked: Asked) -> Answer:
    """The map as a picture."""
    rows = asked.db.latest_best(now=asked.now)
    summary = words.summary([row.state for row in rows], asked.language)
    body = rendered(asked, "map.svg", map=draw_map(rows, asked.language), summary=summary)
    return asked.answer(body, SVG, rows)


def about_card(asked: Asked) -> Answer:
    """The oEmbed description of the card of a station."""
    return _oembed(asked, asked.db.station(asked.values["station"]))


def oembed(asked: Asked) -> Answer:
    """
    The same, by the address of the station's page.

    Raises:
        WrongQuestion: The address is another one, or a form other than JSON is requested.
    """
    if (form := asked.query.get("format", "json")) != "json":
        raise WrongQuestion("format", repr(form), expected="json")
    url = asked.query.get("url", "")
    if (of := _PAGE.search(url)) is None:
        raise WrongQuestion("url", repr(url), expected="the address of a station's page")
    return _oembed(asked, asked.db.station(int(of[1])))


def _oembed(asked: Asked, known: Station) -> Answer:
    address = f"{asked.base_url}/embed/{known.kma_id}.html"
    title = f"{known.name_ko} {known.name_en or ''}".strip()
    document = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": "nalssi",
        "provider_url": f"{asked.base_url}/",
        "width": WIDTH,
        "height": HEIGHT,
        "cache_age": 60,
        "html": (
            f'<iframe src="{address}" width="{WIDTH}" height="{HEIGHT}" title="{known.kma_id}" '
            'frameborder="0" scrolling="no" loading="lazy"></iframe>'
        ),
    }
    return asked.json(document)
