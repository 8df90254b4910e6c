"""The SQL of a listing on its way to a channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from saluhall.channel import Progress
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.steps import PRIORITY, Step
from saluhall.storage import Transaction
from saluhall.storage.claims import params_of

# Rows that somebody else holds are left out, and written one by one: a transaction that holds some listings never waits for others.
_ROWS = """
  with r as (
    select * from jsonb_to_recordset(%(rows)s::text::jsonb)
      as r(id uuid, state text, worker uuid, claim integer, progress jsonb, external_id text, price numeric,
           quantity integer, content integer, check_in_s float8)
  ), free as materialized (
    select id from listings where account_id = %(account_id)s and id = any(%(ids)s) for update {taken}
  )
"""
_IS_OURS = """
   where l.account_id = %(account_id)s and l.id = free.id and l.id = any(%(ids)s)
     and l.claimed_by = r.worker and l.claim_number = r.claim and l.state = r.state
  returning l.id
"""
_SAVE_PROGRESS = f"""
  update listings l
     set progress = r.progress, external_id = r.external_id,
         price = case when r.external_id = l.external_id then coalesce(l.price, r.price)
                      when r.external_id is not null then r.price end,
         quantity = case when r.external_id is not null then r.quantity end,
         content = case when r.external_id is not null then r.content end,
         due_at = %(now)s + %(lease)s, updated_at = %(now)s
    from free join r using (id)
{_IS_OURS}"""
# What was submitted is checked next, whatever the seller wants by now; so the product need not be read.
_SUBMIT = f"""
  update listings l
     set state = 'submitted', progress = r.progress, external_id = r.external_id,
         attempts = 0, waits_reason = null, priority = %(priority)s, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + make_interval(secs => r.check_in_s)
    from free join r using (id)
{_IS_OURS}"""
SAVE_FREE = _ROWS.format(taken="skip locked") + _SAVE_PROGRESS
SAVE = _ROWS.format(taken="") + _SAVE_PROGRESS
SUBMIT_FREE = _ROWS.format(taken="skip locked") + _SUBMIT
SUBMIT = _ROWS.format(taken="") + _SUBMIT
CHECK_AGAIN = """
  update listings l
     set attempts = u.attempts, waits_reason = null, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + make_interval(secs => u.check_in_s)
    from jsonb_to_recordset(%(undecided)s::text::jsonb)
      as u(id uuid, worker uuid, claim integer, attempts integer, check_in_s float8)
   where l.account_id = %(account_id)s and l.id = u.id and l.state = 'submitted'
     and l.claimed_by = u.worker and l.claim_number = u.claim
"""


async def save_progress(
    tx: Transaction,
    account_id: UUID,
    saved: Sequence[tuple[DueListing, Progress]],
    *,
    lease: timedelta,
    now: datetime,
) -> frozenset[UUID]:
    """Save how far publications have come, and extend the claims; with the remote id goes what it was made with.

    Return the listings with a lost claim: nothing of them was saved.
    """
    rows = [
        {
            **_row(due, progress),
            "price": progress.price or due.offer.price,
            "quantity": due.offer.quantity,
            "content": due.product.content_revision,
        }
        for due, progress in saved
    ]
    params = {"account_id": account_id, "lease": lease, "now": now}
    return await _write(tx, SAVE_FREE, SAVE, rows, params)


async def submit(
    tx: Transaction,
    account_id: UUID,
    submitted: Sequence[tuple[DueListing, Progress, timedelta]],
    *,
    now: datetime,
) -> frozenset[UUID]:
    """Store that listings are submitted, and after how long to check them; return those with a lost claim."""
    rows = [
        {**_row(due, progress), "check_in_s": check_in.total_seconds()}
        for due, progress, check_in in submitted
    ]
    params = {"account_id": account_id, "priority": PRIORITY[Step.CHECK], "now": now}
    return await _write(tx, SUBMIT_FREE, SUBMIT, rows, params)


def _row(due: DueListing, progress: Progress) -> dict[str, Any]:
    return {
        "id": due.listing.id,
        "state": due.listing.state.value,
        **params_of(due.listing.claim),
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
    """Write those rows that nobody else locks together, the others one by one; return those with a lost claim."""
    done = await _written(tx, free, rows, params) if len(rows) > 1 else set()
    for row in rows:
        if row["id"] not in done:
            done |= await _written(tx, held, [row], params)
    return frozenset(row["id"] for row in rows) - done


async def _written(
    tx: Transaction, statement: str, rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> set[UUID]:
    text = msgspec.json.encode(rows).decode()
    params = {**params, "rows": text, "ids": [row["id"] for row in rows]}
    return set(await tx.all(lambda row: row["id"], statement, params))


async def check_again(
    tx: Transaction,
    account_id: UUID,
    undecided: Sequence[tuple[DueListing, timedelta]],
    *,
    now: datetime,
) -> None:
    """Store when to check submissions again."""
    rows = [
        {
            "id": due.listing.id,
            **params_of(due.listing.claim),
            "attempts": due.listing.attempts + 1,
            "check_in_s": check_in.total_seconds(),
        }
        for due, check_in in undecided
    ]
    text = msgspec.json.encode(rows).decode()
    await tx.run(CHECK_AGAIN, {"account_id": account_id, "undecided": text, "now": now})
