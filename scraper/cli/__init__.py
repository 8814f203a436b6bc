"""
The command line: thin, and the only place that prints and exits.

A command stands in the file of its name, or in that of a relative; ``group.py`` has the list.
One command's file is loaded, so that each starts as fast as what it needs.

| file | has |
|---|---|
| group.py | the group of all commands, where each stands, and how errors end |
| query.py | latest, series, stations, portals, looks |
| stats.py | stats, compare, at |
| status.py | status, gaps |
| hours.py | hours, freezes |
| export.py | export, backup, prune, rebuild |
| options.py | what they share: where the config and the database are, what a time is |
| show.py, table.py | values as JSON, and as tables in a terminal and in a pipe |
| progress.py | how far a long command is |
"""

from __future__ import annotations

from scraper.cli.group import main

__all__ = ["main"]
