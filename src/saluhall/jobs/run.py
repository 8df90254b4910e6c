"""What a job gets to work with, and what a job is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from msgspec import Struct, field

from saluhall.channel import ChannelCard
from saluhall.domain.events.model import Event, EventType
from saluhall.jobs.due import DUE_ROWS, DueRows
from saluhall.jobs.slots import Share, Size, Slots
from saluhall.kit.http import Outbound
from saluhall.kit.image_pool import ImagePool
from saluhall.kit.secrets import Vault
from saluhall.kit.timeouts import is_set_within
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.image_store import ImageStore

_WRITE_EVERY_S = 0.25
_log = structlog.get_logger(__name__)


class Ai(Struct, frozen=True, kw_only=True):
    """An OpenAI-compatible chat endpoint."""

    url: str
    key: str | None
    model: str


class WebhookFormat(Struct, frozen=True, kw_only=True):
    """How a dialect sends an event: its word, the body, and the headers that sign it (secrets, the newest first, event, time, body)."""

    word: Callable[[EventType], str]
    body: Callable[[Event], bytes]
    headers: Callable[[Sequence[str], Event, datetime, bytes], Mapping[str, str]]


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """What the operator decided about webhooks: days of later retries, days that the log is kept, replayed events a second."""

    retry_days: int = 3
    log_days: int = 30
    replay_per_s: int = 100


FEW = Size(slots=32)
T = TypeVar("T")
R = TypeVar("R")


class Run(Struct, frozen=True, kw_only=True):
    """One worker process: what its jobs work with.

    For the run of a key, `slots` are those of its job, and `woken` is set when there may be more to do.
    """

    db: Database
    worker: UUID
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    slots: Slots = field(default_factory=lambda: Slots(FEW))
    channels: Mapping[str, ChannelCard]
    webhook_formats: Mapping[str, WebhookFormat]
    http: Outbound
    images: ImageStore
    image_pool: ImagePool
    vault: Vault
    env: Mapping[str, str]
    poll_interval_s: int
    webhooks: WebhookSettings = WebhookSettings()
    ai: Ai | None = None

    async def until_written(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write what a claim led to as soon as the database is there; the claim prevents that it is written twice.

        Raises DatabaseUnavailable only when the worker stops: then all claims are returned.
        """
        while True:
            try:
                return await write()
            except DatabaseUnavailable as error:
                _log.debug("the database is away; a result waits for it", error=str(error))
                if await is_set_within(self.stopping, _WRITE_EVERY_S):
                    raise


class HasShare(Protocol):
    """What every run of a key has."""

    @property
    def share(self) -> Share:
        """The slots."""


class Opened(Struct):
    """The run of one key, and the slots that it may use; a job that needs more has its own."""

    run: Run
    key: str
    share: Share


def opens(*, max_calls: int = 1) -> Callable[[Run, str], Awaitable[Opened]]:
    """Return an `open` that reads nothing: the key, an account mostly, has up to `max_calls` slots."""

    async def open_key(run: Run, key: str) -> Opened:
        return Opened(run, key, run.slots.share(key, max_calls=max_calls))

    return open_key


O = TypeVar("O", bound="HasShare")  # noqa: E741


class Job(Struct, Generic[O, T, R], frozen=True, kw_only=True):
    """One kind of background work, declared; the keyed worker (`keyed_worker.py`) does the rest.

    `open` reads what the run of a key needs; None when it has nothing to work. `claim` takes at most so many due rows. `work` works one,
    with no transaction open during a call. `record` writes several results in one transaction; without it, `work` has written
    everything. `next_at` returns when the next row of the key is due.
    """

    name: str
    size: Size = FEW
    open: Callable[[Run, str], Awaitable[O | None]]
    claim: Callable[[O, int], Awaitable[Sequence[T]]]
    work: Callable[[O, T], Coroutine[Any, Any, R]]
    record: Callable[[O, Sequence[R]], Awaitable[None]] | None = None
    next_at: Callable[[O], Awaitable[datetime | None]] | None = None

    @property
    def rows(self) -> DueRows:
        """The rows that are its work."""
        return DUE_ROWS[self.name]
