"""
The command line: thin, and the only place that prints and exits.

| file | has |
|---|---|
| collecting.py | the commands that fetch, read and keep |
| asking.py | the commands that ask |
| watching.py | the commands that say how nalssi and its portals are |
| group.py | the group of them all |
| options.py | what they share: where the config and the database are, what a time is |
| show.py | values as JSON, or as tables in a terminal and in a pipe |
"""

from __future__ import annotations

from scraper.cli import asking, collecting, watching
from scraper.cli.group import main

__all__ = ["asking", "collecting", "main", "watching"]
