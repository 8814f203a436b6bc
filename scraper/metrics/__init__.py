"""
The metrics for Prometheus: the state of each portal, and how our looks at it went.

Everything is read from a ``Snapshot`` on request. There is no global registry, and no metric of the
process itself, such as its memory: these are not about the weather.
"""

from __future__ import annotations

from scraper.metrics.endpoint import Endpoint
from scraper.metrics.exposition import text, write
from scraper.metrics.snapshot import MetricsError, PortalMetrics, Snapshot, take

__all__ = ["Endpoint", "MetricsError", "PortalMetrics", "Snapshot", "take", "text", "write"]
