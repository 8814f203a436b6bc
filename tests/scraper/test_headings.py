"""A list below the heading of another day, or of another value, is not the box."""

from __future__ import annotations

import pytest

from scraper import sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, DATE, LISTS, TEXTS, box, plain

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
    ],
)
@pytest.mark.parametrize(
    "between", ["", "<p>전국 날씨</p>", "<p>오후 5시 발표</p>", f"<p>{DATE}</p>", "<a>더보기</a>"]
)
def test_a_list_of_another_day_or_value_is_refused(heading, between):
    with pytest.raises(NoSidebar, match="heading of a forecast, or of another day or value"):
        sidebar.find(f"<p>시장이 열렸다</p><h3>{heading}</h3>{between}{box(plain())}")


@pytest.mark.parametrize("heading", ["주간", "이번 주말", "지난주", "어제"])
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
