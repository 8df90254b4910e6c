"""What is done with offers and policies; their listings follow in the listings module."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.capabilities import Format
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import queries as catalogs
from saluhall.domain.catalogs.model import CatalogNotFound
from saluhall.domain.connections.capabilities import capabilities_of
from saluhall.domain.connections.model import ConnectionNotFound
from saluhall.domain.events.model import Change, Event, EventType, new_event
from saluhall.domain.offers import store
from saluhall.domain.offers.checks import wrong_policy
from saluhall.domain.offers.model import Offer, Place, Policy, PolicyRefused, Terms, Wanted
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

_WRITTEN = ("id", "price", "currency", "quantity", "revision", "wanted", "listing_id", "error")


async def offer_at_default(
    tx: Transaction,
    *,
    account_id: UUID,
    product_ids: Sequence[UUID],
    channel: str,
    now: datetime,
) -> None:
    """Offer products at the account's default connection of a channel, its oldest; without one they wait for one."""
    place = await store.default_place(tx, account_id, channel)
    await put(tx, account_id=account_id, product_ids=product_ids, place=place, now=now)


async def put(
    tx: Transaction,
    *,
    account_id: UUID,
    product_ids: Sequence[UUID],
    place: Place,
    format: Format | None = None,  # noqa: A002 - the word of the field
    named_price: Decimal | None = None,
    max_quantity: int | None = None,
    now: datetime,
) -> dict[UUID, UUID]:
    """Offer products at a connection; return the offers' ids by product. An offer that exists is wanted again."""
    return await store.put(
        tx,
        account_id,
        product_ids,
        place=place,
        format=format or default_format(place),
        named_price=named_price,
        max_quantity=max_quantity,
        now=now,
    )


async def offer_product(
    tx: Transaction,
    *,
    account_id: UUID,
    product_id: UUID,
    sku: str,
    place: Place,
    format: Format,  # noqa: A002 - the word of the field
    price: Decimal | None,
    max_quantity: int | None,
    now: datetime,
) -> UUID:
    """Offer one product on the terms of the seller, and record what is new; return the offer's id. The product is locked."""
    before = await store.find_terms(tx, account_id, product_id, place=place, format=format)
    found = await put(
        tx,
        account_id=account_id,
        product_ids=[product_id],
        place=place,
        format=format,
        named_price=price,
        max_quantity=max_quantity,
        now=now,
    )
    after = Terms(Wanted.LIVE, price, max_quantity)
    changes = _changes(before, after)
    await _note(
        tx, account_id, place, changes, product_id=product_id, sku=sku, format=format, now=now
    )
    return found[product_id]


def default_format(place: Place) -> Format:
    """Return the format of the connection's policy, else the first that the channel has."""
    if place.policy.format is not None:
        return place.policy.format
    capabilities = capabilities_of(place.channel)
    return capabilities.default_format if capabilities else Format.FIXED


async def get_place(
    tx: Transaction,
    *,
    account_id: UUID,
    connection_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Place:
    """Return a connection with its policy. Raises ConnectionNotFound."""
    place = await store.find_place(tx, account_id, connection_id)
    if place is None:
        raise ConnectionNotFound(f"the account has no connection with the id {connection_id}")
    return place


async def retarget(
    tx: Transaction, *, account_id: UUID, offers: Sequence[Offer], now: datetime
) -> None:
    """Store what offers shall show; their rows are locked."""
    rows = [{name: getattr(offer, name) for name in _WRITTEN} for offer in offers]
    await store.write(tx, account_id, rows, now=now)


async def end(tx: Transaction, *, account_id: UUID, offer_id: UUID, now: datetime) -> UUID | None:
    """Note that an offer is not wanted any longer; return its product, None when there is no such offer."""
    ended = await store.end(tx, account_id, offer_id, now=now)
    if ended is None:
        return None
    if ended.wanted is Wanted.LIVE:
        place = Place(channel=ended.channel, connection_id=ended.connection_id)
        changes = {"wanted": Change(Wanted.LIVE, Wanted.ENDED)}
        await _note(
            tx, account_id, place, changes, product_id=ended.product_id, sku=ended.sku, now=now
        )
    return ended.product_id


async def connect(
    tx: Transaction, *, account_id: UUID, channel: str, connection_id: UUID, now: datetime
) -> list[UUID]:
    """Give offers that waited for a connection of this channel theirs; return their products."""
    return await store.connect(
        tx, account_id, channel=channel, connection_id=connection_id, now=now
    )


async def set_policy(
    tx: Transaction, *, principal: Principal, connection_id: UUID, policy: Policy, now: datetime
) -> None:
    """Store a connection's policy. Raises ConnectionNotFound, CatalogNotFound, PolicyRefused."""
    account_id = principal.account_id
    place = await get_place(tx, account_id=account_id, connection_id=connection_id, now=now)
    reason = wrong_policy(policy, place.channel, capabilities_of(place.channel))
    if reason is not None:
        raise PolicyRefused(reason)
    numbers = policy.filter.catalogs
    known = await catalogs.ids_by_number(tx, principal=principal, numbers=numbers)
    for number in numbers:
        if number not in known:
            raise CatalogNotFound(f"the account has no catalog with the number {number}")
    await store.set_policy(tx, account_id, connection_id, policy, now=now)
    await _note(tx, account_id, place, _changes(place.policy, policy), now=now)


async def _note(
    tx: Transaction,
    account_id: UUID,
    place: Place,
    changes: Mapping[str, Change],
    *,
    product_id: UUID | None = None,
    sku: str = "",
    now: datetime,
    **data: str,
) -> None:
    """Record that an offer of a product changed, or a connection's policy; nothing when nothing did."""
    if not changes:
        return
    event = new_event(
        account_id,
        EventType.OFFER_CHANGED if product_id else EventType.POLICY_CHANGED,
        product_id=product_id,
        sku=sku,
        data={"channel": place.channel, "connection_id": str(place.connection_id), **data},
        changes=changes,
        now=now,
    )
    await recording.record(tx, [event], now=now)


def _changes(before: Struct | None, after: Struct) -> dict[str, Change]:
    """Return which values differ, as JSON has them; all that there are when there were none before."""
    old = {} if before is None else msgspec.to_builtins(before)
    new = msgspec.to_builtins(after)
    return {name: Change(old.get(name), new[name]) for name in new if old.get(name) != new[name]}


def failure_of(offer: Offer, sku: str, reason: str, *, now: datetime) -> Event:
    """Make the event that notifies the seller that an offer cannot be shown."""
    facts = {"channel": offer.channel, "currency": offer.currency, "error": reason}
    if offer.connection_id is not None:
        facts["connection_id"] = str(offer.connection_id)
    return new_event(
        offer.account_id,
        EventType.LISTING_REJECTED,
        product_id=offer.product_id,
        sku=sku,
        data=facts,
        now=now,
    )
