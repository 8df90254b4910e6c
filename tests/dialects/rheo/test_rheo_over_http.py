import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.dialects.rheo.rheo_cases import CASES, answers, body_of, load
from tests.hub import Hub, Shop

Answer = tuple[int, Mapping[str, str], bytes]


async def send(shop: Shop, request: dict[str, Any]) -> Answer:
    headers = {k: v.replace("<api_key>", shop.api_key) for k, v in request["headers"].items()}
    return await shop.hub.request(
        request["method"], request["path"], headers=headers, body=body_of(request)
    )


def is_as_recorded(answer: Answer, recorded: dict[str, Any]) -> bool:
    status, headers, body = answer
    lower = {name.lower(): value for name, value in headers.items()}
    return answers(recorded, status, lower, body)


@pytest.mark.parametrize("name", CASES)
async def test_a_recorded_request_gets_its_recorded_answer(name: str, hub: Hub) -> None:
    case = load(name)
    shop = await hub.open_shop()  # a key of its own has buckets of its own
    for request in case.get("given", ()):
        status, _, body = await send(shop, request)
        assert status == 202, body

    calls = [send(shop, case["request"]) for _ in range(case.get("together", 1))]
    got = await asyncio.gather(*calls)

    assert any(is_as_recorded(answer, case["answer"]) for answer in got), got[-1]
