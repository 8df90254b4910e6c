"""What the marketplace answered, written into listings: each verb locks the listing afresh, records, and tells what is due next.

The seller may have changed their mind while the marketplace was thinking; what is due is always computed from the fresh row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import structs

from saluhall.channel import Live, Progress, RemoteListing, RemoteState
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection
from saluhall.domain.history import operations as history
from saluhall.domain.history.model import Event, EventType
from saluhall.domain.listings import sales, store
from saluhall.domain.listings.model import (
    PRIORITY,
    Desired,
    Listing,
    State,
    Step,
    may_move,
    next_step,
)
from saluhall.domain.products import operations as product_operations
from saluhall.storage import Transaction

TRIES_BEFORE_TELLING = 4  # the first and three more
_LONGEST_PAUSE = timedelta(hours=1)


async def claim_due(
    tx: Transaction,
    owner: UUID,
    connection_id: UUID | None,
    *,
    worker: UUID,
    limit: int,
    lowest: int = PRIORITY[Step.PUBLISH],
    lease: timedelta,
    now: datetime,
) -> list[Listing]:
    """Take due listings of a connection, ends first, then prices, then new listings; ours until the lease runs out.

    `lowest` is the last priority that may be taken.
    """
    return await store.claim(
        tx,
        owner,
        connection_id,
        worker=worker,
        limit=limit,
        lowest=lowest,
        lease=lease,
        now=now,
    )


async def release(
    tx: Transaction, owner: UUID, listing_ids: Sequence[UUID], *, worker: UUID, now: datetime
) -> None:
    """Give back what was claimed and not begun."""
    await store.release(tx, owner, listing_ids, worker=worker, now=now)


async def save_progress(
    tx: Transaction, listing: Listing, progress: Progress, *, lease: timedelta, now: datetime
) -> None:
    """Note how far a publication has come the moment it is known."""
    await store.save_progress(tx, listing, progress, lease=lease, now=now)


async def submitted(
    tx: Transaction, listing: Listing, progress: Progress, *, ask_in: timedelta, now: datetime
) -> None:
    """Record that the listing is handed in; ask for the verdict a little later."""
    await _record(
        tx,
        listing,
        now=now,
        due_in=ask_in,
        state=State.SUBMITTED,
        progress=progress,
        external_id=progress.external_id,
        attempts=0,
    )


async def went_live(tx: Transaction, listing: Listing, live: Live, *, now: datetime) -> None:
    """Record that the listing stands on the marketplace."""
    recorded = await _record(
        tx,
        listing,
        now=now,
        state=State.LIVE,
        external_id=live.external_id,
        url=live.url,
        ends_at=live.ends_at,
        live_since=now,
        progress=Progress(),
        attempts=0,
        error=None,
        told=None,
    )
    if recorded is not None:
        created = {"external_id": live.external_id, "url": live.url}
        await _tell(tx, recorded, EventType.LISTING_CREATED, created, now=now)
        if live.ends_at is not None and listing.connection_id is not None:
            await connections.poll_by(
                tx, listing.account_id, listing.connection_id, at=live.ends_at, now=now
            )


async def ask_again(tx: Transaction, listing: Listing, *, ask_in: timedelta, now: datetime) -> None:
    """Record that the marketplace has not decided yet."""
    await _record(tx, listing, now=now, due_in=ask_in, attempts=listing.attempts + 1)


async def start_over(
    tx: Transaction, listing: Listing, progress: Progress, *, reason: str, now: datetime
) -> None:
    """Record that the marketplace lost this attempt; publish again from `progress` after a pause."""
    await _postpone(
        tx,
        listing,
        reason=reason,
        pause=None,
        now=now,
        state=State.WAITING,
        progress=progress,
        confirmed_price=None,
    )


async def price_changed(
    tx: Transaction, listing: Listing, price: Decimal, *, now: datetime
) -> None:
    """Record that the marketplace shows the new price."""
    await _record(
        tx, listing, now=now, confirmed_price=price, refused_price=None, attempts=0, error=None, told=None
    )  # fmt: skip


async def price_refused(
    tx: Transaction, listing: Listing, price: Decimal, *, reason: str, now: datetime
) -> None:
    """Record that the marketplace keeps the old price; the product keeps the new one, and this price is not asked for again."""
    recorded = await _record(tx, listing, now=now, refused_price=price, attempts=0, error=reason)
    await _tell_failure(tx, recorded, reason, now=now)


async def refused(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that the marketplace, or our own check, refused the data; wait for new data."""
    recorded = await _record(
        tx,
        listing,
        now=now,
        state=State.REFUSED,
        progress=Progress(),
        external_id=None,
        confirmed_price=None,
        attempts=0,
        error=reason,
        told=reason,
    )
    if recorded is not None and recorded.revision != listing.revision:
        # New data came while the old was on its way: its own verdict counts.
        await _record(tx, recorded, now=now, state=State.WAITING, error=None, told=None)
        return
    await _tell_failure(tx, recorded, reason, now=now)


