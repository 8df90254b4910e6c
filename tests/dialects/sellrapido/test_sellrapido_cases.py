from pathlib import Path

import pytest

import saluhall.dialects.sellrapido as package
from tests.dialects.sellrapido.order_book import golden_orders, keep
from tests.dialects.sellrapido.sellrapido_cases import CASES, is_as_recorded, load, send_as
from tests.hub import Hub
from tests.sellrapido import Client


@pytest.mark.parametrize("name", CASES)
async def test_a_recorded_request_gets_its_recorded_answer(name: str, hub: Hub) -> None:
    case = load(name)
    client = await Client.signed_in(await hub.open_shop())
    if "orders" in case:
        await keep(client.shop, *golden_orders())
    for request in case.get("given", ()):
        status, _, body = await send_as(client, request)
        assert status == 200, body

    answer = await send_as(client, case["request"])

    assert is_as_recorded(answer, case["answer"]), answer


def test_every_case_stands_in_the_manual() -> None:
    manual = (Path(package.__file__).parent / "README.md").read_text(encoding="utf-8")

    assert [name for name in CASES if f"`{name}`" not in manual] == []
