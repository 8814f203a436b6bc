"""The changes of the portals' states for the log: froze, renewed, stale, down, up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from db.moments import stamp
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.query import PortalStatus, State

_OLD: Final[dict[State, str]] = {"frozen": "froze", "stale": "stale", "down": "down"}
"""The states that are logged, each with its event."""


class States:
    """
    Logs each change once; a state older than the daemon is logged with the first look.

    Args:
        log: Takes the changes.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._before: dict[str, PortalStatus] = {}

    def follow(self, statuses: Iterable[PortalStatus]) -> None:
        """Log the changes since the last call."""
        for status in statuses:
            before = self._before.get(status.portal)
            self._before[status.portal] = status
            old = None if before is None else before.state
            if (event := _event(old, status.state)) is None:
                continue
            say = self._log.warning if status.state in _OLD else self._log.info
            after = {} if before is None else {"was": before.state, "was_since": _time(before)}
            say(
                event,
                portal=status.portal,
                state=status.state,
                since=_time(status),
                why=printable(status.why),
                **after,
            )


def _event(old: State | None, new: State) -> str | None:
    if old == new:
        return None
    if new in _OLD:
        return _OLD[new]
    if old == "down":
        return "up"
    return "renewed" if old in _OLD else None


def _time(status: PortalStatus) -> str | None:
    return None if status.since is None else stamp(status.since)
