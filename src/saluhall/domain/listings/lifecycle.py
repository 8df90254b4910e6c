"""The life of a listing: what each event makes of it. Pure; SQL decides nothing.

    pending ──> submitted ──> live ──> ended
       │            │           (sold out, withdrawn, expired)
       └──> rejected <┘    pending <── lost, or new data for what was rejected

An offer that is relisted gets a new listing, so `ended` is final.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from saluhall.capabilities import Format
from saluhall.channel import Progress
from saluhall.domain.listings.events import (
    Broken,
    Changed,
    Ended,
    EndRefused,
    Event,
    Failed,
    Lost,
    Rejected,
    Seen,
    Sold,
    Submitted,
    Undecided,
    Updated,
    UpdateRefused,
    UpdateUnclear,
    Waits,
    WentLive,
)
from saluhall.domain.listings.model import EndedReason, Listing, State

ATTEMPTS_BEFORE_NOTICE: Final = 4  # the first and three more
LOOKS: Final = (timedelta(seconds=25), timedelta(seconds=5))
"""How long to wait before each look after an unclear response, the last first: a call may take effect long after it was given up."""

_OPEN: Final = frozenset({State.PENDING, State.SUBMITTED, State.LIVE, State.REJECTED})
_NOT_LIVE: Final = _OPEN - {State.LIVE}
APPLIES: Final[Mapping[type[Event], frozenset[State]]] = {
    Submitted: frozenset({State.PENDING, State.REJECTED}),
    Undecided: frozenset({State.SUBMITTED}),
    WentLive: _NOT_LIVE,
    Lost: frozenset({State.PENDING, State.SUBMITTED}),
    Rejected: _NOT_LIVE,
    Updated: frozenset({State.LIVE}),
    UpdateRefused: frozenset({State.LIVE}),
    UpdateUnclear: frozenset({State.LIVE}),
    Seen: frozenset({State.LIVE}),
    Sold: frozenset(State),
    Ended: _OPEN,
    EndRefused: frozenset({State.LIVE}),
    Failed: _OPEN,
    Waits: _OPEN,
    Broken: _OPEN,
    Changed: _OPEN,
}
"""In which states an event changes a listing; in all others it changes nothing."""


def apply(listing: Listing, event: Event) -> Listing:
    """Return the listing after an event; the same value when the event changes nothing in its state."""
    if listing.state not in APPLIES[type(event)]:
        return listing
    match event:
        case Updated() | UpdateRefused() | UpdateUnclear() | Seen() | EndRefused():
            return _apply_to_live(listing, event)
        case Sold() | Ended():
            return _apply_to_end(listing, event)
        case Undecided() | Failed() | Waits() | Broken() | Changed():
            return _apply_to_attempts(listing, event)
        case _:
            return _apply_to_publication(listing, event)


def _apply_to_publication(
    listing: Listing, event: Submitted | WentLive | Lost | Rejected
) -> Listing:
    match event:
        case Submitted(progress=progress):
            return replace(
                listing, state=State.SUBMITTED, progress=progress, external_id=progress.external_id,
                price=event.price, quantity=event.quantity, content=event.content, attempts=0, waits_reason=None,
            )  # fmt: skip
        case WentLive():
            return replace(
                _clear(listing), state=State.LIVE, external_id=event.external_id, url=event.url or listing.url,
                ends_at=event.ends_at, live_since=listing.live_since or event.at, progress=Progress(),
                price=listing.price if event.price is None else event.price,
                quantity=listing.quantity if event.quantity is None else event.quantity,
                content=listing.content if event.content is None else event.content,
            )  # fmt: skip
        case Lost(reason=reason, progress=progress):
            return replace(
                _failed(listing, reason), state=State.PENDING, progress=progress, price=None, quantity=None
            )  # fmt: skip
        case Rejected(reason=reason):
            return replace(
                listing, state=State.REJECTED, progress=Progress(), external_id=None, url=None, price=None,
                quantity=None, attempts=0, error=reason, notified_error=reason, waits_reason=None,
            )  # fmt: skip


def _apply_to_live(
    listing: Listing, event: Updated | UpdateRefused | UpdateUnclear | Seen | EndRefused
) -> Listing:
    match event:
        case Updated(price=price, quantity=quantity, content=content):
            return replace(
                _clear(listing),
                price=listing.price if price is None else price,
                refused_price=listing.refused_price if price is None else None,
                quantity=listing.quantity if quantity is None else quantity,
                content=listing.content if content is None else content,
            )  # fmt: skip
        case UpdateRefused(reason=reason):
            return replace(
                listing, attempts=0, error=reason,
                refused_price=listing.refused_price if event.price is None else event.price,
                content=listing.content if event.content is None else event.content,
            )  # fmt: skip
        case UpdateUnclear(reason=reason):
            unclear = replace(_failed(listing, reason), looks_left=len(LOOKS))
            is_counted = event.is_of_quantity
            return replace(unclear, quantity=None) if is_counted else replace(unclear, price=None)
        case Seen():
            return _seen(listing, event)
        case EndRefused(reason=reason):
            return replace(
                listing, end_refused=True, attempts=0, error=reason, notified_error=reason
            )


def _seen(listing: Listing, seen: Seen) -> Listing:
    """Units that are gone over there and in no order yet are not offered again; units that came back are."""
    quantity, awaiting = listing.quantity, listing.units_awaiting_order
    if seen.quantity is not None and quantity is not None:
        awaiting = max(0, awaiting + quantity - seen.quantity)
    looks = max(listing.looks_left - seen.is_look, 0)
    return replace(
        listing, price=listing.price if seen.price is None else seen.price, bids=seen.bids,
        quantity=quantity if seen.quantity is None else seen.quantity, units_awaiting_order=awaiting,
        looks_left=looks, attempts=0 if seen.is_look else listing.attempts,
    )  # fmt: skip


def _apply_to_end(listing: Listing, event: Sold | Ended) -> Listing:
    match event:
        case Sold(units=units, awaits_order=True):
            sold = replace(
                listing, units_sold=listing.units_sold + units,
                units_awaiting_order=listing.units_awaiting_order + units,
            )  # fmt: skip
            return _less(sold, units)
        case Sold(units=units):
            known = min(units, listing.units_awaiting_order)
            sold = replace(
                listing, units_sold=listing.units_sold + units - known,
                units_awaiting_order=listing.units_awaiting_order - known,
            )  # fmt: skip
            return _less(sold, units - known)
        case Ended(reason=reason):
            return replace(
                _clear(listing), state=State.ENDED, ended_reason=reason, progress=Progress(), looks_left=0,
                suspended=False,
            )  # fmt: skip


def _less(listing: Listing, units: int) -> Listing:
    """Lower what the channel shows by units that it sold; a listing of one unit is sold out."""
    if units == 0 or listing.state is State.ENDED:
        return listing
    if listing.format is Format.FIXED:
        left = None if listing.quantity is None else max(0, listing.quantity - units)
        return replace(listing, quantity=left)
    ended = _apply_to_end(listing, Ended(reason=EndedReason.SOLD_OUT))
    return replace(ended, quantity=0, suspended=False)


def _apply_to_attempts(
    listing: Listing, event: Undecided | Failed | Waits | Broken | Changed
) -> Listing:
    match event:
        case Undecided():
            return replace(listing, attempts=listing.attempts + 1, waits_reason=None)
        case Failed(reason=reason):
            return _failed(listing, reason)
        case Waits(reason=reason):
            return replace(listing, waits_reason=reason)
        case Broken(reason=reason):
            return replace(listing, error=reason, notified_error=reason, is_broken=True)
        case Changed():
            state = State.PENDING if listing.state is State.REJECTED else listing.state
            is_news = state is not listing.state
            return replace(
                listing, state=state, attempts=0, is_broken=False, end_refused=False,
                error=None if is_news else listing.error,
                notified_error=None if is_news else listing.notified_error,
            )  # fmt: skip


def _clear(listing: Listing) -> Listing:
    return replace(listing, attempts=0, error=None, notified_error=None, waits_reason=None)


def _failed(listing: Listing, reason: str) -> Listing:
    failed = replace(listing, attempts=listing.attempts + 1, waits_reason=reason)
    if failed.attempts >= ATTEMPTS_BEFORE_NOTICE and failed.notified_error is None:
        return replace(failed, error=reason, notified_error=reason)
    return failed


def notice_of(before: Listing, event: Event, after: Listing) -> str | None:
    """Return the failure that the seller is notified of, None when there is none or it is known already."""
    if after is before:
        return None
    match event:
        case Rejected(reason=reason) | UpdateRefused(reason=reason) | EndRefused(reason=reason):
            return reason
        case Broken(reason=reason):
            return reason
        case Failed(reason=reason) | UpdateUnclear(reason=reason) | Lost(reason=reason):
            return reason if before.notified_error is None and after.notified_error else None
        case _:
            return None
