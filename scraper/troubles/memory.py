"""
The memory of our troubles: a small file beside the database, ``weather.db.troubles``.

It is replaced atomically. If the disk has no room for a second file, it is overwritten in place, so
it takes a whole page of the disk from the start. If its folder is missing or read-only, the file is
in ``$XDG_STATE_HOME/nalssi``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from db.errors import OutputError
from db.file import atomic
from scraper.troubles.rules import KINDS, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PAGE: Final = 4096


def load(database: Path) -> list[Trouble]:
    """Load the troubles of a database; the newer ones if two places have some."""
    read = [_read(place) for place in _places(database)]
    newest = max(read, key=lambda one: one[0])
    return newest[1]


def save(database: Path, troubles: Sequence[Trouble], now: dt.datetime) -> bool:
    """Save them in the first place that can be written; return whether one could."""
    said = {"written": now.timestamp(), "troubles": [_row(one) for one in troubles]}
    body = json.dumps(said, ensure_ascii=False).encode()
    body = body.ljust(-len(body) % _PAGE + len(body))
    return any(_written(place, body) for place in _places(database))


def exists(database: Path) -> bool:
    """Whether there is such a file beside the database, as far as this user may see."""
    return os.path.exists(next(_places(database)))  # noqa: PTH110 - no error


def _places(database: Path) -> Iterator[Path]:
    place = database.resolve()
    if place.name:  # "/" has none
        yield place.with_name(f"{place.name}.troubles")
    with contextlib.suppress(RuntimeError):  # a user without a home
        state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        known_by = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
        yield Path(state) / "nalssi" / f"{known_by}.troubles"


def _written(place: Path, body: bytes) -> bool:
    if place.parent.name == "nalssi":  # nalssi's folder of states
        with contextlib.suppress(OSError):
            place.parent.mkdir(mode=0o700, exist_ok=True)  # not the folder above
    try:
        with atomic.of_file(place, mode=0o640) as draft:
            draft.write_bytes(body)
    except OutputError:
        return _written_over(place, body)
    return True


def _written_over(place: Path, body: bytes) -> bool:
    try:
        with place.open("rb+", buffering=0) as file:
            if len(body) > os.fstat(file.fileno()).st_size:
                return False  # this would need free space
            file.write(body.ljust(os.fstat(file.fileno()).st_size))
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def _read(place: Path) -> tuple[float, list[Trouble]]:
    """The time and the content of a file; empty if it is missing or damaged."""
    try:
        said = json.loads(place.read_bytes())
        return float(said["written"]), [_trouble(row) for row in said["troubles"]]
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        return float("-inf"), []


def _row(trouble: Trouble) -> dict[str, Any]:
    sent = {channel: at.timestamp() for channel, at in trouble.sent.items()}
    return asdict(trouble) | {"since": trouble.since.timestamp(), "sent": sent}


def _trouble(row: dict[str, Any]) -> Trouble:
    if row["kind"] not in KINDS:
        raise ValueError(row["kind"])
    return Trouble(
        kind=row["kind"],
        about=str(row["about"]),
        since=_moment(row["since"]),
        text=str(row["text"]),
        over=bool(row["over"]),
        sent={str(channel): _moment(at) for channel, at in row["sent"].items()},
    )


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(seconds), dt.UTC)
