"""Searches in the bytes of a page, by ``stringzilla`` if it is installed."""

from __future__ import annotations

try:
    from stringzilla import find, translate
except ImportError:  # it is an extra, and takes a tenth of the time
    find = bytes.find

    def lower(page: bytes) -> bytes:
        """The page with small ASCII letters."""
        return page.lower()
else:
    _LOWER = bytes(range(256)).lower()

    def lower(page: bytes) -> bytes:
        """The page with small ASCII letters."""
        small: bytes = translate(page, _LOWER)
        return small


__all__ = ["find", "lower"]
