"""What offers of a product shall show, and what follows for their listings, after anything about it has changed. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.capabilities import Format
from saluhall.channel import ChannelCard
from saluhall.domain.listings import lifecycle, steps
from saluhall.domain.listings.events import Changed, Rejected, UpdateRefused
from saluhall.domain.listings.model import DueListing, Listing, OfferedProduct, State, Stock
from saluhall.domain.listings.record import next_step, target_of
from saluhall.domain.listings.steps import PRIORITY, Step
from saluhall.domain.offers.allocation import Share, allocate
from saluhall.domain.offers.checks import unsupported
from saluhall.domain.offers.model import Hold, Offer, Policy, Wanted
from saluhall.domain.offers.pricing import price_from_rule
from saluhall.kit.ids import new_id


class Offered(Struct, frozen=True, kw_only=True):
    """An offer with all that decides about it. `can_relist`: its connection is there; `suspended_reason`: why it does not work."""

    offer: Offer
    product: OfferedProduct
    stock: Stock
    prices: tuple[Decimal, ...]
    currency: str
    policy: Policy
    can_relist: bool
    suspended_reason: str | None
    listing: Listing | None = None
    due_at: datetime | None = None
    priority: int = 0


class Planned(Struct, frozen=True, kw_only=True):
    """What becomes of an offer: `offer` and `listing` as they shall be stored, and the failure the seller is notified of.

    `listing` is None where nothing of it changes; `is_new`: it is a new one. `step` is due at `due_at`.
    """

    before: Offered
    offer: Offer
    listing: Listing | None = None
    is_new: bool = False
    step: Step | None = None
    due_at: datetime | None = None
    failure: str | None = None
    refusal: str | None = None


def plan(
    offered: Sequence[Offered],
    *,
    cards: Mapping[str, ChannelCard],
    is_changed: bool,
    now: datetime,
) -> list[Planned]:
    """Plan all offers of one product. `is_changed`: something that a channel shows or checks was changed by the seller."""
    units = allocate(_available(offered), [_share(each) for each in offered if _is_wanted(each)])
    return [
        _planned(
            each, units.get(each.offer.id, 0), cards.get(each.offer.channel), is_changed=is_changed, now=now
        )
        for each in offered
    ]  # fmt: skip


def _available(offered: Sequence[Offered]) -> int:
    first = offered[0]
    return first.stock.available if first.product.can_sell else 0


def _is_wanted(each: Offered) -> bool:
    """Return whether an offer needs units: what is live does, and what can become live. A removed connection publishes nothing."""
    is_there = each.listing is not None and each.listing.state in {State.LIVE, State.SUBMITTED}
    can_be = each.can_relist or each.offer.connection_id is None
    return is_there or (each.offer.wanted is Wanted.LIVE and can_be)


def _share(each: Offered) -> Share:
    listing = each.listing
    is_exclusive = each.offer.format is Format.AUCTION
    is_live = listing is not None and listing.state is State.LIVE
    has_bids = is_live and listing is not None and (listing.bids > 0 or listing.end_refused)
    ranks = {State.LIVE: 0, State.SUBMITTED: 1}
    return Share(
        offer_id=each.offer.id,
        is_exclusive=is_exclusive,
        holds_unit=is_exclusive and each.policy.hold is Hold.START,
        cannot_end=is_exclusive and has_bids,
        is_shown=listing is not None and listing.state in ranks,
        rank=ranks.get(listing.state, 2) if listing is not None else 3,
        rule=each.policy.quantity,
        max_quantity=each.offer.max_quantity,
    )


def _planned(
    each: Offered, units: int, card: ChannelCard | None, *, is_changed: bool, now: datetime
) -> Planned:
    price = each.offer.named_price or price_from_rule(each.policy.price, each.prices)
    currency = each.policy.price.currency or each.currency
    offer = replace(each.offer, price=price, currency=currency, quantity=units)
    if is_changed:
        offer = replace(offer, revision=offer.revision + 1)
    if offer.connection_id is None:
        return _without_connection(each, offer, card)
    refusal = _refusal(offer, each, card)
    offer = replace(offer, error=refusal)
    if each.listing is not None and each.listing.claim is not None:
        return Planned(
            before=each, offer=offer, refusal=refusal
        )  # the worker that holds it reads the current row
    return _with_listing(each, offer, refusal, is_changed=is_changed, now=now)


def _without_connection(each: Offered, offer: Offer, card: ChannelCard | None) -> Planned:
    is_due = target_of(offer, each.product).is_shown and each.product.is_settled
    label = card.label if card else offer.channel
    error = f"No {label} account is connected. Connect one, and the item is listed automatically."
    is_shown = target_of(offer, each.product).is_shown
    offer = replace(offer, error=(error if is_due else offer.error) if is_shown else None)
    is_news = is_due and each.offer.error != error
    return Planned(before=each, offer=offer, failure=error if is_news else None)


def _refusal(offer: Offer, each: Offered, card: ChannelCard | None) -> str | None:
    """Return why the channel cannot show the offer; None when it can, or shall not."""
    if card is None or offer.wanted is Wanted.ENDED or not each.product.can_sell:
        return None
    if offer.price is None:
        number = each.policy.price.price_list
        return (
            f"The product has no price in price list {number}, which the connection's policy uses"
        )
    return unsupported(
        label=card.label, capabilities=card.capabilities, format=offer.format, price=offer.price,
        currency=offer.currency, quantity=offer.quantity,
    )  # fmt: skip


def _with_listing(
    each: Offered, offer: Offer, refusal: str | None, *, is_changed: bool, now: datetime
) -> Planned:
    target = target_of(offer, each.product)
    listing, is_new = each.listing, False
    if each.can_relist and steps.is_relisted(listing, target):
        listing, is_new = _new_listing(each), True
    if listing is None:
        return Planned(before=each, offer=offer, refusal=refusal)
    if is_changed and not is_new:
        listing = lifecycle.apply(listing, Changed())
    event = _refused(listing, offer, refusal)
    after = lifecycle.apply(listing, event) if event else listing
    failure = lifecycle.notice_of(listing, event, after) if event else None
    if is_new and failure is None:
        failure = after.notified_error
    known = each.listing.notified_error if each.listing is not None else None
    return _due(
        Planned(
            before=each,
            offer=replace(offer, listing_id=after.id),
            listing=after,
            is_new=is_new,
            failure=failure if is_changed or is_new or failure != known else None,
            refusal=refusal,
        ),
        now=now,
    )


def _new_listing(each: Offered) -> Listing:
    assert each.offer.connection_id is not None  # noqa: S101 - the caller has looked
    return Listing(
        id=new_id(), account_id=each.offer.account_id, offer_id=each.offer.id, product_id=each.product.id,
        connection_id=each.offer.connection_id, format=each.offer.format, error=each.suspended_reason,
        notified_error=each.suspended_reason, suspended=each.suspended_reason is not None,
    )  # fmt: skip


def _refused(
    listing: Listing, offer: Offer, refusal: str | None
) -> Rejected | UpdateRefused | None:
    if refusal is None:
        return None
    if listing.state is State.LIVE:
        is_asked = offer.price is None or offer.price in {listing.price, listing.refused_price}
        return (
            None
            if is_asked or offer.price is None
            else UpdateRefused(price=offer.price, reason=refusal)
        )
    may_be_live = listing.state is State.SUBMITTED or listing.progress.may_be_live
    return None if may_be_live else Rejected(reason=refusal)


def _due(planned: Planned, *, now: datetime) -> Planned:
    """Find what is due, and when; a listing of which nothing changes is not written."""
    listing, each = planned.listing, planned.before
    assert listing is not None  # noqa: S101 - the caller has one
    step = next_step(DueListing(listing=listing, offer=planned.offer, product=each.product))
    due_at = None
    if step is not None:
        is_shown = target_of(planned.offer, each.product).is_shown
        keeps = step is Step.LOOK or (step is Step.CHECK and is_shown)
        is_same = listing == each.listing and each.priority == PRIORITY[step]
        due_at = each.due_at if each.due_at is not None and (keeps or is_same) else now
    is_untouched = listing == each.listing and due_at == each.due_at
    return replace(planned, listing=None if is_untouched else listing, step=step, due_at=due_at)


def products_of(offered: Sequence[Offered]) -> dict[UUID, list[Offered]]:
    """Group offers by their product."""
    groups: dict[UUID, list[Offered]] = {}
    for each in offered:
        groups.setdefault(each.product.id, []).append(each)
    return groups
