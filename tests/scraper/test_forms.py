"""Forms of an entry that no portal is known to print yet: each is read exactly."""

from __future__ import annotations

import pytest

from scraper import normalize, sidebar
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


@pytest.mark.parametrize("number", ["영하 -7.3", "영하", "영하 "])
def test_a_word_for_the_sign_counts_before_a_plain_number_only(number):
    found = sidebar.find(text("$l $c $t℃").replace(f"{ENTRIES[3].temperature}℃", f"{number}℃"))
    assert normalize.readings(found).readings[3].temperature_c is None
