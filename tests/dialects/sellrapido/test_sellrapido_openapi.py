"""Whatever the API document allows, and whatever it forbids: somebody who is let in gets an answer that the document describes."""

import asyncio
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

from saluhall.dialects.sellrapido import DIALECT
from saluhall.web.openapi import document_of
from tests.hub import Hub
from tests.sellrapido import Client

DOCUMENT = document_of([DIALECT], version="0")
OPERATIONS: list[Any] = [
    result.ok()  # type: ignore[union-attr] # our own document is valid, or this raises
    for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
]
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda m: m.value
)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_who_is_let_in_gets_an_answer_as_described(
    operation: Any, mode: GenerationMode, hub: Hub
) -> None:
    client = await Client.signed_in(await hub.open_shop())
    key = await client.key()
    headers = {"Authorization": f"Bearer {client.access}"}

    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        if "key" in (case.path_parameters or {}):
            case.path_parameters["key"] = key
        answer = case.call(base_url=hub.base, headers=headers, timeout=20)
        assert answer.status_code < 500, answer.text
        if answer.status_code not in {404, 405}:  # an odd path may lead elsewhere
            case.validate_response(answer, checks=CHECKS)

    await asyncio.to_thread(answered)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [o["operationId"] for path in DOCUMENT["paths"].values() for o in path.values()]

    assert len(names) == len(set(names))
