"""Words: every label, icon code and city that was ever printed, and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.moments import moment
from db.read.originals import SEEN

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Mapping

    from db.read.ask import Ask

Kind: TypeAlias = Literal["label", "icon", "city"]

_PORTALS: Final = 2**16
"""Second and portal are packed into one number, so that the least one has its portal."""

WORDS: Final = f"""
    WITH shown AS MATERIALIZED (
        SELECT sidebar_id, min(first * {_PORTALS} + portal_id) AS first,
            max(last * {_PORTALS} + portal_id) AS last
        FROM ({SEEN}) GROUP BY sidebar_id
    ), skies AS MATERIALIZED (
        SELECT DISTINCT sidebar_id, condition_id FROM readings
    )
    SELECT 'label', c.label, group_concat(DISTINCT coalesce(c.condition, c.label_en)),
        c.label = '' OR min(c.label_en IS NOT NULL), count(DISTINCT k.sidebar_id),
        min(s.first), max(s.last)
    FROM skies AS k JOIN conditions AS c ON c.id = k.condition_id
    LEFT JOIN shown AS s ON s.sidebar_id = k.sidebar_id GROUP BY c.label
    UNION ALL
    SELECT 'icon', c.icon, NULL, NULL, count(DISTINCT k.sidebar_id), min(s.first), max(s.last)
    FROM skies AS k JOIN conditions AS c ON c.id = k.condition_id
    LEFT JOIN shown AS s ON s.sidebar_id = k.sidebar_id WHERE c.icon <> '' GROUP BY c.icon
    UNION ALL
    SELECT 'city', st.name_ko, coalesce(st.name_en, st.name_ko) || ' (' || st.kma_id || ')',
        st.kma_id IS NOT NULL, count(*), min(s.first), max(s.last)
    FROM readings AS r JOIN stations AS st ON st.id = r.station_id
    LEFT JOIN shown AS s ON s.sidebar_id = r.sidebar_id GROUP BY st.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """
    A printed word.

    Attributes:
        kind: ``label``, ``icon`` or ``city``.
        word: As printed; a known city by its station's name, an icon by its code, a lost label as
            an empty text.
        means: Its meaning, such as ``"snow"`` or ``"Seoul (108)"``; None = unknown.
        understood: Whether it is known, even without a meaning.
        sidebars: The number of distinct sidebars with it.
        first_seen, last_seen: Korean time; None if no look at these sidebars is known.
        first_portal, last_portal: The portals that showed it then.
    """

    kind: Kind
    word: str
    means: str | None
    understood: bool
    sidebars: int
    first_seen: dt.datetime | None
    first_portal: str | None
    last_seen: dt.datetime | None
    last_portal: str | None


def printed(ask: Ask, icons: Mapping[str, str | None]) -> list[Word]:
    """
    Every word: labels, then icons, then cities, the most frequent first.

    A city that was only ever printed twice with different values has no reading, and is missing.

    Args:
        ask: Queries the database.
        icons: The condition of each known icon code.
    """
    portals: dict[int, str] = dict(ask("SELECT id, name FROM portals"))
    words = ask.read(lambda row: _word(row, portals, icons), WORDS)
    kinds = ["label", "icon", "city"]
    return sorted(words, key=lambda one: (kinds.index(one.kind), -one.sidebars, one.word))


def _word(row: sqlite3.Row, portals: Mapping[int, str], icons: Mapping[str, str | None]) -> Word:
    kind, word, means, understood, sidebars, first, last = row
    if kind == "icon":
        means, understood = icons.get(word), word in icons
    return Word(
        kind=kind,
        word=word,
        means=means.replace(",", ", ") if means else None,
        understood=bool(understood),
        sidebars=sidebars,
        first_seen=None if first is None else moment(first // _PORTALS),
        first_portal=None if first is None else portals[first % _PORTALS],
        last_seen=None if last is None else moment(last // _PORTALS),
        last_portal=None if last is None else portals[last % _PORTALS],
    )
