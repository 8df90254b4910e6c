"""The SQL of orders that come in. The statements that write heads and rows are made from the tables of fields below."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.storage import Transaction

# What stays as it was when the order first came, and what follows the marketplace.
_FIXED = {
    "shop": "integer",
    "code": "text",
    "marketplace_code": "text",
    "channel_code": "text",
    "marketplace_country": "text",
    "date_order": "timestamptz",
}
_FOLLOWED = {
    "remote_modified": "timestamptz",
    "currency": "text",
    "price": "numeric",
    "shipping_price": "numeric",
    "marketplace_fee": "numeric",
    **dict.fromkeys(("shipping_code", "payment_code", "buyer_user_id", "buyer_email"), "text"),
    **{
        f"buyer_{name}{ending}": "text"
        for ending in ("", "_dd")
        for name in ("name", "address1", "address2", "zip", "city", "country", "phone")
    },
}
_STATUS = {"status": "text", "date_payment": "timestamptz"}
_ROW = {
    "order_id": "integer",
    "product": "uuid",
    "quantity": "integer",
    "stock_unloaded": "integer",
    **dict.fromkeys(
        ("product_id", "transaction_id", "sku", "ean", "brand", "mpn", "title", "image_url", "shipping_code"),
        "text",
    ),
    **dict.fromkeys(
        ("price", "price_total", "price_cost", "shipping_price", "vat_perc", "product_tax", "weight"),
        "numeric",
    ),
    "product_info": "json",
}  # fmt: skip


def _typed(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in fields.items())


_HEAD = {**_FIXED, **_FOLLOWED, **_STATUS}
_TOLD = f"json_to_recordset(%(heads)s::text::json) as t (remote_id text, {_typed(_HEAD)})"
# The ids stand beside the told orders too: with these alone PostgreSQL may read all orders of the connection to find a few.
# An order that is read again must not use up a number: only what is not there is inserted. A reader that is faster by a moment wins.
ADD_HEADS = f"""
  insert into order_heads (account_id, connection_id, remote_id, created, modified, {", ".join(_HEAD)})
  select %(owner)s, %(connection)s, t.remote_id, %(now)s, %(now)s, {", ".join(f"t.{f}" for f in _HEAD)}
    from {_TOLD}
   where not exists (
     select from order_heads h
      where h.account_id = %(owner)s and h.connection_id = %(connection)s and h.remote_id = t.remote_id
        and h.remote_id = any(%(remote_ids)s))
   order by t.remote_id
  on conflict on constraint order_heads_remote_key do nothing
  returning id, remote_id
"""
LOCK_HEADS = """
  select id from order_heads
   where account_id = %(owner)s and connection_id = %(connection)s and remote_id = any(%(remote_ids)s)
   order by id for update
"""
FOLLOW_HEADS = f"""
  update order_heads h
     set {", ".join(f"{name} = t.{name}" for name in _FOLLOWED)}, modified = %(now)s,
         date_payment = coalesce(h.date_payment, t.date_payment),
         status_old = case when h.status = 'standby' and t.status = 'accepted' then h.status
                           else h.status_old end,
         status = case when h.status = 'standby' then t.status else h.status end
    from {_TOLD}
   where h.account_id = %(owner)s and h.connection_id = %(connection)s and h.remote_id = t.remote_id
     and h.remote_id = any(%(remote_ids)s)
     and h.remote_modified < t.remote_modified
  returning h.id, h.remote_id
"""
STORED_ROWS = """
  select order_id, product_id from order_rows
   where account_id = %(owner)s and order_id = any(%(ids)s)
"""
# Our own reference tells more than the marketplace's id: it stays when the marketplace lists an item again by itself.
MATCH = """
  select t.at, l.id as listing_id, l.product_id
    from jsonb_to_recordset(%(rows)s::text::jsonb) as t (at integer, external_id text, refs uuid[])
   cross join lateral (
     select l.id, l.product_id from listings l
      where l.account_id = %(owner)s
        and (l.id = any(t.refs) or (l.connection_id = %(connection)s and l.external_id = t.external_id))
      order by l.id = any(t.refs) desc, l.id limit 1) l
"""
ADD_ROWS = f"""
  insert into order_rows (account_id, created, modified, {", ".join(_ROW)})
  select %(owner)s, %(now)s, %(now)s, {", ".join(f"t.{name}" for name in _ROW)}
    from json_to_recordset(%(rows)s::text::json) as t ({_typed(_ROW)})
"""
SUM_UP = """
  update order_heads h
     set weight = h.weight + t.weight, total_tax = h.total_tax + t.tax,
         attention = nullif(concat_ws(', ', h.attention, t.attention), '')
    from jsonb_to_recordset(%(sums)s::text::jsonb) as t (id integer, weight numeric, tax numeric, attention text)
   where h.account_id = %(owner)s and h.id = t.id
"""


async def put_heads(
    tx: Transaction,
    owner: UUID,
    connection_id: UUID,
    heads: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> dict[str, int]:
    """Store heads that are new, and those that the marketplace has changed since; return their ids by the marketplace's."""
    params: dict[str, Any] = {
        "owner": owner,
        "connection": connection_id,
        "heads": msgspec.json.encode(heads).decode(),
        "remote_ids": [head["remote_id"] for head in heads],
        "now": now,
    }
    added = await tx.all(lambda row: (row["remote_id"], row["id"]), ADD_HEADS, params)
    await tx.run(LOCK_HEADS, params)
    followed = await tx.all(lambda row: (row["remote_id"], row["id"]), FOLLOW_HEADS, params)
    ids = dict([*added, *followed])
    return {head["remote_id"]: ids[head["remote_id"]] for head in heads if head["remote_id"] in ids}


async def stored_rows(
    tx: Transaction, owner: UUID, order_ids: Sequence[int]
) -> list[tuple[int, str]]:
    """List the rows that orders have: (order, the marketplace's id of what was sold)."""
    return await tx.all(
        lambda row: (row["order_id"], row["product_id"]),
        STORED_ROWS,
        {"owner": owner, "ids": list(order_ids)},
    )


async def match(
    tx: Transaction, owner: UUID, connection_id: UUID, rows: Sequence[tuple[str, list[UUID]]]
) -> dict[int, tuple[UUID, UUID]]:
    """Find what rows (external id, own references) are of: listing and product, by the row's place."""
    wanted = [
        {"at": at, "external_id": external_id, "refs": refs}
        for at, (external_id, refs) in enumerate(rows)
    ]
    params = {
        "owner": owner,
        "connection": connection_id,
        "rows": msgspec.json.encode(wanted).decode(),
    }
    found = await tx.all(
        lambda row: (row["at"], (row["listing_id"], row["product_id"])), MATCH, params
    )
    return dict(found)


async def add_rows(
    tx: Transaction, owner: UUID, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store rows."""
    params = {"owner": owner, "rows": msgspec.json.encode(rows).decode(), "now": now}
    await tx.run(ADD_ROWS, params)


async def sum_up(tx: Transaction, owner: UUID, sums: Sequence[Mapping[str, Any]]) -> None:
    """Add to heads what their new rows bring, and why a person should look."""
    await tx.run(SUM_UP, {"owner": owner, "sums": msgspec.json.encode(sums).decode()})
