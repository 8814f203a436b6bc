"""Getting readings of the KMA weather sidebar out of a newspaper portal's page."""

from __future__ import annotations

__version__ = "0.2.0"
