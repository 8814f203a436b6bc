"""Detects our troubles, with the text of the notice: the fault, and the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError
from scraper.errors import WrongClock

if TYPE_CHECKING:
    from db.errors import NalssiError
    from scraper.notify.notice import Own
    from scraper.troubles.rules import Seen

_MORE: Final = 1.1
"""A full disk counts as free again only at this multiple of the limit, to avoid flapping."""

OF_FILE: Final[tuple[Own, ...]] = ("gone", "replaced", "locked", "refused")
"""The troubles that a recorded look ends; damage elsewhere in the file may stay."""


def of_disk(database: Path, *, least_mib: int, short: bool = False) -> Seen:
    """
    Check that the disk of a database has room.

    Args:
        database: Its file, which may be missing.
        least_mib: The least free space in MiB; 0 = any.
        short: Whether it was short of room before.
    """
    least = least_mib * 2**20 * (_MORE if short else 1)
    try:
        folder = next(one for one in (*database.resolve().parents, Path("/")) if one.is_dir())
        free = shutil.disk_usage(folder).free
    except OSError:  # not accessible, like the database
        return {}
    if free >= least:
        return {("disk", ""): None}
    return {
        ("disk", ""): f"the disk of {str(database)!r} has {_mib(free)} free, expected "
        f"{least_mib} MiB at least; make room, or looks will be lost"
    }


def of_error(exc: NalssiError) -> Seen:
    """The trouble behind an error of the database or the clock."""
    if isinstance(exc, WrongClock):
        return {("clock", ""): str(exc)}
    fault = exc.fault if isinstance(exc, DatabaseError) else ""
    if fault == "full":
        return {("disk", ""): f"{exc}; make room, or looks will be lost"}
    kind: Own = fault or "refused"
    others: Seen = {(one, ""): None for one in OF_FILE if one != kind}
    return {**others, (kind, ""): str(exc)}


def of_success() -> Seen:
    """The troubles that a recorded look ends."""
    return {(kind, ""): None for kind in OF_FILE}


def of_clock(problem: str | None) -> Seen:
    """The trouble of a wrong or stepped clock, if it is either."""
    return {("clock", ""): problem}


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size < 10 * 2**20 else f"{size // 2**20} MiB"
