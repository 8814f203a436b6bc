"""Facts from derived tables about a spell ``sp`` or a reading ``r``, as SQL for questions."""

from __future__ import annotations

from typing import Final

from db.moments import DAY_S, KST_S
from db.qartod import MISSING, NOT_EVALUATED, PASS

LATE_HOURS: Final = f"""(SELECT d.hours FROM late_days AS d WHERE d.portal_id = sp.portal_id
    AND d.day = (sp.seen_from + {KST_S}) / {DAY_S})"""
"""The lateness in hours of the portal of a spell ``sp`` on its day, as SQL; NULL: not late."""

LEARNED: Final = """
    LEFT JOIN learned_labels AS ll
        ON ll.sidebar_id = r.sidebar_id AND ll.station_id = r.station_id
    LEFT JOIN readings AS lr
        ON lr.sidebar_id = ll.from_sidebar_id AND lr.station_id = ll.station_id
    LEFT JOIN conditions AS lc ON lc.id = lr.condition_id
    LEFT JOIN portals AS lp ON lp.id = ll.portal_id"""
"""The learned label of a reading ``r``, as SQL: the columns of ``LEARNED_COLUMNS``."""

LEARNED_COLUMNS: Final = "lc.condition AS learned_condition, lp.name AS learned_from"


def unflagged_sql(spell: str = "sp") -> str:
    """The flag of a reading ``r`` in a spell without a flag by a rule, as SQL."""
    return f"""CASE WHEN r.temperature IS NULL THEN {MISSING}
    {_of_temperature(spell)}"""


def _of_temperature(spell: str) -> str:
    return f"WHEN {spell}.changed_after IS NULL THEN {NOT_EVALUATED} ELSE {PASS} END"


UNFLAGGED_TEMPERATURE: Final = f"CASE {_of_temperature('sp')}"
"""The flag of any temperature in a spell ``sp`` without a flag by a rule, as SQL."""


def flag_sql(spell: str = "sp") -> str:
    """The worst flag of a reading ``r`` in a spell, as SQL."""
    return f"""coalesce((SELECT max(fl.flag) FROM flagged AS fl
        WHERE fl.portal_id = {spell}.portal_id AND fl.seen_from = {spell}.seen_from
            AND fl.station_id = r.station_id), {unflagged_sql(spell)})"""
