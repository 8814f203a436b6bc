"""A folder of months that is kept up: only the months that changed are written again."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import polars
import pytest

from db.export import manifest
from db.export.months import Monthly
from db.moments import KST
from db.write import captures
from db.write.store import Store
from tests.cli.test_cli import ROOT, nalssi, refused
from tests.support.histories import hour_of
from tests.support.keeping import capture_of, keep_own

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600
START = int(dt.datetime(2024, 1, 30, 20, tzinfo=KST).timestamp())


@pytest.fixture
def path(tmp_path) -> Path:
    """A box every six hours, from January to March."""
    path: Path = tmp_path / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        store.portal("a", "https://a.example/", 7200)
        for nth in range(4 * 40):
            keep_own(store, "a", START + nth * 6 * HOUR, hour_of(nth))
    return path


def keep_up(path: Path, folder: Path, what: str = "weather") -> str:
    options = ["--what", what, "--partition", "--changed"]
    run = nalssi("export", *options, "-o", folder, "--db", path)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.partition(": ")[2].strip()


def rows(folder: Path) -> list[str]:
    read = polars.scan_parquet(f"{folder}/*/*/*.parquet", hive_partitioning=True).collect()
    return sorted(map(repr, read.rows()))


@pytest.mark.parametrize("what", ["weather", "looks"])
def test_an_updated_folder_has_the_rows_of_a_full_export(path, tmp_path, what):
    assert keep_up(path, tmp_path / "kept", what).startswith("3 of 3 months written")
    nalssi("export", "--what", what, "--partition", "-o", tmp_path / "whole", "--db", path)
    assert rows(tmp_path / "kept") == rows(tmp_path / "whole")


def test_only_full_hours_are_exported(path, tmp_path):
    keep_up(path, tmp_path / "kept", "hours")
    last = dt.datetime.fromtimestamp(START + 159 * 6 * HOUR, KST).replace(minute=0, second=0)
    until = ["--until", last.strftime("%Y-%m-%dT%H:%M")]
    options = ["--what", "hours", "--partition", *until, "-o", tmp_path / "whole"]
    nalssi("export", *options, "--db", path)
    assert rows(tmp_path / "kept") == rows(tmp_path / "whole")


def test_unchanged_months_are_not_written(path, tmp_path):
    folder = tmp_path / "kept"
    keep_up(path, folder)
    files = {place: place.stat().st_mtime_ns for place in folder.rglob("*.parquet")}
    assert keep_up(path, folder) == "0 of 3 months written, 0 rows"
    with Store.open(path) as store:
        captures.keep(store, [capture_of("a", START + 12 * 24 * HOUR + 60, hour_of(200))])
    assert keep_up(path, folder).startswith("1 of 3 months written")
    changed = [x for x in files if x.stat().st_mtime_ns != files[x]]
    assert [place.parent.name for place in changed] == ["month=02"]


def test_a_new_city_changes_no_month_before_its_first(path, tmp_path):
    with Store.open(path) as store:
        keep_own(store, "a", START + 41 * 24 * HOUR, hour_of(300)[:8])
    keep_up(path, tmp_path / "kept", "hours")
    with Store.open(path) as store:
        city = ("새고을", 50)
        keep_own(store, "a", START + 42 * 24 * HOUR, (*hour_of(301), city))
    assert keep_up(path, tmp_path / "kept", "hours").startswith("1 of 3 months written")
    keep_up(path, tmp_path / "again", "hours")
    assert rows(tmp_path / "kept") == rows(tmp_path / "again")


def test_a_page_that_makes_the_next_month_older_changes_that_too(path):
    with Monthly(path) as source:
        before = source.manifest()
    last_of_january = START + 24 * HOUR + HOUR
    first_of_february = hour_of(6)  # shown in February for the first time
    with Store.open(path) as store:
        captures.keep(store, [capture_of("a", last_of_january, first_of_february)])
    with Monthly(path) as source:
        after = source.manifest()
    assert [month for month in before if before[month] != after[month]] == ["2024-01", "2024-02"]


def test_a_month_without_rows_is_removed(path, tmp_path):
    keep_up(path, tmp_path / "kept")
    nalssi("drop-looks", "--since", "2024-03-01", "--write", "--db", path)
    assert keep_up(path, tmp_path / "kept").startswith(("1 of 2", "2 of 2"))
    assert not (tmp_path / "kept" / "year=2024" / "month=03" / "weather.parquet").exists()


SLOWLY = (
    "import sys, time; from db.export.changed import Folder as f; record = f._record\n"
    "def slowly(*a):\n    record(*a); print('recorded', flush=True); time.sleep(0.5)\n"
    "f._record = slowly\nfrom scraper.cli import main; main(sys.argv[1:])"
)


def test_a_killed_export_is_completed_by_the_next_run(path, tmp_path):
    folder = tmp_path / "kept"
    options = ["export", "--partition", "--changed", "-o", str(folder), "--db", str(path)]
    env = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    writing = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, *options],
        cwd=tmp_path,
        env={**env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert writing.stdout is not None
    assert writing.stdout.readline() == b"recorded\n"
    writing.send_signal(signal.SIGKILL)
    writing.communicate()
    recorded = json.loads((folder / "_manifest.weather.json").read_text("utf-8"))
    assert list(recorded["months"]) == ["2024-01"]
    assert keep_up(path, folder).startswith("2 of 3 months written")


def test_the_manifest_has_each_month_and_portal(path):
    with Monthly(path) as source:
        assert {month: set(x) for month, x in source.manifest().items()} == {
            month: {"a"} for month in ("2024-01", "2024-02", "2024-03")
        }
        assert [month for month, *_ in manifest.months(source._ask)] == list(source.manifest())


@pytest.mark.parametrize(
    "options",
    [["--changed", "-o", "x"], ["--changed", "--partition"], ["--since", "1d"]],
    ids=["no partition", "no folder", "a part of the rows"],
)
def test_unsupported_updates_are_refused(path, options):
    arguments = (
        ["--changed", "--partition", "-o", "x", *options] if "--since" in options else options
    )
    refused(2, "export", *arguments, "--db", path)


def test_a_foreign_folder_is_not_changed(path, tmp_path):
    nalssi("export", "--partition", "-o", tmp_path / "whole", "--db", path)
    options = ["--partition", "--changed", "-o", tmp_path / "whole"]
    assert "has months but no manifest" in refused(74, "export", *options, "--db", path)
