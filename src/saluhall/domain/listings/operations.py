"""What a seller does with products and offers, and what follows for their listings."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.capabilities import Format
from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections.capabilities import installed_channels
from saluhall.domain.images.model import Fetched
from saluhall.domain.listings.follow import follow
from saluhall.domain.offers import operations as offers
from saluhall.domain.offers.checks import unsupported
from saluhall.domain.offers.model import OfferNotFound, OfferRefused, Place
from saluhall.domain.offers.pricing import price_from_rule, shown_units
from saluhall.domain.offers.selection import select
from saluhall.domain.products import operations as product_operations
from saluhall.domain.products import upsert
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Kind, Product, Status, Stored
from saluhall.storage import Transaction


class PriceChanged(Struct, frozen=True, kw_only=True):
    """A product with a new price; `refusal` says why a channel cannot show it at this price, None when all can."""

    product_id: UUID
    refusal: str | None = None


async def put_products(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: str,
    products: Sequence[ProductPatch],
    offer_on: str | None = None,
    now: datetime,
) -> list[Stored]:
    """Create or update products and let their offers follow; one result per product, in the order given.

    A product that was deleted does not come back: its SKU belongs to a new product, with offers of its own.

    A new product with `auto_publish` is offered at the account's default connection of the channel `offer_on`; an update never makes
    an offer, but live listings follow the price, and rejected ones are tried again with the new data.
    """
    stored = await upsert.put(tx, principal=principal, catalog=catalog, patches=products, now=now)
    offered = [s.product_id for s in stored if s.created and s.auto_publish and s.product_id]
    if offered and offer_on:
        await offers.offer_at_default(
            tx, account_id=principal.account_id, product_ids=offered, channel=offer_on, now=now
        )
    known = [each for each in stored if each.product_id and not each.created]
    offered += await _selected(tx, principal, stored, now=now)
    refusals = await _follow_stored(tx, principal, known, offered, now=now)
    drafts = [each.product_id for each in known if each.product_id and each.status is Status.DRAFT]
    if drafts:  # what they waited for may not be wanted any more
        await settle(tx, principal.account_id, drafts, now=now)
    return [
        replace(each, refusal=refusals[each.product_id]) if each.product_id in refusals else each
        for each in stored
    ]


async def create_products(
    tx: Transaction,
    *,
    principal: Principal,
    catalogs: Sequence[int],
    products: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Add products, each to the catalog of this number, and offer those that a policy selects; one result per product, in order."""
    stored = await upsert.create(
        tx, principal=principal, catalogs=catalogs, patches=products, now=now
    )
    offered = await _selected(tx, principal, stored, now=now)
    await follow(tx, account_id=principal.account_id, product_ids=offered, now=now)
    return stored


