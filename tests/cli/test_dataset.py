"""A dataset, read by checkers, catalogues, xarray, DuckDB, Polars and people."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars
import pytest
import xarray
import yaml  # type: ignore[import-untyped]

from db import query
from db.dataset import grid, netcdf
from db.errors import MissingExtra
from db.export import codebook
from db.export.tables import TABLES
from db.moments import KST
from db.reading import Station
from db.write.store import Store
from tests.cli.test_cli import ROOT, nalssi, refused
from tests.support import demos
from tests.support.demos import PLAYED
from tests.support.make import make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from db.measures.hours import Hour

SAID = ["--creator", "Kim, A.", "--creator", "Lee", "--license", "CC-BY-4.0"]
UNTIL = dt.datetime(2026, 11, 24, tzinfo=KST)
"""The last full hour before the demo's last look."""

DOI = "10.5281/zenodo.1234"


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return demos.copy(tmp_path_factory, PLAYED, tmp_path_factory.mktemp("dataset") / "demo.db")


@pytest.fixture(scope="module")
def folder(path) -> Path:
    made: Path = path.parent / "made"
    run = nalssi("dataset", made, *SAID, "--doi", f"https://doi.org/{DOI}", "--db", path)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"{made}: 13 files, 0.1 MiB\n"
    return made


@pytest.fixture(scope="module")
def hours(path) -> list[Hour]:
    """The same hours, asked from Python."""
    with query.Database(path) as db:
        return db.hours(*(station.name_ko for station in db.stations()), until=UNTIL)


