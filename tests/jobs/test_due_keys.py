"""The sweeper finds whoever has due rows, and nobody else, however the rows lie."""

from collections.abc import Mapping

import psycopg
import pytest

from saluhall.jobs.run import Job
from saluhall.jobs.schedule import JOBS
from tests.postgres import Postgres
from tests.storage import filling

NOW = {"now": "2030-01-01"}
# What is due to nobody's key yet: later than now, or never; and listings that no connection has taken.
LATER = """
  update {table} set {due} = case when n % 3 = 0 then timestamptz '2031-01-01' end
    from (select ctid as at, row_number() over () as n from {table} where {due} is not null) r
   where ctid = at and n % 3 <> 1
"""
UNCONNECTED = "update listings set connection_id = null where external_id::integer % 40 in (10, 11)"


def plainly(job: Job) -> str:
    """Write the same question without going along an index."""
    table, due, key = _PARTS[job.name]
    only = _ONLY.get(job.name, "true")
    return f"select distinct {key} from {table} where {due} <= %(now)s and {only}"


_PARTS: Mapping[str, tuple[str, str, str]] = {
    "fetch_images": ("images", "due_at", "account_id"),
    "enhance_texts": ("products", "enhance_due_at", "account_id"),
    "sync_connection": ("listings", "due_at", "coalesce(connection_id, account_id)"),
    "poll_connection": ("connections", "poll_due_at", "id"),
    "push_orders": ("order_heads", "push_due_at", "connection_id"),
    "deliver_webhooks": ("deliveries", "due_at", "endpoint_id"),
    "replay_webhooks": ("replays", "due_at", "id"),
    "prune_log": ("prunings", "due_at", "kind"),
}
_ONLY = {
    "push_orders": "exists (select from connections c where c.id = connection_id and c.state = 'connected')"
}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_key_with_due_rows_is_found_once(postgres: Postgres, job: Job) -> None:
    table, due, _ = _PARTS[job.name]
    with psycopg.connect(postgres.new_database(), autocommit=True) as connection:
        filling.open_accounts(connection)
        filling.sell(connection, first=0, last=3000)
        connection.execute(UNCONNECTED)
        connection.execute("update connections set state = 'disconnected' where number % 4 = 0")
        connection.execute(LATER.format(table=table, due=due).encode())
        found = connection.execute(job.due_keys.encode(), NOW).fetchall()
        wanted = connection.execute(plainly(job).encode(), NOW).fetchall()

    assert len(found) == len(set(found)) == min(len(wanted), 1000)
    assert set(found) <= set(wanted)
