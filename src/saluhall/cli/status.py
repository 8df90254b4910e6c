"""saluhall status."""

import asyncio
import sys
from datetime import datetime

from msgspec import to_builtins

from saluhall import VERSION, bootstrap
from saluhall.cli.failures import REFUSED
from saluhall.cli.session import AsJson, DataDir, read_settings, show
from saluhall.cli.status_report import ChannelCalls as Calls
from saluhall.cli.status_report import DueWork, Status, show_status
from saluhall.domain.attention.queries import count_all
from saluhall.domain.connections.queries import (
    budget_of_channel,
    find_limit_of_channel,
    list_health,
)
from saluhall.domain.webhooks.queries import list_off
from saluhall.jobs.due import measure
from saluhall.kit.clock import HUB_CLOCK
from saluhall.settings import Settings
from saluhall.storage import Database, Transaction
from saluhall.storage.claims import list_workers, take_time
from saluhall.storage.schema import DatabaseFacts, migration_names, read_facts


def status(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show how the hub is: database, workers, due work, connections, endpoints that are off, clock.

    The exit code is 0 when all is well, and 1 when something needs someone; what it is comes first.
    """
    found = asyncio.run(_look(read_settings(data_dir)))
    if as_json:
        problems = found.problems()
        show({"healthy": not problems, "problems": problems, **to_builtins(found)}, as_json=True)
    else:
        show_status(found)
    if found.problems():
        sys.exit(REFUSED)


async def _look(settings: Settings) -> Status:
    async with (
        bootstrap.database(settings) as url,
        Database(url, connections=1) as db,
        db.statement() as tx,
    ):
        await take_time(tx)
        facts = await read_facts(tx)
        ours = int(migration_names()[-1][:4])
        if facts.schema != ours:
            return _status(facts, ours)
        return await _whole(tx, settings, _status(facts, ours), now=bootstrap.now())


def _status(facts: DatabaseFacts, ours: int) -> Status:
    ahead = HUB_CLOCK.machine_is_ahead_by().total_seconds()
    return Status(
        version=VERSION, database=facts, expected_schema=ours, clock_ahead_s=round(ahead, 3)
    )


async def _whole(tx: Transaction, settings: Settings, status: Status, *, now: datetime) -> Status:
    from msgspec.structs import replace  # noqa: PLC0415 - as below

    due = await measure(tx, now=now)
    return replace(
        status,
        workers=await list_workers(tx),
        due=[DueWork(job, count, round(oldest_s, 3)) for job, (count, oldest_s) in due.items()],
        channels=await _calls(tx, settings, now=now),
        connections=await list_health(tx),
        endpoints_off=await list_off(tx),
        attention_entries=await count_all(tx),
    )


async def _calls(tx: Transaction, settings: Settings, *, now: datetime) -> list[Calls]:
    from saluhall.plugins import load_channels  # noqa: PLC0415 - channels bring the HTTP client

    found = []
    for name, card in sorted(load_channels().items()):
        kept = await find_limit_of_channel(tx, name)
        limit = card.calls_per_day(settings.env) if kept is None else kept
        budget = await budget_of_channel(tx, name, now=now)
        blocked_until = budget.blocked_until
        blocked = blocked_until if blocked_until and blocked_until > now else None
        found.append(Calls(name, limit, max(0, limit - budget.used), blocked))
    return found
