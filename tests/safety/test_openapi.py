"""Whatever the OpenAPI document allows, and whatever it forbids, the hub answers as the document says."""

import asyncio
import base64
import hashlib
import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from saluhall import VERSION
from saluhall.plugins import load_dialects
from saluhall.web.openapi import document_of
from tests.hub import Hub

DOCUMENT = document_of(load_dialects(), version=VERSION)
OPERATIONS: list[Any] = [
    result.ok()  # type: ignore[union-attr] # our own document is valid, or this raises
    for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
]
# What takes nothing can be asked in no wrong way.
ASKED = [
    pytest.param(operation, mode, id=f"{operation.label}-{mode.value}")
    for operation in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or list(operation.iter_parameters()) or operation.body
]
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize(("operation", "mode"), ASKED)
async def test_every_answer_is_one_that_the_document_describes(
    operation: Any, mode: GenerationMode, hub: Hub
) -> None:
    headers = {"x-api-key": hub.api_key}
    is_let_in = {"rheo": []} in operation.definition.raw["security"]

    @settings(
        max_examples=8 if is_let_in else 3,  # a stranger meets the same few answers
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        answer = case.call(base_url=hub.base, headers=headers, timeout=20)
        assert answer.status_code < 500 or answer.status_code == 501, answer.text  # not set up
        assert answer.headers["x-request-id"]
        if answer.status_code not in {404, 405}:  # an odd path may lead elsewhere
            case.validate_response(answer, checks=CHECKS)

    await asyncio.to_thread(answered)


async def test_the_document_and_its_page_are_served(hub: Hub) -> None:
    status, headers, body = await hub.request("GET", "/schema/openapi.json")
    assert (status, headers["content-type"]) == (200, "application/json")
    served = json.loads(body)
    assert served.pop("servers") == [{"url": hub.base, "description": "This hub"}]
    assert served == {k: v for k, v in json.loads(json.dumps(DOCUMENT)).items() if k != "servers"}
    known = {"if-none-match": headers["etag"]}
    assert (await hub.request("GET", "/schema/openapi.json", headers=known))[0] == 304

    status, headers, body = await hub.request("GET", "/schema")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b"/schema/openapi.json" in body


async def test_the_page_asks_nobody_for_anything_and_runs_nothing(hub: Hub) -> None:
    _, headers, body = await hub.request("GET", "/schema")
    policy = headers["content-security-policy"].split("; ")
    [style] = re.findall(rb"<style>(.*?)</style>", body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()

    assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert not re.search(rb"<(script|link|img|iframe|object)\b|style=|url\(|@import", body)
    assert not re.search(rb'(src|href)="(?!#|/schema/)', body)
    for operation in OPERATIONS:
        assert f"{operation.method.upper()} {operation.path}</code>".encode() in body
    assert {name.decode() for name in re.findall(rb'href="#(\w+)"', body)} <= {
        name.decode() for name in re.findall(rb'id="(\w+)"', body)
    }


def test_every_name_is_a_plain_word_of_its_own() -> None:
    names = list(DOCUMENT["components"]["schemas"])
    operations = [o["operationId"] for path in DOCUMENT["paths"].values() for o in path.values()]

    assert all(re.fullmatch(r"(Rheo|Sellrapido)[A-Z][A-Za-z]+", name) for name in names)
    assert len({schema["title"] for schema in DOCUMENT["components"]["schemas"].values()}) == len(
        names
    )
    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in operations)
    assert len(set(operations)) == len(operations)


def test_every_operation_names_the_errors_and_headers_that_any_request_may_meet() -> None:
    put = DOCUMENT["paths"]["/integration/v1/items/{external_id}"]["put"]
    assert list(put["responses"]) == [
        "202", "400", "401", "403", "404", "408", "413", "422", "429", "500", "503",
    ]  # fmt: skip
    assert {p["name"] for p in put["parameters"]} == {"external_id", "X-Partner-Account"}
    assert {"RateLimit", "Retry-After", "x-request-id"} <= put["responses"]["429"]["headers"].keys()
    legacy = DOCUMENT["paths"]["/sr_company_ws/api/order/{key}"]["post"]
    assert {"401", "403", "410", "503"} <= legacy["responses"].keys()
    assert "Sunset" in legacy["responses"]["200"]["headers"]
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert {"400", "500", "503"} <= operation["responses"].keys()
            for name in (n for r in operation["responses"].values() for n in r["headers"]):
                assert name in DOCUMENT["components"]["headers"]


def test_a_number_is_no_text() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["name"] in {"limit", "offset"}:
                assert parameter["schema"]["type"] == "integer", path
