"""The SQL of lists of products. Whatever else is asked for, products come in the order of their changes."""

from typing import Any
from uuid import UUID

from saluhall.domain.listings.page_model import (
    Child,
    Family,
    Filter,
    Horizon,
    Listed,
    Position,
    Sums,
)
from saluhall.domain.products.model import Kind, Status
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# What others write at this moment has its instant after their transaction's beginning, and ours sees it once it is committed.
HORIZON = """
  select statement_timestamp() as at, least(statement_timestamp(), min(xact_start)) as settled
    from pg_stat_activity
   where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()
"""
# Within a transaction PostgreSQL shows the same activity again unless its snapshot is cleared.
PAUSE = "select pg_stat_clear_snapshot(), pg_sleep(0.01)"
_OF_CATALOG = """
  p.account_id = %(account_id)s and not p.delete_wanted
  and p.catalog_id = (select id from catalogs where account_id = %(account_id)s and code = %(catalog)s)
"""
_CONDITIONS = {
    "status": "p.status = %(status)s",
    "parent_sku": "p.parent_sku = %(parent_sku)s",
    "changed_since": "p.changed_at >= %(changed_since)s",
    "code": "p.attributes -> 'catalog_codes' @> jsonb_build_object(%(system)s::text, %(code)s::text)",
}
# These leave few products: they are found first and then sorted, for walking along all changes to find them would take long.
_NARROW = frozenset({"parent_sku", "code"})
_FOUND = "with found as {how} (select p.* from products p where {conditions})"
_PAGE = """
  {found}
  select p.id, p.sku, p.kind, p.parent_sku, p.status, p.title, p.price, p.extras,
         p.changed_at, l.external_id, l.url as external_url
    from (select * from found
           where (changed_at, id) > (%(after_at)s, %(after_id)s)
           order by changed_at, id limit %(limit)s) p
    left join lateral (
      select l.external_id, l.url from listings l
       where l.account_id = %(account_id)s and l.product_id = p.id
       order by l.id desc limit 1) l on true
   order by p.changed_at, p.id
"""
_COUNT = "{found} select count(*) as total from found"
# How many there are, of one status or of all, is kept while products are written.
KEPT_COUNT = """
  select coalesce(sum(case %(status)s::text
           when 'draft' then draft when 'active' then active when 'sold' then sold
           when 'not_listed' then not_listed when 'archived' then archived
           else draft + active + sold + not_listed + archived end), 0)::bigint as total
    from product_counts
   where account_id = %(account_id)s
     and catalog_id = (select id from catalogs where account_id = %(account_id)s and code = %(catalog)s)
"""
_KEPT = frozenset({"status"})
CHILDREN = f"""
  select p.id, p.sku, p.kind, p.status, p.title, p.price, count(*) over () as total
    from products p where {_OF_CATALOG} and p.parent_sku = %(parent_sku)s
   order by p.number limit %(limit)s
"""
SUM_UP = f"""
  select count(*) as children,
         count(*) filter (where p.status = 'active') as active,
         count(*) filter (where p.status = 'sold') as sold,
         count(*) filter (where p.status = 'draft') as draft,
         coalesce(sum(p.price) filter (where p.status = 'active' and p.currency = %(currency)s), 0)
           as listed_value,
         coalesce(sum(p.price) filter (where p.status = 'sold' and p.currency = %(currency)s), 0)
           as sold_value,
         %(currency)s as currency
    from products p where {_OF_CATALOG} and p.parent_sku = %(parent_sku)s
"""


async def horizon(tx: Transaction) -> Horizon:
    """Return up to where the list of changes is settled; what is read after this may be compared with it."""
    [found] = await tx.all(lambda row: Horizon(row["at"], row["settled"]), HORIZON)
    return found


async def pause(tx: Transaction) -> None:
    """Let others finish what they write."""
    await tx.run(PAUSE)


async def page(
    tx: Transaction,
    account_id: UUID,
    *,
    catalog: str,
    wanted: Filter,
    after: Position,
    limit: int,
) -> list[Listed]:
    """Read so many products after a place."""
    params = {
        **_params(account_id, catalog, wanted),
        "after_at": after.at,
        "after_id": after.id,
        "limit": limit,
    }
    return await tx.all(listed_from_row, _PAGE.format(found=_found(wanted)), params)


async def count(tx: Transaction, account_id: UUID, *, catalog: str, wanted: Filter) -> int:
    """Count all products that match: at once when nothing but a status is asked for."""
    statement = KEPT_COUNT if _named(wanted) <= _KEPT else _COUNT.format(found=_found(wanted))
    [total] = await tx.all(
        lambda row: int(row["total"]), statement, _params(account_id, catalog, wanted)
    )
    return total


async def children(
    tx: Transaction, account_id: UUID, *, catalog: str, parent_sku: str, limit: int
) -> Family:
    """Read a container's direct children, oldest first."""
    params = {
        "account_id": account_id,
        "catalog": catalog,
        "parent_sku": parent_sku,
        "limit": limit,
    }
    rows = await tx.all(lambda row: (row["total"], child_from_row(row)), CHILDREN, params)
    return Family(count=rows[0][0] if rows else 0, children=[child for _, child in rows])


async def sums(
    tx: Transaction, account_id: UUID, *, catalog: str, parent_sku: str, currency: str
) -> Sums:
    """Count and add up a container's direct children."""
    params = {
        "account_id": account_id,
        "catalog": catalog,
        "parent_sku": parent_sku,
        "currency": currency,
    }
    [found] = await tx.all(lambda row: Sums(**row), SUM_UP, params)
    return found


def _named(wanted: Filter) -> frozenset[str]:
    return frozenset(name for name in _CONDITIONS if getattr(wanted, name) is not None)


def _found(wanted: Filter) -> str:
    named = _named(wanted)
    conditions = " and ".join(
        [_OF_CATALOG, *(condition for name, condition in _CONDITIONS.items() if name in named)]
    )
    how = "not materialized" if _NARROW.isdisjoint(named) else "materialized"
    return _FOUND.format(how=how, conditions=conditions)


def _params(account_id: UUID, catalog: str, wanted: Filter) -> dict[str, Any]:
    system, code = wanted.code or (None, None)
    return {
        "account_id": account_id,
        "catalog": catalog,
        "status": wanted.status,
        "parent_sku": wanted.parent_sku,
        "changed_since": wanted.changed_since,
        "system": system,
        "code": code,
    }


def listed_from_row(row: Row) -> Listed:
    """Read a product of a list."""
    return Listed(**{**row, "kind": Kind(row["kind"]), "status": Status(row["status"])})


def child_from_row(row: Row) -> Child:
    """Read a child."""
    return Child(
        id=row["id"],
        sku=row["sku"],
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        title=row["title"],
        price=row["price"],
    )
