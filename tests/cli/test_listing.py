"""Every command with a list: as a table, JSON and CSV; on standard output and in a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from db.write.store import Store
from tests.cli.test_cli import nalssi, refused
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

LISTS = {
    "latest": ["latest"],
    "the best": ["latest", "--best"],
    "series": ["series", "108"],
    "hours": ["hours", "108", "Busan"],
    "freezes": ["freezes"],
    "gaps": ["gaps"],
    "looks": ["looks"],
    "portals": ["portals"],
    "stations": ["stations"],
    "words": ["words"],
    "stats": ["stats", "108"],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """A database: four hours of the same values, then a change."""
    path: Path = tmp_path_factory.mktemp("listing") / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        first, second = (
            make_content(make_reading(temperature_c=1.0 + nth), make_reading(station=BUSAN))
            for nth in range(2)
        )
        for minute in range(0, 250, 10):
            see(store, make_look(minute), first)
        see(store, make_look(250), second)
    return path


@pytest.mark.parametrize("listed", LISTS)
def test_csv_has_the_keys_of_json_and_a_row_for_each(path, listed):
    objects = json.loads(nalssi(*LISTS[listed], "--json", "--db", path).stdout)
    run = nalssi(*LISTS[listed], "--csv", "--db", path)
    headings, *rows = csv.reader(io.StringIO(run.stdout))
    assert (run.returncode, run.stderr) == (0, "")
    assert len(rows) == len(objects) >= 1
    # In stats each condition has a column of its own.
    shared = [name for name in objects[0] if name != "conditions"]
    assert headings[: len(shared)] == shared


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(("form", "ending"), [("--json", "json"), ("--csv", "csv"), ("", "txt")])
def test_a_file_has_the_same_text_as_stdout(path, tmp_path, listed, form, ending):
    target = tmp_path / f"list.{ending}"
    stdout = nalssi(*LISTS[listed], *filter(None, [form]), "--db", path).stdout
    run = nalssi(*LISTS[listed], "-o", target, "--db", path)
    assert (run.returncode, run.stdout) == (0, "")
    assert PRESENT.sub("", target.read_text("utf-8-sig")) == PRESENT.sub("", stdout)


PRESENT = re.compile(r"\b\d{6,}\b|\d+ days|20(?!24)\d\d-\d\d-\d\d[T ][\d:+]+")
"""Text that differs between two answers: ages since 2024, and the moment of the answer."""


def test_csv_in_a_file_has_the_mark_that_excel_needs(path, tmp_path):
    nalssi("freezes", "-o", tmp_path / "f.csv", "--db", path)
    assert (tmp_path / "f.csv").read_bytes().startswith("\ufeffportal,since".encode())


def test_a_failed_query_leaves_the_file_unchanged(path, tmp_path):
    target = tmp_path / "list.csv"
    target.write_text("before")
    refused(2, "series", "Atlantis", "-o", target, "--db", path)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hours", "서울", "-o", "h.xlsx"], "`nalssi export -o` writes .xlsx"),
        (["stats", "서울", "-o", "s.PNG"], "`nalssi plot -o` writes .png"),
        (["freezes", "-o", "f.html"], "`nalssi latest -o` writes .html"),
        (["latest", "--excel", "-o", "l.xlsx"], "`nalssi export -o` writes .xlsx"),
        (["latest", "--json", "-o", "l.csv"], "the options ask for, json"),
    ],
)
def test_an_output_file_with_another_format_ending_is_refused(path, tmp_path, arguments, message):
    command, *options, name = arguments
    assert message in refused(2, command, *options, tmp_path / name, "--db", path)
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_never_overwritten(path):
    before = path.read_bytes()
    refused(74, "freezes", "-o", path, "--db", path)
    assert path.read_bytes() == before


def test_status_writes_the_file_and_exits_with_7_for_a_portal_that_is_down(path, tmp_path):
    run = nalssi("status", "-o", tmp_path / "status.csv", "--db", path)
    assert run.returncode == 7
    assert "koya,down," in (tmp_path / "status.csv").read_text("utf-8-sig")


def test_the_forms_exclude_each_other(path):
    assert "exclude each other" in refused(2, "gaps", "--json", "--csv", "--db", path)


def test_freezes_have_their_length_and_next_change(path):
    run = nalssi("freezes", "--db", path)
    assert re.split(" {2,}", run.stdout.splitlines()[1]) == [
        *("koya", "2024-04-28 12:00", "2024-04-28 16:00", "4 h 00", "2024-04-28 16:10"),
        "unchanged since 2024-04-28 12:00",
    ]
    assert "no freeze" in nalssi("freezes", "--since", "2025-01-01", "--db", path).stderr


def test_a_frozen_hour_shows_no_temperature(path):
    lines = nalssi("hours", "서울", "--db", path).stdout.splitlines()
    (line,) = (line for line in lines if "2024-04-28 15:00" in line)
    assert line.split()[3:6] == ["–", "–", "FROZEN"]


def test_a_table_and_a_map_mark_a_temperature_that_may_be_wrong(tmp_path):
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        for minute, celsius in ((0, 20.0), (10, 39.9), (60, 39.9)):
            see(store, make_look(minute), make_content(make_reading(temperature_c=celsius)))
    begin, end = START + dt.timedelta(hours=1), START + dt.timedelta(hours=2)
    times = ["--since", begin.isoformat(), "--until", end.isoformat()]
    for command in (["latest"], ["series", "서울", *times], ["hours", "서울", *times]):
        *_, row, note = nalssi(*command, "--db", path).stdout.splitlines()
        assert "⚑ 39.9" in row
        assert note == "⚑ may be wrong; `nalssi flags` says why"
    drawn = nalssi("plot", "--map", "--at", begin.isoformat(), "--db", path).stdout
    assert "39.9? 서울" in drawn
    assert "? may be wrong" in drawn
