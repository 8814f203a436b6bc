"""Words: every label, icon code and city that was ever printed, and its meaning."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from db.moments import moment
from db.read.originals import SEEN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from db.read.ask import Ask

Kind: TypeAlias = Literal["label", "icon", "city"]

_PORTALS: Final = 2**16
"""Second and portal are packed into one number, so that the least one has its portal."""

_LISTS: Final = f"""
    WITH shown AS MATERIALIZED (
        SELECT sidebar_id, min(first * {_PORTALS} + portal_id) AS first,
            max(last * {_PORTALS} + portal_id) AS last
        FROM ({SEEN}) GROUP BY sidebar_id
    ), boxes AS MATERIALIZED (
        SELECT r.sidebar_id, cities, skies, first, last FROM (
            SELECT sidebar_id, group_concat(station_id) AS cities,
                group_concat(DISTINCT condition_id) AS skies
            FROM readings GROUP BY sidebar_id
        ) AS r LEFT JOIN shown AS s ON s.sidebar_id = r.sidebar_id
    )
    SELECT 'skies', skies, count(*), min(first), max(last), min(sidebar_id)
    FROM boxes GROUP BY skies
    UNION ALL
    SELECT 'cities', cities, count(*), min(first), max(last), min(sidebar_id)
    FROM boxes GROUP BY cities
    ORDER BY 6"""
"""
The distinct lists of cities and of skies, that of the oldest sidebar first, each with the number of
its sidebars, and the first and the last look at one.

Portals print the same cities for years, and the same few skies in many hours: each list is counted
once.
"""

_SKIES: Final = """
    SELECT id, label, icon, coalesce(condition, label_en), label_en IS NOT NULL FROM conditions"""

_CITIES: Final = """
    SELECT id, name_ko, coalesce(name_en, name_ko) || ' (' || kma_id || ')', kma_id IS NOT NULL
    FROM stations"""

_Rows: TypeAlias = "list[tuple[Any, ...]]"
_W = TypeVar("_W", int, str)


class _Seen(NamedTuple):
    """The number of sidebars with a list; the first and the last look at one, with the portal."""

    sidebars: int
    first: int | None
    last: int | None


_What: TypeAlias = "tuple[Kind, str, str | None, bool]"
"""The kind, the word, its meaning, and whether it is understood."""

_Found: TypeAlias = "tuple[_What, list[_Seen]]"


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
    lists = ask(_LISTS)
    skies, cities = ([row[1:] for row in lists if row[0] == one] for one in ("skies", "cities"))
    with ask.reading():
        found = [
            *_labels(skies, ask(_SKIES)),
            *_icons(skies, ask(_SKIES), icons),
            *_cities(cities, ask(_CITIES)),
        ]
        words = [_word(*one, portals=portals) for one in found]
    kinds = ["label", "icon", "city"]
    return sorted(words, key=lambda one: (kinds.index(one.kind), -one.sidebars, one.word))


def _labels(lists: _Rows, skies: _Rows) -> Iterator[_Found]:
    known = {row: (label, *rest) for row, label, _, *rest in skies}
    skies_of: defaultdict[str, list[tuple[str | None, int]]] = defaultdict(list)
    for row in dict.fromkeys(chain.from_iterable(_ids(ids) for ids, *_ in lists)):
        label, *sky = known[row]
        skies_of[label].append((sky[0], sky[1]))
    for label, seen in _seen(lists, {row: label for row, (label, *_) in known.items()}):
        meanings = dict.fromkeys(means for means, _ in skies_of[label] if means is not None)
        understood = not label or all(is_known for _, is_known in skies_of[label])
        yield ("label", label, ", ".join(meanings) or None, understood), seen


def _icons(lists: _Rows, skies: _Rows, icons: Mapping[str, str | None]) -> Iterator[_Found]:
    for icon, seen in _seen(lists, {row: icon for row, _, icon, *_ in skies}):
        if icon:
            yield ("icon", icon, icons.get(icon), icon in icons), seen


def _cities(lists: _Rows, cities: _Rows) -> Iterator[_Found]:
    known = {row: rest for row, *rest in cities}
    for row, seen in _seen(lists, {row: row for row in known}):
        name, means, is_known = known[row]
        yield ("city", name, means, bool(is_known)), seen


def _ids(text: str) -> list[int]:
    return list(map(int, text.split(",")))


def _seen(lists: _Rows, words: Mapping[int, _W]) -> Iterator[tuple[_W, list[_Seen]]]:
    """Each word, of a row, and the lists that have it."""
    found: defaultdict[_W, list[_Seen]] = defaultdict(list)
    for ids, *seen, _ in lists:
        for word in {words[row] for row in _ids(ids)}:
            found[word].append(_Seen(*seen))
    yield from found.items()


def _word(what: _What, seen: list[_Seen], portals: Mapping[int, str]) -> Word:
    kind, word, means, understood = what
    first = min((one.first for one in seen if one.first is not None), default=None)
    last = max((one.last for one in seen if one.last is not None), default=None)
    return Word(
        kind=kind,
        word=word,
        means=means,
        understood=understood,
        sidebars=sum(one.sidebars for one in seen),
        first_seen=None if first is None else moment(first // _PORTALS),
        first_portal=None if first is None else portals[first % _PORTALS],
        last_seen=None if last is None else moment(last // _PORTALS),
        last_portal=None if last is None else portals[last % _PORTALS],
    )
