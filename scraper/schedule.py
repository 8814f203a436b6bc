"""When a portal is looked at next, from what its last looks left in the database."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from db.validity import LONGEST_BACK_OFF_S

if TYPE_CHECKING:
    from db.reading import PortalMemory


def next_look(memory: PortalMemory, interval_s: int, now: dt.datetime) -> dt.datetime:
    """
    When the next look is due.

    One interval after the last; twice as late for each failure in a row, up to an hour; and not
    before the moment that the portal itself named.

    Args:
        memory: What the last looks left.
        interval_s: The configured interval, in seconds.
        now: The present, aware.

    Returns:
        The moment, aware, not before now. A last look in the future was dated by a clock that was
        wrong, and says nothing.
    """
    if memory.last_look is None or memory.last_look > now:
        return now
    interval = dt.timedelta(seconds=interval_s)
    longest = max(interval, dt.timedelta(seconds=LONGEST_BACK_OFF_S))
    wait: dt.timedelta = min(interval * 2 ** min(memory.failures, 10), longest)
    return max(memory.last_look + wait, memory.retry_at or now, now)
