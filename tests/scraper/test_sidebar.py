"""The sidebar of a page is found by its features and read as printed; other lists are not."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import normalize, sidebar
from scraper.demo import portal
from scraper.errors import NoSidebar
from scraper.vocabulary import STATIONS
from tests.support import pages
from tests.support.pages import LISTS, SIGHTINGS, TEXTS, around, entry, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scraper.demo.portal import Entry
    from scraper.sidebar import Sidebar

LABELLED = SIGHTINGS["kgnews.co.kr 2025.12.20 (토)"]
WINTER = SIGHTINGS["kgnews.co.kr 2024.03.29 (금)"]
TEN_CITIES = plain(10)
PAGE = portal.page(plain(), pages.DATE, size=12_000)


def printed(found: Sidebar) -> list[tuple[str, str, str]]:
    return [(line.label, line.city, line.temperature) for line in found.lines]


def expected(entries: Sequence[Entry]) -> list[tuple[str, str, str]]:
    return [(entry.label, entry.city, entry.temperature) for entry in entries]


def unlike_minus(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with 흐림 in place of ``-``, which in some forms may be a minus."""
    return [entry("흐림", e.city, e.temperature) if e.label == "-" else e for e in entries]


@pytest.mark.parametrize("name", SIGHTINGS)
def test_a_sighting_in_the_portals_form_is_read_back(name):
    seen = SIGHTINGS[name]
    found = sidebar.find(portal.page(seen.entries, seen.page_date).encode())
    assert printed(found) == expected(seen.entries)
    assert [line.icon for line in found.lines] == [entry.icon for entry in seen.entries]
    assert found.date_printed == seen.page_date
    assert found.page_date is not None


@pytest.mark.parametrize("name", SIGHTINGS)
def test_a_sighting_without_the_known_names_is_read_back(name):
    seen = SIGHTINGS[name]
    page = pages.renamed(portal.page(seen.entries, seen.page_date))
    assert "weather_slide" not in page
    found = sidebar.find(page.encode())
    assert (printed(found), found.date_printed) == (expected(seen.entries), seen.page_date)


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("name", SIGHTINGS)
def test_a_sighting_in_any_html_is_read_back(name, form):
    seen = SIGHTINGS[name]
    entries = unlike_minus(seen.entries) if form in pages.CITY_FIRST else seen.entries
    found = sidebar.find(around(LISTS[form](entries), seen.page_date).encode())
    assert (printed(found), found.date_printed) == (expected(entries), seen.page_date)
    assert sidebar.find(found.fragment).lines == found.lines


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("name", SIGHTINGS)
def test_a_sighting_in_any_text_is_read_back(name, form):
    seen = SIGHTINGS[name]
    found = sidebar.find(TEXTS[form](seen.entries, seen.page_date).encode())
    assert (printed(found), found.date_printed) == (expected(seen.entries), seen.page_date)
    assert sidebar.find(found.fragment).lines == found.lines


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "johab"])
@pytest.mark.parametrize("form", ["portal", "flat", "text"])
def test_bytes_are_read_in_their_encoding_and_with_any_line_ends(form, encoding, newline):
    page = {
        "portal": portal.page(LABELLED.entries, LABELLED.page_date, size=20_000),
        "flat": around(LISTS["flat"](LABELLED.entries), LABELLED.page_date),
        "text": TEXTS["one line, bars" if newline == "\r" else "- "](
            LABELLED.entries, LABELLED.page_date
        ),
    }[form]
    body = page.replace("\r\n", "\n").replace("\n", newline).encode(encoding)
    found = sidebar.find(body, encoding)
    assert (printed(found), found.date_printed) == (expected(LABELLED.entries), LABELLED.page_date)


def test_a_box_at_the_end_of_half_a_megabyte_is_found():
    page = "<p>" + "긴 기사 " * 50_000 + pages.box(LABELLED.entries)
    assert printed(sidebar.find(page)) == expected(LABELLED.entries)


