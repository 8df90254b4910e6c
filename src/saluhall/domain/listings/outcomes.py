"""What happened to listings on their channel, and what follows for products, offers and the history."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.capabilities import Format
from saluhall.channel import RemoteListing, RemoteState
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import EventType
from saluhall.domain.listings import deletions, sales, store
from saluhall.domain.listings.events import Ended, EndRefused, Seen, Sold, WentLive
from saluhall.domain.listings.follow import follow
from saluhall.domain.listings.model import DueListing, EndedReason, State
from saluhall.domain.listings.record import Outcome, event_of, record, record_all, target_of
from saluhall.domain.offers import operations as offers
from saluhall.domain.products import operations as product_operations
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def went_live(
    tx: Transaction,
    account_id: UUID,
    lives: Sequence[tuple[DueListing, WentLive]],
    *,
    now: datetime,
) -> list[DueListing]:
    """Record that listings of one connection are live; the next poll is no later than the first of them ends."""
    outcomes = [Outcome(due=due, event=event) for due, event in lives]
    recorded = await record_all(tx, account_id, outcomes, now=now) if lives else []
    events = [
        event_of(due, EventType.LISTING_PUBLISHED, {"url": due.listing.url}, now=now)
        for due in recorded
    ]
    await recording.record(tx, events, now=now)
    ends = [(due.listing.ends_at, due.listing.connection_id) for due in recorded]
    soonest = min(((at, to) for at, to in ends if at is not None), default=None)
    if soonest is not None:
        await connections.poll_by(tx, account_id, soonest[1], at=soonest[0], now=now)
    return recorded


async def ended(tx: Transaction, due: DueListing, *, reason: EndedReason, now: datetime) -> None:
    """Record that a listing is over without a buyer, or never was live. A deleted product is removed now.

    When a listing expires, its offer is ended; one that is wanted again meanwhile is relisted.
    """
    was_live = due.listing.state is State.LIVE
    recorded = await record(tx, due, Ended(reason=reason), now=now)
    if recorded is None:
        return
    if was_live:
        await recording.record(
            tx, [event_of(recorded, EventType.LISTING_ENDED, {}, now=now)], now=now
        )
    account_id, product_id = recorded.listing.account_id, recorded.product.id
    if reason is EndedReason.EXPIRED:
        await offers.end(tx, account_id=account_id, offer_id=recorded.offer.id, now=now)
    await deletions.finish(tx, account_id, [product_id], now=now)
    await follow(tx, account_id=account_id, product_ids=[product_id], now=now)


async def end_refused(tx: Transaction, due: DueListing, *, reason: str, now: datetime) -> None:
    """Record that the channel does not end a listing; a product that was to be deleted is archived, for it is being sold."""
    recorded = await record(tx, due, EndRefused(reason=reason), now=now)
    if recorded is not None:
        await product_operations.keep_after_all(
            tx, recorded.listing.account_id, recorded.product.id, now=now
        )


async def sold(tx: Transaction, due: DueListing, there: RemoteListing, *, now: datetime) -> None:
    """Record that a listing was seen to be sold out; orders follow, and lower the stock."""
    units = 1 if due.listing.format is Format.AUCTION else due.listing.quantity or 0
    recorded = await record(tx, due, Sold(units=units, awaits_order=True), now=now)
    if recorded is None:
        return
    if recorded.listing.state is not State.ENDED:
        [locked] = await store.lock(tx, recorded.listing.account_id, [recorded.listing.id])
        await record(tx, locked, Ended(reason=EndedReason.SOLD_OUT), now=now)
        await follow(
            tx, account_id=locked.listing.account_id, product_ids=[locked.product.id], now=now
        )
        return
    await sales.seen_sold(tx, recorded, there, now=now)


async def observe(
    tx: Transaction, connection: Connection, remote: Sequence[RemoteListing], *, now: datetime
) -> None:
    """Record what a poll of the channel showed: sales and endings, each noted once, bids, and units that are gone.

    What ended before the hub knew that it was live is noted as published first.
    """
    seen = {there.external_id: there for there in remote}
    found = await store.lock_external(tx, connection.account_id, connection.id, sorted(seen))
    for due in found:
        there = seen[str(due.listing.external_id)]
        if there.state is RemoteState.LIVE:
            await _seen_live(tx, due, there, now=now)
        else:
            await over(tx, due, there, now=now)


async def over(tx: Transaction, due: DueListing, there: RemoteListing, *, now: datetime) -> None:
    """Record that a listing is over on its channel: sold, or ended without a buyer."""
    if due.listing.state is not State.LIVE:
        live = WentLive(external_id=there.external_id, url=there.url, ends_at=there.ends_at, at=now)
        await went_live(tx, due.listing.account_id, [(due, live)], now=now)
        [due] = await store.lock(tx, due.listing.account_id, [due.listing.id])
    if there.state is RemoteState.SOLD:
        await sold(tx, due, there, now=now)
    else:
        is_wanted = target_of(due.offer, due.product).is_shown
        reason = EndedReason.EXPIRED if is_wanted else EndedReason.WITHDRAWN
        await ended(tx, due, reason=reason, now=now)


async def _seen_live(
    tx: Transaction, due: DueListing, there: RemoteListing, *, now: datetime
) -> None:
    """Record bids and units that are gone, where either is news; the product's other offers follow."""
    listing = due.listing
    is_counted = listing.format is Format.FIXED and there.quantity is not None
    has_news = listing.bids != there.bids or (is_counted and there.quantity != listing.quantity)
    if listing.state is not State.LIVE or listing.claim is not None or not has_news:
        return
    quantity = there.quantity if is_counted else None
    if await record(tx, due, Seen(bids=there.bids, quantity=quantity), now=now):
        await follow(tx, account_id=listing.account_id, product_ids=[due.product.id], now=now)
