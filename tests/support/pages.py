"""
Pages around any sidebar: the sightings, and every form in which a portal printed or may print one.

``sightings.csv`` has the values that real portals printed between 2018 and 2025; the pages around
the values are made here and in ``scraper.demo.portal``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scraper.demo import portal
from scraper.vocabulary import CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scraper.demo.portal import Entry

DATE: Final = "2018.03.20 (화)"
CREDIT: Final = "기상청 제공"
CITIES: Final = [
    *["동두천", "강릉", "서울", "대전", "대구", "울산", "광주", "부산"],
    *["고창", "제주", "강화", "보은", "금산", "강진군", "경주시", "거제"],
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The sidebar that one portal printed on one day."""

    source: str
    page_date: str
    entries: tuple[Entry, ...]


def _sightings() -> dict[str, Sighting]:
    entries: dict[tuple[str, str], list[Entry]] = {}
    path = Path(__file__).with_name("sightings.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            seen = entries.setdefault((row["source"], row["page_date"]), [])
            seen.append(entry(row["label"], row["city"], row["temperature"]))
    return {
        f"{source} {date}": Sighting(source=source, page_date=date, entries=tuple(seen))
        for (source, date), seen in entries.items()
    }


def entry(label: str, city: str, temperature: str, icon: str = "") -> Entry:
    """An entry, by default with the icon that goes with its label."""
    icon = icon or (CONDITIONS[label].icon if label in CONDITIONS else "")
    return portal.Entry(label=label, city=city, temperature=temperature, icon=icon)


SIGHTINGS: Final = _sightings()


def plain(count: int = 16) -> list[Entry]:
    """The usual cities, each with another temperature."""
    return [entry("흐림", city, f"{n * 1.7 - 9:.1f}") for n, city in enumerate(CITIES[:count])]


def box(entries: Sequence[Entry], date: str = DATE) -> str:
    """The box of a portal alone."""
    return portal.page(entries, date, size=0).partition("</ul>")[2].partition('<ul class="list')[0]


def renamed(page: str) -> str:
    """The page with every class and id changed."""
    return re.sub(r'(class|id)="(?!iw)[^"]*"', r'\1="x7"', page).replace(".weather_slide", ".x7")


def _html(opens: str, row: str, closes: str) -> Callable[[Sequence[Entry]], str]:
    """A form of the list; ``row`` has ``$i`` for an icon, ``$l`` label, ``$c`` city, ``$t``."""

    def render(entries: Sequence[Entry]) -> str:
        rows = [
            row.replace("$i", entry.icon)
            .replace("$l", entry.label)
            .replace("$c", entry.city)
            .replace("$t", entry.temperature)
            for entry in entries
        ]
        return opens + "".join(rows) + closes

    return render


LISTS: Final = {
    "li": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t℃</li>\n', "</ul>"),
    "ol": _html("<ol>\n", '<li><span class="iw$i">$l</span>$c $t℃</li>\n', "</ol>"),
    "li, minified": _html("<ul>", "<li><span class=iw$i>$l</span>$c $t℃</li>", "</ul>"),
    "li, uppercase": _html("<UL>\n", '<LI><SPAN CLASS="iw$i">$l</SPAN>$c $t℃</LI>\n', "</UL>"),
    "li, unclosed": _html("<ul>", '\n<li><span class="iw$i">$l</span>$c $t℃', "\n</ul>"),
    "li, never closed": _html("<div><ul>", '\n<li><i class="iw$i">$l</i>$c $t℃', "\n</div>"),
    "li, indented": _html(
        "<ul>\n", '\t<li>\n\t\t<span class="iw$i">$l</span>\n\t\t$c\n\t\t$t℃\n\t</li>\n', "</ul>"
    ),
    "icon on li": _html("<ul>", '<li class="icon iw$i"><b>$l</b>$c $t℃</li>\n', "</ul>"),
    "icon on i": _html("<ul>", '<li><i class="ico iw$i">$l</i> $c <b>$t</b>℃</li>\n', "</ul>"),
    "icon on em": _html("<ul>", '<li><em class="iw$i"></em>$l<b>$c</b>$t℃</li>\n', "</ul>"),
    "img alt": _html("<ul>", '<li><img class="iw$i" alt="$l" src="a.gif">$c $t℃</li>\n', "</ul>"),
    "label last": _html(
        "<ul>", '<li><b>$c</b> <i>$t℃</i> <span class="iw$i">$l</span></li>\n', "</ul>"
    ),
    "all in elements": _html(
        "<ul>",
        '<li><i class="iw$i">$l</i><b>$c</b><span>$t</span><sup>℃</sup></li>\n',
        "</ul>",
    ),
    "nbsp": _html("<ul>", '<li><span class="iw$i">$l</span>$c&nbsp;$t℃</li>\n', "</ul>"),
    "&#8451;": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t&#8451;</li>\n', "</ul>"),
    "&#x2103;": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t&#x2103;</li>\n', "</ul>"),
    "&deg;C": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t&deg;C</li>\n', "</ul>"),
    "&#176;C": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t&#176;C</li>\n', "</ul>"),
    "°C": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t°C</li>\n', "</ul>"),
    "° C": _html("<ul>", '<li><span class="iw$i">$l</span>$c $t ° C</li>\n', "</ul>"),
    "div": _html("<div>", '<div class="e"><i class="iw$i">$l</i>$c $t℃</div>\n', "</div>"),
    "div in div": _html(
        "<div>",
        '<div><div class="iw$i">$l</div><div>$c</div><div><p>$t<span>℃</span></p></div></div>\n',
        "</div>",
    ),
    "p": _html("<div>", '<p><span class="iw$i">$l</span>$c $t℃</p>\n', "</div>"),
    "a": _html("<div>", '<a href="#"><span class="iw$i">$l</span>$c $t℃</a>\n', "</div>"),
    "table": _html(
        "<table>", '<tr><td class="iw$i">$l</td><td>$c</td><td>$t℃</td></tr>\n', "</table>"
    ),
    "table, city first": _html(
        "<table>", '<tr><th>$c</th><td class="iw$i">$l</td><td>$t℃</td></tr>\n', "</table>"
    ),
    "dl each": _html(
        "<div>", '<dl><dt>$c</dt><dd class="iw$i">$l</dd><dd>$t℃</dd></dl>\n', "</div>"
    ),
    "dl": _html("<dl>", '<dt>$c</dt><dd><span class="iw$i">$l</span> $t℃</dd>\n', "</dl>"),
    "table with a heading": _html(
        "<table><tr><th>날씨</th><th>지역</th><th>기온(℃)</th></tr>",
        '<tr><td class="iw$i">$l</td><td>$c</td><td>$t℃</td></tr>\n',
        "</table>",
    ),
    "div, img alt": _html(
        "<div>",
        '<div><img class="iw$i" alt="$l"><strong>$c</strong><em>$t℃</em></div>\n',
        "</div>",
    ),
    "option": _html("<select>", '<option class="iw$i">$l $c $t℃</option>\n', "</select>"),
    "flat": _html("<div>", '<span class="iw$i">$l</span>$c $t℃<br>\n', "</div>"),
}
"""Forms of the list in HTML, by name."""


CITY_FIRST: Final = {"table, city first", "dl each", "dl"}
"""The forms in which ``-`` between city and number may be a label or a minus."""


def around(a_list: str, date: str = DATE) -> str:
    """A page around a list: its date, credit, a menu of cities, and an article."""
    menu = "".join(f"<li><a href=/{n}>{city}</a></li>" for n, city in enumerate(CITIES))
    return (
        "<html><head><title>우리동네신문</title></head><body>\n"
        f"<ul class=menu>{menu}</ul>\n"
        f"<div><p>{date}</p>\n<div>{a_list}\n<p>{CREDIT}</p></div></div>"
        f"\n<ul>{menu}</ul>\n<p>많이 본 기사</p>{'<p>시장이 열렸다</p>' * 60}</body></html>"
    )


def _text(row: str, between: str = "\n") -> Callable[[Sequence[Entry], str], str]:
    def render(entries: Sequence[Entry], date: str) -> str:
        rows = [
            row.replace("$n", str(n))
            .replace("$l", entry.label)
            .replace("$c", entry.city)
            .replace("$t", entry.temperature)
            for n, entry in enumerate(entries, 1)
        ]
        return f"우리동네신문\n\n{date}\n\n{between.join(rows)}\n\n{CREDIT}\n\n많이 본 기사\n"

    return render


TEXTS: Final = {
    "bulleted": portal.text,
    "no bullets": _text("$l$c $t℃"),
    "no bullets, blank": _text("$l $c $t℃"),
    "label on its own line": _text("$l\n$c $t℃"),
    "label on its own line, bulleted": _text("  • $l\n$c $t℃"),
    "blank lines between": _text("$l$c $t℃\n"),
    "- ": _text("- $l$c $t℃"),
    "* ": _text("* $l$c $t℃"),
    "numbered": _text("$n. $l$c $t℃"),
    "numbered )": _text(" $n) $l$c $t℃"),
    "one line": _text("$l$c $t℃", between=" "),
    "one line, bulleted": _text("• $l$c $t℃", between=" "),
    "one line, commas": _text("$l $c $t℃", between=", "),
    "one line, bars": _text("$l $c $t℃", between=" | "),
    "table in bars": _text("| $l | $c | $t℃ |"),
    "bulleted, no blank": _text("  • $l$c$t℃"),
    "label after the sign": _text("  • $c $t℃$l"),
    "tabs": _text("$l\t$c\t$t℃"),
}
"""Forms of the list in plain text, by name."""
