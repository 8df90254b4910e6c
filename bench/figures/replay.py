"""replay-1m-mb: how much the memory of a worker grows while it replays a million events to one endpoint over TLS on loopback.

`REPLAY_EVENTS=20000` in the environment makes it a quick look instead.
"""

import asyncio
import os
import time
from datetime import UTC, datetime
from uuid import UUID

from bench.figure import Figure, Result
from bench.receiver import Receiver
from bench.seller import open_account
from bench.stage import Process, Stage
from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import queries, replays
from saluhall.kit.clock import utc_now
from saluhall.queue import WakeUps
from saluhall.storage import Database

TARGET_MB = 50.0
EVENTS = int(os.environ.get("REPLAY_EVENTS", "1000000"))
_MB = 1024 * 1024
_IDLE_S = 5.0
_LOOK_EVERY_S = 1.0
_FORGET_EVERY = 20
_STUCK_S = 120.0
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
_HAPPENED = """
  insert into events (account_id, id, type, at, product_id, sku, data)
  select %(account_id)s, new_ulid(), 'listing.published', now(), new_ulid(), 'PART-' || n,
         jsonb_build_object('platform', 'tradera', 'currency', 'SEK', 'external_id', n::text,
                            'url', 'https://www.tradera.com/item/' || n)
    from generate_series(1, %(count)s) n
"""
_DELIVERED = """
  select (select queued from replays where account_id = %(account_id)s) as queued,
         (select count(*) from deliveries where account_id = %(account_id)s and due_at is not null) as pending,
         (select due_at is null from replays where account_id = %(account_id)s) as ended
"""


async def measure(stage: Stage) -> list[Result]:
    """Replay everything, and watch the worker."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    principal = Principal(account_id=UUID(seller.account_id), account_name=seller.name)
    async with (
        stage.process(["bench.receiver", str(stage.folder)]) as process,
        Database(url, connections=2) as db,
        WakeUps(url) as wake_ups,
    ):
        db.on_wake_ups = wake_ups.wake
        receiver = Receiver(**process.announced())
        await seller.listen(f"{receiver.url}/hook", ca_file=receiver.ca_file)
        async with db.transaction() as tx:
            await tx.run(_HAPPENED, {"account_id": principal.account_id, "count": EVENTS})
        env = stage.settings(
            SALUHALL_DATABASE_URL=url,
            SALUHALL_OUTBOUND_CA_FILE=receiver.ca_file,
            SALUHALL_WEBHOOK_REPLAY_PER_S="100000",
        )
        async with stage.process(["saluhall", "worker"], env=env) as worker:
            await asyncio.sleep(_IDLE_S)
            before, started = worker.rss_bytes(), time.monotonic()
            await _start(db, principal)
            most = await _watch(db, principal, worker, receiver)
            took_s = time.monotonic() - started
    grown = (most - before) / _MB
    return [
        Result(
            figure="replay-1m-mb",
            ours=grown,
            reference=before / _MB,
            ratio=grown * _MB / before,
            unit="MB",
            target=TARGET_MB,
            lower_is_better=True,
            note=f"{EVENTS:,} events in {took_s:,.0f} s, {EVENTS / took_s:,.0f} a second; the reference is the idle worker",
        )
    ]


async def _start(db: Database, principal: Principal) -> None:
    async with db.transaction() as tx:
        [endpoint] = await queries.list_endpoints(tx, principal=principal)
        now = utc_now()
        await replays.start(
            tx,
            principal=principal,
            endpoint_id=endpoint.id,
            since=_LONG_AGO,
            until=now,
            event_types=[],
            now=now,
        )


async def _watch(db: Database, principal: Principal, worker: Process, receiver: Receiver) -> int:
    """Wait until the last event has arrived; return the most memory that was seen. Raises RuntimeError."""
    most, looks, before, moved_at = 0, 0, (-1, -1), time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        most = max(most, worker.rss_bytes())
        looks += 1
        async with db.statement() as tx:
            row = await tx.one(dict, _DELIVERED, {"account_id": principal.account_id})
        assert row is not None  # noqa: S101 - a query without a table has one row
        if row["ended"] and not row["pending"]:
            return most
        if (position := (row["queued"], row["pending"])) != before:
            before, moved_at = position, time.monotonic()
        if time.monotonic() - moved_at > _STUCK_S or not worker.is_running():
            raise RuntimeError(f"it is frozen at {row}: {worker.tail()}")
        if looks % _FORGET_EVERY == 0:
            print(f"  {row['queued']:,} queued, {most / _MB:.0f} MB", flush=True)
            await receiver.get("/forget")  # what it keeps is not ours to count


FIGURE = Figure(name="replay-1m-mb", measure=measure)
