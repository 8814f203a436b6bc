"""The box in its usual form: it is read without being weighed, and to the same sidebar."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Final

import pytest

from scraper import sidebar
from scraper.demo import portal
from scraper.errors import NoSidebar

DATE: Final = "2018.03.20 (화)"
SKIES: Final = (("맑음", "01"), ("비", "08"), ("흐림", "04"), ("-", "00"), ("", "04"))
ENTRIES: Final = [
    portal.Entry(
        label=SKIES[n % 5][0], icon=SKIES[n % 5][1], city=city, temperature=f"{n * 1.9 - 11:.1f}"
    )
    for n, city in enumerate(portal.CITIES)
]
PAGE: Final = portal.page(ENTRIES, DATE, size=9_000)
OPENS, CLOSES = PAGE.index('<p class="today_txt">'), PAGE.index('<ul class="list">')
CREDIT: Final = '<a href="http://www.kma.go.kr/" class="wc" target="_blank">기상청 제공</a>'
WEIGHED: Final = sidebar.Steps(box=lambda *_: None)
"""Steps that know no usual form."""

_PIECES: Final = (
    *("<", ">", '"', "'", " ", "\n", "\r\n", "-", ".", "1", "℃", "&nbsp;", "\0", "\ufffd"),
    *("</li>", "<li>", "</ul>", "<ul>", "<p>", "</p>", "<div>", "</div>", "<em>", "</a>"),
    *("<!--", "-->", "<script>", "</script>", "<div hidden>", '<div style="display:none">'),
    *("서울 1.0℃", "부산", "맑음", "비", "체감온도", "내일 날씨", "주간 날씨", "어제", "3일 전"),
    *(
        "토요일 날씨",
        "화요일",
        "작년 오늘",
        "Tomorrow",
        "Weather forecast",
        "내일신문",
        "내일부터 비",
    ),
    *('<img alt="내일 날씨">', '<h3 title="내일 날씨">', "<img alt='Forecast'>", "</h3>"),
    *('title="제공"', 'title="서울"', "기상청", "기상청 제공", "자료=기상청", "<figcaption>"),
    *("2018.03.21 (수)", "2018.03.20 (수)", f'<p class="today_txt">{DATE}</p>', CREDIT),
)


def _outcome(page: str, steps: sidebar.Steps | None = None) -> sidebar.Sidebar | str:
    try:
        return sidebar.find(page, steps=steps or sidebar.Steps())
    except NoSidebar as exc:
        return str(exc)


def test_a_usual_page_is_not_weighed():
    def weigh(*_):
        raise AssertionError("weighed")

    found = sidebar.find(PAGE, steps=sidebar.Steps(judged=weigh))
    assert found == sidebar.find(PAGE, steps=WEIGHED)
    assert len(found.lines) == len(ENTRIES)
    assert found.fragment.endswith("기상청 제공")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(DATE, "2018.03.20 (수)", id="a date on another weekday"),
        pytest.param(DATE, "2018.02.30 (화)", id="no such day"),
        pytest.param(DATE, "", id="no date"),
        pytest.param(f'<p class="today_txt">{DATE}</p>', f"<p>{DATE}</p>", id="no known class"),
        pytest.param('<p class="today', '내일 날씨<p class="today', id="a forecast"),
        pytest.param("</p>\r\n<div", "</p>\r\n<h3>체감온도</h3><div", id="another value"),
        pytest.param('<p class="today', '토요일 날씨<p class="today', id="another weekday"),
        pytest.param('<p class="today', '화요일 날씨<p class="today', id="the same weekday"),
        pytest.param('<p class="today', '1년 전 오늘<p class="today', id="a year ago"),
        pytest.param('<p class="today', 'Tomorrow<p class="today', id="an English heading"),
        pytest.param('<p class="today', 'Weather forecast<p class="today', id="an English title"),
        pytest.param('<p class="today', '<img alt="내일 날씨"><p class="today', id="an image"),
        pytest.param('<div class="weather_box', '<div title="내일" class="weather_box', id="label"),
        pytest.param('<p class="today', '내일신문<p class="today', id="the name of a newspaper"),
        pytest.param(CREDIT, f"<p>내일 예상 기온</p>{CREDIT}", id="a caption"),
        pytest.param("today_txt", 'today_txt" title="2018.03.21 (수)', id="a date in a tag"),
        pytest.param(CREDIT, "", id="no credit"),
        pytest.param(CREDIT, f"<figcaption>{CREDIT}</figcaption>", id="a caption"),
        pytest.param('target="_blank"', 'title="기상청 제공"', id="the credit in a tag too"),
        pytest.param('target="_blank"', 'title="제공"', id="a word of the credit in a tag"),
        pytest.param('class="weather_slide"', 'class="weather_slide" title="서울"', id="a title"),
        pytest.param('class="weather_slide"', 'class="weather_slide" title="\ufffd"', id="damaged"),
        pytest.param('<ul class="weather', f'<ul id="{"x" * 250}" class="weather', id="a long tag"),
        pytest.param("제공</a>", "제공, 다시 제공</a>", id="more words in the credit"),
        pytest.param('<div class="weather_box', '<div hidden class="weather_box', id="hidden"),
        pytest.param("</ul>\r\n\t<script>", "\r\n\t<script>", id="a list without an end"),
        pytest.param("</body>", "<ul><li>서울 1.0℃</li><li>부산 2.0℃</li></ul></body>", id="two"),
    ],
)
def test_an_unusual_page_is_weighed_as_before(old, new):
    assert old in PAGE
    page = PAGE.replace(old, new)
    assert _outcome(page) == _outcome(page, WEIGHED)


@pytest.mark.parametrize("entries", [1, 2, 7, 8])
@pytest.mark.parametrize(("label", "icon"), [("맑음", "01"), ("", "04"), ("", "")])
@pytest.mark.parametrize("number", ["", "7.5"])
def test_a_short_or_bare_list_is_read_as_if_weighed(entries, label, icon, number):
    printed = [
        portal.Entry(label=label, icon=icon, city=city, temperature=number)
        for city in portal.CITIES[:entries]
    ]
    page = portal.page(printed, DATE, size=0)
    assert _outcome(page) == _outcome(page, WEIGHED)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_page_is_read_as_if_weighed(seed):
    chance = random.Random(seed)
    for _ in range(100):
        page = PAGE
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(OPENS - 300, CLOSES)
            end = at + int(chance.paretovariate(0.8)) - chance.randint(0, 1)
            page = page[:at] + chance.choice(_PIECES) + page[end:]
        assert _outcome(page) == _outcome(page, WEIGHED), page


@pytest.mark.parametrize("hidden", ["", " hidden", ' style="Display: None"', "><details"])
def test_a_page_is_read_the_same_without_the_library_for_searches(hidden):
    page = PAGE.replace('<div class="weather_box', f'<DIV{hidden} class="weather_box')
    code = (
        "import sys\nsys.modules['stringzilla'] = None\n"
        f"from scraper import sidebar\nprint(ascii(sidebar.find({page!a})))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"{sidebar.find(page)!a}\n"
