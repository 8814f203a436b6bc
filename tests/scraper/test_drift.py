"""Drift: the entries of a lost box that are still in the page."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from db.write.store import Store
from scraper import reader
from scraper.collect.collector import collecting
from scraper.config import Config, Notify, Portal
from scraper.monitor import Monitor
from tests.cli.test_cli import nalssi
from tests.scraper.test_kma_xml import Clock
from tests.support import pages
from tests.support.kma import of
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from pathlib import Path

    from scraper.sidebar.drift import Drift
    from tests.support.inbox import Inbox


ENTRIES = [pages.entry("맑음", city, f"{n * 1.7 - 9:.1f}") for n, city in enumerate(pages.CITIES)]
BOX = pages.box(ENTRIES)
FRAGMENT = reader.read(BOX).fragment

REDONE = (
    """<html><!-- <li>대구 9.9</li> --><script>var a = "<p>울산 1.0</p>"</script>
<ul><li><a href="/seoul">서울특별시의 여러 소식</a></li></ul>
<table><tr>
  <td>동두천</td><td>-9.0</td></tr><tr><td>서울</td><td>-5.6</td></tr></table>
<div class="c">부산</div><div class="t">2.9</div>
<dl><dt>제주<dd>6.3</dl>
<p>강릉에는 """
    + "오늘도 많은 눈이 내렸고 " * 20
    + """</p></html>"""
)


def drifted(page: str, encoding: str = "utf-8") -> Drift:
    return reader.drifted(FRAGMENT, page.encode(encoding), encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_each_entry_has_the_row_that_is_nearest_to_it(encoding):
    found = {survivor.city: survivor for survivor in drifted(REDONE, encoding).survivors}
    assert list(found) == list(pages.CITIES)
    assert {
        city: survivor.after for city, survivor in found.items() if survivor.after is not None
    } == {
        "동두천": "동두천 -9.0",
        "서울": "서울 -5.6",
        "부산": "부산 2.9",
        "제주": "제주 6.3",
    }
    seoul = found["서울"]
    assert seoul.before == "맑음 서울 -5.6℃"
    assert seoul.markup_before == '<li class="icon_w"><span class="iw01">맑음</span>서울 -5.6℃'
    assert seoul.markup_after == "<tr><td>서울</td><td>-5.6</td>"


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (
            REDONE,
            "4 of its 16 entries are left, such as '맑음 동두천 -9.0℃', now '동두천 -9.0'",
        ),
        ("<p>점검 중</p>", "all of its 16 entries are gone"),
        ("", "all of its 16 entries are gone"),
    ],
)
def test_a_sentence_counts_the_remaining_entries(page, sentence):
    assert str(drifted(page)) == sentence


def test_a_long_page_of_one_city_is_compared_in_part():
    found = drifted("<p>서울 소식 1</p>" * 60_000 + "<p>부산 2.9</p>").survivors
    assert [survivor.after for survivor in found if survivor.city == "서울"] == ["서울 소식 1"]


def test_a_feed_has_its_entries_too():
    fragment = reader.read(of({"서울": "-1.7"}), kind=reader.KMA_XML).fragment
    page = "<html><p>서울 -2.0</p></html>".encode()
    drift = reader.drifted(fragment, page, "utf-8", kind=reader.KMA_XML)
    assert [(survivor.city, survivor.after) for survivor in drift.survivors] == [
        ("서울", "서울 -2.0")
    ]


# ---- over looks


def looks(path: Path, *shown: str, hook: str = "") -> None:
    """Poll a portal that shows these pages in turn, and send the notices that are due."""
    with Server({"/": [answer(page) for page in shown]}) as server:
        portal = Portal(name="koya", url=server.url("/", host="127.0.0.1"))
        config = Config(database=str(path), portals=(portal,), notify=Notify(webhook=hook))

        clock = Clock()

        async def live(store: Store) -> None:
            async with collecting(config, store, clock) as collector:
                monitor = Monitor(
                    config=config,
                    collector=collector,
                    store=store,
                    clock=clock,
                    complain=pytest.fail,
                )
                for _ in shown:
                    clock.at += dt.timedelta(minutes=10)
                    await monitor.after_looks(await collector.sweep(config.portals))

        with Store.open(path) as store:
            asyncio.run(live(store))


def test_the_command_lists_the_remains_of_a_lost_box(tmp_path):
    path = tmp_path / "weather.db"
    looks(path, BOX, REDONE)
    run = nalssi("looks", "--drift", "--db", path)
    assert (run.returncode, run.stderr) == (0, "")
    heading, *rows = run.stdout.splitlines()
    assert heading.split()[-3:] == ["city", "before", "after"]
    assert len(rows) == 16
    assert any("맑음 동두천 -9.0℃  동두천 -9.0" in row for row in rows)
    listed = json.loads(nalssi("looks", "--drift", "--json", "--db", path).stdout)
    assert {row["portal"] for row in listed} == {"koya"}
    assert listed[0]["markup_after"] == "<tr> <td>동두천</td><td>-9.0</td>"


@pytest.mark.parametrize("shown", [(BOX,), (BOX, REDONE, BOX), (REDONE,)], ids=len)
def test_a_portal_that_has_its_box_or_never_had_one_has_no_drift(tmp_path, shown):
    path = tmp_path / "weather.db"
    looks(path, *shown)
    run = nalssi("looks", "--drift", "--db", path)
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == "nalssi: no portal lost its box\n"


def test_the_notice_has_the_remains_of_the_box(tmp_path, inbox: Inbox):
    looks(tmp_path / "weather.db", BOX, REDONE, hook=f"{inbox.url}/hook")
    notices = [json.loads(body) for _, body in inbox.posts]
    (layout,) = (notice for notice in notices if notice["kind"] == "layout")
    assert layout["text"].startswith("koya shows no weather box that we can read: ")
    assert layout["text"].endswith("such as '맑음 동두천 -9.0℃', now '동두천 -9.0'")
