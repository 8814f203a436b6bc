"""What is wrong with the file, as far as SQLite and the spells can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db import spells

if TYPE_CHECKING:
    from db.read.ask import Ask


def faults(ask: Ask) -> list[str]:
    """A line for each fault: damage, a row that points nowhere, or spells that no look gives."""
    checked = [str(row[0]) for row in ask("PRAGMA integrity_check")]
    lines = [] if checked == ["ok"] else checked
    lines += [
        f"a row of {row[0]!r} points to none of {row[2]!r}"
        for row in ask("PRAGMA foreign_key_check")
    ]
    derived, kept = spells.DERIVED, "SELECT * FROM spells"
    for one, other, what in ((kept, derived, "too many"), (derived, kept, "missing")):
        if odd := ask(f"{one} EXCEPT {other}", {"before": None}):
            lines.append(f"{len(odd)} spells {what}; `nalssi rebuild` derives them again")
    return lines
