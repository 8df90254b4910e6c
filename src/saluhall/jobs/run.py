"""What a job is handed, and what a job is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.channel import ChannelCard
from saluhall.domain.history.model import Event
from saluhall.kit.http import Outbound
from saluhall.kit.secrets import Vault
from saluhall.storage import Database
from saluhall.storage.image_store import ImageStore


class Ai(Struct, frozen=True, kw_only=True):
    """An OpenAI-compatible chat endpoint."""

    url: str
    key: str | None
    model: str


class Voice(Struct, frozen=True, kw_only=True):
    """How a partner hears of an event: the body, and the headers that sign it (secrets, the newest first, event, instant, body)."""

    body: Callable[[Event], bytes]
    headers: Callable[[Sequence[str], Event, datetime, bytes], Mapping[str, str]]


class Telling(Struct, frozen=True, kw_only=True):
    """What the operator decided about webhooks: days of later retries, days that the log is kept, replayed events a second."""

    retry_days: int = 3
    log_days: int = 30
    replay_per_s: int = 100


class Run(Struct, frozen=True, kw_only=True):
    """One worker process: what its jobs work with."""

    db: Database
    worker: UUID
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    channels: Mapping[str, ChannelCard]
    voice: Voice
    http: Outbound
    images: ImageStore
    vault: Vault
    env: Mapping[str, str]
    poll_interval_s: int
    telling: Telling = Telling()
    ai: Ai | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A job and the rows it drains.

    `due_keys` finds the keys that have due rows (parameter `now`); `release` gives back what dead workers had claimed (parameters
    `now`, `workers`); `measure` tells how many rows are due and since when the oldest is.
    """

    name: str
    drain: Callable[[Run, str], Awaitable[None]]
    due_keys: str
    release: str
    measure: str


def job_of(
    name: str,
    drain: Callable[[Run, str], Awaitable[None]],
    *,
    table: str,
    key: str,
    due: str = "due_at",
    claimed: str = "claimed_by",
    only: str = "true",
) -> Job:
    """Describe a job by its table and columns; the three statements have the same shape for all.

    `only` says which due rows a bell can help.
    """
    return Job(
        name=name,
        drain=drain,
        due_keys=f"select distinct {key} as key from {table} where {due} <= %(now)s and {only} limit 1000",
        release=f"""
          update {table} set {due} = %(now)s, {claimed} = null
           where {due} is not null and {claimed} = any(%(workers)s)
        """,
        measure=f"""
          select count(*) as due, coalesce(extract(epoch from %(now)s - min({due})), 0)::float8 as oldest_s
            from {table} where {due} <= %(now)s
        """,
    )
