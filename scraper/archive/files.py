"""The files to read, and the kind of each."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scraper.archive.errors import NoSuchArchive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STDIN: Final = "-"
_TOGETHER: Final = 128
_LARGE: Final = 2**20
_MOST_TOGETHER_BYTES: Final = 16 * 2**20

_LINES: Final = (".jsonl", ".ndjson", ".json")
_PAGES: Final = (".html", ".htm", ".xhtml", ".txt", ".js", ".css")
_ARCHIVES: Final = (".warc", ".wet", ".arc")
_PACKED: Final = (".gz", ".zst")
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

Kind: TypeAlias = Literal["warc", "lines", "page", "empty"]


@dataclass(frozen=True, slots=True)
class Source:
    """
    A file to read.

    Attributes:
        path: Its path; ``-`` for standard input.
        named: Whether it was named, rather than found in a folder.
        bytes: Its size; 0 if unknown.
        modified: The time of its last change, in nanoseconds since 1970.
    """

    path: str
    named: bool
    bytes: int = 0
    modified: int = 0

    @property
    def name(self) -> str:
        """Its whole path, as text that can be stored and shown."""
        if self.path == STDIN:
            return STDIN
        return os.fsencode(Path(self.path).absolute()).decode("utf-8", "backslashreplace")

    def is_at(self, place: Path) -> bool:
        """Whether it is the file at this place."""
        return self.path != STDIN and place.exists() and place.samefile(self.path)


def sources(paths: Iterable[str]) -> list[Source]:
    """
    Return the files that match these paths, folders and patterns, each once.

    Raises:
        NoSuchArchive: One of them matches no file, or cannot be read.
    """
    found: dict[str, Source] = {}
    for path in paths:
        before = len(found)
        for source in _sources(path):
            found.setdefault(source.path, source)
        if len(found) == before and not Path(path).is_dir() and path not in found:
            raise NoSuchArchive(path, "there is no such file")
    return list(found.values())


def _sources(path: str) -> Iterator[Source]:
    if path == STDIN:
        yield Source(STDIN, named=True)
        return
    place = Path(path)
    try:
        is_folder, exists = place.is_dir(), place.exists()
    except OSError as exc:  # a folder above may not be entered, or the name is too long
        raise NoSuchArchive(path, exc.strerror or str(exc)) from exc
    if is_folder:
        yield from _in_folder(place)
    elif exists:
        yield _source(place, named=True)
    elif glob.has_magic(path):
        for match in sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - it may be absolute
            if Path(match).is_dir():
                yield from _in_folder(Path(match))
            elif Path(match).is_file():  # as in folders
                yield _source(Path(match), named=True)


def _in_folder(folder: Path) -> Iterator[Source]:
    def refuse(exc: OSError) -> None:
        raise NoSuchArchive(exc.filename, exc.strerror or "cannot be read") from exc

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file():  # reading a pipe or a device could take for ever
                yield _source(path, named=False)


def _source(path: Path, *, named: bool) -> Source:
    try:
        there = path.stat()
        if named and path.is_file():  # a pipe that is opened must be read, too
            path.open("rb").close()
    except OSError as exc:
        raise NoSuchArchive(path, exc.strerror or str(exc)) from exc
    return Source(str(path), named, there.st_size, there.st_mtime_ns)


def jobs(files: Sequence[Source]) -> Iterator[list[Source]]:
    """Divide the files into jobs for one process each: an archive alone, saved pages together."""
    together: list[Source] = []
    for file in files:
        if file.bytes >= _LARGE or file.path == STDIN:
            yield [file]
            continue
        together.append(file)
        if len(together) >= _TOGETHER or sum(x.bytes for x in together) >= _MOST_TOGETHER_BYTES:
            yield together
            together = []
    if together:
        yield together


def kind(path: str, head: bytes) -> Kind:
    """
    Return the kind of a file by its first bytes, inflated, or by its name if those do not decide.

    ``empty`` is a file without a page.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if head.startswith(b"WARC/") or any(suffix in _ARCHIVES for suffix in suffixes):
        return "warc"
    last = next((suffix for suffix in reversed(suffixes) if suffix not in _PACKED), "")
    if last in _LINES or (head.lstrip().startswith(b"{") and last not in _PAGES):
        return "lines"
    if not head.strip() or (b"\0" in head and not head.startswith(_MARKS)):
        return "empty"
    return "page"
