"""A list below the heading of another day, or of another value, is not the box."""

from __future__ import annotations

import pytest

from scraper import sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, DATE, LISTS, SIGHTINGS, TEXTS, box, entry, plain, renamed

PLAIN = [(entry.label, entry.city, entry.temperature) for entry in plain()]


def printed(page: str) -> list[tuple[str, str, str]]:
    return [(line.label, line.city, line.temperature) for line in sidebar.find(page).lines]


@pytest.mark.parametrize(
    "heading",
    [
        *["주간 날씨", "이번 주말 날씨", "이번 주 날씨", "다음 날 날씨", "이튿날", "명일 날씨"],
        *["3시간 뒤 날씨", "3일 후", "1주일 전 날씨", "10일간의 날씨", "내일과 모레 날씨"],
        *["평년기온", "작년 이맘때", "지난주 기온", "엊그제 날씨", "중기 예보", "아침 최저"],
        *["체감 온도", "전국 체감온도", "해수욕장 수온", "월평균 기온", "이슬점온도", "지면 온도"],
        *["[체감온도]", "◇ 주간날씨", "더위체감지수", "체감온도(℃)", "평균기온 (°C)"],
        *["토요일 날씨", "주말 토요일", "일요일 기온", "토·일요일 날씨", "이번 주 금요일"],
        *["다음 주 월요일", "주말(토요일) 날씨", "1년 전 오늘", "지난해 오늘", "작년 오늘"],
        *["10년 전 오늘의 날씨", "지난해의 오늘", "일 년 전 오늘", "6개월 전 이날"],
        *["오는 토요일 날씨", "지난해 같은 날", "A year ago today", "Next weekend"],
        *["3월 24일 토요일 날씨", "<b>Tomorrow</b>'s weather"],
        *["Tomorrow", "TOMORROW", "tomorrow", "Tomorrow's weather", "Forecast", "Weekly forecast"],
        *["7-day forecast", "Yesterday's weather", "Weekend weather", "Weather for Saturday"],
        *["<img src=a.gif alt='내일 날씨'>", '<img alt="주간 날씨">', "<img alt=모레>"],
        *["<img alt='Tomorrow'>", '<img title="주간&nbsp;예보">', "<b title='내일 날씨'></b>"],
        *["<i aria-label='내일 날씨'></i>", "주간&nbsp;날씨"],
    ],
)
@pytest.mark.parametrize(
    "between", ["", "<p>전국 날씨</p>", "<p>오후 5시 발표</p>", f"<p>{DATE}</p>", "<a>더보기</a>"]
)
def test_a_list_of_another_day_or_value_is_refused(heading, between):
    with pytest.raises(NoSidebar, match="heading of a forecast, or of another day or value"):
        sidebar.find(f"<p>시장이 열렸다</p><h3>{heading}</h3>{between}{box(plain())}")


@pytest.mark.parametrize(
    "heading", ["주간", "이번 주말", "지난주", "어제", "토요일", "Yesterday", "Saturday", "Weekly"]
)
def test_a_bare_day_heads_a_list_directly_below(heading):
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(f"<p>시장이 열렸다</p><h3>{heading}</h3>{box(plain())}")


