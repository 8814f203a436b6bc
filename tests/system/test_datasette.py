"""deploy/datasette: the answers of Datasette about a database, over HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]

from db import contract
from db.reading import Problem
from db.write.store import Store
from tests.cli.test_cli import ROOT
from tests.support.faults import until
from tests.support.make import BUSAN, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA = ROOT / "deploy" / "datasette" / "metadata.yaml"
SHOWN = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["weather"]
ASKED = {"station": "서울", "day": "2024-04-28"}


CONFIG = METADATA.with_name("datasette.yaml")
NEXT = Path(
    os.environ.get("NALSSI_DATASETTE_1") or ROOT / ".venv-datasette-1" / "bin" / "datasette"
)
"""Datasette 1.0, which cannot be installed beside 0.65; ``.ci/run`` installs it there."""

PROGRAMS = {
    "0.65": [sys.executable, "-m", "datasette"],
    "1.0": [str(NEXT)],
}
OPTIONS = {"0.65": ["-m", str(METADATA)], "1.0": ["-c", str(CONFIG), "-m", str(METADATA)]}


@pytest.fixture(scope="module", params=PROGRAMS)
def version(request) -> str:
    required = os.environ.get("REQUIRE_PARTS") == "required"
    if request.param == "1.0" and not NEXT.exists() and not required:
        pytest.skip(f"no Datasette 1.0 at {NEXT}")
    wanted: str = request.param
    return wanted


@pytest.fixture(scope="module")
def address(tmp_path_factory, version) -> Iterator[str]:
    """Datasette with a database that has a freeze, a failure and an unknown word."""
    folder = tmp_path_factory.mktemp("datasette")
    with Store.open(folder / "weather.db") as store:
        for minute in range(0, 300, 10):
            readings = make_reading(temperature_c=float(minute // 60)), make_reading(station=BUSAN)
            see(
                store,
                make_look(minute),
                make_content(*readings, problems=(Problem(kind="other", word="a word"),)),
            )
        for minute in range(300, 540, 10):
            see(store, make_look(minute), make_content(make_reading(temperature_c=48.8)))
        store.keep_failure(make_look(545), "fetch_failed", "timed out")
        see(store, make_look(600), make_content())
    command = [*PROGRAMS[version], "serve", "-i", "weather.db", *OPTIONS[version], "--port", "0"]
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as server,
    ):
        try:
            yield until(lambda: _address(log.read_text(), server.poll()))
        finally:
            server.kill()


def _address(log: str, ended: int | None) -> str:
    assert ended is None, log
    found = re.search(r"running on (http://127\.0\.0\.1:\d+)", log)
    return found[1] if found else ""


def page(address: str, path: str, **parameters: str) -> str:
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{address}/{path}?{query}", timeout=60) as answer:  # noqa: S310
        return str(answer.read().decode())


def answered(address: str, path: str, **query: str) -> Any:
    return json.loads(page(address, f"{path}.json", _shape="objects", **query))


FACETS = {"_extra": "facet_results,columns"}
"""Version 1.0 answers only with the requested parts of a table."""


def test_the_front_page_names_its_subject_and_its_source(address):
    front = page(address, "")
    assert "nalssi 날씨" in front
    assert "기상청" in front


def test_every_view_is_there_and_described(address):
    listed = {view["name"] for view in answered(address, "weather")["views"]}
    assert listed == set(contract.VIEWS)
    assert set(SHOWN["tables"]) == set(contract.VIEWS)
    for name, view in SHOWN["tables"].items():
        assert view["description"] in page(address, f"weather/{name}")


@pytest.mark.parametrize("view", contract.VIEWS)
def test_a_view_has_rows_and_facets(address, view):
    answer = answered(address, f"weather/{view}", **FACETS)
    assert answer["rows"]
    # Datasette 1.0 nests the facets under "results".
    facets = answer["facet_results"].get("results", answer["facet_results"])
    assert set(facets) == set(SHOWN["tables"][view]["facets"])
    assert all(facet["results"] for facet in facets.values())


@pytest.mark.parametrize("view", contract.VIEWS)
def test_every_described_column_exists(address, view):
    columns = answered(address, f"weather/{view}", **FACETS)["columns"]
    for named in ("columns", "sortable_columns", "facets"):
        assert set(SHOWN["tables"][view][named]) <= set(columns)


@pytest.mark.parametrize("name", SHOWN["queries"])
def test_a_canned_query_answers_with_rows(address, name):
    answer = answered(address, f"weather/{name}", **ASKED)
    assert answer["ok"], answer
    assert answer["rows"]
    assert SHOWN["queries"][name]["title"] in page(address, f"weather/{name}", **ASKED)


def test_both_versions_have_the_same_queries():
    later = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["databases"]["weather"]
    assert later == {"queries": SHOWN["queries"]}
