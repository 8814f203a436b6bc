"""Every door gives the answer of the model, for any history in any order of arrival."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import epoch, moment
from db.validity import FROZEN_AFTER_S, HOLD_S
from db.write import captures
from db.write.store import Store
from tests.support.histories import (
    MINUTE,
    START,
    History,
    followers,
    histories,
    hour_of,
    without_minus,
)
from tests.support.keeping import capture_of, content_of, keep_own
from tests.support.model import Look, Portal, World

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from random import Random

    from db.measures.evidence import Known
    from db.query import Database
    from tests.support.model import Best, Value

HOUR = 60 * MINUTE

STATIONS = ("동두천", "서울", "거제")
"""The first city, one whose number is sometimes lost, and the last, which short boxes lack."""


class Answer(NamedTuple):
    """The answer of a door about a station at a portal."""

    state: str
    tenths: int | None
    published_by: int | None
    valid_until: int | None
    observed_at: int | None


class Counts(NamedTuple):
    """The answer of a door about a station across portals."""

    portal: str
    answer: Answer
    live_portals: int
    agreeing_portals: int


Answers: TypeAlias = "dict[tuple[object, ...], object]"
"""Answers by question: the door and its arguments."""


# ---- storing a history


@contextlib.contextmanager
def stored(history: History) -> Iterator[Store]:
    """A store with these looks, stored in this order."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "weather.db") as store:
        store._conn.execute("PRAGMA synchronous = off")
        for portal in history.portals:
            store.portal(portal.name, f"https://{portal.name}.example/", portal.interval_s)
        for look in history.looks:
            _keep(store, look)
        yield store


def _keep(store: Store, look: Look) -> None:
    if look.own:
        proofs = {"age": look.age, "page_date": look.page_date, "hour": look.hour}
        keep_own(store, look.portal, look.at, look.sidebar, **proofs)  # type: ignore[arg-type]
    else:
        capture = capture_of(look.portal, look.at, look.sidebar, page_date=look.page_date)
        captures.keep(store, [capture])


# ---- the doors: each gets the same questions as the model


class Questions(NamedTuple):
    """
    The questions for every door.

    Attributes:
        stations: Those of ``STATIONS`` that any portal listed.
        moments: In the past.
        now: The present, at or after all looks.
    """

    stations: list[str]
    moments: list[int]
    now: int


def answers_of_doors(db: Database, questions: Questions) -> Answers:
    """The answers of the doors."""
    stations, moments, now = questions
    names = [portal.name for portal in db.portals()]
    answers: Answers = {
        ("status", status.portal): status.state
        for status in db.status(portals=names, now=moment(now))
    }
    for value in db.latest(stations=stations, now=moment(now)) if stations else ():
        answers["latest", value.portal, value.station] = _answer(value)
    for portal, station, seen_from, state in _weather(db.path):
        if station in stations:
            answers["weather", portal, station, seen_from] = state
    for station in stations:
        for spell in db.series(station):
            answers["series", spell.portal, station, epoch(spell.seen_from)] = _answer(spell)
        for at in moments:
            answers["best", station, at] = _counts(db.at(station, moment(at), now=moment(now)))
            for name in names:
                known = db.at(station, moment(at), portal=name, now=moment(now))
                answers["at", name, station, at] = _answer(known)
    return answers


def _weather(path: Path) -> list[tuple[Any, ...]]:
    """The states of the view ``weather``."""
    with closing(sqlite3.connect(path)) as conn:
        sql = "SELECT portal, station, unixepoch(seen_from), state FROM weather"
        return conn.execute(sql).fetchall()


def _answer(known: Any) -> Answer | None:
    """The fields that all doors share."""
    if known.state == "none":
        return None
    return Answer(
        state=known.state,
        tenths=None if known.temperature_c is None else round(known.temperature_c * 10),
        published_by=_second(known.published_by),
        valid_until=_second(known.valid_until),
        observed_at=_second(known.observed_at),
    )


def _second(at: dt.datetime | None) -> int | None:
    return None if at is None else epoch(at)


def _counts(known: Known) -> Counts | None:
    answer = _answer(known)
    if answer is None or known.portal is None:
        return None
    return Counts(known.portal, answer, known.live_portals, known.agreeing_portals)


# ---- the model


def expected(world: World, questions: Questions) -> Answers:
    """The answers of the model."""
    stations, moments, now = questions
    answers: Answers = {}
    for name, spells in world.spells.items():
        answers["status", name] = world.portal_state(name, now) if spells else "down"
        for station in stations:
            if (newest := world.value(station, name, now)) is not None:
                answers["latest", name, station] = _of_value(newest)
            for at in moments:
                answers["at", name, station, at] = _of_value(world.value(station, name, at))
            for spell in spells:
                if spell.lists(station):
                    state = world.state(spell, spell.seen_until)
                    answers["series", name, station, spell.seen_from] = Answer(
                        state,
                        spell.tenths(station),
                        world.published_by(spell),
                        world.live_until(spell),
                        world.observed_at(spell),
                    )
                    answers["weather", name, station, spell.seen_from] = state
    for station in stations:
        for at in moments:
            answers["best", station, at] = _of_best(world.best(station, at))
    return answers


