"""The SQL of entries that wait for a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.attention.model import AttentionEntry
from saluhall.storage import Transaction

# `identity` finds an entry that came before: its id there, or a digest of its text.
PUT = """
  insert into attention_entries as e (account_id, id, connection_id, kind, identity, remote_id, raw, reason, first_at, last_at)
  select %(account_id)s, t.id, %(connection)s, t.kind, t.identity, t.remote_id, t.raw, t.reason, %(now)s, %(now)s
    from jsonb_to_recordset(%(entries)s::text::jsonb)
      as t (id uuid, kind text, identity text, remote_id text, raw text, reason text)
   where (select count(*) from attention_entries
           where account_id = %(account_id)s and connection_id = %(connection)s) < %(max_entries)s
   order by t.kind, t.identity
  on conflict on constraint attention_entries_identity_key do update
     set raw = excluded.raw, reason = excluded.reason, times = e.times + 1, last_at = excluded.last_at
  returning id
"""
LIST = """
  select e.id, e.connection_id, c.channel, e.kind, e.remote_id, e.reason, e.raw, e.times, e.first_at, e.last_at
    from attention_entries e
    join connections c on c.account_id = e.account_id and c.id = e.connection_id
   where e.account_id = %(account_id)s
   order by e.last_at desc, e.id desc
"""
COUNT = """
  select connection_id, count(*) as count from attention_entries where account_id = %(account_id)s group by connection_id
"""
COUNT_ALL = "select count(*) as count from attention_entries"
SETTLE = """
  delete from attention_entries
   where account_id = %(account_id)s and connection_id = %(connection)s and kind = any(%(kinds)s)
     and remote_id = any(%(remote_ids)s)
"""
DELETE = "delete from attention_entries where account_id = %(account_id)s and id = %(id)s"


async def put(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    entries: Sequence[Mapping[str, Any]],
    *,
    max_entries: int,
    now: datetime,
) -> set[UUID]:
    """Store entries, or note that they came again; return the ids that the stored ones have."""
    params = {
        "account_id": account_id,
        "connection": connection_id,
        "entries": msgspec.json.encode(entries).decode(),
        "max_entries": max_entries,
        "now": now,
    }
    return set(await tx.all(lambda row: row["id"], PUT, params))


async def list_entries(tx: Transaction, account_id: UUID) -> list[AttentionEntry]:
    """List an account's entries, the latest first."""
    return await tx.all(lambda row: AttentionEntry(**row), LIST, {"account_id": account_id})


async def count_by_connection(tx: Transaction, account_id: UUID) -> dict[UUID, int]:
    """Count the entries of each connection that has some."""
    rows = await tx.all(
        lambda row: (row["connection_id"], row["count"]), COUNT, {"account_id": account_id}
    )
    return dict(rows)


async def count_all(tx: Transaction) -> int:
    """Count the entries of all accounts."""
    return await tx.one(lambda row: int(row["count"]), COUNT_ALL) or 0


async def settle(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    kinds: Sequence[str],
    remote_ids: Sequence[str],
) -> int:
    """Delete the entries of things that could be taken after all."""
    params = {
        "account_id": account_id,
        "connection": connection_id,
        "kinds": list(kinds),
        "remote_ids": list(remote_ids),
    }
    return await tx.run(SETTLE, params)


async def delete(tx: Transaction, account_id: UUID, entry_id: UUID) -> int:
    """Delete an entry."""
    return await tx.run(DELETE, {"account_id": account_id, "id": entry_id})
