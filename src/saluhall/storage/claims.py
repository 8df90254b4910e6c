"""Who may act on a claimed row: the one place that decides it (decision 0025).

A claim is a row's `claimed_by` and its claim number, which grows with each claim. Only the worker that holds both records the result. A
worker shows its life to the database; others take over from one that is silent, but no sooner than the last call that it may still
have begun is over.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.channel import Unavailable
from saluhall.kit.claim import Claim
from saluhall.kit.clock import HUB_CLOCK, steady_s
from saluhall.storage.database import Row, Transaction

BEAT_EVERY_S = 1.0
# A worker begins no call when its last beat was sent longer ago than this. Less than DEAD_AFTER_S, with room for what is on its way.
MAX_BEAT_AGE_S = 4.0
DEAD_AFTER_S = 8.0
# The longest call with an effect: every time limit is shorter or the same.
MAX_CALL_S = 20.0
# A worker begins no call on a claim that is older than this, unless it was renewed. No lease is shorter than this and a call.
MAX_HOLD_S = 90.0
_MAX_GAP_S = 3.0


class ClaimLost(Exception):
    """Another worker may have the claim by now: nothing was written, and there is nothing else to do."""


class MayNotAct(Unavailable):
    """This worker cannot be sure that it still holds its claims: the channel call was not made."""


def claim_from_row(row: Row) -> Claim | None:
    """Read the claim on a row from `claimed_by` and `claim_number`."""
    return Claim(row["claimed_by"], row["claim_number"]) if row["claimed_by"] else None


def params_of(claim: Claim | None) -> dict[str, Any]:
    """Name a claim in parameters of a statement: `worker` and `claim`. Without a claim nothing matches."""
    return {"worker": claim and claim.worker, "claim": claim and claim.number}


# The worker's side: may it begin a call? -----------------------------------------------------------------------------------

_claimed_at_s: ContextVar[float | None] = ContextVar("claimed_at_s", default=None)


def acting_since(at_s: float | None) -> None:
    """Note, for this task, when what it works on was claimed or its claim renewed; None when its calls need no claim."""
    _claimed_at_s.set(at_s)


class Life:
    """What a worker knows of its own life, by its steady clock alone."""

    def __init__(self, clock: Callable[[], float] = steady_s) -> None:
        self._clock = clock
        self._beat_at = float("-inf")  # when the last beat that arrived was sent
        self._begun_at = float("-inf")  # before this, claims were given away
        self._steady_since = float("inf")
        self._last_at: datetime | None = None

    def beat(self, *, sent_at: float, is_new: bool, at: datetime) -> None:
        """Note a beat that arrived at `at`. `is_new`: the database did not know us, so all claims from before are gone."""
        if is_new:
            self._begun_at = self._clock()
        gap_there_s = (at - (self._last_at or at)).total_seconds()
        if is_new or max(sent_at - self._beat_at, gap_there_s) > _MAX_GAP_S:
            self._steady_since = self._clock()
        self._beat_at, self._last_at = sent_at, at

    @property
    def may_judge(self) -> bool:
        """Return whether this worker was connected long enough to declare others dead."""
        return self._clock() - self._steady_since >= DEAD_AFTER_S

    def check(self) -> None:
        """See, right before a call, that what this task works on is still ours. Raises MayNotAct."""
        now, claimed_at = self._clock(), _claimed_at_s.get()
        if now - self._beat_at > MAX_BEAT_AGE_S:
            raise MayNotAct("The worker could not show the database in time that it lives.")
        if claimed_at is None:
            return
        if claimed_at < self._begun_at or now - claimed_at > MAX_HOLD_S:
            raise MayNotAct("The claim may be somebody else's by now.")


# The database's side: who lives? -------------------------------------------------------------------------------------------

_HEARTBEAT = """
  insert into workers (id, beat_at) values (%(id)s, clock_timestamp())
  on conflict (id) do update set beat_at = excluded.beat_at
  returning xmax = 0 as is_new, beat_at
"""
# A worker with a locked row sends its heartbeat right now.
_DELETE_DEAD = """
  delete from workers
   where id in (select id from workers
                 where beat_at < clock_timestamp() - make_interval(secs => %(dead_after_s)s) and id <> %(id)s
                   for update skip locked)
  returning id, beat_at
"""
_WORKERS = """
  select id as worker_id, greatest(extract(epoch from clock_timestamp() - beat_at), 0)::float8 as silent_s
    from workers order by beat_at desc
"""
_SIGN_OFF = "delete from workers where id = %(id)s"
_TIME = "select clock_timestamp() as at"


class Beat(Struct, frozen=True):
    """What the database said to a beat: when it was, and whether it knew the worker."""

    at: datetime
    is_new: bool


class Dead(Struct, frozen=True):
    """A worker that is silent, and its last beat."""

    id: UUID
    beat_at: datetime


class Worker(Struct, frozen=True, kw_only=True):
    """A worker that has shown that it lives, and how long ago it last did."""

    worker_id: UUID
    silent_s: float


async def send_heartbeat(tx: Transaction, worker: UUID) -> Beat:
    """Record a heartbeat of a worker, and synchronise the clock with the database."""
    asked_s = steady_s()
    found = await tx.one(lambda r: Beat(r["beat_at"], r["is_new"]), _HEARTBEAT, {"id": worker})
    assert found is not None  # noqa: S101 - an upsert returns its row
    HUB_CLOCK.compare(found.at, asked_s=asked_s, answered_s=steady_s())
    return found


async def list_workers(tx: Transaction) -> list[Worker]:
    """List the workers that the database knows; a dead one is removed by another that lives."""
    return await tx.all(lambda row: Worker(**row), _WORKERS)


async def take_time(tx: Transaction) -> None:
    """Synchronise the clock with the database, in a process without claims."""
    asked_s = steady_s()
    at = await tx.one(lambda row: row["at"], _TIME)
    assert at is not None  # noqa: S101 - it returns a row
    HUB_CLOCK.compare(at, asked_s=asked_s, answered_s=steady_s())


async def delete_dead(tx: Transaction, worker: UUID) -> list[Dead]:
    """Delete the rows of dead workers; release their claims in the same transaction."""
    params = {"id": worker, "dead_after_s": DEAD_AFTER_S}
    return await tx.all(lambda row: Dead(row["id"], row["beat_at"]), _DELETE_DEAD, params)


async def release(
    tx: Transaction, statements: Iterable[str], dead: list[Dead], *, now: datetime
) -> None:
    """Release the claims of dead workers; a row that one may still change on the channel is due once its last call has certainly ended."""
    quiet_after = timedelta(seconds=MAX_BEAT_AGE_S + MAX_CALL_S)
    quiet_at = max(each.beat_at for each in dead) + quiet_after
    workers = [each.id for each in dead]
    for statement in statements:
        await tx.run(statement, {"now": now, "workers": workers, "quiet_at": quiet_at})


async def sign_off(
    tx: Transaction, statements: Iterable[str], worker: UUID, *, now: datetime
) -> None:
    """Release the claims that a worker has at its end, those of interrupted channel calls, and delete its row."""
    last_call_at = now - timedelta(seconds=MAX_BEAT_AGE_S)
    await release(tx, statements, [Dead(worker, last_call_at)], now=now)
    await tx.run(_SIGN_OFF, {"id": worker})


async def release_key(
    tx: Transaction, statement: str, worker: UUID, key: str, *, now: datetime
) -> int:
    """Release the claims of a failed job on the rows of a key, due immediately: its channel calls are over. Return the number of rows."""
    return await tx.run(statement, {"now": now, "worker": worker, "key": key})
