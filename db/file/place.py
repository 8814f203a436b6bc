"""The place of a writer's file: whether the opened file is still there, and intact."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError
from db.file import connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEADER: Final = struct.Struct(">16sHB9xI36xI")
"""
https://sqlite.org/fileformat2.html: magic, page size, version of writers, pages (28), application
(68).
"""

_OF_WAL: Final = 2
"""The version of writers that use a WAL."""


class Place:
    """
    The place of a file that is open for writing.

    A moved or deleted file stays open in SQLite, and so does one that is emptied or overwritten
    while there is a WAL: later commits would be lost.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Open as long as SQLite's: closing it earlier would drop SQLite's locks.
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._opened = os.fstat(self._file)
        self._size = self._opened.st_size

    def close(self) -> None:
        """Close it, after SQLite has closed its own."""
        os.close(self._file)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn errors into ones that name the file, as ``connection.naming`` does."""
        with connection.naming(self._path), self._explaining():
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Turn errors into ones that name the file, as ``connection.reading`` does."""
        with connection.reading(self._path), self._explaining():
            yield

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """Report a file that was moved as such: SQLite calls it an I/O error."""
        try:
            yield
        except sqlite3.Error:
            self.refuse_moved()
            raise

    def refuse_another(self) -> None:
        """
        Refuse to write if the file is no longer at its place, or no longer intact.

        Call it inside a transaction: while another process commits, the first page may count pages
        that the file does not have yet.

        Raises:
            DatabaseError: It is missing, replaced, emptied or overwritten.
        """
        size = self.refuse_moved()
        if not self._is_whole(size):
            problem = "emptied, cut or written over in place; put a copy there, and start again"
            raise DatabaseError(self._path, problem, fault="damaged")
        self._size = size

    def refuse_moved(self) -> int:
        """
        Refuse a file that is no longer at its place; return the size of one that is.

        Raises:
            DatabaseError: It is missing or replaced.
        """
        try:
            there = self._path.stat()
        except FileNotFoundError:
            problem = "gone; no look is kept until it is back"
            raise DatabaseError(self._path, problem, fault="gone") from None
        if not os.path.samestat(there, self._opened):
            problem = "another file is in its place; put it back, or start nalssi again to use this"
            raise DatabaseError(self._path, problem, fault="replaced")
        return there.st_size

    def _is_whole(self, size: int) -> bool:
        header = os.pread(self._file, _HEADER.size, 0)
        if len(header) < _HEADER.size:
            return False
        magic, page_size, version, pages, application = _HEADER.unpack(header)
        least = pages * (65_536 if page_size == 1 else page_size)
        if version == _OF_WAL:
            # A checkpoint beside a reader leaves out pages that changed after what the reader sees,
            # perhaps the last one of the file; but it never makes the file shorter.
            least = min(least, self._size)
        ours = magic == connection.MAGIC and application == connection.APPLICATION_ID
        return bool(ours and size >= least)
