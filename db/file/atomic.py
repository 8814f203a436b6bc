"""
Drafts: what is written for somebody is complete under its name, or is not there.

It is written beside its place under another name, ``.NAME.part``, and moved when it is on the disk.
A draft that a killed process left is taken over by the next one of that name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Final

from db.errors import OutputError, OutputExists

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OF_SQLITE: Final = ("-journal", "-wal", "-shm")
"""What the names of the files end with that SQLite keeps beside a database, and reads again."""

_LOCKS: Final = (".lock", ".backfill.lock")
_SQLITE: Final = b"SQLite format 3\0"


@contextlib.contextmanager
def of_file(
    path: Path, *, mode: int = 0o666, replace: bool = True, companions: tuple[str, ...] = ()
) -> Iterator[Path]:
    """
    An empty file to write into, which takes its place at the end.

    Args:
        path: That place; through a link, where that leads to.
        mode: Who may read and write it, as for ``open``.
        replace: Whether a file that is there gives way.
        companions: What the names of other files end with that may be left beside the draft.

    Raises:
        OutputExists: There is one, and it does not give way.
        OutputError: It cannot be written.
    """
    with _telling(path):
        place = path.resolve()
        _refuse(path, place, replace=replace)
        draft = _beside(path, place)
        with _claimed(path, draft, lambda: _opened_file(draft, mode)) as descriptor:
            try:
                _remove(draft, companions)
                os.ftruncate(descriptor, 0)
                yield draft
                os.fsync(descriptor)
                _refuse(path, place, replace=replace)
                draft.replace(place)
                _sync(place.parent)
            finally:
                _remove(draft, ("", *companions))


@contextlib.contextmanager
def of_folder(path: Path) -> Iterator[Path]:
    """
    An empty folder to write into, which takes its place at the end.

    Raises:
        OutputExists: There is something, other than an empty folder.
        OutputError: It cannot be written.
    """
    with _telling(path):
        place = path.resolve()
        if place.exists() and not (place.is_dir() and not any(place.iterdir())):
            raise OutputExists(path)
        draft = _beside(path, place)
        with _claimed(path, draft, lambda: _opened_folder(draft)):
            try:
                _empty(draft)
                yield draft
                for one in (*draft.rglob("*"), draft):
                    _sync(one)
                draft.replace(place)
                _sync(place.parent)
            finally:
                shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turn what the file system says into one error that names the output."""
    try:
        yield
    except OSError as exc:
        raise OutputError(path, exc.strerror or str(exc)) from exc


def _refuse(path: Path, place: Path, *, replace: bool) -> None:
    """Refuse what a move to this place would destroy: a device, a database, or what is to stay."""
    if place.exists():
        if not replace:
            raise OutputExists(path)
        if not place.is_file():
            raise OutputError(path, "is there and no file")
    for end in ("", *OF_SQLITE, *_LOCKS):
        if _is_database(place.with_name(place.name.removesuffix(end))):
            raise OutputError(path, "is a database, or belongs to one")


def _is_database(place: Path) -> bool:
    if not place.is_file():
        return False
    with place.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _beside(path: Path, place: Path) -> Path:
    if not place.parent.is_dir():
        raise OutputError(path, "there is no such folder")
    return place.with_name(f".{place.name}.part")


@contextlib.contextmanager
def _claimed(path: Path, draft: Path, opened: Callable[[], int]) -> Iterator[int]:
    """
    The descriptor of a draft that is ours alone.

    Somebody may have moved the one that we opened before we had its lock: then it is theirs, and
    complete, and we open another.
    """
    while True:
        descriptor = opened()
        try:
            _lock(path, descriptor)
            if _is_at(draft, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(path, "somebody else is writing it") from None


def _is_at(draft: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(draft.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove(draft: Path, ends: tuple[str, ...]) -> None:
    for end in ends:
        draft.with_name(f"{draft.name}{end}").unlink(missing_ok=True)


def _opened_file(draft: Path, mode: int) -> int:
    return os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, mode)


def _opened_folder(draft: Path) -> int:
    draft.mkdir(exist_ok=True)
    return os.open(draft, os.O_RDONLY | os.O_NOFOLLOW)


def _empty(folder: Path) -> None:
    for one in folder.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