async def end_refused(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that the auction runs on; a product that was to be deleted is archived, for it is being sold."""
    recorded = await _record(
        tx, listing, now=now, desired=Desired.LIVE, attempts=0, error=reason, told=reason
    )
    if recorded is not None:
        await product_operations.keep_after_all(tx, listing.account_id, listing.product_id, now=now)
    await _tell_failure(tx, recorded, reason, now=now)


async def ended(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Record that the listing is down without a buyer (or never stood); a product that was to be deleted goes now."""
    stood = listing.state is State.LIVE
    recorded = await _record(
        tx, listing, now=now, state=State.ENDED, progress=Progress(), attempts=0, error=None, told=None
    )  # fmt: skip
    if recorded is None:
        return
    if stood:
        gone = {"external_id": listing.external_id}
        await _tell(tx, recorded, EventType.LISTING_ENDED, gone, now=now)
    if recorded.delete_wanted:
        await store.drop(tx, recorded.account_id, recorded.product_id)
        await product_operations.remove(
            tx, recorded.account_id, product_id=recorded.product_id, sku=recorded.sku, now=now
        )
    elif recorded.desired is Desired.LIVE and listing.desired is Desired.ENDED:
        await _list_anew(tx, recorded, now=now)


async def _list_anew(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Begin again with a listing that was wanted again while it was being ended."""
    await _record(
        tx, listing, now=now, state=State.WAITING, external_id=None, url=None, confirmed_price=None, refused_price=None
    )  # fmt: skip


async def sold(tx: Transaction, listing: Listing, there: RemoteListing, *, now: datetime) -> None:
    """Record that the marketplace sold it."""
    recorded = await _record(tx, listing, now=now, state=State.SOLD, error=None, told=None)
    if recorded is None:
        return
    await sales.piece_went(tx, listing.account_id, listing.product_id, now=now)
    sale = {"external_id": listing.external_id, "sale_price": str(there.sale_price or 0)}
    await _tell(tx, recorded, EventType.ITEM_SOLD, sale, now=now)


async def nothing_to_do(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Record that the listing is what the seller wants."""
    await _record(tx, listing, now=now)


async def postpone(
    tx: Transaction, listing: Listing, *, reason: str, pause: timedelta | None, now: datetime
) -> None:
    """Try again after a pause that grows, for the moment was wrong; tell the seller once when it keeps failing."""
    await _postpone(tx, listing, reason=reason, pause=pause, now=now)


async def wait(tx: Transaction, listing: Listing, *, pause: timedelta, now: datetime) -> None:
    """Put off for no fault of anybody (budget, pictures still on their way): nothing is counted or told."""
    await _record(tx, listing, now=now, due_in=pause)


async def unconnected(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that there is no connection to list at; a new connection takes the listing over."""
    recorded = await _record(tx, listing, now=now, never=True, error=reason, told=reason)
    if listing.told != reason:
        await _tell_failure(tx, recorded, reason, now=now)


async def set_aside(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Set aside a row with which we have a bug: keep it out of the way until the seller changes something."""
    reason = "Internal error; the operator's log tells more."
    recorded = await _record(tx, listing, now=now, never=True, error=reason, told=reason)
    await _tell_failure(tx, recorded, reason, now=now)


async def park(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> bool:
    """Record that the access is wrong: set the connection's due listings aside and tell the seller once for each waiting item.

    False, and nothing is set aside, when the connection has been made anew meanwhile.
    """
    if not await connections.disconnect(tx, connection, reason=reason, now=now):
        return False
    rows = await store.park(tx, connection.account_id, connection.id, reason=reason, now=now)
    events = [
        history.event_of(
            connection.account_id,
            EventType.LISTING_FAILED,
            product_id=row["product_id"],
            sku=row["sku"],
            data=_sale_data(row["currency"], error=reason, external_id=row["external_id"]),
            now=now,
        )
        for row in rows
        if row["is_news"]
    ]
    await history.record(tx, events, now=now)
    return True


async def resume(tx: Transaction, owner: UUID, connection_id: UUID, *, now: datetime) -> None:
    """Make due again what was parked: the access works."""
    await store.unpark(tx, owner, connection_id, now=now)
    tx.ring("sync_connection", [connection_id])


async def observe(
    tx: Transaction,
    connection: Connection,
    remote: Sequence[RemoteListing],
    *,
    now: datetime,
) -> None:
    """Record what a look at the marketplace showed: sales and endings, each told once."""
    seen = {r.external_id: r for r in remote if r.state is not RemoteState.LIVE}
    listings = await store.lock_external(tx, connection.account_id, connection.id, sorted(seen))
    for listing in listings:
        there = seen[str(listing.external_id)]
        if there.state is RemoteState.SOLD:
            await sold(tx, listing, there, now=now)
        else:
            await ended(tx, listing, now=now)


async def _postpone(
    tx: Transaction,
    listing: Listing,
    *,
    reason: str,
    pause: timedelta | None,
    now: datetime,
    **changes: Any,
) -> None:
    attempts = listing.attempts + 1
    pause = pause or min(timedelta(seconds=2 ** min(attempts, 20)), _LONGEST_PAUSE)
    tell = attempts >= TRIES_BEFORE_TELLING and listing.told is None
    if tell:
        changes |= {"error": reason, "told": reason}
    recorded = await _record(tx, listing, now=now, due_in=pause, attempts=attempts, **changes)
    if tell:
        await _tell_failure(tx, recorded, reason, now=now)


async def _record(
    tx: Transaction,
    listing: Listing,
    *,
    now: datetime,
    due_in: timedelta | None = None,
    never: bool = False,
    **changes: Any,
) -> Listing | None:
    """Write changes over the fresh row; what is due next follows from the result.

    None when there is nothing to write to: the row is gone, or somebody else recorded meanwhile what this would undo or repeat.
    """
    fresh = await store.lock(tx, listing.account_id, listing.id)
    if fresh is None or not may_move(fresh.state, changes.get("state")):
        return None
    known = {k: v for k, v in changes.items() if k in Listing.__struct_fields__}
    after = structs.replace(fresh, **known)
    step = None if never else next_step(after)
    fields: dict[str, Any] = {
        name: getattr(after, name)
        for name in (
            "state", "desired", "confirmed_price", "refused_price", "external_id", "url", "attempts", "told",
        )
    }  # fmt: skip
    fields["error"] = changes.get("error", after.error)
    fields["progress"] = after.progress if after.progress != Progress() else None
    fields["ends_at"] = changes.get("ends_at")
    fields["live_since"] = changes.get("live_since")
    fields["priority"] = PRIORITY[step] if step else max(PRIORITY.values())
    fields["due_at"] = None if step is None else now + (due_in or timedelta())
    if after.desired is not listing.desired:
        fields["due_at"] = now if step else None
    fields["now"] = now
    await store.record(tx, after, fields)
    return after


async def _tell_failure(
    tx: Transaction, listing: Listing | None, reason: str, *, now: datetime
) -> None:
    if listing is not None:
        failed = {"error": reason, "external_id": listing.external_id}
        await _tell(tx, listing, EventType.LISTING_FAILED, failed, now=now)


async def _tell(
    tx: Transaction, listing: Listing, event_type: EventType, data: dict[str, Any], *, now: datetime
) -> None:
    await history.record(tx, [_event(listing, event_type, data, now=now)], now=now)


def _event(
    listing: Listing, event_type: EventType, data: dict[str, Any], *, now: datetime
) -> Event:
    return history.event_of(
        listing.account_id,
        event_type,
        product_id=listing.product_id,
        sku=listing.sku,
        data=_sale_data(listing.currency, **data),
        now=now,
    )


def _sale_data(currency: str, **data: Any) -> dict[str, Any]:
    kept = {name: value for name, value in data.items() if value is not None}
    return {"platform": "tradera", "currency": currency, **kept}
