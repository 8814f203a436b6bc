"""The README: what it shows is run, as it stands there."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db.reading import KST, Condition
from db.store import Store
from tests.make import BUSAN, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from db.reading import Content

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
_, _, PAGE = README.partition("### Ten questions in SQL")
QUESTIONS = re.findall(r"^\*\*(.+?)\*\*.*?^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CLEAR = Condition(label="맑음", condition="clear", label_en="clear", wmo_4677=0)


def box(seoul: float, busan: float) -> Content:
    return make_content(
        make_reading(temperature_c=seoul, condition=CLEAR),
        make_reading(station=BUSAN, temperature_c=busan),
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, list[sqlite3.Row]]:
    """
    The answers to the questions of the query page, on a made-up history.

    On the first of March two portals agree from 08:00, the values stand still from 10:00 to 14:00,
    and a look fails at 15:00; in the last hour before now they disagree.
    """
    path = tmp_path_factory.mktemp("readme") / "weather.db"
    march = dt.datetime(2026, 3, 1, 8, tzinfo=KST)
    with Store.open(path) as store:
        for portal, more in (("demo", 0.0), ("other", 0.5)):
            shown = [(0, 1.0), (50, 1.0), (60, 2.0), (110, 2.0), (120, 4.0), (360, 4.0)]
            for minute, seoul in shown:
                at = march + dt.timedelta(minutes=minute)
                see(store, make_look(portal=portal, fetched_at=at), box(seoul, seoul + 3))
            failed = make_look(portal=portal, fetched_at=march + dt.timedelta(hours=7))
            store.keep_failure(failed, "fetch_failed", "HTTP 502")
            now = dt.datetime.now(dt.UTC)
            for minute, seoul in ((-15, 7.0), (-5, 9.0 + more)):
                at = now + dt.timedelta(minutes=minute)
                see(store, make_look(portal=portal, fetched_at=at), box(seoul, 1.0))
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return {question: conn.execute(sql).fetchall() for question, sql in QUESTIONS}


def test_there_are_ten_questions_and_each_has_an_answer(answers):
    assert len(answers) == 10
    assert [question for question, rows in answers.items() if not rows] == []


def rows(answers: dict[str, list[sqlite3.Row]], begins: str) -> list[tuple[object, ...]]:
    (found,) = (rows for question, rows in answers.items() if question.startswith(begins))
    return [tuple(row) for row in found]


def test_the_answers_are_those_of_the_history(answers):
    assert ("서울", 9.5, "clear", 5, "other") in rows(answers, "What is the weather now")
    assert ("서울", 2.0, "맑음", "demo", "live") in rows(answers, "What did the portals show")
    assert rows(answers, "How warm and how cold")[0] == ("2026-03-01", 2.0, 2.0)
    assert rows(answers, "What was the mean")[0] == ("2026-03-01", 2.0, 0.04)
    assert {row[3] for row in rows(answers, "Since when")} == {4.0}
    assert ("맑음", "clear", 10) in rows(answers, "Which skies")
    assert rows(answers, "How much warmer")[0][1:] == (2.0, 5.0, 3.0)
    assert rows(answers, "Where do portals disagree") == [("서울", 2, 9.0, 9.5)]
    assert ("demo", "2026-03-01", 7, 1, 120.0) in rows(answers, "How well did we look")
    assert rows(answers, "Why did looks fail")[0][:4] == ("demo", "fetch_failed", "HTTP 502", 1)