@pytest.mark.parametrize(
    ("change", "to"),
    [
        pytest.param("℃", "&#8451;", id="number reference"),
        pytest.param("℃", "&deg;C", id="name of the degree"),
        pytest.param("℃", "°C", id="two characters"),
        pytest.param("℃", "º C", id="ordinal for degree"),
        pytest.param("℃", "°Ｃ", id="full-width C"),
        pytest.param("℃", "<sup>℃</sup>", id="sign in an element"),
        pytest.param(r"(-?\d+\.\d)℃", r"<b>\1</b>℃", id="number in an element"),
        pytest.param(r"(-?\d+\.\d)℃", r"<b>\1</b><i>℃</i>", id="both in elements"),
        pytest.param(r" (?=-?\d+\.\d℃)", "&nbsp;", id="nbsp"),
        pytest.param(r" (?=-?\d+\.\d℃)", "", id="no blank"),
        pytest.param(r">\s+<", "><", id="no blank between tags"),
        pytest.param(r"</?(?:ul|li|span)\b", lambda m: m[0].upper(), id="uppercase tags"),
        pytest.param("</li>", "", id="no end tags"),
        pytest.param(r"<(/?)span", r"<\1i", id="icon on i"),
        pytest.param(r"<(/?)span", r"<\1em", id="icon on em"),
        pytest.param(r'icon_w"><span class="iw', "icon_w iw", id="icon on li"),
        pytest.param(r"(<li[^>]*>)(<span.*?</span>)(.*?)</li>", r"\1\3 \2</li>", id="label last"),
        pytest.param(
            r'class="iw(..)">(.+?)</span>', r'><img class="iw\1" alt="\2"></span>', id="alt"
        ),
        pytest.param("<li", '<li title="지역 > 날씨"', id="end of a tag in a value"),
        pytest.param(r"<li(.*> ?(?P<city>[^<]+℃))", r'<li title="\g<city>"\1', id="a value"),
        pytest.param("<li", "<li title='날씨 > 서울 9.9℃'", id="other value"),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_a_change_of_markup_changes_no_reading(named, change, to):
    entries = [entry for entry in unlike_minus(LABELLED.entries) if entry.label]
    page = portal.page(entries, pages.DATE, size=20_000)
    changed = re.sub(change, to, page if named else pages.renamed(page))
    assert changed != page
    found = sidebar.find(changed)
    assert (printed(found), found.date_printed) == (expected(entries), pages.DATE)
    assert [line.icon for line in found.lines] == [entry.icon for entry in entries]
    assert sidebar.find(found.fragment).lines == found.lines


@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_the_copies_of_a_slider_that_has_run_are_not_printed_twice(named):
    page = pages.box(LABELLED.entries) if named else pages.renamed(pages.box(LABELLED.entries))
    first, *_, last = re.findall(r"<li.*?</li>", page)
    copies = [re.sub("<li", '<li class="bx-clone"', copy) for copy in (last, first)]
    saved = page.replace(first, copies[0] + first).replace(last + "\r", last + copies[1] + "\r")
    assert saved.count("℃") == 18
    assert printed(sidebar.find(saved)) == expected(LABELLED.entries)


def test_nested_copies_do_not_change_the_readings():
    page = pages.box(plain()).replace("<li", '<div class="bx-clone"><li')
    assert printed(sidebar.find(page)) == expected(plain())


def test_a_box_printed_twice_is_read_once():
    page = pages.box(LABELLED.entries)
    assert printed(sidebar.find(page + "<hr>" + page)) == expected(LABELLED.entries)


def test_a_list_in_two_columns_is_read_completely():
    left, right = LABELLED.entries[:8], LABELLED.entries[8:]
    page = around(f"<div>{LISTS['li'](left)}</div>\n<div>{LISTS['li'](right)}</div>")
    assert printed(sidebar.find(page)) == expected(LABELLED.entries)


PROSE = {
    "two cities": "서울 3.2℃, 대전 4.5℃로 평년보다 낮았다",
    "one city": "인천은 3.2℃였다",
    "of KMA": "기상청은 20일 서울 3.2℃, 대전 4.5℃, 대구 1.0℃, 광주 2.0℃라고 밝혔다",
}


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize("place", ["above", "below", "a list above", "a list below"])
@pytest.mark.parametrize("form", LISTS)
def test_an_article_near_a_list_is_excluded(form, place, prose):
    entries = unlike_minus(WINTER.entries)
    page = around(LISTS[form](entries))
    headlines = f"<h2><a href=#>{prose}</a></h2><ul><li>{prose}</ul>"
    before = {"above": f"<p>{prose}</p>", "a list above": headlines}.get(place, "")
    after = {"below": prose, "a list below": headlines}.get(place, "많이 본 기사")
    page = page.replace(f"<div><p>{pages.DATE}", f"{before}<div><p>{pages.DATE}")
    found = sidebar.find(page.replace("많이 본 기사", after))
    assert (printed(found), found.date_printed) == (expected(entries), pages.DATE)


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize("place", ["우리동네신문", "많이 본 기사"], ids=["above", "below"])
@pytest.mark.parametrize("form", TEXTS)
def test_an_article_near_a_text_list_is_excluded(form, place, prose):
    page = TEXTS[form](WINTER.entries, pages.DATE).replace(place, prose)
    found = sidebar.find(page)
    assert (printed(found), found.date_printed) == (expected(WINTER.entries), pages.DATE)


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize(
    "decoy",
    [
        "<style>.weather_slide li { float: left }</style>",
        "<script>$('.weather_slide').bxSlider()</script>",
        '<ul class="weather_slide"></ul>',
        "<!-- weather_slide -->",
    ],
)
def test_the_known_name_elsewhere_is_ignored(decoy, prose):
    page = pages.box(plain())
    found = sidebar.find(f"<title>x</title>{decoy}<p>{prose}</p>\n{page}")
    assert printed(found) == expected(plain())
    with pytest.raises(NoSidebar):
        sidebar.find(f"{decoy}<p>{prose}</p><ul><li>{prose}</ul>")


MISSING = {"first": [0], "last": [15], "first three": [0, 1, 2], "four": [5, 6, 7, 8]}


def _without(entries: Sequence[Entry], missing: list[int]) -> list[Entry]:
    return [replace(e, temperature="" if n in missing else "7.5") for n, e in enumerate(entries)]


# Forms with an element between number and sign.
IN_PARTS = {"div in div", "all in elements", "icon on i", "° C"}
WITH_SIGN = [pytest.param(form, False, id=form) for form in [*LISTS, *TEXTS]]
WITHOUT_SIGN = [
    pytest.param(form, True, id=f"{form}, no sign")
    for form in [*LISTS, *TEXTS]
    if form not in IN_PARTS
]


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
@pytest.mark.parametrize(("form", "signless"), [*WITH_SIGN, *WITHOUT_SIGN])
def test_a_city_without_a_number_is_kept(form, signless, missing):
    entries = _without(unlike_minus(WINTER.entries), missing)
    page = around(LISTS[form](entries)) if form in LISTS else TEXTS[form](entries, pages.DATE)
    if signless:
        page = re.sub(r"(?<!7\.5)(?:℃|&#8451;|&#x2103;|&deg;C|&#176;C|°C)", "", page)
    assert printed(sidebar.find(page)) == expected(entries)


def test_a_list_of_all_stations_is_read_completely_to_the_right_stations():
    words = ["맑음", "흐림", "", "-", "박무"]
    names = [name for name, station in STATIONS.items() if name == station.name_ko]
    entries = [
        entry(words[n % 5], "" if n == 40 else name, "" if n % 7 == 3 else f"{n / 2 - 20:.1f}")
        for n, name in enumerate(names)
    ]
    assert len(entries) == 98
    for page in (
        portal.page(entries, pages.DATE),
        pages.renamed(portal.page(entries, pages.DATE)),
        re.sub("(?<!\\d)℃", "", portal.page(entries, pages.DATE)),
    ):
        found = sidebar.find(page)
        assert printed(found) == expected(entries)
        for listed, reading in zip(entries, normalize.readings(found).readings, strict=True):
            assert (reading.station and reading.station.name_ko) == (listed.city or None)
            assert reading.temperature_c == (
                float(listed.temperature) if listed.temperature else None
            )


def test_a_known_list_without_any_number_is_kept():
    entries = [replace(entry, temperature="") for entry in plain()]
    assert printed(sidebar.find(pages.box(entries).replace("℃", ""))) == expected(entries)


# Dates


@pytest.mark.parametrize(
    ("day", "date"),
    [
        pytest.param("2018.03.20 (화)", dt.date(2018, 3, 20), id="before the list"),
        pytest.param("2025년 08월 27일 수요일", dt.date(2025, 8, 27), id="in words"),
        pytest.param("2018-03-20 (화)", dt.date(2018, 3, 20), id="with hyphens"),
        pytest.param("2018.3.20 (화요일)", dt.date(2018, 3, 20), id="short"),
        pytest.param("2018.03.20 (수)", None, id="wrong weekday"),
        pytest.param("2023.02.30 (목)", None, id="no such day"),
        pytest.param("2023.00.00 (목)", None, id="zeroes"),
    ],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_date_is_read_with_its_weekday_and_kept_as_printed(place, day, date):
    a_box = pages.box(plain(), "오늘의 날씨" if place == "after" else day)
    found = sidebar.find(a_box + (f"<p>{day}</p>" if place == "after" else ""))
    assert (found.page_date, found.date_printed) == (date, day)
    assert (normalize.date_doubt(found) is None) == (date is not None)


def test_the_date_after_the_credit_of_a_text_is_read():
    page = TEXTS["bulleted"](plain(), "").replace(
        "기상청 제공", "기상청 제공\n\n2025년 08월 27일 수요일"
    )
    assert sidebar.find(page).page_date == dt.date(2025, 8, 27)


@pytest.mark.parametrize(
    "other",
    [
        "2024.04.27 10:22:33",
        "2024.04.27 (토) 10:22",
        "기자 2024.04.27 (토)",
        "2024.04.27",
        "등록 2024년 04월 27일 토요일 오전",
    ],
)
def test_an_articles_date_near_by_is_not_the_sidebars(other):
    page = f"<p>{other}</p>{pages.box(plain(), '')}<p>{other}</p>"
    found = sidebar.find(page)
    assert (found.page_date, found.date_printed) == (None, None)
    page = f"<p>{other}</p>{pages.box(plain())}<p>{other}</p>"
    assert sidebar.find(page).date_printed == pages.DATE


# Pages without a sidebar


@pytest.mark.parametrize(
    ("page", "description"),
    [
        pytest.param("", ["no title", "KMA is not named", "no ℃"], id="empty"),
        pytest.param(
            '<title>우리 신문</title><ul class="weather_slide"></ul>기상청',
            ["'우리 신문'", "weather_slide", "KMA is named", "no ℃"],
            id="empty box",
        ),
        pytest.param(
            f"<title>날씨</title><p>{PROSE['of KMA']}</p>",
            ["'날씨'", "KMA is named", "4 ℃ together", "대전 4.5"],
            id="article",
        ),
        pytest.param(
            f"<p>{PROSE['two cities']}</p>" * 30, ["KMA is not named", "60 ℃"], id="long article"
        ),
    ],
)
def test_the_error_without_a_sidebar_describes_the_page(page, description):
    with pytest.raises(NoSidebar) as refused:
        sidebar.find(page)
    assert [part for part in description if part not in str(refused.value)] == []


def test_many_small_lists_do_not_hide_the_sidebar():
    decoy = f"<ul><li>서울 1.0℃<li>부산 2.0℃</ul>기상청{' ' * 1200}"
    assert printed(sidebar.find(decoy * 40 + around(LISTS["li"](plain())))) == expected(plain())


# The digest


def test_a_digest_depends_on_the_values_and_not_on_form_or_date():
    entries = LABELLED.entries
    found = [
        sidebar.find(portal.page(entries, pages.DATE)),
        sidebar.find(portal.page(entries, "2025.12.20 (토)")),
        sidebar.find(portal.page([replace(entry, icon="") for entry in entries], pages.DATE)),
        *(sidebar.find(around(render(entries))) for render in LISTS.values()),
        *(sidebar.find(render(entries, pages.DATE)) for render in TEXTS.values()),
    ]
    assert {len(box.digest) for box in found} == {16}
    assert len({box.digest for box in found}) == 1


@given(
    st.integers(0, 9),
    st.sampled_from(
        [
            {"label": "비"},
            {"label": ""},
            {"city": "세종"},
            {"temperature": "9.9"},
            {"temperature": ""},
        ]
    ),
)
def test_any_changed_value_changes_the_digest(at, change):
    changed = [replace(entry, **change) if n == at else entry for n, entry in enumerate(TEN_CITIES)]
    found, other = (sidebar.find(pages.box(entries)) for entries in (TEN_CITIES, changed))
    assert found.digest != other.digest


# Any input


def _reads_or_refuses(page: bytes | str, encoding: str = "utf-8") -> None:
    try:
        found = sidebar.find(page, encoding)
    except NoSidebar:
        return
    assert found.lines
    assert normalize.readings(found).readings


ENCODINGS = st.sampled_from(
    [
        *["utf-8", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-32", "iso2022_kr", "johab"],
        *["latin-1", "utf-7", "hz", "base64", "rot13", "undefined", "idna", "punycode"],
        *["no such", "", "a\0b", "가"],
    ]
)
TAGS = ["<li>", "</li>", "<ul>", "</ul>", "<div>", "<b>", "<table>", "</table>", "<dt>", "<!--"]
PIECES = [*TAGS, "℃", "서울 1.0℃", "흐림", "부산", "기상청 제공", "-", "\0", "\ud800", "1" * 5000]
PIECES += ["<script>", "<frameset>", "<svg>", "<template>", "&#8451;", "2018.03.20 (화)", "°C", " "]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "double", "insert"]),
        st.integers(0, 12_000),
        st.integers(0, 2_000),
        st.sampled_from(PIECES),
    ),
    min_size=1,
    max_size=8,
)


