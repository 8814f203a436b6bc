"""The OpenAPI description: valid, and equal to the answers, as schemathesis checks."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from scraper.web.addresses import ADDRESSES
from scraper.web.app import app
from scraper.web.operations import OPERATIONS
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def described(client) -> dict[str, dict[str, dict[str, object]]]:
    description: dict[str, dict[str, dict[str, object]]] = client.get("/api/v1/openapi.json").json()
    return description


def test_the_description_is_valid(described):
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


def test_every_data_address_is_described_and_no_other(described):
    served = [
        re.sub(r":\w+", "", address.path)
        for address in ADDRESSES
        if address.path.startswith("/api/v1")
    ]
    assert sorted(described["paths"]) == sorted(served)


def test_every_example_of_the_page_answers(client):
    page = client.get("/api/").text
    examples = re.findall(r"<br>(?:<a [^>]*>)?<code>(/api/v1/[^<]+)</code>", page)
    assert len(set(examples)) == len(OPERATIONS)
    answers = {example: client.get(example.replace("&amp;", "&")) for example in examples}
    assert {path for path, answer in answers.items() if answer.status_code != 200} == {
        "/api/v1/health.json"  # a portal of the demo lags
    }
    assert all(answer.content for answer in answers.values())


def test_the_schemas_have_the_words_of_the_records(described):
    schemas = described["components"]["schemas"]
    assert isinstance(schemas["Best"], dict)
    assert "agreeing_portals: The number of those with" in schemas["Best"]["description"]
    assert set(schemas["Best"]["properties"]["state"]["enum"]) == {
        *("live", "unconfirmed", "stale", "frozen", "down"),
    }
    assert "age_minutes" not in json.dumps(described)


@pytest.fixture(scope="module")
def api(played):
    made = app(played, clock=lambda: NOW, host="testserver")
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", made)


def excluded(path: str) -> list[object]:
    """Checks without a schema: a time must be valid and past, and health may answer 503."""
    if path == "/health.json":
        return [not_a_server_error]
    asks_for_a_time = {"since", "time"} & {
        name
        for address in ADDRESSES
        if re.sub(r":\w+", "", address.path) == f"/api/v1{path}"
        for name in address.parameters
    }
    return [positive_data_acceptance] if asks_for_a_time else []


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", [operation.path for operation in OPERATIONS])
def test_answers_are_as_described(api, path, mode):
    operation = api[f"/api/v1{path}"]["GET"]

    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(excluded_checks=excluded(path))

    with contextlib.suppress(Unsatisfiable):  # an address without parameters has no wrong ones
        check()
