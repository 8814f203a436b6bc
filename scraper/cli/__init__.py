"""
The command line: thin, and the only place that prints and exits.

A command is in the file of its name, or with related ones; ``group.py`` has the list. Only the
file of the command is loaded, so that each starts as fast as possible.

| file | has |
|---|---|
| group.py | the group of all commands, the file of each, and the handling of errors |
| query.py, status.py, hours.py, stats.py | commands that ask: for rows, states, statistics |
| options.py, times.py | shared options: the config, the database, stations, output; times |
| show.py, table.py | values as JSON, and as tables in a terminal and in a pipe |
| language.py | tables in English or Korean; the Korean words are in `db/korean/` |
| drift.py | the remains of lost boxes, for ``looks --drift`` |
| progress.py | the progress of a long command |
| reference.py | the reference of the command line, made from the commands |
"""

from __future__ import annotations

from scraper.cli.group import main

__all__ = ["main"]