def mutated(page: bytes, edits: list[tuple[str, int, int, str]]) -> bytes:
    for how, at, size, piece in edits:
        head, part, tail = page[:at], page[at : at + size], page[at + size :]
        changed = {
            "cut": b"",
            "flip": bytes(byte ^ (1 << size % 8) for byte in part),
            "double": part + part,
            "insert": piece.encode("utf-8", "surrogatepass") + part,
        }
        page = head + changed[how] + tail
    return page


BASES = [
    pages.box(plain()).encode(),
    around(LISTS["flat"](plain())).encode(),
    around(LISTS["div in div"](plain())).encode(),
    around(LISTS["dl"](plain())).encode("cp949"),
    TEXTS["bulleted"](plain(), pages.DATE).encode(),
    TEXTS["one line"](plain(), pages.DATE).encode(),
]


@settings(max_examples=300)
@given(st.sampled_from(BASES), EDITS, ENCODINGS)
def test_no_damaged_page_raises_anything_but_no_sidebar(page, edits, encoding):
    _reads_or_refuses(mutated(page, edits), encoding)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text())
def test_no_text_raises_anything_but_no_sidebar(page):
    _reads_or_refuses(page)


@settings(max_examples=200)
@given(st.binary(), ENCODINGS)
def test_no_bytes_raise_anything_but_no_sidebar(page, encoding):
    _reads_or_refuses(page, encoding)