def _of_value(value: Value | None) -> Answer | None:
    if value is None:
        return None
    return Answer(
        value.state, value.tenths, value.published_by, value.valid_until, value.observed_at
    )


def _of_best(best: Best | None) -> Counts | None:
    answer = None if best is None else _of_value(best.value)
    if best is None or answer is None:
        return None
    portal = best.value.spell.portal.name
    return Counts(portal, answer, best.live_portals, best.agreeing_portals)


def moments_and_now(history: History, random: Random) -> tuple[list[int], int]:
    """Draw moments at or beside a possible change of an answer, and a present."""
    (interval,) = {portal.interval_s for portal in history.portals}
    borders = (0, HOLD_S, FROZEN_AFTER_S, 2 * interval, 3 * interval)
    after = [border + near for border in borders for near in (0, 0, 1, -1)]
    now = history.end + max(0, random.choice(after))
    points = {look.at + random.choice(after) for look in history.looks}
    before = sorted(point for point in points if point <= now)
    return random.sample(before, min(8, len(before))), now


def differences(given: Answers, right: Answers) -> dict[tuple[object, ...], tuple[object, object]]:
    """The wrong answers, each with the right one."""
    return {
        question: (given.get(question, "missing"), right.get(question, "missing"))
        for question in given.keys() | right.keys()
        if given.get(question, "missing") != right.get(question, "missing")
    }


@settings(max_examples=25)
@given(histories())
def test_the_spells_are_those_of_the_model(history):
    world = World(history.portals, history.looks)
    with stored(history) as store, closing(sqlite3.connect(store.path)) as conn:
        rows = conn.execute(
            "SELECT p.name, seen_from, seen_until, digest FROM spells "
            "JOIN portals AS p ON p.id = portal_id JOIN sidebars AS s ON s.id = sidebar_id"
        ).fetchall()
    assert sorted(rows) == sorted(
        (name, spell.seen_from, spell.seen_until, content_of(*spell.printed).digest)
        for name, spells in world.spells.items()
        for spell in spells
    )


@settings(max_examples=25)
@given(histories(), st.randoms(use_true_random=False))
def test_every_query_gives_the_answer_of_the_model(history, random):
    compare_with_model(history, random)


@settings(max_examples=8)
@given(followers(), st.randoms(use_true_random=False))
def test_a_follower_is_doubted_as_in_the_model(history, random):
    compare_with_model(history, random)


def compare_with_model(history: History, random: Random) -> None:
    """Ask the doors before and after a rebuild."""
    with stored(history) as store, query.Database(store.path) as db:
        moments, now = moments_and_now(history, random)
        stations = [station.name_ko for station in db.stations() if station.name_ko in STATIONS]
        questions = Questions(stations=stations, moments=moments, now=now)
        right = expected(World(history.portals, history.looks), questions)
        assert differences(answers_of_doors(db, questions), right) == {}
        store.rebuild()
        assert db.faults() == []
        assert differences(answers_of_doors(db, questions), right) == {}


def test_a_late_portal_that_lost_its_minus_signs_is_stale():
    hours = [tuple((city, (tenths or 0) - 200) for city, tenths in hour_of(n)) for n in range(12)]
    looks = [Look(portal="a", at=START + n * HOUR, sidebar=hours[n]) for n in range(12)]
    looks += [
        Look(portal="b", at=START + (n + 6) * HOUR, sidebar=without_minus(hours[n]))
        for n in range(6)
    ]
    portals = (Portal(name="a", interval_s=HOUR), Portal(name="b", interval_s=HOUR))
    history = History(portals=portals, looks=tuple(looks))
    with stored(history) as store, query.Database(store.path) as db:
        latest = db.latest("서울", now=moment(history.end))
        assert [(row.portal, row.state) for row in latest] == [("a", "live"), ("b", "stale")]


def test_a_live_value_ends_at_the_pause_that_ended_it():
    """Three looks at one set, the last an hour after the second: it was not live in that hour."""
    minutes = ((0, 0), (10, 1), (20, 1), (80, 1))
    looks = tuple(
        Look(portal="a", at=START + minute * MINUTE, sidebar=hour_of(nth))
        for minute, nth in minutes
    )
    history = History(portals=(Portal(name="a"),), looks=looks)
    ends = moment(START + 40 * MINUTE + 1)
    with stored(history) as store, query.Database(store.path) as db:
        known = db.at("서울", moment(START + 15 * MINUTE), now=moment(history.end))
        assert (known.state, known.valid_until) == ("live", ends)
        again = db.at("서울", moment(START + 80 * MINUTE), now=moment(history.end))
        assert (again.state, again.valid_until) == ("live", moment(START + 100 * MINUTE))
        assert db.series("서울")[1].valid_until == moment(START + 100 * MINUTE)


def test_a_spell_that_grew_too_old_in_a_pause_was_live_until_the_pause():
    minutes = ((0, 0), (10, 1), (20, 1), (140, 1))
    looks = tuple(
        Look(portal="a", at=START + minute * MINUTE, sidebar=hour_of(nth))
        for minute, nth in minutes
    )
    history = History(portals=(Portal(name="a"),), looks=looks)
    with stored(history) as store, query.Database(store.path) as db:
        assert db.series("서울")[1].valid_until == moment(START + 40 * MINUTE + 1)
