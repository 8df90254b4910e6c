"""The SQL of refunds that a seller makes."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.domain.orders.model import UpdateState
from saluhall.storage import Transaction

LEFT = "select total - refunded as amount, currency from orders where account_id = %(account_id)s and id = %(order_id)s"
# An order of no connection has no channel to notify.
ADD = """
  with raised as (
    update orders set refunded = refunded + %(amount)s, changed_at = %(now)s
     where account_id = %(account_id)s and id = %(order_id)s
    returning id, connection_id, currency
  ), noted as (
    insert into order_updates (account_id, id, order_id, connection_id, kind, refund_id, reason, state, answer, due_at,
                               created_at, settled_at)
    select %(account_id)s, new_ulid(), o.id, o.connection_id, 'refunded', %(refund_id)s, %(reason)s, %(state)s, %(answer)s,
           case when %(state)s = 'due' then %(now)s::timestamptz end, %(now)s,
           case when %(state)s <> 'due' then %(now)s::timestamptz end
      from raised o where o.connection_id is not null
  )
  insert into refunds (account_id, id, order_id, amount, currency, reason, refunded_at, created_at)
  select %(account_id)s, %(refund_id)s, o.id, %(amount)s, o.currency, %(reason)s, %(now)s, %(now)s from raised o
"""


async def left_of(tx: Transaction, account_id: UUID, order_id: int) -> tuple[Decimal, str]:
    """Return how much of an order is not refunded, and in which currency; lock the order first."""
    params = {"account_id": account_id, "order_id": order_id}
    found = await tx.one(lambda row: (Decimal(row["amount"]), str(row["currency"])), LEFT, params)
    return found or (Decimal(0), "")


async def add(
    tx: Transaction,
    account_id: UUID,
    order_id: int,
    *,
    refund_id: UUID,
    amount: Decimal,
    reason: str,
    state: UpdateState,
    answer: str,
    now: datetime,
) -> None:
    """Store a refund, raise what its order has refunded, and note whether the channel must be notified of it."""
    params = {
        "account_id": account_id,
        "order_id": order_id,
        "refund_id": refund_id,
        "amount": amount,
        "reason": reason,
        "state": state,
        "answer": answer,
        "now": now,
    }
    await tx.run(ADD, params)