def run_tool(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    return subprocess.run(
        [program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def described(folder: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    return read


# ---- the bytes


def test_the_same_database_gives_the_same_bytes_another_second(path, folder, tmp_path):
    time.sleep(1.1)
    nalssi("dataset", tmp_path / "again", *SAID, "--doi", DOI, "--db", path)
    names = {place.relative_to(folder) for place in folder.rglob("*") if place.is_file()}
    assert {x.relative_to(tmp_path / "again") for x in (tmp_path / "again").rglob("*.*")} >= {
        name for name in names if name.suffix
    }
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_every_other_file_has_its_checksum(folder):
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    present = {str(x.relative_to(folder)): x for x in folder.rglob("*") if x.is_file()}
    assert set(sums) == set(present) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(present[name].read_bytes()).hexdigest() == digest


# ---- the checkers


def test_the_netcdf_file_passes_the_checker_of_cf(folder):
    run = run_tool("compliance-checker", "-t", "cf:1.11", "nalssi.nc", cwd=folder)
    assert run.returncode == 0, run.stdout
    assert "All tests passed!" in run.stdout


def test_the_data_package_is_valid(folder):
    run = run_tool("frictionless", "validate", "--json", "datapackage.json", cwd=folder)
    report = json.loads(run.stdout)
    assert (report["valid"], report["stats"]["errors"]) == (True, 0)
    assert report["stats"]["tasks"] == 10


def test_a_changed_cell_is_found_by_the_data_package(folder, tmp_path):
    for place in folder.iterdir():
        (tmp_path / place.name).symlink_to(place)
    changed = (folder / "stations.csv").read_text("utf-8").replace("108", "no", 1)
    (tmp_path / "stations.csv").unlink()
    (tmp_path / "stations.csv").write_text(changed, encoding="utf-8")
    run = run_tool("frictionless", "validate", "--json", "datapackage.json", cwd=tmp_path)
    assert json.loads(run.stdout)["valid"] is False


# ---- the values


def test_xarray_selects_a_station(folder, hours):
    with xarray.open_dataset(folder / "nalssi.nc") as opened:
        seoul = opened.set_xindex("station_name").sel(station_name="서울")
        celsius = seoul.temperature.to_series()
        states = seoul.state.values.tolist()
        flags = seoul.quality_flag.values.tolist()
    of_seoul = [hour for hour in hours if hour.station == "서울"]
    assert [None if math.isnan(x) else round(x, 1) for x in celsius] == [
        x.temperature_c for x in of_seoul
    ]
    assert [moment.to_pydatetime().replace(tzinfo=dt.UTC) for moment in celsius.index] == [
        hour.hour for hour in of_seoul
    ]
    assert [grid.STATES[state] for state in states] == [hour.state for hour in of_seoul]
    assert flags == [hour.flag for hour in of_seoul]


def test_duckdb_and_polars_read_the_partitions(folder, hours):
    live = [hour.temperature_c for hour in hours if hour.temperature_c is not None]
    duck = duckdb.connect()
    rows = duck.execute(
        "SELECT year, count(*), count(temperature_c), round(sum(temperature_c), 1) "
        f"FROM read_parquet('{folder}/hours/*/*.parquet', hive_partitioning=true) GROUP BY 1"
    ).fetchall()
    assert rows == [(2026, len(hours), len(live), round(sum(live), 1))]
    frame = polars.scan_parquet(folder / "hours", hive_partitioning=True).collect()
    assert (frame.height, frame["temperature_c"].count()) == (len(hours), len(live))
    assert frame["hour"].dtype == polars.Datetime("ms", "Asia/Seoul")
    spells = duck.execute(f"SELECT * FROM read_parquet('{folder}/spells/*/*.parquet')")
    assert [name for name, *_ in spells.description or ()][:-1] == list(TABLES["weather"])


def test_the_csv_has_the_same_hours(folder, hours):
    with gzip.open(folder / "hours.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["hour"], row["station"], row["temperature_c"], row["state"]) for row in rows} == {
        (
            x.hour.isoformat(),
            x.station,
            "" if x.temperature_c is None else str(x.temperature_c),
            x.state,
        )
        for x in hours
    }


# ---- metadata


def test_the_catalogues_name_the_same_things(folder, hours):
    package, catalogue = described(folder, "datapackage.json"), described(folder, "dataset.jsonld")
    citation = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert package["title"] == catalogue["name"] == citation["title"]
    assert package["id"] == catalogue["identifier"] == f"https://doi.org/{DOI}"
    assert citation["doi"] == DOI
    assert [author["name"] for author in citation["authors"]] == ["Kim, A.", "Lee"]
    assert package["licenses"][0]["name"] == citation["license"] == "CC-BY-4.0"
    assert catalogue["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert catalogue["temporalCoverage"] == f"{hours[0].hour.isoformat()}/{UNTIL.isoformat()}"
    files = {file["contentUrl"]: file["sha256"] for file in catalogue["distribution"]}
    assert files == {resource["path"]: resource["hash"][7:] for resource in package["resources"]}


def test_the_provenance_counts_looks_gaps_and_coverage_and_states_the_rules(path, folder, hours):
    provenance = described(folder, "provenance.json")
    with query.Database(path) as db:
        looks = db.looks(since=hours[0].hour, until=UNTIL)
    for portal in provenance["portals"]:
        count = sum(look.portal == portal["portal"] for look in looks)
        assert sum(portal["looks"].values()) == count
    live = [hour.state == "live" for hour in hours if hour.station == "서울"]
    assert provenance["coverage"]["서울"] == round(sum(live) / len(live), 4)
    rules = {rule["rule"]: rule["value"] for rule in provenance["rules"]}
    assert rules["db.validity.HOLD_S"] == 90 * 60
    assert rules["db.truth.flags.FLAT_SETS"] == 6
    assert rules["db.truth.short.NEAR_S"] == 3 * 24 * 60 * 60
    truth = {f"db.truth.{name}" for name in ("dates", "bands", "short", "lateness", "flags")}
    assert {name.rpartition(".")[0] for name in rules} == {"db.validity", *truth}


def test_a_readme_in_korean_credits_in_korean(folder):
    text = (folder / "README.ko.md").read_text("utf-8")
    assert "| 출처 | 기상청, demo, demo-late에 표시 |" in text


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_a_readme_has_the_codebook_of_each_table(folder, name):
    text = (folder / name).read_text("utf-8")
    for table in ("hours", "weather", "stations", "words"):
        assert f"### `{table}`" in text
    assert "CC-BY-4.0" in text


def test_the_codebook_explains_every_column_in_both_languages():
    columns = {column for table in TABLES.values() for column in table}
    assert set(codebook.MEANINGS) == columns
    assert all(all(meaning) for meaning in codebook.MEANINGS.values())


def test_the_codebook_page_is_up_to_date():
    assert (ROOT / "docs" / "codebook.md").read_text("utf-8") == codebook.page()


# ---- refused


def test_an_existing_folder_is_not_changed(path, folder):
    assert "expected a new name" in refused(2, "dataset", folder, "--db", path)


def test_a_dataset_of_less_than_an_hour_of_looks_is_refused(tmp_path):
    with Store.open(tmp_path / "short.db") as store:
        for minute in (0, 10):
            see(store, make_look(minute), make_content())
    error = refused(2, "dataset", tmp_path / "out", "--db", tmp_path / "short.db")
    assert "expected a full hour of looks at least" in error
    assert not (tmp_path / "out").exists()


def test_missing_publication_details_are_named(path, tmp_path):
    run = nalssi("dataset", tmp_path / "out", "--creator", "A", "--db", path)
    assert (run.returncode, run.stderr) == (0, "nalssi: before you publish, name --license\n")


def test_an_invalid_doi_is_refused(path, tmp_path):
    error = refused(2, "dataset", tmp_path / "out", "--doi", "zenodo", "--db", path)
    assert "expected such as 10.5281/zenodo.1234" in error


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    with pytest.raises(MissingExtra, match=r"pip install (?:-e )?'.+\[netcdf\]'"):
        netcdf.refuse_without()


def test_a_city_without_a_number_or_a_place_is_kept(tmp_path):
    with Store.open(tmp_path / "odd.db") as store:
        for minute in range(0, 190, 10):
            city = make_reading(station=Station(name_ko="=없는\0시"), temperature_c=minute / 10)
            see(store, make_look(minute), make_content(city))
    run = nalssi("dataset", tmp_path / "out", "--db", tmp_path / "odd.db")
    assert run.returncode == 0, run.stderr
    with xarray.open_dataset(tmp_path / "out" / "nalssi.nc") as opened:
        assert opened.kma_id.values.tolist() == [-1]
        assert opened.station_name.values.tolist() == ["=없는시"]
    checked = run_tool("compliance-checker", "-t", "cf:1.11", "nalssi.nc", cwd=tmp_path / "out")
    assert "All tests passed!" in checked.stdout
