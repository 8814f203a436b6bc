"""
KMA's own feed: ``sfc_web_map.xml``, the stations of one hour as XML.

::

    <current xmlns="current"><weather year="2026" month="11" day="25" hour="12">
    <local stn_id="108" icon="20" desc="비" ta="3.4" rn_hr1="0.5">서울</local>
    <local stn_id="143" icon="03" desc="구름많음" ta="7.1">대구</local>
    </weather></current>

The hour is the Korean hour of the observation. Attributes without a value are missing. The rain of
the hour (``rn_hr1``, mm) and the snow (``sd_day``, cm) stay in the fragment.

The parser is that of Python's library behind defusedxml, which refuses document type declarations,
and with them entities and external files. Lexbor, which reads the boxes, is an HTML parser: it
would repair a cut feed, which must be refused.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Final

from db.moments import KST
from scraper.errors import NoSidebar
from scraper.sidebar.box import Sidebar
from scraper.sidebar.entries import Line
from scraper.vocabulary import KNOWN, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from db.reading import Station
    from scraper.vocabulary import Words

LARGEST: Final = 128 * 1024
"""The most bytes of a feed; that of all stations has 10 KB."""


def find(page: bytes | str, encoding: str = "utf-8", words: Words = KNOWN) -> Sidebar:
    """
    Find the stations of a feed, and their hour.

    Args:
        page: The whole feed, or the fragment of one.
        encoding: Python's name of the encoding, tried if the feed is bytes but not UTF-8.
        words: The known stations.

    Raises:
        NoSidebar: It is not such a feed, or damaged; the message describes it.
    """
    if len(page) > LARGEST:
        message = f"{len(page)} bytes, expected a feed of {LARGEST} at most"
        raise NoSidebar(message)
    text = _text(page, encoding).lstrip()  # a declaration after an empty line is not well-formed
    weather = _weather(text)
    lines = tuple(_lines(weather, words))
    if not any(line.temperature and plain(line.city) in words.stations for line in lines):
        message = f"a feed of {len(lines)} entries, none a known station with a temperature"
        raise NoSidebar(message)
    printed, observed_at = _hour(weather)
    return Sidebar(
        page_date=observed_at.date(),
        date_printed=printed,
        observed_at=observed_at,
        lines=lines,
        fragment=text[text.find("<", text.find("?>") + 1) :].strip(),
    )


def _text(page: bytes | str, encoding: str) -> str:
    """
    The feed as text.

    UTF-8 is tried before the encoding of a header or a declaration: no Korean text in another
    encoding is UTF-8 by chance.
    """
    if isinstance(page, str):
        return page
    for codec in ("utf-8-sig", encoding, "cp949"):
        try:
            return page.decode(codec)
        except (LookupError, ValueError):
            continue
    message = f"neither UTF-8 nor {encoding} nor CP949"
    raise NoSidebar(message)


def _weather(text: str) -> Element:
    """The one element with an hour and its stations."""
    # A pass over boxes does not need it.
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415

    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as exc:
        raise NoSidebar("XML with a document type or an entity, expected KMA's feed") from exc
    except (ParseError, ValueError) as exc:  # ValueError: half a character
        message = f"no whole XML: {exc}"
        raise NoSidebar(message) from exc
    found = root.findall("{*}weather")
    if _name(root) != "current" or len(found) != 1:
        told = f"<{_name(root)[:40]}> with {len(found)} <weather>"
        message = f"XML of {told}, expected <current> with one"
        raise NoSidebar(message)
    return found[0]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _hour(weather: Element) -> tuple[str, dt.datetime]:
    """The hour as printed, and as a time; 24 is the midnight that ends the day."""
    parts = [weather.get(name, "") for name in ("year", "month", "day", "hour")]
    printed = "{}-{}-{} {}h".format(*(part[:8] for part in parts))
    try:
        year, month, day, hour = map(_whole, parts)
        if 0 <= hour <= 24:
            midnight = dt.datetime(year, month, day, tzinfo=KST)
            return printed, midnight + dt.timedelta(hours=hour)
    except (ValueError, OverflowError):
        pass
    message = f"a feed of {printed!r}, expected an hour of a day"
    raise NoSidebar(message)


def _whole(printed: str) -> int:
    """A number of plain digits; Python's ``int`` also takes ``2_024``."""
    if not printed.isascii() or "_" in printed or "+" in printed:
        raise ValueError(printed)
    return int(printed)


def _lines(weather: Element, words: Words) -> Iterator[Line]:
    for local in weather.findall("{*}local"):
        yield Line(
            label=local.get("desc", "").strip(),
            icon=local.get("icon", "").strip(),
            city=_city(local, words),
            temperature=local.get("ta", "").strip(),
        )


def _city(local: Element, words: Words) -> str:
    """
    The name of a station, or the name of its number if the feed prints no name.

    Empty if the name and the number belong to different stations, as either may be meant.
    """
    name, number = (local.text or "").strip(), local.get("stn_id", "").strip()
    named, numbered = words.stations.get(plain(name)), _by_number(words).get(number)
    if not name:
        return numbered.name_ko if numbered else ""
    is_another = named and number and str(named.kma_id) != number
    return "" if is_another else name


@functools.lru_cache(maxsize=4)
def _by_number(words: Words) -> Mapping[str, Station]:
    return {str(station.kma_id): station for station in words.stations.values()}
