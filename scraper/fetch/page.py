"""The page: the answer of a portal, or the content of a file."""

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
    The answer of a portal.

    Attributes:
        url: The address of the body, after redirects.
        status: 200, or 304 if the portal says that the page is unchanged.
        body: As printed, inflated; empty on 304.
        encoding: The Python codec of the body, see ``encoding_of``.
        wire_bytes: Bytes of the body as received, before inflating.
        etag: The validator for the next request; None if the portal sent none.
        last_modified: The same as a date, as sent.
        age_s: Seconds for which a cache on the way has held the answer; None if not sent.
        date: The time of the answer by the server's clock, as sent; None if not sent.
    """

    url: str
    status: int
    body: bytes
    encoding: str
    wire_bytes: int
    etag: str | None = None
    last_modified: str | None = None
    age_s: int | None = None
    date: str | None = None

    @property
    def not_modified(self) -> bool:
        """Whether the portal said that the known page is still current."""
        return self.status == 304


def read_file(path: Path | str, *, max_bytes: int) -> Page:
    """
    Read a saved page, to try the reader without a portal.

    Args:
        path: A plain path, or a ``file:`` URL of this machine.
        max_bytes: The size limit of a page.

    Raises:
        FetchError: It is not a file, cannot be read, or is too large.
    """
    try:
        file = _local(path)
        # Reading a pipe or a device could take for ever.
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
        name: Its name for errors.
        max_bytes: The size limit of a page.

    Raises:
        FetchError: It is too large.
    """
    body = stream.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchError(name, f"larger than {max_bytes} bytes")
    encoding = encoding_of(None, body)
    return Page(url=name, status=200, body=body, encoding=encoding, wire_bytes=len(body))


def _local(path: Path | str) -> Path:
    if not str(path).lower().startswith("file:"):
        return Path(path)
    from urllib.request import url2pathname  # noqa: PLC0415 - it brings a whole HTTP client

    parts = urlsplit(str(path))
    if parts.netloc not in {"", "localhost"}:
        raise FetchError(str(path), f"on another machine: {parts.netloc!r}")
    return Path(url2pathname(parts.path))
