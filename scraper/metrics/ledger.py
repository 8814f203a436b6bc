"""
The ledger: what was counted so far, so that no look is ever counted twice.

A database holds millions of looks. It is counted from the first once; from then on only what came
since is. A pass of cron begins where the file that the last one wrote says.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from db import query
from scraper import __version__
from scraper.metrics import exposition
from scraper.metrics.snapshot import Durations, PortalMetrics, Snapshot

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from db.read.counts import PortalTally
    from db.read.status import PortalStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Portal:
    """The looks at one portal: how many, by outcome, and how long they took."""

    looks: Mapping[str, int] = field(default_factory=dict)
    durations: Durations = field(default_factory=Durations)

    def __add__(self, more: PortalTally) -> _Portal:
        return _Portal(
            looks=dict(Counter(self.looks) + Counter(more.looks)),
            durations=self.durations + Durations.counted(more.milliseconds),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """All that was counted, and how far that was."""

    mark: query.Mark = field(default_factory=query.Mark)
    portals: Mapping[str, _Portal] = field(default_factory=dict)
    readings: int = 0

    def __add__(self, more: query.Tally) -> _Totals:
        if more.anew:
            return _Totals() + replace(more, anew=False)
        looked_at = {
            name: self.portals.get(name, _Portal()) + tally for name, tally in more.portals.items()
        }
        return _Totals(
            mark=more.mark,
            portals={**self.portals, **looked_at},
            readings=self.readings + more.readings,
        )


class Ledger:
    """
    Counts a database.

    Args:
        database: Its file.
        textfile: Where an earlier ledger may have been written to, which this one goes on with.

    Attributes:
        portals: The names of those that are looked at; of others only the counts are told, which
            must not go back. None = all are.
    """

    def __init__(self, database: Path, textfile: Path | None = None) -> None:
        self._database = database
        self.portals: Collection[str] | None = None
        self._turn = threading.Lock()
        self._totals = _Totals() if textfile is None else _read(exposition.remark(textfile))

    def snapshot(self, now: dt.datetime) -> Snapshot:
        """
        How everything is, with what came since the last time; may be called from any thread.

        Raises:
            DatabaseError: The database cannot be asked.
        """
        with self._turn, query.Database(self._database) as db:
            while (more := db.tally(self._totals.mark)).mark != self._totals.mark:
                self._totals += more
            return Snapshot(
                portals=tuple(self._portal(status, now) for status in db.status(now=now)),
                readings=self._totals.readings,
                file_bytes=self._database.stat().st_size,
                version=__version__,
                taken_at=now,
            )

    def write(self, textfile: Path, now: dt.datetime) -> None:
        """
        Put a snapshot into a file, and with it all that the next ledger must know.

        Raises:
            DatabaseError: The database cannot be asked.
            MetricsError: The file cannot be written.
        """
        exposition.write(textfile, self.snapshot(now), json.dumps(asdict(self._totals)))

    def _portal(self, status: PortalStatus, now: dt.datetime) -> PortalMetrics:
        total = self._totals.portals.get(status.portal, _Portal())
        looked_at = self.portals is None or status.portal in self.portals
        return PortalMetrics(
            portal=status.portal,
            state=status.state if looked_at else None,
            looks=total.looks,
            since_success_s=_since_s(status.last_success, now) if looked_at else None,
            since_change_s=_since_s(status.changed, now) if looked_at else None,
            durations=total.durations,
        )


def _read(written: str) -> _Totals:
    """What a ledger wrote; nothing counted, where that is none."""
    try:
        totals: dict[str, Any] = json.loads(written)
        return _Totals(
            mark=query.Mark(**totals["mark"] | {"unread": tuple(totals["mark"]["unread"])}),
            portals={
                name: _Portal(
                    looks={outcome: int(count) for outcome, count in portal["looks"].items()},
                    durations=Durations(
                        counts=tuple(portal["durations"]["counts"]),
                        total_ms=int(portal["durations"]["total_ms"]),
                    ),
                )
                for name, portal in totals["portals"].items()
            },
            readings=int(totals["readings"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return _Totals()


def _since_s(moment: dt.datetime | None, now: dt.datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()
