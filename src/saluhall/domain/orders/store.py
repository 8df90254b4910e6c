"""The SQL of orders: changing how far they are, reading them out as text, and taking whole ones in."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.orders.extraction import (
    CONDITIONS,
    count_statement,
    csv_statement,
    json_statement,
)
from saluhall.domain.orders.fields import HEAD, ROW, Layout
from saluhall.domain.orders.model import OrderStatus, Standing, Wanted
from saluhall.storage import Transaction
from saluhall.storage.database import Row

_HIGHEST_ID = 2**31 - 1
_AT_ONCE = 32  # orders in a block: some 200 kB
LOCK = """
  select h.id, h.code, h.connection_id, coalesce(initcap(c.channel) || ' ' || c.user_id, '') as shop,
         h.status, h.status_old, h.status_message, h.wanted_status, h.courier, h.courier_code,
         h.tracking, h.date_payment, h.date_shipping, h.shipping_note
    from order_heads h
    left join connections c on c.account_id = %(owner)s and c.id = h.connection_id
   where h.account_id = %(owner)s and h.id = any(%(ids)s)
   order by h.id
     for update of h
"""
# A change of what is wanted starts the pushing anew: a claim of the earlier wish no longer counts.
WRITE = """
  update order_heads h
     set status = n.status, status_old = n.status_old, status_message = n.status_message,
         courier = n.courier, courier_code = n.courier_code, tracking = n.tracking,
         date_payment = n.date_payment, date_shipping = n.date_shipping,
         shipping_note = n.shipping_note, modified = %(now)s, wanted_status = n.wanted_status,
         push_due_at = case when n.wanted_status is not distinct from h.wanted_status then h.push_due_at
                            when n.wanted_status is not null then %(now)s end,
         push_attempts = case when n.wanted_status is not distinct from h.wanted_status
                              then h.push_attempts else 0 end,
         push_claimed_by = case when n.wanted_status is not distinct from h.wanted_status
                                then h.push_claimed_by end
    from jsonb_to_recordset(%(standings)s::text::jsonb)
      as n (id integer, status text, status_old text, status_message text, courier integer,
            courier_code text, tracking text, date_payment timestamptz, date_shipping timestamptz,
            shipping_note text, wanted_status text)
   where h.account_id = %(owner)s and h.id = n.id
"""
DELETED_PRODUCTS = """
  select distinct p.id
    from order_rows r join products p on p.account_id = r.account_id and p.id = r.product
   where r.account_id = %(owner)s and r.order_id = any(%(ids)s)
     and (p.status = 'archived' or p.delete_wanted)
"""

# Whole orders with ids of their own; ours go on above them. Elsewhere an order is known by its code.
_RECORDS = "json_populate_recordset(null::{table}, %(records)s::text::json)"
PUT_HEADS = f"""
  insert into order_heads (account_id, connection_id, remote_id, {", ".join(HEAD)})
  overriding system value
  select %(owner)s, %(connection)s, case when %(connection)s::uuid is null then id::text else code end,
         {", ".join(HEAD)}
    from {_RECORDS.format(table="order_heads")}
"""
PUT_ROWS = f"""
  insert into order_rows (account_id, {", ".join(ROW)}) overriding system value
  select %(owner)s, {", ".join(ROW)} from {_RECORDS.format(table="order_rows")}
"""
GO_ON = """
  select setval(pg_get_serial_sequence('order_heads', 'id'),
                greatest((select last_value from order_heads_id_seq), %(head)s)),
         setval(pg_get_serial_sequence('order_rows', 'id'),
                greatest((select last_value from order_rows_id_seq), %(row)s))
"""


async def lock(tx: Transaction, owner: UUID, order_ids: Collection[int]) -> list[Standing]:
    """Lock orders by id, always in the order of ids; those that the account has not are left out."""
    ids = sorted(order_id for order_id in order_ids if 0 < order_id <= _HIGHEST_ID)
    return await tx.all(standing_from_row, LOCK, {"owner": owner, "ids": ids})


async def write(
    tx: Transaction, owner: UUID, standings: Sequence[Standing], *, now: datetime
) -> None:
    """Store how far orders are, all in one statement."""
    text = msgspec.json.encode(standings).decode()
    await tx.run(WRITE, {"owner": owner, "standings": text, "now": now})


async def deleted_products(tx: Transaction, owner: UUID, order_ids: Sequence[int]) -> list[UUID]:
    """List the products in these orders that the seller has deleted."""
    params = {"owner": owner, "ids": list(order_ids)}
    return await tx.all(lambda row: row["id"], DELETED_PRODUCTS, params)


async def count(tx: Transaction, owner: UUID, wanted: Wanted) -> int:
    """Count all orders that match, whatever page is asked for."""
    params = _params(owner, wanted)
    found = await tx.one(lambda row: int(row["count"]), count_statement(_named(wanted)), params)
    return found or 0


def as_json(
    tx: Transaction, owner: UUID, wanted: Wanted, layout: Layout
) -> AsyncGenerator[bytes, None]:
    """Read a page as JSON, one object for each order, newest first; a comma stands before each."""
    return tx.stream(json_statement(layout, _named(wanted)), _params(owner, wanted), rows=_AT_ONCE)


def as_csv(
    tx: Transaction, owner: UUID, wanted: Wanted, layout: Layout, *, separator: str
) -> AsyncGenerator[bytes, None]:
    """Read a page as CSV lines, newest first."""
    params = {**_params(owner, wanted), "separator": separator}
    return tx.stream(csv_statement(layout, _named(wanted)), params, rows=_AT_ONCE)


async def put_whole(
    tx: Transaction,
    owner: UUID,
    *,
    heads: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    connection_id: UUID | None,
) -> None:
    """Store whole orders, every field and the ids given. Raises Conflict."""
    given = {"owner": owner, "connection": connection_id}
    await tx.run(PUT_HEADS, {**given, "records": msgspec.json.encode(heads).decode()})
    await tx.run(PUT_ROWS, {**given, "records": msgspec.json.encode(rows).decode()})
    highest = {
        "head": max((int(head["id"]) for head in heads), default=1),
        "row": max((int(row["id"]) for row in rows), default=1),
    }
    await tx.run(GO_ON, highest)


def _named(wanted: Wanted) -> tuple[str, ...]:
    return tuple(name for name in CONDITIONS if getattr(wanted, name) not in {None, ()})


def _params(owner: UUID, wanted: Wanted) -> dict[str, object]:
    filters = {name: getattr(wanted, name) for name in _named(wanted)}
    lists = {name: list(value) for name, value in filters.items() if isinstance(value, tuple)}
    return {
        **filters,
        **lists,
        "owner": owner,
        "time_zone": wanted.time_zone,
        "offset": wanted.offset,
        "limit": wanted.limit,
    }


def standing_from_row(row: Row) -> Standing:
    """Read how far an order is."""
    wanted = row["wanted_status"]
    return Standing(
        **{
            **row,
            "status": OrderStatus(row["status"]),
            "wanted_status": OrderStatus(wanted) if wanted else None,
        }
    )
