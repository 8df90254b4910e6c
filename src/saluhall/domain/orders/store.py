"""The SQL of orders: changing how far they are, reading them as values, and reading them out as text."""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from saluhall.domain.orders.extraction import (
    CONDITIONS,
    Layout,
    count_statement,
    csv_statement,
    json_statement,
)
from saluhall.domain.orders.model import (
    Order,
    OrderFilter,
    OrderLine,
    OrderState,
    OrderStatus,
    UpdateKind,
)
from saluhall.storage import Transaction
from saluhall.storage.database import Row

_HIGHEST_ID: Final = 2**31 - 1
_AT_ONCE: Final = 32  # orders in a block: some 200 kB
LOCK = """
  select o.id, o.number, o.connection_id, coalesce(c.channel, '') as channel,
         coalesce(initcap(c.channel) || ' ' || c.user_id, '') as shop,
         o.status, o.previous_status, o.status_message, o.carrier, o.carrier_number, o.tracking, o.paid_at, o.shipped_at,
         o.cancelled_at, o.cancel_reason, o.shipping_note,
         (select u.kind from order_updates u
           where u.account_id = o.account_id and u.order_id = o.id and u.due_at is not null and u.kind <> 'refunded'
             and (u.kind <> 'shipped' or o.status = 'shipped')
           order by u.id desc limit 1) as due
    from orders o
    left join connections c on c.account_id = %(account_id)s and c.id = o.connection_id
   where o.account_id = %(account_id)s and o.id = any(%(ids)s)
   order by o.id
     for update of o
"""
WRITE = """
  update orders o
     set status = n.status, previous_status = n.previous_status, status_message = n.status_message,
         carrier = n.carrier, carrier_number = n.carrier_number, tracking = n.tracking, paid_at = n.paid_at,
         shipped_at = n.shipped_at, cancelled_at = n.cancelled_at, cancel_reason = n.cancel_reason,
         shipping_note = n.shipping_note, changed_at = %(now)s
    from jsonb_to_recordset(%(states)s::text::jsonb)
      as n (id integer, status text, previous_status text, status_message text, carrier text, carrier_number integer,
            tracking text, paid_at timestamptz, shipped_at timestamptz, cancelled_at timestamptz, cancel_reason text,
            shipping_note text)
   where o.account_id = %(account_id)s and o.id = n.id
"""
# What needs a person does so until the line is shipped or cancelled.
LIST = """
  select o.id, o.number, coalesce(c.channel, o.channel) as channel, o.connection_id, o.status, o.placed_at, o.currency, o.total,
         o.shipping_name as buyer, o.tags, open.attention,
         coalesce((select json_agg(json_build_object(
                     'id', l.id, 'sku', l.sku, 'catalog', l.catalog_number, 'title', l.title, 'quantity', l.quantity,
                     'shipped', l.units_shipped, 'cancelled', l.units_cancelled, 'refunded', l.units_refunded,
                     'unit_price', l.unit_price::text, 'total', l.total::text, 'tax', l.tax::text, 'fee', l.fee::text,
                     'net', (least(l.total - l.refunded, case when l.units_cancelled = 0 then l.total else
                       round(l.total * (l.quantity - l.units_cancelled) / greatest(l.quantity, 1), 2) end) - l.fee)::text)
                     order by l.id)
                     from order_lines l where l.account_id = o.account_id and l.order_id = o.id), '[]') as lines
    from orders o
    left join connections c on c.account_id = o.account_id and c.id = o.connection_id
   cross join lateral (
     select array(
       select a from unnest(o.attention) a
        where o.status in ('pending', 'paid')
          and exists (select from order_lines l
                       where l.account_id = o.account_id and l.order_id = o.id
                         and l.quantity > l.units_shipped + l.units_cancelled
                         and case a when 'unmatched' then l.product_id is null
                                    else l.product_id is not null and l.units_taken < l.quantity - l.units_cancelled end)
     ) as attention) open
   where o.account_id = %(account_id)s
     and (%(order_id)s::integer is null or o.id = %(order_id)s)
     and (%(status)s::text is null or o.status = %(status)s)
     and (not %(attention)s or o.attention <> '{}' and o.status in ('pending', 'paid') and open.attention <> '{}')
   order by o.placed_at desc, o.id desc
   limit %(limit)s
"""


