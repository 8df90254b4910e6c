"""Write what the marketplace answered over listings read afresh; what is due next follows from the result, and events tell of it.

The seller may have changed their mind while the marketplace was thinking: what is due is always computed from the fresh row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from saluhall.channel import Progress
from saluhall.domain.history import operations as history
from saluhall.domain.history.model import Event, EventType
from saluhall.domain.listings import recording_store
from saluhall.domain.listings.model import LOOKS, PRIORITY, Listing, Step, may_move, next_step
from saluhall.storage import Transaction

_KEPT = (
    "state", "desired", "confirmed_price", "refused_price", "external_id", "url", "attempts", "told", "looks_left",
)  # fmt: skip


class Change(Struct, frozen=True, kw_only=True):
    """What to write over a listing as it was claimed: `fields` by name, due again in `due_in`, or `never` before the seller changes it."""

    listing: Listing
    fields: dict[str, Any]
    due_in: timedelta = timedelta()
    never: bool = False


async def record(
    tx: Transaction,
    listing: Listing,
    *,
    now: datetime,
    due_in: timedelta = timedelta(),
    never: bool = False,
    **fields: Any,
) -> Listing | None:
    """Write changes over one listing; return it as it is now.

    None when nothing may be written: the row is gone, its claim is lost, or it is not in the state any more that it was claimed in.
    """
    change = Change(listing=listing, fields=fields, due_in=due_in, never=never)
    recorded = await record_all(tx, listing.account_id, [change], now=now)
    return recorded[0] if recorded else None


async def record_all(
    tx: Transaction, owner: UUID, changes: Sequence[Change], *, now: datetime
) -> list[Listing]:
    """Write changes over listings of an account, two statements for however many; return those that were written.

    Only who holds the claim writes, and only over the state that was claimed; over another state it merely returns the claim. Who
    holds none, like a look at the marketplace, has locked the rows in this transaction.
    """
    ids = [change.listing.id for change in changes]
    fresh = {each.id: each for each in await recording_store.lock(tx, owner, ids)}
    written = []
    rows = []
    for change in changes:
        before = fresh.get(change.listing.id)
        if before is None or before.claim != change.listing.claim:
            continue
        if not _is_as_claimed(before, change):
            rows.append(_row(before, Change(listing=before, fields={}), now=now))
            continue
        after = structs.replace(before, claim=None, **_known(change.fields))
        written.append(after)
        rows.append(_row(after, change, now=now))
    if rows:
        await recording_store.write(tx, owner, rows, now=now)
    return written


def _is_as_claimed(before: Listing, change: Change) -> bool:
    same = before.state is change.listing.state
    return same and may_move(before.state, change.fields.get("state"))


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in Listing.__struct_fields__}


def _row(after: Listing, change: Change, *, now: datetime) -> dict[str, Any]:
    step = None if change.never else next_step(after)
    due_in = change.due_in if after.desired is change.listing.desired else timedelta()
    if step is Step.LOOK:
        due_in = max(due_in, LOOKS[min(after.looks_left, len(LOOKS)) - 1])
    return {
        "id": after.id,
        **{name: getattr(after, name) for name in _KEPT},
        "error": change.fields.get("error", after.error),
        "waits_reason": change.fields.get("waits_reason"),
        "progress": after.progress if after.progress != Progress() else None,
        "ends_at": change.fields.get("ends_at"),
        "live_since": change.fields.get("live_since"),
        "priority": PRIORITY[step] if step else max(PRIORITY.values()),
        "due_at": now + due_in if step else None,
    }


async def tell_failure(
    tx: Transaction, listing: Listing | None, reason: str, *, now: datetime
) -> None:
    """Tell the seller that something failed."""
    if listing is not None:
        failed = {"error": reason, "external_id": listing.external_id}
        await tell(tx, listing, EventType.LISTING_FAILED, failed, now=now)


async def tell(
    tx: Transaction, listing: Listing, event_type: EventType, data: dict[str, Any], *, now: datetime
) -> None:
    """Tell what happened to a listing."""
    await history.record(tx, [event_of(listing, event_type, data, now=now)], now=now)


def event_of(
    listing: Listing, event_type: EventType, data: dict[str, Any], *, now: datetime
) -> Event:
    """Make the event of what happened to a listing."""
    return history.event_of(
        listing.account_id,
        event_type,
        product_id=listing.product_id,
        sku=listing.sku,
        data=sale_data(listing.currency, **data),
        now=now,
    )


def sale_data(currency: str, **data: Any) -> dict[str, Any]:
    """Lay out what an event of a listing carries; what is None is left out."""
    kept = {name: value for name, value in data.items() if value is not None}
    return {"platform": "tradera", "currency": currency, **kept}
