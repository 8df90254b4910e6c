"""Answer calls that come at the same time in one transaction: while one lot is being answered, the next one gathers (decision 0019).

Nobody waits for company: a call that comes when none of its principal's is being answered is a lot of its own.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from datetime import datetime
from typing import Any

import structlog
from msgspec import Struct

from saluhall.dialect import Gathers, Reply
from saluhall.domain.accounts.model import Principal
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable, Deadlock

MOST = 100  # calls in a lot
_log = structlog.get_logger(__name__)


class _Waiting(Struct, frozen=True, kw_only=True):
    """A call that was read and waits for its answer."""

    name: str
    asked: Any
    request_id: str
    answer: asyncio.Future[Reply]


class Gathering:
    """The calls of one route, by principal."""

    def __init__(self, db: Database, clock: Callable[[], datetime], gathers: Gathers) -> None:
        self._db = db
        self._clock = clock
        self._gathers = gathers
        self._waiting: dict[Principal, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def answered(
        self, by: Principal, *, path: Mapping[str, str], body: bytes, request_id: str
    ) -> Reply:
        """Answer a call, together with whatever else is waiting. Raises the facts that the dialect has words for."""
        asked = self._gathers.read(path, body)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(
            name=self._gathers.name(asked), asked=asked, request_id=request_id, answer=answer
        )
        if by in self._waiting:
            self._waiting[by].append(waiting)
        else:
            self._waiting[by] = [waiting]
            # In a context of its own: what is logged belongs to all calls of a lot, not to the one that came first.
            task = asyncio.create_task(self._answer_waiting(by), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _answer_waiting(self, by: Principal) -> None:
        try:
            while lot := _take(self._waiting[by]):
                ids = [waiting.request_id for waiting in lot]
                structlog.contextvars.bind_contextvars(
                    account_id=str(by.account_id), request_id=ids[0] if len(ids) == 1 else ids
                )
                await self._answer(by, lot)
        finally:
            del self._waiting[by]

    async def _answer(self, by: Principal, lot: Sequence[_Waiting]) -> None:
        """Answer a lot; when it fails as a whole, each of it alone, so that nobody fails for another's call."""
        try:
            answers = await self._work(by, [waiting.asked for waiting in lot])
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            is_hopeless = isinstance(error, DatabaseUnavailable) and not isinstance(error, Deadlock)
            if len(lot) > 1 and not is_hopeless:
                _log.warning("calls that came together are answered one by one", error=repr(error))
                for waiting in lot:
                    await self._answer(by, [waiting])
                return
            answers = [error] * len(lot)
        for waiting, answer in zip(lot, answers, strict=True):
            if waiting.answer.done():
                continue  # whoever asked has gone meanwhile
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)

    async def _work(self, by: Principal, asked: Sequence[Any]) -> Sequence[Reply | Exception]:
        async with self._db.transaction() as tx:
            return await self._gathers.answer(tx, by, asked, self._clock())


def _take(waiting: list[_Waiting]) -> list[_Waiting]:
    """Take those that can be answered together: no two of one name, in the order in which they came."""
    lot: dict[str, _Waiting] = {}
    left: list[_Waiting] = []
    for each in waiting:
        if each.answer.done():
            continue  # whoever asked has gone before it began
        if each.name in lot or len(lot) == MOST:
            left.append(each)
        else:
            lot[each.name] = each
    waiting[:] = left
    return list(lot.values())
