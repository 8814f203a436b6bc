"""
One look, and one pass over all portals: the only place that calls the stages in order.

    portal -> fetch -> sidebar -> normalize -> store

Looks at different sites run side by side. Everything that touches the database runs in one thread
of its own, so that a commit which waits for the disk does not delay the deadline of another look.
"""

from __future__ import annotations

from scraper.collect.collector import Collector, collecting
from scraper.collect.ingest import read_leftovers
from scraper.collect.report import PassNotKept, Report

__all__ = ["Collector", "PassNotKept", "Report", "collecting", "read_leftovers"]
