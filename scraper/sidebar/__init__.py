"""
Page -> Sidebar: the box of cities, sky words and temperatures, as printed.

The box is about two kilobytes in a page of sixty. ``locate`` finds such a region in the bytes, and
``lines`` reads that alone; the rest of the page is neither decoded nor parsed.
"""

from __future__ import annotations

from typing import Final

from scraper.sidebar.box import Candidate, Sidebar
from scraper.sidebar.entries import Line
from scraper.sidebar.evidence import ENOUGH, Fact
from scraper.sidebar.find import Steps, candidates, chosen, find

READER: Final = 4
"""The version of this reader, increased whenever it reads some page differently."""

__all__ = [
    "ENOUGH",
    "READER",
    "Candidate",
    "Fact",
    "Line",
    "Sidebar",
    "Steps",
    "candidates",
    "chosen",
    "find",
]
