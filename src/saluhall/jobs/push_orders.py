"""Tell the marketplace what the seller has set: that an order was sent, or paid."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from msgspec import Struct

from saluhall.channel import (
    Acknowledgement,
    Channel,
    Disconnected,
    NotSupported,
    Shipment,
)
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import Connection, ConnectionState
from saluhall.domain.listings import parking
from saluhall.domain.orders import pushes
from saluhall.domain.orders.model import DuePush, OrderStatus
from saluhall.jobs.access import open_channel
from saluhall.jobs.patience import until_taken
from saluhall.jobs.pump import pump
from saluhall.jobs.run import Run, job_of
from saluhall.jobs.verdict import Crash, GiveBack, Park, Refuse, Retry, Wait, verdict_on

_WIDTH = 4
_LEASE = timedelta(minutes=3)
_LONGEST_WAIT = timedelta(minutes=10)  # the operator may raise the budget meanwhile
_NO_CALLS = "Waiting for the marketplace's call budget."
_OUR_BUG = "Internal error; the operator's log tells more."
_log = structlog.get_logger(__name__)


class Push(Struct, frozen=True):
    """One pass over one connection; `over` is set when no more is to be taken: no call is left, or the access is wrong."""

    run: Run
    connection: Connection
    channel: Channel
    over: asyncio.Event

    @property
    def label(self) -> str:
        """Name the marketplace as people do."""
        return self.run.channels[self.connection.channel].label


async def drain(run: Run, key: str) -> None:
    """Tell the marketplace of the connection named by `key` what is due there."""
    async with run.db.statement() as tx:
        owner = await connections.owner_of_connection(tx, UUID(key))
        found = await connections.find_connection(tx, owner, UUID(key)) if owner else None
    if found is None:
        return
    try:
        if found.state is ConnectionState.DISCONNECTED:
            raise Disconnected(found.reason or "disconnected")  # noqa: TRY301 - parked in one place
        push = Push(run, found, open_channel(run, found), asyncio.Event())
    except Disconnected as error:
        await _park(run, found, str(error))
        return
    await _pass(push)


async def _pass(push: Push) -> None:
    """Work until nothing is due, or nothing can be done."""

    async def claim(limit: int) -> Sequence[DuePush]:
        if push.over.is_set():
            return ()
        async with push.run.db.transaction() as tx:
            return await pushes.claim_due(
                tx,
                push.connection.account_id,
                push.connection.id,
                worker=push.run.worker,
                limit=limit,
                lease=_LEASE,
                now=push.run.clock(),
            )

    async def work(due: DuePush) -> None:
        await _tell(push, due)

    async def record(_: Sequence[None]) -> None:
        """Do nothing: each order records for itself, the moment it is known."""

    share = push.run.slots.share(push.connection.account_id, max_calls=_WIDTH)
    await pump(push.run, claim, work, record, share)


async def _tell(push: Push, due: DuePush) -> None:
    try:
        answer = await _say(push.channel, due)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the verdict names what is not a channel's error a crash of ours
        await _judge(push, due, error)
        return
    run = push.run

    async def write() -> None:
        async with run.db.transaction() as tx:
            await pushes.told(tx, due, answer, label=push.label, now=run.clock())

    await until_taken(run, write)


async def _say(channel: Channel, due: DuePush) -> Acknowledgement:
    """Notify the channel of what it may record; an order that waits or is cancelled is known here only."""
    match due.wanted_status:
        case OrderStatus.SENT:
            shipment = Shipment(carrier=due.courier_code, tracking=due.tracking)
            return await channel.ship(due.remote_id, shipment)
        case OrderStatus.ACCEPTED:
            return await channel.mark_paid(due.remote_id)
        case OrderStatus.STANDBY | OrderStatus.CANCELLED:
            return NotSupported()


async def _judge(push: Push, due: DuePush, error: Exception) -> None:
    run = push.run
    verdict = verdict_on(error)
    if isinstance(verdict, Park):
        push.over.set()
        await _park(run, push.connection, verdict.reason)
        return
    now = run.clock()
    async with run.db.transaction() as tx:
        match verdict:
            case Wait(pause=pause):
                push.over.set()
                pause = min(pause, _LONGEST_WAIT)
                await pushes.wait(tx, due, reason=_NO_CALLS, pause=pause, now=now)
            case Retry(reason=reason, pause=later):
                await pushes.postpone(tx, due, reason=reason, pause=later, now=now)
            case Refuse(reason=reason):
                await pushes.refused(tx, due, reason=reason, now=now)
            case GiveBack():
                raise error  # the job ends, and what it holds is given back
            case Crash():
                _log.error(
                    "an order's status was set aside: this is a bug",
                    account_id=str(due.account_id),
                    order_id=due.id,
                    exc_info=error,
                )
                await pushes.refused(tx, due, reason=_OUR_BUG, now=now)


async def _park(run: Run, connection: Connection, reason: str) -> None:
    """Set everything of this connection aside: a wrong access is wrong for its listings too."""
    now = run.clock()
    async with run.db.transaction() as tx:
        await parking.park(tx, connection, reason=reason, now=now)
        await pushes.park(tx, connection, reason=reason, now=now)


PUSH_ORDERS = job_of(
    "push_orders",
    drain,
    table="order_heads",
    key="connection_id",
    due="push_due_at",
    claimed="push_claimed_by",
    within="connection_id",
    # What waits for a connection to be made again stays due, but no bell can help it.
    only="""
      exists (select from connections c
               where c.account_id = order_heads.account_id and c.id = connection_id
                 and c.state = 'connected')
    """,
)
