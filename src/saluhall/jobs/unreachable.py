"""Listings whose marketplace cannot be reached: without a connection, or with one that is closed."""

from datetime import timedelta
from uuid import UUID

from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import outcomes, parking
from saluhall.domain.listings.model import PRIORITY, Step, next_step
from saluhall.jobs.run import Run

_LEASE = timedelta(minutes=3)
_NO_CONNECTION = "No Tradera account is connected. Connect one, and the item is listed by itself."


async def cancel(run: Run, connection: Connection) -> None:
    """Give up what never stood anywhere and is not wanted any more: that needs no access."""
    while True:
        async with run.db.transaction() as tx:
            now = run.clock()
            due = await outcomes.claim_due(
                tx,
                connection.account_id,
                connection.id,
                worker=run.worker,
                limit=100,
                lowest=PRIORITY[Step.CANCEL],
                lease=_LEASE,
                now=now,
            )
            for listing in due:
                if next_step(listing) is Step.CANCEL:
                    await outcomes.ended(tx, listing, now=now)
        if not due:
            return


async def refuse_unconnected(run: Run, owner: UUID) -> None:
    """Tell the owner of listings that have no connection what is missing."""
    while True:
        async with run.db.transaction() as tx:
            now = run.clock()
            due = await outcomes.claim_due(
                tx, owner, None, worker=run.worker, limit=100, lease=_LEASE, now=now
            )
            for listing in due:
                if next_step(listing) is Step.CANCEL:
                    await outcomes.ended(tx, listing, now=now)
                else:
                    await parking.unconnected(tx, listing, reason=_NO_CONNECTION, now=now)
        if not due:
            return
