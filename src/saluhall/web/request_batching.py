"""Handle concurrent requests of one principal in one transaction (decision 0019)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from saluhall.dialect import BatchedRoute, Reply
from saluhall.domain.accounts.model import Principal
from saluhall.kit.batching import Batcher
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable, Deadlock
from saluhall.web.origins import origin_of

_log = structlog.get_logger(__name__)


class _Parsed(Struct, frozen=True):
    """The value that a request was parsed into, and its request id."""

    value: Any
    request_id: str


class RequestBatcher:
    """The requests of one batched route, by principal."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], route: BatchedRoute, *, source: str
    ) -> None:
        self._db = db
        self._source = source
        self._clock = clock
        self._route = route
        self._batchers: dict[Principal, Batcher[_Parsed, Reply]] = {}

    async def handle(
        self, principal: Principal, *, path: Mapping[str, str], body: bytes, request_id: str
    ) -> Reply:
        """Handle a request in the principal's next batch. Raises the errors that the dialect renders."""
        parsed = _Parsed(self._route.read(path, body), request_id)
        if principal not in self._batchers:
            self._batchers[principal] = Batcher(partial(self._handle, principal), key=self._key)
        batcher = self._batchers[principal]
        try:
            return await batcher.submit(parsed)
        finally:
            if batcher.is_idle:
                self._batchers.pop(principal, None)

    def _key(self, parsed: _Parsed) -> str:
        return self._route.key(parsed.value)

    async def _handle(
        self, principal: Principal, batch: Sequence[_Parsed]
    ) -> Sequence[Reply | Exception]:
        """Handle a batch; when it fails as a whole, each request alone, so that none fails because of another."""
        ids = [parsed.request_id for parsed in batch]
        structlog.contextvars.bind_contextvars(
            account_id=str(principal.account_id), request_id=ids[0] if len(ids) == 1 else ids
        )
        request_ids = {self._key(parsed): parsed.request_id for parsed in batch}
        origin = origin_of(principal, source=self._source, request_ids=request_ids)
        try:
            return await self._db.acting_as(origin).in_transaction(
                lambda tx: self._route.handle(
                    tx, principal, [parsed.value for parsed in batch], self._clock()
                )
            )
        except Exception as error:
            is_hopeless = isinstance(error, DatabaseUnavailable) and not isinstance(error, Deadlock)
            if len(batch) == 1 or is_hopeless:
                raise
            _log.warning("a batch failed; its requests are handled one by one", error=repr(error))
        return [await self._handle_alone(principal, parsed) for parsed in batch]

    async def _handle_alone(self, principal: Principal, parsed: _Parsed) -> Reply | Exception:
        try:
            [reply] = await self._handle(principal, [parsed])
        except Exception as error:  # noqa: BLE001 - it is the result of this request
            return error
        return reply
