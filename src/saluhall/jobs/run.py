"""What a job is handed, and what a job is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, field

from saluhall.channel import ChannelCard
from saluhall.domain.history.model import Event
from saluhall.jobs.due import measure_of
from saluhall.jobs.slots import Size, Slots
from saluhall.kit.http import Outbound
from saluhall.kit.image_pool import ImagePool
from saluhall.kit.secrets import Vault
from saluhall.storage import Database
from saluhall.storage.claims import Claims, claims_of
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


FEW = Size(slots=32)


class Run(Struct, frozen=True, kw_only=True):
    """One worker process: what its jobs work with.

    `again` is set when the bell rings for what is being drained already; `slots` are those of the job.
    """

    db: Database
    worker: UUID
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    again: asyncio.Event
    slots: Slots = field(default_factory=lambda: Slots(FEW))
    channels: Mapping[str, ChannelCard]
    voice: Voice
    http: Outbound
    images: ImageStore
    image_pool: ImagePool
    vault: Vault
    env: Mapping[str, str]
    poll_interval_s: int
    telling: Telling = Telling()
    ai: Ai | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A job and the rows it drains.

    `due_keys` finds the keys that have due rows (parameter `now`); `claims` says how claimed rows are returned; `measure` tells how
    many rows are due and since when the oldest is.
    """

    name: str
    drain: Callable[[Run, str], Awaitable[None]]
    due_keys: str
    claims: Claims
    measure: str
    size: Size = FEW


# Each key is found by going on in the index of due rows to the next account, and there to the next of the column that follows in the
# index: as much work as there are keys, however many rows are due to each. Where a column may be null, that is the last of its account.
# `limit 1` keeps PostgreSQL from reading all due rows into a hash to look the keys up in.
_OWNERS = """
  with recursive owners as (
    (select account_id from {table} where {due} is not null order by account_id limit 1)
    union all
    select (select account_id from {table} where {due} is not null and account_id > o.account_id
             order by account_id limit 1)
      from owners o where o.account_id is not null
  )"""
_DUE_OWNERS = (
    _OWNERS
    + """
  select o.account_id as key from owners o
   where (select true from {table} where {due} <= %(now)s and account_id = o.account_id and {only} limit 1)
   limit 1000
"""
)
_DUE_WITHIN = (
    _OWNERS
    + """, places as (
    select account_id, (select {within} from {table} where {due} is not null and account_id = o.account_id
                         order by {within} limit 1) as {within}
      from owners o where o.account_id is not null
    union all
    select account_id, (select {within} from {table} where {due} is not null and account_id = p.account_id
                           and {within} > p.{within} order by {within} limit 1)
      from places p where p.{within} is not null
  )
  select {key} as key from places p
   where case when {within} is null
              then (select true from {table} where {due} <= %(now)s and account_id = p.account_id
                       and {within} is null and {only} limit 1)
              else (select true from {table} where {due} <= %(now)s and account_id = p.account_id
                       and {within} = p.{within} and {only} limit 1) end
   limit 1000
"""
)
_DUE_ANYWHERE = (
    "select distinct {key} as key from {table} where {due} <= %(now)s and {only} limit 1000"
)


def job_of(
    name: str,
    drain: Callable[[Run, str], Awaitable[None]],
    *,
    table: str,
    key: str,
    due: str = "due_at",
    claimed: str = "claimed_by",
    only: str = "true",
    within: str | None = None,
    may_be_changing: str = "false",
    key_type: str = "uuid",
    size: Size = FEW,
) -> Job:
    """Describe a job by its table and columns; the three statements have the same shape for all.

    `only` says which due rows a bell can help. `within` is the column that stands before `due` in the index of due rows: the account,
    or one that follows the account; none where the index begins with `due`. `may_be_changing` and `key_type`: see `claims_of`.
    `size` is how many calls run at once in a worker.
    """
    return Job(
        name=name,
        drain=drain,
        due_keys=_shape(within).format(table=table, key=key, due=due, within=within, only=only),
        claims=claims_of(
            table,
            key=key,
            due=due,
            claimed=claimed,
            may_be_changing=may_be_changing,
            key_type=key_type,
        ),
        measure=measure_of(table, due),
        size=size,
    )


def _shape(within: str | None) -> str:
    if within is None:
        return _DUE_ANYWHERE
    return _DUE_OWNERS if within == "account_id" else _DUE_WITHIN
