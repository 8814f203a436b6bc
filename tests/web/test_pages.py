"""The pages: their words in both languages, and harmless text of hostile portals."""

from __future__ import annotations

import datetime as dt
import itertools
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, get_args

import pytest

from db import query
from db.korean.sentences import korean
from db.moments import epoch
from db.read.why import DOUBTS, NOT_LISTED, Facts, why
from db.reading import Condition, Station
from db.validity import STATES, Doubt
from db.write.store import Store
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS
from scraper.web import words
from tests.cli.test_cli import nalssi
from tests.support.demos import PLAYED
from tests.support.make import START, make_content, make_look, make_reading, see
from tests.support.month import CLEAR, LOST
from tests.web.conftest import NOW, at

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def sentences() -> set[str]:
    """Every sentence of ``why``, from every kind of facts."""
    at_s = epoch(START)
    found = {NOT_LISTED}
    hours = (0, 1, 2, 12, None)
    for doubt in (None, *get_args(Doubt)):
        for published, first, after in itertools.product(hours[:-1], hours[:-1], hours):
            for portal in ("koya", "other"):
                facts = Facts(
                    at=at_s,
                    last_look=at_s,
                    portal=portal,
                    standing_since=at_s,
                    published_by=at_s - published * 3600,
                    first_seen=at_s - first * 3600,
                    first_portal="koya",
                    first_after=None if after is None else at_s - after * 3600,
                    doubt=doubt,
                    late_hours=4,
                )
                found |= {why(state, facts) for state in STATES}
    return found


def test_every_sentence_of_a_reason_is_translated():
    english = sentences()
    assert len(english) > 20
    assert DOUBTS["late"].format(4) in english
    assert [sentence for sentence in english if korean(sentence) is None] == []
    assert all(korean(sentence) != sentence for sentence in english)


def test_a_sentence_without_a_translation_is_marked_as_english():
    assert words.why("a sentence of tomorrow", "ko") == ("a sentence of tomorrow", "en")


@pytest.mark.parametrize(
    ("states", "korean", "english"),
    [
        (
            ["live"] * 15 + ["frozen"],
            "16곳 중 15곳 실시간, 1곳 멈춤",
            "15 of 16 stations live, 1 frozen",
        ),
        (["down"], "1곳 중 1곳 끊김", "1 of 1 station down"),
        ([], "아직 읽은 값이 없습니다", "No value has been read yet"),
    ],
)
def test_the_front_page_begins_with_a_sentence(states, korean, english):
    assert (words.summary(states, "ko"), words.summary(states, "en")) == (korean, english)


def test_each_page_declares_its_language_and_links_to_the_other(client):
    for path in ("/", "/stations/108/", "/portals/demo/", "/about/", "/api/"):
        for prefix, language in (("", "ko"), ("/en", "en")):
            page = client.get(prefix + path).text
            assert f'<html lang="{language}">' in page
            assert 'hreflang="' in page


def test_a_value_on_a_page_has_its_state_its_end_and_its_evidence(client):
    row = client.get("/api/v1/latest/108.json").json()
    for path in ("/", "/stations/108/", "/embed/108.html", "/embed/108.svg", "/embed/map.svg"):
        page = client.get(path).text
        assert row["valid_until"] in page, path
        assert "5.5" in page, path
    assert f'href="evidence/{row["digest"]}/">−5.5</a>' in client.get("/").text


def test_the_page_of_a_station_does_not_deny_an_unconfirmed_value(tmp_path, played):
    """The first look may show the weather of now; only an old value certainly does not."""
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(), make_content())
    young = at(tmp_path / "weather.db", START).get("/en/stations/108/").text
    old = at(played, NOW + dt.timedelta(hours=5)).get("/en/stations/108/").text
    assert "Not known to be the current weather." in young
    assert "Not the current weather." in old


def test_outdated_values_are_shown_as_down_and_have_no_end(played):
    page = at(played, NOW + dt.timedelta(hours=5)).get("/").text
    assert "16곳 중 16곳 끊김" in page
    assert "data-valid-until" not in page


def test_an_empty_database_has_pages(tmp_path):
    Store.open(tmp_path / "weather.db").close()
    client = at(tmp_path / "weather.db", NOW)
    for path in (
        "/",
        "/en/",
        "/portals/",
        "/about/",
        "/api/",
        "/feed.xml",
        "/embed/map.svg",
        "/at",
    ):
        assert client.get(path).status_code == 200, path
    assert client.get("/api/v1/latest.json").json() == []


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u2066'


@pytest.fixture
def hostile(tmp_path) -> TestClient:
    """A portal that prints markup and characters that reverse the line."""
    city = Station(name_ko=f"서울{HOSTILE}", kma_id=108, latitude=37.5, longitude=127.0)
    sky = Condition(label=f"흐림{HOSTILE}")
    with Store.open(tmp_path / "weather.db") as store:
        for minute in (0, 10):
            reading = make_reading(station=city, condition=sky, temperature_c=1.0 + minute)
            fragment = "<ul>흐림&lt;script&gt;alert(1)&lt;/script&gt;\u202e 서울 4.9℃</ul>"
            see(store, make_look(minute), make_content(reading, fragment=fragment))
        failed = make_look(20)
        store.keep_failure(failed, "fetch_failed", HOSTILE)
    return at(tmp_path / "weather.db", START + dt.timedelta(minutes=21))


