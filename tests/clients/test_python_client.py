"""A client that a generator makes of our OpenAPI document puts, reads, and gets typed errors."""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from saluhall import VERSION
from saluhall.plugins import load_dialects
from saluhall.web.openapi import document_of
from tests.hub import Hub

NAME = "generated_client"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Generate the client and import it; return the function that imports a part of it."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_text(json.dumps(document_of(load_dialects(), version=VERSION)))
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
         "--path", str(document), "--output-path", str(folder / NAME)],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    assert "schema" not in made.stdout.lower().replace('"schema"', ""), "no shape is left out"
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    sys.path.remove(str(folder))


async def test_a_generated_client_puts_and_reads_and_gets_typed_errors(
    client: Any, hub: Hub
) -> None:
    models = client("models")
    put = client("api.rheo.rheo_put_item")
    get = client("api.rheo.rheo_get_item")
    listed = client("api.rheo.rheo_list_items")

    def work(mine: Any, nobody: Any) -> None:
        item = models.RheoItem(title="Part", price=5)
        made = put.sync("GEN/Ö 1", client=mine, body=item)
        assert isinstance(made, models.RheoAccepted)
        got = get.sync("GEN/Ö 1", client=mine)
        assert isinstance(got, models.RheoItemStatus)
        assert (got.external_id, got.rheo_item_id, got.price) == ("GEN/Ö 1", made.item_id, 5)
        page = listed.sync(client=mine, limit=1)
        assert isinstance(page, models.RheoItemList)

        wrong = models.RheoItem(title="P", price=0)
        for answer, status, code in (
            (get.sync_detailed("NONE", client=mine), 404, "NOT_FOUND"),
            (get.sync_detailed("NONE", client=nobody), 401, "UNAUTHORIZED"),
            (put.sync_detailed("GEN", client=mine, body=wrong), 422, "VALIDATION_FAILED"),
            (get.sync_detailed("G", client=mine, x_partner_account="x"), 404, "NOT_FOUND"),
        ):
            assert isinstance(answer.parsed, models.RheoError), answer
            assert (answer.status_code, answer.parsed.status_code) == (status, status)
            assert answer.parsed.code == code
        assert {detail.field for detail in put.sync("GEN", client=mine, body=wrong).details} == {"title", "price"}  # fmt: skip

    named = {"auth_header_name": "x-api-key", "prefix": ""}
    make = client("client").AuthenticatedClient
    with make(hub.base, hub.api_key, **named) as mine, make(hub.base, "x", **named) as nobody:
        await asyncio.to_thread(work, mine, nobody)


def until(done: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


class QuickStart:
    """The quick start, by the generated functions alone."""

    def __init__(self, client: Any, mine: Any) -> None:
        self.models, self._client, self._mine = client("models"), client, mine

    def call(self, name: str, *path: str, **given: Any) -> Any:
        return self._client(f"api.rheo.rheo_{name}").sync(*path, client=self._mine, **given)

    def list_it(self) -> str:
        models = self.models
        lamp = models.RheoItem(title="Volvo lamp", price=950, auto_publish_tradera=True, shipping_strategy="seller_shipped")  # fmt: skip
        assert self.call("put_item", "LAMP", body=lamp).success
        until(lambda: self.call("get_item", "LAMP").tradera_status == "active")
        assert self.call("patch_price", "LAMP", body=models.RheoPriceChange(price=895)).success
        until(lambda: self.call("get_item", "LAMP").price == 895)
        car = models.RheoBatchItem(external_id="CAR", title="Volvo V70", type_="container")
        door = models.RheoBatchItem(external_id="DOOR", title="Door", price=795.5, parent_external_id="CAR")  # fmt: skip
        assert self.call("post_batch", body=models.RheoBatch(items=[car, door])).accepted == 2
        assert self.call("sum_up_item", "CAR").child_count == 1
        return str(self.call("get_item", "LAMP").tradera_ad_id)

    def sale(self) -> Any:
        events = self.call("list_history", "LAMP").events
        return next((e for e in events if e.event_type == "item.sold"), None)

    def ship_it(self) -> None:
        order = until(self.sale).data.additional_properties["orderId"]
        parcel = self.models.RheoTracking(carrier="postnord", tracking_number="SE1")
        assert self.call("post_tracking", order, body=parcel).carrier == "postnord"


async def test_a_generated_client_goes_through_the_quick_start(client: Any, hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.connect()
    make = client("client").AuthenticatedClient
    with make(hub.base, shop.api_key, auth_header_name="x-api-key", prefix="") as mine:
        partner = QuickStart(client, mine)
        listing_id = await asyncio.to_thread(partner.list_it)
        await hub.market.bid(int(listing_id), 1400)
        await hub.market.control("POST", f"/items/{listing_id}/end")
        await asyncio.to_thread(partner.ship_it)
