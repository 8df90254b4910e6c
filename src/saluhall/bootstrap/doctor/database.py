"""The database, and the background work that is written in it."""

from collections.abc import Iterator
from datetime import datetime

from saluhall import bootstrap
from saluhall.bootstrap.doctor.finding import Finding, error, ok, warning
from saluhall.domain.connections import queries as connections
from saluhall.jobs.due import measure
from saluhall.plugins import load_channels
from saluhall.settings import Settings
from saluhall.storage import Database, Transaction
from saluhall.storage.claims import DEAD_AFTER_S, list_workers, take_time
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.inspection import Inspection, inspect_database
from saluhall.storage.schema import MADE_BEFORE, START_EMPTY, WrongDatabase

_SLOW_S = 0.05
_OFF_S = 2.0
_OVERDUE_S = 300.0


async def check_database(settings: Settings) -> tuple[list[Finding], set[str]]:
    """Check the database and the work in it; return the channels that are in use, too."""
    if settings.database_url is None and not _has_embedded(settings):
        return [ok("database", "there is none yet; the first start makes it")], set()
    try:
        async with bootstrap.database(settings) as url:
            seen = await inspect_database(url)
            findings = list(_findings(seen))
            if settings.database_direct_url:
                await inspect_database(settings.database_direct_url)
                findings.append(ok("database: direct", "reachable past the pooler"))
            if seen.is_made_before or seen.missing or seen.newer:
                return findings, set()
            async with Database(url, connections=1, timeout_s=2) as db, db.statement() as tx:
                await take_time(tx)
                findings += await _background(tx, now=bootstrap.now())
                return findings, await _used_channels(tx)
    except WrongDatabase as problem:
        return [error("database: version", str(problem), "see the guide to upgrading")], set()
    except DatabaseUnavailable as problem:
        remedy = "check that PostgreSQL runs, and SALUHALL_DATABASE_URL"
        if settings.database_url is None:
            remedy = f"read {settings.data_dir / 'postgres' / 'log'}"
        return [error("database: reachable", str(problem), remedy)], set()


def _has_embedded(settings: Settings) -> bool:
    return (settings.data_dir / "postgres" / "PG_VERSION").exists()


def _findings(seen: Inspection) -> Iterator[Finding]:
    yield ok("database: reachable", f"PostgreSQL {seen.version}")
    yield _schema(seen)
    if seen.is_read_only:
        message = "it may only be read: a standby, or its disk is protected"
        yield error("database: write", message, "let SALUHALL_DATABASE_URL lead to the primary")
    else:
        yield ok("database: write", "a transaction was written")
    latency = f"{seen.latency_s * 1000:.1f} ms for an answer"
    if seen.latency_s > _SLOW_S:
        remedy = "run the hub near the database: a request takes several answers"
        yield warning("database: latency", latency, remedy)
    else:
        yield ok("database: latency", latency)
    clock = f"this machine's clock is {abs(seen.clock_ahead_s):.1f} s"
    clock += " ahead of the database's" if seen.clock_ahead_s > 0 else " behind the database's"
    if abs(seen.clock_ahead_s) > _OFF_S:
        remedy = "let NTP set both clocks (timedatectl set-ntp true)"
        yield warning("database: clock", clock, remedy)
    else:
        yield ok("database: clock", clock)


def _schema(seen: Inspection) -> Finding:
    name = "database: schema"
    if seen.is_made_before:
        return error(name, f"it {MADE_BEFORE}", START_EMPTY)
    if seen.newer:
        message = f"it belongs to a newer version, which made {seen.newer[-1]}"
        return error(name, message, "start that version or a newer one")
    if seen.missing:
        message = f"{len(seen.missing)} migrations are not applied yet"
        return warning(name, message, "run `saluhall migrate`; `saluhall serve` does it too")
    return ok(name, "every migration is applied")


async def _background(tx: Transaction, *, now: datetime) -> list[Finding]:

    alive = [each for each in await list_workers(tx) if each.silent_s <= DEAD_AFTER_S]
    if alive:
        plural = "worker lives" if len(alive) == 1 else "workers live"
        workers = ok("background: workers", f"{len(alive)} {plural}")
    else:
        workers = warning(
            "background: workers",
            "no worker is running: nothing is published, polled or delivered",
            "start `saluhall serve` or `saluhall worker`",
        )
    found = (await measure(tx, now=now)).items()
    late = [f"{job} ({due}, {oldest:.0f} s)" for job, (due, oldest) in found if oldest > _OVERDUE_S]
    if not late:
        return [workers, ok("background: work", f"nothing is overdue by {_OVERDUE_S:.0f} s")]
    remedy = "look into the worker's log; add workers if they are busy all the time"
    return [workers, warning("background: work", f"overdue: {', '.join(late)}", remedy)]


async def _used_channels(tx: Transaction) -> set[str]:
    return {name for name in load_channels() if await connections.count_polling(tx, name)}
