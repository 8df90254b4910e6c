"""Whatever the OpenAPI document allows, and whatever it forbids, the hub answers as the document says."""

import asyncio
import json
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

    @settings(
        max_examples=25,
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
    assert json.loads(body) == json.loads(json.dumps(DOCUMENT))

    status, headers, body = await hub.request("GET", "/schema")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b"/schema/openapi.json" in body
