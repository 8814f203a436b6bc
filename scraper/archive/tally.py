"""What came of the pages of an archive, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_WORDS = 200
"""So many unknown words are named; a damaged page has no end of them."""


@dataclass(slots=True)
class Tally:
    """
    Counts that grow.

    Attributes:
        pages: How many pages of HTML or text were searched.
        sidebars: Pages of those that showed one and were taken.
        refused: Pages and damages that were not taken, by reason.
        words: Cities, labels and icon codes that we do not know, such as ``"city '북대구'"``.
    """

    pages: int = 0
    sidebars: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Count what another counted."""
        self.pages += other.pages
        self.sidebars += other.sidebars
        self.refused += other.refused
        if len(self.words) < MOST_WORDS:
            self.words |= other.words

    def taken(self) -> Tally:
        """The counts up to now; counting starts again from zero."""
        taken = Tally(self.pages, self.sidebars, self.refused, self.words)
        self.pages, self.sidebars, self.refused, self.words = 0, 0, Counter(), set()
        return taken
