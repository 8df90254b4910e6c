"""Work due rows key by key: the one description of how background work is woken, done and ended (decision 0029).

A key is an account, a connection, an endpoint: whatever the rows of a job belong to. In one process it is in one of these states:

                       wake-up
       idle --------------------------> opening
        ^                                  |                   +---------------+
        |                                  v    rows claimed   |               |  a call ends, a wake-up comes,
        |   nothing due, nothing soon  claiming ------------> working ---------+  or a second passes: claim more
        +--------------------------------- | ^
        |                                  | | its time has come (a wake-up: opening)
        |                                  v |
        |                               waiting      for a free slot, or for the next row, which is due within 3 s
        |
        +-- failing   claims nothing; what runs finishes and is recorded, other claims are returned

- One run at a time for each key in a process: a wake-up during a run makes the run look again.
- Slots come before claims (`slots.py`), so a claimed row never waits.
- What ends within 25 ms is recorded in one transaction. A database that is away is waited for.
- When the worker stops, nothing more is claimed, and what runs finishes and is recorded.

How long after the commit of a due row work on it begins, in each case, is in a table of decision 0029.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from datetime import timedelta
from typing import Any, Generic

import structlog
from msgspec import structs

from saluhall.jobs.run import Job, O, R, Run, T
from saluhall.jobs.slots import Slots
from saluhall.kit.clock import steady_s
from saluhall.kit.metrics import JOB_RUNS
from saluhall.kit.origin import Origin
from saluhall.storage import claims
from saluhall.storage.claims import ClaimLost, MayNotAct, acting_since
from saluhall.storage.database import DatabaseUnavailable

NEAR = timedelta(seconds=3)
# When less was due than there were slots for, claiming at each call that ends would mostly find nothing; and what ends a moment later
# costs nothing to record in the same transaction.
_REST_S = 0.025
_CLAIM_EVERY_S = 1.0
_MIN_WAIT_S = 0.005
WakeUp = tuple[str, str]  # the names of a job and a key
_log = structlog.get_logger(__name__)


class KeyedWorker:
    """The keys that one worker process works; `send` wakes the job of a key in some worker."""

    def __init__(
        self, run: Run, jobs: Iterable[Job[Any, Any, Any]], send: Callable[[Iterable[WakeUp]], None]
    ) -> None:
        self._run = run
        self._jobs = {job.name: job for job in jobs}
        self._slots = {name: Slots(job.size, name=name) for name, job in self._jobs.items()}
        self._send = send
        self._woken: dict[WakeUp, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, wake_ups: Iterable[WakeUp]) -> None:
        """Work keys in this process; those that are being worked look again."""
        for wake_up in wake_ups:
            if not self._is_worked(wake_up) and not self._run.stopping.is_set():
                self._woken[wake_up] = asyncio.Event()
                # In a context of its own: it is nobody's request and nobody's claim.
                task = asyncio.create_task(self._work_off(*wake_up), context=Context())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def pass_on(self, wake_ups: Iterable[WakeUp]) -> None:
        """Wake the keys that are being worked here; let the queue find a worker for the others."""
        self._send([wake_up for wake_up in wake_ups if not self._is_worked(wake_up)])

    async def finish(self, grace_s: float) -> None:
        """Let what runs finish, for at most `grace_s` seconds; then end it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_worked(self, wake_up: WakeUp) -> bool:
        woken = self._woken.get(wake_up)
        if woken is not None:
            woken.set()
        return woken is not None

    async def _work_off(self, name: str, key: str) -> None:
        job, woken = self._jobs[name], self._woken[name, key]
        db = self._run.db.acting_as(Origin(actor=f"job:{name}", source="job"))
        run = structs.replace(self._run, db=db, woken=woken, slots=self._slots[name])
        woken.set()
        try:
            while woken.is_set() and not run.stopping.is_set():
                woken.clear()
                if not await _is_done(run, job, key):
                    await release_claims(run, job, key)
        finally:
            del self._woken[name, key]


async def _is_done(run: Run, job: Job[O, T, R], key: str) -> bool:
    """Run a key once; return whether nothing went wrong."""
    outcome = "crashed"
    try:
        opened = await job.open(run, key)
        if opened is not None:
            await KeyRun(run, job, opened).work_off()
        outcome = "done"
    except (DatabaseUnavailable, ClaimLost, MayNotAct) as error:
        _log.debug("a job cannot continue now", job=job.name, for_=key, error=str(error))
    except Exception:  # noqa: BLE001 - the job alone fails, the worker continues
        _log.exception("a job failed; its claims are returned", job=job.name, for_=key)
    finally:
        JOB_RUNS.labels(job.name, outcome).inc()
    return outcome == "done"


