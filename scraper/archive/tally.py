"""Counts of the pages of an archive, by result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_WORDS = 200
"""The most unknown words to list; a damaged page can have very many."""


@dataclass(slots=True)
class Tally:
    """
    Counts that grow.

    Attributes:
        pages: Pages of HTML or text that were searched.
        sidebars: Pages among them with a sidebar that was taken.
        refused: Pages and damaged records that were not taken, by reason.
        words: Cities, labels and icon codes that we do not know, such as ``"city '북대구'"``.
    """

    pages: int = 0
    sidebars: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.pages += other.pages
        self.sidebars += other.sidebars
        self.refused += other.refused
        if len(self.words) < MOST_WORDS:
            self.words |= other.words

    def taken(self) -> Tally:
        """Return the counts so far, and start again from zero."""
        taken = Tally(self.pages, self.sidebars, self.refused, self.words)
        self.pages, self.sidebars, self.refused, self.words = 0, 0, Counter(), set()
        return taken
