"""The SQL of products. The statements that write are made from the table of fields."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from saluhall.domain.products.fields import PUT_FIELDS, named_fields
from saluhall.domain.products.model import (
    DueText,
    Product,
    PutProduct,
    Settled,
    Status,
    StoredRow,
    product_from_row,
)
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

_CAST = {"metadata": "::json"}
TAKE_TURNS = """
  select pg_advisory_xact_lock(hashtextextended(%(catalog)s || account_id::text, 0))
    from accounts where account_id = %(owner)s
"""
# What stands there is looked up one by one, by index: joined, a table that was empty when the plan was made would be read whole for
# each PUT. PostgreSQL guesses a hundred rows in any JSON; asked whether they are objects, which they are, it guesses one, and so
# never finds it cheaper to read a small table whole. Rows are therefore handed on from step to step, not joined with each other.
_PUT_SHAPE = """
  with shelf as (
    select id from catalogs where account_id = %(owner)s and code = %(catalog)s
  ), t as (
    select shelf.id as catalog_id, j, r.*
      from shelf, jsonb_array_elements(%(rows)s::text::jsonb) as j,
           jsonb_to_record(j) as r(sku text, {typed})
     where jsonb_typeof(j) = 'object'
  ), refused as (
    select t.sku from t
     where t.parent_sku is not null and (t.parent_sku = t.sku or (
       select p.id from products p
        where p.account_id = %(owner)s and p.catalog_id = t.catalog_id and p.sku = t.parent_sku
          and not p.delete_wanted) is null)
  ), found as (
    select p.id, t.*
      from t, lateral (
        select id from products
         where account_id = %(owner)s and catalog_id = t.catalog_id and sku = t.sku
           and not delete_wanted offset 0) p
     order by p.id
  ), old as (
    select p.account_id, p.now_kind, p.now_status, p.now_price, p.now_image_urls, p.now_auto_publish,
           p.now_ai_enhancement, p.is_changed, found.*
      from found, lateral (
        select p.account_id, p.kind as now_kind, p.status as now_status, p.price as now_price,
               p.image_urls as now_image_urls, p.auto_publish as now_auto_publish,
               p.ai_enhancement as now_ai_enhancement, {is_changed} as is_changed
          from products p, (select found.*) t
         where p.account_id = %(owner)s and p.catalog_id = t.catalog_id and p.sku = t.sku
           and not p.delete_wanted
           for update of p) p
  ), created as (
    insert into products (account_id, catalog_id, sku, id, status, created_at, updated_at,
                          enhance_due_at, {names})
    select %(owner)s, t.catalog_id, t.sku, new_ulid(),
           case when t.image_urls <> '{{}}' or t.ai_enhancement then 'draft' else 'active' end,
           %(now)s, %(now)s, case when t.ai_enhancement then %(now)s end, {fresh}
      from t
     where t.sku not in (select sku from refused) and t.sku not in (select sku from old)
     order by t.sku
    on conflict (account_id, catalog_id, sku) where not delete_wanted do nothing
    returning id, sku, kind, status, price, image_urls, auto_publish, ai_enhancement
  ), updated as (
    update products p
       set updated_at = %(now)s,
           enhanced_title = case when {same_text} then p.enhanced_title end,
           enhanced_description = case when {same_text} then p.enhanced_description end,
           enhance_due_at = case when not {enhance} then null
                                 when p.ai_enhancement and {same_text} then p.enhance_due_at
                                 else %(now)s end,
           {kept}
      from old t
     where p.account_id = t.account_id and p.id = t.id and t.is_changed
       and t.sku not in (select sku from refused)
    returning p.id, p.sku, p.kind, p.status, p.price, p.image_urls, p.auto_publish, p.ai_enhancement, t.j
  )
  select 'created' as outcome, c.*, null::jsonb as named from created c
  union all select 'updated', u.* from updated u
  union all select 'unchanged', o.id, o.sku, o.now_kind, o.now_status, o.now_price, o.now_image_urls,
                   o.now_auto_publish, o.now_ai_enhancement, o.j
              from old o where not o.is_changed and o.sku not in (select sku from refused)
  union all select 'refused', null, sku, null, null, null, null, null, null, null from refused
