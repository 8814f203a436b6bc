"""Words: those that were printed, with their meaning, and those that the config teaches."""

from __future__ import annotations

import pickle
import signal
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.reading import Problem
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper import normalize, reader, sidebar
from scraper.demo import portal
from scraper.errors import UnteachableWord
from scraper.sidebar import labels
from scraper.vocabulary import CONDITIONS, KNOWN, STATIONS, Words, taught
from tests.cli.test_cli import answered, nalssi
from tests.support import pages
from tests.support.faults import Child, FaultPortal, rows, until, write_config
from tests.support.make import INTERVAL_S, START, URL, make_look, see
from tests.support.pages import entry
from tests.support.servers import answer

if TYPE_CHECKING:
    from pathlib import Path

    from scraper.demo.portal import Entry

STORMY = [entry("흐림", "서울시", "1.0"), entry("눈보라", "부산", "-0.5"), *pages.plain()[3:7]]
TAUGHT = taught({"눈보라": "snow"}, {"서울시": "Seoul"})


def readings(page: str, words: Words) -> normalize.Normalized:
    return normalize.readings(sidebar.find(page, words=words), words)


# ---- taught


@pytest.mark.parametrize("form", [portal.page, portal.text], ids=["HTML", "text"])
def test_a_configured_word_is_understood_anywhere(form):
    page = form(STORMY, pages.DATE)
    assert Problem(kind="unknown city", word="서울시") in readings(page, KNOWN).problems
    seoul, busan, *_ = readings(page, TAUGHT).readings
    assert readings(page, TAUGHT).problems == ()
    assert (seoul.station, seoul.city) == (STATIONS["서울"], "서울시")
    assert (busan.condition.label, busan.condition.condition) == ("눈보라", "snow")


def test_a_configured_label_is_split_from_a_city_glued_to_it():
    assert labels.split("눈보라부산") == ("", "눈보라부산")
    assert labels.split("눈보라부산", TAUGHT) == ("눈보라", "부산")
    assert labels.split("흐림서울시", TAUGHT) == ("흐림", "서울시")
    assert labels.split("눈보라서울시", TAUGHT) == ("눈보라", "서울시")
    assert labels.split("북눈보라부산", TAUGHT) == ("", "북눈보라부산")


def test_a_label_may_be_any_text():
    odd = taught({"눈.*(": "snow"}, {})
    assert labels.split("눈.*(부산", odd) == ("눈.*(", "부산")
    assert not labels.is_label("눈바람", odd)


def test_a_configured_label_has_the_code_of_the_first_word_for_its_condition():
    known = TAUGHT.conditions["눈보라"]
    assert (known.label_en, known.wmo_4677) == (CONDITIONS["눈"].label_en, 73)
    assert known.icon == ""  # so that no icon contradicts it


def test_the_config_overrides_the_tables():
    assert taught({"박무": "fog"}, {}).conditions["박무"].condition == "fog"
    assert taught({}, {"광주시": 156}).stations["광주시"] == STATIONS["광주"]


@pytest.mark.parametrize(
    "station",
    [108, "서울", "Seoul", pytest.param("\u1109\u1165\u110b\u116e\u11af", id="decomposed")],
)
def test_a_station_is_meant_by_its_number_or_name(station):
    assert taught({}, {"서울시": station}).stations["서울시"] == STATIONS["서울"]


def test_a_word_is_configured_in_any_unicode_form():
    decomposed, wide = "눈\u1107\u1169\u1105\u1161", "\u200b서울시 "
    assert taught({decomposed: "snow"}, {wide: 108}) == TAUGHT


@pytest.mark.parametrize(
    ("label", "city"),
    [
        pytest.param({"서울": "clear"}, {}, id="a city as a label"),
        pytest.param({}, {"흐림": 108}, id="a label as a city"),
        pytest.param({"": "clear"}, {}, id="no label"),
        pytest.param({"\u200b ": "clear"}, {}, id="a label that nobody sees"),
        pytest.param({"-": "clear"}, {}, id="no sky reported"),
        pytest.param({}, {"": 108}, id="no city"),
        pytest.param({"눈보라": "blizzard"}, {}, id="an unknown condition"),
        pytest.param({"눈보라": ""}, {}, id="no condition"),
        pytest.param({}, {"서울시": 1}, id="an unknown number"),
        pytest.param({}, {"서울시": "108"}, id="a number as a name"),
    ],
)
def test_an_invalid_word_is_refused(label, city):
    with pytest.raises(UnteachableWord, match=r"words\.(labels|cities)\.'.*expected"):
        taught(label, city)


def test_words_can_be_sent_to_other_processes():
    sent = pickle.loads(pickle.dumps(TAUGHT))  # noqa: S301 - pickled by this test
    assert (sent, hash(sent)) == (TAUGHT, hash(TAUGHT))
    assert readings(portal.text(STORMY, pages.DATE), sent).problems == ()


def test_parse_knows_the_words_of_the_config(tmp_path):
    (tmp_path / "config.toml").write_text('[words.labels]\n"눈보라" = "snow"\n', encoding="utf-8")
    page = portal.text(STORMY, pages.DATE)
    result = answered("parse", cwd=tmp_path, given=page)
    assert result["readings"][1]["condition"] == "snow"
    assert result["problems"] == ["unknown city '서울시'"]


