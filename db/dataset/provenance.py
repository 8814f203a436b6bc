"""The provenance of a dataset: versions, looks, portals, gaps by cause, coverage, rules."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db import validity
from db.file.connection import VERSION
from db.moments import epoch
from db.truth import bands, dates, flags, lateness, short

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from db.dataset.about import About
    from db.export.months import Monthly
    from db.read.gaps import Gap

_LOOKS: Final = """
    SELECT p.name, f.outcome, count(*)
    FROM fetches AS f JOIN portals AS p ON p.id = f.portal_id
    WHERE f.fetched_at >= :since AND f.fetched_at < :until GROUP BY p.id, f.outcome ORDER BY 1, 2"""

_CAPTURES: Final = """
    SELECT p.name, count(*) FROM captures AS k JOIN portals AS p ON p.id = k.portal_id
    WHERE k.captured_at >= :since AND k.captured_at < :until GROUP BY p.id ORDER BY 1"""

_READERS: Final = "SELECT DISTINCT coalesce(reader, 0) FROM sidebars ORDER BY 1"

_RULES: Final[tuple[ModuleType, ...]] = (validity, dates, bands, short, lateness, flags)


def of(about: About, source: Monthly) -> dict[str, object]:
    """The provenance of a dataset from a database, for JSON."""
    times = {"since": epoch(about.since), "until": epoch(about.until)}
    outcomes: dict[str, dict[str, int]] = {}
    for portal, outcome, count in source.rows(_LOOKS, times):
        outcomes.setdefault(portal, {})[outcome] = count
    kept = dict(source.rows(_CAPTURES, times))
    readers = [reader for (reader,) in source.rows(_READERS, {})]
    return {
        "made_by": {"nalssi": about.version, "tables": VERSION, "readers": readers},
        "since": about.since.isoformat(),
        "until": about.until.isoformat(),
        "credit": about.credit,
        "portals": [
            {
                "portal": one.name,
                "url": one.url,
                "interval_minutes": one.interval_minutes,
                "looks": outcomes.get(one.name, {}),
                "captures": kept.get(one.name, 0),
            }
            for one in about.portals
        ],
        "gaps": _by_cause(source.gaps(since=about.since, until=about.until)),
        "coverage": dict(about.coverage),
        "rules": [rule for module in _RULES for rule in rules(module)],
    }


def _by_cause(gaps: Iterable[Gap]) -> list[dict[str, object]]:
    found: dict[tuple[str, str], list[int]] = {}
    for gap in gaps:
        seconds = int((gap.until - gap.since).total_seconds())
        found.setdefault((gap.portal, gap.cause), []).append(seconds)
    return [
        {"portal": portal, "cause": cause, "gaps": len(each), "seconds": sum(each)}
        for (portal, cause), each in sorted(found.items())
    ]


def rules(module: ModuleType) -> list[dict[str, object]]:
    """The constants of a module of rules: names, values, and their docstrings."""
    body = ast.parse(Path(str(module.__file__)).read_text("utf-8")).body
    found = []
    for line, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            value = getattr(module, line.target.id)
            if not line.target.id.startswith("_") and isinstance(value, int | float):
                text = after.value if isinstance(after, ast.Expr) else None
                fact = text.value if isinstance(text, ast.Constant) else None
                found.append(_rule(module, line.target.id, value, fact))
    return found


def _rule(module: ModuleType, name: str, value: float, fact: object) -> dict[str, object]:
    words = {"fact": " ".join(str(fact).split())} if isinstance(fact, str) else {}
    return {"rule": f"{module.__name__}.{name}", "value": value, **words}
