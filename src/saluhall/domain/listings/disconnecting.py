"""Remove a connection: what is live stays on the marketplace, what was never published goes to the next connection."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection, ListingsAreLive
from saluhall.domain.listings import disconnecting_store, parking
from saluhall.storage import Transaction

REASON = "The connection was removed."


class RemovedConnection(Struct, frozen=True, kw_only=True):
    """What became of the listings of a connection: `live` stay on the marketplace, `moved` wait for another connection."""

    connection: Connection
    live: int
    moved: int


async def remove_connection(
    tx: Transaction, *, by: Principal, connection_id: UUID, leave_live: bool, now: datetime
) -> RemovedConnection:
    """Remove a connection. Raises ConnectionNotFound, ListingsAreLive unless live listings may stay on the marketplace.

    The token is erased. Orders stay. Connecting the same login again takes its listings up where they were.
    """
    found = await connections.lock(tx, by=by, connection_id=connection_id, now=now)
    live = await disconnecting_store.count_live(tx, by.account_id, connection_id)
    if live and not leave_live:
        raise ListingsAreLive(_sentence(live))
    moved = await disconnecting_store.move(tx, by.account_id, connection_id, now=now)
    tx.wake("sync_connection", set(moved))
    await parking.park(tx, found, reason=REASON, now=now)
    await connections.remove(tx, found, reason=REASON, now=now)
    return RemovedConnection(connection=found, live=live, moved=len(moved))


def _sentence(live: int) -> str:
    what = "1 listing of it is" if live == 1 else f"{live} listings of it are"
    return (
        f"{what} or may be on the marketplace: end them first. With --yes the connection is removed and they stay there,"
        " and the hub neither updates nor ends them nor notices their sales"
    )
