"""Archives of made-up pages: WARC, WET, folders and JSON lines."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scraper.demo.portal import CITIES, Entry, page, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

NOON = dt.datetime(2024, 4, 1, 3, 0, tzinfo=dt.UTC)
"""Noon in Korea."""

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A page to write into an archive."""

    url: str
    at: dt.datetime
    body: bytes
    content_type: str = HTML
    headers: str = ""
    status: str = "200 OK"


def printed_date(at: dt.datetime) -> str:
    korean = at.astimezone(dt.timezone(dt.timedelta(hours=9)))
    return f"{korean:%Y.%m.%d} ({'월화수목금토일'[korean.weekday()]})"


def entries(nth: int) -> list[Entry]:
    """The entries of a sidebar; they differ for each ``nth``."""
    return [
        Entry(label="맑음", icon="01", city=city, temperature=f"{(nth + n) % 400 / 10:.1f}")
        for n, city in enumerate(CITIES)
    ]


def saved(host: str, minute: int, nth: int, *, size: int = 9000) -> Saved:
    """A page of a portal, this many minutes after ``NOON``."""
    at = NOON + dt.timedelta(minutes=minute)
    body = page(entries(nth), printed_date(at), size=size, seed=minute).encode()
    return Saved(url=f"http://www.{host}/news/article.html?no={minute}", at=at, body=body)


def without_box(host: str, nth: int) -> Saved:
    body = f"<html><title>{nth}</title><p>시장이 열렸다 {nth}</p></html>" * 20
    return Saved(url=f"http://{host}/{nth}", at=NOON, body=body.encode())


def record(page: Saved) -> bytes:
    """A page as a WARC response record."""
    http = f"HTTP/1.1 {page.status}\r\nContent-Type: {page.content_type}\r\n{page.headers}\r\n"
    return _record(
        "response", page, http.encode() + page.body, "application/http; msgtype=response"
    )


def conversion(page: Saved) -> bytes:
    """A text as a WET conversion record."""
    return _record("conversion", page, page.body, "text/plain")


def _record(kind: str, page: Saved, block: bytes, content_type: str) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {page.url}\r\n"
        f"WARC-Date: {page.at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def request(page: Saved) -> bytes:
    return _record("request", page, b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request")


def warc(pages: Iterable[Saved]) -> bytes:
    """An archive as crawlers write it: a request and a response per page, each gzipped alone."""
    return b"".join(gzip.compress(request(x)) + gzip.compress(record(x)) for x in pages)


def zstd(records: Iterable[bytes]) -> bytes:
    from fastwarc.stream_io import ZstdWriter  # noqa: PLC0415 - an extra

    out = io.BytesIO()
    for record in records:
        frame = io.BytesIO()
        with ZstdWriter(frame) as writer:
            writer.write(record)
            writer.finish()
            writer.flush()
            out.write(frame.getvalue())
    return out.getvalue()


def json_lines(pages: Iterable[Saved], key: str = "html") -> bytes:
    lines = [
        json.dumps({"url": x.url, "fetched_at": x.at.isoformat(), key: x.body.decode()})
        for x in pages
    ]
    return ("\n".join(lines) + "\n").encode()


def folder(root: Path, pages: Sequence[Saved], suffix: str) -> None:
    """Write a mirror: a folder for each host."""
    for nth, archived in enumerate(pages):
        path = root / archived.url.split("/")[2] / f"{nth}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archived.body)


def as_text(page: Saved, nth: int) -> Saved:
    """The same sidebar as plain text."""
    body = text(entries(nth), printed_date(page.at)).encode()
    return Saved(url=page.url, at=page.at, body=body, content_type="text/plain")
