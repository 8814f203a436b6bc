"""reparse reads stored boxes again: it first lists the changes, then stores all or none."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.packing import packed
from db.write import captures
from db.write.captures import Capture
from db.write.replacing import rewriting
from db.write.store import Store
from scraper import lock, reader, reparse, sidebar
from scraper.collect import ingest
from scraper.demo import portal
from scraper.vocabulary import KNOWN, taught
from tests.cli.test_cli import answered, nalssi, refused
from tests.support import pages
from tests.support.make import (
    INTERVAL_S,
    START,
    URL,
    make_content,
    make_look,
    make_page,
    make_reading,
    see,
)
from tests.support.pages import LISTS, SIGHTINGS, TEXTS, around, entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from db.reading import Content
    from scraper.demo.portal import Entry
    from scraper.vocabulary import Words

WORDS = '[words.labels]\n"눈보라" = "snow"\n[words.cities]\n"서울시" = 108\n'
TAUGHT = taught({"눈보라": "snow"}, {"서울시": 108})
STORMY = [entry("흐림", "서울시", "1.0"), entry("눈보라", "부산", "-0.5"), *pages.plain()[3:7]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weather.db"


def look(store: Store, minute: float, page: str, words: Words = KNOWN) -> None:
    """Store a look at a page as a pass does."""
    store.portal("koya", URL, INTERVAL_S)
    stored = store.keep_page(make_look(minute), make_page(body=page.encode()))
    assert ingest.read(store, stored, words).error is None


def read_again(path: Path, words: Words = KNOWN, **part: Any) -> reparse.Difference:
    """Read again without a change of the database."""
    with query.Database(path) as db:
        return reparse.reparse(db.kept(**part), words)


def write_again(path: Path, words: Words = KNOWN, **part: Any) -> reparse.Difference:
    """Read again, and store the new readings."""
    with Store.open(path) as store, rewriting(store, **part) as (old, into):
        return reparse.reparse(old, words, into=into)


def dump(path: Path) -> list[str]:
    """The database as SQL."""
    with closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


def assert_sound(path: Path) -> None:
    with query.Database(path) as db:
        assert db.faults() == []


def sky(path: Path, station: str) -> list[tuple[float | None, str, str | None]]:
    with query.Database(path) as db:
        return [(spell.temperature_c, spell.label, spell.condition) for spell in db.series(station)]


# ---- without a better reader or new words


def test_fragments_read_again_give_the_readings_that_were_kept(path):
    """Every form of a page, and every sighting: fragments are stored for this."""
    odd = [*pages.plain(), entry("", "수원", "3.0"), entry("비", "진주", ""), *STORMY[:2]]
    forms: list[Callable[[list[Entry]], str]] = [
        lambda entries: portal.page(entries, pages.DATE, size=9000),
        lambda entries: pages.renamed(pages.box(entries)),
        *(lambda entries, form=form: around(form(entries)) for form in LISTS.values()),
        *(lambda entries, form=form: form(entries, pages.DATE) for form in TEXTS.values()),
    ]
    boxes = [odd, *(list(seen.entries) for seen in SIGHTINGS.values())]
    printed = [
        form([*entries, entry("맑음", "속초", f"{nth / 10:.1f}")])  # so that no two are equal
        for nth, form in enumerate(forms)
        for entries in boxes
    ]
    with Store.open(path) as store, store.transaction():
        ids = [store.sidebars.keep(reader.read(page).content) for page in printed]
    found = read_again(path)
    assert (found.differing, found.changes, found.understood) == (0, {}, [])
    assert found.sidebars == len(set(ids)) >= 10 * len(forms)
    before = dump(path)
    write_again(path)
    assert dump(path) == before


def test_a_missing_reader_is_brought_up_to_date(path):
    with Store.open(path) as store:
        look(store, 0, portal.text(STORMY, pages.DATE))
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE sidebars SET reader = NULL")
    assert write_again(path).differing == 0
    assert rows(path, "SELECT reader FROM sidebars") == [(sidebar.READER,)]


# ---- words taught later


@pytest.fixture
def stormy(path: Path) -> Path:
    """A config with new words, and a database of looks from before."""
    with Store.open(path) as store:
        look(store, 0, portal.page(STORMY, pages.DATE, size=9000))
        look(store, 10, portal.page(pages.plain(), pages.DATE, size=9000))
    (path.parent / "config.toml").write_text(f'database = "weather.db"\n{WORDS}', encoding="utf-8")
    return path


def test_the_difference_is_shown_and_no_row_changes(stormy):
    before = stormy.read_bytes()
    run = nalssi("reparse", cwd=stormy.parent)
    assert run.returncode == 0, run.stderr
    lines = [re.sub(" {2,}", "  ", line) for line in run.stdout.splitlines()]
    assert lines == [
        "boxes: 2 read again, 1 different",
        "readings: 1 added, 1 changed, 1 gone",
        "city '서울시' is 서울 (108): 1 time",
        "label '눈보라' is snow: 1 time",
        "",
        "change  portal  seen from  station  before  after",
        "added  koya  2024-04-28 12:00  서울  –  1.0, 흐림: overcast",
        "changed  koya  2024-04-28 12:00  부산  -0.5, 눈보라: unknown  -0.5, 눈보라: snow",
        "gone  koya  2024-04-28 12:00  서울시  1.0, 흐림: overcast  –",
        "",
        "No row has changed; `nalssi reparse --write` stores the new readings.",
    ]
    assert stormy.read_bytes() == before


def test_a_word_configured_later_is_understood_in_stored_sidebars(stormy):
    result = answered("reparse", "--write", cwd=stormy.parent)
    assert {key: result[key] for key in ("written", "added", "changed", "gone")} == {
        "written": True,
        "added": 1,
        "changed": 1,
        "gone": 1,
    }
    assert sky(stormy, "부산") == [(-0.5, "눈보라", "snow"), (2.9, "흐림", "overcast")]
    assert sky(stormy, "서울") == [(1.0, "흐림", "overcast"), (-5.6, "흐림", "overcast")]
    assert rows(stormy, "SELECT name_ko FROM stations WHERE kma_id IS NULL") == []
    assert rows(stormy, "SELECT problems FROM sidebars") == [(None,), (None,)]
    assert_sound(stormy)
    again = answered("reparse", "--write", cwd=stormy.parent)
    assert (again["differing"], again["understood"], again["examples"]) == (0, [], [])


def test_a_word_removed_from_the_config_is_unknown_again(stormy):
    write_again(stormy, TAUGHT)
    write_again(stormy, KNOWN)
    assert sky(stormy, "부산")[0] == (-0.5, "눈보라", None)
    assert sky(stormy, "서울시") == [(1.0, "흐림", "overcast")]


def test_one_store_learns_and_forgets_configured_words(path):
    with Store.open(path) as store:
        for nth, words in enumerate([KNOWN, TAUGHT, KNOWN]):
            entries = [*STORMY, entry("맑음", "거제", f"{nth}.0")]
            look(store, 10 * nth, portal.page(entries, pages.DATE, size=9000), words)
            assert sky(path, "부산")[-1][2] == ("snow" if words is TAUGHT else None)


def test_a_text_and_a_page_of_one_sidebar_merge_once_a_glued_label_is_known(path):
    """They differ by one unknown word: the text had the city 눈보라부산."""
    with Store.open(path) as store:
        look(store, 0, portal.text(STORMY, pages.DATE))
        look(store, 10, portal.page(STORMY, pages.DATE, size=9000))
        look(store, 20, portal.text(STORMY, pages.DATE))
    assert sky(path, "눈보라부산") == [(-0.5, "", None)] * 2
    write_again(path, TAUGHT)
    assert sky(path, "부산") == [(-0.5, "눈보라", "snow")]
    ((fragment,),) = rows(path, "SELECT fragment FROM sidebars")
    assert fragment == packed(sidebar.find(portal.page(STORMY, pages.DATE)).fragment)
    assert_sound(path)


# ---- changed contents


def replace_contents(path: Path, *contents: Content) -> None:
    """Replace the sidebars by these contents, in order."""
    with Store.open(path) as store, rewriting(store) as (rewriter, into):
        for old, new in zip(list(rewriter.sidebars()), contents, strict=True):
            into.sidebar(old, new)


def contents_of(*digests: str, **changes: Any) -> list[Content]:
    """Contents with these digests, each with another temperature."""
    return [
        make_content(
            make_reading(temperature_c=float(nth)),
            digest=digest.encode(),
            fragment=digest * 3,
            **changes,
        )
        for nth, digest in enumerate(digests, 1)
    ]


def test_a_content_may_have_the_former_digest_of_another(path):
    with Store.open(path) as store:
        for nth, content in enumerate(contents_of("a", "b", "c")):
            see(store, make_look(10 * nth), content)
    replace_contents(path, *contents_of("b", "c", "a"))
    assert rows(path, "SELECT digest FROM sidebars ORDER BY id") == [(b"b",), (b"c",), (b"a",)]
    assert [value[0] for value in sky(path, "서울")] == [1.0, 2.0, 3.0]
    assert_sound(path)


@pytest.mark.parametrize("digests", ["aba", "bab", "aab", "baa", "ccc", "acc", "bbb"])
def test_contents_that_become_one_are_one_in_looks_captures_and_spells(path, digests):
    with Store.open(path) as store:
        contents = contents_of("a", "b", "c")
        for nth, content in enumerate(contents):
            see(store, make_look(20 * nth), content)
        for nth, content in enumerate([*contents, *contents[::-1]]):
            capture = Capture(
                portal="koya",
                captured_at=START + dt.timedelta(minutes=5 + nth // 2),
                precision="second",
                digest=content.digest,
                content=content,
                page_date=dt.date(2024, 4, 28 - nth),
            )
            captures.keep(store, [capture])
    replace_contents(path, *contents_of(*digests))
    assert {row[0].decode() for row in rows(path, "SELECT digest FROM sidebars")} == set(digests)
    stored = rows(path, "SELECT s.digest FROM fetches JOIN sidebars AS s ON s.id = sidebar_id")
    assert [digest.decode() for (digest,) in stored] == list(digests)
    assert len(rows(path, "SELECT DISTINCT sidebar_id FROM captures")) == len(set(digests))
    dates = rows(path, "SELECT max(page_date) FROM captures GROUP BY captured_at")
    assert dates == [("2024-04-28",), ("2024-04-26",), ("2024-04-24",)]
    assert_sound(path)


# ---- unreadable pages and fragments


def test_a_fragment_that_is_no_longer_a_box_keeps_its_readings(path):
    with Store.open(path) as store:
        see(store, make_look(), make_content(fragment="<ul>서울은 맑겠다</ul>"))
    before = dump(path)
    found = write_again(path)
    assert found.changes == {"unreadable": 1}
    assert "no weather box" in (found.examples[0].after or "")
    assert dump(path) == before


@pytest.mark.parametrize("damaged", [b"", b"\x01", b"\x01broken", b"\x78broken", b"\xff"])
def test_a_damaged_fragment_keeps_its_readings(stormy, damaged):
    with closing(sqlite3.connect(stormy)) as conn, conn:
        conn.execute("UPDATE sidebars SET fragment = ? WHERE id = 1", (damaged,))
    run = nalssi("reparse", "--write", cwd=stormy.parent)
    assert "damaged fragments: 1; what was read of them stays" in run.stdout
    assert sky(stormy, "부산")[0] == (-0.5, "눈보라", None)
    assert_sound(stormy)


NO_PAGE = "id NOT IN (SELECT look_id FROM pages)"


def test_an_unreadable_page_becomes_a_look_at_its_original_time(path):
    """Between two looks at the same values it proves that other values were shown."""
    plain, other = (
        portal.page(entries, pages.DATE, size=9000) for entries in (pages.plain(), STORMY)
    )
    with Store.open(path) as store:
        look(store, 0, plain)
        for minute, page in ((10, other), (20, "<p>no box"), (30, other)):
            stored = store.keep_page(make_look(minute), make_page(body=page.encode()))
            store.keep_no_sidebar(stored, "nothing there")
        look(store, 40, plain)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE fetches SET outcome = 'set_aside' WHERE id IN (3, 4)")
    assert read_again(path).changes == {"read at last": 2}
    found = write_again(path)
    assert (found.changes, found.unread) == ({"read at last": 2}, 1)
    assert rows(path, f"SELECT outcome, {NO_PAGE}, page_date FROM fetches") == [
        ("read", 1, "2018-03-20"),
        ("read", 1, "2018-03-20"),
        ("set_aside", 0, None),
        ("read", 1, "2018-03-20"),
        ("read", 1, "2018-03-20"),
    ]
    assert [value[0] for value in sky(path, "부산")] == [2.9, -0.5, 2.9]
    assert_sound(path)


def test_a_page_that_is_damaged_stays(path):
    with Store.open(path) as store:
        look(store, 0, portal.text(pages.plain(), pages.DATE))
        store.keep_no_sidebar(store.keep_page(make_look(10), make_page()), "nothing there")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE pages SET page = x'0102' WHERE look_id = 2")
    assert (write_again(path).unread, read_again(path).unread) == (1, 1)


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


def test_a_page_that_kills_its_reader_kills_only_that():
    deadly: Any = Deadly()
    assert reparse._in_another_process(b"", "utf-8", deadly, "box") is None


# ---- parts of a database, and other processes


def test_a_part_alone_is_read_again(stormy):
    part = {"since": START + dt.timedelta(minutes=5)}
    assert (read_again(stormy, TAUGHT, **part).sidebars, read_again(stormy).sidebars) == (1, 2)
    with Store.open(stormy) as store:
        store.portal("other", URL, INTERVAL_S)
    result = answered("reparse", "--write", "--portal", "other", cwd=stormy.parent)
    assert result["sidebars"] == 0
    assert sky(stormy, "부산")[0] == (-0.5, "눈보라", None)
    assert "unknown portal 'x'" in refused(2, "reparse", "--portal", "x", cwd=stormy.parent)


def test_reparse_does_not_write_while_a_pass_is_running(stormy):
    with lock.held(stormy):
        assert answered("reparse", cwd=stormy.parent)["changed"] == 1
        error = refused(75, "reparse", "--write", cwd=stormy.parent)
    assert "stop the daemon" in error


def test_reparse_without_a_database_is_refused(tmp_path):
    for options in ([], ["--write"]):
        assert "no such file" in refused(6, "reparse", "--db", tmp_path / "none.db", *options)


@pytest.mark.parametrize(
    "point",
    [
        "db.write.sidebars:Sidebars.replace",
        "db.truth.spells:rebuild",
        "db.write.replacing:Rewriting.page",
    ],
)
def test_a_kill_in_the_middle_changes_no_row(stormy, point):
    with Store.open(stormy) as store:
        page = make_page(body=portal.text(STORMY, pages.DATE).encode())
        store.keep_no_sidebar(store.keep_page(make_look(20), page), "nothing there")
    before = dump(stormy)
    code = (
        "import importlib, os, signal, sys\n"
        f"module, _, name = {point!r}.partition(':')\n"
        "*owners, name = name.split('.')\n"
        "owner = importlib.import_module(module)\n"
        "for part in owners: owner = getattr(owner, part)\n"
        "whole = getattr(owner, name)\n"
        "def killed(*args, **named):\n"
        "    whole(*args, **named)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "setattr(owner, name, killed)\n"
        "from scraper.cli import main\n"
        "main(['reparse', '--write'])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=stormy.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    with query.Database(stormy) as db:  # rolls back the transaction of the killed process
        assert db.faults() == []
    assert dump(stormy) == before
    result = json.loads(nalssi("reparse", "--write", "--json", cwd=stormy.parent).stdout)
    assert (result["changed"], result["read_at_last"]) == (1, 1)
    assert_sound(stormy)


def test_more_changes_than_are_shown_are_counted(path):
    with Store.open(path) as store, store.transaction():
        for nth in range(30):
            page = portal.page([*STORMY, entry("비", "거제", f"{nth}.0")], "")
            store.sidebars.keep(replace(reader.read(page).content, readings=()))
    found = read_again(path)
    assert (found.changes["added"], len(found.examples)) == (30 * 7, reparse.EXAMPLES)
