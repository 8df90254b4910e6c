"""Make a channel show what the seller wants: end, lower quantities, change prices, raise quantities, check, publish, revise."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from saluhall.channel import (
    Channel,
    Disconnected,
    Live,
    Lost,
    OutOfBudget,
    Pending,
    Refusal,
    Rejected,
    RemoteState,
    Unavailable,
)
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import Connection, ConnectionState
from saluhall.domain.listings import events, outcomes, submissions, suspension
from saluhall.domain.listings import queries as listings
from saluhall.domain.listings.events import Event, Seen, Waits
from saluhall.domain.listings.model import DueListing, EndedReason
from saluhall.domain.listings.record import claim_due, next_step, record
from saluhall.domain.listings.steps import PRIORITY, Step
from saluhall.domain.offers import queries as offers
from saluhall.jobs.access import open_channel
from saluhall.jobs.call_plan import WIDTH, CallPlan
from saluhall.jobs.failure_policy import Retry, Suspend, Wait, consequence_of
from saluhall.jobs.listing_failures import event_from_failure
from saluhall.jobs.listing_work import Work, work_from_due
from saluhall.jobs.publish import (
    IMAGES_PAUSE,
    Content,
    Publisher,
    is_ready,
    live_from,
    read_contents,
)
from saluhall.jobs.run import Job, Run
from saluhall.jobs.slots import Share, Size
from saluhall.jobs.update import LISTING_RETRIES, update
from saluhall.jobs.waits import Waits as ConnectionWaits
from saluhall.kit.retry import RetryPolicy

_LEASE = timedelta(minutes=3)
_FIRST_CHECK = timedelta(milliseconds=250)
_MAX_CHECK_PAUSE = timedelta(minutes=10)


class Sync(Struct, frozen=True):
    """The run of one connection."""

    run: Run
    connection: Connection
    share: Share
    channel: Channel
    plan: CallPlan
    publisher: Publisher
    waits: ConnectionWaits


async def _open(run: Run, key: str) -> Sync | None:
    async with run.db.statement() as tx:
        account_id = await connections.account_of_connection(tx, UUID(key))
        found = await connections.find_connection(tx, account_id, UUID(key)) if account_id else None
        if found is None:
            return None
        policy = await offers.policy_of(tx, found.account_id, found.id)
    try:
        if found.state is ConnectionState.DISCONNECTED:
            raise Disconnected(found.reason or "disconnected")  # noqa: TRY301 - suspended in one place
        channel = open_channel(run, found)
    except Disconnected as error:
        await _cancel(run, found)
        await _suspend(run, found, str(error))
        return None
    return Sync(
        run=run,
        connection=found,
        share=run.slots.share(found.account_id, max_calls=WIDTH),
        channel=channel,
        plan=CallPlan(run, found),
        publisher=Publisher(run, channel, found, policy, lease=_LEASE),
        waits=ConnectionWaits(run, found),
    )


async def _next_at(sync: Sync) -> datetime | None:
    """Return when the next listing is due; None also when the budget does not allow all work. Note what keeps listings waiting."""
    async with sync.run.db.statement() as tx:
        account_id, connection_id = sync.connection.account_id, sync.connection.id
        next_at = await listings.next_due_at(tx, account_id, connection_id)
    if not sync.plan.is_tight:
        sync.waits.has_calls()
    elif next_at is not None and sync.plan.refusal is not None:
        sync.waits.out_of_calls(sync.plan.refusal)
    await sync.waits.note()
    return None if sync.plan.is_tight else next_at


async def _claim(sync: Sync, limit: int) -> Sequence[Work]:
    account_id = sync.connection.account_id
    async with sync.run.db.statement() as tx:
        last_priority, room = await sync.plan.read(tx)
        if last_priority is None or sync.plan.is_spent:
            return ()
        due = await claim_due(
            tx,
            account_id,
            sync.connection.id,
            worker=sync.run.worker,
            limit=min(limit, room),
            last_priority=last_priority,
            lease=_LEASE,
            now=sync.run.clock(),
        )
        shown = [x.product.id for x in due if next_step(x) in {Step.PUBLISH, Step.REVISE}]
        contents = await read_contents(tx, account_id, shown)
    return work_from_due(due, contents)


async def _work(sync: Sync, work: Work) -> None:
    try:
        await _do(sync, work)
        sync.waits.works()
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - what is not a channel's error is a crash of ours
        failure = error
        await sync.run.until_written(lambda: _failed(sync, work.due, failure))


async def _do(sync: Sync, work: Work) -> None:
    first = work.due[0]
    match work.step:
        case Step.CHECK:
            await _check(sync, work.due)
        case Step.PUBLISH:
            await _publish(sync, first, work.contents[first.product.id])
        case Step.LOOK:
            await _look(sync, first)
        case Step.END:
            await _end(sync, first)
        case Step.CANCEL:
            async with sync.run.db.transaction() as tx:
                await outcomes.ended(tx, first, reason=EndedReason.WITHDRAWN, now=sync.run.clock())
        case None:
            async with sync.run.db.transaction() as tx:
                await record(tx, first, Waits(), now=sync.run.clock())
        case step:
            await _update(sync, step, work)


async def _update(sync: Sync, step: Step, work: Work) -> None:
    """Change live listings. Content is revised once all images and texts of the product are ready."""
    ready, contents = work.due, {}
    if step is Step.REVISE:
        ready = [due for due in work.due if is_ready(due, work.contents[due.product.id])]
        contents = {
            due.listing.id: sync.publisher.offer_of(due, work.contents[due.product.id])
            for due in ready
        }
    for due in work.due:
        if due not in ready:
            async with sync.run.db.transaction() as tx:
                await record(tx, due, Waits(), due_in=IMAGES_PAUSE, now=sync.run.clock())
    failed = await update(sync.run, sync.channel, step, ready, contents) if ready else []
    for due, error in failed:
        await _failed(sync, [due], error)


async def _publish(sync: Sync, due: DueListing, content: Content) -> None:
    publishing = sync.plan.publishing
    publishing.add(due.listing.id)
    try:
        await sync.publisher.publish(due, content, check_in=sync.plan.check_in)
    finally:
        publishing.discard(due.listing.id)


async def _check(sync: Sync, group: list[DueListing]) -> None:
    """Check what became of submissions, and record it for all of them together."""
    keys = {str(due.listing.id): due.listing.progress for due in group}
    decisions = await sync.channel.check(keys)
    lives: list[tuple[DueListing, events.WentLive]] = []
    undecided: list[tuple[DueListing, timedelta]] = []
    others: list[tuple[DueListing, Event, timedelta]] = []
    now = sync.run.clock()
    for due in group:
        match decisions.get(str(due.listing.id), Pending(check_in=_FIRST_CHECK)):
            case Live() as live:
                lives.append((due, live_from(live, due, now=now)))
            case Pending(check_in=check_in):
                undecided.append((due, _check_pause(sync, due, check_in)))
            case Lost(reason=reason, progress=progress):
                lost = events.Lost(reason=reason, progress=progress)
                others.append((due, lost, LISTING_RETRIES.delay(due.listing.attempts + 1)))
            case Refusal(reason=reason):
                others.append((due, events.Rejected(reason=reason), timedelta()))
    account_id = sync.connection.account_id
    async with sync.run.db.transaction() as tx:
        await outcomes.went_live(tx, account_id, lives, now=now)
        await submissions.undecided(tx, account_id, undecided, now=now)
        for due, event, due_in in others:
            await record(tx, due, event, due_in=due_in, now=now)


def _check_pause(sync: Sync, due: DueListing, check_in: timedelta) -> timedelta:
    first = sync.plan.first_pause(check_in)
    checks = RetryPolicy(base=first, factor=3, max=_MAX_CHECK_PAUSE)
    return sync.plan.check_in(checks.delay(due.listing.attempts + 1))


async def _look(sync: Sync, due: DueListing) -> None:
    found = await sync.channel.read([str(due.listing.external_id)])
    there = next(iter(found), None)
    async with sync.run.db.transaction() as tx:
        now = sync.run.clock()
        if there is None:
            await record(tx, due, Seen(bids=due.listing.bids, is_look=True), now=now)
        elif there.state is RemoteState.LIVE:
            seen = Seen(price=there.price, quantity=there.quantity, bids=there.bids, is_look=True)
            await record(tx, due, seen, now=now)
        else:
            await outcomes.over(tx, due, there, now=now)


async def _end(sync: Sync, due: DueListing) -> None:
    there, reason = None, None
    try:
        there = await sync.channel.end(str(due.listing.external_id), due.listing.format)
    except Rejected as error:
        reason = str(error)
    async with sync.run.db.transaction() as tx:
        now = sync.run.clock()
        if reason is not None:
            await outcomes.end_refused(tx, due, reason=reason, now=now)
        elif there is not None and there.state is RemoteState.SOLD:
            await outcomes.sold(tx, due, there, now=now)
        else:
            await outcomes.ended(tx, due, reason=EndedReason.WITHDRAWN, now=now)


async def _failed(sync: Sync, group: Sequence[DueListing], error: Exception) -> None:
    consequence = consequence_of(error)
    if isinstance(consequence, Suspend):
        if await _suspend(sync.run, sync.connection, consequence.reason):
            return
        # Connected again meanwhile: the next pass uses the new token.
        consequence = Wait(timedelta(0))
    reason = None
    if isinstance(consequence, Wait):
        sync.plan.is_tight = sync.plan.is_spent = True
        sync.plan.refusal = error if isinstance(error, OutOfBudget) else None
        reason = sync.waits.out_of_calls(error) if isinstance(error, OutOfBudget) else None
    elif isinstance(consequence, Retry) and isinstance(error, Unavailable):
        pause = consequence.pause or LISTING_RETRIES.delay(group[0].listing.attempts + 1)
        sync.waits.unreachable(consequence.reason, pause)
    for due in group:
        async with sync.run.db.transaction() as tx:
            event, due_in = event_from_failure(due, consequence, error, reason)
            await record(tx, due, event, due_in=due_in, now=sync.run.clock())


async def _cancel(run: Run, connection: Connection) -> None:
    """Give up what never was live and is not wanted any longer: that needs no access."""
    while True:
        async with run.db.transaction() as tx:
            now = run.clock()
            due = await claim_due(
                tx,
                connection.account_id,
                connection.id,
                worker=run.worker,
                limit=100,
                last_priority=PRIORITY[Step.CANCEL],
                lease=_LEASE,
                now=now,
            )
            for each in due:
                if next_step(each) is Step.CANCEL:
                    await outcomes.ended(tx, each, reason=EndedReason.WITHDRAWN, now=now)
        if not due:
            return


async def _suspend(run: Run, connection: Connection, reason: str) -> bool:
    async with run.db.transaction() as tx:
        return await suspension.suspend(tx, connection, reason=reason, now=run.clock())


SYNC_CONNECTION = Job(
    name="sync_connection",
    size=Size(slots=256),
    open=_open,
    claim=_claim,
    work=_work,
    next_at=_next_at,
)