"""


def _put_statement() -> str:
    # What is there already is not inserted in vain: each try would use a product's number up.
    typed = ", ".join(f"{f.name} {f.sql_type}" for f in PUT_FIELDS)
    names = ", ".join(f.name for f in PUT_FIELDS)
    fresh = ", ".join(
        f"coalesce(t.{f.name}, {f.default}){_CAST.get(f.name, '')}" for f in PUT_FIELDS
    )
    kept = ", ".join(
        f"{f.name} = case when t.j ? '{f.name}'"
        f" then coalesce(t.{f.name}, {f.default}){_CAST.get(f.name, '')} else p.{f.name} end"
        for f in PUT_FIELDS
        if not f.on_create_only
    )
    # Text tells apart what PostgreSQL cannot compare as JSON.
    is_changed = " or ".join(
        f"(t.j ? '{f.name}' and coalesce(t.{f.name}, {f.default})"
        f" is distinct from p.{f.name}{'::text' if f.name in _CAST else ''})"
        for f in PUT_FIELDS
        if not f.on_create_only
    )
    enhance = "(case when t.j ? 'ai_enhancement' then coalesce(t.ai_enhancement, false) else p.ai_enhancement end)"
    same_text = (
        f"({enhance} and not (t.j ? 'title' and t.title is distinct from p.title"
        " or t.j ? 'description' and t.description is distinct from p.description))"
    )
    return _PUT_SHAPE.format(
        typed=typed, names=names, fresh=fresh, kept=kept, enhance=enhance, same_text=same_text,
        is_changed=f"({is_changed})",
    )  # fmt: skip


PUT = _put_statement()
_COLUMNS = (
    "p.id, p.sku, p.kind, p.parent_sku, p.status, p.title, p.description, p.price, p.currency,"
    " p.shipping_cost, p.shipping_strategy, p.weight_kg, p.image_urls, p.domain, p.schema_version,"
    " p.metadata::text as metadata, p.auto_publish, p.ai_enhancement, p.created_at, p.updated_at"
)
FIND = f"""
  select {_COLUMNS} from products p join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
   where p.account_id = %(owner)s and c.code = %(catalog)s and p.sku = %(sku)s
     and not p.delete_wanted
"""
LOCK = FIND + " for update of p"
SET_PRICE = """
  update products set price = %(price)s, updated_at = %(now)s
   where account_id = %(owner)s and id = %(id)s
"""
MARK_SOLD = """
  update products set status = 'sold', updated_at = %(now)s
   where account_id = %(owner)s and id = %(id)s and status not in ('archived', 'sold')
"""
SET_STATUS = """
  update products set status = %(status)s, updated_at = %(now)s
   where account_id = %(owner)s and id = %(id)s
"""
WANT_DELETED = """
  update products set delete_wanted = true, status = %(status)s, updated_at = %(now)s
   where account_id = %(owner)s and id = %(id)s
"""
# It is shown again, as archived, unless a new product has its sku by now.
KEEP_AFTER_ALL = """
  update products p set status = 'archived', updated_at = %(now)s,
         delete_wanted = exists (
           select from products n
            where n.account_id = p.account_id and n.catalog_id = p.catalog_id and n.sku = p.sku
              and not n.delete_wanted)
   where account_id = %(owner)s and id = %(id)s and delete_wanted and status <> 'archived'
"""
DELETE = "delete from products where account_id = %(owner)s and id = %(id)s"
SETTLE = """
  update products p set status = 'active', updated_at = %(now)s
   where p.account_id = %(owner)s and p.id = any(%(ids)s) and p.status = 'draft'
     and p.enhance_due_at is null
     and not exists (
       select from images i
        where i.account_id = p.account_id and i.product_id = p.id and i.due_at is not null)
  returning p.id, p.sku, cardinality(p.image_urls) as wanted,
            (select count(*) from images i
              where i.account_id = p.account_id and i.product_id = p.id and i.state = 'ready') as ready
"""
CLAIM_TEXTS = """
  with due as (
    select account_id, id from products
     where account_id = %(owner)s and enhance_due_at <= %(now)s
     order by enhance_due_at limit %(limit)s for update skip locked
  )
  update products p
     set enhance_due_at = %(now)s + %(lease)s, enhance_claimed_by = %(worker)s,
         enhance_claim_number = p.enhance_claim_number + 1
    from due
   where p.account_id = due.account_id and p.id = due.id
  returning p.id, p.sku, p.title, p.description, p.enhance_claimed_by as claimed_by,
            p.enhance_claim_number as claim_number
