"""
Reads stored pages again, with the current reader and words, and shows the difference.

A fragment is a part of its page that reads the same alone, so without a better reader or new words
there is no difference. The page date is not in it, and does not change.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from db.problems import as_json
from scraper import reader
from scraper.errors import NoSidebar
from scraper.vocabulary import plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from multiprocessing.connection import Connection

    from db.read.originals import Kept, KeptSidebar, UnreadPage
    from db.reading import Content, Reading
    from db.write.replacing import Rewriting
    from scraper.reader import PageContent
    from scraper.vocabulary import Words

EXAMPLES: Final = 20
"""The most changes to show one by one."""

PATIENCE_S: Final = 60.0
"""The time limit for a page that killed its reader before."""

What: TypeAlias = Literal["added", "changed", "gone", "read at last", "unreadable", "damaged"]

KINDS: Final = get_args(What)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One difference, or an old reading that stays because its page cannot be read.

    Attributes:
        change: Its kind: for a reading ``added``, ``changed`` or ``gone``; for a page
            ``read at last``; for a fragment ``unreadable`` or ``damaged``.
        portal, seen_from: The portal that showed it first, and the time; Korean. None if no spell
            has it.
        station: The station of a reading; else None.
        before, after: The old and the new reading; or the reason that there is none.
    """

    change: What
    portal: str | None
    seen_from: dt.datetime | None
    station: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """
    A word that is understood now.

    Attributes:
        kind: ``label`` or ``city``.
        word: As printed.
        means: Our name of the condition, or the station.
        readings: The number of readings with it.
    """

    kind: Literal["label", "city"]
    word: str
    means: str
    readings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    The difference between the old and the new readings.

    Attributes:
        sidebars: The number of fragments read again.
        differing: The number of fragments with other readings or problems.
        changes: The number of changes by kind.
        understood: Words that are understood now.
        unread: Pages that still cannot be read.
        examples: The first changes.
    """

    sidebars: int
    differing: int
    changes: Counter[What]
    understood: list[Understood]
    unread: int
    examples: list[Change]


def reparse(
    kept: Kept,
    words: Words,
    kinds: Mapping[str, str] = reader.ALL_BOXES,
    *,
    into: Rewriting | None = None,
) -> Difference:
    """
    Read the stored pages again.

    Args:
        kept: The stored pages.
        words: The current meanings of printed words.
        kinds: The kind of each portal, by its name.
        into: The target of the new readings; None = only show the difference.
    """
    seen = _Seen(kept, words, kinds)
    for old in kept.sidebars():
        new = seen.again(old)
        if new is not None and into is not None and _is_news(old, new):
            into.sidebar(old, new)
    for page in kept.pages():
        read = seen.at_last(page)
        if read is not None and into is not None:
            into.page(page, read.content, page_date=read.page_date, doubt=read.doubt)
    return seen.difference()


class _Seen:
    """Reads one page after another, and collects the differences."""

    def __init__(self, kept: Kept, words: Words, kinds: Mapping[str, str]) -> None:
        self._kept, self._words, self._kinds = kept, words, kinds
        self._new_labels = (kept.unknown_labels | dict(words.labels).keys()) - kept.known_labels
        self._new_cities = kept.unknown_cities | dict(words.cities).keys()
        self._changes: Counter[What] = Counter()
        self._examples: list[Change] = []
        self._understood: Counter[tuple[Literal["label", "city"], str, str]] = Counter()
        self._sidebars = self._differing = self._unread = 0

    def difference(self) -> Difference:
        """All differences."""
        return Difference(
            sidebars=self._sidebars,
            differing=self._differing,
            changes=self._changes,
            understood=[
                Understood(kind=kind, word=word, means=means, readings=count)
                for (kind, word, means), count in self._understood.most_common()
            ],
            unread=self._unread,
            examples=self._examples,
        )

    def again(self, old: KeptSidebar) -> Content | None:
        """The content of a fragment; None if it cannot be read, so that its old readings stay."""
        self._sidebars += 1
        if old.fragment is None:
            self._note(old, "damaged", after=old.damage)
            return None
        try:
            new = reader.read(
                old.fragment,
                words=self._words,
                kind=self._kind(old),
                kept=old.packed,
                shown=lambda: self._day(old),
            ).content
        except NoSidebar as exc:
            self._note(old, "unreadable", after=str(exc))
            return None
        self._differing += _differs(old, new)
        self._compare(old, new)
        return new

    def _kind(self, old: KeptSidebar) -> str:
        """The kind of the portal that showed a sidebar first; not looked up if all are boxes."""
        if set(self._kinds.values()) <= {reader.BOX}:
            return reader.BOX
        first = self._kept.first_seen(old.sidebar_id)
        return reader.BOX if first is None else self._kinds.get(first[0], reader.BOX)

    def _day(self, old: KeptSidebar) -> dt.date | None:
        """The day on which a sidebar was first shown: its fragment has no date."""
        first = self._kept.first_seen(old.sidebar_id)
        return first and first[1].date()

    def at_last(self, page: UnreadPage) -> PageContent | None:
        """The content of a page; None if it still cannot be read."""
        read = _in_another_process if page.deadly else _read
        kind = self._kinds.get(page.portal, reader.BOX)
        if page.body is None or (said := read(page.body, page.encoding, self._words, kind)) is None:
            self._unread += 1
            return None
        self._understand(said.content.readings)
        self._count(
            Change(
                change="read at last",
                portal=page.portal,
                seen_from=page.fetched_at,
                after=f"{len(said.content.readings)} readings",
            )
        )
        return said

    def _compare(self, old: KeptSidebar, new: Content) -> None:
        """Record each reading that differs."""
        before, after = _by_station(old.readings), _by_station(new.readings)
        news = []
        for key, reading in after.items():
            if key not in before:
                self._note(old, "added", _name(reading), after=_text(reading))
            elif _values(reading) != _values(before[key]):
                former = _text(before[key])
                self._note(old, "changed", _name(reading), before=former, after=_text(reading))
            else:
                continue
            news.append(reading)
        for key, reading in before.items():
            if key not in after:
                self._note(old, "gone", _name(reading), before=_text(reading))
        self._understand(news)

    def _understand(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            label, city = plain(reading.condition.label), plain(reading.city)
            sky, means = reading.condition.condition, reading.station
            if label in self._new_labels and sky:
                self._understood["label", label, sky] += 1
            if city in self._new_cities and means and means.kma_id is not None:
                self._understood["city", city, f"{means.name_ko} ({means.kma_id})"] += 1

    def _note(
        self,
        old: KeptSidebar,
        change: What,
        station: str | None = None,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Record a change of a sidebar; its portal is looked up only for the first examples."""
        portal = seen_from = None
        if len(self._examples) < EXAMPLES:
            portal, seen_from = self._kept.first_seen(old.sidebar_id) or (None, None)
        self._count(
            Change(
                change=change,
                portal=portal,
                seen_from=seen_from,
                station=station,
                before=before,
                after=after,
            )
        )

    def _count(self, change: Change) -> None:
        self._changes[change.change] += 1
        if len(self._examples) < EXAMPLES:
            self._examples.append(change)


