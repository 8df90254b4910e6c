"""The SQL of orders that come in. The statements that write orders and lines are made from the tables of columns below."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.domain.orders.mapping import StoredOrder
from saluhall.domain.orders.model import OrderStatus
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column
from saluhall.storage.database import Row


def _texts(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "text")


def _numbers(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "numeric")


_ADDRESS: Final = ("name", "line1", "line2", "zip", "city", "region", "country", "phone")
# What stays as it was when the order first came, what follows the channel, and how far the order is.
_FIXED: Final = {
    "connection_number": "integer",
    **_texts("channel site site_country"),
    "placed_at": "timestamptz",
}
_FOLLOWED: Final = {
    "external_changed_at": "timestamptz",
    **_texts("number currency shipping_method payment_method payment_reference cancel_reason"),
    **_numbers("total shipping_price discount fee refunded"),
    **dict.fromkeys(("ship_by", "deliver_by"), "timestamptz"),
    **_texts("buyer_id buyer_email buyer_note buyer_vat_number buyer_tax_code"),
    "is_business": "boolean",
    **{f"{kind}_{name}": "text" for kind in ("billing", "shipping") for name in _ADDRESS},
}
_PROGRESS: Final = {
    **_texts("status previous_status"),
    **dict.fromkeys(("paid_at", "shipped_at", "cancelled_at"), "timestamptz"),
}
_MERGED: Final = {**_texts("carrier tracking"), "extras": "jsonb"}
_LINE: Final = (
    "order_id", "product_id", "catalog_number", "product", "external_id", "listing_external_id", "sku", "title", "ean",
    "brand", "mpn", "image_url", "category_id", "category_name", "shipping_method", "note", "quantity", "units_taken",
    "units_shipped", "units_cancelled", "units_refunded", "unit_price", "total", "discount", "cost", "tax_percent", "tax",
    "fee", "shipping_price", "refunded", "refunded_at", "weight_kg", "extras",
)  # fmt: skip


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_ORDER: Final = {**_FIXED, **_FOLLOWED, **_PROGRESS, **_MERGED}
_GIVEN: Final = f"json_to_recordset(%(orders)s::text::json) as t (external_id text, {_typed(_ORDER)})"  # fmt: skip
# The ids are named beside the given orders too: with these alone PostgreSQL may read all orders of the connection to find a few.
# An order that is read again must not use up an id: only what is not there is inserted. A reader that is faster by a moment wins.
ADD_ORDERS = f"""
  insert into orders (account_id, connection_id, external_id, created_at, changed_at, {", ".join(_ORDER)})
  select %(account_id)s, %(connection)s, t.external_id, %(now)s, %(now)s, {", ".join(f"t.{f}" for f in _ORDER)}
    from {_GIVEN}
   where not exists (
     select from orders o
      where o.account_id = %(account_id)s and o.connection_id = %(connection)s and o.external_id = t.external_id
        and o.external_id = any(%(external_ids)s))
   order by t.external_id
  on conflict on constraint orders_external_key do nothing
  returning id, external_id
"""
# What was refunded here and not by the channel counts beside what the channel says.
_REFUNDED_HERE: Final = """
  (select coalesce(sum(r.amount), 0) from refunds r
    where r.account_id = o.account_id and r.order_id = o.id and r.external_id is null
      and not exists (select from order_updates u
                       where u.account_id = o.account_id and u.order_id = o.id and u.refund_id = r.id
                         and u.state = 'acknowledged'))
"""
LOCK = f"""
  select id, external_id, external_changed_at, status, previous_status, paid_at, shipped_at, cancelled_at,
         refunded - {_REFUNDED_HERE} as refunded
    from orders o
   where account_id = %(account_id)s and connection_id = %(connection)s and external_id = any(%(external_ids)s)
   order by id for update
"""
FOLLOW = f"""
  update orders o
     set {", ".join(f"{name} = t.{name}" for name in {**_FOLLOWED, **_PROGRESS} if name != "refunded")}, changed_at = %(now)s,
         refunded = t.refunded + {_REFUNDED_HERE},
         extras = o.extras || t.extras,
         carrier = coalesce(nullif(t.carrier, ''), o.carrier), tracking = coalesce(nullif(t.tracking, ''), o.tracking)
    from {_GIVEN}
   where o.account_id = %(account_id)s and o.connection_id = %(connection)s and o.external_id = t.external_id
     and o.external_id = any(%(external_ids)s)
