"""Queue the events of a replay, a few at a time: at most as fast as agreed, and at most what the endpoint takes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.webhooks import replays
from saluhall.jobs.run import Job, Opened, Run

_LEASE = timedelta(minutes=2)


class Replaying(Opened):
    """The run of one replay, and when it continues."""

    next_at: datetime | None = None


async def _open(run: Run, key: str) -> Replaying:
    return Replaying(run, key, run.slots.share(key, max_calls=1))


async def _claim(replay: Replaying, _: int) -> Sequence[None]:
    """Queue the next events, which is all the work: it makes no call."""
    run = replay.run
    async with run.db.transaction() as tx:
        replay.next_at = await replays.advance(
            tx,
            UUID(replay.key),
            worker=run.worker,
            per_s=run.webhooks.replay_per_s,
            lease=_LEASE,
            now=run.clock(),
        )
    return ()


async def _work(_: Replaying, __: None) -> None:
    """Do nothing: `_claim` has done it."""


async def _next_at(replay: Replaying) -> datetime | None:
    return replay.next_at


REPLAY_WEBHOOKS = Job(
    name="replay_webhooks", open=_open, claim=_claim, work=_work, next_at=_next_at
)
