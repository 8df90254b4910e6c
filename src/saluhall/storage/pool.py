"""Connections that heal by themselves: dead and read-only ones are dropped, new ones are looked for four times a second (decision 0028)."""

import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from saluhall.storage.failures import (
    DatabaseUnavailable,
    explained,
    is_garbled,
    is_read_only,
)
from saluhall.storage.streaming import enlarge_read_buffer

# The pool waits longer after each failure to connect: restart it four times a second, so that the end of an outage is seen immediately.
_RECONNECT_S = 0.25
_REFRESH_EVERY_S = 1.0
# A server that vanishes without a word (power, network) is noticed within some ten seconds; the URL may say otherwise.
_NOTICE_DEATH = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_POOLED = "select pg_backend_pid() <> %s"


class Pool(AsyncConnectionPool[AsyncConnection[Any]]):
    """The library's pool with what the hub wants of every connection.

    `plans_once` makes one plan for each statement, whatever its values. Without `is_eager` the first
    connection is opened when it is needed.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int,
        timeout_s: float,
        kwargs: dict[str, Any] | None = None,
        plans_once: bool = False,
        is_eager: bool = True,
    ) -> None:
        self._plans_once = plans_once
        self._refreshed_at = 0.0
        self._is_pooled = False
        super().__init__(
            url,
            min_size=1 if is_eager else 0,
            max_size=connections,
            timeout=timeout_s,
            reconnect_timeout=_RECONNECT_S,
            reconnect_failed=_keep_looking,
            open=False,
            configure=self._prepare,
            kwargs={**quick_to_notice(url), **(kwargs or {})},
        )

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own parameter
    ) -> AsyncIterator[AsyncConnection[Any]]:
        """Lend a connection; drop it, and all others, when it proves to be dead or read-only."""
        async with super().connection(timeout) as connection:
            try:
                yield connection
            except psycopg.Error as error:
                if is_read_only(error) or is_garbled(error):
                    await connection.close()
                if connection.closed:
                    await self.refresh()
                raise

    async def refresh(self) -> None:
        """Drop every connection, for new ones where the address leads now; at most once a second.

        Those to a pooler stay: it leads each transaction where the primary is, and many logins at once would hold it up in a failover.
        """
        if self._is_pooled:
            return
        now = time.monotonic()
        if now - self._refreshed_at >= _REFRESH_EVERY_S:
            self._refreshed_at = now
            await self.drain()

    async def _prepare(self, connection: AsyncConnection[Any]) -> None:
        """Make a new connection ready. A pooler lends its connections by the transaction: nothing may be kept in a session there."""
        await connection.set_autocommit(True)
        await enlarge_read_buffer(connection)
        self._is_pooled = await leads_through_pooler(connection)
        if self._is_pooled:
            connection.prepare_threshold = None
        elif self._plans_once:
            await connection.execute("set plan_cache_mode = force_generic_plan")

    async def getconn(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own parameter
    ) -> AsyncConnection[Any]:
        """Lend a connection that did not die while nobody used it: with a check of ours, for the library's waits seconds between two."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = await super().getconn(deadline - time.monotonic())
            try:
                if await self._is_alive(connection):
                    return connection
            except BaseException:
                await self.putconn(connection)
                raise
            await self.putconn(connection)
            await self.refresh()

    async def _is_alive(self, connection: AsyncConnection[Any]) -> bool:
        """Look, which costs nothing; ask the server only when it has said something unasked, which is mostly that it is going."""
        try:
            looking = select.poll()
            looking.register(connection.fileno(), select.POLLIN)
            if looking.poll(0):
                await self.check_connection(connection)
        except psycopg.OperationalError:
            return False
        return True


async def _keep_looking(pool: AsyncConnectionPool[Any]) -> None:
    """Try to connect again at once if somebody waits: the library gives up until the next one comes."""
    await pool.check()


async def leads_through_pooler(connection: AsyncConnection[Any]) -> bool:
    """Return whether the connection leads through a pooler (such as PgBouncer): it invents the process id that it sends at the start."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_POOLED, [connection.info.backend_pid], prepare=False)
        row = await cursor.fetchone()
    return bool(row and row[0])


def quick_to_notice(url: str) -> dict[str, Any]:
    """Give what a connection needs to notice a dead server, unless the URL says how. Raises DatabaseUnavailable."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its message would repeat the URL, and with it the password
        raise DatabaseUnavailable("the database's URL cannot be understood") from None
    return {name: value for name, value in _NOTICE_DEATH.items() if name not in said}


async def connect(url: str) -> AsyncConnection[tuple[Any, ...]]:
    """Open a single connection in autocommit, which keeps nothing in its session. Raises DatabaseUnavailable."""
    with explained():
        return await AsyncConnection.connect(
            url, autocommit=True, prepare_threshold=None, **quick_to_notice(url)
        )


async def is_pooled(url: str) -> bool:
    """Return whether the database is behind a pooler. Raises DatabaseUnavailable."""
    with explained():
        async with await connect(url) as connection:
            return await leads_through_pooler(connection)