@pytest.mark.parametrize(
    "above",
    [
        *["<p>새 소식</p><p>3시간 전</p>", "<p>1일 전</p>", "<p>어제</p><h3>날씨</h3>"],
        *["<p>주말 나들이 인파</p>", "<p>작년 이맘때보다 붐빈 시장</p>", "<p>어제 개막한 축제</p>"],
        *["<p>일간</p><p>주간</p><ul><li>기사</li></ul>", "<p>현재</p><p>주말</p>"],
        *["<p>통일전망대</p>", "<p>코스피 전망</p><h3>날씨</h3>", "<p>2개월 후 개장</p>"],
        *["<h3>오늘의 날씨</h3>", "<p>오후 3시 기준</p>", "<p>12일 전국 날씨</p>"],
        *["<h3>현재 날씨</h3>", "<h3>지역별 날씨</h3>", "<h3>날씨</h3>", "<p>2024.04.28 (일)</p>"],
        *["<p>토요일자 신문</p>", "<h3>오늘(토요일) 날씨</h3>", "<p>수요일</p><h3>날씨</h3>"],
        *[
            "<p>2018.03.20</p><p>수요일</p>",
            "<p>3월 21일 수요일</p>",
            "<h3>20일 화요일 날씨</h3>",
            "<h3>화요일 날씨</h3>",
        ],
        *["<p>현재</p><p>토요일</p>", "<p>월요일의 사람들</p>", "<p>어제와 오늘</p><p>날씨</p>"],
        *["<h3>Today's weather</h3>", "<h3>Weather</h3>", "<p>Today | Tomorrow</p>"],
        *["<h3>Weather forecast</h3>", "<p>Yesterday Once More</p>", "<p>The Tomorrow Times</p>"],
        *["<ul><li><a href=/>주간 예보</a></li></ul>", "<a href=/w>Weather forecast</a>"],
        *["<p>내일신문</p>", "<h1>내일 신문</h1>", "<p>내일부터 전국 비</p><h3>날씨</h3>"],
        *["<img src=a.gif alt='내일을 여는 은행'>", '<img alt="주말 축제">', "<img alt=내일신문>"],
        *["<a href=/><img alt='내일 날씨'></a>", "<p title='예보 바로가기'>날씨</p>"],
    ],
)
def test_a_news_line_or_a_tab_above_a_box_is_not_a_heading(above):
    assert printed(f"<p>시장이 열렸다</p>{above}{box(plain())}") == PLAIN


@pytest.mark.parametrize("heading", ["체감온도(℃)", "일 최고기온(℃)", "주간 날씨"])
def test_a_heading_in_the_list_is_no_city(heading):
    in_the_list = [
        f"{heading}\n{TEXTS['no bullets'](plain(), '').strip('우리동네신문 ')}",
        LISTS["li"](plain()).replace("<ul>", f"<ul><li>{heading}</li>"),
        LISTS["table"](plain()).replace("<table>", f"<table><tr><th>지역</th><th>{heading}</th>"),
    ]
    for page in in_the_list:
        with pytest.raises(NoSidebar, match="heading of a forecast"):
            sidebar.find(f"{page}\n<p>{CREDIT}</p>" if "<" in page else page)


@pytest.mark.parametrize(
    "above", ["<p>전국이 대체로 흐림</p>", "<p>동두천에서 장이 섰다</p>", "<p>동두천 -9.0도</p>"]
)
@pytest.mark.parametrize("form", ["li", "div", "p", "label last", "table, city first"])
def test_a_label_or_city_above_a_heading_hides_no_heading(form, above):
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(f"{above}<h3>내일 날씨</h3>{LISTS[form](plain())}<p>{CREDIT}</p>")


def test_a_heading_counts_above_a_city_with_an_invisible_mark():
    page = f"<h3>내일 날씨</h3>{LISTS['li'](plain())}<p>{CREDIT}</p>"
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(page.replace("동두천", "동두&shy;천"))


@pytest.mark.parametrize("page", [renamed(box(plain())), box(plain(), ""), LISTS["li"](plain())])
def test_a_weather_forecast_is_the_title_of_a_known_box_only(page):
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(f"<h3>Weather forecast</h3>{page}")


@pytest.mark.parametrize(
    "heading", ["오늘의 날씨", "Today's weather", "내일신문", "2024.04.28 (일)"]
)
@pytest.mark.parametrize("form", LISTS)
def test_a_heading_of_today_is_above_a_list_of_any_form(heading, form):
    page = f"<p>시장이 열렸다</p><p>{heading}</p>{LISTS[form](plain())}<p>{CREDIT}</p>"
    assert [t for *_, t in printed(page)] == [t for *_, t in PLAIN]


