"""Handle a request with an `Idempotency-Key` once: the same request again gets the stored response and does nothing."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from msgspec import Raw

from saluhall.dialect import Dialect, Handler, NoSuchRoute, Reply, Request, Route, refuse
from saluhall.domain.idempotency import operations
from saluhall.domain.idempotency.model import MAX_KEY, StoredResponse, is_key
from saluhall.storage import Transaction

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_SERVER_ERROR = 500


def takes_key(dialect: Dialect, route: Route) -> bool:
    """Return whether a route reads the header."""
    return dialect.idempotent and route.method == "POST" and route.authenticator is not None


async def handle_once(dialect: Dialect, route: Route, request: Request, target: bytes) -> Reply:
    """Handle a request with the route's handler; `target` is its path and query as sent.

    Raises Invalid, RequestInFlight, RequestDiffers, ResponseUnreadable, NoSuchRoute.
    """
    handler = route.handler
    if handler is None:
        raise NoSuchRoute
    key = request.headers.get(HEADER.lower())
    if key is None or not takes_key(dialect, route):
        return await handler(request)
    if not is_key(key):
        refuse(HEADER, f"Must be 1 to {MAX_KEY} printable characters")
    role = request.principal.role.encode()  # what an owner was given is not shown to others
    fingerprint = b"\0".join((route.method.encode(), role, target, request.body))
    return await _KeyedRequest(dialect, request, key, fingerprint).handle(handler)


class _KeyedRequest:
    """A request with an idempotency key."""

    def __init__(self, dialect: Dialect, request: Request, key: str, fingerprint: bytes) -> None:
        self._dialect = dialect
        self._request = request
        self._key = key
        self._fingerprint = fingerprint

    async def handle(self, handler: Handler) -> Reply:
        request = self._request
        vault = request.services.vault
        known = await operations.find_response(
            request.tx,
            principal=request.principal,
            key=self._key,
            fingerprint=self._fingerprint,
            vault=vault,
            now=request.now,
        )
        if known is not None:
            return _reply_from_stored(known)
        reply = await self._run_handler(handler)
        if reply.after_commit is not None:
            await self._store(request.tx, None)
            return msgspec.structs.replace(
                reply, after_commit=partial(self._run, reply.after_commit)
            )
        if reply.stream is None and reply.status < _SERVER_ERROR:
            await self._store(request.tx, reply)
        return reply

    async def _run_handler(self, handler: Handler) -> Reply:
        """Run the handler; an error that the dialect renders undoes its work and is a response too."""
        try:
            async with self._request.tx.part():
                return await handler(self._request)
        except Exception as error:
            if (reply := self._rendered(error)) is None:
                raise
            return reply

    async def _run(self, after_commit: Callable[[], Awaitable[Reply]]) -> Reply:
        """Run `after_commit`, during which the request counts as in flight; when it fails, the key is released."""
        request, reply = self._request, None
        try:
            reply = await after_commit()
        except Exception as error:
            if (reply := self._rendered(error)) is None:
                raise
        finally:
            async with request.db.transaction() as tx:
                if reply is not None and reply.status < _SERVER_ERROR:
                    await self._store(tx, reply)
                else:
                    await operations.release(
                        tx, principal=request.principal, key=self._key, now=request.now
                    )
        return reply

    def _rendered(self, error: Exception) -> Reply | None:
        """Render an error; None for an internal one."""
        reply = self._dialect.render_error(error)
        return None if reply is None or reply.status >= _SERVER_ERROR else reply

    async def _store(self, tx: Transaction, reply: Reply | None) -> None:
        request = self._request
        await operations.store_response(
            tx,
            principal=request.principal,
            key=self._key,
            fingerprint=self._fingerprint,
            response=None if reply is None else _stored_from_reply(reply),
            vault=request.services.vault,
            now=request.now,
        )


def _stored_from_reply(reply: Reply) -> StoredResponse:
    body = "" if reply.body is None else msgspec.json.encode(reply.body).decode()
    return StoredResponse(status=reply.status, headers=reply.headers, body=body)


def _reply_from_stored(stored: StoredResponse) -> Reply:
    return Reply(
        status=stored.status,
        headers={**stored.headers, REPLAYED: "true"},
        body=Raw(stored.body.encode()) if stored.body else None,
    )
