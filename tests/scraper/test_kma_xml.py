"""KMA's own feed: read exactly, refused if damaged, and its hour dates other portals."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import KST
from db.read.faults import faults
from db.write.store import Store
from scraper import reader, reparse
from scraper.collect.collector import collecting
from scraper.config import Config, Portal
from scraper.errors import NoSidebar
from scraper.vocabulary import KNOWN
from tests.cli.test_cli import nalssi
from tests.support import kma, pages
from tests.support.kma import HOUR, feed, local, of
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scraper.collect import Report
    from scraper.reader import PageContent

VARIED = feed(
    [
        local("속초", "3.4", desc="비", icon="08", rn_hr1="0.5"),
        local("서울", "-0.1", desc="-", icon="00"),
        local("대관령", "-9.9", desc="눈", icon="11", rn_hr1="0.0", sd_day="12.3"),
        '<local ta="8.0" stn_id="159">부산</local>',
        '<local stn_id="184" desc="맑음" icon="01">제주</local>',
        '<local stn_id="108" ta="1.0" desc="맑음" icon="01">대구</local>',
        '<local stn_id="133" ta="2.0" desc="맑음" icon="01"></local>',
        '<local stn_id="99999" ta="5.0" desc="맑음" icon="01">새고을</local>',
    ]
)


def read(page: bytes | str, encoding: str = "utf-8") -> PageContent:
    return reader.read(page, encoding, kind=reader.KMA_XML)


def shown(page: PageContent) -> list[tuple[str, str, str, float | None]]:
    return [
        (
            reading.station.name_ko,
            reading.condition.label,
            reading.condition.icon,
            reading.temperature_c,
        )
        for reading in page.content.readings
        if reading.station
    ]


def test_stations_are_read_with_any_attributes():
    found = read(VARIED)
    assert shown(found) == [
        ("속초", "비", "08", 3.4),
        ("서울", "-", "00", -0.1),
        ("대관령", "눈", "11", -9.9),
        ("부산", "", "", 8.0),
        ("제주", "맑음", "01", None),
        ("대전", "맑음", "01", 2.0),
        ("새고을", "맑음", "01", 5.0),
    ]
    assert (found.page_date, found.content.observed_at) == (HOUR.date(), HOUR)
    assert found.sentences == (
        "no city name: '맑음' '1.0'",
        "unknown city '새고을'",
        "no label printed: 부산",
        "no temperature printed: 제주",
    )


@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", "\ufeff\n", "  "])
def test_an_empty_line_before_the_declaration_loses_nothing(before):
    assert shown(read((before + VARIED).encode())) == shown(read(VARIED))


def test_rain_and_snow_stay_in_the_fragment():
    fragment = read(VARIED).fragment
    assert 'rn_hr1="0.5"' in fragment
    assert 'sd_day="12.3"' in fragment
    assert read(fragment).content == read(VARIED).content


@pytest.mark.parametrize("printed", ["-50.0", "-99.9", "-999", "99.9", "서울", "nan", "1.2.3"])
def test_a_code_for_missing_is_not_a_temperature(printed):
    found = read(of({"서울": printed, "부산": "4.0"}))
    assert shown(found)[0] == ("서울", "구름많음", "03", None)
    assert found.sentences[0].startswith("서울: temperature: ")


@settings(max_examples=50)
@given(st.lists(st.integers(-90, 330), min_size=1, max_size=16))
def test_every_tenth_is_read_exactly(tenths):
    """From -9.0 on: in April, a lower value of Jeju would be refused by KMA's records."""
    printed = {city: f"{t / 10:.1f}" for city, t in zip(pages.CITIES, tenths, strict=False)}
    found = read(of(printed, HOUR.replace(month=4)))
    assert [reading.temperature_c for reading in found.content.readings] == [t / 10 for t in tenths]


