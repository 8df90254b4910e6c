"""Notify channels of what became of their orders: paid, shipped, cancelled, refunded."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from msgspec import Struct

from saluhall.channel import Channel, Disconnected
from saluhall.channel_orders import Acknowledgement, Refund, Shipment
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import Connection, ConnectionState
from saluhall.domain.listings import suspension
from saluhall.domain.orders import updates
from saluhall.domain.orders.model import DueUpdate, UpdateKind
from saluhall.jobs.access import open_channel
from saluhall.jobs.failure_policy import (
    Consequence,
    Crash,
    Reject,
    Release,
    Retry,
    Suspend,
    Wait,
    consequence_of,
)
from saluhall.jobs.run import Job, Run
from saluhall.jobs.slots import Share
from saluhall.storage import Transaction

_WIDTH = 4
_LEASE = timedelta(minutes=3)
_MAX_WAIT = timedelta(minutes=10)  # the operator may raise the budget meanwhile
_NO_CALLS = "Waiting for the marketplace's call budget."
_OUR_BUG = "Internal error; see the server log."
_log = structlog.get_logger(__name__)


class Push(Struct):
    """The run of one connection; `is_over` when nothing is to be claimed now: no call is left, or the access is wrong."""

    run: Run
    connection: Connection
    channel: Channel
    share: Share
    is_over: bool = False

    @property
    def label(self) -> str:
        """Name the channel as people do."""
        return self.run.channels[self.connection.channel].label


async def _open(run: Run, key: str) -> Push | None:
    async with run.db.statement() as tx:
        account_id = await connections.account_of_connection(tx, UUID(key))
        found = await connections.find_connection(tx, account_id, UUID(key)) if account_id else None
    if found is None:
        return None
    try:
        if found.state is ConnectionState.DISCONNECTED:
            raise Disconnected(found.reason or "disconnected")  # noqa: TRY301 - suspended in one place
        channel = open_channel(run, found)
    except Disconnected as error:
        await _suspend(run, found, str(error))
        return None
    return Push(run, found, channel, run.slots.share(found.account_id, max_calls=_WIDTH))


async def _claim(push: Push, limit: int) -> Sequence[DueUpdate]:
    if push.is_over:
        return ()
    async with push.run.db.transaction() as tx:
        return await updates.claim_due(
            tx,
            push.connection.account_id,
            push.connection.id,
            worker=push.run.worker,
            limit=limit,
            lease=_LEASE,
            now=push.run.clock(),
        )


async def _work(push: Push, due: DueUpdate) -> tuple[DueUpdate, Acknowledgement | Consequence]:
    try:
        return due, await _notify(push.channel, due)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        failure = consequence_of(error)
        if isinstance(failure, Release):
            raise
        if isinstance(failure, Crash):
            _log.error(
                "an order's update is suspended: this is a bug",
                account_id=str(due.account_id),
                order_id=due.order_id,
                exc_info=error,
            )
        push.is_over = push.is_over or isinstance(failure, Suspend | Wait)
        return due, failure


async def _record(
    push: Push, results: Sequence[tuple[DueUpdate, Acknowledgement | Consequence]]
) -> None:
    now = push.run.clock()
    async with push.run.db.transaction() as tx:
        for due, result in results:
            await _write(tx, push, due, result, now=now)
    for _, result in results:
        if isinstance(result, Suspend):
            await _suspend(push.run, push.connection, result.reason)


async def _write(
    tx: Transaction,
    push: Push,
    due: DueUpdate,
    result: Acknowledgement | Consequence,
    *,
    now: datetime,
) -> None:
    match result:
        case Wait(pause=pause):
            pause = min(pause, _MAX_WAIT)
            await updates.wait(tx, due, reason=_NO_CALLS, pause=pause, now=now)
        case Retry(reason=reason, pause=later):
            await updates.postpone(tx, due, reason=reason, pause=later, now=now)
        case Reject(reason=reason):
            await updates.rejected(tx, due, reason=reason, now=now)
        case Crash():
            await updates.rejected(tx, due, reason=_OUR_BUG, now=now)
        case Suspend() | Release():
            pass  # the whole connection is suspended; a claim that was lost is not ours to write
        case acknowledgement:
            await updates.settled(tx, due, acknowledgement, label=push.label, now=now)


async def _notify(channel: Channel, due: DueUpdate) -> Acknowledgement:
    match due.kind:
        case UpdateKind.SHIPPED:
            parcel = Shipment(carrier=due.carrier, tracking=due.tracking, lines=due.lines)
            return await channel.ship(due.external_id, parcel)
        case UpdateKind.PAID:
            return await channel.mark_paid(due.external_id)
        case UpdateKind.CANCELLED:
            return await channel.cancel(due.external_id, due.reason)
        case UpdateKind.REFUNDED:
            refund = Refund(
                key=str(due.id),
                amount=due.amount or Decimal(0),
                currency=due.currency,
                reason=due.reason,
            )
            return await channel.refund(due.external_id, refund)


async def _suspend(run: Run, connection: Connection, reason: str) -> None:
    """Suspend all work of this connection: a wrong access is wrong for its listings too."""
    now = run.clock()
    async with run.db.transaction() as tx:
        await suspension.suspend(tx, connection, reason=reason, now=now)
        await updates.suspend(tx, connection, reason=reason, now=now)


PUSH_ORDERS = Job(name="push_orders", open=_open, claim=_claim, work=_work, record=_record)
