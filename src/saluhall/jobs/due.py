"""How much work is due: counted without reading the code of the jobs, which commands need not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from saluhall.storage.database import Transaction

# The table of each job, and its column with the instant at which a row is due.
DUE_ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "fetch_images": ("images", "due_at"),
    "enhance_texts": ("products", "enhance_due_at"),
    "sync_connection": ("listings", "due_at"),
    "poll_connection": ("connections", "poll_due_at"),
    "push_orders": ("order_heads", "push_due_at"),
    "deliver_webhooks": ("deliveries", "due_at"),
    "replay_webhooks": ("replays", "due_at"),
    "prune_log": ("prunings", "due_at"),
}


def measure_of(table: str, due: str) -> str:
    """Return the statement that counts the rows of a table that are due at `now`."""
    return f"""
      select count(*) as due, coalesce(extract(epoch from %(now)s - min({due})), 0)::float8 as oldest_s
        from {table} where {due} <= %(now)s
    """


async def measure(tx: Transaction, *, now: datetime) -> dict[str, tuple[int, float]]:
    """Return for each job how many rows are due and how many seconds the oldest has waited."""
    found: dict[str, tuple[int, float]] = {}
    for job, (table, due) in DUE_ROWS.items():
        statement = measure_of(table, due)
        row = await tx.one(lambda r: (r["due"], r["oldest_s"]), statement, {"now": now})
        found[job] = row or (0, 0.0)
    return found