@pytest.mark.parametrize(
    ("hour", "observed_at"),
    [
        ("0", HOUR.replace(hour=0)),
        ("09", HOUR.replace(hour=9)),
        pytest.param("24", HOUR.replace(day=26, hour=0), id="the end of the day"),
    ],
)
def test_the_hour_is_korean(hour, observed_at):
    found = read(of({"서울": "1.0"}).replace('hour="12"', f'hour="{hour}"'))
    assert found.content.observed_at == observed_at
    assert found.page_date == observed_at.date()


@pytest.mark.parametrize(
    ("codec", "called"),
    [
        *[("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-8", "cp949"), ("utf-8", "iso-8859-1")],
        *[("cp949", "cp949"), ("cp949", "utf-8"), ("cp949", "nonsense")],
    ],
)
def test_a_wrong_charset_makes_no_difference(codec, called):
    assert shown(read(VARIED.encode(codec), called)) == shown(read(VARIED))


ONE = of({"서울": "1.0"})


def with_doctype(doctype: str, city: str = "서울") -> str:
    return (
        of({"서울": "1.0"})
        .replace("<current ", f"{doctype}\n<current ")
        .replace(">서울<", f">{city}<")
    )


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "서울"}">' for n in range(12))


@pytest.mark.parametrize(
    ("page", "message"),
    [
        pytest.param("", "no whole XML", id="empty"),
        pytest.param("<html><body>점검 중</body></html>", "<html> with 0 <weather>", id="HTML"),
        pytest.param("<html><p>점검<br></html>", "no whole XML", id="HTML that is no XML"),
        pytest.param('{"error": 1}', "no whole XML", id="JSON"),
        pytest.param(with_doctype("<!DOCTYPE current>"), "a document type", id="DTD"),
        pytest.param(
            with_doctype(f"<!DOCTYPE current [{LAUGHS}]>", "&l11;"),
            "a document type",
            id="billion laughs",
        ),
        pytest.param(
            with_doctype(f'<!DOCTYPE current [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 4000),
            "a document type",
            id="quadratic",
        ),
        pytest.param(
            with_doctype('<!DOCTYPE current [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"),
            "a document type",
            id="a file as an entity",
        ),
        pytest.param(
            with_doctype('<!DOCTYPE current SYSTEM "http://127.0.0.1:1/a.dtd">'),
            "a document type",
            id="a DTD elsewhere",
        ),
        pytest.param(ONE.replace("서울<", "&seoul;<"), "no whole XML", id="an unknown entity"),
        pytest.param("<a>" * 40_000, "no whole XML", id="nested"),
        pytest.param(
            "<a>" * 9000 + ONE[ONE.find("<current") :] + "</a>" * 9000,
            "<a> with 0 <weather>",
            id="nested and whole",
        ),
        pytest.param(ONE + " " * 200_000, "200", id="huge"),
        pytest.param(ONE.replace("1.0", "1.0\0"), "no whole XML", id="a NUL"),
        pytest.param(ONE.replace("1.0", "\ud800"), "no whole XML", id="half a character"),
        pytest.param(ONE.replace('ta="1.0"', ""), "none a known station with a", id="no value"),
        pytest.param(of({"새고을": "1.0"}), "none a known station with a", id="no known station"),
        pytest.param(of({}), "a feed of 0 entries", id="no station"),
        pytest.param(ONE.replace('month="11"', 'month="13"'), "'2026-13-25 12h'", id="no month"),
        pytest.param(ONE.replace('hour="12"', 'hour="25"'), "'2026-11-25 25h'", id="no hour"),
        pytest.param(ONE.replace('hour="12"', ""), "'2026-11-25 h'", id="without its hour"),
        pytest.param(ONE.replace('"2026"', '"2_026"'), "'2_026-11-25 12h'", id="an underscore"),
        pytest.param(ONE.replace('"2026"', '"+2026"'), "'+2026-11-25 12h'", id="a sign"),
        pytest.param(ONE.replace('"12"', '"１２"'), "'2026-11-25 １２h'", id="wide digits"),
        pytest.param(
            ONE.replace('year="2026"', 'year="99999999999"'),
            "'99999999-11-25 12h'",
            id="a far year",
        ),
        pytest.param(
            ONE.replace("</current>", "<weather/></current>"), "with 2 <weather>", id="two"
        ),
    ],
)
def test_an_invalid_feed_is_refused_with_a_reason(page, message):
    with pytest.raises(NoSidebar) as refused:
        read(page)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_a_feed_cut_at_any_byte_is_refused():
    document = VARIED.strip().encode()
    for end in range(len(document)):
        with pytest.raises(NoSidebar):
            read(document[:end])
    assert read(document)


# ---- a portal beside the feed


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.at = HOUR

    def __call__(self) -> dt.datetime:
        return self.at


def values(hour: int) -> dict[str, str]:
    """The values of an hour; no other hour has any of them."""
    return {
        city: f"{(hour * 37 + n * 11) % 300 / 10 - 5:.1f}" for n, city in enumerate(pages.CITIES)
    }


def at(clock: str) -> dt.datetime:
    return dt.datetime.combine(HOUR.date(), dt.time.fromisoformat(clock), tzinfo=KST)


def page_of(hour: int, date: str) -> str:
    return pages.box([pages.entry("맑음", city, ta) for city, ta in values(hour).items()], date)


def looks(
    path: Path, moments: list[str], *, lag: int = 2, date: str = "2026.11.25 (수)"
) -> list[Report]:
    """Poll the feed and a portal that shows its values ``lag`` hours later, at each moment."""
    clock = Clock()
    hours = [int(moment[:2]) for moment in moments]
    replies = {
        "/feed.xml": [answer(of(values(hour), at(f"{hour:02}:00"))) for hour in hours],
        "/": [answer(page_of(hour - lag, date)) for hour in hours],
    }
    with Server(replies) as server:
        config = Config(
            database=str(path),
            portals=(
                Portal(name="late", url=server.url("/", host="127.0.0.1")),
                Portal(name="kma", url=server.url("/feed.xml", host="127.0.0.1"), kind="kma-xml"),
            ),
        )

        async def sweep(store: Store) -> list[Report]:
            reports = []
            async with collecting(config, store, clock) as collector:
                for moment in moments:
                    clock.at = at(moment)
                    reports += await collector.sweep(config.portals)
            return reports

        with Store.open(path) as store:
            return asyncio.run(sweep(store))


def test_the_hour_of_the_feed_dates_the_values_of_a_portal_that_lags_two_hours(tmp_path):
    path = tmp_path / "weather.db"
    reports = looks(path, ["11:05", "12:05", "13:05", "13:55", "14:02"])
    assert {report.outcome for report in reports} == {"new", "unchanged"}
    with query.Database(path) as db:
        before = db.at("서울", at("13:55"), portal="late", now=at("14:02"))
        late = db.at("서울", at("13:59"), portal="late", now=at("14:02"))
        best = db.at("서울", at("13:59"), now=at("14:02"))
        newest = {
            reading.portal: reading for reading in db.latest(stations=["서울"], now=at("14:02"))
        }
    assert (before.state, before.why) == ("unconfirmed", "not renewed since 2026-11-25 11:00")
    assert (late.observed_at, late.published_by) == (at("11:00"), at("11:00"))
    assert (best.portal, best.state, best.observed_at) == ("kma", "live", at("13:00"))
    assert best.valid_until == at("14:02")
    assert newest["kma"].observed_at == at("14:00")
    assert newest["late"].observed_at == at("12:00")
    assert faults(path) == []


def test_a_late_value_is_stale_three_hours_after_its_observation(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, ["11:05", "12:05", "13:05", "13:55"])
    with query.Database(path) as db:
        newest = {
            reading.portal: reading for reading in db.latest(stations=["서울"], now=at("14:02"))
        }
        (best,) = db.latest_best(stations=["서울"], now=at("14:02"))
    assert (newest["late"].state, newest["late"].why) == ("stale", "observed 2026-11-25 11:00")
    assert (best.portal, best.state, best.temperature_c) == (
        "kma",
        "live",
        float(values(13)["서울"]),
    )


def test_values_with_a_known_hour_are_live_at_the_first_look(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, ["12:05"], lag=0)
    with query.Database(path) as db:
        both = {
            reading.portal: reading for reading in db.latest(stations=["서울"], now=at("12:06"))
        }
    assert {name: (reading.state, reading.published_by) for name, reading in both.items()} == {
        "kma": ("live", at("12:00")),
        "late": ("live", at("12:00")),
    }


def test_a_broken_date_line_does_not_affect_the_hour(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, ["12:05"], lag=0, date="2018.03.20 (화)")
    with query.Database(path) as db:
        both = db.latest(stations=["서울"], now=at("12:06"))
    assert {(reading.state, reading.published_by) for reading in both} == {("live", at("12:00"))}


@pytest.mark.parametrize(
    ("hour", "state"),
    [("11:00", "live"), ("10:00", "unconfirmed"), ("09:00", "stale"), ("13:00", "unconfirmed")],
)
def test_the_first_page_of_a_feed_is_as_old_as_its_hour(tmp_path, hour, state):
    """A look at 12:05; an hour in the future proves nothing."""
    path = tmp_path / "weather.db"
    with Server({"/": answer(of(values(9), at(hour)))}) as server:
        url = server.url("/", host="127.0.0.1")
        portals = (Portal(name="kma", url=url, kind="kma-xml"),)
        config = Config(database=str(path), portals=portals)

        async def sweep(store: Store) -> None:
            async with collecting(config, store, lambda: at("12:05")) as collector:
                await collector.sweep(portals)

        with Store.open(path) as store:
            asyncio.run(sweep(store))
    with query.Database(path) as db:
        (reading,) = db.latest(stations=["서울"], now=at("12:05"))
    assert reading.state == state
    assert reading.observed_at == (at(hour) if hour < "12:05" else None)


def test_the_views_and_the_commands_have_the_hour(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, ["11:05", "12:05"], lag=1)
    stdout = nalssi("at", "서울", "2026-11-25T12:06", "--db", path, "--portal", "late").stdout
    assert "observed" in stdout
    assert "2026-11-25T11:00:00+09:00" in stdout
    sql = "SELECT DISTINCT portal, observed_at FROM weather WHERE station = '서울' ORDER BY 1, 2"
    assert rows(path, sql) == [
        ("kma", "2026-11-25T11:00:00+09:00"),
        ("kma", "2026-11-25T12:00:00+09:00"),
        ("late", None),
        ("late", "2026-11-25T11:00:00+09:00"),
    ]


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with query.Database(path) as db:
        return [tuple(row) for row in db._conn.execute(sql)]


def test_a_stored_feed_is_read_again_to_the_same_values(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, ["11:05", "12:05"])
    kinds: Mapping[str, str] = {"kma": "kma-xml", "late": "box"}
    with query.Database(path) as db:
        again = reparse.reparse(db.kept(), KNOWN, kinds)
        evidence = db.at("서울", at("12:06"), portal="kma", now=at("12:06")).evidence
    assert (again.sidebars, again.differing, again.changes["unreadable"]) == (4, 0, 0)
    assert evidence is not None
    seoul = values(12)["서울"]
    assert f'icon="03" desc="구름많음" ta="{seoul}" stn_id="108" 서울' in evidence.printed
    assert not faults(path)


def test_parse_shows_a_feed_and_its_hour(tmp_path):
    page = tmp_path / "feed.xml"
    page.write_text(kma.of({"서울": "-1.7"}), encoding="utf-8")
    run = nalssi("parse", "--kind", "kma-xml", page)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("page date 2026-11-25\nobserved 2026-11-25 12:00\n")
    refused = nalssi("parse", "--kind", "kma-xml", "-", given="<!DOCTYPE a><a/>")
    assert refused.returncode == 5
    assert len(refused.stderr.splitlines()) == 1
