"""export: the rows of the database, in every format; a file is complete or absent."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import resource
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import installing
from db.export import formats
from db.export.blocks import of_rows
from db.export.export import Export
from db.export.slices import Selection, Source
from db.export.tables import TABLES, unit
from db.file.connection import VERSION
from db.moments import KST, epoch, moment
from db.reading import Condition, Problem, Station
from db.write.store import Store
from scraper.printable import printable
from tests.cli.test_cli import NALSSI, ROOT, nalssi, refused
from tests.support.faults import PATIENCE_S, rows
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

NOT_REPORTED = Condition(label="-")
TRICKY = Station(name_ko='=cmd,"읍"')

VIEWS = ["weather", "looks"]
FORMS = ["csv", "ndjson", "parquet"]


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """Six weeks at two portals, with an unknown city whose name needs quoting, and a failure."""
    path: Path = tmp_path_factory.mktemp("export") / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for hour in range(0, 24 * 45, 7):
            for portal, late in (("koya", 0), ("busan", 3)):
                content = make_content(
                    make_reading(temperature_c=hour / 10 - 20),
                    make_reading(station=BUSAN, temperature_c=None, condition=NOT_REPORTED),
                    make_reading(station=TRICKY, temperature_c=0.0),
                )
                for minute in (late, late + 10):
                    look = make_look(60 * hour + minute, portal=portal)
                    see(store, look, content, page_date=look.fetched_at.astimezone(KST).date())
        store.keep_failure(make_look(5), "fetch_failed", "timed out,\n\x1b[31mreally")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def viewed(path: Path, sql: str) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(sql)]


def exported(path: Path, *options: str) -> list[dict[str, Any]]:
    """The rows of an export as NDJSON."""
    run = nalssi("export", "--format", "ndjson", *options, "--db", path)
    assert (run.returncode, run.stderr) == (0, "")
    return lines(run.stdout)


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, ensure_ascii=False) for row in rows)


# ---- the rows


def test_weather_is_the_view(path):
    weather = exported(path)
    assert in_order(weather) == in_order(viewed(path, "SELECT * FROM weather"))
    assert weather == sorted(weather, key=lambda row: (row["seen_from"], row["portal"]))


def test_exported_looks_are_the_view_without_control_characters(path):
    looks = exported(path, "--what", "looks")
    seen = viewed(path, "SELECT * FROM looks")
    for row in seen:
        row["reason"] = row["reason"] and row["reason"].replace("\n", "").replace("\x1b", "")
    assert in_order(looks) == in_order(seen)


def test_freezes_are_the_view(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        for minute in (0, 90, 180):
            see(store, make_look(minute), make_content())
    freezes = exported(store.path, "--what", "freezes")
    assert freezes == viewed(store.path, "SELECT * FROM freezes")
    assert [row["until_s"] - row["since_s"] for row in freezes] == [180 * 60]


def test_flags_are_the_view_of_a_time_and_a_station(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        for hour, celsius in enumerate((45.0, 12.0, 46.0)):
            readings = make_reading(temperature_c=celsius), make_reading(station=BUSAN)
            see(store, make_look(60 * hour), make_content(*readings))
    flags = exported(store.path, "--what", "flags")
    assert flags == viewed(store.path, "SELECT * FROM flags")
    assert [(row["temperature_c"], row["kind"], row["flag"]) for row in flags] == [
        (45.0, "range", 4),
        (46.0, "range", 4),
    ]
    assert exported(store.path, "--what", "flags", "--station", "서울") == flags
    other = nalssi("export", "--what", "flags", "--station", "부산", "--db", store.path)
    assert other.stderr == "nalssi: no row was found\n"
    since = flags[1]["seen_from"]
    assert exported(store.path, "--what", "flags", "--since", since) == flags[1:]


@pytest.mark.parametrize("what", ["latest", "gaps"])
def test_a_view_of_few_rows_is_exported_as_it_is(path, what):
    exported_rows = exported(path, "--what", what)
    seen = viewed(path, f"SELECT * FROM {what}")
    for row in (*exported_rows, *seen):  # the age grows between the two answers
        for name in ("age_minutes", "until", "until_s"):
            row.pop(name, None)
        row["reason"] = printable(row.get("reason") or "")
    assert in_order(exported_rows) == in_order(seen)
    assert exported_rows


def test_hours_are_those_of_python_month_by_month_and_station_by_station(path):
    rows = exported(path, "--what", "hours")
    with Source(path) as source:
        stations = source.stations()
        hours = {(hour.hour, hour.station): hour for hour in source.hours(*_names(stations))}
    assert len(rows) == len(hours) == 3 * (154 * 7 + 1)  # a look every seven hours
    assert [row["hour_s"] for row in rows] == sorted(row["hour_s"] for row in rows)
    for row in rows:
        hour = hours[dt.datetime.fromisoformat(row["hour"]), source_name(stations, row["station"])]
        names = [name for name in row if hasattr(hour, name) and name not in TEXTS]
        assert [row[name] for name in names] == [getattr(hour, name) for name in names]
        assert row["hour_s"] == epoch(hour.hour)


TEXTS = ("station", "hour", "published_by")


def _names(stations: list[Station]) -> list[str]:
    return [station.name_ko for station in stations]


def source_name(stations: list[Station], shown: str) -> str:
    """The name of a station in the database; an export drops control characters from it."""
    (name,) = (name for name in _names(stations) if printable(name) == shown)
    return name


def test_parquet_metadata_has_units_time_zone_and_credit(path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "hours.parquet"
    assert nalssi("export", "--what", "hours", "-o", target, "--db", path).returncode == 0
    schema = parquet.read_schema(target)
    about = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert (about["table"], about["schema_version"]) == ("hours", str(VERSION))
    assert about["time_zone"] == "Asia/Seoul"
    assert about["credit"].endswith("(기상청), as shown by: koya, busan")
    units = {field.name: field.metadata and field.metadata[b"unit"] for field in schema}
    assert (units["temperature_c"], units["latitude"], units["coverage"]) == (
        *(b"degC", b"degree_north"),
        b"1",
    )
    assert (units["state"], units["hour_s"]) == (None, b"s since 1970-01-01T00:00:00Z")


@pytest.mark.parametrize("column", ["coverage", "suspect", "failed", "agreement"])
def test_every_share_has_the_unit_of_a_share(column):
    assert unit(column) == "1"


def test_readings_are_the_distinct_contents_with_when_they_were_seen(path):
    readings = exported(path, "--what", "readings", "--station", "Seoul")
    assert len(readings) == rows(path, "SELECT count(*) FROM sidebars")[0][0]
    assert readings[0] == {
        "sidebar_id": 1,
        "station": "서울",
        "station_en": "Seoul",
        "kma_id": 108,
        "temperature_c": -20.0,
        "condition": "overcast",
        "label": "흐림",
        "icon": "04",
        "first_seen": "2024-04-28T12:00:00+09:00",
        "last_seen": "2024-04-28T12:13:00+09:00",
    }


@pytest.mark.parametrize("what", ["stations", "portals"])
def test_an_exported_list_equals_the_output_of_its_own_command(path, what):
    assert exported(path, "--what", what) == json.loads(nalssi(what, "--json", "--db", path).stdout)


def test_stats_have_a_row_for_each_day_and_station(path):
    stats = exported(path, "--what", "stats", "--station", "108")
    days = {row["day"] for row in stats}
    assert len(stats) == len(days) >= 45
    assert list(stats[0]) == list(TABLES["stats"])


def test_a_range_has_every_row_that_overlaps_it(path):
    """The same rows as ``nalssi series``."""
    span = ["--since", "2024-05-10T00:05", "--until", "2024-05-20", "--portal", "busan"]
    weather = exported(path, *span, "--station", "서울")
    series = json.loads(nalssi("series", "서울", *span, "--json", "--db", path).stdout)
    assert [row["seen_from"] for row in weather] == [row["seen_from"] for row in series]
    assert weather


@pytest.mark.parametrize("what", ["weather", "looks", "readings", "stats"])
def test_an_empty_range_is_a_table_without_rows(path, what):
    run = nalssi("export", "--what", what, "--since", "2030-01-01", "--db", path)
    assert run.returncode == 0
    assert len(list(csv.reader(io.StringIO(run.stdout)))) == 1
    assert run.stderr == "nalssi: no row was found\n"


def test_a_range_is_found_by_an_index(path):
    with contextlib.closing(sqlite3.connect(path)) as conn:
        from db.export import slices, weather  # noqa: PLC0415 - only this test uses them

        values = {"first": 0, "end": 1, "since": 0, "until": 1, "portal": None, "stations": None}
        for sql in (weather._SPELLS, weather._READINGS, slices._LOOKS):
            plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            scanned = [step for step in plan if step.startswith("SCAN ")]
            assert not [step for step in scanned if "sp" in step.split() or "f" in step.split()]


# ---- the forms


def test_all_forms_have_the_same_keys_and_values(path, tmp_path):
    import pyarrow.parquet as pq  # noqa: PLC0415 - large

    for form in FORMS:
        run = nalssi("export", "-o", tmp_path / f"w.{form}", "--db", path)
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout == f"{tmp_path / f'w.{form}'}: 930 rows\n"
    objects = lines((tmp_path / "w.ndjson").read_text(encoding="utf-8"))
    with (tmp_path / "w.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "w.parquet").to_pylist()
    assert list(cells[0]) == list(objects[0]) == list(table[0])
    for of_csv, of_json, of_parquet in zip(cells, objects, table, strict=True):
        assert of_csv == {key: _cell(value) for key, value in of_json.items()}
        assert of_json == {
            key: value.isoformat() if isinstance(value, dt.date) else value
            for key, value in of_parquet.items()
        }


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "-") else text


def test_parquet_has_proper_types(path, tmp_path):
    import pyarrow.parquet as pq  # noqa: PLC0415 - large

    nalssi("export", "-o", tmp_path / "w.parquet", "--db", path)
    schema = pq.read_schema(tmp_path / "w.parquet")
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert types["seen_from"] == types["seen_until"] == "timestamp[ms, tz=Asia/Seoul]"
    assert (types["temperature_c"], types["kma_id"]) == ("double", "int64")
    assert (types["page_date"], types["station"]) == ("date32[day]", "string")


def test_a_number_stays_a_number_and_a_formula_becomes_text(path):
    table = list(csv.reader(io.StringIO(nalssi("export", "--db", path).stdout)))
    heading, *cells = table
    assert {row[heading.index("temperature_c")] for row in cells} >= {"-20.0", "0.0", ""}
    assert {row[heading.index("station")] for row in cells} == {"서울", "부산", '\'=cmd,"읍"'}


def test_a_csv_file_has_a_byte_order_mark_and_piped_csv_does_not(path, tmp_path):
    nalssi("export", "-o", tmp_path / "w.csv", "--db", path)
    piped = nalssi("export", "--db", path).stdout.encode()
    assert (tmp_path / "w.csv").read_bytes() == b"\xef\xbb\xbf" + piped


# Adding 0.0 turns -0.0 into 0.0.
NUMBERS = st.floats(allow_nan=False).map(lambda number: number + 0.0)


@given(st.lists(st.tuples(st.text() | st.none(), NUMBERS | st.none())))
def test_any_csv_reads_back(table):
    stream = io.BytesIO()
    columns = {"label": "text", "temperature_c": "real"}
    writer = formats.csv(stream, columns, clean=str, mark=False)  # type: ignore[arg-type]
    if table := [row for row in table if not (row[0] or "").startswith(_FORMULAS)]:
        writer.write(of_rows(table))
    parsed = list(csv.reader(io.StringIO(stream.getvalue().decode(), newline="")))
    assert parsed[1:] == [[text or "", "" if c is None else str(c)] for text, c in table]


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "\ud800")


def test_months_are_folders_that_others_read_as_they_are(path, tmp_path):
    import pyarrow.dataset as ds  # noqa: PLC0415 - large

    assert nalssi("export", "--partition", "-o", tmp_path / "w", "--db", path).returncode == 0
    files = sorted(
        file.relative_to(tmp_path / "w").as_posix() for file in tmp_path.rglob("*.parquet")
    )
    assert files == [f"year=2024/month={month}/weather.parquet" for month in ("04", "05", "06")]
    table = ds.dataset(tmp_path / "w", partitioning="hive").to_table().to_pylist()
    assert len(table) == 930
    assert {(row["seen_from"].year, row["seen_from"].month) for row in table} == {
        (row["year"], row["month"]) for row in table
    }


def test_a_range_begins_and_ends_in_the_middle_of_a_day(path):
    with Source(path) as source:
        every = [row for part in source.slices("looks", Selection()) for row in part.rows]
        at = list(TABLES["looks"]).index("fetched_at")
        since, until = every[20][at], every[40][at]
        chosen = Selection(since=moment(since), until=moment(until))
        found = [row for part in source.slices("looks", chosen) for row in part.rows]
    assert found == [row for row in every if since <= row[at] < until]
    assert found


@pytest.mark.parametrize(("what", "at"), [("weather", "seen_from_s"), ("looks", "fetched_at")])
def test_a_slice_has_some_days_of_one_month(path, what, at):
    column = list(TABLES[what]).index(at)
    with Source(path) as source:
        slices = list(source.slices(what, Selection()))
    for part in slices:
        begun = [moment(row[column]) for row in part.rows]
        assert {(at.year, at.month) for at in begun} == {part.month}
    assert any(len({moment(row[column]).date() for row in part.rows}) > 1 for part in slices)
    seconds = [row[column] for part in slices for row in part.rows]
    assert seconds == sorted(seconds)


def test_progress_is_reported(path, tmp_path):
    done: list[float] = []
    with Source(path) as source:
        Export(source=source, what="weather", chosen=Selection(), progress=done.append).to_file(
            tmp_path / "w.csv", "csv"
        )
    assert done == sorted(done)
    assert done[-1] == 1.0


# ---- complete or absent


def test_an_older_file_is_replaced_and_a_used_one_stays(path, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "w.csv").write_text("old")
    (tmp_path / "w.csv").symlink_to(tmp_path / "real" / "w.csv")
    assert nalssi("export", "-o", tmp_path / "w.csv", "--db", path).returncode == 0
    assert (tmp_path / "w.csv").is_symlink()
    assert (tmp_path / "real" / "w.csv").read_text(encoding="utf-8-sig").startswith("station,")


@pytest.mark.parametrize("command", [["export"], ["stations", "--csv"]], ids=" ".join)
def test_a_dash_is_standard_output(path, tmp_path, command):
    """It made a file of that name, which few can remove."""
    plain = nalssi(*command, "--db", path, cwd=tmp_path)
    assert nalssi(*command, "-o", "-", "--db", path, cwd=tmp_path).stdout == plain.stdout
    assert plain.stdout.startswith("station,")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options", [["-o", "w.csv"], ["-o", "w.parquet"], ["-o", "w.ndjson"], ["-o", "w.xlsx"]]
)
def test_a_full_disk_leaves_no_file_and_prints_one_line(path, tmp_path, options):
    run = subprocess.run(
        [*NALSSI, "export", *options, "--what", "looks", "--db", str(path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (74, "")
    assert run.stderr == f"nalssi: output '{options[1]}': File too large\n"
    assert list(tmp_path.iterdir()) == []


STOP_IN_THE_MIDDLE = """
import os, sys
from pathlib import Path
from db.export.export import Export
from scraper.cli import main
number, name, database = int(sys.argv[1]), sys.argv[2], sys.argv[3]
write = Export._write
def watched(*args):
    write(*args)
    assert list(Path().glob(f".{name}.*.part"))
    os.kill(os.getpid(), number)
