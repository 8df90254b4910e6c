"""Record events of listings: read the current row, apply, write what is due next, and note in the history what the seller must know.

The seller may have changed their mind while the channel was working: what is due is always computed from the row as it is now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.domain.connections.capabilities import rules_of
from saluhall.domain.events.model import Event as HistoryEvent
from saluhall.domain.events.model import EventType, new_event
from saluhall.domain.listings import events, lifecycle, steps, store
from saluhall.domain.listings.events import Event, Updated
from saluhall.domain.listings.lifecycle import LOOKS
from saluhall.domain.listings.model import DueListing, Listing, OfferedProduct, State
from saluhall.domain.listings.steps import PRIORITY, Abilities, Step, Target
from saluhall.domain.offers.model import Offer, Wanted
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


class Outcome(Struct, frozen=True, kw_only=True):
    """An event of a listing as it was claimed, or locked. What is due after it waits for `due_in`."""

    due: DueListing
    event: Event
    due_in: timedelta = timedelta()


def target_of(offer: Offer, product: OfferedProduct) -> Target:
    """Return what the channel shall show of an offer."""
    return Target(
        is_wanted=offer.wanted is Wanted.LIVE and product.can_sell,
        is_settled=product.is_settled,
        price=offer.price,
        quantity=offer.quantity,
        content=product.content_revision,
    )


def abilities_of(offer: Offer) -> Abilities:
    """Return what the offer's channel can do with a live listing of its format."""
    rules = rules_of(offer.channel, offer.format)
    if rules is None:
        return Abilities()
    return Abilities(revises=rules.revisions, stays_without_stock=rules.stays_at_zero)


def next_step(due: DueListing) -> Step | None:
    """Return what is to be done next for a listing with its offer and product."""
    return steps.next_step(due.listing, target_of(due.offer, due.product), abilities_of(due.offer))


async def claim_due(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    last_priority: int = steps.LAST_PRIORITY,
    lease: timedelta,
    now: datetime,
) -> list[DueListing]:
    """Claim due listings of a connection down to a priority, the first priority first; ours until the lease runs out."""
    return await store.claim(
        tx,
        account_id,
        connection_id,
        worker=worker,
        limit=limit,
        last_priority=last_priority,
        lease=lease,
        now=now,
    )


async def record(
    tx: Transaction,
    due: DueListing,
    event: Event,
    *,
    due_in: timedelta = timedelta(),
    now: datetime,
) -> DueListing | None:
    """Record one event; return the listing as it is now.

    None when nothing may be written: the row is gone, its claim is lost, or the event does not fit its state any more.
    """
    recorded = await record_all(
        tx, due.listing.account_id, [Outcome(due=due, event=event, due_in=due_in)], now=now
    )
    return recorded[0] if recorded else None


async def record_all(
    tx: Transaction, account_id: UUID, outcomes: Sequence[Outcome], *, now: datetime
) -> list[DueListing]:
    """Record events of listings, two statements for however many; return those that were written.

    Only who holds the claim writes, and only over the state that was claimed; over another state it merely returns the claim. Who
    holds none has locked the rows in this transaction.
    """
    ids = [outcome.due.listing.id for outcome in outcomes]
    fresh = {each.listing.id: each for each in await store.lock(tx, account_id, ids)}
    written: list[DueListing] = []
    rows: list[dict[str, Any]] = []
    events: list[HistoryEvent] = []
    for outcome in outcomes:
        before = fresh.get(outcome.due.listing.id)
        if before is None or before.listing.claim != outcome.due.listing.claim:
            continue
        after = _applied(before, outcome)
        if after is None:
            rows.append(_row(before, before.listing, outcome, now=now))
            continue
        rows.append(_row(before, after, outcome, now=now))
        notice = lifecycle.notice_of(before.listing, outcome.event, after)
        if notice is not None:
            events.append(failure_of(replace(before, listing=after), notice, now=now))
        written.append(replace(before, listing=after))
    await store.write(tx, account_id, rows, now=now)
    await recording.record(tx, events, now=now)
    return written


def _applied(before: DueListing, outcome: Outcome) -> Listing | None:
    """Return the listing after the event, without its claim; None when the event does not fit its state any more."""
    is_as_claimed = before.listing.state is outcome.due.listing.state
    if not is_as_claimed or before.listing.state not in lifecycle.APPLIES[type(outcome.event)]:
        return None
    after = lifecycle.apply(before.listing, _since_claimed(before.listing, outcome))
    is_old = before.offer.revision != outcome.due.offer.revision
    if after.state is State.REJECTED and is_old:
        # New data came while the old was on its way: it gets its own decision.
        after = lifecycle.apply(after, events.Changed())
    return replace(after, claim=None)


def _since_claimed(listing: Listing, outcome: Outcome) -> Event:
    """Lower a quantity that was just set by what was sold, in orders that came, while it was being set."""
    event, known = outcome.event, outcome.due.listing.quantity
    if not isinstance(event, Updated) or event.quantity is None:
        return event
    if known is None or listing.quantity is None:
        return event
    return replace(event, quantity=max(0, event.quantity + listing.quantity - known))


def _row(before: DueListing, after: Listing, outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    step = next_step(replace(before, listing=replace(after, claim=None)))
    is_same = target_of(before.offer, before.product) == target_of(outcome.due.offer, outcome.due.product)  # fmt: skip
    return due_row(
        replace(after, claim=None), step, now=now, due_in=outcome.due_in if is_same else timedelta()
    )


def due_row(
    listing: Listing, step: Step | None, *, now: datetime, due_in: timedelta = timedelta()
) -> dict[str, Any]:
    """Return the row of a listing of which `step` is due in so long."""
    if step is Step.LOOK:
        due_in = max(due_in, LOOKS[min(listing.looks_left, len(LOOKS)) - 1])
    priority = steps.LAST_PRIORITY if step is None else PRIORITY[step]
    return store.row_from_listing(
        listing, priority=priority, due_at=None if step is None else now + due_in
    )


# The history ------------------------------------------------------------------------------------------------------------------


def failure_of(due: DueListing, reason: str, *, now: datetime) -> HistoryEvent:
    """Make the event that notifies the seller of a failure."""
    return event_of(due, EventType.LISTING_REJECTED, {"error": reason}, now=now)


def event_of(
    due: DueListing, event_type: EventType, data: dict[str, Any], *, now: datetime
) -> HistoryEvent:
    """Make an event of a listing; what is None is left out."""
    facts = {
        "channel": due.offer.channel,
        "connection_id": str(due.listing.connection_id),
        "listing_id": str(due.listing.id),
        "currency": due.offer.currency,
        "external_id": due.listing.external_id,
        **data,
    }
    return new_event(
        due.listing.account_id,
        event_type,
        product_id=due.product.id,
        sku=due.product.sku,
        data={name: value for name, value in facts.items() if value is not None},
        now=now,
    )
