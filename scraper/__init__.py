"""Reads the KMA weather sidebar from the page of a newspaper portal."""

from __future__ import annotations

__version__ = "0.2.0"