AROUND = st.lists(
    st.sampled_from(
        [
            *["<p class='today_txt'>2018.03.21 (수)</p>", "<b>내일 날씨</b>", "<p>기사</p>"],
            *["<div hidden>", "<em>기상청 제공</em>", "2018.03.22 (목)", "<li>서울 1.0℃</li>"],
        ]
    ),
    max_size=2,
).map("".join)


@settings(max_examples=200)
@given(st.lists(st.tuples(AROUND, st.sampled_from(["-9.0", "-9.1"]), AROUND), max_size=6))
def test_a_page_is_read_the_same_after_others(looks):
    steps = sidebar.Steps.remembering(64)
    for above, number, below in looks:
        box = pages.box(plain()).replace("-9.0", number).replace("</ul>", f"</ul>{below}")
        page = above + box
        assert _outcome(page, steps=steps) == _outcome(page)


def _outcome(page: str, **how: Any) -> Sidebar | str:
    try:
        return sidebar.find(page, **how)
    except NoSidebar as exc:
        return str(exc)


def test_a_cut_list_without_its_name_is_refused_if_it_reads_differently_alone():
    """The cut is inside the value of an attribute, which then contains the first entries."""
    with pytest.raises(NoSidebar, match="reads otherwise alone"):
        sidebar.find(BASES[0][:113] + BASES[0][1253:])


