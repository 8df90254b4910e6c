"""A connection that does not work: its due listings are suspended, and resumed when it works again."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import EventType, new_event
from saluhall.domain.listings import suspension_store
from saluhall.domain.listings.follow import follow
from saluhall.domain.offers import operations as offers
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def suspend(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> bool:
    """Disconnect a connection, suspend its due listings, and notify the seller once for each product.

    False, and nothing is suspended, when the connection has been connected again meanwhile.
    """
    if not await connections.disconnect(tx, connection, reason=reason, now=now):
        return False
    account_id = connection.account_id
    rows = await suspension_store.suspend(tx, account_id, connection.id, reason=reason, now=now)
    events = [
        new_event(
            account_id,
            EventType.LISTING_REJECTED,
            product_id=row["product_id"],
            sku=row["sku"],
            data={name: row[name] for name in ("channel", "currency", "external_id") if row[name]}
            | {"connection_id": str(connection.id), "error": reason},
            now=now,
        )
        for row in rows
        if row["is_news"]
    ]
    await recording.record(tx, events, now=now)
    return True


async def resume(tx: Transaction, account_id: UUID, connection_id: UUID, *, now: datetime) -> None:
    """Make due again what was suspended, and list the offers that waited for a connection of this channel."""
    product_ids = await suspension_store.resume(tx, account_id, connection_id, now=now)
    channel = await suspension_store.channel_of(tx, account_id, connection_id)
    if channel is not None:
        product_ids += await offers.connect(
            tx, account_id=account_id, channel=channel, connection_id=connection_id, now=now
        )
    await follow(
        tx,
        account_id=account_id,
        product_ids=sorted(set(product_ids)),
        changed=set(product_ids),
        now=now,
    )
    tx.wake("sync_connection", [connection_id])
