"""What a failed call means for a listing: what is live stays live, whatever the channel rejects."""

from typing import Any

import pytest
from msgspec.structs import replace

from saluhall.channel import Rejected
from saluhall.domain.listings import lifecycle
from saluhall.domain.listings.model import DueListing, State
from saluhall.domain.listings.record import claim_due
from saluhall.jobs.failure_policy import consequence_of
from saluhall.jobs.listing_failures import event_from_failure
from saluhall.storage import Database
from tests.domain.selling import LEASE, WORKER, Seller


@pytest.mark.parametrize(
    ("state", "after"), [(State.PENDING, State.REJECTED), (State.LIVE, State.LIVE)]
)
async def test_a_rejection_ends_an_attempt_and_never_what_is_live(
    db: Database, state: State, after: State
) -> None:
    due = await claimed(db, state=state)

    event, _ = event_from_failure(due, consequence_of(Rejected("no")), Rejected("no"), None)
    listing = lifecycle.apply(due.listing, event)

    assert (listing.state, listing.error) == (after, "no")
    if after is State.LIVE:
        assert listing.content == due.product.content_revision


async def claimed(db: Database, **facts: Any) -> DueListing:
    """Claim a listing that is due to be published, as if it were in another state."""
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.offer(connection, await seller.stock("A"))
    async with db.transaction() as tx:
        [due] = await claim_due(
            tx,
            seller.principal.account_id,
            connection.id,
            worker=WORKER,
            limit=1,
            lease=LEASE,
            now=seller.now,
        )
    return replace(due, listing=replace(due.listing, **facts))
