"""
A written site: the answers of the app as files, each complete or missing.

Only changed files are written. Final ones (a closed month, a box that no portal shows now) are not
even computed again: ``.nalssi-site.json`` records the code and the address for which the files were
made, and the finished months.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import quote

from db.errors import DatabaseError
from db.file import atomic
from db.moments import KST
from db.query import Database
from scraper.http import httpx
from scraper.web import stations
from scraper.web.addresses import ADDRESSES
from scraper.web.answer import SETTLED, Asked
from scraper.web.app import app
from scraper.web.refusal import PROBLEM
from scraper.web.render import FOLDER
from scraper.web.static import FILES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from scraper.web.addresses import Address
    from scraper.web.app import App

Months: TypeAlias = int | Literal["all"]

MONTHS: Final = 2
"""The default number of months of each station: this month, and the one before."""

NOTES: Final = ".nalssi-site.json"

LIMIT_S: Final = 60.0
"""The time limit for all queries of one file: no reader waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The number of files of the site, and of those written now."""

    files: int
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """
    The notes on the files of an earlier run.

    Attributes:
        made_by: The code and the options of that run.
        months: The closed and complete months.
    """

    made_by: str
    months: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Notes:
        """Read the notes of a folder; empty for a new one."""
        try:
            notes = json.loads((folder / NOTES).read_bytes())
            return cls(made_by=str(notes["made_by"]), months=tuple(map(str, notes["months"])))
        except (OSError, ValueError, LookupError, TypeError):
            return cls(made_by="")


def write(
    path: Path, folder: Path, *, now: dt.datetime, base_url: str = "", months: Months = MONTHS
) -> Written:
    """
    Write the site of a database.

    Args:
        path: The database.
        folder: Its folder; made if missing.
        now: The present, aware.
        base_url: The public address; may be empty.
        months: The number of months of each station.

    Raises:
        DatabaseError: The database cannot be read.
        OutputError: A file cannot be written.
    """
    with atomic.naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    linked = stations.LINKED if months == "all" else months
    made = app(path, base_url=base_url, clock=lambda: now, limit_s=LIMIT_S, months=linked)
    known, made_by = Notes.read(folder), _made_by(base_url, linked)
    done = known.months if known.made_by == made_by else None
    with Database(path) as db:
        wanted = _Wanted(Asked(db=db, now=now.astimezone(KST), path="/"), done, months)
        written = asyncio.run(_freeze(made, folder, wanted))
    notes = {"made_by": made_by, "months": wanted.closed_months()}
    _put(folder / NOTES, json.dumps(notes).encode())
    return written


def _made_by(base_url: str, linked: int) -> str:
    """A digest of the code and the options that determine the files."""
    parts = [f"{base_url} {linked}".encode()]
    parts += [one.read_bytes() for one in sorted(FOLDER.rglob("*.*")) if one.suffix != ".pyc"]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


async def _freeze(made: App, folder: Path, wanted: _Wanted) -> Written:
    files = written = 0
    transport = httpx.ASGITransport(app=made)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for address in wanted.addresses():
            place = folder / _file(address)
            if wanted.is_done(address, place):
                files += 1
                continue
            answer = await client.get(quote(address))
            body = _body(answer, made)
            if body is None:
                continue
            files += 1
            written += _put(place, body)
    return Written(files=files, written=written)


def _file(address: str) -> str:
    """The path of an address in the folder."""
    return f"{address}index.html".lstrip("/") if address.endswith("/") else address.lstrip("/")


def _body(answer: Any, made: App) -> bytes | None:
    """
    The body for the file; None if the app answers 404.

    Raises:
        DatabaseError: The app refused.
    """
    if answer.headers["content-type"] != PROBLEM:
        return bytes(answer.content)
    if answer.status_code == 404:
        return None
    raise DatabaseError(made.state.path, f"{answer.url.path}: {answer.json()['detail']}")


def _put(place: Path, body: bytes) -> bool:
    """Write a file unless it has these bytes already; return whether it was written."""
    with atomic.naming(place):
        if place.is_file() and place.read_bytes() == body:
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
    with atomic.of_file(place) as draft:
        draft.write_bytes(body)
    return True


class _Wanted:
    """
    The addresses of a site in order: link targets first.

    Args:
        asked: A request, for its database and the present.
        done: The finished months of a run of the same code; None = of another, or there was none.
        months: The number of months of each station.
    """

    def __init__(self, asked: Asked, done: tuple[str, ...] | None, months: Months) -> None:
        self._asked, self._done, self._same_code = asked, done or (), done is not None
        db = asked.db
        self._stations = [one.kma_id for one in db.stations() if one.kma_id is not None]
        self._portals = [one.name for one in db.portals()]
        there = stations.months(asked, asked.last_look or asked.now)
        self._months = [f"{one:%Y-%m}" for one in (there if months == "all" else there[:months])]
        self._years = sorted({one.year for one in there}) if months == "all" else []
        self._last_seen: dict[str, dt.datetime] = {}

    def addresses(self) -> Iterator[str]:
        """All of them."""
        self._see_months()
        order = ("digest", "year", "month", "station", "portal", "once")
        for files in order:
            for address in ADDRESSES:
                if address.files == files:
                    yield from self._of(address)

    def _see_months(self) -> None:
        """Find the sidebars that the pages link to, and the last time of each."""
        for row in self._asked.db.latest(now=self._asked.now):
            self._saw(row.digest, row.seen_until)
        for month in map(stations.Month, self._open_months()):
            for known in self._asked.db.stations():
                for one in stations.spells(self._asked, known, month):
                    self._saw(one.digest, one.seen_until)

    def _saw(self, digest: str, seen_until: dt.datetime) -> None:
        self._last_seen[digest] = max(seen_until, self._last_seen.get(digest, seen_until))

    def _open_months(self) -> list[str]:
        return [one for one in self._months if one not in self._done]

    def closed_months(self) -> list[str]:
        """The final months, which are complete once all files are written."""
        closed = {one for one in self._months if stations.Month(one).is_closed(self._asked.now)}
        return sorted(closed.union(self._done))

    def _of(self, address: Address) -> Iterator[str]:
        values: list[dict[str, object]]
        match address.files:
            case "station":
                values = [{"station": one} for one in self._stations]
            case "month":
                named = self._open_months()
                values = [{"station": s, "month": m} for m in named for s in self._stations]
            case "year":
                values = [{"station": s, "year": y} for y in self._years for s in self._stations]
            case "portal":
                values = [{"portal": one} for one in self._portals]
            case "digest":
                values = [{"digest": one} for one in self._last_seen]
            case _:
                values = [{"file": one} for one in FILES] if "{file}" in address.path else [{}]
        path = address.path.replace(":int", "")
        for some in values:
            for prefix in ("", "/en") if address.both else ("",):
                yield prefix + path.format(**some)

    def is_done(self, address: str, place: Path) -> bool:
        """Whether its file exists and is final."""
        digest = address.rpartition("evidence/")[2].strip("/").removesuffix(".json")
        seen = self._last_seen.get(digest)
        closed = seen is not None and seen + SETTLED < self._asked.now
        return closed and self._same_code and place.is_file()
