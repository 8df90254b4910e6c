"""Answer calls of one principal that come at the same time in one transaction (decision 0019)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from saluhall.dialect import Gathers, Reply
from saluhall.domain.accounts.model import Principal
from saluhall.kit.batching import Batcher
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable, Deadlock

_log = structlog.get_logger(__name__)


class _Asked(Struct, frozen=True):
    """What a call asks for, and its request id."""

    what: Any
    request_id: str


class Gathering:
    """The calls of one route, by principal."""

    def __init__(self, db: Database, clock: Callable[[], datetime], gathers: Gathers) -> None:
        self._db = db
        self._clock = clock
        self._gathers = gathers
        self._lines: dict[Principal, Batcher[_Asked, Reply]] = {}

    async def answered(
        self, by: Principal, *, path: Mapping[str, str], body: bytes, request_id: str
    ) -> Reply:
        """Answer a call, together with whatever else waits. Raises the facts that the dialect has words for."""
        asked = _Asked(self._gathers.read(path, body), request_id)
        if by not in self._lines:
            self._lines[by] = Batcher(partial(self._answers, by), key=self._name)
        line = self._lines[by]
        try:
            return await line.submit(asked)
        finally:
            if line.is_idle:
                self._lines.pop(by, None)

    def _name(self, asked: _Asked) -> str:
        return self._gathers.name(asked.what)

    async def _answers(self, by: Principal, lot: Sequence[_Asked]) -> Sequence[Reply | Exception]:
        """Answer a lot; when it fails as a whole, each of it alone, so that nobody fails for another's call."""
        ids = [asked.request_id for asked in lot]
        structlog.contextvars.bind_contextvars(
            account_id=str(by.account_id), request_id=ids[0] if len(ids) == 1 else ids
        )
        try:
            return await self._db.in_transaction(
                lambda tx: self._gathers.answer(
                    tx, by, [asked.what for asked in lot], self._clock()
                )
            )
        except Exception as error:
            is_hopeless = isinstance(error, DatabaseUnavailable) and not isinstance(error, Deadlock)
            if len(lot) == 1 or is_hopeless:
                raise
            _log.warning("calls that came together are answered one by one", error=repr(error))
        return [await self._answered_alone(by, asked) for asked in lot]

    async def _answered_alone(self, by: Principal, asked: _Asked) -> Reply | Exception:
        try:
            [answer] = await self._answers(by, [asked])
        except Exception as error:  # noqa: BLE001 - the caller is told
            return error
        return answer