def test_a_daemon_takes_new_words_on_sighup(tmp_path):
    with FaultPortal() as server:
        server.reply = answer(portal.page(STORMY, pages.DATE, size=9000).encode())
        config = write_config(tmp_path, server.server.url())
        known = "SELECT condition FROM conditions WHERE label = '눈보라'"
        with Child(config) as child:
            child.until("look")
            path = tmp_path / "weather.db"
            assert rows(path, known) == [(None,)]
            words = '\n[words.labels]\n"눈보라" = "snow"\n'
            config.write_text(config.read_text(encoding="utf-8") + words, encoding="utf-8")
            other = [*STORMY, entry("맑음", "거제", "9.9")]
            server.reply = answer(portal.page(other, pages.DATE, size=9000).encode())
            child.send(signal.SIGHUP)
            assert until(lambda: rows(path, known) == [("snow",)], child=child)
            assert child.stop() == 0


# ---- listed


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portals, an archive, and words without a meaning."""
    path = tmp_path_factory.mktemp("words") / "weather.db"
    odd = [*pages.plain()[:3], entry("", "대구", "1.0", "31"), entry("", "제주", "2.0", "08")]
    with Store.open(path) as store:
        for minute, (name, entries) in enumerate(
            [("koya", STORMY), ("other", odd), ("other", [*odd, entry("-", "거제", "1.0")])]
        ):
            see(store, make_look(minute, portal=name), _content(entries))
        store.portal("archive", URL, INTERVAL_S)
        content = _content([entry("눈보라", "대전", "1.0"), *pages.plain()[4:7]])
        capture = Capture(
            portal="archive",
            captured_at=START.replace(hour=15, day=1),
            precision="day",
            digest=content.digest,
            content=content,
            page_date=None,
        )
        captures.keep(store, [capture])
    return path


def _content(entries: list[Entry]) -> Any:
    return reader.read(portal.page(entries, pages.DATE, size=0)).content


def words(path: Path, *more: str) -> dict[tuple[str, str], Any]:
    listed = answered("words", "--db", path, *more)
    return {(word["kind"], word["word"]): word for word in listed}


def test_a_word_is_listed_with_its_count_and_its_portals(history):
    assert words(history)["label", "눈보라"] == {
        "kind": "label",
        "word": "눈보라",
        "means": None,
        "understood": False,
        "sidebars": 2,
        "first_seen": "2024-04-02T00:00:00+09:00",
        "first_portal": "archive",
        "last_seen": "2024-04-28T12:00:00+09:00",
        "last_portal": "koya",
    }


def test_a_word_is_counted_in_sidebars_not_in_lines(history):
    listed = words(history)
    assert listed["label", "흐림"]["sidebars"] == 4
    assert listed["icon", "04"]["sidebars"] == 4
    assert listed["city", "서울"]["sidebars"] == 2
    assert listed["city", "서울시"]["sidebars"] == 1


def test_listed_words_are_those_of_the_stored_sidebars(history):
    """Sidebars with the same list of words are counted together."""
    printed = rows(
        history,
        "SELECT r.sidebar_id, c.label, c.icon, s.name_ko FROM readings AS r "
        "JOIN conditions AS c ON c.id = r.condition_id JOIN stations AS s ON s.id = r.station_id",
    )
    sidebars: dict[tuple[str, str], set[int]] = {}
    for row, *fields in printed:
        for kind, word in zip(("label", "icon", "city"), fields, strict=True):
            if word or kind == "label":
                sidebars.setdefault((kind, word), set()).add(row)
    listed = {key: word["sidebars"] for key, word in words(history).items()}
    assert listed == {key: len(known) for key, known in sidebars.items()}


def test_unknown_words_can_be_listed_alone(history):
    assert list(words(history, "--unknown")) == [
        ("label", "눈보라"),
        ("icon", "31"),
        ("city", "서울시"),
    ]


def test_a_word_is_listed_with_its_meaning(history):
    means = {key: word["means"] for key, word in words(history).items()}
    assert means["label", "흐림"] == "overcast"
    assert means["label", ""] == "rain"  # by its icon, if it has one
    assert means["label", "-"] == "not reported"
    assert means["icon", "08"] == "rain"
    assert means["city", "제주"] == "Jeju (184)"


def test_the_list_is_a_table_for_people(history):
    run = nalssi("words", "--unknown", "--db", history)
    assert [line.split()[:4] for line in run.stdout.splitlines()] == [
        ["kind", "printed", "taken", "for"],
        ["label", "눈보라", "NOT", "UNDERSTOOD"],
        ["icon", "31", "NOT", "UNDERSTOOD"],
        ["city", "서울시", "NOT", "UNDERSTOOD"],
    ]


def test_an_empty_database_has_no_words(tmp_path):
    Store.open(tmp_path / "weather.db").close()
    assert words(tmp_path / "weather.db") == {}
    run = nalssi("words", "--db", tmp_path / "weather.db")
    assert (run.returncode, run.stdout) == (0, "")
    with query.Database(tmp_path / "weather.db") as db:
        assert db.words() == []
