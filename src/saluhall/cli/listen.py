"""saluhall listen."""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from cyclopts import Parameter

from saluhall.bootstrap import now, vault_of
from saluhall.cli.dialects import Dialect, webhook_of
from saluhall.cli.failures import Refused
from saluhall.cli.session import (
    Account,
    DataDir,
    prepared,
    read_settings,
)
from saluhall.dialect import Received, Webhook
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.webhooks import listening
from saluhall.domain.webhooks.model import TIMEOUT_S, Subscription
from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge, check_target
from saluhall.practice.receiver import Receiver
from saluhall.settings import Settings
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable

_NOT_FORWARDED: Final = {"host", "content-length", "connection", "accept-encoding", "accept"}
_BAD_SIGNATURE, _NO_EVENT, _NO_RECEIVER = 401, 400, 502


def listen(
    *,
    account: Account,
    forward_to: Annotated[
        str | None,
        Parameter(help="Post each event to this address too, such as http://localhost:3000/hook."),
    ] = None,
    event_types: Annotated[str, Parameter(help="Comma-separated event types, or 'all'.")] = "all",
    dialect: Dialect = None,
    data_dir: DataDir = None,
    as_json: Annotated[
        bool, Parameter(name="--json", negative="", help="Print each whole event as one JSON line.")
    ] = False,
) -> None:
    """Receive an account's events on this machine, verify both signatures, and print a line for each, until Ctrl-C.

    The hub must run on this machine. It needs no https, no certificate and no setting: a temporary webhook endpoint is added and,
    at the end, deleted. After a kill it is deleted within some minutes.
    """
    settings = read_settings(data_dir)
    target = _target(forward_to)
    words = [] if event_types == "all" else [t.strip() for t in event_types.split(",")]
    webhook = webhook_of(dialect)
    asked = webhook.vocabulary.subscription(words)
    asyncio.run(_listen(settings, account, webhook, asked, target, as_json=as_json))


def _target(text: str | None) -> str | None:
    """Read where to forward: http when nothing else is said. Raises Refused."""
    if text is None:
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        check_target(url)
    except NotAllowed as error:
        raise Refused(f"--forward-to {text}: {error}") from error
    return url


async def _listen(
    settings: Settings,
    account: str,
    webhook: Webhook,
    asked: Subscription,
    target: str | None,
    *,
    as_json: bool,
) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    forwarder = _Forwarder(webhook, target, as_json=as_json)
    async with prepared(settings) as db, Receiver(forwarder.take) as receiver:
        async with db.transaction() as tx:
            principal = await principal_of_account(tx, account)
        usual = webhook.vocabulary.subscription(webhook.vocabulary.usual)
        registration = _Registration(db, principal, receiver, (asked, usual), settings)
        try:
            forwarder.secret = await registration.add()
            _note(
                f"Listening to {account}: Ctrl-C ends. The secret that signs is {forwarder.secret}"
            )
            await registration.keep_until(stopped)
        finally:
            await registration.remove()
            await forwarder.close()


class _Registration:
    """The temporary endpoint, from its first moment to its last."""

    def __init__(
        self,
        db: Database,
        principal: Principal,
        receiver: Receiver,
        subscriptions: tuple[Subscription, Subscription],
        settings: Settings,
    ) -> None:
        self._db, self._by, self._receiver = db, principal, receiver
        self._asked, self._usual = subscriptions
        self._vault = vault_of(settings)
        self._endpoint_id: UUID | None = None

    async def add(self) -> str:
        """Add the endpoint; return the secret. Raises BadEndpoint."""
        async with self._db.transaction() as tx:
            endpoint, secret = await listening.start_listening(
                tx,
                principal=self._by,
                url=self._receiver.url,
                certificate=self._receiver.certificate,
                subscription=self._asked,
                usual=self._usual,
                vault=self._vault,
                now=now(),
            )
        self._endpoint_id = endpoint.id
        return secret

    async def keep_until(self, stopped: asyncio.Event) -> None:
        """Renew the endpoint until the end; add it again when it expired while the machine slept or the database was away."""
        while True:
            try:
                await asyncio.wait_for(stopped.wait(), listening.RENEW_EVERY_S)
            except TimeoutError:
                await self._renew()
            else:
                return

    async def _renew(self) -> None:
        assert self._endpoint_id is not None  # noqa: S101 - it was added
        try:
            async with self._db.transaction() as tx:
                is_there = await listening.keep_listening(
                    tx, principal=self._by, endpoint_id=self._endpoint_id, now=now()
                )
            if not is_there:
                await self.add()
                _note("The endpoint had expired and was added again.")
        except DatabaseUnavailable as error:
            _note(f"{error} (trying again)")

    async def remove(self) -> None:
        """Delete the endpoint."""
        if self._endpoint_id is None:
            return
        try:
            async with self._db.transaction() as tx:
                await listening.stop_listening(
                    tx, principal=self._by, endpoint_id=self._endpoint_id, now=now()
                )
        except DatabaseUnavailable as error:
            _note(f"{error}; the endpoint expires within {listening.LIFETIME}.")


class _Forwarder:
    """Takes deliveries: verifies, prints, forwards."""

    def __init__(self, webhook: Webhook, target: str | None, *, as_json: bool) -> None:
        self.secret = ""
        self._target, self._as_json = target, as_json
        self._http = Outbound()
        self._webhook = webhook

    async def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status that the hub gets: that of the address it was forwarded to, 401 for a wrong signature."""
        at = now()
        try:
            lowered = {name.lower(): text for name, text in headers.items()}
            event = self._webhook.read(self.secret, lowered, body, at)
        except ValueError as error:
            _note(f"not an event: {error}")
            return _NO_EVENT
        is_right = all(event.signatures.values())
        forwarded = await self._forward(headers, body) if self._target and is_right else None
        if self._as_json:
            _print(body.decode())
            if forwarded:
                _note(f"{event.event_id} {forwarded[1]}")
        else:
            _print(_line(event, at, forwarded[1] if forwarded else ""))
        if not is_right:
            return _BAD_SIGNATURE
        return forwarded[0] if forwarded else 200

    async def _forward(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Post the same bytes with the same headers; return the status, and how to print it."""
        assert self._target is not None  # noqa: S101 - the caller looked
        sent = {name: text for name, text in headers.items() if name.lower() not in _NOT_FORWARDED}
        started = time.perf_counter()
        try:
            answer = await self._http.call(
                "POST", self._target, body=body, headers=sent, timeout_s=TIMEOUT_S - 1
            )
        except (NoResponse, NotAllowed, TooLarge) as error:
            return _NO_RECEIVER, f"-> {error}"
        took_ms = round((time.perf_counter() - started) * 1000)
        return answer.status, f"-> {answer.status} in {took_ms} ms"

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()


def _line(event: Received, at: datetime, forwarded: str) -> str:
    wrong = [name for name, is_right in event.signatures.items() if not is_right]
    result = f"WRONG SIGNATURE: {', '.join(wrong)}" if wrong else "both signatures right"
    shown = (event.event_type, event.sku, event.detail, event.event_id, result, forwarded)
    parts = [f"{at.astimezone():%H:%M:%S}", *(part for part in shown if part)]
    return "  ".join(
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in p) for p in parts
    )


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _note(line: str) -> None:
    sys.stderr.write(f"saluhall: {line}\n")
    sys.stderr.flush()
