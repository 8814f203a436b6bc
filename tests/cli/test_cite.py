"""cite: a value with its citation, which the digest checks against the database."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sqlite3
from typing import TYPE_CHECKING

import pytest

from db.packing import packed
from scraper import __version__, demo
from scraper.demo.portal import CITIES
from tests.cli.test_cli import nalssi, refused
from tests.support import demos
from tests.support.demos import PLAYED

if TYPE_CHECKING:
    from pathlib import Path

THEN = "2026-11-23T20:00"


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return demos.copy(tmp_path_factory, PLAYED, tmp_path_factory.mktemp("cite") / "demo.db")


def cited(path: Path, *more: str) -> dict[str, object]:
    citation: dict[str, object] = json.loads(
        nalssi("cite", "서울", THEN, "--json", *more, "--db", path).stdout
    )
    return citation


def test_a_citation_has_value_time_state_flag_source_digest_and_version(path):
    citation = cited(path)
    lines = nalssi("cite", "108", THEN, "--db", path).stdout.splitlines()
    assert lines[0].startswith(
        "서울 (Seoul, KMA 108), 2026-11-23 20:00:00 KST: "
        f"{citation['temperature_c']} °C, {citation['label']}"
    )
    assert lines[1].startswith(
        f"State: {citation['state']}: {citation['why']}; flag {citation['flag']} ("
    )
    source = "Source: Korea Meteorological Administration (기상청), as shown by demo, "
    assert lines[2].startswith(f"{source}{citation['url']}, from ")
    assert lines[3] == f"Box: digest {citation['digest']}."
    assert lines[5].startswith(f"Recorded with nalssi {__version__}, cited on 20")
    assert citation["checked"] is False


def test_a_day_is_cited_at_its_midnight_and_stderr_reports_it(path):
    run = nalssi("cite", "서울", "2026.11.23", "--db", path)
    assert run.stderr == "nalssi: 2026.11.23 means its midnight, 2026-11-23 00:00\n"
    assert "2026-11-23 00:00:00 KST" in run.stdout


def test_a_korean_citation_has_the_same_facts(path):
    asked = ("cite", "서울", THEN, "--db", path)
    english, korean = (nalssi(*asked, "--lang", lang).stdout for lang in ("en", "ko"))
    facts = re.compile(r"https?://[^,)]+|[0-9a-f]{32}|-?\d+\.\d °C|nalssi cite .*")
    assert facts.findall(korean) == facts.findall(english) != []
    begins = [line.partition(":")[0] for line in korean.splitlines()]
    assert begins[1:] == ["상태", "출처", "상자", "확인 방법", "기록"]


def test_the_line_that_checks_a_citation_does(path):
    line = nalssi("cite", "서울", THEN, "--db", path).stdout.splitlines()[4]
    command = shlex.split(line.removeprefix("Check: nalssi "))
    run = nalssi(*command, cwd=path.parent)
    assert run.returncode == 0
    digest = command[command.index("--check") + 1]
    assert run.stdout.splitlines()[3] == f"Box: digest {digest}; checked."


def test_a_wrong_digest_is_reported_with_the_stored_one(path):
    digest = str(cited(path)["digest"])
    error = refused(6, "cite", "서울", THEN, "--check", digest[::-1], "--db", path)
    assert f"shows the box {digest} at that time, not {digest[::-1]}" in error


def test_a_box_changed_since_is_detected(path, tmp_path):
    digest, changed = str(cited(path)["digest"]), tmp_path / "changed.db"
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("VACUUM INTO ?", (str(changed),))
    with contextlib.closing(sqlite3.connect(changed)) as conn, conn:
        shown = demo.portal.text(
            [demo.portal.Entry(label="맑음", icon="", city=x, temperature="1.0") for x in CITIES],
            "",
        )
        change = "UPDATE sidebars SET fragment = ? WHERE lower(hex(digest)) = ?"
        assert conn.execute(change, (packed(shown.strip()), digest)).rowcount == 1
    error = refused(6, "cite", "서울", THEN, "--check", digest, "--db", changed)
    assert f"the box {digest} reads as " in error


def test_before_the_first_look_the_citation_reports_no_value(path):
    run = nalssi("cite", "서울", "2020-01-01", "--db", path)
    citation = (
        "서울 (Seoul, KMA 108), 2020-01-01 00:00:00 KST: no portal had shown this station by then."
    )
    assert run.stdout == f"{citation}\n"
