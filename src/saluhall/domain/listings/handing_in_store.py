"""The SQL of a listing on its way in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from saluhall.channel import Progress
from saluhall.domain.listings.model import PRIORITY, Listing, Step
from saluhall.storage import Transaction
from saluhall.storage.claims import params_of

# Whoever holds some listings must not wait for others: those that somebody else holds are left out, and written one by one.
_ROWS = """
  with r as (
    select * from jsonb_to_recordset(%(rows)s::text::jsonb)
      as r(id uuid, state text, worker uuid, claim integer, progress jsonb, external_id text, price numeric,
           desired text, ask_in_s float8)
  ), free as materialized (
    select id from listings where account_id = %(owner)s and id = any(%(ids)s) for update {taken}
  )
"""
_SAVE_PROGRESS = """
  update listings l
     set progress = r.progress, external_id = r.external_id,
         confirmed_price = case when r.external_id = l.external_id then coalesce(l.confirmed_price, r.price)
                                when r.external_id is not null then r.price end,
         due_at = %(now)s + %(lease)s, updated_at = %(now)s
    from free join r using (id)
   where l.account_id = %(owner)s and l.id = free.id and l.id = any(%(ids)s)
     and l.claimed_by = r.worker and l.claim_number = r.claim and l.state = r.state
  returning l.id
"""
# What was handed in is asked for next, whatever the seller wants by now; so the product need not be read.
_SUBMIT = """
  update listings l
     set state = 'submitted', progress = r.progress, external_id = r.external_id,
         attempts = 0, waits_reason = null, priority = %(priority)s, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + case when l.desired = r.desired then make_interval(secs => r.ask_in_s)
                                 else interval '0' end
    from free join r using (id)
   where l.account_id = %(owner)s and l.id = free.id and l.id = any(%(ids)s)
     and l.claimed_by = r.worker and l.claim_number = r.claim and l.state = r.state
  returning l.id
"""
SAVE_FREE = _ROWS.format(taken="skip locked") + _SAVE_PROGRESS
SAVE = _ROWS.format(taken="") + _SAVE_PROGRESS
SUBMIT_FREE = _ROWS.format(taken="skip locked") + _SUBMIT
SUBMIT = _ROWS.format(taken="") + _SUBMIT
ASK_AGAIN = """
  update listings l
     set attempts = u.attempts, waits_reason = null, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + case when l.desired = u.desired then make_interval(secs => u.ask_in_s)
                                 else interval '0' end
    from jsonb_to_recordset(%(undecided)s::text::jsonb)
      as u(id uuid, worker uuid, claim integer, desired text, attempts integer, ask_in_s float8)
   where l.account_id = %(owner)s and l.id = u.id and l.state = 'submitted'
     and l.claimed_by = u.worker and l.claim_number = u.claim
"""


async def save_progress(
    tx: Transaction,
    owner: UUID,
    saved: Sequence[tuple[Listing, Progress]],
    *,
    lease: timedelta,
    now: datetime,
) -> frozenset[UUID]:
    """Note how far publications have come, and extend the claims; with the remote id goes the price it was made with.

    Return the listings whose claim is lost: of them nothing was noted.
    """
    rows = [
        {**_come(listing, progress), "price": progress.price or listing.price}
        for listing, progress in saved
    ]
    params = {"owner": owner, "lease": lease, "now": now}
    return await _write(tx, SAVE_FREE, SAVE, rows, params)


async def submit(
    tx: Transaction,
    owner: UUID,
    submitted: Sequence[tuple[Listing, Progress, timedelta]],
    *,
    now: datetime,
) -> frozenset[UUID]:
    """Note that listings are handed in, and after how long to ask; return those whose claim is lost."""
    rows = [
        {
            **_come(listing, progress),
            "desired": listing.desired.value,
            "ask_in_s": ask_in.total_seconds(),
        }
        for listing, progress, ask_in in submitted
    ]
    params = {"owner": owner, "priority": PRIORITY[Step.ASK], "now": now}
    return await _write(tx, SUBMIT_FREE, SUBMIT, rows, params)


def _come(listing: Listing, progress: Progress) -> dict[str, Any]:
    return {
        "id": listing.id,
        "state": listing.state.value,
        **params_of(listing.claim),
        "progress": progress,
        "external_id": progress.external_id,
    }


async def _write(
    tx: Transaction,
    free: str,
    held: str,
    rows: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
) -> frozenset[UUID]:
    """Write those rows that nobody else locks together, the others one by one; return those whose claim is lost."""
    done = await _written(tx, free, rows, params) if len(rows) > 1 else set()
    for row in rows:
        if row["id"] not in done:
            done |= await _written(tx, held, [row], params)
    return frozenset(row["id"] for row in rows) - done


async def _written(
    tx: Transaction, statement: str, rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> set[UUID]:
    return set(await tx.all(lambda row: row["id"], statement, _with_rows(params, rows)))


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
            **params_of(listing.claim),
            "desired": listing.desired.value,
            "attempts": listing.attempts + 1,
            "ask_in_s": ask_in.total_seconds(),
        }
        for listing, ask_in in undecided
    ]
    params = {"owner": owner, "undecided": msgspec.json.encode(rows).decode(), "now": now}
    await tx.run(ASK_AGAIN, params)
