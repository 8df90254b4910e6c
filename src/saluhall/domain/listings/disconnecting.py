"""Remove a connection: what is live stays on the channel, what was never published moves to the next connection."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection, ListingsAreLive
from saluhall.domain.listings import disconnecting_store, suspension
from saluhall.domain.listings.follow import follow
from saluhall.storage import Transaction

REASON = "The connection was removed."


class RemovedConnection(Struct, frozen=True, kw_only=True):
    """What became of the offers of a connection: `live` stay on the channel, `moved` went to another connection, or wait for one."""

    connection: Connection
    live: int
    moved: int


async def remove_connection(
    tx: Transaction, *, principal: Principal, connection_id: UUID, leave_live: bool, now: datetime
) -> RemovedConnection:
    """Remove a connection. Raises ConnectionNotFound, ListingsAreLive unless live listings may stay on the channel.

    The token is erased. Orders stay. Connecting the same login again takes its listings up where they were.
    """
    account_id = principal.account_id
    found = await connections.lock(tx, principal=principal, connection_id=connection_id, now=now)
    live = await disconnecting_store.count_live(tx, account_id, connection_id)
    if live and not leave_live:
        raise ListingsAreLive(_sentence(live))
    moved = await disconnecting_store.move(
        tx, account_id, connection_id, channel=found.channel, now=now
    )
    await suspension.suspend(tx, found, reason=REASON, now=now)
    await connections.remove(tx, found, reason=REASON, now=now)
    await follow(tx, account_id=account_id, product_ids=sorted(set(moved)), now=now)
    return RemovedConnection(connection=found, live=live, moved=len(moved))


def _sentence(live: int) -> str:
    what = "1 listing of it is" if live == 1 else f"{live} listings of it are"
    return (
        f"{what} or may be on the marketplace: end them first. With --yes the connection is removed and they stay there,"
        " and the hub neither updates nor ends them nor notices their sales"
    )