async def lock(tx: Transaction, account_id: UUID, order_ids: Collection[int]) -> list[OrderState]:
    """Lock orders by id, always in the order of ids; those that the account has not are left out."""
    ids = sorted(order_id for order_id in order_ids if 0 < order_id <= _HIGHEST_ID)
    return await tx.all(state_from_row, LOCK, {"account_id": account_id, "ids": ids})


async def write(
    tx: Transaction, account_id: UUID, states: Sequence[OrderState], *, now: datetime
) -> None:
    """Store how far orders are, all in one statement."""
    text = msgspec.json.encode(states).decode()
    await tx.run(WRITE, {"account_id": account_id, "states": text, "now": now})


async def list_orders(
    tx: Transaction,
    account_id: UUID,
    *,
    status: OrderStatus | None,
    attention: bool,
    limit: int,
) -> list[Order]:
    """Read orders with their lines, newest first."""
    params = {
        "account_id": account_id,
        "order_id": None,
        "status": status,
        "attention": attention,
        "limit": limit,
    }
    return await tx.all(order_from_row, LIST, params)


async def find(tx: Transaction, account_id: UUID, order_id: int) -> Order | None:
    """Find an order with its lines."""
    if not 0 < order_id <= _HIGHEST_ID:
        return None
    params = {
        "account_id": account_id,
        "order_id": order_id,
        "status": None,
        "attention": False,
        "limit": 1,
    }
    return await tx.one(order_from_row, LIST, params)


async def count(tx: Transaction, account_id: UUID, wanted: OrderFilter) -> int:
    """Count all orders that match, whatever page is asked for."""
    params = _params(account_id, wanted)
    found = await tx.one(lambda row: int(row["count"]), count_statement(_named(wanted)), params)
    return found or 0


def as_json(
    tx: Transaction, account_id: UUID, wanted: OrderFilter, layout: Layout
) -> AsyncGenerator[bytes, None]:
    """Read a page as JSON, one object for each order, newest first; a comma comes before each."""
    return tx.stream(
        json_statement(layout, _named(wanted)), _params(account_id, wanted), rows=_AT_ONCE
    )


def as_csv(
    tx: Transaction, account_id: UUID, wanted: OrderFilter, layout: Layout, *, separator: str
) -> AsyncGenerator[bytes, None]:
    """Read a page as CSV lines, newest first."""
    params = {**_params(account_id, wanted), "separator": separator}
    return tx.stream(csv_statement(layout, _named(wanted)), params, rows=_AT_ONCE)


def _named(wanted: OrderFilter) -> tuple[str, ...]:
    return tuple(name for name in CONDITIONS if getattr(wanted, name) not in {None, ()})


def _params(account_id: UUID, wanted: OrderFilter) -> dict[str, object]:
    filters = {name: getattr(wanted, name) for name in _named(wanted)}
    lists = {name: list(value) for name, value in filters.items() if isinstance(value, tuple)}
    return {
        **filters,
        **lists,
        "account_id": account_id,
        "time_zone": wanted.time_zone,
        "offset": wanted.offset,
        "limit": wanted.limit,
    }


def state_from_row(row: Row) -> OrderState:
    """Read how far an order is."""
    before, due = row["previous_status"], row["due"]
    return OrderState(
        **{
            **row,
            "status": OrderStatus(row["status"]),
            "previous_status": OrderStatus(before) if before else None,
            "due": UpdateKind(due) if due else None,
        }
    )


def order_from_row(row: Row) -> Order:
    """Read an order with its lines."""
    lines: Any = row["lines"]
    return Order(
        **{
            **row,
            "status": OrderStatus(row["status"]),
            "lines": msgspec.convert(lines, list[OrderLine], strict=False),
        }
    )
