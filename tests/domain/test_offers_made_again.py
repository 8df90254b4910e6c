"""What is over is offered again by making its offer again; nothing has to be deleted for it."""

import pytest

from saluhall.channel import RemoteListing, RemoteState
from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import operations, outcomes
from saluhall.domain.products.model import Status
from saluhall.storage import Database
from tests.domain.selling import Seller


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def states(seller: Seller) -> list[tuple[str, str | None]]:
    rows = await seller.rows(
        "select state, ended_reason from listings where account_id = %(account_id)s order by id"
    )
    return [(row["state"], row["ended_reason"]) for row in rows]


async def expire(seller: Seller, connection: Connection, external_id: str) -> None:
    """See at the marketplace that an auction is over without a buyer."""
    there = RemoteListing(external_id=external_id, state=RemoteState.ENDED)
    async with seller.db.transaction() as tx:
        await outcomes.observe(tx, connection, [there], now=seller.now)


async def test_an_auction_without_a_buyer_is_listed_again_when_it_is_offered_again(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("P")
    await seller.list_at(connection, product, "1")
    await expire(seller, connection, "1")
    over = await states(seller)
    await seller.offer(connection, product)

    assert over == [("ended", "expired")]
    assert await states(seller) == [("ended", "expired"), ("pending", None)]


async def test_a_product_that_was_not_listed_is_active_when_it_is_offered_again(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("P")
    await seller.list_at(connection, product, "1", state="pending")
    async with seller.db.transaction() as tx:
        await operations.set_status(
            tx,
            principal=seller.principal,
            catalog=RHEO,
            sku="P",
            status=Status.NOT_LISTED,
            now=seller.now,
        )
    await seller.offer(connection, product)

    assert (await seller.product("P"))["status"] == "active"
    assert (await states(seller))[-1] == ("pending", None)
