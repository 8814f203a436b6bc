"""
The questions that plain SQL answers, a file each: its SQL, its record and its function.

A file is imported when its question is first asked, so ``latest`` does not load the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.read import (
        best,
        counts,
        faults,
        flags,
        freezes,
        gaps,
        latest,
        looks,
        lookup,
        notices,
        portals,
        series,
        status,
    )

__all__ = [
    "best",
    "counts",
    "faults",
    "flags",
    "freezes",
    "gaps",
    "latest",
    "looks",
    "lookup",
    "notices",
    "portals",
    "series",
    "status",
]

if not TYPE_CHECKING:  # or every name would pass as known

    def __getattr__(name: str) -> object:
        if name in __all__:
            return importlib.import_module(f"db.read.{name}")
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
