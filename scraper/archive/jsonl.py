"""JSON lines, each with a saved page."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Final

from scraper.archive import portals, prefilter
from scraper.archive.page import MOST_BYTES, SavedPage, time_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from scraper.archive.page import Time
    from scraper.archive.tally import Tally

MOST_LINE_BYTES: Final = 6 * MOST_BYTES
"""JSON may write two bytes of a page as six."""

_HEARTBEAT: Final = 32
_ESCAPED: Final = re.compile(rb"\\u(?:2103|ae30\\uc0c1\\uccad)", re.IGNORECASE)
"""The sign for degrees and KMA's name as JSON writes them in ASCII."""

_AS_TEXT: Final = "text/html; charset=utf-8"


def pages(stream: BinaryIO, tally: Tally, troubles: list[str]) -> Iterator[SavedPage | None]:
    """
    Yield the pages that may show a sidebar, and None now and then while there are none.

    Args:
        stream: The lines.
        tally: Gets the counts.
        troubles: Gets an entry if no line is JSON.
    """
    nth = odd = 0
    for nth, line in enumerate(_lines(stream, tally), 1):
        if not line.startswith(b"{") or not line.endswith(b"}"):
            tally.refused["not a JSON line"] += 1
            odd += 1
        elif prefilter.may_show(line) or _ESCAPED.search(line):
            if (page := _page(line, tally)) is not None:
                yield page
        else:
            tally.pages += 1
        if nth % _HEARTBEAT == 0:
            yield None
    if nth == odd:
        troubles.append("no line of it is JSON")


def _lines(stream: BinaryIO, tally: Tally) -> Iterator[bytes]:
    """Yield the lines without empty and overlong ones, and without a byte order mark."""
    while line := stream.readline(MOST_LINE_BYTES):
        if len(line) == MOST_LINE_BYTES and not line.endswith(b"\n"):
            tally.refused["too large"] += 1
            while (line := stream.readline(MOST_LINE_BYTES)) and not line.endswith(b"\n"):
                pass
        elif line := line.removeprefix(codecs.BOM_UTF8).strip():
            yield line


def _page(line: bytes, tally: Tally) -> SavedPage | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        tally.refused["not a JSON line"] += 1
        return None
    body = record.get("html") or record.get("text")
    if not isinstance(body, str):
        tally.refused["neither html nor text"] += 1
        return None
    tally.pages += 1
    if len(body) > MOST_BYTES:
        tally.refused["too large"] += 1
        return None
    printed = body.encode("utf-8", "replace")
    return SavedPage(
        url=_url(record.get("url")) or portals.address_in(printed),
        captured_at=_time(record.get("fetched_at")),
        content_type=_AS_TEXT,
        body=printed,
    )


def _url(value: object) -> str | None:
    """The address, without characters that no encoding can write."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _time(value: object) -> Time:
    return time_of(value) if isinstance(value, str) else None
