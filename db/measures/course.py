"""The course of a station: its values over time, each in one state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.measures.history import History
from db.moments import moment
from db.qartod import PASS
from db.read.series import PORTALS, SKIES

if TYPE_CHECKING:
    import datetime as dt

    from db.asked import Part
    from db.read.ask import Ask
    from db.validity import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    One value during a time in one state.

    Attributes:
        start, end: ``start <= t < end``; Korean time.
        began: The first look that saw it, which may lie before ``start``.
        temperature_c, condition, label, portal: As in ``Latest``.
        state: ``live``, ``unconfirmed``, ``stale`` or ``frozen``.
        flag: QARTOD's number of the temperature: 3 suspect, 4 fail, lower if it passes.
    """

    start: dt.datetime
    end: dt.datetime
    began: dt.datetime
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    state: State
    flag: int = PASS


def course(ask: Ask, part: Part, station: str) -> list[Held]:
    """
    Return the values of a station, oldest first, one at a time; a gap while all portals are down.

    Args:
        ask: Queries the database.
        part: The part of the history.
        station: Its Korean name.
    """
    pieces = list(History(ask, part, everything=True).pieces(station))
    skies = {row: sky for row, *sky in ask(SKIES)}
    portals = dict(ask(PORTALS))
    return [
        Held(
            start=moment(piece.begin),
            end=moment(piece.end),
            began=moment(piece.seen_from),
            temperature_c=None if piece.tenths is None else piece.tenths / 10,
            condition=skies[piece.sky][0],
            label=skies[piece.sky][1],
            portal=portals[piece.portal],
            state=piece.state,
            flag=piece.flag,
        )
        for piece in pieces
    ]
