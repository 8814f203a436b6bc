"""
Looks up a station by its Korean name, English name or KMA id; and a portal.

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from db.errors import UnknownPortal, UnknownStation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.asked import StationName
    from db.read.ask import Ask
    from db.reading import Station


def meant(asked: StationName, stations: Sequence[Station]) -> Station:
    """
    The station of that name, the English one in any case; an exact match goes before others.

    A name may be in Unicode's decomposed form (NFD), as macOS writes it.

    Raises:
        UnknownStation: No station has that name; near names are offered.
    """
    name = unicodedata.normalize("NFC", str(asked).strip())
    as_written = [known for known in stations if name in _names(known)]
    in_any_case = [
        known for known in stations if known.name_en and known.name_en.casefold() == name.casefold()
    ]
    for known in as_written + in_any_case:
        return known
    raise UnknownStation(asked, near=_near(name, stations))


def _names(station: Station) -> list[str]:
    """The names and number of a station."""
    names = (station.name_ko, station.kma_id, station.name_en)
    return [str(name) for name in names if name is not None]


def _near(asked: str, stations: Sequence[Station]) -> list[str]:
    """Similar names, best first, each as ``서울 (Seoul, 108)``."""
    import difflib  # noqa: PLC0415 - only a question that failed needs it

    shown: dict[str, str] = {}
    for known in stations:
        more = ", ".join(str(part) for part in (known.name_en, known.kma_id) if part is not None)
        text = f"{known.name_ko} ({more})" if more else known.name_ko
        for name in _names(known):
            shown.setdefault(name.casefold(), text)
    near = [name for name in shown if name.startswith(asked.casefold())]
    near += difflib.get_close_matches(asked.casefold(), shown, n=5, cutoff=0.5)
    return list(dict.fromkeys(shown[name] for name in near))[:5]


def refuse_unknown(ask: Ask, asked: str | None) -> None:
    """
    Refuse an unknown portal; None means all portals.

    Raises:
        UnknownPortal: There is no portal of this name.
    """
    if asked is None:
        return
    known = ask.read(lambda row: str(row[0]), "SELECT name FROM portals ORDER BY id")
    if asked not in known:
        raise UnknownPortal(asked, known=known)
