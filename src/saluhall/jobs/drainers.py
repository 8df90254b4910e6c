"""Each key is drained once at a time in a process: a bell that rings for it meanwhile is heard by the drain under way."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import msgspec
import structlog

from saluhall.jobs.patience import until_taken
from saluhall.jobs.run import Job, Run
from saluhall.jobs.slots import Slots
from saluhall.kit.metrics import JOB_RUNS
from saluhall.storage import claims
from saluhall.storage.claims import ClaimLost, MayNotAct
from saluhall.storage.database import DatabaseUnavailable

Ring = Callable[[Iterable[tuple[str, str]]], None]
_CRASHED = "crashed"
_log = structlog.get_logger(__name__)


class Drainers:
    """The jobs of one worker process; `ring` wakes a job anywhere, for bells that nobody here hears."""

    def __init__(self, run: Run, ring: Ring) -> None:
        self._run = run
        self._ring = ring
        self._under_way: dict[tuple[str, str], asyncio.Event] = {}
        self._slots: dict[str, Slots] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ring(self, bells: Iterable[tuple[str, str]]) -> None:
        """Wake jobs for keys; both are names."""
        self._ring([bell for bell in bells if not self._is_heard(*bell)])

    def _is_heard(self, job: str, key: str) -> bool:
        again = self._under_way.get((job, key))
        if again is not None:
            again.set()
        return again is not None

    def drain_of(self, job: Job) -> Callable[[str], Coroutine[Any, Any, None]]:
        """Give what drains the key of a bell, unless that is under way."""

        async def drain(key: str) -> None:
            if not self._is_heard(job.name, key):
                await self._drain(job, key)

        return drain

    def start_of(self, job: Job) -> Callable[[str], Coroutine[Any, Any, None]]:
        """Give what starts to drain the key of a bell and returns: the queue's own slots are for hearing bells, not for waiting."""
        drain = self.drain_of(job)

        async def start(key: str) -> None:
            task = asyncio.create_task(drain(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return start

    async def finish(self, grace_s: float) -> None:
        """Let what runs finish, for at most `grace_s` seconds; then end it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _slots_of(self, job: Job) -> Slots:
        if job.name not in self._slots:
            self._slots[job.name] = Slots(job.size, name=job.name)
        return self._slots[job.name]

    async def _drain(self, job: Job, key: str) -> None:
        again = self._under_way[job.name, key] = asyncio.Event()
        run = msgspec.structs.replace(self._run, again=again, slots=self._slots_of(job))
        again.set()
        try:
            while again.is_set() and not run.stopping.is_set():
                again.clear()
                if await _counted(run, job, key) == _CRASHED:
                    await give_back(run, job, key)
        finally:
            del self._under_way[job.name, key]


async def _counted(run: Run, job: Job, key: str) -> str:
    outcome = _CRASHED
    try:
        await job.drain(run, key)
        outcome = "done"
    except (DatabaseUnavailable, ClaimLost, MayNotAct) as error:
        _log.debug("a job cannot go on now", job=job.name, for_=key, error=str(error))
    except Exception:  # noqa: BLE001 - the job alone fails, the worker goes on
        _log.exception("a job failed; what it had claimed is given back", job=job.name, for_=key)
    finally:
        JOB_RUNS.labels(job.name, outcome).inc()
    return outcome


async def give_back(run: Run, job: Job, key: str) -> None:
    """Return what a failed job held of a key, as soon as the database takes it; its key is drained by nobody here until then."""

    async def write() -> None:
        async with run.db.statement() as tx:
            await claims.release_key(tx, job.claims, run.worker, key, now=run.clock())

    with contextlib.suppress(DatabaseUnavailable):  # the worker ends, and gives everything back
        await until_taken(run, write)
