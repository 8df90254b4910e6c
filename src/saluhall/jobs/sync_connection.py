"""Make the listings of a connection what the seller wants: ends first, then prices, then verdicts, then new listings."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from msgspec import Struct

from saluhall.capabilities import Format
from saluhall.channel import (
    Change,
    Channel,
    Disconnected,
    Live,
    Lost,
    OutOfBudget,
    Pending,
    Product,
    Refusal,
    Rejected,
    RemoteState,
    Unavailable,
)
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import Connection, ConnectionState
from saluhall.domain.images import queries as images
from saluhall.domain.images.model import Image
from saluhall.domain.listings import handing_in, outcomes, parking
from saluhall.domain.listings import queries as listings
from saluhall.domain.listings.model import Listing, Step, next_step
from saluhall.domain.products.content import list_contents
from saluhall.jobs.access import open_channel
from saluhall.jobs.linger import linger
from saluhall.jobs.publish import Publisher
from saluhall.jobs.pump import drained, pump
from saluhall.jobs.room import WIDTH, Room
from saluhall.jobs.run import Run
from saluhall.jobs.slots import Size
from saluhall.jobs.unreachable import cancel, refuse_unconnected
from saluhall.jobs.verdict import GiveBack, Park, Refuse, Retry, Verdict, Wait, verdict_on
from saluhall.jobs.waits import Waits
from saluhall.storage import Transaction

_LEASE = timedelta(minutes=3)
_FIRST_ASK = timedelta(milliseconds=250)
_LONGEST_ASK = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(minutes=10)  # the operator may raise the budget meanwhile
_GIVEN_BACK_FOR = timedelta(seconds=1)  # until a heartbeat has arrived, most likely
_log = structlog.get_logger(__name__)


class Sync(Struct, frozen=True):
    """One pass over one connection."""

    run: Run
    connection: Connection
    channel: Channel
    room: Room
    publisher: Publisher
    waits: Waits


class Work(Struct, frozen=True):
    """Listings to work together, all for verdicts or a single one for anything else, with what is to be published."""

    listings: list[Listing]
    pictures: Sequence[Image] = ()
    content: Product | None = None


async def drain(run: Run, key: str) -> None:
    """Work what is due at the connection named by `key`; an account's id stands for its listings without a connection."""
    async with run.db.statement() as tx:
        owner = await connections.owner_of_connection(tx, UUID(key))
        found = await connections.find_connection(tx, owner, UUID(key)) if owner else None
    if found is None:
        await refuse_unconnected(run, UUID(key))
        return
    try:
        if found.state is ConnectionState.DISCONNECTED:
            raise Disconnected(found.reason or "disconnected")  # noqa: TRY301 - parked in one place
        sync = _sync(run, found)
    except Disconnected as error:
        await cancel(run, found)
        await _park(run, found, str(error))
        return
    while True:
        await _pass(sync)
        async with run.db.statement() as tx:
            next_at = await listings.next_due_at(tx, found.account_id, found.id)
        await _note_waits(sync, is_waiting=next_at is not None)
        if sync.room.is_tight or not await linger(run, next_at):
            return


async def _note_waits(sync: Sync, *, is_waiting: bool) -> None:
    """Note what keeps listings waiting, if it is news."""
    if not sync.room.is_tight:
        sync.waits.has_calls()
    elif is_waiting and sync.room.refusal is not None:
        sync.waits.out_of_calls(sync.room.refusal)
    await sync.waits.note()


def _sync(run: Run, connection: Connection) -> Sync:
    """Make ready for a connection. Raises Disconnected."""
    channel = open_channel(run, connection)
    publisher = Publisher(run, channel, connection.account_id, lease=_LEASE)
    room, waits = Room(run, connection), Waits(run, connection)
    return Sync(run, connection, channel, room, publisher, waits)


async def _pass(sync: Sync) -> None:
    """Work until nothing is due, or nothing that the budget allows."""

    async def claim(limit: int) -> Sequence[Work]:
        return await _claim(sync, limit)

    async def work(some: Work) -> None:
        await _work(sync, some)

    share = sync.run.slots.share(sync.connection.account_id, max_calls=WIDTH)
    await pump(sync.run, claim, work, share)


