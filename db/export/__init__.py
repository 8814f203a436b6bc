"""Exports: tables as CSV, NDJSON, Parquet or Excel; a file appears complete or not at all."""
