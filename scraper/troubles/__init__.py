"""
Our own troubles: the disk, the database, the clock, the channels, and looks that do not come.

They are reported by the channels that report those of portals, and need no database: a small file
beside it remembers them (``memory``), what is new or over follows from that and from what is seen
now (``rules``), and ``Teller`` sends it.
"""

from __future__ import annotations
