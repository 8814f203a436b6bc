"""
Looks up a station by its Korean name, English name or KMA id; and a portal.

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db.errors import UnknownPortal, UnknownStation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.asked import StationName
    from db.read.ask import Ask
    from db.reading import Station


_ENDS_KO: Final = ("시", "군", "구")
_ENDS_EN: Final = ("-si", "-gun", "-gu")


def meant(asked: StationName, stations: Sequence[Station]) -> Station:
    """
    The station of that name, the English one in any case; an exact match goes before others.

    A name may be in Unicode's decomposed form (NFD), as macOS writes it, and may lack the end that
    says what the place is: 경주 is 경주시 where no station is called 경주.

    Raises:
        UnknownStation: No station has that name; near names are offered.
    """
    import unicodedata  # noqa: PLC0415 - a library of the system, only where a station is named

    name = unicodedata.normalize("NFC", str(asked).strip())
    as_written = [known for known in stations if name in _names(known)]
    in_any_case = [
        known for known in stations if known.name_en and known.name_en.casefold() == name.casefold()
    ]
    without_end = [known for known in stations if name.casefold() in _short_names(known)]
    for known in as_written + in_any_case + (without_end if len(without_end) == 1 else []):
        return known
    raise UnknownStation(asked, near=_near(name, stations), any_known=bool(stations))


def _short_names(station: Station) -> list[str]:
    """
    The names without 시 (city), 군 (county) or 구 (district): 경주 and gyeongju of 경주시.

    The 구 of 대구 is a part of its name: one syllable is no name.
    """
    names = ((station.name_ko, _ENDS_KO), ((station.name_en or "").casefold(), _ENDS_EN))
    short = [name[: -len(end)] for name, ends in names for end in ends if name.endswith(end)]
    return [name for name in short if len(name) > 1]


def _names(station: Station) -> list[str]:
    """The names and number of a station."""
    names = (station.name_ko, station.kma_id, station.name_en)
    return [str(name) for name in names if name is not None]


def _near(asked: str, stations: Sequence[Station]) -> list[str]:
    """
    Similar names, best first, each as ``서울 (Seoul, 108)``.

    A number has none: 112 is not nearer to 172 than to any other. A Korean name is short, so that
    half of it must suffice.
    """
    import difflib  # noqa: PLC0415 - only a question that failed needs it

    if not asked or asked.isdigit():
        return []
    shown: dict[str, str] = {}
    for known in stations:
        more = ", ".join(str(part) for part in (known.name_en, known.kma_id) if part is not None)
        text = f"{known.name_ko} ({more})" if more else known.name_ko
        for name in (known.name_ko, known.name_en):
            if name is not None:
                shown.setdefault(name.casefold(), text)
    near = [name for name in shown if name.startswith(asked.casefold())]
    cutoff = 0.75 if asked.isascii() else 0.5
    near += difflib.get_close_matches(asked.casefold(), shown, n=5, cutoff=cutoff)
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
