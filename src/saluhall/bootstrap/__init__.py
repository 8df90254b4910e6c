"""The one place that knows every part: here the base of all processes; `api` and `worker` build the two kinds of process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from saluhall.kit.clock import utc_now
from saluhall.kit.secrets import Vault
from saluhall.settings import Settings
from saluhall.storage.schema import migrator

if TYPE_CHECKING:
    from saluhall.storage.embedded import EmbeddedPostgres

GRACE_S = 10.0
_LOOK_EVERY_S = 0.1
Meanwhile = Callable[[], AbstractAsyncContextManager[None]]
# Set by `serve` to its process id: the database is prepared, and the child ends when `serve` ends.
CHILD = "SALUHALL_CHILD"


@asynccontextmanager
async def database(
    settings: Settings, *, keep: bool = False, meanwhile: Meanwhile | None = None
) -> AsyncIterator[str]:
    """Give the URL of the database: the operator's, or the embedded one, running while this is open.

    `keep` starts it again when it ends; `meanwhile` is open while its start takes long. Raises DatabaseUnavailable.
    """
    if settings.database_url:
        yield settings.database_url
        return
    from saluhall.storage.embedded import EmbeddedPostgres  # noqa: PLC0415 - only who has no database needs one brought along

    embedded = EmbeddedPostgres(settings.data_dir, start=False)
    # No task: those are cancelled when we end, and a thread continues.
    opening = asyncio.get_running_loop().run_in_executor(None, embedded.start)
    try:
        await _open(embedded, opening, meanwhile)
        if keep:
            embedded.keep()
        yield embedded.url
    finally:
        embedded.give_up()
        await asyncio.wait({opening})
        await asyncio.to_thread(embedded.close)


async def _open(
    embedded: "EmbeddedPostgres", opening: asyncio.Future[None], meanwhile: Meanwhile | None
) -> None:
    async with AsyncExitStack() as stack:
        while not (await asyncio.wait({opening}, timeout=_LOOK_EVERY_S))[0]:
            if meanwhile is not None and embedded.waits.is_set():
                await stack.enter_async_context(meanwhile())
                meanwhile = None
    await opening


async def prepare(url: str) -> list[str]:
    """Bring the schema and the queue's tables up to date; return the migrations applied. Raises DatabaseUnavailable, WrongDatabase."""
    async with migrator(url) as database:
        applied = await database.migrate()
        await database.start_epoch()
        await database.install("procrastinate_jobs", _tables_of_the_queue)
    return applied


def direct_url(settings: Settings, url: str) -> str:
    """Give the URL for what had better not go through a pooler: migrations, and the worker that listens."""
    return settings.database_direct_url or url


def _tables_of_the_queue() -> str:
    from saluhall.queue import schema  # noqa: PLC0415 - only the first start needs the library

    return schema()


def vault_of(settings: Settings) -> Vault:
    """Open the vault with the operator's key, or the one kept in the data dir."""
    return Vault(settings.secret_key())


def now() -> datetime:
    """Return the time for a command."""
    return utc_now()
