"""Tables have Korean headings where ``--lang`` or the environment asks for them."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from db.write.store import Store
from scraper.cli import korean
from tests.cli.test_cli import nalssi
from tests.support import demos
from tests.support.make import START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    **{name: [name] for name in ("freezes", "gaps", "looks", "portals", "stations", "words")},
    "flags": ["flags"],
    "series": ["series", "서울"],
    "hours": ["hours", "서울"],
    "latest": ["latest"],
    "latest --wide": ["latest", "--wide"],
    "status": ["status"],
    "status --wide": ["status", "--wide"],
    "stats": ["stats", "서울", "--by", "hour"],
    "stats --wide": ["stats", "서울", "--by", "hour", "--wide"],
    "compare": ["compare", "서울", "부산"],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """The demo's history, which has a freeze, a failure and flags."""
    return demos.played(tmp_path_factory, START)


def heading(*arguments: str | Path, **env: Any) -> str:
    lines = nalssi(*arguments, LC_ALL="", **env).stdout.splitlines()
    return next(line for line in lines if not line.startswith(("DOWN: ", "STUCK ")))


@pytest.mark.parametrize("table", TABLES)
def test_every_heading_of_a_table_has_its_korean(path, table):
    headings = heading(*TABLES[table], "--lang", "ko", "--db", path)
    assert re.sub(r"°C|ID", "", headings).isascii() is False
    assert re.findall(r"[A-Za-z]{2,}", headings) == []


def test_each_korean_heading_is_that_of_one_english_one_in_a_table(path):
    headings = [heading(*arguments, "--db", path) for arguments in TABLES.values()]
    for line in headings:
        assert re.findall(r"[가-힣]{2,}", re.sub("서울|부산", "", line)) == []


@pytest.mark.parametrize(
    ("env", "arguments", "first"),
    [
        pytest.param({"LANG": "ko_KR.UTF-8"}, [], "지점", id="the variable"),
        pytest.param({"LANG": "ko_KR.UTF-8"}, ["--lang", "en"], "station", id="the option first"),
        pytest.param({"LANG": "de_DE.UTF-8"}, [], "station", id="another language"),
        pytest.param(
            {"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, [], "station", id="messages"
        ),
    ],
)
def test_the_option_goes_before_the_environment(path, env, arguments, first):
    assert heading("latest", *arguments, "--db", path, **env).split()[0] == first


def test_a_short_korean_table_has_korean_names_alone(path):
    lines = nalssi("latest", "--station", "108", "--lang", "ko", "--db", path).stdout.splitlines()
    assert lines[-1].split()[:3] == ["서울", "6.0", "구름조금"]


def test_programs_get_the_same_keys_in_every_language(path):
    answers = [
        nalssi("series", "서울", "--csv", "--lang", lang, "--db", path).stdout
        for lang in ("en", "ko")
    ]
    assert answers[0] == answers[1]


def test_the_usual_tables_fit_eighty_columns(tmp_path, path):
    """Sixteen cities, the longest states, a portal whose name has fifteen letters."""
    shutil.copy(path, tmp_path / "demo.db")
    with Store.open(tmp_path / "weather.db") as store:
        for minute in (0, 10):
            content = make_content(make_reading(temperature_c=-10.1 - minute))
            see(store, make_look(minute, portal="jkyhnews-mirror"), content)
    for command in (["latest"], ["status"], ["latest", "--best"]):
        for name in ("demo.db", "weather.db"):
            lines = nalssi(*command, "--db", tmp_path / name).stdout.splitlines()
            rows = [line for line in lines if not re.match(r"DOWN:|STUCK |\S+: ", line)]
            assert rows
            assert max(map(cell_len, rows)) <= 80


def test_a_heading_without_korean_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert korean.heading("unheard of") == "unheard of"
    assert korean.heading("부산 less 서울") == "부산 − 서울"
