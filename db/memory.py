"""Everything that the writer of a file remembers of it, so that it need not read that again."""

from __future__ import annotations

from db.runs import OpenRuns


class Memory:
    """
    The memory of one writer.

    Attributes:
        open_runs: The runs that are open at the newest box of each portal.
    """

    def __init__(self) -> None:
        self.open_runs = OpenRuns()

    def forget(self) -> None:
        """Forget all: a transaction was rolled back, others wrote, or a reading changed."""
        self.open_runs.forget()
