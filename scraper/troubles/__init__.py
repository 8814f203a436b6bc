"""
Troubles of nalssi itself: the disk, the database, the clock, the channels, and missing looks.

The channels for portals report them too, and the database is not needed: a small file beside it
remembers them (``memory``), ``rules`` compares that with the present, and ``Notifier`` sends the
notices.
"""

from __future__ import annotations
