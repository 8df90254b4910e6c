"""What is done with offers and policies; their listings follow in the listings module."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.capabilities import Format
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import queries as catalogs
from saluhall.domain.catalogs.model import CatalogNotFound
from saluhall.domain.connections.capabilities import capabilities_of
from saluhall.domain.connections.model import ConnectionNotFound
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.offers import store
from saluhall.domain.offers.checks import wrong_policy
from saluhall.domain.offers.model import Offer, Place, Policy, PolicyRefused
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
    return await store.end(tx, account_id, offer_id, now=now)


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
