"""
Page -> Sidebar: the box of cities, sky words and temperatures, as printed.

The box is about two kilobytes in a page of sixty. ``locate`` finds such a stretch in the bytes, and
``lines`` reads that alone; the rest of the page is neither decoded nor parsed.
"""

from __future__ import annotations

from scraper.sidebar.find import Sidebar, find
from scraper.sidebar.lines import Line

__all__ = ["Line", "Sidebar", "find"]
