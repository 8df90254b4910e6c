"""Change live listings on a channel, many with one call where it takes batches."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from saluhall.channel import Change, Channel, Offer, Rejected, Unavailable
from saluhall.domain.listings.events import Event, Failed, Updated, UpdateRefused, UpdateUnclear
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.record import Outcome, record_all
from saluhall.domain.listings.steps import Step
from saluhall.jobs.run import Run
from saluhall.kit.retry import RetryPolicy

LISTING_RETRIES = RetryPolicy(base=timedelta(seconds=2), max=timedelta(hours=1))
UPDATES = frozenset({Step.LOWER_QUANTITY, Step.CHANGE_PRICE, Step.RAISE_QUANTITY, Step.REVISE})
_QUANTITIES = frozenset({Step.LOWER_QUANTITY, Step.RAISE_QUANTITY})


async def update(
    run: Run,
    channel: Channel,
    step: Step,
    group: Sequence[DueListing],
    contents: Mapping[UUID, Offer],
) -> list[tuple[DueListing, Exception]]:
    """Make one change of each listing, record what the channel said, and return those that failed for another reason.

    Raises what the channel raises when the whole call failed.
    """
    changes = [_change(step, due, contents) for due in group]
    try:
        results = await channel.update(changes)
    except Unavailable as error:
        if not error.unclear:
            raise
        results = [error] * len(group)
    outcomes: list[Outcome] = []
    failed: list[tuple[DueListing, Exception]] = []
    for due, change, result in zip(group, changes, results, strict=True):
        event = _event_of(step, due, change, result)
        if event is None and result is not None:
            failed.append((due, result))
        elif event is not None:
            outcomes.append(_outcome(due, event, result))
    if outcomes:
        async with run.db.transaction() as tx:
            account_id = group[0].listing.account_id
            await record_all(tx, account_id, outcomes, now=run.clock())
    return failed


def _change(step: Step, due: DueListing, contents: Mapping[UUID, Offer]) -> Change:
    listing, offer = due.listing, due.offer
    return Change(
        external_id=str(listing.external_id),
        format=listing.format,
        price=offer.price if step is Step.CHANGE_PRICE else None,
        quantity=_quantity(due) if step in _QUANTITIES else None,
        known_quantity=listing.quantity if step in _QUANTITIES else None,
        content=contents.get(listing.id),
    )


def _quantity(due: DueListing) -> int:
    """Return how many units to show: none of what is not wanted any longer."""
    return due.offer.quantity if due.product.can_sell else 0


def _event_of(
    step: Step, due: DueListing, change: Change, result: Exception | None
) -> Event | None:
    match result:
        case None:
            content = due.product.content_revision if step is Step.REVISE else None
            return Updated(price=change.price, quantity=change.quantity, content=content)
        case Rejected() if step is Step.CHANGE_PRICE:
            return UpdateRefused(reason=str(result), price=change.price)
        case Rejected() if step is Step.REVISE:
            return UpdateRefused(reason=str(result), content=due.product.content_revision)
        case Rejected():
            return Failed(reason=str(result))
        case Unavailable(unclear=True):
            return UpdateUnclear(reason=str(result), is_of_quantity=step in _QUANTITIES)
        case _:
            return None


def _outcome(due: DueListing, event: Event, result: Exception | None) -> Outcome:
    if result is None or isinstance(event, UpdateRefused):
        return Outcome(due=due, event=event)
    pause = result.retry_in if isinstance(result, Unavailable) else None
    return Outcome(
        due=due, event=event, due_in=pause or LISTING_RETRIES.delay(due.listing.attempts + 1)
    )
