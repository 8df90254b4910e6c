"""Append changes of products to the event log."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.products import changes
from saluhall.jobs.run import Job, Opened, opens

_AT_ONCE = 10  # statements in one transaction, of up to a thousand products each


async def _claim(of: Opened, _: int) -> Sequence[None]:
    """Record what is due, which is all the work: it makes no call, and a transaction that fails leaves it due."""
    run, recorded = of.run, _AT_ONCE
    while recorded == _AT_ONCE and not run.stopping.is_set():
        async with run.db.transaction() as tx:
            recorded = await changes.record_due(tx, UUID(of.key), limit=_AT_ONCE, now=run.clock())
    return ()


async def _work(_: Opened, __: None) -> None:
    """Do nothing: `_claim` has done it."""


RECORD_CHANGES = Job(name="record_changes", open=opens(), claim=_claim, work=_work)
