"""Until sync_connection and poll_connection are declared like all other jobs: their runs, done by a function each."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NoReturn, TypeVar

from msgspec import Struct

from saluhall.jobs.keyed_worker import KeyRun
from saluhall.jobs.run import FEW, Job, Run
from saluhall.jobs.slots import Share, Size

T = TypeVar("T")


class Shared(Struct, frozen=True):
    """A run that needs its slots only."""

    share: Share


async def _never(*_: object) -> NoReturn:
    raise NotImplementedError


def drained(
    name: str, drain: Callable[[Run, str], Awaitable[None]], size: Size = FEW
) -> Job[Shared, Any, Any]:
    """Declare a job that does all its work when a key is opened."""
    return Job(name=name, size=size, open=drain, claim=_never, work=_never)


async def pump(
    run: Run,
    claim: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Coroutine[Any, Any, None]],
    share: Share,
) -> None:
    """Claim and work until nothing is due."""
    job: Job[Shared, T, None] = Job(
        name="sync_connection",
        open=_never,
        claim=lambda _, limit: claim(limit),
        work=lambda _, row: work(row),
    )
    await KeyRun(run, job, Shared(share)).work_off()
