"""The state of knowledge at a moment: the value, its state then, and its evidence."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.errors import DatabaseError, UnknownPortal, UnknownStation, WrongQuestion
from db.measures import evidence, near, printed
from db.measures.evidence import Known
from db.measures.near import NearLook
from db.write.captures import Capture, keep
from db.write.store import Store
from tests.cli.test_cli import answered, nalssi, refused
from tests.support import month
from tests.support.make import make_content, make_look, make_reading, see
from tests.support.month import NOW, Portals, korean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The month, with a failed look in the middle of its frozen day."""
    path = month.make(tmp_path_factory.mktemp("month") / "weather.db")
    with Store.open(path) as store:
        store.keep_failure(make_look(fetched_at=korean(2, "12:55")), "fetch_failed", "HTTP 500")
    return path


@pytest.fixture(scope="module")
def db(path: Path) -> Iterator[query.Database]:
    with query.Database(path) as opened:
        yield opened


def known(db: query.Database, day: int, time: str, **changes: Any) -> Known:
    return db.at("서울", korean(day, time), **({"now": NOW} | changes))


def test_a_moment_is_answered_with_its_evidence(db):
    found = known(db, 2, "01:20")
    assert found == Known(
        station="서울",
        station_en="Seoul",
        kma_id=108,
        at=korean(2, "01:20"),
        state="live",
        portal="koya",
        temperature_c=5.0,
        condition="overcast",
        label="흐림",
        changed_after=korean(1, "23:50"),
        seen_from=korean(2, "00:50"),
        seen_until=korean(2, "12:50"),
        next_change=korean(2, "13:50"),
        published_by=korean(2, "00:50"),
        valid_until=korean(2, "02:20"),
        why="first shown 2024-03-02 00:50",
        flag=1,
        live_portals=1,
        agreeing_portals=1,
        evidence=found.evidence,
        look_before=NearLook(
            at=korean(2, "00:50"),
            outcome="new",
            page_date=dt.date(2024, 3, 2),
            reason=None,
        ),
        look_after=NearLook(
            at=korean(2, "01:50"),
            outcome="unchanged",
            page_date=dt.date(2024, 3, 2),
            reason=None,
        ),
    )


def test_the_evidence_is_the_sidebar_that_is_stored(db):
    proof = known(db, 2, "01:20").evidence
    assert proof is not None
    assert proof.digest == make_content(make_reading(temperature_c=5.0)).digest.hex()
    assert proof.printed == ("흐림 서울 4.9℃",)
    (stored,) = db._ask("SELECT hex(digest) FROM sidebars WHERE id = :id", {"id": proof.sidebar_id})
    assert stored == (proof.digest.upper(),)


@pytest.mark.parametrize(
    ("day", "time", "state", "celsius"),
    [
        pytest.param(1, "00:50", "live", 2.0, id="the second of the first look"),
        pytest.param(2, "02:19", "live", 5.0, id="the last minute of ninety"),
        pytest.param(2, "02:20", "unconfirmed", 5.0, id="ninety minutes old"),
        pytest.param(2, "03:49", "unconfirmed", 5.0, id="not yet three hours old"),
        pytest.param(2, "03:50", "frozen", 5.0, id="three hours old"),
        pytest.param(2, "12:50", "frozen", 5.0, id="the last look at it"),
        pytest.param(2, "13:49", "frozen", 5.0, id="until the next look"),
        pytest.param(2, "16:19", "live", 7.0, id="no look again, but it holds"),
        pytest.param(2, "16:20", "unconfirmed", 7.0, id="it holds no longer"),
        pytest.param(2, "17:50", "unconfirmed", 7.0, id="three intervals after the last look"),
        pytest.param(2, "17:51", "down", 7.0, id="longer after that"),
        pytest.param(3, "10:20", "unconfirmed", 8.0, id="nobody saw it begin"),
        pytest.param(3, "12:30", "live", None, id="no number printed"),
    ],
)
def test_the_state_is_the_one_of_that_moment(db, day, time, state, celsius):
    found = known(db, day, time)
    assert (found.state, found.temperature_c) == (state, celsius)


def test_no_value_is_known_before_the_first_look(db):
    found = db.at("서울", korean(1, month=2), now=NOW)
    assert found == Known(
        station="서울", station_en="Seoul", kma_id=108, at=korean(1, month=2), state="none"
    )


