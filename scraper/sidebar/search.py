"""Searches in the bytes of a page."""

from __future__ import annotations

try:
    from stringzilla import find
except ImportError:  # it is an extra, and takes a twentieth of the time
    find = bytes.find

__all__ = ["find"]
