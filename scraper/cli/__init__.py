"""
The command line: thin, and the only place that prints and exits.

A command stands in the file of its name, or in that of a relative; ``group.py`` has the list.
One command's file is loaded, so that each starts as fast as what it needs.

| file | has |
|---|---|
| group.py | the group of all commands, where each stands, and how errors end |
| query.py, status.py, hours.py, stats.py | commands that ask: for rows, states, statistics |
| export.py | commands that write a file, or rewrite the database |
| options.py | what they share: where the config and the database are, what a time is |
| show.py, table.py | values as JSON, and as tables in a terminal and in a pipe |
| progress.py | how far a long command is |
"""

from __future__ import annotations

from scraper.cli.group import main

__all__ = ["main"]
