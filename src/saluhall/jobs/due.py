"""Which rows are background work, and the statements that find, count and return them.

Known without the code of the jobs, which commands that only look need not import.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from saluhall.storage.database import Transaction

# Each key is found by going on in the index of due rows to the next account, and there to the next of the column that follows in the
# index: as much work as there are keys, however many rows are due to each. Where a column may be null, that is the last of its account.
# `limit 1` keeps PostgreSQL from reading all due rows into a hash to look the keys up in.
_ACCOUNTS = """
  with recursive accounts as (
    (select account_id from {table} where {due} is not null order by account_id limit 1)
    union all
    select (select account_id from {table} where {due} is not null and account_id > a.account_id
             order by account_id limit 1)
      from accounts a where a.account_id is not null
  )"""
_BY_ACCOUNT = (
    _ACCOUNTS
    + """
  select a.account_id as key from accounts a
   where (select true from {table} where {due} <= %(now)s and account_id = a.account_id and {only} limit 1)
   limit 1000
"""
)
_BY_COLUMN = (
    _ACCOUNTS
    + """, places as (
    select account_id, (select {within} from {table} where {due} is not null and account_id = a.account_id
                         order by {within} limit 1) as {within}
      from accounts a where a.account_id is not null
    union all
    select account_id, (select {within} from {table} where {due} is not null and account_id = p.account_id
                           and {within} > p.{within} order by {within} limit 1)
      from places p where p.{within} is not null
  )
  select {key} as key from places p
   where case when {within} is null
              then (select true from {table} where {due} <= %(now)s and account_id = p.account_id
                       and {within} is null and {only} limit 1)
              else (select true from {table} where {due} <= %(now)s and account_id = p.account_id
                       and {within} = p.{within} and {only} limit 1) end
   limit 1000
"""
)
_BY_TIME = "select distinct {key} as key from {table} where {due} <= %(now)s and {only} limit 1000"


class DueRows(Struct, frozen=True, kw_only=True):
    """The rows of one job: those of `table` with the column `due` in the past, worked by the value of `key`.

    `claimed` is the column with the worker that holds a row. `within` is the column that comes before `due` in the index of due rows:
    the account, or one that follows the account; none where the index begins with `due`. `only` says which due rows a job can help.
    `may_be_changing` says for which rows a call with an effect may still be under way.
    """

    table: str
    key: str
    due: str = "due_at"
    claimed: str = "claimed_by"
    within: str | None = None
    only: str = "true"
    may_be_changing: str = "false"
    key_type: str = "uuid"

    @property
    def due_keys(self) -> str:
        """The statement that finds the keys with rows that are due at `now`, at most 1000."""
        shape = {None: _BY_TIME, "account_id": _BY_ACCOUNT}.get(self.within, _BY_COLUMN)
        return shape.format(
            table=self.table, key=self.key, due=self.due, within=self.within, only=self.only
        )

    @property
    def measure(self) -> str:
        """The statement that counts the rows that are due at `now`, and says for how long the oldest has been."""
        return f"""
          select count(*) as due, coalesce(extract(epoch from %(now)s - min({self.due})), 0)::float8 as oldest_s
            from {self.table} where {self.due} <= %(now)s
        """

    @property
    def release(self) -> str:
        """The statement that returns the rows of dead `workers`; those that may be changing are due at `quiet_at` at the earliest."""
        return f"""
          update {self.table}
             set {self.due} = case when {self.may_be_changing} then greatest(%(now)s, %(quiet_at)s) else %(now)s end,
                 {self.claimed} = null
           where {self.due} is not null and {self.claimed} = any(%(workers)s)
        """

    @property
    def release_key(self) -> str:
        """The statement that returns the rows of a `key` that a `worker` holds."""
        return f"""
          update {self.table} set {self.due} = %(now)s, {self.claimed} = null
           where {self.due} is not null and {self.claimed} = %(worker)s and {self.key} = %(key)s::{self.key_type}
        """


# By the name of the job.
DUE_ROWS: Final[Mapping[str, DueRows]] = {
    "fetch_images": DueRows(table="images", key="account_id", within="account_id"),
    "enhance_texts": DueRows(
        table="products",
        key="account_id",
        due="enhance_due_at",
        claimed="enhance_claimed_by",
        within="account_id",
    ),
    "sync_connection": DueRows(
        table="listings",
        key="connection_id",
        within="connection_id",
        # Its price may be on its way there, or it itself.
        may_be_changing="state = 'live' or (progress ->> 'may_be_live')::boolean",
    ),
    "poll_connection": DueRows(
        table="connections", key="id", due="poll_due_at", claimed="poll_claimed_by"
    ),
    "push_orders": DueRows(
        table="order_updates",
        key="connection_id",
        within="connection_id",
        # What waits until its connection is connected again stays due, but no job can help it.
        only="""
          exists (select from connections c
                   where c.account_id = order_updates.account_id and c.id = connection_id
                     and c.state = 'connected')
        """,
    ),
    "record_changes": DueRows(table="product_changes", key="account_id", within="account_id"),
    "deliver_webhooks": DueRows(table="deliveries", key="endpoint_id", within="endpoint_id"),
    "replay_webhooks": DueRows(table="replays", key="id"),
    "prune_log": DueRows(table="prunings", key="kind", key_type="text"),
}


async def measure(tx: Transaction, *, now: datetime) -> dict[str, tuple[int, float]]:
    """Return for each job how many rows are due and how many seconds the oldest has waited."""
    found: dict[str, tuple[int, float]] = {}
    for job, rows in DUE_ROWS.items():
        row = await tx.one(lambda r: (r["due"], r["oldest_s"]), rows.measure, {"now": now})
        found[job] = row or (0, 0.0)
    return found