@pytest.mark.parametrize(
    ("day", "time", "portal", "agreeing"),
    [
        pytest.param(5, "06:15", "koya", (1, 1), id="only one is live"),
        pytest.param(5, "06:45", "other", (2, 2), id="both, and they agree"),
        pytest.param(5, "07:15", "koya", (2, 2), id="koya changed last, the other lags"),
        pytest.param(5, "07:45", "other", (1, 2), id="the other changed last"),
        pytest.param(5, "08:45", "other", (1, 1), id="koya holds no longer"),
        pytest.param(6, "11:20", "other", (1, 2), id="the other changed last, again"),
        pytest.param(6, "11:40", "koya", (1, 1), id="the other has lost the station"),
        pytest.param(7, "13:10", "koya", (1, 2), id="both at once: the first one added"),
        pytest.param(5, "05:40", "other", (0, 0), id="none is live: the one seen last"),
        pytest.param(5, "12:00", "other", (0, 0), id="none is live any more"),
    ],
)
def test_one_of_several_portals_is_chosen(db, day, time, portal, agreeing):
    found = known(db, day, time)
    assert (found.portal, (found.agreeing_portals, found.live_portals)) == (portal, agreeing)


def test_a_station_that_a_portal_dropped_is_known_and_not_live(db):
    """At 11:30 of the 6th the other portal shows only Busan."""
    found = known(db, 6, "11:40", portal="other")
    assert (found.state, found.portal, found.live_portals) == ("down", "other", 0)
    assert found.temperature_c is not None
    assert found.seen_until is not None
    assert found.next_change is not None
    assert found.seen_until < found.next_change <= found.at


def test_a_question_can_be_limited_to_one_portal(db):
    found = known(db, 5, "07:45", portal="koya")
    assert (found.portal, found.temperature_c, found.live_portals) == ("koya", 11.0, 1)


def test_statistics_agree_with_single_moments(db):
    """Compared every ten minutes of the day with two portals."""
    for minute in range(0, 24 * 60, 10):
        at = korean(5) + dt.timedelta(minutes=minute)
        found = db.at("서울", at, now=NOW)
        (hour,) = db.stats(
            "서울",
            by="hour",
            since=at,
            until=at + dt.timedelta(seconds=1),
            min_coverage=0,
            now=NOW,
        )
        assert (found.temperature_c if found.state == "live" else None) == hour.mean_c


def test_failed_looks_around_a_moment_have_their_reason(db):
    found = known(db, 2, "13:00")
    assert found.look_before == NearLook(
        at=korean(2, "12:55"), outcome="fetch_failed", page_date=None, reason="HTTP 500"
    )
    assert found.look_after is not None
    assert (found.look_after.at, found.look_after.outcome) == (korean(2, "13:50"), "new")
    newest = known(db, 7, "20:00")
    assert (newest.next_change, newest.look_after) == (None, None)


def test_a_page_of_an_archive_is_a_look_too(tmp_path):
    content = make_content(make_reading(temperature_c=3.0))
    with Store.open(tmp_path / "weather.db") as store:
        Portals(store).show(korean(1, "10:00"), 2.0)
        archived = Capture(
            portal="koya",
            captured_at=korean(1, "11:00"),
            precision="second",
            digest=content.digest,
            content=content,
            page_date=dt.date(2024, 3, 1),
        )
        keep(store, [archived])
    with query.Database(tmp_path / "weather.db") as db:
        found = known(db, 1, "11:30")
    assert (found.state, found.temperature_c) == ("live", 3.0)
    assert found.look_before is not None
    assert (found.look_before.at, found.look_before.outcome) == (korean(1, "11:00"), "archived")


