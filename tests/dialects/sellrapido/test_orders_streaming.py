import asyncio
import json
import time

from tests.dialects.sellrapido.order_book import keep, order
from tests.hub import Hub
from tests.sellrapido import Client

_LEAVERS = 20  # more than the hub has connections
_COPYING = """
    from pg_stat_activity
   where datname = current_database() and state = 'active' and query ilike 'copy%'
"""
_COUNT = "select count(*) as running " + _COPYING


async def test_a_reader_who_leaves_early_holds_nothing_up(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    await keep(client.shop, *(order() for _ in range(2000)))

    await asyncio.gather(*(leave_early(hub, client) for _ in range(_LEAVERS)))

    status, _, answer = await client.call("GET", "/order?limit=1")
    assert (status, answer["totalCount"]) == (200, 2000)
    deadline = time.monotonic() + 30
    while await running(hub):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def leave_early(hub: Hub, client: Client) -> None:
    reader, writer = await ask(hub, client)
    await reader.readexactly(1000)
    writer.close()
    await writer.wait_closed()


async def ask(hub: Hub, client: Client) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for all orders, and read no more than that they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(
        b"GET /sr_company_ws/api/v2/order?limit=-1 HTTP/1.1\r\nHost: hub\r\n"
        + f"Authorization: Bearer {client.access}\r\n\r\n".encode()
    )
    assert b"200" in await reader.readline()
    return reader, writer


async def running(hub: Hub) -> int:
    async with hub.db.statement() as tx:
        return await tx.one(lambda row: int(row["running"]), _COUNT) or 0


async def test_all_orders_come_whatever_the_size_of_blocks(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    book = [order(rows=n % 3, note="å" * n) for n in range(200)]
    await keep(client.shop, *book)

    _, _, answer = await client.call("GET", "/order?limit=-1")

    found = {each["head"]["id"]: each for each in answer["orders"]}
    assert len(answer["orders"]) == answer["totalCount"] == len(found) == len(book)
    for given in book:
        assert json.dumps(found[given["head"]["id"]]) == json.dumps(given)


async def test_an_answer_that_breaks_off_does_not_look_whole(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    await keep(client.shop, *(order() for _ in range(2000)))
    reader, writer = await ask(hub, client)
    await reader.readexactly(1000)

    async with hub.db.statement() as tx:
        ended = await tx.all(dict, "select pg_terminate_backend(pid) " + _COPYING)
    rest = await reader.read()
    writer.close()

    assert len(ended) == 1
    assert not rest.endswith(b"0\r\n\r\n")
    assert b"totalCount" not in rest
    status, _, answer = await client.call("GET", "/order?limit=1")
    assert (status, answer["totalCount"]) == (200, 2000)
