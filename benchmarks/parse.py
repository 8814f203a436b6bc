"""
From the bytes of one page to its readings: nalssi, and the usual parsers of whole documents.

Every way must give the same date and lines, which is checked first. Then all are timed in turn,
round by round, so that other work on the machine slows all alike; the ratio is of medians of
processor time. All pages differ in their values, menus and articles, and each round has new ones,
so that no memory of earlier pages helps. At the end, nalssi reads pages of growing size, with the
box at the start, at the end, and without a box.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import bs4
import lxml.html
import parsel
from selectolax.lexbor import LexborHTMLParser

from scraper import normalize, sidebar
from scraper.demo import portal
from scraper.errors import NoSidebar
from scraper.sidebar import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DATE = "2018.03.20 (화)"
ROUNDS = 40
PAGES = 40
"""The pages of a round."""

SKIES = [("흐림", "04"), ("맑음", "01"), ("구름많음", "03"), ("비", "08")]


def entries(seed: int) -> list[portal.Entry]:
    """The entries of one hour."""
    chance = random.Random(seed)
    printed = []
    for city in portal.CITIES:
        label, icon = chance.choice(SKIES)
        celsius = chance.randint(-90, 250) / 10
        printed.append(portal.Entry(label=label, icon=icon, city=city, temperature=f"{celsius}"))
    return printed


def new_pages(nth: int) -> list[bytes]:
    """The pages of a round, which no other round has."""
    seeds = range(nth * PAGES, (nth + 1) * PAGES)
    return [portal.page(entries(n), DATE, size=66_000, seed=n).encode() for n in seeds]


def nalssi(page: bytes) -> sidebar.Sidebar:
    return sidebar.find(page)


def _sidebar(date: str, entries: Iterable[tuple[str, str, str]]) -> sidebar.Sidebar:
    """The last step, the same for all parsers: strings to a Sidebar."""
    lines = []
    for label, icon, rest in entries:
        city, _, temperature = rest.removesuffix("℃").partition(" ")
        lines.append(Line(label=label, icon=icon, city=city, temperature=temperature))
    year, month, day = map(int, re.findall(r"\d+", date))
    return sidebar.Sidebar(
        page_date=dt.date(year, month, day),
        date_printed=date,
        lines=tuple(lines),
        fragment="",
    )


def whole_selectolax(page: bytes) -> sidebar.Sidebar:
    tree: Any = LexborHTMLParser(page)
    entries = []
    for entry in tree.css("ul.weather_slide li"):
        span = entry.css("span")[0]
        icon = (span.attributes["class"] or "")[2:]
        entries.append((span.text(), icon, entry.text(deep=False)))
    return _sidebar(tree.css("p.today_txt")[0].text(), entries)


def whole_lxml(page: bytes) -> sidebar.Sidebar:
    tree: Any = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(encoding="utf-8"))
    entries = [
        (span.text or "", span.get("class")[2:], span.tail)
        for span in tree.xpath("//ul[@class='weather_slide']/li/span")
    ]
    return _sidebar(tree.xpath("//p[@class='today_txt']")[0].text, entries)


def whole_parsel(page: bytes) -> sidebar.Sidebar:
    tree: Any = parsel.Selector(body=page, encoding="utf-8")
    entries = [
        (
            entry.css("span::text").get(""),
            entry.css("span::attr(class)").get("")[2:],
            entry.xpath("text()").get(""),
        )
        for entry in tree.css("ul.weather_slide li")
    ]
    return _sidebar(tree.css("p.today_txt::text").get(""), entries)


def _soup(page: bytes, features: str) -> sidebar.Sidebar:
    tree: Any = bs4.BeautifulSoup(page, features, from_encoding="utf-8")
    entries = [
        (entry.span.get_text(), entry.span["class"][0][2:], entry.span.next_sibling)
        for entry in tree.select("ul.weather_slide li")
    ]
    return _sidebar(tree.select("p.today_txt")[0].get_text(), entries)


def soup_html_parser(page: bytes) -> sidebar.Sidebar:
    return _soup(page, "html.parser")


def soup_lxml(page: bytes) -> sidebar.Sidebar:
    return _soup(page, "lxml")


WAYS: dict[str, tuple[Callable[[bytes], sidebar.Sidebar], int]] = {
    "nalssi": (nalssi, 40),
    "selectolax, whole document": (whole_selectolax, 20),
    "lxml": (whole_lxml, 10),
    "parsel": (whole_parsel, 10),
    "BeautifulSoup, lxml": (soup_lxml, 1),
    "BeautifulSoup, html.parser": (soup_html_parser, 1),
}


def _seconds(way: Callable[[bytes], sidebar.Sidebar], pages: list[bytes]) -> float:
    start = time.process_time()
    for page in pages:
        normalize.readings(way(page))
    return (time.process_time() - start) / len(pages)


def beside_others() -> None:
    for page in new_pages(ROUNDS)[:3]:
        expected = nalssi(page)
        for name, (way, _) in WAYS.items():
            found = way(page)
            if (found.lines, found.page_date) != (expected.lines, expected.page_date):
                sys.exit(f"{name} reads something else")
    samples: dict[str, list[float]] = {name: [] for name in WAYS}
    for nth in range(ROUNDS):
        pages = new_pages(nth)
        for name, (way, times) in WAYS.items():
            samples[name].append(_seconds(way, pages[:times]))
    base = statistics.median(samples["nalssi"])
    print(f"a page of {len(pages[0]):,} bytes, bytes -> Readings, median of {ROUNDS} rounds")
    for name, seconds in samples.items():
        median = statistics.median(seconds)
        print(f"{name:28} {median * 1e6:10.1f} µs {median / base:8.1f} x")


def _finds(page: bytes) -> None:
    try:
        sidebar.find(page)
    except NoSidebar:
        return


def by_size() -> None:
    box = portal.page(entries(0), DATE, size=0).encode()
    junk: dict[str, Callable[[int], bytes]] = {
        "box, then filler": lambda n: box + b"<p>" + b"x" * n,
        "filler, then box": lambda n: b"<p>" + b"x" * n + box,
        "a script, then box": lambda n: (
            b"<script>" + b"if (a < b) f();" * (n // 15) + b"</script>" + box
        ),
        "a million <li>": lambda n: b"<li>" * (n // 4),
        "nested <div>": lambda n: b"<div>" * (n // 5),
        "signs in one line": lambda n: "서울 1.0℃ ".encode() * (n // 14),
        "signs in nested <b>": lambda n: "<b>서울 1.0℃".encode() * (n // 16),
        "many lists of two": lambda n: (
            ("<ul><li>서울 1.0℃<li>부산 2.0℃</ul>기상청" + " " * 700).encode() * (n // 760)
        ),
    }
    sizes = [2**18, 2**20, 2**22]
    print(f"\n{'nalssi, by size':24}" + "".join(f"{size // 1024:>9} KiB" for size in sizes))
    for name, make in junk.items():
        row = []
        for size in sizes:
            page = make(size)
            runs = []
            for _ in range(5):
                start = time.process_time()
                _finds(page)
                runs.append(time.process_time() - start)
            row.append(statistics.median(runs))
        print(f"{name:24}" + "".join(f"{seconds * 1e3:10.2f} ms" for seconds in row))


if __name__ == "__main__":
    beside_others()
    by_size()
