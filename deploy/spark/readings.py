"""A Spark job: rows of page, url and fetched_at -> rows of readings."""

from __future__ import annotations

import sys

from pyspark.sql import Row, SparkSession

from scraper.archive import readings_of

spark = SparkSession.builder.appName("nalssi").getOrCreate()
pages = spark.read.parquet(sys.argv[1]).select("page", "url", "fetched_at")
readings = pages.rdd.flatMap(
    lambda page: (Row(**row) for row in readings_of(bytes(page.page), page.url, page.fetched_at))
)
COLUMNS = """url string, portal string, fetched_at string, page_date string, precision string,
    station string, kma_id int, label string, icon string, condition string, temperature_c double"""
spark.createDataFrame(readings, COLUMNS).write.parquet(sys.argv[2])
