"""Every metric in the Prometheus text format: what processes counted, and what the database and the disk are asked for."""

import asyncio
import platform
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from saluhall import VERSION
from saluhall.domain.connections import operations as budgets
from saluhall.domain.connections import queries as connections
from saluhall.domain.connections.model import BudgetState
from saluhall.domain.webhooks import queries as webhooks
from saluhall.kit.clock import utc_now
from saluhall.kit.metrics import exposition
from saluhall.plugins import load_channels
from saluhall.settings import Settings
from saluhall.storage import Database, Transaction, claims
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.schema import is_current, is_read_only

_TIMEOUT_S = 2.0  # who measures does not wait for long
_BUILD = GaugeMetricFamily(
    "saluhall_build_info", "The hub's version; always 1", labels=("version", "python")
)
_BUILD.add_metric((VERSION, platform.python_version()), 1)
Families = list[GaugeMetricFamily]
Values = dict[tuple[str, ...], float]


class Measured(Struct, frozen=True):
    """All metrics of a hub; without those of the database while it does not answer."""

    settings: Settings
    db: Database

    async def text(self) -> bytes:
        """Write every metric."""
        families = [_BUILD, *_disk(self.settings)]
        is_ready = False
        try:
            async with asyncio.timeout(_TIMEOUT_S), self.db.statement() as tx:
                is_ready = not await is_read_only(tx) and await is_current(tx)
                if is_ready:
                    families += await _of_database(tx, self.settings, now=utc_now())
        except (DatabaseUnavailable, TimeoutError):
            is_ready = False
        ready = "1 while the database is there, is migrated and takes writes, as /readyz says"
        families.append(GaugeMetricFamily("saluhall_ready", ready, value=int(is_ready)))
        return exposition() + _written(families)


class _Collected(Collector):
    def __init__(self, families: Families) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families


def _written(families: Families) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected(families))
    return generate_latest(registry)


def _gauge(name: str, means: str, labels: Sequence[str], values: Values) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, means, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _disk(settings: Settings) -> Families:
    """Say how much room the images have, where they are kept in a folder."""
    folder = Path(settings.image_store.removeprefix("file://"))
    try:
        disk = shutil.disk_usage(folder)
    except OSError:  # an object store, or a folder that nobody can look into
        return []
    return [
        GaugeMetricFamily(
            "saluhall_image_store_free_bytes",
            "Room left on the disk of the images",
            value=disk.free,
        ),
        GaugeMetricFamily(
            "saluhall_image_store_size_bytes", "Size of the disk of the images", value=disk.total
        ),
    ]


async def _of_database(tx: Transaction, settings: Settings, *, now: datetime) -> Families:
    endpoints = await webhooks.count_endpoints(tx)
    return [
        *await _due(tx, now=now),
        *await _calls(tx, settings, now=now),
        *await _connections(tx, now=now),
        *await _workers(tx),
        _gauge(
            "saluhall_webhook_endpoints",
            "Webhook endpoints by state: on, failing (on, and the last delivery failed), off",
            ("state",),
            {(state,): count for state, count in endpoints.items()},
        ),
    ]


async def _due(tx: Transaction, *, now: datetime) -> Families:

    from saluhall.jobs.due import measure  # noqa: PLC0415 - the jobs are the worker's; here only who measures looks at them

    found = await measure(tx, now=now)
    rows: Values = {(job,): float(due) for job, (due, _) in found.items()}
    oldest: Values = {(job,): oldest_s for job, (_, oldest_s) in found.items()}
    return [
        _gauge(
            "saluhall_due_rows",
            "Rows of work that are due, by the job that does it",
            ("job",),
            rows,
        ),
        _gauge(
            "saluhall_due_oldest_seconds",
            "How long the oldest due row has waited",
            ("job",),
            oldest,
        ),
    ]


async def _calls(tx: Transaction, settings: Settings, *, now: datetime) -> Families:
    left: Values = {}
    limits: Values = {}
    waits: Values = {}
    for name, card in load_channels().items():
        state = await connections.budget_of_channel(tx, name, now=now)
        kept = await connections.find_limit_of_channel(tx, name)
        limits[name,] = card.calls_per_day(settings.env) if kept is None else kept
        left[name,] = max(0, limits[name,] - state.used)
        waits[name,] = _wait_s(state, limit=int(limits[name,]), now=now)
    return [
        _gauge(
            "saluhall_channel_calls_left", "Calls that may still be made now", ("channel",), left
        ),
        _gauge("saluhall_channel_calls_limit", "Calls allowed in 24 hours", ("channel",), limits),
        _gauge(
            "saluhall_channel_next_call_seconds",
            "Seconds until a call is allowed again; 0 when one is allowed now",
            ("channel",),
            waits,
        ),
    ]


def _wait_s(state: BudgetState, *, limit: int, now: datetime) -> float:
    next_at = budgets.next_call_at(state, limit=limit, now=now)
    return max(timedelta(), (next_at or now) - now).total_seconds()


async def _connections(tx: Transaction, *, now: datetime) -> Families:
    found = await connections.count_by_health(tx, now=now)
    return [
        _gauge(
            "saluhall_connections",
            "Connections by state and by what they wait for: nothing, calls, marketplace, login",
            ("channel", "state", "reason"),
            {(h.channel, h.state, h.reason): h.connections for h in found},
        ),
        _gauge(
            "saluhall_connection_next_try_seconds",
            "Seconds until the next try of the connection that waits longest",
            ("channel", "reason"),
            {(h.channel, h.reason): h.next_try_s for h in found if h.next_try_s is not None},
        ),
    ]


async def _workers(tx: Transaction) -> Families:
    ages = [worker.silent_s for worker in await claims.list_workers(tx)]
    silent = sum(age_s > claims.DEAD_AFTER_S for age_s in ages)
    families = [
        _gauge(
            "saluhall_workers",
            "Workers by whether their heartbeat arrives",
            ("state",),
            {("alive",): len(ages) - silent, ("silent",): silent},
        )
    ]
    if ages:
        means = "Seconds since the last heartbeat of any worker"
        families.append(
            GaugeMetricFamily("saluhall_worker_heartbeat_age_seconds", means, value=min(ages))
        )
    return families
