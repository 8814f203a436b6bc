"""The limits of a notice, the time until it is repeated, and the reports of failures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S: Final = 10.0
"""Time limit for one notice by one channel."""

PATIENCE_S: Final = 30.0
"""Time limit for one round of notices by one channel; the rest is sent after the next look."""

AGAIN_AFTER: Final = dt.timedelta(days=1)
"""The time after which a lasting fault is reported again."""


class Complaints:
    """
    Reports each failure once, until it ends or changes.

    Args:
        complain: Takes the line of a failure.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._failures: dict[str, str] = {}

    def report(self, name: str, failure: str | None) -> None:
        """Report the failure of something, such as a channel; None = it succeeded."""
        if failure is None:
            self._failures.pop(name, None)
        elif self._failures.get(name) != failure:
            self._failures[name] = failure
            self._complain(failure)
