"""The box as printed, and a list that may be the box."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from scraper.sidebar import evidence

if TYPE_CHECKING:
    import datetime as dt

    from scraper.sidebar.entries import Line
    from scraper.sidebar.evidence import Fact
    from scraper.sidebar.locate import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidebar:
    """
    The box as printed.

    Attributes:
        page_date: The date printed with it; None if missing or impossible.
        date_printed: The same as printed, even if impossible; None if missing.
        lines: In printed order.
        fragment: The region of the page with the list and its credit; reading that again
            gives the same lines.
        cut: Whether the page ends within the list, so that entries may be missing.
        hidden: Whether the list, or a part of it, is in a hidden element.
        unplaced: Whether labels were left out because their city is not clear.
        another: Whether another list of the page shows other values, with less evidence.
        observed_at: The hour of the observation, aware, if one is printed.
    """

    page_date: dt.date | None
    date_printed: str | None
    lines: tuple[Line, ...]
    fragment: str
    cut: bool = False
    hidden: bool = False
    unplaced: bool = False
    another: bool = False
    observed_at: dt.datetime | None = None

    @property
    def digest(self) -> bytes:
        """Sixteen bytes that depend only on labels, cities, temperatures and hour."""
        printed = ((line.label, line.city, line.temperature) for line in self.lines)
        text = "\x1e".join("\x1f".join(parts) for parts in printed)
        if self.observed_at is not None:
            text += f"\x1e{self.observed_at.isoformat()}"
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


class Candidate(NamedTuple):
    """
    A list that may be the box.

    Attributes:
        sidebar: The sidebar, if it is the box.
        region: Its place in the page.
        facts: The facts for and against it.
        points: Its weight.
    """

    sidebar: Sidebar
    region: Region
    facts: list[Fact]
    points: int

    @property
    def is_box(self) -> bool:
        """Whether that is enough."""
        return self.points >= evidence.ENOUGH