"""
RECORD_TEXT = """
  update products
     set enhance_due_at = null, enhance_claimed_by = null, enhanced_title = %(title)s,
         enhanced_description = %(description)s
   where account_id = %(owner)s and id = %(id)s and ai_enhancement
     and title = %(seen_title)s and description is not distinct from %(seen_description)s
     and enhance_claimed_by = %(worker)s and enhance_claim_number = %(claim)s
"""


async def take_turns(tx: Transaction, owner: UUID, *, catalog: str) -> None:
    """Wait for whoever else puts many products into this catalog, and keep others waiting until the transaction ends."""
    await tx.run(TAKE_TURNS, {"owner": owner, "catalog": catalog})


async def put(
    tx: Transaction, owner: UUID, *, catalog: str, products: Sequence[PutProduct], now: datetime
) -> list[StoredRow]:
    """Create or update each product, one statement for all; rows come back in no particular order."""
    rows = msgspec.json.encode([named_fields(p) for p in products]).decode()
    params = {"owner": owner, "catalog": catalog, "rows": rows, "now": now}
    return await tx.all(_put_from_row, PUT, params)


def _put_from_row(row: Row) -> StoredRow:
    return StoredRow(**{**row, "named": frozenset(row["named"] or ())})


async def find(tx: Transaction, owner: UUID, *, catalog: str, sku: str) -> Product | None:
    """Find a product by its sku."""
    return await tx.one(product_from_row, FIND, {"owner": owner, "catalog": catalog, "sku": sku})


async def lock(tx: Transaction, owner: UUID, *, catalog: str, sku: str) -> Product | None:
    """Find a product and lock it until the transaction ends."""
    return await tx.one(product_from_row, LOCK, {"owner": owner, "catalog": catalog, "sku": sku})


async def set_price(
    tx: Transaction, owner: UUID, product_id: UUID, *, price: Decimal, now: datetime
) -> None:
    """Store a new price."""
    await tx.run(SET_PRICE, {"owner": owner, "id": product_id, "price": price, "now": now})


async def set_status(
    tx: Transaction, owner: UUID, product_id: UUID, *, status: Status, now: datetime
) -> None:
    """Store a new status."""
    await tx.run(SET_STATUS, {"owner": owner, "id": product_id, "status": status, "now": now})


async def mark_sold(tx: Transaction, owner: UUID, product_id: UUID, *, now: datetime) -> None:
    """Store that a product was sold; an archived one stays archived."""
    await tx.run(MARK_SOLD, {"owner": owner, "id": product_id, "now": now})


async def want_deleted(
    tx: Transaction, owner: UUID, product_id: UUID, *, status: Status, now: datetime
) -> None:
    """Hide a product until its listing is down and it can go."""
    await tx.run(WANT_DELETED, {"owner": owner, "id": product_id, "status": status, "now": now})


async def keep_after_all(tx: Transaction, owner: UUID, product_id: UUID, *, now: datetime) -> int:
    """Archive a product that was to be deleted but is being sold."""
    return await tx.run(KEEP_AFTER_ALL, {"owner": owner, "id": product_id, "now": now})


async def delete(tx: Transaction, owner: UUID, product_id: UUID) -> None:
    """Delete a product."""
    await tx.run(DELETE, {"owner": owner, "id": product_id})


async def settle(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[Settled]:
    """Activate the drafts among these that wait for nothing more."""
    params = {"owner": owner, "ids": list(product_ids), "now": now}
    return await tx.all(lambda row: Settled(**row), SETTLE, params)


async def claim_texts(
    tx: Transaction, owner: UUID, *, worker: UUID, limit: int, lease: timedelta, now: datetime
) -> list[DueText]:
    """Take products whose text is to be enhanced, for the length of a lease."""
    params = {"owner": owner, "worker": worker, "limit": limit, "lease": lease, "now": now}
    return await tx.all(lambda row: _due_from_row(owner, row), CLAIM_TEXTS, params)


def _due_from_row(owner: UUID, row: Row) -> DueText:
    facts = {name: row[name] for name in ("id", "sku", "title", "description")}
    return DueText(account_id=owner, **facts, claim=claim_from_row(row))


async def record_text(
    tx: Transaction, due: DueText, *, title: str | None, description: str | None
) -> bool:
    """Keep the enhanced text beside the seller's own (None: there is none); False when the seller has changed theirs meanwhile."""
    params = {
        "owner": due.account_id,
        "id": due.id,
        **params_of(due.claim),
        "title": title,
        "description": description,
        "seen_title": due.title,
        "seen_description": due.description,
    }
    return bool(await tx.run(RECORD_TEXT, params))
