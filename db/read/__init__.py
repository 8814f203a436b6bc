"""
The questions that plain SQL answers, a file each: its SQL, its record and its function.

A file is imported when its question is first asked, so ``latest`` does not load the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.read import best as best
    from db.read import counts as counts
    from db.read import flags as flags
    from db.read import freezes as freezes
    from db.read import gaps as gaps
    from db.read import latest as latest
    from db.read import looks as looks
    from db.read import lookup as lookup
    from db.read import notices as notices
    from db.read import portals as portals
    from db.read import series as series
    from db.read import status as status
else:  # or every name would pass as known

    def __getattr__(name: str) -> object:
        try:
            return importlib.import_module(f"db.read.{name}")
        except ModuleNotFoundError as exc:
            if exc.name != f"{__name__}.{name}":
                raise  # something that the file needs is missing
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg) from None
