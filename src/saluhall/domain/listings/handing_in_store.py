"""The SQL of a listing on its way in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from saluhall.channel import Progress
from saluhall.domain.listings.model import PRIORITY, Listing, Step
from saluhall.storage import Transaction

# Whoever holds some listings must not wait for others: those that somebody else holds are left out, and written one by one.
_ROWS = """
  with r as (
    select * from jsonb_to_recordset(%(rows)s::text::jsonb)
      as r(id uuid, progress jsonb, external_id text, price numeric, desired text, ask_in_s float8)
  ), free as materialized (
    select id from listings where account_id = %(owner)s and id = any(%(ids)s) for update {taken}
  )
"""
_SAVE_PROGRESS = """
  update listings l
     set progress = r.progress, external_id = r.external_id,
         confirmed_price = case when r.external_id is not null then coalesce(l.confirmed_price, r.price) end,
         due_at = %(now)s + %(lease)s, updated_at = %(now)s
    from free join r using (id)
   where l.account_id = %(owner)s and l.id = free.id and l.id = any(%(ids)s)
  returning l.id
"""
# What was handed in is asked for next, whatever the seller wants by now; so the product need not be read.
_SUBMIT = """
  update listings l
     set state = 'submitted', progress = r.progress, external_id = r.external_id,
         attempts = 0, priority = %(priority)s, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + case when l.desired = r.desired then make_interval(secs => r.ask_in_s)
                                 else interval '0' end
    from free join r using (id)
   where l.account_id = %(owner)s and l.id = free.id and l.id = any(%(ids)s)
     and l.state in ('waiting', 'refused', 'ended', 'submitted')
  returning l.id
"""
SAVE_FREE = _ROWS.format(taken="skip locked") + _SAVE_PROGRESS
SAVE = _ROWS.format(taken="") + _SAVE_PROGRESS
SUBMIT_FREE = _ROWS.format(taken="skip locked") + _SUBMIT
SUBMIT = _ROWS.format(taken="") + _SUBMIT
ASK_AGAIN = """
  update listings l
     set attempts = u.attempts, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + case when l.desired = u.desired then make_interval(secs => u.ask_in_s)
                                 else interval '0' end
    from jsonb_to_recordset(%(undecided)s::text::jsonb)
      as u(id uuid, desired text, attempts integer, ask_in_s float8)
   where l.account_id = %(owner)s and l.id = u.id and l.state = 'submitted'
"""


async def save_progress(
    tx: Transaction,
    owner: UUID,
    saved: Sequence[tuple[Listing, Progress]],
    *,
    lease: timedelta,
    now: datetime,
) -> None:
    """Note how far publications have come, and extend the claims; with the remote id goes the price it was made with."""
    rows = [{**_come(listing, progress), "price": listing.price} for listing, progress in saved]
    params = {"owner": owner, "lease": lease, "now": now}
    left = await _left(tx, SAVE_FREE, rows, params)
    for row in left:
        await tx.run(SAVE, _with_rows(params, [row]))


async def submit(
    tx: Transaction,
    owner: UUID,
    submitted: Sequence[tuple[Listing, Progress, timedelta]],
    *,
    now: datetime,
) -> None:
    """Note that listings are handed in, unless it is known by now what became of one, and after how long to ask."""
    rows = [
        {
            **_come(listing, progress),
            "desired": listing.desired.value,
            "ask_in_s": ask_in.total_seconds(),
        }
        for listing, progress, ask_in in submitted
    ]
    params = {"owner": owner, "priority": PRIORITY[Step.ASK], "now": now}
    left = await _left(tx, SUBMIT_FREE, rows, params)
    for row in left:
        await tx.run(SUBMIT, _with_rows(params, [row]))


def _come(listing: Listing, progress: Progress) -> dict[str, Any]:
    return {"id": listing.id, "progress": progress, "external_id": progress.external_id}


async def _left(
    tx: Transaction, statement: str, rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """Write those rows that nobody else holds; return what is left to do."""
    if len(rows) == 1:
        return rows
    done = set(await tx.all(lambda row: row["id"], statement, _with_rows(params, rows)))
    return [row for row in rows if row["id"] not in done]


def _with_rows(params: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    text = msgspec.json.encode(rows).decode()
    return {**params, "rows": text, "ids": [row["id"] for row in rows]}


async def ask_again(
    tx: Transaction,
    owner: UUID,
    undecided: Sequence[tuple[Listing, timedelta]],
    *,
    now: datetime,
) -> None:
    """Note when to ask for verdicts again."""
    rows = [
        {
            "id": listing.id,
            "desired": listing.desired.value,
            "attempts": listing.attempts + 1,
            "ask_in_s": ask_in.total_seconds(),
        }
        for listing, ask_in in undecided
    ]
    params = {"owner": owner, "undecided": msgspec.json.encode(rows).decode(), "now": now}
    await tx.run(ASK_AGAIN, params)
