"""The SQL of the tags of orders."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction

LOCK = "select tags from orders where account_id = %(account_id)s and id = %(order_id)s for update"
WRITE = """
  update orders set tags = %(tags)s, changed_at = %(now)s where account_id = %(account_id)s and id = %(order_id)s
"""


async def lock(tx: Transaction, account_id: UUID, order_id: int) -> tuple[str, ...] | None:
    """Lock an order and return its tags; None when the account has no such order."""
    params = {"account_id": account_id, "order_id": order_id}
    return await tx.one(lambda row: tuple(row["tags"]), LOCK, params)


async def write(
    tx: Transaction, account_id: UUID, order_id: int, tags: Sequence[str], *, now: datetime
) -> None:
    """Store the tags of an order."""
    params = {"account_id": account_id, "order_id": order_id, "tags": list(tags), "now": now}
    await tx.run(WRITE, params)
