"""Errors of archives as a whole."""

from __future__ import annotations

from db.errors import MissingExtra
from scraper.errors import ScraperError


class NoSuchArchive(ScraperError):
    """A path matches no file, or one that cannot be read."""

    exit_code = 2

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{str(path)!r}: {problem}")
        self.path, self.problem = path, problem


class MissingFastwarc(MissingExtra):
    """The library that reads WARC is not installed."""

    def __init__(self) -> None:
        super().__init__("archive", "backfill needs fastwarc")
