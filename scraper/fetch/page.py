"""The page: what a portal answered, or what a file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scraper.errors import FetchError
from scraper.fetch.encoding import encoding_of

if TYPE_CHECKING:
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    What a portal answered.

    Attributes:
        url: Where the body came from, after redirects.
        status: 200, or 304 where the portal says that the page is unchanged.
        body: As printed, inflated; empty on 304.
        encoding: The Python codec to read the body with, see ``encoding_of``.
        wire_bytes: Bytes of the body as received, before inflating.
        etag: What to ask with next time; None where the portal gave none.
        last_modified: The same, as a date in the portal's own words.
        age_s: Seconds for which a cache on the way has held the answer, as it says itself; None
            where it says none.
        date: When the answer was made by the server's clock, in its own words; None where it
            gave no date.
    """

    url: str
    status: int
    body: bytes
    encoding: str
    wire_bytes: int
    etag: str | None
    last_modified: str | None
    age_s: int | None = None
    date: str | None = None

    @property
    def not_modified(self) -> bool:
        """Whether the portal said that the page is still the one we know."""
        return self.status == 304


def read_file(path: Path | str, *, max_bytes: int) -> Page:
    """
    Read a saved page, for trying things without a portal.

    Args:
        path: A plain path, or a ``file:`` URL of this machine.
        max_bytes: What a page may have at most.

    Raises:
        FetchError: It is no file, cannot be read, or is too large.
    """
    try:
        file = _local(path)
        # A pipe or a device could keep us for ever.
        if not file.exists():
            raise FetchError(str(path), "no such file")
        if file.is_dir():
            raise FetchError(str(path), "a folder, expected a file")
        with file.open("rb") as opened:
            return read_stream(opened, name=file.absolute().as_uri(), max_bytes=max_bytes)
    except (OSError, ValueError) as exc:
        raise FetchError(str(path), f"cannot be read: {exc}") from exc


def read_stream(stream: BinaryIO, *, name: str, max_bytes: int) -> Page:
    """
    Read a page from an open file.

    Args:
        stream: The file.
        name: What to call it.
        max_bytes: What a page may have at most.

    Raises:
        FetchError: It is too large.
    """
    body = stream.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchError(name, f"larger than {max_bytes} bytes")
    return Page(
        url=name,
        status=200,
        body=body,
        encoding=encoding_of(None, body),
        wire_bytes=len(body),
        etag=None,
        last_modified=None,
    )


def _local(path: Path | str) -> Path:
    if not str(path).lower().startswith("file:"):
        return Path(path)
    from urllib.request import url2pathname  # noqa: PLC0415 - it brings a whole HTTP client

    parts = urlsplit(str(path))
    if parts.netloc not in {"", "localhost"}:
        raise FetchError(str(path), f"on another machine: {parts.netloc!r}")
    return Path(url2pathname(parts.path))
