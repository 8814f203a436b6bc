"""A pytest plugin: ``pytest -p tests.support.on_httpx2`` runs on httpx2, which has the same API."""

import httpx2

httpx2.alias_httpx()


def pytest_report_header() -> str:
    return f"httpx: httpx2 {httpx2.__version__}"
