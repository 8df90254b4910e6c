"""The SQL of what happened to an order."""

from uuid import UUID

from saluhall.domain.orders.details_model import MadeRefund, SentParcel, SentUpdate
from saluhall.domain.orders.model import UpdateKind, UpdateState
from saluhall.storage import Transaction
from saluhall.storage.database import Row

PARCELS = """
  select f.id, f.carrier, f.tracking, f.shipped_at,
         coalesce((select json_object_agg(p.line_id, p.quantity order by p.line_id) from fulfilment_lines p
                    where p.account_id = f.account_id and p.fulfilment_id = f.id), '{}') as lines
    from fulfilments f where f.account_id = %(account_id)s and f.order_id = %(order_id)s order by f.id
"""
REFUNDS = """
  select id, external_id, amount, currency, reason, refunded_at
    from refunds where account_id = %(account_id)s and order_id = %(order_id)s order by refunded_at, id
"""
UPDATES = """
  select kind, state, attempts, answer, due_at, created_at, settled_at
    from order_updates where account_id = %(account_id)s and order_id = %(order_id)s order by id
"""


async def parcels(tx: Transaction, account_id: UUID, order_id: int) -> list[SentParcel]:
    """List the parcels of an order."""
    return await tx.all(parcel_from_row, PARCELS, {"account_id": account_id, "order_id": order_id})


async def refunds(tx: Transaction, account_id: UUID, order_id: int) -> list[MadeRefund]:
    """List the refunds of an order."""
    params = {"account_id": account_id, "order_id": order_id}
    return await tx.all(lambda row: MadeRefund(**row), REFUNDS, params)


async def updates(tx: Transaction, account_id: UUID, order_id: int) -> list[SentUpdate]:
    """List what the channel of an order was notified of, or must be."""
    return await tx.all(sent_from_row, UPDATES, {"account_id": account_id, "order_id": order_id})


def parcel_from_row(row: Row) -> SentParcel:
    """Read a parcel."""
    lines = {int(line_id): units for line_id, units in row["lines"].items()}
    return SentParcel(**{**row, "lines": lines})


def sent_from_row(row: Row) -> SentUpdate:
    """Read what a channel was notified of."""
    return SentUpdate(
        **{**row, "kind": UpdateKind(row["kind"]), "state": UpdateState(row["state"])}
    )