async def release_claims(run: Run, job: Job[O, T, R], key: str) -> None:
    """Return what a failed job holds of a key, as soon as the database is there; nobody here works the key until then."""

    async def write() -> None:
        async with run.db.statement() as tx:
            await claims.release_key(tx, job.rows.release_key, run.worker, key, now=run.clock())

    with contextlib.suppress(DatabaseUnavailable):  # the worker ends, and returns everything
        await run.until_written(write)


class KeyRun(Generic[O, T, R]):
    """One run of one key: from claiming until nothing is due and nothing soon."""

    def __init__(self, run: Run, job: Job[O, T, R], opened: O) -> None:
        self._run = run
        self._job = job
        self._opened = opened
        self._share = opened.share
        self._running: set[asyncio.Task[R]] = set()
        self._results: list[R] = []
        self._error: Exception | None = None
        self._clock = asyncio.get_running_loop().time
        self._claims_at = self._records_at = self._clock()

    async def work_off(self) -> None:
        """Claim, work and record until nothing is left. Raises the first error, after what runs has finished and is recorded."""
        try:
            while True:
                await self._claim()
                if self._running:
                    await self._wait_for_calls()
                elif self._error is not None or self._run.stopping.is_set():
                    break
                elif not self._share.room():
                    await self._share.wait(self._run.stopping)
                elif not await self._is_due_soon():
                    break
                await self._record()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        if self._error is not None:
            raise self._error

    @property
    def _may_claim(self) -> bool:
        """Return whether to claim more: with slots for as much as is under way, a claim brings many."""
        has_room = self._share.room() >= max(1, len(self._running))
        return has_room and self._error is None and not self._run.stopping.is_set()

    async def _claim(self) -> None:
        if not self._may_claim or (self._running and self._clock() < self._claims_at):
            return
        room = self._share.room()
        self._run.woken.clear()
        self._share.take(room)
        claimed_at_s, claimed = steady_s(), 0
        try:
            rows = await self._job.claim(self._opened, room)
            claimed = len(rows)
            self._start(rows, claimed_at_s)
        except Exception as error:  # noqa: BLE001 - raised when what runs has finished
            self._error = error
        finally:
            self._share.release(room - claimed)
        self._claims_at = self._clock() + (_REST_S if claimed < room else 0.0)

    def _start(self, rows: Iterable[T], claimed_at_s: float) -> None:
        context, loop = copy_context(), asyncio.get_running_loop()
        context.run(acting_since, claimed_at_s)
        for row in rows:
            task = loop.create_task(self._job.work(self._opened, row), context=context.copy())
            task.add_done_callback(lambda _: self._share.release())
            self._running.add(task)

    async def _wait_for_calls(self) -> None:
        """Wait until a call ends, a wake-up comes, or it is time to claim or to record."""
        claims_soon = self._may_claim and self._run.woken.is_set()
        limit_s = self._claims_at - self._clock() if claims_soon else _CLAIM_EVERY_S
        limit_s = min(limit_s, self._records_at - self._clock()) if self._results else limit_s
        await _first(self._running, self._run.woken, limit_s=limit_s)
        for task in [task for task in self._running if task.done()]:
            self._running.remove(task)
            error = task.exception()
            if error is None:
                self._results.append(task.result())
            elif isinstance(error, Exception):
                self._error = self._error or error
            else:
                raise error

    async def _record(self) -> None:
        record = self._job.record
        if not self._results or (self._running and self._clock() < self._records_at):
            return
        results, self._results = self._results, []
        if record is None:
            return
        try:
            await self._run.until_written(lambda: record(self._opened, results))
        except Exception as error:  # noqa: BLE001 - raised when what runs has finished
            self._error = self._error or error
        self._records_at = self._clock() + _REST_S

    async def _is_due_soon(self) -> bool:
        """Wait for the next row when it is due soon; return False when none is, or when a wake-up comes: then the key is opened again."""
        if self._job.next_at is None or (next_at := await self._job.next_at(self._opened)) is None:
            return False
        wait = next_at - self._run.clock()
        if wait > NEAR or self._run.woken.is_set():
            return False
        stop = asyncio.ensure_future(self._run.stopping.wait())
        try:
            limit_s = max(wait.total_seconds(), _MIN_WAIT_S)
            await _first({stop}, self._run.woken, limit_s=limit_s)
        finally:
            stop.cancel()
        return not self._run.woken.is_set()


async def _first(
    futures: Iterable[asyncio.Future[Any]], woken: asyncio.Event, *, limit_s: float
) -> None:
    """Wait until one of these ends, a wake-up comes that was not there before, or the time is up."""
    wake_up = None if woken.is_set() else asyncio.ensure_future(woken.wait())
    try:
        await asyncio.wait(
            {*futures, wake_up} if wake_up else {*futures},
            timeout=max(limit_s, 0.0),
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        if wake_up is not None:
            wake_up.cancel()
