"""When the access is wrong: listings are set aside with their connection, and go on when it works again."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection
from saluhall.domain.history import operations as history
from saluhall.domain.history.model import EventType
from saluhall.domain.listings import parking_store
from saluhall.domain.listings.model import Listing
from saluhall.domain.listings.recording import record, sale_data, tell_failure
from saluhall.storage import Transaction


async def unconnected(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that there is no connection to list at; a new connection takes the listing over."""
    recorded = await record(tx, listing, now=now, never=True, error=reason, told=reason)
    if listing.told != reason:
        await tell_failure(tx, recorded, reason, now=now)


async def park(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> bool:
    """Record that the access is wrong: set the connection's due listings aside and tell the seller once for each waiting item.

    False, and nothing is set aside, when the connection has been made anew meanwhile.
    """
    if not await connections.disconnect(tx, connection, reason=reason, now=now):
        return False
    rows = await parking_store.park(
        tx, connection.account_id, connection.id, reason=reason, now=now
    )
    events = [
        history.event_of(
            connection.account_id,
            EventType.LISTING_FAILED,
            product_id=row["product_id"],
            sku=row["sku"],
            data=sale_data(row["currency"], error=reason, external_id=row["external_id"]),
            now=now,
        )
        for row in rows
        if row["is_news"]
    ]
    await history.record(tx, events, now=now)
    return True


async def resume(tx: Transaction, owner: UUID, connection_id: UUID, *, now: datetime) -> None:
    """Make due again what was parked: the access works."""
    await parking_store.unpark(tx, owner, connection_id, now=now)
    tx.wake("sync_connection", [connection_id])
