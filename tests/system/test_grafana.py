"""deploy/grafana: each query of the dashboard has rows, with Grafana's macros replaced."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]

from db.moments import now
from db.write.store import Store
from tests.cli.test_cli import ROOT
from tests.support.histories import hour_of
from tests.support.keeping import keep_failure, keep_own

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD = json.loads((FOLDER / "dashboards" / "nalssi.json").read_text("utf-8"))
PANELS = {panel["title"]: panel["targets"][0] for panel in DASHBOARD["panels"]}
(VARIABLE,) = DASHBOARD["templating"]["list"]
DAY_S = 24 * 3600


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """A database of the last day: changing hours, a freeze of five hours, a gap."""
    path: Path = tmp_path_factory.mktemp("grafana") / "weather.db"
    end = int(now().timestamp())
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        store.portal("koya", "https://koya.example/", 600)
        for minute in range(0, 900, 10):
            at = end - DAY_S + 60 * minute
            if minute in range(600, 700):
                keep_failure(store, "koya", at)
            else:
                keep_own(store, "koya", at, hour_of(0 if minute < 300 else minute // 60))
    return path


def answered(path: Path, sql: str) -> list[dict[str, Any]]:
    end = int(now().timestamp()) * 1000
    for macro, text in {
        "${station:sqlstring}": "'서울','부산'",
        "$__from": str(end - DAY_S * 1000),
        "$__to": str(end),
    }.items():
        sql = sql.replace(macro, text)
    assert "$" not in sql
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(sql)]


@pytest.mark.parametrize("title", PANELS)
def test_each_panel_has_an_answer(path, title):
    rows = answered(path, PANELS[title]["queryText"])
    assert rows
    for column in PANELS[title]["timeColumns"]:
        seconds = {row[column] for row in rows}
        assert {type(second) for second in seconds} == {int}
        assert all(abs(second - now().timestamp()) < 2 * DAY_S for second in seconds)


def test_the_chart_has_live_values_alone(path):
    rows = answered(path, PANELS["Temperature, live values alone"]["queryText"])
    frozen = [row["temperature_c"] for row in rows if row["station"] == "서울"][3:5]
    assert frozen == [None, None]
    assert {row["station"] for row in rows} == {"서울", "부산"}


def test_the_variable_lists_the_stations(path):
    assert {"station": "서울"} in answered(path, VARIABLE["query"])


def test_the_files_agree_on_the_data_source():
    (source,) = yaml.safe_load(
        (FOLDER / "provisioning" / "datasources" / "nalssi.yaml").read_text("utf-8")
    )["datasources"]
    uids = re.findall(r'"uid": "(\w+)"', json.dumps(DASHBOARD["panels"]))
    assert set(uids) == {source["uid"]}
    assert {panel["datasource"]["type"] for panel in DASHBOARD["panels"]} == {source["type"]}
    (provider,) = yaml.safe_load(
        (FOLDER / "provisioning" / "dashboards" / "nalssi.yaml").read_text("utf-8")
    )["providers"]
    assert provider["options"]["path"] in (FOLDER / "README.md").read_text("utf-8")
