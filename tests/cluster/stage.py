"""The whole of it: two PostgreSQL servers, PgBouncer, the hub's machines, a marketplace, a receiver; everything ends with it."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct

from saluhall.practice.partner import Hosted, Partner
from tests.cluster.by_hand import ByHand
from tests.cluster.machines import Machine, machines
from tests.cluster.patroni import Patroni
from tests.hub import Hub, Market, free_port
from tests.images import jpeg
from tests.pgbouncer import PgBouncer
from tests.shop import SECRET_KEY, Shop

_API_CONNECTIONS = 40


class Stage(Struct, kw_only=True):
    """What a story is played with."""

    databases: ByHand | Patroni
    pooler: PgBouncer
    apis: list[Machine]
    workers: list[Machine]
    shop: Shop
    image: str


@asynccontextmanager
async def staged(*, with_patroni: bool) -> AsyncIterator[Stage]:
    """Start everything; end it all."""
    async with AsyncExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        pooler = PgBouncer(folder / "pooler", port=free_port(), default_pool_size=_API_CONNECTIONS)
        databases = Patroni(folder) if with_patroni else ByHand(folder, pooler)
        stack.callback(databases.end)
        databases.start()
        pooler.lead_to("127.0.0.1", databases.port)
        pooler.start()
        stack.callback(pooler.stop)
        market = Market()
        stack.callback(market.stop)
        partner = await Partner(folder).start()
        stack.push_async_callback(partner.stop)
        partner.images["/1.jpg"] = Hosted(body=jpeg("1"))
        hub = Hub(url=pooler.url, folder=folder, market=market, partner=partner, env={})
        hub.log.touch()
        env = {name: text for name, text in hub.env.items() if name.startswith("SALUHALL_")}
        env |= {"SALUHALL_SECRET_KEY": SECRET_KEY, "SALUHALL_IMAGE_STORE": str(folder / "images")}
        apis, workers = machines(folder, env)
        for machine in (*apis, *workers):
            stack.push_async_callback(machine.stop)
            await machine.start()
        hub.base = apis[0].base
        await hub.attach()
        stack.push_async_callback(hub.close)
        yield Stage(
            databases=databases,
            pooler=pooler,
            apis=apis,
            workers=workers,
            shop=await hub.open_selling_shop(),
            image=f"{partner.url}/1.jpg",
        )
