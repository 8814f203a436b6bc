"""
Atomic output: a file or a folder appears complete under its name, or not at all.

It is written beside its place under a temporary name, ``.NAME.0123abcd.part``, synced, and moved.
With two writers the last complete one counts. Each holds a lock on its draft, which the kernel
drops with the process: so the next writer of a name recognizes the drafts of killed ones, and
removes them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING, Final

from db.errors import OutputError, OutputExists
from db.file.connection import is_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OF_SQLITE: Final = ("-journal", "-wal", "-shm")
"""The endings of the files that SQLite keeps beside a database, and reads again."""

_LOCKS: Final = (".lock", ".backfill.lock")


@contextlib.contextmanager
def of_file(path: Path, *, mode: int = 0o666, replace: bool = True) -> Iterator[Path]:
    """
    Open an empty file to write into, which takes its place at the end.

    Args:
        path: That place; a link counts as its target.
        mode: Its permissions, as for ``open``.
        replace: Whether an existing file is replaced.

    Raises:
        OutputExists: The file exists, and must not be replaced.
        OutputError: It cannot be written.
    """
    with naming(path):
        place = _resolved(path)
        _refuse(path, place, replace=replace)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        with _draft(place, lambda draft: os.open(draft, flags, mode)) as draft:
            yield draft
            _sync(draft)
            _refuse(path, place, replace=replace)
            draft.replace(place)
            _sync(place.parent)


@contextlib.contextmanager
def of_folder(path: Path) -> Iterator[Path]:
    """
    Make an empty folder to write into, which takes its place at the end.

    Raises:
        OutputExists: The path exists, and is not an empty folder.
        OutputError: It cannot be written.
    """
    with naming(path):
        place = _resolved(path)
        _refuse_full(path, place)
        with _draft(place, _opened_folder) as draft:
            yield draft
            for part in (*draft.rglob("*"), draft):
                _sync(part)
            _refuse_full(path, place)
            draft.replace(place)
            _sync(place.parent)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one that names the output."""
    try:
        yield
    except OSError as exc:
        raise OutputError(path, exc.strerror or str(exc)) from exc


def _resolved(path: Path) -> Path:
    place = path.resolve()
    if not place.parent.is_dir():
        raise OutputError(path, "there is no such folder")
    return place


def _refuse(path: Path, place: Path, *, replace: bool) -> None:
    """Refuse a place where a move would destroy a device, a database, or a protected file."""
    if place.exists():
        if not replace:
            raise OutputExists(path)
        if not place.is_file():
            raise OutputError(path, "exists and is not a file")
    for end in ("", *OF_SQLITE, *_LOCKS):
        if is_sqlite(place.with_name(place.name.removesuffix(end))):
            raise OutputError(path, "is a database, or belongs to one")


def _refuse_full(path: Path, place: Path) -> None:
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise OutputExists(path)


@contextlib.contextmanager
def _draft(place: Path, make: Callable[[Path], int]) -> Iterator[Path]:
    """Make a locked draft of this place, and remove those of killed writers."""
    _sweep(place)
    draft, descriptor = _made(place, make)
    try:
        yield draft
    finally:
        _remove(draft)
        os.close(descriptor)


def _made(place: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    """Make a new draft with its lock; again if a sweep came between the two."""
    while True:
        draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
        descriptor = make(draft)
        if _lock(descriptor) and draft.exists():
            return draft, descriptor
        os.close(descriptor)


def _sweep(place: Path) -> None:
    """Remove the drafts of this place that no process has locked."""
    ours = re.compile(rf"\.{re.escape(place.name)}\.[0-9a-f]{{8}}\.part")
    with contextlib.suppress(OSError):  # in a folder that we may write to, but not read
        for draft in list(place.parent.iterdir()):
            if ours.fullmatch(draft.name):
                _remove_if_left(draft)


def _remove_if_left(draft: Path) -> None:
    with contextlib.suppress(OSError):  # it is complete by now, or belongs to another writer
        descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if _lock(descriptor):
                _remove(draft)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Try to take the lock; the kernel drops it when the process ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened_folder(draft: Path) -> int:
    draft.mkdir()
    return os.open(draft, os.O_RDONLY | os.O_NOFOLLOW)


def _remove(draft: Path) -> None:
    """Remove a draft if it exists; the draft itself last, so that a sweep finds the rest."""
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
        return
    for end in (*OF_SQLITE, ""):
        with contextlib.suppress(FileNotFoundError):
            # A Path would put three more names a draft into Python's table of interned strings, and
            # in the weeks of a daemon make that grow by megabytes.
            os.unlink(f"{draft}{end}")  # noqa: PTH108


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
