"""
The command line: thin, and the only place that prints and exits.

A command is in the file of its name, or of a related command; ``group.py`` has the list. Only the
file of the command is loaded, so that each starts as fast as possible.

| file | has |
|---|---|
| group.py | the group of all commands, the file of each, and the handling of errors |
| query.py, status.py, hours.py, stats.py | commands that ask: for rows, states, statistics |
| export.py | commands that write a file, or rewrite the database |
| options.py | shared options: the config, the database, stations, output |
| show.py, table.py | values as JSON, and as tables in a terminal and in a pipe |
| language.py | tables in English or Korean; the Korean words are in `db/korean/` |
| progress.py | the progress of a long command |
"""

from __future__ import annotations

from scraper.cli.group import main

__all__ = ["main"]
