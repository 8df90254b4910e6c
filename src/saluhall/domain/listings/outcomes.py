"""What the marketplace answered, written into listings, one verb each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import structs

from saluhall.channel import Live, Progress, RemoteListing, RemoteState
from saluhall.domain.connections.model import Connection
from saluhall.domain.history.model import EventType
from saluhall.domain.listings import deletions, handing_in, sales, store
from saluhall.domain.listings.model import LOOKS, PRIORITY, Desired, Listing, State, Step
from saluhall.domain.listings.recording import record, tell, tell_failure
from saluhall.domain.products import operations as product_operations
from saluhall.kit.retry import RetryPolicy
from saluhall.storage import Transaction

TRIES_BEFORE_TELLING = 4  # the first and three more
LISTING_RETRIES = RetryPolicy(base=timedelta(seconds=2), max=timedelta(hours=1))


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
    await record(
        tx, listing, now=now, confirmed_price=price, refused_price=None, attempts=0, error=None, told=None
    )  # fmt: skip


async def price_unclear(
    tx: Transaction, listing: Listing, *, reason: str, pause: timedelta | None, now: datetime
) -> None:
    """Record that nobody knows which price stands there: ask for the wanted one again, and look until it is sure to stay."""
    await _postpone(
        tx,
        listing,
        reason=reason,
        pause=pause,
        now=now,
        confirmed_price=None,
        looks_left=len(LOOKS),
    )


async def looked(
    tx: Transaction, listing: Listing, there: RemoteListing | None, *, now: datetime
) -> None:
    """Record what a look after an unclear answer showed; another price than the wanted one is changed again."""
    if there is not None and there.state is RemoteState.SOLD:
        await sold(tx, listing, there, now=now)
    elif there is not None and there.state is RemoteState.ENDED:
        await ended(tx, listing, now=now)
    else:
        shown = there.price if there is not None else None
        price = listing.confirmed_price if shown is None else shown
        left = max(listing.looks_left - 1, 0)
        await record(tx, listing, now=now, confirmed_price=price, looks_left=left, attempts=0)


async def price_refused(
    tx: Transaction, listing: Listing, price: Decimal, *, reason: str, now: datetime
) -> None:
    """Record that the marketplace keeps the old price; the product keeps the new one, and this price is not asked for again."""
    recorded = await record(tx, listing, now=now, refused_price=price, attempts=0, error=reason)
    await tell_failure(tx, recorded, reason, now=now)


async def refused(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that the marketplace, or our own check, refused the data; wait for new data."""
    recorded = await record(
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
        await record(tx, recorded, now=now, state=State.WAITING, error=None, told=None)
        return
    await tell_failure(tx, recorded, reason, now=now)


async def end_refused(tx: Transaction, listing: Listing, *, reason: str, now: datetime) -> None:
    """Record that the auction runs on; a product that was to be deleted is archived, for it is being sold."""
    recorded = await record(
        tx, listing, now=now, desired=Desired.LIVE, attempts=0, error=reason, told=reason
    )
    if recorded is not None:
        await product_operations.keep_after_all(tx, listing.account_id, listing.product_id, now=now)
    await tell_failure(tx, recorded, reason, now=now)


async def ended(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Record that the listing is down without a buyer (or never stood); a product that was to be deleted goes now."""
    stood = listing.state is State.LIVE
    recorded = await record(
        tx, listing, now=now, state=State.ENDED, progress=Progress(), attempts=0, error=None, told=None
    )  # fmt: skip
    if recorded is None:
        return
    if stood:
        gone = {"external_id": listing.external_id}
        await tell(tx, recorded, EventType.LISTING_ENDED, gone, now=now)
    await deletions.finish(tx, recorded.account_id, [recorded.product_id], now=now)
    if recorded.desired is Desired.LIVE and listing.desired is Desired.ENDED:
        await _list_anew(tx, recorded, now=now)


async def _list_anew(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Begin again with a listing that was wanted again while it was being ended."""
    await record(
        tx, listing, now=now, state=State.WAITING, external_id=None, url=None, confirmed_price=None, refused_price=None
    )  # fmt: skip


async def sold(tx: Transaction, listing: Listing, there: RemoteListing, *, now: datetime) -> None:
    """Record that the marketplace sold it."""
    recorded = await record(tx, listing, now=now, state=State.SOLD, error=None, told=None)
    if recorded is None:
        return
    if not await sales.piece_went(tx, listing.account_id, listing.product_id, now=now):
        await tell_failure(tx, recorded, sales.OVERSOLD, now=now)
        return
    sale = {"external_id": listing.external_id, "sale_price": str(there.sale_price or 0)}
    await tell(tx, recorded, EventType.ITEM_SOLD, sale, now=now)


async def nothing_to_do(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Record that the listing is what the seller wants."""
    await record(tx, listing, now=now)


async def postpone(
    tx: Transaction, listing: Listing, *, reason: str, pause: timedelta | None, now: datetime
) -> None:
    """Try again after a pause that grows, for the moment was wrong; tell the seller once when it keeps failing."""
    await _postpone(tx, listing, reason=reason, pause=pause, now=now)


async def wait(
    tx: Transaction,
    listing: Listing,
    *,
    pause: timedelta,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Put off for no fault of anybody (budget, pictures still on their way): no try is counted, and no event says so."""
    await record(tx, listing, now=now, due_in=pause, waits_reason=reason)


async def set_aside(tx: Transaction, listing: Listing, *, now: datetime) -> None:
    """Set aside a row with which we have a bug: keep it out of the way until the seller changes something."""
    reason = "Internal error; the operator's log tells more."
    recorded = await record(tx, listing, now=now, never=True, error=reason, told=reason)
    await tell_failure(tx, recorded, reason, now=now)


async def observe(
    tx: Transaction,
    connection: Connection,
    remote: Sequence[RemoteListing],
    *,
    now: datetime,
) -> None:
    """Record what a look at the marketplace showed: sales and endings, each told once.

    What ended before the hub knew that it stood is told as published first.
    """
    seen = {r.external_id: r for r in remote if r.state is not RemoteState.LIVE}
    listings = await store.lock_external(tx, connection.account_id, connection.id, sorted(seen))
    for listing in listings:
        there = seen[str(listing.external_id)]
        if listing.state is not State.LIVE:
            live = Live(external_id=there.external_id, url=there.url, ends_at=there.ends_at)
            await handing_in.went_live(tx, listing.account_id, [(listing, live)], now=now)
            listing = structs.replace(listing, state=State.LIVE, claim=None)  # noqa: PLW2901 - the same one, a step further
        if there.state is RemoteState.SOLD:
            await sold(tx, listing, there, now=now)
        else:
            await ended(tx, listing, now=now)


def pause_after(listing: Listing) -> timedelta:
    """Return how long to wait before a listing is tried again: longer after each failure."""
    return LISTING_RETRIES.delay(listing.attempts + 1)


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
    pause = pause or pause_after(listing)
    changes["waits_reason"] = reason
    tell = attempts >= TRIES_BEFORE_TELLING and listing.told is None
    if tell:
        changes |= {"error": reason, "told": reason}
    recorded = await record(tx, listing, now=now, due_in=pause, attempts=attempts, **changes)
    if tell:
        await tell_failure(tx, recorded, reason, now=now)
