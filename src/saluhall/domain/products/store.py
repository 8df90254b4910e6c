"""The SQL of products: reading them, and changing one thing of one. `upsert_store` has the statement that writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from saluhall.domain.products.model import (
    COLUMNS,
    DueText,
    Product,
    ProductKey,
    Settled,
    Status,
    product_from_row,
)
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

LOCK = f"""
  select {COLUMNS} from products p join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
   where p.account_id = %(account_id)s and c.code = %(catalog)s and p.sku = %(sku)s
     and not p.delete_wanted
     for update of p
"""
LOCK_NUMBERED = f"""
  select {COLUMNS} from products p join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
   where p.account_id = %(account_id)s and c.number = %(number)s and p.sku = %(sku)s
     and not p.delete_wanted
     for update of p
"""
SET_PRICE = """
  update products set price = %(price)s, content_revision = content_revision + 1, updated_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s
"""
MARK_SOLD = """
  update products set status = 'sold', updated_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s and status not in ('archived', 'sold')
"""
SET_STATUS = """
  update products set status = %(status)s, updated_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s
"""
WANT_DELETED = """
  update products set delete_wanted = true, status = %(status)s, updated_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s
"""
# It is shown again, as archived, unless a new product has its sku by now.
KEEP_AFTER_ALL = """
  update products p set status = 'archived', updated_at = %(now)s,
         delete_wanted = exists (
           select from products n
            where n.account_id = p.account_id and n.catalog_id = p.catalog_id and n.sku = p.sku
              and not n.delete_wanted)
   where account_id = %(account_id)s and id = %(id)s and delete_wanted and status <> 'archived'
"""
DELETE = "delete from products where account_id = %(account_id)s and id = %(id)s"
SETTLE = """
  update products p
     set status = 'active', content_revision = p.content_revision + 1, updated_at = %(now)s
   where p.account_id = %(account_id)s and p.id = any(%(ids)s) and p.status = 'draft'
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
     where account_id = %(account_id)s and enhance_due_at <= %(now)s
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
   where account_id = %(account_id)s and id = %(id)s and ai_enhancement
     and title = %(seen_title)s and description is not distinct from %(seen_description)s
     and enhance_claimed_by = %(worker)s and enhance_claim_number = %(claim)s
"""


async def lock(tx: Transaction, account_id: UUID, *, catalog: str, sku: str) -> Product | None:
    """Find a product and lock it until the transaction ends."""
    return await tx.one(
        product_from_row, LOCK, {"account_id": account_id, "catalog": catalog, "sku": sku}
    )


async def lock_numbered(
    tx: Transaction, account_id: UUID, *, catalog: int, sku: str
) -> Product | None:
    """Find a product in the catalog of a number, and lock it until the transaction ends."""
    params = {"account_id": account_id, "number": catalog, "sku": sku}
    return await tx.one(product_from_row, LOCK_NUMBERED, params)


async def set_price(
    tx: Transaction, account_id: UUID, product_id: UUID, *, price: Decimal, now: datetime
) -> None:
    """Store a new price."""
    await tx.run(
        SET_PRICE, {"account_id": account_id, "id": product_id, "price": price, "now": now}
    )


async def set_status(
    tx: Transaction, account_id: UUID, product_id: UUID, *, status: Status, now: datetime
) -> None:
    """Store a new status."""
    await tx.run(
        SET_STATUS, {"account_id": account_id, "id": product_id, "status": status, "now": now}
    )


async def mark_sold(tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime) -> None:
    """Store that a product was sold; an archived one stays archived."""
    await tx.run(MARK_SOLD, {"account_id": account_id, "id": product_id, "now": now})


async def want_deleted(
    tx: Transaction, account_id: UUID, product_id: UUID, *, status: Status, now: datetime
) -> None:
    """Hide a product until its listing is down and it can go."""
    await tx.run(
        WANT_DELETED, {"account_id": account_id, "id": product_id, "status": status, "now": now}
    )


async def keep_after_all(
    tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime
) -> int:
    """Archive a product that was to be deleted but is being sold."""
    return await tx.run(KEEP_AFTER_ALL, {"account_id": account_id, "id": product_id, "now": now})


async def delete(tx: Transaction, account_id: UUID, product_id: UUID) -> None:
    """Delete a product."""
    await tx.run(DELETE, {"account_id": account_id, "id": product_id})


async def settle(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[Settled]:
    """Activate the drafts among these that wait for nothing more."""
    params = {"account_id": account_id, "ids": list(product_ids), "now": now}
    return await tx.all(lambda row: Settled(**row), SETTLE, params)


async def claim_texts(
    tx: Transaction, account_id: UUID, *, worker: UUID, limit: int, lease: timedelta, now: datetime
) -> list[DueText]:
    """Claim products with a text that is due to be enhanced, for the length of a lease."""
    params = {
        "account_id": account_id,
        "worker": worker,
        "limit": limit,
        "lease": lease,
        "now": now,
    }
    return await tx.all(lambda row: _due_from_row(account_id, row), CLAIM_TEXTS, params)


def _due_from_row(account_id: UUID, row: Row) -> DueText:
    facts = {name: row[name] for name in ("id", "sku", "title", "description")}
    return DueText(account_id=account_id, **facts, claim=claim_from_row(row))


async def record_text(
    tx: Transaction, due: DueText, *, title: str | None, description: str | None
) -> bool:
    """Keep the enhanced text beside the seller's own (None: there is none); False when the seller has changed theirs meanwhile."""
    params = {
        "account_id": due.account_id,
        "id": due.id,
        **params_of(due.claim),
        "title": title,
        "description": description,
        "seen_title": due.title,
        "seen_description": due.description,
    }
    return bool(await tx.run(RECORD_TEXT, params))


LIST_KEYS = """
  select p.catalog_id, p.sku, p.id from products p
   where p.account_id = %(account_id)s and not p.delete_wanted and p.kind = 'item'
     and (p.catalog_id, p.sku) > (%(catalog_id)s, %(sku)s)
   order by p.catalog_id, p.sku limit %(limit)s
"""


async def list_keys(
    tx: Transaction, account_id: UUID, *, after: ProductKey | None, limit: int
) -> list[ProductKey]:
    """List items by catalog and SKU, from one on."""
    params = {
        "account_id": account_id,
        "catalog_id": after.catalog_id if after else UUID(int=0),
        "sku": after.sku if after else "",
        "limit": limit,
    }
    return await tx.all(
        lambda row: ProductKey(row["catalog_id"], row["sku"], row["id"]), LIST_KEYS, params
    )
