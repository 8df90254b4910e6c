"""The SQL of a listing on its way in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.channel import Progress
from saluhall.domain.listings.model import PRIORITY, Listing, Step
from saluhall.storage import Transaction

SAVE_PROGRESS = """
  update listings
     set progress = %(progress)s::text::jsonb, external_id = %(external_id)s,
         confirmed_price = case when %(external_id)s::text is not null
                                then coalesce(confirmed_price, %(price)s) end,
         due_at = %(now)s + %(lease)s, updated_at = %(now)s
   where account_id = %(owner)s and id = %(id)s
"""
# What was handed in is asked for next, whatever the seller wants by now; so the product need not be read.
SUBMIT = """
  update listings
     set state = 'submitted', progress = %(progress)s::text::jsonb, external_id = %(external_id)s,
         attempts = 0, priority = %(priority)s, claimed_by = null, updated_at = %(now)s,
         due_at = %(now)s + case when desired = %(desired)s then %(ask_in)s else interval '0' end
   where account_id = %(owner)s and id = %(id)s and state in ('waiting', 'refused', 'ended', 'submitted')
"""
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
    tx: Transaction, listing: Listing, progress: Progress, *, lease: timedelta, now: datetime
) -> None:
    """Note how far a publication has come, and extend the claim; with the remote id goes the price it was made with."""
    params = {
        "owner": listing.account_id,
        "id": listing.id,
        "progress": msgspec.json.encode(progress).decode(),
        "external_id": progress.external_id,
        "price": listing.price,
        "lease": lease,
        "now": now,
    }
    await tx.run(SAVE_PROGRESS, params)


async def submit(
    tx: Transaction, listing: Listing, progress: Progress, *, ask_in: timedelta, now: datetime
) -> None:
    """Note that a listing is handed in, unless it is known by now what became of it."""
    params = {
        "owner": listing.account_id,
        "id": listing.id,
        "progress": msgspec.json.encode(progress).decode(),
        "external_id": progress.external_id,
        "priority": PRIORITY[Step.ASK],
        "desired": listing.desired.value,
        "ask_in": ask_in,
        "now": now,
    }
    await tx.run(SUBMIT, params)


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