async def _claim(sync: Sync, limit: int) -> Sequence[Work]:
    owner = sync.connection.account_id
    async with sync.run.db.statement() as tx:
        lowest, most = await sync.room.look(tx)
        if lowest is None or sync.room.is_spent:
            return ()
        due = await outcomes.claim_due(
            tx,
            owner,
            sync.connection.id,
            worker=sync.run.worker,
            limit=min(limit, most),
            lowest=lowest,
            lease=_LEASE,
            now=sync.run.clock(),
        )
        new = [x.product_id for x in due if next_step(x) is Step.PUBLISH]
        pictures = await images.list_images(tx, owner, new) if new else {}
        contents = await list_contents(tx, account_id=owner, product_ids=new) if new else {}
    return _in_groups(due, pictures, contents)


def _in_groups(
    due: Sequence[Listing],
    pictures: Mapping[UUID, Sequence[Image]],
    contents: Mapping[UUID, Product],
) -> Sequence[Work]:
    """Verdicts are asked for together, everything else goes alone."""
    asked = [listing for listing in due if next_step(listing) is Step.ASK]
    alone = [
        Work([listing], pictures.get(listing.product_id, ()), contents.get(listing.product_id))
        for listing in due
        if next_step(listing) is not Step.ASK
    ]
    return [*alone, Work(asked)] if asked else alone


async def _work(sync: Sync, work: Work) -> None:
    try:
        await _step(sync, work)
        sync.waits.works()
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the verdict names what is not a channel's error a crash of ours
        failure = error
        await sync.run.until_written(lambda: _judge(sync, work.listings, failure))


async def _step(sync: Sync, work: Work) -> None:
    listing = work.listings[0]
    match next_step(listing):
        case Step.ASK:
            await _ask(sync, work.listings)
        case Step.PUBLISH:
            await _publish(sync, listing, work)
        case Step.CHANGE_PRICE:
            await _change_price(sync, listing, listing.price)
        case Step.LOOK:
            await _look(sync, listing)
        case Step.END:
            await _end(sync, listing)
        case Step.CANCEL:
            async with sync.run.db.transaction() as tx:
                await outcomes.ended(tx, listing, now=sync.run.clock())
        case None:
            async with sync.run.db.transaction() as tx:
                await outcomes.nothing_to_do(tx, listing, now=sync.run.clock())


async def _publish(sync: Sync, listing: Listing, work: Work) -> None:
    if work.content is None:
        return  # it was deleted since
    publishing = sync.room.publishing
    publishing.add(listing.id)
    try:
        await sync.publisher.publish(
            listing, work.content, work.pictures, check_at=sync.room.ask_in
        )
    finally:
        publishing.discard(listing.id)


async def _ask(sync: Sync, group: list[Listing]) -> None:
    """Ask what became of listings handed in, and record it for all of them together."""
    answers = await sync.channel.check({str(x.id): x.progress for x in group})
    lives: list[tuple[Listing, Live]] = []
    undecided: list[tuple[Listing, timedelta]] = []
    others: list[tuple[Listing, Lost | Refusal]] = []
    for listing in group:
        match answers.get(str(listing.id), Pending(check_in=_FIRST_ASK)):
            case Live() as live:
                lives.append((listing, live))
            case Pending(check_in=ask_in):
                undecided.append((listing, _pause(sync, listing, ask_in)))
            case other:
                others.append((listing, other))
    owner, now = sync.connection.account_id, sync.run.clock()
    async with sync.run.db.transaction() as tx:
        await handing_in.went_live(tx, owner, lives, now=now)
        await handing_in.ask_again(tx, owner, undecided, now=now)
        for listing, outcome in others:
            await _record(tx, listing, outcome, now=now)


def _pause(sync: Sync, listing: Listing, ask_in: timedelta) -> timedelta:
    pause = sync.room.ask_in(sync.room.first_pause(ask_in) * 3 ** min(listing.attempts, 10))
    return min(pause, _LONGEST_ASK)


async def _record(
    tx: Transaction, listing: Listing, outcome: Lost | Refusal, *, now: datetime
) -> None:
    match outcome:
        case Lost(reason=reason, progress=progress):
            await outcomes.start_over(tx, listing, progress, reason=reason, now=now)
        case Refusal(reason=reason):
            await outcomes.refused(tx, listing, reason=reason, now=now)


