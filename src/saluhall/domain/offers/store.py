"""The SQL of offers and policies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.capabilities import Format
from saluhall.domain.offers.model import (
    EndedOffer,
    Hold,
    ListedOffer,
    OfferedListing,
    Place,
    Policy,
    PriceRule,
    ProductFilter,
    QuantityRule,
    Selection,
    Terms,
    Wanted,
)
from saluhall.storage import Transaction
from saluhall.storage.database import Row

POLICY = """
  y.products as y_products, y.filter as y_filter, y.format as y_format, y.price as y_price, y.quantity as y_quantity,
  y.hold as y_hold, y.categories as y_categories
"""
# The default connection of a channel is the account's oldest one.
DEFAULT_CONNECTION = f"""
  select c.id as connection_id, {POLICY}
    from connections c left join policies y on y.account_id = c.account_id and y.connection_id = c.id
   where c.account_id = %(account_id)s and c.channel = %(channel)s and c.removed_at is null
   order by c.created_at limit 1
"""
OF_CONNECTION = f"""
  select c.channel, {POLICY}
    from connections c left join policies y on y.account_id = c.account_id and y.connection_id = c.id
   where c.account_id = %(account_id)s and c.id = %(connection_id)s and c.removed_at is null
"""
PUT = """
  insert into offers as o (account_id, id, product_id, channel, connection_id, format, wanted, named_price, max_quantity,
                           currency, created_at, updated_at)
  select p.account_id, new_ulid(), p.id, %(channel)s, %(connection_id)s, %(format)s, 'live', %(named_price)s, %(max_quantity)s,
         p.currency, %(now)s, %(now)s
    from products p
   where p.account_id = %(account_id)s and p.id = any(%(product_ids)s) and p.kind = 'item'
   order by p.id
  on conflict (account_id, product_id, channel, connection_id, format) do update
     set wanted = 'live', is_by_policy = false, named_price = excluded.named_price, max_quantity = excluded.max_quantity, error = null,
         revision = o.revision + 1, updated_at = %(now)s
  returning id, product_id
"""
WRITE = """
  update offers o
     set price = w.price, currency = w.currency, quantity = w.quantity, revision = w.revision, wanted = w.wanted,
         is_by_policy = o.is_by_policy and (w.wanted = 'live' or o.wanted = 'ended'),
         listing_id = w.listing_id, error = w.error, updated_at = %(now)s
    from jsonb_to_recordset(%(rows)s::text::jsonb)
      as w (id uuid, price numeric, currency text, quantity integer, revision integer, wanted text, listing_id uuid, error text)
   where o.account_id = %(account_id)s and o.id = w.id
"""
TERMS = """
  select wanted, named_price, max_quantity from offers
   where account_id = %(account_id)s and product_id = %(product_id)s and channel = %(channel)s
     and connection_id = %(connection_id)s and format = %(format)s
"""
END = """
  update offers o set wanted = 'ended', is_by_policy = false, updated_at = %(now)s
    from offers before, products p
   where o.account_id = %(account_id)s and o.id = %(offer_id)s
     and before.account_id = o.account_id and before.id = o.id
     and p.account_id = o.account_id and p.id = o.product_id
  returning o.product_id, o.channel, o.connection_id, before.wanted, p.sku
"""
CONNECT = """
  update offers o set connection_id = %(connection_id)s, error = null, updated_at = %(now)s
   where o.account_id = %(account_id)s and o.channel = %(channel)s and o.connection_id is null
     and not exists (
       select from offers t
        where t.account_id = o.account_id and t.product_id = o.product_id and t.channel = o.channel
          and t.connection_id = %(connection_id)s and t.format = o.format)
  returning product_id
"""
SET_POLICY = """
  insert into policies as y (account_id, connection_id, products, filter, format, price, quantity, hold, categories, updated_at)
  values (%(account_id)s, %(connection_id)s, %(products)s, %(filter)s::text::jsonb, %(format)s, %(price)s::text::jsonb,
          %(quantity)s::text::jsonb, %(hold)s, %(categories)s::text::jsonb, %(now)s)
  on conflict (account_id, connection_id) do update
     set products = excluded.products, filter = excluded.filter, format = excluded.format, price = excluded.price,
         quantity = excluded.quantity, hold = excluded.hold, categories = excluded.categories, updated_at = excluded.updated_at
"""
PRODUCTS_AT = """
  select distinct o.product_id from offers o
   where o.account_id = %(account_id)s and o.connection_id = %(connection_id)s
     and o.product_id > %(after)s
   order by o.product_id limit %(limit)s
"""
LIST = """
  select o.id as offer_id, o.connection_id, o.channel, c.number as catalog_id, p.sku, o.format, o.wanted, o.price, o.quantity,
         o.currency, l.id as listing_id, l.state, l.external_id, l.url, l.price as l_price, l.quantity as l_quantity,
         l.updated_at as confirmed_at, l.units_sold, coalesce(l.error, o.error) as error
    from offers o
    join products p on p.account_id = o.account_id and p.id = o.product_id
    join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
    left join listings l on l.account_id = o.account_id and l.id = o.listing_id
   where o.account_id = %(account_id)s and (%(sku)s::text is null or p.sku = %(sku)s)
   order by o.id
