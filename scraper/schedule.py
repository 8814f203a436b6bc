"""
The time of the next look at a portal, from the memory of its last looks in the database.

It is an interval after the last look, or a moment of a cron expression, which cronsim reads like
Debian's cron; in Korean time.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from cronsim import CronSim, CronSimError

from db.moments import KST
from db.validity import LONGEST_BACK_OFF_S

if TYPE_CHECKING:
    from db.reading import PortalMemory

_FIELDS: Final = 5
"""Minute, hour, day of the month, month, weekday; cronsim takes seconds before them, too."""


class WrongSchedule(ValueError):
    """A schedule that is not a cron expression, or has no moment."""

    def __init__(self, schedule: str, problem: str) -> None:
        super().__init__(f"schedule {schedule!r}: {problem}, expected such as '5,25,45 * * * *'")
        self.schedule, self.problem = schedule, problem


def refuse_wrong_schedule(schedule: str) -> None:
    """
    Refuse an invalid schedule.

    Raises:
        WrongSchedule: It is not a cron expression, or no day fits it.
    """
    scheduled(schedule, dt.datetime.now(KST))


def scheduled(schedule: str, after: dt.datetime) -> dt.datetime:
    """
    Return the first moment of a cron expression that is not before another moment.

    Day of the month and weekday go together as in Debian's cron: where both are given, either fits;
    where one begins with a star, both must.

    Args:
        schedule: Five fields, in Korean time, such as ``"5,25,45 * * * *"``.
        after: The other moment, aware.

    Returns:
        The moment, in Korean time.

    Raises:
        WrongSchedule: It is not a cron expression, or no day of the next fifty years fits it.
    """
    if (count := len(schedule.split())) != _FIELDS:
        raise WrongSchedule(schedule, f"{count} fields in place of {_FIELDS}")
    before = after.astimezone(KST) - dt.timedelta(microseconds=1)  # cronsim only returns later ones
    try:
        moment = next(CronSim(schedule, before), None)
    except (CronSimError, ValueError) as exc:  # a number of 5000 digits is only the second
        problem = str(exc).lower() if isinstance(exc, CronSimError) else "bad number"
        raise WrongSchedule(schedule, problem) from exc
    if moment is None:
        raise WrongSchedule(schedule, "no year has such a day")
    return moment


def next_look(
    memory: PortalMemory, interval_s: int, now: dt.datetime, *, schedule: str = ""
) -> dt.datetime:
    """
    Return the time of the next look.

    It is one interval after the last look, doubled for each failure in a row up to an hour, and not
    before the moment that the portal itself named. With a schedule it is the first moment after the
    last look, or after that wait for a portal that failed.

    Args:
        memory: The memory of the last looks.
        interval_s: The configured interval, in seconds.
        now: The present, aware.
        schedule: The configured cron expression; empty = none.

    Returns:
        The moment, aware, not before now. A last look in the future was dated by a wrong clock, and
        is ignored.
    """
    if memory.last_look is None or memory.last_look > now:
        return now
    interval = dt.timedelta(seconds=interval_s)
    longest = max(interval, dt.timedelta(seconds=LONGEST_BACK_OFF_S))
    wait: dt.timedelta = min(interval * 2 ** min(memory.failures, 10), longest)
    due = max(memory.last_look + wait, memory.retry_at or now, now)
    if not schedule:
        return due
    after = due if memory.failures else memory.last_look + dt.timedelta(seconds=1)
    return max(scheduled(schedule, after), memory.retry_at or now, now)
