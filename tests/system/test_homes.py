"""docs/homes.md: the REST sensor of Home Assistant reads the answer of its address."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pytest
import yaml  # type: ignore[import-untyped]

from scraper import demo
from tests.cli.test_cli import nalssi
from tests.support import docs

(SENSOR,) = yaml.safe_load(docs.blocks("docs/homes.md", "yaml")[0])["sensor"]


@pytest.fixture(scope="module")
def answer(tmp_path_factory) -> dict[str, Any]:
    """The answer of the sensor's address on a site of the demo."""
    folder = tmp_path_factory.mktemp("homes")
    demo.run(folder / "demo.db", now=dt.datetime.now(dt.UTC), say=len)
    run = nalssi("site", folder / "site", "--db", folder / "demo.db")
    assert run.returncode == 0, run.stderr
    place = folder / "site" / urlsplit(SENSOR["resource"]).path.removeprefix("/")
    read: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return read


def rendered(template: str, answer: dict[str, Any]) -> str:
    strict = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    return strict.from_string(template).render(value_json=answer)


def test_the_sensor_has_the_temperature_and_is_available_while_it_is_live(answer):
    assert float(rendered(SENSOR["value_template"], answer)) == answer["temperature_c"]
    assert rendered(SENSOR["availability"], answer) == "True"
    assert rendered(SENSOR["availability"], {**answer, "state": "frozen"}) == "False"


def test_every_attribute_of_the_sensor_is_answered(answer):
    assert set(SENSOR["json_attributes"]) <= set(answer)
