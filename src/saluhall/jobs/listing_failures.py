"""What a failed channel call means for a listing."""

from datetime import timedelta

import structlog

from saluhall.domain.listings import events
from saluhall.domain.listings.events import Broken, Event, Failed, UpdateRefused, Waits
from saluhall.domain.listings.model import DueListing, State
from saluhall.jobs.failure_policy import Consequence, Reject, Release, Retry, Wait
from saluhall.jobs.update import LISTING_RETRIES

_MAX_WAIT = timedelta(minutes=10)  # the operator may raise the budget meanwhile
_RELEASED_FOR = timedelta(seconds=1)  # until a heartbeat has arrived, most likely
_BROKEN = "Internal error; see the server log."
_log = structlog.get_logger(__name__)


def event_from_failure(
    due: DueListing, consequence: Consequence, error: Exception, reason: str | None
) -> tuple[Event, timedelta]:
    """Return what a consequence means for a listing, and after how long it is due again."""
    match consequence:
        case Release():
            return Waits(), _RELEASED_FOR
        case Wait(pause=pause):
            return Waits(reason=reason), min(pause, _MAX_WAIT)
        case Retry(reason=why, pause=pause):
            return Failed(reason=why), pause or LISTING_RETRIES.delay(due.listing.attempts + 1)
        case Reject(reason=why) if due.listing.state is State.LIVE:
            # What is live stays as it is: this content is not tried again before it changes.
            return UpdateRefused(reason=why, content=due.product.content_revision), timedelta()
        case Reject(reason=why):
            return events.Rejected(reason=why), timedelta()
        case _:
            _log.error(
                "a listing is suspended: this is a bug",
                account_id=str(due.listing.account_id),
                sku=due.product.sku,
                exc_info=error,
            )
            return Broken(reason=_BROKEN), timedelta()
