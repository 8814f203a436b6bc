"""The lines of a list are split into label, city and number, and each is printed in the page."""

from __future__ import annotations

import pytest

from scraper.sidebar import Line, labels
from scraper.sidebar.lines import by_elements, from_html, plain
from scraper.sidebar.rows import from_text
from scraper.vocabulary import CONDITIONS, KNOWN, STATIONS
from tests.support import pages


def line_of(printed: str) -> Line:
    (line,) = from_text(printed).lines
    return line


def test_every_known_label_is_split_from_every_known_city():
    glued = [(label, city) for label in CONDITIONS for city in STATIONS]
    assert [pair for pair in glued if labels.split("".join(pair)) != pair] == []
    assert [pair for pair in glued if labels.split(" ".join(pair).strip()) != pair] == []


def test_no_two_pairs_of_label_and_city_look_the_same():
    """Otherwise the glued text of one pair would be read as the other."""
    glued = ["".join((label + city).split()) for label in CONDITIONS for city in STATIONS]
    assert len(set(glued)) == len(glued)


@pytest.mark.parametrize(
    "city",
    [
        *[
            "경기 광주",
            "북대구",
            "남양주",
            "동해시",
            "신안",
            "비금도",
            "눈높이",
            "동강릉",
            "새서울",
        ],
        *["광주시", "고창읍", "경주군", "제주시", "서울역", "신서귀포", "남대전"],
    ],
)
def test_a_longer_name_is_not_the_station_at_its_end_or_beginning(city):
    assert (line_of(f"{city} 3.2℃").label, line_of(f"{city} 3.2℃").city) == ("", city)
    assert (line_of(f"맑음{city} 3.2℃").label, line_of(f"맑음{city} 3.2℃").city) == ("맑음", city)
    assert city not in STATIONS


@pytest.mark.parametrize(
    "html",
    ["<li><b>경기</b> 광주 3.2℃</li>", "<li>경기<br>광주 3.2℃</li>", "<li>경기 광주 3.2℃</li>"],
)
def test_a_province_before_a_city_is_not_a_label(html):
    (line,) = from_html(html).lines
    assert (line.label, line.city) == ("", "경기 광주")


@pytest.mark.parametrize(
    ("printed", "label", "city"),
    [
        pytest.param("비 또는 눈서울", "비 또는 눈", "서울", id="label with blanks"),
        pytest.param("비또는눈서울", "비또는눈", "서울", id="label without its blanks"),
        pytest.param("흐리고 한때 비서울", "흐리고 한때 비", "서울", id="label never seen"),
        pytest.param("-서울", "-", "서울", id="no sky reported"),
        pytest.param("- 서울", "-", "서울", id="no sky reported, blank"),
        pytest.param("맑음비금도", "맑음", "비금도", id="unknown city that begins like a label"),
        pytest.param("맑음", "맑음", "", id="no city"),
        pytest.param("-", "-", "", id="no sky and no city"),
        pytest.param("돌풍서울", "", "돌풍서울", id="unknown label, glued: may be a city"),
        pytest.param("북강릉", "", "북강릉", id="station that ends like another"),
        pytest.param("고창군", "", "고창군", id="station that begins like another"),
    ],
)
def test_a_label_is_split_from_its_city(printed, label, city):
    assert labels.split(printed) == (label, city)


@pytest.mark.parametrize(
    "number",
    [
        *[
            "-4.7",
            "−4.7",
            "–4.7",
            "- 4.7",
            "-4,7",
            "4.75",
            "--",
            "-",
            "~4.7",
            "/4.7",
            "(4.7)",
            "...",
        ],
        *["1e3", "N/A", "٣.٢", "4½", "²4", "4.7~9.1", "1" * 500, "4 .7", "０.７", "4.7F"],
    ],
)
@pytest.mark.parametrize("before", ["서울 ", "흐림서울 ", "• 흐림 서울 "])
def test_the_text_of_a_number_is_kept_complete(before, number):
    """Without its minus or its last digits it would be another number."""
    assert (line_of(f"{before}{number}℃").city, line_of(f"{before}{number}℃").temperature) == (
        "서울",
        number,
    )


def test_a_minus_in_an_element_of_its_own_is_not_lost():
    (line,) = from_html("<li><b>서울</b><i>-</i><b>4.7</b>℃</li>").lines
    assert line.temperature.split() == ["-", "4.7"]


def test_an_unknown_label_on_a_row_of_its_own_is_kept():
    found = from_text("맑음\n서울 1.0℃\n돌풍\n부산 2.0℃").lines
    assert [(line.label, line.city) for line in found] == [("맑음", "서울"), ("돌풍", "부산")]


def test_lines_after_the_credit_are_not_part_of_the_list():
    found = from_text("흐림서울 1.0℃\n흐림부산 ℃\n기상청 제공\n흐림대구").lines
    assert [line.city for line in found] == ["서울", "부산"]


def test_the_credit_and_the_date_in_a_list_are_not_cities():
    found = from_html(
        "<ul><li>2018.03.20 (화)<li>흐림서울 1.0℃<li>흐림부산 2.0℃<li>기상청 제공</ul>"
    ).lines
    assert [line.city for line in found] == ["서울", "부산"]


@pytest.mark.parametrize("name", ["iw04", "icon iw04", "iw04 big"])
def test_an_icon_is_a_class_of_its_own(name):
    (line,) = from_html(f'<li><i class="{name}"></i>서울 1.0℃</li>').lines
    assert line.icon == "04"


@pytest.mark.parametrize("name", ["iw004", "iw4", "kiw04", "iw04x", "iw-04"])
def test_a_class_similar_to_an_icon_is_not_an_icon(name):
    (line,) = from_html(f'<li><i class="{name}"></i>서울 1.0℃</li>').lines
    assert line.icon == ""


def test_a_dash_before_a_label_on_its_own_line_is_a_bullet():
    text = "- 흐림\n동두천 1.0℃\n- 맑음\n강릉 2.0℃\n"
    assert [(line.label, line.city) for line in from_text(text).lines] == [
        ("흐림", "동두천"),
        ("맑음", "강릉"),
    ]


def test_a_dash_before_a_number_without_a_city_is_the_label():
    (first, _) = from_text("• - 34.3℃\n• 흐림서울 1.0℃\n").lines
    assert (first.label, first.city, first.temperature) == ("-", "", "34.3")


@pytest.mark.parametrize("name", pages.SIGHTINGS)
def test_the_usual_form_is_read_as_by_a_parser(name):
    """The fast path without a parser gives the same result."""
    page = pages.box(pages.SIGHTINGS[name].entries)
    a_list = page[page.index("<ul") : page.index("</ul>") + len("</ul>")].replace("\r", "")
    read = plain(a_list, KNOWN)
    assert read is not None
    assert read == by_elements(a_list, KNOWN)


@pytest.mark.parametrize(
    ("part", "damaged"),
    [
        ("</li>", ""),
        ("서울", "서울역"),
        ("℃</li>", "</li>"),
        ("℃</li>", "℃ 비</li>"),
        ("맑음", "맑 음"),
        ("맑음", "&nbsp;"),
        ("</span>", "</span><b>비</b>"),
        ("3.2", "3,2"),
        ("icon_w", "bx-clone"),
    ],
)
def test_any_other_form_is_left_to_the_parser(part, damaged):
    usual = '<ul class="x"><li class="icon_w"><span class="iw01">맑음</span>서울 3.2℃</li></ul>'
    assert plain(usual, KNOWN) == by_elements(usual, KNOWN)
    assert plain(usual.replace(part, damaged), KNOWN) is None
