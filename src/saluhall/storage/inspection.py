"""Look at a database as a doctor does: version, schema, write, latency, clock; nothing in it changes."""

import time
from datetime import UTC, datetime
from typing import Any

import psycopg
from msgspec import Struct

from saluhall.storage.failures import explained
from saluhall.storage.pool import connect
from saluhall.storage.schema import (
    APPLIED,
    HAS_APPLIED,
    check_version,
    is_made_before,
    migration_names,
)

_ROUNDS = 5
_CLOCK = "select clock_timestamp()"
_READ_ONLY = """
  select case when current_setting('transaction_read_only') = 'on' then true
              else pg_current_xact_id() is null end
"""


class Inspection(Struct, frozen=True, kw_only=True):
    """What was seen. `missing` are migrations that are not applied yet, `newer` those that this version does not know.

    `is_made_before` is True for a database of a version before 0.1.0.
    """

    version: str
    is_read_only: bool
    is_made_before: bool
    missing: list[str]
    newer: list[str]
    latency_s: float
    clock_ahead_s: float  # the machine's clock, seen from the database


async def inspect_database(url: str) -> Inspection:
    """Connect and look. Raises DatabaseUnavailable, WrongDatabase."""
    with explained():
        async with await connect(url) as connection:
            check_version(connection.info.server_version)
            latency_s, ahead_s = await _clock(connection)
            applied: dict[str, str | None] = {}
            if await _first(connection, HAS_APPLIED):
                applied = dict(await (await connection.execute(APPLIED)).fetchall())
            ours = migration_names()
            return Inspection(
                version=connection.info.parameter_status("server_version") or "",
                is_read_only=bool(await _first(connection, _READ_ONLY)),
                is_made_before=is_made_before(applied),
                missing=[name for name in ours if name not in applied],
                newer=sorted(applied.keys() - ours),
                latency_s=latency_s,
                clock_ahead_s=ahead_s,
            )


async def _clock(connection: psycopg.AsyncConnection[Any]) -> tuple[float, float]:
    """Return the shortest time of an answer, and how far the machine's clock is ahead by that answer."""
    seen = []
    for _ in range(_ROUNDS):
        began, asked_at = time.perf_counter(), datetime.now(UTC)
        at = await _first(connection, _CLOCK)
        took_s = time.perf_counter() - began
        seen.append((took_s, (asked_at - at).total_seconds() + took_s / 2))
    return min(seen)


async def _first(connection: psycopg.AsyncConnection[Any], query: str) -> Any:  # noqa: ANN401 - one value of a row
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else None
