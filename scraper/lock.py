"""
One writer at a time: a kernel lock beside the database, which ends with the process that holds it.

The lock belongs to the file, not to one of its names: links lead to the lock beside their target,
and hard links share a locked byte of the file itself. The content of the lock's file names its
holder, and remembers that there was a database.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import getpass
import json
import os
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from db.errors import DatabaseError
from db.file import connection
from db.moments import KST, minute, now
from scraper.errors import AnotherPass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

What: TypeAlias = Literal["daemon", "pass"]

PATIENCE_S: Final = 0.2
"""Longer than `nalssi check` holds it, which only tests whether it is free."""

_POLL_S: Final = 0.02
_HELD: Final = frozenset({errno.EAGAIN, errno.EACCES})
_BYTE: Final = 1 << 62
"""The locked byte of the database, far behind those that SQLite locks from 1 GiB on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """
    The holder of a lock.

    Attributes:
        what: ``daemon``, or ``pass`` for any other writer.
        pid: Its process.
        since: Its start; Korean time.
    """

    what: What
    pid: int
    since: dt.datetime

    def __str__(self) -> str:
        name = "a daemon" if self.what == "daemon" else "a pass"
        return f"{name} (pid {self.pid}, since {minute(self.since)})"


@contextlib.contextmanager
def held(
    database: Path, *, part: str = "", what: What = "pass", make_folder: bool = True
) -> Iterator[None]:
    """
    Hold ``weather.db.lock`` beside ``weather.db``.

    Args:
        database: The database; a link counts as its target.
        part: The work that the lock is for, such as ``.backfill``; "" = all passes.
        what: The kind of this process.
        make_folder: Whether to make its folder if missing.

    Raises:
        AnotherPass: Another process holds it.
        DatabaseError: The lock's file cannot be made, or the path cannot be a database.
    """
    if not database.name:
        raise DatabaseError(database, connection.NO_FILE)
    path = _beside(database, part)
    with contextlib.ExitStack() as stack:
        try:
            if make_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(_locked(path))
            if not part:
                stack.enter_context(_file_locked(database, path))
        except PermissionError as exc:
            problem = f"cannot be locked: {this_user()} cannot write in {str(path.parent)!r}"
            raise DatabaseError(database, problem) from exc
        except OSError as exc:
            raise DatabaseError(database, f"cannot be locked: {exc.strerror or exc}") from exc
        _write(lock, what=what, pid=os.getpid(), since=now().isoformat())
        stack.callback(_write, lock, what=None, pid=None, since=None)
        if database.exists():
            _write(lock, made=True)
        yield


def this_user() -> str:
    """The user of this process, for an error: ``user 'nalssi'``."""
    try:
        return f"user {getpass.getuser()!r}"
    except (ImportError, KeyError, OSError):  # a number without a name
        return f"user {os.geteuid()}"


def remember(database: Path) -> None:
    """Remember that a database of this name exists now; call this with the lock held."""
    with _beside(database).open("rb+") as lock:
        _write(lock.fileno(), made=True)


def holder(database: Path) -> Holder | None:
    """Return the holder of the lock; None if it is free, or if we may not read it."""
    path = _beside(database)
    try:
        with path.open("rb") as lock:
            end = time.monotonic() + PATIENCE_S
            while not _taken(lock.fileno()):
                if said := _holder(_read(lock.fileno())):
                    return said
                if time.monotonic() >= end:
                    return Holder(what="pass", pid=0, since=now().astimezone(KST))
                time.sleep(_POLL_S)
    except OSError:
        pass
    return None


def was_made(database: Path) -> bool:
    """Whether a database of this name existed before, as the lock beside it remembers."""
    try:
        with _beside(database).open("rb") as lock:
            return bool(_read(lock.fileno()).get("made"))
    except OSError:
        return False


def is_there(database: Path) -> bool:
    """
    Whether a database exists.

    Raises:
        DatabaseError: It cannot be examined: its folder may not be entered, or a name is too long.
    """
    try:
        return database.exists()
    except OSError as exc:
        by = f" by {this_user()}" if isinstance(exc, PermissionError) else ""
        problem = f"cannot be examined{by}: {exc.strerror or exc}"
        raise DatabaseError(database, problem) from exc


def refuse_lost(database: Path) -> None:
    """
    Refuse to make a new database if there was one, or if its disk may not be mounted.

    Raises:
        DatabaseError: It is missing, its folder is, or it cannot be examined.
    """
    place = database.resolve()
    if is_there(place):
        return
    if not place.parent.is_dir():
        problem = f"there is no folder {str(place.parent)!r}; mount its disk, or make both"
    elif was_made(database):
        problem = "missing, though it existed before; put it back, or make a new one"
    else:
        return
    raise DatabaseError(database, f"{problem} with --create", fault="gone")


def _beside(database: Path, part: str = "") -> Path:
    place = database.resolve()
    if not place.name:
        raise DatabaseError(database, connection.NO_FILE)
    return place.with_name(f"{place.name}{part}.lock")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _taken(lock):
            if time.monotonic() >= end:
                raise AnotherPass(path, holder=_holder(_read(lock)))
            time.sleep(_POLL_S)
        yield lock
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    """Try to take the lock; the kernel drops it when the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in _HELD:
            return False
        raise
    return True


@contextlib.contextmanager
def _file_locked(database: Path, path: Path) -> Iterator[None]:
    """
    Lock a byte of the database itself, so that its other names find it held.

    It is a lock of this descriptor: a lock of the process would end as soon as SQLite closes the
    file anywhere in it. The descriptor stays open: closing it would drop SQLite's own locks.
    """
    try:
        file = os.open(database, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # missing, or not writable: the command that opens it reports that
        yield
        return
    try:
        _lock_byte(file, fcntl.F_WRLCK)
    except OSError as exc:
        if exc.errno in _HELD:
            raise AnotherPass(path) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # not every file system has such locks
            _lock_byte(file, fcntl.F_UNLCK)


def _lock_byte(file: int, kind: int) -> None:
    wish = struct.pack("hhqqi4x", kind, os.SEEK_SET, _BYTE, 1, 0)
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, wish)


def _read(lock: int) -> dict[str, Any]:
    """The content of a lock's file; empty if an older nalssi wrote it, or it was cut."""
    try:
        said = json.loads(os.pread(lock, 4096, 0))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _write(lock: int, **changes: Any) -> None:
    """Change the content; on a full disk only the text is lost, not the lock."""
    said = {key: one for key, one in (_read(lock) | changes).items() if one is not None}
    with contextlib.suppress(OSError):
        words = json.dumps(said).encode()
        os.ftruncate(lock, os.pwrite(lock, words, 0))


def _holder(said: dict[str, Any]) -> Holder | None:
    try:
        since = dt.datetime.fromisoformat(said["since"]).astimezone(KST)
        return Holder(what=said["what"], pid=int(said["pid"]), since=since)
    except (KeyError, TypeError, ValueError):
        return None
