"""
What there is to tell: when a portal goes down, freezes or changes, and when it is well again.

Each once, and again every day while it lasts. What was told is in the database, so that neither a
restart nor cron tells it twice.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, Literal

from db.reading import KST
from scraper.notify import Notice
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db.answers import PortalStatus

Kind = Literal["down", "frozen", "layout", "words"]

KINDS: Final[tuple[Kind, ...]] = ("down", "frozen", "layout", "words")

AGAIN_AFTER: Final = dt.timedelta(days=1)

_NO_PAGE: Final = ("fetch_failed", "refused_by_robots")


def due(
    statuses: Iterable[PortalStatus],
    told: Mapping[tuple[str, str], dt.datetime],
    now: dt.datetime,
) -> list[Notice]:
    """
    The notices to be delivered now.

    Args:
        statuses: How the portals are.
        told: When each notice that is not over was told last, by portal and kind.
        now: The present, aware.
    """
    notices = []
    for status in statuses:
        for kind in KINDS:
            told_at = told.get((status.portal, kind))
            text = _trouble(kind, status)
            if text is not None:
                if told_at is None or now - told_at >= AGAIN_AFTER:
                    notices.append(_notice(status.portal, kind, text, well=False))
            elif told_at is not None and _can_tell(kind, status):
                over = f"{status.portal}: no longer {_OVER[kind]}"
                notices.append(_notice(status.portal, kind, over, well=True))
    return notices


_OVER: Final[Mapping[Kind, str]] = {
    "down": "down",
    "frozen": "frozen, its values changed",
    "layout": "without a sidebar that we can read",
    "words": "printing words that we do not know",
}


def _trouble(kind: Kind, status: PortalStatus) -> str | None:
    """What is wrong in this respect, in one line; None where nothing is."""
    match kind:
        case "down" if status.state == "down":
            last = f"{status.last_outcome}: {status.last_reason or 'no reason'}"
            return f"{status.portal} is down: no sidebar seen since {_when(status.since)}; {last}"
        case "frozen" if status.state == "frozen":
            return f"{status.portal} is frozen: the same values since {_when(status.since)}"
        case "layout" if status.last_outcome in ("no_sidebar", "set_aside"):
            return f"{status.portal} shows no sidebar that we can read: {status.last_reason}"
        case "words" if unknown := [p for p in status.problems if "unknown" in p]:
            return f"{status.portal} prints words never seen: {'; '.join(unknown)}"
        case _:
            return None


def _can_tell(kind: Kind, status: PortalStatus) -> bool:
    """Whether the trouble is over, and not only hidden by a worse one."""
    if kind == "frozen":
        return status.state != "down"
    if kind == "layout":
        return status.last_outcome not in _NO_PAGE
    return True


def _notice(portal: str, kind: Kind, text: str, *, well: bool) -> Notice:
    return Notice(portal=portal, kind=kind, well=well, text=printable(text))


def _when(moment: dt.datetime | None) -> str:
    return "the beginning" if moment is None else f"{moment.astimezone(KST):%Y-%m-%d %H:%M}"
