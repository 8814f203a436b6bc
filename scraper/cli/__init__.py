"""
The command line: thin, and the only place that prints and exits.

| file | has |
|---|---|
| scrape.py | the commands that fetch, read and keep |
| query.py | the commands that ask |
| backfill.py | the command that reads archives |
| plot.py | the command that draws |
| reparse.py | the commands about words, and about reading again what was kept |
| stats.py | the commands that compute: statistics, comparisons, what was known of a moment |
| export.py | the commands that take the history elsewhere, copy it, and let go of what is old |
| status.py | the commands that say how nalssi and its portals are |
| group.py | the group of them all |
| options.py | what they share: where the config and the database are, what a time is |
| show.py | values as JSON, or as tables in a terminal and in a pipe |
"""

from __future__ import annotations

from scraper.cli import backfill, export, plot, query, reparse, scrape, stats, status
from scraper.cli.group import main

__all__ = [
    "backfill",
    "export",
    "main",
    "plot",
    "query",
    "reparse",
    "scrape",
    "stats",
    "status",
]
