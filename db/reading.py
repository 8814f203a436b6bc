"""The values that the scraper and the database exchange, and their meanings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """
    A place whose weather is printed.

    Attributes:
        kma_id: KMA's number of the station, such as 108; None for an unknown city.
        name_ko: KMA's name, such as ``"서울"``; for an unknown city, the name as printed.
        name_en: Such as ``"Seoul"``.
        latitude, longitude: Degrees, WGS 84.
        elevation_m: Metres above sea level.
        province: Such as ``"경기"``.
    """

    kma_id: int | None = None
    name_ko: str
    name_en: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    elevation_m: float | None = None
    province: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    The sky as printed, and its meaning.

    Attributes:
        label: The printed word, such as ``"흐림"``; ``"-"`` if the station reports no sky, ``""``
            if the portal printed no word.
        icon: KMA's icon code in the markup, such as ``"04"``; ``""`` if missing.
        condition: Our name of it, such as ``"overcast"``; None = unknown.
        label_en: The label in English.
        wmo_4677: The nearest WMO 4677 present weather code.
    """

    label: str
    icon: str = ""
    condition: str | None = None
    label_en: str | None = None
    wmo_4677: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    The values of one city in a sidebar.

    Attributes:
        city: As printed, such as ``"서울"``.
        station: The station of that name; None if the name is ambiguous.
        condition: The sky.
        temperature_c: Degrees Celsius, one decimal; None if no number can be read.
    """

    city: str
    station: Station | None
    condition: Condition
    temperature_c: float | None


ProblemKind: TypeAlias = Literal[
    "unknown city",
    "unknown label",
    "unknown icon code",
    "no city name",
    "no label",
    "no temperature",
    "temperature",
    "label against icon",
    "printed again",
    "labels left out",
    "other",
]

SENTENCES: Final[Mapping[ProblemKind, str]] = {
    "unknown city": "unknown city {word!r}",
    "unknown label": "{city}: unknown label {word!r}",
    "unknown icon code": "{city}: unknown icon code {word!r}",
    "no city name": "no city name: {word}",
    "no label": "no label printed: {city}",
    "no temperature": "no temperature printed: {city}",
    "temperature": "{city}: temperature: {word}",
    "label against icon": "{city}: label {word}",
    "printed again": "{city}: printed {word}",
    "labels left out": "labels whose city is not clear were left out",
    "other": "{word}",
}
"""The sentence of each kind of problem, for Python and SQL: only ``str.format`` fields."""

_UNKNOWN: Final[Mapping[ProblemKind, str]] = {
    "unknown city": "city",
    "unknown label": "label",
    "unknown icon code": "icon code",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    A part of a sidebar that was not understood; ``str`` writes it as a sentence.

    Attributes:
        kind: The kind of problem. ``other`` is a sentence of an older nalssi.
        city: The city of the line, as printed; several are separated by commas. Empty if the
            problem is the whole line.
        word: For an unknown city, label or icon code the word as printed; else a detail, such as
            ``"cannot read '99', expected within 50 of zero"``.
    """

    kind: ProblemKind
    city: str = ""
    word: str = ""

    def __str__(self) -> str:
        sentence = SENTENCES[self.kind].format(city=self.city, word=self.word)
        return sentence.replace("\n", " ")

    @property
    def unknown(self) -> str | None:
        """The unknown word with its kind, such as ``"label '눈보라'"``; None for other kinds."""
        what = _UNKNOWN.get(self.kind)
        return what and f"{what} {self.word!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """
    The stored content of a sidebar, the same for every portal and page that showed it.

    Attributes:
        digest: The digest of its labels, cities and temperatures as printed, in order.
        fragment: The part of the page that it was read from, packed.
        readings: In printed order.
        problems: The parts that were not understood.
        reader: The version of the reader that read it.
        observed_at: The hour of the observation, aware, if one is printed with it.
    """

    digest: bytes
    fragment: bytes
    readings: tuple[Reading, ...]
    problems: tuple[Problem, ...]
    reader: int
    observed_at: dt.datetime | None = None

    @property
    def icons(self) -> int:
        """The number of icon codes in its readings."""
        return sum(1 for one in self.readings if one.station and one.condition.icon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    One request to a portal, with any outcome.

    Attributes:
        portal: The portal's name.
        fetched_at: The time of the request; aware.
        milliseconds: Its duration.
        status: The HTTP status, if there was an answer.
        wire_bytes: The body's size as received.
        age_s: Seconds for which a cache on the way had kept the answer, if sent.
        server_date, page_modified: The headers Date and Last-Modified as sent; they prove no age
            about the box: a clock may be wrong, and the article may be older.
        robots: The robots.txt files read with it, which replace the known ones.
    """

    portal: str
    fetched_at: dt.datetime
    milliseconds: int
    status: int | None = None
    wire_bytes: int | None = None
    age_s: int | None = None
    server_date: str | None = None
    page_modified: str | None = None
    robots: tuple[Robots, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """
    A page that is in the database, but not read yet.

    Attributes:
        look_id: The row of its look.
        portal: The portal's name.
        body: The page.
        encoding: Python's name of the body's encoding.
        etag, last_modified: Its validators, if known.
        milliseconds: The time that the portal took.
        tries: How often reading it began.
        kind: The kind of its portal, as named in ``FINDERS`` of ``scraper/reader.py``.
    """

    look_id: int
    portal: str
    body: bytes
    encoding: str
    etag: str | None = None
    last_modified: str | None = None
    milliseconds: int = 0
    tries: int = 1
    kind: str = "box"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMemory:
    """
    The memory of the last looks at a portal, for the next one.

    Attributes:
        etag, last_modified: Validators of the page last read, as its server sent them.
        last_look: The time of the last request; aware. None if there was none.
        failures: The number of last looks in a row without a page.
        retry_at: The portal asked for no request before this moment; aware.
    """

    etag: str | None = None
    last_modified: str | None = None
    last_look: dt.datetime | None = None
    failures: int = 0
    retry_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """
    A site's robots.txt as last seen.

    Attributes:
        origin: Such as ``"https://www.koya-culture.com"``.
        fetched_at: Aware, UTC.
        text: Its text; empty if the site has none.
    """

    origin: str
    fetched_at: dt.datetime
    text: str
