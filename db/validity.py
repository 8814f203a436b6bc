"""Until when a value holds, and what state it is in: the one room for it."""

from __future__ import annotations

from typing import Literal

HOLD_S = 90 * 60
"""KMA renews the values hourly: one is current for at most this long after it was first seen."""


FROZEN_AFTER_S = 3 * 60 * 60
"""Alive, the values never all stand still for this long."""


DOWN_AFTER_INTERVALS = 3
"""So many intervals without a successful look, and the portal is down."""


GAP_AFTER_INTERVALS = 2
"""So many intervals without a successful look are a gap."""


LONGEST_BACK_OFF_S = 60 * 60
"""A portal that fails is looked at no more rarely than this, or than its interval if longer."""


State = Literal["live", "unconfirmed", "frozen", "down"]


STATE_OF_SPELL = f"""CASE
    WHEN sp.seen_until - sp.seen_from >= {FROZEN_AFTER_S} THEN 'frozen'
    WHEN sp.changed_after IS NULL OR sp.seen_from - sp.changed_after > {HOLD_S} THEN 'unconfirmed'
    ELSE 'live' END"""


def too_old(now: str) -> str:
    """Where looks are rare: values that may stand still by now, since nobody looked again."""
    return f"""WHEN {now} - sp.seen_from >= {FROZEN_AFTER_S}
                AND sp.seen_until - sp.seen_from < {FROZEN_AFTER_S} THEN 'unconfirmed'"""
