"""The SQL of call budgets."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from saluhall.domain.connections.model import BudgetState
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# The row of `channel_budgets` is the lock that makes the count exact over all workers; calls are kept by minute, and a
# minute counts until all of it is 24 hours old.
LOCK_BUDGET = """
  insert into channel_budgets (channel) values (%(channel)s)
  on conflict (channel) do update set channel = excluded.channel
"""
BUDGET = """
  select coalesce(sum(c.calls), 0)::integer as used, b.blocked_until, coalesce(b.blocks, 0) as blocks,
         min(c.minute) + interval '24 hours 1 minute' as frees_at
    from (select %(channel)s::text as channel) want
    left join channel_budgets b using (channel)
    left join channel_calls c on c.channel = want.channel and c.minute > %(now)s - interval '24 hours 1 minute'
   group by b.blocked_until, b.blocks
"""
SPEND = """
  select * from spend_calls(%(channel)s, %(limit)s, %(leaves)s::integer[], %(needs)s::integer[], %(now)s)
"""
SET_LIMITS = """
  insert into channel_budgets as b (channel, calls_per_day)
  select * from unnest(%(channels)s::text[], %(limits)s::integer[])
  on conflict (channel) do update set calls_per_day = excluded.calls_per_day
   where b.calls_per_day is distinct from excluded.calls_per_day
"""
LIMIT = "select calls_per_day from channel_budgets where channel = %(channel)s"
BLOCK = """
  insert into channel_budgets as b (channel, blocked_until, blocks) values (%(channel)s, %(until)s, %(blocks)s)
  on conflict (channel) do update
     set blocked_until = greatest(b.blocked_until, excluded.blocked_until), blocks = %(blocks)s
"""


async def lock_budget(tx: Transaction, channel: str) -> None:
    """Hold a channel's budget until the transaction ends."""
    await tx.run(LOCK_BUDGET, {"channel": channel})


async def budget(tx: Transaction, channel: str, *, now: datetime) -> BudgetState:
    """Read what was used of a channel's budget."""
    found = await tx.one(lambda row: BudgetState(**row), BUDGET, {"channel": channel, "now": now})
    return found or BudgetState(used=0, blocked_until=None, blocks=0, frees_at=None)


async def spend(
    tx: Transaction,
    channel: str,
    *,
    limit: int,
    leaves: Sequence[int],
    needs: Sequence[int],
    now: datetime,
) -> tuple[list[bool], BudgetState]:
    """Count the calls that the budget allows; return which, and the budget after them."""
    params = {
        "channel": channel,
        "limit": limit,
        "leaves": list(leaves),
        "needs": list(needs),
        "now": now,
    }
    found = await tx.one(_spent_from_row, SPEND, params)
    assert found is not None  # noqa: S101 - the function returns a row
    return found


async def set_limits(tx: Transaction, limits: Mapping[str, int]) -> None:
    """Keep how many calls in 24 hours each channel allows."""
    await tx.run(SET_LIMITS, {"channels": list(limits), "limits": list(limits.values())})


async def limit(tx: Transaction, channel: str) -> int | None:
    """Read how many calls in 24 hours a channel allows; None when no worker has said."""
    return await tx.one(lambda row: row["calls_per_day"], LIMIT, {"channel": channel})


async def block(tx: Transaction, channel: str, *, until: datetime, blocks: int) -> None:
    """Note that the marketplace takes no calls until then, and how many times in a row it said so."""
    await tx.run(BLOCK, {"channel": channel, "until": until, "blocks": blocks})


def _spent_from_row(row: Row) -> tuple[list[bool], BudgetState]:
    state = {name: row[name] for name in BudgetState.__struct_fields__}
    return row["allowed"], BudgetState(**state)
