"""Answers for spreadsheets: workbooks with real times, and CSV with times that Excel reads."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import gc
import io
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from db.errors import MissingExtra
from db.export import codebook, workbook
from db.export.blocks import of_rows
from db.export.export import Export
from db.export.slices import Selection, Source
from db.export.tables import TABLES
from db.moments import KST, moment
from db.reading import Station
from db.write.store import Store
from tests.cli.test_cli import nalssi
from tests.support.make import BUSAN, OVERCAST, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

    from db.export.tables import Row, What

FORMULA = Station(name_ko="=1+1")


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """A day of three stations, one with a formula for a name."""
    path: Path = tmp_path_factory.mktemp("sheets") / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for hour in range(24):
            shown = make_content(
                make_reading(temperature_c=hour / 10 - 1),
                make_reading(station=BUSAN, temperature_c=None),
                make_reading(station=FORMULA, temperature_c=0.0),
            )
            for minute in (0, 10):
                see(store, make_look(60 * hour + minute), shown, page_date=dt.date(2024, 4, 28))
    return path


@pytest.mark.parametrize("what", TABLES)
def test_a_workbook_has_the_rows_of_the_table_with_their_types(path, tmp_path, what):
    with Source(path) as source:
        rows = rows_of(source, what)
        count = Export(source=source, what=what).to_file(tmp_path / "w.xlsx", "xlsx")
        later = rows_of(source, what)  # the gap and the age grow between the two answers
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")[what]
    headings, *cells = sheet.iter_rows(values_only=True)
    assert (headings, count, len(cells)) == (tuple(TABLES[what]), len(rows), len(rows))
    kinds = TABLES[what].values()
    for before, shown, after in zip(rows, cells, later, strict=True):
        assert shown in [tuple(map(expected, kinds, row)) for row in (before, after)]


def rows_of(source: Source, what: What) -> list[Row]:
    return [row for part in source.slices(what, Selection()) for row in part.rows]


def expected(kind: str, value: object) -> object:
    match kind, value:
        case "moment", int(second):
            return moment(second).replace(tzinfo=None)
        case "date", str(day):
            return dt.datetime.fromisoformat(day)
        case "text", "":
            return None
    return value


def test_a_workbook_has_a_frozen_heading_a_filter_and_a_codebook(path, tmp_path):
    assert nalssi("export", "-o", tmp_path / "w.xlsx", "--db", path).stdout.endswith("72 rows\n")
    book = openpyxl.load_workbook(tmp_path / "w.xlsx")
    assert book.sheetnames == ["weather", "codebook"]
    last = get_column_letter(len(TABLES["weather"]))
    assert book["weather"].freeze_panes == "A2"
    assert book["weather"].auto_filter.ref == f"A1:{last}73"
    explained = {row[0]: row[2] for row in book["codebook"].iter_rows(values_only=True)}
    for column in TABLES["weather"]:
        assert explained[column] == codebook.meaning("weather", column).en
    assert explained["credit"] is None


def test_a_text_is_not_a_formula_in_a_workbook(path, tmp_path):
    nalssi("export", "--what", "stations", "-o", tmp_path / "w.xlsx", "--db", path)
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")["stations"]
    cells = {cell.value: cell.data_type for cell in sheet["A"]}
    assert cells["=1+1"] == "s"


def test_more_rows_than_a_sheet_has_room_for_are_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    book = workbook.Workbook(io.BytesIO(), "stations", clean=str, about={})
    row = ("서울", None, 108, None, None, None, None)
    book.write(of_rows([row, row]))
    with pytest.raises(workbook.TooManyRows, match="choose fewer with --since"):
        book.write(of_rows([row]))
    book.abandon()


class FullDisk(io.BytesIO):
    """A file that has room for so many bytes."""

    room = 5000

    def write(self, some: Any) -> int:
        if self.tell() + len(some) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(some)


def test_a_workbook_on_a_full_disk_fails_once_and_leaves_no_file(tmp_path, monkeypatch):
    """``ZipFile`` writes again when it is dropped, and Python printed a traceback of that."""
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stream = FullDisk()
    book = workbook.Workbook(stream, "stations", clean=str, about={})
    book.write(of_rows([("서울", None, 108, None, None, None, None)]))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        book.close()
    book.abandon()
    stream.close()
    del book
    gc.collect()
    assert unraisable == []
    assert list(tmp_path.iterdir()) == []


def test_without_xlsxwriter_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtra, match=r"pip install (?:-e )?\'.*\[xlsx\]\'"):
        workbook.refuse_without()


@pytest.mark.parametrize("command", [["export"], ["series", "108"], ["looks"]], ids=str)
def test_csv_for_a_spreadsheet_has_the_same_moments_in_its_own_form(path, command):
    plain, known = (
        list(csv.DictReader(io.StringIO(nalssi(*command, option, "--db", path).stdout)))
        for option in (
            ["--csv", "--excel"] if command != ["export"] else ["--format=csv", "--excel"]
        )
    )
    name = "seen_from" if "seen_from" in plain[0] else "fetched_at"
    for row, shown in zip(plain, known, strict=True):
        moment_of = dt.datetime.strptime(shown[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
        assert moment_of == dt.datetime.fromisoformat(row[name])


# ---- the same columns for any data


def test_the_columns_of_stats_do_not_depend_on_the_data(path, tmp_path):
    with Store.open(tmp_path / "other.db") as store:
        for minute in range(0, 120, 10):
            see(store, make_look(minute), make_content(make_reading(temperature_c=minute / 10)))
    first, second = (
        nalssi("stats", "108", "--csv", "--db", database).stdout.splitlines()
        for database in (path, tmp_path / "other.db")
    )
    assert first[0] == second[0]
    row = dict(zip(first[0].split(","), next(csv.reader(first[1:])), strict=True))
    assert row[f"share_{OVERCAST.condition}"] == "1.0"
    assert (row["share_snow"], row["share_other"]) == ("0.0", "0.0")


def test_a_series_has_the_columns_of_its_station(path):
    run = nalssi("series", "Seoul", "--csv", "--db", path)
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert {(row["station"], row["station_en"], row["kma_id"]) for row in rows} == {
        ("서울", "Seoul", "108")
    }
