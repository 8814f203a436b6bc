"""
Made-up pages without a box: forecasts, articles, tables and lists with degrees in them.

Newspapers print each of these kinds; the places and numbers are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CITIES: Final = (
    *("서울", "인천", "수원", "춘천", "강릉", "청주", "대전", "전주", "광주", "대구", "부산"),
    *("제주", "울산", "창원", "여수", "목포"),
)
WORLD: Final = (
    *("도쿄", "베이징", "상하이", "홍콩", "방콕", "하노이"),
    *("뉴욕", "런던", "파리", "베를린", "로마", "모스크바"),
)
SKIES: Final = ("맑음", "구름많음", "흐림", "비", "구름조금")


def _whole_degrees(first: int) -> list[str]:
    return [f"{first + n % 9}℃" for n in range(len(CITIES))]


def _tenths(first: float) -> list[str]:
    return [f"{first + n * 0.7 % 6:.1f}℃" for n in range(len(CITIES))]


def _page(body: str, title: str = "어느 신문") -> str:
    return f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head><body>\n{body}\n</body></html>'  # noqa: E501


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    cells = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{cells}</table>"


def _list(rows: list[str], tag: str = "ul", item: str = "li") -> str:
    return f"<{tag}>" + "".join(f"<{item}>{row}</{item}>\n" for row in rows) + f"</{tag}>"


def _with_skies(numbers: list[str]) -> list[tuple[str, ...]]:
    return [(c, SKIES[n % 5], t) for n, (c, t) in enumerate(zip(CITIES, numbers, strict=True))]


def _glued(numbers: list[str]) -> list[str]:
    return [f"{sky}{city} {number}" for city, sky, number in _with_skies(numbers)]


def _plain(numbers: list[str]) -> list[str]:
    return [f"{city} {number}" for city, number in zip(CITIES, numbers, strict=True)]


def _sentence(numbers: list[str], opens: str, closes: str, between: str = ", ") -> str:
    return f"{opens} {between.join(_plain(numbers))} {closes}"


FORECASTS: Final = {
    "table of highs": _page(
        "<p>내일 지역별 예상 최고기온</p>" + _table(_with_skies(_whole_degrees(24)))
    ),
    "table of highs, credited": _page(
        "<h2>내일 낮 최고기온</h2>"
        + _table(_with_skies(_whole_degrees(24)))
        + "<p>(자료=기상청 제공)</p>"
    ),
    "table without a heading": _page(_table(_with_skies(_whole_degrees(24)))),
    "table without labels": _page(_table(list(zip(CITIES, _whole_degrees(24), strict=True)))),
    "table with its date": _page(
        "<p>2025.07.28 (월)</p>" + _table(_with_skies(_whole_degrees(24)))
    ),
    "list of lows in tenths": _page("<h3>내일 아침 최저기온</h3>" + _list(_glued(_tenths(-9)))),
    "list of highs in tenths, credited": _page(
        "<h3>오늘 낮 최고기온</h3>" + _list(_glued(_tenths(21))) + "<p>기상청 제공</p>"
    ),
    "list for the day after tomorrow": _page("<h4>모레 날씨</h4>" + _list(_glued(_tenths(11)))),
    "list of a Saturday": _page("<h3>토요일 날씨</h3>" + _list(_glued(_tenths(11)))),
    "list of a weekend, text": "주말 토요일\n" + "\n".join(_glued(_tenths(3))) + "\n",
    "list of a year ago": _page("<h3>1년 전 오늘</h3>" + _list(_glued(_tenths(11)))),
    "list of last year": _page("<h3>지난해 오늘</h3>" + _list(_glued(_tenths(11)))),
    "list below an English heading": _page("<h3>Tomorrow</h3>" + _list(_glued(_tenths(11)))),
    "list below an English forecast": _page(
        "<h3>Weekly forecast</h3>" + _list(_glued(_tenths(11))) + "<p>기상청 제공</p>"
    ),
    "list below an image": _page('<img alt="내일 날씨">' + _list(_glued(_tenths(11)))),
    "list below a title": _page('<h3 title="내일 날씨"></h3>' + _list(_glued(_tenths(11)))),
    "list above a caption": _page(
        _list(_glued(_tenths(11))) + "<p>내일 예상 기온</p><p>장이 섰다</p>"
    ),
    "text above a caption": "\n".join(_glued(_tenths(3)))
    + "\n※ 내일 낮 최고기온\n\n시장이 열렸다\n",
    "outlook in divs": _page(
        "<strong>주말 날씨 전망</strong>" + _list(_glued(_tenths(11)), "div", "div")
    ),
    "definition list": _page(
        "<h3>지역별 예보</h3><dl>"
        + "".join(f"<dt>{c}</dt><dd>{s} {t}</dd>" for c, s, t in _with_skies(_whole_degrees(3)))
        + "</dl>"
    ),
    "lows and highs": _page(
        "<h3>지역별 날씨</h3>" + _list([f"{c} 맑음 {n}℃ / {n + 9}℃" for n, c in enumerate(CITIES)])
    ),
    "lows and highs in a table": _page(
        _table(
            [("지역", "최저", "최고"), *((c, f"{n}℃", f"{n + 9}℃") for n, c in enumerate(CITIES))]
        )
    ),
    "text": "내일 지역별 날씨\n\n" + "\n".join(_glued(_whole_degrees(3))) + "\n\n기상청 제공\n",
    "text in tenths": "내일 예상 기온\n" + "\n".join(_glued(_tenths(3))) + "\n",
    "text under a date": "2025년 07월 28일 월요일\n내일 최고기온\n"
    + "\n".join(_plain(_whole_degrees(28))),
    "text, bulleted": "▶내일의 날씨\n"
    + "\n".join(f"• {row}" for row in _glued(_whole_degrees(3)))
    + "\n",
    "one line": "내일 날씨 " + " | ".join(_glued(_whole_degrees(3))) + "\n",
    "icons": _page(
        "<h3>내일 예보</h3>"
        + _list([f'<i class="iw04">흐림</i>{row}' for row in _plain(_whole_degrees(3))])
        + "<p>기상청 제공</p>"
    ),
    "hours of one city": _page(
        _table([("서울", f"{hour}시", SKIES[hour % 5], f"{hour}℃") for hour in range(24)])
    ),
    "the week of one city": _page(
        "<h3>서울 주간예보</h3>" + _list([f"{day}요일 맑음 3℃" for day in "월화수목금토일"])
    ),
}

ARTICLES: Final = {
    "heat": _page(
        "<figure><img src=a.jpg><figcaption>사진=기상청 제공</figcaption></figure><p>"
        + _sentence(_tenths(31), "이날 오후 3시 현재 기온은", "등이다.")
        + "</p>"
    ),
    "cold, as text": "한파 (사진=기상청 제공)\n"
    + _sentence(_tenths(-14), "아침 기온은", "까지 떨어졌다."),
    "points between": _sentence(_tenths(-14), "오전 7시 기온은", "다.", "ㆍ"),
    "semicolons between": _page(
        f"<p>{_sentence(_tenths(2), '지역별로는', '를 기록했다.', '; ')}</p>"
    ),
    "with the sky": "전국 날씨는 "
    + ", ".join(f"{c} {s} {t}" for c, s, t in _with_skies(_tenths(12)))
    + " 등이다.\n",
    "each in a sentence": _page(
        "".join(
            f"<p>{c}의 기온은 {t}로 평년보다 높았다.</p>" for c, _, t in _with_skies(_tenths(19))
        )
    ),
    "each in an item": _page(
        _list([f"{c} {t}로 관측 이래 가장 높아" for c, _, t in _with_skies(_tenths(35))])
    ),
    "four cities": _page("<p>기상청은 20일 서울 3.2℃, 대전 4.5℃, 대구 1.0℃라고 밝혔다.</p>"),
    "credit below": _page(
        f"<p>{_sentence(_tenths(5), '기온은', '를 보였다.')}</p><p>기상청 제공</p>"
    ),
    "records": _page(
        "<p>역대 최고기온</p>"
        + _table([(c, "2018년 8월 1일", t) for c, _, t in _with_skies(_tenths(38))])
    ),
    "normals": "평년 기온\n"
    + "\n".join(f"{c} 평년 {t}" for c, _, t in _with_skies(_tenths(11)))
    + "\n",
    "rain": _page(_list([f"{c} 강수량 {n * 3}.5mm" for n, c in enumerate(CITIES)])),
    "a chart's caption": _page("<p>그림: 1월 평균기온(℃), 자료 기상청. 서울 -2.0, 부산 3.6.</p>"),
    "felt": _page("<h4>체감온도 전망</h4>" + _list(_plain(_tenths(33)))),
    "sea": _page("<p>해수욕장 수온</p>" + _list([f"해운대 {n}.5℃" for n in range(18, 30)])),
}

LISTS: Final = {
    "world, table": _page(_table([(c, "맑음", f"{n + 3}.4℃") for n, c in enumerate(WORLD)])),
    "world, list": _page(_list([f"맑음{c} {n + 3}.4℃" for n, c in enumerate(WORLD)])),
    "world, text": "세계 날씨\n"
    + "\n".join(f"흐림 {c} {n}.1℃" for n, c in enumerate(WORLD))
    + "\n",
    "world with Seoul": _page(
        _list([f"맑음{c} {n + 3}.4℃" for n, c in enumerate(["서울", *WORLD])])
        + "<p>기상청 제공</p>"
    ),
    "fine dust": _page(_list([f"{c} 미세먼지 좋음 {n + 20}㎍/㎥" for n, c in enumerate(CITIES)])),
    "fine dust and one temperature": _page(
        "<p>서울 3.2℃ 맑음</p>" + _list([f"{c} 보통 {n + 30}" for n, c in enumerate(CITIES)])
    ),
    "ticker": _page("<marquee>" + " ".join(_plain(_whole_degrees(3))) + "</marquee>"),
    "ticker with skies": "날씨 "
    + " / ".join(f"{c} {s} {t}" for c, s, t in _with_skies(_whole_degrees(3))),
    "stocks": _page(_table([("코스피", "2,501.23", "▲ 3.1"), ("코스닥", "801.2", "▼ 1.4")] * 8)),
    "exchange rates": "미국 1,391.20\n일본 902.41\n유럽 1,501.77\n" * 5,
    "sports": _page(
        _table([("순위", "팀", "승", "패")] + [(str(n), c, "3", "1") for n, c in enumerate(CITIES)])
    ),
    "sports with degrees": _page(
        _list([f"{c} 구장 {n + 18}℃ {n}:0 승" for n, c in enumerate(CITIES)])
    ),
    "scores of cities": "서울 3.2 부산 2.1 대구 4.0 광주 1.9 울산 2.2 인천 3.3 제주 0.4\n" * 2,
    "menu of cities": _page(
        _list([f"<a href=/{c}>{c}</a>" for c in CITIES]) + "<p>기상청 제공</p>"
    ),
    "menu called weather_slide": _page(
        '<ul class="weather_slide">' + "".join(f"<li>{c}</li>" for c in CITIES) + "</ul>"
    ),
    "empty weather_slide": _page('<ul class="weather_slide"></ul><a>기상청 제공</a>'),
    "slots without values": _page(
        '<ul class="weather_slide">' + "".join(f"<li><b></b>{c} ℃</li>" for c in CITIES) + "</ul>"
    ),
    "escaped names": _page(
        '<ul class="weather_slide">' + "<li>\\ub9d1\\uc74c \\uc11c\\uc6b8 14.4℃</li>" * 16 + "</ul>"
    ),
    "greenhouses": _page(_list([f"온실 {n}호 {n + 20}.5℃ 맑음" for n in range(16)])),
    "prices by city": _page(_table([(c, f"휘발유 1,{600 + n}원") for n, c in enumerate(CITIES)])),
    "saunas": _page(_list([f"{c}점 한증막 {n + 60}.5℃" for n, c in enumerate(CITIES)])),
    "one city": _page("<div class=weather><b>서울</b> <span>3.2℃</span> 맑음</div>"),
}

RECIPES: Final = {
    "oven": _page("<p>오븐을 180℃로 예열하고 200℃에서 20분, 160℃에서 10분 굽는다.</p>"),
    "tea": _page(
        _list([f"{name} {n + 70}℃ 3분" for n, name in enumerate(["녹차", "우롱", "홍차"])])
    ),
    "steps": "1. 물을 85.0℃로 데운다\n2. 65.5℃로 식힌다\n3. 4.0℃에 둔다\n" * 4,
    "vaccine": _page("<p>백신은 영하 70℃에서, 인슐린은 2℃에서 8℃ 사이에 둔다.</p>"),
    "steel": _page(_table([(f"강종 {n}", f"{n + 900}.5℃") for n in range(16)])),
}

UNSEEN: Final = {
    "in a comment": f"<!--{_list(_glued(_tenths(3)))}<p>기상청 제공</p>-->",
    "in a script": f"<script>var box = '{_list(_glued(_tenths(3)))}'</script>",
    "in a template": f"<template>{_list(_glued(_tenths(3)))}기상청 제공</template>",
    "in a value": f'<div data-box="{_list(_glued(_tenths(3)))}기상청 제공">날씨</div>',
    "in a style": f"<style>/* {_list(_glued(_tenths(3)))} */</style>",
    "in a comment never closed": f"<p>날씨</p><!-- {_list(_glued(_tenths(3)))}기상청 제공",
}

PAGES: Final = FORECASTS | ARTICLES | LISTS | RECIPES | UNSEEN
