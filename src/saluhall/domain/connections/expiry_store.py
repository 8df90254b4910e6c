"""The SQL of logins that expire soon."""

from collections.abc import Sequence
from datetime import datetime

from saluhall.domain.connections.model import Connection
from saluhall.domain.connections.store import COLUMNS, connection_from_row
from saluhall.storage import Transaction

DUE = f"""
  select {COLUMNS} from connections
   where expiry_notice_at <= %(now)s and expires_at > %(now)s and state = 'connected' and removed_at is null
   order by account_id, id limit %(limit)s for update skip locked
"""
MARK = """
  update connections c set expiry_notice_at = n.at
    from unnest(%(owners)s::uuid[], %(ids)s::uuid[], %(ats)s::timestamptz[]) as n (account_id, id, at)
   where c.account_id = n.account_id and c.id = n.id
"""


async def lock_due(tx: Transaction, *, limit: int, now: datetime) -> list[Connection]:
    """Find connections of which a notice is due, and lock them."""
    return await tx.all(connection_from_row, DUE, {"limit": limit, "now": now})


async def mark(tx: Transaction, nexts: Sequence[tuple[Connection, datetime | None]]) -> None:
    """Note when the next notice is due."""
    params = {
        "owners": [connection.account_id for connection, _ in nexts],
        "ids": [connection.id for connection, _ in nexts],
        "ats": [at for _, at in nexts],
    }
    if nexts:
        await tx.run(MARK, params)
