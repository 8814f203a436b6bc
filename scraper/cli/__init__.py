"""
The command line: thin, and the only place that prints and exits.

| file | has |
|---|---|
| collecting.py | the commands that fetch, read and keep |
| asking.py | the commands that ask |
| archiving.py | the command that reads archives |
| drawing.py | the command that draws |
| rereading.py | the commands about words, and about reading again what was kept |
| measuring.py | the commands that compute: statistics, comparisons, what was known of a moment |
| keeping.py | the commands that take the history elsewhere, copy it, and let go of what is old |
| watching.py | the commands that say how nalssi and its portals are |
| group.py | the group of them all |
| options.py | what they share: where the config and the database are, what a time is |
| show.py | values as JSON, or as tables in a terminal and in a pipe |
"""

from __future__ import annotations

from scraper.cli import (
    archiving,
    asking,
    collecting,
    drawing,
    keeping,
    measuring,
    rereading,
    watching,
)
from scraper.cli.group import main

__all__ = [
    "archiving",
    "asking",
    "collecting",
    "drawing",
    "keeping",
    "main",
    "measuring",
    "rereading",
    "watching",
]
