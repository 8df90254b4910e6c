"""Queue the events of a replay, a little at a time: no faster than agreed, and no more than the endpoint takes."""

from datetime import timedelta
from uuid import UUID

from saluhall.domain.webhooks import replays
from saluhall.jobs.linger import linger
from saluhall.jobs.run import Run, job_of

_LEASE = timedelta(minutes=2)


async def drain(run: Run, key: str) -> None:
    """Go on with the replay named by `key` as long as it is its turn soon."""
    next_at = run.clock()
    while await linger(run, next_at):
        async with run.db.transaction() as tx:
            following = await replays.go_on(
                tx,
                UUID(key),
                worker=run.worker,
                per_s=run.telling.replay_per_s,
                lease=_LEASE,
                now=run.clock(),
            )
        if following is None:
            return
        next_at = following


REPLAY_WEBHOOKS = job_of("replay_webhooks", drain, table="replays", key="id")
