"""
The due notices: a portal goes down, freezes, shows stale sets or changes, or is well again.

Each is sent once, and again every day while it lasts. A portal that fails now and then is not well
between its failures, and a word that comes and goes with the weather is not gone: a flapping fault
is sent once a day, not at every change, and words that are new at each look wait for the next day,
too. The database remembers the notices, so neither a restart nor cron sends one twice.
"""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from db.moments import minute
from db.read.why import DOUBTS
from db.validity import HOLD_S
from scraper.attempts import AGAIN_AFTER
from scraper.notify import Notice
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db.read.notices import OpenNotice
    from db.read.status import PortalStatus
    from scraper.notify.notice import OfPortal

WELL_AFTER_INTERVALS: Final = 3
"""A portal is well after this many intervals without a failure or a stale set."""

_RENEWAL: Final = dt.timedelta(seconds=HOLD_S)
"""A portal that lags less than three hours shows each set for some time before it is stale."""

_OVER: Final[Mapping[OfPortal, str]] = {
    "down": "down",
    "frozen": "frozen, its values changed",
    "stale": "showing stale sets",
    "late": "running late",
    "layout": "without a weather box that we can read",
    "words": "printing words that we do not know",
}

NO_DRIFT: Final[Mapping[str, str]] = MappingProxyType({})


def due(
    statuses: Iterable[PortalStatus],
    taken: Mapping[tuple[str, str], OpenNotice],
    now: dt.datetime,
    drifts: Mapping[str, str] = NO_DRIFT,
) -> list[Notice]:
    """
    Return the notices to deliver now.

    Args:
        statuses: The states of the portals that were just polled.
        taken: The open notices of the channel, by portal and kind.
        now: The present, aware.
        drifts: For portals that lost their box, its remains, in a sentence.
    """
    notices = []
    for status in statuses:
        for kind in _OVER:
            before = taken.get((status.portal, kind))
            text = _trouble(kind, status)
            if text is not None and kind == "layout" and status.portal in drifts:
                text += f"; {drifts[status.portal]}"
            if text is not None:
                if before is None or _again(before, now):
                    notices.append(_notice(status.portal, kind, text, well=False))
            elif before is not None and _is_over(kind, status, now):
                over = f"{status.portal} is no longer {_OVER[kind]}"
                notices.append(_notice(status.portal, kind, over, well=True))
    return notices


def _trouble(kind: OfPortal, status: PortalStatus) -> str | None:
    """The fault of this kind, in one line; None without one."""
    match kind:
        case "down" if status.state == "down":
            seen = f"no weather box seen since {_when(status.since)}"
            return f"{status.portal} is down: {seen}; {_last(status)}"
        case "frozen" if status.state == "frozen":
            return f"{status.portal} is frozen: the same values since {_when(status.since)}"
        case "stale" | "late":
            return _old(kind, status)
        case "layout" if status.last_outcome in ("no_sidebar", "set_aside"):
            return f"{status.portal} shows no weather box that we can read: {status.last_reason}"
        case "words" if unknown := _unknown(status):
            return f"{status.portal} prints unknown words: {'; '.join(unknown)}"
        case _:
            return None


def _old(kind: Literal["stale", "late"], status: PortalStatus) -> str | None:
    """The fault of a portal that is up but shows old values."""
    if kind == "stale" and status.state == "stale":
        return f"{status.portal} shows a stale set: {status.why}"
    if kind == "late" and status.late_hours is not None:
        return f"{status.portal}: {DOUBTS['late'].format(status.late_hours)}"
    return None


def _last(status: PortalStatus) -> str:
    """The outcome of the newest look; one with a sidebar, but stored late, has no reason."""
    return ": ".join(filter(None, (status.last_outcome, status.last_reason))) or "never polled"


def _unknown(status: PortalStatus) -> list[str]:
    """The unknown words without their cities, such as ``"unknown label '눈보라'"``."""
    words = (problem.unknown for problem in status.recent_problems)
    return list(dict.fromkeys(printable(f"unknown {word}") for word in words if word))


def _again(before: OpenNotice, now: dt.datetime) -> bool:
    """Whether to send it again. A notice sent in the future was dated by a wrong clock."""
    return not dt.timedelta() <= now - before.sent_at < AGAIN_AFTER


def _is_over(kind: OfPortal, status: PortalStatus, now: dt.datetime) -> bool:
    """Whether it is over, rather than hidden by a worse fault, or between two failures."""
    if status.state == "down":
        return False
    if kind in ("frozen", "late", "words"):
        return True
    last = status.last_stale if kind == "stale" else status.last_failure
    quiet = dt.timedelta(minutes=status.interval_minutes) * WELL_AFTER_INTERVALS
    if kind == "stale" and status.state != "live":
        quiet = max(quiet, _RENEWAL)
    return last is None or now - last >= quiet


def _notice(portal: str, kind: OfPortal, text: str, *, well: bool) -> Notice:
    return Notice(portal=portal, kind=kind, well=well, text=printable(text))


def _when(moment: dt.datetime | None) -> str:
    return "the beginning" if moment is None else minute(moment)
