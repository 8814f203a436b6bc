"""The Spark job, in local mode, on machines with Spark and Java."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scraper.archive import readings_of
from tests.support.archives import saved

ROOT = Path(__file__).parents[2]
JOB = ROOT / "deploy" / "spark" / "readings.py"
WRITE = """
import sys, pickle
from pyspark.sql import SparkSession
pages = pickle.load(sys.stdin.buffer)
spark = SparkSession.builder.getOrCreate()
columns = "page binary, url string, fetched_at string"
spark.createDataFrame(pages, columns).write.parquet(sys.argv[1])
"""
READ = """
import sys, json
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print(json.dumps([row.asDict() for row in spark.read.parquet(sys.argv[1]).collect()]))
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="no pyspark")
@pytest.mark.skipif(shutil.which("java") is None, reason="no Java")
def test_the_spark_job_gives_the_same_readings(tmp_path):
    saved_pages = [saved("koya.kr", nth, nth) for nth in range(20)]
    pages: list[tuple[bytes, str, str | None]]
    pages = [(page.body, page.url, page.at.isoformat()) for page in saved_pages]
    pages.append((b"<p>no box", "http://koya.kr/", None))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "MASTER": "local[2]",
    }

    def python(*arguments: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            [sys.executable, *arguments],
            input=stdin,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=300,
        ).stdout

    python("-c", WRITE, "pages", stdin=pickle.dumps(pages))
    python(str(JOB), "pages", "readings")
    found = json.loads(python("-c", READ, "readings").splitlines()[-1])
    expected = [
        row for page in saved_pages for row in readings_of(page.body, page.url, page.at.isoformat())
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
