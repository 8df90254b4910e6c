"""Look what happened at the marketplace: orders, and sales and endings the hub did not cause."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from msgspec import structs

from saluhall.channel import (
    Changes,
    Channel,
    OutOfBudget,
    Unavailable,
    UnreadableEntry,
)
from saluhall.channel_orders import RemoteOrder
from saluhall.domain.attention import operations as attention
from saluhall.domain.connections import operations, queries
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import outcomes, suspension
from saluhall.domain.listings import queries as listings
from saluhall.domain.orders import intake
from saluhall.domain.orders.mapping import Marketplace
from saluhall.jobs.access import open_channel
from saluhall.jobs.attention import keep_for_attention
from saluhall.jobs.failure_policy import (
    Crash,
    Release,
    Retry,
    Suspend,
    Wait,
    consequence_of,
)
from saluhall.jobs.run import Job, Opened, Run, opens
from saluhall.jobs.waits import Waits
from saluhall.kit.origin import Origin
from saluhall.storage.claims import acting_since
from saluhall.storage.database import DatabaseUnavailable

_LEASE = timedelta(minutes=5)
_AFTER_END = timedelta(seconds=5)
_OVERDUE = timedelta(minutes=2)
_MAX_READS = 10
_AFTER_FAILURE = timedelta(minutes=1)
_ORDERS_AT_ONCE = 500
_TRIED_AGAIN = timedelta(days=7)
_log = structlog.get_logger(__name__)


async def _claim(poll: Opened, _: int) -> Sequence[Connection]:
    run = poll.run
    async with run.db.transaction() as tx:
        account_id = await queries.account_of_connection(tx, UUID(poll.key))
        if account_id is None:
            return ()
        found = await operations.claim_poll(
            tx, account_id, UUID(poll.key), worker=run.worker, lease=_LEASE, now=run.clock()
        )
    return () if found is None else (found,)


async def _work(poll: Opened, connection: Connection) -> None:
    acting_since(None)  # it changes nothing over there, and may take longer than a claim holds
    channel = Origin(actor=f"channel:{connection.channel}", source=connection.channel)
    run = structs.replace(poll.run, db=poll.run.db.acting_as(channel))
    try:
        await _poll(run, connection)
    except Exception as error:  # noqa: BLE001 - what follows is decided like for every failure of a channel
        await _failed(run, connection, error)


async def _poll(run: Run, connection: Connection) -> None:
    channel = open_channel(run, connection)
    async with run.db.statement() as tx:
        known = await listings.list_known_ids(tx, connection.account_id, connection.id)
    changes = await _look(run, channel, connection, known) if known else None
    # Orders first: a sale that both show is noted with its order. A failure of orders does not delay what the changes show.
    trouble = await _take_orders(run, channel, connection)
    now = run.clock()
    async with run.db.transaction() as tx:
        if changes is not None:
            await outcomes.observe(tx, connection, changes.listings, now=now)
            seen = [listing.external_id for listing in changes.listings]
            await attention.settle(
                tx, connection, kinds=["listing", "change"], remote_ids=seen, now=now
            )
        await operations.record_poll(
            tx,
            connection,
            cursor=changes.cursor if changes else None,
            polled_at=now,
            next_at=await _next_poll(run, connection, known, now=now),
            now=now,
        )
    if trouble is not None:
        raise trouble
    waits = Waits(run, connection)
    waits.works()
    await waits.note()


async def _take_orders(run: Run, channel: Channel, connection: Connection) -> Exception | None:
    """Read and store orders; return what prevented it. An order that could not be stored is read again for some days."""
    try:
        feed = await channel.orders(connection.orders_since)
        failed = await _store(run, connection, feed.orders)
        tried_again = [
            o.changed_at for o in failed if o.changed_at > feed.read_until - _TRIED_AGAIN
        ]
        out = {order.external_id for order in failed}
        stored = [order.external_id for order in feed.orders if order.external_id not in out]
        now = run.clock()
        async with run.db.transaction() as tx:
            await attention.settle(tx, connection, kinds=["order"], remote_ids=stored, now=now)
            await operations.record_orders_read(
                tx, connection, until=min([feed.read_until, *tried_again]), now=now
            )
    except Exception as error:  # noqa: BLE001 - judged like every failure of a poll, after the rest of it is recorded
        return error
    return None


async def _store(
    run: Run, connection: Connection, orders: Sequence[RemoteOrder]
) -> list[RemoteOrder]:
    """Store orders, many at a time; where that fails one by one, so that an odd one does not keep the others out. Return the odd ones."""
    card = run.channels[connection.channel]
    market = Marketplace(label=card.label, site=card.site, country=card.country)
    oldest_first = sorted(orders, key=lambda order: (order.placed_at, order.external_id))

    async def store(some: Sequence[RemoteOrder]) -> None:
        async with run.db.transaction() as tx:
            await intake.receive(tx, connection, some, market=market, now=run.clock())

    failed: list[tuple[RemoteOrder, Exception]] = []
    for start in range(0, len(oldest_first), _ORDERS_AT_ONCE):
        some = oldest_first[start : start + _ORDERS_AT_ONCE]
        try:
            await store(some)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - which one fails is found one by one
            failed += await _store_singly(store, some)
    if failed:
        await keep_for_attention(run, connection, [_unstorable(*each) for each in failed])
    return [order for order, _ in failed]


async def _store_singly(
    store: Callable[[Sequence[RemoteOrder]], Awaitable[None]], orders: Sequence[RemoteOrder]
) -> list[tuple[RemoteOrder, Exception]]:
    failed: list[tuple[RemoteOrder, Exception]] = []
    for order in orders:
        try:
            await store([order])
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - this order alone waits for a person
            _log.error(
                "an order could not be stored", external_id=order.external_id, exc_info=error
            )
            failed.append((order, error))
    return failed


def _unstorable(order: RemoteOrder, error: Exception) -> UnreadableEntry:
    return UnreadableEntry(
        kind="order",
        remote_id=order.external_id,
        raw=msgspec.json.encode(order, enc_hook=str).decode(),
        reason=f"It could not be stored: {error}",
    )


async def _look(
    run: Run, channel: Channel, connection: Connection, known: list[tuple[str, datetime | None]]
) -> Changes:
    changes = await channel.changes(connection.cursor, [external_id for external_id, _ in known])
    changes = await _with_newcomers(run, channel, connection, changes)
    seen = {there.external_id for there in changes.listings}
    late = run.clock() - _OVERDUE
    overdue = [i for i, ends_at in known if ends_at and ends_at < late and i not in seen]
    if not overdue:
        return changes
    # Not always the same ones first: some of them may never be readable.
    first = int(run.clock().timestamp()) % len(overdue)
    there = await channel.read([*overdue[first:], *overdue[:first]][:_MAX_READS])
    return structs.replace(changes, listings=[*changes.listings, *there])


async def _with_newcomers(
    run: Run, channel: Channel, connection: Connection, changes: Changes
) -> Changes:
    """Look at what was published while the changes were read: its end may be among them, and the cursor is past it."""
    async with run.db.statement() as tx:
        known = await listings.list_known_ids(tx, connection.account_id, connection.id)
    newcomers = [external_id for external_id, _ in known if external_id in changes.others]
    if not newcomers:
        return changes
    if len(newcomers) > _MAX_READS:  # too many to read them one by one: the next poll reads them
        return structs.replace(changes, cursor=connection.cursor or changes.cursor)
    there = await channel.read(newcomers)
    return structs.replace(changes, listings=[*changes.listings, *there])


async def _next_poll(
    run: Run,
    connection: Connection,
    known: list[tuple[str, datetime | None]],
    *,
    now: datetime,
) -> datetime:
    """Return when to poll next: at the interval or as the budget allows, and soon after the next listing ends."""
    limit = run.channels[connection.channel].calls_per_day(run.env)
    async with run.db.statement() as tx:
        budget = await queries.budget_of_channel(tx, connection.channel, now=now)
        polling = await queries.count_polling(tx, connection.channel)
    pause = operations.poll_pause(
        budget,
        limit=limit,
        connections=max(1, polling),
        interval=timedelta(seconds=run.poll_interval_s),
    )
    ends = [ends_at + _AFTER_END for _, ends_at in known if ends_at and ends_at > now]
    return min([now + pause, *ends])


async def _failed(run: Run, connection: Connection, error: Exception) -> None:
    now = run.clock()
    pause = _AFTER_FAILURE
    waits = Waits(run, connection)
    async with run.db.transaction() as tx:
        match consequence_of(error):
            case Suspend(reason=reason):
                await suspension.suspend(tx, connection, reason=reason, now=now)
                return
            case Wait(pause=wait):
                pause = wait
                if isinstance(error, OutOfBudget):
                    waits.out_of_calls(error)
            case Retry(reason=reason, pause=wait):
                pause = wait or min(pause, timedelta(seconds=run.poll_interval_s))
                if isinstance(error, Unavailable):
                    waits.unreachable(reason, pause)
            case Release():
                pause = timedelta(0)
            case Crash():
                pause = max(pause, timedelta(seconds=run.poll_interval_s))
                _log.error("a poll failed: this is a bug", exc_info=error)
            case _:
                pause = max(pause, timedelta(seconds=run.poll_interval_s))
                _log.warning("a poll was refused", reason=str(error))
        await operations.record_poll(
            tx, connection, cursor=None, polled_at=None, next_at=now + pause, now=now
        )
    await waits.note()


POLL_CONNECTION = Job(name="poll_connection", open=opens(), claim=_claim, work=_work)
