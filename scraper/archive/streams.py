"""The bytes of an archive: from a pipe, or inflated by a thread ahead of their reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

try:
    from isal import igzip_threaded, isal_zlib
except ImportError:  # it is an extra; with it, an archive takes half of the time on two cores
    CAN_READ_AHEAD = False
    _AHEAD: tuple[type[Exception], ...] = ()
else:
    CAN_READ_AHEAD = True
    _AHEAD = (EOFError, isal_zlib.error)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import BinaryIO

FAULTS: Final[tuple[type[Exception], ...]] = (OSError, ValueError, *_AHEAD)
"""The errors of the libraries that read damaged bytes."""

_BLOCK: Final = 2**20
"""Bytes to pass on at once; each time, the thread waits for Python's lock."""


def inflated_ahead(stream: BinaryIO) -> AbstractContextManager[Any]:
    """
    Open the gzip file that begins here; its reader does not learn the places of bytes in it.

    A fault is raised when the thread meets it, up to a block before the first damaged byte.
    """
    opened: AbstractContextManager[Any] = igzip_threaded.open(stream, "rb", block_size=_BLOCK)
    return opened


class Pipe:
    """A stream that cannot seek but knows its position, which fastwarc needs."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._stream.read(size)
        self._at += len(piece)
        return piece

    def tell(self) -> int:
        """The number of bytes read so far."""
        return self._at
