"""Forms of an entry that no portal is known to print yet: each is read exactly."""

from __future__ import annotations

import re

import pytest

from scraper import normalize, sidebar
from scraper.errors import NoSidebar
from tests.support.pages import CREDIT, DATE, around, entry, plain

SKIES = ("맑음", "비", "구름많음", "눈")
ENTRIES = [entry(SKIES[n % 4], one.city, one.temperature) for n, one in enumerate(plain())]
PRINTED = [(one.label, one.city, one.temperature) for one in ENTRIES]


def rows(row: str, between: str = "") -> str:
    return between.join(
        row.replace("$l", one.label).replace("$c", one.city).replace("$t", one.temperature)
        for one in ENTRIES
    )


def text(row: str) -> str:
    return f"{DATE}\n{rows(row, chr(10))}\n{CREDIT}\n"


def listed(row: str) -> str:
    return around(f"<ul>{rows(f'<li>{row}</li>')}</ul>")


def printed(page: str) -> list[tuple[str, str, str]]:
    found = sidebar.find(page)
    assert sidebar.find(found.fragment).lines == found.lines
    return [(line.label, line.city, line.temperature) for line in found.lines]


@pytest.mark.parametrize(
    "sign",
    [
        *["&#X2103;", "&#x02103;", "&#08451;", "&#8451", "&degC", "&ordm;C", "&#xB0;C", "&#186;C"],
        *["<span>°</span>C", "&deg;<b>C</b>", "<sup>&deg;</sup>C", "<sup>°</sup>\n<i>C</i>"],
        *["˚ C", "°  C", "º\tＣ"],
    ],
)
def test_every_form_of_the_sign_is_read(sign):
    assert printed(listed(f"<b>$l</b>$c $t{sign}")) == PRINTED


@pytest.mark.parametrize("minus", ["‐", "‑", "‒", "﹣", "–", "−", "영하 ", "영하"])
@pytest.mark.parametrize("row", ["$l$c $t℃", "$l $c $t℃", "$c $t℃ $l"])
def test_every_form_of_the_minus_is_read(minus, row):
    found = sidebar.find(text(row).replace("-", minus).replace("제주 ", "제주 영상 "))
    readings = normalize.readings(found).readings
    assert [(one.city, one.temperature_c) for one in readings] == [
        (city, float(temperature)) for _, city, temperature in PRINTED
    ]


@pytest.mark.parametrize(
    "page",
    [
        around(f"<table>{rows('<tr><td>$c</td><td>$l</td><td>$t℃</td></tr>')}</table>"),
        around(f"<table>{rows('<tr><th>$c<td>$l<td>$t<td>℃')}</table>"),
        around(rows("<dl><dt>$c</dt><dd>$l</dd><dd>$t℃</dd></dl>")),
        text("$c | $l | $t℃"),
        text("$c\t$l\t$t℃"),
    ],
)
def test_a_dash_in_a_cell_of_its_own_is_the_label(page):
    """It says that a station reports no sky, and is no minus."""
    expected = [("-" if label == "눈" else label, *rest) for label, *rest in PRINTED]
    assert any(label == "-" and "-" in number for label, _, number in expected)
    assert printed(page.replace("눈", "-")) == expected


def test_a_text_beside_the_cells_of_a_row_is_read():
    """Damage left a city without its cell: the number is not that of the city before."""
    page = around(rows("<dl><dt>$c</dt><dd>$l</dd><dd>$t℃</dd></dl>"))
    city, other = (name for _, name, _ in PRINTED[:2])
    damaged = re.sub(rf"(?s)(<dt>{city}</dt><dd>\w+</dd>).*?<dt>{other}", rf"\1.{other}", page)
    assert damaged != page
    found = [line for line in sidebar.find(damaged).lines if line.city.endswith((city, other))]
    assert [(line.city, line.temperature) for line in found] == [(f".{other}", PRINTED[1][2])]


@pytest.mark.parametrize("mark", ["&lrm;", "\u200f", "&#8294;", "\u200c", "\u200b", "\u061c"])
@pytest.mark.parametrize("row", ["<b>$l|</b>$c| |$t|℃", "|$c |$t℃|<b>|$l</b>"])
def test_invisible_marks_change_no_word_and_no_number(mark, row):
    assert printed(listed(row.replace("|", mark))) == PRINTED


def test_a_soft_hyphen_ends_no_name_but_may_be_a_minus():
    page = listed("<b>$l</b>$c $t℃").replace("동두천", "동두&shy;천").replace("-7.3", "&shy;7.3")
    first, second, *_ = normalize.readings(sidebar.find(page)).readings
    assert (first.city, first.temperature_c) == ("동두천", -9.0)
    assert (second.city, second.temperature_c) == ("강릉", None)


