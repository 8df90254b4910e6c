"""Answer a request that its caller named (`Idempotency-Key`) once: the same one again gets the same answer and does nothing."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from msgspec import Raw

from saluhall.dialect import Call, Dialect, Endpoint, NoSuchRoute, Reply, Route, refuse
from saluhall.domain.idempotency import operations as requests
from saluhall.domain.idempotency.model import MAX_KEY, Answer, is_key
from saluhall.storage import Transaction

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_BROKEN = 500


def takes_key(dialect: Dialect, route: Route) -> bool:
    """Tell whether a route looks at the header."""
    return dialect.idempotent and route.method == "POST" and route.admits is not None


async def answered(dialect: Dialect, route: Route, call: Call, target: bytes) -> Reply:
    """Answer a request to a route's endpoint; `target` is its path and query as sent.

    Raises Invalid, RequestInFlight, RequestDiffers, AnswerUnreadable, NoSuchRoute.
    """
    endpoint = route.endpoint
    if endpoint is None:
        raise NoSuchRoute
    key = call.headers.get(HEADER.lower())
    if key is None or not takes_key(dialect, route):
        return await endpoint(call)
    if not is_key(key):
        refuse(HEADER, f"Must be 1 to {MAX_KEY} printable characters")
    asked = b"\0".join((route.method.encode(), target, call.body))
    return await _Named(dialect, call, key, asked).answered(endpoint)


class _Named:
    """A request with a name."""

    def __init__(self, dialect: Dialect, call: Call, key: str, asked: bytes) -> None:
        self._dialect = dialect
        self._call = call
        self._key = key
        self._asked = asked

    async def answered(self, endpoint: Endpoint) -> Reply:
        call = self._call
        vault = call.means.vault
        known = await requests.recall(
            call.tx, by=call.by, key=self._key, asked=self._asked, vault=vault, now=call.now
        )
        if known is not None:
            return _reply_from_answer(known)
        reply = await self._worked(endpoint)
        if reply.errand is not None:
            await self._remember(call.tx, None)
            return msgspec.structs.replace(reply, errand=partial(self._run, reply.errand))
        if reply.stream is None and reply.status < _BROKEN:
            await self._remember(call.tx, reply)
        return reply

    async def _worked(self, endpoint: Endpoint) -> Reply:
        """Do the work; a refusal undoes it and is an answer too."""
        try:
            async with self._call.tx.part():
                return await endpoint(self._call)
        except Exception as fact:
            if (reply := self._refusal(fact)) is None:
                raise
            return reply

    async def _run(self, errand: Callable[[], Awaitable[Reply]]) -> Reply:
        """Run an errand, during which the request counts as in flight; when it fails, the key is free again."""
        call, reply = self._call, None
        try:
            reply = await errand()
        except Exception as fact:
            if (reply := self._refusal(fact)) is None:
                raise
        finally:
            async with call.db.transaction() as tx:
                if reply is not None and reply.status < _BROKEN:
                    await self._remember(tx, reply)
                else:
                    await requests.forget(tx, by=call.by, key=self._key, now=call.now)
        return reply

    def _refusal(self, fact: Exception) -> Reply | None:
        """Put a fact into the dialect's words; None for what broke on our side."""
        reply = self._dialect.say(fact)
        return None if reply is None or reply.status >= _BROKEN else reply

    async def _remember(self, tx: Transaction, reply: Reply | None) -> None:
        call = self._call
        await requests.remember(
            tx,
            by=call.by,
            key=self._key,
            asked=self._asked,
            answer=None if reply is None else _answer_from_reply(reply),
            vault=call.means.vault,
            now=call.now,
        )


def _answer_from_reply(reply: Reply) -> Answer:
    body = "" if reply.body is None else msgspec.json.encode(reply.body).decode()
    return Answer(status=reply.status, headers=reply.headers, body=body)


def _reply_from_answer(answer: Answer) -> Reply:
    return Reply(
        status=answer.status,
        headers={**answer.headers, REPLAYED: "true"},
        body=Raw(answer.body.encode()) if answer.body else None,
    )
