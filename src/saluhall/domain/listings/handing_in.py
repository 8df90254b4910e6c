"""A listing on its way in: how far it has come, and what the marketplace made of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.channel import Live, Progress
from saluhall.domain.connections import operations as connections
from saluhall.domain.history import operations as history
from saluhall.domain.history.model import EventType
from saluhall.domain.listings import handing_in_store
from saluhall.domain.listings.model import Listing, State
from saluhall.domain.listings.recording import Change, event_of, record_all
from saluhall.storage import Transaction
from saluhall.storage.claims import ClaimLost


async def save_progress(
    tx: Transaction,
    owner: UUID,
    saved: Sequence[tuple[Listing, Progress]],
    *,
    lease: timedelta,
    now: datetime,
) -> list[ClaimLost | None]:
    """Note how far publications have come the moment it is known; for each None, or that its claim is lost and it must stop.

    `tx` commits each statement by itself.
    """
    lost = await handing_in_store.save_progress(tx, owner, saved, lease=lease, now=now)
    return [ClaimLost() if listing.id in lost else None for listing, _ in saved]


async def submitted(
    tx: Transaction,
    owner: UUID,
    submitted: Sequence[tuple[Listing, Progress, timedelta]],
    *,
    now: datetime,
) -> list[ClaimLost | None]:
    """Record that listings are handed in; ask for each verdict so much later, whatever the seller wants meanwhile.

    For each None, or that its claim is lost. `tx` commits each statement by itself.
    """
    lost = await handing_in_store.submit(tx, owner, submitted, now=now)
    return [ClaimLost() if listing.id in lost else None for listing, _, _ in submitted]


async def ask_again(
    tx: Transaction,
    owner: UUID,
    undecided: Sequence[tuple[Listing, timedelta]],
    *,
    now: datetime,
) -> None:
    """Record that the marketplace has not decided yet on these, and after how long to ask again."""
    if undecided:
        await handing_in_store.ask_again(tx, owner, undecided, now=now)


async def went_live(
    tx: Transaction, owner: UUID, lives: Sequence[tuple[Listing, Live]], *, now: datetime
) -> None:
    """Record that listings of one connection stand on the marketplace."""
    if not lives:
        return
    changes = [_live(listing, live, now=now) for listing, live in lives]
    found = {listing.id: live for listing, live in lives}
    recorded = await record_all(tx, owner, changes, now=now)
    events = [
        event_of(
            listing,
            EventType.LISTING_CREATED,
            {"external_id": listing.external_id, "url": listing.url},
            now=now,
        )
        for listing in recorded
    ]
    await history.record(tx, events, now=now)
    ends = [(found[each.id].ends_at, each.connection_id) for each in recorded]
    soonest = min(((at, to) for at, to in ends if at is not None and to is not None), default=None)
    if soonest is not None:
        await connections.poll_by(tx, owner, soonest[1], at=soonest[0], now=now)


def _live(listing: Listing, live: Live, *, now: datetime) -> Change:
    return Change(
        listing=listing,
        fields={
            "state": State.LIVE,
            "external_id": live.external_id,
            "url": live.url,
            "ends_at": live.ends_at,
            "live_since": now,
            "progress": Progress(),
            "attempts": 0,
            "error": None,
            "told": None,
            **({} if live.price is None else {"confirmed_price": live.price}),
        },
    )
