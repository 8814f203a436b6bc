"""Everything that the writer of a file remembers of it, so that it need not read that again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from db.truth.printed import Printed
from db.truth.runs import OpenRuns

if TYPE_CHECKING:
    import sqlite3

_BOXES: Final = 2000
"""Boxes of sixteen take about a kilobyte each; two months of new ones are enough."""


class Memory:
    """
    The memory of one writer.

    Attributes:
        open_runs: The runs that are open at the newest box of each portal.
        printed: The temperatures of sidebars that it stored or read.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.open_runs, self.printed = OpenRuns(), Printed(conn)

    def forget(self) -> None:
        """Forget all: a transaction was rolled back, others wrote, or a reading changed."""
        self.open_runs.forget()
        self.printed.clear()

    def limit(self) -> None:
        """Forget what sidebars printed, except those read last."""
        for sidebar_id in list(islice(self.printed, max(0, len(self.printed) - _BOXES))):
            del self.printed[sidebar_id]
