"""A listing on its way to a channel: how far its publication has come.

Each of these is one statement for however many listings, on rows with a checked claim: a publication must not wait for others.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.channel import Progress
from saluhall.domain.listings import submissions_store
from saluhall.domain.listings.model import DueListing
from saluhall.storage import Transaction
from saluhall.storage.claims import ClaimLost


async def save_progress(
    tx: Transaction,
    account_id: UUID,
    saved: Sequence[tuple[DueListing, Progress]],
    *,
    lease: timedelta,
    now: datetime,
) -> list[ClaimLost | None]:
    """Save how far publications have come the moment it is known; for each None, or that its claim is lost and it must stop.

    `tx` commits each statement separately.
    """
    lost = await submissions_store.save_progress(tx, account_id, saved, lease=lease, now=now)
    return [ClaimLost() if due.listing.id in lost else None for due, _ in saved]


async def submitted(
    tx: Transaction,
    account_id: UUID,
    submitted: Sequence[tuple[DueListing, Progress, timedelta]],
    *,
    now: datetime,
) -> list[ClaimLost | None]:
    """Record that listings are submitted; check each after so long, whatever the seller wants meanwhile.

    For each None, or that its claim is lost. `tx` commits each statement separately.
    """
    lost = await submissions_store.submit(tx, account_id, submitted, now=now)
    return [ClaimLost() if due.listing.id in lost else None for due, _, _ in submitted]


async def undecided(
    tx: Transaction,
    account_id: UUID,
    undecided: Sequence[tuple[DueListing, timedelta]],
    *,
    now: datetime,
) -> None:
    """Record that the channel has not decided yet on these, and after how long to check again."""
    if undecided:
        await submissions_store.check_again(tx, account_id, undecided, now=now)
