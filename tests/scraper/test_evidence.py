"""The box of a page is found; a list that only resembles a box is not taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from scraper import normalize, sidebar
from scraper.errors import NoSidebar
from tests.support import no_boxes, pages
from tests.support.pages import CREDIT, LISTS, TEXTS, around, box, entry, plain

if TYPE_CHECKING:
    from scraper.demo.portal import Entry
    from scraper.sidebar import Sidebar


def printed(found: Sidebar) -> list[tuple[str, str, str]]:
    return [(line.label, line.city, line.temperature) for line in found.lines]


PLAIN = [(entry.label, entry.city, entry.temperature) for entry in plain()]


# Pages without a box


def test_the_pages_without_a_box_are_many():
    assert len(no_boxes.PAGES) == len(set(no_boxes.PAGES.values())) >= 60


@pytest.mark.parametrize("name", no_boxes.PAGES)
def test_a_page_without_a_box_has_no_sidebar(name):
    with pytest.raises(NoSidebar):
        sidebar.find(no_boxes.PAGES[name])


@pytest.mark.parametrize("name", no_boxes.PAGES)
def test_a_box_is_found_beside_a_page_without_a_box(name):
    """A page of any kind above or below the box changes none of its values."""
    page = no_boxes.PAGES[name]
    if name == "in a comment never closed":
        page += "-->"
    for both in (f"{page}<hr><h3>날씨</h3>{box(plain())}", f"{box(plain())}<hr>{page}"):
        assert printed(sidebar.find(both)) == PLAIN


# Several lists


NOW, TOMORROW = "<h3>현재</h3>", "<h3>내일</h3>"
OTHERS = [
    entry("맑음", plain_entry.city, f"{n * 0.9 + 3:.1f}") for n, plain_entry in enumerate(plain())
]


@pytest.mark.parametrize("first", [True, False], ids=["tomorrow first", "now first"])
@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_the_current_box_counts_and_the_other_is_reported(named, first):
    boxes = [TOMORROW + box(OTHERS), NOW + box(plain())]
    page = "".join(boxes if first else reversed(boxes))
    found = sidebar.find(page if named else pages.renamed(page))
    assert (printed(found), found.another) == (PLAIN, True)


@pytest.mark.parametrize("headings", [("", ""), (NOW, NOW), (NOW, ""), ("<h3>서울판</h3>", "")])
def test_two_different_boxes_are_refused_if_neither_is_surely_current(headings):
    page = headings[0] + box(plain()) + headings[1] + box(OTHERS)
    with pytest.raises(NoSidebar, match="lists that differ"):
        sidebar.find(page)


@pytest.mark.parametrize(
    "heading",
    ["내일", "내일 날씨", "모레", "내일 최고기온", "예상 기온", "어제", "어제의 날씨", "그제 기온"],
)
def test_a_box_of_tomorrow_is_refused(heading):
    with pytest.raises(NoSidebar, match="heading of a forecast"):
        sidebar.find(f"<h3>{heading}</h3>{box(plain())}")


@pytest.mark.parametrize("caption", ["내일 예상 기온", "오늘 낮 최고기온 (기상청 제공)"])
def test_a_caption_below_another_list_makes_that_not_the_box(caption):
    """The caption is read as the heading of the box below it."""
    page = f"{LISTS['li'](OTHERS)}<p>{CREDIT}</p><p>{caption}</p>{box(plain())}"
    with pytest.raises(NoSidebar):
        sidebar.find(page)


@pytest.mark.parametrize("tabs", ["<b>현재</b><b>내일</b>", "<p>현재 | 내일</p>"])
def test_tabs_do_not_date_a_box(tabs):
    assert printed(sidebar.find(tabs + box(plain()))) == PLAIN


def test_links_above_a_box_are_not_a_heading():
    menu = "".join(f"<li><a href=/>{word}</a></li>" for word in ("전망", "예보", "내일"))
    assert printed(sidebar.find(f"<ul>{menu}</ul>{box(plain())}")) == PLAIN


def test_the_same_box_for_large_and_small_screens_is_read_once():
    few = box(plain(10))
    assert printed(sidebar.find(box(plain()) + few)) == PLAIN
    assert not sidebar.find(box(plain()) + few).another


# Visible and invisible parts


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        pytest.param("<!-- ", " -->", id="comment"),
        pytest.param("<!--[if IE]>", "<![endif]-->", id="conditional comment"),
        pytest.param("<script type=text/x-template>", "</script>", id="script"),
        pytest.param("<!--", "--!>", id="comment that ends oddly"),
        pytest.param("<SCRIPT>", "</SCRIPT >", id="script in capitals"),
        pytest.param("<script></scripts>", "</script>", id="script with another end in it"),
        pytest.param("<template>", "</template>", id="template"),
        pytest.param("<noscript>", "</noscript>", id="noscript"),
        pytest.param("<textarea>", "</textarea>", id="textarea"),
        pytest.param("<div data-old='", "'></div>", id="value of an attribute"),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_an_invisible_box_does_not_count(named, opens, closes):
    other = box(OTHERS).replace("<script>", "<i>").replace("</script>", "</i>").replace("'", "")
    unseen = f"{opens}{other}{closes}"
    for page in (unseen + box(plain()), box(plain()) + unseen):
        found = sidebar.find(page if named else pages.renamed(page))
        assert (printed(found), found.another) == (PLAIN, False)
    with pytest.raises(NoSidebar):
        sidebar.find(unseen if named else pages.renamed(unseen))


@pytest.mark.parametrize("empty", ["<!-->", "<!--->", "<!---->", "<script></script>"])
def test_an_empty_comment_hides_no_box(empty):
    page = f"{empty}{box(plain())}<!-- -->"
    assert printed(sidebar.find(page)) == printed(sidebar.find(pages.renamed(page))) == PLAIN


@pytest.mark.parametrize("torn", ["</l<!--i>", "<li <!-- >", "<a href=/1<!--3>", "<b<script>"])
@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_a_torn_tag_begins_no_comment(named, torn):
    """A browser reads it as a tag with an odd name, and shows everything after it."""
    menu = f"<ul><li><a href=/1>대구</a>{torn}</li></ul>"
    page = menu + box(plain()).replace("강화", "강화<i -->", 1) + "</script>"
    found = sidebar.find(page if named else pages.renamed(page))
    assert printed(found) == PLAIN


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/?area=">',
        '<a href="/?day=1&area=">',
        "<a href='/?a=1&b='>",
        "<a title='1=\"2\"' href=/?a=>",
        '<a title="a > b" href="/?a=">',
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_a_link_that_ends_in_an_equals_sign_hides_no_entry(named, link):
    div = '<div class="weather_box wt02 ico02">'
    page = box(plain()).replace(div, f"<div><a href='/?c=1&d=2'>1</a>{link}더보기</a>", 1)
    found = sidebar.find(page if named else pages.renamed(page))
    assert (printed(found), found.date_printed) == (PLAIN, pages.DATE)


@pytest.mark.parametrize(
    "tag",
    [
        *["<div hidden>", "<div HIDDEN=''>", '<div style="display:none">', "<div class=a hidden>"],
        *['<section style="color:red; display : none !important">', '<div style="DISPLAY:NONE">'],
        *["<div style=display:none>", '<div style="visibility:hidden">', '<div class="a"hidden>'],
        *["<details>", "<details id=opens>", "<dialog>"],
    ],
)
def test_a_hidden_box_is_marked_and_a_visible_one_takes_precedence(tag):
    name = re.findall(r"\w+", tag)[0]
    hidden = f"{tag}<p>날씨</p>{box(OTHERS)}</{name}>"
    assert sidebar.find(hidden).hidden
    found = sidebar.find(hidden + box(plain()))
    assert (printed(found), found.hidden) == (PLAIN, False)


@pytest.mark.parametrize(
    "before",
    [
        "<div hidden><p>광고</p></div>",
        "<input type=hidden value=1>",
        '<div class="hidden">',
        '<div aria-hidden="true">',
        '<div style="overflow:hidden">',
        '<div style="-webkit-backface-visibility: hidden">',
        "<details open>",
        "<details class=menu><summary>지도</summary></details>",
        "<style>.popup { display: none }</style>",
        "<!-- <div hidden> -->",
    ],
)
def test_hiding_another_element_hides_no_box(before):
    assert not sidebar.find(before + box(plain())).hidden


@pytest.mark.parametrize("named", [True, False], ids=["known names", "other names"])
def test_a_list_in_an_entry_ends_no_box_and_adds_no_city(named):
    page = box(plain()).replace("</li>", "<ul class=more><li>습도</li></ul></li>")
    found = sidebar.find(page if named else pages.renamed(page))
    assert printed(found) == PLAIN


@pytest.mark.parametrize("end", ["", "</UL>", "</ul >"])
def test_the_list_below_a_box_is_no_part_of_it(end):
    page = box(plain()).replace("</ul>", end, 1) + "<ul><li>기사</li><li>사진</li></ul>"
    assert printed(sidebar.find(page)) == PLAIN


def test_a_list_after_a_hidden_one_is_not_hidden():
    hidden, visible = LISTS["div"](OTHERS), LISTS["div"](plain())
    credit = f"<p>{pages.CREDIT}</p>"
    page = f"<div hidden><div>{hidden}{credit}</div></div><div><div>{visible}{credit}</div></div>"
    found = sidebar.find(page)
    assert (printed(found), found.hidden) == (PLAIN, False)


# Values of the neighbouring city


def rows(row: str, between: str = "\n") -> str:
    return between.join(
        row.replace("$l", entry.label).replace("$c", entry.city).replace("$t", entry.temperature)
        for entry in labelled()
    )


def labelled() -> list[Entry]:
    skies = ("맑음", "비", "흐림", "눈")
    return [
        entry(skies[n % 4], plain_entry.city, plain_entry.temperature, icon="")
        for n, plain_entry in enumerate(plain())
    ]


TRUTH = {entry.city: (entry.label, entry.temperature) for entry in labelled()}


def wrong(page: str) -> list[tuple[str, str, str]]:
    """The lines that give a city the values of another; empty if no sidebar is found."""
    try:
        lines = printed(sidebar.find(page))
    except NoSidebar:
        return []
    return [
        (label, city, temperature)
        for label, city, temperature in lines
        if city and (label not in {"", TRUTH[city][0]} or temperature not in {"", TRUTH[city][1]})
    ]


ORDERS = ["$l $c $t℃", "$c $l $t℃", "$c $t℃ $l", "$l$c $t℃", "$c $t℃$l", "$t℃ $c $l", "$t℃ $c"]


@pytest.mark.parametrize("between", ["\n", " ", ", ", " | ", "\t", "\n\n", " • "], ids=repr)
@pytest.mark.parametrize("order", [*ORDERS, "$c $t℃\n$l", "$l\n$c $t℃", "$c\n$l\n$t℃", "$t℃\n$c"])
@pytest.mark.parametrize("date", ["2026.03.02 (월)\n", ""], ids=["date", "no date"])
def test_no_order_gives_a_city_the_value_of_its_neighbour(order, between, date):
    assert wrong(f"{date}{rows(order, between)}\n기상청 제공\n") == []


@pytest.mark.parametrize("order", ["$l$c $t℃", "$c $t℃$l", "$c $l $t℃", "$l\n$c $t℃"])
def test_an_order_that_holds_is_read(order):
    found = sidebar.find(f"2026.03.02 (월)\n{rows(order)}\n기상청 제공\n")
    assert {city: (label, t) for label, city, t in printed(found)} == TRUTH


def test_labels_below_their_cities_are_omitted_and_reported():
    found = sidebar.find(f"2026.03.02 (월)\n{rows('$c $t℃' + chr(10) + '$l')}\n기상청 제공\n")
    assert {line.label for line in found.lines} == {""}
    assert found.unplaced
    problems = normalize.readings(found).problems
    assert "labels whose city is not clear were left out" in map(str, problems)


@pytest.mark.parametrize("city", ["동두천", "대전", "거제"])
@pytest.mark.parametrize("row", ["$c $t℃\n$l", "$l\n$c $t℃"])
def test_a_label_in_its_own_row_is_not_of_a_neighbour_without_a_number(row, city):
    """``눈`` below the last city is its own, so that the one above is of the city before."""
    page = rows(row).replace(f"{city} {TRUTH[city][1]}℃", city)
    assert wrong(f"2026.03.02 (월)\n{page}\n기상청 제공\n") == []


@pytest.mark.parametrize("number", ["1", "-0", "14", "14.", "-", "3.2", "14.3 ", "14.3C"], ids=repr)
@pytest.mark.parametrize("form", ["$l$c $t℃", "<li>$l$c $t℃</li>"])
def test_a_number_without_its_sign_is_not_a_temperature(form, number):
    page = rows(form).replace(f"대전 {TRUTH['대전'][1]}℃", f"대전 {number}")
    page = f"2026.03.02 (월)\n{page}\n기상청 제공\n"
    found = sidebar.find(f"<ul>{page}</ul>" if "<" in form else page)
    temperatures = {
        reading.city: reading.temperature_c for reading in normalize.readings(found).readings
    }
    assert [value for city, value in temperatures.items() if city.startswith("대전")] == [None]
    assert len(temperatures) == 16


@pytest.mark.parametrize(
    "heading",
    [
        "<th>지역</th><th>날씨</th><th>기온</th>",
        "<td>날씨<td>도시<td>기온(℃)",
        "<th>주요도시</th><th>하늘 상태</th><th>현재온도</th>",
        "<th>시·도</th><th>일기</th><th>기온(도)</th>",
        "<td>관측지점<td>현재일기<td>낮기온",
        "<td>지역별<td>기상<td>기온",
        "<td>구분<td>아이콘<td>기온(°C)",
    ],
)
def test_the_heading_of_a_table_is_not_a_city(heading):
    table = LISTS["table"](plain()).replace("<table>", f"<table><tr>{heading}</tr>")
    assert printed(sidebar.find(around(table))) == PLAIN


@pytest.mark.parametrize(
    ("label", "city"), [("눈", "새고을(예)"), ("비", "새고을"), ("눈", "홍성(예)")]
)
def test_a_label_of_one_syllable_is_split_from_an_unknown_name(label, city):
    text = TEXTS["no bullets"]([*labelled(), entry(label, city, "1.5")], pages.DATE)
    assert printed(sidebar.find(text))[-1] == (label, city, "1.5")


@pytest.mark.parametrize("end", ["구름조금남해", "  • 구름조금남해", "흐림\n남해"])
def test_a_last_entry_without_number_and_sign_is_kept_with_its_label(end):
    page = f"2024.05.26 (일)\n\n{rows('$l$c $t℃')}\n{end}\n\n뉴스\n정치\n"
    if "\n남해" in end:
        page = page.replace(rows("$l$c $t℃"), rows("$l\n$c $t℃"))
    *_, last = printed(sidebar.find(page))
    assert last in {("구름조금", "남해", ""), ("흐림", "남해", "")}


def test_a_menu_of_cities_directly_above_a_list_is_excluded():
    menu = "".join(f"  • {entry.city}\n" for entry in plain())
    assert {
        city for _, city, t in printed(sidebar.find(f"{menu}\n{rows('$l$c $t℃')}\n")) if not t
    } == set()


# Pages that end early


CUT_FORMS = {
    "portal": box(labelled()),
    "table": around(LISTS["table"](labelled())),
    "table, city first": around(LISTS["table, city first"](labelled())),
    "label last": around(LISTS["label last"](labelled())),
    "div in div": around(LISTS["div in div"](labelled())),
    "dl": around(LISTS["dl"](labelled())),
    "flat": around(LISTS["flat"](labelled())),
    "text": TEXTS["bulleted"](labelled(), pages.DATE),
    "one line": TEXTS["one line"](labelled(), pages.DATE),
    "label after the sign": f"{pages.DATE}\n{rows('$c $t℃$l')}\n기상청 제공\n",
    "label above": TEXTS["label on its own line"](labelled(), pages.DATE),
}


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
@pytest.mark.parametrize("form", CUT_FORMS)
def test_no_cut_gives_a_value_that_was_not_printed(form, encoding):
    page = CUT_FORMS[form].replace("•", "·").encode(encoding)
    first = page.rfind("강릉".encode(encoding), 0, page.find(b"-7.3"))
    last = page.rfind("거제".encode(encoding)) + 40
    for end in range(first, last, 3):
        try:
            found = sidebar.find(page[:end], encoding)
        except NoSidebar:
            continue
        for reading in normalize.readings(found).readings:
            label, temperature = TRUTH.get(reading.city, ("", ""))
            assert reading.temperature_c in {None, float(temperature or "nan")}, page[:end][-60:]
            assert reading.condition.label in {"", label}, page[:end][-60:]


def test_a_list_cut_by_the_end_of_the_page_is_marked():
    page = box(labelled())
    assert sidebar.find(page[: page.index("제주")]).cut
    assert sidebar.find(TEXTS["bulleted"](labelled(), pages.DATE).partition("제주")[0]).cut
    assert not sidebar.find(page).cut
    assert not any(sidebar.find(around(form(labelled()))).cut for form in LISTS.values())
    assert not any(sidebar.find(form(labelled(), pages.DATE)).cut for form in TEXTS.values())


# Other pages


@pytest.mark.parametrize(
    ("page", "description"),
    [
        ('<meta http-equiv="refresh" content="0; url=/main/">', "sends on to /main/"),
        ("<META HTTP-EQUIV=Refresh CONTENT='0;URL=main.html'>", "sends on to main.html"),
        ("<script>location.href='/main/';</script>", "sends on to /main/"),
        ('<script>window.location = "http://a.example.kr/";</script>', "sends on to http://a."),
        ("<script>location.replace('/m')</script>", "sends on to /m"),
        ('<frameset rows="100%,*"><frame src="/main/"></frameset>', "a frameset"),
        ("<div id=app></div><script src=/app.js></script>", "only a script"),
        ("<script>document.cookie='k=1';location.reload();</script>", "a challenge page"),
        ('<meta content="0; url=/main/" http-equiv="refresh">', "sends on to /main/"),
        ('<meta http-equiv="refresh" content="0; /main/">', "sends on to /main/"),
        ('<meta http-equiv="refresh" content="300"/><script src=a></script>', "only a script"),
        ("<script>location['href'] = `/m/`</script>", "sends on to /m/"),
        ("<script><!--\nlocation.href='/main/';\n//--></script>", "sends on to /main/"),
        ("<script>\n//location.href='/x'\n</script>", "only a script"),
        ("<!-- <meta http-equiv=refresh content=0;url=/x> --><script src=a></script>", "only a"),
        ('<iframe width=100% src="/main/"></iframe>', "a frame of /main/"),
        ("<script>slowAES.decrypt(a); location.href='/?i=1'</script>", "a challenge page"),
        (
            f"<p>{'wait a moment ' * 30}</p><script src=/challenge-platform/></script>",
            "a challenge page",
        ),
    ],
)
def test_the_error_describes_a_page_without_content(page, description):
    with pytest.raises(NoSidebar, match=re.escape(description)):
        sidebar.find(f"<html><head>{page}</head></html>")


def test_a_page_of_articles_is_not_described_as_a_script():
    with pytest.raises(NoSidebar) as refused:
        sidebar.find("<script>location.href='/'</script>" + "<p>시장이 열렸다</p>" * 40)
    assert "sends on" not in str(refused.value)