def test_hostile_words_are_shown_without_markup_and_control_characters(hostile):
    digest = hostile.get("/api/v1/latest/108.json").json()["digest"]
    for path in (
        *("/", "/en/", "/stations/108/", "/stations/108/2024-04/", "/portals/koya/", "/feed.xml"),
        *("/embed/108.html", "/embed/108.svg", "/embed/map.svg", "/embed/108-week.svg"),
        *(f"/evidence/{digest}/", "/at?station=108", "/at?station=108&time=%22%3E%3Cb%3E1h"),
    ):
        answer = hostile.get(path)
        marks = ["\u202e", "\u2066"]
        if answer.headers["content-type"] != "application/problem+json":
            marks += ["<script>alert", "<img", "<b>1h"]
        for mark in marks:
            assert mark not in answer.text, (path, mark)
    json_text = hostile.get("/api/v1/latest.json").text
    assert "\u202e" not in json_text


def test_pages_name_a_learned_sky_and_its_source(tmp_path):
    """Two portals show one set; the one whose box counts lost the word of Seoul."""
    with Store.open(tmp_path / "weather.db") as store:
        for portal, minute, label in (("losing", 0, LOST), ("full", 5, CLEAR)):
            readings = (
                make_reading(
                    station=STATIONS[city],
                    temperature_c=nth * 2.0,
                    condition=label if city == "서울" else CLEAR,
                )
                for nth, city in enumerate(CITIES[:8])
            )
            see(store, make_look(minute, portal=portal), make_content(*readings))
    pages = at(tmp_path / "weather.db", START + dt.timedelta(minutes=6))
    for path in ("/", "/stations/108/", f"/at?station=108&time={START:%Y-%m-%dT%H:%MZ}"):
        assert "맑음 (full)" in pages.get(path).text
        assert "clear (full)" in pages.get(f"/en{path}").text


def test_pictures_are_well_formed_and_have_a_description_in_text(client):
    for path in ("/embed/108.svg", "/en/embed/108.svg", "/embed/map.svg", "/embed/108-week.svg"):
        root = ET.fromstring(client.get(path).content)  # noqa: S314 - our own
        names = [element.tag.rpartition("}")[2] for element in root]
        assert names[:2] == ["title", "desc"]
        assert root.find(".//{*}text") is not None
    assert "실시간" in client.get("/embed/108.svg").text


ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_the_feed_lists_freezes_and_their_ends(client):
    feed = ET.fromstring(client.get("/en/feed.xml").content)  # noqa: S314 - our own
    titles = [title.text for title in feed.findall("a:entry/a:title", ATOM)]
    assert titles[:2] == ["demo: well again after being (frozen)", "demo: frozen"]
    ids = [element.text for element in feed.findall("a:entry/a:id", ATOM)]
    assert len(set(ids)) == len(ids)
    updated = [str(element.text) for element in feed.findall("a:entry/a:updated", ATOM)]
    assert updated == sorted(updated, reverse=True)


def test_the_feed_has_the_span_of_a_freeze_and_the_time_when_it_was_known(played, client):
    with query.Database(played) as db:
        (freeze,) = db.freezes(portal="demo")
    feed = ET.fromstring(client.get("/en/feed.xml").content)  # noqa: S314 - our own
    over, begun = feed.findall("a:entry", ATOM)[:2]
    for entry in (over, begun):
        span = f"{freeze.since:%H:%M} – {freeze.until:%-d %b %H:%M}"
        assert span in str(entry.findtext("a:summary", namespaces=ATOM))
    known_at = freeze.since + dt.timedelta(hours=3)
    assert begun.findtext("a:updated", namespaces=ATOM) == known_at.isoformat()
    assert freeze.next_change is not None
    assert over.findtext("a:updated", namespaces=ATOM) == freeze.next_change.isoformat()


def test_the_entries_of_the_feed_do_not_depend_on_its_address(played, client):
    other = at(played, PLAYED + dt.timedelta(hours=9), base_url="https://weather.example.kr")
    first, second = (
        [element.text for element in ET.fromstring(body).findall("a:entry/a:id", ATOM)]  # noqa: S314 - our own
        for body in (client.get("/feed.xml").content, other.get("/feed.xml").content)
    )
    assert set(first) <= set(second)
    assert "https://weather.example.kr/portals/demo/" in other.get("/feed.xml").text


def test_oembed_gives_the_frame_of_a_station(played):
    client = at(played, NOW, base_url="https://weather.example.kr")
    answer = client.get(
        "/oembed", params={"url": "https://weather.example.kr/stations/108/"}
    ).json()
    assert answer == client.get("/embed/108.json").json()
    assert 'src="https://weather.example.kr/embed/108.html"' in answer["html"]
    assert (answer["width"], answer["height"], answer["version"]) == (320, 120, "1.0")
    assert 'href="https://weather.example.kr/embed/108.json"' in client.get("/stations/108/").text


def test_the_line_to_embed_reports_a_missing_public_address(played, client):
    note = "once the public address is set: --base-url, or base_url under [site]"
    assert note in client.get("/en/stations/108/").text
    public = at(played, NOW, base_url="https://weather.example.kr").get("/en/stations/108/").text
    assert note not in public
    assert 'iframe src="https://weather.example.kr/embed/108.html"' in public


def test_the_newest_can_be_written_as_one_page(played, tmp_path):
    target = tmp_path / "tonight.html"
    run = nalssi("latest", "--best", "-o", target, "--db", played)
    assert (run.returncode, run.stdout) == (0, "")
    page = target.read_text("utf-8")
    assert "16곳 중 16곳 끊김" in page
    assert page.count("<tr") == 17
    assert "src=" not in page
    assert "href=" not in page
