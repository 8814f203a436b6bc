"""A folder of months, read by the engines of docs/ship.md that are installed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import polars
import pytest

from db.write.store import Store
from tests.cli.test_cli import ROOT, nalssi
from tests.support.histories import hour_of
from tests.support.keeping import keep_own
from tests.support.make import START

if TYPE_CHECKING:
    from pathlib import Path

Row: TypeAlias = tuple[int, int, str, float, int]

DAY_S = 86_400
SPARK = """
import json
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").getOrCreate()
read = {line}
rows = read.selectExpr("year", "month", "station", "temperature_c", "seen_from_s")
print(json.dumps([list(row) for row in rows.collect()]))
"""
CHDB = """
import json, chdb
sql = '''{line}'''
columns = "year, month, station, temperature_c, seen_from_s"
told = chdb.query(sql.replace("SELECT *", "SELECT " + columns), "JSONCompactStrings")
print(json.dumps(json.loads(told.bytes())["data"]))
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """The parent of the folder ``lake``, which has a box a day for three months."""
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        store.portal("a", "https://a.example/", 7200)
        for nth in range(40):
            keep_own(store, "a", int(START.timestamp()) + nth * DAY_S, hour_of(nth))
    assert nalssi("export", "--partition", "-o", tmp_path / "lake", "--db", path).returncode == 0
    return tmp_path


def documented(engine: str) -> str:
    """The query in docs/ship.md for an engine, without prompt and program."""
    text = (ROOT / "docs" / "ship.md").read_text(encoding="utf-8")
    (line,) = re.findall(
        rf"^(?:>>>|:\)|D) (.*lake.*?);? +(?:#|--) .*{engine}.*$", text, re.MULTILINE
    )
    return str(line)


def answered(lake: Path, code: str) -> set[Row]:
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=lake,
        capture_output=True,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        check=True,
        timeout=300,
    )
    rows = json.loads(run.stdout.splitlines()[-1])
    return {(int(year), int(month), name, float(c), int(at)) for year, month, name, c, at in rows}


def expected(lake: Path) -> set[Row]:
    weather = polars.read_parquet(f"{lake}/lake/*/*/weather.parquet", hive_partitioning=True)
    rows = weather.select("year", "month", "station", "temperature_c", "seen_from_s").rows()
    assert len({(year, month) for year, month, *_ in rows}) == 3
    return set(rows)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="no pyspark")
@pytest.mark.skipif(shutil.which("java") is None, reason="no Java")
def test_spark_reads_the_export(lake):
    assert answered(lake, SPARK.format(line=documented("Spark"))) == expected(lake)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("chdb") is None, reason="no chdb")
def test_clickhouse_reads_the_export(lake):
    assert answered(lake, CHDB.format(line=documented("chdb"))) == expected(lake)
