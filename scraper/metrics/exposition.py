"""A snapshot in the text format of Prometheus: as bytes, and as a file."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from db.counts import BUCKETS_MS
from db.errors import OutputError
from db.file import atomic
from db.validity import STATES
from scraper.metrics.snapshot import MetricsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prometheus_client import Metric

    from scraper.metrics.snapshot import PortalMetrics, Snapshot

_MODE = 0o644  # the node exporter runs as another user


def text(snapshot: Snapshot) -> bytes:
    """Return the metrics in the text format 0.0.4 of Prometheus; UTF-8."""
    registry = CollectorRegistry()
    registry.register(_Metrics(snapshot))
    return generate_latest(registry)


def write(path: Path, snapshot: Snapshot) -> None:
    """
    Write the metrics to a file, for the textfile collector of the node exporter.

    A concurrent reader gets the old file or the new one, each complete.

    Raises:
        MetricsError: The file cannot be written; the old one stays.
    """
    try:
        with atomic.of_file(path) as place:
            place.write_bytes(text(snapshot))
            place.chmod(_MODE)
    except OutputError as exc:
        raise MetricsError(path, f"cannot be written: {exc.problem}") from exc


class _Metrics(Collector):
    """A snapshot as the Prometheus client takes it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        build = InfoMetricFamily("nalssi_build", "Always 1; which nalssi this is.")
        build.add_metric([], {"version": _label(self._snapshot.version)})
        yield build
        yield CounterMetricFamily(
            "nalssi_readings", "Readings ever kept.", value=self._snapshot.readings
        )
        yield GaugeMetricFamily(
            "nalssi_database_bytes",
            "Size of the database in bytes.",
            value=self._snapshot.file_bytes,
        )
        yield self._looks()
        yield self._states()
        yield self._durations()
        yield from self._since(
            "success", "a look last gave a weather box", lambda portal: portal.since_success_s
        )
        yield from self._since(
            "change", "the values were last seen to change", lambda portal: portal.since_change_s
        )

    def _looks(self) -> Metric:
        looks = CounterMetricFamily(
            "nalssi_looks", "Looks at a portal ever kept, by outcome.", labels=["portal", "outcome"]
        )
        for portal in self._snapshot.portals:
            for outcome, count in portal.counts.looks.items():
                looks.add_metric([_label(portal.portal), _label(outcome)], count)
        return looks

    def _states(self) -> Metric:
        states = GaugeMetricFamily(
            "nalssi_portal_state",
            "1 for the state that a portal is in, 0 for each of the others.",
            labels=["portal", "state"],
        )
        for portal in self._snapshot.portals:
            for state in STATES if portal.state else ():
                states.add_metric([_label(portal.portal), state], int(portal.state == state))
        return states

    def _durations(self) -> Metric:
        durations = HistogramMetricFamily(
            "nalssi_look_duration_seconds",
            "How long looks at a portal took, in seconds.",
            labels=["portal"],
        )
        ends = (*(str(end / 1000) for end in BUCKETS_MS), "+Inf")
        for portal in self._snapshot.portals:
            counts = accumulate(portal.counts.durations)
            buckets = list(zip(ends, map(float, counts), strict=True))
            durations.add_metric(
                [_label(portal.portal)], buckets, portal.counts.milliseconds / 1000
            )
        return durations

    def _since(
        self, event: str, words: str, since_s: Callable[[PortalMetrics], float | None]
    ) -> Iterator[Metric]:
        """
        Return the age and the time of an event.

        The age is for people. In a file it stops when its writer does; the time stays correct.
        """
        at = GaugeMetricFamily(
            f"nalssi_last_{event}_timestamp_seconds",
            f"Unix time in seconds when {words}; absent where that never happened.",
            labels=["portal"],
        )
        age = GaugeMetricFamily(
            f"nalssi_last_{event}_age_seconds",
            f"Seconds since {words}, as these metrics were made; absent where that never happened.",
            labels=["portal"],
        )
        now_s = self._snapshot.taken_at.timestamp()
        for portal in self._snapshot.portals:
            if (seconds := since_s(portal)) is not None:
                at.add_metric([_label(portal.portal)], round(now_s - seconds, 3))
                age.add_metric([_label(portal.portal)], seconds)
        yield at
        yield age


def _label(name: str) -> str:
    """Return a name that UTF-8 can encode; the client escapes the rest."""
    return name.encode("utf-8", "replace").decode()