@pytest.mark.parametrize("point", ["</b><i>.", ".</b><i>", "</b>.<i>", "<wbr>."])
def test_a_number_with_its_tenth_in_an_element_of_its_own_is_read(point):
    page = listed("<span>$l</span>$c <b>$t</i>℃")
    assert printed(re.sub(r"(?<=\d)\.(?=\d</i>)", point, page)) == PRINTED


@pytest.mark.parametrize("plus", ["+", "＋"])
@pytest.mark.parametrize("row", ["$l$c $t℃", "$c $t℃ $l"])
def test_a_printed_plus_is_read(plus, row):
    found = sidebar.find(re.sub(r"(?<= )(?=\d+\.\d)", plus, text(row)))
    readings = normalize.readings(found).readings
    assert [one.temperature_c for one in readings] == [float(t) for _, _, t in PRINTED]


@pytest.mark.parametrize("number", ["영하 -7.3", "영하", "영하 "])
def test_a_word_for_the_sign_counts_before_a_plain_number_only(number):
    found = sidebar.find(text("$l $c $t℃").replace(f"{ENTRIES[3].temperature}℃", f"{number}℃"))
    assert normalize.readings(found).readings[3].temperature_c is None


SEPARATED = [
    *["[$c] $l $t℃", "$l [$c] $t℃", "【$c】 $l $t℃", "($c) $l $t℃", "$c ($l) $t℃", "$c($l) $t℃"],
    *["$c $l ($t℃)", "$l $c ($t℃)", "$c: $l $t℃", "$c : $l / $t℃", "$c / $l / $t℃", "$c, $l, $t℃"],
    *["$l, $c, $t℃", "$c/$l $t℃", "$l/$c $t℃", "$c|$t℃|$l", "$c　$l　$t℃", "$c : $t℃ ($l)"],
    *["$c $t℃($l)", "$c $t℃, $l", "$c $t℃ / $l", "$c $l 기온 $t℃", "$c 날씨 $l 기온 $t℃"],
]


@pytest.mark.parametrize("row", SEPARATED)
@pytest.mark.parametrize("form", [text, listed])
@pytest.mark.parametrize("missing", ["nothing", "label", "number"])
@pytest.mark.parametrize("at", [0, 5, 15])
def test_brackets_and_separators_are_part_of_no_value(form, row, missing, at):
    """Nor is an empty place for a label: ``서울() 4.7℃``."""
    label, city, number = PRINTED[at]
    lost = {"label": ("", city, number), "number": (label, city, "")}.get(missing, PRINTED[at])
    full, less = (
        row.replace("$l", label).replace("$c", city).replace("$t", number)
        for label, city, number in (PRINTED[at], lost)
    )
    page = form(row)
    assert full in page
    assert printed(page.replace(full, less, 1)) == [*PRINTED[:at], lost, *PRINTED[at + 1 :]]


@pytest.mark.parametrize("name", ["홍성 (예)", "홍성（예）"])
@pytest.mark.parametrize("row", ["$l $c $t℃", "$c $l $t℃", "$c\n$l\n$t℃"])
def test_the_bracket_of_a_name_may_be_apart_or_wide(name, row):
    found = sidebar.find(text(row).replace(ENTRIES[3].city, name))
    reading = normalize.readings(found).readings[3]
    assert reading.station is not None
    assert (reading.station.kma_id, reading.condition.label) == (177, ENTRIES[3].label)


@pytest.mark.parametrize("name", ["경기 광주", "새고을"])
def test_an_unknown_city_before_its_label_is_kept_with_it(name):
    row = rows("<tr><td>$c</td><td>$l</td><td>$t℃</td></tr>").replace(ENTRIES[3].city, name)
    label, _, temperature = PRINTED[3]
    assert printed(around(f"<table>{row}</table>"))[3] == (label, name, temperature)


@pytest.mark.parametrize("row", ["$c, $t℃, $l", "$c / $t℃ / $l", "$c | $t℃ | $l"])
@pytest.mark.parametrize("between", [", ", " / ", " | "])
@pytest.mark.parametrize("missing", [0, 5, 15])
def test_no_separator_in_one_row_gives_a_label_to_a_neighbour(row, between, missing):
    values = (("" if n == missing else one.label, one) for n, one in enumerate(ENTRIES))
    entries = between.join(
        row.replace("$l", label).replace("$c", one.city).replace("$t", one.temperature)
        for label, one in values
    )
    try:
        lines = sidebar.find(f"{DATE}\n{entries}\n{CREDIT}").lines
    except NoSidebar:
        return
    truth = {city: (label, temperature) for label, city, temperature in PRINTED}
    for line in lines:
        label, temperature = truth.get(line.city, (line.label, line.temperature))
        assert line.label in {"", label}
        assert line.temperature in {"", temperature}