"""


async def default_place(tx: Transaction, account_id: UUID, channel: str) -> Place:
    """Find the default connection of a channel, with its policy."""
    params = {"account_id": account_id, "channel": channel}
    found = await tx.one(
        lambda row: Place(
            channel=channel, connection_id=row["connection_id"], policy=policy_from_row(row)
        ),
        DEFAULT_CONNECTION,
        params,
    )
    return found or Place(channel=channel, connection_id=None)


async def find_place(tx: Transaction, account_id: UUID, connection_id: UUID) -> Place | None:
    """Find a connection with its policy."""
    params = {"account_id": account_id, "connection_id": connection_id}
    return await tx.one(
        lambda row: Place(
            channel=row["channel"], connection_id=connection_id, policy=policy_from_row(row)
        ),
        OF_CONNECTION,
        params,
    )


async def put(
    tx: Transaction,
    account_id: UUID,
    product_ids: Sequence[UUID],
    *,
    place: Place,
    format: Format,  # noqa: A002 - the word of the field
    named_price: object = None,
    max_quantity: int | None = None,
    now: datetime,
) -> dict[UUID, UUID]:
    """Store that products are offered; return the offers' ids by product. An offer that exists is wanted again."""
    params = {
        "account_id": account_id,
        "product_ids": list(product_ids),
        "channel": place.channel,
        "connection_id": place.connection_id,
        "format": format,
        "named_price": named_price,
        "max_quantity": max_quantity,
        "now": now,
    }
    return dict(await tx.all(lambda row: (row["product_id"], row["id"]), PUT, params))


async def write(
    tx: Transaction, account_id: UUID, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Write what offers shall show; the rows are locked."""
    if rows:
        text = msgspec.json.encode(rows).decode()
        await tx.run(WRITE, {"account_id": account_id, "rows": text, "now": now})


async def find_terms(
    tx: Transaction,
    account_id: UUID,
    product_id: UUID,
    *,
    place: Place,
    format: Format,  # noqa: A002 - the word of the field
) -> Terms | None:
    """Read on which terms a product is offered, None when it is not."""
    params = {
        "account_id": account_id,
        "product_id": product_id,
        "channel": place.channel,
        "connection_id": place.connection_id,
        "format": format,
    }
    return await tx.one(
        lambda row: Terms(Wanted(row["wanted"]), row["named_price"], row["max_quantity"]),
        TERMS,
        params,
    )


async def end(
    tx: Transaction, account_id: UUID, offer_id: UUID, *, now: datetime
) -> EndedOffer | None:
    """Store that an offer is not wanted any longer; return what it was."""
    params = {"account_id": account_id, "offer_id": offer_id, "now": now}
    return await tx.one(
        lambda row: EndedOffer(**{**row, "wanted": Wanted(row["wanted"])}), END, params
    )


async def connect(
    tx: Transaction, account_id: UUID, *, channel: str, connection_id: UUID, now: datetime
) -> list[UUID]:
    """Give the offers that waited for a connection of this channel theirs; return their products."""
    params = {
        "account_id": account_id,
        "channel": channel,
        "connection_id": connection_id,
        "now": now,
    }
    return await tx.all(lambda row: row["product_id"], CONNECT, params)


async def set_policy(
    tx: Transaction, account_id: UUID, connection_id: UUID, policy: Policy, *, now: datetime
) -> None:
    """Store a connection's policy."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "products": policy.products,
        "filter": _json(policy.filter),
        "format": policy.format,
        "price": _json(policy.price),
        "quantity": _json(policy.quantity),
        "hold": policy.hold,
        "categories": _json(policy.categories),
        "now": now,
    }
    await tx.run(SET_POLICY, params)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def policy_from_row(row: Row) -> Policy:
    """Read a policy from columns with the prefix `y_`; a connection without one has the defaults."""
    if row["y_products"] is None:
        return Policy()
    return Policy(
        products=Selection(row["y_products"]),
        filter=msgspec.convert(row["y_filter"], ProductFilter, strict=False),
        format=None if row["y_format"] is None else Format(row["y_format"]),
        price=msgspec.convert(row["y_price"], PriceRule, strict=False),
        quantity=msgspec.convert(row["y_quantity"], QuantityRule, strict=False),
        hold=Hold(row["y_hold"]),
        categories=row["y_categories"],
    )


async def products_at(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, after: UUID | None, limit: int
) -> list[UUID]:
    """List products with an offer at a connection, by id, from one on."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "after": after or UUID(int=0),
        "limit": limit,
    }
    return await tx.all(lambda row: row["product_id"], PRODUCTS_AT, params)


async def list_offers(tx: Transaction, account_id: UUID, *, sku: str | None) -> list[ListedOffer]:
    """List offers with their newest listings."""
    return await tx.all(listed_from_row, LIST, {"account_id": account_id, "sku": sku})


def listed_from_row(row: Row) -> ListedOffer:
    """Read an offer with its newest listing."""
    names = ("offer_id", "connection_id", "channel", "catalog_id", "sku", "format", "wanted")
    listing = OfferedListing(
        state=row["state"],
        external_id=row["external_id"],
        url=row["url"],
        price=row["l_price"],
        quantity=row["l_quantity"],
        confirmed_at=row["confirmed_at"],
        units_sold=row["units_sold"],
        error=row["error"],
    )
    return ListedOffer(
        **{name: row[name] for name in names},
        price=row["price"],
        quantity=row["quantity"],
        currency=row["currency"],
        listing=None if row["listing_id"] is None else listing,
    )
