from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.dialects.sellrapido.order_book import change, head, keep, order
from tests.hub import Hub, Shop
from tests.sellrapido import Client

PENDING = (
    "Unable to enqueue a change status request for order {code} on shop Tradera {user_id}"
    " due to a previous pending request"
)


@pytest.fixture
async def selling(hub: Hub) -> AsyncIterator[tuple[Client, UUID]]:
    """A client whose shop's connection nobody works on, so that what is due stays due, to the end of the test."""
    shop = await hub.open_shop()
    connection_id = await shop.connect(known=False)
    async with hub.db.transaction() as tx:
        await tx.run(
            "update connections set state = 'disconnected', poll_due_at = null where account_id = %(o)s",
            {"o": shop.principal.account_id},
        )
    yield await Client.signed_in(shop), connection_id
    async with hub.db.transaction() as tx:
        await tx.run(
            "update order_updates set due_at = null where account_id = %(o)s",
            {"o": shop.principal.account_id},
        )


async def due(shop: Shop) -> list[tuple[str, str]]:
    rows = await shop.rows(
        """
        select o.number, u.kind from order_updates u
          join orders o on o.account_id = u.account_id and o.id = u.order_id
         where u.account_id = %(account_id)s and u.due_at is not null order by o.number
        """
    )
    return [(row["number"], row["kind"]) for row in rows]


async def test_what_the_marketplace_must_hear_is_due_there(selling: tuple[Client, UUID]) -> None:
    client, connection_id = selling
    book = [order(status="standby", code=code) for code in ("A", "B", "C")]
    await keep(client.shop, *book, connection_id=connection_id)
    statuses = ("sent", "cancelled", "accepted")

    elements = [
        {"id": each["head"]["id"], "status": status}
        for each, status in zip(book, statuses, strict=True)
    ]
    assert await change(client, *elements) == []

    wanted = dict(await due(client.shop))
    assert wanted["A"] == "shipped"
    assert "B" not in wanted


async def test_a_second_change_while_the_first_is_on_its_way_is_refused(
    selling: tuple[Client, UUID],
) -> None:
    client, connection_id = selling
    given_order = order(status="accepted", code="A-1")
    await keep(client.shop, given_order, connection_id=connection_id)
    order_id = given_order["head"]["id"]
    assert await change(client, {"id": order_id, "status": "sent"}) == []

    same = await change(client, {"id": order_id, "status": "sent"})
    other = await change(client, {"id": order_id, "status": "accepted"})

    assert same == []
    message = PENDING.format(code="A-1", user_id=client.shop.user_id)
    assert other == [{"index": 0, "id": str(order_id), "error_message": message}]
    assert (await head(client, given_order["head"]))["status"] == "sent"


async def test_paying_may_be_taken_back_where_the_marketplace_has_no_word_for_it(
    selling: tuple[Client, UUID],
) -> None:
    client, connection_id = selling
    given_order = order(status="standby", code="A-2")
    await keep(client.shop, given_order, connection_id=connection_id)

    for status in ("accepted", "standby"):
        assert await change(client, {"id": given_order["head"]["id"], "status": status}) == []
        assert (await head(client, given_order["head"]))["status"] == status
    assert await due(client.shop) == []
