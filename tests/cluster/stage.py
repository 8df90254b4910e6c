"""The whole of it: two PostgreSQL servers, PgBouncer, the hub's machines, a marketplace, a receiver; everything ends with it."""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct

from saluhall.sandbox.partner import Hosted, Partner
from tests.cluster.machines import Machine, machines
from tests.cluster.server import Server
from tests.hub import Hub, Market, free_port
from tests.pgbouncer import GUIDE, PgBouncer
from tests.pictures import jpeg
from tests.shop import SECRET_KEY, Shop

_API_CONNECTIONS = 40


class Stage(Struct, kw_only=True):
    """What a story is played with; `primary` and `standby` change places."""

    folder: Path
    primary: Server
    standby: Server
    pooler: PgBouncer
    apis: list[Machine]
    workers: list[Machine]
    shop: Shop
    picture: str

    def lead_to_primary(self) -> None:
        """Lead PgBouncer to the primary, as the guide says."""
        environment = {**os.environ, "PGBOUNCER_PIDFILE": str(self.pooler.pidfile)}
        script = [str(GUIDE / "point-pgbouncer-at.sh"), "127.0.0.1", str(self.primary.port)]
        subprocess.run([*script, str(self.pooler.folder)], check=True, env=environment, timeout=10)

    def rebuild_standby(self) -> None:
        """Make a new standby of the primary, and let writes count only when it has them."""
        self.standby = _standby_of(self.primary, self.folder, name=f"pg{free_port()}")

    def kill_databases(self) -> None:
        """End both servers, whichever they are by now."""
        self.standby.kill()
        self.primary.kill()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Start everything; end it all."""
    async with AsyncExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        primary = Server(folder, port=free_port(), name="pg1")
        primary.initialise()
        primary.start()
        stack.callback(primary.kill)
        primary.run("create database saluhall")
        standby = _standby_of(primary, folder, name="pg2")
        pooler = PgBouncer(folder / "pooler", port=free_port(), default_pool_size=_API_CONNECTIONS)
        pooler.lead_to("127.0.0.1", primary.port)
        pooler.start()
        stack.callback(pooler.stop)
        market = Market()
        stack.callback(market.stop)
        partner = await Partner(folder).start()
        stack.push_async_callback(partner.stop)
        partner.pictures["/1.jpg"] = Hosted(body=jpeg("1"))
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
        stage = Stage(
            folder=folder,
            primary=primary,
            standby=standby,
            pooler=pooler,
            apis=apis,
            workers=workers,
            shop=await hub.open_selling_shop(),
            picture=f"{partner.url}/1.jpg",
        )
        stack.callback(stage.kill_databases)
        yield stage


def _standby_of(primary: Server, folder: Path, *, name: str) -> Server:
    standby = Server(folder, port=free_port(), name=name)
    standby.follow(primary)
    standby.start()
    primary.be_synchronous()
    return standby