"""
STORED_LINES = """
  select id, order_id, external_id, quantity, units_shipped, units_cancelled, units_refunded, refunded, fee
    from order_lines
   where account_id = %(account_id)s and order_id = any(%(ids)s)
   order by id
"""
# Our own reference says more than the channel's id: it stays when the channel relists an item. Each way has its index.
MATCH = """
  with t as (
    select * from jsonb_to_recordset(%(lines)s::text::jsonb) as t (at integer, external_id text, refs uuid[])
  ), referred as (
    select distinct on (t.at) t.at, l.id, l.product_id
      from t cross join unnest(t.refs) as r (ref)
      join listings l on l.account_id = %(account_id)s and l.id = r.ref
     order by t.at, l.id
  ), named as (
    select distinct on (t.at) t.at, l.id, l.product_id
      from t join listings l
        on l.account_id = %(account_id)s and l.connection_id = %(connection)s and l.external_id = t.external_id
     order by t.at, l.id
  )
  select at, id as listing_id, product_id from referred
  union all
  select at, id, product_id from named where at not in (select at from referred)
"""
SET_UNITS = """
  update order_lines l
     set units_shipped = t.units_shipped, units_refunded = t.units_refunded, refunded = t.refunded,
         refunded_at = t.refunded_at, fee = t.fee, changed_at = %(now)s
    from json_to_recordset(%(lines)s::text::json)
      as t (id integer, units_shipped integer, units_refunded integer, refunded numeric, refunded_at timestamptz, fee numeric)
   where l.account_id = %(account_id)s and l.id = t.id
"""
SUM_UP = """
  update orders o
     set weight_kg = o.weight_kg + t.weight_kg, tax = coalesce(t.order_tax, o.tax + t.tax),
         attention = array(select distinct unnest(o.attention || t.attention) order by 1)
    from jsonb_to_recordset(%(sums)s::text::jsonb) as t (id integer, weight_kg numeric, tax numeric, order_tax numeric, attention text[])
   where o.account_id = %(account_id)s and o.id = t.id
"""
# A refund that was made here, and that the channel has recorded since, comes back with the channel's id.
NAME_REFUNDS = """
  with stored as materialized (
    select r.id, r.order_id, r.external_id, r.amount from refunds r
     where r.account_id = %(account_id)s and r.order_id = any(%(ids)s)
  ), given as (
    select t.*, row_number() over (partition by t.order_id, t.amount order by t.refunded_at, t.external_id) as nth
      from json_to_recordset(%(refunds)s::text::json)
        as t (order_id integer, external_id text, amount numeric, refunded_at timestamptz)
     where not exists (select from stored s where s.order_id = t.order_id and s.external_id = t.external_id)
  ), ours as (
    select s.id, s.order_id, s.amount, row_number() over (partition by s.order_id, s.amount order by s.id) as nth
      from stored s
     where s.external_id is null
       and exists (select from order_updates u
                    where u.account_id = %(account_id)s and u.order_id = s.order_id and u.refund_id = s.id
                      and u.state = 'acknowledged')
  )
  update refunds r set external_id = given.external_id
    from given join ours using (order_id, amount, nth)
   where r.account_id = %(account_id)s and r.id = ours.id and r.order_id = any(%(ids)s)
"""
ADD_REFUNDS = """
  insert into refunds (account_id, id, order_id, external_id, amount, currency, reason, refunded_at, created_at)
  select %(account_id)s, new_ulid(), t.order_id, t.external_id, t.amount, t.currency, t.reason, t.refunded_at, %(now)s
    from json_to_recordset(%(refunds)s::text::json)
      as t (order_id integer, external_id text, amount numeric, currency text, reason text, refunded_at timestamptz)
  on conflict on constraint refunds_external_key do update
     set amount = excluded.amount, reason = excluded.reason, refunded_at = excluded.refunded_at