async def change_products(
    tx: Transaction,
    *,
    principal: Principal,
    catalogs: Sequence[int],
    changes: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Change what each patch names of its product, and let offers follow; one result per patch, in the order given.

    A live listing follows the price, a rejected one is tried again with new data, and more units than are left are not offered. What
    was sold out is offered again as soon as there are units.
    """
    stored = await upsert.change(
        tx, principal=principal, catalogs=catalogs, patches=changes, now=now
    )
    await _follow_stored(
        tx, principal, stored, await _selected(tx, principal, stored, now=now), now=now
    )
    return stored


async def _selected(
    tx: Transaction, principal: Principal, stored: Sequence[Stored], *, now: datetime
) -> list[UUID]:
    """Offer products as the account's policies say; return those with changed offers."""
    ids = [each.product_id for each in stored if each.product_id]
    return sorted(await select(tx, account_id=principal.account_id, product_ids=ids, now=now))


async def _follow_stored(
    tx: Transaction,
    principal: Principal,
    known: Sequence[Stored],
    offered: Sequence[UUID],
    *,
    now: datetime,
) -> dict[UUID, str]:
    """Let the offers of products follow: of those that were offered, and those of which a field was named that a channel shows."""
    changed = {s.product_id for s in known if s.product_id and s.is_shown_named}
    return await follow(
        tx,
        account_id=principal.account_id,
        product_ids=sorted({*offered, *changed}),
        changed=changed,
        now=now,
    )


async def change_price(
    tx: Transaction, *, principal: Principal, catalog: str, sku: str, price: Decimal, now: datetime
) -> PriceChanged:
    """Change a product's price; live listings follow. Raises ProductNotFound."""
    product = await product_operations.lock(
        tx, principal=principal, catalog=catalog, sku=sku, now=now
    )
    await product_operations.change_price(
        tx, principal=principal, product=product, price=price, now=now
    )
    refusals = await _follow(tx, principal, product, now=now)
    return PriceChanged(product_id=product.id, refusal=refusals.get(product.id))


async def set_status(
    tx: Transaction, *, principal: Principal, catalog: str, sku: str, status: Status, now: datetime
) -> UUID:
    """De-list a product (not_listed) or mark it sold elsewhere; either way its listings end. Raises ProductNotFound."""
    product = await product_operations.lock(
        tx, principal=principal, catalog=catalog, sku=sku, now=now
    )
    await product_operations.set_status(
        tx, principal=principal, product=product, status=status, now=now
    )
    await _follow(tx, principal, product, now=now)
    return product.id


async def images_fetched(
    tx: Transaction, account_id: UUID, fetched: Sequence[Fetched], *, now: datetime
) -> None:
    """Record what became of images; products that wait for nothing more become active, and their listings due."""
    product_ids = await product_operations.images_fetched(tx, account_id, fetched, now=now)
    await settle(tx, account_id, product_ids, now=now)


async def settle(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Activate products with ready images and texts, and let their offers follow."""
    await product_operations.settle(tx, account_id, product_ids, now=now)
    await follow(tx, account_id=account_id, product_ids=product_ids, now=now)


async def create_offer(
    tx: Transaction,
    *,
    principal: Principal,
    connection_id: UUID,
    catalog: int,
    sku: str,
    format: Format | None = None,  # noqa: A002 - the word of the field
    price: Decimal | None = None,
    max_quantity: int | None = None,
    now: datetime,
) -> UUID:
    """Offer a product at a connection; return the offer's id. An offer that exists is changed, and wanted again when it was over.

    Raises ConnectionNotFound, ProductNotFound, and OfferRefused when the channel cannot show it like this.
    """
    place = await offers.get_place(
        tx, account_id=principal.account_id, connection_id=connection_id, now=now
    )
    product = await product_operations.lock_numbered(
        tx, principal=principal, catalog=catalog, sku=sku, now=now
    )
    chosen = format or offers.default_format(place)
    _check_offer(place, product, chosen, price=price, max_quantity=max_quantity)
    if product.status is Status.NOT_LISTED:
        await product_operations.set_status(
            tx, principal=principal, product=product, status=Status.ACTIVE, now=now
        )
    offer_id = await offers.offer_product(
        tx, account_id=principal.account_id, product_id=product.id, sku=sku, place=place, format=chosen, price=price,
        max_quantity=max_quantity, now=now,
    )  # fmt: skip
    await _follow(tx, principal, product, now=now)
    return offer_id


def _check_offer(
    place: Place,
    product: Product,
    format: Format,  # noqa: A002 - the word of the field
    *,
    price: Decimal | None,
    max_quantity: int | None,
) -> None:
    """See that a channel can show an offer as it is asked for. Raises OfferRefused."""
    card = installed_channels().get(place.channel)
    if card is None:
        raise OfferRefused(f"The channel {place.channel} is not installed")
    if product.kind is not Kind.ITEM:
        raise OfferRefused(f"{product.sku} is a container; offer the items in it")
    if max_quantity is not None and max_quantity < 1:
        raise OfferRefused("An offer shows at least 1 unit; give a higher maximum")
    rule = place.policy.price
    shown = price_from_rule(rule, product.prices) if price is None else price
    if shown is None:
        raise OfferRefused(f"The product has no price in price list {rule.price_list}; name one")
    units = shown_units(place.policy.quantity, product.quantity)
    refusal = unsupported(
        label=card.label,
        capabilities=card.capabilities,
        format=format,
        price=shown,
        currency=rule.currency or product.currency,
        quantity=max_quantity or (1 if format is Format.AUCTION else units),
    )
    if refusal is not None:
        raise OfferRefused(refusal)


async def end_offer(
    tx: Transaction, *, principal: Principal, offer_id: UUID, now: datetime
) -> UUID:
    """End an offer: its listing is ended on the channel. Return the offer's id. Raises OfferNotFound."""
    product_id = await offers.end(tx, account_id=principal.account_id, offer_id=offer_id, now=now)
    if product_id is None:
        raise OfferNotFound(f"the account has no offer with the id {offer_id}")
    await follow(
        tx, account_id=principal.account_id, product_ids=[product_id], changed={product_id}, now=now
    )
    return offer_id


async def _follow(
    tx: Transaction, principal: Principal, product: Product, *, now: datetime
) -> dict[UUID, str]:
    return await follow(
        tx, account_id=principal.account_id, product_ids=[product.id], changed={product.id}, now=now
    )