def _is_news(old: KeptSidebar, new: Content) -> bool:
    return _differs(old, new) or old.reader != new.reader


def _differs(old: KeptSidebar, new: Content) -> bool:
    before, after = _by_station(old.readings), _by_station(new.readings)
    return (
        old.digest != new.digest
        or old.problems != as_json(new.problems)
        or {key: _values(one) for key, one in before.items()}
        != {key: _values(one) for key, one in after.items()}
    )


def _by_station(readings: Iterable[Reading]) -> dict[int | str, Reading]:
    """The readings by the number, else the name, of their station; those without are left out."""
    return {
        one.station.kma_id or one.station.name_ko: one
        for one in readings
        if one.station is not None
    }


def _name(reading: Reading) -> str | None:
    return None if reading.station is None else reading.station.name_ko


def _values(reading: Reading) -> tuple[object, ...]:
    return reading.condition, reading.temperature_c


def _text(reading: Reading) -> str:
    """A reading in a few words, such as ``"-3.1, 눈보라: snow"``."""
    sky = reading.condition
    printed = sky.label or (f"icon {sky.icon}" if sky.icon else "no label")
    celsius = "no number" if reading.temperature_c is None else f"{reading.temperature_c:.1f}"
    return f"{celsius}, {printed}: {sky.condition or 'unknown'}"


def _read(body: bytes, encoding: str, words: Words, kind: str) -> PageContent | None:
    with contextlib.suppress(NoSidebar):
        said = reader.read(body, encoding, words, kind=kind)
        if not said.cut:  # a cut list was refused because the portal had shown more before
            return said
    return None


def _in_another_process(body: bytes, encoding: str, words: Words, kind: str) -> PageContent | None:
    """Read a page that killed its reader before, in another process."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_send, args=(there, body, encoding, words, kind), daemon=True)
    process.start()
    there.close()
    said: PageContent | None = None
    with contextlib.suppress(EOFError):  # it died without an answer
        if here.poll(PATIENCE_S):
            said = here.recv()
    process.kill()
    process.join()
    return said


def _send(there: Connection, body: bytes, encoding: str, words: Words, kind: str) -> None:
    with contextlib.suppress(Exception):  # after any error the page stays as it is
        there.send(_read(body, encoding, words, kind))