"""


class StoredLine(Struct, frozen=True, kw_only=True):
    """A line that is stored: by what it is known again, and what became of its units."""

    id: int
    order_id: int
    external_id: str
    quantity: int
    units_shipped: int
    units_cancelled: int
    units_refunded: int
    refunded: Any
    fee: Any


async def add_orders(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    orders: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> dict[str, int]:
    """Store the orders that are new; return their ids by the channel's."""
    params = _given(account_id, connection_id, orders, now=now)
    return dict(await tx.all(lambda row: (row["external_id"], row["id"]), ADD_ORDERS, params))


async def lock(
    tx: Transaction, account_id: UUID, connection_id: UUID, external_ids: Collection[str]
) -> list[StoredOrder]:
    """Lock the orders that are stored, by id."""
    if not external_ids:
        return []
    params = {
        "account_id": account_id,
        "connection": connection_id,
        "external_ids": list(external_ids),
    }
    return await tx.all(stored_from_row, LOCK, params)


async def follow(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    orders: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Store what the channel has changed of orders."""
    await tx.run(FOLLOW, _given(account_id, connection_id, orders, now=now))


def _given(
    account_id: UUID, connection_id: UUID, orders: Sequence[Mapping[str, Any]], *, now: datetime
) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "connection": connection_id,
        "orders": msgspec.json.encode(orders).decode(),
        "external_ids": [order["external_id"] for order in orders],
        "now": now,
    }


async def stored_lines(
    tx: Transaction, account_id: UUID, order_ids: Collection[int]
) -> list[StoredLine]:
    """Return the lines that orders have."""
    if not order_ids:
        return []
    params = {"account_id": account_id, "ids": list(order_ids)}
    return await tx.all(lambda row: StoredLine(**row), STORED_LINES, params)


async def match(
    tx: Transaction, account_id: UUID, connection_id: UUID, lines: Sequence[tuple[str, list[UUID]]]
) -> dict[int, tuple[UUID, UUID]]:
    """Find what lines (the listing's external id, own references) are of: listing and product, by the line's place."""
    keys = [(external_id, *refs) for external_id, refs in lines]
    places = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    wanted = [
        {"at": at, "external_id": key[0], "refs": list(key[1:])} for key, at in places.items()
    ]
    params = {
        "account_id": account_id,
        "connection": connection_id,
        "lines": msgspec.json.encode(wanted).decode(),
    }
    found = dict(
        await tx.all(lambda row: (row["at"], (row["listing_id"], row["product_id"])), MATCH, params)
    )
    return {at: found[places[key]] for at, key in enumerate(keys) if places[key] in found}


async def add_lines(
    tx: Transaction, account_id: UUID, lines: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store new lines, all in one COPY."""
    at = now.isoformat()
    sheet: dict[str, Column] = {"account_id": str(account_id), "created_at": at, "changed_at": at}
    sheet |= {name: [_text(line[name]) for line in lines] for name in _LINE}
    await tx.copy_in("order_lines", sheet, count=len(lines))


def _text(value: object) -> str | None:
    """Return a value as COPY reads it."""
    match value:
        case None | str():
            return value
        case datetime():
            return value.isoformat()
        case Mapping():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


async def set_units(
    tx: Transaction, account_id: UUID, lines: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store how many units of lines the channel has shipped and refunded, and what it keeps of them."""
    params = {
        "account_id": account_id,
        "lines": msgspec.json.encode(lines).decode(),
        "now": now,
    }
    await tx.run(SET_UNITS, params)


async def sum_up(tx: Transaction, account_id: UUID, sums: Sequence[Mapping[str, Any]]) -> None:
    """Add what new lines bring to their orders: weight, tax, and why a person should look."""
    params = {"account_id": account_id, "sums": msgspec.json.encode(sums).decode()}
    await tx.run(SUM_UP, params)


async def add_refunds(
    tx: Transaction, account_id: UUID, refunds: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store refunds that the channel made; each is stored once."""
    params = {
        "account_id": account_id,
        "ids": sorted({refund["order_id"] for refund in refunds}),
        "refunds": msgspec.json.encode(refunds).decode(),
        "now": now,
    }
    await tx.run(NAME_REFUNDS, params)
    await tx.run(ADD_REFUNDS, params)


def stored_from_row(row: Row) -> StoredOrder:
    """Read how far a stored order is."""
    before = row["previous_status"]
    status = OrderStatus(row["status"])
    return StoredOrder(
        **{**row, "status": status, "previous_status": OrderStatus(before) if before else None}
    )
