"""A request for a look at once: a file beside the database, which the daemon takes in seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from db.file import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

APART_S: Final = 60.0
"""The least time between such looks at a portal."""


def leave(database: Path, portals: Iterable[str]) -> None:
    """
    Request a look at these portals.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic.of_file(_place(database), mode=0o660) as draft:
        draft.write_text(json.dumps(list(portals)), encoding="utf-8")


def take(database: Path) -> list[str]:
    """Take the portals of the waiting request; each request is taken once."""
    place = _place(database)
    try:
        requested = json.loads(place.read_bytes())
        place.unlink()
    except (OSError, ValueError, RecursionError):
        return []
    return [str(name) for name in requested] if isinstance(requested, list) else []


def _place(database: Path) -> Path:
    place = database.resolve()
    return place.with_name(f"{place.name}.look-now")