@pytest.mark.parametrize(
    ("fragment", "lines"),
    [
        pytest.param(
            "  • 흐림서울 1.0℃\n• 비부산 2.0℃", ["• 흐림서울 1.0℃", "• 비부산 2.0℃"], id="text"
        ),
        pytest.param(
            "<ul><li><span class=a>흐림</span>서울 1℃</li><li>부산 ℃</li></ul>",
            ["흐림 서울 1℃", "부산 ℃"],
            id="a line for each item",
        ),
        pytest.param("<script>1 < 2</script>서울<!-- 3 -->", ["서울"], id="what is not printed"),
        pytest.param("서울<script>never closed", ["서울"], id="what never ends"),
        pytest.param("서울 &lt;b&gt; 3 < 4", ["서울 <b> 3 < 4"], id="no tags"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_fragment_is_shown_as_it_was_printed(fragment, lines):
    assert list(printed.lines(fragment)) == lines


@pytest.mark.parametrize("part", ["<", "<!--", "<script", "<script>", "<a ", "&"])
def test_a_fragment_that_never_ends_is_read_once(part):
    """To read a megabyte of it again from each position would take hours."""
    assert len(printed.lines(part * 250_000)) <= 1


def test_a_damaged_sidebar_is_reported(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        Portals(store).show(korean(1), 1.0)
        store._conn.execute("UPDATE sidebars SET fragment = x'01'")
        store._conn.commit()
    with (
        query.Database(tmp_path / "weather.db") as db,
        pytest.raises(DatabaseError, match="damaged"),
    ):
        known(db, 2, "00:00")


@pytest.mark.parametrize("sql", [evidence.SHOWN, near.LOOK_BEFORE, near.LOOK_AFTER])
def test_a_moment_is_found_without_reading_all(db, sql):
    values = {"station": "서울", "at": 1, "portal": 1}
    plan = [row[3] for row in db._ask(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert any("SEARCH" in step for step in plan)
    big = r"SCAN (sp|spells|r|readings|f|fetches|s|sidebars|captures)\b"
    assert not [step for step in plan if re.match(big, step)]


def test_an_impossible_question_is_refused(db):
    with pytest.raises(WrongQuestion, match="expected one that has passed") as refusal:
        db.at("서울", korean(9), now=NOW)
    assert refusal.value.exit_code == 2
    with pytest.raises(UnknownPortal, match="koya, other"):
        known(db, 1, "10:00", portal="nobody")
    with pytest.raises(UnknownStation, match="서울"):
        db.at("서을", korean(1), now=NOW)


# ---- the command


def test_the_command_prints_an_object(path):
    result = answered("at", "Seoul", "2024-03-02T01:20", "--db", path)
    assert (result["temperature_c"], result["state"], result["portal"]) == (5.0, "live", "koya")
    assert result["evidence"]["printed"] == ["흐림 서울 4.9℃"]
    assert result["look_after"]["at"] == "2024-03-02T01:50:00+09:00"


def test_the_command_prints_lines_to_cite(path):
    lines = nalssi("at", "108", "2024-03-05T07:45", "--db", path).stdout.splitlines()
    fields = dict(line.split(maxsplit=1) for line in lines if not line.startswith(("last", "look")))
    assert fields["station"] == "서울 Seoul (KMA 108)"
    assert fields["temperature"] == "13.0 °C"
    assert fields["portal"] == "other; 1 of 2 live portals showed this temperature"
    assert fields["changed"] == "after 2024-03-05T06:30:00+09:00, seen 2024-03-05T07:30:00+09:00"
    assert fields["printed"] == "흐림 서울 4.9℃"


def test_a_change_that_no_look_saw_gets_no_time(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(fetched_at=korean(1)), make_content())
    lines = nalssi("at", "서울", "2024-03-01T01:10", "--db", tmp_path / "weather.db").stdout
    assert "changed      not seen; first shown 2024-03-01T00:00:00+09:00\n" in lines
    assert "next change  –\n" in lines


def test_the_command_reports_an_unknown_value(path):
    run = nalssi("at", "서울", "2020-01-01", "--db", path)
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1].split(maxsplit=1) == [
        "state",
        "no portal had shown this station by then",
    ]


def test_the_command_prints_no_control_characters(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        content = make_content(fragment="\x1b[31m서울\u202e ℃")
        see(store, make_look(fetched_at=korean(1)), content)
    stdout = nalssi("at", "서울", "2024-03-01T01:10", "--db", tmp_path / "weather.db").stdout
    assert "[31m서울 ℃" in stdout
    assert "\x1b" not in stdout
    assert "\u202e" not in stdout


def test_a_wrong_time_is_refused_in_one_line(path):
    assert "has passed" in refused(2, "at", "서울", "2999-01-01", "--db", path)
    assert "서울 (Seoul, 108)" in refused(2, "at", "서을", "2024-03-01", "--db", path)
    run = nalssi("at", "서울", "noon", "--db", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "'noon' is not a time" in run.stderr
