"""
The language of tables: its choice, and headings, cells and lines in it.

The Korean words are imported only where they are asked for, so that a question starts fast.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from db.qartod import NAMES
from scraper.cli.group import LANG

if TYPE_CHECKING:
    from db.korean import Language

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first variable that is set decides (POSIX, Environment Variables, 8.2)."""


def chosen() -> Language:
    """The language of tables: that of ``--lang``, else of the environment."""
    context = click.get_current_context(silent=True)
    wanted = context and context.meta.get(LANG)
    wanted = wanted or next(filter(None, map(os.environ.get, _VARIABLES)), "")
    return "ko" if wanted.startswith("ko") else "en"


def heading(name: str) -> str:
    """A heading in the chosen language."""
    if chosen() == "en":
        return name
    from db.korean import headings

    return headings.heading(name)


def say(template: str, **values: Any) -> str:
    """A line in the chosen language; see ``db/korean/lines.py``."""
    if chosen() == "en":
        return template.format(**values)
    from db.korean import lines

    return lines.said(template, "ko", **values)


def sentence(english: str) -> str:
    """A sentence of an answer, or several joined by ``; ``, in the chosen language."""
    return cell("why", english)


def cell(heading: str, text: str) -> str:
    """The cell of a column in the chosen language, if the column has words of ours."""
    if chosen() == "en":
        return text
    from db.korean import cells

    return cells.cell(heading, text)


def state(name: str) -> str:
    """A state in a table: in capitals, unless it is ``live``, or in Korean."""
    if chosen() == "ko":
        return cell("state", name)
    return name if name == "live" else name.upper()


def sky(label: str | None, condition: str | None) -> str:
    """The sky: as printed, and in English by our name, too."""
    if chosen() == "en":
        return f"{label or ''} {condition or ''}".strip()
    return label or cell("condition", condition or "")


def flag_name(number: int | None) -> str:
    """The name of a flag, such as ``suspect``."""
    return cell("flag name", NAMES.get(number or 0, ""))


def age(minutes: int) -> str:
    """A length of time, such as ``7 min``, ``3 h 05``, ``30 days``; ``3시간 5분``."""
    days = minutes // (24 * 60)
    if chosen() == "ko":
        from db.korean import lengths

        return lengths.length(minutes, parts=1 if days > 1 else 2)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02}" if days < 2 else f"{days} days"


def width(name: str) -> int:
    """The width of a heading in a terminal, where a syllable of Hangul takes two columns."""
    return len(name) + sum("가" <= letter <= "힣" for letter in name)