@settings(max_examples=200)
@given(st.sampled_from(BASES), EDITS)
def test_the_fragment_of_a_page_is_read_back_to_the_same_lines(page, edits):
    try:
        found = sidebar.find(mutated(page, edits))
    except NoSidebar:
        return
    assert sidebar.find(found.fragment).lines == found.lines


# Bounded work


def _deep(tag: str) -> str:
    """Nested elements with some signs, just below the largest size of a list."""
    return "기상청 " + "".join(f"<{tag}>x" + "1.0℃" * (n % 20 == 0) for n in range(3000))


HOSTILE: dict[str, str] = {
    **{f"deep <{tag}>": _deep(tag) + " " * 1100 for tag in ("div", "b", "a", "dl", "ol", "span")},
    "signs": "℃",
    "signs and line ends": "기상청 " + ("서울 1.0℃" + "\n" * 800) * 35 + " " * 1100,
    "signs in one line": "서울 1.0℃ ",
    "degrees without C": "° ",
    "list items": "<li>",
    "lists": "<ul>",
    "small lists": f"<ul><li>서울 1.0℃<li>부산 2.0℃</ul>기상청{' ' * 1100}",
    "known lists": "<ul class=weather_slide>",
    "known lists of names": f'<ul class="weather_slide">{"서울" + chr(10)}℃</ul>',
    "long known lists": f'<ul class="weather_slide">℃{("서울" + chr(10)) * 4000}℃</ul>',
    "dates": "2018.03.20 (화) 1℃",
    "words": "기상청 서울 1.0℃" + "흐림 비 또는 " * 60,
    "titles": "<title",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_four_mebibytes_of_anything_are_done_in_seconds(unit):
    """It takes at most about 1 s on a small machine; without limits, hours."""
    page = unit.encode() * (2**22 // len(unit.encode()))
    start = time.process_time()
    _reads_or_refuses(page)
    assert time.process_time() - start < 6


ARTICLE = '<li><b>축제</b> <span class="d">2024.04.20 (토)</span></li></ul><div>'
OTHER = "<div><p>사진 <em>2024.04.20 (토)</em></p>"


@pytest.mark.parametrize(
    ("head", "date", "tail", "expected"),
    [
        pytest.param(f"<ul>{ARTICLE}", "", "", None, id="an article's before"),
        pytest.param("", "", f"<ul>{ARTICLE}", None, id="an article's after"),
        pytest.param(f"<ul>{ARTICLE}", "2024.04.28 (일)", "", 28, id="its own, and an article's"),
        pytest.param(
            f'<p class="today_txt">2024.04.29 (월)</p>{OTHER}', "", "", 29, id="by the name"
        ),
        pytest.param(OTHER, "", "<p>2024.04.29 (월)</p>", 29, id="next to the credit"),
    ],
)
def test_the_date_is_that_of_the_box_and_not_of_an_article(head, date, tail, expected):
    page = f"{head}{pages.box(plain(), date)}{tail}"
    found = sidebar.find(page)
    assert found.page_date == (expected and dt.date(2024, 4, expected))


def test_two_possible_dates_of_a_box_are_refused():
    head, tail = "<p>2024.04.28 (일)</p><h3>날씨</h3>", "<h3>오늘</h3><p>2024.04.29 (월)</p>"
    found = sidebar.find(head + pages.box(plain(), "") + tail)
    assert found.page_date is None
    assert "2024.04.28" in str(found.date_printed)
    assert "2024.04.29" in str(found.date_printed)


def test_a_page_read_in_the_wrong_encoding_has_no_sidebar():
    garbled = pages.box(plain(), "").encode("cp949").decode("utf-8", "replace")
    with pytest.raises(NoSidebar):
        sidebar.find(garbled)


def test_one_damaged_city_loses_no_other_and_adds_no_station():
    page = pages.box(plain(), "").replace("서울", "서\ufffd")
    readings = normalize.readings(sidebar.find(page)).readings
    assert [r.city for r in readings if r.station is None] == ["서\ufffd"]
    assert len(readings) == len(plain())
