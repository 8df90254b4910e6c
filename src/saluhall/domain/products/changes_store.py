"""The SQL of changes of products that the event log does not have yet; the statement that changes products writes them."""

from uuid import UUID

import msgspec

from saluhall.domain.products.model import ChangedProduct, ChangedProducts
from saluhall.kit.origin import Origin
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# A part of a statement with a part `updated`, which has the id of an event, a product's id and SKU, and what changed as JSON.
NOTE = """
    insert into product_changes (account_id, id, at, actor, source, request_id, request_ids, changes, due_at)
    select %(account_id)s, %(batch_id)s, %(now)s, %(actor)s, %(source)s, %(request_id)s, %(request_ids)s,
           '[' || string_agg(concat('["', event_id, '","', id, '",', to_json(sku), ',{', changes, '}]'), ',') || ']', %(now)s
      from updated where changes <> '' having count(*) > 0
"""
# It waits for others who do the same: what they took is in the log then.
TAKE = """
  with due as (
    select account_id, id from product_changes where account_id = %(account_id)s
     order by id limit %(limit)s for update
  )
  delete from product_changes p using due where p.account_id = due.account_id and p.id = due.id
  returning p.id, p.at, p.actor, p.source, p.request_id, p.request_ids, p.changes
"""
_changes = msgspec.json.Decoder(list[ChangedProduct])


def note_params(tx: Transaction, batch_id: str) -> dict[str, object]:
    """Return the parameters of NOTE beside the account and the time."""
    origin = tx.origin
    ids = msgspec.json.encode(origin.request_ids).decode() if origin.request_ids else None
    return {
        "batch_id": batch_id,
        "actor": origin.actor,
        "source": origin.source,
        "request_id": origin.request_id,
        "request_ids": ids,
    }


async def take(tx: Transaction, account_id: UUID, *, limit: int) -> list[ChangedProducts]:
    """Delete an account's oldest changes, and return them."""
    found = await tx.all(dict, TAKE, {"account_id": account_id, "limit": limit})
    return [_changes_from_row(row) for row in sorted(found, key=lambda row: row["id"])]


def _changes_from_row(row: Row) -> ChangedProducts:
    origin = Origin(
        actor=row["actor"],
        source=row["source"],
        request_id=row["request_id"],
        request_ids=msgspec.json.decode(row["request_ids"] or "{}", type=dict[str, str]),
    )
    return ChangedProducts(at=row["at"], origin=origin, products=_changes.decode(row["changes"]))