async def _change_price(sync: Sync, listing: Listing, price: Decimal) -> None:
    reason = None
    try:
        await _update(sync, str(listing.external_id), price)
    except Rejected as error:
        reason = str(error)
    except Unavailable as error:
        if not error.unclear:
            raise
        async with sync.run.db.transaction() as tx:
            now, pause = sync.run.clock(), error.retry_in
            await outcomes.price_unclear(tx, listing, reason=str(error), pause=pause, now=now)
        return
    async with sync.run.db.transaction() as tx:
        now = sync.run.clock()
        if reason is None:
            await outcomes.price_changed(tx, listing, price, now=now)
        else:
            await outcomes.price_refused(tx, listing, price, reason=reason, now=now)


async def _update(sync: Sync, external_id: str, price: Decimal) -> None:
    change = Change(external_id=external_id, format=Format.AUCTION, price=price)
    (failure,) = await sync.channel.update([change])
    if failure is not None:
        raise failure


async def _look(sync: Sync, listing: Listing) -> None:
    there = await sync.channel.read([str(listing.external_id)])
    async with sync.run.db.transaction() as tx:
        await outcomes.looked(tx, listing, next(iter(there), None), now=sync.run.clock())


async def _end(sync: Sync, listing: Listing) -> None:
    there, reason = None, None
    try:
        there = await sync.channel.end(str(listing.external_id), Format.AUCTION)
    except Rejected as error:
        reason = str(error)
    async with sync.run.db.transaction() as tx:
        now = sync.run.clock()
        if reason is not None:
            await outcomes.end_refused(tx, listing, reason=reason, now=now)
        elif there is not None and there.state is RemoteState.SOLD:
            await outcomes.sold(tx, listing, there, now=now)
        else:
            await outcomes.ended(tx, listing, now=now)


async def _judge(sync: Sync, group: list[Listing], error: Exception) -> None:
    verdict = verdict_on(error)
    if isinstance(verdict, Park):
        if await _park(sync.run, sync.connection, verdict.reason):
            return
        verdict = Wait(timedelta(0))  # made anew meanwhile: the next pass uses the new token
    reason = None
    if isinstance(verdict, Wait):
        sync.room.is_tight = sync.room.is_spent = True
        sync.room.refusal = error if isinstance(error, OutOfBudget) else None
        reason = sync.waits.out_of_calls(error) if isinstance(error, OutOfBudget) else None
    elif isinstance(verdict, Retry) and isinstance(error, Unavailable):
        sync.waits.unreachable(verdict.reason, verdict.pause or outcomes.pause_after(group[0]))
    for listing in group:
        async with sync.run.db.transaction() as tx:
            await _follow(tx, listing, verdict, error, reason=reason, now=sync.run.clock())


async def _follow(
    tx: Transaction,
    listing: Listing,
    verdict: Verdict,
    error: Exception,
    *,
    reason: str | None,
    now: datetime,
) -> None:
    """Record what a verdict means for a listing."""
    match verdict:
        case GiveBack():
            await outcomes.wait(tx, listing, pause=_GIVEN_BACK_FOR, now=now)
        case Wait(pause=pause):
            pause = min(pause, _LONGEST_WAIT)
            await outcomes.wait(tx, listing, pause=pause, reason=reason, now=now)
        case Retry(reason=why, pause=pause):
            await outcomes.postpone(tx, listing, reason=why, pause=pause, now=now)
        case Refuse(reason=why):
            await outcomes.refused(tx, listing, reason=why, now=now)
        case _:
            await _set_aside(tx, listing, error, now=now)


async def _set_aside(tx: Transaction, listing: Listing, error: Exception, *, now: datetime) -> None:
    _log.error(
        "a listing was set aside: this is a bug",
        account_id=str(listing.account_id),
        external_id=listing.sku,
        exc_info=error,
    )
    await outcomes.set_aside(tx, listing, now=now)


async def _park(run: Run, connection: Connection, reason: str) -> bool:
    async with run.db.transaction() as tx:
        return await parking.park(tx, connection, reason=reason, now=run.clock())


SYNC_CONNECTION = drained("sync_connection", drain, Size(slots=256))