@pytest.mark.parametrize(
    "heading",
    [
        "오늘의 날씨",
        "지역별 날씨",
        "토요일자 신문",
        "Today's weather",
        "내일신문",
        "<a>주간 예보</a>",
    ],
)
@pytest.mark.parametrize("name", SIGHTINGS)
def test_the_box_of_every_portal_is_read_below_a_heading_of_today(name, heading):
    seen = SIGHTINGS[name].entries
    pages = [f"<p>{heading}</p>{box(seen)}", f"<p>{heading}</p>{renamed(box(seen))}"]
    if "<" not in heading:
        pages.append(TEXTS["bulleted"](seen, f"{heading}\n\n{DATE}"))
    for page in pages:
        numbers = [number for *_, number in printed(page)]
        assert numbers == [one.temperature for one in seen]


@pytest.mark.parametrize("heading", ["토요일 날씨", "1년 전 오늘", "Tomorrow", "<img alt=내일>"])
@pytest.mark.parametrize("form", LISTS)
def test_a_heading_of_another_day_is_above_a_list_of_any_form(heading, form):
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(f"<p>장이 섰다</p><p>{heading}</p>{LISTS[form](plain())}<p>{CREDIT}</p>")


@pytest.mark.parametrize(
    "other", ["<h3>Tomorrow</h3>", "<h3>토요일 날씨</h3>", '<img alt="내일 날씨">']
)
@pytest.mark.parametrize("form", ["li", "table"])
def test_a_heading_of_the_list_below_is_no_caption(other, form):
    others = [entry("맑음", one.city, f"{n * 0.9 + 3:.1f}") for n, one in enumerate(plain())]
    page = f"<h3>현재</h3>{LISTS[form](plain())}{other}{LISTS[form](others)}<p>{CREDIT}</p>"
    assert printed(page) == PLAIN
    assert sidebar.find(page).another


CAPTIONS = [
    "내일 예상 기온",
    "※ 내일 낮 최고기온",
    "[모레 날씨]",
    "* 주간 예보",
    "Tomorrow's weather",
]


@pytest.mark.parametrize("caption", [*CAPTIONS, "내일 최고기온(자료=기상청)"])
@pytest.mark.parametrize("form", LISTS)
def test_a_caption_of_a_forecast_below_a_list_makes_it_not_the_box(caption, form):
    for below in (f"<p>{caption}</p>", f"<p>{caption}</p><p>{CREDIT}</p>"):
        with pytest.raises(NoSidebar, match="a caption below of a forecast"):
            sidebar.find(f"<p>{DATE}</p>{LISTS[form](plain())}{below}")


@pytest.mark.parametrize("caption", CAPTIONS)
@pytest.mark.parametrize("form", ["bulleted", "no bullets", "one line", "label after the sign"])
def test_a_caption_below_a_text_makes_it_not_the_box(caption, form):
    page = TEXTS[form](plain(), DATE).replace(CREDIT, caption)
    with pytest.raises(NoSidebar, match="a caption below of a forecast"):
        sidebar.find(page)


@pytest.mark.parametrize(
    "below",
    [
        *["내일부터 전국 비", "주말 나들이 인파", "<a href=/w>내일 날씨</a>", "내일신문", "주간"],
        *["많이 본 기사</p><p>내일 날씨", "<img alt='내일 날씨'>", f"{CREDIT}</p><p>내일 날씨"],
        *["<ul><li>기사</li></ul><h3>내일 날씨</h3>", "오후 3시 기준", "오늘의 날씨", "Weather"],
    ],
)
@pytest.mark.parametrize("form", ["li", "div", "table", "label last"])
def test_another_text_below_a_list_is_no_caption(below, form):
    page = f"<p>{DATE}</p>{LISTS[form](plain())}<p>{below}</p>"
    assert [t for *_, t in printed(page)] == [t for *_, t in PLAIN]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_caption_below_the_credit_is_not_of_the_box(caption):
    for credit in (f"<p>{CREDIT}</p>", f"<a href=/>{CREDIT}</a>", f"<p>자료: <a>{CREDIT}</a></p>"):
        assert printed(f"{LISTS['li'](plain())}{credit}<p>{caption}</p>") == PLAIN
    page = f"{box(plain())}<p>{caption}</p>"
    assert printed(page) == printed(renamed(page)) == PLAIN