Export._write = watched
main(["export", "--what", "looks", "-o", name, "--db", database])
"""


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "w.csv"), (signal.SIGTERM, "w.parquet")]
)
def test_a_stopped_export_leaves_no_file(path, tmp_path, number, name):
    run = subprocess.run(
        [sys.executable, "-c", STOP_IN_THE_MIDDLE, str(int(number)), name, str(path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "nalssi: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_draft_of_a_killed_export_is_removed_by_the_next(path, tmp_path):
    (tmp_path / ".w.csv.0123abcd.part").write_text("half of something that was longer " * 10_000)
    assert nalssi("export", "-o", tmp_path / "w.csv", "--db", path).returncode == 0
    assert [file.name for file in tmp_path.iterdir()] == ["w.csv"]
    assert (tmp_path / "w.csv").read_text("utf-8-sig") == nalssi("export", "--db", path).stdout


# ---- refused


def test_a_missing_folder_is_reported(path, tmp_path):
    error = refused(74, "export", "-o", tmp_path / "no" / "w.csv", "--db", path)
    assert "there is no such folder" in error


def test_neither_the_database_nor_a_device_is_overwritten(path, tmp_path):
    before = path.read_bytes()
    for end in ("", "-wal", "-journal", ".lock"):
        output = path.with_name(path.name + end)
        error = refused(74, "export", "--format", "csv", "-o", output, "--db", path)
        assert "is a database, or belongs to one" in error
    assert "exists and is not a file" in refused(74, "export", "-o", "/dev/null", "--db", path)
    assert path.read_bytes() == before


def test_a_folder_with_files_is_not_replaced(path, tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine").touch()
    error = refused(2, "export", "--partition", "-o", tmp_path / "w", "--db", path)
    assert "expected a new name" in error
    assert [file.name for file in tmp_path.rglob("*")] == ["w", "mine"]


def test_an_unknown_station_is_reported_with_near_names_and_no_file_is_written(path, tmp_path):
    error = refused(2, "export", "--station", "seol", "-o", tmp_path / "w.csv", "--db", path)
    assert "서울 (Seoul, 108)" in error
    assert "expected one of: koya, busan" in refused(2, "export", "--portal", "x", "--db", path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--since", "2024-05-02", "--until", "2024-05-01"], "is not before"),
        (["--since", "last week"], "is not a time"),
        (["--format", "parquet"], "-o"),
        (["-o", "w.xlsx", "--excel"], "--excel makes CSV, not xlsx; a name that ends in .xlsx"),
        (["--format", "xlsx"], "Excel needs a place: -o"),
        (["-o", "w.ods"], "'.ods' is no form to write, expected one of .csv, .ndjson"),
        (["--partition"], "-o"),
        (["--partition", "--format", "csv", "-o", "w"], "--partition makes Parquet"),
        (["--partition", "--what", "stats", "-o", "w"], "--what hours, looks, weather"),
        (["--what", "stations", "--since", "1d"], "go with --what"),
        (["--what", "looks", "--station", "108"], "--station goes with"),
    ],
)
def test_senseless_combinations_of_options_are_refused(path, tmp_path, options, message):
    run = nalssi("export", *options, "--db", path, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert list(tmp_path.iterdir()) == []


ONE = Problem(kind="unknown city", word="one")
TWO = Problem(kind="no temperature", city="two")


def test_problems_that_were_lines_stay_apart(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(), make_content(problems=(ONE, TWO)))
    (row,) = lines(
        nalssi("export", "--what", "looks", "--format", "ndjson", "--db", store.path).stdout
    )
    assert row["problems"] == "unknown city 'one'; no temperature printed: two"


def test_readings_of_a_range_are_sought_among_its_sidebars_alone(path):
    newest = Selection(since=START + dt.timedelta(hours=24 * 45 - 10))
    statements: list[str] = []
    with Source(path) as source:
        ((last,),) = source._ask("SELECT max(id) FROM sidebars", {})
        source._conn.set_trace_callback(statements.append)
        found = {row[0] for part in source.slices("readings", newest) for row in part.rows}
        again = {row[0] for part in source.slices("readings", Selection()) for row in part.rows}
        newer = {row[0] for part in source.slices("readings", newest) for row in part.rows}
    assert found == newer == {last - 1, last}
    assert len(again) > len(found)
    assert f"r.sidebar_id >= {last - 1} " in statements[-1]


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        pytest.param("looks", "UPDATE fetches SET fetched_at = 1 << 60 WHERE id = 9", id="a time"),
        pytest.param(
            "looks",
            "UPDATE fetches SET fetched_at = 253402300000 WHERE id = 9",
            id="the last month of the calendar",
        ),
        pytest.param(
            "weather",
            "UPDATE spells SET seen_from = -1 << 60 WHERE seen_from = "
            "(SELECT min(seen_from) FROM spells)",
            id="a spell",
        ),
    ],
)
def test_a_time_outside_the_calendar_is_reported_as_damage(path, tmp_path, what, wrong):
    copy = tmp_path / "weather.db"
    copy.write_bytes(path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute(wrong)
    assert "damaged: " in refused(
        6, "export", "--what", what, "-o", tmp_path / "x.csv", "--db", copy
    )


def test_without_pyarrow_the_extra_is_named(path, tmp_path):
    (tmp_path / "pyarrow.py").write_text("raise ImportError")
    error = refused(
        2, "export", "-o", "w.parquet", "--db", path, cwd=tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}"
    )
    assert installing("parquet") in error


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_impossible_value_is_reported_as_damage(path, tmp_path, form):
    copy = tmp_path / "weather.db"
    copy.write_bytes(path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as conn:
        conn.execute("UPDATE fetches SET retry_at = 1 << 61, page_date = 'soon' WHERE id = 1")
        conn.commit()
    options = ["--format", form, "--what", "looks", "-o", tmp_path / "looks"]
    assert "damaged: " in refused(6, "export", *options, "--db", copy)
    assert [file.name for file in tmp_path.iterdir()] == ["weather.db"]


def test_a_long_export_delays_no_writer(path, tmp_path):
    """An export holds no lock between two slices, even if they are read slowly."""
    copy = tmp_path / "weather.db"
    copy.write_bytes(path.read_bytes())
    with Source(copy) as source, Store.open(copy, journal="delete") as store:
        store.wait_at_most(0)
        slices = source.slices("weather", Selection())
        read = len(next(slices))
        see(store, make_look(0, fetched_at=START + dt.timedelta(days=50)), make_content())
        assert 0 < read < 930 <= read + sum(len(part.rows) for part in slices)
