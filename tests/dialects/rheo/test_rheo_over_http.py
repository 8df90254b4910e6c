import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.dialects.rheo.rheo_cases import CASES, answers, body_of, load, value_at
from tests.hub import Hub, Shop
from tests.shop import PASSWORD

Answer = tuple[int, Mapping[str, str], bytes]


async def send(shop: Shop, request: dict[str, Any], known: Mapping[str, str]) -> Answer:
    told = filled(request, known)
    return await shop.hub.request(
        told["method"], told["path"], headers=told["headers"], body=body_of(told)
    )


def filled(part: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what placeholders stand for."""
    text = json.dumps(part)
    for name, value in known.items():
        text = text.replace(f"<{name}>", value)
    return dict(json.loads(text))


async def names_of(shop: Shop, case: dict[str, Any]) -> dict[str, str]:
    """What the case's placeholders stand for; nobody signs in where no token is needed."""
    known = {
        "api_key": shop.api_key,
        "username": shop.principal.account_name,
        "password": PASSWORD,
    }
    if re.search("<(access|refresh)_token>", json.dumps(case)):
        await shop.sign_in()
        known |= {"access_token": shop.access, "refresh_token": shop.refresh}
    return known


def is_as_recorded(answer: Answer, recorded: dict[str, Any]) -> bool:
    status, headers, body = answer
    lower = {name.lower(): value for name, value in headers.items()}
    return answers(recorded, status, lower, body)


@pytest.mark.parametrize("name", CASES)
async def test_a_recorded_request_gets_its_recorded_answer(name: str, hub: Hub) -> None:
    case = load(name)
    shop = await hub.open_shop()  # a key of its own has buckets of its own
    known = await names_of(shop, case)
    for request in case.get("given", ()):
        status, _, body = await send(shop, request, known)
        assert 200 <= status < 300, body
        for key, path in request.get("keep", {}).items():
            known[key] = value_at(json.loads(body), path)

    calls = [send(shop, case["request"], known) for _ in range(case.get("together", 1))]
    got = await asyncio.gather(*calls)

    recorded = filled(case["answer"], known)
    assert any(is_as_recorded(answer, recorded) for answer in got), got[-1]
